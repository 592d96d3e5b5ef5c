//! What is withheld or erased leaves the rest provable.

use proptest::prelude::*;

use super::{
    super::*,
    ship::{Ship, Story, due},
};
use crate::{ledger::LeafKind, model::Hash};

fn withholding(parts: Shown) -> Report {
    let withheld = vec![Withheld::everywhere(parts)];
    Ship::new(Story { withheld, ..Story::default() }).report()
}

#[test]
fn persons_withheld_cost_no_more_than_what_was_excused() {
    let report = withholding(Shown { person: true, ..Shown::default() });
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    assert_eq!(report.reassessment.not_possible_for, [due(2)], "{report}");
    let [times, persons, contents] = report.not_shown.withheld;
    assert!(times == 0 && contents == 0 && persons > 30, "{report}");
}

#[test]
fn times_or_contents_withheld_leave_integrity() {
    for parts in
        [Shown { time: true, ..Shown::default() }, Shown { content: true, ..Shown::default() }]
    {
        let report = withholding(parts);
        super::assert_holds(&report);
        assert_eq!(report.exit_code(), 4, "{report}");
        assert!(report.reassessment.differences.is_empty(), "{report}");
    }
}

#[test]
fn nothing_of_what_is_withheld_is_in_the_archive() {
    let bytes =
        |withheld| Ship::new(Story { withheld, ..Story::default() }).bundle().to_archive().unwrap();
    let holds = |archive: &[u8], tag: u8| archive.windows(16).any(|it| it == [tag; 16]);
    assert!(holds(&bytes(Vec::new()), 2));
    let archive = bytes(vec![Withheld::everywhere(Shown { content: true, ..Shown::default() })]);
    // The Plan still names the tag, in hex; the scans do not.
    assert!(!holds(&archive, 2));
}

#[test]
fn one_walk_withheld_leaves_the_other_nights_comparable() {
    let crew = Ship::honest().crew;
    // Record 0 genesis, 1 alive, 2 anchor, 3 ack, then the walk.
    let parts = Shown { time: true, content: true, person: false };
    let rule = Withheld { dev: Some(crew.dev), from: 4, to: 8, parts };
    let report = Ship::new(Story { withheld: vec![rule], ..Story::default() }).report();
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    assert_eq!(report.reassessment.not_possible_for, [due(0)], "{report}");
    assert_eq!(report.reassessment.compared, 3, "{report}");
}

/// A bundle without the contents of these leaves.
fn without(ship: &Ship, gone: impl Fn(&[u8], LeafKind) -> bool) -> Report {
    let kind = |content: &[u8]| {
        let subject = Hash::of(content);
        let leaf = ship.sources.leaves.iter().find(|(_, leaf)| leaf.subject == subject);
        leaf.map_or(LeafKind::ORIGIN, |(_, leaf)| leaf.kind)
    };
    let kept = |content: &Vec<u8>| !gone(content, kind(content));
    ship.showing(|sources| sources.contents.retain(kept)).report()
}

#[test]
fn document_changes_withheld_leave_integrity() {
    let ship = Ship::honest();
    let page = |content: &[u8], kind| {
        kind == LeafKind::CHANGE && content.windows(8).any(|it| it == b"accepted")
    };
    let report = without(&ship, page);
    super::assert_holds(&report);
    assert_eq!((report.exit_code(), report.not_shown.changes), (4, 1), "{report}");
    assert_eq!(report.reassessment.not_possible_for, [due(2)], "{report}");
    let report = without(&ship, |_, kind| kind == LeafKind::CHANGE);
    super::assert_holds(&report);
    assert_eq!(report.exit_code(), 4, "{report}");
    assert!(report.reassessment.not_possible.as_ref().unwrap().contains("Plan"), "{report}");
}

#[test]
fn what_flags_say_may_be_withheld_and_they_are_still_compared() {
    let ship = Ship::honest();
    let report = without(&ship, |_, kind| kind == LeafKind::FLAG_RAISED);
    assert_eq!(report.exit_code(), 0, "{report}");
    let ship = Ship::new(Story { makes_up_a_flag: true, ..Story::default() });
    let report = without(&ship, |_, kind| kind == LeafKind::FLAG_RAISED);
    assert_eq!(report.exit_code(), 3, "{report}");
    let report = without(&Ship::honest(), |_, kind| kind == LeafKind::FLAG_REVISED);
    assert_eq!(report.exit_code(), 4, "{report}");
}

#[test]
fn a_run_may_not_be_withheld() {
    let report = without(&Ship::honest(), |_, kind| kind == LeafKind::SEGMENT);
    assert!(report.has_fault("run_missing") && report.has_fault("records_not_logged"), "{report}");
}

fn rule() -> impl Strategy<Value = Withheld> {
    let crew = Ship::new(Story { short: true, ..Story::default() }).crew.dev;
    let dev = prop_oneof![Just(None), Just(Some(crew))];
    (dev, 0u64..30, 0u64..30, 1u64..8).prop_map(|(dev, from, length, parts)| {
        let parts = Shown::from_number(parts).unwrap();
        Withheld { dev, from, to: from + length, parts }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is withheld, integrity holds, nobody is accused, and every withheld part is counted as such.
    #[test]
    fn any_withholding_leaves_integrity_and_accuses_nobody(
        withheld in proptest::collection::vec(rule(), 0..4),
        gone in proptest::collection::vec(any::<bool>(), 16),
    ) {
        let ship = Ship::new(Story { withheld, ..Story::default() });
        let report = without(&ship, |content, kind| {
            kind == LeafKind::CHANGE && gone[usize::from(Hash::of(content).0[0] % 16)]
        });
        prop_assert!(report.integrity, "{}", report);
        prop_assert!(report.reassessment.differences.is_empty(), "{}", report);
        prop_assert_eq!(report.not_shown.unexplained, [0; 3]);
        prop_assert_eq!(report.exit_code() == 0, report.reassessment.is_complete());
    }
}

#[test]
fn what_was_erased_is_said_and_is_no_failure() {
    let page = |content: &[u8], kind| {
        kind == LeafKind::CHANGE && content.windows(8).any(|it| it == b"accepted")
    };
    let erased = without(&Ship::new(Story { erases: true, ..Story::default() }), page);
    super::assert_holds(&erased);
    assert_eq!((erased.not_shown.changes, erased.not_shown.erased_contents), (0, 1), "{erased}");
    // The crew's persons: erased by a record of the shore, and not withheld by whoever hands out.
    let [times, persons, contents] = erased.not_shown.erased;
    assert!(times == 0 && contents == 0 && persons > 20, "{erased}");
    assert_eq!(erased.not_shown.unexplained, [0; 3], "{erased}");
    let text = erased.to_string();
    for expected in
        ["after five years", "were erased, for reason 1", "1 contents of leaves were erased"]
    {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn what_is_missing_without_a_reason_is_said() {
    let ship = Ship::honest();
    let silent = |segment: &mut crate::record::Segment| {
        *segment = segment.disclose(|_, part| part != crate::record::Part::Person);
    };
    let report = ship.showing(|sources| sources.segments.iter_mut().for_each(silent)).report();
    super::assert_holds(&report);
    assert!(report.not_shown.unexplained[1] > 30, "{report}");
    assert_eq!(report.exit_code(), 4, "{report}");
}
