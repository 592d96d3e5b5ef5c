//! What came from others: segments, Automerge changes, receipts; and settings.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, fixed, records::not_bytes, to_sql};
use crate::{
    document::RawChange,
    model::{DeviceId, DocumentId, Hash},
    record::{Receipt, Span},
};

impl Store {
    /// Keeps a verified segment of another device. `false`: it was here already, as long or longer:
    /// a copy that lost its first records still verifies, and must not keep out the whole one.
    pub fn put_segment(
        &mut self,
        dev: DeviceId,
        span: &Span,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO segment (dev, to_seq, head, from_seq, prev, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (dev, to_seq, head) DO UPDATE SET from_seq = excluded.from_seq,
                    prev = excluded.prev, bytes = excluded.bytes
                 WHERE excluded.from_seq < segment.from_seq",
            )?
            .execute(params![
                dev.0,
                to_sql(span.to)?,
                span.head.0,
                to_sql(span.from)?,
                span.prev.0,
                bytes
            ])?;
        Ok(added == 1)
    }

    /// The bytes of another device's segment with this end.
    pub fn segment(&self, dev: DeviceId, span: &Span) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT bytes FROM segment WHERE dev = ?1 AND to_seq = ?2 AND head = ?3",
            )?
            .query_row(params![dev.0, to_sql(span.to)?, span.head.0], |row| row.get(0))
            .optional()?)
    }

    /// Keeps a fuller copy of a segment in place of the one that is here.
    pub fn replace_segment(
        &mut self,
        dev: DeviceId,
        span: &Span,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE segment SET bytes = ?4 WHERE dev = ?1 AND to_seq = ?2 AND head = ?3",
            )?
            .execute(params![dev.0, to_sql(span.to)?, span.head.0, bytes])?;
        Ok(())
    }

    /// All segments of other devices, by device and seq.
    pub fn segments(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT bytes FROM segment ORDER BY dev, from_seq, head")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Devices whose segments are here, and what is held of each.
    pub fn foreign_spans(&self) -> Result<Vec<(DeviceId, Vec<Span>)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT DISTINCT dev FROM segment ORDER BY dev")?;
        let mut rows = statement.query([])?;
        let mut devices = Vec::new();
        while let Some(row) = rows.next()? {
            devices.push(DeviceId(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?));
        }
        let sql = "SELECT from_seq, to_seq, prev, head FROM segment WHERE dev = ?1";
        devices.into_iter().map(|dev| Ok((dev, self.spans(sql, dev)?))).collect()
    }

    /// Keeps a raw change that arrived at `arrived`, Unix seconds. `false`: it was here already, and is counted as of now:
    /// what somebody sends again is to be named to him from now on.
    pub fn put_change(
        &mut self,
        kind: u64,
        id: DocumentId,
        change: &RawChange,
        arrived: i64,
    ) -> Result<bool, StoreError> {
        let is_new = insert_change(&self.connection, (kind, id), change, (arrived, false))?;
        if !is_new {
            let sql = "UPDATE change SET arrived = max(arrived, ?4) WHERE kind = ?1 AND id = ?2 AND hash = ?3";
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(params![to_sql(kind)?, id.0, change.hash.0, arrived])?;
        }
        Ok(is_new)
    }

    /// Documents of a kind with changes since `since` (Unix s), the latest first, `most` at most.
    pub fn documents_since(
        &self,
        kind: u64,
        since: i64,
        most: usize,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM change WHERE kind = ?1 GROUP BY id HAVING max(arrived) >= ?2
             ORDER BY max(arrived) DESC, id LIMIT ?3",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![to_sql(kind)?, since, most])?;
        let mut documents = Vec::new();
        while let Some(row) = rows.next()? {
            documents.push(DocumentId(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?));
        }
        Ok(documents)
    }

    /// All raw changes of a document, by hash.
    pub fn changes(&self, kind: u64, id: DocumentId) -> Result<Vec<RawChange>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, bytes FROM change WHERE kind = ?1 AND id = ?2 ORDER BY hash",
        )?;
        let mut rows = statement.query(params![to_sql(kind)?, id.0])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let hash = Hash(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?);
            changes.push(RawChange { hash, bytes: row.get(1)? });
        }
        Ok(changes)
    }

    /// A raw change of a document.
    pub fn change(
        &self,
        kind: u64,
        id: DocumentId,
        hash: Hash,
    ) -> Result<Option<RawChange>, StoreError> {
        let bytes = self
            .connection
            .prepare_cached("SELECT bytes FROM change WHERE kind = ?1 AND id = ?2 AND hash = ?3")?
            .query_row(params![to_sql(kind)?, id.0, hash.0], |row| row.get(0))
            .optional()?;
        Ok(bytes.map(|bytes| RawChange { hash, bytes }))
    }

    /// Keeps a receipt; the first one for a head stays.
    pub fn put_receipt(&mut self, receipt: &Receipt) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO receipt (dev, seq, head, time, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                receipt.dev.0,
                to_sql(receipt.seq)?,
                receipt.head.0,
                receipt.time,
                receipt.encode()
            ])?;
        Ok(())
    }

    /// The newest receipt for `dev`. Those of a version that this program does not read stay, and say nothing.
    pub fn last_receipt(&self, dev: DeviceId) -> Result<Option<Receipt>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT bytes FROM receipt WHERE dev = ?1 ORDER BY seq DESC")?;
        let mut rows = statement.query(params![dev.0])?;
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(0)?;
            if let Ok(receipt) = Receipt::decode(&bytes) {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    /// The newest receipts of all devices, at most so many: their bytes.
    pub fn newest_receipts(&self, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes FROM receipt ORDER BY time DESC, dev, seq DESC LIMIT ?1",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![most], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A setting.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
            .query_row(params![name], |row| row.get(0))
            .optional()?)
    }

    /// Forgets a setting.
    pub fn remove_setting(&mut self, name: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM setting WHERE name = ?1")?
            .execute(params![name])?;
        Ok(())
    }

    /// Changes a setting.
    pub fn set_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, value])?;
        Ok(())
    }
}

pub(super) fn insert_change(
    connection: &rusqlite::Connection,
    (kind, id): (u64, DocumentId),
    change: &RawChange,
    (arrived, own): (i64, bool),
) -> Result<bool, StoreError> {
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO change (kind, id, hash, bytes, arrived, own)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![to_sql(kind)?, id.0, change.hash.0, change.bytes, arrived, own])?;
    Ok(added == 1)
}
