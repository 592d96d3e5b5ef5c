//! Routes and schedules.

use std::collections::BTreeSet;

use deckwatch_core::{
    model::{CheckpointId, RouteId, ScheduleId},
    plan::{
        Days, Draw, PlanContent, Route, Schedule, Timing, Walk, When, check::milli_of,
        draw::MOST_SPREAD, timing::LONGEST_EVERY,
    },
};

use super::{Answers, Fields, Look, Question, Sheet, removal::removal};
use crate::plan::{
    difference::walk_words,
    words::{read_levels, read_states, read_timing, typed_timing},
};

/// The field of a point's position begins so; the checkpoint's id follows.
pub(super) const POINT: &str = "point.";
const DAY_MINUTES: u32 = 24 * 60;

pub(super) fn route_sheet(id: Option<&str>, plan: &PlanContent) -> Option<Sheet> {
    let route = match id {
        Some(id) => Some(plan.routes.get(&RouteId::from_hex(id).ok()?)?),
        None => None,
    };
    let walks = Walk::ALL.map(|walk| (walk.word().to_owned(), walk_words(walk).to_owned()));
    // Points in their order first, then the other places by name.
    let on_route = route.map_or(&[][..], |route| route.points.as_slice());
    let known = on_route.iter().filter(|point| plan.checkpoints.contains_key(point));
    let mut others: Vec<(&str, CheckpointId)> = plan
        .checkpoints
        .iter()
        .filter(|(id, _)| !on_route.contains(id))
        .map(|(id, place)| (place.name.as_str(), *id))
        .collect();
    others.sort_unstable();
    let position = |id: CheckpointId| {
        let place = plan.checkpoints.get(&id);
        let label = place.map_or_else(|| plan.checkpoint_name(id), |place| place.name.clone());
        let deck = place.map_or("", |place| place.deck.as_str());
        Question::new(&format!("{POINT}{id}"), &label, Look::Line).hint(deck).optional()
    };
    Some(Sheet {
        title: route.map_or("Add a route".to_owned(), |route| format!("Edit route {}", route.name)),
        about: String::new(),
        questions: vec![
            Question::new("name", "Name", Look::Line).hint("As the crew calls it."),
            Question::new("walk", "Walked", Look::Choice(walks.to_vec())),
            Question::new("max_minutes", "Longest round, minutes", Look::Number)
                .hint("A longer one is an overrun. Empty is no limit.")
                .optional(),
        ],
        positions: known.copied().chain(others.iter().map(|(_, id)| *id)).map(position).collect(),
        removal: route.zip(id).map(|(route, id)| {
            (removal("route", id, None), format!("Remove route {}", route.name))
        }),
    })
}

pub(super) fn fill_route(fields: &mut Fields, plan: &PlanContent) {
    let id = fields.get("id").and_then(|id| RouteId::from_hex(id).ok());
    let Some(route) = id.and_then(|id| plan.routes.get(&id)) else { return };
    let most = route.max_minutes.map_or(String::new(), |minutes| minutes.to_string());
    let filled = [
        ("name", route.name.clone()),
        ("walk", route.walk.word().to_owned()),
        ("max_minutes", most),
    ];
    fields.extend(filled.map(|(name, value)| (name.to_owned(), value)));
    let positions = (1..).zip(&route.points);
    fields
        .extend(positions.map(|(at, point): (u32, _)| (format!("{POINT}{point}"), at.to_string())));
}

pub(super) fn answer_route(
    answers: &mut Answers<'_>,
    plan: &mut PlanContent,
    newest: &PlanContent,
) {
    let id = answers.known("id");
    let name = answers.needed_line("name");
    let walk = answers.read("walk", "Not one of the choices.", Walk::from_word);
    let max_minutes = answers.number("max_minutes", 1..=DAY_MINUTES);
    let points = points(answers, newest);
    let Ok(id) = RouteId::from_hex(id) else {
        return answers.whole("The form does not say which route it is about. Open it again.");
    };
    if plan.routes.contains_key(&id) && !newest.routes.contains_key(&id) {
        return answers.gone(format!("Route {name} was removed meanwhile"));
    }
    if newest.routes.iter().any(|(other, route)| *other != id && route.name == name) {
        answers.mistake("name", "Another route has this name. Choose one that differs.");
    }
    let walk = walk.unwrap_or(Walk::Ordered);
    plan.routes.insert(id, Route { name, walk, points, max_minutes });
}

/// The points by their positions. Decimals put one between two others.
fn points(answers: &mut Answers<'_>, newest: &PlanContent) -> Vec<CheckpointId> {
    let mut placed: Vec<(i64, CheckpointId)> = Vec::new();
    for field in answers.names(POINT) {
        let text = answers.known(field);
        if text.is_empty() {
            continue;
        }
        let Ok(id) = CheckpointId::from_hex(field.trim_start_matches(POINT)) else {
            answers.whole("The form names a checkpoint that cannot be. Open it again.");
            continue;
        };
        if !newest.checkpoints.contains_key(&id) {
            answers.whole("The form has a checkpoint that was removed meanwhile. Open it again.");
            continue;
        }
        match milli_of(text).filter(|at| *at > 0) {
            Some(at) if placed.iter().any(|(taken, _)| *taken == at) => {
                answers.mistake(field, "Another point has this position.");
            }
            Some(at) => placed.push((at, id)),
            None => answers.mistake(field, "Not a position. Write 1, 2, 3 or 2.5."),
        }
    }
    placed.sort_unstable();
    placed.into_iter().map(|(_, id)| id).collect()
}

pub(super) fn schedule_sheet(id: Option<&str>, plan: &PlanContent) -> Option<Sheet> {
    let schedule = match id {
        Some(id) => Some(plan.schedules.get(&ScheduleId::from_hex(id).ok()?)?),
        None => None,
    };
    let routes = plan.routes.iter().map(|(id, route)| (id.to_string(), route.name.clone()));
    let none = plan.routes.is_empty();
    Some(Sheet {
        title: schedule
            .map_or("Add a schedule".to_owned(), |one| format!("Edit schedule {}", one.name)),
        about: if none { "There is no route yet. Add one first." } else { "" }.to_owned(),
        questions: vec![
            Question::new("name", "Name", Look::Line).hint("As the crew calls it."),
            Question::new("route", "Route", Look::Choice(routes.collect())),
            Question::new("times", "Openings", Look::Line).hint(
                "Ship time, as 02:00 08:00 14:00 20:00. Or every 300 from 2026-12-01 00:00: minutes of elapsed time, from a \
                 moment in UTC. Or watch 0 120: minutes after the beginning of each watch.",
            ),
            Question::new("days", "Days", Look::Line)
                .hint("Empty is every day. Or mon wed fri; month 1 15 last; every 3 from 2026-12-01.")
                .optional(),
            Question::new("levels", "Security levels", Look::Line)
                .hint("Empty is all. Or 2 3.")
                .optional(),
            Question::new("states", "States of the vessel", Look::Line)
                .hint("Empty is all. Or some of at_sea port anchor high_risk.")
                .optional(),
            Question::new("spread_minutes", "Openings moved by chance, minutes at most", Look::Number)
                .hint("Nobody can foresee them, and everybody can check them afterwards. Empty is not at all.")
                .optional(),
            Question::new("most_apart_minutes", "Never further apart than, minutes", Look::Number)
                .hint("Chance gives way to it. Empty is no limit.")
                .optional(),
            Question::new(
                "shuffled",
                "Order of the points",
                Look::Choice(vec![
                    (String::new(), "As the route says".to_owned()),
                    ("1".to_owned(), "Drawn for each patrol".to_owned()),
                ]),
            )
            .optional(),
            Question::new("window_minutes", "Window, minutes", Look::Number)
                .hint("The patrol must end so long after the opening."),
            Question::new("start_within_minutes", "Start within, minutes", Look::Number)
                .hint("A later start is irregular."),
            Question::new("grace_minutes", "Grace, minutes", Look::Number)
                .hint("Tolerated on either side of the window."),
        ],
        positions: Vec::new(),
        removal: schedule.zip(id).map(|(schedule, id)| {
            (removal("schedule", id, None), format!("Remove schedule {}", schedule.name))
        }),
    })
}

pub(super) fn fill_schedule(fields: &mut Fields, plan: &PlanContent) {
    let id = fields.get("id").and_then(|id| ScheduleId::from_hex(id).ok());
    let Some(schedule) = id.and_then(|id| plan.schedules.get(&id)) else { return };
    let filled = [
        ("name", schedule.name.clone()),
        ("route", schedule.route.to_string()),
        ("times", typed_timing(&schedule.timing)),
        ("days", schedule.when.days.word()),
        ("levels", words_of(&schedule.when.levels, |level| level.number().to_string())),
        ("states", words_of(&schedule.when.states, |state| state.word().to_owned())),
        ("spread_minutes", number_of(schedule.draw.map(|draw| draw.spread_minutes))),
        ("most_apart_minutes", number_of(schedule.draw.and_then(|draw| draw.most_apart_minutes))),
        ("shuffled", number_of(schedule.draw.filter(|draw| draw.shuffled).map(|_| 1))),
        ("window_minutes", schedule.window_minutes.to_string()),
        ("start_within_minutes", schedule.start_within_minutes.to_string()),
        ("grace_minutes", schedule.grace_minutes.to_string()),
    ];
    fields.extend(filled.map(|(name, value)| (name.to_owned(), value)));
}

pub(super) fn answer_schedule(
    answers: &mut Answers<'_>,
    plan: &mut PlanContent,
    newest: &PlanContent,
) {
    let id = answers.known("id");
    let name = answers.needed_line("name");
    let route = answers.read("route", "Not one of the routes.", |text| {
        RouteId::from_hex(text).ok().filter(|id| newest.routes.contains_key(id))
    });
    let timing = read_timing(answers.known("times"));
    let timing = timing.unwrap_or_else(|wrong| {
        answers.mistake("times", wrong);
        Timing::default()
    });
    let schedule = Schedule {
        name: name.clone(),
        route: route.unwrap_or(RouteId([0; 8])),
        timing,
        when: when_of(answers),
        draw: draw_of(answers),
        window_minutes: answers.needed_number("window_minutes", 1..=DAY_MINUTES),
        start_within_minutes: answers.needed_number("start_within_minutes", 1..=DAY_MINUTES),
        grace_minutes: answers.needed_number("grace_minutes", 0..=DAY_MINUTES),
    };
    let Ok(id) = ScheduleId::from_hex(id) else {
        return answers.whole("The form does not say which schedule it is about. Open it again.");
    };
    if plan.schedules.contains_key(&id) && !newest.schedules.contains_key(&id) {
        return answers.gone(format!("Schedule {name} was removed meanwhile"));
    }
    if newest.schedules.iter().any(|(other, one)| *other != id && one.name == name) {
        answers.mistake("name", "Another schedule has this name. Choose one that differs.");
    }
    plan.schedules.insert(id, schedule);
}

/// Nothing where it is empty.
fn number_of(number: Option<u32>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

fn words_of<T>(all: &BTreeSet<T>, word: impl Fn(&T) -> String) -> String {
    all.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn when_of(answers: &mut Answers<'_>) -> When {
    let days = answers.read(
        "days",
        "Not days. Write them as mon wed fri, month 1 15 last, or every 3 from 2026-12-01.",
        |text| Days::from_word(&text.to_lowercase()),
    );
    let levels = answers.read("levels", "Not levels. Write some of 1 2 3.", read_levels);
    let states = "Not states. Write some of at_sea port anchor high_risk.";
    let states = answers.read("states", states, read_states);
    When {
        days: days.unwrap_or_default(),
        levels: levels.unwrap_or_default(),
        states: states.unwrap_or_default(),
    }
}

fn draw_of(answers: &mut Answers<'_>) -> Option<Draw> {
    let spread = answers.number("spread_minutes", 0..=MOST_SPREAD);
    let most_apart_minutes = answers.number("most_apart_minutes", 1..=LONGEST_EVERY);
    let shuffled = answers.read("shuffled", "Not one of the choices.", |text| match text {
        "" => Some(false),
        "1" => Some(true),
        _ => None,
    });
    let shuffled = shuffled.unwrap_or_default();
    if most_apart_minutes.is_some() && spread.is_none() && !shuffled {
        answers
            .mistake("most_apart_minutes", "Nothing is drawn that it could limit. Leave it empty.");
    }
    let drawn = spread.is_some() || shuffled;
    drawn.then(|| Draw { spread_minutes: spread.unwrap_or(0), most_apart_minutes, shuffled })
}
