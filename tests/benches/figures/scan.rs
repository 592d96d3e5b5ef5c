//! A scan in the phone's store against a bare SQLite insert and commit of the same bytes.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::{
    entropy::{Entropy, SeededEntropy},
    model::{DeviceId, Hash},
    record::{DeviceKey, Purpose, SoftwareKey, key::signed_bytes},
    store::{FileSafe, Store},
};
use deckwatch_tests::{BEGIN, TestShore};

use super::{Table, median, shown, timed};

const SCANS: i64 = 2_000;
/// Records of a phone in a year.
const YEAR: i64 = 66_000;

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
    year(table);
}

/// A store of a year: as the first version left it in clear, and sealed.
fn year(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut clear = rusqlite::Connection::open(&path).unwrap();
    clear.execute_batch(include_str!("../../../core/src/store/version_1.sql")).unwrap();
    let tx = clear.transaction().unwrap();
    let mut entropy = SeededEntropy::new(4);
    let dev = [1; 8];
    for seq in 0..YEAR {
        let mut bytes = [0; 330];
        entropy.fill(&mut bytes);
        tx.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .unwrap()
            .execute(rusqlite::params![
                dev,
                seq,
                &bytes[..32],
                &bytes[32..240],
                &bytes[240..256],
                &bytes[256..264],
                &bytes[264..]
            ])
            .unwrap();
    }
    tx.commit().unwrap();
    drop(clear);
    let read = || {
        let clear = rusqlite::Connection::open(&path).unwrap();
        let mut all = clear.prepare("SELECT * FROM record WHERE dev = ?1").unwrap();
        let rows = all.query_map([dev], |row| row.get::<_, Vec<u8>>(3)).unwrap();
        rows.map(Result::unwrap).count()
    };
    let (rows, bare) = timed(read);
    let size = || std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
    let before = size();
    let safe =
        FileSafe::open(&folder.path().join("safe"), Box::new(SeededEntropy::new(5))).unwrap();
    let open = || Store::open(&path, &safe, &mut SeededEntropy::new(6)).unwrap();
    let (store, sealing) = timed(open);
    drop(store);
    table.row(
        "a store of a year is sealed, once",
        shown(sealing),
        format!(
            "{YEAR} records, {before:.1} MB in clear, {:.1} MB sealed and written anew",
            size()
        ),
    );
    let (store, cold) = timed(open);
    table.row("a sealed store of a year is opened", shown(cold), "the key unwrapped by a file");
    let (records, all) = timed(|| store.own_records(DeviceId(dev), 0, YEAR as u64).unwrap().len());
    assert_eq!((rows, records), (YEAR as usize, YEAR as usize));
    table.row(
        "all its records read and opened",
        shown(all),
        format!(
            "{:.2} times reading them in clear ({})",
            all.as_secs_f64() / bare.as_secs_f64(),
            shown(bare)
        ),
    );
}
