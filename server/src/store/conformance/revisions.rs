use super::*;

fn append(store: &dyn Store, row: &NewRevision) -> u64 {
    writing(store, |tx| tx.append_revision(row)).unwrap()
}

fn row(number: u64, revision: NewRevision) -> RevisionRow {
    RevisionRow { number, revision }
}

pub fn revisions_are_numbered_and_listed_newest_first(make: Make) {
    let store = store_with_vessels(make);
    assert_eq!(append(&*store, &revision(1, "missed")), 1);
    assert_eq!(append(&*store, &revision(2, "missed")), 2);
    assert_eq!(append(&*store, &NewRevision { vessel: vessel_id(2), ..revision(1, "done") }), 1);
    // The same once more is a fact of its own.
    assert_eq!(append(&*store, &revision(1, "missed")), 3);
    reading(&*store, |tx| {
        let of_due = |due, limit| tx.revisions_of_due(vessel_id(1), due_id(due), limit);
        assert_eq!(of_due(1, 10)?, [row(3, revision(1, "missed")), row(1, revision(1, "missed"))]);
        assert_eq!(of_due(1, 1)?, [row(3, revision(1, "missed"))]);
        assert_eq!(of_due(3, 10)?, []);
        let newest = |limit| tx.newest_revisions(vessel_id(1), limit);
        assert_eq!(newest(2)?, [row(3, revision(1, "missed")), row(2, revision(2, "missed"))]);
        assert_eq!(newest(9)?.len(), 3);
        Ok(())
    })
    .unwrap();
}

pub fn a_number_that_was_rolled_back_is_given_again(make: Make) {
    let store = store_with_vessels(make);
    let lost = writing(&*store, |tx| {
        assert_eq!(tx.append_revision(&revision(1, "missed"))?, 1);
        Err::<(), _>(StoreError::Abandoned)
    });
    assert!(lost.is_err());
    assert_eq!(append(&*store, &revision(1, "done")), 1);
    let rows = reading(&*store, |tx| tx.newest_revisions(vessel_id(1), 10)).unwrap();
    assert_eq!(rows, [row(1, revision(1, "done"))]);
}

pub fn revisions_are_bounded(make: Make) {
    let store = store_with_vessels(make);
    let bad = [
        NewRevision { vessel: vessel_id(3), ..revision(1, "done") },
        NewRevision { from_verdict: String::new(), ..revision(1, "done") },
        NewRevision { to_verdict: long(MAX_WORD_BYTES + 1), ..revision(1, "done") },
        NewRevision { cause: long(MAX_CAUSE_BYTES + 1), ..revision(1, "done") },
        NewRevision { cause: "\0".into(), ..revision(1, "done") },
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.append_revision(&row).map(|_| ())), "kept {row:?}");
    }
    assert_eq!(reading(&*store, |tx| tx.newest_revisions(vessel_id(1), 10)).unwrap(), []);
}
