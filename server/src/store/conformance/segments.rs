use std::slice::from_ref;

use super::*;

fn put(store: &dyn Store, rows: &[SegmentRow]) -> Vec<bool> {
    writing(store, |tx| rows.iter().map(|row| tx.put_segment(row)).collect()).unwrap()
}

fn all(store: &dyn Store, vessel: u8) -> Vec<SegmentRow> {
    reading(store, |tx| gather(|each| tx.segments_of(vessel_id(vessel), each))).unwrap()
}

pub fn a_segment_comes_back_as_it_was(make: Make) {
    let store = store_with_vessels(make);
    let row = SegmentRow {
        received_at: -1,
        bytes: (0..=255).cycle().take(MAX_SEGMENT_BYTES).collect(),
        ..segment(1, 0, 17, 5)
    };
    assert_eq!(put(&*store, from_ref(&row)), [true]);
    assert_eq!(all(&*store, 1), from_ref(&row));
    reading(&*store, |tx| {
        let found = tx.segment(row.vessel, row.dev, 17, row.head)?;
        assert_eq!(found, Some(row.clone()));
        assert!(tx.has_segment(row.vessel, row.dev, 17, row.head)?);
        for (vessel, dev, to, head) in [(2, 1, 17, 5), (1, 2, 17, 5), (1, 1, 16, 5), (1, 1, 17, 6)]
        {
            let (vessel, dev, head) = (vessel_id(vessel), device(dev), hash(head));
            assert!(!tx.has_segment(vessel, dev, to, head)?);
            assert_eq!(tx.segment(vessel, dev, to, head)?, None);
        }
        Ok(())
    })
    .unwrap();
}

pub fn a_second_copy_changes_nothing(make: Make) {
    let store = store_with_vessels(make);
    let first = segment(1, 0, 4, 5);
    // Another signature over the same records, brought by somebody else.
    let copy = SegmentRow {
        bytes: b"other".to_vec(),
        carried_by: device(8),
        received_at: 9,
        ..first.clone()
    };
    assert_eq!(put(&*store, &[first.clone(), copy.clone()]), [true, false]);
    assert_eq!(put(&*store, &[copy]), [false]);
    assert_eq!(all(&*store, 1), [first]);
    assert_eq!(reading(&*store, |tx| tx.segment_count(vessel_id(1))).unwrap(), 1);
}

pub fn an_erased_copy_takes_the_place_of_the_whole_one(make: Make) {
    let store = store_with_vessels(make);
    let whole = segment(1, 0, 4, 5);
    put(&*store, from_ref(&whole));
    let erased = SegmentRow {
        bytes: b"less".to_vec(),
        received_at: whole.received_at + 9,
        carried_by: device(8),
        ..whole.clone()
    };
    let other = SegmentRow { from_seq: 1, ..erased.clone() };
    let unknown = SegmentRow { head: hash(77), ..erased.clone() };
    let replaced = writing(&*store, |tx| {
        [&other, &unknown, &erased].into_iter().map(|row| tx.replace_segment(row)).collect()
    });
    let replaced: Vec<bool> = replaced.unwrap();
    assert_eq!(replaced, [false, false, true]);
    let kept = SegmentRow { bytes: b"less".to_vec(), ..whole.clone() };
    assert_eq!(all(&*store, 1), from_ref(&kept));
    let holding = reading(&*store, |tx| tx.holding(whole.vessel, whole.dev)).unwrap().unwrap();
    assert_eq!(holding.size_bytes, 4);
    // The whole one does not come back by itself.
    assert_eq!(put(&*store, &[whole]), [false]);
    store.scrub().unwrap();
    assert_eq!(all(&*store, 1), [kept]);
}

pub fn a_longer_copy_takes_the_place_of_a_shorter_one(make: Make) {
    let store = store_with_vessels(make);
    let whole = segment(1, 0, 4, 5);
    let short = SegmentRow { bytes: b"short".to_vec(), ..segment(1, 2, 4, 5) };
    assert_eq!(put(&*store, &[short.clone(), whole.clone(), short]), [true, true, false]);
    assert_eq!(all(&*store, 1), [whole]);
}

pub fn forks_are_kept_and_everything_is_ordered(make: Make) {
    let store = store_with_vessels(make);
    let rows = [
        segment(1, 0, 4, 5),
        segment(1, 5, 9, 3),
        segment(1, 5, 9, 6),
        segment(1, 5, 7, 7),
        segment(1, 300, 301, 1),
        segment(2, 0, 0, 2),
    ];
    let mut shuffled = rows.to_vec();
    shuffled.reverse();
    shuffled.swap(0, 2);
    assert_eq!(put(&*store, &shuffled), [true; 6]);
    assert_eq!(all(&*store, 1), rows);
    let spans = reading(&*store, |tx| gather(|each| tx.segment_spans_of(vessel_id(1), each)));
    assert_eq!(spans.unwrap(), rows.each_ref().map(SegmentRow::span));
}

pub fn pages_reach_every_branch_of_a_fork(make: Make) {
    let store = store_with_vessels(make);
    let rows: Vec<_> = [(0, 4, 5), (5, 9, 3), (5, 9, 6), (5, 7, 7), (10, 12, 1)]
        .into_iter()
        .map(|(from, to, head)| segment(1, from, to, head))
        .collect();
    put(&*store, &rows);
    put(&*store, &[segment(2, 0, 0, 1), segment(0, 50, 60, 1)]);
    let listed = |from, limit| {
        reading(&*store, |tx| tx.segments_of_device(vessel_id(1), device(1), from, limit)).unwrap()
    };
    assert_eq!(listed(SegmentsFrom::Seq(0), 100), rows);
    assert_eq!(listed(SegmentsFrom::Seq(5), 100), rows[1..]);
    assert_eq!(listed(SegmentsFrom::Seq(6), 100), rows[4..]);
    assert_eq!(listed(SegmentsFrom::Seq(0), 0), []);
    let mut paged = Vec::new();
    let mut from = SegmentsFrom::Seq(0);
    while let Some(row) = listed(from, 1).pop() {
        from = SegmentsFrom::After(row.place());
        paged.push(row);
    }
    assert_eq!(paged, rows);
}

pub fn segments_of_vessels_are_apart(make: Make) {
    let store = store_with_vessels(make);
    let here = segment(1, 0, 4, 5);
    let there = SegmentRow { vessel: vessel_id(2), ..here.clone() };
    assert_eq!(put(&*store, &[here.clone(), there.clone()]), [true, true]);
    assert_eq!(all(&*store, 1), [here]);
    assert_eq!(all(&*store, 2), [there]);
    assert_eq!(all(&*store, 3), []);
    let stranger = SegmentRow { vessel: vessel_id(3), ..segment(1, 0, 4, 5) };
    let error = writing(&*store, |tx| tx.put_segment(&stranger)).unwrap_err();
    assert!(matches!(error, StoreError::UnknownVessel(id) if id == vessel_id(3)));
}

pub fn holdings_count_bytes_and_arrivals(make: Make) {
    let store = store_with_vessels(make);
    let sized = |row: SegmentRow, size: usize, received_at| SegmentRow {
        bytes: vec![0; size],
        received_at,
        ..row
    };
    put(
        &*store,
        &[
            sized(segment(2, 0, 4, 5), 40_000, 300),
            sized(segment(2, 5, 9, 6), 2, 100),
            sized(segment(1, 0, 4, 5), 7, -4),
            SegmentRow { vessel: vessel_id(2), ..segment(1, 0, 4, 5) },
        ],
    );
    let one = Holding { dev: device(1), segments: 1, size_bytes: 7, newest_received_at: -4 };
    let two = Holding { dev: device(2), segments: 2, size_bytes: 40_002, newest_received_at: 300 };
    reading(&*store, |tx| {
        assert_eq!(gather(|each| tx.holdings_of(vessel_id(1), each))?, [one, two]);
        assert_eq!(gather(|each| tx.holdings_of(vessel_id(3), each))?, []);
        assert_eq!(tx.holding(vessel_id(1), device(2))?, Some(two));
        assert_eq!(tx.holding(vessel_id(1), device(3))?, None);
        assert_eq!(tx.segment_count(vessel_id(1))?, 3);
        assert_eq!(tx.segment_count(vessel_id(3))?, 0);
        Ok(())
    })
    .unwrap();
}

pub fn sequence_numbers_never_wrap(make: Make) {
    let store = store_with_vessels(make);
    let largest = i64::MAX as u64;
    let last = segment(1, largest, largest, 5);
    assert_eq!(put(&*store, from_ref(&last)), [true]);
    for (from, to) in [(largest, largest + 1), (largest + 1, largest + 1), (0, u64::MAX)] {
        let error = writing(&*store, |tx| tx.put_segment(&segment(1, from, to, 6))).unwrap_err();
        assert!(matches!(error, StoreError::OutOfRange { value, .. } if value == to));
        assert!(error.is_refusal());
    }
    assert_eq!(all(&*store, 1), from_ref(&last));
    reading(&*store, |tx| {
        let (vessel, dev, head) = (last.vessel, last.dev, last.head);
        let from = |seq| tx.segments_of_device(vessel, dev, SegmentsFrom::Seq(seq), 10);
        assert_eq!(from(largest)?, from_ref(&last));
        assert_eq!(from(largest + 1)?, []);
        assert_eq!(from(u64::MAX)?, []);
        let after = SegmentsFrom::After(SegmentPlace { to_seq: u64::MAX, ..last.place() });
        assert_eq!(tx.segments_of_device(vessel, dev, after, 10)?, []);
        // As a signed number u64::MAX is -1, and 2^63 is i64::MIN.
        for seq in [largest + 1, u64::MAX] {
            assert!(!tx.has_segment(vessel, dev, seq, head)?);
            assert_eq!(tx.segment(vessel, dev, seq, head)?, None);
        }
        Ok(())
    })
    .unwrap();
}

pub fn segments_are_bounded(make: Make) {
    let store = store_with_vessels(make);
    let bad = [
        SegmentRow { bytes: Vec::new(), ..segment(1, 0, 4, 5) },
        SegmentRow { bytes: vec![0; MAX_SEGMENT_BYTES + 1], ..segment(1, 0, 4, 5) },
        segment(1, 5, 4, 5),
    ];
    for row in bad {
        assert!(refused(&*store, |tx| tx.put_segment(&row).map(|_| ())));
    }
    assert_eq!(all(&*store, 1), []);
}

pub fn a_callback_ends_the_list(make: Make) {
    let store = store_with_vessels(make);
    put(&*store, &[segment(1, 0, 4, 5), segment(1, 5, 9, 6), segment(1, 10, 12, 7)]);
    let mut seen = Vec::new();
    let ended = store.read(&mut |tx| {
        tx.segments_of(vessel_id(1), &mut |row| {
            seen.push(row.from_seq);
            if seen.len() == 2 { Err(StoreError::Abandoned) } else { Ok(()) }
        })
    });
    assert!(matches!(ended, Err(StoreError::Abandoned)));
    assert_eq!(seen, [0, 5]);
    assert_eq!(all(&*store, 1).len(), 3, "and the store goes on");
}

pub fn no_list_is_longer_than_the_cap(make: Make) {
    let store = store_with_vessels(make);
    let rows: Vec<_> = (0..u64::from(MAX_LIST) + 5).map(|seq| segment(1, seq, seq, 5)).collect();
    put(&*store, &rows);
    let listed = reading(&*store, |tx| {
        tx.segments_of_device(vessel_id(1), device(1), SegmentsFrom::Seq(0), u32::MAX)
    })
    .unwrap();
    assert_eq!(listed, rows[..MAX_LIST as usize]);
    assert_eq!(all(&*store, 1).len(), rows.len(), "what is handed over one by one is whole");
}
