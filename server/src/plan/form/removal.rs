//! Taking something out of the plan. What is in use stays, and is told by what.

use deckwatch_core::{
    model::{CheckpointId, CrewNo, RouteId, ScheduleId},
    plan::PlanContent,
    time::ShipTime,
};

use super::{Answers, Fields};
use crate::page::words::listed;

/// The fields of a removal.
pub fn removal(thing: &str, id: &str, item: Option<&str>) -> Fields {
    let fields = [("thing", thing), ("id", id)].into_iter().chain(item.map(|item| ("item", item)));
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(super) fn answer(answers: &mut Answers<'_>, plan: &mut PlanContent, newest: &PlanContent) {
    let thing = answers.known("thing");
    let (id, item) = (answers.known("id"), answers.known("item"));
    let done = match thing {
        "checkpoint" => {
            CheckpointId::from_hex(id).is_ok_and(|id| checkpoint(answers, plan, newest, id))
        }
        "check" => CheckpointId::from_hex(id).is_ok_and(|id| {
            let place = plan.checkpoints.get_mut(&id);
            place.is_some_and(|place| place.checks.remove(item).is_some())
        }),
        "route" => RouteId::from_hex(id).is_ok_and(|id| route(answers, plan, newest, id)),
        "schedule" => ScheduleId::from_hex(id).is_ok_and(|id| plan.schedules.remove(&id).is_some()),
        "crew" => id.parse().is_ok_and(|number| plan.roster.remove(&CrewNo(number))),
        "ship_time" => id.parse().is_ok_and(|from: i64| {
            let known = plan.ship_time.changes().any(|(at, _)| at == from);
            let others = plan.ship_time.changes().filter(|(at, _)| *at != from);
            plan.ship_time = ShipTime::new(others);
            known
        }),
        "security" => {
            id.parse().is_ok_and(|at: i64| plan.circumstances.orders.remove(&at).is_some())
        }
        "state" => id.parse().is_ok_and(|at: i64| plan.circumstances.states.remove(&at).is_some()),
        "entry" => {
            let before = plan.problems.len();
            plan.problems.retain(|problem| problem.key != id);
            plan.problems.len() < before
        }
        _ => false,
    };
    if !done {
        answers.gone("What was to be removed is not in the plan any more");
    }
}

/// A checkpoint goes with its tags and its checks.
fn checkpoint(
    answers: &mut Answers<'_>,
    plan: &mut PlanContent,
    newest: &PlanContent,
    id: CheckpointId,
) -> bool {
    let routes = newest.routes.values().filter(|route| route.points.contains(&id));
    let users: Vec<String> = routes.map(|route| format!("route {}", route.name)).collect();
    if !users.is_empty() {
        let name = newest.checkpoint_name(id);
        answers.whole(in_use("Checkpoint", &name, &users));
    }
    for tags in [&plan.tags, &newest.tags].map(|tags| {
        let hanging = tags.iter().filter(|(_, tag)| tag.checkpoint == id);
        hanging.map(|(tag, _)| *tag).collect::<Vec<_>>()
    }) {
        for tag in tags {
            plan.tags.remove(&tag);
        }
    }
    // What hung there in either version: somebody may have added it meanwhile.
    let (nfc, displays) = (newest.nfc.clone(), newest.displays.clone());
    plan.nfc.retain(|uid, tag| {
        tag.checkpoint != id && nfc.get(uid).is_none_or(|tag| tag.checkpoint != id)
    });
    plan.displays.retain(|tag, at| {
        at.checkpoint != id && displays.get(tag).is_none_or(|at| at.checkpoint != id)
    });
    plan.checkpoints.remove(&id).is_some()
}

fn route(
    answers: &mut Answers<'_>,
    plan: &mut PlanContent,
    newest: &PlanContent,
    id: RouteId,
) -> bool {
    let schedules = newest.schedules.values().filter(|schedule| schedule.route == id);
    let users: Vec<String> = schedules.map(|one| format!("schedule {}", one.name)).collect();
    let removed = plan.routes.remove(&id);
    if let (Some(route), false) = (&removed, users.is_empty()) {
        answers.whole(in_use("Route", &route.name, &users));
    }
    removed.is_some()
}

fn in_use(thing: &str, name: &str, users: &[String]) -> String {
    format!("{thing} {name} is used by {}, so it was not removed", listed(users))
}
