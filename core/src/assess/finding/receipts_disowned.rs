//! A patrol that the shore had receipted, and that a later revocation takes the trust from.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::{
    assess::{
        attempt::{Doubt, Part},
        disowned::Disowned,
        watermark::Devices,
    },
    model::{DeviceId, RecordRef},
};

pub(in crate::assess) const DETECTOR: Detector = Detector {
    code: "receipts_disowned",
    sees: "records that the shore had receipted, and that it revoked later",
    formula: "a revocation's last trusted record is below the record of a receipt from before it",
    threshold: "irregular where no loss was reported before the receipt and the revocation does not say that two people agreed; else a notice",
    explanations: &[
        "two people found out later that the phone had been misused",
        "the phone was lost before, and the loss was recorded late",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let revoked = case.answers.iter().filter(|part| part.doubt == Some(Doubt::Revoked));
    revoked.filter_map(|part| of_part(case, detector, part)).collect()
}

fn of_part(case: &Case<'_>, detector: &Detector, part: &Part) -> Option<Finding> {
    let dev = part.name.dev;
    let disowned = case.devices.disowned.get(&dev)?;
    let start = case.timeline.entry(part.track, part.begin)?;
    let last = case.timeline.entry(part.track, part.last)?;
    // What was not receipted is no more than the phone's word.
    disowned.covers(last.at.seq).then_some(())?;
    let name = case.devices.certified.get(&dev)?.words();
    Some(finding(detector, dev, disowned, &name, vec![disowned.by, start.at, last.at]))
}

/// All such revocations, whatever patrol they concern.
pub(in crate::assess) fn of_all(devices: &Devices) -> Vec<Finding> {
    let all = devices.disowned.iter().filter_map(|(dev, disowned)| {
        let name = devices.certified.get(dev)?.words();
        Some(finding(&DETECTOR, *dev, disowned, &name, vec![disowned.by]))
    });
    all.collect()
}

fn finding(
    detector: &Detector,
    dev: DeviceId,
    disowned: &Disowned,
    name: &str,
    records: Vec<RecordRef>,
) -> Finding {
    let unexplained = disowned.is_unexplained();
    let severity = if unexplained { Severity::Irregular } else { Severity::Notice };
    let Disowned { last_trusted_seq, receipted_seq, receipted_at, .. } = *disowned;
    let detail = Detail::ReceiptsDisowned { dev, last_trusted_seq, receipted_seq, receipted_at };
    detector.finding(severity, disowned.words(name), records, detail)
}
