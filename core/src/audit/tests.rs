//! Bundles of a ship with real keys, records, documents, flags and ledger; and what becomes of lies about them.

mod bytes;
mod codes;
mod keys;
mod lies;
mod named;
mod ship;
mod vectors;
mod withholding;

use ship::{NOW, Ship, Story, due};

use super::*;
use crate::{assess::scene::DAY, ledger::Policy};

/// Shows what failed where something should not.
fn assert_holds(report: &Report) {
    assert!(report.integrity, "{report}");
}

#[test]
fn an_honest_bundle_holds_and_agrees() {
    let report = Ship::honest().report();
    assert_eq!(report.exit_code(), 0, "{report}");
    assert_eq!(report.reassessment.compared, 4);
    // One point left out; two nights without a patrol, of which one is excused.
    assert_eq!(report.reassessment.flags, 3);
    assert_eq!(report.ledger.after, 0);
    assert_eq!(report.not_shown, NotShown::default());
}

#[test]
fn a_report_reads_well() {
    let report = Ship::honest().report();
    let golden = include_str!("tests/report.txt");
    assert_eq!(report.to_string(), golden, "\n{report}");
}

#[test]
fn an_archive_is_made_the_same_twice_and_reads_back() {
    let ship = Ship::honest();
    let archive = ship.bundle().to_archive().unwrap();
    assert_eq!(Ship::honest().bundle().to_archive().unwrap(), archive);
    let again = ship.changed(|sources| {
        sources.leaves.reverse();
        sources.segments.reverse();
        sources.receipts.reverse();
        sources.contents.reverse();
    });
    assert_eq!(again.to_archive().unwrap(), archive);
    assert_eq!(Bundle::from_archive(&archive), Ok(ship.bundle()));
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let ship = Ship::honest();
    let options = [
        (
            Options { vessel: Some(crate::model::VesselId([9; 16])), ..Options::default() },
            "other_vessel",
        ),
        (Options { from: Some(DAY - 1), ..Options::default() }, "other_period"),
        (Options { to: Some(NOW + 1), ..Options::default() }, "other_period"),
        (Options { shore_key: Some([2; 33]), ..Options::default() }, "other_shore"),
    ];
    for (options, code) in options {
        let report = verify(&ship.bundle(), &ship.policy, &options).unwrap();
        assert_eq!((report.exit_code(), report.has_fault(code)), (1, true), "{code}: {report}");
    }
}

#[test]
fn a_part_of_the_period_can_be_looked_at() {
    let ship = Ship::new(Story { drops_flag: Some("missed"), ..Story::default() });
    let asked = |from, to| Options { from: Some(from), to: Some(to), ..Options::default() };
    let first = verify(&ship.bundle(), &ship.policy, &asked(DAY, DAY + 86_400)).unwrap();
    assert_eq!((first.exit_code(), first.reassessment.compared), (0, 1), "{first}");
    let second = verify(&ship.bundle(), &ship.policy, &asked(DAY + 86_400, DAY + 172_800)).unwrap();
    assert_eq!((second.exit_code(), second.reassessment.flags_outside), (3, 1), "{second}");
}

#[test]
fn a_partial_bundle_says_where_it_begins() {
    let whole = Ship::honest();
    let first = whole.sources.leaves.len() as u64 - 2;
    let ship = Ship::new(Story { first, ..Story::default() });
    let report = ship.report();
    assert_holds(&report);
    assert_eq!((report.exit_code(), report.ledger.first), (4, first), "{report}");
    assert!(report.to_string().contains("Earlier ones are not"), "{report}");
}

#[test]
fn a_policy_that_asks_for_no_witness_is_met_too() {
    let ship = Ship::honest();
    let policy = Policy::of_ledger(ship::ledger_key().verifier().clone());
    assert_eq!(verify(&ship.bundle(), &policy, &Options::default()).unwrap().exit_code(), 0);
}

#[test]
fn a_device_without_data_is_named() {
    let report = Ship::honest().report();
    let [_, _, _] = report.devices.as_slice() else { panic!("{report}") };
    let ship = Ship::honest();
    let before = Options { from: Some(NOW - 60), ..Options::default() };
    let late = verify(&ship.bundle(), &ship.policy, &before).unwrap();
    assert!(late.to_string().contains("No data in this period"), "{late}");
    assert!(!report.to_string().contains("No data in this period"), "{report}");
    assert!(report.reassessment.not_possible_for.is_empty());
    assert_eq!(report.devices.iter().filter(|it| it.shore).count(), 1);
    assert!(due(0) != due(1));
}
