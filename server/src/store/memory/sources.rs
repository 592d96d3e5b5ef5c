use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use deckwatch_core::model::{DeviceId, DueId, Hash, VesselId};

use super::{MemoryTx, Shelf};
use crate::store::bounds::rows_within;
use crate::store::vessel::check_vessel_name;
use crate::store::{
    BroughtSince, ChangeName, ChangeRow, Changes, ChangesMut, DocumentRef, DocumentRow, Each,
    EnrolmentRow, EnrolmentToken, Enrolments, EnrolmentsMut, Holding, NewChange, NewRevision,
    ReceiptRow, Receipts, ReceiptsMut, RevisionRow, Revisions, RevisionsMut, Scope, SegmentPlace,
    SegmentRow, SegmentSpan, Segments, SegmentsFrom, SegmentsMut, StoreError, VesselRow, Vessels,
    VesselsMut,
};

/// No device, seq and head come after these.
const LAST_SEQ_AND_HEAD: (u64, Hash) = (u64::MAX, Hash([0xff; 32]));

fn first<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(rows_within(limit) as usize).collect()
}

impl Vessels for MemoryTx {
    fn vessels(&self, scope: Scope<'_>) -> Result<Vec<VesselRow>, StoreError> {
        let mut rows: Vec<_> = self
            .shelves
            .values()
            .map(|shelf| shelf.vessel.clone())
            .filter(|row| scope.holds(row.id))
            .collect();
        rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(rows)
    }

    fn vessel(&self, vessel: VesselId) -> Result<Option<VesselRow>, StoreError> {
        Ok(self.shelf(vessel).map(|shelf| shelf.vessel.clone()))
    }
}

impl VesselsMut for MemoryTx {
    fn add_vessel(&mut self, vessel: &VesselRow) -> Result<(), StoreError> {
        vessel.check()?;
        if self.shelves.contains_key(&vessel.id) {
            return Err(StoreError::Exists { what: "vessel" });
        }
        self.shelves.insert(vessel.id, Arc::new(Shelf::of(vessel.clone())));
        Ok(())
    }

    fn rename_vessel(&mut self, vessel: VesselId, name: &str) -> Result<(), StoreError> {
        check_vessel_name(name)?;
        self.shelf_mut(vessel)?.vessel.name = name.to_owned();
        Ok(())
    }
}

impl Enrolments for MemoryTx {
    fn enrolment(
        &self,
        vessel: VesselId,
        token: EnrolmentToken,
    ) -> Result<Option<EnrolmentRow>, StoreError> {
        Ok(self.shelf(vessel).and_then(|shelf| shelf.enrolments.get(&token)).cloned())
    }

    fn enrolments(&self, vessel: VesselId, limit: u32) -> Result<Vec<EnrolmentRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        let mut rows: Vec<_> = shelf.enrolments.values().cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.token)));
        Ok(first(rows.into_iter(), limit))
    }
}

impl EnrolmentsMut for MemoryTx {
    fn add_enrolment(&mut self, enrolment: &EnrolmentRow) -> Result<(), StoreError> {
        enrolment.check()?;
        let rows = Arc::make_mut(&mut self.shelf_mut(enrolment.vessel)?.enrolments);
        if rows.contains_key(&enrolment.token) {
            return Err(StoreError::Exists { what: "enrolment" });
        }
        rows.insert(enrolment.token, enrolment.clone());
        Ok(())
    }

    fn use_enrolment(
        &mut self,
        vessel: VesselId,
        token: EnrolmentToken,
        dev: DeviceId,
        used_at: i64,
    ) -> Result<bool, StoreError> {
        let Some(shelf) = self.shelves.get_mut(&vessel) else { return Ok(false) };
        let rows = Arc::make_mut(&mut Arc::make_mut(shelf).enrolments);
        let Some(row) = rows.get_mut(&token) else { return Ok(false) };
        if row.used_by.is_none() {
            row.used_by = Some(dev);
            row.used_at = Some(used_at);
        }
        Ok(row.used_by == Some(dev))
    }
}

impl Segments for MemoryTx {
    fn segments_of(&self, vessel: VesselId, each: Each<'_, SegmentRow>) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.segments.values().try_for_each(|row| each(SegmentRow::clone(row)))
    }

    fn segment_spans_of(
        &self,
        vessel: VesselId,
        each: Each<'_, SegmentSpan>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.segments.values().try_for_each(|row| each(row.span()))
    }

    fn segments_of_device(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        from: SegmentsFrom,
        limit: u32,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        let begin = match from {
            SegmentsFrom::Seq(from_seq) => {
                Bound::Included((dev, SegmentPlace { from_seq, head: Hash::ZERO, to_seq: 0 }))
            }
            SegmentsFrom::After(place) => Bound::Excluded((dev, place)),
        };
        let rows = shelf.segments.range((begin, Bound::Unbounded));
        let rows = rows.take_while(|((of, _), _)| *of == dev);
        Ok(first(rows.map(|(_, row)| SegmentRow::clone(row)), limit))
    }

    fn segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<Option<SegmentRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(None) };
        let Some(place) = shelf.segment_places.get(&(dev, to_seq, head)) else { return Ok(None) };
        Ok(shelf.segments.get(&(dev, *place)).map(|row| SegmentRow::clone(row)))
    }

    fn has_segment(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        to_seq: u64,
        head: Hash,
    ) -> Result<bool, StoreError> {
        let name = (dev, to_seq, head);
        Ok(self.shelf(vessel).is_some_and(|shelf| shelf.segment_places.contains_key(&name)))
    }

    fn segment_count(&self, vessel: VesselId) -> Result<u64, StoreError> {
        Ok(self.shelf(vessel).map_or(0, |shelf| shelf.segments.len() as u64))
    }

    fn holdings_of(&self, vessel: VesselId, each: Each<'_, Holding>) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        let mut holdings = BTreeMap::new();
        for row in shelf.segments.values() {
            let holding = holdings.entry(row.dev).or_insert(Holding {
                dev: row.dev,
                segments: 0,
                size_bytes: 0,
                newest_received_at: row.received_at,
            });
            holding.segments += 1;
            holding.size_bytes += row.bytes.len() as u64;
            holding.newest_received_at = holding.newest_received_at.max(row.received_at);
        }
        holdings.into_values().try_for_each(each)
    }

    fn holding(&self, vessel: VesselId, dev: DeviceId) -> Result<Option<Holding>, StoreError> {
        let mut found = None;
        self.holdings_of(vessel, &mut |holding| {
            if holding.dev == dev {
                found = Some(holding);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl SegmentsMut for MemoryTx {
    fn put_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError> {
        segment.check()?;
        let shelf = self.shelf_mut(segment.vessel)?;
        let name = (segment.dev, segment.to_seq, segment.head);
        let place = segment.place();
        let shorter = shelf.segment_places.get(&name).copied();
        if shorter.is_some_and(|held| held.from_seq <= place.from_seq) {
            return Ok(false);
        }
        if let Some(shorter) = shorter {
            Arc::make_mut(&mut shelf.segments).remove(&(segment.dev, shorter));
        }
        Arc::make_mut(&mut shelf.segment_places).insert(name, place);
        let rows = Arc::make_mut(&mut shelf.segments);
        rows.insert((segment.dev, place), Arc::new(segment.clone()));
        Ok(true)
    }

    fn replace_segment(&mut self, segment: &SegmentRow) -> Result<bool, StoreError> {
        segment.check()?;
        let shelf = self.shelf_mut(segment.vessel)?;
        let rows = Arc::make_mut(&mut shelf.segments);
        let Some(row) = rows.get_mut(&(segment.dev, segment.place())) else { return Ok(false) };
        Arc::make_mut(row).bytes.clone_from(&segment.bytes);
        Ok(true)
    }
}

impl Changes for MemoryTx {
    fn change_names(
        &self,
        vessel: VesselId,
        after: u64,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        let rows = shelf.changes.iter().filter(|row| row.arrival > after);
        rows.map(|row| name_of(row)).try_for_each(each)
    }

    fn changes_carried_by(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        let rows = shelf.changes.iter().filter(|row| row.carried_by == dev);
        rows.map(|row| name_of(row)).try_for_each(each)
    }

    fn brought_since(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        since: i64,
    ) -> Result<BroughtSince, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(BroughtSince::default()) };
        let lately = |row: &&Arc<ChangeRow>| row.carried_by == dev && row.received_at >= since;
        let rows = || shelf.changes.iter().filter(lately);
        let documents: BTreeSet<DocumentRef> = rows().map(|row| row.doc).collect();
        let bytes = rows().map(|row| row.bytes.len() as u64).sum();
        Ok(BroughtSince { documents: documents.len() as u64, bytes })
    }

    fn changes_of(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        after: u64,
        each: Each<'_, ChangeRow>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        let rows = shelf.changes.iter().filter(|row| row.doc == doc && row.arrival > after);
        rows.map(|row| ChangeRow::clone(row)).try_for_each(each)
    }

    fn change(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        hash: Hash,
    ) -> Result<Option<ChangeRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(None) };
        Ok(shelf.change_places.get(&(doc, hash)).map(|row| ChangeRow::clone(row)))
    }

    fn documents(
        &self,
        vessel: VesselId,
        after: Option<DocumentRef>,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        let mut documents = BTreeMap::new();
        for row in shelf.changes.iter().filter(|row| after.is_none_or(|after| row.doc > after)) {
            let document = documents.entry(row.doc).or_insert(DocumentRow {
                doc: row.doc,
                changes: 0,
                newest_arrival: 0,
            });
            document.changes += 1;
            document.newest_arrival = row.arrival;
        }
        Ok(first(documents.into_values(), limit))
    }
}

fn name_of(row: &ChangeRow) -> ChangeName {
    ChangeName {
        doc: row.doc,
        hash: row.hash,
        author: row.author,
        received_at: row.received_at,
        arrival: row.arrival,
        size_bytes: row.bytes.len() as u64,
    }
}

impl ChangesMut for MemoryTx {
    fn put_change(&mut self, change: &NewChange) -> Result<bool, StoreError> {
        change.check()?;
        let shelf = self.shelf_mut(change.vessel)?;
        let name = (change.doc, change.hash);
        if shelf.change_places.contains_key(&name) {
            return Ok(false);
        }
        let NewChange { vessel, doc, hash, bytes, author, carried_by, received_at } =
            change.clone();
        let arrival = shelf.changes.len() as u64 + 1;
        let row = Arc::new(ChangeRow {
            vessel,
            doc,
            hash,
            bytes,
            author,
            carried_by,
            received_at,
            arrival,
        });
        Arc::make_mut(&mut shelf.change_places).insert(name, Arc::clone(&row));
        Arc::make_mut(&mut shelf.changes).push(row);
        Ok(true)
    }
}

impl Receipts for MemoryTx {
    fn latest_receipt(
        &self,
        vessel: VesselId,
        dev: DeviceId,
    ) -> Result<Option<ReceiptRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(None) };
        let (last_seq, last_head) = LAST_SEQ_AND_HEAD;
        let rows = shelf.receipts.range((dev, 0, Hash::ZERO)..=(dev, last_seq, last_head));
        Ok(rows.map(|(_, row)| row).max_by_key(|row| (row.seq, row.time, row.head)).cloned())
    }

    fn receipts_of(&self, vessel: VesselId, each: Each<'_, ReceiptRow>) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.receipts.values().cloned().try_for_each(each)
    }
}

impl ReceiptsMut for MemoryTx {
    fn put_receipt(&mut self, receipt: &ReceiptRow) -> Result<ReceiptRow, StoreError> {
        receipt.check()?;
        let rows = Arc::make_mut(&mut self.shelf_mut(receipt.vessel)?.receipts);
        let name = (receipt.dev, receipt.seq, receipt.head);
        Ok(rows.entry(name).or_insert_with(|| receipt.clone()).clone())
    }
}

impl Revisions for MemoryTx {
    fn revisions_of_due(
        &self,
        vessel: VesselId,
        due: DueId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        let rows = shelf.revisions.iter().rev().filter(|row| row.revision.due == due);
        Ok(first(rows.cloned(), limit))
    }

    fn newest_revisions(
        &self,
        vessel: VesselId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        Ok(first(shelf.revisions.iter().rev().cloned(), limit))
    }
}

impl RevisionsMut for MemoryTx {
    fn append_revision(&mut self, revision: &NewRevision) -> Result<u64, StoreError> {
        revision.check()?;
        let rows = Arc::make_mut(&mut self.shelf_mut(revision.vessel)?.revisions);
        let number = rows.len() as u64 + 1;
        rows.push(RevisionRow { number, revision: revision.clone() });
        Ok(number)
    }
}
