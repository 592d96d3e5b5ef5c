//! The plan editor as people use it: forms of real pages, sent as a browser sends them, until a phone on board
//! walks by the new version.

use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::{
    model::{CrewNo, ScheduleId},
    plan::{CheckKind, Draw, DrawSecret, PlanContent, Schedule, Timing},
};
use deckwatch_tests::{
    BEGIN, TestShore, TestVessel,
    browser::{Answer, Fields, form, post_form, set},
};

/// Somebody ashore with a browser.
struct Clerk<'s> {
    shore: &'s TestShore,
    plan_path: String,
}

impl<'s> Clerk<'s> {
    fn at(shore: &'s TestShore, ship: &TestVessel) -> Self {
        Self { shore, plan_path: format!("/vessels/{}/plan", ship.vessel) }
    }

    fn page(&self) -> String {
        self.shore.get(&self.plan_path)
    }

    /// The form behind the first link of a kind, or the form for something new.
    fn open(&self, query: &str) -> Fields {
        form(&self.shore.get(&format!("{}/edit?{query}", self.plan_path)), "sheet")
    }

    fn send_from(&self, origin: &str, fields: &Fields) -> Answer {
        post_form(self.shore.address, &self.plan_path, fields, &[("origin", origin)])
    }

    fn send(&self, fields: &Fields) -> Answer {
        self.send_from(&format!("http://{}", self.shore.address), fields)
    }

    /// Sends a form, which must lead to a preview.
    fn preview(&self, fields: &Fields) -> String {
        let answer = self.send(fields);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("Nothing was written yet."), "{}", answer.text);
        answer.text
    }

    /// Presses "Confirm and save" on a preview.
    fn confirm(&self, preview: &str) -> Answer {
        let mut fields = form(preview, "");
        fields.insert("step".to_owned(), "confirm".to_owned());
        self.send(&fields)
    }

    /// Sends a form, and confirms what it changes.
    fn save(&self, fields: &Fields) {
        let preview = self.preview(fields);
        let answer = self.confirm(&preview);
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.location, format!("{}?saved=yes", self.plan_path));
    }
}

fn only_schedule(plan: &PlanContent) -> (ScheduleId, &Schedule) {
    assert_eq!(plan.schedules.len(), 1);
    plan.schedules.iter().next().map(|(id, schedule)| (*id, schedule)).unwrap()
}

fn schedule_query(plan: &PlanContent) -> String {
    format!("form=schedule&id={}", only_schedule(plan).0)
}

#[test]
fn an_edit_ashore_reaches_the_phones_when_an_officer_adopts_it() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 31);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    let clerk = Clerk::at(&shore, &ship);
    assert!(clerk.page().contains("The newest version is adopted on board"), "{}", clerk.page());
    let (_, before) = only_schedule(&ship.plan);
    assert_eq!(before.timing, Timing::Times(vec![120, 480, 840, 1_200]));

    let mut edit = clerk.open(&schedule_query(&ship.plan));
    assert_eq!(edit["times"], "02:00 08:00 14:00 20:00", "the form says what the plan says");
    set(&mut edit, "times", "02:00 08:00 14:30 20:00");
    let preview = clerk.preview(&edit);
    assert!(preview.contains("7 move"), "{preview}");
    assert!(preview.contains("02:00 08:00 14:30 20:00"), "{preview}");
    let (unchanged, _) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(unchanged, ship.plan, "nothing is written before it is confirmed");
    assert_eq!(clerk.confirm(&preview).status, 303);

    let place = ship.plan.checkpoints.keys().next().unwrap();
    let mut check = clerk.open(&format!("form=check&id={place}"));
    set(&mut check, "item", "bearing");
    set(&mut check, "ask", "Bearing temperature & noise?");
    set(&mut check, "kind", "number");
    set(&mut check, "max", "60.5");
    clerk.save(&check);
    let mut roster = clerk.open("form=roster");
    set(&mut roster, "numbers", "11 2");
    clerk.save(&roster);

    let page = clerk.page();
    assert!(page.contains("waits to be adopted on board"), "{page}");
    assert!(page.contains("times 02:00 08:00 14:00 20:00 → 02:00 08:00 14:30 20:00"), "{page}");
    shore.sync(&mut officer, BEGIN + 600);
    shore.sync(&mut walker, BEGIN + 610);
    let (_, heads) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(officer.phone.newest_plan(), heads);
    assert_eq!(officer.phone.plan(), &ship.plan, "on board the adopted version counts");

    let reading = officer.clock.read((BEGIN + 700) * 1_000);
    officer.phone.adopt_plan(BEGIN + 700, &reading).unwrap();
    shore.sync(&mut officer, BEGIN + 710);
    shore.sync(&mut walker, BEGIN + 720);
    let walked = walker.phone.plan();
    assert_eq!(only_schedule(walked).1.timing, Timing::Times(vec![120, 480, 870, 1_200]));
    assert_eq!(walked.roster, [CrewNo(2), CrewNo(11)].into());
    let check = &walked.checkpoints[place].checks["bearing"];
    assert_eq!((check.kind, check.max_milli), (CheckKind::Number, Some(60_500)));
    assert_eq!(check.ask, "Bearing temperature & noise?");
    let page = clerk.page();
    assert!(page.contains("The newest version is adopted on board"), "{page}");
    assert!(page.contains(&officer.phone.device().to_string()[..8]), "names who adopted it");
}

#[test]
fn a_form_that_was_open_for_long_overwrites_only_what_was_touched_in_it() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 32);
    let (one, other) = (Clerk::at(&shore, &ship), Clerk::at(&shore, &ship));
    let mut stale = one.open(&schedule_query(&ship.plan));
    let mut quick = other.open(&schedule_query(&ship.plan));
    set(&mut quick, "grace_minutes", "20");
    set(&mut quick, "window_minutes", "100");
    other.save(&quick);

    // Another field: both stand. The same field: both are shown, and the later one is asked.
    set(&mut stale, "start_within_minutes", "50");
    let preview = one.preview(&stale);
    assert!(!preview.contains("Somebody else changed the same"), "{preview}");
    set(&mut stale, "window_minutes", "120");
    let preview = one.preview(&stale);
    assert!(preview.contains("Somebody else changed the same"), "{preview}");
    for value in ["90 min", "100 min", "120 min"] {
        assert!(preview.contains(value), "{value}: {preview}");
    }

    // And while this preview is open, somebody is faster once more.
    let mut roster = other.open("form=roster");
    set(&mut roster, "numbers", "7");
    other.save(&roster);
    let answer = one.confirm(&preview);
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains("Somebody changed the plan since you saw it."), "{}", answer.text);
    let (plan, _) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(only_schedule(&plan).1.window_minutes, 100, "nothing was written");
    assert_eq!(one.confirm(&answer.text).status, 303);

    let (plan, _) = shore.shore.plan(ship.vessel).unwrap();
    let (_, schedule) = only_schedule(&plan);
    let minutes = (schedule.window_minutes, schedule.start_within_minutes, schedule.grace_minutes);
    assert_eq!(minutes, (120, 50, 20));
    assert_eq!(plan.roster, [CrewNo(7)].into());
}

#[test]
fn an_older_version_comes_back_as_a_new_one_and_nothing_is_deleted() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 33);
    let (mut officer, _) = shore.crewed(&ship, BEGIN);
    let clerk = Clerk::at(&shore, &ship);
    let (_, first) = shore.shore.plan(ship.vessel).unwrap();

    // What is in use stays.
    let (id, _) = only_schedule(&ship.plan);
    let route = ship.plan.routes.keys().next().unwrap();
    let page = shore.get(&format!("{}/edit?form=route&id={route}", clerk.plan_path));
    let refused = clerk.send(&form(&page, "removal"));
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("is used by schedule"), "{}", refused.text);

    let page = shore.get(&format!("{}/edit?form=schedule&id={id}", clerk.plan_path));
    let preview = clerk.preview(&form(&page, "removal"));
    assert!(preview.contains("28 disappear"), "{preview}");
    assert_eq!(clerk.confirm(&preview).status, 303);
    assert!(clerk.page().contains("There is no schedule, so nothing is due."));

    let at = first.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let older = shore.get(&format!("{}?at={at}", clerk.plan_path));
    assert!(older.contains("an older version"), "{older}");
    assert!(older.contains("02:00 08:00 14:00 20:00"), "{older}");
    clerk.save(&form(&older, ""));
    let (plan, newest) = shore.shore.plan(ship.vessel).unwrap();
    assert_eq!(plan, ship.plan);
    assert_ne!(newest, first);
    let document = shore.shore.plan_document(ship.vessel).unwrap();
    assert!(document.content_at(&first).is_ok());
    let page = clerk.page();
    assert!(page.contains("Schedule Security rounds removed."), "{page}");

    shore.sync(&mut officer, BEGIN + 600);
    assert_eq!(officer.phone.newest_plan(), newest, "the ship gets it as any other version");
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 34);
    let clerk = Clerk::at(&shore, &ship);
    let mut roster = clerk.open("form=roster");
    set(&mut roster, "numbers", "7");
    let preview = clerk.preview(&roster);
    let mut confirm = form(&preview, "");
    confirm.insert("step".to_owned(), "confirm".to_owned());
    let answer = clerk.send_from("https://evil.example", &confirm);
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("page of another site"), "{}", answer.text);
    assert_eq!(shore.shore.plan(ship.vessel).unwrap().0, ship.plan);
    assert_eq!(clerk.send(&confirm).status, 303, "the same from the own page is done");
}

/// A security order ashore, adopted on board: the rounds of the higher level are due on the phone from then on.
#[test]
fn a_security_order_opens_the_rounds_of_its_level_on_board() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 33);
    let (mut officer, _) = shore.crewed(&ship, BEGIN);
    let clerk = Clerk::at(&shore, &ship);
    let mut more = clerk.open("form=schedule");
    for (field, value) in [
        ("name", "Heightened rounds"),
        ("route", &ship.plan.routes.keys().next().unwrap().to_string()),
        ("times", "watch 60"),
        ("levels", "2 3"),
        ("window_minutes", "60"),
        ("start_within_minutes", "30"),
        ("grace_minutes", "10"),
    ] {
        set(&mut more, field, value);
    }
    clerk.save(&more);
    let day = |time: i64| deckwatch_core::time::Day((time / 86_400) as i32).to_string();
    let clock = |time: i64| deckwatch_core::plan::clock_of((time % 86_400 / 60) as u32);
    let mut order = clerk.open("form=security");
    for (field, value) in [
        ("level", "2".to_owned()),
        ("received_day", day(BEGIN)),
        ("received_clock", clock(BEGIN)),
        ("in_force_day", day(BEGIN + 7_200)),
        ("in_force_clock", clock(BEGIN + 7_200)),
    ] {
        set(&mut order, field, &value);
    }
    let mut early = order.clone();
    set(&mut early, "in_force_day", &day(BEGIN - 2 * 86_400));
    let answer = clerk.send(&early);
    assert!(answer.text.contains("Before the order was received"), "{}", answer.text);
    clerk.save(&order);
    let page = clerk.page();
    assert!(page.contains("Heightened rounds") && page.contains("level 2 and 3"), "{page}");

    shore.sync(&mut officer, BEGIN + 600);
    let reading = officer.clock.read((BEGIN + 700) * 1_000);
    officer.phone.adopt_plan(BEGIN + 700, &reading).unwrap();
    let dues = deckwatch_core::plan::due_patrols(
        ship.vessel,
        officer.phone.plan(),
        BEGIN,
        BEGIN + 2 * 86_400,
    );
    let heightened: Vec<i64> = dues
        .iter()
        .filter(|due| due.schedule_name == "Heightened rounds")
        .map(|due| due.opens)
        .collect();
    assert!(heightened.len() >= 10, "{heightened:?}");
    let inside = BEGIN / 60 * 60 + 7_200;
    assert!(heightened.iter().all(|opens| *opens >= inside), "{heightened:?}");
}

/// What chance decides is on no page before it opens.
#[test]
fn what_is_drawn_is_shown_when_it_opens() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 34);
    let (mut officer, _) = shore.crewed(&ship, BEGIN);
    let mut target = ship.plan.clone();
    let secret = [0x5a; 32];
    let today = target.ship_time.day(BEGIN);
    target.draws.insert(today, DrawSecret(secret));
    for schedule in target.schedules.values_mut() {
        let draw = Draw { spread_minutes: 200, most_apart_minutes: None, shuffled: true };
        schedule.draw = Some(draw);
    }
    shore.shore.edit_plan(ship.vessel, &target).unwrap();
    shore.sync(&mut officer, BEGIN + 600);
    let reading = officer.clock.read((BEGIN + 700) * 1_000);
    officer.phone.adopt_plan(BEGIN + 700, &reading).unwrap();
    shore.sync(&mut officer, BEGIN + 710);

    let all = officer.phone.plan();
    let next = deckwatch_core::plan::due_patrols(ship.vessel, all, BEGIN + 800, BEGIN + 2 * 86_400);
    let next = next.into_iter().find(|due| due.opens > due.nominal + 1_200).unwrap();
    assert!(next.drawn);
    let shown = |time: i64| {
        let clock = officer.clock;
        let reading = clock.read(time * 1_000);
        officer.phone.due(&reading).iter().any(|view| view.due.id == next.id)
    };
    assert!(!shown(next.opens - 1) && shown(next.opens));
    let pages = [
        clerk_page(&shore, &format!("/vessels/{}/plan", ship.vessel)),
        clerk_page(&shore, &format!("/vessels/{}", ship.vessel)),
    ];
    for page in pages {
        let hex = data_encoding::HEXLOWER.encode(&secret);
        assert!(!page.contains(&hex), "no page has the secret");
    }
}

fn clerk_page(shore: &TestShore, path: &str) -> String {
    shore.get(path)
}
