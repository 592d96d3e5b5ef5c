//! A vessel's page.

use deckwatch_core::{
    authority::Roles,
    model::{PageSubject, VesselId, page_id},
    record::device_id,
    time::Day,
};

use super::patrol::ended;
use super::{
    REVISIONS, chosen, date, dates, day_at, due_view, freshness, last_days, revision, secs, shell,
    span, summary_of, verdict,
};
use crate::page::{
    layout::{Here, Palette},
    moment::Moment,
    picture::punch_card::{CardPatrol, PunchCard},
    unplanned::UnplannedRow,
    vessel::{DeviceRole, DeviceRow, DeviceState, DueRow, VesselPage},
    writing::address,
};
use crate::projection::body::{DueView, SummaryView, UnplannedView};
use crate::shore::Shore;
use crate::store::{DuePatrolRow, StoreError, reading};

/// What is normal here, and what changed? `None` if there is no such vessel.
pub fn vessel(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    day: Option<Day>,
) -> Result<Option<VesselPage>, StoreError> {
    let now = shore.now();
    if reading(shore.store(), |tx| tx.vessel(vessel))?.is_none() {
        return Ok(None);
    }
    let written: Vec<_> =
        shore.reading_held(vessel, |held| held.pages().iter().map(|(id, _)| id).collect())?;
    reading(shore.store(), |tx| {
        let Some(row) = tx.vessel(vessel)? else { return Ok(None) };
        let summary = summary_of(tx.vessel_state(vessel)?.as_ref())?;
        let days = last_days(day_at(now, summary.offset_minutes));
        let day = chosen(day, &days);
        let day_written = written.contains(&page_id(vessel, PageSubject::Day(i64::from(day))));
        let (mut patrols, mut due) = (Vec::new(), Vec::new());
        for row in tx.due_patrols(vessel, days.clone())? {
            let view = due_view(&row)?;
            patrols.push(card_patrol(&row, &view));
            if row.day == day {
                due.push(due_row(&row, view));
            }
        }
        let mut revisions = Vec::new();
        for row in tx.newest_revisions(vessel, REVISIONS)? {
            revisions.extend(revision(tx, row)?);
        }
        let freshness = freshness(tx, vessel, &summary, device_id(&row.shore_key))?;
        let mut shell = shell(tx, &row.name, Here::Below, palette, now)?;
        let date_of = |day: i32| Some(day).filter(|day| days.contains(day)).and_then(date);
        shell.query.extend(date_of(day).map(|date| ("day".to_owned(), date.to_string())));
        Ok(Some(VesselPage {
            shell,
            id: vessel,
            name: row.name,
            offset_minutes: summary.offset_minutes,
            devices: devices(&summary),
            freshness,
            card: PunchCard {
                vessel,
                days: dates(&days),
                chosen: date_of(day).unwrap_or_default(),
                patrols,
            },
            due,
            unplanned: unplanned_of_day(vessel, &summary, day),
            day_written,
            previous_day: date_of(day.saturating_sub(1)),
            next_day: date_of(day.saturating_add(1)),
            revisions,
        }))
    })
}

fn card_patrol(row: &DuePatrolRow, view: &DueView) -> CardPatrol {
    let at = |utc| Moment { utc, offset_minutes: view.offset_minutes };
    let started = view.patrols.iter().filter_map(|patrol| span(patrol.started).middle()).min();
    CardPatrol {
        due: row.due,
        route: view.assessed.demand.due.route_name.clone(),
        verdict: verdict(&row.verdict),
        opens: at(row.opens),
        closes: at(row.closes),
        started: started.map(at),
    }
}

pub(super) fn due_row(row: &DuePatrolRow, view: DueView) -> DueRow {
    let at = |utc| Moment { utc, offset_minutes: view.offset_minutes };
    DueRow {
        due: row.due,
        route: view.assessed.demand.due.route_name,
        opens: at(row.opens),
        closes: at(row.closes),
        verdict: verdict(&row.verdict),
        why: view.assessed.why,
    }
}

/// The patrols that answer nothing due and were begun on a day; those without any time stand on none.
pub(super) fn unplanned_of_day(
    vessel: VesselId,
    summary: &SummaryView,
    day: i32,
) -> Vec<UnplannedRow> {
    let offset_minutes = summary.offset_minutes;
    let row = |it: &UnplannedView| {
        let started = span(it.started).middle().or(it.started_said)?;
        let subject = PageSubject::Unplanned { dev: it.name.dev, patrol: it.name.patrol };
        (day_at(started, offset_minutes) == day).then(|| UnplannedRow {
            href: address(vessel, subject),
            device: it.name.dev,
            patrol: it.name.patrol,
            route: it.route.clone(),
            crew: it.crew.clone(),
            started: Moment { utc: started, offset_minutes },
            ended: ended(it.ending),
            points: it.points,
        })
    };
    let mut rows: Vec<UnplannedRow> = summary.unplanned.iter().filter_map(row).collect();
    rows.sort_by_key(|row| (row.started, row.device, row.patrol));
    rows
}

fn devices(summary: &SummaryView) -> Vec<DeviceRow> {
    const ROLES: [(Roles, DeviceRole); 4] = [
        (Roles::CREW, DeviceRole::Crew),
        (Roles::OFFICER, DeviceRole::Officer),
        (Roles::HUB, DeviceRole::Hub),
        (Roles::SHORE, DeviceRole::Shore),
    ];
    let row = |device: &crate::projection::body::DeviceView| DeviceRow {
        id: device.dev,
        roles: ROLES
            .into_iter()
            .filter(|(role, _)| Roles(device.roles).has(*role))
            .map(|(_, role)| role)
            .collect(),
        last_heard: secs(device.last_heard),
        held_to_seq: device.last_seq,
        state: match device.state.as_str() {
            "active" => DeviceState::Active,
            "parked" => DeviceState::Parked,
            "rotated" => DeviceState::Rotated,
            "lost" => DeviceState::Lost,
            // Nobody believes the new records of a revoked or expired device either.
            _ => DeviceState::Uncertified,
        },
        holds_back: summary.watermark.held_by.contains(&device.dev),
    };
    summary.devices.iter().map(row).collect()
}
