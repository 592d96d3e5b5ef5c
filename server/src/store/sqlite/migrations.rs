use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::fault::store_error;
use crate::store::StoreError;

/// "Deck" in ASCII: what `file` and [`check_ours`] know a Deckwatch database by.
const APPLICATION_ID: i32 = 0x4465_636b;

/// Append-only: what was released is never edited, the next number puts it right. The version of a database is
/// the number of migrations it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_sources.sql"),
    include_str!("migrations/0002_projections.sql"),
    include_str!("migrations/0003_writers.sql"),
    include_str!("migrations/0004_ledger.sql"),
];

/// The version of a database that this program writes.
pub const KNOWN: i32 = MIGRATIONS.len() as i32;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A newer Deckwatch wrote it.
    #[error("the database has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The version of the database.
        found: i32,
        /// The newest version known.
        known: i32,
    },
    /// It belongs to another program, or is no database.
    #[error("the file is not a database of Deckwatch")]
    NotOurs,
    /// Write-ahead logging needs shared memory.
    #[error("the file system of the database does not support write-ahead logging")]
    NoWal,
    /// The database failed while it was opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// Says what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => {
                "start the newer version of deckwatch that wrote it, or restore the backup made before the upgrade; the \
                 file was not changed"
            }
            Self::NotOurs => "check the path; the file was not changed",
            Self::NoWal => "put the database on a local disk, not on a network share",
            Self::Store(error) => error.hint(),
        }
    }
}

/// Reads who wrote the file, and changes nothing. An empty database is ours to fill.
///
/// All in one snapshot: another program may be filling it at this moment.
pub(super) fn check_ours(conn: &Connection) -> Result<(), OpenError> {
    let tx =
        Transaction::new_unchecked(conn, TransactionBehavior::Deferred).map_err(store_error)?;
    let application_id: i32 = match tx.pragma_query_value(None, "application_id", |row| row.get(0))
    {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(OpenError::NotOurs);
        }
        other => other.map_err(store_error)?,
    };
    let found = version(&tx)?;
    if application_id != APPLICATION_ID {
        let things: i64 = tx
            .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(store_error)?;
        if application_id != 0 || found != 0 || things != 0 {
            return Err(OpenError::NotOurs);
        }
    }
    check_known(found)?;
    Ok(())
}

pub(super) fn version(conn: &Connection) -> Result<i32, StoreError> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(store_error)
}

/// How many migrations a database of this version has seen.
fn check_known(found: i32) -> Result<usize, OpenError> {
    match usize::try_from(found) {
        Ok(seen) if found <= KNOWN => Ok(seen),
        Ok(_) => Err(OpenError::Newer { found, known: KNOWN }),
        Err(_) => Err(OpenError::NotOurs),
    }
}

/// Applies the migrations that the database has not seen, all or none.
pub(super) fn bring_up_to_date(conn: &mut Connection) -> Result<(), OpenError> {
    apply(conn, MIGRATIONS)
}

/// The version is read again under the write lock: another program may have been first.
fn apply(conn: &mut Connection, migrations: &[&str]) -> Result<(), OpenError> {
    if check_known(version(conn)?)? >= migrations.len() {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store_error)?;
    let seen = check_known(version(&tx)?)?;
    for (number, sql) in (1_i32..).zip(migrations).skip(seen) {
        tx.execute_batch(sql).map_err(store_error)?;
        tx.pragma_update(None, "user_version", number).map_err(store_error)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(store_error)?;
    tx.commit().map_err(store_error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use deckwatch_core::model::Hash;

    use super::*;

    /// A change of a released migration would leave databases that differ under one version.
    #[test]
    fn released_migrations_never_change() {
        let hashes: Vec<_> =
            MIGRATIONS.iter().map(|sql| Hash::of(sql.as_bytes()).short()).collect();
        assert_eq!(
            hashes,
            ["ffdbcb8ef33e", "8082ade80f49", "f4e30e8071cd", "59dae8308b7f"],
            "add a migration instead of editing one"
        );
    }

    #[test]
    fn every_step_starts_from_the_one_before() {
        let mut conn = Connection::open_in_memory().unwrap();
        for steps in 1..=MIGRATIONS.len() {
            apply(&mut conn, &MIGRATIONS[..steps]).unwrap();
            assert_eq!(version(&conn).unwrap(), i32::try_from(steps).unwrap());
        }
        let mut at_once = Connection::open_in_memory().unwrap();
        bring_up_to_date(&mut at_once).unwrap();
        let schema = |conn: &Connection| -> Vec<String> {
            let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
            let mut statement = conn.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(schema(&conn), schema(&at_once));
    }

    #[test]
    fn a_failing_migration_leaves_nothing_behind() {
        let mut conn = Connection::open_in_memory().unwrap();
        let broken = [MIGRATIONS[0], "CREATE TABLE half (x ANY) STRICT; CREATE TABLE oops ("];
        assert!(matches!(apply(&mut conn, &broken), Err(OpenError::Store(StoreError::Failed(_)))));
        assert_eq!(version(&conn).unwrap(), 0);
        check_ours(&conn).unwrap();
        bring_up_to_date(&mut conn).unwrap();
    }

    #[test]
    fn changes_kept_before_their_size_was_noted_get_one() {
        let mut conn = Connection::open_in_memory().unwrap();
        apply(&mut conn, &MIGRATIONS[..2]).unwrap();
        let rows = "
            INSERT INTO vessel VALUES (zeroblob(16), 'Aurora', 0, zeroblob(33));
            INSERT INTO document_change VALUES
                (zeroblob(16), 1, zeroblob(16), zeroblob(32), 1, 7, x'aabbcc')";
        conn.execute_batch(rows).unwrap();
        bring_up_to_date(&mut conn).unwrap();
        let sql =
            "SELECT size_bytes, hex(author), hex(carried_by), hex(bytes) FROM document_change";
        let row: (i64, String, String, String) = conn
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        let nobody = "0".repeat(16);
        assert_eq!(row, (3, nobody.clone(), nobody, "AABBCC".to_owned()));
    }

    #[test]
    fn every_table_is_strict_and_every_large_key_starts_with_the_vessel() {
        let mut conn = Connection::open_in_memory().unwrap();
        bring_up_to_date(&mut conn).unwrap();
        let sql = "SELECT t.name, t.strict, \
                   (SELECT c.name FROM pragma_table_info(t.name) AS c WHERE c.pk = 1) \
                   FROM pragma_table_list AS t \
                   WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name";
        let mut statement = conn.prepare(sql).unwrap();
        let tables: Vec<(String, bool, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(tables.len(), 15);
        for (table, strict, key) in tables {
            assert!(strict, "{table} is not STRICT");
            // The ledger is the fleet's.
            let expected = match table.as_str() {
                "vessel" => "id",
                "ledger" => "number",
                "ledger_content" => "subject",
                "ledger_leaf" | "ledger_node" | "tree_head" => "ledger",
                _ => "vessel",
            };
            assert_eq!(key, expected, "first column of the key of {table}");
        }
    }
}
