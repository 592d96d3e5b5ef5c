//! Pages as the shore reads and writes them.

use data_encoding::HEXLOWER;
use deckwatch_core::{
    authority::Roles,
    document::DocumentKind,
    model::{Hash, PageSubject, VesselId, page_id},
    page::{Draft, Hand, PageContent, PageWriteError, Writing, change_of},
    record::{Body, device_id},
};

use super::{Shore, ShoreError, held::page_of};
use crate::ledger::Statement;
use crate::store::{NewChange, StoreError, reading};

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
        let named = HEXLOWER.encode(&name);
        let done = self.writing_held(vessel, |tx, held| {
            let merged = held.page(tx, id)?;
            let content = PageContent::read(vessel, id, &merged);
            let dev = device_id(held.shore_key());
            let own = |writing: &Writing| writing.authors().any(|by| by.dev == dev);
            match content.writings.iter().find(|writing| writing.id == named) {
                Some(writing) if own(writing) => return Ok(PageWrite::Already),
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
            let run = self.run_for(&merged, dev);
            let hand = Hand { dev, run, roles: Roles::SHORE, now: self.now() };
            let change = change_of((vessel, subject), &merged, (draft, name), hand)?;
            let kind = DocumentKind::Page.number();
            let body = Body::Document { kind, id, changes: vec![change.hash] };
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
            self.log(tx, vessel, &[Statement::Change(Hash::of(&bytes))])?;
            self.append_within(tx, held, &[body])?;
            crate::projection::mark(tx, vessel, self.now())?;
            Ok(PageWrite::Written(change.hash))
        })?;
        if matches!(done, PageWrite::Written(_)) {
            self.reassess(vessel)?;
        }
        Ok(done)
    }
}
