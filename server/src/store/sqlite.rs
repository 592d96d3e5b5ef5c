//! The store on SQLite: one file, one machine.
//!
//! WAL, `synchronous=FULL`, one writer connection, and readers that are lent from a stack. Besides the traits it
//! has what only a file has: opening with migrations, a largest size, and a backup while in use.

mod backup;
mod changes;
mod connection;
mod damage;
mod enrolments;
mod fault;
mod ledgers;
mod migrations;
mod page_states;
mod projections;
mod readers;
mod receipts;
mod revisions;
mod segments;
mod statement;
#[cfg(test)]
mod tests;
mod vessels;
mod witness;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::one_writer::OneWriter;
use super::{ReadTx, Store, StoreError, WriteTx};
use fault::store_error;
use readers::Readers;
use statement::SqliteTx;

pub use backup::{BackupError, copy_untouched};
pub use migrations::{KNOWN, OpenError};
pub use witness::SqliteWitnessStore;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Most readers at a time; at least one. Each has a connection of its own.
    pub readers: usize,
    /// How long a reader waits for a connection, and everybody for another program, before [`StoreError::Busy`].
    pub patience: Duration,
    /// The file grows to this size at most, in whole pages of 4 KiB; then [`StoreError::Full`]. What is larger
    /// already can be read, and does not grow.
    pub max_size_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 8, patience: Duration::from_secs(5), max_size_bytes: None }
    }
}

/// A [`Store`] in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    writer: OneWriter<Connection>,
    readers: Readers,
}

impl SqliteStore {
    /// Opens the database, makes it if there is none, and brings it to this program's version.
    ///
    /// A database that a newer version wrote, or that is not Deckwatch's, is refused and not touched.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<Self, OpenError> {
        let mut writer = connection::open_writer(path, options)?;
        migrations::bring_up_to_date(&mut writer)?;
        connection::limit_size(&writer, options.max_size_bytes)?;
        let readers = Readers::new(path.to_owned(), options.readers, options.patience);
        Ok(Self { path: path.to_owned(), writer: OneWriter::new(writer), readers })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a checked copy of the database, as of one moment, while it is in use.
    ///
    /// `target` must not exist. It appears complete and durable or not at all.
    pub fn backup_to(&self, target: &Path) -> Result<(), BackupError> {
        backup::write_copy(&self.readers, target, false, &mut |_, _| {})
    }

    /// The same, and it says how many pages are copied, of how many. With `replace` a file that is there gives way when the
    /// copy is whole.
    pub fn backup_over(
        &self,
        target: &Path,
        replace: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), BackupError> {
        backup::write_copy(&self.readers, target, replace, progress)
    }

    /// Reads the whole database and says what is wrong, if anything is. It may be in use meanwhile.
    pub fn find_damage(&self) -> Result<Option<String>, StoreError> {
        self.readers.with(damage::find_damage)
    }
}

impl Store for SqliteStore {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn WriteTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer.enter()?;
        if !writer.is_autocommit() {
            // The rollback of an earlier transaction failed.
            writer.execute_batch("ROLLBACK").map_err(store_error)?;
        }
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(store_error)?;
        let mut tx = SqliteTx::on(&transaction);
        work(&mut tx)?;
        if tx.is_spoiled() {
            return Err(StoreError::Spoiled);
        }
        transaction.commit().map_err(store_error)
    }

    fn read(
        &self,
        work: &mut dyn FnMut(&dyn ReadTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.readers.with(|reader| {
            let transaction = Transaction::new_unchecked(reader, TransactionBehavior::Deferred)
                .map_err(store_error)?;
            work(&SqliteTx::on(&transaction))
        })
    }

    /// Freed space is overwritten as it is freed (`secure_delete`); what remains is the log, which is emptied here.
    fn scrub(&self) -> Result<(), StoreError> {
        let writer = self.writer.enter()?;
        let busy: i64 = writer
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(store_error)?;
        if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }
}
