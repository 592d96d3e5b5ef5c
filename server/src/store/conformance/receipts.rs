use super::*;

fn put(store: &dyn Store, row: &ReceiptRow) -> ReceiptRow {
    writing(store, |tx| tx.put_receipt(row)).unwrap()
}

pub fn the_first_receipt_stays(make: Make) {
    let store = store_with_vessels(make);
    let first = receipt(1, 7, 5, 100);
    assert_eq!(put(&*store, &first), first);
    let second = ReceiptRow { time: 200, bytes: vec![1, 2, 3], ..first.clone() };
    assert_eq!(put(&*store, &second), first);
    let branch = receipt(1, 7, 6, 300);
    assert_eq!(put(&*store, &branch), branch);
    let rows = reading(&*store, |tx| gather(|each| tx.receipts_of(vessel_id(1), each))).unwrap();
    assert_eq!(rows, [first, branch]);
}

pub fn the_latest_receipt_has_the_highest_seq(make: Make) {
    let store = store_with_vessels(make);
    let latest = |dev| reading(&*store, |tx| tx.latest_receipt(vessel_id(1), device(dev))).unwrap();
    assert_eq!(latest(1), None);
    put(&*store, &receipt(2, 900, 5, 900));
    put(&*store, &ReceiptRow { vessel: vessel_id(2), ..receipt(1, 900, 5, 900) });
    let steps = [
        // (what comes, what is the latest then)
        (receipt(1, 7, 5, 100), receipt(1, 7, 5, 100)),
        (receipt(1, 300, 6, 50), receipt(1, 300, 6, 50)),
        (receipt(1, 8, 7, 400), receipt(1, 300, 6, 50)),
        (receipt(1, 300, 5, 60), receipt(1, 300, 5, 60)),
        (receipt(1, 300, 4, 60), receipt(1, 300, 5, 60)),
        (receipt(1, 300, 9, 60), receipt(1, 300, 9, 60)),
    ];
    for (came, expected) in steps {
        put(&*store, &came);
        assert_eq!(latest(1), Some(expected));
    }
    assert_eq!(latest(2), Some(receipt(2, 900, 5, 900)));
}

pub fn receipts_are_listed_by_device_and_seq(make: Make) {
    let store = store_with_vessels(make);
    let rows =
        [receipt(1, 2, 9, 5), receipt(1, 300, 1, 4), receipt(1, 300, 2, 3), receipt(2, 1, 1, 2)];
    for row in rows.iter().rev() {
        put(&*store, row);
    }
    let listed = |vessel| {
        reading(&*store, |tx| gather(|each| tx.receipts_of(vessel_id(vessel), each))).unwrap()
    };
    assert_eq!(listed(1), rows);
    assert_eq!(listed(2), []);
}

pub fn receipts_are_bounded(make: Make) {
    let store = store_with_vessels(make);
    let bad = [
        ReceiptRow { bytes: Vec::new(), ..receipt(1, 7, 5, 100) },
        ReceiptRow { bytes: vec![0; MAX_RECEIPT_BYTES + 1], ..receipt(1, 7, 5, 100) },
        ReceiptRow { vessel: vessel_id(3), ..receipt(1, 7, 5, 100) },
        receipt(1, i64::MAX as u64 + 1, 5, 100),
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.put_receipt(&row).map(|_| ())), "kept {row:?}");
    }
    let last = receipt(1, i64::MAX as u64, 5, i64::MIN);
    assert_eq!(put(&*store, &last), last);
    let rows = reading(&*store, |tx| gather(|each| tx.receipts_of(vessel_id(1), each))).unwrap();
    assert_eq!(rows, [last]);
}
