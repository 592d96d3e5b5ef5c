//! The page of one day of a vessel.

use deckwatch_core::{
    model::{PageSubject, VesselId},
    record::device_id,
};

use super::scene::Scene;
use super::vessel::{due_row, unplanned_of_day};
use super::{date, due_view, freshness, shell, summary_of};
use crate::page::{
    day::DayPage,
    layout::{Here, Palette},
};
use crate::shore::Shore;
use crate::store::{StoreError, reading};

/// What was written on this day, and what was walked? `None` if there is no such vessel, or no such day of it.
pub fn day(
    shore: &Shore,
    palette: Palette,
    vessel: VesselId,
    number: i32,
) -> Result<Option<DayPage>, StoreError> {
    let now = shore.now();
    let subject = |number: i32| PageSubject::Day(i64::from(number));
    let Some(scene) = Scene::of(shore, vessel, subject(number))? else { return Ok(None) };
    let near = |number: i32| -> Result<_, StoreError> {
        let there = Scene::has_day(shore, &scene.vessel, number)?;
        Ok(there.then(|| date(number)).flatten())
    };
    let (previous, next) = (near(number.saturating_sub(1))?, near(number.saturating_add(1))?);
    reading(shore.store(), |tx| {
        let summary = summary_of(tx.vessel_state(vessel)?.as_ref())?;
        let mut due = Vec::new();
        for row in tx.due_patrols(vessel, number..=number)? {
            due.push(due_row(&row, due_view(&row)?));
        }
        let name = scene.vessel.name.clone();
        Ok(Some(DayPage {
            shell: shell(tx, &format!("{}, {name}", scene.title), Here::Below, palette, now)?,
            vessel,
            vessel_name: name,
            date: date(number).unwrap_or_default(),
            offset_minutes: scene.offset_minutes,
            freshness: freshness(tx, vessel, &summary, device_id(&scene.vessel.shore_key))?,
            due,
            unplanned: unplanned_of_day(vessel, &summary, number),
            previous,
            next,
            writings: scene.writings(),
        }))
    })
}
