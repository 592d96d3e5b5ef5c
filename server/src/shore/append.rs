//! Writing the shore's own chain.

use deckwatch_core::{
    ledger::LoggedRun,
    model::{Hash, RecordRef, VesselId},
    record::{
        Body, ContentPart, DeviceKey, Item, PersonPart, Segment, SoftwareKey, TimePart, device_id,
        segment::{CUT_BYTES, MAX_RECORDS},
    },
};

use super::{Held, Shore, ShoreError};
use crate::ledger::Statement;
use crate::store::{SegmentRow, WriteTx};

/// Bytes of a record beside its parts.
const RECORD_BYTES: usize = 200;

impl Shore {
    /// Appends facts to the shore's chain of a vessel. They are durable when this returns.
    pub fn append(&self, vessel: VesselId, bodies: &[Body]) -> Result<Vec<RecordRef>, ShoreError> {
        self.writing_held(vessel, |tx, held| self.append_within(tx, held, bodies))
    }

    /// Clock minus time since the start of this process, 0.1 s: it never changes, because both are read from one
    /// clock.
    pub(super) fn offset(&self) -> i64 {
        self.started.saturating_mul(10)
    }

    /// Appends within a transaction, on what that transaction holds: two appends cannot make a fork.
    pub(crate) fn append_within(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        bodies: &[Body],
    ) -> Result<Vec<RecordRef>, ShoreError> {
        let key = self.shore_key(held)?;
        let dev = device_id(&key.public_key());
        let last = held.chain(dev).and_then(|chain| chain.all().last());
        let (mut next, mut prev) =
            last.map_or((0, Hash::ZERO), |last| (last.at.seq.saturating_add(1), last.at.hash));
        let before = last.and_then(|last| last.time).filter(|time| time.boot == self.boot);
        let now = u64::try_from(self.now().saturating_sub(self.started)).unwrap_or(0);
        // A clock that was set back: the monotonic reading stands until it is caught up with.
        let mono = now.saturating_mul(10).max(before.map_or(0, |time| time.mono));
        let wall = self.offset().saturating_add_unsigned(mono).div_euclid(10);
        let time =
            TimePart { boot: self.boot, mono, wall: u64::try_from(wall).unwrap_or_default() };
        let boot = (next > 0 && before.is_none()).then(|| Body::Boot { offset: self.offset() });

        let items: Vec<Item> = boot
            .iter()
            .chain(bodies)
            .map(|body| {
                let content = ContentPart { patrol: 0, body: body.clone() };
                Item::shown(&time, &PersonPart::NOBODY, &content)
            })
            .collect();
        let mut made = Vec::new();
        // A ledger that begins logs what is held before: not what comes with this.
        self.open_ledger(tx)?;
        for items in cuts(items) {
            let row = self.cut(held.vessel(), &key, (next, prev), items, &mut made)?;
            tx.put_segment(&row)?;
            let SegmentRow { dev, from_seq, prev: before, to_seq, head, .. } = row;
            let run = LoggedRun { dev, from: from_seq, prev: before, to: to_seq, head };
            self.log(tx, held.vessel(), &[Statement::Run(run)])?;
            (next, prev) = (to_seq.saturating_add(1), head);
        }
        held.refresh(tx)?;
        Ok(made.split_off(usize::from(boot.is_some()).min(made.len())))
    }

    fn cut(
        &self,
        vessel: VesselId,
        key: &SoftwareKey,
        (from, prev): (u64, Hash),
        items: Vec<Item>,
        made: &mut Vec<RecordRef>,
    ) -> Result<SegmentRow, ShoreError> {
        let segment = Segment::cut(key, from, prev, self.draw(), items)?;
        let dev = segment.dev;
        let records = segment.records();
        let places = records.map(|record| RecordRef { dev, seq: record.seq, hash: record.hash() });
        made.extend(places);
        let bytes = segment.encode();
        // What no phone would take must not become part of the chain.
        Segment::decode(&bytes).map_err(|_| ShoreError::RecordTooLarge)?;
        let head = made.last().map_or(Hash::ZERO, |at| at.hash);
        let (to_seq, received_at) = (segment.to(), self.now());
        Ok(SegmentRow {
            vessel,
            dev,
            from_seq: from,
            to_seq,
            prev,
            head,
            bytes,
            received_at,
            carried_by: dev,
        })
    }
}

/// Splits records into segments.
fn cuts(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut cuts: Vec<Vec<Item>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let size = RECORD_BYTES + item.slots.iter().map(slot_len).sum::<usize>();
        match cuts.last_mut().filter(|cut| cut.len() < MAX_RECORDS && bytes + size <= CUT_BYTES) {
            Some(cut) => {
                bytes += size;
                cut.push(item);
            }
            None => {
                bytes = size;
                cuts.push(vec![item]);
            }
        }
    }
    cuts
}

fn slot_len(slot: &deckwatch_core::record::Slot) -> usize {
    use deckwatch_core::record::Slot;
    match slot {
        Slot::Withheld(_) => 32,
        Slot::Shown(bytes) | Slot::Salted(_, bytes) => bytes.len(),
    }
}
