//! Two phones on one patrol: the walking one shows a code, the second one joins. FORMAT.md section 15.

use super::{Phone, RecordError};
use crate::{
    model::CheckpointId,
    patrol::{CurrentPatrol, Joined, Progress},
    record::{Body, JoinCode, JoinCodeError, VisitedPoints},
    store::StoreError,
    time::ClockReading,
};

/// `seen` by a code that was scanned.
const VIA_QR: u64 = 1;
/// The setting that holds the code of the patrol that was joined last.
const CODE: &str = "join_code";

/// Why a patrol was not joined. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The text.
    #[error(transparent)]
    Code(#[from] JoinCodeError),
    /// The other phone is of another ship.
    #[error("that patrol is walked on another ship; join a patrol of this one")]
    OtherVessel,
    /// Its own code.
    #[error("this is this phone's own patrol; show the code to the other phone")]
    Itself,
    /// The patrol answers something that the Plan on this phone does not demand.
    #[error(
        "the plan on this phone does not have that patrol; sync, or start the patrol from the list"
    )]
    NoSuchDue,
    /// The records; among others, a patrol is being walked already.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for JoinError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// The text that a second phone scans to take part in the patrol that this one walks. Nothing is
    /// recorded; show it anew after a scan.
    pub fn join_code(&self, reading: &ClockReading) -> Result<String, RecordError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        let progress = self.status(reading)?;
        let current = self.current.as_ref().ok_or(RecordError::NoPatrol)?;
        let points = self.demanded(current, reading);
        let code = JoinCode {
            vessel,
            dev: self.dev,
            patrol: current.number,
            seq: tail.seq,
            head: tail.head,
            due: current.due,
            route: current.route,
            visited: VisitedPoints::of(&points, &progress.visited),
        };
        Ok(code.to_text())
    }

    /// Takes part in the patrol whose code another phone shows: its points count as visited in what
    /// this phone shows, and the scans of both count ashore.
    pub fn join(&mut self, code: &str, reading: &ClockReading) -> Result<Progress, JoinError> {
        let shown = JoinCode::from_text(code)?;
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        if shown.vessel != vessel {
            return Err(JoinError::OtherVessel);
        }
        if shown.dev == self.dev {
            return Err(JoinError::Itself);
        }
        if self.current.is_some() {
            return Err(RecordError::PatrolOpen.into());
        }
        let due = shown.due.map(|due| self.find_due(due, reading));
        // A phone that never synced has no Plan to ask: what it scans is recorded all the same.
        if due == Some(None) && !self.in_force.schedules.is_empty() {
            return Err(JoinError::NoSuchDue);
        }
        let JoinCode { dev, patrol, seq, head, .. } = shown;
        let number = self.next_patrol;
        // The code first: after a crash it says what the record does not.
        self.store.set_setting(CODE, shown.to_text().as_bytes())?;
        self.record(0, Body::Seen { dev, seq, head, via: VIA_QR }, reading)?;
        self.record(number, Body::Join { dev, patrol, head, due: shown.due }, reading)?;
        self.next_patrol = number + 1;
        self.current = Some(CurrentPatrol {
            number,
            due: shown.due,
            route: None,
            started_wall: self.tail.map_or(0, |tail| tail.time.wall),
            scans: Vec::new(),
            joined: Some(Joined { dev, patrol, head, visited: Vec::new() }),
        });
        self.read_code(&shown, reading);
        Ok(self.status(reading)?)
    }

    /// After a restart, or with another Plan: the route and the visited points of the patrol that was
    /// joined.
    pub(super) fn reread_code(&mut self, reading: &ClockReading) -> Result<(), StoreError> {
        if self.current.as_ref().is_none_or(|current| current.joined.is_none()) {
            return Ok(());
        }
        let kept = self.store.setting(CODE)?.unwrap_or_default();
        if let Ok(code) = JoinCode::from_text(&String::from_utf8_lossy(&kept)) {
            self.read_code(&code, reading);
        }
        Ok(())
    }

    fn read_code(&mut self, code: &JoinCode, reading: &ClockReading) {
        let Some(mut current) = self.current.take() else { return };
        let due = current.due.and_then(|due| self.find_due(due, reading));
        let of_this = current.joined.as_ref().is_some_and(|joined| {
            (joined.dev, joined.patrol, joined.head) == (code.dev, code.patrol, code.head)
        });
        let told = code.route.filter(|_| of_this);
        current.route = due.map(|due| due.route).or(told).or(current.route);
        let points = self.demanded(&current, reading);
        if let Some(joined) = current.joined.as_mut().filter(|_| of_this) {
            let visited = code.visited.as_ref();
            joined.visited = visited.map(|visited| visited.among(&points)).unwrap_or_default();
        }
        self.current = Some(current);
    }

    /// The points that a patrol demands, in the order of the Plan.
    fn demanded(&self, patrol: &CurrentPatrol, reading: &ClockReading) -> Vec<CheckpointId> {
        let due = patrol.due.and_then(|due| self.find_due(due, reading));
        let route = patrol.route.and_then(|route| self.in_force.routes.get(&route));
        due.map(|due| due.points)
            .or_else(|| route.map(|route| route.points.clone()))
            .unwrap_or_default()
    }
}
