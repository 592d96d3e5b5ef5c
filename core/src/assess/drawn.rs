//! Patrols whose openings and orders were drawn, and patrols that hang on a level.

use super::{
    Verdict::{Done, Irregular, Missed},
    scene::*,
};
use crate::{
    plan::{
        Circumstances, Draw, DrawSecret, DuePatrol, PlanContent, SecurityLevel, SecurityOrder,
        Walk, due_patrols,
    },
    time::Day,
};

fn drawn() -> PlanContent {
    let mut plan = plan(4, Walk::Ordered);
    for schedule in plan.schedules.values_mut() {
        schedule.draw =
            Some(Draw { spread_minutes: 300, most_apart_minutes: None, shuffled: true });
    }
    plan.draws = [(Day(0), DrawSecret([3; 32]))].into();
    plan
}

/// The first drawn patrol that opens hours after its nominal opening and is not walked as the route says.
fn demanded() -> (Scene, DuePatrol) {
    let mut scene = Scene::new();
    scene.until = at(24 * 30, 0);
    scene.adopt(at(0, 30), 2, drawn());
    scene.sync(O, at(0, 31));
    let dues = due_patrols(VESSEL, &drawn(), at(1, 0), at(24 * 30, 0));
    let due = dues
        .into_iter()
        .find(|due| due.opens > due.nominal + 2 * 3_600 && due.points != [1, 2, 3, 4].map(point));
    (scene, due.unwrap())
}

fn numbers(due: &DuePatrol) -> Vec<u8> {
    due.points.iter().map(|point| point.0[0]).collect()
}

#[test]
fn who_walks_what_was_drawn_when_it_was_drawn_is_done() {
    let (mut scene, due) = demanded();
    let (from, to) = (due.opens + 300, due.opens + 1_800);
    scene.walk(A, (from, to), 1, Some(due.id), &numbers(&due));
    scene.sync_all(due.closes + 7_200);
    let assessment = scene.assess(due.closes + 8_000);
    let judged = assessment.dues.iter().find(|it| it.demand.due.id == due.id).unwrap();
    assert_eq!(judged.verdict, Done, "{}", judged.why);
}

#[test]
fn who_walks_at_the_usual_time_or_in_the_usual_order_is_not() {
    let (scene, due) = demanded();
    let verdict = |from: i64, order: &[u8]| {
        let mut scene = scene.clone();
        scene.walk(A, (from, from + 1_500), 1, Some(due.id), order);
        scene.sync_all(due.closes + 7_200);
        let assessment = scene.assess(due.closes + 8_000);
        let judged = assessment.dues.iter().find(|it| it.demand.due.id == due.id).unwrap();
        (judged.verdict, judged.findings.iter().map(|it| it.code).collect::<Vec<_>>())
    };
    assert_eq!(verdict(due.nominal + 300, &numbers(&due)).0, Missed, "hours before it opened");
    let (usual, codes) = verdict(due.opens + 300, &[1, 2, 3, 4]);
    assert_eq!(usual, Irregular);
    assert!(codes.contains(&"out_of_order"), "{codes:?}");
}

#[test]
fn an_order_that_nobody_acts_on_is_demanded_after_twelve_hours() {
    let mut scene = Scene::new();
    scene.until = at(48, 0);
    let mut plan = plan(4, Walk::Ordered);
    for schedule in plan.schedules.values_mut() {
        schedule.when.levels = [SecurityLevel::L2].into();
    }
    let order =
        SecurityOrder { level: SecurityLevel::L2, acknowledged: Some(at(1, 0)), in_force: None };
    plan.circumstances = Circumstances::new([], [(at(1, 0), order)], []);
    scene.adopt(at(1, 10), 2, plan);
    scene.sync_all(at(1, 20));
    scene.sync_all(at(60, 0));
    scene.sync_all(at(61, 0));
    let assessment = scene.assess(at(62, 0));
    let after = |hour: i64| {
        let mut dues = assessment.dues.iter();
        dues.find(|due| due.demand.due.nominal == at(hour, 0)).map(|due| due.verdict)
    };
    assert_eq!(after(2), None, "an hour after the order the level is not in force");
    assert_eq!(after(26), Some(Missed), "a day after it is");
}
