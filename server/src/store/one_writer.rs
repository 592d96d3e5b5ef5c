use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::StoreError;

/// Locks for good and all: what stands behind these locks is put right by a rollback, so a panic elsewhere does
/// not make it unusable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets one writer in at a time, and refuses a thread that is already in instead of waiting for ever.
#[derive(Default)]
pub(super) struct OneWriter<T> {
    holder: Mutex<Option<ThreadId>>,
    seat: Mutex<T>,
}

/// The right to write, given back when dropped.
pub(super) struct Seat<'a, T> {
    holder: &'a Mutex<Option<ThreadId>>,
    guard: MutexGuard<'a, T>,
}

impl<T> OneWriter<T> {
    pub(super) fn new(value: T) -> Self {
        Self { holder: Mutex::new(None), seat: Mutex::new(value) }
    }

    pub(super) fn enter(&self) -> Result<Seat<'_, T>, StoreError> {
        let me = thread::current().id();
        if *lock(&self.holder) == Some(me) {
            return Err(StoreError::Nested);
        }
        let guard = lock(&self.seat);
        *lock(&self.holder) = Some(me);
        Ok(Seat { holder: &self.holder, guard })
    }
}

impl<T> Deref for Seat<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Seat<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        *lock(self.holder) = None;
    }
}
