//! The shore's time for the fleet page: six ships, 31 days.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_tests::{BEGIN, DAY, TestShore, walk};

use super::{Table, median, shown, timed};

pub fn measure(table: &mut Table) {
    let shore = TestShore::start();
    for (index, ship) in SHIPS.iter().enumerate() {
        let vessel = shore.commission(ship, 1 + index as u64);
        let (mut officer, mut walker) = {
            shore.clock.set(BEGIN);
            // Phones of different ships in different folders.
            let crew = 100 * (index as u32 + 1);
            let mut officer = shore.phone(
                &vessel,
                deckwatch_core::authority::Roles::CREW
                    .and(deckwatch_core::authority::Roles::OFFICER),
                crew + 1,
                BEGIN,
            );
            let mut walker =
                shore.phone(&vessel, deckwatch_core::authority::Roles::CREW, crew + 2, BEGIN);
            shore.sync(&mut officer, BEGIN + 60);
            let reading = officer.clock.read((BEGIN + 120) * 1_000);
            officer.phone.adopt_plan(BEGIN + 120, &reading).unwrap();
            shore.sync(&mut officer, BEGIN + 130);
            shore.sync(&mut walker, BEGIN + 140);
            (officer, walker)
        };
        for due in vessel.due(BEGIN + 3_600, BEGIN + 31 * DAY) {
            walk(&mut walker, &vessel.plan, &due, due.opens + 120, &[]);
        }
        shore.sync(&mut walker, BEGIN + 31 * DAY);
        shore.sync(&mut officer, BEGIN + 31 * DAY + 10);
    }
    let times: Vec<_> = (0..50).map(|_| timed(|| shore.get("/")).1).collect();
    let health: Vec<_> = (0..50).map(|_| timed(|| shore.get("/healthz")).1).collect();
    let page = shore.get("/");
    assert!(page.contains("MV Aurelia"));
    let (page_time, health) = (median(times), median(health));
    table.row(
        "fleet page, 6 ships x 31 days",
        shown(page_time),
        format!("{} kB; /healthz over the same link takes {}", page.len() / 1_000, shown(health)),
    );
}
