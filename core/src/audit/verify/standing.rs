//! Keys, certificates and revocations: README.md section 4.6.

use super::{Options, records::Held};
use crate::{
    assess::Assessment,
    audit::{
        parts::Parts,
        report::{CheckName, Checks, DeviceShown},
    },
    authority::{Authority, Roles},
    ledger::{Policy, policy::PolicyVerdict},
    model::DeviceId,
    record::{Body, Chain, device_id},
};

const NAME: CheckName = CheckName::Authority;

pub(super) fn check(
    parts: &Parts<'_>,
    held: &Held,
    options: &Options,
    verdict: &PolicyVerdict,
    policy: &Policy,
    checks: &mut Checks,
) -> Authority {
    let manifest = &parts.manifest;
    let root = device_id(&manifest.shore_key);
    if options.shore_key.is_some_and(|key| key != manifest.shore_key) {
        checks.fault(
            NAME,
            "other_shore",
            format!(
                "the bundle's root of authority is device {root}, not the shore whose key was given"
            ),
        );
    }
    if held.chain(root).is_none() {
        checks.fault(
            NAME,
            "shore_missing",
            "the chain of the vessel's shore, which certifies every device, is not shown",
        );
    }
    for chain in &held.chains {
        let geneses = chain.all().take_while(|entry| entry.at.seq == 0);
        for entry in geneses {
            match entry.body() {
                Some(Body::Genesis { vessel, .. }) if *vessel != manifest.vessel => {
                    checks.fault(
                        NAME,
                        "device_of_another_vessel",
                        format!("device {} began its chain on vessel {vessel}", chain.dev()),
                    );
                }
                _ => {}
            }
        }
    }
    let authority = Authority::read(manifest.vessel, &manifest.shore_key, &held.chains);
    for (dev, _) in authority.devices() {
        let differs =
            held.keys.get(&dev).zip(authority.key(dev)).is_some_and(|(one, other)| one != other);
        if differs {
            checks.fault(NAME, "key_not_certified", format!("device {dev} is certified with another key than the one that signed its records"));
        }
    }
    named_ledger(held, root, verdict, policy, checks);
    authority
}

/// The shore says in its chain which ledger logs the vessel.
fn named_ledger(
    held: &Held,
    root: DeviceId,
    verdict: &PolicyVerdict,
    policy: &Policy,
    checks: &mut Checks,
) {
    let Some(shore) = held.chain(root) else { return };
    let branch = shore.main_branch();
    let named = branch.iter().rev().find_map(|entry| match entry.body() {
        Some(Body::Ledger { origin, key }) => Some((origin, key)),
        _ => None,
    });
    let Some((origin, key)) = named else { return };
    let believed = policy
        .ledgers()
        .iter()
        .any(|ledger| ledger.key.name() == origin && ledger.key.public_key() == *key);
    if *origin != verdict.origin || !believed {
        checks.fault(NAME, "other_ledger", format!("the vessel's shore says that the ledger {origin:?} logs this vessel, with a key that is not the policy's for this tree head"));
    }
}

/// What is to be said of keys and revocations, whatever patrol it concerns.
pub(super) fn notes(assessment: Option<&Assessment>) -> Vec<String> {
    let findings = assessment.map_or(&[][..], |assessment| &assessment.findings);
    let ours = findings.iter().filter(|it| matches!(it.code, "receipts_disowned" | "two_keys"));
    ours.map(|finding| finding.sentence.clone()).collect()
}

/// All devices that are certified, and all that have records, by id.
pub(super) fn devices(
    held: &Held,
    authority: &Authority,
    assessment: Option<&Assessment>,
    (from, to): (i64, i64),
) -> Vec<DeviceShown> {
    let certified = authority.devices().map(|(dev, _)| dev);
    let mut devices: Vec<DeviceId> = certified.chain(held.chains.iter().map(Chain::dev)).collect();
    devices.sort_unstable();
    devices.dedup();
    let shown = devices.into_iter().map(|dev| {
        let standing = authority.standing(dev);
        let chain = held.chain(dev);
        let (mut records, mut in_period) = (0, 0);
        for entry in chain.into_iter().flat_map(Chain::all) {
            records += 1;
            let wall = entry.time.and_then(|time| i64::try_from(time.wall).ok());
            in_period += u64::from(wall.is_some_and(|wall| (from..to).contains(&wall)));
        }
        let states = assessment.map_or(&[][..], |assessment| &assessment.devices);
        DeviceShown {
            dev,
            roles: standing.map_or(Roles::NONE, |standing| standing.roles),
            shore: dev == authority.root(),
            from: standing.map(|standing| standing.from),
            until: standing.and_then(|standing| standing.until),
            ship_enrolled: standing.and_then(|standing| standing.ship_enrolled),
            last_trusted_seq: standing.and_then(|standing| standing.last_trusted_seq),
            lost: standing.and_then(|standing| standing.lost),
            rotated: standing.and_then(|standing| standing.rotated),
            records,
            in_period,
            gaps: chain.map(Held::gaps).unwrap_or_default(),
            clock_contradiction: states
                .iter()
                .any(|state| state.dev == dev && state.clock_contradiction),
        }
    });
    shown.collect()
}
