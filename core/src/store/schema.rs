//! Tables and their migrations, by `PRAGMA user_version`.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// "DkWa": what the file's header says.
pub const APPLICATION_ID: i32 = 0x446b_5761;
/// The newest schema.
pub const VERSION: i64 = 3;

/// One step each; append-only.
const MIGRATIONS: [&str; VERSION as usize] = [
    "
CREATE TABLE record (                 -- own chains, never updated or deleted
    dev BLOB NOT NULL,                -- author, 8 bytes
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,               -- SHA-256 of bytes
    bytes BLOB NOT NULL,              -- FORMAT.md section 2
    time BLOB NOT NULL,               -- the three parts, section 3
    person BLOB NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (dev, seq, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE cut (                    -- own segments: where the author cuts, once
    dev BLOB NOT NULL,
    from_seq INTEGER NOT NULL,
    key BLOB NOT NULL,                -- segment key, drawn at the first record
    to_seq INTEGER,                   -- NULL: still open
    prev BLOB NOT NULL,
    head BLOB,
    bytes BLOB,                       -- section 6, made at the cut
    PRIMARY KEY (dev, from_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (                -- other devices' segments, verified, as they came
    dev BLOB NOT NULL,
    to_seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    from_seq INTEGER NOT NULL,
    prev BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (dev, to_seq, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (                 -- raw Automerge changes, applied or waiting
    kind INTEGER NOT NULL,
    id BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (kind, id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (                -- section 10
    dev BLOB NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    time INTEGER NOT NULL,            -- Unix s
    bytes BLOB NOT NULL,
    PRIMARY KEY (dev, seq, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (                -- enrolment, what the shore last said it holds
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE change ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0; -- Unix s, by the phone's clock
ALTER TABLE change ADD COLUMN own INTEGER NOT NULL DEFAULT 0;     -- made here
ALTER TABLE change ADD COLUMN held INTEGER NOT NULL DEFAULT 0;    -- the shore said that it holds it

CREATE TABLE voucher (                -- own `document` records
    dev BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (dev, seq)
) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE change ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;    -- number of the shore's problem; 0: none
ALTER TABLE change ADD COLUMN refused_at INTEGER NOT NULL DEFAULT 0; -- Unix s, by the phone's clock
ALTER TABLE change ADD COLUMN refused_as BLOB;                       -- what this phone was certified for then

CREATE INDEX change_unheld ON change (arrived, hash) WHERE own = 1 AND held = 0;
",
];

pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // A short wait, because there is one writer: the other one is another process.
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    // Look before the first write: a store of a newer app must stay as it is.
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(StoreError::NotAStore);
    }
    if found > VERSION {
        return Err(StoreError::Newer { found, known: VERSION });
    }
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Damaged("write-ahead logging is not possible here"));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let pending = MIGRATIONS.iter().zip(1..).filter(|(_, version)| *version > found);
    for (sql, version) in pending {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", version)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::Store, *};

    #[test]
    fn a_newer_store_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        drop(Store::open(&path).unwrap());
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", VERSION + 1).unwrap();
        drop(raw);
        let before = std::fs::read(&path).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 4, known: 3 }), "{error}");
        assert!(error.to_string().contains("update the app"));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn another_file_is_not_taken_for_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        std::fs::write(&path, b"this is a text file, and a long one: 0123456789 0123456789")
            .unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::NotAStore)));
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(Store::open(&path), Err(StoreError::NotAStore)));
    }
}
