//! Unplanned patrol, `/vessels/{id}/unplanned/{device}/{number}`: what was walked though nothing asked for it?

use askama::Template;
use deckwatch_core::{
    assess::CrewMember,
    model::{DeviceId, DueId, VesselId},
};
use jiff::civil::Date;

use super::freshness::{Freshness, short_device};
use super::layout::{Here, Shell};
use super::moment::{self, Moment, Span};
use super::patrol::{Ended, StopScan, Walk};
use super::words::crew_words;
use super::writing::WritingsView;

/// A patrol that answers nothing due, in the list of a day.
#[derive(Debug, Clone)]
pub struct UnplannedRow {
    /// Where its page is.
    pub href: String,
    /// The device.
    pub device: DeviceId,
    /// The device's own number of the patrol.
    pub patrol: u64,
    /// The route that it named.
    pub route: Option<String>,
    /// Who was logged in.
    pub crew: Vec<CrewMember>,
    /// When it was started: the middle of what is known.
    pub started: Moment,
    /// How it ended.
    pub ended: Ended,
    /// How many points were scanned.
    pub points: u32,
}

impl UnplannedRow {
    /// "Fire round", or "no route".
    pub fn route_words(&self) -> &str {
        self.route.as_deref().unwrap_or("no route")
    }

    /// Who was logged in, and how surely.
    pub fn crew_words(&self) -> String {
        crew_words(&self.crew)
    }
}

/// The page of one unplanned patrol.
#[derive(Debug, Clone, Template)]
#[template(path = "unplanned.html")]
pub struct UnplannedPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// "Unplanned patrol 3 of device 0a1b2c3d".
    pub title: String,
    /// The device that started it.
    pub dev: DeviceId,
    /// That device's number of it.
    pub patrol: u64,
    /// Ship time minus UTC.
    pub offset_minutes: i32,
    /// When it was started: the middle of what is known.
    pub started: Option<Moment>,
    /// The ship-time day of that.
    pub day: Option<Date>,
    /// The due patrol that its start names, if it is one of the vessel.
    pub named: Option<DueId>,
    /// How far the vessel's data is complete.
    pub freshness: Freshness,
    /// The walk, and those of phones that joined it.
    pub walks: Vec<Walk>,
    /// The scans, in the order of their times.
    pub scans: Vec<UnplannedScan>,
    /// What people wrote about it.
    pub writings: WritingsView,
}

/// One scan.
#[derive(Debug, Clone)]
pub struct UnplannedScan {
    /// Where.
    pub checkpoint: String,
    /// The scan.
    pub scan: StopScan,
}

impl UnplannedPage {
    /// An interval in ship time.
    pub fn ship(&self, span: &Span) -> String {
        span.ship(self.offset_minutes)
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.offset_minutes)
    }

    /// The day for a link: words, address.
    pub fn day_link(&self) -> Option<(String, String)> {
        self.day.map(|day| (moment::day_long(day), day.to_string()))
    }

    /// A record's device, place and the beginning of its hash.
    pub fn record_words(&self, scan: &StopScan) -> String {
        let record = &scan.record;
        format!("{} seq {} {}", short_device(record.dev), record.seq, record.hash.short())
    }
}
