use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::damage::find_damage;
use super::fault::store_error;
use super::readers::Readers;
use crate::store::StoreError;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A backup never replaces a file.
    #[error("the target of the backup exists already")]
    TargetExists,
    /// The folder cannot be written.
    #[error("the backup cannot be written")]
    Io(#[source] io::Error),
    /// The copy was read again and is damaged.
    #[error("the copy failed its check: {0}")]
    Unsound(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// Says what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TargetExists => "choose a new name, for example one with the date",
            Self::Io(_) => "check that the folder exists, may be written and has free space",
            Self::Unsound(_) => {
                "keep the older backups, ask `sqlite3 deckwatch.db 'PRAGMA integrity_check'` about the database, and try another disk"
            }
            Self::Store(error) => error.hint(),
        }
    }
}

/// The copy is made and checked under a name that nobody looks for, and then given its own.
pub(super) fn write_copy(readers: &Readers, target: &Path) -> Result<(), BackupError> {
    if target.try_exists().map_err(BackupError::Io)? {
        return Err(BackupError::TargetExists);
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let unfinished = tempfile::Builder::new()
        .prefix(".deckwatch-backup-")
        .tempfile_in(folder)
        .map_err(BackupError::Io)?;
    copy_into(readers, unfinished.path())?;
    unfinished.as_file().sync_all().map_err(BackupError::Io)?;
    unfinished.persist_noclobber(target).map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::TargetExists,
        _ => BackupError::Io(failed.error),
    })?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::Io)?;
    Ok(())
}

/// All pages in one step: one snapshot, which in WAL mode keeps no writer waiting.
fn copy_into(readers: &Readers, path: &Path) -> Result<(), BackupError> {
    let mut copy = Connection::open(path).map_err(store_error)?;
    readers.with(|reader| {
        let backup = Backup::new(reader, &mut copy).map_err(store_error)?;
        match backup.step(-1).map_err(store_error)? {
            StepResult::Done => Ok(()),
            _ => Err(StoreError::Busy),
        }
    })?;
    // Out of WAL mode the copy is one file, with nothing beside it that could be forgotten.
    let mode: String = copy
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
        .map_err(store_error)?;
    if mode != "delete" {
        return Err(StoreError::Busy.into());
    }
    if let Some(damage) = find_damage(&copy)? {
        return Err(BackupError::Unsound(damage));
    }
    copy.close().map_err(|(_, error)| store_error(error))?;
    Ok(())
}
