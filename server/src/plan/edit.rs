//! From a submitted form to a preview, and from a confirmed preview to a new version.

use deckwatch_core::{
    model::{Hash, VesselId},
    plan::{PlanContent, PlanDocument},
};

use super::{
    concern::new_concerns,
    difference::{Conflict, Difference, conflicts, differences},
    form::{self, Kind, Mistakes},
    outlook::{Outlook, outlook},
};
use crate::page::{
    form::Fields,
    plan::{Concern, heads_word},
};
use crate::shore::{PlanEdit, Shore, ShoreError};

/// Heads of one version at most: as many as edits beside each other that nobody joined.
const MOST_HEADS: usize = 64;

/// What the person wants to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// See what it would do.
    Preview,
    /// Do it, having seen it done to the version with these heads.
    Confirm(Vec<Hash>),
    /// Fill in the form once more.
    Again,
}

/// A form as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What it is about.
    pub kind: Kind,
    /// What is wanted.
    pub step: Step,
    /// The version it was made from.
    pub base: Vec<Hash>,
    /// Its fields.
    pub fields: Fields,
}

impl Submission {
    /// Takes the form's own fields out of `fields`; `None` if this is no form of the editor.
    pub fn read(mut fields: Fields) -> Option<Self> {
        let kind = Kind::from_word(&fields.remove("form")?)?;
        let base = heads_of(&fields.remove("base")?)?;
        let seen = fields.remove("seen");
        let step = match fields.remove("step")?.as_str() {
            "preview" => Step::Preview,
            "again" => Step::Again,
            "confirm" => Step::Confirm(heads_of(&seen?)?),
            _ => return None,
        };
        Some(Self { kind, step, base, fields })
    }

    /// What the form carries unseen.
    pub fn own_fields(&self) -> Fields {
        own_fields(self.kind, &self.base)
    }
}

/// What every form carries unseen.
pub fn own_fields(kind: Kind, base: &[Hash]) -> Fields {
    let fields = [("form", kind.word().to_owned()), ("base", heads_word(base))];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Reads heads from one word, sorted.
pub fn heads_of(word: &str) -> Option<Vec<Hash>> {
    let names = word.split(',').filter(|name| !name.is_empty());
    let mut heads = names.map(Hash::from_hex).collect::<Result<Vec<_>, _>>().ok()?;
    heads.sort_unstable();
    heads.dedup();
    (heads.len() <= MOST_HEADS).then_some(heads)
}

/// What an edit would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The heads of the version that it would be done to.
    pub seen: Vec<Hash>,
    /// That version.
    pub newest: PlanContent,
    /// What it would become.
    pub target: PlanContent,
    /// What would differ there.
    pub differences: Vec<Difference>,
    /// What somebody else changed as well since the form was opened.
    pub conflicts: Vec<Conflict>,
    /// What would not make sense any more.
    pub concerns: Vec<Concern>,
    /// What becomes of the due patrols of the next days.
    pub outlook: Outlook,
    /// Whether this was to be confirmed, but the plan was changed since it was seen.
    pub moved_on: bool,
}

/// What became of a form.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// To be filled in again.
    Unclear(Mistakes),
    /// To be confirmed.
    Preview(Box<Preview>),
    /// Nothing differs.
    Nothing,
    /// A new version was made.
    Saved(PlanEdit),
}

/// Works on a form. Names of new things are added to its fields.
pub fn submit(
    shore: &Shore,
    vessel: VesselId,
    submission: &mut Submission,
) -> Result<Outcome, ShoreError> {
    let names = (shore.draw(), shore.draw());
    form::name_what_is_new(submission.kind, &mut submission.fields, names);
    let document = shore.plan_document(vessel)?;
    let (newest, heads) = (document.content(), document.heads());
    let wish = match wish(submission, &document, &newest) {
        Ok(wish) => wish,
        Err(mistakes) => return Ok(Outcome::Unclear(mistakes)),
    };
    let (base, wish) = wish;
    let target = newest.with_edit(&base, &wish);
    if submission.step == Step::Again {
        return Ok(Outcome::Unclear(Mistakes::default()));
    }
    let differences = differences(&newest, &target);
    if differences.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let mut moved_on = false;
    if let Step::Confirm(seen) = &submission.step {
        if let Some(edit) = shore.edit_plan_at(vessel, seen, &target)? {
            return Ok(Outcome::Saved(edit));
        }
        moved_on = true;
    }
    Ok(Outcome::Preview(Box::new(Preview {
        seen: heads,
        conflicts: conflicts(&base, &newest, &wish),
        concerns: new_concerns(&newest, &target),
        outlook: outlook(vessel, shore.now(), &newest, &target),
        newest,
        target,
        differences,
        moved_on,
    })))
}

/// The version that the form was made from, and what the form makes of it.
fn wish(
    submission: &Submission,
    document: &PlanDocument,
    newest: &PlanContent,
) -> Result<(PlanContent, PlanContent), Mistakes> {
    let version = |heads: &[Hash]| {
        if heads.is_empty() {
            return Ok(PlanContent::default());
        }
        document.content_at(heads).map_err(|_| {
            Mistakes::whole("The version that this form names is not here. Open the form again.")
        })
    };
    let base = version(&submission.base)?;
    let older = match submission.fields.get("at").filter(|_| submission.kind == Kind::Restore) {
        Some(word) => {
            let heads = heads_of(word).filter(|heads| !heads.is_empty());
            let heads =
                heads.ok_or_else(|| Mistakes::whole("The form names no version. Go back."))?;
            Some(version(&heads)?)
        }
        None => None,
    };
    let wish = form::wish(submission.kind, &submission.fields, &base, newest, older.as_ref())?;
    Ok((base, wish))
}
