//! The walk itself: what is next, what is left, what is late. Pure: the phone gives the records
//! and the Plan, and shows what comes out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    model::{CheckpointId, DeviceId, DueId, Hash, Level, RouteId, TagId},
    plan::{DuePatrol, PlanContent, Walk},
    record::{Body, Entry, Evidence},
};

/// A patrol that this phone walks now, as its own records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPatrol {
    /// This device's patrol number.
    pub number: u64,
    /// What it answers.
    pub due: Option<DueId>,
    /// What is walked; `None` = unplanned.
    pub route: Option<RouteId>,
    /// The phone's clock at the start, Unix seconds.
    pub started_wall: u64,
    /// Every scan so far, in order.
    pub scans: Vec<Evidence>,
    /// The patrol of another phone in which this one takes part.
    pub joined: Option<Joined>,
}

/// A patrol of another phone, as its join code showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The phone that started it.
    pub dev: DeviceId,
    /// That phone's patrol number.
    pub patrol: u64,
    /// That phone's newest record then.
    pub head: Hash,
    /// What was visited by then, for display: the scans themselves are that phone's.
    pub visited: Vec<CheckpointId>,
}

impl CurrentPatrol {
    /// The patrol that the records of one device leave open, newest last.
    pub fn open_in<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Option<Self> {
        let mut current: Option<Self> = None;
        for entry in entries {
            let number = entry.patrol();
            match (entry.body(), &mut current) {
                (Some(Body::PatrolStart { route, due, .. }), _) => {
                    current = number.map(|number| Self {
                        number,
                        due: *due,
                        route: *route,
                        started_wall: entry.time.map_or(0, |time| time.wall),
                        scans: Vec::new(),
                        joined: None,
                    });
                }
                // What the code told besides, the phone keeps apart from its records.
                (Some(Body::Join { dev, patrol, head, due }), open)
                    if open.as_ref().map(|open| open.number) != number =>
                {
                    current = number.map(|number| Self {
                        number,
                        due: *due,
                        route: None,
                        started_wall: entry.time.map_or(0, |time| time.wall),
                        scans: Vec::new(),
                        joined: Some(Joined {
                            dev: *dev,
                            patrol: *patrol,
                            head: *head,
                            visited: Vec::new(),
                        }),
                    });
                }
                (Some(Body::PatrolEnd { .. }), Some(patrol)) if number == Some(patrol.number) => {
                    current = None;
                }
                (Some(Body::Scan(evidence)), Some(patrol)) if number == Some(patrol.number) => {
                    patrol.scans.push(evidence.clone());
                }
                _ => {}
            }
        }
        current
    }
}

/// Whether a tag is registered in the Plan.
pub fn is_registered(tag: TagId, plan: &PlanContent) -> bool {
    plan.tags.contains_key(&tag)
}

/// How the patrol stands against its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Lateness {
    /// No window: an unplanned patrol.
    NoWindow,
    /// The window has not opened.
    Early {
        /// Seconds until it opens.
        opens_in: i64,
    },
    /// In time.
    InTime {
        /// Seconds until the window closes.
        closes_in: i64,
    },
    /// The window has closed.
    Late {
        /// Seconds since it closed.
        by: i64,
    },
}

/// What the crew needs to know while walking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The point to go to; for routes of any order the first one left.
    pub next: Option<CheckpointId>,
    /// Points that are left, in the route's order.
    pub left: Vec<CheckpointId>,
    /// Points that were visited, those that the other phone had visited first, then in the order
    /// walked.
    pub visited: Vec<CheckpointId>,
    /// Those of the visited points that only the other phone visited, as its join code said.
    pub by_other: Vec<CheckpointId>,
    /// Visited points that demand a higher evidence level than this phone's scans there claim.
    pub below_level: Vec<CheckpointId>,
    /// All points of the route.
    pub total: usize,
    /// Scans of tags that the Plan does not know.
    pub unknown_tags: usize,
    /// A later point was visited before an earlier one on an ordered route.
    pub out_of_order: bool,
    /// Against the window.
    pub lateness: Lateness,
}

/// How `patrol` stands at `now` (Unix s).
pub fn progress(
    patrol: &CurrentPatrol,
    plan: &PlanContent,
    due: Option<&DuePatrol>,
    now: i64,
) -> Progress {
    let route = patrol.route.and_then(|id| plan.routes.get(&id));
    let points: &[CheckpointId] = due
        .map(|due| due.points.as_slice())
        .or_else(|| route.map(|route| route.points.as_slice()))
        .unwrap_or_default();
    let walk = due.map(|due| due.walk).or_else(|| route.map(|route| route.walk));
    let mut own: Vec<CheckpointId> = Vec::new();
    let mut claimed: BTreeMap<CheckpointId, Level> = BTreeMap::new();
    let mut unknown_tags = 0;
    for evidence in &patrol.scans {
        let Some(place) = plan.place_of(evidence) else {
            unknown_tags += 1;
            continue;
        };
        if !own.contains(&place) {
            own.push(place);
        }
        let best = claimed.entry(place).or_default();
        *best = evidence.claims().max(*best);
    }
    let demands = |place: &CheckpointId| plan.checkpoints.get(place).and_then(|at| at.min_level);
    let below = |(place, claimed): &(CheckpointId, Level)| {
        demands(place).is_some_and(|least| *claimed < least)
    };
    let shown = patrol.joined.iter().flat_map(|joined| &joined.visited).copied();
    let mut visited: Vec<CheckpointId> = shown.clone().collect();
    visited.extend(own.iter().filter(|place| !shown.clone().any(|shown| shown == **place)));
    let left: Vec<CheckpointId> =
        points.iter().filter(|point| !visited.contains(point)).copied().collect();
    // Between two phones the order of two scans is not known here.
    let positions = own.iter().filter_map(|place| points.iter().position(|point| point == place));
    Progress {
        next: left.first().copied(),
        left,
        below_level: claimed.into_iter().filter(below).map(|(place, _)| place).collect(),
        total: points.len(),
        unknown_tags,
        out_of_order: walk == Some(Walk::Ordered) && !positions.is_sorted(),
        lateness: due.map_or(Lateness::NoWindow, |due| lateness(due, now)),
        by_other: shown.filter(|place| !own.contains(place)).collect(),
        visited,
    }
}

/// How `now` stands against a window.
pub fn lateness(due: &DuePatrol, now: i64) -> Lateness {
    if now < due.opens {
        Lateness::Early { opens_in: due.opens - now }
    } else if now <= due.closes {
        Lateness::InTime { closes_in: due.closes - now }
    } else {
        Lateness::Late { by: now - due.closes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{TagUid, VesselId},
        plan::{Checkpoint, KeyedTag, Route, Schedule, TagRegistration, Timing, due_patrols},
    };

    fn plan() -> PlanContent {
        let place = |n: u8| CheckpointId([n; 8]);
        PlanContent {
            checkpoints: (1..=3)
                .map(|n| (place(n), Checkpoint { name: format!("P{n}"), ..Checkpoint::default() }))
                .collect(),
            tags: (1..=3)
                .map(|n| (TagId([n; 16]), TagRegistration { checkpoint: place(n), revision: 1 }))
                .collect(),
            routes: [(
                RouteId([1; 8]),
                Route {
                    name: "R".into(),
                    walk: Walk::Ordered,
                    points: (1..=3).map(place).collect(),
                    max_minutes: None,
                },
            )]
            .into(),
            schedules: [(
                crate::model::ScheduleId([1; 8]),
                Schedule {
                    window_minutes: 30,
                    start_within_minutes: 30,
                    grace_minutes: 0,
                    ..Schedule::new("S", RouteId([1; 8]), Timing::Times(vec![60]))
                },
            )]
            .into(),
            ..PlanContent::default()
        }
    }

    fn walked(tags: &[u8]) -> CurrentPatrol {
        CurrentPatrol {
            number: 1,
            due: None,
            route: Some(RouteId([1; 8])),
            started_wall: 0,
            scans: tags.iter().map(|n| Evidence::Qr { tag: TagId([*n; 16]) }).collect(),
            joined: None,
        }
    }

    #[test]
    fn next_left_and_order() {
        let plan = plan();
        let place = |n: u8| CheckpointId([n; 8]);
        let at = |tags: &[u8]| progress(&walked(tags), &plan, None, 0);
        assert_eq!(at(&[]).next, Some(place(1)));
        assert_eq!(at(&[1]).left, [place(2), place(3)]);
        assert!(!at(&[1, 1, 2]).out_of_order);
        let out = at(&[1, 3, 9]);
        assert_eq!((out.next, out.out_of_order, out.unknown_tags), (Some(place(2)), false, 1));
        assert!(at(&[1, 3, 2]).out_of_order);
        assert_eq!(at(&[1, 2, 3]).next, None);
    }

    #[test]
    fn a_place_that_demands_more_than_was_shown_is_named() {
        let mut plan = plan();
        let place = |n: u8| CheckpointId([n; 8]);
        plan.checkpoints.get_mut(&place(2)).unwrap().min_level = Some(Level::L2);
        let uid = TagUid::from([7; 7]);
        plan.nfc.insert(uid, KeyedTag { checkpoint: place(2), key_version: None });
        let mut walk = walked(&[1, 2]);
        assert_eq!(progress(&walk, &plan, None, 0).below_level, [place(2)]);
        let uid = uid.as_bytes().to_vec();
        walk.scans.push(Evidence::NfcUid { uid, originality: None });
        let now = progress(&walk, &plan, None, 0);
        assert_eq!((now.below_level.len(), now.visited.len()), (0, 2));
    }

    #[test]
    fn early_in_time_and_late() {
        let plan = plan();
        let due = &due_patrols(VesselId([0; 16]), &plan, 0, 86_400)[0];
        let at = |now| progress(&walked(&[]), &plan, Some(due), now).lateness;
        assert_eq!(at(3_500), Lateness::Early { opens_in: 100 });
        assert_eq!(at(3_600), Lateness::InTime { closes_in: 1_800 });
        assert_eq!(at(5_401), Lateness::Late { by: 1 });
    }
}
