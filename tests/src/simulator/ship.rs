//! Decks, points, routes, and the people who walk them.

use std::collections::BTreeMap;

use deckwatch_core::{
    entropy::draw,
    model::{CheckpointId, RouteId, ScheduleId, TagId, TagUid},
    plan::{Checkpoint, KeyedTag, PlanContent, Route, Schedule, TagRegistration, Timing, Walk},
};

use super::chance::Chance;

/// Metres a second on a flat deck, at an easy pace.
const SPEED: f64 = 1.2;
/// Seconds for one deck of stairs.
const DECK: f64 = 14.0;

/// What a ship is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    /// Points of its one route.
    pub points: usize,
    /// NFC tags that sign their messages, instead of labels.
    pub signed_tags: bool,
    /// Mean hours between links to the shore.
    pub hours_between_links: f64,
    /// How rough life is for phones: 0 = nothing ever happens, 1 = as on a bad ship.
    pub mishaps: f64,
    /// Share of due patrols that nobody walks.
    pub not_walked: f64,
    /// Share of phones brought back into use out of reach whose code nobody shows to another phone, though the app asks for it.
    pub careless: f64,
}

impl Character {
    /// A ship with labels at so many points.
    pub fn labels(points: usize) -> Self {
        Self {
            points,
            signed_tags: false,
            hours_between_links: 30.0,
            mishaps: 0.3,
            not_walked: 0.01,
            careless: 0.0,
        }
    }

    /// The same with signed tags.
    pub fn signed(points: usize) -> Self {
        Self { signed_tags: true, ..Self::labels(points) }
    }

    /// Phones die, are forgotten, put away and lost; links fail for weeks.
    pub fn rough() -> Self {
        Self { hours_between_links: 90.0, mishaps: 1.0, not_walked: 0.05, ..Self::labels(4) }
    }
}

/// Somebody who walks patrols.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walker {
    /// The roster number.
    pub crew: u32,
    /// How this person walks: legs take so many times as long.
    pub pace: f64,
    /// How much a leg varies from walk to walk: deviation of its logarithm.
    pub noise: f64,
}

/// A ship that never sailed.
#[derive(Debug, Clone)]
pub struct Ship {
    /// Its plan.
    pub plan: PlanContent,
    /// The points in order.
    pub points: Vec<CheckpointId>,
    /// What hangs there.
    pub tags: BTreeMap<CheckpointId, (TagId, TagUid)>,
    /// Seconds that the leg to each point takes at a usual pace; the first is the way from the start.
    pub legs: Vec<f64>,
    /// Who walks.
    pub walkers: Vec<Walker>,
}

/// The ship's only route.
pub const ROUTE: RouteId = RouteId([1; 8]);
/// Its only schedule: six rounds a day.
pub const SCHEDULE: ScheduleId = ScheduleId([1; 8]);

impl Ship {
    /// Draws one.
    pub fn draw(character: Character, chance: &mut Chance) -> Self {
        let points: Vec<CheckpointId> =
            (0..character.points).map(|_| CheckpointId(draw(chance.entropy()))).collect();
        // Places along 180 m and over 6 decks; the route goes from one to the next and keeps to decks where it can.
        let mut places: Vec<(f64, f64)> =
            points.iter().map(|_| (chance.below(6) as f64, chance.between(0.0, 180.0))).collect();
        places.sort_by(|one, other| one.partial_cmp(other).unwrap());
        let mut before = (0.0, 90.0);
        let legs = places.iter().map(|place| {
            let (decks, metres) = ((place.0 - before.0).abs(), (place.1 - before.1).abs());
            before = *place;
            // Doors, ladders, and the scan itself.
            12.0 + metres / SPEED + decks * DECK + chance.between(0.0, 20.0)
        });
        let legs: Vec<f64> = legs.collect();
        let walkers = (0..5)
            .map(|n| Walker {
                crew: 11 + n,
                pace: chance.around_one(0.15),
                noise: chance.between(0.12, 0.28),
            })
            .collect();
        let tags: BTreeMap<CheckpointId, (TagId, TagUid)> = points
            .iter()
            .map(|point| {
                let uid: [u8; 7] = draw(chance.entropy());
                (*point, (TagId(draw(chance.entropy())), TagUid::from(uid)))
            })
            .collect();
        let plan = plan(character, &points, &tags);
        Self { plan, points, tags, legs, walkers }
    }
}

fn plan(
    character: Character,
    points: &[CheckpointId],
    tags: &BTreeMap<CheckpointId, (TagId, TagUid)>,
) -> PlanContent {
    let place = |n: usize| Checkpoint { name: format!("Place {n}"), ..Checkpoint::default() };
    let route = Route {
        name: "Round".into(),
        walk: Walk::Ordered,
        points: points.to_vec(),
        max_minutes: None,
    };
    let schedule = Schedule {
        window_minutes: 110,
        start_within_minutes: 60,
        grace_minutes: 15,
        ..Schedule::new("Rounds", ROUTE, Timing::Times((0..6).map(|n| n * 240).collect()))
    };
    let hangs = tags.iter();
    let mut plan = PlanContent {
        vessel_name: "Simulated".into(),
        checkpoints: points.iter().enumerate().map(|(n, id)| (*id, place(n))).collect(),
        routes: [(ROUTE, route)].into(),
        schedules: [(SCHEDULE, schedule)].into(),
        ..PlanContent::default()
    };
    if character.signed_tags {
        let keyed = |at: &CheckpointId| KeyedTag { checkpoint: *at, key_version: Some(1) };
        plan.nfc = hangs.map(|(at, (_, uid))| (*uid, keyed(at))).collect();
    } else {
        let label = |at: &CheckpointId| TagRegistration { checkpoint: *at, revision: 1 };
        plan.tags = hangs.map(|(at, (tag, _))| (*tag, label(at))).collect();
    }
    plan
}
