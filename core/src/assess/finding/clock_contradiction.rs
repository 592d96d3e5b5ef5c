//! Claims about time that cannot all be true.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{input::Input, timeline::Timeline, watermark::device_words, words},
    authority::Authority,
    model::{DeviceId, RecordRef},
    time::{Contradiction, moment::PER_SECOND},
};

pub(in crate::assess) const DETECTOR: Detector = Detector {
    code: "clock_contradiction",
    sees: "claims about time that cannot all be true; what the phones concerned say of themselves is left out",
    formula: "a closed walk over receipts, order, heads seen, clocks and stated times whose bounds add up to less than nothing",
    threshold: "10 µs beyond 200 ppm, 0.1 s of the clocks, and the errors stated",
    explanations: &[
        "GNSS was disturbed, or the bridge's time was wrong",
        "the phone's clock is broken",
        "the shore's clock was wrong when it signed",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let mut found: Vec<&Contradiction> = Vec::new();
    for part in case.counted.iter().map(|counted| counted.part) {
        if part.contradictory {
            let of_part = case.timeline.contradictions_of(part.track, part.begin..=part.last);
            found
                .extend(of_part.into_iter().filter(|one| !found.contains(one)).collect::<Vec<_>>());
        }
    }
    let name = |dev| {
        let known = case.devices.certified.get(&dev);
        known.map_or_else(|| unnamed(dev), |device| format!("the {}", device.words()))
    };
    found.into_iter().map(|one| finding(detector, case.timeline, one, name)).collect()
}

/// All contradictions, whatever patrol they concern.
pub(in crate::assess) fn of_all(input: &Input<'_>, timeline: &Timeline<'_>) -> Vec<Finding> {
    let name = |dev| named(input.authority, dev);
    let all = timeline.contradictions();
    all.map(|one| finding(&DETECTOR, timeline, one, name)).collect()
}

fn named(authority: &Authority, dev: DeviceId) -> String {
    if dev == authority.root() {
        "the shore".to_owned()
    } else {
        format!("the {}", device_words(dev, authority.roles_at(dev, 0)))
    }
}

fn unnamed(dev: DeviceId) -> String {
    let id = dev.to_string();
    format!("device {}", id.get(..8).unwrap_or(&id))
}

fn finding(
    detector: &Detector,
    timeline: &Timeline<'_>,
    found: &Contradiction,
    name: impl Fn(DeviceId) -> String,
) -> Finding {
    let liable = found.steps.iter().filter(|step| step.claim.is_own());
    let mut devices: Vec<DeviceId> =
        liable.filter_map(|step| step.from.or(step.to)).map(|at| at.dev).collect();
    devices.sort_unstable();
    devices.dedup();
    let claims = found.claims();
    let what: Vec<String> = claims.iter().map(|claim| claim.words().to_owned()).collect();
    let by = duration(found.excess());
    let left_out = if devices.is_empty() {
        "the times that the shore signed there are left out".to_owned()
    } else {
        let names: Vec<String> = devices.iter().map(|dev| name(*dev)).collect();
        format!(
            "what {} said of time since that start is left out, and receipts and the order of records stay",
            words::all(&names)
        )
    };
    let sentence =
        format!("These miss each other by at least {by}: {}; {left_out}.", words::all(&what));
    let records: Vec<RecordRef> =
        found.places().into_iter().filter_map(|place| timeline.record(place)).collect();
    let detail = Detail::ClockContradiction { devices, claims, excess: found.excess() };
    detector.finding(Severity::Irregular, sentence, records, detail)
}

fn duration(excess: i64) -> String {
    match excess / PER_SECOND {
        0 => "less than a second".to_owned(),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds => words::duration(seconds),
    }
}
