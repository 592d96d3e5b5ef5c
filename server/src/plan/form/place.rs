//! Checkpoints and their checklists.

use deckwatch_core::{
    model::{CheckpointId, Level, TagId},
    plan::{
        Check, CheckKind, Checkpoint, PlanContent, TagRegistration,
        check::{MAX_ITEM, decimal_of, is_item, milli_of},
    },
};

use super::{Answers, Fields, Look, Question, Sheet, removal::removal};
use crate::plan::difference::{kind_words, level_words};

/// Places at most: a route's form asks for the position of each, and forms have at most 1,000 fields.
const MOST_PLACES: usize = 900;
/// Items of one checklist at most.
const MOST_CHECKS: usize = 50;

pub(super) fn sheet(id: Option<&str>, plan: &PlanContent) -> Option<Sheet> {
    let place = match id {
        Some(id) => Some(plan.checkpoints.get(&CheckpointId::from_hex(id).ok()?)?),
        None => None,
    };
    let new =
        "A tag is made for it: print its label with `deckwatch labels`. Then put it on a route.";
    Some(Sheet {
        title: place.map_or("Add a checkpoint".to_owned(), |place| {
            format!("Edit checkpoint {}", place.name)
        }),
        about: if place.is_none() { new.to_owned() } else { String::new() },
        questions: vec![
            Question::new("name", "Name", Look::Line).hint("As the crew calls it."),
            Question::new("deck", "Deck or zone", Look::Line).optional(),
            Question::new("min_level", "Least evidence", Look::Choice(level_choices()))
                .hint("A weaker scan counts as a visit, and makes the patrol irregular."),
        ],
        positions: Vec::new(),
        removal: place.zip(id).map(|(place, id)| {
            (removal("checkpoint", id, None), format!("Remove checkpoint {}", place.name))
        }),
    })
}

fn level_choices() -> Vec<(String, String)> {
    let words = |level: Level| match level {
        Level::L0 => "any".to_owned(),
        level => level_words(level),
    };
    Level::ALL.map(|level| (level.number().to_string(), words(level))).to_vec()
}

fn level_of(text: &str) -> Option<Level> {
    Level::try_from(text.parse::<u8>().ok()?).ok()
}

pub(super) fn fill(fields: &mut Fields, plan: &PlanContent) {
    let Some(place) = named(fields, plan) else { return };
    let (name, deck) = (place.name.clone(), place.deck.clone());
    let level = place.min_level.unwrap_or_default().number();
    fields.insert("min_level".to_owned(), level.to_string());
    fields.insert("name".to_owned(), name);
    fields.insert("deck".to_owned(), deck);
}

fn named<'p>(fields: &Fields, plan: &'p PlanContent) -> Option<&'p Checkpoint> {
    plan.checkpoints.get(&CheckpointId::from_hex(fields.get("id")?).ok()?)
}

pub(super) fn answer(answers: &mut Answers<'_>, plan: &mut PlanContent, newest: &PlanContent) {
    let (id, tag) = (answers.known("id"), answers.known("tag"));
    let (name, deck) = (answers.needed_line("name"), answers.line("deck"));
    // A form without the question leaves what is there.
    let level = match answers.known("min_level") {
        "" => None,
        _ => answers.read("min_level", "Not one of the choices.", level_of),
    };
    let Ok(id) = CheckpointId::from_hex(id) else {
        return answers.whole("The form does not say which checkpoint it is about. Open it again.");
    };
    if let Some(place) = plan.checkpoints.get_mut(&id) {
        if !newest.checkpoints.contains_key(&id) {
            let gone = format!("Checkpoint {} was removed meanwhile", place.name);
            return answers.gone(gone);
        }
        (place.name, place.deck) = (name.clone(), deck);
    } else {
        let Ok(tag) = TagId::from_hex(tag) else {
            return answers.whole("The form has no tag for the new checkpoint. Open it again.");
        };
        plan.checkpoints
            .insert(id, Checkpoint { name: name.clone(), deck, ..Checkpoint::default() });
        plan.tags.insert(tag, TagRegistration { checkpoint: id, revision: 1 });
        if newest.checkpoints.len() >= MOST_PLACES {
            answers.whole(format!("A plan has at most {MOST_PLACES} checkpoints."));
        }
    }
    if let (Some(level), Some(place)) = (level, plan.checkpoints.get_mut(&id)) {
        place.min_level = Some(level).filter(|level| *level != Level::L0);
    }
    let taken = |(other, place): (&CheckpointId, &Checkpoint)| *other != id && place.name == name;
    if newest.checkpoints.iter().any(taken) {
        answers.mistake("name", "Another checkpoint has this name. Choose one that differs.");
    }
}

pub(super) fn check_sheet(id: &str, item: Option<&str>, plan: &PlanContent) -> Option<Sheet> {
    let place = plan.checkpoints.get(&CheckpointId::from_hex(id).ok()?)?;
    let known = item.filter(|item| place.checks.contains_key(*item));
    let kinds = CheckKind::ALL.map(|kind| (kind.word().to_owned(), kind_words(kind).to_owned()));
    let mut questions = vec![
        Question::new("ask", "Question", Look::Line).hint("As the crew reads it."),
        Question::new("kind", "Answer", Look::Choice(kinds.to_vec())),
        Question::new("unit", "Unit of a number", Look::Line).optional(),
        Question::new("min", "Least normal number", Look::Line)
            .hint("A decimal, as 60.5. A number below is remarkable.")
            .optional(),
        Question::new("max", "Most normal number", Look::Line)
            .hint("A number above is remarkable.")
            .optional(),
    ];
    if known.is_none() {
        let hint = format!(
            "1 to {MAX_ITEM} of a-z, 0-9 and _. It stays for ever; the question may change."
        );
        questions.insert(0, Question::new("item", "Short name", Look::Line).hint(&hint));
    }
    Some(Sheet {
        title: match known {
            Some(item) => format!("Edit check {item} at {}", place.name),
            None => format!("Add a check at {}", place.name),
        },
        about: "Asked when the checkpoint is scanned.".to_owned(),
        questions,
        positions: Vec::new(),
        removal: known
            .map(|item| (removal("check", id, Some(item)), format!("Remove check {item}"))),
    })
}

pub(super) fn fill_check(fields: &mut Fields, plan: &PlanContent) {
    let item = fields.get("item").cloned().unwrap_or_default();
    if item.is_empty() {
        fields.insert("new".to_owned(), "yes".to_owned());
    }
    let Some(check) = named(fields, plan).and_then(|place| place.checks.get(&item)) else { return };
    let limit = |milli: Option<i64>| milli.map_or(String::new(), decimal_of);
    let filled = [
        ("ask", check.ask.clone()),
        ("kind", check.kind.word().to_owned()),
        ("unit", check.unit.clone()),
        ("min", limit(check.min_milli)),
        ("max", limit(check.max_milli)),
    ];
    fields.extend(filled.map(|(name, value)| (name.to_owned(), value)));
}

pub(super) fn answer_check(
    answers: &mut Answers<'_>,
    plan: &mut PlanContent,
    newest: &PlanContent,
) {
    let (id, item) = (answers.known("id"), answers.known("item"));
    let kind = answers.read("kind", "Not one of the choices.", CheckKind::from_word);
    let wrong = "Not a number. Write it as 60.5, with at most three decimals.";
    let limit = |text: &str| if text.is_empty() { Some(None) } else { milli_of(text).map(Some) };
    let check = Check {
        ask: answers.needed_line("ask"),
        kind: kind.unwrap_or_default(),
        unit: answers.line("unit"),
        min_milli: answers.read("min", wrong, limit).flatten(),
        max_milli: answers.read("max", wrong, limit).flatten(),
    };
    if check.kind != CheckKind::Number {
        for (name, empty) in [
            ("unit", check.unit.is_empty()),
            ("min", check.min_milli.is_none()),
            ("max", check.max_milli.is_none()),
        ] {
            if !empty {
                answers
                    .mistake(name, "Only a number has this. Leave it empty, or ask for a number.");
            }
        }
    }
    if let (Some(least), Some(most)) = (check.min_milli, check.max_milli)
        && least > most
    {
        answers.mistake("min", "Above the most normal number. Exchange them.");
    }
    if !is_item(item) {
        answers.mistake("item", format!("Not a short name: 1 to {MAX_ITEM} of a-z, 0-9 and _."));
    }
    let id = CheckpointId::from_hex(id).ok();
    let there = id.is_some_and(|id| newest.checkpoints.contains_key(&id));
    let Some(place) = id.filter(|_| there).and_then(|id| plan.checkpoints.get_mut(&id)) else {
        return answers.gone("The checkpoint is not in the plan any more");
    };
    if answers.known("new") == "yes" && place.checks.contains_key(item) {
        answers
            .mistake("item", "This checkpoint has a check with this short name. Choose another.");
    }
    place.checks.insert(item.to_owned(), check);
    if place.checks.len() > MOST_CHECKS {
        answers.whole(format!("A checkpoint asks at most {MOST_CHECKS} questions."));
    }
}
