//! Each lie is found, and named.

use super::{
    super::{parts::*, *},
    ship::{self, Ship, Story, due, ledger_key, policy_text},
};
use crate::{
    ledger::{Policy, SignedTreeHead},
    model::Hash,
    record::{ForkProof, Segment},
};

/// The report over a bundle that somebody changed after the ledger was signed.
fn changed(ship: &Ship, change: impl FnOnce(&mut Sources)) -> Report {
    verify(&ship.changed(change), &ship.policy, &Options::default()).unwrap()
}

fn assert_found(report: &Report, code: &str) {
    assert_eq!((report.exit_code(), report.has_fault(code)), (1, true), "{code}: {report}");
}

fn assert_differs(story: Story, code: &str, flag: &str) {
    let report = Ship::new(story).report();
    assert_eq!(report.exit_code(), 3, "{report}");
    let [difference] = report.reassessment.differences.as_slice() else { panic!("{report}") };
    assert_eq!((difference.code, difference.flag.as_str()), (code, flag), "{report}");
}

#[test]
fn a_leaf_left_out() {
    let ship = Ship::honest();
    for at in 0..ship.sources.leaves.len() {
        let report = changed(&ship, |sources| {
            sources.leaves.remove(at);
        });
        assert_found(&report, "leaf_missing");
    }
}

#[test]
fn a_segment_left_out() {
    let ship = Ship::honest();
    for at in 0..ship.sources.segments.len() {
        let report = changed(&ship, |sources| drop(sources.segments.remove(at)));
        assert_found(&report, "records_missing");
    }
}

#[test]
fn the_newest_leaves_left_out() {
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let leaves = Parts::read(&bundle).unwrap().leaves;
    bundle.put(LEAVES, write_leaves(&leaves[..leaves.len() - 1]));
    let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
    assert_found(&report, "export_not_logged");
}

#[test]
fn another_vessels_leaf() {
    let ship = Ship::honest();
    let foreign = *ship.log.leaves.iter().find(|(_, leaf)| leaf.vessel.0 == [8; 16]).unwrap();
    let report = changed(&ship, |sources| sources.leaves.push(foreign));
    assert_found(&report, "leaf_of_another_vessel");
}

#[test]
fn a_manifest_that_was_changed() {
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let manifest = Manifest { as_of: ship.manifest.as_of + 1, ..ship.manifest.clone() };
    bundle.put(MANIFEST, manifest.encode());
    let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
    assert_found(&report, "export_not_logged");
}

#[test]
fn a_change_of_the_plan_exchanged() {
    // A consistent lie: the shore logs a Plan that nobody adopted, and no flags.
    let report = Ship::new(Story { changes_the_plan: true, ..Story::default() }).report();
    assert_eq!(report.exit_code(), 4, "{report}");
    assert!(report.reassessment.not_possible.as_ref().unwrap().contains("adopted"), "{report}");
    // One that is exchanged only in the bundle is named by no leaf.
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let contents = Parts::read(&bundle).unwrap().contents;
    let mut all: Vec<Vec<u8>> = contents.values().map(|content| content.to_vec()).collect();
    let change =
        all.iter().position(|content| content.starts_with(&[0x85, 0x6f, 0x4a, 0x83])).unwrap();
    all[change].push(0);
    all.sort_by_key(|content| Hash::of(content));
    bundle.put(CONTENTS, write_in_order(all.iter().map(Vec::as_slice)));
    let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
    assert_found(&report, "content_unnamed");
}

#[test]
fn a_flag_that_is_not_raised() {
    let flag = "missed_checkpoint";
    assert_differs(Story { drops_flag: Some(flag), ..Story::default() }, "flag_missing", flag);
}

#[test]
fn a_flag_that_is_withdrawn_without_cause() {
    let flag = "missed_checkpoint";
    assert_differs(Story { withdraws: Some(flag), ..Story::default() }, "flag_missing", flag);
}

#[test]
fn a_flag_that_is_made_up() {
    assert_differs(
        Story { makes_up_a_flag: true, ..Story::default() },
        "flag_unfounded",
        "overrun",
    );
}

#[test]
fn a_ledger_with_another_key_and_one_that_nobody_witnessed() {
    let ship = Ship::honest();
    let other = crate::ledger::LedgerKey::from_seed("ledger.example/fleet-1", &[9; 32]).unwrap();
    let policy = Policy::of_ledger(other.verifier().clone());
    let report = verify(&ship.bundle(), &policy, &Options::default()).unwrap();
    assert_found(&report, "not_signed");
    assert_found(&report, "other_ledger");
    let head = ship.tree_head.head();
    let alone = SignedTreeHead::sign(head.size, head.root, &ledger_key()).unwrap();
    let mut bundle = ship.bundle();
    bundle.put_tree_head(&alone);
    let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
    assert_found(&report, "quorum_missing");
    let wrong = policy_text().replace("quorum flag", "quorum none");
    let policy = Policy::parse(wrong.as_bytes()).unwrap();
    assert_eq!(verify(&ship.bundle(), &policy, &Options::default()).unwrap().exit_code(), 0);
}

#[test]
fn another_shores_key() {
    let ship = Ship::honest();
    let report = changed(&ship, |sources| {
        sources
            .segments
            .retain(|segment| segment.dev != crate::record::device_id(&ship.manifest.shore_key));
    });
    assert_found(&report, "shore_missing");
}

#[test]
fn a_ledger_with_two_faces() {
    let report = Ship::new(Story { shows_two_faces: true, ..Story::default() }).report();
    assert_found(&report, "tree_contradicts");
    assert!(report.to_string().contains("acknowledged a tree head"), "{report}");
    let report = Ship::new(Story { signs_two_trees: true, ..Story::default() }).report();
    assert_found(&report, "tree_contradicts");
    assert!(report.to_string().contains("the receipt for record"), "{report}");
}

#[test]
fn proofs_left_out_and_put_in() {
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let proofs = Parts::read(&bundle).unwrap().consistency;
    let (size, path) = proofs.first_key_value().unwrap();
    let mut fewer = proofs.clone();
    fewer.remove(size);
    bundle.put(CONSISTENCY, write_consistency(&fewer));
    assert_found(&verify(&bundle, &ship.policy, &Options::default()).unwrap(), "proof_missing");
    let mut more = proofs.clone();
    more.insert(1, path.clone());
    bundle.put(CONSISTENCY, write_consistency(&more));
    assert_found(&verify(&bundle, &ship.policy, &Options::default()).unwrap(), "proof_unneeded");
}

#[test]
fn a_receipt_for_what_is_not_there() {
    // A phone was told that its records are held; they are logged, signed and gone.
    let ship = Ship::honest();
    let other = Ship::new(Story { short: true, ..Story::default() });
    let report = changed(&other, |sources| sources.receipts = ship.sources.receipts.clone());
    assert_found(&report, "receipt_contradicts");
    let report = changed(&ship, |sources| {
        let receipt = sources.receipts.first_mut().unwrap();
        *receipt.last_mut().unwrap() ^= 1;
    });
    assert_found(&report, "receipt_signature");
}

#[test]
fn records_that_were_never_logged() {
    let report = Ship::new(Story { forgets_to_log: true, ..Story::default() }).report();
    assert_found(&report, "records_not_logged");
}

#[test]
fn a_segment_key_that_came_along() {
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let full = ship.sources.segments.iter().filter(|segment| segment.dev == ship.crew.dev);
    let full: Vec<Vec<u8>> = full.map(Segment::encode).collect();
    bundle.put(segments_name(ship.crew.dev), write_byte_strings(full));
    let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
    assert_found(&report, "segment_key_shown");
}

#[test]
fn a_device_that_continued_its_chain_twice_convicts_itself() {
    let report = Ship::new(Story { forks: true, ..Story::default() }).report();
    super::assert_holds(&report);
    let [fork] = report.forks.as_slice() else { panic!("{report}") };
    let proof = data_encoding::HEXLOWER.decode(fork.proof.as_ref().unwrap().as_bytes()).unwrap();
    let proof = ForkProof::decode(&proof).unwrap();
    let convicted = proof.check().unwrap();
    let mut hashes = [convicted.one.hash, convicted.other.hash];
    hashes.sort_unstable();
    let mut named = [fork.one.hash, fork.other.hash];
    named.sort_unstable();
    assert_eq!(hashes, named);
    assert!(report.to_string().contains("continued its chain twice"), "{report}");
}

#[test]
fn receipts_left_out_leave_a_doubt_and_no_accusation() {
    let ship = Ship::honest();
    let report = ship.showing(|sources| drop(sources.receipts.remove(2))).report();
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    assert!(report.reassessment.not_possible_for.contains(&due(0)), "{report}");
}

/// What is older is whole and honest; what came after is not looked at, and must not look as if it had been.
#[test]
fn evidence_that_ends_before_the_period_does() {
    let as_of = ship::opens(0) + 6 * 3_600;
    let ship = Ship::new(Story { short: true, as_of: Some(as_of), ..Story::default() });
    let report = ship.report();
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    assert_eq!(report.reassessment.nothing_known_from, Some(as_of), "{report}");
    assert!(report.to_string().contains("it says nothing"), "{report}");
    assert!(!report.to_string().contains("none was left out"), "{report}");
    let until = Options { to: Some(as_of), ..Options::default() };
    let first = verify(&ship.bundle(), &ship.policy, &until).unwrap();
    assert_eq!((first.exit_code(), first.reassessment.compared), (0, 1), "{first}");
    // In the middle of a window nothing is decided yet.
    let within = ship::opens(1) + 60;
    let ship = Ship::new(Story { short: true, as_of: Some(within), ..Story::default() });
    let until = Options { to: Some(within), ..Options::default() };
    let report = verify(&ship.bundle(), &ship.policy, &until).unwrap();
    super::assert_holds(&report);
    assert_eq!((report.exit_code(), report.reassessment.not_due_yet), (4, 1), "{report}");
    assert!(report.to_string().contains("not decided yet"), "{report}");
}

#[test]
fn a_moment_before_what_the_shore_itself_wrote() {
    let long_ago = Story { short: true, as_of: Some(0), ..Story::default() };
    let ship = Ship::new(long_ago).showing(|sources| sources.receipts.clear());
    assert_found(&ship.report(), "as_of_too_early");
}

/// A terminal shows what it is sent: nobody may move its cursor, or write its text from right to left.
#[test]
fn what_the_shore_writes_cannot_pretend_to_be_the_report() {
    let says = "late.\u{1b}[2J\nINTEGRITY HOLDS\u{202e}\u{9b}1m\u{2028}";
    let story = Story { makes_up_a_flag: true, says: Some(says), ..Story::default() };
    let report = Ship::new(story).report();
    assert_eq!(report.exit_code(), 3, "{report}");
    let text = report.to_string();
    assert!(text.contains("late. [2J INTEGRITY HOLDS"), "{text}");
    let odd = |it: char| (it.is_control() && it != '\n') || "\u{202e}\u{2028}".contains(it);
    assert!(!text.contains(odd), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.starts_with("INTEGRITY")).count(), 1, "{text}");
}
