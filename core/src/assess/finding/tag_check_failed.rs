//! A scan whose check spoke against it.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{Visit, words},
    model::CheckpointId,
};

pub(super) const DETECTOR: Detector = Detector {
    code: "tag_check_failed",
    sees: "a code or a signed message that the shore has checked, and that the tag or display would not have said",
    formula: "the last tag_check of the scan is not good",
    threshold: "one scan; where the plan demands a level, below_required_level says so too",
    explanations: &[
        "the tag or display was written with other keys than the shore has",
        "the tag is not registered, or was registered later",
        "the display's clock is wrong by more than a minute",
        "its key was disclosed before this phone had synced",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let visits = case.counted.iter().flat_map(|counted| counted.visits);
    let refused: Vec<&Visit> = visits.filter(|visit| visit.worth.is_refused()).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let mut points: Vec<CheckpointId> = refused.iter().map(|visit| visit.checkpoint).collect();
    points.sort_unstable();
    points.dedup();
    let sentence = format!("The check failed: {}.", words::places(case.plans, &points));
    let records = refused.iter().map(|visit| visit.record).collect();
    let standings = refused.iter().map(|visit| visit.worth.standing).collect();
    let detail = Detail::TagCheckFailed { points, standings };
    vec![detector.finding(Severity::Notice, sentence, records, detail)]
}
