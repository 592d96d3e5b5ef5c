//! The phone's clock was set during a patrol.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{assess::words, record::Body, time::reading::STEP_THRESHOLD};

pub(super) const DETECTOR: Detector = Detector {
    code: "clock_step",
    sees: "a phone's clock that was set during a patrol",
    formula: "offset after - offset before in a `clock_step` record between the patrol's first and last one",
    threshold: "more than 2 s either way; no time here rests on that clock",
    explanations: &[
        "the phone found a network and took its time",
        "somebody set the phone to ship time",
        "the phone had no time after its battery was empty",
    ],
    run: detect,
};

/// Of what the offset counts in, 0.1 s, in a second.
const PER_SECOND: u64 = 10;

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in case.counted.iter().map(|counted| counted.part) {
        for index in part.begin..=part.last {
            let Some(entry) = case.timeline.entry(part.track, index) else { continue };
            let Some(Body::ClockStep { before, after }) = entry.body() else { continue };
            let step = after.abs_diff(*before);
            if step <= STEP_THRESHOLD.unsigned_abs() {
                continue;
            }
            let seconds = i64::try_from(step / PER_SECOND).unwrap_or(i64::MAX);
            let by = if seconds < 60 { format!("{seconds} s") } else { words::duration(seconds) };
            let way = if after > before { "forward" } else { "back" };
            let sentence = format!(
                "The phone's clock was set {way} by {by} during the patrol; the times here do not rest on it."
            );
            let by_secs = if after > before { seconds } else { -seconds };
            let detail = Detail::ClockStep { by_secs };
            findings.push(detector.finding(Severity::Notice, sentence, vec![entry.at], detail));
        }
    }
    findings
}
