use std::collections::BTreeSet;

use deckwatch_core::model::VesselId;

use super::StoreError;
use super::bounds::{MAX_NAME_BYTES, check_filled_text};

/// A ship that this shore knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VesselRow {
    /// The vessel.
    pub id: VesselId,
    /// What people call it. Two vessels may have one name.
    pub name: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Compressed public key of this vessel's shore device: the root of authority of FORMAT.md section 11.
    pub shore_key: [u8; 33],
}

impl VesselRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_vessel_name(&self.name)
    }
}

pub(super) fn check_vessel_name(name: &str) -> Result<(), StoreError> {
    check_filled_text("name of a vessel", name, MAX_NAME_BYTES)
}

/// The vessels that a question is about: what the asking user may see.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Every vessel.
    All,
    /// One vessel.
    Vessel(VesselId),
    /// These vessels; none, if the set is empty.
    Vessels(&'a BTreeSet<VesselId>),
}

impl Scope<'_> {
    /// Whether the vessel is one of them.
    pub fn holds(&self, vessel: VesselId) -> bool {
        match self {
            Self::All => true,
            Self::Vessel(only) => *only == vessel,
            Self::Vessels(set) => set.contains(&vessel),
        }
    }
}

/// Reads vessels.
pub trait Vessels {
    /// The vessels in scope, ordered by the bytes of their name, then by id.
    fn vessels(&self, scope: Scope<'_>) -> Result<Vec<VesselRow>, StoreError>;

    /// One vessel.
    fn vessel(&self, vessel: VesselId) -> Result<Option<VesselRow>, StoreError>;
}

/// Writes vessels.
pub trait VesselsMut {
    /// Adds a vessel. Refused with [`StoreError::Exists`] if the id is taken.
    fn add_vessel(&mut self, vessel: &VesselRow) -> Result<(), StoreError>;

    /// Changes the name.
    fn rename_vessel(&mut self, vessel: VesselId, name: &str) -> Result<(), StoreError>;
}
