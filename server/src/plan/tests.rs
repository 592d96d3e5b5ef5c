//! What forms make of a plan, what that changes, and what is to be looked at.

use deckwatch_core::{
    model::{CheckpointId, CrewNo, Level, RouteId, ScheduleId, TagId, TagUid, VesselId},
    plan::{
        CheckKind, Checkpoint, Draw, KeyedTag, PlanContent, PlanProblem, Route, Schedule,
        SecurityLevel, TagRegistration, Timing, Walk,
    },
    time::ShipTime,
};

use super::{
    concern::{concerns, new_concerns},
    difference::{Fate, Thing, conflicts, differences, summary},
    form::{self, Kind, Mistakes},
    outlook::{Shift, outlook, what_differs},
};
use crate::page::form::Fields;

const ROUTE: RouteId = RouteId([0xa0; 8]);
const SCHEDULE: ScheduleId = ScheduleId([0xb0; 8]);
const DAY: i64 = 86_400;

fn place(n: u8) -> CheckpointId {
    CheckpointId([n; 8])
}

/// Three places on one route, walked four times a day.
fn plan() -> PlanContent {
    let named = |n: u8| {
        let (name, deck) = (format!("Place {n}"), "Main deck".to_owned());
        (place(n), Checkpoint { name, deck, ..Checkpoint::default() })
    };
    let tag = |n: u8| (TagId([n; 16]), TagRegistration { checkpoint: place(n), revision: 1 });
    let route = Route {
        name: "Round".to_owned(),
        walk: Walk::Ordered,
        points: vec![place(1), place(2), place(3)],
        max_minutes: Some(60),
    };
    let schedule = Schedule {
        window_minutes: 90,
        start_within_minutes: 45,
        grace_minutes: 15,
        ..Schedule::new("Rounds", ROUTE, Timing::Times(vec![120, 480, 840, 1_200]))
    };
    PlanContent {
        vessel_name: "Aurora".to_owned(),
        ship_time: ShipTime::new([(0, 120)]),
        checkpoints: [1, 2, 3].map(named).into(),
        tags: [1, 2, 3].map(tag).into(),
        routes: [(ROUTE, route)].into(),
        schedules: [(SCHEDULE, schedule)].into(),
        ..PlanContent::default()
    }
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A form filled in with what the plan says, then with `changes`.
fn filled(kind: Kind, about: &[(&str, &str)], changes: &[(&str, &str)]) -> Fields {
    let mut values = fields(about);
    form::filled(kind, &mut values, &plan());
    values.extend(fields(changes));
    values
}

fn made(kind: Kind, values: &Fields) -> Result<PlanContent, Mistakes> {
    form::wish(kind, values, &plan(), &plan(), None)
}

fn wrong(kind: Kind, values: &Fields) -> Vec<String> {
    made(kind, values).unwrap_err().by_field.into_keys().collect()
}

#[test]
fn a_form_that_nobody_touched_changes_nothing() {
    let mut with_check = plan();
    let check = deckwatch_core::plan::Check {
        ask: "Closed?".to_owned(),
        kind: CheckKind::Number,
        unit: "bar".to_owned(),
        min_milli: Some(-1_500),
        max_milli: None,
    };
    with_check.checkpoints.get_mut(&place(1)).unwrap().checks.insert("door".to_owned(), check);
    with_check.contact_limit_hours = Some(48);
    with_check.roster = [CrewNo(7), CrewNo(41)].into();
    let (one, route, schedule) = (place(1).to_string(), ROUTE.to_string(), SCHEDULE.to_string());
    for (kind, about) in [
        (Kind::Vessel, &[][..]),
        (Kind::Roster, &[]),
        (Kind::Checkpoint, &[("id", one.as_str())]),
        (Kind::Check, &[("id", one.as_str()), ("item", "door")]),
        (Kind::Route, &[("id", route.as_str())]),
        (Kind::Schedule, &[("id", schedule.as_str())]),
    ] {
        let mut values = fields(about);
        assert!(form::sheet(kind, &values, &with_check).is_some());
        form::filled(kind, &mut values, &with_check);
        let wish = form::wish(kind, &values, &with_check, &with_check, None);
        assert_eq!(wish.as_ref(), Ok(&with_check), "{kind:?}");
    }
}

#[test]
fn a_schedule_form_says_what_is_wrong_in_every_field() {
    let id = SCHEDULE.to_string();
    let about = [("id", id.as_str())];
    let of = |changes: &[(&str, &str)]| filled(Kind::Schedule, &about, changes);
    let changed = made(Kind::Schedule, &of(&[("times", "20:00, 2:00;08:30")])).unwrap();
    assert_eq!(changed.schedules[&SCHEDULE].timing, Timing::Times(vec![120, 510, 1_200]));
    let everything = of(&[
        ("name", " "),
        ("route", "ffffffffffffffff"),
        ("times", "02:00 24:00"),
        ("window_minutes", "0"),
        ("start_within_minutes", "+5"),
        ("grace_minutes", "1441"),
    ]);
    let all = ["grace_minutes", "name", "route", "start_within_minutes", "times", "window_minutes"];
    assert_eq!(wrong(Kind::Schedule, &everything), all);
    for (field, value) in
        [("times", ""), ("times", "02:00 02:00"), ("name", "a\nb"), ("name", &"x".repeat(121))]
    {
        assert_eq!(wrong(Kind::Schedule, &of(&[(field, value)])), [field], "{value:?}");
    }
    assert_eq!(wrong(Kind::Schedule, &of(&[("admin", "yes")])), [""], "a field nobody asked for");
}

#[test]
fn positions_put_the_points_in_order() {
    let id = ROUTE.to_string();
    let point = |n: u8| format!("point.{}", place(n));
    let of = |positions: [&str; 3]| {
        let mut values = filled(Kind::Route, &[("id", &id)], &[]);
        values.extend((1..).zip(positions).map(|(n, at)| (point(n), at.to_owned())));
        values
    };
    let points =
        |positions| made(Kind::Route, &of(positions)).unwrap().routes[&ROUTE].points.clone();
    assert_eq!(points(["2", "1.5", ""]), [place(2), place(1)]);
    assert_eq!(points(["", "", ""]), []);
    for positions in [["1", "1", "2"], ["1", "0", "2"], ["1", "x", "2"]] {
        assert_eq!(wrong(Kind::Route, &of(positions)), [point(2)]);
    }
    let mut strange = of(["1", "2", "3"]);
    strange.insert(point(9), "4".to_owned());
    assert_eq!(wrong(Kind::Route, &strange), [""], "a place that is not in the plan");
}

#[test]
fn checks_and_rosters_are_read_strictly() {
    let id = place(1).to_string();
    let good = [
        ("id", id.as_str()),
        ("new", "yes"),
        ("item", "bearing"),
        ("ask", "Temperature?"),
        ("kind", "number"),
        ("unit", "°C"),
        ("min", "-5"),
        ("max", "60.5"),
    ];
    let of = |changes: &[(&str, &str)]| {
        let mut values = fields(&good);
        values.extend(fields(changes));
        values
    };
    let made_check = made(Kind::Check, &of(&[])).unwrap();
    let check = &made_check.checkpoints[&place(1)].checks["bearing"];
    assert_eq!((check.min_milli, check.max_milli), (Some(-5_000), Some(60_500)));
    for (changes, fields) in [
        (&[("item", "Bearing 1")][..], &["item"][..]),
        (&[("kind", "yes_no")], &["max", "min", "unit"]),
        (&[("min", "61")], &["min"]),
        (&[("max", "60,5")], &["max"]),
        (&[("ask", "")], &["ask"]),
        (&[("id", "ff")], &[""]),
    ] {
        assert_eq!(wrong(Kind::Check, &of(changes)), fields, "{changes:?}");
    }
    let again = form::wish(Kind::Check, &of(&[]), &made_check, &made_check, None).unwrap_err();
    assert!(again.by_field.contains_key("item"), "adding does not replace");

    let roster = |text: &str| made(Kind::Roster, &fields(&[("numbers", text)]));
    assert_eq!(roster("41, 7\r\n7").unwrap().roster, [CrewNo(7), CrewNo(41)].into());
    for bad in ["0", "-1", "+7", "seven", "4294967296"] {
        assert!(roster(bad).unwrap_err().by_field.contains_key("numbers"), "{bad}");
    }
}

#[test]
fn what_is_in_use_is_not_removed_and_what_uses_it_is_named() {
    let remove = |thing: &str, id: &str| made(Kind::Remove, &form::removal(thing, id, None));
    let said = |thing: &str, id: &str| remove(thing, id).unwrap_err().by_field[""].clone();
    assert_eq!(
        said("checkpoint", &place(2).to_string()),
        "Checkpoint Place 2 is used by route Round, so it was not removed"
    );
    assert_eq!(
        said("route", &ROUTE.to_string()),
        "Route Round is used by schedule Rounds, so it was not removed"
    );
    assert!(remove("schedule", &SCHEDULE.to_string()).unwrap().schedules.is_empty());
    assert!(remove("schedule", "00").unwrap_err().gone);
    assert!(remove("ship", "00").unwrap_err().gone);

    let mut aside = plan();
    aside.routes.get_mut(&ROUTE).unwrap().points.pop();
    let values = form::removal("checkpoint", &place(3).to_string(), None);
    let removed = form::wish(Kind::Remove, &values, &aside, &aside, None).unwrap();
    assert_eq!((removed.checkpoints.len(), removed.tags.len()), (2, 2), "its tag goes with it");
}

#[test]
fn a_thing_that_was_removed_meanwhile_stays_removed() {
    let mut newest = plan();
    newest.schedules.clear();
    let values = filled(Kind::Schedule, &[("id", &SCHEDULE.to_string())], &[("name", "Other")]);
    let mistakes = form::wish(Kind::Schedule, &values, &plan(), &newest, None).unwrap_err();
    assert!(mistakes.gone);
    assert_eq!(mistakes.by_field[""], "Schedule Other was removed meanwhile");
}

#[test]
fn differences_are_told_in_words() {
    let mut after = plan();
    after.schedules.get_mut(&SCHEDULE).unwrap().window_minutes = 120;
    after.checkpoints.get_mut(&place(1)).unwrap().deck = String::new();
    after.checkpoints.get_mut(&place(2)).unwrap().name = "Paint locker".to_owned();
    after.roster.insert(CrewNo(7));
    after.tags.remove(&TagId([3; 16]));
    let found = differences(&plan(), &after);
    let sentences: Vec<String> = found.iter().map(|one| one.sentence()).collect();
    assert_eq!(
        sentences,
        [
            "Roster number 7 added",
            "Checkpoint Place 1: deck Main deck → none",
            "Checkpoint Paint locker: name Place 2 → Paint locker",
            "Tag 03030303 removed",
            "Schedule Rounds: window 90 min → 120 min",
        ],
        "a new name of a place does not change the routes on which it is"
    );
    assert_eq!(
        summary(&found),
        "1 roster number added; 2 checkpoints and 1 schedule changed; 1 tag removed"
    );
    let all = differences(&PlanContent::default(), &plan());
    assert_eq!(all.iter().filter(|one| one.fate == Fate::Added).count(), 1 + 3 + 3 + 2);
    assert!(all.iter().any(|one| one.thing == Thing::Vessel && one.fate == Fate::Changed));
}

#[test]
fn two_edits_of_one_field_meet_and_two_fields_do_not() {
    let (base, mut newest, mut wish) = (plan(), plan(), plan());
    newest.schedules.get_mut(&SCHEDULE).unwrap().window_minutes = 100;
    newest.schedules.get_mut(&SCHEDULE).unwrap().grace_minutes = 20;
    wish.schedules.get_mut(&SCHEDULE).unwrap().window_minutes = 120;
    wish.schedules.get_mut(&SCHEDULE).unwrap().grace_minutes = 20;
    wish.schedules.get_mut(&SCHEDULE).unwrap().start_within_minutes = 50;
    let found = conflicts(&base, &newest, &wish);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].subject.as_str(), found[0].field), ("Schedule Rounds", "window"));
    let value = |text: &str| Some(text.to_owned());
    assert_eq!(found[0].before, value("90 min"));
    assert_eq!((&found[0].theirs, &found[0].yours), (&value("100 min"), &value("120 min")));

    newest.schedules.clear();
    assert_eq!(conflicts(&base, &newest, &wish).len(), 3, "they removed what you changed");
    assert_eq!(conflicts(&base, &newest, &newest), []);
}

#[test]
fn what_cannot_be_walked_is_said() {
    assert_eq!(concerns(&plan()), []);
    let said = |change: &dyn Fn(&mut PlanContent)| {
        let mut after = plan();
        change(&mut after);
        let found = new_concerns(&plan(), &after).into_iter();
        found.map(|one| format!("{} {}", one.about, one.what)).collect::<Vec<_>>().join("; ")
    };
    let schedule = |change: fn(&mut Schedule)| {
        said(&|plan: &mut PlanContent| change(plan.schedules.get_mut(&SCHEDULE).unwrap()))
    };
    let cases = [
        (
            schedule(|one| one.timing = Timing::Times(vec![120, 480, 840, 1_200, 1_260])),
            "longer than the shortest time between openings, 60",
        ),
        (schedule(|one| one.timing = Timing::Times(vec![0, 1_380])), "between openings, 60 min"),
        (schedule(|one| one.window_minutes = 345), "grace on either side touch"),
        (
            schedule(|one| one.window_minutes = 30),
            "shorter than the 60 min that its route may take",
        ),
        (schedule(|one| one.start_within_minutes = 91), "after its window of 90 min has closed"),
        (schedule(|one| one.route = RouteId([0; 8])), "which is not in the plan"),
        (said(&|plan| plan.tags.retain(|id, _| id.0[0] != 1)), "has no tag"),
        (said(&|plan| plan.routes.get_mut(&ROUTE).unwrap().points.clear()), "has no points"),
        (
            said(&|plan| plan.checkpoints.retain(|id, _| *id != place(3))),
            "names checkpoint 03030303",
        ),
        (
            schedule(|one| {
                one.draw = Some(Draw { spread_minutes: 60, ..Draw::default() });
            }),
            "has no secret to draw from",
        ),
        (
            schedule(|one| {
                let most_apart_minutes = Some(200);
                one.draw = Some(Draw { spread_minutes: 60, most_apart_minutes, shuffled: false });
            }),
            "the limit is not kept",
        ),
        (
            schedule(|one| {
                let most_apart_minutes = Some(360);
                one.draw = Some(Draw { spread_minutes: 60, most_apart_minutes, shuffled: false });
            }),
            "no room to move",
        ),
        (
            schedule(|one| one.draw = Some(Draw { spread_minutes: 400, ..Draw::default() })),
            "past the next one",
        ),
        (schedule(|one| one.timing = Timing::Watches(vec![240])), "after the shortest watch"),
        (
            schedule(|one| one.when.levels = [SecurityLevel::L2].into()),
            "no schedule asks for a patrol at level 1 and 3",
        ),
        (
            said(&|plan| {
                plan.problems.push(PlanProblem { key: "x".to_owned(), problem: "not understood" });
            }),
            "Entry x not understood",
        ),
    ];
    for (said, wanted) in cases {
        assert!(said.contains(wanted), "{said:?} has no {wanted:?}");
    }
    let once = schedule(|one| one.timing = Timing::Times(vec![120]));
    assert_eq!(once, "", "one opening a day is a day from the next");
}

#[test]
fn the_next_days_show_what_appears_disappears_and_moves() {
    let vessel = VesselId([9; 16]);
    let look = |change: &dyn Fn(&mut PlanContent)| {
        let mut after = plan();
        change(&mut after);
        outlook(vessel, 20 * DAY, &plan(), &after)
    };
    let schedule = |times: &'static [u32]| {
        look(&|plan: &mut PlanContent| {
            plan.schedules.get_mut(&SCHEDULE).unwrap().timing = Timing::Times(times.to_vec());
        })
    };
    assert_eq!(look(&|_| ()).shifts, []);
    let renamed = look(&|plan| plan.routes.get_mut(&ROUTE).unwrap().name = "Other".to_owned());
    assert_eq!(renamed.shifts, [], "a name moves nobody");

    let more = schedule(&[60, 120, 480, 840, 1_200]);
    assert_eq!((more.before, more.after, more.shifts.len()), (28, 35, 7));
    assert!(more.shifts.iter().all(|shift| matches!(shift, Shift::Appears(_))), "{more:?}");
    let fewer = schedule(&[120, 480, 840]);
    assert!(fewer.shifts.iter().all(|shift| matches!(shift, Shift::Disappears(_))));
    let moved = schedule(&[120, 480, 870, 1_200]);
    assert_eq!(moved.shifts.len(), 7);
    for shift in &moved.shifts {
        let Shift::Differs { from, to } = shift else { panic!("{shift:?}") };
        assert_eq!((to.opens - from.opens, what_differs(from, to)), (30 * 60, vec![]));
    }
    let far = schedule(&[120, 480, 840, 30]);
    assert_eq!(far.shifts.len(), 14, "20:00 does not move to 00:30 of the same day");
    let longer = look(&|plan| plan.schedules.get_mut(&SCHEDULE).unwrap().window_minutes = 100);
    let Some(Shift::Differs { from, to }) = longer.shifts.first() else { panic!() };
    assert_eq!(what_differs(from, to), ["window"]);
}

#[test]
fn a_level_is_demanded_by_a_form_and_what_cannot_reach_it_is_said() {
    let one = place(1).to_string();
    let about = [("id", one.as_str())];
    let of = |level: &str| {
        made(Kind::Checkpoint, &filled(Kind::Checkpoint, &about, &[("min_level", level)]))
    };
    let demanding = of("4").unwrap();
    assert_eq!(demanding.checkpoints[&place(1)].min_level, Some(Level::L4));
    assert_eq!(of("0").unwrap(), plan(), "any");
    for level in ["6", "L4", "-1"] {
        let fields: Vec<String> = of(level).unwrap_err().by_field.into_keys().collect();
        assert_eq!(fields, ["min_level"], "{level}");
    }
    let said: Vec<String> =
        differences(&plan(), &demanding).iter().map(|one| one.sentence()).collect();
    assert_eq!(said, ["Checkpoint Place 1: least evidence none → L4, signed NFC tag"]);
    let concern = new_concerns(&plan(), &demanding);
    assert_eq!(concern.len(), 1);
    assert!(concern[0].what.contains("demands L4, and nothing there reaches more than L1"));

    let mut tagged = demanding.clone();
    let tag = KeyedTag { checkpoint: place(1), key_version: Some(2) };
    tagged.nfc.insert(TagUid::from([4; 7]), tag);
    tagged.displays.insert(TagId([0xd1; 16]), KeyedTag { checkpoint: place(9), ..tag });
    let said: Vec<String> =
        differences(&demanding, &tagged).iter().map(|one| one.sentence()).collect();
    assert_eq!(said[0], "NFC tag 04040404040404 added: hangs at Place 1; key version 2");
    assert_eq!(said.len(), 2);
    let concern = new_concerns(&demanding, &tagged);
    assert_eq!(concern.len(), 1, "a display at a place that is not there: {concern:?}");
    assert!(concern[0].about.starts_with("Display d1d1d1d1"));
}

#[test]
fn a_checkpoint_goes_with_its_nfc_tags_and_displays() {
    let mut before = plan();
    before.routes.get_mut(&ROUTE).unwrap().points = vec![place(2), place(3)];
    let here = KeyedTag { checkpoint: place(1), key_version: Some(1) };
    let there = KeyedTag { checkpoint: place(2), ..here };
    before.nfc = [(TagUid::from([1; 7]), here), (TagUid::from([2; 7]), there)].into();
    before.displays = [(TagId([0xd1; 16]), here), (TagId([0xd2; 16]), there)].into();
    let one = place(1).to_string();
    let values = form::removal("checkpoint", &one, None);
    let after = form::wish(Kind::Remove, &values, &before, &before, None).unwrap();
    assert_eq!(after.nfc, [(TagUid::from([2; 7]), there)].into());
    assert_eq!(after.displays, [(TagId([0xd2; 16]), there)].into());
}
