//! The main job: a phone, a week without a link, a sync, and what the pages then say.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_tests::{BEGIN, DAY, TestShore, walk};

#[test]
fn a_week_offline_then_the_pages_say_what_happened() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + 7 * DAY);
    assert_eq!(due.len(), 28);
    for (index, due) in due.iter().enumerate() {
        match index {
            // The fifth patrol is not walked; on the tenth a checkpoint is passed by.
            4 => continue,
            9 => walk(&mut walker, &ship.plan, due, due.opens + 300, &[3]),
            _ => walk(&mut walker, &ship.plan, due, due.opens + 300, &[]),
        }
    }
    let patrol = |index: usize| format!("/patrols/{}", due[index].id);

    // Nothing has arrived for a week: nothing is called missed.
    let now = BEGIN + 7 * DAY + 6 * 3_600;
    shore.clock.set(now);
    shore.shore.reassess_all().unwrap();
    let fleet = shore.get("/");
    assert!(fleet.contains("awaiting sync"), "{fleet}");
    let waiting = shore.get(&patrol(4));
    assert!(waiting.contains("awaiting sync"), "{waiting}");
    let named = [&walker, &officer]
        .iter()
        .any(|phone| waiting.contains(&phone.phone.device().to_string()[..8]));
    assert!(named, "names a phone it waits for: {waiting}");

    shore.sync(&mut walker, now);
    shore.sync(&mut officer, now + 10);
    // Both phones are known to be up to date only once a sync after the window has come in.
    let now = now + 3_600;
    shore.sync(&mut walker, now);
    shore.sync(&mut officer, now + 10);

    let missed = shore.get(&patrol(4));
    assert!(missed.contains("missed"), "{missed}");
    let partial = shore.get(&patrol(9));
    assert!(partial.contains("irregular"), "{partial}");
    assert!(partial.contains("Hold 1 access"), "names the checkpoint that was passed by");
    let done = shore.get(&patrol(0));
    assert!(done.contains("done"), "{done}");
    let fleet = shore.get("/");
    assert!(fleet.contains("1 missed"), "{fleet}");
    let flags = shore.get("/flags");
    assert!(flags.contains("missed_checkpoint"), "{flags}");
    let vessel = shore.get(&format!("/vessels/{}", ship.vessel));
    assert!(vessel.contains(SHIPS[0].name), "{vessel}");
}

#[test]
fn late_data_revises_a_verdict_and_the_revision_is_kept() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[4], 2);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    // A third phone that is parked, used all the same, and resumed later.
    let mut spare = shore.phone(&ship, deckwatch_core::authority::Roles::CREW, 14, BEGIN + 200);
    shore.sync(&mut spare, BEGIN + 260);
    let reading = spare.clock.read((BEGIN + 300) * 1_000);
    spare.phone.park(1, &reading).unwrap();
    shore.sync(&mut spare, BEGIN + 310);
    shore.sync(&mut spare, BEGIN + 400);

    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    let first = &due[0];
    walk(&mut spare, &ship.plan, first, first.opens + 600, &[]);
    for at in [first.deadline() + 3_600, first.deadline() + 7_200] {
        shore.sync(&mut walker, at);
        shore.sync(&mut officer, at + 5);
    }
    let page = format!("/patrols/{}", first.id);
    assert!(shore.get(&page).contains("missed"));

    let at = first.deadline() + 9_000;
    spare.phone.resume(&spare.clock.read(at * 1_000)).unwrap();
    shore.sync(&mut spare, at + 60);
    let page = shore.get(&page);
    assert!(page.contains("done"), "{page}");
    assert!(page.contains("revised") || page.contains("Revised"), "{page}");
}
