//! What every backend must do: small named cases, made into tests for each backend by [`conformance_tests`].

pub mod changes;
pub mod enrolments;
pub mod ledgers;
pub mod page_states;
pub mod projections;
pub mod receipts;
pub mod revisions;
pub mod segments;
pub mod transactions;
pub mod vessels;

use deckwatch_core::model::{DeviceId, DocumentId, DueId, Hash, RouteId, VesselId};

use super::*;

/// Makes an empty store.
pub type Make = fn() -> Box<dyn Store>;

macro_rules! one_test_each {
    ($make:expr => $($group:ident: $($case:ident),+;)+) => {$($(
        #[test]
        fn $case() {
            let make: $crate::store::conformance::Make = $make;
            $crate::store::conformance::$group::$case(make);
        }
    )+)+};
}

/// Writes one `#[test]` for every case, for the backend that the argument makes.
macro_rules! conformance_tests {
    ($make:expr) => {
        $crate::store::conformance::one_test_each! { $make =>
            vessels: vessels_are_listed_by_name_then_id, a_vessel_is_added_once,
                a_rename_changes_the_name_only, names_are_bounded, scope_decides_which_vessels;
            enrolments: an_enrolment_comes_back_as_it_was, an_enrolment_is_used_once,
                enrolments_are_listed_newest_first, enrolments_that_break_rules_are_refused;
            segments: a_segment_comes_back_as_it_was, a_second_copy_changes_nothing,
                a_longer_copy_takes_the_place_of_a_shorter_one,
                an_erased_copy_takes_the_place_of_the_whole_one,
                forks_are_kept_and_everything_is_ordered, pages_reach_every_branch_of_a_fork,
                segments_of_vessels_are_apart, holdings_count_bytes_and_arrivals,
                sequence_numbers_never_wrap, segments_are_bounded, a_callback_ends_the_list,
                no_list_is_longer_than_the_cap;
            changes: a_change_comes_back_with_its_arrival, a_change_is_kept_once_a_document,
                changes_are_listed_as_they_came,
                changes_are_named_as_they_came_whatever_their_document, documents_are_listed_in_pages,
                changes_are_counted_by_who_wrote_and_who_brought_them, changes_are_bounded;
            ledgers: leaves_come_back_by_place_vessel_and_subject,
                subtrees_are_kept_for_every_proof, what_leaves_are_about_is_kept_once,
                the_newest_tree_head_is_the_largest;
            page_states: the_state_of_a_page_takes_the_place_of_the_one_before,
                states_of_pages_are_checked_and_can_be_made_again;
            receipts: the_first_receipt_stays, the_latest_receipt_has_the_highest_seq,
                receipts_are_listed_by_device_and_seq, receipts_are_bounded;
            revisions: revisions_are_numbered_and_listed_newest_first,
                a_number_that_was_rolled_back_is_given_again, revisions_are_bounded;
            projections: a_vessel_state_is_replaced, vessels_are_due_in_order_of_their_next_change,
                an_assessment_replaces_the_one_before, only_rows_that_differ_are_written,
                assessments_that_break_rules_are_refused, due_patrols_are_found_by_day_and_by_id,
                verdicts_are_counted_by_vessel_and_day, flags_are_listed_in_pages,
                flags_are_counted_by_code, clearing_leaves_the_sources, digests_see_every_field,
                the_digest_of_a_known_assessment;
            transactions: an_error_undoes_everything, a_panic_undoes_everything,
                a_refusal_lets_the_transaction_go_on, a_write_reads_what_it_wrote,
                a_reader_does_not_see_a_write_that_came_later, a_read_within_a_write_sees_neither,
                a_write_within_a_write_is_refused, writers_take_turns, readers_never_see_half,
                errors_of_the_caller_come_back;
        }
    };
}

pub(crate) use {conformance_tests, one_test_each};

pub fn vessel_id(n: u8) -> VesselId {
    VesselId([n; 16])
}

pub fn device(n: u8) -> DeviceId {
    DeviceId([n; 8])
}

pub fn hash(n: u8) -> Hash {
    Hash([n; 32])
}

pub fn due_id(n: u8) -> DueId {
    DueId([n; 16])
}

pub fn vessel_row(n: u8, name: &str) -> VesselRow {
    VesselRow {
        id: vessel_id(n),
        name: name.into(),
        created_at: 1_700_000_000 + i64::from(n),
        shore_key: [n; 33],
    }
}

/// A store with vessels 1 and 2.
pub fn store_with_vessels(make: Make) -> Box<dyn Store> {
    let store = make();
    writing(&*store, |tx| {
        tx.add_vessel(&vessel_row(1, "Aurora"))?;
        tx.add_vessel(&vessel_row(2, "Borealis"))
    })
    .unwrap();
    store
}

/// A segment of vessel 1 with bytes of its own.
pub fn segment(dev: u8, from_seq: u64, to_seq: u64, head: u8) -> SegmentRow {
    SegmentRow {
        vessel: vessel_id(1),
        dev: device(dev),
        from_seq,
        to_seq,
        prev: hash(head.wrapping_sub(1)),
        head: hash(head),
        bytes: vec![dev, head, 3],
        received_at: 1_700_000_000,
        carried_by: device(9),
    }
}

/// A change of a page of vessel 1.
pub fn new_change(doc: u8, n: u8) -> NewChange {
    NewChange {
        vessel: vessel_id(1),
        doc: page(doc),
        hash: hash(n),
        bytes: vec![doc, n],
        author: device(n),
        carried_by: device(9),
        received_at: 1_700_000_000 + i64::from(n),
    }
}

pub fn page(n: u8) -> DocumentRef {
    DocumentRef { kind: 2, id: DocumentId([n; 16]) }
}

pub fn receipt(dev: u8, seq: u64, head: u8, time: i64) -> ReceiptRow {
    ReceiptRow {
        vessel: vessel_id(1),
        dev: device(dev),
        seq,
        head: hash(head),
        time,
        bytes: vec![dev, head],
    }
}

pub fn revision(due: u8, to_verdict: &str) -> NewRevision {
    NewRevision {
        vessel: vessel_id(1),
        due: due_id(due),
        at: 1_700_000_000,
        from_verdict: "awaiting_sync".into(),
        to_verdict: to_verdict.into(),
        cause: "segment of 0909090909090909 up to 12".into(),
    }
}

pub fn state(vessel: u8, as_of: i64, next_change: Option<i64>) -> VesselStateRow {
    VesselStateRow {
        vessel: vessel_id(vessel),
        as_of,
        next_change,
        summary: format!("{{\"as_of\":{as_of}}}"),
    }
}

pub fn due(vessel: u8, due: u8, day: i32, verdict: &str) -> DuePatrolRow {
    let opens = i64::from(day) * 86_400 + i64::from(due) * 60;
    DuePatrolRow {
        vessel: vessel_id(vessel),
        due: due_id(due),
        day,
        opens,
        closes: opens + 3_600,
        route: RouteId([due; 8]),
        verdict: verdict.into(),
        body: "{}".into(),
    }
}

pub fn flag(vessel: u8, id: u8, at: i64, code: &str) -> FlagRow {
    FlagRow {
        vessel: vessel_id(vessel),
        id: hash(id),
        due: None,
        day: 20_000,
        code: code.into(),
        severity: "irregular".into(),
        at,
        body: "{}".into(),
    }
}

/// A text of exactly this many bytes.
pub fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Whether one write was refused.
pub fn refused(
    store: &dyn Store,
    work: impl FnMut(&mut dyn WriteTx) -> Result<(), StoreError>,
) -> bool {
    writing(store, work).is_err_and(|error| error.is_refusal())
}
