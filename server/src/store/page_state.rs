use deckwatch_core::model::{DocumentId, Hash, VesselId};

use super::bounds::check_json;
use super::{Each, StoreError};

/// What is known of a Page without merging it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageStateRow {
    /// The vessel.
    pub vessel: VesselId,
    /// The Page.
    pub page: DocumentId,
    /// Names the changes, records and standings that it was made from.
    pub made_of: Hash,
    /// JSON, kept byte for byte.
    pub body: String,
}

impl PageStateRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_json("state of a page", &self.body)
    }
}

/// Reads what is known of Pages.
pub trait PageStates {
    /// All of a vessel, by Page.
    fn page_states_of(
        &self,
        vessel: VesselId,
        each: Each<'_, PageStateRow>,
    ) -> Result<(), StoreError>;

    /// From what the states of a vessel were made, by Page.
    fn page_states_made_of(
        &self,
        vessel: VesselId,
        each: Each<'_, (DocumentId, Hash)>,
    ) -> Result<(), StoreError>;
}

/// Writes what is known of Pages. [`super::ProjectionsMut::clear_projections`] forgets it.
pub trait PageStatesMut {
    /// Puts the state of a Page in place of the one before.
    fn put_page_state(&mut self, state: &PageStateRow) -> Result<(), StoreError>;
}
