//! From a submitted form to a word on the Page.

use data_encoding::HEXLOWER;
use deckwatch_core::{model::Hash, page::Draft};

use super::{Act, Desk, desk::Refusal, form};
use crate::page::{form::Fields, plan::heads_word};
use crate::plan::{edit::heads_of, form::Mistakes};
use crate::shore::{PageWrite, Shore, ShoreError};

/// What the person wants to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// See it once more, where that is worth it.
    Send,
    /// Do it.
    Confirm,
    /// Fill in the form once more.
    Again,
}

/// A form as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What is done.
    pub act: Act,
    /// What is wanted.
    pub step: Step,
    /// Drawn when the form was opened: sent twice, it is written once.
    pub name: [u8; 8],
    /// The version of the Page that stood beside the form.
    pub seen: Vec<Hash>,
    /// Its fields.
    pub fields: Fields,
}

impl Submission {
    /// A form that is opened.
    pub fn open(act: Act, name: [u8; 8], desk: &Desk, fields: Fields) -> Self {
        Self { act, step: Step::Again, name, seen: desk.version.clone(), fields }
    }

    /// Takes the form's own fields out of `fields`; `None` if this is no form of a Page.
    pub fn read(mut fields: Fields) -> Option<Self> {
        let act = Act::from_word(&fields.remove("form")?)?;
        let name = HEXLOWER.decode(fields.remove("name")?.as_bytes()).ok()?.try_into().ok()?;
        let seen = heads_of(&fields.remove("seen")?)?;
        let step = match fields.remove("step")?.as_str() {
            "send" => Step::Send,
            "confirm" => Step::Confirm,
            "again" => Step::Again,
            _ => return None,
        };
        Some(Self { act, step, name, seen, fields })
    }

    /// What the form carries unseen.
    pub fn own_fields(&self) -> Fields {
        let mut fields: Fields = [
            ("form".to_owned(), self.act.word().to_owned()),
            ("name".to_owned(), HEXLOWER.encode(&self.name)),
            ("seen".to_owned(), heads_word(&self.seen)),
        ]
        .into();
        for name in ["id", "flag"] {
            let value = self.fields.get(name).cloned();
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        fields
    }
}

/// What became of a form.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// To be filled in again.
    Unclear(Mistakes),
    /// To be confirmed.
    Preview(Draft),
    /// The Page is not what was seen any more; to be looked at again. Nothing was written.
    MovedOn,
    /// There is no form for this.
    Refused(Refusal),
    /// It stands.
    Written,
}

/// Works on a form.
pub fn submit(shore: &Shore, desk: &Desk, submission: &Submission) -> Result<Outcome, ShoreError> {
    let Submission { act, step, name, seen, fields } = submission;
    let hex = HEXLOWER.encode(name);
    let again = desk
        .content
        .writings
        .iter()
        .any(|it| it.id == hex && it.authors().any(|by| by.dev == desk.shore));
    let closes_again =
        *act == Act::Close && desk.content.closed.is_some_and(|by| by.dev == desk.shore);
    if again || closes_again {
        return Ok(Outcome::Written);
    }
    match desk.allows(*act, fields) {
        Ok(()) => {}
        // What was typed is not lost.
        Err(refusal @ Refusal::Closed) if fields.contains_key("text") => {
            let what = format!("{refusal}. Keep your text; the page can be opened again.");
            return Ok(Outcome::Unclear(Mistakes::whole(what)));
        }
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    }
    if *step == Step::Again {
        return Ok(Outcome::Unclear(Mistakes::default()));
    }
    let draft = match form::draft(*act, fields, desk) {
        Ok(draft) => draft,
        Err(mistakes) => return Ok(Outcome::Unclear(mistakes)),
    };
    let seen = act.needs_sight().then_some(seen.as_slice());
    if seen.is_some_and(|seen| seen != desk.version) {
        return Ok(Outcome::MovedOn);
    }
    if act.is_previewed() && *step == Step::Send {
        return Ok(Outcome::Preview(draft));
    }
    match shore.write_page_as(desk.vessel, desk.subject, &draft, *name, seen) {
        Ok(PageWrite::Written(_) | PageWrite::Already) => Ok(Outcome::Written),
        Ok(PageWrite::MovedOn) => Ok(Outcome::MovedOn),
        Err(
            error @ (ShoreError::PageClosed | ShoreError::PageFull | ShoreError::NothingToWrite),
        ) => {
            let what = format!("Nothing was written: {error}. You can: {}.", error.hint());
            Ok(Outcome::Unclear(Mistakes::whole(what)))
        }
        Err(error) => Err(error),
    }
}
