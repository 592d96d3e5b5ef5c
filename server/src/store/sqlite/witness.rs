//! What a witness remembers, in a small file of its own. Several programs may use one file.

use std::path::Path;
use std::time::Duration;

use deckwatch_core::ledger::{SplitView, WitnessStore, Witnessed};
use deckwatch_core::model::Hash;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::OpenError;
use super::fault::store_error;
use crate::store::StoreError;

/// "DeWi" in ASCII.
const APPLICATION_ID: i32 = 0x4465_5769;
const VERSION: i32 = 1;
const SCHEMA: &str = "\
CREATE TABLE witnessed (
    origin TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note BLOB NOT NULL -- as the ledger signed it
) STRICT, WITHOUT ROWID;
CREATE TABLE split_view (
    origin TEXT NOT NULL PRIMARY KEY,
    evidence BLOB NOT NULL -- core/src/ledger/FORMAT.md section 4
) STRICT, WITHOUT ROWID;";
const PATIENCE: Duration = Duration::from_secs(5);

/// A [`WitnessStore`] in one SQLite file: no log beside it, and durable when a call returns.
pub struct SqliteWitnessStore {
    connection: Connection,
}

impl SqliteWitnessStore {
    /// Opens the file, and makes it if there is none. A file of something else is refused and not touched.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        super::connection::make(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
        connection.busy_timeout(PATIENCE).map_err(store_error)?;
        let setting =
            "PRAGMA trusted_schema = OFF; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;";
        connection.execute_batch(setting).map_err(not_a_database)?;
        // Under the write lock: another program may be making the file at this moment.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(not_a_database)?;
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let id = number("application_id").map_err(not_a_database)?;
        let found = number("user_version").map_err(store_error)?;
        let things: i64 = transaction
            .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(store_error)?;
        match (id, found) {
            (APPLICATION_ID, VERSION) => {}
            (APPLICATION_ID, found) if found > VERSION => {
                return Err(OpenError::Newer { found, known: VERSION });
            }
            (0, 0) if things == 0 => {
                transaction.execute_batch(SCHEMA).map_err(store_error)?;
                transaction.pragma_update(None, "user_version", VERSION).map_err(store_error)?;
                transaction
                    .pragma_update(None, "application_id", APPLICATION_ID)
                    .map_err(store_error)?;
            }
            _ => return Err(OpenError::NotOurs),
        }
        transaction.commit().map_err(store_error)?;
        Ok(Self { connection })
    }

    /// Whether the file answers.
    pub fn check(&self) -> Result<(), StoreError> {
        let sql = "SELECT COUNT(*) FROM witnessed";
        self.connection.query_row(sql, [], |_| Ok(())).map_err(store_error)
    }

    /// All evidence that was kept, with the origin that it is against.
    pub fn evidence(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let sql = "SELECT origin, evidence FROM split_view ORDER BY origin";
        let mut statement = self.connection.prepare(sql).map_err(store_error)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).map_err(store_error)
    }
}

fn not_a_database(error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs,
        _ => store_error(error).into(),
    }
}

/// Sizes are kept as signed 64 bits; a witness refuses larger ones before.
fn kept(size: u64) -> Result<i64, StoreError> {
    i64::try_from(size).map_err(|_| StoreError::OutOfRange { what: "tree size", value: size })
}

impl WitnessStore for SqliteWitnessStore {
    type Error = StoreError;

    fn newest(&mut self, origin: &str) -> Result<Option<Witnessed>, StoreError> {
        let sql = "SELECT size, root, note FROM witnessed WHERE origin = ?1";
        let row = self.connection.query_row(sql, [origin], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?, row.get(2)?))
        });
        let Some((size, root, note)) = row.optional().map_err(store_error)? else {
            return Ok(None);
        };
        let size = u64::try_from(size).map_err(|_| StoreError::Unreadable { what: "tree size" })?;
        Ok(Some(Witnessed { size, root: Hash(root), note }))
    }

    /// One statement, so one atomic step, whoever else uses the file.
    fn advance(
        &mut self,
        origin: &str,
        before: Option<&Witnessed>,
        now: &Witnessed,
    ) -> Result<bool, StoreError> {
        let size = kept(now.size)?;
        let changed = match before {
            None => self.connection.execute(
                "INSERT INTO witnessed (origin, size, root, note) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (origin) DO NOTHING",
                params![origin, size, now.root.0, now.note],
            ),
            Some(before) => self.connection.execute(
                "UPDATE witnessed SET size = ?2, root = ?3, note = ?4 \
                 WHERE origin = ?1 AND size = ?5 AND root = ?6",
                params![origin, size, now.root.0, now.note, kept(before.size)?, before.root.0],
            ),
        };
        Ok(changed.map_err(store_error)? == 1)
    }

    fn keep(&mut self, origin: &str, evidence: &SplitView) -> Result<(), StoreError> {
        let sql = "INSERT INTO split_view (origin, evidence) VALUES (?1, ?2) \
                   ON CONFLICT (origin) DO NOTHING";
        let kept = self.connection.execute(sql, params![origin, evidence.encode()]);
        let kept = kept.map_err(store_error)?;
        // Said once: whoever asks again and again must not fill the log.
        if kept == 1 {
            tracing::error!(
                origin,
                "the ledger has signed two tree heads that contradict each other; `deckwatch witness evidence` gives them"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witnessed(size: u64, root: u8) -> Witnessed {
        Witnessed { size, root: Hash([root; 32]), note: vec![root] }
    }

    #[test]
    fn only_who_knows_the_newest_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.db");
        let (mut one, mut other) =
            (SqliteWitnessStore::open(&path).unwrap(), SqliteWitnessStore::open(&path).unwrap());
        assert_eq!(one.newest("a").unwrap(), None);
        let (first, second, fork) = (witnessed(5, 1), witnessed(9, 2), witnessed(5, 3));
        assert!(one.advance("a", None, &first).unwrap());
        assert!(!other.advance("a", None, &fork).unwrap());
        assert!(!other.advance("a", Some(&fork), &second).unwrap());
        assert!(other.advance("a", Some(&first), &second).unwrap());
        assert!(!one.advance("a", Some(&first), &witnessed(6, 1)).unwrap(), "no rolling back");
        assert!(one.advance("b", None, &fork).unwrap());
        drop((one, other));
        let mut again = SqliteWitnessStore::open(&path).unwrap();
        assert_eq!(again.newest("a").unwrap(), Some(second));
        assert_eq!(again.newest("b").unwrap(), Some(fork));
        again.check().unwrap();
        let mode: i64 =
            again.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(mode, 3);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "one file, no log");
    }

    #[test]
    fn other_files_are_refused_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        let text = "not a database, and long enough to be looked at by whoever opens it as one. "
            .repeat(20);
        std::fs::write(&path, &text).unwrap();
        assert!(matches!(SqliteWitnessStore::open(&path), Err(OpenError::NotOurs)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        let path = folder.path().join("shore.db");
        let options = crate::store::sqlite::SqliteOptions::default();
        drop(crate::store::SqliteStore::open(&path, &options).unwrap());
        assert!(matches!(SqliteWitnessStore::open(&path), Err(OpenError::NotOurs)));
        let path = folder.path().join("newer.db");
        let store = SqliteWitnessStore::open(&path).unwrap();
        store.connection.pragma_update(None, "user_version", 7).unwrap();
        drop(store);
        let refused = SqliteWitnessStore::open(&path);
        assert!(matches!(refused, Err(OpenError::Newer { found: 7, known: 1 })));
    }
}
