//! Several people write at once, offline, and everybody ends with the same page and the same plan.

use deckwatch::demo::{fleet::SHIPS, phone::SimulatedPhone};
use deckwatch_core::{
    authority::Roles,
    model::{CrewNo, PageSubject},
    page::{Answer, Draft, On, PageContent, PageWriteError, WritingKind},
    phone::PageError,
    plan::{Check, CheckKind, Timing},
    record::PersonPart,
    sync::Response,
};
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

fn remark(text: &str) -> Draft {
    Draft::Remark { on: On::Patrol, text: text.into() }
}

fn write(phone: &mut SimulatedPhone, subject: PageSubject, draft: &Draft, at: i64) -> String {
    let reading = phone.clock.read(at * 1_000);
    phone.phone.write_page(subject, draft, &reading).unwrap().id
}

/// A ship with an officer's phone and two of the crew, all enrolled and synced.
fn crewed(shore: &TestShore) -> (TestVessel, Vec<SimulatedPhone>) {
    let ship = shore.commission(&SHIPS[0], 1);
    let (officer, walker) = shore.crewed(&ship, BEGIN);
    let mut mate = shore.phone(&ship, Roles::CREW, 12, BEGIN + 200);
    shore.sync(&mut mate, BEGIN + 260);
    shore.sync(&mut mate, BEGIN + 300);
    (ship, vec![officer, walker, mate])
}

/// Every phone syncs in this order, twice: what the first round brought ashore reaches all in the second.
fn sync_all(shore: &TestShore, phones: &mut [SimulatedPhone], order: &[usize], at: i64) {
    for round in 0..2 {
        for (step, index) in order.iter().enumerate() {
            shore.sync(&mut phones[*index], at + round * 600 + step as i64 * 10);
        }
    }
}

#[test]
fn three_phones_and_the_shore_write_one_page_in_any_order_of_arrival() {
    let mut pages: Vec<PageContent> = Vec::new();
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let shore = TestShore::start();
        let (ship, mut phones) = crewed(&shore);
        let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
        let subject = PageSubject::Due(due.id);
        walk(&mut phones[1], &ship.plan, due, due.opens + 60, &[]);
        let point = due.points[0];
        // All of this happens without a link, each on his own phone.
        let at = due.opens + 1_800;
        let id = write(&mut phones[1], subject, &remark("Door 3 was open."), at);
        let kind = WritingKind::Remark;
        let text = "Door 4 was open.".to_owned();
        write(&mut phones[1], subject, &Draft::Correct { kind, id, text }, at + 60);
        for (phone, milli) in [(1, 60_500), (2, 61_000)] {
            let answer = Answer::Milli(milli);
            let item = "bearing_1".to_owned();
            write(&mut phones[phone], subject, &Draft::Answer { point, item, answer }, at + 90);
        }
        let incident = Draft::Incident { on: On::Point(point), claimed: at, text: "Smoke.".into() };
        let incident = write(&mut phones[2], subject, &incident, at + 120);
        let text = "It was steam.".to_owned();
        write(&mut phones[2], subject, &Draft::Amendment { incident, text }, at + 180);
        let defect = Draft::Defect { on: On::Point(point), text: "Lamp broken.".into() };
        let defect = write(&mut phones[1], subject, &defect, at + 200);
        write(&mut phones[0], subject, &Draft::Handover { text: "Watch door 4.".into() }, at + 240);
        shore.clock.set(at + 300);
        let review = Draft::Review { on: On::Patrol, text: "Which door?".into() };
        shore.shore.write_page(ship.vessel, subject, &review).unwrap();

        sync_all(&shore, &mut phones, &order, at + 3_600);
        let ashore = shore.shore.page(ship.vessel, subject).unwrap();
        for phone in &mut phones {
            assert_eq!(phone.phone.page(subject).unwrap(), ashore, "order {order:?}");
            assert_eq!(phone.phone.unsent_changes().unwrap(), 0);
        }
        // The defect is closed by another hand, and that comes round as well.
        let state = Draft::DefectState { defect, open: false };
        write(&mut phones[2], subject, &state, at + 7_200);
        sync_all(&shore, &mut phones, &order, at + 7_300);
        let ashore = shore.shore.page(ship.vessel, subject).unwrap();
        assert_eq!(phones[0].phone.page(subject).unwrap(), ashore);
        assert_eq!(ashore.of(WritingKind::Defect).next().unwrap().int("state"), Some(2));
        assert_eq!(ashore.writings.len(), 7);
        // What the page ashore shows: words, authors, what stood before, both answers.
        let html = shore.get(&format!("/patrols/{}", due.id));
        for expected in [
            "Door 4 was open.",
            "Door 3 was open.",
            "written over",
            "60.5",
            "written at once by several",
            "It was steam.",
            "crew 12, device",
            "the shore, written",
            "Watch door 4.",
        ] {
            assert!(html.contains(expected), "{expected:?} is not on: {html}");
        }
        pages.push(ashore);
    }
    // Ids and devices are drawn from the same seeds, so the three shores hold the very same writings.
    let said = |page: &PageContent| -> Vec<(WritingKind, Option<String>, Option<CrewNo>)> {
        let said = page.writings.iter();
        said.map(|it| (it.kind, it.text("text").map(str::to_owned), it.by.map(|by| by.crew)))
            .collect()
    };
    // Only the answer that two gave at once was begun by nobody in particular.
    let by_nobody: Vec<_> = said(&pages[0]).into_iter().filter(|(.., by)| by.is_none()).collect();
    assert_eq!(by_nobody, [(WritingKind::Answer, None, None)]);
    assert_eq!(said(&pages[0]), said(&pages[1]));
    assert_eq!(said(&pages[0]), said(&pages[2]));
}

#[test]
fn an_accepted_reason_excuses_and_nobody_accepts_his_own() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    let page = |index: usize| shore.get(&format!("/patrols/{}", due[index].id));
    let at = due[1].deadline() + 600;
    let reason = Draft::Reason { on: On::Patrol, code: 1, text: "Gale, decks closed.".into() };
    let mut ids = Vec::new();
    for due in &due[..2] {
        ids.push(write(&mut phones[1], PageSubject::Due(due.id), &reason, at));
    }
    let subject = PageSubject::Due(due[0].id);
    let accept = |index: usize| Draft::Accept { reason: ids[index].clone(), accepted: true };
    // A patroller's phone says no.
    let reading = phones[1].clock.read((at + 10) * 1_000);
    let refused = phones[1].phone.write_page(subject, &accept(0), &reading).unwrap_err();
    assert!(matches!(refused, PageError::Page(PageWriteError::NotAllowed)), "{refused}");
    sync_all(&shore, &mut phones, &[0, 1, 2], at + 600);
    assert!(page(0).contains("missed"), "a reason alone excuses nothing");
    write(&mut phones[0], subject, &accept(0), at + 3_600);
    sync_all(&shore, &mut phones, &[0, 1, 2], at + 3_700);
    let excused = page(0);
    assert!(excused.contains("excused") && excused.contains("Gale, decks closed."), "{excused}");
    assert!(excused.contains("accepted"), "{excused}");
    // Revised, and the revision is kept.
    assert!(excused.contains("revised"), "{excused}");
    // The shore accepts the other one.
    shore.shore.write_page(ship.vessel, PageSubject::Due(due[1].id), &accept(1)).unwrap();
    let other = page(1);
    assert!(other.contains("Excused by the shore"), "{other}");
    // The officer excuses nothing by a reason of his own.
    let third = &due[2];
    let reading = phones[0].clock.read((third.opens + 900) * 1_000);
    let subject = PageSubject::Due(third.id);
    let mine = phones[0].phone.write_page(subject, &reason, &reading).unwrap().id;
    let accept = Draft::Accept { reason: mine.clone(), accepted: true };
    phones[0].phone.write_page(subject, &accept, &reading).unwrap();
    sync_all(&shore, &mut phones, &[0, 1, 2], third.deadline() + 600);
    assert!(page(2).contains("missed") && !page(2).contains("Excused"), "{}", page(2));
    // Somebody else's word for it does.
    let accept = Draft::Accept { reason: mine, accepted: true };
    shore.shore.write_page(ship.vessel, subject, &accept).unwrap();
    assert!(page(2).contains("Excused by the shore"), "{}", page(2));
}

#[test]
fn a_closed_page_keeps_what_comes_late_and_takes_no_more() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.closes;
    write(&mut phones[1], subject, &remark("All quiet."), at);
    sync_all(&shore, &mut phones, &[1, 0], at + 60);
    write(&mut phones[0], subject, &Draft::Close, at + 1_800);
    // The mate has not heard of it.
    write(&mut phones[2], subject, &remark("Not so quiet."), at + 1_900);
    sync_all(&shore, &mut phones, &[0, 2, 1], at + 3_600);
    let reading = phones[1].clock.read((at + 7_200) * 1_000);
    let refused = phones[1].phone.write_page(subject, &remark("More."), &reading).unwrap_err();
    assert!(matches!(refused, PageError::Page(PageWriteError::Closed)), "{refused}");
    let html = shore.get(&format!("/patrols/{}", due.id));
    assert!(html.contains("Reviewed and closed by"), "{html}");
    assert!(html.contains("Not so quiet.") && html.contains("after the page was closed"), "{html}");
}

#[test]
fn a_phone_without_certificate_writes_and_its_words_come_later() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.closes;
    let mut fresh = shore.phone(&ship, Roles::CREW, 15, at);
    write(&mut fresh, subject, &remark("From a new phone."), at + 10);
    // It sees its own words at once; the others do after its first syncs.
    assert_eq!(fresh.phone.page(subject).unwrap().writings.len(), 1);
    shore.sync(&mut fresh, at + 60);
    shore.sync(&mut fresh, at + 90);
    shore.sync(&mut phones[0], at + 120);
    let page = phones[0].phone.page(subject).unwrap();
    assert_eq!(page.writings[0].text("text"), Some("From a new phone."));
    assert_eq!(page.writings[0].by.unwrap().crew, CrewNo(15));
}

#[test]
fn who_writes_is_who_is_logged_in() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.closes;
    write(&mut phones[1], subject, &remark("First hand."), at);
    let person = PersonPart { crew: CrewNo(44), grade: 1, how: 1 };
    let reading = phones[1].clock.read((at + 10) * 1_000);
    phones[1].phone.login(person, &reading).unwrap();
    write(&mut phones[1], subject, &remark("Second hand."), at + 20);
    shore.sync(&mut phones[1], at + 60);
    let page = shore.shore.page(ship.vessel, subject).unwrap();
    let hands: Vec<u32> = page.writings.iter().map(|it| it.by.unwrap().crew.0).collect();
    assert_eq!(hands, [11, 44]);
    let device = |index: usize| page.writings[index].by.unwrap().dev;
    assert_eq!(device(0), device(1));
}

#[test]
fn officer_and_shore_edit_one_plan_while_apart() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let at = BEGIN + DAY;
    let before = phones[0].phone.newest_plan();
    // On board: a checklist and a shorter window. Ashore: a new name for a place. Neither knows of the other.
    let mut aboard = phones[0].phone.plan().clone();
    let point = *aboard.checkpoints.keys().next().unwrap();
    let check = Check {
        ask: "Bearing temperature".into(),
        kind: CheckKind::Number,
        unit: "°C".into(),
        max_milli: Some(60_500),
        ..Check::default()
    };
    aboard.checkpoints.get_mut(&point).unwrap().checks.insert("bearing_1".into(), check.clone());
    for schedule in aboard.schedules.values_mut() {
        schedule.window_minutes = 75;
    }
    let reading = phones[0].clock.read(at * 1_000);
    phones[0].phone.edit_plan(&aboard, &reading).unwrap();
    // A patroller's phone may not.
    let reading = phones[1].clock.read(at * 1_000);
    let denied = phones[1].phone.edit_plan(&aboard, &reading);
    assert!(denied.unwrap_err().to_string().contains("may not"));
    let (mut ashore, _) = shore.shore.plan(ship.vessel).unwrap();
    ashore.checkpoints.get_mut(&point).unwrap().name = "Bridge wing, to port".into();
    shore.shore.edit_plan(ship.vessel, &ashore).unwrap();

    sync_all(&shore, &mut phones, &[0, 1, 2], at + 600);
    let (merged, heads) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(heads.len(), 2, "two edits at once");
    let place = &merged.checkpoints[&point];
    assert_eq!(place.name, "Bridge wing, to port");
    assert_eq!(place.checks["bearing_1"], check);
    assert!(merged.schedules.values().all(|schedule| schedule.window_minutes == 75));
    for phone in &phones {
        assert_eq!(phone.phone.newest_plan(), heads);
        // What is in force is what was adopted, until the officer adopts the merge.
        assert_eq!(phone.phone.adopted(), before);
    }
    let reading = phones[0].clock.read((at + 3_600) * 1_000);
    phones[0].phone.adopt_plan(at + 3_600, &reading).unwrap();
    sync_all(&shore, &mut phones, &[0, 1, 2], at + 3_700);
    assert_eq!(phones[1].phone.plan(), &merged);
    // Limits of the checklist are those of the plan that was in force.
    let due = &ship.due(at + 2 * 3_600, at + DAY)[1];
    let subject = PageSubject::Due(due.id);
    let answer = Draft::Answer { point, item: "bearing_1".into(), answer: Answer::Milli(61_000) };
    write(&mut phones[1], subject, &answer, due.opens + 300);
    sync_all(&shore, &mut phones, &[0, 1, 2], due.deadline() + 600);
    let html = shore.get(&format!("/patrols/{}", due.id));
    assert!(html.contains("Bearing temperature") && html.contains("61 °C"), "{html}");
    assert!(html.contains("outside its limits (at most 60.5 °C)"), "{html}");
}

#[test]
fn a_revocation_takes_no_words_of_others_and_the_revoked_ones_count_for_nothing() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.closes;
    sync_all(&shore, &mut phones, &[0, 1, 2], at);
    // The first words on the page are those of a phone that turns out to be in the wrong hands.
    write(&mut phones[2], subject, &remark("Wrong hands."), at + 1_300);
    shore.sync(&mut phones[2], at + 1_400);
    shore.sync(&mut phones[1], at + 1_500);
    write(&mut phones[1], subject, &remark("Built on it."), at + 1_600);
    shore.sync(&mut phones[1], at + 1_700);
    let dev = phones[2].phone.device();
    let seq = shore.shore.reading_held(ship.vessel, |held| held.top(dev)).unwrap().unwrap().0;
    let body = deckwatch_core::record::Body::Revoke { dev, last_trusted_seq: seq - 3, reason: 1 };
    shore.shore.append(ship.vessel, &[body]).unwrap();
    let page = shore.shore.page(ship.vessel, subject).unwrap();
    let said: Vec<Option<&str>> = page.writings.iter().map(|it| it.text("text")).collect();
    assert_eq!(said, [None, Some("Built on it.")]);
    assert!(!page.writings[0].fields["text"].versions[0].counts);
    sync_all(&shore, &mut phones, &[0, 1], at + 3_600);
    assert_eq!(phones[0].phone.page(subject).unwrap(), page);
}

#[test]
fn a_restored_phone_gets_its_own_words_back() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.closes;
    write(&mut walker, subject, &remark("Before the copy."), at);
    shore.sync(&mut walker, at + 60);
    let (folder, clock, old) = (shore.phone_folder(11), walker.clock, walker.phone.device());
    drop(walker);
    let copy = std::fs::read(folder.join("phone.db")).unwrap();
    let mut walker = SimulatedPhone::open(&folder, 111, clock, (at + 100) * 1_000).unwrap();
    write(&mut walker, subject, &remark("After the copy."), at + 120);
    shore.sync(&mut walker, at + 180);
    drop(walker);
    for file in ["phone.db-wal", "phone.db-shm"] {
        let _ = std::fs::remove_file(folder.join(file));
    }
    std::fs::write(folder.join("phone.db"), copy).unwrap();
    let mut walker = SimulatedPhone::open(&folder, 112, clock, (at + 600) * 1_000).unwrap();
    let dev = walker.phone.device();
    assert_ne!(dev, old);
    shore.sync(&mut walker, at + 660);
    shore.shore.certify(ship.vessel, dev, Roles::CREW).unwrap();
    for later in [720, 780] {
        shore.sync(&mut walker, at + later);
    }
    let page = walker.phone.page(subject).unwrap();
    let said: Vec<Option<&str>> = page.writings.iter().map(|it| it.text("text")).collect();
    assert_eq!(said, [Some("Before the copy."), Some("After the copy.")]);
    write(&mut walker, subject, &remark("And on."), at + 900);
    shore.sync(&mut walker, at + 960);
    let ashore = shore.shore.page(ship.vessel, subject).unwrap();
    assert_eq!(ashore.writings.len(), 3);
    assert_eq!(walker.phone.page(subject).unwrap(), ashore);
}

#[test]
fn a_revoked_officers_plan_edits_count_for_nothing_and_take_nobody_elses_with_them() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let at = BEGIN + DAY;
    let dev = phones[0].phone.device();
    let trusted = phones[0].phone.head().unwrap().0;
    let mut stolen = phones[0].phone.plan().clone();
    for route in stolen.routes.values_mut() {
        route.points.truncate(1);
    }
    let reading = phones[0].clock.read(at * 1_000);
    phones[0].phone.edit_plan(&stolen, &reading).unwrap();
    shore.sync(&mut phones[0], at + 60);
    // The shore edits on top of it, and only then hears what has happened.
    let (mut ashore, _) = shore.shore.plan(ship.vessel).unwrap();
    assert!(ashore.routes.values().all(|route| route.points.len() == 1));
    ashore.vessel_name = "MV Aurelia II".into();
    let edit = shore.shore.edit_plan(ship.vessel, &ashore).unwrap();
    let body = deckwatch_core::record::Body::Revoke { dev, last_trusted_seq: trusted, reason: 1 };
    shore.shore.append(ship.vessel, &[body]).unwrap();
    let (after, heads) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(heads, edit.heads, "nothing is un-applied");
    assert_eq!(after.vessel_name, "MV Aurelia II");
    assert_eq!(after.routes, ship.plan.routes, "what the thief cut off is back");
    sync_all(&shore, &mut phones, &[1, 2], at + 600);
    assert_eq!(phones[1].phone.newest_plan(), heads);
}

#[test]
fn an_edit_forgets_no_adoption_that_was_not_cut_yet() {
    let shore = TestShore::start();
    let (_, mut phones) = crewed(&shore);
    let officer = &mut phones[0];
    let at = BEGIN + DAY;
    let mut plan = officer.phone.plan().clone();
    plan.vessel_name = "MV Adopted".into();
    officer.phone.edit_plan(&plan, &officer.clock.read(at * 1_000)).unwrap();
    officer.phone.adopt_plan(at + 10, &officer.clock.read((at + 10) * 1_000)).unwrap();
    plan.vessel_name = "MV Proposed".into();
    officer.phone.edit_plan(&plan, &officer.clock.read((at + 20) * 1_000)).unwrap();
    assert_eq!(officer.phone.plan().vessel_name, "MV Adopted");
    assert_ne!(officer.phone.newest_plan(), officer.phone.adopted());
}

/// A phone that had no link for three weeks hears what was written in the first of them, though the shore
/// speaks by itself of the last two only.
#[test]
fn after_three_weeks_without_a_link_everything_written_meanwhile_comes() {
    let shore = TestShore::start();
    let (ship, mut phones) = crewed(&shore);
    let due = &ship.due(BEGIN + DAY, BEGIN + 2 * DAY)[0];
    let (of_due, of_day) =
        (PageSubject::Due(due.id), PageSubject::Day((BEGIN + DAY).div_euclid(DAY)));
    let at = due.closes + 600;
    for (subject, text) in [(of_due, "Door 3 was open."), (of_day, "The vent squeaks.")] {
        write(&mut phones[2], subject, &remark(text), at);
    }
    shore.sync(&mut phones[2], at + 60);
    shore.sync(&mut phones[1], BEGIN + 23 * DAY);
    for subject in [of_due, of_day] {
        let page = phones[1].phone.page(subject).unwrap();
        assert_eq!(page, shore.shore.page(ship.vessel, subject).unwrap());
        assert_eq!(page.writings.len(), 1);
    }
}

/// An answer takes 64 Pages of one hand, and a request 512 names: who was away longer asks again, until all is there, and is
/// sent nothing twice.
#[test]
fn more_pages_than_fit_into_one_answer_come_in_several_and_none_twice() {
    for (away, count) in [(12, 100), (40, 300)] {
        let shore = TestShore::start();
        let mut ship = shore.commission(&SHIPS[0], 1);
        for schedule in ship.plan.schedules.values_mut() {
            schedule.timing = Timing::Times((0..24).map(|hour| hour * 60).collect());
            (schedule.window_minutes, schedule.start_within_minutes) = (40, 30);
        }
        shore.shore.edit_plan(ship.vessel, &ship.plan).unwrap();
        let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
        let dues = ship.due(BEGIN + 3_600, BEGIN + away * DAY);
        assert!(dues.len() >= 24 * 11, "{}", dues.len());
        // The oldest ones: further back than the names of one request reach.
        let subjects = dues[..count].iter().map(|due| (PageSubject::Due(due.id), due.closes));
        let subjects: Vec<(PageSubject, i64)> = subjects.collect();
        for (subject, at) in &subjects {
            write(&mut officer, *subject, &remark("All quiet."), *at);
        }
        let now = BEGIN + away * DAY;
        shore.sync(&mut officer, now);
        shore.sync(&mut walker, now + 60);
        let mut lacking = 0;
        for (subject, _) in &subjects {
            lacking += usize::from(walker.phone.page(*subject).unwrap().writings.len() != 1);
        }
        assert_eq!(lacking, 0, "of {count}, after {away} days");
        for (phone, at) in [(&mut officer, now + 120), (&mut walker, now + 180)] {
            shore.clock.set(at);
            let request = phone.phone.sync_request(&phone.clock.read(at * 1_000)).unwrap();
            let answer = Response::decode(&shore.post(&request).unwrap()).unwrap();
            let brought = (answer.changes.len(), answer.more);
            assert_eq!(brought, (0, false), "after {away} days, to {}", phone.phone.device());
        }
    }
}
