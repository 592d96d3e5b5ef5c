//! What a camera, a reader or a hand gives.

use std::sync::Arc;

use deckwatch_core::{
    model::CheckpointId,
    phone::ScanOutcome as CoreOutcome,
    plan::PlanContent,
    presence::{
        frame::Luminance,
        reading::{self, ReadError, Step, read_label_until},
    },
};

use super::{Phone, Place, id};
use crate::{
    MobileError,
    cancel::{Cancel, go_on},
    guard::guard,
    platform::Change,
};

/// The brightness of a camera frame: the Y plane of YUV, one byte a pixel, row by row.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LuminanceFrame {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from the start of a row to the start of the next.
    pub stride: u32,
}

/// How much work one frame is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Effort {
    /// The frame as it is.
    Quick,
    /// One frame of a sequence: each takes one of the steps that a photo takes together.
    Sequence {
        /// The frame's number, counted from 0.
        number: u64,
    },
    /// A photo: step by step until something is read. Hand a `Cancel` with it.
    Thorough,
}

/// Why a tag is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ManualReason {
    /// The tag is damaged.
    TagDamaged,
    /// The tag is not there.
    TagMissing,
    /// The camera or reader is broken.
    ReaderBroken,
    /// It is not safe to go near.
    UnsafeToApproach,
}

/// What became of a scan. Everything but `NotADeckwatchTag` was taken as a scan.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ScanOutcome {
    /// A point of this patrol, for the first time.
    Taken {
        /// The point.
        place: Place,
    },
    /// A point that was visited before on this patrol; recorded again.
    Already {
        /// The point.
        place: Place,
    },
    /// A place of this ship that is not on this route.
    NotOnRoute {
        /// The point.
        place: Place,
    },
    /// No patrol is being walked; recorded all the same, as a scan of none.
    OutsidePatrol {
        /// The point.
        place: Place,
    },
    /// A tag that the Plan on this phone does not know: sync, or tell the officer.
    UnknownTag {
        /// The tag's id; of an NFC tag its UID.
        tag: String,
    },
    /// A label of another ship.
    OtherVessel {
        /// The tag's id.
        tag: String,
    },
    /// Recorded; which place it was is not known here.
    UnknownPlace,
    /// Some other code; recorded as a failed scan.
    NotADeckwatchTag,
    /// Something that this list does not have.
    Unknown {
        /// What the core calls it.
        name: String,
    },
}

impl ScanOutcome {
    fn of(outcome: CoreOutcome, plan: &PlanContent) -> Self {
        match outcome {
            CoreOutcome::Taken { checkpoint, .. } => {
                Self::Taken { place: Place::of(checkpoint, plan) }
            }
            CoreOutcome::Already { checkpoint, .. } => {
                Self::Already { place: Place::of(checkpoint, plan) }
            }
            CoreOutcome::NotOnRoute { checkpoint, .. } => {
                Self::NotOnRoute { place: Place::of(checkpoint, plan) }
            }
            CoreOutcome::OutsidePatrol { checkpoint, .. } => {
                Self::OutsidePatrol { place: Place::of(checkpoint, plan) }
            }
            CoreOutcome::UnknownTag { tag } => Self::UnknownTag { tag: tag.to_string() },
            CoreOutcome::UnknownNfc { uid } => Self::UnknownTag { tag: uid.to_string() },
            CoreOutcome::OtherVessel { tag } => Self::OtherVessel { tag: tag.to_string() },
            CoreOutcome::UnknownPlace => Self::UnknownPlace,
            CoreOutcome::NotADeckwatchTag => Self::NotADeckwatchTag,
        }
    }
}

impl From<Effort> for reading::Effort {
    fn from(effort: Effort) -> Self {
        match effort {
            Effort::Quick => Self::Quick,
            Effort::Sequence { number } => Self::One(Step::for_frame(number)),
            Effort::Thorough => Self::Full,
        }
    }
}

const CHANGES: [Change; 2] = [Change::Patrol, Change::Sync];

#[uniffi::export]
impl Phone {
    /// Records a text that a camera or an NFC reader found.
    pub fn scan_text(&self, text: String) -> Result<ScanOutcome, MobileError> {
        self.recording("scan-text", &CHANGES, |phone, reading| {
            let outcome = phone.scan_text(&text, reading)?;
            Ok(ScanOutcome::of(outcome, phone.plan()))
        })
    }

    /// Looks for a label in a camera frame, and records it. A frame without a label records nothing.
    ///
    /// Frames are read side by side with other calls; only the record waits for its turn.
    #[uniffi::method(default(cancel = None))]
    pub fn scan_frame(
        &self,
        frame: LuminanceFrame,
        effort: Effort,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<ScanOutcome, MobileError> {
        let label = guard("scan-frame", || {
            // Not for a phone that is shut down.
            self.recorder.shown()?;
            let LuminanceFrame { bytes, width, height, stride } = &frame;
            let frame =
                Luminance::new(*width, *height, *stride, bytes).map_err(ReadError::BadFrame)?;
            let stop = || go_on(cancel.as_ref()).is_err();
            Ok(read_label_until(&frame, effort.into(), &stop)?)
        })?;
        self.recording("scan-frame", &CHANGES, |phone, reading| {
            go_on(cancel.as_ref())?;
            let outcome = phone.scan_label(&label, reading)?;
            Ok(ScanOutcome::of(outcome, phone.plan()))
        })
    }

    /// Records an NFC tag: its UID where the reader tells it, and its NDEF message as it was read (empty where
    /// there is none). Which place it is, the Plan tells; whether the tag is genuine, the shore will check.
    ///
    /// Read in reader mode, without the system's own NDEF check: each reading counts in the tag.
    pub fn scan_nfc(
        &self,
        uid: Option<Vec<u8>>,
        ndef: Vec<u8>,
    ) -> Result<ScanOutcome, MobileError> {
        self.recording("scan-nfc", &CHANGES, |phone, reading| {
            let outcome = phone.scan_nfc(uid.as_deref(), &ndef, reading)?;
            Ok(ScanOutcome::of(outcome, phone.plan()))
        })
    }

    /// Experimental, and not tried on a real tag: 16 bytes that are written to a tag of level 5 before it is read, as 32
    /// upper-case hex digits. The reading counts if it is the next thing that this phone records.
    pub fn nfc_nonce(&self) -> Result<Vec<u8>, MobileError> {
        self.recording("nfc-nonce", &CHANGES, |phone, reading| {
            Ok(phone.nfc_nonce(reading)?.to_vec())
        })
    }

    /// Records a point whose tag cannot be read, by hand.
    pub fn scan_manual(
        &self,
        checkpoint: String,
        reason: ManualReason,
    ) -> Result<ScanOutcome, MobileError> {
        let checkpoint = id("checkpoint", CheckpointId::from_hex(&checkpoint))?;
        let reason = match reason {
            ManualReason::TagDamaged => 1,
            ManualReason::TagMissing => 2,
            ManualReason::ReaderBroken => 3,
            ManualReason::UnsafeToApproach => 4,
        };
        self.recording("scan-manual", &CHANGES, |phone, reading| {
            let outcome = phone.scan_manual(checkpoint, reason, reading)?;
            Ok(ScanOutcome::of(outcome, phone.plan()))
        })
    }
}
