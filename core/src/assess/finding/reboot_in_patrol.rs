//! A phone that was started anew during a patrol.

use super::{Case, Detail, Detector, Finding, Severity};
use crate::model::RecordRef;

pub(super) const DETECTOR: Detector = Detector {
    code: "reboot_in_patrol",
    sees: "a phone that was started anew between two records of one patrol",
    formula: "records of one part of a patrol, in order, whose boots differ from the one before",
    threshold: "one; the phone's clock says nothing across it, so only receipts bound the time there",
    explanations: &[
        "the battery was empty, or cold",
        "the phone crashed, or updated itself",
        "the phone was dropped",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in case.counted.iter().map(|counted| counted.part) {
        let entries = (part.begin..=part.last).filter_map(|at| case.timeline.entry(part.track, at));
        let mut before: Option<(RecordRef, [u8; 8])> = None;
        let mut records = Vec::new();
        let mut reboots: u64 = 0;
        for (at, time) in entries.filter_map(|entry| Some((entry.at, entry.time?))) {
            if let Some((last, boot)) = before
                && boot != time.boot
            {
                reboots += 1;
                records.extend([last, at]);
            }
            before = Some((at, time.boot));
        }
        if reboots > 0 {
            let times = if reboots == 1 { "once".to_owned() } else { format!("{reboots} times") };
            let sentence = format!(
                "The phone was started anew {times} during the patrol; its clock says nothing of how long that took."
            );
            records.dedup();
            let detail = Detail::RebootInPatrol { reboots };
            findings.push(detector.finding(Severity::Notice, sentence, records, detail));
        }
    }
    findings
}
