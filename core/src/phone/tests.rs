//! A phone by itself: what is taken stays taken.

mod disowned;
mod hands;
mod in_use;
mod known;
mod ledger;
mod nfc;
mod outbox;
mod pages;
mod rotation;
mod sealed;
mod taking;

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
    entropy::SeededEntropy,
    model::{CheckpointId, TagId},
    presence::label::Label,
    record::{Body, Segment, SoftwareKey, VerifiedSegment},
    store::{FileSafe, StoreError},
    time::ClockReading,
};

const VESSEL: VesselId = VesselId([7; 16]);
/// 2026-11-22 00:00 UTC.
const NOON: i64 = 1_795_305_600;

/// Clocks that agree: booted at `NOON`, `secs` later.
fn at(secs: i64) -> ClockReading {
    ClockReading { boot: [1; 8], mono: (secs * 10) as u64, wall_ms: (NOON + secs) * 1_000 }
}

struct Bench {
    folder: tempfile::TempDir,
    safe: Arc<FileSafe>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let safe = FileSafe::open(&folder.path().join("safe"), Box::new(SeededEntropy::new(1)));
        Self { folder, safe: Arc::new(safe.unwrap()) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self, secs: i64) -> (Phone, Opened) {
        let safe = Arc::clone(&self.safe);
        Phone::open(&self.path(), safe, Box::new(SeededEntropy::new(2)), &at(secs)).unwrap()
    }

    fn enrolled(&self) -> Phone {
        let (mut phone, opened) = self.open(0);
        assert_eq!(opened, Opened::New);
        phone.enrol(&enrolment(), &at(0)).unwrap();
        phone
    }
}

fn enrolment() -> Enrolment {
    let shore = SoftwareKey::generate(&mut SeededEntropy::new(9));
    Enrolment {
        server: "http://127.0.0.1:1".into(),
        vessel: VESSEL,
        token: [5; 16],
        expires: NOON + 86_400,
        shore_key: shore.public_key(),
    }
}

fn label(tag: u8) -> String {
    Label::new(VESSEL, TagId([tag; 16])).payload("DW.EXAMPLE").unwrap()
}

/// Every record of every own chain, read back from verified segments.
fn history(phone: &mut Phone) -> Vec<VerifiedSegment> {
    phone.seal().unwrap();
    let store = phone.store();
    let mut segments = Vec::new();
    for dev in store.own_devices().unwrap() {
        let mut author = None;
        let mut spans = store.own_spans(dev).unwrap();
        spans.sort_unstable();
        for span in spans {
            let bytes = store.own_segment(dev, &span).unwrap().unwrap();
            let segment = Segment::decode(&bytes).unwrap();
            if span.from == 0 {
                let opened = segment.reopen().unwrap();
                let Some(Body::Genesis { key, .. }) = opened.entries[0].body() else { panic!() };
                author = Some(*key);
            }
            segments.push(segment.verify(&author.unwrap()).unwrap());
        }
    }
    segments
}

fn kinds(segments: &[VerifiedSegment]) -> Vec<&'static str> {
    segments.iter().flat_map(|segment| &segment.entries).map(|entry| entry.kind_name()).collect()
}

#[test]
fn a_process_that_ends_between_scans_goes_on_in_the_same_patrol() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    phone.scan_text(&label(1), &at(20)).unwrap();
    drop(phone);
    let (mut phone, opened) = bench.open(60);
    assert_eq!(opened, Opened::Resumed { tail_found: true });
    assert_eq!(phone.current().unwrap().scans.len(), 1);
    phone.scan_text(&label(2), &at(70)).unwrap();
    phone.end(1, 0, &at(80)).unwrap();
    let history = history(&mut phone);
    assert_eq!(kinds(&history), ["genesis", "patrol_start", "scan", "note", "scan", "patrol_end"]);
    // The next patrol has the next number.
    phone.start(None, None, &at(90)).unwrap();
    assert_eq!(phone.current().unwrap().number, 2);
    let (_, opened) = {
        drop(phone);
        bench.open(100)
    };
    assert_eq!(opened, Opened::Resumed { tail_found: true });
}

#[test]
fn who_logged_out_stays_logged_out_after_a_restart() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let person = PersonPart { crew: crate::model::CrewNo(11), grade: 1, how: 1 };
    phone.login(person, &at(10)).unwrap();
    drop(phone);
    let (mut phone, _) = bench.open(20);
    assert_eq!(phone.person(), person);
    phone.logout(&at(30)).unwrap();
    assert_eq!(phone.person(), PersonPart::NOBODY);
    phone.seal().unwrap();
    drop(phone);
    let (mut phone, _) = bench.open(40);
    assert_eq!(phone.person(), PersonPart::NOBODY);
    phone.park(1, &at(50)).unwrap();
    let history = history(&mut phone);
    let by: Vec<_> = history
        .iter()
        .flat_map(|segment| &segment.entries)
        .map(|entry| (entry.kind_name(), entry.person.map_or(0, |person| person.crew.0)))
        .filter(|(kind, _)| ["crew", "park"].contains(kind))
        .collect();
    assert_eq!(by, [("crew", 11), ("crew", 11), ("park", 0)]);
}

#[test]
fn a_view_says_what_the_phone_says_and_stays_as_it_was() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    phone.scan_text(&label(1), &at(20)).unwrap();
    let view = phone.view(&at(25)).unwrap();
    assert_eq!(view.status(&at(30)).unwrap(), phone.status(&at(30)).unwrap());
    assert_eq!((view.dev, view.head, view.vessel), (phone.device(), phone.head(), phone.vessel()));
    assert_eq!(view.unsent, phone.unsent().unwrap().len());
    phone.end(1, 0, &at(40)).unwrap();
    assert_eq!(view.status(&at(50)).unwrap().unknown_tags, 1);
    let after = phone.view(&at(50)).unwrap();
    assert!(matches!(after.status(&at(50)), Err(RecordError::NoPatrol)));
    assert_eq!(after.unsent, 1);
}

#[test]
fn a_store_behind_its_marker_is_a_restored_copy() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    phone.scan_text(&label(1), &at(20)).unwrap();
    let old = phone.device();
    drop(phone);
    let copy = std::fs::read(bench.path()).unwrap();
    let (mut phone, _) = bench.open(30);
    phone.scan_text(&label(2), &at(40)).unwrap();
    let lost_from_the_copy = phone.head().unwrap();
    drop(phone);
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(bench.path().with_extension(format!("db{suffix}")));
    }
    std::fs::write(bench.path(), copy).unwrap();

    let (mut phone, opened) = bench.open(50);
    let Opened::Restored { before, held_seq, marker_seq } = opened else { panic!("{opened:?}") };
    assert_eq!((before, held_seq), (old, 2));
    assert_eq!(marker_seq, Some(lost_from_the_copy.0));
    assert_ne!(phone.device(), old);
    phone.start(None, None, &at(60)).unwrap();
    phone.scan_text(&label(3), &at(70)).unwrap();
    phone.end(1, 0, &at(80)).unwrap();
    let all = history(&mut phone);
    let held = all.iter().filter(|segment| segment.dev == old);
    assert_eq!(held.map(|segment| segment.entries.len()).sum::<usize>(), 3, "nothing held is lost");
    let fresh = all.iter().find(|segment| segment.dev == phone.device()).unwrap();
    let Some(Body::Genesis { continues: Some(continues), key, .. }) = fresh.entries[0].body()
    else {
        panic!()
    };
    assert_eq!(continues.marker_head, lost_from_the_copy.1);
    assert!(continues.signature.is_some());
    assert_eq!(continues.dev, old);
    assert_eq!(crate::record::device_id(key), phone.device());
    // Opened again it simply goes on.
    drop(phone);
    assert!(matches!(bench.open(90).1, Opened::Resumed { .. }));
}

#[test]
fn a_crash_between_commit_and_marker_is_honest() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    drop(phone);
    let marker = bench.folder.path().join("safe/marker");
    let before = std::fs::read(&marker).unwrap();
    let (mut phone, _) = bench.open(20);
    phone.scan_text(&label(1), &at(30)).unwrap();
    drop(phone);
    std::fs::write(&marker, before).unwrap();
    assert!(matches!(bench.open(40).1, Opened::Resumed { .. }));
}

#[test]
fn a_full_disk_says_not_taken_and_keeps_what_was_taken() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    let pages = phone.store().pages().unwrap();
    phone.store().limit_pages(pages).unwrap();
    let mut taken = 0;
    let error = loop {
        match phone.scan_text(&label(1), &at(20 + taken)) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10_000);
    };
    assert!(matches!(error, RecordError::Store(StoreError::Full)), "{error}");
    assert!(error.to_string().contains("not taken"));
    phone.store().limit_pages(pages + 1_000).unwrap();
    phone.scan_text(&label(2), &at(50_000)).unwrap();
    phone.end(1, 0, &at(50_010)).unwrap();
    let history = history(&mut phone);
    let scans = kinds(&history).iter().filter(|kind| **kind == "scan").count();
    assert_eq!(scans as i64, taken + 1);
}

#[test]
fn clocks_that_jump_and_reboots_are_recorded() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    // Set years back, then rebooted.
    let mut wrong = at(20);
    wrong.wall_ms -= 10 * 365 * 86_400_000;
    phone.scan_text(&label(1), &wrong).unwrap();
    let rebooted = ClockReading { boot: [2; 8], mono: 55, wall_ms: at(100).wall_ms };
    phone.scan_text(&label(2), &rebooted).unwrap();
    let history = history(&mut phone);
    assert_eq!(kinds(&history), ["genesis", "patrol_start", "clock_step", "scan", "boot", "scan"]);
    // wall = floor((offset + mono) / 10) holds in every record.
    let mut offset = 0;
    for entry in history.iter().flat_map(|segment| &segment.entries) {
        match entry.body().unwrap() {
            Body::Genesis { offset: set, .. } | Body::Boot { offset: set } => offset = *set,
            Body::ClockStep { before, after } => {
                assert_eq!(*before, offset);
                offset = *after;
            }
            _ => {}
        }
        let time = entry.time.unwrap();
        assert_eq!(time.wall as i64, (offset + time.mono as i64).div_euclid(10));
    }
}

#[test]
fn a_long_chain_is_cut_at_256_records_and_a_key_that_is_locked_loses_nothing() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(1)).unwrap();
    struct Locked(PublicKeyBytes);
    impl DeviceKey for Locked {
        fn public_key(&self) -> PublicKeyBytes {
            self.0
        }
        fn sign(&self, _: &[u8]) -> Result<[u8; 64], KeyError> {
            Err(KeyError::Unavailable("locked".into()))
        }
    }
    let locked = Arc::new(Locked(phone.public_key()));
    let key = std::mem::replace(&mut phone.key, locked);
    for n in 0..600 {
        phone.scan_text(&label((n % 7) as u8), &at(10 + n)).unwrap();
    }
    assert!(matches!(phone.seal(), Err(RecordError::Key(_))));
    phone.key = key;
    let history = history(&mut phone);
    let lengths: Vec<usize> = history.iter().map(|segment| segment.entries.len()).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 602);
    assert!(lengths.iter().all(|length| *length <= 256), "{lengths:?}");
    for pair in history.windows(2) {
        assert_eq!(pair[0].head(), pair[1].prev);
    }
}

#[test]
fn what_is_wrong_is_recorded_with_what_is_known() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let other = Label::new(VesselId([8; 16]), TagId([1; 16])).payload("DW.EXAMPLE").unwrap();
    assert_eq!(
        phone.scan_text(&other, &at(5)).unwrap(),
        ScanOutcome::OtherVessel { tag: TagId([1; 16]) },
        "outside of a patrol too"
    );
    phone.start(None, None, &at(10)).unwrap();
    assert_eq!(
        phone.scan_text(&label(1), &at(20)).unwrap(),
        ScanOutcome::UnknownTag { tag: TagId([1; 16]) }
    );
    assert_eq!(
        phone.scan_text("https://example.org/menu", &at(30)).unwrap(),
        ScanOutcome::NotADeckwatchTag
    );
    let manual = phone.scan_manual(CheckpointId([3; 8]), 1, &at(40)).unwrap();
    assert!(matches!(manual, ScanOutcome::Taken { .. }), "{manual:?}");
    assert!(matches!(phone.start(None, None, &at(50)), Err(RecordError::PatrolOpen)));
    assert!(matches!(phone.park(1, &at(50)), Err(RecordError::PatrolOpen)));
    let history = history(&mut phone);
    assert_eq!(kinds(&history), ["genesis", "scan", "patrol_start", "scan", "scan_failed", "scan"]);
}

#[test]
fn a_phone_that_is_not_enrolled_says_so() {
    let bench = Bench::new();
    let (mut phone, _) = bench.open(0);
    assert!(matches!(phone.start(None, None, &at(1)), Err(RecordError::NotEnrolled)));
    assert!(matches!(phone.sync_request(&at(1)), Err(RecordError::NotEnrolled)));
    phone.enrol(&enrolment(), &at(2)).unwrap();
    assert!(matches!(phone.enrol(&enrolment(), &at(3)), Err(RecordError::AlreadyEnrolled)));
    let error = phone.sync_response(b"garbage", &at(4)).unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");
}

#[test]
fn an_unreadable_picture_is_said_and_records_nothing() {
    use crate::presence::{frame::Luminance, reading::Effort};
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    let before = phone.head();
    let grey: Vec<u8> = (0..320 * 240).map(|n| (n % 251) as u8).collect();
    let frame = Luminance::new(320, 240, 320, &grey).unwrap();
    let error = phone.scan_frame(&frame, Effort::Full, &at(20)).unwrap_err();
    assert!(error.to_string().contains("hold steady"), "{error}");
    assert_eq!(phone.head(), before);
}

#[test]
fn a_key_that_outlived_its_store_does_not_fork_its_old_chain() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    let old = phone.device();
    drop(phone);
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let _ = std::fs::remove_file(bench.folder.path().join(file));
    }
    let (mut phone, opened) = bench.open(20);
    assert_eq!(opened, Opened::New);
    assert_ne!(phone.device(), old);
    phone.enrol(&enrolment(), &at(30)).unwrap();
}

#[test]
fn a_clock_step_that_was_not_taken_is_recorded_at_the_next_chance() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(10)).unwrap();
    let pages = phone.store().pages().unwrap();
    phone.store().limit_pages(pages).unwrap();
    let mut secs = 20;
    while phone.scan_text(&label(1), &at(secs)).is_ok() {
        secs += 1;
    }
    let mut wrong = at(secs + 10);
    wrong.wall_ms -= 3_600_000;
    assert!(phone.scan_text(&label(1), &wrong).is_err());
    phone.store().limit_pages(pages + 1_000).unwrap();
    phone.scan_text(&label(2), &wrong).unwrap();
    let history = history(&mut phone);
    assert!(kinds(&history).ends_with(&["clock_step", "scan"]), "{:?}", kinds(&history).last());
}
