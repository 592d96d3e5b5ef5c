//! The page of a patrol that no plan demanded.

use deckwatch_core::{
    model::{DeviceId, PageSubject, VesselId, page_id},
    record::device_id,
};

use super::patrol::{scan, walk};
use super::scene::Scene;
use super::{day_at, freshness, shell, span, summary_of};
use crate::page::{
    layout::{Here, Palette},
    moment::Moment,
    unplanned::{UnplannedPage, UnplannedScan},
};
use crate::shore::Shore;
use crate::store::{StoreError, reading};

/// What was walked though nothing asked for it? `None` if no record says that it was started.
pub fn unplanned(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    (dev, patrol): (DeviceId, u64),
) -> Result<Option<UnplannedPage>, StoreError> {
    let now = shore.now();
    let subject = PageSubject::Unplanned { dev, patrol };
    let Some(scene) = Scene::of(shore, vessel, subject)? else { return Ok(None) };
    let survey = shore.survey(vessel, page_id(vessel, subject))?;
    let is_it = |dev_of: DeviceId, number: u64| (dev_of, number) == (dev, patrol);
    let parts: Vec<_> = survey
        .patrols
        .iter()
        .filter(|it| {
            is_it(it.name.dev, it.name.patrol)
                || it.joined.is_some_and(|joined| is_it(joined.dev, joined.patrol))
        })
        .collect();
    let own = parts.iter().find(|it| is_it(it.name.dev, it.name.patrol));
    let mut visits: Vec<_> = parts.iter().flat_map(|part| &part.visited).collect();
    visits.sort_by_key(|visit| (span(visit.at).middle(), visit.record.dev, visit.record.seq));
    let place = |id| {
        let named = scene.desk.places.iter().find(|(place, _)| *place == id);
        named.map_or_else(|| scene.place(id), |(_, name)| name.clone())
    };
    let scans = (1..).zip(&visits).map(|(order, visit)| UnplannedScan {
        checkpoint: place(visit.checkpoint),
        scan: scan(order, visit),
    });
    let scans: Vec<UnplannedScan> = scans.collect();
    let started = own.map(|it| span(it.started)).unwrap_or_default();
    let offset_minutes = scene.offset_minutes;
    let at = |utc| Moment { utc, offset_minutes };
    let named = own.and_then(|it| it.named);
    reading(shore.store(), |tx| {
        let summary = summary_of(tx.vessel_state(vessel)?.as_ref())?;
        let named = match named {
            Some(due) => tx.due_patrol(due)?.filter(|row| row.vessel == vessel).map(|row| row.due),
            None => None,
        };
        let title = format!("{}, {}", scene.title, scene.vessel.name);
        Ok(Some(UnplannedPage {
            shell: shell(tx, &title, Here::Below, palette, now)?,
            vessel,
            vessel_name: scene.vessel.name.clone(),
            title: scene.title.clone(),
            dev,
            patrol,
            offset_minutes,
            started: started.middle().map(at),
            day: started.middle().map(|utc| day_at(utc, offset_minutes)).and_then(super::date),
            named,
            freshness: freshness(tx, vessel, &summary, device_id(&scene.vessel.shore_key))?,
            walks: parts.iter().map(|part| walk(part)).collect(),
            scans: scans.clone(),
            writings: scene.writings(),
        }))
    })
}
