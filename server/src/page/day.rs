//! Day, `/vessels/{id}/days/{date}`: what was handed over, and what was walked?

use askama::Template;
use deckwatch_core::model::VesselId;
use jiff::civil::Date;

use super::freshness::Freshness;
use super::layout::{Here, Shell};
use super::moment;
use super::unplanned::UnplannedRow;
use super::verdict::Tally;
use super::vessel::DueRow;
use super::writing::WritingsView;

/// The page of one ship-time day.
#[derive(Debug, Clone, Template)]
#[template(path = "day.html")]
pub struct DayPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// The day.
    pub date: Date,
    /// Ship time on it, minus UTC.
    pub offset_minutes: i32,
    /// How far the vessel's data is complete.
    pub freshness: Freshness,
    /// Its due patrols, by the opening of their windows.
    pub due: Vec<DueRow>,
    /// The patrols that answer nothing due, by their start.
    pub unplanned: Vec<UnplannedRow>,
    /// The day before, where there is a page of it.
    pub previous: Option<Date>,
    /// The day after.
    pub next: Option<Date>,
    /// What people wrote about it.
    pub writings: WritingsView,
}

impl DayPage {
    /// "Saturday 21 November 2026".
    pub fn words(&self) -> String {
        moment::day_long(self.date)
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.offset_minutes)
    }

    /// The counts of its due patrols.
    pub fn tally(&self) -> Tally {
        self.due.iter().map(|row| row.verdict).collect()
    }

    /// A day for a link: "Fri 20 Nov".
    pub fn day(&self, date: &Date) -> String {
        moment::day(*date)
    }
}
