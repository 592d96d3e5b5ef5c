//! The phone as an app holds it.

mod aside;
mod crew;
mod due;
mod identity;
mod log_in;
mod page;
mod scan;
mod sync;
mod walk;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use deckwatch_core::{
    model::CheckpointId,
    phone::{Opened as CoreOpened, Phone as CorePhone},
    plan::PlanContent,
    time,
};

pub use self::{
    aside::{LostChain, StoreAside, set_store_aside},
    crew::ParkReason,
    due::{DuePatrol, DueState, Lateness, PlanSummary, Route, Walk},
    identity::{Identity, Roles},
    log_in::{Allowance, IdentityGrade, KnownBy, Person, VouchRequest, VouchedBy},
    page::{
        CheckAnswer, CheckItem, CheckKind, FlagOutcome, Page, PageDraft, PageField, PageSubject,
        PageValue, PageVersion, PageWriting, WritingKind, WrittenOn,
    },
    scan::{Effort, LuminanceFrame, ManualReason, ScanOutcome},
    sync::{Disowned, Problem, ProblemKind, Receipt, Refusal, SyncOutcome, SyncState},
    walk::{EndHow, EndReason, PatrolChoice, PatrolStatus},
};
use crate::{
    MobileError,
    guard::guard,
    platform::{Change, DeviceClock, DeviceSafe, PhoneObserver},
    recorder::Recorder,
};

/// What was found when the phone was opened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Opened {
    /// Nothing recorded yet: enrol it.
    New,
    /// The chain goes on.
    Resumed {
        /// The last run ended without a signature over its last records; they are signed now.
        tail_found: bool,
    },
    /// The store is a copy from before, or belongs to another key. Recording goes on under a new
    /// device id, and what the copy still holds is sent.
    Restored {
        /// The device before.
        before: String,
        /// The newest record that the copy holds of it.
        held_seq: u64,
        /// The newest record that there was; `None` where that is not known.
        marker_seq: Option<u64>,
    },
}

/// A checkpoint as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Place {
    /// The checkpoint's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The deck; empty if the Plan does not say.
    pub deck: String,
}

impl Place {
    fn of(id: CheckpointId, plan: &PlanContent) -> Self {
        let deck = plan.checkpoints.get(&id).map(|point| point.deck.clone());
        Self { id: id.to_string(), name: plan.checkpoint_name(id), deck: deck.unwrap_or_default() }
    }

    fn all(ids: &[CheckpointId], plan: &PlanContent) -> Vec<Self> {
        ids.iter().map(|id| Self::of(*id, plan)).collect()
    }
}

/// A phone that records. All calls are short, except where they take a `Cancel`; make them away
/// from the thread that draws.
#[derive(uniffi::Object)]
pub struct Phone {
    recorder: Recorder,
    observer: Mutex<Option<Arc<dyn PhoneObserver>>>,
    opened: CoreOpened,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").finish_non_exhaustive()
    }
}

#[uniffi::export]
impl Phone {
    /// Opens the store in the file at `path`, makes it if there is none, and goes on where it ended.
    ///
    /// The file must stay out of backups. One process may have it open, once. Its contents are sealed with a key that the safe wraps;
    /// `StorageKeyLost` where the safe cannot unwrap it any more.
    #[uniffi::constructor]
    pub fn open(
        path: String,
        safe: Arc<dyn DeviceSafe>,
        clock: Arc<dyn DeviceClock>,
    ) -> Result<Arc<Self>, MobileError> {
        guard("open", || {
            whole_path(&path)?;
            let (recorder, opened) = Recorder::open(path.into(), safe, clock)?;
            Ok(Arc::new(Self { recorder, observer: Mutex::new(None), opened }))
        })
    }

    /// What was found when the phone was opened.
    pub fn opened(&self) -> Result<Opened, MobileError> {
        Ok(match &self.opened {
            CoreOpened::New => Opened::New,
            CoreOpened::Resumed { tail_found } => Opened::Resumed { tail_found: *tail_found },
            CoreOpened::Restored { before, held_seq, marker_seq } => Opened::Restored {
                before: before.to_string(),
                held_seq: *held_seq,
                marker_seq: *marker_seq,
            },
        })
    }

    /// Whom to tell of changes; `None` for nobody.
    pub fn observe(&self, observer: Option<Arc<dyn PhoneObserver>>) -> Result<(), MobileError> {
        guard("observe", || {
            let before = std::mem::replace(&mut *self.ear(), observer);
            // The app's object may run code when it is let go: not under the lock.
            drop(before);
            Ok(())
        })
    }

    /// Closes the store. Later calls say `Closed`; nothing that was recorded is lost.
    pub fn shut_down(&self) -> Result<(), MobileError> {
        guard("shut-down", || self.recorder.close())
    }
}

impl Phone {
    fn ear(&self) -> MutexGuard<'_, Option<Arc<dyn PhoneObserver>>> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `act` under the lock, then tells the observer what changed.
    fn recording<T>(
        &self,
        reference: &str,
        changes: &[Change],
        act: impl FnOnce(&mut CorePhone, &time::ClockReading) -> Result<T, MobileError>,
    ) -> Result<T, MobileError> {
        let outcome = guard(reference, || self.recorder.with(act))?;
        let ear = self.ear().clone();
        if let Some(ear) = ear {
            let told = guard("observer", || {
                // What the observer throws is its own.
                changes.iter().for_each(|change| drop(ear.changed(change.clone())));
                Ok(())
            });
            drop(told);
        }
        Ok(outcome)
    }
}

/// SQLite takes "" and ":memory:" for files that are gone when they are closed.
fn whole_path(path: &str) -> Result<(), MobileError> {
    if Path::new(path).is_absolute() {
        return Ok(());
    }
    let text = "the store needs a file with its whole path; give one in the app's own folder";
    Err(MobileError::input("path", text))
}

/// Reads an id in hex.
fn id<T, E: std::fmt::Display>(field: &str, read: Result<T, E>) -> Result<T, MobileError> {
    read.map_err(|error| MobileError::input(field, format!("{error}; take the id from a list")))
}

/// Counts in the API are 32 bits wide.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
