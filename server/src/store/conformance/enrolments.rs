use super::*;

fn token(n: u8) -> EnrolmentToken {
    EnrolmentToken([n; 16])
}

fn enrolment(n: u8, created_at: i64) -> EnrolmentRow {
    EnrolmentRow {
        vessel: vessel_id(1),
        token: token(n),
        roles: u32::MAX,
        label: "bridge phone ✓".into(),
        created_at,
        expires_at: created_at + 86_400,
        used_by: None,
        used_at: None,
    }
}

pub fn an_enrolment_comes_back_as_it_was(make: Make) {
    let store = store_with_vessels(make);
    let unlabelled = EnrolmentRow { label: String::new(), roles: 0, ..enrolment(4, -5) };
    let used = EnrolmentRow {
        used_by: Some(device(7)),
        used_at: Some(i64::MIN),
        ..enrolment(5, i64::MAX - 86_400)
    };
    let rows = [enrolment(3, 100), unlabelled, used];
    writing(&*store, |tx| rows.iter().try_for_each(|row| tx.add_enrolment(row))).unwrap();
    for row in rows {
        let found = reading(&*store, |tx| tx.enrolment(row.vessel, row.token)).unwrap();
        assert_eq!(found, Some(row));
    }
    assert_eq!(reading(&*store, |tx| tx.enrolment(vessel_id(2), token(3))).unwrap(), None);
    assert_eq!(reading(&*store, |tx| tx.enrolment(vessel_id(1), token(6))).unwrap(), None);
}

pub fn an_enrolment_is_used_once(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        tx.add_enrolment(&enrolment(3, 100))?;
        tx.add_enrolment(&enrolment(4, 100))
    })
    .unwrap();
    let used = |vessel: u8, n: u8, dev: u8, at: i64| {
        writing(&*store, |tx| tx.use_enrolment(vessel_id(vessel), token(n), device(dev), at))
            .unwrap()
    };
    assert!(used(1, 3, 7, 200), "first use");
    assert!(used(1, 3, 7, 300), "the same device again");
    assert!(!used(1, 3, 8, 400), "another device");
    assert!(!used(1, 9, 7, 400), "no such token");
    assert!(!used(2, 3, 7, 400), "the token of another vessel");
    assert!(!used(5, 3, 7, 400), "no such vessel");
    let kept = reading(&*store, |tx| tx.enrolment(vessel_id(1), token(3))).unwrap();
    let expected =
        EnrolmentRow { used_by: Some(device(7)), used_at: Some(200), ..enrolment(3, 100) };
    assert_eq!(kept, Some(expected));
    let other = reading(&*store, |tx| tx.enrolment(vessel_id(1), token(4))).unwrap();
    assert_eq!(other, Some(enrolment(4, 100)));
}

pub fn enrolments_are_listed_newest_first(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| {
        tx.add_enrolment(&enrolment(1, 100))?;
        tx.add_enrolment(&enrolment(2, 300))?;
        tx.add_enrolment(&enrolment(3, 200))?;
        tx.add_enrolment(&EnrolmentRow { vessel: vessel_id(2), ..enrolment(4, 400) })
    })
    .unwrap();
    let listed = |limit| {
        let rows = reading(&*store, |tx| tx.enrolments(vessel_id(1), limit)).unwrap();
        rows.into_iter().map(|row| row.token).collect::<Vec<_>>()
    };
    assert_eq!(listed(10), [token(2), token(3), token(1)]);
    assert_eq!(listed(2), [token(2), token(3)]);
    assert_eq!(listed(0), []);
}

pub fn enrolments_that_break_rules_are_refused(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| tx.add_enrolment(&enrolment(1, 100))).unwrap();
    let again = writing(&*store, |tx| tx.add_enrolment(&enrolment(1, 900)));
    assert!(matches!(again, Err(StoreError::Exists { what: "enrolment" })));
    let bad = [
        EnrolmentRow { vessel: vessel_id(3), ..enrolment(2, 0) },
        EnrolmentRow { used_by: Some(device(1)), ..enrolment(2, 0) },
        EnrolmentRow { used_at: Some(1), ..enrolment(2, 0) },
        EnrolmentRow { label: long(MAX_NAME_BYTES + 1), ..enrolment(2, 0) },
        EnrolmentRow { label: "\0".into(), ..enrolment(2, 0) },
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.add_enrolment(&row)), "kept {row:?}");
    }
    let kept = reading(&*store, |tx| tx.enrolments(vessel_id(1), 10)).unwrap();
    assert_eq!(kept, [enrolment(1, 100)]);
}
