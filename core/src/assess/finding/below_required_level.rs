//! A required point with weaker evidence than the plan demands there.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{assess::words, model::CheckpointId};

pub(super) const DETECTOR: Detector = Detector {
    code: "below_required_level",
    sees: "a required point whose scans are worth less than the evidence level that the plan demands there",
    formula: "the highest level of the point's scans < the highest level that a plan in force demands",
    threshold: "one level, once no more of the patrol can come and no scan waits for its check",
    explanations: &[
        "the tag was damaged, or the phone could not read it, and the label was used",
        "the level is demanded since lately, and the tag is not there yet",
        "the tag was written with other keys than the shore has",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let short = case.levels().below;
    if case.open || short.is_empty() {
        return Vec::new();
    }
    let points: Vec<CheckpointId> = short.iter().map(|point| point.checkpoint).collect();
    let each: Vec<String> = short
        .iter()
        .map(|point| {
            let place = words::places(case.plans, &[point.checkpoint]);
            let (shown, demanded) = (point.shown, point.demanded);
            format!("{place} ({shown} instead of {demanded})")
        })
        .collect();
    let sentence = format!("Visited below the level demanded: {}.", words::all(&each));
    let records = case.visits_at(&points).map(|visit| visit.record).collect();
    let detail = Detail::BelowRequiredLevel {
        points,
        demanded: short.iter().map(|point| point.demanded).collect(),
        shown: short.iter().map(|point| point.shown).collect(),
    };
    vec![detector.finding(Severity::Irregular, sentence, records, detail)]
}
