//! Whether the phone is in use.

use super::Phone;
use crate::{MobileError, guard::guard, platform::Change};

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

    /// Records that the phone is back in use. Until it syncs, let every other phone in use [`see`](Self::see) its code: until the
    /// shore hears of it, it may call patrols missed that are walked with this phone.
    pub fn resume(&self) -> Result<(), MobileError> {
        self.recording("resume", &[Change::Sync], |phone, reading| {
            phone.resume(reading)?;
            Ok(())
        })
    }

    /// The text of the QR that another phone scans to record that this one is in use. Records nothing; show it anew after a scan.
    pub fn head_code(&self) -> Result<String, MobileError> {
        guard("head-code", || self.recorder.look(|phone, _| Ok(phone.head_code()?))?)
    }

    /// Records that another phone is in use, by the code that it shows.
    pub fn see(&self, code: String) -> Result<(), MobileError> {
        self.recording("see", &[Change::Sync], |phone, reading| {
            phone.see(&code, reading)?;
            Ok(())
        })
    }

    /// Records that the phone is alive, if six hours have passed since it last did. Call it now and
    /// then; says whether it recorded.
    pub fn heartbeat(&self) -> Result<bool, MobileError> {
        self.recording("heartbeat", &[Change::Sync], |phone, reading| Ok(phone.heartbeat(reading)?))
    }
}
