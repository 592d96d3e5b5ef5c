//! Ending long work.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::MobileError;

/// Ends the work that it was handed to. Any thread may cancel, and once is for ever.
#[derive(Debug, Default, uniffi::Object)]
pub struct Cancel {
    cancelled: AtomicBool,
}

#[uniffi::export]
impl Cancel {
    /// A new one, not cancelled.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>, MobileError> {
        Ok(Arc::default())
    }

    /// Ends the work soon, with `Cancelled`: between two rows or symbols of a frame, or between two
    /// things of a shore's answer.
    pub fn cancel(&self) -> Result<(), MobileError> {
        self.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> Result<bool, MobileError> {
        Ok(self.wanted())
    }
}

impl Cancel {
    pub(crate) fn wanted(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Whether the work may go on.
pub(crate) fn go_on(cancel: Option<&Arc<Cancel>>) -> Result<(), MobileError> {
    if cancel.is_some_and(|cancel| cancel.wanted()) {
        Err(MobileError::cancelled())
    } else {
        Ok(())
    }
}
