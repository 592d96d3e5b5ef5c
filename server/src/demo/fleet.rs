//! The six ships of the demonstration: their plans, and what went wrong on board.

use std::collections::BTreeMap;

use deckwatch_core::{
    entropy::{Entropy, draw},
    model::{CheckpointId, RouteId, ScheduleId, TagId},
    plan::{Checkpoint, PlanContent, Route, Schedule, TagRegistration, Timing, Walk},
    time::ShipTime,
};

/// What happens on board of one ship, besides everything being walked as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Nothing: a tidy ship.
    Tidy,
    /// No link for the last four days; the crew walks on.
    Silent,
    /// One checkpoint of one patrol is passed by.
    SkippedCheckpoint,
    /// One night patrol is not walked.
    NightPatrolNotWalked,
    /// A third phone is put away, with a word to the shore.
    PhoneParked,
    /// One patrol is walked in the wrong order.
    WrongOrder,
}

/// A ship of the demonstration.
#[derive(Debug, Clone)]
pub struct Ship {
    /// Its name.
    pub name: &'static str,
    /// Ship time, minutes ahead of UTC.
    pub offset_minutes: i32,
    /// What happens on board.
    pub story: Story,
    /// Places of its route, in order, with their decks.
    pub places: &'static [(&'static str, &'static str)],
}

const CARGO: &[(&str, &str)] = &[
    ("Bridge wing, port", "Bridge deck"),
    ("Paint locker", "Main deck"),
    ("Forecastle store", "Main deck"),
    ("Hold 1 access", "Main deck"),
    ("Hold 3 access", "Main deck"),
    ("Gangway", "Main deck"),
    ("Engine room entrance", "A deck"),
    ("Steering gear room", "Tank top"),
    ("CO2 room", "A deck"),
    ("Poop deck, aft", "Poop deck"),
];

const FERRY: &[(&str, &str)] = &[
    ("Car deck, fore", "Deck 3"),
    ("Car deck, aft", "Deck 3"),
    ("Lashing store", "Deck 3"),
    ("Cabins, port passage", "Deck 5"),
    ("Cabins, starboard passage", "Deck 5"),
    ("Galley", "Deck 6"),
    ("Sun deck stairs", "Deck 7"),
    ("Engine control room", "Deck 2"),
];

const TANKER: &[(&str, &str)] = &[
    ("Accommodation entrance", "Main deck"),
    ("Foam room", "Main deck"),
    ("Emergency generator", "A deck"),
    ("Cargo control room", "A deck"),
    ("Engine room entrance", "Main deck"),
    ("Rope store", "Poop deck"),
    ("Pyrotechnics locker", "Bridge deck"),
    ("Free-fall boat", "Poop deck"),
    ("Ship's office", "A deck"),
];

/// The fleet.
pub const SHIPS: [Ship; 6] = [
    Ship { name: "MV Aurelia", offset_minutes: 60, story: Story::Tidy, places: CARGO },
    Ship { name: "MV Bering Light", offset_minutes: -540, story: Story::Silent, places: CARGO },
    Ship { name: "MV Castor", offset_minutes: 120, story: Story::SkippedCheckpoint, places: FERRY },
    Ship {
        name: "MV Dunlin",
        offset_minutes: 480,
        story: Story::NightPatrolNotWalked,
        places: TANKER,
    },
    Ship { name: "MV Esperance", offset_minutes: 0, story: Story::PhoneParked, places: FERRY },
    Ship { name: "MV Fairwater", offset_minutes: 330, story: Story::WrongOrder, places: CARGO },
];

/// The slot of the night patrol among the schedule's times.
pub const NIGHT_SLOT: u32 = 0;

impl Ship {
    /// The ship's plan: one route, four rounds a day in ship time.
    pub fn plan(&self, entropy: &mut dyn Entropy) -> PlanContent {
        let points: Vec<CheckpointId> =
            self.places.iter().map(|_| CheckpointId(draw(entropy))).collect();
        let checkpoints = points.iter().zip(self.places).map(|(id, (name, deck))| {
            (
                *id,
                Checkpoint {
                    name: (*name).to_owned(),
                    deck: (*deck).to_owned(),
                    ..Checkpoint::default()
                },
            )
        });
        let tags: BTreeMap<TagId, TagRegistration> = points
            .iter()
            .map(|id| (TagId(draw(entropy)), TagRegistration { checkpoint: *id, revision: 1 }))
            .collect();
        let route = RouteId(draw(entropy));
        let schedule = Schedule {
            window_minutes: 90,
            start_within_minutes: 45,
            grace_minutes: 15,
            ..Schedule::new(
                "Security rounds",
                route,
                Timing::Times(vec![2 * 60, 8 * 60, 14 * 60, 20 * 60]),
            )
        };
        PlanContent {
            vessel_name: self.name.into(),
            ship_time: ShipTime::new([(0, self.offset_minutes)]),
            checkpoints: checkpoints.collect(),
            tags,
            routes: [(
                route,
                Route {
                    name: "Full round".into(),
                    walk: Walk::Ordered,
                    points: points.clone(),
                    max_minutes: Some(60),
                },
            )]
            .into(),
            schedules: [(ScheduleId([1; 8]), schedule)].into(),
            ..PlanContent::default()
        }
    }
}

/// How one patrol is walked, other than as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// As planned.
    None,
    /// Not at all.
    NotWalked,
    /// This point is passed by.
    Skip(usize),
    /// These two points change places.
    Swap(usize, usize),
    /// Too late, by minutes after the opening.
    Late(i64),
}

impl Story {
    /// What happens to the patrol `slot` of the day that lies `days_ago` back.
    pub fn deviation(self, days_ago: i64, slot: u32) -> Deviation {
        match (self, days_ago, slot) {
            (Self::SkippedCheckpoint, 2, 3) => Deviation::Skip(4),
            (Self::SkippedCheckpoint, 19, 1) => Deviation::Late(55),
            (Self::NightPatrolNotWalked, 3, NIGHT_SLOT) => Deviation::NotWalked,
            (Self::NightPatrolNotWalked, 23, NIGHT_SLOT) => Deviation::Skip(2),
            (Self::WrongOrder, 1, 2) => Deviation::Swap(2, 5),
            (Self::WrongOrder, 14, NIGHT_SLOT) => Deviation::NotWalked,
            _ => Deviation::None,
        }
    }
}
