mod ledgers;
mod page_states;
mod projections;
mod sources;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use deckwatch_core::model::{DeviceId, DocumentId, DueId, Hash, VesselId};

use super::one_writer::{OneWriter, lock};
use super::{
    ChangeRow, DocumentRef, DuePatrolRow, EnrolmentRow, EnrolmentToken, FlagRow, PageStateRow,
    ReadTx, ReceiptRow, RevisionRow, SegmentPlace, SegmentRow, Store, StoreError, VesselRow,
    VesselStateRow, WriteTx,
};

/// A store in memory: nothing survives the process, so "durable" means for its lifetime.
///
/// Tables are shared between snapshots and copied when first written to, so a snapshot costs nothing and a write
/// copies the tables it touches.
#[derive(Default)]
pub struct MemoryStore {
    published: Mutex<Arc<Tables>>,
    writer: OneWriter<()>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn WriteTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let _seat = self.writer.enter()?;
        let before = Arc::clone(&lock(&self.published));
        let mut tx = MemoryTx::clone(&before);
        work(&mut tx)?;
        *lock(&self.published) = Arc::new(tx);
        Ok(())
    }

    fn read(
        &self,
        work: &mut dyn FnMut(&dyn ReadTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let now = Arc::clone(&lock(&self.published));
        work(&MemoryTx::clone(&now))
    }

    fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What is published is what a transaction left.
type Tables = MemoryTx;

type Shelves = BTreeMap<VesselId, Arc<Shelf>>;

#[derive(Clone, Default)]
struct MemoryTx {
    shelves: Shelves,
    ledgers: ledgers::LedgerShelf,
}

impl MemoryTx {
    fn shelf(&self, vessel: VesselId) -> Option<&Shelf> {
        self.shelves.get(&vessel).map(|shelf| &**shelf)
    }

    fn shelf_mut(&mut self, vessel: VesselId) -> Result<&mut Shelf, StoreError> {
        let shelf = self.shelves.get_mut(&vessel).ok_or(StoreError::UnknownVessel(vessel))?;
        Ok(Arc::make_mut(shelf))
    }
}

/// What is held of one vessel.
#[derive(Clone)]
struct Shelf {
    vessel: VesselRow,
    enrolments: Arc<BTreeMap<EnrolmentToken, EnrolmentRow>>,
    segments: Arc<BTreeMap<(DeviceId, SegmentPlace), Arc<SegmentRow>>>,
    /// (dev, to, head) is what names a segment.
    segment_places: Arc<BTreeMap<(DeviceId, u64, Hash), SegmentPlace>>,
    /// In the order of arrival.
    changes: Arc<Vec<Arc<ChangeRow>>>,
    change_places: Arc<BTreeMap<(DocumentRef, Hash), Arc<ChangeRow>>>,
    receipts: Arc<BTreeMap<(DeviceId, u64, Hash), ReceiptRow>>,
    revisions: Arc<Vec<RevisionRow>>,
    state: Option<VesselStateRow>,
    dues: Arc<BTreeMap<DueId, DuePatrolRow>>,
    flags: Arc<BTreeMap<Hash, FlagRow>>,
    pages: Arc<BTreeMap<DocumentId, PageStateRow>>,
}

impl Shelf {
    fn of(vessel: VesselRow) -> Self {
        Self {
            vessel,
            enrolments: Arc::default(),
            segments: Arc::default(),
            segment_places: Arc::default(),
            changes: Arc::default(),
            change_places: Arc::default(),
            receipts: Arc::default(),
            revisions: Arc::default(),
            state: None,
            dues: Arc::default(),
            flags: Arc::default(),
            pages: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::store::conformance::conformance_tests;

    conformance_tests!(|| Box::new(MemoryStore::new()));
}
