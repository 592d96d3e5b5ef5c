//! A tag was read, and nobody has recorded it.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{counter::Reading, words},
    model::CheckpointId,
};

pub(super) const DETECTOR: Detector = Detector {
    code: "counter_gap",
    sees: "readings of a tag, between two that are held, that no record tells of",
    formula: "counter - the next lower counter of that tag that is held - 1",
    threshold: "one reading, once every device in use has reported past the window",
    explanations: &[
        "the phone read the tag by itself before the app did",
        "somebody held another phone to the tag out of curiosity",
        "the tag was read when it was written or inspected",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    // What is not here yet is not missing.
    let (from, until) = (case.window.from, case.window.until);
    if case.open || case.devices.certified.values().any(|device| device.holds_back(from, until)) {
        return Vec::new();
    }
    let (mut points, mut records, mut missing) = (Vec::<CheckpointId>::new(), Vec::new(), 0_u64);
    for visit in case.counted.iter().flat_map(|counted| counted.visits) {
        let counters = &case.tags.counters;
        let fresh = |reading: &&Reading| counters.replay_of(reading.at).is_none();
        let Some(reading) = counters.reading(visit.record).filter(fresh) else { continue };
        let Some((before, at)) = counters.before(reading) else { continue };
        let lost = reading.counter.saturating_sub(before).saturating_sub(1);
        if lost > 0 {
            missing = missing.saturating_add(lost);
            points.push(visit.checkpoint);
            records.extend([at, visit.record]);
        }
    }
    if points.is_empty() {
        return Vec::new();
    }
    points.sort_unstable();
    points.dedup();
    let places = words::places(case.plans, &points);
    let often = if missing == 1 { "once".to_owned() } else { format!("{missing} times") };
    let sentence = format!("Read {often} without a record: {places}.");
    let detail = Detail::CounterGap { points, missing };
    vec![detector.finding(Severity::Notice, sentence, records, detail)]
}
