//! The Plan as plain types, read from one version of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    check::Check,
    circumstance::{Circumstances, When},
    draw::{Draw, DrawSecret},
    timing::Timing,
};
use crate::{
    model::{CheckpointId, CrewNo, Level, RouteId, ScheduleId, TagId, TagUid},
    record::Evidence,
    time::{Day, ShipTime},
};

/// Days without contact after which a silent phone no longer hides a window, unless the Plan
/// says otherwise.
pub const DEFAULT_CONTACT_LIMIT_HOURS: u32 = 14 * 24;

/// How a route is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Walk {
    /// In the order of its points.
    Ordered,
    /// In any order.
    AnyOrder,
    /// No gap at a point longer than the route's limit.
    Continuous,
    /// Every space resolved.
    Search,
}

/// A place to be visited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Checkpoint {
    /// As the crew calls it.
    pub name: String,
    /// Deck or zone, for people; may be empty.
    pub deck: String,
    /// What is asked there, by the names of the items.
    pub checks: BTreeMap<String, Check>,
    /// The least evidence level of a scan there; `None` = any.
    pub min_level: Option<Level>,
}

/// What is fixed at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TagRegistration {
    /// Where it hangs.
    pub checkpoint: CheckpointId,
    /// Counts the labels printed for this place.
    pub revision: u32,
}

/// An NFC tag or a display at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeyedTag {
    /// Where it hangs.
    pub checkpoint: CheckpointId,
    /// The version of the vessel's master key from which its own keys come; `None` = it has none, and
    /// its UID is all that it shows.
    pub key_version: Option<u32>,
}

/// Checkpoints and how they are walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// As the crew calls it.
    pub name: String,
    /// Its order.
    pub walk: Walk,
    /// The points, in order.
    pub points: Vec<CheckpointId>,
    /// A round that lasts longer is an overrun; `None` = no limit.
    pub max_minutes: Option<u32>,
}

/// The rule that makes due patrols.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// As the crew calls it.
    pub name: String,
    /// What is walked.
    pub route: RouteId,
    /// The nominal openings.
    pub timing: Timing,
    /// On which days, at which security levels and in which states of the vessel.
    pub when: When,
    /// How far chance moves the openings; `None` = not at all.
    pub draw: Option<Draw>,
    /// The window closes so many minutes after its opening.
    pub window_minutes: u32,
    /// The patrol must start within so many minutes of the opening.
    pub start_within_minutes: u32,
    /// What is tolerated on either side of the window.
    pub grace_minutes: u32,
}

impl Schedule {
    /// On every day, at every level and in every state, with a window of an hour in which to start, and no grace.
    pub fn new(name: &str, route: RouteId, timing: Timing) -> Self {
        Self {
            name: name.to_owned(),
            route,
            timing,
            when: When::default(),
            draw: None,
            window_minutes: 60,
            start_within_minutes: 60,
            grace_minutes: 0,
        }
    }
}

/// An entry that does not make sense; the rest of the Plan counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanProblem {
    /// The document key.
    pub key: String,
    /// What is wrong, and what to do.
    pub problem: &'static str,
}

/// One version of the Plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PlanContent {
    /// The ship's name.
    pub vessel_name: String,
    /// Hours without contact after which a silent phone no longer hides a window.
    pub contact_limit_hours: Option<u32>,
    /// Roster numbers that may log in. Names never stand in the Plan.
    pub roster: BTreeSet<CrewNo>,
    /// The master's offset from UTC, with history.
    pub ship_time: ShipTime,
    /// Watches, security orders, and what state the vessel is in.
    pub circumstances: Circumstances,
    /// Secrets that drawn openings come from, by the ship-time day from which each counts.
    pub draws: BTreeMap<Day, DrawSecret>,
    /// Places.
    pub checkpoints: BTreeMap<CheckpointId, Checkpoint>,
    /// Labels and where they hang.
    pub tags: BTreeMap<TagId, TagRegistration>,
    /// NFC tags and where they hang.
    pub nfc: BTreeMap<TagUid, KeyedTag>,
    /// Displays with a rotating code, and where they hang.
    pub displays: BTreeMap<TagId, KeyedTag>,
    /// Routes.
    pub routes: BTreeMap<RouteId, Route>,
    /// Schedules.
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// Entries that were left out. An edit keeps them as long as they stand here: a newer program may have written them.
    pub problems: Vec<PlanProblem>,
}

impl PlanContent {
    /// The contact limit in seconds.
    pub fn contact_limit_secs(&self) -> i64 {
        i64::from(self.contact_limit_hours.unwrap_or(DEFAULT_CONTACT_LIMIT_HOURS)) * 3_600
    }

    /// The name of a checkpoint, for people.
    pub fn checkpoint_name(&self, id: CheckpointId) -> String {
        self.checkpoints.get(&id).map_or_else(|| format!("checkpoint {id}"), |at| at.name.clone())
    }

    /// Where a label or display hangs.
    pub fn checkpoint_of(&self, tag: TagId) -> Option<CheckpointId> {
        let label = self.tags.get(&tag).map(|registration| registration.checkpoint);
        label.or_else(|| self.displays.get(&tag).map(|display| display.checkpoint))
    }

    /// Where a scan was made, as far as this version tells.
    pub fn place_of(&self, evidence: &Evidence) -> Option<CheckpointId> {
        let nfc = |uid: TagUid| self.nfc.get(&uid).map(|tag| tag.checkpoint);
        match evidence {
            Evidence::Manual { checkpoint, .. } => Some(*checkpoint),
            Evidence::Qr { tag } | Evidence::Rotating { tag, .. } => self.checkpoint_of(*tag),
            Evidence::NfcUid { uid, .. } => TagUid::from_slice(uid).and_then(nfc),
            Evidence::Sun { uid, .. } => nfc(TagUid::from(*uid)),
            Evidence::Unknown { .. } => None,
        }
    }
}
