//! A required point that nobody visited.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::assess::words;

pub(super) const DETECTOR: Detector = Detector {
    code: "missed_checkpoint",
    sees: "a point that the plan demands and that no scan or manual entry of the patrol names",
    formula: "required points - visited points",
    threshold: "one point, once no more of the patrol can come",
    explanations: &[
        "the space was closed or not safe to enter",
        "the tag was damaged or missing and no manual entry was made",
        "somebody else visited it on a phone that has not synced",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let points = case.missing();
    if case.counted.is_empty() || case.open || points.is_empty() {
        return Vec::new();
    }
    let sentence = format!("Not visited: {}.", words::places(case.plans, &points));
    let detail = Detail::MissedCheckpoint { points };
    vec![detector.finding(Severity::Irregular, sentence, case.ends(), detail)]
}
