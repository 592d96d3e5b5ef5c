//! A patrol recorded by a phone that was certified on board and not by the shore.

use std::collections::BTreeMap;

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::watermark::Device,
    model::{DeviceId, RecordRef},
};

pub(super) const DETECTOR: Detector = Detector {
    code: "ship_enrolled",
    sees: "a patrol recorded by a phone that an officer's phone certified on board and the shore has not confirmed",
    formula: "the phone's certificate is an officer's record, and the shore has none for it",
    threshold: "one record; `deckwatch device confirm` ends it",
    explanations: &[
        "a phone broke or was lost at sea, and a new one took its place",
        "the phone was restored and the officer enrolled it again",
        "the shore has not looked at it yet",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let mut phones: BTreeMap<DeviceId, (&Device, RecordRef, Vec<RecordRef>)> = BTreeMap::new();
    for counted in &case.counted {
        let dev = counted.part.name.dev;
        let Some(device) = case.devices.certified.get(&dev) else { continue };
        let Some(by) = device.ship_enrolled else { continue };
        let start = case.timeline.entry(counted.part.track, counted.part.begin);
        let held = phones.entry(dev).or_insert_with(|| (device, by, vec![by]));
        held.2.extend(start.map(|entry| entry.at));
    }
    let finding = |(dev, (device, by, records)): (DeviceId, (&Device, RecordRef, _))| {
        let officer = by.dev.to_string();
        let sentence = format!(
            "The {} was enrolled on board by phone {}; the shore has not confirmed it.",
            device.words(),
            officer.get(..8).unwrap_or(&officer),
        );
        detector.finding(Severity::Notice, sentence, records, Detail::ShipEnrolled { dev, by })
    };
    phones.into_iter().map(finding).collect()
}
