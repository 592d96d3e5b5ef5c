//! The Plan's entries, written and read.

use automerge::{ActorId, Automerge, ROOT, transaction::Transactable};

use super::{
    Check, CheckKind, Checkpoint, Circumstances, Days, Draw, DrawSecret, KeyedTag, PlanContent,
    PlanDocument, Schedule, SecurityLevel, SecurityOrder, Timing, VesselState, When,
};
use crate::{
    document::{Line, RawChange, gate::form},
    model::{CheckpointId, CrewNo, DeviceId, Level, RouteId, ScheduleId, TagId, TagUid},
    record::Evidence,
    time::Day,
};

const PLACE: CheckpointId = CheckpointId([0xc1; 8]);
const UID: [u8; 7] = [4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40];

fn content() -> PlanContent {
    let temperature = Check {
        ask: "Bearing temperature".into(),
        kind: CheckKind::Number,
        unit: "°C".into(),
        min_milli: Some(-5_000),
        max_milli: Some(60_500),
    };
    let closed = Check { ask: "Door closed?".into(), ..Check::default() };
    let checks = [("bearing_1".to_owned(), temperature), ("door".to_owned(), closed)].into();
    let (name, deck) = ("Engine room".into(), "Tank top".into());
    let place = Checkpoint { name, deck, checks, min_level: Some(Level::L4) };
    let hangs = |key_version| KeyedTag { checkpoint: PLACE, key_version };
    let plain = TagUid::from_slice(&[8, 1, 2, 3]).unwrap();
    PlanContent {
        roster: [CrewNo(7), CrewNo(41)].into(),
        checkpoints: [(PLACE, place)].into(),
        nfc: [(TagUid::from(UID), hangs(Some(2))), (plain, hangs(None))].into(),
        displays: [(TagId([0xd1; 16]), hangs(Some(1)))].into(),
        ..PlanContent::default()
    }
}

fn edited(document: &mut PlanDocument, target: &PlanContent) -> usize {
    document.edit(DeviceId([1; 8]), [2; 8], 1_000, target).unwrap().len()
}

fn with_entries(put: impl Fn(&mut automerge::transaction::Transaction<'_>)) -> PlanDocument {
    let mut document = Automerge::new().with_actor(ActorId::from([1; 16]));
    let mut tx = document.transaction();
    put(&mut tx);
    tx.commit();
    let mut line = Line::default();
    for change in document.get_changes(&[]) {
        assert_eq!(line.apply(vec![form(&RawChange::from(&change)).unwrap()]), []);
    }
    PlanDocument::from(line)
}

#[test]
fn a_roster_and_checks_are_read_as_they_were_written() {
    let mut document = PlanDocument::default();
    assert_eq!(edited(&mut document, &content()), 1);
    assert_eq!(document.content(), content());
    assert_eq!(edited(&mut document, &content()), 0, "nothing differs");

    let mut fewer = content();
    fewer.roster.remove(&CrewNo(7));
    fewer.checkpoints.get_mut(&PLACE).unwrap().checks.remove("bearing_1");
    assert_eq!(edited(&mut document, &fewer), 1);
    assert_eq!(document.content(), fewer);
}

#[test]
fn what_makes_no_sense_is_a_problem_and_the_rest_counts() {
    let document = with_entries(|tx| {
        tx.put(ROOT, format!("checkpoint/{PLACE}/name"), "Engine room").unwrap();
        for (number, active) in [("7", 1), ("8", 0), ("0", 1), ("+9", 1), ("x", 1), ("10", 2)] {
            tx.put(ROOT, format!("crew/{number}/active"), active).unwrap();
        }
        for (item, kind) in [("good", "text"), ("Bad", "text"), ("odd", "photograph")] {
            tx.put(ROOT, format!("check/{PLACE}/{item}/ask"), "Anything to report?").unwrap();
            tx.put(ROOT, format!("check/{PLACE}/{item}/kind"), kind).unwrap();
            tx.put(ROOT, format!("check/{PLACE}/{item}/min_milli"), i64::MIN).unwrap();
        }
    });
    let read = document.content();
    assert_eq!(read.roster, [CrewNo(7)].into());
    let checks = &read.checkpoints[&PLACE].checks;
    assert_eq!(checks.keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(checks["good"].min_milli, None, "no limit beyond what can be compared");
    let problems: Vec<String> = read.problems.into_iter().map(|problem| problem.key).collect();
    let check = |item: &str| format!("check/{PLACE}/{item}/ask");
    let crew = ["crew/+9/active", "crew/0/active", "crew/10/active", "crew/x/active"];
    let expected: Vec<String> =
        [check("Bad"), check("odd")].into_iter().chain(crew.map(str::to_owned)).collect();
    assert_eq!(problems, expected);
}

#[test]
fn an_edit_keeps_what_a_newer_program_wrote() {
    let mut document = with_entries(|tx| {
        tx.put(ROOT, "vessel/name", "Aurora").unwrap();
        tx.put(ROOT, "security_level/0", 2).unwrap();
    });
    let mut target = document.content();
    assert_eq!(target.problems[0].key, "security_level/0");
    target.vessel_name = "Aurelia".into();
    assert_eq!(edited(&mut document, &target), 1);
    assert_eq!(document.content(), target, "the entry is still there");
    target.problems.clear();
    assert_eq!(edited(&mut document, &target), 1, "removed on purpose");
    assert_eq!(document.content(), target);
}

#[test]
fn changes_say_who_made_them_when_and_from_what() {
    let mut document = PlanDocument::default();
    edited(&mut document, &content());
    let first = document.heads();
    let mut theirs = document.clone();
    let mut target = content();
    target.vessel_name = "Aurelia".into();
    theirs.edit(DeviceId([5; 8]), [6; 8], 2_000, &target).unwrap();
    let changes = theirs.changes();
    assert_eq!(changes.iter().map(|one| one.claimed).collect::<Vec<_>>(), [1_000, 2_000]);
    assert_eq!(changes.iter().map(|one| one.author.0[0]).collect::<Vec<_>>(), [1, 5]);
    assert_eq!((changes[0].from.len(), &changes[1].from), (0, &first));
    assert_eq!(theirs.content_at(&[changes[0].hash]).unwrap(), content());
    assert_eq!(theirs.content_at(&[changes[1].hash]).unwrap(), target);
}

#[test]
fn no_text_of_a_plan_holds_a_hidden_character() {
    let mut document = PlanDocument::default();
    edited(&mut document, &content());
    let heads = document.heads();
    let place = |target: &mut PlanContent, put: &dyn Fn(&mut Checkpoint)| {
        put(target.checkpoints.get_mut(&PLACE).unwrap());
    };
    for hidden in ["a\u{0}", "\u{1b}[2J", "\u{202e}a", "a\u{9f}"] {
        let text = || hidden.to_owned();
        let puts: [&dyn Fn(&mut Checkpoint); 4] = [
            &|it| it.name = text(),
            &|it| it.deck = text(),
            &|it| it.checks.get_mut("door").unwrap().ask = text(),
            &|it| it.checks.get_mut("bearing_1").unwrap().unit = text(),
        ];
        let mut targets = vec![PlanContent { vessel_name: text(), ..content() }];
        for put in puts {
            let mut target = content();
            place(&mut target, put);
            targets.push(target);
        }
        for target in targets {
            let refused = document.edit(DeviceId([1; 8]), [2; 8], 1_000, &target).unwrap_err();
            assert!(refused.to_string().contains("cannot be seen"), "{refused}");
        }
    }
    assert_eq!(document.heads(), heads);
    // One that stands there already, by another program, keeps nobody from mending something else.
    let mut document = with_entries(|tx| tx.put(ROOT, "vessel/name", "A\u{0}B").unwrap());
    let mut target = document.content();
    assert_eq!(target.vessel_name, "A\u{0}B");
    target.roster.insert(CrewNo(9));
    assert_eq!(edited(&mut document, &target), 1);
}

#[test]
fn a_scan_has_its_place_from_the_registration_of_its_tag() {
    let (plan, display) = (content(), TagId([0xd1; 16]));
    let by_uid = |uid: &[u8]| Evidence::NfcUid { uid: uid.to_vec(), originality: None };
    let sun = |uid| Evidence::Sun { uid, counter: 1, mac: [0; 8], nonce_bound: false };
    let here = [
        by_uid(&UID),
        by_uid(&[8, 1, 2, 3]),
        sun(UID),
        Evidence::Rotating { tag: display, code: 1 },
        Evidence::Qr { tag: display },
    ];
    for evidence in here {
        assert_eq!(plan.place_of(&evidence), Some(PLACE), "{evidence:?}");
    }
    for elsewhere in [by_uid(&[8, 1, 2, 4]), sun([9; 7]), Evidence::Qr { tag: TagId([1; 16]) }] {
        assert_eq!(plan.place_of(&elsewhere), None, "{elsewhere:?}");
    }
}

#[test]
fn a_registration_that_makes_no_sense_is_a_problem() {
    let uid = TagUid::from(UID);
    let document = with_entries(|tx| {
        tx.put(ROOT, format!("checkpoint/{PLACE}/name"), "Engine room").unwrap();
        tx.put(ROOT, format!("checkpoint/{PLACE}/min_level"), 6).unwrap();
        tx.put(ROOT, format!("nfc/{uid}/checkpoint"), PLACE.to_string()).unwrap();
        for wrong in ["04DE5F1EACC041", "04de", "04:de:5f:1e:ac:c0:42"] {
            tx.put(ROOT, format!("nfc/{wrong}/checkpoint"), PLACE.to_string()).unwrap();
        }
        tx.put(ROOT, "nfc/04de5f1eacc043/checkpoint", PLACE.to_string()).unwrap();
        tx.put(ROOT, "nfc/04de5f1eacc043/key_version", -1).unwrap();
        tx.put(ROOT, "display/d1/checkpoint", PLACE.to_string()).unwrap();
    });
    let read = document.content();
    let hangs = KeyedTag { checkpoint: PLACE, key_version: None };
    assert_eq!((read.nfc, read.displays.len()), ([(uid, hangs)].into(), 0));
    assert_eq!(read.checkpoints[&PLACE].min_level, None);
    assert_eq!(read.problems.len(), 6, "{:?}", read.problems);
}

fn circumstanced() -> PlanContent {
    let order =
        SecurityOrder { level: SecurityLevel::L2, acknowledged: Some(1_500), in_force: None };
    let schedule = |timing| Schedule {
        when: When {
            days: Days::from_word("month 1 last").unwrap(),
            levels: [SecurityLevel::L2, SecurityLevel::L3].into(),
            states: [VesselState::Port, VesselState::HighRisk].into(),
        },
        draw: Some(Draw { spread_minutes: 60, most_apart_minutes: Some(300), shuffled: true }),
        ..Schedule::new("Rounds", RouteId([2; 8]), timing)
    };
    PlanContent {
        circumstances: Circumstances::new(
            [0, 360, 720, 1_080],
            [(1_000, order)],
            [(-5, VesselState::AtSea), (2_000, VesselState::Anchor)],
        ),
        draws: [(Day(20_000), DrawSecret([0xab; 32]))].into(),
        schedules: [
            (ScheduleId([1; 8]), schedule(Timing::Every { minutes: 300, from: -60 })),
            (ScheduleId([2; 8]), schedule(Timing::Watches(vec![0, 120]))),
            (ScheduleId([3; 8]), schedule(Timing::Times(vec![120]))),
        ]
        .into(),
        ..PlanContent::default()
    }
}

#[test]
fn schedules_and_what_they_hang_on_are_read_as_they_were_written() {
    let mut document = PlanDocument::default();
    edited(&mut document, &circumstanced());
    assert_eq!(document.content(), circumstanced());
    assert_eq!(edited(&mut document, &circumstanced()), 0, "nothing differs");
    let bare = PlanContent::default();
    edited(&mut document, &bare);
    assert_eq!(document.content(), bare);
}

/// Two hands on one schedule: each field is a register of its own, and what opens its windows is one of them.
#[test]
fn an_order_ashore_and_a_window_on_board_merge() {
    let mut whole = PlanDocument::default();
    let first = whole.edit(DeviceId([1; 8]), [2; 8], 1_000, &circumstanced()).unwrap();
    let with = |changes: &[RawChange]| {
        let mut line = Line::default();
        let formed = changes.iter().map(|change| form(change).unwrap()).collect();
        assert_eq!(line.apply(formed), []);
        PlanDocument::from(line)
    };
    let (mut ashore, mut aboard) = (with(&first), with(&first));
    let (mut ordered, mut longer) = (circumstanced(), circumstanced());
    let raised = SecurityOrder { level: SecurityLevel::L3, acknowledged: None, in_force: None };
    ordered.circumstances.orders.insert(9_000, raised);
    longer.schedules.get_mut(&ScheduleId([3; 8])).unwrap().timing = Timing::Watches(vec![30]);
    let one = ashore.edit(DeviceId([3; 8]), [4; 8], 2_000, &ordered).unwrap();
    let other = aboard.edit(DeviceId([5; 8]), [6; 8], 2_000, &longer).unwrap();
    let merged = with(&[first, one, other].concat()).content();
    assert_eq!(merged.circumstances.orders[&9_000], raised);
    assert_eq!(merged.schedules[&ScheduleId([3; 8])].timing, Timing::Watches(vec![30]));
}

#[test]
fn a_schedule_whose_conditions_nobody_understands_demands_nothing_and_is_named() {
    let id = ScheduleId([1; 8]);
    let with = |name: &str, value: &str| {
        with_entries(|tx| {
            tx.put(ROOT, format!("schedule/{id}/route"), RouteId([2; 8]).to_string()).unwrap();
            if name != "times" {
                tx.put(ROOT, format!("schedule/{id}/times"), "02:00").unwrap();
            }
            tx.put(ROOT, format!("schedule/{id}/{name}"), value).unwrap();
        })
        .content()
    };
    assert_eq!(with("days", "mon wed").schedules.len(), 1);
    for (name, value) in
        [("days", "full moon"), ("levels", "2 4"), ("states", "drydock"), ("times", "noon")]
    {
        let content = with(name, value);
        assert_eq!((content.schedules.len(), content.problems.len()), (0, 1), "{name}");
        assert!(content.problems[0].key.ends_with("/times"), "{name}");
    }
    let odd = with_entries(|tx| {
        for (key, value) in [
            ("draw/2026-12-01", "ab"),
            ("draw/2026-12-1", &"ab".repeat(32)),
            ("draw/2026-12-02", &"AB".repeat(32)),
            ("state/+5", "port"),
            ("state/5", "drydock"),
            ("vessel/watches", "25:00"),
        ] {
            tx.put(ROOT, key, value).unwrap();
        }
        tx.put(ROOT, "security/5/level", 4).unwrap();
        tx.put(ROOT, "security/05/level", 2).unwrap();
    });
    let content = odd.content();
    assert_eq!(content.problems.len(), 8, "{:?}", content.problems);
    assert_eq!(content.circumstances, Circumstances::default());
    assert_eq!(content.draws.len(), 0);
}
