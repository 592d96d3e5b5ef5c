//! The pages of a vessel's plan. They come from what is held of the vessel, not from rows: only their shell does.

use deckwatch_core::{
    model::{Hash, VesselId},
    plan::{PlanContent, SecurityOrder},
    time::ShipTime,
};

use super::shell;
use crate::page::{
    form::{Fields, Form, Sheet},
    layout::{Here, Palette, Shell},
    moment::Moment,
    plan::{
        AdoptionRow, CheckRow, CheckpointRow, PastRow, PlanPage, RouteRow, ScheduleRow,
        ShipTimeRow, Standing, VersionRow,
        form::FormPage,
        preview::{ChangeRow, ConflictRow, PreviewPage, ShiftRow},
    },
};
use crate::plan::{
    concern::concerns,
    difference::{
        Difference, answer_words, differences, hours, level_words, minutes, route_name, short_tag,
        summary, walk_words,
    },
    edit::{Preview, Submission},
    form::Mistakes,
    outlook::{self, Shift},
    overview::{Adopted, Overview, Version, overview},
    words::{draw_words, order_words, state_words, timing_words, watches_words, when_words},
};
use crate::shore::Shore;
use crate::store::{StoreError, reading};

/// Changes that are listed unless all are asked for.
const LISTED: usize = 30;
/// Changes that are listed at most.
const MOST_LISTED: usize = 1_000;
/// Adoptions that are listed.
const ADOPTIONS: usize = 5;
/// Sentences that stand in a history's row; more fold away behind their summary.
const SENTENCES: usize = 3;

/// What of a plan is to be seen.
#[derive(Debug, Clone, Default)]
pub struct PlanWish {
    /// An older version, by its heads.
    pub at: Option<Vec<Hash>>,
    /// Whether an edit was just made.
    pub saved: bool,
    /// Whether the whole history is wanted.
    pub all: bool,
}

/// What should happen on board? `None` if there is no such vessel or version.
pub fn plan(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    wish: &PlanWish,
) -> Result<Option<PlanPage>, StoreError> {
    let Some((shell, vessel_name)) = plan_shell(shore, palette, vessel, "Plan")? else {
        return Ok(None);
    };
    let overview = overview(shore, vessel)?;
    let newest = overview.document.heads();
    let heads = wish.at.clone().unwrap_or_else(|| newest.clone());
    let plan = if heads.is_empty() {
        PlanContent::default()
    } else {
        match overview.document.content_at(&heads) {
            Ok(plan) => plan,
            Err(_) => return Ok(None),
        }
    };
    let current = overview.document.content();
    let (standing, pending) = standing(&overview, &newest, &current);
    let (history, unlisted) = overview.history(if wish.all { MOST_LISTED } else { LISTED });
    let at = |utc: i64| moment(&current, utc);
    let adoptions = overview.adoptions.iter().take(ADOPTIONS);
    Ok(Some(PlanPage {
        vessel,
        vessel_name,
        offset_minutes: current.ship_time.offset_minutes(shell.as_of),
        saved: wish.saved,
        standing,
        pending,
        adoptions: adoptions.map(|one| adoption_row(&overview, one, &current)).collect(),
        concerns: concerns(&plan),
        contact_limit: plan
            .contact_limit_hours
            .map_or_else(|| format!("{}, as nothing else is set", hours(default_hours())), hours),
        ship_time: ship_time(&plan),
        watches: watches_words(&plan.circumstances),
        level: plan.circumstances.level_at(shell.as_of).number(),
        orders: orders(&plan),
        states: states(&plan),
        draws: draws(&plan),
        roster: plan.roster.iter().map(|number| number.0).collect(),
        checkpoints: checkpoints(&plan),
        routes: routes(&plan),
        schedules: schedules(&plan),
        history: history.into_iter().map(|version| version_row(version, at)).collect(),
        unlisted: u32::try_from(unlisted).unwrap_or(u32::MAX),
        newest,
        heads,
        shell,
    }))
}

fn default_hours() -> u32 {
    deckwatch_core::plan::content::DEFAULT_CONTACT_LIMIT_HOURS
}

/// The shell of a page of a plan, and the vessel's name; `None` if there is no such vessel.
pub fn plan_shell(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    title: &str,
) -> Result<Option<(Shell, String)>, StoreError> {
    let now = shore.now();
    reading(shore.store(), |tx| {
        let Some(row) = tx.vessel(vessel)? else { return Ok(None) };
        let title = format!("{title}, {}", row.name);
        Ok(Some((shell(tx, &title, Here::Below, palette, now)?, row.name)))
    })
}

/// A form to be filled in, or with what was wrong in it; `None` if there is no such vessel.
pub fn plan_form(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    sheet: Sheet,
    (hidden, values, mistakes): (Fields, Fields, Mistakes),
) -> Result<Option<FormPage>, StoreError> {
    let found = plan_shell(shore, palette, vessel, &sheet.title)?;
    Ok(found.map(|(shell, vessel_name)| FormPage {
        shell,
        vessel,
        vessel_name,
        form: Form { sheet, hidden, values, mistakes: mistakes.by_field },
    }))
}

/// What an edit would do; `None` if there is no such vessel.
pub fn plan_preview(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    submission: &Submission,
    preview: Preview,
) -> Result<Option<PreviewPage>, StoreError> {
    let Some((shell, vessel_name)) = plan_shell(shore, palette, vessel, "Preview")? else {
        return Ok(None);
    };
    let mut hidden = submission.own_fields();
    hidden.extend(submission.fields.clone());
    hidden.insert("seen".to_owned(), crate::page::plan::heads_word(&preview.seen));
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let outlook = &preview.outlook;
    let ships = (&preview.newest.ship_time, &preview.target.ship_time);
    Ok(Some(PreviewPage {
        shell,
        vessel,
        vessel_name,
        hidden,
        has_form: submission.kind.is_filled_in(),
        moved_on: preview.moved_on,
        changes: preview.differences.into_iter().map(change_row).collect(),
        conflicts: preview
            .conflicts
            .into_iter()
            .map(|one| ConflictRow {
                subject: one.subject,
                field: one.field,
                before: one.before,
                theirs: one.theirs,
                yours: one.yours,
            })
            .collect(),
        concerns: preview.concerns,
        due: (number(outlook.before), number(outlook.after)),
        days: outlook::DAYS,
        shifts: outlook.shifts.iter().map(|shift| shift_row(shift, ships)).collect(),
    }))
}

fn moment(plan: &PlanContent, utc: i64) -> Moment {
    Moment { utc, offset_minutes: plan.ship_time.offset_minutes(utc) }
}

/// How the newest version stands on board, and what adopting it would change.
fn standing(
    overview: &Overview,
    newest: &[Hash],
    current: &PlanContent,
) -> (Standing, Vec<String>) {
    let sentences = |found: Vec<Difference>| found.iter().map(Difference::sentence).collect();
    match overview.on_board() {
        _ if newest.is_empty() => (Standing::NoPlan, Vec::new()),
        None => (Standing::NeverAdopted, Vec::new()),
        Some(adopted) if adopted.heads == newest => (Standing::Adopted, Vec::new()),
        Some(adopted) => match overview.document.content_at(&adopted.heads) {
            Ok(on_board) => (Standing::Waiting, sentences(differences(&on_board, current))),
            Err(_) => (Standing::Unknown, Vec::new()),
        },
    }
}

fn adoption_row(overview: &Overview, adopted: &Adopted, current: &PlanContent) -> AdoptionRow {
    let claimed = adopted.claimed.unwrap_or(i64::MIN);
    AdoptionRow {
        heads: adopted.heads.clone(),
        known: overview.document.content_at(&adopted.heads).is_ok(),
        is_newest: adopted.heads == overview.document.heads(),
        claimed: adopted.claimed.map(|utc| moment(current, utc)),
        by: adopted.by.clone(),
        from: Some(adopted.effective_from)
            .filter(|from| *from > claimed)
            .map(|utc| moment(current, utc)),
    }
}

fn ship_time(plan: &PlanContent) -> Vec<ShipTimeRow> {
    let mut rows: Vec<ShipTimeRow> =
        plan.ship_time.changes().map(|(from, minutes)| ShipTimeRow { from, minutes }).collect();
    rows.reverse();
    rows
}

fn orders(plan: &PlanContent) -> Vec<PastRow> {
    let orders = plan.circumstances.orders.iter().rev();
    let row = |(received, order): (&i64, &SecurityOrder)| PastRow {
        from: *received,
        what: order_words(*received, order),
    };
    orders.map(row).collect()
}

fn states(plan: &PlanContent) -> Vec<PastRow> {
    let states = plan.circumstances.states.iter().rev();
    states.map(|(from, it)| PastRow { from: *from, what: state_words(*it).to_owned() }).collect()
}

/// What may be published of each secret; never the secret.
fn draws(plan: &PlanContent) -> Vec<(String, Hash)> {
    plan.draws.iter().rev().map(|(day, it)| (day.to_string(), it.published())).collect()
}

fn checkpoints(plan: &PlanContent) -> Vec<CheckpointRow> {
    let mut rows: Vec<CheckpointRow> = plan
        .checkpoints
        .iter()
        .map(|(id, place)| {
            let tags = plan.tags.iter().filter(|(_, tag)| tag.checkpoint == *id);
            let tags = tags.map(|(tag, at)| format!("{}, label {}", short_tag(*tag), at.revision));
            let nfc = plan.nfc.iter().filter(|(_, tag)| tag.checkpoint == *id);
            let nfc = nfc.map(|(uid, tag)| match tag.key_version {
                Some(version) => format!("NFC {uid}, key {version}"),
                None => format!("NFC {uid}"),
            });
            let displays = plan.displays.iter().filter(|(_, tag)| tag.checkpoint == *id);
            let displays = displays.map(|(tag, _)| format!("display {}", short_tag(*tag)));
            let demanded = place.min_level.map(|level| format!("at least {}", level_words(level)));
            CheckpointRow {
                id: id.to_string(),
                name: place.name.clone(),
                deck: place.deck.clone(),
                tags: tags.chain(nfc).chain(displays).chain(demanded).collect(),
                checks: place
                    .checks
                    .iter()
                    .map(|(item, check)| CheckRow {
                        item: item.clone(),
                        ask: check.ask.clone(),
                        answer: answer_words(check),
                    })
                    .collect(),
            }
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

fn routes(plan: &PlanContent) -> Vec<RouteRow> {
    let mut rows: Vec<RouteRow> = plan
        .routes
        .iter()
        .map(|(id, route)| RouteRow {
            id: id.to_string(),
            name: route.name.clone(),
            walked: walk_words(route.walk).to_owned(),
            longest: route.max_minutes.map_or(String::new(), minutes),
            points: route.points.iter().map(|point| plan.checkpoint_name(*point)).collect(),
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

fn schedules(plan: &PlanContent) -> Vec<ScheduleRow> {
    let mut rows: Vec<ScheduleRow> = plan
        .schedules
        .iter()
        .map(|(id, schedule)| ScheduleRow {
            id: id.to_string(),
            name: schedule.name.clone(),
            route: route_name(plan, schedule.route),
            times: timing_words(&schedule.timing),
            when: when_words(&schedule.when),
            drawn: schedule.draw.as_ref().map_or(String::new(), draw_words),
            window: minutes(schedule.window_minutes),
            start_within: minutes(schedule.start_within_minutes),
            grace: minutes(schedule.grace_minutes),
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

fn version_row(version: Version, at: impl Fn(i64) -> Moment) -> VersionRow {
    let details: Vec<String> = version.differences.iter().map(Difference::sentence).collect();
    let summary = match details.len() {
        0 => "Nothing that people see.".to_owned(),
        1..=SENTENCES => String::new(),
        _ => summary(&version.differences),
    };
    VersionRow {
        hash: version.change.hash,
        claimed: at(version.change.claimed),
        author: version.author,
        summary,
        details,
        joins: u32::try_from(version.change.from.len()).unwrap_or(u32::MAX),
    }
}

fn change_row(difference: Difference) -> ChangeRow {
    let fields = difference.fields.into_iter();
    ChangeRow {
        subject: difference.subject,
        fate: difference.fate.word(),
        fields: fields.map(|one| (one.field, one.before, one.after)).collect(),
    }
}

/// Each version shows its openings in the ship time that it says.
fn shift_row(shift: &Shift, (old, new): (&ShipTime, &ShipTime)) -> ShiftRow {
    let at = |ship: &ShipTime, utc| Some(Moment { utc, offset_minutes: ship.offset_minutes(utc) });
    let row = |word, schedule: &str, before, after, what: &str| ShiftRow {
        word,
        schedule: schedule.to_owned(),
        before,
        after,
        what: what.to_owned(),
    };
    match shift {
        Shift::Appears(due) => row("appears", &due.schedule_name, None, at(new, due.opens), ""),
        Shift::Disappears(due) => {
            row("disappears", &due.schedule_name, at(old, due.opens), None, "")
        }
        Shift::Differs { from, to } => {
            let what = outlook::what_differs(from, to).join(", ");
            let word = if from.opens == to.opens { "differs" } else { "moves" };
            row(word, &to.schedule_name, at(old, from.opens), at(new, to.opens), &what)
        }
    }
}
