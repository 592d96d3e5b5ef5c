//! Own chains: appending, the open segment, cutting.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{
    SealError, Store, StoreError, fixed, from_sql,
    seal::{Place, Seal},
    sources::insert_change,
    to_sql,
};
use crate::{
    document::RawChange,
    model::{DeviceId, DocumentId, Hash},
    record::{Item, SegmentKey, Slot, Span, fact::Record},
};

/// A record of the open segment, or any own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRecord {
    /// Position in the chain.
    pub seq: u64,
    /// The record's hash.
    pub hash: Hash,
    /// The record's bytes.
    pub bytes: Vec<u8>,
    /// Time, person and content part.
    pub parts: [Vec<u8>; 3],
}

impl OpenRecord {
    /// As an item of a segment.
    pub fn to_item(&self) -> Result<Item, StoreError> {
        let record = Record::decode(&self.bytes)
            .map_err(|_| StoreError::Damaged("a record that is not one"))?;
        Ok(Item { kind: record.kind, slots: self.parts.clone().map(Slot::Shown) })
    }

    /// Bytes that count towards the cut.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.parts.iter().map(Vec::len).sum::<usize>()
    }
}

/// Changes of one document that a record vouches for: the kind's number, the document, the changes.
pub type Vouched<'a> = (u64, DocumentId, &'a [RawChange]);

/// The last record of a chain whose key is rotated, cut and signed, and the first of the chain that goes on.
#[derive(Debug)]
pub struct Handover<'a> {
    /// Whose chain ends.
    pub old: DeviceId,
    /// The segment of its last record: one record.
    pub last: (&'a OpenRecord, &'a Cut),
    /// That segment's bytes.
    pub segment: &'a [u8],
    /// Whose chain begins.
    pub new: DeviceId,
    /// Its first record, and the segment that it opens.
    pub first: (&'a OpenRecord, &'a Cut),
}

/// A segment that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Seq of its first record.
    pub from: u64,
    /// Hash before it.
    pub prev: Hash,
    /// Its key.
    pub key: SegmentKey,
}

impl Store {
    /// Makes records durable, all of them or none, each with the changes of a document that it vouches
    /// for. `opens` is given with the first record of a segment; `arrived` is the phone's own time,
    /// Unix seconds.
    pub fn append(
        &mut self,
        dev: DeviceId,
        records: &[(OpenRecord, Option<Vouched<'_>>)],
        opens: Option<&Cut>,
        arrived: i64,
    ) -> Result<(), StoreError> {
        // One statement is its own transaction; two need one.
        if let ([(record, None)], None) = (records, opens) {
            return insert_record(&self.connection, &self.seal, dev, record);
        }
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(cut) = opens {
            insert_cut(&tx, &self.seal, dev, cut)?;
        }
        for (record, vouched) in records {
            insert_record(&tx, &self.seal, dev, record)?;
            let Some((kind, id, changes)) = vouched else { continue };
            for change in *changes {
                insert_change(&tx, &self.seal, (*kind, *id), change, (arrived, true))?;
            }
            tx.prepare_cached("INSERT INTO voucher (dev, seq) VALUES (?1, ?2)")?
                .execute(params![dev.0, to_sql(record.seq)?])?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Ends one chain and begins another: both or neither.
    pub fn hand_over(&mut self, handover: &Handover<'_>) -> Result<(), StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ((last, cut), (first, opened)) = (handover.last, handover.first);
        insert_cut(&tx, &self.seal, handover.old, cut)?;
        insert_record(&tx, &self.seal, handover.old, last)?;
        let span = Span { from: last.seq, to: last.seq, prev: cut.prev, head: last.hash };
        close(&tx, &self.seal, handover.old, &span, handover.segment)?;
        insert_cut(&tx, &self.seal, handover.new, opened)?;
        insert_record(&tx, &self.seal, handover.new, first)?;
        tx.commit()?;
        Ok(())
    }

    /// Own records that vouch for changes of documents.
    pub fn own_vouchers(&self) -> Result<Vec<(DeviceId, OpenRecord)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT dev, seq FROM voucher ORDER BY dev, seq")?;
        let mut rows = statement.query([])?;
        let mut named = Vec::new();
        while let Some(row) = rows.next()? {
            let dev = DeviceId(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?);
            named.push((dev, from_sql(row.get(1)?)?));
        }
        let mut vouchers = Vec::new();
        for (dev, seq) in named {
            vouchers.extend(self.own_records(dev, seq, seq)?.into_iter().map(|it| (dev, it)));
        }
        Ok(vouchers)
    }

    /// The last own record of `dev`.
    pub fn tail(&self, dev: DeviceId) -> Result<Option<OpenRecord>, StoreError> {
        Ok(self.own_records_where(dev, "ORDER BY seq DESC LIMIT 1", i64::MIN, i64::MAX)?.pop())
    }

    /// Own records of `dev` from `from` to `to`, in order.
    pub fn own_records(
        &self,
        dev: DeviceId,
        from: u64,
        to: u64,
    ) -> Result<Vec<OpenRecord>, StoreError> {
        let to = i64::try_from(to).unwrap_or(i64::MAX);
        self.own_records_where(dev, "ORDER BY seq", to_sql(from)?, to)
    }

    fn own_records_where(
        &self,
        dev: DeviceId,
        order: &str,
        from: i64,
        to: i64,
    ) -> Result<Vec<OpenRecord>, StoreError> {
        let sql = format!(
            "SELECT seq, hash, sealed FROM record
             WHERE dev = ?1 AND seq BETWEEN ?2 AND ?3 {order}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![dev.0, from, to])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            let hash = Hash(fixed(row.get_ref(1)?.as_blob().map_err(not_bytes)?)?);
            let sealed = row.get_ref(2)?.as_blob().map_err(not_bytes)?;
            let row = self.seal.clear("record", &record_place(dev, seq, hash), sealed)?;
            let (bytes, parts) = divided(&row).ok_or(SealError::Row { table: "record" })?;
            records.push(OpenRecord { seq: from_sql(seq)?, hash, bytes, parts });
        }
        Ok(records)
    }

    /// Devices with own records here: this one, and those before a restore.
    pub fn own_devices(&self) -> Result<Vec<DeviceId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT DISTINCT dev FROM record")?;
        let mut rows = statement.query([])?;
        let mut devices = Vec::new();
        while let Some(row) = rows.next()? {
            devices.push(DeviceId(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?));
        }
        Ok(devices)
    }

    /// The segment of `dev` that is not cut yet, if any.
    pub fn open_cut(&self, dev: DeviceId) -> Result<Option<Cut>, StoreError> {
        let row = self
            .connection
            .prepare_cached(
                "SELECT from_seq, prev, key FROM cut WHERE dev = ?1 AND to_seq IS NULL",
            )?
            .query_row(params![dev.0], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        row.map(|(from, prev, key)| {
            let key = self.seal.clear("cut", &cut_place("key", dev, from), &key)?;
            Ok(Cut { from: from_sql(from)?, prev: Hash(fixed(&prev)?), key: fixed(&key)? })
        })
        .transpose()
    }

    /// Stores a cut: from now on the segment is these bytes for ever. `rest` is what stays open,
    /// where the key was not to be had for so long that more than one segment's worth waited.
    pub fn close_cut(
        &mut self,
        dev: DeviceId,
        span: Span,
        bytes: &[u8],
        rest: Option<&Cut>,
    ) -> Result<(), StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        close(&tx, &self.seal, dev, &span, bytes)?;
        if let Some(rest) = rest {
            insert_cut(&tx, &self.seal, dev, rest)?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Own segments that are cut.
    pub fn own_spans(&self, dev: DeviceId) -> Result<Vec<Span>, StoreError> {
        self.spans(
            "SELECT from_seq, to_seq, prev, head FROM cut WHERE dev = ?1 AND to_seq IS NOT NULL",
            dev,
        )
    }

    /// The bytes of an own segment.
    pub fn own_segment(&self, dev: DeviceId, span: &Span) -> Result<Option<Vec<u8>>, StoreError> {
        let from = to_sql(span.from)?;
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT bytes FROM cut WHERE dev = ?1 AND from_seq = ?2 AND head = ?3")?
            .query_row(params![dev.0, from, span.head.0], |row| row.get(0))
            .optional()?;
        let place = cut_place("bytes", dev, from);
        sealed.map(|sealed| self.seal.clear("cut", &place, &sealed)).transpose()
    }

    pub(super) fn spans(&self, sql: &str, dev: DeviceId) -> Result<Vec<Span>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![dev.0])?;
        let mut spans = Vec::new();
        while let Some(row) = rows.next()? {
            spans.push(Span {
                from: from_sql(row.get(0)?)?,
                to: from_sql(row.get(1)?)?,
                prev: Hash(fixed(row.get_ref(2)?.as_blob().map_err(not_bytes)?)?),
                head: Hash(fixed(row.get_ref(3)?.as_blob().map_err(not_bytes)?)?),
            });
        }
        Ok(spans)
    }
}

fn insert_cut(
    connection: &rusqlite::Connection,
    seal: &Seal,
    dev: DeviceId,
    cut: &Cut,
) -> Result<(), StoreError> {
    let from = to_sql(cut.from)?;
    let key = seal.bytes(&cut_place("key", dev, from), &cut.key)?;
    connection
        .prepare_cached("INSERT INTO cut (dev, from_seq, key, prev) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![dev.0, from, key, cut.prev.0])?;
    Ok(())
}

fn close(
    connection: &rusqlite::Connection,
    seal: &Seal,
    dev: DeviceId,
    span: &Span,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let from = to_sql(span.from)?;
    let sealed = seal.bytes(&cut_place("bytes", dev, from), bytes)?;
    let changed = connection
        .prepare_cached(
            "UPDATE cut SET to_seq = ?3, head = ?4, bytes = ?5
             WHERE dev = ?1 AND from_seq = ?2 AND to_seq IS NULL",
        )?
        .execute(params![dev.0, from, to_sql(span.to)?, span.head.0, sealed])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Damaged("no open segment to cut")) }
}

fn insert_record(
    connection: &rusqlite::Connection,
    seal: &Seal,
    dev: DeviceId,
    record: &OpenRecord,
) -> Result<(), StoreError> {
    let seq = to_sql(record.seq)?;
    let sealed = seal.bytes(&record_place(dev, seq, record.hash), &row_of(record)?)?;
    connection
        .prepare_cached("INSERT INTO record (dev, seq, hash, sealed) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![dev.0, seq, record.hash.0, sealed])?;
    Ok(())
}

pub(super) fn record_place(dev: DeviceId, seq: i64, hash: Hash) -> Place {
    Place::new("record", "sealed").bytes(&dev.0).number(seq).bytes(&hash.0)
}

fn cut_place(column: &str, dev: DeviceId, from: i64) -> Place {
    Place::new("cut", column).bytes(&dev.0).number(from)
}

/// A record and its parts as one row: each but the last behind its length, 4 bytes.
pub(super) fn row_of(record: &OpenRecord) -> Result<Vec<u8>, StoreError> {
    let [time, person, content] = &record.parts;
    let mut row = Vec::with_capacity(record.size() + 12);
    for piece in [&record.bytes, time, person] {
        let length = u32::try_from(piece.len()).map_err(|_| StoreError::Range)?;
        row.extend(length.to_be_bytes());
        row.extend(piece);
    }
    row.extend(content);
    Ok(row)
}

pub(super) fn divided(row: &[u8]) -> Option<(Vec<u8>, [Vec<u8>; 3])> {
    let mut rest = row;
    let mut next = || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (piece, after) = after.split_at_checked(length)?;
        rest = after;
        Some(piece.to_vec())
    };
    let (bytes, time, person) = (next()?, next()?, next()?);
    Some((bytes, [time, person, rest.to_vec()]))
}

pub(super) fn not_bytes(_: rusqlite::types::FromSqlError) -> StoreError {
    StoreError::Damaged("bytes were expected")
}
