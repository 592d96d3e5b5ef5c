use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::damage::find_damage;
use super::fault::store_error;
use super::migrations::{OpenError, check_ours, version};
use super::readers::Readers;
use crate::store::StoreError;

/// Pages of 4 KiB between two words about progress.
const PAGES: std::ffi::c_int = 1024;

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
    /// It is not ours to read.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl BackupError {
    /// Says what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TargetExists => {
                "choose a new name, for example one with the date, or replace it with --force"
            }
            Self::Io(_) => "check that the folder exists, may be written and has free space",
            Self::Unsound(_) => {
                "keep the older backups, ask `sqlite3 deckwatch.db 'PRAGMA integrity_check'` about the database, and try another disk"
            }
            Self::Store(error) => error.hint(),
            Self::Open(error) => error.hint(),
        }
    }
}

/// The copy is made and checked under a name that nobody looks for, and then given its own.
pub(super) fn write_copy(
    readers: &Readers,
    target: &Path,
    replace: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), BackupError> {
    if !replace && target.try_exists().map_err(BackupError::Io)? {
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
    copy_into(readers, unfinished.path(), progress)?;
    unfinished.as_file().sync_all().map_err(BackupError::Io)?;
    let persisted = match replace {
        true => unfinished.persist(target),
        false => unfinished.persist_noclobber(target),
    };
    persisted.map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::TargetExists,
        _ => BackupError::Io(failed.error),
    })?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::Io)?;
    Ok(())
}

/// Copies a database into a new file without changing anything beside it, as opening it would. Gives its version.
///
/// SQLite leaves a log beside a database that is in use; without one the file is all there is.
pub fn copy_untouched(path: &Path, target: &Path) -> Result<i32, BackupError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = Path::new(&log);
    let in_use = || log.try_exists().map_err(BackupError::Io);
    if !in_use()? {
        std::fs::copy(path, target).map_err(BackupError::Io)?;
    }
    // Perhaps somebody opened it meanwhile.
    if in_use()? {
        File::create(target).map_err(BackupError::Io)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(path, flags).map_err(store_error)?;
        check_ours(&source)?;
        let mut copy = Connection::open(target).map_err(store_error)?;
        let backup = Backup::new(&source, &mut copy).map_err(store_error)?;
        match backup.step(-1).map_err(store_error)? {
            StepResult::Done => {}
            _ => return Err(StoreError::Busy.into()),
        }
    }
    let copy = Connection::open(target).map_err(store_error)?;
    check_ours(&copy)?;
    Ok(version(&copy)?)
}

/// All pages within one reading transaction: one snapshot, which in WAL mode keeps no writer waiting, and which no writer makes
/// the copy begin again from.
fn copy_into(
    readers: &Readers,
    path: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), BackupError> {
    let mut copy = Connection::open(path).map_err(store_error)?;
    readers.with(|reader| {
        let snapshot = Transaction::new_unchecked(reader, TransactionBehavior::Deferred);
        let snapshot = snapshot.map_err(store_error)?;
        // It begins with the first page that is read.
        let sql = "SELECT COUNT(*) FROM sqlite_schema";
        snapshot.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(store_error)?;
        let backup = Backup::new(&snapshot, &mut copy).map_err(store_error)?;
        loop {
            let step = backup.step(PAGES).map_err(store_error)?;
            let at = backup.progress();
            let [all, left] = [at.pagecount, at.remaining].map(|it| u64::try_from(it).unwrap_or(0));
            progress(all.saturating_sub(left), all);
            match step {
                StepResult::More => {}
                StepResult::Done => return Ok(()),
                _ => return Err(StoreError::Busy),
            }
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
