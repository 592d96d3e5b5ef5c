//! The phone's files: its database, the only SQLite module of the core, and a safe for keys.
//!
//! One writer. A record is durable when [`Store::append`] returns: WAL with `synchronous = FULL` syncs the log at
//! every commit, and `fullfsync` makes Apple's fsync reach the medium. Records are never updated and never deleted.
//!
//! Contents are sealed row by row with a key that the device's safe wraps: `store/README.md` says what is sealed, what is not and why.

mod aside;
mod logins;
mod outbox;
mod records;
mod safe;
mod schema;
mod seal;
mod sealing;
mod sources;
#[cfg(test)]
mod tests;

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use aside::{Aside, AsideError, LostStore};
pub use outbox::{Fate, OwnChange};
pub use records::{Cut, Handover, OpenRecord, Vouched};
pub use safe::{FileSafe, SafeError};
#[cfg(test)]
pub(crate) use schema::tests::version_1;
pub use schema::{APPLICATION_ID, VERSION};
#[cfg(test)]
pub(crate) use tests::{files, in_clear, is_in};

use self::seal::{Place, Seal};
use crate::{
    entropy::Entropy,
    record::{DeviceSafe, KeyError},
};

/// Why what is sealed does not open. Nothing is changed or made anew because of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The key is gone: the key store was emptied, or the store came from another phone.
    #[error(
        "this store's key is lost ({0}), so nobody can read it; set it aside and enrol this phone again"
    )]
    KeyLost(String),
    /// The safe gave another key.
    #[error(
        "the key store gave another key than this store's; restart the app, then set the store aside and enrol again"
    )]
    WrongKey,
    /// Bytes that were not sealed for this place with this key: damaged, moved or changed.
    #[error(
        "a row of `{table}` does not open, because it was damaged or changed; sync what can be read, then enrol this phone again"
    )]
    Row {
        /// The row's table.
        table: &'static str,
    },
}

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
    /// What is sealed does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The safe did not wrap or unwrap the store's key.
    #[error("the store stays closed: {0}")]
    Key(KeyError),
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
    seal: Seal,
}

impl Store {
    /// Opens or makes the store in the file at `path`. A new one, and one that an older version left in clear, is sealed with a
    /// key from `entropy` that `safe` wraps. Where the key is lost the file stays as it is: [`Store::lost`].
    pub fn open(
        path: &Path,
        safe: &dyn DeviceSafe,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, StoreError> {
        let mut connection = connect(path)?;
        let found = schema::prepare(&mut connection)?;
        let seal = if found < schema::SEALED_FROM {
            sealing::seal_rows(&mut connection, found == 0, safe, entropy)?
        } else {
            sealing::unseal(&connection, safe, entropy)?
        };
        sealing::scrub(&connection)?;
        Ok(Self { connection, seal })
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

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

impl Seal {
    fn bytes(&self, place: &Place, clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal(place, clear).ok_or(StoreError::Range)
    }

    fn clear(
        &self,
        table: &'static str,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.open(place, sealed).ok_or(SealError::Row { table })?)
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
