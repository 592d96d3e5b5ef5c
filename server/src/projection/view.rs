//! Pages from projected rows. What a page shows of one vessel is of one snapshot.

mod day;
mod flags;
mod fleet;
mod patrol;
mod plan;
mod scene;
mod unplanned;
mod vessel;
mod write;
mod writing;

use std::ops::RangeInclusive;

use deckwatch_core::{
    model::VesselId,
    time::{Day, moment::PER_SECOND},
};
use jiff::civil::Date;

use super::body::{BoundsView, DueView, FindingText, SummaryView};
use crate::page::{
    finding::{FindingView, Severity},
    freshness::{Freshness, HeldBack},
    layout::{Here, Palette, Shell},
    moment::{Moment, Span},
    verdict::{Revision, VerdictView},
};
use crate::store::{DuePatrolRow, ReadTx, RevisionRow, Scope, StoreError, VesselStateRow};

pub use day::day;
pub use flags::flags;
pub use fleet::fleet;
pub use patrol::patrol;
pub use plan::{PlanWish, plan, plan_form, plan_preview, plan_shell};
pub(crate) use scene::Scene;
pub use unplanned::unplanned;
pub use vessel::vessel;
pub(crate) use write::{write_form, write_preview};

/// Days that pictures and lists reach back.
const DAYS: i32 = 31;
/// Revisions that a vessel's page lists.
const REVISIONS: u32 = 50;

/// JSON that this program wrote and cannot read.
fn unreadable(what: &'static str) -> impl Fn(serde_json::Error) -> StoreError {
    move |error| {
        tracing::error!(%error, what, "a projection cannot be read; run `deckwatch rebuild`");
        StoreError::Unreadable { what }
    }
}

fn due_view(row: &DuePatrolRow) -> Result<DueView, StoreError> {
    serde_json::from_str(&row.body).map_err(unreadable("due patrol"))
}

fn summary_of(state: Option<&VesselStateRow>) -> Result<SummaryView, StoreError> {
    let Some(state) = state else { return Ok(SummaryView::default()) };
    serde_json::from_str(&state.summary).map_err(unreadable("vessel state"))
}

/// By the word of the row; what a newer program wrote counts as undecided.
fn verdict(word: &str) -> VerdictView {
    match word {
        "done" => VerdictView::Done,
        "irregular" => VerdictView::Irregular,
        "missed" => VerdictView::Missed,
        "awaiting_sync" => VerdictView::AwaitingSync,
        "excused" => VerdictView::Excused,
        "not_due_yet" => VerdictView::NotDueYet,
        _ => VerdictView::Unverifiable,
    }
}

fn severity(word: &str) -> Severity {
    match word {
        "irregular" => Severity::Irregular,
        "info" | "notice" => Severity::Note,
        _ => Severity::Serious,
    }
}

fn finding(text: FindingText) -> FindingView {
    FindingView {
        severity: severity(&text.severity),
        code: text.code,
        sentence: text.sentence,
        innocent: text.explanations,
        records: text.records,
        flag: None,
    }
}

/// 10 µs to seconds, outward.
fn span(bounds: BoundsView) -> Span {
    Span {
        not_before: bounds.not_before.map(|at| at.div_euclid(PER_SECOND)),
        not_after: bounds
            .not_after
            .map(|at| at.saturating_add(PER_SECOND - 1).div_euclid(PER_SECOND)),
    }
}

fn secs(moment: Option<i64>) -> Option<i64> {
    moment.map(|at| at.div_euclid(PER_SECOND))
}

fn date(day: i32) -> Option<Date> {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

/// The ship-time day at `utc`.
fn day_at(utc: i64, offset_minutes: i32) -> i32 {
    let local = utc.saturating_add(i64::from(offset_minutes) * 60);
    i32::try_from(local.div_euclid(86_400)).unwrap_or(0)
}

fn last_days(today: i32) -> RangeInclusive<i32> {
    today.saturating_sub(DAYS - 1)..=today
}

fn dates(days: &RangeInclusive<i32>) -> Vec<Date> {
    days.clone().filter_map(date).collect()
}

/// How far a vessel's data is complete, and when anything of it last came.
fn freshness(
    tx: &dyn ReadTx,
    vessel: VesselId,
    summary: &SummaryView,
    shore: deckwatch_core::model::DeviceId,
) -> Result<Freshness, StoreError> {
    let mut last_contact = None;
    tx.holdings_of(vessel, &mut |holding| {
        if holding.dev != shore {
            last_contact = last_contact.max(Some(holding.newest_received_at));
        }
        Ok(())
    })?;
    let heard = |dev| {
        let device = summary.devices.iter().find(|device| device.dev == dev);
        device.and_then(|device| secs(device.last_heard))
    };
    let device = summary.watermark.held_by.first().copied();
    let offset_minutes = summary.offset_minutes;
    Ok(Freshness {
        complete_to: secs(summary.watermark.until).map(|utc| Moment { utc, offset_minutes }),
        last_contact,
        held_back_by: device.map(|device| HeldBack { device, last_heard: heard(device) }),
    })
}

fn shell(
    tx: &dyn ReadTx,
    title: &str,
    here: Here,
    palette: Palette,
    as_of: i64,
) -> Result<Shell, StoreError> {
    let counts = tx.flag_counts(Scope::All)?;
    let open = counts.iter().fold(0_u64, |sum, count| sum.saturating_add(count.count));
    let mut shell = Shell::new(title, here, palette, as_of);
    shell.open_flags = u32::try_from(open).unwrap_or(u32::MAX);
    Ok(shell)
}

fn revision(tx: &dyn ReadTx, row: RevisionRow) -> Result<Option<Revision>, StoreError> {
    let revision = row.revision;
    let Some(due) = tx.due_patrol(revision.due)? else { return Ok(None) };
    let view = due_view(&due)?;
    let at = |utc| Moment { utc, offset_minutes: view.offset_minutes };
    Ok(Some(Revision {
        due: revision.due,
        opens: at(due.opens),
        at: at(revision.at),
        from: verdict(&revision.from_verdict),
        to: verdict(&revision.to_verdict),
        because: revision.cause,
        route: view.assessed.demand.due.route_name,
    }))
}

/// A day as rows count it.
fn chosen(day: Option<Day>, days: &RangeInclusive<i32>) -> i32 {
    day.map(|day| day.0).filter(|day| days.contains(day)).unwrap_or(*days.end())
}
