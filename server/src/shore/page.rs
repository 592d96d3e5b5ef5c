//! Pages as the shore reads and writes them.

use data_encoding::HEXLOWER;
use deckwatch_core::{
    document::{DocumentKind, Merged, Value, write, write::actor_of},
    model::{DeviceId, DocumentId, Hash, PageSubject, VesselId, page_id},
    page::{Draft, PageContent, draft::Entries, keys},
    record::{Body, device_id},
};

use super::{Held, Shore, ShoreError, held::page_of};
use crate::store::{NewChange, StoreError, WriteTx, reading};

/// What became of something that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageWrite {
    /// It stands.
    Written(Hash),
    /// The same was sent before, and stands.
    Already,
    /// The Page is not any more what was seen. Nothing was written.
    MovedOn,
}

impl Shore {
    /// A Page, as far as it is here.
    pub fn page(&self, vessel: VesselId, subject: PageSubject) -> Result<PageContent, StoreError> {
        Ok(self.page_version(vessel, subject)?.0)
    }

    /// A Page and its version.
    pub fn page_version(
        &self,
        vessel: VesselId,
        subject: PageSubject,
    ) -> Result<(PageContent, Vec<Hash>), StoreError> {
        let id = page_id(vessel, subject);
        self.reading_held(vessel, |held| {
            let merged = reading(self.store(), |tx| held.page(tx, id))?;
            Ok((PageContent::read(vessel, id, &merged), merged.all_heads()))
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
        match self.write_page_as(vessel, subject, draft, self.draw(), None)? {
            PageWrite::Written(hash) => Ok(hash),
            PageWrite::Already | PageWrite::MovedOn => Err(ShoreError::NothingToWrite),
        }
    }

    /// The same under a name that was drawn before, so that a form sent twice writes once; and, where it is told what
    /// was `seen`, only if the Page still is that version.
    pub fn write_page_as(
        &self,
        vessel: VesselId,
        subject: PageSubject,
        draft: &Draft,
        name: [u8; 8],
        seen: Option<&[Hash]>,
    ) -> Result<PageWrite, ShoreError> {
        let id = page_id(vessel, subject);
        let entries = draft.entries(name)?;
        let name = HEXLOWER.encode(&name);
        let done = self.writing_held(vessel, |tx, held| {
            let merged = held.page(tx, id)?;
            let content = PageContent::read(vessel, id, &merged);
            let dev = device_id(held.shore_key());
            match content.writings.iter().find(|it| it.id == name) {
                Some(own) if own.by.dev == dev => return Ok(PageWrite::Already),
                // Under the name of somebody else's words nothing is begun.
                Some(_) => return Err(ShoreError::NothingToWrite),
                None => {}
            }
            if content.closed.is_some() && *draft != Draft::Reopen {
                return Err(ShoreError::PageClosed);
            }
            if seen.is_some_and(|seen| seen != merged.all_heads()) {
                return Ok(PageWrite::MovedOn);
            }
            let mut entries = entries.clone();
            if content.about != Some(subject) {
                entries.push((keys::ABOUT.to_owned(), Some(Value::Text(keys::about(subject)))));
            }
            self.put_page_change(tx, held, (id, &merged, dev), &entries).map(PageWrite::Written)
        })?;
        if matches!(done, PageWrite::Written(_)) {
            self.reassess(vessel)?;
        }
        Ok(done)
    }

    fn put_page_change(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        (id, merged, dev): (DocumentId, &Merged, DeviceId),
        entries: &Entries,
    ) -> Result<Hash, ShoreError> {
        let vessel = held.vessel();
        let mut line = merged.main().clone();
        let actor = actor_of(dev, self.run_for(merged, dev));
        let named = entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        let Some(change) = write(&mut line, actor, self.now(), named)? else {
            return Err(ShoreError::NothingToWrite);
        };
        if !DocumentKind::Page.has_room(&line, dev) {
            return Err(ShoreError::PageFull);
        }
        tx.put_change(&NewChange {
            vessel,
            doc: page_of(id),
            hash: change.hash,
            bytes: change.bytes,
            received_at: self.now(),
        })?;
        let kind = DocumentKind::Page.number();
        let body = Body::Document { kind, id, changes: vec![change.hash] };
        self.append_within(tx, held, &[body])?;
        crate::projection::mark(tx, vessel, self.now())?;
        Ok(change.hash)
    }
}
