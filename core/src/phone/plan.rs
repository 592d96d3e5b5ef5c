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

    /// Due patrols around now, by opening. What was drawn is shown once it has opened.
    pub fn due(&self, reading: &ClockReading) -> Vec<DueView> {
        let Some(vessel) = self.vessel() else { return Vec::new() };
        let now = now_of(reading);
        let walking = self.current.as_ref().and_then(|current| current.due);
        due_patrols(vessel, &self.in_force, now - HORIZON, now + HORIZON)
            .into_iter()
            .filter(|due| !due.drawn || due.opens <= now || walking == Some(due.id))
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
        if !self.writes_as(reading)?.may_adopt() {
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

    /// What this device is certified for, as far as it knows: for its next record.
    pub fn roles(&self) -> Roles {
        let seq = self.tail.map_or(0, |tail| tail.seq.saturating_add(1));
        self.authority.as_ref().map_or(Roles::NONE, |authority| authority.roles_at(self.dev, seq))
    }

    /// With which roles it may write documents now. One that nobody has certified yet writes as crew,
    /// and its words wait; one that was revoked, or whose certificate ended, is told so.
    pub(super) fn writes_as(&self, reading: &ClockReading) -> Result<Roles, RecordError> {
        let standing = self.authority.as_ref().and_then(|known| known.standing(self.dev));
        let Some(standing) = standing else { return Ok(Roles::CREW) };
        if standing.until.is_some_and(|until| until < now_of(reading)) {
            return Err(RecordError::Ended);
        }
        match self.roles() {
            Roles::NONE => Err(RecordError::Revoked),
            roles => Ok(roles),
        }
    }

    /// Reads certificates, plan and adoption again from everything held.
    pub(super) fn refresh_plan(&mut self) -> Result<(), StoreError> {
        let own = self.own_if_authority()?;
        self.refresh_authority(own.as_ref());
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
        let heads = self.latest_adoption(&authority, own.as_ref());
        self.adopt(heads.unwrap_or_default());
        Ok(())
    }

    pub(super) fn refresh_authority(&mut self, own: Option<&Chain>) {
        let chains = self.others.iter().chain(own);
        let read = |known: &Enrolment| Authority::read(known.vessel, &known.shore_key, chains);
        self.authority = self.enrolment.as_ref().map(read);
    }

    /// The newest adoption by a device that may adopt, among those whose version is here. By the
    /// adopters' clocks: the phone shows, it does not judge.
    fn latest_adoption(&self, authority: &Authority, own: Option<&Chain>) -> Option<Vec<Hash>> {
        let adoptions = self.others.iter().chain(own).flat_map(Chain::all).filter_map(|entry| {
            let Some(Body::PlanAdopt { heads, .. }) = entry.body() else { return None };
            let may = authority.roles_at(entry.at.dev, entry.at.seq).may_adopt();
            let known = self.plan.content_at(heads).is_ok();
            let key = (entry.time.map_or(0, |time| time.wall), entry.at.seq, entry.at.hash);
            (may && known).then(|| (key, heads.clone()))
        });
        adoptions.max_by_key(|(key, _)| *key).map(|(_, heads)| heads)
    }
}

/// The phone's own idea of now, Unix seconds.
pub(super) fn now_of(reading: &ClockReading) -> i64 {
    reading.wall_ms.div_euclid(1_000)
}
