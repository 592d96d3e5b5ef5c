//! A genuine message of a tag, used again or out of its time.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{Visit, words},
    model::{CheckpointId, RecordRef},
};

pub(super) const DETECTOR: Detector = Detector {
    code: "counter_replay",
    sees: "a signed message of a tag that was used before, or read before another that is certainly older here",
    formula: "its counter <= the counter of a checked reading of that tag and key certainly made before",
    threshold: "one reading",
    explanations: &["the tag was replaced or written anew, and its counter began again"],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let visits = case.counted.iter().flat_map(|counted| counted.visits);
    let replayed: Vec<(&Visit, RecordRef)> = visits
        .filter_map(|visit| Some((visit, case.tags.counters.replay_of(visit.record)?.at)))
        .collect();
    if replayed.is_empty() {
        return Vec::new();
    }
    let mut points: Vec<CheckpointId> =
        replayed.iter().map(|(visit, _)| visit.checkpoint).collect();
    points.sort_unstable();
    points.dedup();
    let sentence = format!(
        "A signed message was used again, or kept and used later: {}.",
        words::places(case.plans, &points)
    );
    let records = replayed.iter().flat_map(|(visit, of)| [visit.record, *of]).collect();
    let readings = replayed.into_iter().map(|(visit, of)| [visit.record, of]).collect();
    let detail = Detail::CounterReplay { readings };
    vec![detector.finding(Severity::Irregular, sentence, records, detail)]
}
