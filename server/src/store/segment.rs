use deckwatch_core::model::{DeviceId, Hash, VesselId};

use super::bounds::{MAX_SEGMENT_BYTES, check_bytes, kept_number};
use super::{Each, StoreError};

/// A verified segment as it arrived. Named by (vessel, dev, to, head): the signature in it is not identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// The vessel.
    pub vessel: VesselId,
    /// The author.
    pub dev: DeviceId,
    /// Its first record.
    pub from_seq: u64,
    /// Its last record.
    pub to_seq: u64,
    /// Hash of the record before the first.
    pub prev: Hash,
    /// Hash of the last record.
    pub head: Hash,
    /// The segment.
    pub bytes: Vec<u8>,
    /// Unix seconds.
    pub received_at: i64,
    /// The device that brought it.
    pub carried_by: DeviceId,
}

impl SegmentRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        kept_number("to_seq of a segment", self.to_seq)?;
        if self.from_seq > self.to_seq {
            return Err(StoreError::Refused { what: "segment", why: "it ends before it begins" });
        }
        check_bytes("segment", &self.bytes, MAX_SEGMENT_BYTES)
    }

    /// Where it stands among the segments of its device.
    pub fn place(&self) -> SegmentPlace {
        SegmentPlace { from_seq: self.from_seq, head: self.head, to_seq: self.to_seq }
    }

    /// The same without the bytes.
    pub fn span(&self) -> SegmentSpan {
        let Self { dev, from_seq, to_seq, prev, head, .. } = *self;
        SegmentSpan { dev, from_seq, to_seq, prev, head }
    }
}

/// What a segment covers, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSpan {
    /// The author.
    pub dev: DeviceId,
    /// Its first record.
    pub from_seq: u64,
    /// Its last record.
    pub to_seq: u64,
    /// Hash of the record before the first.
    pub prev: Hash,
    /// Hash of the last record.
    pub head: Hash,
}

/// A place in the list of a device's segments, which is ordered like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentPlace {
    /// First record.
    pub from_seq: u64,
    /// Tells the branches of a fork apart.
    pub head: Hash,
    /// Last record.
    pub to_seq: u64,
}

/// Where a list of a device's segments begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentsFrom {
    /// With the segments whose first record has this seq or a later one.
    Seq(u64),
    /// After this place: the next page of a list.
    After(SegmentPlace),
}

/// What is held of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The author.
    pub dev: DeviceId,
    /// How many segments.
    pub segments: u64,
    /// How many bytes they have together.
    pub size_bytes: u64,
    /// When the newest arrived, Unix seconds.
    pub newest_received_at: i64,
}

/// Reads segments. A seq larger than `i64::MAX` was never taken, so nothing is found there.
pub trait Segments {
    /// All segments of a vessel, ordered by (dev, from, head, to).
    fn segments_of(&self, vessel: VesselId, each: Each<'_, SegmentRow>) -> Result<(), StoreError>;

    /// All segments of a vessel without their bytes, in the same order.
    fn segment_spans_of(
        &self,
        vessel: VesselId,
        each: Each<'_, SegmentSpan>,
    ) -> Result<(), StoreError>;

    /// Some segments of one device, ordered by [`SegmentPlace`].
    fn segments_of_device(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        from: SegmentsFrom,
        limit: u32,
    ) -> Result<Vec<SegmentRow>, StoreError>;

    /// One segment.
    fn segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<Option<SegmentRow>, StoreError>;

    /// Whether a segment is held.
    fn has_segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<bool, StoreError>;

    /// How many segments of a vessel are held.
    fn segment_count(&self, vessel: VesselId) -> Result<u64, StoreError>;

    /// What is held of each device of a vessel, ordered by device.
    fn holdings_of(&self, vessel: VesselId, each: Each<'_, Holding>) -> Result<(), StoreError>;

    /// What is held of one device: `None` if nothing.
    fn holding(&self, vessel: VesselId, dev: DeviceId) -> Result<Option<Holding>, StoreError>;
}

/// Writes segments.
pub trait SegmentsMut {
    /// Keeps a segment. `false` if one with the same (vessel, dev, to, head) is held that is as long or longer: it
    /// stays as it is. A longer one takes its place: a copy that lost its first records still verifies, and must not
    /// keep out the whole one.
    fn put_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError>;

    /// Puts other bytes in the place of those that are held under (vessel, dev, from, to, head); nothing else changes.
    /// `false`: it is not held. Only an erasure does this: the same records, with parts of them gone.
    fn replace_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError>;
}
