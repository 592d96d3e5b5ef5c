use std::fs;

use super::*;
use crate::store::conformance::{segment, vessel_id, vessel_row};
use crate::store::{Scope, gather, projection_digest, reading, writing};

fn fill(store: &dyn Store, n: u8) {
    writing(store, |tx| {
        tx.put_segment(&segment(1, n.into(), n.into(), n))?;
        tx.rename_vessel(vessel_id(1), &format!("after {n}"))
    })
    .unwrap();
}

/// What a power cut would leave: the files as they are while the database is open.
fn cut(on: &OnTempDir) -> (TempDir, SqliteStore) {
    let other = tempfile::tempdir().unwrap();
    for name in ["deckwatch.db", "deckwatch.db-wal"] {
        fs::copy(on.folder.path().join(name), other.path().join(name)).unwrap();
    }
    let store = open(&other.path().join("deckwatch.db"));
    (other, store)
}

fn count_and_name(store: &dyn Store) -> (u64, String) {
    reading(store, |tx| {
        Ok((tx.segment_count(vessel_id(1))?, tx.vessel(vessel_id(1))?.unwrap().name))
    })
    .unwrap()
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let store = open(&path);
    writing(&store, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    (1..=5).for_each(|n| fill(&store, n));
    let everything = |store: &dyn Store| {
        reading(store, |tx| {
            let rows = gather(|each| tx.segments_of(vessel_id(1), each))?;
            Ok((rows, tx.vessels(Scope::All)?, projection_digest(tx, vessel_id(1))?))
        })
        .unwrap()
    };
    let before = everything(&store);
    assert_eq!(before.0.len(), 5);
    drop(store);
    assert_eq!(everything(&open(&path)), before);
}

#[test]
fn what_was_committed_survives_a_power_cut() {
    let on = OnTempDir::new();
    writing(&on, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    for n in 1..=3 {
        fill(&on, n);
        let (_folder, after) = cut(&on);
        assert_eq!(count_and_name(&after), (n.into(), format!("after {n}")));
    }
}

#[test]
fn what_was_not_committed_does_not_survive_a_power_cut() {
    let on = OnTempDir::new();
    writing(&on, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    fill(&on, 1);
    writing(&on, |tx| {
        // More than the page cache holds, so that pages of the open transaction are on disk, too.
        for n in 0..100 {
            let bytes = vec![7; 60_000];
            tx.put_segment(&crate::store::SegmentRow { bytes, ..segment(2, n, n, 1) })?;
        }
        tx.rename_vessel(vessel_id(1), "half")?;
        let log = fs::metadata(on.folder.path().join("deckwatch.db-wal")).unwrap().len();
        assert!(log > 1_000_000, "nothing of the open transaction reached the disk");
        let (_folder, after) = cut(&on);
        assert_eq!(count_and_name(&after), (1, "after 1".into()));
        Ok(())
    })
    .unwrap();
    let (_folder, after) = cut(&on);
    assert_eq!(count_and_name(&after), (101, "half".into()));
}

#[test]
fn a_backup_made_in_use_is_whole_and_stands_alone() {
    let on = OnTempDir::new();
    writing(&on, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    fill(&on, 1);
    let other = tempfile::tempdir().unwrap();
    let target = other.path().join("backup.db");
    writing(&on, |tx| {
        tx.rename_vessel(vessel_id(1), "not yet")?;
        on.store.backup_to(&target).unwrap();
        Ok(())
    })
    .unwrap();
    let names: Vec<_> =
        fs::read_dir(other.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.db"], "one file, and nothing left over");
    let copy = open(&target);
    assert_eq!(copy.find_damage().unwrap(), None);
    assert_eq!(count_and_name(&copy), (1, "after 1".into()));
    fill(&copy, 2);
    assert_eq!(count_and_name(&copy), (2, "after 2".into()));
    assert_eq!(count_and_name(&on), (1, "not yet".into()));
}

#[test]
fn a_backup_never_replaces_a_file() {
    let on = OnTempDir::new();
    let target = on.folder.path().join("backup.db");
    fs::write(&target, "last year").unwrap();
    let refused = on.store.backup_to(&target);
    assert!(matches!(refused, Err(BackupError::TargetExists)));
    assert_eq!(fs::read(&target).unwrap(), b"last year");
    let nowhere = on.store.backup_to(&on.folder.path().join("none/backup.db"));
    assert!(matches!(nowhere, Err(BackupError::Io(_))));
}

#[test]
fn a_damaged_database_gives_no_backup() {
    let on = OnTempDir::new();
    writing(&on, |tx| tx.add_vessel(&vessel_row(1, "Aurora"))).unwrap();
    (1..=9).for_each(|n| fill(&on, n));
    let OnTempDir { store, folder } = on;
    let path = store.path().to_owned();
    drop(store);
    let conn = Connection::open(&path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'segment_by_place'";
    let root: u32 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    drop(conn);
    // The index loses an entry: its page says it holds one cell less.
    let mut bytes = fs::read(&path).unwrap();
    bytes[(root as usize - 1) * 4096 + 4] -= 1;
    fs::write(&path, bytes).unwrap();
    let target = folder.path().join("backup.db");
    let damaged = open(&path);
    assert!(
        damaged.find_damage().unwrap().is_some_and(|damage| damage.contains("segment_by_place"))
    );
    let refused = damaged.backup_to(&target);
    assert!(matches!(refused, Err(BackupError::Unsound(_))), "{refused:?}");
    assert!(!target.exists());
}
