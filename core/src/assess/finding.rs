//! Findings: one reason each, with a code, the records that show it and what would explain it.
//!
//! Every detector has the same skeleton: code, what it sees, formula, threshold, innocent
//! explanations, and a function that shows records. All are registered in [`DETECTORS`]. A finding
//! says "look here", never "guilty".

use serde::Serialize;

use super::{
    attempt::{Part, Visit},
    level::{Standing, TagFacts, Worth},
    matching::{Placement, Window},
    timeline::Timeline,
    watermark::{Device, Devices},
};
use crate::{
    model::{CheckpointId, DeviceId, Level, RecordRef},
    plan::{Demand, PlanContent},
    time::{Bounds, Claim, Moment},
};

mod below_required_level;
pub(super) mod clock_contradiction;
mod clock_step;
mod counter_dispute;
mod counter_gap;
mod counter_replay;
mod key_rotated;
mod late_start;
mod missed_checkpoint;
mod out_of_order;
mod overrun;
mod plan_uncertain;
mod reboot_in_patrol;
pub(super) mod receipts_disowned;
mod ship_enrolled;
pub(super) mod silence;
mod tag_check_failed;
pub(super) mod two_keys;

/// The version of all detectors and of the verdict table. A change of any formula or threshold is
/// a new version; a detector of what no earlier version could record is not. Every version that a
/// ledger names stays; none names version 1 or 2. Version 3: a phone that was put away and
/// that another one saw in use is awaited; counters of tags are compared among messages of one key, a message taken twice in a patrol is one,
/// and one of which nobody knows who read it is disputed.
pub const DETECTOR_VERSION: u32 = 3;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Notice,
    /// The patrol does not count as done.
    Irregular,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which detector.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// For people.
    pub sentence: String,
    /// What shows it.
    pub records: Vec<RecordRef>,
    /// What would explain it innocently.
    pub explanations: Vec<&'static str>,
    /// The values that the formula compared.
    pub detail: Detail,
}

/// The values that a formula compared. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each detector's text explains its values")]
pub enum Detail {
    MissedCheckpoint {
        points: Vec<CheckpointId>,
    },
    OutOfOrder {
        points: Vec<CheckpointId>,
    },
    LateStart {
        start_by: i64,
        started: Bounds,
    },
    EndedLate {
        deadline: i64,
        ended: Bounds,
    },
    TookLong {
        max_secs: i64,
        at_least_secs: i64,
    },
    BelowRequiredLevel {
        points: Vec<CheckpointId>,
        demanded: Vec<Level>,
        shown: Vec<Level>,
    },
    CounterReplay {
        readings: Vec<[RecordRef; 2]>,
    },
    CounterDispute {
        readings: Vec<[RecordRef; 2]>,
    },
    TagCheckFailed {
        points: Vec<CheckpointId>,
        standings: Vec<Standing>,
    },
    CounterGap {
        points: Vec<CheckpointId>,
        missing: u64,
    },
    PlanUncertain {
        adoptions: Vec<RecordRef>,
    },
    /// `excess` in 10 µs.
    ClockContradiction {
        devices: Vec<DeviceId>,
        claims: Vec<Claim>,
        excess: i64,
    },
    ClockStep {
        by_secs: i64,
    },
    RebootInPatrol {
        reboots: u64,
    },
    ShipEnrolled {
        dev: DeviceId,
        by: RecordRef,
    },
    /// `from` is the last record with the key before.
    KeyRotated {
        dev: DeviceId,
        from: RecordRef,
    },
    ReceiptsDisowned {
        dev: DeviceId,
        last_trusted_seq: u64,
        receipted_seq: u64,
        receipted_at: i64,
    },
    TwoKeys {
        dev: DeviceId,
    },
    Silence {
        dev: DeviceId,
        last_heard: Option<Moment>,
        silent_secs: i64,
        limit_secs: i64,
        lost: bool,
    },
}

/// What a detector is, for people and for the report.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Detector {
    /// Its code; never reused.
    pub code: &'static str,
    /// What it sees.
    pub sees: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// Its threshold.
    pub threshold: &'static str,
    /// What would explain a finding innocently.
    pub explanations: &'static [&'static str],
    #[serde(skip)]
    run: fn(&Case<'_>, &Detector) -> Vec<Finding>,
}

/// All detectors of this version, in the order in which their findings are shown.
pub const DETECTORS: &[Detector] = &[
    missed_checkpoint::DETECTOR,
    out_of_order::DETECTOR,
    late_start::DETECTOR,
    overrun::DETECTOR,
    below_required_level::DETECTOR,
    counter_replay::DETECTOR,
    counter_dispute::DETECTOR,
    tag_check_failed::DETECTOR,
    counter_gap::DETECTOR,
    plan_uncertain::DETECTOR,
    clock_contradiction::DETECTOR,
    clock_step::DETECTOR,
    reboot_in_patrol::DETECTOR,
    ship_enrolled::DETECTOR,
    key_rotated::DETECTOR,
    receipts_disowned::DETECTOR,
    two_keys::DETECTOR,
    silence::DETECTOR,
];

/// A part that is held against the demand, with its points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'a> {
    pub part: &'a Part,
    pub placement: Placement,
    pub visits: &'a [Visit],
}

/// One due patrol with the evidence that counts for it.
#[derive(Debug, Clone)]
pub(super) struct Case<'a> {
    pub as_of: i64,
    pub demand: &'a Demand,
    pub window: Window,
    pub plans: &'a [&'a PlanContent],
    pub timeline: &'a Timeline<'a>,
    pub tags: &'a TagFacts,
    pub devices: &'a Devices,
    pub counted: Vec<Counted<'a>>,
    /// All parts that answer it, those that are not believed with them.
    pub answers: Vec<&'a Part>,
    /// More of the same patrol may still come: what is not there yet is not missing.
    pub open: bool,
    pub held_back: Vec<&'a Device>,
}

/// A required point that was visited, and not at the level demanded.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortOf {
    pub checkpoint: CheckpointId,
    pub demanded: Level,
    /// The highest level that is certain.
    pub shown: Level,
}

/// Required points that do not have the level that the plan demands there, in the order of the plan.
#[derive(Debug, Clone, Default)]
pub(super) struct Levels {
    pub below: Vec<ShortOf>,
    /// A scan claims enough, and was not checked yet.
    pub pending: Vec<CheckpointId>,
}

impl Case<'_> {
    /// Runs every detector.
    pub fn findings(&self) -> Vec<Finding> {
        DETECTORS.iter().flat_map(|detector| (detector.run)(self, detector)).collect()
    }

    /// Required points that nobody visited, in the order of the plan.
    pub fn missing(&self) -> Vec<CheckpointId> {
        let visited: std::collections::BTreeSet<CheckpointId> = self
            .counted
            .iter()
            .flat_map(|counted| counted.visits)
            .map(|visit| visit.checkpoint)
            .collect();
        let points = self.demand.due.points.iter();
        points.filter(|point| !visited.contains(point)).copied().collect()
    }

    /// Visits of some points, in the order of the parts.
    pub fn visits_at(&self, points: &[CheckpointId]) -> impl Iterator<Item = &Visit> {
        let visits = self.counted.iter().flat_map(|counted| counted.visits);
        visits.filter(|visit| points.contains(&visit.checkpoint))
    }

    /// The levels of visited points against those demanded: the highest that a plan in force demands.
    pub fn levels(&self) -> Levels {
        let mut levels = Levels::default();
        for checkpoint in &self.demand.due.points {
            let places = self.plans.iter().filter_map(|plan| plan.checkpoints.get(checkpoint));
            let Some(demanded) = places.filter_map(|place| place.min_level).max() else { continue };
            let worths =
                || self.visits_at(std::slice::from_ref(checkpoint)).map(|visit| visit.worth);
            let Some(shown) = worths().map(Worth::level).max() else { continue };
            if shown >= demanded {
                continue;
            }
            if worths().any(|worth| worth.at_best() >= demanded) {
                levels.pending.push(*checkpoint);
            } else {
                levels.below.push(ShortOf { checkpoint: *checkpoint, demanded, shown });
            }
        }
        levels
    }

    /// When the walk started: at the earliest of its starts.
    pub fn started(&self) -> Bounds {
        let starts = || self.counted.iter().map(|counted| counted.part.start_at);
        // `None` is the least, and here it means "not known": right for the earliest.
        let not_before = starts().map(|at| at.not_before).min().flatten();
        Bounds { not_before, not_after: starts().filter_map(|at| at.not_after).min() }
    }

    /// When the walk ended: at the latest of its ends.
    pub fn ended(&self) -> Bounds {
        let ends = || self.counted.iter().map(|counted| counted.part.end_at);
        let unknown = ends().any(|at| at.not_after.is_none());
        let not_after = ends().filter_map(|at| at.not_after).max().filter(|_| !unknown);
        Bounds { not_before: ends().filter_map(|at| at.not_before).max(), not_after }
    }

    /// First and last record of every part.
    pub fn ends(&self) -> Vec<RecordRef> {
        let places = self.counted.iter().flat_map(|counted| {
            [counted.part.begin, counted.part.last].map(|index| (counted.part.track, index))
        });
        let mut records: Vec<RecordRef> = places
            .filter_map(|(track, index)| self.timeline.entry(track, index))
            .map(|entry| entry.at)
            .collect();
        records.dedup();
        records
    }
}

impl Detector {
    fn finding(
        &self,
        severity: Severity,
        sentence: String,
        records: Vec<RecordRef>,
        detail: Detail,
    ) -> Finding {
        let (code, explanations) = (self.code, self.explanations.to_vec());
        Finding { code, severity, sentence, records, explanations, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_says_what_it_does_and_has_its_own_code() {
        let mut codes: Vec<&str> = DETECTORS.iter().map(|detector| detector.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), DETECTORS.len());
        for Detector { code, sees, formula, threshold, explanations, .. } in DETECTORS {
            assert!(!sees.is_empty() && !formula.is_empty() && !threshold.is_empty(), "{code}");
            assert!(!explanations.is_empty(), "{code} must say what would explain it");
        }
    }
}
