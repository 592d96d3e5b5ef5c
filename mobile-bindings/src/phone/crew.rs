//! Whether the phone is in use.

use super::Phone;
use crate::{MobileError, platform::Change};

/// Why a phone is put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ParkReason {
    /// It is not needed.
    NotInUse,
    /// It is broken.
    Repair,
    /// It leaves the ship.
    TakenAshore,
}

#[uniffi::export]
impl Phone {
    /// Records that the phone is put away: its silence is no longer waited for.
    pub fn park(&self, reason: ParkReason) -> Result<(), MobileError> {
        let reason = match reason {
            ParkReason::NotInUse => 1,
            ParkReason::Repair => 2,
            ParkReason::TakenAshore => 3,
        };
        self.recording("park", &[Change::Sync], |phone, reading| {
            phone.park(reason, reading)?;
            Ok(())
        })
    }

    /// Records that the phone is back in use.
    pub fn resume(&self) -> Result<(), MobileError> {
        self.recording("resume", &[Change::Sync], |phone, reading| {
            phone.resume(reading)?;
            Ok(())
        })
    }

    /// Records that the phone is alive, if six hours have passed since it last did. Call it now and
    /// then; says whether it recorded.
    pub fn heartbeat(&self) -> Result<bool, MobileError> {
        self.recording("heartbeat", &[Change::Sync], |phone, reading| Ok(phone.heartbeat(reading)?))
    }
}
