//! Walking a patrol.

use deckwatch_core::{
    model::{DueId, RouteId},
    patrol::Progress,
    phone::PhoneView,
};

use super::{Lateness, Phone, Place, count, id};
use crate::{MobileError, guard::guard, platform::Change};

/// What is to be walked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PatrolChoice {
    /// A due patrol.
    Due {
        /// Its id.
        id: String,
    },
    /// A route, although nothing is due.
    Route {
        /// Its id.
        id: String,
    },
    /// No route: whatever is scanned.
    Unplanned,
}

/// How a patrol ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EndHow {
    /// It is done.
    Finished,
    /// It was given up.
    BrokenOff,
    /// Nobody ended it, so the app did.
    ClosedByApp,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EndReason {
    /// No reason is needed.
    NotGiven,
    /// Weather.
    Weather,
    /// Operations.
    Operations,
    /// Safety.
    Safety,
    /// An emergency.
    Emergency,
    /// A space is closed.
    SpaceClosed,
}

/// How the patrol stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PatrolStatus {
    /// This device's number of it.
    pub number: u64,
    /// The due patrol that it answers.
    pub due: Option<String>,
    /// The route's id.
    pub route: Option<String>,
    /// The route's name.
    pub route_name: Option<String>,
    /// When it started, by the phone's clock, Unix seconds.
    pub started: i64,
    /// The point to go to; for routes of any order the first one left.
    pub next: Option<Place>,
    /// Points that are left, in the route's order.
    pub left: Vec<Place>,
    /// Points that were visited: those of the other phone first, if this one joined it, then in the
    /// order walked.
    pub visited: Vec<Place>,
    /// Those of them that only the other phone visited, as its code said.
    pub by_other: Vec<Place>,
    /// Those of them that demand stronger evidence than this phone has recorded there: scan the tag, not the label.
    pub below_level: Vec<Place>,
    /// This phone takes part in the patrol of another.
    pub joined: bool,
    /// All points of the route.
    pub total: u32,
    /// Scans of tags that the Plan does not know.
    pub unknown_tags: u32,
    /// A later point was visited before an earlier one on an ordered route.
    pub out_of_order: bool,
    /// Against the window.
    pub lateness: Lateness,
}

impl EndReason {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::NotGiven => 0,
            Self::Weather => 1,
            Self::Operations => 2,
            Self::Safety => 3,
            Self::Emergency => 4,
            Self::SpaceClosed => 5,
        }
    }
}

impl PatrolStatus {
    pub(super) fn of(view: &PhoneView, progress: &Progress) -> Self {
        let current = view.current.as_ref();
        let route = current.and_then(|current| current.route);
        let started = current.map_or(0, |current| current.started_wall);
        Self {
            number: current.map_or(0, |current| current.number),
            due: current.and_then(|current| current.due).map(|due| due.to_string()),
            route: route.map(|route| route.to_string()),
            route_name: route
                .and_then(|route| view.plan.routes.get(&route))
                .map(|route| route.name.clone()),
            started: i64::try_from(started).unwrap_or(i64::MAX),
            next: progress.next.map(|next| Place::of(next, &view.plan)),
            left: Place::all(&progress.left, &view.plan),
            visited: Place::all(&progress.visited, &view.plan),
            by_other: Place::all(&progress.by_other, &view.plan),
            below_level: Place::all(&progress.below_level, &view.plan),
            joined: current.is_some_and(|current| current.joined.is_some()),
            total: count(progress.total),
            unknown_tags: count(progress.unknown_tags),
            out_of_order: progress.out_of_order,
            lateness: progress.lateness.into(),
        }
    }
}

#[uniffi::export]
impl Phone {
    /// Starts a patrol.
    pub fn start(&self, choice: PatrolChoice) -> Result<PatrolStatus, MobileError> {
        let (due, route) = match choice {
            PatrolChoice::Due { id: due } => (Some(id("due", DueId::from_hex(&due))?), None),
            PatrolChoice::Route { id: route } => {
                (None, Some(id("route", RouteId::from_hex(&route))?))
            }
            PatrolChoice::Unplanned => (None, None),
        };
        let changes = [Change::Patrol, Change::Plan, Change::Sync];
        self.recording("start", &changes, |phone, reading| {
            let progress = phone.start(due, route, reading)?;
            Ok(PatrolStatus::of(&phone.view(reading)?, &progress))
        })
    }

    /// The text of the QR that a second phone scans to take part in this phone's patrol. Records
    /// nothing; show it anew after a scan.
    pub fn join_code(&self) -> Result<String, MobileError> {
        guard("join-code", || self.recorder.look(|phone, reading| Ok(phone.join_code(reading)?))?)
    }

    /// Takes part in the patrol whose code another phone shows.
    pub fn join(&self, code: String) -> Result<PatrolStatus, MobileError> {
        let changes = [Change::Patrol, Change::Plan, Change::Sync];
        self.recording("join", &changes, |phone, reading| {
            let progress = phone.join(&code, reading)?;
            Ok(PatrolStatus::of(&phone.view(reading)?, &progress))
        })
    }

    /// How the patrol stands. Answers at once, even while another thread records.
    pub fn status(&self) -> Result<PatrolStatus, MobileError> {
        guard("status", || {
            let view = self.recorder.shown()?;
            let progress = view.status(&self.recorder.reading()?)?;
            Ok(PatrolStatus::of(&view, &progress))
        })
    }

    /// Ends the patrol; says how it stood.
    pub fn end(&self, how: EndHow, reason: EndReason) -> Result<PatrolStatus, MobileError> {
        let how = match how {
            EndHow::Finished => 1,
            EndHow::BrokenOff => 2,
            EndHow::ClosedByApp => 3,
        };
        let reason = u64::from(reason.number());
        let changes = [Change::Patrol, Change::Plan, Change::Sync];
        self.recording("end", &changes, |phone, reading| {
            let view = phone.view(reading)?;
            let progress = phone.end(how, reason, reading)?;
            Ok(PatrolStatus::of(&view, &progress))
        })
    }
}
