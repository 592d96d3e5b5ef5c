use deckwatch_core::model::Hash;

use super::*;
use crate::store::conformance::{
    device, due, due_id, flag, hash, new_change, page, receipt, revision, segment, state,
    vessel_id, vessel_row,
};
use crate::store::{
    EnrolmentRow, EnrolmentToken, MemoryStore, NewChange, NewRevision, ReceiptRow, Scope,
    SegmentRow, SegmentsFrom, gather, projection_digest, reading, writing,
};

/// Numbers that look random and are the same on every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn byte(&mut self, limit: u64) -> u8 {
        u8::try_from(self.below(limit)).unwrap()
    }
}

const VERDICTS: [&str; 4] = ["done", "missed", "awaiting_sync", ""];

/// One call, sometimes one that must be refused; what it answered, as text.
fn step(tx: &mut dyn WriteTx, numbers: &mut Numbers) -> String {
    let vessel = vessel_id(numbers.byte(4));
    let (a, b, c) = (numbers.byte(4), numbers.byte(4), numbers.byte(4));
    let at = i64::from(numbers.byte(6)) - 2;
    let verdict = VERDICTS[usize::from(numbers.byte(4))];
    match numbers.below(9) {
        0 => format!("{:?}", tx.add_vessel(&vessel_row(vessel.0[0], "vessel"))),
        1 => format!("{:?}", tx.rename_vessel(vessel, verdict)),
        2 => {
            let token = EnrolmentToken([a; 16]);
            let (used_by, used_at) =
                if b == 0 { (Some(device(c)), Some(at)) } else { (None, None) };
            let row = EnrolmentRow {
                vessel,
                token,
                roles: b.into(),
                label: verdict.into(),
                created_at: at,
                expires_at: at + 1,
                used_by,
                used_at,
            };
            let added = tx.add_enrolment(&row);
            format!("{added:?} {:?}", tx.use_enrolment(vessel, token, device(b), at))
        }
        3 => {
            let row = segment(a, b.into(), c.into(), numbers.byte(3));
            let row = SegmentRow {
                vessel,
                received_at: at,
                bytes: vec![a; numbers.byte(9).into()],
                ..row
            };
            format!("{:?}", tx.put_segment(&row))
        }
        4 => format!("{:?}", tx.put_change(&NewChange { vessel, ..new_change(a, b) })),
        5 => format!("{:?}", tx.put_receipt(&ReceiptRow { vessel, ..receipt(a, b.into(), c, at) })),
        6 => format!("{:?}", tx.append_revision(&NewRevision { vessel, ..revision(a, verdict) })),
        7 => {
            let next = (a > 0).then_some(at);
            format!("{:?}", tx.put_vessel_state(&state(vessel.0[0], at, next)))
        }
        _ => {
            let n = vessel.0[0];
            let dues: Vec<_> = (0..a).map(|i| due(n, i * b, i32::from(c), verdict)).collect();
            let flags: Vec<_> = (0..b).map(|i| flag(n, i, at, "silence")).collect();
            format!("{:?}", tx.replace_assessment(&state(n, at, None), &dues, &flags))
        }
    }
}

/// Everything that can be asked, as text.
fn everything(store: &dyn Store) -> String {
    use std::fmt::Write;
    let mut told = String::new();
    reading(store, |tx| {
        let mut tell = |what: &dyn std::fmt::Debug| writeln!(told, "{what:?}").unwrap();
        tell(&tx.vessels(Scope::All)?);
        tell(&tx.vessel_states(Scope::All)?);
        tell(&tx.due_for_reassessment(2, 9)?);
        tell(&tx.verdict_counts(Scope::All, 0..=9)?);
        tell(&tx.flags(Scope::All, None, 99)?);
        tell(&tx.flag_counts(Scope::All)?);
        for n in 0..4 {
            let vessel = vessel_id(n);
            tell(&tx.enrolments(vessel, 99)?);
            tell(&gather(|each| tx.segments_of(vessel, each))?);
            tell(&gather(|each| tx.segment_spans_of(vessel, each))?);
            tell(&gather(|each| tx.holdings_of(vessel, each))?);
            tell(&gather(|each| tx.receipts_of(vessel, each))?);
            tell(&gather(|each| tx.due_patrols_of(vessel, each))?);
            tell(&gather(|each| tx.flags_of(vessel, each))?);
            tell(&tx.documents(vessel, Some(page(0)), 99)?);
            tell(&tx.newest_revisions(vessel, 99)?);
            tell(&tx.due_patrols(vessel, 1..=2)?);
            tell(&tx.flags(Scope::Vessel(vessel), None, 3)?);
            tell(&tx.due_patrol(due_id(n))?);
            tell(&projection_digest(tx, vessel)?);
            for m in 0..4 {
                tell(&gather(|each| tx.changes_of(vessel, page(m), 1, each))?);
                tell(&tx.latest_receipt(vessel, device(m))?);
                tell(&tx.revisions_of_due(vessel, due_id(m), 2)?);
                tell(&tx.segments_of_device(vessel, device(m), SegmentsFrom::Seq(1), 3)?);
                tell(&tx.has_segment(vessel, device(m), 2, hash(1))?);
                tell(&tx.change(vessel, page(m), hash(2))?);
            }
        }
        Ok(())
    })
    .unwrap();
    told
}

/// The same calls, in transactions of which some are given up, get the same answers from both.
#[test]
fn memory_and_sqlite_agree() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let (memory, sqlite) = (MemoryStore::new(), OnTempDir::new());
        for store in [&memory as &dyn Store, &sqlite] {
            writing(store, |tx| (0..3).try_for_each(|n| tx.add_vessel(&vessel_row(n, "vessel"))))
                .unwrap();
        }
        let mut shape = Numbers(seed);
        for round in 0..12 {
            let (steps, give_up) = (1 + shape.below(12), shape.below(4) == 0);
            let run = |store: &dyn Store| {
                let mut numbers = Numbers(seed * 1_000 + round);
                let mut answers = Vec::new();
                let ended = writing(store, |tx| {
                    answers = (0..steps).map(|_| step(tx, &mut numbers)).collect();
                    if give_up { Err(StoreError::Abandoned) } else { Ok(()) }
                });
                assert_eq!(ended.is_err(), give_up);
                answers
            };
            assert_eq!(run(&memory), run(&sqlite), "seed {seed}, round {round}");
            let told = everything(&memory);
            assert_eq!(told, everything(&sqlite), "seed {seed}, round {round}");
            seen.insert(Hash::of(told.as_bytes()));
        }
    }
    assert!(seen.len() > 300, "the calls hardly changed anything: {} states", seen.len());
}
