//! Which findings are flags, and how the ledger says them. Shore and auditor use this one function, so that a flag that the
//! shore left out, or made up, is seen.

use crate::{
    assess::{Assessment, Severity, Verdict},
    ledger::FlagStatement,
    model::VesselId,
};

/// The code of the flag for a patrol that was missed.
pub const MISSED: &str = "missed";

/// The flags of an assessment, by due patrol in its order: one for a missed patrol, one for each finding that makes a patrol
/// irregular.
pub fn flags_of(vessel: VesselId, assessment: &Assessment) -> Vec<FlagStatement> {
    let mut flags = Vec::new();
    for assessed in &assessment.dues {
        let flag = |code: &str, sentence: &str, records: &[_]| FlagStatement {
            vessel,
            due: Some(assessed.demand.due.id),
            code: code.to_owned(),
            severity: Severity::Irregular,
            sentence: sentence.to_owned(),
            records: records.iter().take(crate::ledger::statement::MAX_RECORDS).copied().collect(),
            detector_version: assessment.detector_version,
        };
        if assessed.verdict == Verdict::Missed {
            flags.push(flag(MISSED, &assessed.why, &[]));
        }
        let grave = assessed.findings.iter().filter(|it| it.severity == Severity::Irregular);
        flags.extend(grave.map(|finding| flag(finding.code, &finding.sentence, &finding.records)));
    }
    flags
}
