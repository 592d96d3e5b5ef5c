//! What the bundle itself names: its parts, and what records say of what is not there.

use super::{
    super::{parts::*, *},
    ship::{Ship, Story},
};
use crate::{
    ledger::LeafKind,
    model::Hash,
    record::{Receipt, Segment, part::Part},
};

fn report(ship: &Ship, bundle: &Bundle) -> Report {
    verify(bundle, &ship.policy, &Options::default()).unwrap()
}

/// Order of P-256 (FIPS 186-5): of a good signature (r, s), (r, n - s) is good too.
const N: &[u8; 64] = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn other_form(signature: &mut [u8; 64]) {
    let n = data_encoding::HEXLOWER.decode(N).unwrap();
    let mut borrow = 0i16;
    for at in (0..32).rev() {
        let digit = i16::from(n[at]) - i16::from(signature[32 + at]) - borrow;
        borrow = i16::from(digit < 0);
        signature[32 + at] = digit.rem_euclid(256) as u8;
    }
}

/// Who carries a bundle can neither show less nor the same in another form, though each of these would verify by itself.
#[test]
fn whoever_carries_a_bundle_changes_nothing() {
    let ship = Ship::new(Story { short: true, ..Story::default() });
    let dev = ship.crew.dev;
    let of_crew = |sources: &mut Sources| -> Vec<Segment> {
        let (own, others) = sources.segments.drain(..).partition(|it| it.dev == dev);
        sources.segments = others;
        own
    };
    type Change<'c> = (&'c str, &'c str, &'c dyn Fn(&mut Sources));
    let changes: [Change<'_>; 6] = [
        ("a receipt less", "receipts.cbor", &|sources| drop(sources.receipts.pop())),
        ("a content less", "contents.cbor", &|sources| {
            sources.contents.retain(|content| !content.starts_with(&[0x85, 0x6f, 0x4a, 0x83]));
        }),
        ("a leaf of the ledger less", "ledger-leaves.cbor", &|sources| {
            sources.ledger_leaves.truncate(1);
        }),
        ("the other form of a signature", "segments", &|sources| {
            let mut own = of_crew(sources);
            other_form(&mut own[0].signature);
            sources.segments.extend(own);
        }),
        ("a copy that shows less", "segments", &|sources| {
            let mut own = of_crew(sources);
            own.push(own[1].disclose(|_, part| part != Part::Person));
            sources.segments.extend(own);
        }),
        ("a person less", "segments", &|sources| {
            let own = of_crew(sources);
            let less = own.iter().map(|it| it.disclose(|_, part| part != Part::Person));
            sources.segments.extend(less);
        }),
    ];
    for (what, part, change) in changes {
        let report = report(&ship, &ship.changed(change));
        assert_eq!(report.exit_code(), 1, "{what}: {report}");
        let of_parts = report.checks[0].faults.iter().filter(|fault| fault.code == "part_changed");
        let told: Vec<&str> = of_parts.map(|fault| fault.sentence.as_str()).collect();
        assert!(told.iter().any(|it| it.contains(part)), "{what}: {told:?}");
    }
    // A part that was not handed out, and one that is gone.
    let mut bundle = ship.bundle();
    let segments = bundle.take(&segments_name(dev)).unwrap();
    bundle.put("segments/0000000000000000.cbor", segments);
    assert_eq!(report(&ship, &bundle).checks[0].faults.len(), 2);
    let mut bundle = ship.bundle();
    let mut contents: Vec<Vec<u8>> =
        Parts::read(&bundle).unwrap().contents.values().map(|it| it.to_vec()).collect();
    contents.push(ship.manifest.encode());
    contents.sort_by_key(|content| Hash::of(content));
    bundle.put(CONTENTS, write_in_order(contents.iter().map(Vec::as_slice)));
    let refused = verify(&bundle, &ship.policy, &Options::default());
    assert_eq!(refused, Err(BundleError::ManifestTwice));
}

#[test]
fn what_says_nothing_personal_is_always_shown() {
    let ship = Ship::new(Story { short: true, erases: true, ..Story::default() });
    for kind in [LeafKind::ORIGIN, LeafKind::DETECTOR, LeafKind::ERASURE] {
        let leaves = ship.log.leaves.iter().filter(|(_, leaf)| leaf.kind == kind);
        let gone: Vec<Hash> = leaves.map(|(_, leaf)| leaf.subject).collect();
        assert_eq!(gone.len(), 1, "{kind:?}");
        let without = ship.showing(|sources| {
            sources.contents.retain(|content| !gone.contains(&Hash::of(content)));
        });
        let report = without.report();
        assert!(!report.integrity && report.has_fault("content_missing"), "{kind:?}: {report}");
    }
}

#[test]
fn what_phones_saw_of_each_other_is_told_and_accuses_nobody() {
    let last = Ship::honest().officer_head;
    let report = Ship::new(Story { sees: true, ..Story::default() }).report();
    super::assert_holds(&report);
    let told: Vec<(&str, Option<u64>, u64)> =
        report.not_shown.named.iter().map(|it| (it.code, it.seq, it.times)).collect();
    let expected = [
        ("change_not_shown", None, 1),
        ("receipt_not_shown", None, 1),
        ("record_differs", Some(last), 1),
        ("record_not_shown", None, 1),
        ("record_not_shown", Some(last + 9), 2),
    ];
    assert_eq!(told, expected, "{report}");
    assert!(report.to_string().contains("KNOWN TO RECORDS, AND NOT SHOWN"), "{report}");
    assert!(report.to_string().contains("and 1 more: it never reached the ledger"), "{report}");
    assert_eq!(Ship::honest().report().not_shown.named, []);
}

#[test]
fn a_receipt_says_that_nothing_before_it_is_missing() {
    let report = Ship::new(Story { loses: true, ..Story::default() }).report();
    assert_eq!(report.exit_code(), 1, "{report}");
    let faults: Vec<&str> =
        report.checks.iter().flat_map(|check| &check.faults).map(|it| it.code).collect();
    assert_eq!(faults, ["receipt_contradicts"], "{report}");
    assert!(report.to_string().contains("not all is shown"), "{report}");
}

#[test]
fn a_clock_that_goes_back_while_the_ledger_grows_is_told() {
    let report = Ship::new(Story { dates_back: 7_300, ..Story::default() }).report();
    super::assert_holds(&report);
    let told = report.ledger.clock_set_back.unwrap();
    assert_eq!((told.secs, told.receipts, told.from - told.to), (7_300, 1, 7_300));
    assert!(report.to_string().contains("by up to 7300 s"), "{report}");
    assert_eq!(Ship::honest().report().ledger.clock_set_back, None);
}

/// The officer can adopt as often as the phone can write; nobody who reads that must count for ever.
#[test]
fn a_plan_that_costs_too_much_is_not_assessed() {
    let report = Ship::new(Story { adopts: 3_400, short: true, ..Story::default() }).report();
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    let why = report.reassessment.not_possible.unwrap();
    assert!(why.contains("more patrols than a verification counts"), "{why}");
}

#[test]
fn receipts_of_a_ledger_before_this_one_are_listed_with_what_was_lost() {
    let ship = Ship::new(Story { follows: true, short: true, ..Story::default() });
    let report = ship.report();
    assert!(report.integrity, "{report}");
    let [earlier] = &report.ledger.earlier[..] else { panic!("{report}") };
    assert_eq!(earlier.name.as_deref(), Some("ledger.example/fleet-0"));
    assert_eq!((earlier.receipts, earlier.acks, earlier.lost_more), (2, 1, 0));
    let [lost] = &earlier.lost[..] else { panic!("{report}") };
    assert_eq!((lost.dev, lost.hash), (ship.crew.dev, Hash::of(b"a lost record")));
    // Everything that is shown was compared, and still something is undecided.
    assert!(report.reassessment.is_complete() && !report.reassessment.differs(), "{report}");
    assert_eq!(report.exit_code(), 4);
    let text = report.to_string();
    assert!(text.contains("EARLIER LEDGERS, WHICH THIS BUNDLE DOES NOT HOLD"), "{text}");
    assert!(text.contains("LOST: a receipt says that the shore held record"), "{text}");
    // Without that receipt nothing is lost.
    let whole = ship.showing(|sources| {
        let lost = |bytes: &Vec<u8>| Receipt::decode(bytes).unwrap().head != lost.hash;
        sources.receipts.retain(lost);
    });
    let report = whole.report();
    assert_eq!((report.exit_code(), report.ledger.earlier[0].receipts), (0, 1), "{report}");
}

#[test]
fn a_receipt_of_a_ledger_that_the_shore_never_named_is_a_fault() {
    let ship = Ship::new(Story { hides_a_ledger: true, short: true, ..Story::default() });
    let report = ship.report();
    assert!(report.has_fault("ledger_unknown"), "{report}");
    assert_eq!(report.exit_code(), 1);
}
