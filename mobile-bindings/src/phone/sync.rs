//! Bytes to the shore, and bytes from it. The app carries them.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use deckwatch_core::{phone, sync};

use super::{Phone, count};
use crate::{
    MobileError,
    cancel::{Cancel, go_on},
    guard::guard,
    platform::Change,
};

/// What a sync brought.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncOutcome {
    /// The shore holds this device's records up to here.
    pub receipted_seq: Option<u64>,
    /// Segments of other devices that are new here.
    pub new_segments: u32,
    /// Plan changes that are new here.
    pub new_changes: u32,
    /// What the shore did not take.
    pub problems: Vec<Problem>,
    /// How many things in the response this phone did not take.
    pub refused: u32,
    /// Sync again: there is more, in one direction or the other.
    pub more: bool,
    /// A newer version of the Plan is here than the one adopted.
    pub plan_to_adopt: bool,
    /// Whether the shore's ledger still holds all that it held before.
    pub ledger: LedgerCheck,
    /// The same in words, and what to do.
    pub ledger_text: String,
}

/// How the shore's ledger stands to what this phone remembers of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum LedgerCheck {
    /// The shore keeps none for this ship yet, or showed none.
    Nothing,
    /// It holds everything that it held before.
    Consistent {
        /// How many statements it holds.
        leaves: u64,
    },
    /// The shore could not show that it only grew.
    NotJoined {
        /// Statements remembered.
        remembered: u64,
        /// Statements shown.
        shown: u64,
    },
    /// It is not signed as it should be.
    Unreadable,
    /// It contradicts itself: `ledger_evidence` convicts it.
    Contradiction,
    /// Of a newer version.
    Unknown {
        /// Its name there.
        name: String,
    },
}

impl From<&phone::LedgerCheck> for LedgerCheck {
    fn from(check: &phone::LedgerCheck) -> Self {
        match check {
            phone::LedgerCheck::Nothing => Self::Nothing,
            phone::LedgerCheck::Consistent(leaves) => Self::Consistent { leaves: *leaves },
            phone::LedgerCheck::NotJoined { remembered, shown } => {
                Self::NotJoined { remembered: *remembered, shown: *shown }
            }
            phone::LedgerCheck::Unreadable => Self::Unreadable,
            phone::LedgerCheck::Contradiction => Self::Contradiction,
            other => Self::Unknown { name: format!("{other:?}") },
        }
    }
}

/// Something that the shore did not take.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// Why.
    pub kind: ProblemKind,
    /// What: a device id, a change's hash or the like, in hex.
    pub subject: String,
}

/// Why the shore did not take something.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ProblemKind {
    /// It is not in the format.
    Malformed,
    /// The signature is not its author's.
    BadSignature,
    /// The shore does not know this device: enrol it.
    UnknownDevice,
    /// It belongs to another ship.
    WrongVessel,
    /// It is too large.
    TooLarge,
    /// Two different records have one number: both are kept, and somebody will ask.
    Fork,
    /// The document does not take the change.
    ChangeRefused,
    /// No record vouches for the change.
    NotVouched,
    /// The shore was put back from a backup: it takes what phones bring back and confirms nothing yet.
    Collecting,
    /// A newer shore says something that this list does not have.
    Unknown {
        /// Its number.
        name: String,
    },
}

/// The shore's "I hold this device's records up to `seq`".
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Receipt {
    /// Up to this record.
    pub seq: u64,
    /// Said then, by the shore's clock, Unix seconds.
    pub time: i64,
}

/// Why the shore refused changes that were made here.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Refusal {
    /// Why.
    pub kind: ProblemKind,
    /// How many changes.
    pub changes: u32,
    /// For people: what it means, and what to do.
    pub text: String,
}

/// What is ashore and what is not.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncState {
    /// Where to sync; add `/v1/sync`. `None` until enrolled.
    pub server: Option<String>,
    /// Signed segments that the shore is not known to hold.
    pub unsent: u32,
    /// Changes made here, of the Plan and of Pages, that the shore is not known to hold.
    pub unsent_changes: u32,
    /// Those of them that the shore refused. They are kept, and sent again after all others.
    pub refused_changes: u32,
    /// Why it refused them, by kind.
    pub refusals: Vec<Refusal>,
    /// The number of the newest record.
    pub last_seq: Option<u64>,
    /// The shore's newest receipt for this device.
    pub receipt: Option<Receipt>,
    /// The office had receipted records of this phone and revoked them later. Show it: who walked them has the receipt.
    pub disowned: Option<Disowned>,
}

/// Receipted records that are not trusted any more.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Disowned {
    /// The device: this one, or the one that this phone was before.
    pub device: String,
    /// The last record that is trusted.
    pub last_trusted_seq: u64,
    /// The last record that was receipted.
    pub receipted_seq: u64,
    /// When it was receipted, Unix seconds.
    pub receipted_at: i64,
}

impl From<sync::ProblemCode> for ProblemKind {
    fn from(code: sync::ProblemCode) -> Self {
        match code {
            sync::ProblemCode::Malformed => Self::Malformed,
            sync::ProblemCode::BadSignature => Self::BadSignature,
            sync::ProblemCode::UnknownDevice => Self::UnknownDevice,
            sync::ProblemCode::WrongVessel => Self::WrongVessel,
            sync::ProblemCode::TooLarge => Self::TooLarge,
            sync::ProblemCode::Fork => Self::Fork,
            sync::ProblemCode::ChangeRefused => Self::ChangeRefused,
            sync::ProblemCode::NotVouched => Self::NotVouched,
            sync::ProblemCode::Collecting => Self::Collecting,
            sync::ProblemCode::Unknown(number) => Self::Unknown { name: number.to_string() },
        }
    }
}

impl Refusal {
    fn of((code, changes): (sync::ProblemCode, usize)) -> Self {
        Self { kind: code.into(), changes: count(changes), text: code.hint().to_owned() }
    }
}

impl From<phone::SyncOutcome> for SyncOutcome {
    fn from(outcome: phone::SyncOutcome) -> Self {
        let problems = outcome.problems.into_iter().map(|problem| Problem {
            kind: problem.code.into(),
            subject: HEXLOWER.encode(&problem.subject),
        });
        Self {
            receipted_seq: outcome.receipted_seq,
            new_segments: count(outcome.new_segments),
            new_changes: count(outcome.new_changes),
            problems: problems.collect(),
            refused: count(outcome.refused),
            more: outcome.more,
            plan_to_adopt: outcome.plan_to_adopt,
            ledger: LedgerCheck::from(&outcome.ledger),
            ledger_text: outcome.ledger.hint().to_owned(),
        }
    }
}

#[uniffi::export]
impl Phone {
    /// Signs what is not signed yet, and gives the bytes to post to the shore. Bytes that never
    /// arrive cost nothing: the next request carries the same records.
    pub fn sync_request(&self) -> Result<Vec<u8>, MobileError> {
        self.recording("sync-request", &[Change::Sync], |phone, reading| {
            Ok(phone.sync_request(reading)?)
        })
    }

    /// Takes the bytes that the shore answered. The same bytes twice change nothing more. `cancel` ends
    /// it soon, between two things that came: what was taken by then is kept, and the next sync brings the
    /// rest.
    #[uniffi::method(default(cancel = None))]
    pub fn sync_response(
        &self,
        bytes: Vec<u8>,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<SyncOutcome, MobileError> {
        let changes = [Change::Sync, Change::Plan, Change::Page, Change::Identity];
        self.recording("sync-response", &changes, |phone, reading| {
            go_on(cancel.as_ref())?;
            let wanted = || go_on(cancel.as_ref()).is_ok();
            match phone.sync_response_while(&bytes, reading, &wanted) {
                // What came before is taken, and the observer is told.
                Err(phone::ResponseError::Stopped) => Ok(Err(MobileError::stopped())),
                taken => Ok(Ok(taken?.into())),
            }
        })?
    }

    /// Evidence that the shore's ledger contradicted itself, if this phone has any: a file for the auditor, who checks
    /// it without asking anybody.
    pub fn ledger_evidence(&self) -> Result<Option<Vec<u8>>, MobileError> {
        guard("ledger-evidence", || {
            let evidence = self.recorder.look(|phone, _| phone.split_view())?;
            Ok(evidence.map_err(phone::RecordError::from)?)
        })
    }

    /// What is ashore and what is not.
    pub fn sync_state(&self) -> Result<SyncState, MobileError> {
        guard("sync-state", || {
            let view = self.recorder.shown()?;
            let (receipt, refused) = (view.receipt.as_ref(), &view.refused_changes);
            Ok(SyncState {
                server: view.server.clone(),
                unsent: count(view.unsent),
                unsent_changes: count(view.unsent_changes),
                refused_changes: count(refused.iter().map(|(_, changes)| changes).sum()),
                refusals: refused.iter().map(|one| Refusal::of(*one)).collect(),
                last_seq: view.head.map(|(seq, _)| seq),
                receipt: receipt.map(|receipt| Receipt { seq: receipt.seq, time: receipt.time }),
                disowned: view.disowned.map(|it| Disowned {
                    device: it.dev.to_string(),
                    last_trusted_seq: it.last_trusted_seq,
                    receipted_seq: it.receipted_seq,
                    receipted_at: it.receipted_at,
                }),
            })
        })
    }
}
