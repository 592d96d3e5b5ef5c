//! 1,000 scans offline, then one sync; and a patrol a sync, with what it adds to the ledger.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::{
    entropy::SeededEntropy,
    ledger::{LedgerKey, SignedTreeHead},
    model::Hash,
    record::{DeviceKey, Purpose, SoftwareKey, key},
};
use deckwatch_tests::{BEGIN, TestShore, walk};

use super::{Table, median, shown, timed};

pub fn measure(table: &mut Table) {
    at_once(table);
    one_by_one(table);
}

fn at_once(table: &mut Table) {
    let (mut up, mut down, mut scans, mut times) = (0, 0, 0, Vec::new());
    for round in 0..5 {
        let shore = TestShore::start();
        let ship = shore.commission(&SHIPS[0], 1 + round);
        let (_, mut walker) = shore.crewed(&ship, BEGIN);
        let dues = ship.due(BEGIN + 3_600, BEGIN + 25 * 86_400);
        scans = 0;
        for due in &dues {
            walk(&mut walker, &ship.plan, due, due.opens + 120, &[]);
            scans += due.points.len();
        }
        let at = dues.last().unwrap().closes;
        shore.clock.set(at);
        let request = walker.phone.sync_request(&walker.clock.read(at * 1_000)).unwrap();
        let (response, took) = timed(|| shore.shore.sync(&request).unwrap());
        let outcome =
            walker.phone.sync_response(&response, &walker.clock.read(at * 1_000)).unwrap();
        assert!(!outcome.more && outcome.problems.is_empty());
        (up, down) = (request.len(), response.len());
        times.push(took);
    }
    let each = up as f64 / scans as f64;
    table.row(
        format!("{scans} scans in 100 patrols, one sync: up"),
        format!("{up} B"),
        format!("{each:.1} B a scan, starts, ends and signatures included"),
    );
    table.row("the same: down", format!("{down} B"), "receipt and have list");
    table.row("the same: the shore's time", shown(median(times)), "verified, stored, assessed");
}

/// A link after every patrol: what a sync costs that brings one segment, appends its leaves and signs a tree head
/// and a receipt.
fn one_by_one(table: &mut Table) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    // The bare cost: the same bytes in one row, committed with the shore's settings.
    let bare = rusqlite::Connection::open(shore.folder.path().join("bare.db")).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE request (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;",
    )
    .unwrap();
    let (mut whole, mut idle, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for due in &ship.due(BEGIN + 3_600, BEGIN + 25 * 86_400) {
        walk(&mut walker, &ship.plan, due, due.opens + 120, &[]);
        shore.clock.set(due.closes);
        for brings in [true, false] {
            let reading = walker.clock.read(due.closes * 1_000);
            let request = walker.phone.sync_request(&reading).unwrap();
            let (response, took) = timed(|| shore.shore.sync(&request).unwrap());
            walker.phone.sync_response(&response, &reading).unwrap();
            if brings {
                let mut row =
                    bare.prepare_cached("INSERT INTO request (bytes) VALUES (?1)").unwrap();
                kept.push(timed(|| row.execute([&request]).unwrap()).1);
                whole.push(took);
            } else {
                idle.push(took);
            }
        }
    }
    let (whole, idle, kept) = (median(whole), median(idle), median(kept));
    let signing = SoftwareKey::generate(&mut SeededEntropy::new(3));
    let ledger = LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap();
    let rounds = || 0..200_u64;
    let receipt = |n: u64| key::sign(&signing, Purpose::Receipt, &n.to_be_bytes()).unwrap();
    let signed = median(rounds().map(|n| timed(|| receipt(n)).1).collect());
    let signature = receipt(7);
    let check =
        || key::verify(&signing.public_key(), Purpose::Receipt, &7_u64.to_be_bytes(), &signature);
    let verified = median(rounds().map(|_| timed(|| assert!(check())).1).collect());
    let head = |n| SignedTreeHead::sign(n, Hash::ZERO, &ledger).unwrap();
    let tree_head = median(rounds().map(|n| timed(|| head(n)).1).collect());
    let floor = kept + verified + signed + tree_head;
    table.row(
        "one patrol, one sync: the shore's time",
        shown(whole),
        format!(
            "{:.2} times one commit, one ES256 check, a receipt and a tree head signed ({})",
            whole.as_secs_f64() / floor.as_secs_f64(),
            shown(floor)
        ),
    );
    table.row(
        "a second sync right after it",
        shown(idle),
        "brings what the phone recorded of the first: its anchor, and the tree head that it saw",
    );
}
