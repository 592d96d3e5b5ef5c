//! Keys and revocations in bundles: two keys with one id, and receipts that the shore does not stand by.

use super::ship::{Ship, Story};

#[test]
fn another_key_with_the_same_id_is_not_the_certified_one() {
    let ship = Ship::new(Story { certifies_a_twin: true, ..Story::default() });
    let report = ship.report();
    assert_eq!(report.exit_code(), 1, "{report}");
    assert!(report.has_fault("key_not_certified"), "{report}");
    let flags = ship.flags();
    assert!(flags.iter().any(|flag| flag.code == "two_keys"), "{flags:?}");
}

#[test]
fn a_revocation_below_what_was_receipted_is_a_flag_and_a_note() {
    let ship = Ship::new(Story { disowns: true, ..Story::default() });
    let report = ship.report();
    assert_eq!(report.exit_code(), 0, "{report}");
    let told = |note: &&String| note.contains("after its record 0, and had receipted");
    assert_eq!(report.notes.iter().filter(told).count(), 1, "{report}");
    let flags = ship.flags();
    assert!(flags.iter().any(|flag| flag.code == "receipts_disowned"), "{flags:?}");
    // Left out of the ledger, it is missed.
    let dropped =
        Story { disowns: true, drops_flag: Some("receipts_disowned"), ..Story::default() };
    let report = Ship::new(dropped).report();
    assert_eq!(report.exit_code(), 3, "{report}");
    assert_eq!(report.reassessment.differences[0].code, "flag_missing", "{report}");
}
