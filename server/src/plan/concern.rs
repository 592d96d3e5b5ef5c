//! What does not make sense in a Plan, or cannot be walked. Nothing here forbids an edit: it is said.

use std::collections::BTreeSet;

use deckwatch_core::{
    model::{CheckpointId, Level},
    plan::{CheckKind, PlanContent, PlanProblem, Route, Schedule, SecurityLevel, Timing},
};

use super::{
    difference::{minutes, route_name, short_tag},
    words::{longest_gap, span_words},
};
use crate::page::{plan::Concern, words::listed};

/// Everything to look at in a version.
pub fn concerns(plan: &PlanContent) -> Vec<Concern> {
    let entry = |problem: &PlanProblem| Concern {
        about: format!("Entry {}", problem.key),
        what: problem.problem.to_owned(),
        entry: Some(problem.key.clone()),
    };
    let mut found: Vec<Concern> = plan.problems.iter().map(entry).collect();
    let mut say = |about: String, what: String| found.push(Concern { about, what, entry: None });
    for (id, tag) in &plan.tags {
        if !plan.checkpoints.contains_key(&tag.checkpoint) {
            let what = "hangs at a checkpoint that is not in the plan, so its scans count nowhere";
            say(format!("Tag {}", short_tag(*id)), what.to_owned());
        }
    }
    let nfc = plan.nfc.iter().map(|(uid, tag)| (format!("NFC tag {uid}"), tag));
    let displays =
        plan.displays.iter().map(|(id, tag)| (format!("Display {}", short_tag(*id)), tag));
    for (about, tag) in nfc.chain(displays) {
        if !plan.checkpoints.contains_key(&tag.checkpoint) {
            let what = "hangs at a checkpoint that is not in the plan, so its scans count nowhere";
            say(about, what.to_owned());
        }
    }
    let walked: BTreeSet<CheckpointId> =
        plan.routes.values().flat_map(|route| route.points.iter().copied()).collect();
    let aside = plan.checkpoints.iter().filter(|(id, _)| !walked.contains(id));
    let aside: Vec<String> = aside.map(|(_, place)| place.name.clone()).collect();
    match aside.as_slice() {
        [] => {}
        [one] => {
            let what = "is on no route, so no patrol asks for it";
            say(format!("Checkpoint {one}"), what.to_owned());
        }
        several => {
            let what = format!("on no route, so no patrol asks for them: {}", listed(several));
            say(format!("{} checkpoints", several.len()), what);
        }
    }
    for (id, place) in &plan.checkpoints {
        let about = || format!("Checkpoint {}", place.name);
        let best = best_level(plan, *id);
        if best == Level::L0 {
            say(about(), "has no tag, so nobody can scan it".to_owned());
        } else if let Some(least) = place.min_level.filter(|least| *least > best) {
            let what = format!("demands {least}, and nothing there reaches more than {best}");
            say(about(), what);
        }
        for (item, check) in &place.checks {
            let upside_down = matches!((check.min_milli, check.max_milli), (Some(least), Some(most)) if least > most);
            if check.kind == CheckKind::Number && upside_down {
                let about = format!("Check {item} at {}", place.name);
                say(about, "its least is above its most, so every number is remarkable".to_owned());
            }
        }
    }
    for route in plan.routes.values() {
        for what in of_route(plan, route) {
            say(format!("Route {}", route.name), what);
        }
    }
    for schedule in plan.schedules.values() {
        for what in of_schedule(plan, schedule) {
            say(format!("Schedule {}", schedule.name), what);
        }
    }
    found.extend(of_levels(plan));
    found
}

/// The highest level that a scan at a place can have.
fn best_level(plan: &PlanContent, id: CheckpointId) -> Level {
    let labels = plan.tags.values().filter(|tag| tag.checkpoint == id).map(|_| Level::L1);
    let displays = plan.displays.values().filter(|tag| tag.checkpoint == id).map(|_| Level::L3);
    let nfc = plan.nfc.values().filter(|tag| tag.checkpoint == id);
    // A tag that signs may be bound to the phone's chain, too.
    let nfc = nfc.map(|tag| if tag.key_version.is_some() { Level::L5 } else { Level::L2 });
    labels.chain(displays).chain(nfc).max().unwrap_or_default()
}

/// What `after` has to look at and `before` has not.
pub fn new_concerns(before: &PlanContent, after: &PlanContent) -> Vec<Concern> {
    let known = concerns(before);
    concerns(after).into_iter().filter(|concern| !known.contains(concern)).collect()
}

fn of_route(plan: &PlanContent, route: &Route) -> Vec<String> {
    let mut found = Vec::new();
    if route.points.is_empty() {
        found.push("has no points, so its schedules demand nothing".to_owned());
    }
    for point in route.points.iter().filter(|point| !plan.checkpoints.contains_key(point)) {
        found.push(format!("names checkpoint {point}, which is not in the plan"));
    }
    found
}

fn of_schedule(plan: &PlanContent, schedule: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    let window = schedule.window_minutes;
    let route = plan.routes.get(&schedule.route);
    if route.is_none() {
        let name = route_name(plan, schedule.route);
        found.push(format!("names {name}, which is not in the plan, so it demands nothing"));
    }
    if schedule.timing.is_empty() {
        found.push("has no times, so it demands nothing".to_owned());
    }
    found.extend(of_openings(plan, schedule));
    if window == 0 {
        found.push("its window is 0 minutes long, so nothing can be walked in it".to_owned());
    }
    if schedule.start_within_minutes > window {
        let what = format!(
            "asks for a start within {}, after its window of {} has closed",
            minutes(schedule.start_within_minutes),
            minutes(window)
        );
        found.push(what);
    }
    // Two that are moved by chance may come closer to each other.
    let moved = schedule.draw.map_or(0, |draw| draw.spread_minutes);
    let gap = schedule.timing.shortest_gap(&plan.circumstances);
    if let Some(gap) = gap.map(|gap| gap.saturating_sub(moved)) {
        if window > gap {
            let what = format!(
                "its window of {} is longer than the shortest time between openings, {}: one walk lies in two windows",
                minutes(window),
                minutes(gap)
            );
            found.push(what);
        } else if window + 2 * schedule.grace_minutes > gap {
            let what = format!(
                "windows of {} with {} grace on either side touch: openings are {} apart",
                minutes(window),
                minutes(schedule.grace_minutes),
                minutes(gap)
            );
            found.push(what);
        }
    }
    if let Some(most) = route.and_then(|route| route.max_minutes).filter(|most| *most > window) {
        let what = format!(
            "its window of {} is shorter than the {} that its route may take",
            minutes(window),
            minutes(most)
        );
        found.push(what);
    }
    found
}

/// What is impossible in when a schedule opens windows, or could be foreseen.
fn of_openings(plan: &PlanContent, schedule: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    let longest = longest_gap(&schedule.timing, &plan.circumstances);
    if let Timing::Watches(after) = &schedule.timing {
        let shortest = Timing::Watches(vec![0]).shortest_gap(&plan.circumstances).unwrap_or(0);
        if after.iter().any(|after| *after >= shortest) {
            let what = format!(
                "opens a window after the shortest watch of {} is over",
                span_words(shortest)
            );
            found.push(what);
        }
    }
    match schedule.draw {
        None => {}
        Some(draw) => {
            if plan.draws.is_empty() {
                let what = "is to be drawn, and the plan has no secret to draw from, so anybody can foresee it: make one with \
                            deckwatch plan draw";
                found.push(what.to_owned());
            }
            if let Some(most) = draw.most_apart_minutes.filter(|most| *most < longest) {
                let what = format!(
                    "may be at most {} apart, and its nominal openings are {} apart, so it is not moved there and the limit is not kept",
                    span_words(most),
                    span_words(longest)
                );
                found.push(what);
            } else if draw.spread_minutes > 0 && draw.room(Some(longest)) == 0 {
                let what = "its limit leaves no room to move an opening, so anybody can foresee it";
                found.push(what.to_owned());
            }
            if schedule.timing.most_a_day(&plan.circumstances) == 0 {
                return found;
            }
            if draw.spread_minutes >= longest {
                let what = format!(
                    "an opening may be moved by {}, past the next one, which is {} later",
                    span_words(draw.spread_minutes),
                    span_words(longest)
                );
                found.push(what);
            }
        }
    }
    found
}

/// Told of a plan of which every opening can be foreseen: whoever means harm needs only a watch and a few nights. It is no fault of the plan.
pub fn predictable(plan: &PlanContent) -> Option<Concern> {
    let all = plan.schedules.values().filter(|schedule| !schedule.timing.is_empty());
    let fixed: Vec<String> =
        all.clone().filter(|one| one.draw.is_none()).map(|one| one.name.clone()).collect();
    let none_drawn = !fixed.is_empty() && fixed.len() == all.count();
    none_drawn.then(|| Concern {
        about: "Openings".to_owned(),
        what: format!(
            "nothing is drawn, so whoever watches for some days knows when nobody comes: {}",
            listed(&fixed)
        ),
        entry: None,
    })
}

/// A level for which nothing more is asked than below it.
fn of_levels(plan: &PlanContent) -> Option<Concern> {
    let narrowed = plan.schedules.values().any(|schedule| !schedule.when.levels.is_empty());
    let uncovered: Vec<String> = SecurityLevel::ALL
        .into_iter()
        .filter(|level| {
            let asks = |schedule: &Schedule| {
                let levels = &schedule.when.levels;
                levels.is_empty() || levels.contains(level)
            };
            narrowed && !plan.schedules.values().any(asks)
        })
        .map(|level| level.number().to_string())
        .collect();
    (!uncovered.is_empty()).then(|| Concern {
        about: "Security levels".to_owned(),
        what: format!("no schedule asks for a patrol at level {}", listed(&uncovered)),
        entry: None,
    })
}
