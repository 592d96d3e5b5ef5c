//! What schedules hang on: watches, security orders, and what the vessel does.

use deckwatch_core::{
    plan::{
        Circumstances, PlanContent, SecurityLevel, SecurityOrder, VesselState,
        circumstance::MOST_WATCHES, minute_of,
    },
    time::Day,
};

use super::{Answers, Fields, Look, Question, Sheet};
use crate::plan::words::{state_words, times_words};

/// A sheet without places or a removal.
fn sheet(title: &str, about: &str, questions: Vec<Question>) -> Sheet {
    Sheet {
        title: title.to_owned(),
        about: about.to_owned(),
        questions,
        positions: Vec::new(),
        removal: None,
    }
}

pub(super) fn watches_sheet() -> Sheet {
    let watches = Question::new("watches", "Watches begin at, ship time", Look::Line);
    let watches =
        watches.hint("As 00:00 04:00 08:00 12:00 16:00 20:00, which is what empty means.");
    sheet(
        "Edit the watches",
        "Schedules may open windows with the watches.",
        vec![watches.optional()],
    )
}

pub(super) fn fill_watches(fields: &mut Fields, plan: &PlanContent) {
    let own: Vec<u32> = plan.circumstances.own_watches().collect();
    fields.insert("watches".to_owned(), times_words(&own));
}

pub(super) fn answer_watches(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    let what =
        format!("Not the beginnings of at most {MOST_WATCHES} watches. Write them as 00:00 04:00.");
    let read = |text: &str| {
        let words = text.split([' ', ',', ';', '\t']).filter(|word| !word.is_empty());
        let minutes: Option<Vec<u32>> = words.map(minute_of).collect();
        minutes.filter(|minutes| minutes.len() <= MOST_WATCHES)
    };
    let Some(minutes) = answers.read("watches", &what, read) else { return };
    let Circumstances { orders, states, .. } = plan.circumstances.clone();
    plan.circumstances = Circumstances::new(minutes, orders, states);
}

pub(super) fn order_sheet(received: Option<&str>, plan: &PlanContent) -> Option<Sheet> {
    let levels = SecurityLevel::ALL
        .map(|level| (level.number().to_string(), format!("Security level {}", level.number())));
    let time = |name: &str, what: &str, needed: bool| {
        let day = Question::new(&format!("{name}_day"), &format!("{what}, day (UTC)"), Look::Day);
        let clock =
            Question::new(&format!("{name}_clock"), &format!("{what}, time (UTC)"), Look::Clock);
        if needed { [day, clock] } else { [day.optional(), clock.optional()] }
    };
    if let Some(received) = received {
        plan.circumstances.orders.get(&received.parse().ok()?)?;
    }
    let mut questions = vec![Question::new("level", "Ordered", Look::Choice(levels.to_vec()))];
    if received.is_none() {
        questions.extend(time("received", "Received", true));
    }
    questions.extend(time("acknowledged", "Acknowledged", false));
    questions.extend(time("in_force", "Measures in force", false));
    let title = if received.is_some() { "Edit a security order" } else { "Add a security order" };
    Some(sheet(
        title,
        "A higher level is demanded from the moment that its measures are in force, and 12 hours after the order at the latest \
         (33 CFR 104.240). A lower one counts once its measures are in force.",
        questions,
    ))
}

pub(super) fn fill_order(fields: &mut Fields, plan: &PlanContent) {
    let received = fields.get("id").and_then(|id| id.parse::<i64>().ok());
    let order = received.and_then(|at| plan.circumstances.orders.get(&at));
    let Some(order) = order.copied() else { return };
    fields.insert("level".to_owned(), order.level.number().to_string());
    for (name, time) in [("acknowledged", order.acknowledged), ("in_force", order.in_force)] {
        let Some(time) = time else { continue };
        let minute = u32::try_from(time.rem_euclid(86_400) / 60).unwrap_or(0);
        let day = Day(i32::try_from(time.div_euclid(86_400)).unwrap_or(i32::MAX));
        fields.insert(format!("{name}_day"), day.to_string());
        fields.insert(format!("{name}_clock"), times_words(&[minute]));
    }
}

pub(super) fn answer_order(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    let level = answers.read("level", "Not one of the choices.", |text| {
        SecurityLevel::try_from(text.parse::<u8>().ok()?).ok()
    });
    let known = answers.known("id");
    let received = match known {
        "" => time(answers, "received", true),
        known => known.parse().ok(),
    };
    let (acknowledged, in_force) =
        (time(answers, "acknowledged", false), time(answers, "in_force", false));
    let (Some(level), Some(received)) = (level, received) else { return };
    for (name, time) in [("acknowledged", acknowledged), ("in_force", in_force)] {
        if time.is_some_and(|time| time < received) {
            answers.mistake(&format!("{name}_day"), "Before the order was received.");
        }
    }
    if !known.is_empty() && !plan.circumstances.orders.contains_key(&received) {
        return answers.gone("The order is not in the plan any more");
    }
    if known.is_empty() && plan.circumstances.orders.contains_key(&received) {
        answers.mistake(
            "received_day",
            "An order of this minute is in the plan already. Edit that one.",
        );
    }
    let order = SecurityOrder { level, acknowledged, in_force };
    plan.circumstances.orders.insert(received, order);
}

pub(super) fn state_sheet() -> Sheet {
    let states = VesselState::ALL.map(|it| (it.word().to_owned(), state_words(it).to_owned()));
    sheet(
        "Say what the vessel does",
        "From a moment on, until the next one. Before the first one every schedule counts, whatever state it is for.",
        vec![
            Question::new("state", "The vessel is", Look::Choice(states.to_vec())),
            Question::new("from_day", "From, day (UTC)", Look::Day).hint("As 2026-11-24."),
            Question::new("from_clock", "From, time (UTC)", Look::Clock).hint("As 12:00."),
        ],
    )
}

pub(super) fn answer_state(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    let state = answers.read("state", "Not one of the choices.", VesselState::from_word);
    let (Some(state), Some(from)) = (state, time(answers, "from", true)) else { return };
    plan.circumstances.states.insert(from, state);
}

/// A day and a time, UTC, as Unix seconds; both or none where they may be empty.
fn time(answers: &mut Answers<'_>, name: &str, needed: bool) -> Option<i64> {
    let (day, clock) = (format!("{name}_day"), format!("{name}_clock"));
    let empty = answers.known(&day).is_empty() && answers.known(&clock).is_empty();
    if empty && !needed {
        return None;
    }
    let day = answers.read(&day, "Not a day. Write it as 2026-11-24.", Day::from_iso);
    let minute = answers.read(&clock, "Not a time. Write it as 12:00.", minute_of);
    Some(i64::from(day?.0) * 86_400 + i64::from(minute?) * 60)
}
