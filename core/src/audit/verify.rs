//! Reading a bundle: README.md section 4. Every check is made, also after one failed, so that a report is whole.

mod clock;
mod doubt;
mod ledger;
mod named;
mod reassess;
mod receipts;
mod records;
mod standing;

use super::{
    archive::Bundle,
    parts::{BundleError, Parts},
    report::{CheckName, Checks, FORM, HONEST, LedgerShown, Report},
};
use crate::{
    ledger::{Policy, policy::PolicyVerdict},
    model::VesselId,
    record::{PublicKeyBytes, device_id},
};

use ledger::Logged;
use records::Held;

/// What the auditor asks for. Nothing of it comes from the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// It must be about this vessel.
    pub vessel: Option<VesselId>,
    /// Look at patrols that were due from here on (Unix s); otherwise at the bundle's whole period.
    pub from: Option<i64>,
    /// Look at patrols that were due before this (Unix s).
    pub to: Option<i64>,
    /// The vessel's shore has this key, as the auditor knows from elsewhere.
    pub shore_key: Option<PublicKeyBytes>,
}

/// Checks a bundle against the auditor's own policy.
pub fn verify(bundle: &Bundle, policy: &Policy, options: &Options) -> Result<Report, BundleError> {
    let parts = Parts::read(bundle)?;
    let mut checks = Checks::default();
    let (from, to) = asked(&parts, options, &mut checks);
    handed_out(bundle, &parts, &mut checks);
    let verdict = policy.judge(&parts.tree_head);
    ledger::tree_head(&verdict, &mut checks);
    ledger::leaves(&parts, &mut checks);
    let logged = Logged::read(&parts, &mut checks);
    let held = Held::read(&parts, &logged, &mut checks);
    let authority = standing::check(&parts, &held, options, &verdict, policy, &mut checks);
    let receipts = receipts::check(&parts, &logged, &held, &mut checks);
    let mut not_shown = held.not_shown(&parts, &logged);
    named::note(&held, &logged, &receipts.facts, &mut not_shown);
    let case = reassess::Case {
        parts: &parts,
        logged: &logged,
        held: &held,
        authority: &authority,
        receipts: &receipts.facts,
        period: (from, to),
    };
    let (reassessment, assessment) = case.run(&not_shown);
    let mut notes = held.notes.clone();
    notes.extend(receipts.notes.iter().cloned());
    notes.extend(logged.notes.iter().cloned());
    notes.extend(standing::notes(assessment.as_ref()));
    let says = says(&parts, &held, &receipts, &verdict, &authority);
    let checks = checks.finish(says);
    Ok(Report {
        form: FORM,
        vessel: parts.manifest.vessel,
        from,
        to,
        as_of: parts.manifest.as_of,
        recipient: parts.manifest.recipient.clone(),
        integrity: checks.iter().all(|check| check.holds),
        checks,
        ledger: LedgerShown {
            clock_set_back: clock::set_back(&receipts.facts),
            earlier: receipts.earlier.clone(),
            ..shown(&parts, &logged)
        },
        policy: verdict.to_string().lines().map(str::to_owned).collect(),
        devices: standing::devices(&held, &authority, assessment.as_ref(), (from, to)),
        forks: held.forks(&parts),
        not_shown,
        notes,
        reassessment,
        honest: HONEST,
    })
}

/// The period, and whether it is the bundle that was asked for.
fn asked(parts: &Parts<'_>, options: &Options, checks: &mut Checks) -> (i64, i64) {
    let manifest = &parts.manifest;
    if let Some(vessel) = options.vessel.filter(|vessel| *vessel != manifest.vessel) {
        checks.fault(
            CheckName::Asked,
            "other_vessel",
            format!("it is about vessel {}, and {vessel} was asked for", manifest.vessel),
        );
    }
    let (from, to) = (options.from.unwrap_or(manifest.from), options.to.unwrap_or(manifest.to));
    if from < manifest.from || to > manifest.to || from > to {
        checks.fault(
            CheckName::Asked,
            "other_period",
            "it was handed out for another period than the one asked for; ask for a bundle of that period",
        );
    }
    (from, to)
}

/// What is shown is what the manifest names, in the one form that it names.
fn handed_out(bundle: &Bundle, parts: &Parts<'_>, checks: &mut Checks) {
    let mut here = parts.named(bundle);
    for part in &parts.manifest.parts {
        let says = match here.remove(&part.name) {
            Some(hash) if hash == part.hash => continue,
            Some(_) => "is another than the one that was handed out",
            None => "was handed out and is not there",
        };
        let name = crate::audit::report::plain(&part.name);
        checks.fault(CheckName::Asked, "part_changed", format!("part {name} {says}"));
    }
    for name in here.keys() {
        let sentence = format!("part {name} is there and was not handed out");
        checks.fault(CheckName::Asked, "part_changed", sentence);
    }
}

fn shown(parts: &Parts<'_>, logged: &Logged<'_>) -> LedgerShown {
    let head = parts.tree_head.head();
    let newest = parts.leaves.last();
    let after =
        newest.map_or(head.size, |last| head.size.saturating_sub(last.index).saturating_sub(1));
    LedgerShown {
        origin: head.origin.clone(),
        size: head.size,
        root: head.root,
        first: parts.manifest.first,
        newest: newest.map(|last| last.leaf.number),
        after,
        origin_text: logged.origin_text.clone(),
        statements: logged.statements.clone(),
        earlier: Vec::new(),
        clock_set_back: None,
    }
}

/// What each check looked at.
fn says(
    parts: &Parts<'_>,
    held: &Held,
    receipts: &receipts::Receipts,
    verdict: &PolicyVerdict,
    authority: &crate::authority::Authority,
) -> [String; 7] {
    let head = parts.tree_head.head();
    let certified = authority.devices().count();
    [
        format!("of vessel {}, for the period asked for", parts.manifest.vessel),
        format!("of {} at size {}, signed as the policy wants", verdict.origin, verdict.size),
        format!(
            "leaves of the vessel: {}, of the ledger: {}, all in the tree of size {}, and none in between is left out",
            parts.leaves.len(),
            parts.ledger_leaves.len(),
            head.size
        ),
        format!("contents that the leaves name: {}", parts.contents.len()),
        format!(
            "records that the leaves name: {}, of devices: {}, in signed segments: {}",
            held.records,
            held.chains.len(),
            held.segments
        ),
        format!(
            "devices certified by the shore {}: {certified}",
            device_id(&parts.manifest.shore_key)
        ),
        format!(
            "receipts that agree with this ledger: {}, acknowledged tree heads: {}; of earlier ledgers: {}",
            receipts.of_this,
            receipts.acks_of_this,
            receipts.earlier.iter().map(|it| it.receipts + it.acks).sum::<u64>()
        ),
    ]
}
