//! The forms: what they ask, and the draft that their answers make.

use deckwatch_core::{
    model::CheckpointId,
    page::{Draft, DraftError, On, Writing, keys::MAX_TEXT},
};

use super::{Act, Desk};
use crate::page::form::{Fields, Look, Question, Sheet};
use crate::page::words::grouped;
use crate::plan::form::{Answers, Mistakes};

/// What came of a flag: value, words.
const OUTCOMES: [(&str, &str); 3] = [
    ("1", "explained: there is an innocent explanation"),
    ("2", "corrected: it was put right"),
    ("3", "confirmed: it is as it looks"),
];
const DECISIONS: [(&str, &str); 2] = [("1", "accept it"), ("2", "do not accept it")];
const STATES: [(&str, &str); 2] = [("2", "closed: it was mended"), ("1", "open")];

/// The form for something that the desk allows.
pub fn sheet(act: Act, desk: &Desk) -> Sheet {
    let whole = desk.whole();
    let text = |label: &str| Question::new("text", label, Look::Area).hint(&limit());
    let (title, about, questions) = match act {
        Act::Remark => {
            let on = Question::new("on", "About", Look::Choice(places(desk)));
            ("Write a remark", String::new(), vec![on, text("Remark")])
        }
        Act::Answer => ("Answer", String::new(), vec![text("Answer")]),
        Act::Countersign => {
            let about = format!("Says that the shore has read this {whole}’s page as it is now.");
            ("Countersign", about, vec![text("What was read, and what comes of it")])
        }
        Act::Settle => {
            let outcome = Question::new("outcome", "What came of it", chosen(&OUTCOMES));
            ("Settle a flag", String::new(), vec![outcome, text("Why")])
        }
        Act::Accept => {
            let about = "A reason on the whole patrol that is accepted, by everybody who decided on it, excuses it. \
                         What is written of it later is not accepted with it.";
            let decision = Question::new("accepted", "Decision", chosen(&DECISIONS));
            ("Decide on a reason", about.to_owned(), vec![decision])
        }
        Act::Defect => {
            let state = Question::new("state", "The defect is", chosen(&STATES));
            ("Close a defect, or open it again", String::new(), vec![state])
        }
        Act::Correct => {
            let about = "What stood there stays readable below it.".to_owned();
            ("Correct what the shore wrote", about, vec![text("Text")])
        }
        Act::TakeBack => {
            let about = "It does not count any more, and stays readable as taken back.".to_owned();
            ("Take back what the shore wrote", about, Vec::new())
        }
        Act::Close => {
            let about = format!(
                "Phones write no more on a closed page, and what reaches it late is shown as such. The verdict of the \
                 {whole} is not touched. A closed page can be opened again, and both stay on record."
            );
            ("Close this page", about, Vec::new())
        }
        Act::Reopen => {
            let about = "Phones write on it again. That it was closed stays on record.".to_owned();
            ("Open this page again", about, Vec::new())
        }
    };
    Sheet { title: title.to_owned(), about, questions, positions: Vec::new(), removal: None }
}

fn limit() -> String {
    format!("At most {} characters.", grouped(u32::try_from(MAX_TEXT).unwrap_or(u32::MAX)))
}

/// Nothing is chosen before somebody chooses.
fn chosen(choices: &[(&str, &str)]) -> Look {
    let none = (String::new(), "Choose".to_owned());
    let choices = choices.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned()));
    Look::Choice(std::iter::once(none).chain(choices).collect())
}

fn places(desk: &Desk) -> Vec<(String, String)> {
    let whole = (On::Patrol.words(), format!("the whole {}", desk.whole()));
    let places = desk.places.iter().map(|(id, name)| (On::Point(*id).words(), name.clone()));
    std::iter::once(whole).chain(places).collect()
}

/// What stands there before anybody fills it in.
pub fn filled(act: Act, fields: &mut Fields, desk: &Desk) {
    if act == Act::Correct {
        let text = desk.writing(fields).and_then(|it| it.text("text")).unwrap_or_default();
        let text = text.to_owned();
        fields.insert("text".to_owned(), text);
    }
}

/// The words of the button that sends it.
pub fn send_words(act: Act) -> &'static str {
    match act {
        Act::Remark | Act::Answer | Act::Countersign | Act::Correct | Act::Defect => "Write it",
        Act::Settle | Act::Accept => "Show what this writes",
        Act::TakeBack => "Take it back",
        Act::Close => "Close this page",
        Act::Reopen => "Open it again",
    }
}

/// The draft that the answers make.
pub fn draft(act: Act, fields: &Fields, desk: &Desk) -> Result<Draft, Mistakes> {
    let mut answers = Answers::new(fields);
    let draft = match act {
        Act::Remark => {
            let on = answers.read("on", "Choose one of the list.", |text| on_of(text, desk));
            on.map(|on| Draft::Remark { on, text: text(&mut answers) })
        }
        Act::Answer => {
            about(&mut answers, desk).map(|on| Draft::Review { on, text: text(&mut answers) })
        }
        Act::Countersign => Some(Draft::Countersign { text: text(&mut answers) }),
        Act::Settle => {
            answers.known("flag");
            let outcome = choice(&mut answers, "outcome", &OUTCOMES);
            let text = text(&mut answers);
            let flag = desk.flag(fields).map(|flag| flag.id);
            flag.zip(outcome).map(|(flag, outcome)| Draft::Disposition { flag, outcome, text })
        }
        Act::Accept => {
            answers.known("id");
            let accepted = choice(&mut answers, "accepted", &DECISIONS).map(|it| it == 1);
            let reason = desk.writing(fields).map(|it| it.id.clone());
            reason.zip(accepted).map(|(reason, accepted)| Draft::Accept { reason, accepted })
        }
        Act::Defect => {
            answers.known("id");
            let open = choice(&mut answers, "state", &STATES).map(|it| it == 1);
            let defect = desk.writing(fields).map(|it| it.id.clone());
            defect.zip(open).map(|(defect, open)| Draft::DefectState { defect, open })
        }
        Act::Correct => {
            answers.known("id");
            let text = text(&mut answers);
            desk.writing(fields).map(|it| Draft::Correct { kind: it.kind, id: it.id.clone(), text })
        }
        Act::TakeBack => {
            answers.known("id");
            desk.writing(fields).map(|it| Draft::TakeBack { kind: it.kind, id: it.id.clone() })
        }
        Act::Close => Some(Draft::Close),
        Act::Reopen => Some(Draft::Reopen),
    };
    let draft = answers.finished(draft)?;
    draft.ok_or_else(|| Mistakes::whole("What this is about is not on the page."))
}

/// A text as a person may write it, told by what the draft of a remark says to it.
fn text(answers: &mut Answers<'_>) -> String {
    let text = answers.known("text").to_owned();
    let draft = Draft::Remark { on: On::Patrol, text: text.clone() };
    match draft.entries([0; 8]) {
        Err(DraftError::Empty) => answers.mistake("text", "Nothing was written. Type a text."),
        Err(DraftError::TooLong(long)) => {
            let long = grouped(u32::try_from(long).unwrap_or(u32::MAX));
            let what =
                format!("Has {long} characters. {} Write the rest as a second one.", limit());
            answers.mistake("text", what);
        }
        Err(DraftError::NoSuch(_)) | Ok(_) => {}
        Err(other) => answers.mistake("text", other.to_string()),
    }
    text
}

fn choice(answers: &mut Answers<'_>, name: &str, of: &[(&str, &str)]) -> Option<u8> {
    answers.read(name, "Choose one of the list.", |text| {
        of.iter().find(|(value, _)| *value == text).and_then(|(value, _)| value.parse().ok())
    })
}

fn on_of(text: &str, desk: &Desk) -> Option<On> {
    let on = On::from_words(text)?;
    let known = |point: &CheckpointId| desk.places.iter().any(|(id, _)| id == point);
    match &on {
        On::Patrol => Some(on),
        On::Point(point) if known(point) => Some(on),
        _ => None,
    }
}

/// What an answer is to.
fn about(answers: &mut Answers<'_>, desk: &Desk) -> Option<On> {
    let (flag, id) = (answers.known("flag"), answers.known("id"));
    if !flag.is_empty() {
        let flag = desk.flags.iter().find(|it| it.id.to_string() == flag)?;
        return Some(On::Flag(flag.id));
    }
    let of = |it: &&Writing| it.id == id;
    desk.content.writings.iter().find(of).map(|it| On::Writing(it.id.clone()))
}

/// What a draft would put on record: what, and how it reads.
pub fn told(draft: &Draft) -> Vec<(&'static str, String)> {
    let of = |choices: &[(&str, &str)], value: u8| {
        let found = choices.iter().find(|(it, _)| it.parse() == Ok(value));
        found.map_or_else(String::new, |(_, words)| (*words).to_owned())
    };
    match draft {
        Draft::Disposition { outcome, text, .. } => {
            vec![("What came of it", of(&OUTCOMES, *outcome)), ("Why", text.clone())]
        }
        Draft::Accept { accepted, .. } => {
            vec![("Decision", of(&DECISIONS, if *accepted { 1 } else { 2 }))]
        }
        _ => Vec::new(),
    }
}
