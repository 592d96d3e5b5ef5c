use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::SqliteOptions;
use super::fault::store_error;
use super::migrations::{OpenError, check_ours};
use crate::store::StoreError;

/// No `SQLITE_OPEN_URI`: a path is a path, whatever it looks like.
const WRITER: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const READER: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The backends have about 40 statements; rusqlite keeps 16 unless told.
const STATEMENTS: usize = 64;

/// A file that is not ours, or newer, is left before anything in it is changed.
pub(super) fn open_writer(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    make(path);
    let conn = open(path, WRITER, options.patience)?;
    check_ours(&conn)?;
    switch_to_wal(&conn)?;
    // An unused log is cut down to 64 MiB, so that one large rebuild does not keep the disk for ever.
    let pragmas = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; \
         PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = ON; \
         PRAGMA secure_delete = ON;";
    conn.execute_batch(pragmas).map_err(store_error)?;
    Ok(conn)
}

/// A new database is its owner's alone, and SQLite gives the files beside it the same mode. What stands in the way, SQLite says.
pub(super) fn make(path: &Path) {
    drop(crate::private_file::create(path));
}

/// Two programs that switch a new database at once meet with both holding a read lock, and SQLite tells one of
/// them at once that it is busy. That one waits for its turn to write, which comes when the other is done, and
/// tries again.
fn switch_to_wal(conn: &Connection) -> Result<(), OpenError> {
    const ATTEMPTS: usize = 20;
    for _ in 0..ATTEMPTS {
        let mode: rusqlite::Result<String> =
            conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode.map_err(store_error) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(OpenError::NoWal),
            Err(StoreError::Busy) => {
                conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK;").map_err(store_error)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Busy.into())
}

pub(super) fn open_reader(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let conn = open(path, READER, patience)?;
    conn.execute_batch("PRAGMA query_only = ON;").map_err(store_error)?;
    Ok(conn)
}

fn open(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, flags).map_err(store_error)?;
    conn.busy_timeout(patience).map_err(store_error)?;
    conn.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")
        .map_err(store_error)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// SQLite raises a limit below the present size to the present size.
pub(super) fn limit_size(conn: &Connection, max_size_bytes: Option<u64>) -> Result<(), StoreError> {
    let Some(max_size_bytes) = max_size_bytes else { return Ok(()) };
    let page_bytes: u32 =
        conn.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(store_error)?;
    let pages = max_size_bytes / u64::from(page_bytes.max(1));
    let pages = u32::try_from(pages).unwrap_or(u32::MAX - 1).clamp(1, u32::MAX - 1);
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(store_error)
}
