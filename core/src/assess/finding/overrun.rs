//! A patrol that ended too late, or took too long.

use super::{Case, Counted, Detail, Detector, Finding, Severity};
use crate::{
    assess::words,
    time::{Bounds, moment::PER_SECOND},
};

pub(super) const DETECTOR: Detector = Detector {
    code: "overrun",
    sees: "a patrol that certainly ended after its window, or certainly lasted longer than its route allows",
    formula: "earliest possible end > closes + grace (irregular); \
              shortest possible duration on one phone > the route's limit (notice)",
    threshold: "certain; the duration by UTC, or by one phone's monotonic clock less 200 ppm and 0.1 s",
    explanations: &[
        "something was found and dealt with on the way",
        "the patrol was interrupted by an alarm or an order",
        "the end was recorded later than it was reached",
    ],
    run: detect,
};

/// 10 µs units that certainly pass in one step (0.1 s) of the monotonic clock: 200 ppm less.
const STEP_AT_LEAST: i64 = 9_998;
/// The granularity of the monotonic clock.
const GRAIN: i64 = 10_000;

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    if case.counted.is_empty() {
        return Vec::new();
    }
    let (due, ended) = (&case.demand.due, case.ended());
    let mut findings = Vec::new();
    if ended.surely_after(case.window.until) {
        let closes = words::clock(case.plans, due.deadline());
        let sentence = format!("Ended after the window and its grace, {closes}.");
        let detail = Detail::EndedLate { deadline: due.deadline(), ended };
        findings.push(detector.finding(Severity::Irregular, sentence, case.ends(), detail));
    }
    let at_least_secs = surely_lasted(case) / PER_SECOND;
    if let Some(max_secs) = due.max_duration
        && at_least_secs > max_secs
    {
        let [took, limit] = [at_least_secs, max_secs].map(words::duration);
        let sentence = format!("Took at least {took}; the route allows {limit}.");
        let detail = Detail::TookLong { max_secs, at_least_secs };
        findings.push(detector.finding(Severity::Notice, sentence, case.ends(), detail));
    }
    findings
}

/// The longest of the parts: two walks for one window are not one long walk.
fn surely_lasted(case: &Case<'_>) -> i64 {
    let lasted = case.counted.iter().map(|counted| {
        between(counted.part.start_at, counted.part.end_at).max(by_phone(case, counted))
    });
    lasted.max().unwrap_or(0)
}

fn between(start: Bounds, end: Bounds) -> i64 {
    match (start.not_after, end.not_before) {
        (Some(start), Some(end)) => end.0.saturating_sub(start.0),
        _ => 0,
    }
}

fn by_phone(case: &Case<'_>, counted: &Counted<'_>) -> i64 {
    let part = counted.part;
    let reading = |index| case.timeline.entry(part.track, index).and_then(|entry| entry.time);
    match (reading(part.begin), reading(part.last)) {
        (Some(start), Some(end)) if start.boot == end.boot && !part.contradictory => {
            let steps = i64::try_from(end.mono.saturating_sub(start.mono)).unwrap_or(i64::MAX);
            steps.saturating_mul(STEP_AT_LEAST).saturating_sub(GRAIN)
        }
        _ => 0,
    }
}
