//! The one lock: who records now, and what everybody else sees meanwhile.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use deckwatch_core::{
    phone::{Opened, Phone, PhoneView},
    time::ClockReading,
};

use crate::{
    MobileError,
    entropy::SystemEntropy,
    platform::{DeviceClock, DeviceSafe, PlatformSafe, read_clock},
};

/// The core's phone and the lock around it.
///
/// The app's safe and clock are called while the lock is held. So what they may ask (`shown`) never
/// takes it, and what does take it first looks whether this thread holds it already.
pub(crate) struct Recorder {
    path: PathBuf,
    safe: Arc<dyn DeviceSafe>,
    clock: Arc<dyn DeviceClock>,
    slot: Mutex<Slot>,
    holder: Mutex<Option<ThreadId>>,
    /// What was true after the last call. Held for the time of one pointer's copy.
    shown: Mutex<Option<Arc<PhoneView>>>,
}

enum Slot {
    Open(Box<Phone>),
    /// A panic came out of it: what it holds in memory may not be what the store holds.
    Broken,
    Closed,
}

/// The lock, held.
struct Held<'r> {
    recorder: &'r Recorder,
    slot: MutexGuard<'r, Slot>,
}

impl Held<'_> {
    /// The phone, and what its clocks say. They are read under the lock: the order of readings is the
    /// order of records.
    fn phone(&mut self) -> Result<(&mut Phone, ClockReading), MobileError> {
        if matches!(*self.slot, Slot::Closed) {
            return Err(MobileError::closed());
        }
        let reading = read_clock(self.recorder.clock.as_ref())?;
        if matches!(*self.slot, Slot::Broken) {
            let (phone, _) = self.recorder.open_core(&reading)?;
            *self.slot = Slot::Open(phone);
        }
        match &mut *self.slot {
            Slot::Open(phone) => Ok((phone, reading)),
            _ => Err(MobileError::closed()),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.recorder.holder.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Recorder {
    pub(crate) fn open(
        path: PathBuf,
        safe: Arc<dyn DeviceSafe>,
        clock: Arc<dyn DeviceClock>,
    ) -> Result<(Self, Opened), MobileError> {
        let recorder = Self {
            path,
            safe,
            clock,
            slot: Mutex::new(Slot::Closed),
            holder: Mutex::new(None),
            shown: Mutex::new(None),
        };
        let reading = read_clock(recorder.clock.as_ref())?;
        let (phone, opened) = recorder.open_core(&reading)?;
        recorder.show(Some(Arc::new(phone.view(&reading)?)));
        *recorder.slot.lock().unwrap_or_else(PoisonError::into_inner) = Slot::Open(phone);
        Ok((recorder, opened))
    }

    fn open_core(&self, reading: &ClockReading) -> Result<(Box<Phone>, Opened), MobileError> {
        let safe = Arc::new(PlatformSafe(Arc::clone(&self.safe)));
        let (phone, opened) = Phone::open(&self.path, safe, Box::new(SystemEntropy), reading)?;
        Ok((Box::new(phone), opened))
    }

    fn hold(&self) -> Result<Held<'_>, MobileError> {
        let me = thread::current().id();
        let holder = *self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        if holder == Some(me) {
            return Err(MobileError::called_back());
        }
        let slot = match self.slot.lock() {
            Ok(slot) => slot,
            Err(poisoned) => {
                self.slot.clear_poison();
                let mut slot = poisoned.into_inner();
                *slot = Slot::Broken;
                slot
            }
        };
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = Some(me);
        Ok(Held { recorder: self, slot })
    }

    /// Runs `act` with the phone and what its clocks say, and shows what came of it.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&mut Phone, &ClockReading) -> Result<T, MobileError>,
    ) -> Result<T, MobileError> {
        let mut held = self.hold()?;
        let (phone, reading) = held.phone()?;
        let outcome = act(phone, &reading);
        // Also after a failure: what came before it may have been recorded.
        match phone.view(&reading) {
            Ok(view) => self.show(Some(Arc::new(view))),
            // What was asked for is recorded, or not: that must not be hidden. The next call opens
            // the store again.
            Err(_) => *held.slot = Slot::Broken,
        }
        outcome
    }

    /// Runs `look`, which records nothing.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&mut Phone, &ClockReading) -> T,
    ) -> Result<T, MobileError> {
        let mut held = self.hold()?;
        let (phone, reading) = held.phone()?;
        Ok(look(phone, &reading))
    }

    fn show(&self, view: Option<Arc<PhoneView>>) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }

    /// What was true after the last call that recorded. Never waits for one that records.
    pub(crate) fn shown(&self) -> Result<Arc<PhoneView>, MobileError> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone().ok_or_else(MobileError::closed)
    }

    /// What the clocks say, without the lock.
    pub(crate) fn reading(&self) -> Result<ClockReading, MobileError> {
        read_clock(self.clock.as_ref())
    }

    /// Closes the store; later calls say `Closed`.
    pub(crate) fn close(&self) -> Result<(), MobileError> {
        let mut held = self.hold()?;
        *held.slot = Slot::Closed;
        self.show(None);
        Ok(())
    }
}
