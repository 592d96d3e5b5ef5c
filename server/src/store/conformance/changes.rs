use super::*;

fn put(store: &dyn Store, rows: &[NewChange]) -> Vec<bool> {
    writing(store, |tx| rows.iter().map(|row| tx.put_change(row)).collect()).unwrap()
}

fn kept(change: &NewChange, arrival: u64) -> ChangeRow {
    let NewChange { vessel, doc, hash, bytes, author, carried_by, received_at } = change.clone();
    ChangeRow { vessel, doc, hash, bytes, author, carried_by, received_at, arrival }
}

fn listed(store: &dyn Store, doc: DocumentRef, after: u64) -> Vec<u64> {
    let rows = reading(store, |tx| gather(|each| tx.changes_of(vessel_id(1), doc, after, each)));
    rows.unwrap().into_iter().map(|row| row.arrival).collect()
}

pub fn a_change_comes_back_with_its_arrival(make: Make) {
    let store = store_with_vessels(make);
    let odd = DocumentRef { kind: u32::MAX, id: DocumentId([0xff; 16]) };
    let long = NewChange { doc: odd, bytes: vec![0xff; MAX_CHANGE_BYTES], ..new_change(1, 2) };
    assert_eq!(put(&*store, &[new_change(1, 1), long.clone()]), [true, true]);
    reading(&*store, |tx| {
        let found = tx.change(vessel_id(1), page(1), hash(1))?;
        assert_eq!(found, Some(kept(&new_change(1, 1), 1)));
        assert_eq!(tx.change(vessel_id(1), odd, hash(2))?, Some(kept(&long, 2)));
        assert_eq!(tx.change(vessel_id(1), page(1), hash(2))?, None);
        assert_eq!(tx.change(vessel_id(2), page(1), hash(1))?, None);
        let plan = DocumentRef { kind: 1, ..page(1) };
        assert_eq!(tx.change(vessel_id(1), plan, hash(1))?, None);
        Ok(())
    })
    .unwrap();
}

pub fn a_change_is_kept_once_a_document(make: Make) {
    let store = store_with_vessels(make);
    let first = new_change(1, 1);
    let again = NewChange { bytes: vec![9], received_at: 0, ..first.clone() };
    let elsewhere = NewChange { doc: page(2), ..first.clone() };
    let next = new_change(1, 2);
    let rows = [first.clone(), again, elsewhere.clone(), next.clone()];
    assert_eq!(put(&*store, &rows), [true, false, true, true]);
    reading(&*store, |tx| {
        assert_eq!(tx.change(vessel_id(1), page(1), hash(1))?, Some(kept(&first, 1)));
        assert_eq!(tx.change(vessel_id(1), page(2), hash(1))?, Some(kept(&elsewhere, 2)));
        assert_eq!(tx.change(vessel_id(1), page(1), hash(2))?, Some(kept(&next, 3)));
        Ok(())
    })
    .unwrap();
}

pub fn changes_are_named_as_they_came_whatever_their_document(make: Make) {
    let store = store_with_vessels(make);
    let elsewhere = NewChange { doc: page(2), ..new_change(1, 8) };
    put(&*store, &[new_change(1, 9), elsewhere, new_change(1, 3)]);
    put(&*store, &[NewChange { vessel: vessel_id(2), ..new_change(1, 5) }]);
    let named = |after| {
        reading(&*store, |tx| gather(|each| tx.change_names(vessel_id(1), after, each))).unwrap()
    };
    let told = |it: &ChangeName| (it.arrival, it.doc, it.hash);
    let all: Vec<_> = named(0).iter().map(told).collect();
    assert_eq!(all, [(1, page(1), hash(9)), (2, page(2), hash(8)), (3, page(1), hash(3))]);
    assert_eq!(named(2).iter().map(told).collect::<Vec<_>>(), all[2..]);
    assert_eq!(named(0)[0].received_at, new_change(1, 9).received_at);
    assert!(named(3).is_empty() && named(u64::MAX).is_empty());
}

pub fn changes_are_listed_as_they_came(make: Make) {
    let store = store_with_vessels(make);
    put(&*store, &[new_change(1, 9), new_change(2, 8), new_change(1, 3)]);
    let other = NewChange { vessel: vessel_id(2), ..new_change(1, 5) };
    put(&*store, &[other.clone(), new_change(1, 7)]);
    assert_eq!(listed(&*store, page(1), 0), [1, 3, 4]);
    assert_eq!(listed(&*store, page(1), 1), [3, 4]);
    assert!(listed(&*store, page(1), 4).is_empty());
    assert!(listed(&*store, page(1), u64::MAX).is_empty());
    assert_eq!(listed(&*store, page(2), 0), [2]);
    let elsewhere = reading(&*store, |tx| tx.change(vessel_id(2), page(1), hash(5))).unwrap();
    assert_eq!(elsewhere, Some(kept(&other, 1)), "every vessel counts for itself");
}

pub fn changes_are_counted_by_who_wrote_and_who_brought_them(make: Make) {
    let store = store_with_vessels(make);
    let of = |author, received_at, n| NewChange {
        author: device(author),
        received_at,
        bytes: vec![n; usize::from(n)],
        ..new_change(n % 2, n)
    };
    let rows = [of(1, 10, 1), of(1, 20, 3), of(1, 20, 4), of(2, 30, 5)];
    put(&*store, &rows);
    let brought = NewChange { carried_by: device(8), ..of(1, 40, 7) };
    put(&*store, &[NewChange { vessel: vessel_id(2), ..of(1, 20, 9) }, brought]);
    reading(&*store, |tx| {
        let since = |dev, time| tx.brought_since(vessel_id(1), device(dev), time);
        assert_eq!(since(9, 10)?, BroughtSince { documents: 2, bytes: 1 + 3 + 4 + 5 });
        assert_eq!(since(9, 11)?, BroughtSince { documents: 2, bytes: 3 + 4 + 5 });
        assert_eq!(since(9, 30)?, BroughtSince { documents: 1, bytes: 5 });
        assert_eq!(since(9, 31)?, BroughtSince::default());
        assert_eq!(since(8, 0)?, BroughtSince { documents: 1, bytes: 7 });
        assert_eq!(since(1, 0)?, BroughtSince::default(), "it wrote, and brought nothing");
        assert_eq!(since(3, 0)?, BroughtSince::default());
        let by = |dev| gather(|each| tx.changes_carried_by(vessel_id(1), device(dev), each));
        let told = |it: &ChangeName| (it.arrival, it.hash, it.author, it.size_bytes);
        let named: Vec<_> = by(9)?.iter().map(told).collect();
        let expected = [(1, 1, 1, 1), (2, 3, 1, 3), (3, 4, 1, 4), (4, 5, 2, 5)];
        let expected = expected.map(|(at, n, by, size)| (at, hash(n), device(by), size));
        assert_eq!(named, expected);
        assert_eq!(by(8)?.iter().map(told).collect::<Vec<_>>(), [(5, hash(7), device(1), 7)]);
        assert!(by(1)?.is_empty());
        Ok(())
    })
    .unwrap();
}

pub fn documents_are_listed_in_pages(make: Make) {
    let store = store_with_vessels(make);
    let plan = DocumentRef { kind: 1, id: DocumentId([9; 16]) };
    let in_plan = |n| NewChange { doc: plan, ..new_change(0, n) };
    put(&*store, &[new_change(2, 1), in_plan(2), new_change(1, 3), in_plan(4)]);
    let rows = [
        DocumentRow { doc: plan, changes: 2, newest_arrival: 4 },
        DocumentRow { doc: page(1), changes: 1, newest_arrival: 3 },
        DocumentRow { doc: page(2), changes: 1, newest_arrival: 1 },
    ];
    let listed =
        |after, limit| reading(&*store, |tx| tx.documents(vessel_id(1), after, limit)).unwrap();
    assert_eq!(listed(None, 10), rows);
    assert_eq!(listed(None, 2), rows[..2]);
    assert_eq!(listed(Some(plan), 10), rows[1..]);
    assert_eq!(listed(Some(page(1)), 10), rows[2..]);
    assert_eq!(listed(Some(page(2)), 10), []);
    assert_eq!(reading(&*store, |tx| tx.documents(vessel_id(2), None, 10)).unwrap(), []);
}

pub fn changes_are_bounded(make: Make) {
    let store = store_with_vessels(make);
    let bad = [
        NewChange { bytes: Vec::new(), ..new_change(1, 1) },
        NewChange { bytes: vec![0; MAX_CHANGE_BYTES + 1], ..new_change(1, 1) },
        NewChange { vessel: vessel_id(3), ..new_change(1, 1) },
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.put_change(&row).map(|_| ())));
    }
    assert!(listed(&*store, page(1), 0).is_empty());
}
