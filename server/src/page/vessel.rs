//! Vessel, `/vessels/{id}`: what is normal here, and what changed?

use askama::Template;
use deckwatch_core::model::{DeviceId, DueId, VesselId};
use jiff::civil::Date;

use super::freshness::Freshness;
use super::layout::{Here, Shell};
use super::moment::{self, Moment};
use super::picture::punch_card::PunchCard;
use super::unplanned::UnplannedRow;
use super::verdict::{Revision, Tally, VerdictView};

/// The page of one vessel.
#[derive(Debug, Clone, Template)]
#[template(path = "vessel.html")]
pub struct VesselPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub id: VesselId,
    /// Its name.
    pub name: String,
    /// Its ship time now, minus UTC.
    pub offset_minutes: i32,
    /// How far its data is complete.
    pub freshness: Freshness,
    /// Its devices, in the order to show.
    pub devices: Vec<DeviceRow>,
    /// The picture of the period; its chosen day is the day below.
    pub card: PunchCard,
    /// The due patrols of the chosen day, by the opening of their windows.
    pub due: Vec<DueRow>,
    /// The patrols of the chosen day that answer nothing due, by their start.
    pub unplanned: Vec<UnplannedRow>,
    /// Whether anybody wrote on the page of the chosen day.
    pub day_written: bool,
    /// The day before the chosen one, where the reader may go.
    pub previous_day: Option<Date>,
    /// The day after.
    pub next_day: Option<Date>,
    /// Verdicts revised in the period, newest first.
    pub revisions: Vec<Revision>,
}

/// One device of the vessel.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    /// The device.
    pub id: DeviceId,
    /// What its certificate allows.
    pub roles: Vec<DeviceRole>,
    /// When it was last heard, Unix seconds.
    pub last_heard: Option<i64>,
    /// The last record the shore holds of it.
    pub held_to_seq: Option<u64>,
    /// Its state.
    pub state: DeviceState,
    /// Whether its chain ends earliest.
    pub holds_back: bool,
}

/// What a certificate lets a device do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceRole {
    /// Records patrols.
    Crew,
    /// The ship security officer's.
    Officer,
    /// The hub on board.
    Hub,
    /// The shore.
    Shore,
}

impl DeviceRole {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Crew => "crew",
            Self::Officer => "ship security officer",
            Self::Hub => "hub",
            Self::Shore => "shore",
        }
    }
}

/// Whether a device counts for the watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// In use: the watermark waits for it.
    Active,
    /// Put away: the watermark does not wait for it.
    Parked,
    /// Another device goes on with its next key.
    Rotated,
    /// Declared lost by its holder.
    Lost,
    /// Records, but no certificate names it yet.
    Uncertified,
}

impl DeviceState {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Parked => "parked",
            Self::Rotated => "key rotated",
            Self::Lost => "lost",
            Self::Uncertified => "uncertified",
        }
    }

    /// The class and the glyph of the state, in the language of the verdicts.
    pub fn look(self) -> (&'static str, char) {
        match self {
            Self::Active => ("s-done", '✓'),
            Self::Parked | Self::Rotated => ("s-excused", '◊'),
            Self::Lost => ("s-missed", '×'),
            Self::Uncertified => ("s-unverifiable", '?'),
        }
    }
}

/// One due patrol of the chosen day.
#[derive(Debug, Clone)]
pub struct DueRow {
    /// Its id.
    pub due: DueId,
    /// The name of its route.
    pub route: String,
    /// The opening of its window.
    pub opens: Moment,
    /// The closing of its window.
    pub closes: Moment,
    /// Its verdict.
    pub verdict: VerdictView,
    /// Why, in one sentence.
    pub why: String,
}

impl DueRow {
    /// "20:00 to 20:30".
    pub fn window(&self) -> String {
        moment::window(&self.opens, &self.closes)
    }

    /// "21 Nov 18:00 to 18:30 UTC".
    pub fn window_utc(&self) -> String {
        moment::window_utc(&self.opens, &self.closes)
    }
}

impl VesselPage {
    /// The counts of the whole card.
    pub fn tally(&self) -> Tally {
        self.card.patrols.iter().map(|patrol| patrol.verdict).collect()
    }

    /// The counts of the chosen day.
    pub fn day_tally(&self) -> Tally {
        self.due.iter().map(|row| row.verdict).collect()
    }

    /// "Saturday 21 November 2026".
    pub fn day_words(&self) -> String {
        moment::day_long(self.card.chosen)
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.offset_minutes)
    }

    /// A day for a link: "Fri 20 Nov".
    pub fn day(&self, date: &Date) -> String {
        moment::day(*date)
    }

    /// "22 Oct to 21 Nov".
    pub fn period(&self) -> String {
        match (self.card.days.first(), self.card.days.last()) {
            (Some(first), Some(last)) => {
                format!("{} to {}", moment::day(*first), moment::day(*last))
            }
            _ => "no days".to_owned(),
        }
    }
}
