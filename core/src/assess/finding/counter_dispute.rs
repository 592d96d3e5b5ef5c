//! A genuine message of a tag that two chains hold, and nobody can say which of them read it.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{Visit, words},
    model::{CheckpointId, RecordRef},
};

pub(super) const DETECTOR: Detector = Detector {
    code: "counter_dispute",
    sees: "one signed message of a tag in two patrols or on two devices, in an order that nobody knows",
    formula: "its counter = that of another checked reading of that tag and key, neither of them certainly before the other",
    threshold: "one reading; neither counts as checked until the order is known, and nobody is blamed",
    explanations: &[
        "two phones were held to the tag together, and one passed its reading on",
        "the other one was made up with a message that was read here",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let visits = case.counted.iter().flat_map(|counted| counted.visits);
    let disputed: Vec<(&Visit, RecordRef)> = visits
        .filter_map(|visit| Some((visit, case.tags.counters.disputed_with(visit.record)?.at)))
        .collect();
    if disputed.is_empty() {
        return Vec::new();
    }
    let mut points: Vec<CheckpointId> =
        disputed.iter().map(|(visit, _)| visit.checkpoint).collect();
    points.sort_unstable();
    points.dedup();
    let sentence = format!(
        "A signed message is there twice, and nobody can say which one was read at the tag: {}.",
        words::places(case.plans, &points)
    );
    let records = disputed.iter().flat_map(|(visit, other)| [visit.record, *other]).collect();
    let readings = disputed.into_iter().map(|(visit, other)| [visit.record, other]).collect();
    let detail = Detail::CounterDispute { readings };
    vec![detector.finding(Severity::Notice, sentence, records, detail)]
}
