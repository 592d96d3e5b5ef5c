use super::*;
use crate::store::conformance::{segment, vessel_id, vessel_row};
use crate::store::{SegmentRow, gather, reading, writing};

fn large(n: u8) -> SegmentRow {
    SegmentRow { bytes: vec![n; 60_000], ..segment(1, n.into(), n.into(), n) }
}

fn held(store: &dyn Store) -> Vec<SegmentRow> {
    reading(store, |tx| gather(|each| tx.segments_of(vessel_id(1), each))).unwrap()
}

/// A store that has room for about three large segments, and holds one.
fn nearly_full(folder: &TempDir) -> SqliteStore {
    let path = folder.path().join("deckwatch.db");
    let options = SqliteOptions { max_size_bytes: Some(320_000), ..SqliteOptions::default() };
    let store = SqliteStore::open(&path, &options).unwrap();
    writing(&store, |tx| {
        tx.add_vessel(&vessel_row(1, "Aurora"))?;
        tx.put_segment(&large(1))
    })
    .unwrap();
    store
}

#[test]
fn a_full_disk_refuses_the_write_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = nearly_full(&folder);
    let write_many = |store: &dyn Store| {
        writing(store, |tx| (2..=9).try_for_each(|n| tx.put_segment(&large(n)).map(|_| ())))
    };
    let full = write_many(&store).unwrap_err();
    assert!(matches!(full, StoreError::Full(_)), "{full:?}");
    assert_eq!(full.to_string(), "no space left for the database");
    assert!(full.hint().starts_with("free disk space"));
    assert!(!full.is_refusal());
    assert_eq!(held(&store), [large(1)]);
    // What fits is still taken.
    writing(&store, |tx| tx.put_segment(&large(2))).unwrap();
    let path = store.path().to_owned();
    drop(store);
    let roomy = open(&path);
    assert_eq!(held(&roomy), [large(1), large(2)]);
    write_many(&roomy).unwrap();
    assert_eq!(held(&roomy), (1..=9).map(large).collect::<Vec<_>>());
}

#[test]
fn a_failure_that_is_swallowed_is_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = nearly_full(&folder);
    let ended = writing(&store, |tx| {
        tx.rename_vessel(vessel_id(1), "half")?;
        let failed = (2..=9).find_map(|n| tx.put_segment(&large(n)).err());
        assert!(matches!(failed, Some(StoreError::Full(_))));
        let later = tx.rename_vessel(vessel_id(1), "later");
        assert!(matches!(later, Err(StoreError::Spoiled)));
        Ok(())
    });
    // SQLite may have rolled back by itself; either way it is an error, and nothing was kept.
    assert!(matches!(ended, Err(StoreError::Spoiled)), "{ended:?}");
    assert_eq!(held(&store), [large(1)]);
    let name = reading(&store, |tx| Ok(tx.vessel(vessel_id(1))?.unwrap().name)).unwrap();
    assert_eq!(name, "Aurora");
}

#[test]
fn a_database_that_is_too_large_already_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    drop(nearly_full(&folder));
    let options = SqliteOptions { max_size_bytes: Some(1), ..SqliteOptions::default() };
    let store = SqliteStore::open(&folder.path().join("deckwatch.db"), &options).unwrap();
    assert_eq!(held(&store), [large(1)]);
    let full = writing(&store, |tx| tx.put_segment(&large(2)));
    assert!(matches!(full, Err(StoreError::Full(_))));
    assert_eq!(held(&store), [large(1)]);
}

#[test]
fn readers_are_bounded_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let store = SqliteStore::open(&path, &SqliteOptions { readers: 2, ..impatient() }).unwrap();
    for _ in 0..3 {
        reading(&store, |_| {
            reading(&store, |_| {
                let third = reading(&store, |_| Ok(()));
                assert!(matches!(third, Err(StoreError::Busy)));
                Ok(())
            })
        })
        .unwrap();
    }
    let failed = reading(&store, |_| Err::<(), _>(StoreError::Abandoned));
    assert!(failed.is_err());
    reading(&store, |_| reading(&store, |_| Ok(()))).unwrap();
}

#[test]
fn a_second_program_that_writes_makes_this_one_busy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let ours = SqliteStore::open(&path, &impatient()).unwrap();
    let theirs = SqliteStore::open(&path, &impatient()).unwrap();
    writing(&ours, |tx| {
        // The turn is taken before the first row is read, so that what is read stays true until the commit.
        let busy = writing(&theirs, |_| Ok(()));
        assert!(matches!(busy, Err(StoreError::Busy)));
        tx.add_vessel(&vessel_row(1, "Aurora"))?;
        let busy = writing(&theirs, |tx| tx.add_vessel(&vessel_row(1, "Other")));
        assert!(matches!(busy, Err(StoreError::Busy)));
        assert_eq!(reading(&theirs, |tx| tx.vessel(vessel_id(1)))?, None);
        Ok(())
    })
    .unwrap();
    let seen = reading(&theirs, |tx| tx.vessel(vessel_id(1))).unwrap();
    assert_eq!(seen, Some(vessel_row(1, "Aurora")));
}
