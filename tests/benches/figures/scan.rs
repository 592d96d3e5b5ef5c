//! A scan in the phone's store against a bare SQLite insert and commit of the same bytes.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::{
    entropy::SeededEntropy,
    model::Hash,
    record::{DeviceKey, Purpose, SoftwareKey, key::signed_bytes},
};
use deckwatch_tests::{BEGIN, TestShore};

use super::{Table, median, shown, timed};

const SCANS: i64 = 2_000;

pub fn measure(table: &mut Table) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let tag = *ship.plan.tags.keys().next().unwrap();
    let label = walker.label(tag).unwrap();
    let route = ship.plan.routes.keys().next().copied();
    let reading = walker.clock.read((BEGIN + 900) * 1_000);
    walker.phone.start(None, route, &reading).unwrap();

    // The bare cost: one row of the same columns and bytes, in a database on the same disk with
    // the same settings.
    let bare = rusqlite::Connection::open(shore.folder.path().join("bare.db")).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE record (dev BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
            bytes BLOB NOT NULL, time BLOB NOT NULL, person BLOB NOT NULL, content BLOB NOT NULL,
            PRIMARY KEY (dev, seq, hash)) STRICT, WITHOUT ROWID;",
    )
    .unwrap();
    let (mut ours, mut theirs, mut cuts) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..SCANS {
        let reading = walker.clock.read((BEGIN + 1_000 + n * 30) * 1_000);
        let before = walker.phone.head().unwrap().0;
        let (_, took) = timed(|| walker.phone.scan_text(&label, &reading).unwrap());
        let (seq, hash) = walker.phone.head().unwrap();
        // Every 256th scan also cuts and signs a segment: apart.
        let dev = walker.phone.device();
        let cut_here = walker.phone.store().open_cut(dev).unwrap().is_none();
        if cut_here {
            cuts.push(took)
        } else {
            ours.push(took)
        }
        assert_eq!(seq, before + 1);
        let record = walker.phone.store().own_records(dev, seq, seq).unwrap().remove(0);
        let [time, person, content] = &record.parts;
        let (_, took) = timed(|| {
            bare.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .unwrap()
                .execute(rusqlite::params![
                    dev.0,
                    seq as i64,
                    hash.0,
                    record.bytes,
                    time,
                    person,
                    content
                ])
                .unwrap()
        });
        theirs.push(took);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    table.row("bare SQLite insert and commit", shown(theirs), "same bytes, same disk, median");
    table.row(
        "a scan, taken",
        shown(ours),
        format!("{:.2} times the bare insert", ours.as_secs_f64() / theirs.as_secs_f64()),
    );
    table.row("the scan that also cuts and signs", shown(median(cuts)), "one in 256");

    let key = SoftwareKey::generate(&mut SeededEntropy::new(3));
    let message = signed_bytes(Purpose::Record, &Hash::of(b"record").0);
    let signing = (0..200).map(|_| timed(|| key.sign(&message).unwrap()).1).collect();
    table.row("one ES256 signature", shown(median(signing)), "software key");
}
