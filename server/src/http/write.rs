//! `GET` and `POST …/write` below the pages of patrols and days: what people ashore write there.

mod ask;
mod take;

use deckwatch_core::{
    model::{DeviceId, DueId, PageSubject, VesselId},
    time::Day,
};

pub(super) use ask::{of_day as ask_day, of_due as ask_due, of_unplanned as ask_unplanned};
pub(super) use take::{of_day as take_day, of_due as take_due, of_unplanned as take_unplanned};

use super::reply::NoPage;
use crate::projection::view::Scene;
use crate::shore::Shore;
use crate::store::reading;

/// A Page as its address names it.
#[derive(Debug, Clone)]
enum Place {
    Due(String),
    Unplanned(String, String, u64),
    Day(String, String),
}

impl Place {
    /// The Page and what surrounds it.
    fn scene(&self, shore: &Shore) -> Result<Scene, NoPage> {
        let nothing = || NoPage::NotFound("patrol or day");
        let vessel_of = |id: &str| VesselId::from_hex(id).map_err(|_| nothing());
        let (vessel, subject) = match self {
            Self::Due(due) => {
                let due = DueId::from_hex(due).map_err(|_| nothing())?;
                let row = reading(shore.store(), |tx| tx.due_patrol(due))?.ok_or_else(nothing)?;
                (row.vessel, PageSubject::Due(due))
            }
            Self::Unplanned(vessel, dev, patrol) => {
                let dev = DeviceId::from_hex(dev).map_err(|_| nothing())?;
                (vessel_of(vessel)?, PageSubject::Unplanned { dev, patrol: *patrol })
            }
            Self::Day(vessel, day) => {
                let day = Day::from_iso(day).ok_or_else(nothing)?;
                (vessel_of(vessel)?, PageSubject::Day(i64::from(day.0)))
            }
        };
        Scene::of(shore, vessel, subject)?.ok_or_else(nothing)
    }
}
