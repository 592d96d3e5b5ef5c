//! The forms of the plan editor: what they ask, and what their answers make of a version.

mod answer;
mod circumstance;
mod place;
mod removal;
mod round;
mod vessel;

use data_encoding::HEXLOWER;
use deckwatch_core::plan::PlanContent;

pub use answer::{Answers, Mistakes};
pub use removal::removal;

use crate::page::form::{Fields, Look, Question, Sheet};

/// What a form is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The contact limit.
    Vessel,
    /// One change of the ship's offset.
    ShipTime,
    /// The roster numbers.
    Roster,
    /// The beginnings of the watches.
    Watches,
    /// An order to set a security level.
    SecurityOrder,
    /// What the vessel does from a moment on.
    State,
    /// A checkpoint.
    Checkpoint,
    /// An item of a checkpoint's checklist.
    Check,
    /// A route.
    Route,
    /// A schedule.
    Schedule,
    /// Taking something out of the plan.
    Remove,
    /// A new version like an older one.
    Restore,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Vessel,
        Self::ShipTime,
        Self::Roster,
        Self::Watches,
        Self::SecurityOrder,
        Self::State,
        Self::Checkpoint,
        Self::Check,
        Self::Route,
        Self::Schedule,
        Self::Remove,
        Self::Restore,
    ];

    /// As the form names itself.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vessel => "vessel",
            Self::ShipTime => "ship_time",
            Self::Roster => "roster",
            Self::Watches => "watches",
            Self::SecurityOrder => "security",
            Self::State => "state",
            Self::Checkpoint => "checkpoint",
            Self::Check => "check",
            Self::Route => "route",
            Self::Schedule => "schedule",
            Self::Remove => "remove",
            Self::Restore => "restore",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it has a page to fill in; the others are buttons.
    pub fn is_filled_in(self) -> bool {
        !matches!(self, Self::Remove | Self::Restore)
    }
}

/// The form of a kind for what `fields` names by `id` (and `item`), on a version; `None` if that is not there.
pub fn sheet(kind: Kind, fields: &Fields, plan: &PlanContent) -> Option<Sheet> {
    let named = |name: &str| fields.get(name).map(String::as_str).filter(|text| !text.is_empty());
    match kind {
        Kind::Vessel => Some(vessel::contact_sheet()),
        Kind::ShipTime => Some(vessel::ship_time_sheet()),
        Kind::Roster => Some(vessel::roster_sheet()),
        Kind::Watches => Some(circumstance::watches_sheet()),
        Kind::SecurityOrder => circumstance::order_sheet(named("id"), plan),
        Kind::State => Some(circumstance::state_sheet()),
        Kind::Checkpoint => place::sheet(named("id"), plan),
        Kind::Check => {
            let item = named("item").filter(|_| named("new").is_none());
            place::check_sheet(named("id")?, item, plan)
        }
        Kind::Route => round::route_sheet(named("id"), plan),
        Kind::Schedule => round::schedule_sheet(named("id"), plan),
        Kind::Remove | Kind::Restore => None,
    }
}

/// The same for a form that came back: what it adds is not in the plan yet.
pub fn sheet_again(kind: Kind, fields: &Fields, plan: &PlanContent) -> Option<Sheet> {
    let named = |kind| matches!(kind, Kind::Checkpoint | Kind::Route | Kind::Schedule);
    sheet(kind, fields, plan).or_else(|| {
        let new: Fields = fields.iter().filter(|(name, _)| *name != "id").map(owned).collect();
        sheet(kind, &new, plan).filter(|_| named(kind))
    })
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// What a form carries that it does not ask: names of what it is about.
pub fn unasked(sheet: &Sheet, fields: &Fields) -> Fields {
    let asked = |name: &str| {
        sheet.questions.iter().chain(&sheet.positions).any(|question| question.name == name)
    };
    // A point that is not on this sheet any more must not come back unseen.
    let unasked = |name: &str| !asked(name) && !name.starts_with(round::POINT);
    fields.iter().filter(|(name, _)| unasked(name)).map(owned).collect()
}

/// Fills in what a version says of the thing that `fields` names.
pub fn filled(kind: Kind, fields: &mut Fields, plan: &PlanContent) {
    match kind {
        Kind::Vessel => vessel::fill_contact(fields, plan),
        Kind::Roster => vessel::fill_roster(fields, plan),
        Kind::Watches => circumstance::fill_watches(fields, plan),
        Kind::SecurityOrder => circumstance::fill_order(fields, plan),
        Kind::Checkpoint => place::fill(fields, plan),
        Kind::Check => place::fill_check(fields, plan),
        Kind::Route => round::fill_route(fields, plan),
        Kind::Schedule => round::fill_schedule(fields, plan),
        Kind::ShipTime | Kind::State | Kind::Remove | Kind::Restore => {}
    }
}

/// Names for what a form adds. Drawn once, before the preview: confirming twice adds it once.
pub fn name_what_is_new(kind: Kind, fields: &mut Fields, (id, tag): ([u8; 8], [u8; 16])) {
    let named = matches!(kind, Kind::Checkpoint | Kind::Route | Kind::Schedule);
    if named && fields.get("id").is_none_or(String::is_empty) {
        fields.insert("id".to_owned(), HEXLOWER.encode(&id));
        if kind == Kind::Checkpoint {
            fields.insert("tag".to_owned(), HEXLOWER.encode(&tag));
        }
    }
}

/// What the answers make of the version that the form was made from. `newest` tells what is in use now;
/// `older` is the version that a `restore` names.
pub fn wish(
    kind: Kind,
    fields: &Fields,
    base: &PlanContent,
    newest: &PlanContent,
    older: Option<&PlanContent>,
) -> Result<PlanContent, Mistakes> {
    let mut answers = Answers::new(fields);
    let mut plan = base.clone();
    match kind {
        Kind::Vessel => vessel::answer_contact(&mut answers, &mut plan),
        Kind::ShipTime => vessel::answer_ship_time(&mut answers, &mut plan),
        Kind::Roster => vessel::answer_roster(&mut answers, &mut plan),
        Kind::Watches => circumstance::answer_watches(&mut answers, &mut plan),
        Kind::SecurityOrder => circumstance::answer_order(&mut answers, &mut plan),
        Kind::State => circumstance::answer_state(&mut answers, &mut plan),
        Kind::Checkpoint => place::answer(&mut answers, &mut plan, newest),
        Kind::Check => place::answer_check(&mut answers, &mut plan, newest),
        Kind::Route => round::answer_route(&mut answers, &mut plan, newest),
        Kind::Schedule => round::answer_schedule(&mut answers, &mut plan, newest),
        Kind::Remove => removal::answer(&mut answers, &mut plan, newest),
        Kind::Restore => {
            answers.known("at");
            if let Some(older) = older {
                // The name is the vessel's; what was not understood stays as it is.
                plan = PlanContent {
                    vessel_name: base.vessel_name.clone(),
                    problems: base.problems.clone(),
                    ..older.clone()
                };
            }
        }
    }
    answers.finished(plan)
}
