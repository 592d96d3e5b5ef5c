//! What a phone shows, taken out of it: it can be read while the phone itself signs or writes.

use super::{Disowned, Phone, RecordError, plan::now_of};
use crate::{
    authority::Roles,
    model::{DeviceId, Hash, VesselId},
    patrol::{CurrentPatrol, Progress, progress},
    plan::{DuePatrol, PlanContent},
    record::{PersonPart, PublicKeyBytes, Receipt},
    store::StoreError,
    sync::ProblemCode,
    time::ClockReading,
};

/// What a phone showed at one moment.
#[derive(Debug, Clone)]
pub struct PhoneView {
    /// This device.
    pub dev: DeviceId,
    /// Its public key.
    pub public_key: PublicKeyBytes,
    /// The ship, once enrolled.
    pub vessel: Option<VesselId>,
    /// Where to sync, once enrolled.
    pub server: Option<String>,
    /// What this device is certified for, as far as it knows.
    pub roles: Roles,
    /// Who holds it.
    pub person: PersonPart,
    /// Seq and hash of the newest record.
    pub head: Option<(u64, Hash)>,
    /// The patrol being walked.
    pub current: Option<CurrentPatrol>,
    /// What that patrol answers.
    pub due: Option<DuePatrol>,
    /// The Plan in force.
    pub plan: PlanContent,
    /// The heads of the adopted version; empty while none is adopted.
    pub adopted: Vec<Hash>,
    /// The heads of the newest version here.
    pub newest: Vec<Hash>,
    /// Segments that the shore is not known to hold.
    pub unsent: usize,
    /// Changes made here, of the Plan and of Pages, that the shore is not known to hold.
    pub unsent_changes: usize,
    /// Those of them that the shore refused, and why.
    pub refused_changes: Vec<(ProblemCode, usize)>,
    /// The shore's newest receipt for this device.
    pub receipt: Option<Receipt>,
    /// Receipted records that the shore revoked.
    pub disowned: Option<Disowned>,
}

impl Phone {
    /// What this phone shows now.
    pub fn view(&self, reading: &ClockReading) -> Result<PhoneView, StoreError> {
        let due = self.current.as_ref().and_then(|current| current.due);
        Ok(PhoneView {
            dev: self.dev,
            public_key: self.public_key(),
            vessel: self.vessel(),
            server: self.server().map(str::to_owned),
            roles: self.roles(),
            person: self.person,
            head: self.head(),
            current: self.current.clone(),
            due: due.and_then(|due| self.find_due(due, reading)),
            plan: self.in_force.clone(),
            adopted: self.adopted.clone(),
            newest: self.plan.heads(),
            unsent: self.unsent()?.len(),
            unsent_changes: self.unsent_changes()?,
            refused_changes: self.refused_changes()?,
            receipt: self.store.last_receipt(self.dev)?,
            disowned: self.disowned()?,
        })
    }
}

impl PhoneView {
    /// What is next, what is left, what is late: [`Phone::status`], of this moment's patrol.
    pub fn status(&self, reading: &ClockReading) -> Result<Progress, RecordError> {
        let current = self.current.as_ref().ok_or(RecordError::NoPatrol)?;
        Ok(progress(current, &self.plan, self.due.as_ref(), now_of(reading)))
    }

    /// A newer version of the Plan is here than the one adopted.
    pub fn plan_to_adopt(&self) -> bool {
        self.newest != self.adopted
    }
}
