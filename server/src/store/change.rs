use deckwatch_core::model::{DeviceId, DocumentId, Hash, VesselId};

use super::bounds::{MAX_CHANGE_BYTES, check_bytes};
use super::{Each, StoreError};

/// The name of a document within its vessel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentRef {
    /// FORMAT.md section 4, kind 16: 1 plan, 2 page.
    pub kind: u32,
    /// The document.
    pub id: DocumentId,
}

/// A change to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The vessel.
    pub vessel: VesselId,
    /// The document.
    pub doc: DocumentRef,
    /// The hash that a record vouches for.
    pub hash: Hash,
    /// The uncompressed change chunk.
    pub bytes: Vec<u8>,
    /// Whose actor id it carries.
    pub author: DeviceId,
    /// Who brought it.
    pub carried_by: DeviceId,
    /// Unix seconds.
    pub received_at: i64,
}

impl NewChange {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_bytes("document change", &self.bytes, MAX_CHANGE_BYTES)
    }
}

/// A change as it is kept. Named by (vessel, document, hash): what is sent for a wrong document cannot stand in
/// the way of the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The vessel.
    pub vessel: VesselId,
    /// The document.
    pub doc: DocumentRef,
    /// The hash that a record vouches for.
    pub hash: Hash,
    /// The uncompressed change chunk.
    pub bytes: Vec<u8>,
    /// Whose actor id it carries.
    pub author: DeviceId,
    /// Who brought it.
    pub carried_by: DeviceId,
    /// Unix seconds.
    pub received_at: i64,
    /// Counts the changes of the vessel in the order they came, from 1.
    pub arrival: u64,
}

/// A document of which changes are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRow {
    /// The document.
    pub doc: DocumentRef,
    /// How many changes are held.
    pub changes: u64,
    /// The arrival number of the newest: grows whenever a change is added.
    pub newest_arrival: u64,
}

/// A change by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeName {
    /// The document.
    pub doc: DocumentRef,
    /// The hash that a record vouches for.
    pub hash: Hash,
    /// Whose actor id it carries.
    pub author: DeviceId,
    /// Unix seconds.
    pub received_at: i64,
    /// Counts the changes of the vessel in the order they came, from 1.
    pub arrival: u64,
    /// How many bytes it has.
    pub size_bytes: u64,
}

/// What one device brought in some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BroughtSince {
    /// The documents that it was about.
    pub documents: u64,
    /// Bytes of its changes.
    pub bytes: u64,
}

/// Reads document changes.
pub trait Changes {
    /// Names of all changes of a vessel in the order they came, those after arrival number `after` (0 for all).
    fn change_names(
        &self,
        vessel: VesselId,
        after: u64,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError>;

    /// The changes of a document in the order they came, those after arrival number `after` (0 for all).
    fn changes_of(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        after: u64,
        each: Each<'_, ChangeRow>,
    ) -> Result<(), StoreError>;

    /// One change.
    fn change(
        &self,
        vessel: VesselId,
        doc: DocumentRef,
        hash: Hash,
    ) -> Result<Option<ChangeRow>, StoreError>;

    /// Names of the changes of a vessel that one device brought, in the order they came.
    fn changes_carried_by(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        each: Each<'_, ChangeName>,
    ) -> Result<(), StoreError>;

    /// What one device brought at `since` (Unix seconds) or later.
    fn brought_since(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        since: i64,
    ) -> Result<BroughtSince, StoreError>;

    /// The documents of a vessel, ordered by kind and id, those after `after`.
    fn documents(
        &self,
        vessel: VesselId,
        after: Option<DocumentRef>,
        limit: u32,
    ) -> Result<Vec<DocumentRow>, StoreError>;
}

/// Writes document changes.
pub trait ChangesMut {
    /// Keeps a change. `false` if the document has one with this hash: it stays as it is.
    fn put_change(&mut self, change: &NewChange) -> Result<bool, StoreError>;
}
