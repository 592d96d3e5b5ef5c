//! Pages as the shore reads and writes them.

use deckwatch_core::{
    document::{DocumentKind, Value, write, write::actor_of},
    model::{Hash, PageSubject, VesselId, page_id},
    page::{Draft, PageContent, keys},
    record::{Body, device_id},
};

use super::{Shore, ShoreError, held::page_of};
use crate::store::{NewChange, StoreError, reading};

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
        let mut entries = draft.entries(self.draw())?;
        let hash = self.writing_held(vessel, |tx, held| {
            let merged = held.page(tx, id)?;
            let about = PageContent::read(vessel, id, &merged).about;
            if about != Some(subject) && !entries.iter().any(|(key, _)| key == keys::ABOUT) {
                entries.push((keys::ABOUT.to_owned(), Some(Value::Text(keys::about(subject)))));
            }
            let dev = device_id(held.shore_key());
            let mut line = merged.main().clone();
            let actor = actor_of(dev, self.run_for(&merged, dev));
            let named = entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
            let Some(change) = write(&mut line, actor, self.now(), named)? else {
                return Err(ShoreError::NothingToWrite);
            };
            if !DocumentKind::Page.has_room(&line, dev) {
                return Err(ShoreError::PageFull);
            }
            let body = Body::Document {
                kind: DocumentKind::Page.number(),
                id,
                changes: vec![change.hash],
            };
            let bytes = change.bytes;
            tx.put_change(&NewChange {
                vessel,
                doc: page_of(id),
                hash: change.hash,
                bytes: bytes.clone(),
                author: dev,
                carried_by: dev,
                received_at: self.now(),
            })?;
            let logged = Statement::Change(Hash::of(&bytes));
            self.log(tx, vessel, &[logged])?;
            self.append_within(tx, held, &[body])?;
            crate::projection::mark(tx, vessel, self.now())?;
            Ok(change.hash)
        })?;
        self.reassess(vessel)?;
        Ok(hash)
    }
}
