//! The phone's files: its database, the only SQLite module of the core, and a safe for keys.
//!
//! One writer. A record is durable when [`Store::append`] returns: WAL with `synchronous = FULL` syncs the log at
//! every commit, and `fullfsync` makes Apple's fsync reach the medium. Records are never updated and never deleted.

mod logins;
mod outbox;
mod records;
mod safe;
mod schema;
mod sources;

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use outbox::{Fate, OwnChange};
pub use records::{Cut, Handover, OpenRecord, Vouched};
pub use safe::{FileSafe, SafeError};
#[cfg(test)]
pub(crate) use schema::tests::version_1;
pub use schema::{APPLICATION_ID, VERSION};

/// Why the store did not do what was asked. In every case what was kept before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No space.
    #[error("the phone's storage is full; free some space, nothing kept so far is lost")]
    Full,
    /// Written by a newer app.
    #[error(
        "this store was written by a newer version (schema {found}, this app knows {known}); update the app"
    )]
    Newer {
        /// In the file.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// Some other file.
    #[error("this file is not a Deckwatch store; choose another file")]
    NotAStore,
    /// Somebody else writes.
    #[error("the store is in use by another process; close it and try again")]
    Busy,
    /// What was read does not make sense.
    #[error("the store is damaged ({0}); sync what can be read, then enrol this phone again")]
    Damaged(&'static str),
    /// A number that SQLite cannot hold.
    #[error("a number does not fit the store")]
    Range,
    /// Anything else.
    #[error("the store failed; restart the app, nothing kept so far is lost")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase) => Self::NotAStore,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged("SQLite finds it corrupt"),
            _ => Self::Sqlite(error),
        }
    }
}

/// The store of one device.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens or makes the store in the file at `path`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let mut store = Self { connection };
        schema::prepare(&mut store.connection)?;
        Ok(store)
    }

    /// Limits the file to `pages` of 4 KiB: how a full disk is tried out.
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "max_page_count", pages)?;
        Ok(())
    }

    /// Pages in use now.
    pub fn pages(&self) -> Result<u32, StoreError> {
        Ok(self.connection.pragma_query_value(None, "page_count", |row| row.get(0))?)
    }
}

/// Integers in SQLite are signed.
fn to_sql(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Range)
}

fn from_sql(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Damaged("a negative number"))
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("bytes of another length"))
}
