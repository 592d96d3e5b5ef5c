//! A demand that another version of the Plan may not have made.

use super::{Case, Detail, Detector, Finding, Severity};

pub(super) const DETECTOR: Detector = Detector {
    code: "plan_uncertain",
    sees: "a demand for which it is not certain which version of the Plan was in force",
    formula: "more than one version, or none, may have been in force at the opening",
    threshold: "one other version; the stricter demand stands",
    explanations: &[
        "a new version was adopted on board near this window",
        "the phone that adopted it has not synced since",
        "the content of an adopted version is not here yet",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    if !case.demand.uncertain {
        return Vec::new();
    }
    let adoptions = case.demand.plans.clone();
    let sentence = "It is not certain which plan was in force; the stricter one counts.".to_owned();
    let detail = Detail::PlanUncertain { adoptions: adoptions.clone() };
    vec![detector.finding(Severity::Notice, sentence, adoptions, detail)]
}
