//! Walking: start, scan, status, end. No scan is refused because something else is wrong: it is
//! recorded with what is known.

use serde::Serialize;

use super::{Phone, RecordError, plan::now_of};
use crate::{
    model::{CheckpointId, DueId, RouteId, TagId, TagUid, VesselId},
    patrol::{CurrentPatrol, Progress, progress},
    plan::{DuePatrol, due_patrols},
    presence::{
        frame::Luminance,
        label::{Label, LabelError},
        nfc::{self, NfcReading},
        reading::{Effort, ReadError, read_label},
        sun::nonce_after,
    },
    record::{Body, Evidence},
    time::ClockReading,
};

/// What became of a scan. Every variant but [`ScanOutcome::NotADeckwatchTag`] was taken as a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ScanOutcome {
    /// A point of this patrol, for the first time.
    Taken {
        /// The point.
        checkpoint: CheckpointId,
        /// Its name.
        name: String,
    },
    /// A point that was visited before on this patrol; recorded again.
    Already {
        /// The point.
        checkpoint: CheckpointId,
        /// Its name.
        name: String,
    },
    /// A place of this ship that is not on this route.
    NotOnRoute {
        /// The point.
        checkpoint: CheckpointId,
        /// Its name.
        name: String,
    },
    /// No patrol is being walked; recorded all the same, as a scan of none.
    OutsidePatrol {
        /// The point.
        checkpoint: CheckpointId,
        /// Its name.
        name: String,
    },
    /// A tag that the plan on this phone does not know: sync, or tell the officer.
    UnknownTag {
        /// The tag.
        tag: TagId,
    },
    /// An NFC tag that the plan on this phone does not know: sync, or tell the officer.
    UnknownNfc {
        /// Its UID.
        uid: TagUid,
    },
    /// A label of another ship.
    OtherVessel {
        /// The tag.
        tag: TagId,
    },
    /// Recorded; which place it was is not known here.
    UnknownPlace,
    /// Some other code; recorded as a failed scan.
    NotADeckwatchTag,
}

/// Why a frame gave no scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Nothing readable in it. The next frame may do better: nothing was recorded.
    #[error("nothing readable in the picture ({0}); hold steady, come closer, use the torch")]
    Unreadable(ReadError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Phone {
    /// Starts the patrol that answers `due`, or an unplanned walk of `route`.
    pub fn start(
        &mut self,
        due: Option<DueId>,
        route: Option<RouteId>,
        reading: &ClockReading,
    ) -> Result<Progress, RecordError> {
        if self.current.is_some() {
            return Err(RecordError::PatrolOpen);
        }
        let route = match due {
            Some(due) => Some(self.find_due(due, reading).ok_or(RecordError::NotInPlan)?.route),
            None => route,
        };
        if route.is_some_and(|route| !self.in_force.routes.contains_key(&route)) {
            return Err(RecordError::NotInPlan);
        }
        let number = self.next_patrol;
        let body =
            Body::PatrolStart { route, due, supersedes: None, plan_heads: self.adopted.clone() };
        self.record(number, body, reading)?;
        self.next_patrol = number + 1;
        let started_wall = self.tail.map_or(0, |tail| tail.time.wall);
        let scans = Vec::new();
        self.current =
            Some(CurrentPatrol { number, due, route, started_wall, scans, joined: None });
        self.status(reading)
    }

    /// A text that a camera or NFC reader found.
    pub fn scan_text(
        &mut self,
        text: &str,
        reading: &ClockReading,
    ) -> Result<ScanOutcome, RecordError> {
        match Label::parse(text) {
            Ok(label) => self.scan_label(&label, reading),
            Err(error) => {
                let damaged = !matches!(error, LabelError::NotALabel);
                let body =
                    Body::ScanFailed { evidence_type: 1, reason: if damaged { 1 } else { 2 } };
                self.record(self.number_or_none(), body, reading)?;
                Ok(ScanOutcome::NotADeckwatchTag)
            }
        }
    }

    /// A camera frame.
    pub fn scan_frame(
        &mut self,
        frame: &Luminance<'_>,
        effort: Effort,
        reading: &ClockReading,
    ) -> Result<ScanOutcome, ScanError> {
        match read_label(frame, effort) {
            Ok(label) => Ok(self.scan_label(&label, reading)?),
            Err(error) => Err(ScanError::Unreadable(error)),
        }
    }

    /// A label that was read.
    pub fn scan_label(
        &mut self,
        label: &Label,
        reading: &ClockReading,
    ) -> Result<ScanOutcome, RecordError> {
        let vessel: VesselId = self.vessel().ok_or(RecordError::NotEnrolled)?;
        let tag = label.tag;
        let evidence = match label.code {
            Some(code) => Evidence::Rotating { tag, code: code.into() },
            None => Evidence::Qr { tag },
        };
        let place = self.in_force.place_of(&evidence);
        let outcome = self.take(evidence, reading)?;
        Ok(match place {
            None if !label.belongs_to(vessel) => ScanOutcome::OtherVessel { tag: label.tag },
            None => ScanOutcome::UnknownTag { tag: label.tag },
            Some(_) => outcome,
        })
    }

    /// An NFC tag: its UID where the reader tells it, and its NDEF message, as read. Which place it is, the Plan
    /// tells; whether it is genuine, the shore: a phone holds no tag's key.
    pub fn scan_nfc(
        &mut self,
        uid: Option<&[u8]>,
        message: &[u8],
        reading: &ClockReading,
    ) -> Result<ScanOutcome, RecordError> {
        // What the clocks did since the last record comes first: a bound message names the record before it.
        self.observe(reading)?;
        let head = self.head().map(|(_, head)| head);
        let uid = uid.and_then(TagUid::from_slice);
        let found = match nfc::read(uid, message, head.as_ref()) {
            NfcReading::Evidence(found) => found,
            NfcReading::Failed { evidence_type, reason } => {
                let body = Body::ScanFailed { evidence_type, reason };
                self.record(self.number_or_none(), body, reading)?;
                return Ok(ScanOutcome::NotADeckwatchTag);
            }
        };
        let known = found.iter().find(|evidence| self.in_force.place_of(evidence).is_some());
        let Some(evidence) = known.or(found.first()).cloned() else {
            return Ok(ScanOutcome::NotADeckwatchTag);
        };
        let unknown = match &evidence {
            Evidence::NfcUid { uid, .. } => TagUid::from_slice(uid),
            Evidence::Sun { uid, .. } => Some(TagUid::from(*uid)),
            _ => None,
        };
        let known = known.is_some();
        let outcome = self.take(evidence.clone(), reading)?;
        Ok(match (unknown, evidence) {
            _ if known => outcome,
            (Some(uid), _) => ScanOutcome::UnknownNfc { uid },
            (None, Evidence::Qr { tag }) => ScanOutcome::UnknownTag { tag },
            _ => outcome,
        })
    }

    /// What a phone writes to a tag of level 5 before it reads it: the tag's message then covers this chain. The
    /// reading counts for the next record alone. **Experimental**: not yet tried on a real tag.
    pub fn nfc_nonce(&mut self, reading: &ClockReading) -> Result<[u8; 16], RecordError> {
        self.observe(reading)?;
        let (_, head) = self.head().ok_or(RecordError::NotEnrolled)?;
        Ok(nonce_after(&head))
    }

    /// A point whose tag cannot be read, with the reason (FORMAT.md section 5).
    pub fn scan_manual(
        &mut self,
        checkpoint: CheckpointId,
        reason: u64,
        reading: &ClockReading,
    ) -> Result<ScanOutcome, RecordError> {
        self.take(Evidence::Manual { checkpoint, reason }, reading)
    }

    /// Records the evidence, then says what it means.
    fn take(
        &mut self,
        evidence: Evidence,
        reading: &ClockReading,
    ) -> Result<ScanOutcome, RecordError> {
        self.record(self.number_or_none(), Body::Scan(evidence.clone()), reading)?;
        let before = self.status(reading).ok();
        let place = self.in_force.place_of(&evidence);
        if let Some(current) = &mut self.current {
            current.scans.push(evidence);
        }
        // Only a tag can stand for no place, and its caller knows which.
        let Some(checkpoint) = place else { return Ok(ScanOutcome::UnknownPlace) };
        let name = self.in_force.checkpoint_name(checkpoint);
        let Some(before) = before else {
            return Ok(ScanOutcome::OutsidePatrol { checkpoint, name });
        };
        Ok(if before.visited.contains(&checkpoint) {
            ScanOutcome::Already { checkpoint, name }
        } else if before.left.contains(&checkpoint) || before.total == 0 {
            ScanOutcome::Taken { checkpoint, name }
        } else {
            ScanOutcome::NotOnRoute { checkpoint, name }
        })
    }

    fn number_or_none(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.number)
    }

    fn number(&self) -> Result<u64, RecordError> {
        self.current.as_ref().map(|current| current.number).ok_or(RecordError::NoPatrol)
    }

    /// What is next, what is left, what is late.
    pub fn status(&self, reading: &ClockReading) -> Result<Progress, RecordError> {
        let current = self.current.as_ref().ok_or(RecordError::NoPatrol)?;
        let due = current.due.and_then(|due| self.find_due(due, reading));
        Ok(progress(current, &self.in_force, due.as_ref(), now_of(reading)))
    }

    /// The patrol being walked.
    pub fn current(&self) -> Option<&CurrentPatrol> {
        self.current.as_ref()
    }

    /// Ends the patrol and cuts its segment. `how` and `reason` as in FORMAT.md section 4.
    pub fn end(
        &mut self,
        how: u64,
        reason: u64,
        reading: &ClockReading,
    ) -> Result<Progress, RecordError> {
        let progress = self.status(reading)?;
        let number = self.number()?;
        self.record(number, Body::PatrolEnd { how, reason }, reading)?;
        self.current = None;
        // The end is durable; a key that cannot be used now signs at the next cut.
        drop(self.seal());
        Ok(progress)
    }

    pub(super) fn find_due(&self, due: DueId, reading: &ClockReading) -> Option<DuePatrol> {
        let vessel = self.vessel()?;
        let now = now_of(reading);
        // Two days either way: a patrol may still be walked long after its window.
        due_patrols(vessel, &self.in_force, now - 172_800, now + 172_800)
            .into_iter()
            .find(|found| found.id == due)
    }
}
