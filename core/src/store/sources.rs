//! What came from others: segments, Automerge changes, receipts; and settings.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    Store, StoreError, fixed,
    records::not_bytes,
    seal::{Place, Seal},
    sealing, to_sql,
};
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
        let sealed = self.seal.bytes(&segment_place(dev, to_sql(span.to)?, span.head), bytes)?;
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
                sealed
            ])?;
        Ok(added == 1)
    }

    /// The bytes of another device's segment with this end.
    pub fn segment(&self, dev: DeviceId, span: &Span) -> Result<Option<Vec<u8>>, StoreError> {
        let to = to_sql(span.to)?;
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached(
                "SELECT bytes FROM segment WHERE dev = ?1 AND to_seq = ?2 AND head = ?3",
            )?
            .query_row(params![dev.0, to, span.head.0], |row| row.get(0))
            .optional()?;
        let place = segment_place(dev, to, span.head);
        sealed.map(|sealed| self.seal.clear("segment", &place, &sealed)).transpose()
    }

    /// Keeps a fuller or a poorer copy of a segment in place of the one that is here. What stood there is overwritten in the file
    /// and in its log, unless another process reads: then the log keeps it, sealed, until it is written over.
    pub fn replace_segment(
        &mut self,
        dev: DeviceId,
        span: &Span,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let to = to_sql(span.to)?;
        let sealed = self.seal.bytes(&segment_place(dev, to, span.head), bytes)?;
        self.connection
            .prepare_cached(
                "UPDATE segment SET bytes = ?4 WHERE dev = ?1 AND to_seq = ?2 AND head = ?3",
            )?
            .execute(params![dev.0, to, span.head.0, sealed])?;
        sealing::checkpoint(&self.connection)?;
        Ok(())
    }

    /// All segments of other devices, by device and seq.
    pub fn segments(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes, dev, to_seq, head FROM segment ORDER BY dev, from_seq, head",
        )?;
        let mut rows = statement.query([])?;
        let mut segments = Vec::new();
        while let Some(row) = rows.next()? {
            let dev = DeviceId(fixed(row.get_ref(1)?.as_blob().map_err(not_bytes)?)?);
            let head = Hash(fixed(row.get_ref(3)?.as_blob().map_err(not_bytes)?)?);
            let sealed = row.get_ref(0)?.as_blob().map_err(not_bytes)?;
            let place = segment_place(dev, row.get(2)?, head);
            segments.push(self.seal.clear("segment", &place, sealed)?);
        }
        Ok(segments)
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
        let is_new =
            insert_change(&self.connection, &self.seal, (kind, id), change, (arrived, false))?;
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
        let number = to_sql(kind)?;
        let mut rows = statement.query(params![number, id.0])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let hash = Hash(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?);
            let sealed = row.get_ref(1)?.as_blob().map_err(not_bytes)?;
            changes.push(open_change(&self.seal, (number, id), hash, sealed)?);
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
        let kind = to_sql(kind)?;
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT bytes FROM change WHERE kind = ?1 AND id = ?2 AND hash = ?3")?
            .query_row(params![kind, id.0, hash.0], |row| row.get(0))
            .optional()?;
        sealed.map(|sealed| open_change(&self.seal, (kind, id), hash, &sealed)).transpose()
    }

    /// Keeps a receipt; the first one for a head stays.
    pub fn put_receipt(&mut self, receipt: &Receipt) -> Result<(), StoreError> {
        let seq = to_sql(receipt.seq)?;
        let place = receipt_place(receipt.dev, seq, receipt.head);
        let sealed = self.seal.bytes(&place, &receipt.encode())?;
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO receipt (dev, seq, head, time, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![receipt.dev.0, seq, receipt.head.0, receipt.time, sealed])?;
        Ok(())
    }

    /// The newest receipt for `dev`. Those of a version that this program does not read stay, and say nothing.
    pub fn last_receipt(&self, dev: DeviceId) -> Result<Option<Receipt>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes, seq, head FROM receipt WHERE dev = ?1 ORDER BY seq DESC",
        )?;
        let mut rows = statement.query(params![dev.0])?;
        while let Some(row) = rows.next()? {
            let bytes = self.open_receipt(row, dev)?;
            if let Ok(receipt) = Receipt::decode(&bytes) {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    /// The newest receipts of all devices, at most so many: their bytes.
    pub fn newest_receipts(&self, most: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT bytes, seq, head, dev FROM receipt ORDER BY time DESC, dev, seq DESC LIMIT ?1",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![most])?;
        let mut receipts = Vec::new();
        while let Some(row) = rows.next()? {
            let dev = DeviceId(fixed(row.get_ref(3)?.as_blob().map_err(not_bytes)?)?);
            receipts.push(self.open_receipt(row, dev)?);
        }
        Ok(receipts)
    }

    /// Of a row of bytes, seq and head.
    fn open_receipt(&self, row: &Row<'_>, dev: DeviceId) -> Result<Vec<u8>, StoreError> {
        let head = Hash(fixed(row.get_ref(2)?.as_blob().map_err(not_bytes)?)?);
        let sealed = row.get_ref(0)?.as_blob().map_err(not_bytes)?;
        self.seal.clear("receipt", &receipt_place(dev, row.get(1)?, head), sealed)
    }

    /// A setting.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
            .query_row(params![name], |row| row.get(0))
            .optional()?;
        let place = setting_place(name);
        sealed.map(|sealed| self.seal.clear("setting", &place, &sealed)).transpose()
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
        let sealed = self.seal.bytes(&setting_place(name), value)?;
        self.connection
            .prepare_cached(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, sealed])?;
        Ok(())
    }
}

pub(super) fn insert_change(
    connection: &rusqlite::Connection,
    seal: &Seal,
    (kind, id): (u64, DocumentId),
    change: &RawChange,
    (arrived, own): (i64, bool),
) -> Result<bool, StoreError> {
    let kind = to_sql(kind)?;
    let sealed = seal.bytes(&change_place((kind, id), change.hash), &change.bytes)?;
    let added = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO change (kind, id, hash, bytes, arrived, own)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![kind, id.0, change.hash.0, sealed, arrived, own])?;
    Ok(added == 1)
}

pub(super) fn open_change(
    seal: &Seal,
    document: (i64, DocumentId),
    hash: Hash,
    sealed: &[u8],
) -> Result<RawChange, StoreError> {
    Ok(RawChange { hash, bytes: seal.clear("change", &change_place(document, hash), sealed)? })
}

fn change_place((kind, id): (i64, DocumentId), hash: Hash) -> Place {
    Place::new("change", "bytes").number(kind).bytes(&id.0).bytes(&hash.0)
}

fn segment_place(dev: DeviceId, to: i64, head: Hash) -> Place {
    Place::new("segment", "bytes").bytes(&dev.0).number(to).bytes(&head.0)
}

pub(super) fn receipt_place(dev: DeviceId, seq: i64, head: Hash) -> Place {
    Place::new("receipt", "bytes").bytes(&dev.0).number(seq).bytes(&head.0)
}

fn setting_place(name: &str) -> Place {
    Place::new("setting", "value").bytes(name.as_bytes())
}
