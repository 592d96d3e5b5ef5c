use deckwatch_core::ledger::{Frontier, Leaf, LeafKind, NO_VESSEL};

use super::*;

fn begun(make: Make) -> Box<dyn Store> {
    let store = store_with_vessels(make);
    for number in [1, 2] {
        let row = LedgerRow { number, key: format!("ledger+{number}"), since: i64::from(number) };
        writing(&*store, |tx| tx.begin_ledger(&row)).unwrap();
    }
    store
}

fn append(store: &dyn Store, ledger: u32, leaves: &[Leaf]) {
    let mut edge = Frontier::default();
    writing(store, |tx| {
        edge = Frontier::default();
        for (leaf, index) in leaves.iter().zip(0..) {
            let complete = edge.append(&leaf.encode()).unwrap();
            let row = LedgerLeafRow { index, at: 100 + index as i64, leaf: *leaf };
            tx.append_leaf(ledger, &row, &complete)?;
        }
        Ok(())
    })
    .unwrap();
}

fn sample() -> Vec<Leaf> {
    let first = Leaf::origin(b"origin");
    let one = Leaf::after(None, vessel_id(1), LeafKind::SEGMENT, Hash::of(b"run"));
    let two = Leaf::after(Some(&one), vessel_id(1), LeafKind::FLAG_RAISED, Hash::of(b"flag"));
    let other = Leaf::after(None, vessel_id(2), LeafKind::SEGMENT, Hash::of(b"run"));
    let three = Leaf::after(Some(&two), vessel_id(1), LeafKind::FLAG_RAISED, Hash::of(b"flag"));
    vec![first, one, two, other, three]
}

pub fn leaves_come_back_by_place_vessel_and_subject(make: Make) {
    let store = begun(make);
    let leaves = sample();
    append(&*store, 1, &leaves);
    append(&*store, 2, &leaves[..1]);
    reading(&*store, |tx| {
        let numbers: Vec<u32> = tx.ledgers()?.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!((tx.ledger_size(1)?, tx.ledger_size(2)?, tx.ledger_size(3)?), (5, 1, 0));
        let found =
            |rows: Vec<LedgerLeafRow>| -> Vec<Leaf> { rows.iter().map(|it| it.leaf).collect() };
        assert_eq!(found(tx.ledger_leaves(1, 0, 100)?), leaves);
        assert_eq!(found(tx.ledger_leaves(1, 3, 1)?), leaves[3..4]);
        assert_eq!(found(tx.ledger_leaves(1, u64::MAX, 1)?), []);
        assert_eq!(tx.ledger_leaves(1, 4, 1)?[0].at, 104);
        let of = |vessel| gather(|each| tx.ledger_leaves_of(1, vessel, each));
        assert_eq!(found(of(vessel_id(1))?), [leaves[1], leaves[2], leaves[4]]);
        assert_eq!(found(of(NO_VESSEL)?), leaves[..1]);
        assert_eq!(tx.newest_leaf_of(1, vessel_id(1))?.map(|row| row.index), Some(4));
        assert_eq!(tx.newest_leaf_of(2, vessel_id(1))?, None);
        let about = |vessel, kind| tx.ledger_leaf_about(1, vessel, kind, Hash::of(b"flag"));
        let newest = about(vessel_id(1), LeafKind::FLAG_RAISED)?;
        assert_eq!(newest.map(|row| row.index), Some(4), "the newest of two");
        assert_eq!(about(vessel_id(2), LeafKind::FLAG_RAISED)?, None);
        assert_eq!(about(vessel_id(1), LeafKind::FLAG_REVISED)?, None);
        Ok(())
    })
    .unwrap();
}

pub fn subtrees_are_kept_for_every_proof(make: Make) {
    let store = begun(make);
    let leaves = sample();
    append(&*store, 1, &leaves);
    let mut edge = Frontier::default();
    for leaf in &leaves {
        for node in edge.append(&leaf.encode()).unwrap() {
            let held = reading(&*store, |tx| tx.ledger_node(1, node.level, node.index)).unwrap();
            assert_eq!(held, Some(node.hash));
        }
    }
    let none = |level, index| reading(&*store, |tx| tx.ledger_node(1, level, index)).unwrap();
    assert_eq!((none(0, 5), none(3, 0), none(0, u64::MAX)), (None, None, None));
    assert_eq!(reading(&*store, |tx| tx.ledger_node(2, 0, 0)).unwrap(), None);
}

pub fn what_leaves_are_about_is_kept_once(make: Make) {
    let store = begun(make);
    append(&*store, 1, &sample());
    for _ in 0..2 {
        writing(&*store, |tx| tx.put_ledger_content(b"flag")).unwrap();
    }
    reading(&*store, |tx| {
        assert_eq!(tx.ledger_content(Hash::of(b"flag"))?, Some(b"flag".to_vec()));
        assert_eq!(tx.ledger_content(Hash::of(b"run"))?, None);
        let of = |kind| gather(|each| tx.ledger_contents_of(1, vessel_id(1), kind, each));
        let flags: Vec<_> =
            of(LeafKind::FLAG_RAISED)?.into_iter().map(|(row, it)| (row.index, it)).collect();
        assert_eq!(flags, [(2, Some(b"flag".to_vec())), (4, Some(b"flag".to_vec()))]);
        let runs: Vec<_> =
            of(LeafKind::SEGMENT)?.into_iter().map(|(row, it)| (row.index, it)).collect();
        assert_eq!(runs, [(1, None)]);
        Ok(())
    })
    .unwrap();
    let long = vec![0; MAX_LEAF_CONTENT_BYTES + 1];
    assert!(refused(&*store, |tx| tx.put_ledger_content(&long)));
}

pub fn the_newest_tree_head_is_the_largest(make: Make) {
    let store = begun(make);
    let put = |ledger, size, note: &[u8]| {
        let head = TreeHeadRow { size, at: 7, note: note.to_vec() };
        writing(&*store, |tx| tx.put_tree_head(ledger, &head)).unwrap();
    };
    put(1, 5, b"five");
    put(1, 3, b"three");
    put(2, 9, b"another ledger");
    let newest = || reading(&*store, |tx| tx.newest_tree_head(1)).unwrap().unwrap();
    assert_eq!((newest().size, newest().note), (5, b"five".to_vec()));
    put(1, 5, b"five, cosigned");
    assert_eq!((newest().size, newest().note), (5, b"five, cosigned".to_vec()));
    assert_eq!(reading(&*store, |tx| tx.newest_tree_head(3)).unwrap(), None);
    let long = TreeHeadRow { size: 1, at: 0, note: vec![0; MAX_TREE_HEAD_BYTES + 1] };
    assert!(refused(&*store, |tx| tx.put_tree_head(1, &long)));
}
