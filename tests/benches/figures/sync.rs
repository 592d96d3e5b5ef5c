//! 1,000 scans offline, then one sync.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_tests::{BEGIN, TestShore, walk};

use super::{Table, median, shown, timed};

pub fn measure(table: &mut Table) {
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
