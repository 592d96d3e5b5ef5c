//! The walk itself: what is next, what is left, what is late. Pure: the phone gives the records
//! and the Plan, and shows what comes out.

use serde::Serialize;

use crate::{
    model::{CheckpointId, DueId, RouteId, TagId},
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

/// Where a scan was made, as far as the Plan tells.
pub fn place_of(evidence: &Evidence, plan: &PlanContent) -> Option<CheckpointId> {
    match evidence {
        Evidence::Manual { checkpoint, .. } => Some(*checkpoint),
        Evidence::Qr { tag } | Evidence::Rotating { tag, .. } => plan.checkpoint_of(*tag),
        Evidence::NfcUid { .. } | Evidence::Sun { .. } | Evidence::Unknown { .. } => None,
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
    /// Points that were visited, in the order walked.
    pub visited: Vec<CheckpointId>,
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
    let mut visited: Vec<CheckpointId> = Vec::new();
    let mut unknown_tags = 0;
    for evidence in &patrol.scans {
        match place_of(evidence, plan) {
            Some(place) if !visited.contains(&place) => visited.push(place),
            Some(_) => {}
            None => unknown_tags += 1,
        }
    }
    let left: Vec<CheckpointId> =
        points.iter().filter(|point| !visited.contains(point)).copied().collect();
    let positions =
        visited.iter().filter_map(|place| points.iter().position(|point| point == place));
    Progress {
        next: left.first().copied(),
        left,
        total: points.len(),
        unknown_tags,
        out_of_order: walk == Some(Walk::Ordered) && !positions.is_sorted(),
        lateness: due.map_or(Lateness::NoWindow, |due| lateness(due, now)),
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
        model::VesselId,
        plan::{Checkpoint, Route, Schedule, TagRegistration, due_patrols},
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
                    name: "S".into(),
                    route: RouteId([1; 8]),
                    times: vec![60],
                    window_minutes: 30,
                    start_within_minutes: 30,
                    grace_minutes: 0,
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
    fn early_in_time_and_late() {
        let plan = plan();
        let due = &due_patrols(VesselId([0; 16]), &plan, 0, 86_400)[0];
        let at = |now| progress(&walked(&[]), &plan, Some(due), now).lateness;
        assert_eq!(at(3_500), Lateness::Early { opens_in: 100 });
        assert_eq!(at(3_600), Lateness::InTime { closes_in: 1_800 });
        assert_eq!(at(5_401), Lateness::Late { by: 1 });
    }
}
