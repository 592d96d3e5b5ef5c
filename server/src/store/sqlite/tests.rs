//! What only a file has. What all stores have in common is in the conformance suite.

mod agreement;
mod durability;
mod limits;
mod opening;
mod plans;

use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::store::conformance::conformance_tests;

/// A store that takes its folder with it.
struct OnTempDir {
    store: SqliteStore,
    folder: TempDir,
}

impl OnTempDir {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("deckwatch.db"));
        Self { store, folder }
    }
}

impl Store for OnTempDir {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn WriteTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.store.write(work)
    }

    fn read(
        &self,
        work: &mut dyn FnMut(&dyn ReadTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.store.read(work)
    }

    fn scrub(&self) -> Result<(), StoreError> {
        self.store.scrub()
    }
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &SqliteOptions::default()).unwrap()
}

/// Does not wait, so that a test need not either.
fn impatient() -> SqliteOptions {
    SqliteOptions { patience: Duration::ZERO, ..SqliteOptions::default() }
}

conformance_tests!(|| Box::new(OnTempDir::new()));
