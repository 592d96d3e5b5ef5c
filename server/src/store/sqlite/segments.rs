use deckwatch_core::model::{DeviceId, Hash, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::{kept_number, rows_within};
use crate::store::{
    Each, Holding, SegmentPlace, SegmentRow, SegmentSpan, Segments, SegmentsFrom, SegmentsMut,
    StoreError,
};

fn read(fields: &Fields<'_>) -> Result<SegmentRow, StoreError> {
    Ok(SegmentRow {
        vessel: fields.id("vessel")?,
        dev: fields.id("dev")?,
        from_seq: fields.number("from_seq")?,
        to_seq: fields.number("to_seq")?,
        prev: fields.id("prev")?,
        head: fields.id("head")?,
        bytes: fields.bytes("bytes")?,
        received_at: fields.integer("received_at")?,
        carried_by: fields.id("carried_by")?,
    })
}

fn read_span(fields: &Fields<'_>) -> Result<SegmentSpan, StoreError> {
    Ok(SegmentSpan {
        dev: fields.id("dev")?,
        from_seq: fields.number("from_seq")?,
        to_seq: fields.number("to_seq")?,
        prev: fields.id("prev")?,
        head: fields.id("head")?,
    })
}

fn read_holding(fields: &Fields<'_>) -> Result<Holding, StoreError> {
    Ok(Holding {
        dev: fields.id("dev")?,
        segments: fields.number("segments")?,
        size_bytes: fields.number("size_bytes")?,
        newest_received_at: fields.integer("newest_received_at")?,
    })
}

impl Segments for SqliteTx<'_> {
    fn segments_of(&self, vessel: VesselId, each: Each<'_, SegmentRow>) -> Result<(), StoreError> {
        let sql = "
            SELECT vessel, dev, from_seq, to_seq, prev, head, received_at, carried_by, bytes
            FROM segment WHERE vessel = ?1
            ORDER BY dev, from_seq, head, to_seq";
        self.each(sql, [vessel.as_bytes()], read, each)
    }

    fn segment_spans_of(
        &self,
        vessel: VesselId,
        each: Each<'_, SegmentSpan>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT dev, from_seq, to_seq, prev, head FROM segment WHERE vessel = ?1
            ORDER BY dev, from_seq, head, to_seq";
        self.each(sql, [vessel.as_bytes()], read_span, each)
    }

    fn segments_of_device(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        from: SegmentsFrom,
        limit: u32,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        // Nothing has to_seq -1, so "after" it begins with the seq itself.
        let (from_seq, head, to_seq) = match from {
            SegmentsFrom::Seq(from_seq) => (from_seq, Hash::ZERO, -1),
            SegmentsFrom::After(SegmentPlace { from_seq, head, to_seq }) => {
                (from_seq, head, i64::try_from(to_seq).unwrap_or(i64::MAX))
            }
        };
        let Ok(from_seq) = i64::try_from(from_seq) else { return Ok(Vec::new()) };
        let sql = "
            SELECT vessel, dev, from_seq, to_seq, prev, head, received_at, carried_by, bytes
            FROM segment
            WHERE vessel = ?1 AND dev = ?2 AND (from_seq, head, to_seq) > (?3, ?4, ?5)
            ORDER BY from_seq, head, to_seq LIMIT ?6";
        let limit = rows_within(limit);
        let wanted =
            params![vessel.as_bytes(), dev.as_bytes(), from_seq, head.as_bytes(), to_seq, limit];
        self.all(sql, wanted, read)
    }

    fn segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<Option<SegmentRow>, StoreError> {
        let Ok(to_seq) = i64::try_from(to_seq) else { return Ok(None) };
        let sql = "
            SELECT vessel, dev, from_seq, to_seq, prev, head, received_at, carried_by, bytes
            FROM segment WHERE vessel = ?1 AND dev = ?2 AND to_seq = ?3 AND head = ?4";
        let name = params![vessel.as_bytes(), dev.as_bytes(), to_seq, head.as_bytes()];
        self.first(sql, name, read)
    }

    fn has_segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<bool, StoreError> {
        let Ok(to_seq) = i64::try_from(to_seq) else { return Ok(false) };
        let sql = "
            SELECT to_seq FROM segment
            WHERE vessel = ?1 AND dev = ?2 AND to_seq = ?3 AND head = ?4";
        let name = params![vessel.as_bytes(), dev.as_bytes(), to_seq, head.as_bytes()];
        Ok(self.first(sql, name, |fields| fields.integer("to_seq"))?.is_some())
    }

    fn segment_count(&self, vessel: VesselId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS segments FROM segment WHERE vessel = ?1";
        let count = self.first(sql, [vessel.as_bytes()], |fields| fields.number("segments"))?;
        Ok(count.unwrap_or(0))
    }

    fn holdings_of(&self, vessel: VesselId, each: Each<'_, Holding>) -> Result<(), StoreError> {
        let sql = "
            SELECT dev, COUNT(*) AS segments, SUM(size_bytes) AS size_bytes,
                MAX(received_at) AS newest_received_at
            FROM segment WHERE vessel = ?1 GROUP BY dev ORDER BY dev";
        self.each(sql, [vessel.as_bytes()], read_holding, each)
    }

    fn holding(&self, vessel: VesselId, dev: DeviceId) -> Result<Option<Holding>, StoreError> {
        let sql = "
            SELECT dev, COUNT(*) AS segments, SUM(size_bytes) AS size_bytes,
                MAX(received_at) AS newest_received_at
            FROM segment WHERE vessel = ?1 AND dev = ?2 GROUP BY dev";
        self.first(sql, params![vessel.as_bytes(), dev.as_bytes()], read_holding)
    }
}

impl SegmentsMut for SqliteTx<'_> {
    fn put_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError> {
        segment.check()?;
        self.require_vessel(segment.vessel)?;
        let sql = "
            INSERT INTO segment (vessel, dev, from_seq, to_seq, prev, head, received_at, carried_by,
                size_bytes, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (vessel, dev, to_seq, head) DO UPDATE SET from_seq = excluded.from_seq,
                prev = excluded.prev, received_at = excluded.received_at,
                carried_by = excluded.carried_by, size_bytes = excluded.size_bytes,
                bytes = excluded.bytes
            WHERE excluded.from_seq < segment.from_seq";
        let row = params![
            segment.vessel.as_bytes(),
            segment.dev.as_bytes(),
            kept_number("from_seq of a segment", segment.from_seq)?,
            kept_number("to_seq of a segment", segment.to_seq)?,
            segment.prev.as_bytes(),
            segment.head.as_bytes(),
            segment.received_at,
            segment.carried_by.as_bytes(),
            kept_number("size of a segment", segment.bytes.len() as u64)?,
            segment.bytes,
        ];
        Ok(self.execute(sql, row)? == 1)
    }

    fn replace_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError> {
        segment.check()?;
        self.require_vessel(segment.vessel)?;
        let sql = "
            UPDATE segment SET bytes = ?6, size_bytes = ?7
            WHERE vessel = ?1 AND dev = ?2 AND from_seq = ?3 AND to_seq = ?4 AND head = ?5";
        let row = params![
            segment.vessel.as_bytes(),
            segment.dev.as_bytes(),
            kept_number("from_seq of a segment", segment.from_seq)?,
            kept_number("to_seq of a segment", segment.to_seq)?,
            segment.head.as_bytes(),
            segment.bytes,
            kept_number("size of a segment", segment.bytes.len() as u64)?,
        ];
        Ok(self.execute(sql, row)? == 1)
    }
}
