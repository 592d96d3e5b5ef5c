//! What must hold for every history, and edges that no single row shows.

mod arrival;

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::{prelude::*, strategy::ValueTree};

use super::{Assessment, Severity, Use, Verdict, scene::*};
use crate::{
    authority::Roles,
    model::{DueId, Hash, due_id},
    plan::{Timing, Walk},
    record::{Body, Chain, DeviceKey, Evidence},
    time::Moment,
};

static BASE: LazyLock<Scene> = LazyLock::new(Scene::new);

/// One thing that happens on board.
#[derive(Debug, Clone)]
struct Step {
    pen: usize,
    /// Minutes after the step before.
    minutes: i64,
    what: u8,
    n: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_usize..4, 0_i64..25, 0_u8..30, 0_u8..6);
    let step = step.prop_map(|(pen, minutes, what, n)| Step { pen, minutes, what, n });
    proptest::collection::vec(step, 0..60)
}

/// Plays steps from 22:00 on the day before; the fourth device is not certified.
fn play(base: &Scene, steps: &[Step]) -> Scene {
    let mut scene = base.clone();
    scene.add(at(-3, 0));
    play_on(&mut scene, steps, at(-2, 0));
    scene
}

/// Plays steps after `time` and says when they ended.
fn play_on(scene: &mut Scene, steps: &[Step], mut time: i64) -> i64 {
    for Step { pen, minutes, what, n } in steps.iter().cloned() {
        time += minutes * 60;
        let patrol = u64::from(n % 3);
        match what {
            0..=3 => scene.start(pen, time, patrol, (n > 1).then(due)),
            4..=9 => scene.scan(pen, time, patrol, n),
            10..=12 => scene.end(pen, time, patrol, u64::from(n % 3) + 1),
            13..=15 => scene.sync(pen, time),
            16 => scene.pens[pen].reboot(time),
            17 => drop(scene.write(pen, time, 0, Body::Park { reason: 1 })),
            18 => drop(scene.write(pen, time, 0, Body::Resume)),
            19 => {
                let (dev, (seq, head)) = (scene.pens[A].dev, scene.pens[A].head());
                scene.write(pen, time, patrol, Body::Seen { dev, seq, head, via: 1 });
                let due = Some(due());
                scene.write(pen, time, patrol, Body::Join { dev, patrol: 1, head, due });
            }
            20 => scene.excuse(pen, u32::from(n) + 10),
            21 => {
                let claimed = time + i64::from(n) * 3_600 - 7_200;
                let anchor = Body::Anchor { source: 3, time: claimed, eps: 600, subject: None };
                scene.write(pen, time, 0, anchor);
            }
            22 => scene.adopt(time, n + 2, plan(n, Walk::AnyOrder)),
            27..=28 => {
                // Some say that it was certified long before.
                let from = time - i64::from(n) * 7_200;
                let body = on_board(scene.pens[3].key.public_key(), from);
                scene.write(if n == 5 { A } else { O }, time, 0, body);
            }
            29 if n == 0 => scene.certify(3, time, Roles::CREW, time, None),
            24..=26 => {
                let points = [1, 2, 3, 4];
                let whole = if n == 0 { &points[1..] } else { &points[..] };
                let patrol = time as u64;
                scene.walk(pen, (time, time + 900), patrol, (n != 2).then(due), whole);
                time += 900;
            }
            _ => match n {
                0 => scene.lost(pen, time),
                1 => scene.revoke(pen, time, u64::from(n) * 4),
                _ => scene.sync_all(time),
            },
        }
    }
    time
}

fn thrown(scene: &Scene) -> Vec<Assessment> {
    [at(1, 0), at(2, 30), at(3, 10), at(6, 0), at(80, 0)].map(|now| scene.assess(now)).into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(steps in steps(), turn in 0_usize..5) {
        let scene = play(&BASE, &steps);
        let mut other = scene.clone();
        other.receipts.reverse();
        other.excuses.reverse();
        let mut chains = other.chains();
        let turn = turn % chains.len();
        chains.rotate_left(turn);
        for now in [at(2, 30), at(6, 0)] {
            prop_assert_eq!(scene.assess(now), other.assess_chains(&chains, now));
        }
    }

    #[test]
    fn missed_is_never_assumed(steps in steps()) {
        let scene = play(&BASE, &steps);
        for assessment in thrown(&scene) {
            for assessed in &assessment.dues {
                let due = &assessed.demand.due;
                let deadline = Moment::from_unix(due.deadline());
                if assessed.verdict == Verdict::Missed {
                    let until = assessment.watermark.until;
                    prop_assert!(until.is_none_or(|until| until >= deadline));
                    prop_assert!(assessed.patrols.is_empty() && assessed.held_back_by.is_empty());
                    prop_assert!(assessment.as_of >= due.deadline());
                }
                let irregular = assessed
                    .findings
                    .iter()
                    .any(|finding| finding.severity == Severity::Irregular);
                if assessed.verdict == Verdict::Done {
                    prop_assert!(!irregular && !assessed.patrols.is_empty());
                    let visited = |point| assessed.visited.iter().any(|visit| visit.checkpoint == point);
                    prop_assert!(due.points.iter().all(|point| visited(*point)));
                }
                if assessed.verdict == Verdict::AwaitingSync {
                    prop_assert!(!assessed.held_back_by.is_empty(), "{}", assessed.why);
                }
            }
        }
    }

    #[test]
    fn nothing_changes_before_the_next_change(steps in steps()) {
        let scene = play(&BASE, &steps);
        for before in thrown(&scene) {
            let Some(next) = before.next_change else { continue };
            let verdicts = |assessment: &Assessment| -> Vec<(DueId, Verdict, usize)> {
                let due = |due: &super::Assessed| {
                    (due.demand.due.id, due.verdict, due.findings.len())
                };
                assessment.dues.iter().map(due).collect()
            };
            prop_assert_eq!(verdicts(&before), verdicts(&scene.assess(next - 1)));
        }
    }

    /// Records that come later may decide what was open. What a believed walk has proved stays,
    /// unless a later record puts the chain itself in doubt; and nobody is said to have missed what
    /// a late record shows.
    #[test]
    fn late_data_decides_what_was_open(steps in steps()) {
        // A start without a due id gives way to a later one that names it; here all name it.
        let named = |step: Step| Step { n: match step.what {
                0..=3 => step.n.max(2),
                24..=26 if step.n == 2 => 3,
                _ => step.n,
            }, ..step };
        let steps: Vec<Step> = steps.into_iter().filter(|step| !(16..24).contains(&step.what)).map(named).collect();
        let all = play(&BASE, &steps);
        let now = at(24, 0);
        for pen in 0..all.pens.len() {
            // The same history, of which one device has brought only the beginning.
            let mut part = all.clone();
            let cut = part.pens[pen].segments.len().div_ceil(2);
            let key = part.pens[pen].key.clone();
            let mut chain = Chain::new(part.pens[pen].dev);
            for segment in &part.pens[pen].segments[..cut] {
                chain.insert(segment.verify(&key.public_key()).unwrap());
            }
            part.pens[pen].chain = chain;
            let [before, after] = [part.assess(now), all.assess(now)];
            for (before, after) in before.dues.iter().zip(&after.dues) {
                prop_assert_eq!(before.demand.due.id, after.demand.due.id);
                if before.verdict == Verdict::Done {
                    prop_assert_eq!(after.verdict, Verdict::Done);
                }
                // The end of the walk that was open may come, never a watermark that goes back.
                if before.verdict == Verdict::Missed {
                    prop_assert_ne!(after.verdict, Verdict::AwaitingSync);
                }
            }
        }
    }
}

/// The histories above are worth something only if they reach what they speak of.
#[test]
fn random_histories_reach_every_verdict() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<Verdict, u32> = BTreeMap::new();
    for _ in 0..150 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for assessment in thrown(&play(&BASE, &steps)) {
            for due in &assessment.dues {
                *seen.entry(due.verdict).or_default() += 1;
            }
        }
    }
    assert_eq!(seen.len(), Verdict::ALL.len(), "{seen:?}");
}

#[test]
fn a_patrol_answers_the_window_in_which_it_lies() {
    // Two windows of the same route that touch: 02:00 to 03:00 and 03:00 to 04:00, ten minutes of
    // grace.
    let mut scene = Scene::new();
    let mut twice = plan(4, Walk::Ordered);
    twice
        .schedules
        .values_mut()
        .for_each(|schedule| schedule.timing = Timing::Times(vec![120, 180]));
    scene.adopt(at(0, 30), 2, twice);
    scene.sync(O, at(0, 31));
    scene.walk(A, (at(2, 5), at(2, 30)), 1, None, &[1, 2, 3, 4]);
    scene.walk(A, (at(3, 5), at(3, 30)), 2, None, &[1, 2, 3, 4]);
    scene.sync(A, at(5, 0));
    let assessment = scene.assess(at(6, 0));
    let seen: Vec<(Verdict, u64)> = assessment
        .dues
        .iter()
        .map(|due| (due.verdict, due.patrols.first().unwrap().patrol))
        .collect();
    assert_eq!(seen, [(Verdict::Done, 1), (Verdict::Done, 2)]);
    let second = due_id(VESSEL, SCHEDULE, 0, at(3, 0));
    assert_eq!(assessment.patrols[1].answers, Some(second));
}

#[test]
fn a_patrol_of_the_evening_before_does_not_answer_the_first_of_the_day() {
    let mut scene = Scene::new();
    let mut late = plan(4, Walk::Ordered);
    late.schedules.values_mut().for_each(|schedule| {
        (schedule.timing, schedule.grace_minutes) = (Timing::Times(vec![0, 1_410]), 60);
    });
    scene.adopt(at(-20, 0), 2, late);
    scene.sync(O, at(-19, 0));
    let yesterday = due_id(VESSEL, SCHEDULE, 0, at(-1, 30));
    scene.walk(A, (at(-1, 45), at(0, 20)), 1, Some(yesterday), &[1, 2, 3, 4]);
    scene.sync_all(at(5, 0));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(assessment.dues[0].verdict, Verdict::Missed);
    assert_eq!(assessment.patrols[0].answers, Some(yesterday));
}

#[test]
fn all_is_shown() {
    let mut scene = Scene::new();
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 2, 9, 3]);
    scene.write(A, at(2, 40), 0, Body::Alive);
    let none = Body::PatrolStart {
        route: None,
        due: None,
        supersedes: None,
        plan_heads: vec![Hash([1; 32])],
    };
    scene.write(B, at(12, 0), 1, none);
    scene.write(B, at(12, 1), 1, Body::ScanFailed { evidence_type: 1, reason: 1 });
    let sun = Evidence::Sun { uid: [1; 7], counter: 1, mac: [2; 8], nonce_bound: false };
    scene.write(B, at(12, 2), 1, Body::Scan(sun));
    scene.scan(B, at(12, 3), 1, 2);
    scene.end(B, at(12, 5), 1, 1);
    let new = scene.add(at(1, 0));
    scene.sync_all(at(13, 0));
    let assessment = scene.assess(at(14, 0));
    let by_dev = |pen: usize| {
        let dev = scene.pens[pen].dev;
        assessment.patrols.iter().find(move |patrol| patrol.name.dev == dev).unwrap()
    };
    let (planned, unplanned) = (by_dev(A), by_dev(B));
    assert_eq!(planned.answers, Some(due()));
    assert_eq!((planned.visited.len(), planned.unknown.len()), (3, 1));
    assert!(planned.visited.iter().all(|visit| visit.required));
    assert_eq!(planned.started_said, Some(at(2, 5) as u64));
    assert_eq!((unplanned.answers, unplanned.route), (None, None));
    assert_eq!((unplanned.visited.len(), unplanned.unknown.len()), (1, 1));
    assert_eq!(unplanned.failed_scans, 1);
    assert_eq!(unplanned.visited[0].checkpoint, point(2));
    let states: BTreeMap<_, _> =
        assessment.devices.iter().map(|state| (state.dev, state.state)).collect();
    assert_eq!(states.len(), 4);
    assert_eq!(states[&scene.pens[new].dev], Use::Uncertified);
    assert_eq!(states[&scene.pens[A].dev], Use::Active);
    let json = serde_json::to_value(&assessment).unwrap();
    assert_eq!(json["dues"][0]["verdict"], "irregular");
    assert_eq!(json["dues"][0]["findings"][0]["code"], "missed_checkpoint");
    assert_eq!(json["dues"][0]["findings"][0]["detail"]["kind"], "missed_checkpoint");
    assert_eq!(json["detector_version"], 3);
}

#[test]
fn a_lying_phone_costs_only_its_own_patrols() {
    let mut scene = Scene::new();
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 2, 3, 4]);
    let anchor = Body::Anchor { source: 3, time: at(-300, 0), eps: 10, subject: None };
    scene.write(B, at(2, 31), 0, anchor);
    let (dev, (seq, head)) = (scene.pens[B].dev, scene.pens[B].head());
    scene.write(A, at(2, 35), 0, Body::Seen { dev, seq, head, via: 1 });
    scene.sync_all(at(4, 0));
    let assessment = scene.assess(at(5, 0));
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
    let lying: Vec<_> =
        assessment.devices.iter().filter(|state| state.clock_contradiction).collect();
    assert_eq!(lying.len(), 1);
    assert_eq!(lying[0].dev, scene.pens[B].dev);
}

#[test]
fn two_phones_at_odds_are_both_left_out_and_a_third_stays() {
    let mut scene = Scene::new();
    let third = scene.add(at(-20, 0));
    scene.certify(third, at(-20, 0), Roles::CREW, at(-24, 0), None);
    scene.sync(third, at(-19, 0));
    // A says 02:05 by GNSS, B says 01:00 by GNSS of a later record.
    let anchor = |time| Body::Anchor { source: 3, time, eps: 10, subject: None };
    scene.pens[A].reboot(at(0, 30));
    scene.pens[B].reboot(at(0, 30));
    scene.write(A, at(2, 5), 0, anchor(at(2, 5)));
    let (dev, (seq, head)) = (scene.pens[A].dev, scene.pens[A].head());
    scene.write(B, at(2, 6), 0, Body::Seen { dev, seq, head, via: 1 });
    scene.write(B, at(2, 6), 0, anchor(at(1, 0)));
    scene.pens[A].flush();
    scene.pens[B].flush();
    scene.walk(third, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 2, 3, 4]);
    scene.sync(third, at(4, 0));
    let assessment = scene.assess(at(5, 0));
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
    let lying = assessment.devices.iter().filter(|state| state.clock_contradiction);
    let lying: Vec<_> = lying.map(|state| state.dev).collect();
    let mut expected = [scene.pens[A].dev, scene.pens[B].dev];
    expected.sort_unstable();
    assert_eq!(lying, expected);
}

/// Values at the ends of every number: nothing overflows, nothing panics.
#[test]
fn hostile_numbers() {
    let mut scene = Scene::new();
    for time in [i64::MIN, -1, i64::MAX] {
        for eps in [0, u64::MAX] {
            scene.write(A, at(1, 0), 0, Body::Anchor { source: 3, time, eps, subject: None });
        }
        let heads = vec![Hash([1; 32])];
        scene.write(O, at(1, 0), 0, Body::PlanAdopt { heads, effective_from: time });
    }
    scene.write(
        A,
        at(1, 0),
        0,
        Body::Seen { dev: scene.pens[B].dev, seq: u64::MAX, head: Hash::ZERO, via: 2 },
    );
    scene.write(A, at(1, 0), u64::MAX, Body::PatrolEnd { how: u64::MAX, reason: u64::MAX });
    scene.start(A, at(2, 0), u64::MAX, Some(due()));
    scene.certify(B, at(1, 0), Roles::CREW, i64::MIN, Some(i64::MAX));
    scene.lost(B, at(1, 1));
    scene.sync_all(at(4, 0));
    for as_of in [i64::MIN, 0, i64::MAX] {
        assert_eq!(scene.assess(as_of).dues.len(), 1);
    }
}

/// A month of six patrols a day with 30 points each on two phones: 180 patrols, 6,000 records.
#[test]
fn one_month() {
    const DAYS: i64 = 30;
    let mut scene = Scene::new();
    let mut busy = plan(30, Walk::Ordered);
    busy.schedules.values_mut().for_each(|schedule| {
        schedule.timing = Timing::Times((0..6).map(|slot| slot * 240).collect());
    });
    scene.adopt(at(-20, 0), 2, busy);
    scene.sync_all(at(-19, 0));
    let points: Vec<u8> = (1..=30).collect();
    let mut patrol = 0;
    for day in 0..DAYS {
        for slot in 0..6_i64 {
            let opens = at(day * 24 + slot * 4, 0);
            let named = due_id(VESSEL, SCHEDULE, slot as u32, opens);
            patrol += 1;
            let pen = if slot % 2 == 0 { A } else { B };
            scene.walk(pen, (opens + 300, opens + 2_400), patrol, Some(named), &points);
        }
        scene.sync_all(at(day * 24 + 23, 0));
    }
    scene.until = DAY + DAYS * 86_400;
    let assessment = scene.assess(at(DAYS * 24 + 12, 0));
    assert_eq!(assessment.dues.len(), 180);
    let done = assessment.dues.iter().filter(|due| due.verdict == Verdict::Done).count();
    assert_eq!(done, 180, "{:?}", assessment.dues.iter().find(|due| due.verdict != Verdict::Done));
    assert_eq!(assessment.patrols.len(), 180);
}
