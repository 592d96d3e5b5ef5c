//! A device that records: key, store, chain, plan and walk together. The facade for phones, the
//! hub and the simulator all stand on this; none of them has rules of its own.

mod certify;
mod chain;
mod crew;
mod disowned;
mod documents;
mod erasures;
mod giving_back;
mod in_use;
mod join;
mod ledger;
mod open;
mod outbox;
mod plan;
mod rotate;
mod scan;
mod sync;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
mod view;

use std::{collections::BTreeMap, sync::Arc};

pub use certify::{AnswerError, CertifyError, RequestError};
pub use crew::{BadgeLogInError, BindError, FingerError, LogInError, SetPinError, VouchError};
pub use disowned::Disowned;
pub use documents::{PageError, PlanEditError, Written};
pub use erasures::rule_of;
pub use in_use::SeeError;
pub use join::JoinError;
pub use ledger::{LedgerCheck, named_ledger};
pub use open::{OpenError, Opened};
pub use plan::{DueState, DueView};
pub use scan::{ScanError, ScanOutcome};
pub use sync::{ResponseError, SyncOutcome};
pub use view::PhoneView;

use crate::{
    authority::Authority,
    document::{Merged, VoucherIndex},
    entropy::Entropy,
    model::{DeviceId, DocumentId, Hash, VesselId},
    patrol::CurrentPatrol,
    plan::{PlanContent, PlanDocument},
    record::{
        CborError, Chain, DeviceKey, DeviceSafe, Enrolment, KeyError, PersonPart, PublicKeyBytes,
        TimePart,
    },
    store::{Cut, OwnChange, Store, StoreError},
};

/// Why a record was not taken. What was kept before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The store.
    #[error("not taken: {0}")]
    Store(#[from] StoreError),
    /// The key.
    #[error("not signed: {0}")]
    Key(#[from] KeyError),
    /// It does not fit the format: too many heads, too many changes.
    #[error("not taken: a record cannot say this ({0}); say it in smaller parts")]
    Unsayable(#[from] CborError),
    /// No genesis yet.
    #[error("this phone belongs to no ship yet; scan an enrolment code first")]
    NotEnrolled,
    /// Already on a ship.
    #[error("this phone belongs to a ship already; a new phone starts with an empty store")]
    AlreadyEnrolled,
    /// No patrol is open.
    #[error("no patrol is being walked; start one first")]
    NoPatrol,
    /// A patrol is open.
    #[error("a patrol is being walked; end it first")]
    PatrolOpen,
    /// There is no such thing in the Plan.
    #[error("the plan on this phone does not have it; sync, then look again")]
    NotInPlan,
    /// This device's certificate does not allow it.
    #[error("this phone may not do that; the ship security officer's phone can")]
    NotAllowed,
    /// The shore trusts nothing more of this device.
    #[error(
        "the office has revoked this phone, so what is written on it counts for nothing; write on another phone, and ask the office for a new certificate"
    )]
    Revoked,
    /// Its certificate ended, by its own clock.
    #[error(
        "this phone's certificate has ended; check its clock, then sync or ask the office for a new certificate"
    )]
    Ended,
}

/// The end of this device's chain.
#[derive(Debug, Clone, Copy)]
struct Tail {
    seq: u64,
    head: Hash,
    time: TimePart,
    /// wall - mono in force, 0.1 s.
    offset: i64,
}

/// A device that records.
pub struct Phone {
    store: Store,
    safe: Arc<dyn DeviceSafe>,
    entropy: Box<dyn Entropy>,
    key: Arc<dyn DeviceKey>,
    dev: DeviceId,
    enrolment: Option<Enrolment>,
    tail: Option<Tail>,
    open: Option<Cut>,
    /// Records and bytes in the open segment.
    open_size: (usize, usize),
    last_alive_wall: Option<u64>,
    person: PersonPart,
    next_patrol: u64,
    current: Option<CurrentPatrol>,
    others: Vec<Chain>,
    authority: Option<Authority>,
    /// Every `document` record held, of this device and of others.
    vouchers: VoucherIndex,
    /// This run of the program, in actor ids.
    run: [u8; 8],
    /// The Plan, merged.
    merged: Merged,
    plan: PlanDocument,
    /// Pages read lately, merged.
    pages: BTreeMap<DocumentId, Merged>,
    adopted: Vec<Hash>,
    /// Who proved what lately, and who stands by.
    session: crew::Session,
    /// Segments in the last request.
    sent: Vec<(DeviceId, crate::record::Span)>,
    /// Segments of others in the last request, for a shore that collects.
    given_back: std::collections::BTreeSet<(DeviceId, crate::record::Span)>,
    /// Changes of others that a collecting shore lacks, and those in the last request.
    lost_changes: std::collections::BTreeSet<OwnChange>,
    given_changes: std::collections::BTreeSet<OwnChange>,
    /// Changes in the last request, and what this phone was certified for then.
    sent_changes: (Vec<OwnChange>, Vec<u8>),
    /// Pages that are asked for by name, until all have been.
    asking: Option<outbox::Asking>,
    /// The adopted version, read once.
    in_force: PlanContent,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("dev", &self.dev).finish_non_exhaustive()
    }
}

impl Phone {
    /// This device.
    pub fn device(&self) -> DeviceId {
        self.dev
    }

    /// This device's public key.
    pub fn public_key(&self) -> PublicKeyBytes {
        self.key.public_key()
    }

    /// The ship, once enrolled.
    pub fn vessel(&self) -> Option<VesselId> {
        self.enrolment.as_ref().map(|enrolment| enrolment.vessel)
    }

    /// Where to sync, once enrolled.
    pub fn server(&self) -> Option<&str> {
        self.enrolment.as_ref().map(|enrolment| enrolment.server.as_str())
    }

    /// Seq and hash of the newest record.
    pub fn head(&self) -> Option<(u64, Hash)> {
        self.tail.map(|tail| (tail.seq, tail.head))
    }

    /// The store, for tools that look.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// What is certified of this device, as far as it knows.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }
}
