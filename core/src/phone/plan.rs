//! The Plan on the phone: read, adopted, and what it demands now.

use serde::Serialize;

use super::{Phone, RecordError};
use crate::{
    authority::{Authority, Roles},
    document::{DocumentKind, merge},
    model::{DocumentId, Hash, RecordRef},
    patrol::{Lateness, lateness},
    plan::{DuePatrol, PlanContent, PlanDocument, due_patrols},
    record::{Body, Chain, Enrolment},
    store::StoreError,
    time::ClockReading,
};

/// Due patrols are shown this far back and ahead, seconds.
const HORIZON: i64 = 24 * 3_600;

/// How a due patrol stands, as far as this phone knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// Not walked by this phone.
    Open,
    /// Being walked by this phone.
    Walking,
}

/// A due patrol as the phone shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueView {
    /// What is due.
    pub due: DuePatrol,
    /// How it stands.
    pub state: DueState,
    /// Against the clock.
    pub lateness: Lateness,
}

impl Phone {
    /// The Plan as the ship has adopted it; the newest version while none is adopted.
    pub fn plan(&self) -> &PlanContent {
        &self.in_force
    }

    fn adopt(&mut self, heads: Vec<Hash>) {
        self.adopted = heads;
        let adopted = self.plan.content_at(&self.adopted);
        self.in_force = adopted.unwrap_or_else(|_| self.plan.content());
    }

    /// The heads of the adopted version; empty while none is adopted.
    pub fn adopted(&self) -> &[Hash] {
        &self.adopted
    }

    /// The heads of the newest version here.
    pub fn newest_plan(&self) -> Vec<Hash> {
        self.plan.heads()
    }

    /// Due patrols around now, by opening.
    pub fn due(&self, reading: &ClockReading) -> Vec<DueView> {
        let Some(vessel) = self.vessel() else { return Vec::new() };
        let now = now_of(reading);
        let walking = self.current.as_ref().and_then(|current| current.due);
        due_patrols(vessel, &self.in_force, now - HORIZON, now + HORIZON)
            .into_iter()
            .map(|due| DueView {
                state: if walking == Some(due.id) { DueState::Walking } else { DueState::Open },
                lateness: lateness(&due, now),
                due,
            })
            .collect()
    }

    /// Puts the newest version of the Plan into force on this ship. For the ship security
    /// officer's phone.
    pub fn adopt_plan(
        &mut self,
        effective_from: i64,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        let roles = self.roles();
        if !roles.may_adopt() {
            return Err(RecordError::NotAllowed);
        }
        let heads = self.plan.heads();
        if heads.is_empty() {
            return Err(RecordError::NotInPlan);
        }
        let body = Body::PlanAdopt { heads: heads.clone(), effective_from };
        let adopted = self.record(0, body, reading)?;
        self.adopt(heads);
        Ok(adopted)
    }

    /// What this device is certified for, as far as it knows.
    pub fn roles(&self) -> Roles {
        let seq = self.tail.map_or(0, |tail| tail.seq);
        self.authority.as_ref().map_or(Roles::NONE, |authority| authority.roles_at(self.dev, seq))
    }

    /// Reads certificates, plan and adoption again from everything held.
    pub(super) fn refresh_plan(&mut self) -> Result<(), StoreError> {
        self.refresh_authority();
        let (Some(vessel), Some(authority)) = (self.vessel(), self.authority.clone()) else {
            return Ok(());
        };
        let id = DocumentId(vessel.0);
        let changes = self.store.changes(DocumentKind::Plan.number(), id)?;
        let vouchers = self.vouchers.vouchers(DocumentKind::Plan, id, &authority);
        if !self.merged.add(&changes, &vouchers) {
            self.merged = merge(DocumentKind::Plan, &changes, &vouchers);
        }
        self.plan = PlanDocument::from(&self.merged);
        self.pages.clear();
        let heads = self.latest_adoption(&authority)?;
        self.adopt(heads.unwrap_or_default());
        Ok(())
    }

    pub(super) fn refresh_authority(&mut self) {
        let read =
            |known: &Enrolment| Authority::read(known.vessel, &known.shore_key, &self.others);
        self.authority = self.enrolment.as_ref().map(read);
    }

    /// The newest adoption by a device that may adopt, among those whose version is here. By the
    /// adopters' clocks: the phone shows, it does not judge.
    fn latest_adoption(&self, authority: &Authority) -> Result<Option<Vec<Hash>>, StoreError> {
        let mut own = Chain::new(self.dev);
        if authority.roles_at(self.dev, 0).may_adopt() {
            for span in self.store.own_spans(self.dev)? {
                let bytes = self.store.own_segment(self.dev, &span)?.unwrap_or_default();
                let opened = crate::record::Segment::decode(&bytes).and_then(|cut| cut.reopen());
                own.insert(opened.map_err(|_| StoreError::Damaged("an own segment"))?);
            }
        }
        let adoptions = self.others.iter().chain([&own]).flat_map(Chain::all).filter_map(|entry| {
            let Some(Body::PlanAdopt { heads, .. }) = entry.body() else { return None };
            let may = authority.roles_at(entry.at.dev, entry.at.seq).may_adopt();
            let known = self.plan.content_at(heads).is_ok();
            let key = (entry.time.map_or(0, |time| time.wall), entry.at.seq, entry.at.hash);
            (may && known).then(|| (key, heads.clone()))
        });
        Ok(adoptions.max_by_key(|(key, _)| *key).map(|(_, heads)| heads))
    }
}

/// The phone's own idea of now, Unix seconds.
pub(super) fn now_of(reading: &ClockReading) -> i64 {
    reading.wall_ms.div_euclid(1_000)
}
