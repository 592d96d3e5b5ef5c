//! A copy of the folder of keys, for a backup. It says that it was put back: whoever starts a shore with it collects first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Ledger, LedgerError, LedgerFolder};
use crate::private_file::{self, PrivateFileError};
use crate::shore::Shore;
use crate::store::{StoreError, try_reading};

/// Endings of the files that belong to a shore: keys, keys of tags, and what stands beside the ledger's key.
const ENDINGS: [&str; 5] = ["key", "tags", "head", "lost", "collecting"];
/// Bytes of one of them at most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Why keys were not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyKeysError {
    /// The file system.
    #[error("the copy of the keys cannot be written ({0})")]
    Io(#[from] std::io::Error),
    /// Others may read a key.
    #[error("the key file {path} can be read by others (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The folder to replace has something else in it.
    #[error("{0} is no copy of keys")]
    Foreign(PathBuf),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<StoreError> for CopyKeysError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl CopyKeysError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(_) => "check that the folder exists, may be written and has free space",
            Self::Exposed { .. } => "take the rights away with chmod 600",
            Self::Foreign(_) => "choose another name",
            Self::Ledger(error) => error.hint(),
        }
    }
}

/// A copy that is not in its place yet.
#[derive(Debug)]
pub struct KeysCopy {
    made: TempDir,
    into: PathBuf,
}

impl KeysCopy {
    /// Begins a copy that will be `into`.
    pub fn begin(into: &Path) -> Result<Self, CopyKeysError> {
        let parent = into.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix(".deckwatch-keys-").tempdir_in(parent)?;
        private_file::make_folder(made.path())?;
        Ok(Self { made, into: into.to_owned() })
    }

    /// Copies what is not copied yet. Called before the database is copied, so that no tree head is newer than that, and after
    /// it, so that every vessel's key is there.
    pub fn add(&self, shore: &Shore) -> Result<(), CopyKeysError> {
        for file in fs::read_dir(shore.ledger_folder().folder())? {
            let path = file?.path();
            let Some(name) = path.file_name().filter(|_| is_ours(&path)) else { continue };
            let copy = self.made.path().join(name);
            if copy.exists() {
                continue;
            }
            let bytes = private_file::read(&path, MOST_BYTES).map_err(|error| match error {
                PrivateFileError::Io(error) => CopyKeysError::Io(error),
                PrivateFileError::Exposed(mode) => {
                    CopyKeysError::Exposed { path: path.clone(), mode }
                }
                PrivateFileError::TooLarge(_) => {
                    CopyKeysError::Io(std::io::ErrorKind::FileTooLarge.into())
                }
            })?;
            private_file::write(&copy, &bytes, false)?;
        }
        Ok(())
    }

    /// Says in the copy that the shore collects since now, and puts it into its place, instead of an older copy if there is
    /// one. Gives how many files were copied.
    pub fn finish(self, shore: &Shore) -> Result<usize, CopyKeysError> {
        let count = fs::read_dir(self.made.path())?.count();
        let ledger = try_reading(shore.store(), |tx| Ledger::newest(tx))?;
        if let Some(ledger) = ledger {
            let copied = LedgerFolder::within(self.made.path());
            if copied.collecting(ledger.key())?.is_none() {
                copied.note_collecting(ledger.key(), shore.now())?;
            }
        }
        let mut old = None;
        if self.into.exists() {
            for file in fs::read_dir(&self.into)? {
                if !is_ours(&file?.path()) {
                    return Err(CopyKeysError::Foreign(self.into));
                }
            }
            let away = tempfile::tempdir_in(self.made.path().parent().unwrap_or(Path::new(".")))?;
            fs::rename(&self.into, away.path().join("keys"))?;
            old = Some(away);
        }
        let parent = self.into.parent().filter(|parent| !parent.as_os_str().is_empty());
        fs::rename(self.made.keep(), &self.into)?;
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        drop(old);
        Ok(count)
    }
}

fn is_ours(path: &Path) -> bool {
    path.extension().is_some_and(|it| ENDINGS.iter().any(|ending| it == *ending))
}
