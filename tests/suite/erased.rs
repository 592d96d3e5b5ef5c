//! Personal content is erased after its retention: gone from the database and from others' phones, told in every bundle, and no
//! verdict changes with it.

use deckwatch::{
    demo::{fleet::SHIPS, phone::SimulatedPhone},
    ledger::ExportRequest,
    shore::{EraseError, ErasureRequest},
    store::{SqliteStore, sqlite::SqliteOptions},
};
use deckwatch_core::{
    audit::{Bundle, Options, Report, Shown, verify},
    ledger::{KeyType, Policy, VerifierKey},
    model::DeviceId,
    record::{Segment, Slot, reason::erase},
};
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

fn walked() -> (TestShore, TestVessel, SimulatedPhone, SimulatedPhone, i64) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    for due in ship.due(BEGIN + 3_600, BEGIN + DAY).iter().take(2) {
        walk(&mut walker, &ship.plan, due, due.opens + 300, &[]);
    }
    let mut now = BEGIN + DAY;
    for _ in 0..2 {
        now += 3_600;
        shore.sync(&mut walker, now);
        shore.sync(&mut officer, now + 10);
    }
    (shore, ship, officer, walker, now)
}

/// All that the shore holds of a device.
fn request(shore: &TestShore, ship: &TestVessel, dev: DeviceId, parts: Shown) -> ErasureRequest {
    let why = "Asked for in writing.".to_owned();
    let newest = shore.shore.reading_held(ship.vessel, |held| held.top(dev).unwrap().0);
    let (from, to) = (0, newest.unwrap());
    ErasureRequest { dev, from, to, parts, reason: erase::ASKED, why }
}

/// The persons of a device that a phone still holds of somebody else.
fn persons_held(phone: &mut SimulatedPhone, dev: DeviceId) -> usize {
    let segments = phone.phone.store().segments().unwrap();
    let segments = segments.iter().map(|bytes| Segment::decode(bytes).unwrap());
    let items = segments.filter(|segment| segment.dev == dev).flat_map(|segment| segment.items);
    items.filter(|item| !matches!(item.slots[1], Slot::Withheld(_))).count()
}

fn report(shore: &TestShore, ship: &TestVessel, now: i64) -> Report {
    let request = ExportRequest {
        from: BEGIN,
        to: now,
        recipient: "P&I".to_owned(),
        withheld: Vec::new(),
        pages: true,
    };
    let bundle = shore.shore.export(ship.vessel, &request).unwrap();
    let bundle = Bundle::from_archive(&bundle.to_archive().unwrap()).unwrap();
    let key = shore.shore.ledger_state().unwrap().unwrap().key;
    let key = VerifierKey::parse_as(&key, KeyType::Ed25519).unwrap();
    verify(&bundle, &Policy::of_ledger(key), &Options::default()).unwrap()
}

#[test]
fn persons_are_erased_everywhere_but_on_their_own_phone_and_the_bundle_says_so() {
    let (shore, ship, mut officer, mut walker, mut now) = walked();
    let persons = Shown { person: true, ..Shown::default() };
    let dev = officer.phone.device();
    assert!(persons_held(&mut walker, dev) > 3, "the officer's chain is on every phone");
    let before = report(&shore, &ship, now);
    let asked = request(&shore, &ship, dev, persons);
    let erased = shore.shore.erase(ship.vessel, &asked).unwrap();
    assert_eq!((erased.parts[0], erased.parts[2]), (0, 0));
    assert!(erased.records > 3 && erased.parts[1] == erased.records, "{erased:?}");

    // The other phone hears of it, and removes its copy. The officer's own goes on.
    now += 3_600;
    shore.sync(&mut walker, now);
    assert_eq!(persons_held(&mut walker, dev), 0);
    shore.sync(&mut officer, now + 10);

    let told = report(&shore, &ship, now);
    assert!(told.integrity, "{told}");
    assert_eq!(told.not_shown.erased, [0, erased.records as u64, 0], "{told}");
    assert_eq!(told.not_shown.unexplained, [0; 3]);
    let why = told.not_shown.erasures.iter().map(|it| it.sentence.as_str());
    let why: Vec<&str> = why.collect();
    assert!(why.iter().any(|it| it.contains("Asked for in writing.")), "{why:?}");
    assert!(why.iter().any(|it| it.contains("for reason 2")), "{why:?}");
    assert!(told.reassessment.differences.is_empty(), "{told}");
    assert_eq!(told.devices.len(), before.devices.len());
    // What was made before stays what it was: a backup is another file.
    assert!(shore.shore.rebuild().unwrap().iter().all(|vessel| vessel.is_identical()));
}

#[test]
fn evidence_that_a_verdict_hangs_on_is_not_erased() {
    let (shore, ship, _, walker, now) = walked();
    let contents = Shown { content: true, ..Shown::default() };
    let dev = walker.phone.device();
    let before = report(&shore, &ship, now);
    let refused = shore.shore.erase(ship.vessel, &request(&shore, &ship, dev, contents));
    let Err(EraseError::Revises { verdicts, .. }) = refused else { panic!("{refused:?}") };
    assert!(verdicts >= 2, "the two patrols that were walked: {verdicts}");
    let after = report(&shore, &ship, now);
    assert_eq!(after.not_shown.erased, [0; 3]);
    assert_eq!(after.not_shown.erasures, before.not_shown.erasures);
    assert_eq!(after.reassessment.verdicts, before.reassessment.verdicts);
}

/// Neither the file nor its log holds what was erased: looked for by its bytes.
#[test]
fn the_bytes_are_gone_from_the_files_of_the_database() {
    let (shore, ship, officer, _, _) = walked();
    let dev = officer.phone.device();
    let key = {
        let path = shore.folder.path().join("deckwatch.db");
        let store = SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
        let rows = deckwatch::store::reading(&store, |tx| {
            deckwatch::store::gather(|each| tx.segments_of(ship.vessel, each))
        });
        let row = rows.unwrap().into_iter().find(|row| row.dev == dev).unwrap();
        Segment::decode(&row.bytes).unwrap().key.unwrap()
    };
    let anywhere = || {
        ["deckwatch.db", "deckwatch.db-wal"].iter().any(|file| {
            let bytes = std::fs::read(shore.folder.path().join(file)).unwrap_or_default();
            bytes.windows(key.len()).any(|window| window == key)
        })
    };
    assert!(anywhere(), "the test looks for the right thing");
    let persons = Shown { person: true, ..Shown::default() };
    shore.shore.erase(ship.vessel, &request(&shore, &ship, dev, persons)).unwrap();
    assert!(!anywhere(), "whoever has the segment key can guess what was erased");
}
