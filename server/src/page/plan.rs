//! Plan, `/vessels/{id}/plan`: what should happen on board, who said so, and has the ship adopted it?

pub mod form;
pub mod preview;

use askama::Template;
use deckwatch_core::model::{Hash, VesselId};

use super::layout::{Here, Shell};
use super::moment::{self, Moment};
use super::words::counted;

/// The page of a vessel's plan, in one of its versions.
#[derive(Debug, Clone, Template)]
#[template(path = "plan.html")]
pub struct PlanPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// Its ship time now, minus UTC.
    pub offset_minutes: i32,
    /// The heads of the version shown.
    pub heads: Vec<Hash>,
    /// The heads of the newest version.
    pub newest: Vec<Hash>,
    /// Whether an edit was just made.
    pub saved: bool,
    /// How the newest version stands on board.
    pub standing: Standing,
    /// What adopting the newest version would change, a sentence each.
    pub pending: Vec<String>,
    /// Adoptions, the newest first by the clock of the device that made it.
    pub adoptions: Vec<AdoptionRow>,
    /// What does not make sense in this version.
    pub concerns: Vec<Concern>,
    /// The contact limit, for people.
    pub contact_limit: String,
    /// Changes of ship time, the newest first.
    pub ship_time: Vec<ShipTimeRow>,
    /// The beginnings of the watches.
    pub watches: String,
    /// The security level whose patrols are demanded now.
    pub level: u8,
    /// Security orders, the newest first.
    pub orders: Vec<PastRow>,
    /// What the vessel did and does, the newest first.
    pub states: Vec<PastRow>,
    /// Secrets of drawn openings by the first day that each counts for, the newest first: what may be published of them.
    pub draws: Vec<(String, Hash)>,
    /// Roster numbers.
    pub roster: Vec<u32>,
    /// Checkpoints by name.
    pub checkpoints: Vec<CheckpointRow>,
    /// Routes by name.
    pub routes: Vec<RouteRow>,
    /// Schedules by name.
    pub schedules: Vec<ScheduleRow>,
    /// Changes, the newest first.
    pub history: Vec<VersionRow>,
    /// Older changes that are not listed.
    pub unlisted: u32,
}

/// How the newest version stands on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no version at all.
    NoPlan,
    /// No adoption has reached the shore.
    NeverAdopted,
    /// The newest version is the adopted one.
    Adopted,
    /// The newest version differs from the adopted one.
    Waiting,
    /// The adopted version's changes have not reached the shore.
    Unknown,
}

/// A `plan_adopt` record of a device that may adopt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionRow {
    /// The version.
    pub heads: Vec<Hash>,
    /// Whether its changes are here.
    pub known: bool,
    /// Whether it is the newest version.
    pub is_newest: bool,
    /// When it was made, by the clock of the device.
    pub claimed: Option<Moment>,
    /// Who made it.
    pub by: String,
    /// From when it counts, if that was to be later.
    pub from: Option<Moment>,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Concern {
    /// The thing, as people name it.
    pub about: String,
    /// What is wrong, and what to do.
    pub what: String,
    /// The key of an entry that can be removed from here.
    pub entry: Option<String>,
}

/// One change of the ship's offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipTimeRow {
    /// From when on, Unix seconds.
    pub from: i64,
    /// Minutes ahead of UTC.
    pub minutes: i32,
}

impl ShipTimeRow {
    /// "21 Nov 2026 16:40 UTC"; what stands from the beginning has no day to show.
    pub fn from_words(&self) -> String {
        if self.from == 0 { "the beginning".to_owned() } else { moment::utc_long(self.from) }
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.minutes)
    }
}

/// Something that happened or was ordered at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRow {
    /// When, Unix seconds.
    pub from: i64,
    /// What, for people.
    pub what: String,
}

impl PastRow {
    /// "21 Nov 2026 16:40 UTC".
    pub fn from_words(&self) -> String {
        moment::utc_long(self.from)
    }
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Deck or zone; may be empty.
    pub deck: String,
    /// Its tags: "3f2a11bc, label 1".
    pub tags: Vec<String>,
    /// What is asked there.
    pub checks: Vec<CheckRow>,
}

/// An item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// Its name.
    pub item: String,
    /// The question.
    pub ask: String,
    /// How it is answered.
    pub answer: String,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it is walked.
    pub walked: String,
    /// The longest round, for people; may be empty.
    pub longest: String,
    /// Its points in order.
    pub points: Vec<String>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of its route.
    pub route: String,
    /// Its openings.
    pub times: String,
    /// On which days, at which levels, in which states; empty = always.
    pub when: String,
    /// How far chance moves the openings; empty = not at all.
    pub drawn: String,
    /// Its window.
    pub window: String,
    /// When the patrol must start.
    pub start_within: String,
    /// What is tolerated.
    pub grace: String,
}

/// One change of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its name.
    pub hash: Hash,
    /// By the clock of its author.
    pub claimed: Moment,
    /// Who made it.
    pub author: String,
    /// What it changed, in short.
    pub summary: String,
    /// What it changed, a sentence each.
    pub details: Vec<String>,
    /// Whether it was made beside another change, not on top of it.
    pub joins: u32,
}

/// Heads as an address names them.
pub fn heads_word(heads: &[Hash]) -> String {
    heads.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl PlanPage {
    /// Whether the version shown is not the newest one.
    pub fn is_older(&self) -> bool {
        self.heads != self.newest
    }

    /// The heads of the newest version in one word.
    pub fn newest_word(&self) -> String {
        heads_word(&self.newest)
    }

    /// The heads of the version shown in one word.
    pub fn heads_word(&self) -> String {
        heads_word(&self.heads)
    }

    /// How the newest version stands on board, in a sentence or two.
    pub fn answer(&self) -> String {
        let adopted = self.adoptions.first();
        let since = adopted
            .and_then(|adoption| adoption.claimed.as_ref())
            .map_or_else(String::new, |claimed| {
                format!(" since {} ship time, by the clock of the device", claimed.ship())
            });
        match self.standing {
            Standing::NoPlan => {
                "There is no plan yet. Add checkpoints, put them on a route, and give the route a schedule.".to_owned()
            }
            Standing::NeverAdopted => {
                "No version was adopted on board yet. A ship security officer adopts the newest one after the next sync.".to_owned()
            }
            Standing::Adopted => format!("The newest version is adopted on board{since}."),
            Standing::Waiting => {
                "The newest version waits to be adopted on board: until a ship security officer does so, the ship walks by the older one.".to_owned()
            }
            Standing::Unknown => {
                "The version adopted on board has changes that have not reached the shore yet.".to_owned()
            }
        }
    }

    /// "14 checkpoints, 2 routes, 3 schedules".
    pub fn counts(&self) -> String {
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        format!(
            "{}, {}, {}",
            counted(number(self.checkpoints.len()), "checkpoint", "checkpoints"),
            counted(number(self.routes.len()), "route", "routes"),
            counted(number(self.schedules.len()), "schedule", "schedules")
        )
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.offset_minutes)
    }

    /// "12 older changes are not listed".
    pub fn unlisted_words(&self) -> String {
        let is = if self.unlisted == 1 { "is" } else { "are" };
        format!("{} {is} not listed.", counted(self.unlisted, "older change", "older changes"))
    }
}
