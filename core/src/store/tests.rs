//! What is sealed, how a store comes to be, and what a power cut leaves of it.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use rusqlite::{Connection, params};

use super::{
    aside::Aside,
    logins::{crew_token, open_value},
    records::{divided, record_place},
    sealing::{power::SEEN, unseal},
    sources::receipt_place,
    *,
};
use crate::{
    document::RawChange,
    entropy::SeededEntropy,
    model::{CrewNo, DeviceId, DocumentId, Hash},
    record::{DeviceKey, Marker, Span, StoreKey},
};
use std::sync::Arc;

const DEV: DeviceId = DeviceId([3; 8]);
/// Stands in every kind of row, so that one search finds whatever is in clear.
const SECRET: &[u8] = b"Kowalski saw smoke at frame 57";

pub(crate) fn safe_in(folder: &Path) -> FileSafe {
    FileSafe::open(&folder.join("safe"), Box::new(SeededEntropy::new(1))).unwrap()
}

pub(crate) fn open(folder: &Path) -> Result<Store, StoreError> {
    let (path, safe) = (folder.join("store.db"), safe_in(folder));
    Store::open(&path, &safe, &mut SeededEntropy::new(2))
}

/// Makes a sealed store one of the version before, whose rows are in clear.
pub(crate) fn in_clear(path: &Path, safe: &dyn DeviceSafe) {
    let mut connection = Connection::open(path).unwrap();
    let seal = unseal(&connection, safe, &mut SeededEntropy::new(5)).unwrap();
    let tx = connection.transaction().unwrap();
    tx.execute_batch(
        "CREATE TABLE clear_record (dev BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL,
            time BLOB NOT NULL, person BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (dev, seq, hash)) STRICT, WITHOUT ROWID",
    )
    .unwrap();
    let mut all = tx.prepare("SELECT dev, seq, hash, sealed FROM record").unwrap();
    let mut rows = all.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (dev, seq, hash): ([u8; 8], i64, [u8; 32]) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let sealed: Vec<u8> = row.get(3).unwrap();
        let row = seal.open(&record_place(DeviceId(dev), seq, Hash(hash)), &sealed).unwrap();
        let (bytes, [time, person, content]) = divided(&row).unwrap();
        tx.execute(
            "INSERT INTO clear_record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![dev, seq, hash, bytes, time, person, content],
        )
        .unwrap();
    }
    drop(rows);
    drop(all);
    tx.execute_batch("DROP TABLE record; ALTER TABLE clear_record RENAME TO record").unwrap();
    for (table, column, key) in sealing::IN_PLACE {
        sealing::change_column(&tx, table, column, key, |place, sealed| {
            Ok(seal.open(place, sealed).unwrap())
        })
        .unwrap();
    }
    for table in ["login_key", "login_attempt"] {
        let mut all = tx.prepare(&format!("SELECT crew, value FROM {table}")).unwrap();
        let rows: Vec<(i64, Vec<u8>)> = all
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        drop(all);
        tx.execute_batch(&format!("DELETE FROM {table}")).unwrap();
        for (token, sealed) in rows {
            let (crew, value) = open_value(&seal, table, token, &sealed).unwrap();
            assert_eq!(crew_token(&seal, crew), token);
            tx.execute(&format!("INSERT INTO {table} VALUES (?1, ?2)"), params![crew.0, value])
                .unwrap();
        }
    }
    tx.execute_batch("DROP TABLE seal").unwrap();
    tx.pragma_update(None, "user_version", 4).unwrap();
    tx.commit().unwrap();
}

/// The files of a store, one after the other: the database, its log, a journal.
pub(crate) fn files(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("store.db") {
            bytes.extend(std::fs::read(entry.path()).unwrap());
        }
    }
    bytes
}

pub(crate) fn is_in(haystack: &[u8], needle: &[u8]) -> bool {
    assert!(needle.len() >= 4);
    haystack.windows(needle.len()).any(|some| some == needle)
}

fn record(seq: u64) -> OpenRecord {
    let say = |what: &str| [what.as_bytes(), &seq.to_be_bytes(), SECRET].concat();
    OpenRecord {
        seq,
        hash: Hash::of(&seq.to_be_bytes()),
        bytes: say("bytes"),
        parts: [say("time"), say("person"), say("content")],
    }
}

fn span(to: u64) -> Span {
    Span { from: 0, to, prev: Hash::ZERO, head: Hash::of(&to.to_be_bytes()) }
}

/// A store with every kind of row, each of which holds `SECRET`.
fn filled(folder: &Path) -> Store {
    let mut store = open(folder).unwrap();
    let key = *SECRET.first_chunk().unwrap();
    let cut = Cut { from: 0, prev: Hash::ZERO, key };
    let change = RawChange { hash: Hash([6; 32]), bytes: SECRET.to_vec() };
    let vouched = [change.clone()];
    let mut records: Vec<_> = (0..20).map(|seq| (record(seq), None)).collect();
    records[4].1 = Some((2, DocumentId([8; 16]), &vouched[..]));
    store.append(DEV, &records, Some(&cut), 1_000).unwrap();
    let rest = Cut { from: 20, ..cut };
    store.close_cut(DEV, span(19), SECRET, Some(&rest)).unwrap();
    store.append(DEV, &[(record(20), None)], None, 1_000).unwrap();
    for dev in [4, 5] {
        let long: Vec<u8> = SECRET.iter().copied().cycle().take(9_000).collect();
        assert!(store.put_segment(DeviceId([dev; 8]), &span(30), &long).unwrap());
    }
    assert!(store.put_change(1, DocumentId([9; 16]), &change, 1_001).unwrap());
    let sealed = store.seal.seal(&receipt_place(DEV, 3, Hash([7; 32])), SECRET).unwrap();
    let sql = "INSERT INTO receipt (dev, seq, head, time, bytes) VALUES (?1, 3, ?2, 4, ?3)";
    store.connection.execute(sql, params![DEV.0, [7_u8; 32], sealed]).unwrap();
    store.set_setting("enrolment", SECRET).unwrap();
    store.put_login_key(CrewNo(0), SECRET).unwrap();
    store.put_login_key(CrewNo(0x5a3c_7e91), SECRET).unwrap();
    store.put_login_attempts(&[(CrewNo(0x5a3c_7e92), Some(SECRET.to_vec()))]).unwrap();
    store
}

/// Everything that a store gives.
fn held(store: &Store) -> Vec<String> {
    let mut held = vec![
        format!("{:?}", store.own_devices().unwrap()),
        format!("{:?}", store.own_records(DEV, 0, 99).unwrap()),
        format!("{:?}", store.own_vouchers().unwrap()),
        format!("{:?}", store.open_cut(DEV).unwrap()),
        format!("{:?}", store.foreign_spans().unwrap()),
        format!("{:?}", store.segments().unwrap()),
        format!("{:?}", store.changes(1, DocumentId([9; 16])).unwrap()),
        format!("{:?}", store.fresh_changes(&[], (9, 9_999)).unwrap()),
        format!("{:?}", store.newest_receipts(9).unwrap()),
        format!("{:?}", store.setting("enrolment").unwrap()),
        format!("{:?}", store.login_key(CrewNo(0)).unwrap()),
        format!("{:?}", store.login_keys().unwrap()),
        format!("{:?}", store.all_login_attempts().unwrap()),
    ];
    for span in store.own_spans(DEV).unwrap() {
        held.push(format!("{:?} {:?}", span, store.own_segment(DEV, &span).unwrap()));
    }
    held
}

#[test]
fn what_was_kept_comes_back_and_none_of_it_is_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let before = held(&store);
    let empty = before.iter().position(|some| some.len() <= 4);
    assert_eq!((before.len(), empty), (14, None), "every kind of row is there");
    // With the log, and without it.
    assert!(!is_in(&files(folder.path()), &SECRET[..8]));
    drop(store);
    assert!(!is_in(&files(folder.path()), &SECRET[..8]));
    assert_eq!(held(&open(folder.path()).unwrap()), before);
}

#[test]
fn what_is_sealed_is_what_the_migration_seals() {
    let folder = tempfile::tempdir().unwrap();
    let before = held(&filled(folder.path()));
    let path = folder.path().join("store.db");
    in_clear(&path, &safe_in(folder.path()));
    let clear = files(folder.path());
    let (count, length) = (clear.windows(SECRET.len()), SECRET.len());
    let found = count.filter(|some| *some == SECRET).count();
    assert!(found > 21 * 4 && clear.len() > length, "the search finds what is in clear: {found}");
    let store = open(folder.path()).unwrap();
    assert_eq!(held(&store), before);
    assert!(!is_in(&files(folder.path()), &SECRET[..8]), "free pages and the log as well");
    drop(store);
    assert!(!is_in(&files(folder.path()), &SECRET[..8]));
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("safe")).unwrap();
    for name in ["store.db", "store.db-wal", "safe/store.key", "safe/marker"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_power_cut_at_any_step_of_sealing_leaves_a_store_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let before = held(&filled(folder.path()));
    in_clear(&folder.path().join("store.db"), &safe_in(folder.path()));
    let left: Rc<RefCell<Vec<tempfile::TempDir>>> = Rc::default();
    let (kept, from) = (Rc::clone(&left), folder.path().to_owned());
    SEEN.set(Some(Box::new(move || {
        let copy = tempfile::tempdir().unwrap();
        copied(&from, copy.path());
        kept.borrow_mut().push(copy);
    })));
    drop(open(folder.path()).unwrap());
    SEEN.set(None);
    let left = left.borrow();
    let (mut clear, mut sealed) = (0, 0);
    for copy in left.iter() {
        let was_clear = is_in(&files(copy.path()), &SECRET[..8]);
        clear += usize::from(was_clear);
        sealed += usize::from(!was_clear);
        let mut store = open(copy.path()).unwrap();
        assert_eq!(held(&store), before);
        store.append(DEV, &[(record(21), None)], None, 1_002).unwrap();
        drop(store);
        assert!(!is_in(&files(copy.path()), &SECRET[..8]));
        assert_eq!(open(copy.path()).unwrap().tail(DEV).unwrap().unwrap(), record(21));
    }
    // Before each row, around the commit, and around each step of scrubbing.
    assert!(clear > 30 && sealed >= 2, "{clear} in clear, {sealed} sealed");
}

#[test]
fn a_disk_that_is_too_full_to_be_scrubbed_opens_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let raw = Connection::open(folder.path().join("store.db")).unwrap();
    raw.execute_batch("UPDATE seal SET scrubbed = 0").unwrap();
    // Somebody reads, so the log cannot be emptied.
    raw.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();
    let scrubbed = |raw: &Connection| -> bool {
        raw.query_row("SELECT scrubbed FROM seal", [], |row| row.get(0)).unwrap()
    };
    drop(open(folder.path()).unwrap());
    assert!(!scrubbed(&raw));
    raw.execute_batch("COMMIT").unwrap();
    drop(open(folder.path()).unwrap());
    assert!(scrubbed(&raw));
}

#[test]
fn rows_that_are_changed_moved_or_exchanged_do_not_open() {
    let cases = [
        (
            "record",
            "UPDATE record SET sealed = (SELECT sealed FROM record WHERE seq = 1) WHERE seq = 2",
        ),
        ("record", "UPDATE record SET seq = 40 WHERE seq = 2"),
        (
            "record",
            "UPDATE record SET hash = x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' WHERE seq = 2",
        ),
        (
            "segment",
            "UPDATE segment SET bytes = (SELECT bytes FROM segment WHERE dev = x'0404040404040404')",
        ),
        ("cut", "UPDATE cut SET bytes = key WHERE from_seq = 0"),
        ("change", "UPDATE change SET id = x'01010101010101010101010101010101' WHERE kind = 1"),
        ("setting", "UPDATE setting SET value = x'' WHERE name = 'enrolment'"),
        ("setting", "UPDATE setting SET value = substr(value, 1, 30)"),
        ("login_key", "UPDATE login_key SET value = (SELECT value FROM login_key WHERE crew = 0)"),
        ("login_attempt", "UPDATE login_attempt SET crew = 7"),
    ];
    for (table, sql) in cases {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        Connection::open(folder.path().join("store.db")).unwrap().execute_batch(sql).unwrap();
        let store = open(folder.path()).unwrap();
        let id = |n| DocumentId([n; 16]);
        let looked = [
            store.own_records(DEV, 0, 99).map(drop),
            store.segments().map(drop),
            store.own_spans(DEV).and_then(|spans| {
                spans.iter().try_for_each(|span| store.own_segment(DEV, span).map(drop))
            }),
            store.changes(1, id(1)).map(drop),
            store.setting("enrolment").map(drop),
            store.login_keys().map(drop),
            store.all_login_attempts().map(drop),
        ];
        let faults: Vec<_> = looked.into_iter().filter_map(Result::err).collect();
        let [StoreError::Seal(SealError::Row { table: named })] = &faults[..] else {
            panic!("{sql}: {faults:?}")
        };
        assert_eq!(*named, table, "{sql}");
    }
}

/// A safe that does something else than its own.
struct Odd<'a> {
    safe: &'a FileSafe,
    unwrapped: fn() -> Result<StoreKey, KeyError>,
}

impl DeviceSafe for Odd<'_> {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.safe.key()
    }
    fn renew(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.safe.renew()
    }
    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.safe.next_key()
    }
    fn use_next_key(&self) -> Result<(), KeyError> {
        self.safe.use_next_key()
    }
    fn marker(&self) -> Option<Marker> {
        self.safe.marker()
    }
    fn set_marker(&self, marker: &Marker) {
        self.safe.set_marker(marker);
    }
    fn wrap_key(&self, key: &StoreKey) -> Result<Vec<u8>, KeyError> {
        self.safe.wrap_key(key)
    }
    fn unwrap_key(&self, _: &[u8]) -> Result<StoreKey, KeyError> {
        (self.unwrapped)()
    }
}

fn aside(path: &Path, safe: &dyn DeviceSafe) -> Result<Aside, AsideError> {
    Store::lost(path, safe, &mut SeededEntropy::new(3))?.set_aside()
}

#[test]
fn a_store_whose_key_is_lost_stays_as_it_is_until_it_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let before = held(&filled(folder.path()));
    let (path, key) = (folder.path().join("store.db"), folder.path().join("safe/store.key"));
    assert!(matches!(aside(&path, &safe_in(folder.path())), Err(AsideError::NotLost)));
    std::fs::rename(&key, folder.path().join("taken")).unwrap();
    let was = std::fs::read(&path).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Seal(SealError::KeyLost(_))), "{error}");
    assert!(error.to_string().contains("set it aside and enrol this phone again"));
    assert_eq!(std::fs::read(&path).unwrap(), was);
    for n in 1..=2 {
        let moved = aside(&path, &safe_in(folder.path())).unwrap();
        assert_eq!(moved.path, PathBuf::from(format!("{}.lost-{n}", path.display())));
        assert!(!path.exists());
        if n == 1 {
            assert_eq!(moved.chains, [(DEV, 20, Some(3))]);
            std::fs::copy(&moved.path, &path).unwrap();
        }
    }
    // A new one begins beside it, and the old one opens when the key is found again.
    assert!(open(folder.path()).unwrap().own_devices().unwrap().is_empty());
    std::fs::rename(folder.path().join("taken"), &key).unwrap();
    let old = PathBuf::from(format!("{}.lost-2", path.display()));
    let safe = safe_in(folder.path());
    assert_eq!(held(&Store::open(&old, &safe, &mut SeededEntropy::new(4)).unwrap()), before);
}

#[test]
fn another_key_opens_nothing_and_a_locked_safe_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let (path, safe) = (folder.path().join("store.db"), safe_in(folder.path()));
    let other = Odd { safe: &safe, unwrapped: || Ok(StoreKey::from_bytes([1; 32])) };
    let error = Store::open(&path, &other, &mut SeededEntropy::new(6)).unwrap_err();
    assert!(matches!(error, StoreError::Seal(SealError::WrongKey)), "{error}");
    let locked = Odd { safe: &safe, unwrapped: || Err(KeyError::Unavailable("locked".into())) };
    let error = Store::open(&path, &locked, &mut SeededEntropy::new(6)).unwrap_err();
    assert!(matches!(error, StoreError::Key(KeyError::Unavailable(_))), "{error}");
    let refused = aside(&path, &locked);
    assert!(matches!(refused, Err(AsideError::Store(StoreError::Key(_)))), "{refused:?}");
    assert!(path.exists());
    aside(&path, &other).unwrap();
    // A safe that gives back another key than it wrapped: nothing is sealed with what nobody can open.
    let fresh = folder.path().join("fresh.db");
    let error = Store::open(&fresh, &other, &mut SeededEntropy::new(6)).unwrap_err();
    assert!(matches!(error, StoreError::Key(_)), "{error}");
    assert_eq!(
        Store::open(&fresh, &safe, &mut SeededEntropy::new(6)).unwrap().own_devices().unwrap(),
        []
    );
    // Nothing that is not a sealed store is moved.
    let absent = aside(&folder.path().join("absent.db"), &other);
    assert!(matches!(absent, Err(AsideError::Io(_))), "{absent:?}");
    let clear = folder.path().join("clear.db");
    version_1(&clear);
    assert!(matches!(aside(&clear, &other), Err(AsideError::NotSealed)));
}

/// The sealed bytes of a part that was erased are in no page of the file and not in its log.
#[test]
fn what_an_erasure_replaced_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = filled(folder.path());
    let dev = DeviceId([4; 8]);
    let sealed = |store: &Store| -> Vec<u8> {
        let sql = "SELECT bytes FROM segment WHERE dev = ?1";
        store.connection.query_row(sql, params![dev.0], |row| row.get(0)).unwrap()
    };
    let before = sealed(&store);
    let pieces: Vec<&[u8]> = before.chunks_exact(16).collect();
    let left = |folder: &Path| {
        let files = files(folder);
        pieces.iter().filter(|piece| is_in(&files, piece)).count()
    };
    assert!(left(folder.path()) > pieces.len() * 9 / 10, "the search finds them before");
    store.replace_segment(dev, &span(30), b"poorer").unwrap();
    assert_eq!(left(folder.path()), 0);
    assert_eq!(store.segment(dev, &span(30)).unwrap().unwrap(), b"poorer");
}
