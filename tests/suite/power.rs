//! Phones that lose power, and stores that are put back from a copy.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use deckwatch::demo::{fleet::SHIPS, phone::SimulatedPhone};
use deckwatch_core::{
    authority::Roles,
    phone::Opened,
    record::{Body, ForkProof},
};
use deckwatch_tests::{BEGIN, TestShore, walk};

/// A process scans without end and says "taken" after each; it is killed in the middle.
#[test]
fn kill_9_between_scan_and_sync_loses_no_taken_scan() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    for (round, stop_after) in [1_usize, 7, 40].into_iter().enumerate() {
        let crew = 20 + round as u32;
        let invitation = shore.invite(ship.vessel, Roles::CREW);
        let folder = shore.phone_folder(crew);
        std::fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scanning-phone"))
            .arg(&folder)
            .arg(invitation.to_text())
            .arg((BEGIN + 10).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut taken = 0;
        for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
            assert_eq!(line.unwrap(), format!("taken {taken}"));
            taken += 1;
            if taken == stop_after {
                break;
            }
        }
        // SIGKILL on Unix.
        child.kill().unwrap();
        child.wait().unwrap();

        let clock = deckwatch_tests::scanning_clock(BEGIN + 10);
        let at = BEGIN + 3_600;
        let mut phone = SimulatedPhone::open(&folder, 5, clock, at * 1_000).unwrap();
        assert!(phone.phone.current().unwrap().scans.len() >= taken);
        shore.sync(&mut phone, at);
        let scans = shore
            .shore
            .reading_held(ship.vessel, |held| {
                let chain = held.chain(phone.phone.device()).unwrap();
                chain
                    .main_branch()
                    .iter()
                    .filter(|entry| matches!(entry.body(), Some(Body::Scan(_))))
                    .count()
            })
            .unwrap();
        assert!(scans >= taken, "{scans} scans ashore, {taken} were taken");
    }
}

/// A store of the first version with many records is sealed, and the process is killed while its log grows.
#[test]
fn kill_9_while_a_store_is_sealed_loses_no_record() {
    const ROWS: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let clear = rusqlite::Connection::open(&path).unwrap();
    clear.execute_batch(include_str!("../../core/src/store/version_1.sql")).unwrap();
    clear
        .execute_batch(&format!(
            "WITH RECURSIVE n (seq) AS (SELECT 0 UNION ALL SELECT seq + 1 FROM n LIMIT {ROWS})
             INSERT INTO record SELECT x'0101010101010101', seq, randomblob(32), randomblob(200),
                 CAST('SMOKE AT FRAME 57' AS BLOB), randomblob(9), randomblob(60) FROM n"
        ))
        .unwrap();
    drop(clear);
    let log = folder.path().join("store.db-wal");
    for grown_to in [1_u64, 1 << 20, 6 << 20] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scanning-phone"))
            .arg(folder.path())
            .arg("seal")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Until the log is that long, or the sealing is done.
        while child.try_wait().unwrap().is_none()
            && std::fs::metadata(&log).map_or(0, |log| log.len()) < grown_to
        {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
    }
    let store = deckwatch_tests::open_store(folder.path());
    let dev = deckwatch_core::model::DeviceId([1; 8]);
    let records = store.own_records(dev, 0, ROWS).unwrap();
    assert_eq!(records.len() as u64, ROWS);
    assert!(records.iter().zip(0..).all(|(record, seq)| record.seq == seq));
    drop(store);
    let file = std::fs::read(&path).unwrap();
    assert!(!file.windows(17).any(|some| some == b"SMOKE AT FRAME 57"));
}

#[test]
fn a_restored_store_is_noticed_and_loses_nothing() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + 86_400);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    let (folder, clock, old) = (shore.phone_folder(11), walker.clock, walker.phone.device());
    drop(walker);
    let copy = std::fs::read(folder.join("phone.db")).unwrap();

    // One patrol goes ashore, then the copy from before it is put back.
    let mut walker = SimulatedPhone::open(&folder, 111, clock, due[1].opens * 1_000).unwrap();
    walk(&mut walker, &ship.plan, &due[1], due[1].opens + 60, &[]);
    shore.sync(&mut walker, due[1].closes);
    drop(walker);
    for file in ["phone.db-wal", "phone.db-shm"] {
        let _ = std::fs::remove_file(folder.join(file));
    }
    std::fs::write(folder.join("phone.db"), copy).unwrap();
    let safe = deckwatch_core::store::FileSafe::open(
        &folder.join("safe"),
        Box::new(deckwatch_core::entropy::SeededEntropy::new(77)),
    )
    .unwrap();
    let reading = clock.read(due[2].opens * 1_000);
    let (phone, opened) = deckwatch_core::phone::Phone::open(
        &folder.join("phone.db"),
        std::sync::Arc::new(safe),
        Box::new(deckwatch_core::entropy::SeededEntropy::new(78)),
        &reading,
    )
    .unwrap();
    assert!(matches!(opened, Opened::Restored { before, .. } if before == old), "{opened:?}");
    let mut walker = SimulatedPhone { phone, clock };
    walk(&mut walker, &ship.plan, &due[2], due[2].opens + 60, &[]);
    shore.sync(&mut walker, due[2].closes);

    let (before, after, forks) = shore
        .shore
        .reading_held(ship.vessel, |held| {
            let ends = |dev| {
                let chain = held.chain(dev).unwrap();
                let ends =
                    |entry: &&&deckwatch_core::record::Entry| entry.kind_name() == "patrol_end";
                chain.main_branch().iter().filter(ends).count()
            };
            let forks: usize = held.chains().iter().map(|chain| chain.forks().len()).sum();
            (ends(old), ends(walker.phone.device()), forks)
        })
        .unwrap();
    assert_eq!((before, after), (2, 1), "every patrol is ashore");
    assert_eq!(forks, 0, "an honest restore is no fork");
}

/// A phone's files are copied with its key, and both copies go on: both histories are kept, and prove themselves.
#[test]
fn a_cloned_phone_is_convicted_on_the_command_line() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let at = BEGIN + 3_600;
    let (_officer, phone) = shore.crewed(&ship, at);
    let (clock, dev) = (phone.clock, phone.phone.device());
    drop(phone);
    let (own, clone) = (shore.phone_folder(11), shore.phone_folder(99));
    copy(&own, &clone);
    for (folder, minutes) in [(own, 10), (clone, 20)] {
        let now = at + minutes * 60;
        let mut phone = SimulatedPhone::open(&folder, 7, clock, now * 1_000).unwrap();
        assert_eq!(phone.phone.device(), dev);
        shore.sync(&mut phone, now);
    }
    let proofs = shore.folder.path().join("proofs");
    let told = Command::new(env!("CARGO_BIN_EXE_deckwatch-program"))
        .args(["device", "forks", SHIPS[0].name, "--proofs", proofs.to_str().unwrap(), "--data"])
        .arg(shore.folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success() && text.contains(&dev.to_string()), "{text}");
    let file = std::fs::read_dir(&proofs).unwrap().next().unwrap().unwrap().path();
    let proof = ForkProof::decode(&std::fs::read(file).unwrap()).unwrap();
    let fork = proof.check().unwrap();
    assert_eq!((proof.dev(), fork.one.dev), (dev, dev));
    assert_ne!(fork.one.hash, fork.other.hash);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
