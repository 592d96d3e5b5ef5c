//! The vessel's own facts: contact limit, ship time, roster.

use std::collections::BTreeSet;

use deckwatch_core::{
    model::CrewNo,
    plan::{PlanContent, minute_of},
    time::{Day, ShipTime},
};

use super::{Answers, Fields, Look, Question, Sheet};

/// A year.
const MOST_HOURS: u32 = 8_784;
/// Numbers on a roster at most.
const MOST_NUMBERS: usize = 500;
/// The widest offset in use is 14 h.
const MOST_OFFSET: i32 = 14 * 60;

pub(super) fn contact_sheet() -> Sheet {
    let hours = Question::new("contact_limit_hours", "Contact limit, hours", Look::Number);
    let hours = hours.hint("Empty is 336 h, two weeks.").optional();
    Sheet {
        title: "Edit the contact limit".to_owned(),
        about: "A phone that is silent for longer no longer hides a window: its patrols become \
                unverifiable instead of awaiting sync."
            .to_owned(),
        questions: vec![hours],
        positions: Vec::new(),
        removal: None,
    }
}

pub(super) fn fill_contact(fields: &mut Fields, plan: &PlanContent) {
    let hours = plan.contact_limit_hours.map_or(String::new(), |hours| hours.to_string());
    fields.insert("contact_limit_hours".to_owned(), hours);
}

pub(super) fn answer_contact(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    plan.contact_limit_hours = answers.number("contact_limit_hours", 1..=MOST_HOURS);
}

pub(super) fn ship_time_sheet() -> Sheet {
    Sheet {
        title: "Change ship time".to_owned(),
        about: "The offset that the master ordered, from a moment on. Changes before it stay in the history."
            .to_owned(),
        questions: vec![
            Question::new("day", "From, day (UTC)", Look::Day).hint("As 2026-11-24."),
            Question::new("clock", "From, time (UTC)", Look::Clock).hint("As 12:00."),
            Question::new("offset", "Ship time minus UTC", Look::Line)
                .hint("As +02:00 or -03:30; at most 14 hours."),
        ],
        positions: Vec::new(),
        removal: None,
    }
}

pub(super) fn answer_ship_time(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    let day = answers.read("day", "Not a day. Write it as 2026-11-24.", Day::from_iso);
    let minute = answers.read("clock", "Not a time. Write it as 12:00.", minute_of);
    let offset = answers.read("offset", "Not an offset. Write it as +02:00 or -03:30.", offset_of);
    let (Some(day), Some(minute), Some(offset)) = (day, minute, offset) else { return };
    let from = i64::from(day.0) * 86_400 + i64::from(minute) * 60;
    plan.ship_time = ShipTime::new(plan.ship_time.changes().chain([(from, offset)]));
}

/// Reads "+02:00" as minutes. People also write a real minus sign, and no sign.
fn offset_of(text: &str) -> Option<i32> {
    let ahead = text.strip_prefix('+').map(|rest| (1, rest));
    let behind = text.strip_prefix(['-', '−']).map(|rest| (-1, rest));
    let (sign, rest) = ahead.or(behind).unwrap_or((1, text));
    let minutes = i32::try_from(minute_of(rest)?).ok()?;
    (minutes <= MOST_OFFSET).then_some(sign * minutes)
}

pub(super) fn roster_sheet() -> Sheet {
    let numbers = Question::new("numbers", "Roster numbers", Look::Area);
    let numbers = numbers.hint("Numbers with spaces between them. Names never stand in the plan.");
    Sheet {
        title: "Edit the roster".to_owned(),
        about: "The roster numbers that may log in on board.".to_owned(),
        questions: vec![numbers.optional()],
        positions: Vec::new(),
        removal: None,
    }
}

pub(super) fn fill_roster(fields: &mut Fields, plan: &PlanContent) {
    let numbers: Vec<String> = plan.roster.iter().map(|number| number.0.to_string()).collect();
    fields.insert("numbers".to_owned(), numbers.join(" "));
}

pub(super) fn answer_roster(answers: &mut Answers<'_>, plan: &mut PlanContent) {
    let mut roster = BTreeSet::new();
    let text = answers.known("numbers");
    for word in text.split([' ', ',', ';', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        let plain = word.bytes().all(|byte| byte.is_ascii_digit());
        let number = word.parse().ok().map(CrewNo).filter(|number| *number != CrewNo::NOBODY);
        match number.filter(|_| plain) {
            Some(number) => {
                roster.insert(number);
            }
            None => {
                let word: String = word.chars().take(20).collect();
                answers.mistake("numbers", format!("“{word}” is not a roster number above 0."));
            }
        }
    }
    if roster.len() > MOST_NUMBERS {
        answers.mistake("numbers", format!("More than {MOST_NUMBERS} numbers."));
    }
    plan.roster = roster;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_as_people_write_them() {
        for (text, minutes) in
            [("+02:00", 120), ("-03:30", -210), ("−03:30", -210), ("00:00", 0), ("+14:00", 840)]
        {
            assert_eq!(offset_of(text), Some(minutes), "{text}");
        }
        for wrong in ["", "+", "2", "+14:01", "+-02:00", "++02:00", "-24:00", "+02:60"] {
            assert_eq!(offset_of(wrong), None, "{wrong}");
        }
    }
}
