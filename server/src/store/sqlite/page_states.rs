use deckwatch_core::model::{DocumentId, Hash, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::{Each, PageStateRow, PageStates, PageStatesMut, StoreError};

fn read(fields: &Fields<'_>) -> Result<PageStateRow, StoreError> {
    Ok(PageStateRow {
        vessel: fields.id("vessel")?,
        page: fields.id("page")?,
        made_of: fields.id("made_of")?,
        body: fields.text("body")?,
    })
}

impl PageStates for SqliteTx<'_> {
    fn page_states_of(
        &self,
        vessel: VesselId,
        each: Each<'_, PageStateRow>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT vessel, page, made_of, body FROM page_state WHERE vessel = ?1 ORDER BY page";
        self.each(sql, [vessel.as_bytes()], read, each)
    }

    fn page_states_made_of(
        &self,
        vessel: VesselId,
        each: Each<'_, (DocumentId, Hash)>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT page, made_of FROM page_state WHERE vessel = ?1 ORDER BY page";
        let read = |fields: &Fields<'_>| Ok((fields.id("page")?, fields.id("made_of")?));
        self.each(sql, [vessel.as_bytes()], read, each)
    }
}

impl PageStatesMut for SqliteTx<'_> {
    fn put_page_state(&mut self, state: &PageStateRow) -> Result<(), StoreError> {
        state.check()?;
        self.require_vessel(state.vessel)?;
        let sql = "
            INSERT INTO page_state (vessel, page, made_of, body) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (vessel, page) DO UPDATE SET
                made_of = excluded.made_of, body = excluded.body";
        let PageStateRow { vessel, page, made_of, body } = state;
        let row = params![vessel.as_bytes(), page.as_bytes(), made_of.as_bytes(), body];
        self.execute(sql, row).map(|_| ())
    }
}
