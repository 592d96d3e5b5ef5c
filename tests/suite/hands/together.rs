//! Two and three phones on one patrol.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::authority::Roles;
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel};

use super::*;

/// A ship with three phones for the crew besides the officer's, all synced, and its first due patrol.
struct Crewed {
    shore: TestShore,
    ship: TestVessel,
    due: DuePatrol,
    officer: SimulatedPhone,
    /// Crew 11, 12 and 13.
    phones: [Option<SimulatedPhone>; 3],
}

const CREW: [u32; 3] = [11, 12, 13];

impl Crewed {
    fn new() -> Self {
        let shore = TestShore::start();
        let ship = shore.commission(&SHIPS[0], 1);
        let (officer, first) = shore.crewed(&ship, BEGIN);
        let mut others = [12, 13].map(|crew| shore.phone(&ship, Roles::CREW, crew, BEGIN + 150));
        for (phone, now) in others.iter_mut().zip([BEGIN + 200, BEGIN + 210]) {
            shore.sync(phone, now);
            shore.sync(phone, now + 30);
        }
        let due = ship.due(BEGIN + 3_600, BEGIN + DAY)[0].clone();
        let [second, third] = others;
        let phones = [Some(first), Some(second), Some(third)];
        Self { shore, ship, due, officer, phones }
    }

    fn phone(&mut self, which: usize) -> &mut SimulatedPhone {
        self.phones[which].as_mut().unwrap()
    }

    fn start(&mut self, which: usize, now: i64) {
        let due = self.due.clone();
        start(self.phone(which), &due, now);
    }

    fn scan(&mut self, which: usize, points: std::ops::Range<usize>, now: i64) -> i64 {
        let phone = self.phones[which].as_mut().unwrap();
        scan(phone, &self.ship, &self.due, points, now)
    }

    fn end(&mut self, which: usize, now: i64) {
        end(self.phone(which), now);
    }

    fn join(&mut self, second: usize, first: usize, now: i64) {
        let [mut second_phone, first_phone] = [second, first].map(|at| self.phones[at].take());
        join(second_phone.as_mut().unwrap(), first_phone.as_ref().unwrap(), now);
        (self.phones[second], self.phones[first]) = (second_phone, first_phone);
    }

    fn restart(&mut self, which: usize, now: i64) {
        let phone = self.phones[which].take().unwrap();
        self.phones[which] = Some(restarted(&self.shore, phone, CREW[which], now));
    }

    fn sync(&mut self, which: usize, now: i64) {
        let phone = self.phones[which].as_mut().unwrap();
        self.shore.sync(phone, now);
    }

    fn said(&self) -> Said {
        said(&self.shore, &self.due)
    }

    fn device(&self, which: usize) -> DeviceId {
        self.phones[which].as_ref().unwrap().phone.device()
    }

    fn points(&self) -> usize {
        self.due.points.len()
    }

    /// Everybody else is heard well after the deadline, twice, so that only who is left out can hold
    /// the window back.
    fn hear_all_but(&mut self, left_out: &[usize], now: i64) {
        for now in [now, now + 600] {
            for which in (0..3).filter(|which| !left_out.contains(which)) {
                self.sync(which, now);
            }
            self.shore.sync(&mut self.officer, now + 5);
        }
    }
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[test]
fn three_phones_on_one_patrol_are_one_walk_in_every_order_of_sync() {
    let mut outcomes = Vec::new();
    for order in ORDERS {
        let mut crewed = Crewed::new();
        let (opens, points) = (crewed.due.opens, crewed.points());
        crewed.start(0, opens + 60);
        crewed.scan(0, 0..3, opens + 120);
        crewed.join(1, 0, opens + 300);
        crewed.scan(1, 3..6, opens + 360);
        // The third joins who joined, and its app is closed in the middle.
        crewed.join(2, 1, opens + 600);
        crewed.scan(2, 6..8, opens + 660);
        crewed.restart(2, opens + 800);
        let reading = at(crewed.phone(2), opens + 810);
        let progress = crewed.phone(2).phone.status(&reading).unwrap();
        assert_eq!((progress.visited.len(), progress.by_other.len()), (8, 6));
        assert_eq!(progress.total, points);
        crewed.scan(2, 8..points, opens + 840);
        for which in 0..3 {
            crewed.end(which, opens + 1_500 + which as i64);
        }
        let now = crewed.due.deadline() + 600;
        for (which, later) in order.into_iter().zip(0..) {
            crewed.sync(which, now + later * 60);
        }
        crewed.hear_all_but(&[], now + 3_600);
        let said = crewed.said();
        assert_eq!(said.verdict, "done", "{order:?}: {}\n{:#?}", said.why, said.findings);
        assert_eq!(said.visited.len(), points);
        outcomes.push(said);
    }
    assert!(outcomes.iter().all(|said| said.outcome() == outcomes[0].outcome()));
}

#[test]
fn before_the_joined_phone_is_heard_the_page_says_who_is_awaited() {
    let mut crewed = Crewed::new();
    let (opens, points) = (crewed.due.opens, crewed.points());
    crewed.start(0, opens + 60);
    crewed.scan(0, 0..4, opens + 120);
    crewed.join(1, 0, opens + 400);
    // The first phone dies here.
    crewed.scan(1, 4..points, opens + 420);
    crewed.end(1, opens + 1_500);
    let now = crewed.due.deadline() + 600;
    crewed.hear_all_but(&[0], now);
    let waiting = crewed.said();
    let dead = crewed.device(0);
    assert_eq!(waiting.verdict, "awaiting_sync", "{}", waiting.why);
    assert_eq!(waiting.held_back_by, [dead.to_string()]);
    assert!(waiting.why.contains("recorded in part"), "{}", waiting.why);
    assert!(waiting.why.contains(&short(dead)), "{}", waiting.why);
    let page = crewed.shore.get(&format!("/patrols/{}", crewed.due.id));
    assert!(page.contains("awaiting sync") && page.contains(&short(dead)), "{page}");

    // Charged again, it goes on where it was, and brings what it has.
    crewed.restart(0, now + 1_500);
    assert_eq!(crewed.phone(0).phone.current().unwrap().scans.len(), 4);
    crewed.sync(0, now + 1_600);
    let said = crewed.said();
    assert_eq!(said.verdict, "done", "{}", said.why);
    assert_eq!(said.visited.len(), points);
    // Nobody called it missed or irregular on the way, so there was nothing to take back.
    let (vessel, due) = (crewed.ship.vessel, crewed.due.id);
    let revisions = |tx: &dyn ReadTx| tx.revisions_of_due(vessel, due, 10);
    assert_eq!(reading(crewed.shore.shore.store(), revisions).unwrap(), []);
}

#[test]
fn after_the_dead_phone_is_declared_lost_what_is_known_stands() {
    // What the lost phone had visited is not known: nobody can know, and the rest is shown.
    let mut crewed = Crewed::new();
    let (opens, points) = (crewed.due.opens, crewed.points());
    crewed.start(0, opens + 60);
    crewed.scan(0, 0..4, opens + 120);
    crewed.join(1, 0, opens + 400);
    crewed.scan(1, 4..points, opens + 420);
    crewed.end(1, opens + 1_500);
    let now = crewed.due.deadline() + 600;
    crewed.hear_all_but(&[0], now);
    let lost = crewed.device(0);
    crewed.shore.clock.set(now + 900);
    crewed.shore.shore.declare_lost(crewed.ship.vessel, lost, now + 900).unwrap();
    let said = said_at(&crewed.shore, &crewed.ship, &crewed.due, now + 960);
    assert_eq!(said.verdict, "unverifiable", "{}", said.why);
    assert!(said.why.contains(&short(lost)) && said.why.contains("lost"), "{}", said.why);
    assert_eq!(said.visited.len(), points - 4, "what the other phone scanned is shown");
    // Found again after all: it revises.
    crewed.restart(0, now + 1_500);
    crewed.sync(0, now + 1_600);
    assert_eq!(crewed.said().verdict, "done", "{}", crewed.said().why);
}

#[test]
fn what_the_dead_phone_had_brought_counts_although_it_never_ended() {
    let mut crewed = Crewed::new();
    let (opens, points) = (crewed.due.opens, crewed.points());
    crewed.start(0, opens + 60);
    crewed.scan(0, 0..4, opens + 120);
    // There was a link on deck, and then none and no battery.
    crewed.sync(0, opens + 380);
    crewed.sync(0, opens + 390);
    crewed.join(1, 0, opens + 400);
    crewed.scan(1, 4..points, opens + 420);
    crewed.end(1, opens + 1_500);
    let now = crewed.due.deadline() + 600;
    crewed.hear_all_but(&[0], now);
    assert_eq!(crewed.said().verdict, "done", "{}", crewed.said().why);
    crewed.shore.clock.set(now + 900);
    let lost = crewed.device(0);
    crewed.shore.shore.declare_lost(crewed.ship.vessel, lost, now + 900).unwrap();
    let said = said_at(&crewed.shore, &crewed.ship, &crewed.due, now + 960);
    assert_eq!((said.verdict.as_str(), said.visited.len()), ("done", points), "{}", said.why);
}

#[test]
fn two_phones_that_do_not_know_of_each_other_are_one_walk_by_the_due_patrol() {
    let mut outcomes = Vec::new();
    for [first, second] in [[0, 1], [1, 0]] {
        let mut crewed = Crewed::new();
        let (opens, points) = (crewed.due.opens, crewed.points());
        crewed.start(0, opens + 60);
        crewed.start(1, opens + 70);
        crewed.scan(0, 0..5, opens + 120);
        crewed.scan(1, 5..points, opens + 125);
        crewed.end(0, opens + 1_000);
        crewed.end(1, opens + 1_010);
        let now = crewed.due.deadline() + 600;
        crewed.sync(first, now);
        // Who ended with points missing looks partial until the other is heard.
        assert_ne!(crewed.said().verdict, "done");
        assert_ne!(crewed.said().verdict, "missed");
        crewed.sync(second, now + 60);
        crewed.hear_all_but(&[], now + 3_600);
        let said = crewed.said();
        assert_eq!((said.verdict.as_str(), said.visited.len()), ("done", points), "{}", said.why);
        let page = crewed.shore.get(&format!("/patrols/{}", crewed.due.id));
        for which in [first, second] {
            let device = short(crewed.device(which));
            assert!(page.contains(&device), "both starts are shown: {device} in {page}");
        }
        outcomes.push(said);
    }
    assert_eq!(outcomes[0].outcome(), outcomes[1].outcome());
}

#[test]
fn a_dead_phones_patrol_is_finished_on_another_by_the_due_patrol_alone() {
    let mut crewed = Crewed::new();
    let (opens, points) = (crewed.due.opens, crewed.points());
    crewed.start(0, opens + 60);
    crewed.scan(0, 0..7, opens + 120);
    // Dead in a pocket: no code was shown. Another phone starts the same patrol and does the rest.
    crewed.start(2, opens + 700);
    crewed.scan(2, 7..points, opens + 720);
    crewed.end(2, opens + 1_200);
    let now = crewed.due.deadline() + 600;
    crewed.restart(0, now);
    crewed.sync(0, now + 10);
    crewed.hear_all_but(&[], now + 60);
    let said = crewed.said();
    assert_eq!((said.verdict.as_str(), said.visited.len()), ("done", points), "{}", said.why);
}

#[test]
fn a_crew_change_in_mid_patrol_shows_everybody_who_took_part() {
    let mut crewed = Crewed::new();
    let (opens, points) = (crewed.due.opens, crewed.points());
    crewed.start(0, opens + 60);
    crewed.scan(0, 0..3, opens + 120);
    log_in(crewed.phone(0), 27, opens + 400);
    crewed.scan(0, 3..points, opens + 420);
    crewed.end(0, opens + 1_500);
    crewed.hear_all_but(&[], crewed.due.deadline() + 600);
    assert_eq!(crewed.said().verdict, "done", "{}", crewed.said().why);
    let page = crewed.shore.get(&format!("/patrols/{}", crewed.due.id));
    assert!(page.contains("crew 11 (I1, PIN), crew 27 (I1, PIN)"), "{page}");
    let device = crewed.device(0);
    let changes = crewed.shore.shore.reading_held(crewed.ship.vessel, |held| {
        let chain = held.chain(device).unwrap();
        let change = deckwatch_core::record::Body::Crew { action: 3 };
        chain.all().filter(|entry| entry.body() == Some(&change)).count()
    });
    assert_eq!(changes.unwrap(), 1);
}
