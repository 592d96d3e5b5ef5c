//! The first patrol that a device recorded after its key was rotated.

use super::{Case, Counted, Detail, Detector, Finding, Severity};
use crate::record::Entry;

const PATROL_START: u64 = 9;
const JOIN: u64 = 10;

pub(super) const DETECTOR: Detector = Detector {
    code: "key_rotated",
    sees: "the first patrol of a device that took the place of another, whose key was rotated",
    formula: "no patrol begins before it in the device's chain, and a trusted `rotate` record of another device names its key",
    threshold: "one patrol; who holds an old key can rotate it too, so somebody should know of each rotation",
    explanations: &[
        "the key was changed at its time, or the phone was replaced by another",
        "the app was moved to a better key store",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    case.counted.iter().filter_map(|counted| first_of(case, detector, counted)).collect()
}

fn first_of(case: &Case<'_>, detector: &Detector, counted: &Counted<'_>) -> Option<Finding> {
    let part = counted.part;
    let device = case.devices.certified.get(&part.name.dev)?;
    let from = device.took_over?;
    let branch = case.timeline.branches.get(part.track)?;
    let begins = |entry: &&Entry| matches!(entry.kind, PATROL_START | JOIN);
    if branch.entries.iter().copied().take(part.begin).any(|entry| begins(&entry)) {
        return None;
    }
    let start = case.timeline.entry(part.track, part.begin)?.at;
    let before = from.dev.to_string();
    let sentence = format!(
        "The {} took the place of {}, whose key was rotated; this is its first patrol.",
        device.words(),
        before.get(..8).unwrap_or(&before),
    );
    let detail = Detail::KeyRotated { dev: part.name.dev, from };
    Some(detector.finding(Severity::Notice, sentence, vec![from, start], detail))
}
