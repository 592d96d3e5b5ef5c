//! Sealing a store: once, at the first open, in one transaction; then no page keeps what was in clear.
//!
//! A power cut before the transaction's commit leaves the store as it was. A power cut after it leaves a sealed store that is
//! not scrubbed yet, which the next open does. Scrubbing is not needed for going on: where there is no space for it, or
//! another process reads, it waits for the next open.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, types::Value};

use super::{
    SealError, StoreError, from_sql,
    logins::{crew_token, seal_value},
    outbox::certified_token,
    records::{OpenRecord, record_place, row_of},
    schema::{SEALED_FROM, SEALED_SQL},
    seal::{Place, Seal},
};
use crate::{
    entropy::Entropy,
    model::{CrewNo, DeviceId, Hash},
    record::{DeviceSafe, KeyError, MOST_WRAPPED, StoreKey},
};

/// Columns that are sealed where they stand: table, column, primary key.
pub(super) const IN_PLACE: [(&str, &str, &[&str]); 6] = [
    ("cut", "key", &["dev", "from_seq"]),
    ("cut", "bytes", &["dev", "from_seq"]),
    ("segment", "bytes", &["dev", "to_seq", "head"]),
    ("change", "bytes", &["kind", "id", "hash"]),
    ("receipt", "bytes", &["dev", "seq", "head"]),
    ("setting", "value", &["name"]),
];

/// Draws a key, has it wrapped, and seals every row with it: all or nothing. `fresh`: there was nothing in clear before.
pub(super) fn seal_rows(
    connection: &mut Connection,
    fresh: bool,
    safe: &dyn DeviceSafe,
    entropy: &mut dyn Entropy,
) -> Result<Seal, StoreError> {
    let key = StoreKey::generate(entropy);
    let wrapped = safe.wrap_key(&key).map_err(closed)?;
    // A safe that wraps wrongly must be noticed while the rows can still be read.
    if wrapped.len() > MOST_WRAPPED || safe.unwrap_key(&wrapped).map_err(closed)? != key {
        let why = "it does not give back what it wrapped";
        return Err(StoreError::Key(KeyError::Unavailable(why.into())));
    }
    let seal = Seal::new(&key, entropy);
    let probe = seal.bytes(&probe_place(&wrapped), &[])?;
    power::may_go();
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(SEALED_SQL)?;
    tx.execute(
        "INSERT INTO seal (one, wrapped, probe, scrubbed) VALUES (1, ?1, ?2, ?3)",
        params![wrapped, probe, fresh],
    )?;
    seal_records(&tx, &seal)?;
    for (table, column, key) in IN_PLACE {
        change_column(&tx, table, column, key, |place, clear| seal.bytes(place, clear))?;
    }
    seal_logins(&tx, &seal)?;
    seal_certified(&tx, &seal)?;
    tx.pragma_update(None, "user_version", SEALED_FROM)?;
    tx.commit()?;
    power::may_go();
    Ok(seal)
}

/// Opens a sealed store's key with the safe.
pub(super) fn unseal(
    connection: &Connection,
    safe: &dyn DeviceSafe,
    entropy: &mut dyn Entropy,
) -> Result<Seal, StoreError> {
    let kept = connection
        .query_row("SELECT wrapped, probe FROM seal", [], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    let missing = || SealError::KeyLost("it is not in the store".into());
    let (wrapped, probe) = kept.ok_or_else(missing)?;
    if wrapped.len() > MOST_WRAPPED {
        return Err(SealError::KeyLost("it is too long".into()).into());
    }
    let seal = Seal::new(&safe.unwrap_key(&wrapped).map_err(closed)?, entropy);
    let opened = seal.open(&probe_place(&wrapped), &probe);
    opened.map(|_| seal).ok_or_else(|| SealError::WrongKey.into())
}

/// Overwrites what was in clear before the rows were sealed, in pages that are free now and in the log.
pub(super) fn scrub(connection: &Connection) -> Result<(), StoreError> {
    let scrubbed: bool = connection.query_row("SELECT scrubbed FROM seal", [], |row| row.get(0))?;
    if scrubbed {
        return Ok(());
    }
    power::may_go();
    let scrubbed = checkpoint(connection)
        .and_then(|_| Ok(connection.execute_batch("VACUUM")?))
        .and_then(|()| {
            power::may_go();
            checkpoint(connection)
        });
    match scrubbed {
        Ok(true) => {}
        Ok(false) | Err(StoreError::Full | StoreError::Busy) => return Ok(()),
        Err(error) => return Err(error),
    }
    power::may_go();
    connection.execute("UPDATE seal SET scrubbed = 1", [])?;
    power::may_go();
    Ok(())
}

/// Takes the log into the file, and leaves it empty. `false`: another process reads.
pub(super) fn checkpoint(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

fn closed(error: KeyError) -> StoreError {
    match error {
        KeyError::Lost(why) => SealError::KeyLost(why).into(),
        error => StoreError::Key(error),
    }
}

fn probe_place(wrapped: &[u8]) -> Place {
    Place::new("seal", "probe").bytes(wrapped)
}

fn seal_records(tx: &Connection, seal: &Seal) -> Result<(), StoreError> {
    let mut from =
        tx.prepare("SELECT dev, seq, hash, bytes, time, person, content FROM clear_record")?;
    let mut to =
        tx.prepare("INSERT INTO record (dev, seq, hash, sealed) VALUES (?1, ?2, ?3, ?4)")?;
    let mut rows = from.query([])?;
    while let Some(row) = rows.next()? {
        let (dev, seq, hash): ([u8; 8], i64, [u8; 32]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let parts = [row.get(4)?, row.get(5)?, row.get(6)?];
        let (dev, hash) = (DeviceId(dev), Hash(hash));
        let record = OpenRecord { seq: from_sql(seq)?, hash, bytes: row.get(3)?, parts };
        let sealed = seal.bytes(&record_place(dev, seq, hash), &row_of(&record)?)?;
        to.execute(params![dev.0, seq, hash.0, sealed])?;
        power::may_go();
    }
    drop(rows);
    tx.execute_batch("DROP TABLE clear_record")?;
    Ok(())
}

/// Puts what `change` makes of its bytes into every row.
pub(super) fn change_column(
    tx: &Connection,
    table: &str,
    column: &str,
    key: &[&str],
    change: impl Fn(&Place, &[u8]) -> Result<Vec<u8>, StoreError>,
) -> Result<(), StoreError> {
    let named = key.join(", ");
    let these: Vec<String> =
        key.iter().enumerate().map(|(at, name)| format!("{name} = ?{}", at + 1)).collect();
    let (these, last) = (these.join(" AND "), key.len() + 1);
    let mut keys: Vec<Vec<Value>> = Vec::new();
    let mut all = tx.prepare(&format!("SELECT {named} FROM {table} WHERE {column} IS NOT NULL"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        keys.push((0..key.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?);
    }
    let mut read = tx.prepare(&format!("SELECT {column} FROM {table} WHERE {these}"))?;
    let mut write = tx.prepare(&format!("UPDATE {table} SET {column} = ?{last} WHERE {these}"))?;
    for mut key in keys {
        let bytes: Vec<u8> = read.query_row(rusqlite::params_from_iter(&key), |row| row.get(0))?;
        let place = key.iter().try_fold(Place::new(table, column), |place, part| match part {
            Value::Integer(number) => Ok(place.number(*number)),
            Value::Text(text) => Ok(place.bytes(text.as_bytes())),
            Value::Blob(bytes) => Ok(place.bytes(bytes)),
            Value::Null | Value::Real(_) => Err(StoreError::Damaged("a key of another type")),
        })?;
        key.push(Value::Blob(change(&place, &bytes)?));
        write.execute(rusqlite::params_from_iter(&key))?;
        power::may_go();
    }
    Ok(())
}

/// Roster numbers are in no column any more.
fn seal_logins(tx: &Connection, seal: &Seal) -> Result<(), StoreError> {
    for table in ["login_key", "login_attempt"] {
        let mut all = tx.prepare(&format!("SELECT crew, value FROM {table}"))?;
        let read = |row: &rusqlite::Row<'_>| Ok((CrewNo(row.get(0)?), row.get::<_, Vec<u8>>(1)?));
        let rows: Vec<_> = all.query_map([], read)?.collect::<Result<_, _>>()?;
        drop(all);
        tx.execute_batch(&format!("DELETE FROM {table}"))?;
        let mut write =
            tx.prepare(&format!("INSERT INTO {table} (crew, value) VALUES (?1, ?2)"))?;
        for (crew, value) in rows {
            let token = crew_token(seal, crew);
            write.execute(params![token, seal_value(seal, table, crew, &value)?])?;
            power::may_go();
        }
    }
    Ok(())
}

fn seal_certified(tx: &Connection, seal: &Seal) -> Result<(), StoreError> {
    let mut all =
        tx.prepare("SELECT DISTINCT refused_as FROM change WHERE refused_as IS NOT NULL")?;
    let rows: Vec<Vec<u8>> = all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for certified_as in rows {
        let token = certified_token(seal, &certified_as);
        tx.execute(
            "UPDATE change SET refused_as = ?1 WHERE refused_as = ?2",
            params![token, certified_as],
        )?;
    }
    Ok(())
}

/// Where tests look at what a power cut would leave.
pub(super) mod power {
    #[cfg(test)]
    thread_local! {
        pub(in crate::store) static SEEN: std::cell::RefCell<Option<Box<dyn FnMut()>>> =
            const { std::cell::RefCell::new(None) };
    }

    /// Here the power may go.
    pub(super) fn may_go() {
        #[cfg(test)]
        SEEN.with_borrow_mut(|seen| {
            if let Some(seen) = seen {
                seen();
            }
        });
    }
}
