use std::collections::BTreeSet;
use std::slice::from_ref;

use super::*;

fn replace(
    store: &dyn Store,
    state: &VesselStateRow,
    dues: &[DuePatrolRow],
    flags: &[FlagRow],
) -> Replaced {
    writing(store, |tx| tx.replace_assessment(state, dues, flags)).unwrap()
}

fn digest(store: &dyn Store, vessel: u8) -> Hash {
    reading(store, |tx| projection_digest(tx, vessel_id(vessel))).unwrap()
}

pub fn a_vessel_state_is_replaced(make: Make) {
    let store = store_with_vessels(make);
    let put = |row: &VesselStateRow| writing(&*store, |tx| tx.put_vessel_state(row)).unwrap();
    put(&state(2, 100, Some(200)));
    put(&state(1, 100, None));
    put(&state(2, 300, None));
    reading(&*store, |tx| {
        assert_eq!(tx.vessel_state(vessel_id(2))?, Some(state(2, 300, None)));
        assert_eq!(tx.vessel_state(vessel_id(3))?, None);
        assert_eq!(tx.vessel_states(Scope::All)?, [state(1, 100, None), state(2, 300, None)]);
        assert_eq!(tx.vessel_states(Scope::Vessel(vessel_id(1)))?, [state(1, 100, None)]);
        let set = BTreeSet::from([vessel_id(2), vessel_id(3)]);
        assert_eq!(tx.vessel_states(Scope::Vessels(&set))?, [state(2, 300, None)]);
        Ok(())
    })
    .unwrap();
    assert!(refused(&*store, |tx| tx.put_vessel_state(&state(3, 1, None))));
    let no_json = VesselStateRow { summary: "{".into(), ..state(1, 1, None) };
    assert!(refused(&*store, |tx| tx.put_vessel_state(&no_json)));
}

pub fn vessels_are_due_in_order_of_their_next_change(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        for n in 3..=5 {
            tx.add_vessel(&vessel_row(n, "more"))?;
        }
        for (n, next) in [(1, Some(300)), (2, Some(100)), (3, None), (4, Some(100)), (5, Some(-9))]
        {
            tx.put_vessel_state(&state(n, 0, next))?;
        }
        Ok(())
    })
    .unwrap();
    let due = |now, limit| {
        let vessels = reading(&*store, |tx| tx.due_for_reassessment(now, limit)).unwrap();
        vessels.into_iter().map(|id| id.0[0]).collect::<Vec<_>>()
    };
    assert!(due(-10, 9).is_empty());
    assert_eq!(due(99, 9), [5]);
    assert_eq!(due(100, 9), [5, 2, 4]);
    assert_eq!(due(i64::MAX, 9), [5, 2, 4, 1]);
    assert_eq!(due(i64::MAX, 2), [5, 2]);
}

pub fn an_assessment_replaces_the_one_before(make: Make) {
    let store = store_with_vessels(make);
    let other = due(2, 1, 5, "done");
    replace(&*store, &state(2, 1, None), from_ref(&other), &[flag(2, 1, 5, "silence")]);
    let before = [due(1, 1, 5, "done"), due(1, 2, 5, "awaiting_sync"), due(1, 3, 6, "missed")];
    replace(&*store, &state(1, 1, Some(7)), &before, &[flag(1, 1, 5, "silence")]);
    let after = [due(1, 2, 5, "done"), due(1, 3, 6, "missed"), due(1, 4, 6, "not_due_yet")];
    let flags = [flag(1, 2, 6, "late_start"), flag(1, 3, 6, "overrun")];
    let replaced = replace(&*store, &state(1, 2, None), &after, &flags);
    assert_eq!(replaced, Replaced { written: 5, removed: 2 });
    reading(&*store, |tx| {
        let rows = gather(|each| tx.due_patrols_of(vessel_id(1), each))?;
        assert_eq!(rows, after);
        assert_eq!(gather(|each| tx.flags_of(vessel_id(1), each))?, flags);
        assert_eq!(tx.vessel_state(vessel_id(1))?, Some(state(1, 2, None)));
        assert_eq!(gather(|each| tx.due_patrols_of(vessel_id(2), each))?, from_ref(&other));
        assert_eq!(tx.flag(vessel_id(2), hash(1))?, Some(flag(2, 1, 5, "silence")));
        assert_eq!(tx.flag(vessel_id(1), hash(1))?, None);
        Ok(())
    })
    .unwrap();
    let emptied = replace(&*store, &state(1, 2, None), &[], &[]);
    assert_eq!(emptied, Replaced { written: 0, removed: 5 });
}

pub fn only_rows_that_differ_are_written(make: Make) {
    let store = store_with_vessels(make);
    let dues = [due(1, 2, 5, "done"), due(1, 1, 5, "missed")];
    let flags = [flag(1, 2, 6, "late_start")];
    let first = replace(&*store, &state(1, 1, None), &dues, &flags);
    assert_eq!(first, Replaced { written: 4, removed: 0 });
    let same = replace(&*store, &state(1, 1, None), &dues, &flags);
    assert_eq!(same, Replaced::default());
    let mut changed = dues.clone();
    changed[1].body = "[1]".into();
    let one = replace(&*store, &state(1, 1, None), &changed, &flags);
    assert_eq!(one, Replaced { written: 1, removed: 0 });
    let found = reading(&*store, |tx| tx.due_patrol(due_id(1))).unwrap();
    assert_eq!(found, Some(changed[1].clone()));
}

pub fn assessments_that_break_rules_are_refused(make: Make) {
    let store = store_with_vessels(make);
    let dues = [due(1, 1, 5, "done")];
    replace(&*store, &state(1, 1, None), &dues, &[]);
    let before = digest(&*store, 1);
    let fine = state(1, 2, None);
    let bad_dues = [
        vec![due(2, 2, 5, "done")],
        vec![due(1, 2, 5, "done"), due(1, 2, 5, "done")],
        vec![due(1, 2, 5, "")],
        vec![DuePatrolRow { body: "no json".into(), ..due(1, 2, 5, "done") }],
        vec![DuePatrolRow {
            body: format!("\"{}\"", long(MAX_JSON_BYTES)),
            ..due(1, 2, 5, "done")
        }],
    ];
    for dues in bad_dues {
        assert!(refused(&*store, |tx| tx.replace_assessment(&fine, &dues, &[]).map(|_| ())));
    }
    let bad_flags = [
        vec![flag(2, 2, 5, "silence")],
        vec![flag(1, 2, 5, "silence"), flag(1, 2, 6, "overrun")],
        vec![flag(1, 2, 5, &long(MAX_WORD_BYTES + 1))],
        vec![FlagRow { severity: "\0".into(), ..flag(1, 2, 5, "silence") }],
        vec![FlagRow { body: "'".into(), ..flag(1, 2, 5, "silence") }],
    ];
    for flags in bad_flags {
        assert!(refused(&*store, |tx| tx.replace_assessment(&fine, &[], &flags).map(|_| ())));
    }
    let stranger = state(3, 1, None);
    assert!(refused(&*store, |tx| tx.replace_assessment(&stranger, &[], &[]).map(|_| ())));
    assert_eq!(digest(&*store, 1), before);
}

pub fn due_patrols_are_found_by_day_and_by_id(make: Make) {
    let store = store_with_vessels(make);
    let late = DuePatrolRow { opens: i64::MAX, ..due(1, 1, 5, "done") };
    let rows = [due(1, 8, -3, "done"), due(1, 2, 5, "done"), late, due(1, 3, 6, "missed")];
    replace(&*store, &state(1, 1, None), &rows, &[]);
    let twin = due(2, 2, 5, "missed");
    replace(&*store, &state(2, 1, None), &[twin, due(2, 9, 5, "done")], &[]);
    reading(&*store, |tx| {
        let on = |days| tx.due_patrols(vessel_id(1), days);
        assert_eq!(on(-3..=6)?, rows);
        assert_eq!(on(-2..=5)?, rows[1..3]);
        assert_eq!(on(6..=6)?, rows[3..]);
        #[expect(clippy::reversed_empty_ranges, reason = "a request may hold such a range")]
        let reversed = on(6..=5)?;
        assert_eq!(reversed, []);
        assert_eq!(on(i32::MAX - 10..=i32::MAX)?, []);
        let widest = i32::try_from(MAX_DAYS).unwrap();
        assert_eq!(on(1..=widest)?.len(), 3);
        assert!(matches!(on(0..=widest), Err(StoreError::TooLarge { .. })));
        assert!(on(i32::MIN..=i32::MAX).is_err());
        assert_eq!(tx.due_patrol(due_id(9))?, Some(due(2, 9, 5, "done")));
        assert_eq!(tx.due_patrol(due_id(2))?, Some(due(1, 2, 5, "done")), "the lowest vessel");
        assert_eq!(tx.due_patrol(due_id(77))?, None);
        Ok(())
    })
    .unwrap();
}

pub fn verdicts_are_counted_by_vessel_and_day(make: Make) {
    let store = store_with_vessels(make);
    let one = [
        due(1, 1, 5, "done"),
        due(1, 2, 5, "missed"),
        due(1, 3, 5, "done"),
        due(1, 4, 6, "done"),
        due(1, 5, 9, "done"),
    ];
    replace(&*store, &state(1, 1, None), &one, &[]);
    let two = [due(2, 1, 6, "unverifiable"), due(2, 2, -1, "done")];
    replace(&*store, &state(2, 1, None), &two, &[]);
    let count = |vessel, day, verdict: &str, count| VerdictCount {
        vessel: vessel_id(vessel),
        day,
        verdict: verdict.into(),
        count,
    };
    let expected = [
        count(1, 5, "done", 2),
        count(1, 5, "missed", 1),
        count(1, 6, "done", 1),
        count(2, 6, "unverifiable", 1),
    ];
    reading(&*store, |tx| {
        assert_eq!(tx.verdict_counts(Scope::All, 5..=8)?, expected);
        assert_eq!(tx.verdict_counts(Scope::Vessel(vessel_id(2)), 5..=8)?, expected[3..]);
        let both = BTreeSet::from([vessel_id(1), vessel_id(2)]);
        assert_eq!(tx.verdict_counts(Scope::Vessels(&both), 5..=8)?, expected);
        assert_eq!(tx.verdict_counts(Scope::Vessels(&BTreeSet::new()), 5..=8)?, []);
        assert!(tx.verdict_counts(Scope::All, i32::MIN..=0).is_err());
        Ok(())
    })
    .unwrap();
}

pub fn flags_are_listed_in_pages(make: Make) {
    let store = store_with_vessels(make);
    let about = FlagRow { due: Some(due_id(4)), day: -1, ..flag(1, 3, 50, "overrun") };
    let one =
        [flag(1, 1, 10, "a"), flag(1, 0xff, i64::MAX, "b"), about.clone(), flag(1, 9, 50, "a")];
    let two = [flag(2, 1, 50, "a"), flag(2, 0, 50, "a"), flag(2, 7, i64::MIN, "a")];
    replace(&*store, &state(1, 1, None), &[], &one);
    replace(&*store, &state(2, 1, None), &[], &two);
    let newest_first =
        [&one[1], &two[0], &two[1], &one[3], &one[2], &one[0], &two[2]].map(FlagRow::clone);
    let of = |vessel: u8| -> Vec<_> {
        newest_first.iter().filter(|row| row.vessel == vessel_id(vessel)).cloned().collect()
    };
    let listed = |scope: Scope<'_>, after: Option<FlagPlace>, limit| {
        reading(&*store, |tx| tx.flags(scope, after, limit)).unwrap()
    };
    assert_eq!(listed(Scope::All, None, 100), newest_first);
    assert_eq!(listed(Scope::All, None, 3), newest_first[..3]);
    let both = BTreeSet::from([vessel_id(1), vessel_id(2)]);
    for (scope, expected) in [
        (Scope::All, newest_first.to_vec()),
        (Scope::Vessels(&both), newest_first.to_vec()),
        (Scope::Vessel(vessel_id(1)), of(1)),
        (Scope::Vessel(vessel_id(2)), of(2)),
        (Scope::Vessel(vessel_id(3)), Vec::new()),
    ] {
        let mut paged = Vec::new();
        while let Some(row) = listed(scope, paged.last().map(FlagRow::place), 1).pop() {
            paged.push(row);
        }
        assert_eq!(paged, expected, "{scope:?}");
        // A place may be that of a flag that is out of scope, or gone.
        for row in &newest_first {
            let rest: Vec<_> =
                expected.iter().filter(|other| other.place() < row.place()).cloned().collect();
            assert_eq!(listed(scope, Some(row.place()), 100), rest, "{scope:?}");
        }
    }
    assert_eq!(reading(&*store, |tx| tx.flag(vessel_id(1), hash(3))).unwrap(), Some(about));
}

pub fn flags_are_counted_by_code(make: Make) {
    let store = store_with_vessels(make);
    let one = [flag(1, 1, 1, "silence"), flag(1, 2, 2, "silence"), flag(1, 3, 3, "overrun")];
    replace(&*store, &state(1, 1, None), &[], &one);
    replace(&*store, &state(2, 1, None), &[], &[flag(2, 1, 1, "silence")]);
    let counted = |scope: Scope<'_>| {
        let counts = reading(&*store, |tx| tx.flag_counts(scope)).unwrap();
        counts.into_iter().map(|row| (row.code, row.count)).collect::<Vec<_>>()
    };
    assert_eq!(counted(Scope::All), [("overrun".into(), 1), ("silence".into(), 3)]);
    assert_eq!(counted(Scope::Vessel(vessel_id(2))), [("silence".into(), 1)]);
    assert_eq!(counted(Scope::Vessels(&BTreeSet::new())), []);
}

pub fn clearing_leaves_the_sources(make: Make) {
    let store = store_with_vessels(make);
    let empty = digest(&*store, 1);
    let dues = [due(1, 1, 5, "done")];
    let flags = [flag(1, 1, 5, "silence")];
    writing(&*store, |tx| {
        tx.put_segment(&segment(1, 0, 4, 5))?;
        tx.put_change(&new_change(1, 1))?;
        tx.put_receipt(&receipt(1, 4, 5, 100))?;
        tx.append_revision(&revision(1, "done"))?;
        tx.put_vessel_state(&state(2, 1, Some(1)))?;
        tx.replace_assessment(&state(1, 1, None), &dues, &flags).map(|_| ())
    })
    .unwrap();
    let full = digest(&*store, 1);
    assert_ne!(full, empty);
    writing(&*store, |tx| tx.clear_projections()).unwrap();
    assert_eq!(digest(&*store, 1), empty);
    reading(&*store, |tx| {
        assert_eq!(tx.vessel_states(Scope::All)?, []);
        assert_eq!(tx.due_patrol(due_id(1))?, None);
        assert_eq!(tx.flags(Scope::All, None, 10)?, []);
        assert_eq!(tx.vessels(Scope::All)?.len(), 2);
        assert_eq!(tx.segment_count(vessel_id(1))?, 1);
        assert!(tx.change(vessel_id(1), page(1), hash(1))?.is_some());
        assert!(tx.latest_receipt(vessel_id(1), device(1))?.is_some());
        assert_eq!(tx.newest_revisions(vessel_id(1), 10)?.len(), 1);
        Ok(())
    })
    .unwrap();
    replace(&*store, &state(1, 1, None), &dues, &flags);
    assert_eq!(digest(&*store, 1), full);
}

pub fn digests_see_every_field(make: Make) {
    let base_state = state(1, 1, Some(2));
    let base_due = due(1, 1, 5, "done");
    let base_flag = FlagRow { due: Some(due_id(1)), ..flag(1, 1, 5, "silence") };
    let digest_of = |state: &VesselStateRow, dues: &[DuePatrolRow], flags: &[FlagRow]| {
        let store = store_with_vessels(make);
        replace(&*store, state, dues, flags);
        digest(&*store, 1)
    };
    let (one_due, one_flag) = ([base_due.clone()], [base_flag.clone()]);
    let mut digests = vec![
        digest_of(&base_state, &one_due, &one_flag),
        digest_of(&base_state, &[], &one_flag),
        digest_of(&base_state, &one_due, &[]),
    ];
    for state in [
        VesselStateRow { as_of: 9, ..base_state.clone() },
        VesselStateRow { next_change: Some(9), ..base_state.clone() },
        VesselStateRow { next_change: None, ..base_state.clone() },
        VesselStateRow { summary: "9".into(), ..base_state.clone() },
    ] {
        digests.push(digest_of(&state, &one_due, &one_flag));
    }
    for due in [
        DuePatrolRow { due: due_id(9), ..base_due.clone() },
        DuePatrolRow { day: 9, ..base_due.clone() },
        DuePatrolRow { opens: 9, ..base_due.clone() },
        DuePatrolRow { closes: 9, ..base_due.clone() },
        DuePatrolRow { route: RouteId([9; 8]), ..base_due.clone() },
        DuePatrolRow { verdict: "9".into(), ..base_due.clone() },
        DuePatrolRow { body: "9".into(), ..base_due.clone() },
    ] {
        digests.push(digest_of(&base_state, &[due], &one_flag));
    }
    for flag in [
        FlagRow { id: hash(9), ..base_flag.clone() },
        FlagRow { due: Some(due_id(9)), ..base_flag.clone() },
        FlagRow { due: None, ..base_flag.clone() },
        FlagRow { day: 9, ..base_flag.clone() },
        FlagRow { code: "9".into(), ..base_flag.clone() },
        FlagRow { severity: "9".into(), ..base_flag.clone() },
        FlagRow { at: 9, ..base_flag.clone() },
        FlagRow { body: "9".into(), ..base_flag.clone() },
    ] {
        digests.push(digest_of(&base_state, &one_due, &[flag]));
    }
    let different: BTreeSet<_> = digests.iter().collect();
    assert_eq!(different.len(), digests.len());
}

/// Fixed, so that backends and versions agree.
pub fn the_digest_of_a_known_assessment(make: Make) {
    let store = store_with_vessels(make);
    let dues = [due(1, 2, 6, "missed"), due(1, 1, -5, "done")];
    let flags =
        [flag(1, 2, 7, "overrun"), FlagRow { due: Some(due_id(2)), ..flag(1, 1, 5, "silence") }];
    replace(&*store, &state(1, 1, Some(2)), &[], &flags);
    replace(&*store, &state(1, 1, Some(2)), &dues, &flags);
    let page = PageStateRow {
        vessel: vessel_id(1),
        page: page(1).id,
        made_of: hash(1),
        body: "{}".to_owned(),
    };
    writing(&*store, |tx| tx.put_page_state(&page)).unwrap();
    let known = "2beecedf69b870e04268e99957ffca5c2922a90b7371a0ca7b7a4555dc4eaab8";
    assert_eq!(digest(&*store, 1).to_string(), known);
    let of_nothing = "64516b237afe5b7fe5115d876cb60746e25f9958c40e78d72a60cf36aff400ab";
    assert_eq!(digest(&*store, 3).to_string(), of_nothing);
}
