use std::sync::Arc;

use deckwatch_core::model::{DocumentId, Hash, VesselId};

use super::MemoryTx;
use crate::store::{Each, PageStateRow, PageStates, PageStatesMut, StoreError};

impl PageStates for MemoryTx {
    fn page_states_of(
        &self,
        vessel: VesselId,
        each: Each<'_, PageStateRow>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.pages.values().cloned().try_for_each(each)
    }

    fn page_states_made_of(
        &self,
        vessel: VesselId,
        each: Each<'_, (DocumentId, Hash)>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.pages.values().map(|row| (row.page, row.made_of)).try_for_each(each)
    }
}

impl PageStatesMut for MemoryTx {
    fn put_page_state(&mut self, state: &PageStateRow) -> Result<(), StoreError> {
        state.check()?;
        let rows = Arc::make_mut(&mut self.shelf_mut(state.vessel)?.pages);
        rows.insert(state.page, state.clone());
        Ok(())
    }
}
