//! Pages as the shore reads and writes them.

use deckwatch_core::{
    authority::Roles,
    document::DocumentKind,
    model::{Hash, PageSubject, VesselId, page_id},
    page::{Draft, Hand, PageContent, PageWriteError, change_of},
    record::{Body, device_id},
};

use super::{Shore, ShoreError, held::page_of};
use crate::store::{NewChange, StoreError, reading};

impl From<PageWriteError> for ShoreError {
    fn from(error: PageWriteError) -> Self {
        match error {
            PageWriteError::Draft(error) => Self::Draft(error),
            PageWriteError::Document(error) => Self::Write(error),
            PageWriteError::Full => Self::PageFull,
            // The shore may write everything, also on a closed page.
            _ => Self::NothingToWrite,
        }
    }
}

impl Shore {
    /// A Page, as far as it is here.
    pub fn page(&self, vessel: VesselId, subject: PageSubject) -> Result<PageContent, StoreError> {
        let id = page_id(vessel, subject);
        self.reading_held(vessel, |held| {
            let merged = reading(self.store(), |tx| held.page(tx, id))?;
            Ok(PageContent::read(vessel, id, &merged))
        })?
    }

    /// Writes on a Page as the shore. The change and the record that vouches for it are kept together or not at
    /// all.
    pub fn write_page(
        &self,
        vessel: VesselId,
        subject: PageSubject,
        draft: &Draft,
    ) -> Result<Hash, ShoreError> {
        let id = page_id(vessel, subject);
        let writing = self.draw();
        let hash = self.writing_held(vessel, |tx, held| {
            let merged = held.page(tx, id)?;
            let dev = device_id(held.shore_key());
            let run = self.run_for(&merged, dev);
            let hand = Hand { dev, run, roles: Roles::SHORE, now: self.now() };
            let change = change_of((vessel, subject), &merged, (draft, writing), hand)?;
            let body = Body::Document {
                kind: DocumentKind::Page.number(),
                id,
                changes: vec![change.hash],
            };
            tx.put_change(&NewChange {
                vessel,
                doc: page_of(id),
                hash: change.hash,
                bytes: change.bytes,
                author: dev,
                carried_by: dev,
                received_at: self.now(),
            })?;
            self.append_within(tx, held, &[body])?;
            crate::projection::mark(tx, vessel, self.now())?;
            Ok::<Hash, ShoreError>(change.hash)
        })?;
        self.reassess(vessel)?;
        Ok(hash)
    }
}
