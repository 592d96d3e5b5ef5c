//! The shore: one device per vessel with a key and a chain of its own, so that no ship's phones see another
//! ship's facts, and everything the shore says of a vessel is a record of that chain.

mod append;
mod erase;
mod forks;
mod held;
mod invitation;
mod keys;
mod page;
mod pages;
mod plan;
mod standing;
mod unchecked;
mod vessel;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deckwatch_core::{
    document::WriteError,
    entropy::{Entropy, draw},
    model::VesselId,
    page::DraftError,
    plan::PlanError,
    record::{KeyError, SoftwareKey},
};

pub(crate) use erase::without_erased;
pub use erase::{EraseError, Erased, ErasureRequest};
pub(crate) use forks::reaches;
pub use held::Held;
pub(crate) use held::{Genesis, genesis_of};
pub(crate) use invitation::Waiting;
pub(crate) use keys::read_key;
pub use keys::{KeyFolder, KeyFolderError};
pub use page::PageWrite;
pub use pages::{MostPages, PageState, Pages};
pub use plan::PlanEdit;
pub use standing::{Beginning, RevocationPreview};
pub use unchecked::UncheckedScans;

use crate::clock::Clock;
use crate::store::{ReadTx, Store, StoreError, WriteTx, reading, try_writing};
use crate::tags::key_file::TagKeyFolder;
use held::HeldVessels;

/// Why the shore did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShoreError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of keys.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// A key did not sign.
    #[error(transparent)]
    Signing(#[from] KeyError),
    /// The Plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What somebody wrote.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A document.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The shore has written as much as one device may.
    #[error("too much was written on this page from ashore")]
    PageFull,
    /// A Page that takes no more.
    #[error("this page was closed")]
    PageClosed,
    /// Nothing stands there to take away.
    #[error("there is nothing to write")]
    NothingToWrite,
    /// One record alone exceeds a segment.
    #[error("one record is too large for a segment")]
    RecordTooLarge,
    /// A role that the shore does not give.
    #[error("roles {0} cannot be given to a phone")]
    Roles(u32),
    /// A device that was never certified.
    #[error("this device was never certified for this vessel")]
    UnknownDevice,
    /// A device that has what it would get.
    #[error("the shore has certified this device already")]
    Certified,
    /// The shore's clock is far behind what it has signed.
    #[error("this machine's clock is {} hours behind what the shore has signed", secs / 3_600)]
    ClockBehind {
        /// How far, seconds.
        secs: i64,
    },
    /// A device whose first records have not arrived.
    #[error("no record of this device has arrived")]
    NoGenesis,
}

impl ShoreError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Keys(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::Signing(_) => {
                "see whether the vessel's key file is damaged; restore it from a backup"
            }
            Self::Plan(_) => "correct the plan and import it again",
            Self::Draft(_) | Self::Write(_) => "correct it and send it again",
            Self::PageFull => "write on the page of the day",
            Self::PageClosed => "open it again, or write on the page of the day",
            Self::NothingToWrite => "look at the page again; somebody may have been faster",
            Self::RecordTooLarge => "say it in several records",
            Self::Roles(_) => "invite as crew, officer or hub",
            Self::UnknownDevice => "list the vessel's devices and check the id",
            Self::Certified => "nothing needs to be done; revoke it to end it",
            Self::ClockBehind { .. } => {
                "set the clock right; if it was ahead once, evidence can be handed out when that moment has passed"
            }
            Self::NoGenesis => "let the phone sync once, or invite it with a code",
        }
    }
}

/// A shore.
pub struct Shore {
    store: Arc<dyn Store>,
    keys: KeyFolder,
    clock: Arc<dyn Clock>,
    entropy: Mutex<Box<dyn Entropy>>,
    /// One run of this process, in time parts and in actor ids.
    boot: [u8; 8],
    process: [u8; 8],
    started: i64,
    held: HeldVessels,
}

impl Shore {
    /// A shore on a store and a folder of keys.
    pub fn new(
        store: Arc<dyn Store>,
        keys: KeyFolder,
        clock: Arc<dyn Clock>,
        mut entropy: Box<dyn Entropy>,
    ) -> Self {
        let (boot, process) = (draw(&mut *entropy), draw(&mut *entropy));
        let started = clock.now();
        let held = HeldVessels::default();
        Self { store, keys, clock, entropy: Mutex::new(entropy), boot, process, started, held }
    }

    /// Its store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// What of its ledger stands beside the store.
    pub(crate) fn ledger_folder(&self) -> &crate::ledger::LedgerFolder {
        self.keys.ledger()
    }

    /// Its clock, Unix seconds.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Where the keys of tags are.
    pub fn tag_keys(&self) -> TagKeyFolder {
        TagKeyFolder::new(self.keys.folder())
    }

    /// The public key of a vessel that the database may not know: its key file tells that it was added here.
    pub(crate) fn kept_key(&self, vessel: VesselId) -> Result<Option<[u8; 33]>, KeyFolderError> {
        self.keys.public_of(vessel)
    }

    /// The key of a vessel's shore device.
    pub(crate) fn shore_key(&self, held: &Held) -> Result<Arc<SoftwareKey>, KeyFolderError> {
        self.keys.key(held.vessel(), held.shore_key())
    }

    pub(crate) fn draw<const N: usize>(&self) -> [u8; N] {
        draw(&mut **lock(&self.entropy))
    }

    /// What a transaction holds of a vessel, with nothing that was decoded earlier.
    pub(crate) fn held_anew(
        &self,
        tx: &(impl ReadTx + ?Sized),
        held: &Held,
    ) -> Result<Held, StoreError> {
        up_to_date(None, tx, held.vessel())
    }

    /// Nothing decoded earlier is believed any more.
    pub(crate) fn forget_held(&self) {
        self.held.forget();
    }

    /// Runs `work` on what is held of a vessel, as of now.
    pub fn reading_held<T>(
        &self,
        vessel: VesselId,
        work: impl FnOnce(&Held) -> T,
    ) -> Result<T, StoreError> {
        let seat = self.held.seat(vessel);
        let mut seat = lock(&seat);
        let held = self.refreshed(seat.take(), vessel)?;
        Ok(work(seat.insert(held)))
    }

    fn refreshed(&self, held: Option<Held>, vessel: VesselId) -> Result<Held, StoreError> {
        let mut slot = held;
        reading(&*self.store, |tx| up_to_date(slot.take(), tx, vessel))
    }

    /// Runs `work` in a transaction, on what that transaction holds of a vessel.
    pub(crate) fn writing_held<T, E: From<StoreError>>(
        &self,
        vessel: VesselId,
        mut work: impl FnMut(&mut dyn WriteTx, &mut Held) -> Result<T, E>,
    ) -> Result<T, E> {
        let seat = self.held.seat(vessel);
        let mut seat = lock(&seat);
        // Decoding a large vessel for the first time takes seconds: not while the only writer waits.
        let mut slot = Some(self.refreshed(seat.take(), vessel)?);
        let mut kept = None;
        let value = try_writing(&*self.store, |tx| {
            // A second run after a conflict finds the slot empty: what the first one saw is forgotten.
            let mut held = up_to_date(slot.take(), tx, vessel)?;
            let value = work(tx, &mut held)?;
            kept = Some(held);
            Ok::<_, E>(value)
        })?;
        // What a transaction that failed had seen never gets here.
        *seat = kept;
        Ok(value)
    }
}

fn up_to_date(
    held: Option<Held>,
    tx: &(impl ReadTx + ?Sized),
    vessel: VesselId,
) -> Result<Held, StoreError> {
    let mut held = match held {
        Some(held) => held,
        None => Held::nothing_of(&tx.vessel(vessel)?.ok_or(StoreError::UnknownVessel(vessel))?),
    };
    held.refresh(tx)?;
    Ok(held)
}

/// A panic while a lock is held leaves nothing half done behind it: what is locked here is taken out while it
/// is worked on, or replaced whole.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
