//! Which findings are flags, and how the ledger says them. Shore and auditor use this one function, so that a flag that the
//! shore left out, or made up, is seen.

use crate::{
    assess::{Assessed, Assessment, Finding, Severity, Verdict},
    ledger::{FlagStatement, statement::MAX_RECORDS},
    model::VesselId,
};

/// The code of the flag for a patrol that was missed.
pub const MISSED: &str = "missed";

/// The flags of an assessment, by due patrol in its order.
pub fn flags_of(vessel: VesselId, assessment: &Assessment) -> Vec<FlagStatement> {
    let dues = assessment.dues.iter();
    let flags = dues.flat_map(|due| flags_of_due(vessel, assessment.detector_version, due));
    flags.map(|(flag, _)| flag).collect()
}

/// The flags of one due patrol: one if it was missed, and one for each finding that makes it irregular, with that finding.
pub fn flags_of_due(
    vessel: VesselId,
    detector_version: u32,
    assessed: &Assessed,
) -> Vec<(FlagStatement, Option<&Finding>)> {
    let flag = |code: &str, sentence: &str, finding: Option<&Finding>| FlagStatement {
        vessel,
        due: Some(assessed.demand.due.id),
        code: code.to_owned(),
        severity: Severity::Irregular,
        sentence: sentence.to_owned(),
        records: finding
            .into_iter()
            .flat_map(|it| &it.records)
            .take(MAX_RECORDS)
            .copied()
            .collect(),
        detector_version,
    };
    let missed =
        (assessed.verdict == Verdict::Missed).then(|| (flag(MISSED, &assessed.why, None), None));
    let grave = assessed.findings.iter().filter(|it| it.severity == Severity::Irregular);
    let grave = grave.map(|it| (flag(it.code, &it.sentence, Some(it)), Some(it)));
    missed.into_iter().chain(grave).collect()
}
