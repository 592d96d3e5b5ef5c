//! Writing on the phone: Pages, and the Plan on the ship security officer's phone.

use std::collections::BTreeSet;

use super::{Phone, RecordError, plan::now_of};
use crate::{
    authority::Authority,
    document::{
        DocumentKind, Merged, RawChange, Vouchers,
        chunk::{self, Actor},
        merge,
        write::actor_of,
    },
    entropy::draw,
    model::{DocumentId, Hash, PageSubject, RecordRef, page_id},
    page::{Draft, Hand, PageContent, PageWriteError, change_of},
    plan::{PlanContent, PlanError},
    record::{Body, ContentPart, Entry, PersonPart},
    store::StoreError,
    time::ClockReading,
};

/// Pages kept merged.
const MERGED_PAGES: usize = 64;

/// Why nothing was written on a Page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The Page.
    #[error(transparent)]
    Page(#[from] PageWriteError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for PlanEditError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// Why the Plan was not edited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanEditError {
    /// The Plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The change.
    pub change: Hash,
    /// The record that vouches for it.
    pub record: RecordRef,
    /// The id of a new writing.
    pub id: String,
}

impl Phone {
    /// A Page, as far as it is here.
    pub fn page(&mut self, subject: PageSubject) -> Result<PageContent, RecordError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        let id = page_id(vessel, subject);
        Ok(PageContent::read(vessel, id, self.merged_page(id)?))
    }

    /// Writes on a Page. Durable when this returns, with this device's word for it.
    pub fn write_page(
        &mut self,
        subject: PageSubject,
        draft: &Draft,
        reading: &ClockReading,
    ) -> Result<Written, PageError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        let roles = self.writes_as(reading)?;
        let id = page_id(vessel, subject);
        let writing: [u8; 8] = draw(self.entropy.as_mut());
        let merged = self.merged_page(id)?.clone();
        let run = self.run_for((DocumentKind::Page, id), &merged)?;
        let hand = Hand { dev: self.dev, run, roles, now: now_of(reading) };
        let change = change_of((vessel, subject), &merged, (draft, writing), hand)?;
        let kind = DocumentKind::Page.number();
        let records = self.vouch((kind, id), std::slice::from_ref(&change), reading)?;
        let record = records.first().copied().ok_or(RecordError::NotEnrolled)?;
        // It is durable from here on: what fails now must not make anybody type it again.
        if self.take_into_page(id, std::slice::from_ref(&change)).is_err() {
            self.pages.remove(&id);
        }
        let id = data_encoding::HEXLOWER.encode(&writing);
        Ok(Written { change: change.hash, record, id })
    }

    /// Makes the Plan say what `target` says, all of it or nothing. For the ship security officer's phone; the ship adopts
    /// it by [`Phone::adopt_plan`].
    pub fn edit_plan(
        &mut self,
        target: &PlanContent,
        reading: &ClockReading,
    ) -> Result<Vec<Hash>, PlanEditError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        if !self.writes_as(reading)?.may_edit_plan() {
            return Err(RecordError::NotAllowed.into());
        }
        // An adoption that is not cut yet must not be forgotten when the Plan is read again.
        self.seal()?;
        let id = DocumentId(vessel.0);
        let run = self.run_for((DocumentKind::Plan, id), &self.merged.clone())?;
        let mut plan = self.plan.clone();
        let changes = plan.edit(self.dev, run, now_of(reading), target)?;
        self.vouch((DocumentKind::Plan.number(), id), &changes, reading)?;
        // Durable, as above: what cannot be read again now is read at the next chance.
        drop(self.refresh_plan());
        Ok(changes.into_iter().map(|change| change.hash).collect())
    }

    /// A run whose changes all are on the main line, those that wait or were refused here with them:
    /// otherwise the next change would get the number of one that exists.
    fn run_for(
        &mut self,
        (kind, id): (DocumentKind, DocumentId),
        merged: &Merged,
    ) -> Result<[u8; 8], StoreError> {
        let mut strayed = BTreeSet::new();
        for (hash, ..) in self.store.own_changes(kind.number(), id)? {
            if !merged.main().holds(hash)
                && let Some(raw) = self.store.change(kind.number(), id, hash)?
            {
                strayed.extend(chunk::read(&raw.bytes).map(|header| header.actor));
            }
        }
        let free = |actor: Actor| merged.may_go_on(&actor) && !strayed.contains(&actor);
        while !free(actor_of(self.dev, self.run)) {
            self.run = draw(self.entropy.as_mut());
        }
        Ok(self.run)
    }

    pub(super) fn note_voucher(
        &mut self,
        at: RecordRef,
        (kind, id): (u64, DocumentId),
        changes: &[RawChange],
    ) {
        let changes = changes.iter().map(|change| change.hash).collect();
        let body = Body::Document { kind, id, changes };
        self.vouchers.add(&Entry {
            at,
            prev: Hash::ZERO,
            kind: body.kind(),
            time: None,
            person: Some(self.person),
            content: Some(ContentPart { patrol: 0, body }),
        });
    }

    /// Own vouchers from the store.
    pub(super) fn reopen_vouchers(&mut self) -> Result<(), StoreError> {
        const DAMAGED: StoreError = StoreError::Damaged("a record that does not read");
        for (dev, record) in self.store.own_vouchers()? {
            let item = record.to_item()?;
            let [_, person, content] = &record.parts;
            self.vouchers.add(&Entry {
                at: RecordRef { dev, seq: record.seq, hash: record.hash },
                prev: Hash::ZERO,
                kind: item.kind,
                time: None,
                person: Some(PersonPart::decode(person).map_err(|_| DAMAGED)?),
                content: Some(ContentPart::decode(item.kind, content).map_err(|_| DAMAGED)?),
            });
        }
        Ok(())
    }

    /// Who vouches for what in a Page. This phone's own words are shown on it before it is certified,
    /// and so are those of the device that it was before its store was restored.
    fn page_vouchers(&self, id: DocumentId) -> Result<Vouchers, StoreError> {
        let Some(enrolment) = &self.enrolment else { return Ok(Vouchers::default()) };
        let nobody = || Authority::read(enrolment.vessel, &enrolment.shore_key, &[]);
        let authority = self.authority.clone().unwrap_or_else(nobody);
        let own = self.store.own_devices()?.into_iter();
        let own = own.filter(|dev| authority.standing(*dev).is_none()).collect();
        Ok(self.vouchers.vouchers_with(DocumentKind::Page, id, &authority, &own))
    }

    pub(super) fn merged_page(&mut self, id: DocumentId) -> Result<&Merged, StoreError> {
        if !self.pages.contains_key(&id) {
            if self.pages.len() >= MERGED_PAGES {
                self.pages.clear();
            }
            let changes = self.store.changes(DocumentKind::Page.number(), id)?;
            let vouchers = self.page_vouchers(id)?;
            self.pages.insert(id, merge(DocumentKind::Page, &changes, &vouchers));
        }
        Ok(self.pages.entry(id).or_insert_with(|| Merged::nothing(DocumentKind::Page)))
    }

    fn take_into_page(&mut self, id: DocumentId, fresh: &[RawChange]) -> Result<(), StoreError> {
        let vouchers = self.page_vouchers(id)?;
        if !self.pages.get_mut(&id).is_some_and(|merged| merged.add(fresh, &vouchers)) {
            self.pages.remove(&id);
            self.merged_page(id)?;
        }
        Ok(())
    }
}
