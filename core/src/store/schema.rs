//! Tables and their migrations, by `PRAGMA user_version`.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// "DkWa": what the file's header says.
pub const APPLICATION_ID: i32 = 0x446b_5761;
/// The newest schema.
pub const VERSION: i64 = 5;

/// The first schema whose rows are sealed.
pub(super) const SEALED_FROM: i64 = 5;

/// The step to it.
#[expect(clippy::indexing_slicing, reason = "looked up when it is compiled")]
pub(super) const SEALED_SQL: &str = MIGRATIONS[SEALED_FROM as usize - 1];

/// One step each; append-only. What the last one does to rows is in `sealing.rs`.
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
    "
CREATE TABLE login_key (              -- what a log-in here is checked against; never leaves this phone
    crew INTEGER NOT NULL PRIMARY KEY, -- roster number; 0: the key under which badges are kept
    value BLOB NOT NULL               -- login/credential.rs
) STRICT;

CREATE TABLE login_attempt (          -- failures since the last success, counted before they are known to be
    crew INTEGER NOT NULL PRIMARY KEY, -- as typed, on the roster or not; 0: of all together
    value BLOB NOT NULL               -- login/attempts.rs
) STRICT;
",
    // From here on BLOBs of contents are sealed (seal.rs), and what rows are found by is in clear or a token. The table in
    // store/README.md says which is which.
    "
CREATE TABLE seal (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    wrapped BLOB NOT NULL,            -- the store's key, as the safe wrapped it
    probe BLOB NOT NULL,              -- nothing, sealed: whether a key is the store's
    scrubbed INTEGER NOT NULL         -- whether no page holds what was in clear before
) STRICT;

ALTER TABLE record RENAME TO clear_record;
CREATE TABLE record (                 -- own chains, never updated or deleted
    dev BLOB NOT NULL,                -- author, 8 bytes
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,               -- SHA-256 of the record's bytes
    sealed BLOB NOT NULL,             -- the record's bytes and its three parts, each but the last behind its length
    PRIMARY KEY (dev, seq, hash)
) STRICT, WITHOUT ROWID;
",
];

/// Makes the file a store of the newest schema, but for the step that seals its rows (`sealing.rs`). Gives the schema
/// that was found; 0: a new file.
pub(super) fn prepare(connection: &mut Connection) -> Result<i64, StoreError> {
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
    // What is deleted or grows shorter is overwritten with zeros.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    let pending = MIGRATIONS.iter().zip(1..).filter(|(_, version)| *version > found);
    for (sql, version) in pending.filter(|(_, version)| *version < SEALED_FROM) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", version)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.commit()?;
    }
    Ok(found)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{
        super::{
            Store,
            tests::{in_clear, open, safe_in},
        },
        *,
    };
    use crate::{
        entropy::SeededEntropy,
        model::{DeviceId, DocumentId},
    };

    /// Makes a store as the first version of the app left it.
    pub(crate) fn version_1(path: &std::path::Path) {
        Connection::open(path).unwrap().execute_batch(include_str!("version_1.sql")).unwrap();
    }

    /// The bytes of every row of a table of the first version.
    fn rows(path: &std::path::Path, sql: &str) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            let value = |at: usize| format!("{:?}", row.get_ref(at).unwrap());
            Ok((0..columns).map(value).collect::<Vec<_>>().join("|"))
        };
        let rows = statement.query_map([], read).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_store_of_the_first_version_keeps_every_row() {
        const TABLES: [&str; 6] = [
            "SELECT dev, seq, hash, bytes, time, person, content FROM record",
            "SELECT dev, from_seq, key, to_seq, prev, head, bytes FROM cut",
            "SELECT dev, to_seq, head, from_seq, prev, bytes FROM segment",
            "SELECT kind, id, hash, bytes FROM change",
            "SELECT dev, seq, head, time, bytes FROM receipt",
            "SELECT name, value FROM setting",
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        version_1(&path);
        let before = TABLES.map(|sql| rows(&path, sql));
        assert_eq!(before.each_ref().map(Vec::len), [6, 2, 1, 1, 1, 2]);
        for _ in 0..2 {
            let store = open(folder.path()).unwrap();
            // Nothing of it was made here: there is nothing to send.
            assert_eq!(store.count_unheld_changes().unwrap(), 0);
            assert_eq!(store.count_refused_changes(&[]).unwrap(), []);
            assert_eq!(store.own_vouchers().unwrap(), []);
            let plan = store.changes(1, DocumentId([7; 16])).unwrap();
            assert_eq!(plan.len(), 1);
            assert_eq!(store.own_changes(1, DocumentId([7; 16])).unwrap(), []);
            assert_eq!(store.documents_since(1, 0, 9).unwrap(), [DocumentId([7; 16])]);
            let [own] = <[DeviceId; 1]>::try_from(store.own_devices().unwrap()).unwrap();
            assert_eq!(store.tail(own).unwrap().unwrap().seq, 5);
        }
        in_clear(&path, &safe_in(folder.path()));
        assert_eq!(TABLES.map(|sql| rows(&path, sql)), before);
        drop(open(folder.path()).unwrap());
        assert_eq!(rows(&path, "PRAGMA user_version"), [format!("Integer({VERSION})")]);
        assert_eq!(rows(&path, "PRAGMA integrity_check"), ["Text([111, 107])"]);
    }

    #[test]
    fn a_newer_store_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        drop(open(folder.path()).unwrap());
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", VERSION + 1).unwrap();
        drop(raw);
        let before = std::fs::read(&path).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 6, known: 5 }), "{error}");
        assert!(error.to_string().contains("update the app"));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn another_file_is_not_taken_for_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        std::fs::write(&path, b"this is a text file, and a long one: 0123456789 0123456789")
            .unwrap();
        let open =
            |path| Store::open(path, &safe_in(folder.path()), &mut SeededEntropy::new(1)).map(drop);
        assert!(matches!(open(&path), Err(StoreError::NotAStore)));
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(open(&path), Err(StoreError::NotAStore)));
    }
}
