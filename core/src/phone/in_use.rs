//! Whether the phone is in use: put away, and brought back so that the shore hears of it. FORMAT.md section 23.

use super::{Phone, RecordError};
use crate::{
    model::{DeviceId, RecordRef},
    record::{Body, HeadCode, HeadCodeError},
    time::ClockReading,
};

/// `seen` by a code that was scanned.
const VIA_QR: u64 = 1;

/// Why it was not recorded that another phone is in use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeeError {
    /// The text.
    #[error(transparent)]
    Code(#[from] HeadCodeError),
    /// The other phone is of another ship.
    #[error("that phone is of another ship; scan one of this ship")]
    OtherVessel,
    /// Its own code.
    #[error("this is this phone's own code; show it to the other phone")]
    Itself,
    /// The records.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Phone {
    /// The device is put away (1 not in use, 2 repair, 3 taken ashore): its silence is no
    /// longer waited for.
    pub fn park(&mut self, reason: u64, reading: &ClockReading) -> Result<RecordRef, RecordError> {
        if self.current.is_some() {
            return Err(RecordError::PatrolOpen);
        }
        self.record(0, Body::Park { reason }, reading)
    }

    /// The device is back in use. Until it syncs, let every other phone in use [see](Phone::see) its [code](Phone::head_code): until the shore
    /// hears of it from one of them, it goes on without it and may call patrols missed that are walked with it.
    pub fn resume(&mut self, reading: &ClockReading) -> Result<RecordRef, RecordError> {
        self.record(0, Body::Resume, reading)
    }

    /// The text that another phone scans to record that this one is in use. Nothing is recorded.
    pub fn head_code(&self) -> Result<String, RecordError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        let code = HeadCode { vessel, dev: self.dev, seq: tail.seq, head: tail.head };
        Ok(code.to_text())
    }

    /// Records that another phone is in use, by the code that it shows; returns which.
    pub fn see(&mut self, code: &str, reading: &ClockReading) -> Result<DeviceId, SeeError> {
        let HeadCode { vessel, dev, seq, head } = HeadCode::from_text(code)?;
        if vessel != self.vessel().ok_or(RecordError::NotEnrolled)? {
            return Err(SeeError::OtherVessel);
        }
        if dev == self.dev {
            return Err(SeeError::Itself);
        }
        self.record(0, Body::Seen { dev, seq, head, via: VIA_QR }, reading)?;
        Ok(dev)
    }
}
