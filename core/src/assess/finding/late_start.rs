//! A patrol that started too late.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{matching::Placement, words},
    time::Moment,
};

pub(super) const DETECTOR: Detector = Detector {
    code: "late_start",
    sees: "a patrol that certainly started after the time by which it should have",
    formula: "earliest possible start > start_by",
    threshold: "certain; notice, or irregular if it certainly ended after the window and its grace",
    explanations: &[
        "mooring, bunkering or an alarm kept the watch",
        "the watch was handed over late",
        "the phone was fetched after the walk had begun",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let (due, started) = (&case.demand.due, case.started());
    if case.counted.is_empty() || !started.surely_after(Moment::from_unix(due.start_by)) {
        return Vec::new();
    }
    let inside = case.counted.iter().all(|counted| counted.placement == Placement::Inside);
    let too_late = !inside && case.ended().surely_after(case.window.until);
    let severity = if too_late { Severity::Irregular } else { Severity::Notice };
    let sentence = format!("Started after {}.", words::clock(case.plans, due.start_by));
    let starts = case.counted.iter();
    let records = starts
        .filter_map(|counted| case.timeline.entry(counted.part.track, counted.part.begin))
        .map(|entry| entry.at)
        .collect();
    let detail = Detail::LateStart { start_by: due.start_by, started };
    vec![detector.finding(severity, sentence, records, detail)]
}
