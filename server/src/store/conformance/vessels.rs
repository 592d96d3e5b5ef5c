use std::collections::BTreeSet;

use super::*;

pub fn vessels_are_listed_by_name_then_id(make: Make) {
    let store = make();
    writing(&*store, |tx| {
        for (n, name) in [(3, "alpha"), (2, "Zeta"), (1, "Ørsted"), (5, "Zeta")] {
            tx.add_vessel(&vessel_row(n, name))?;
        }
        Ok(())
    })
    .unwrap();
    let rows = reading(&*store, |tx| tx.vessels(Scope::All)).unwrap();
    assert_eq!(
        rows,
        [
            vessel_row(2, "Zeta"),
            vessel_row(5, "Zeta"),
            vessel_row(3, "alpha"),
            vessel_row(1, "Ørsted")
        ]
    );
    assert_eq!(reading(&*store, |tx| tx.vessel(vessel_id(9))).unwrap(), None);
    let found = reading(&*store, |tx| tx.vessel(vessel_id(1))).unwrap();
    assert_eq!(found, Some(vessel_row(1, "Ørsted")));
}

pub fn a_vessel_is_added_once(make: Make) {
    let store = make();
    writing(&*store, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    let again = writing(&*store, |tx| tx.add_vessel(&vessel_row(1, "Impostor")));
    assert!(matches!(again, Err(StoreError::Exists { what: "vessel" })));
    let kept = reading(&*store, |tx| tx.vessel(vessel_id(1))).unwrap();
    assert_eq!(kept, Some(vessel_row(1, "Aurora")));
}

pub fn a_rename_changes_the_name_only(make: Make) {
    let store = store_with_vessels(make);
    writing(&*store, |tx| tx.rename_vessel(vessel_id(1), "Aurora II")).unwrap();
    let rows = reading(&*store, |tx| tx.vessels(Scope::All)).unwrap();
    assert_eq!(rows, [vessel_row(1, "Aurora II"), vessel_row(2, "Borealis")]);
    let unknown = writing(&*store, |tx| tx.rename_vessel(vessel_id(3), "Nobody"));
    assert!(matches!(unknown, Err(StoreError::UnknownVessel(id)) if id == vessel_id(3)));
}

pub fn names_are_bounded(make: Make) {
    let store = store_with_vessels(make);
    for name in ["", "  ", "nul\0", &long(MAX_NAME_BYTES + 1)] {
        assert!(refused(&*store, |tx| tx.add_vessel(&vessel_row(3, name))), "added {name:?}");
        assert!(refused(&*store, |tx| tx.rename_vessel(vessel_id(1), name)), "renamed {name:?}");
    }
    writing(&*store, |tx| tx.rename_vessel(vessel_id(1), &long(MAX_NAME_BYTES))).unwrap();
    let rows = reading(&*store, |tx| tx.vessels(Scope::All)).unwrap();
    assert_eq!(rows, [vessel_row(2, "Borealis"), vessel_row(1, &long(MAX_NAME_BYTES))]);
}

pub fn scope_decides_which_vessels(make: Make) {
    let store = store_with_vessels(make);
    let listed = |scope: Scope<'_>| {
        let rows = reading(&*store, |tx| tx.vessels(scope)).unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(Scope::All), [vessel_id(1), vessel_id(2)]);
    assert_eq!(listed(Scope::Vessel(vessel_id(2))), [vessel_id(2)]);
    assert_eq!(listed(Scope::Vessel(vessel_id(3))), []);
    assert_eq!(listed(Scope::Vessels(&BTreeSet::new())), []);
    let some = BTreeSet::from([vessel_id(1), vessel_id(7)]);
    assert_eq!(listed(Scope::Vessels(&some)), [vessel_id(1)]);
}
