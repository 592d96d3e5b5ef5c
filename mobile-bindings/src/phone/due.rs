//! What the Plan demands, and which Plan that is.

use deckwatch_core::{
    patrol,
    phone::{DueState as CoreState, DueView},
    plan::{self, PlanContent},
};

use super::{Phone, Place, count};
use crate::{MobileError, guard::guard, platform::Change};

/// One occurrence that the Plan demands. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DuePatrol {
    /// Its id.
    pub id: String,
    /// The route's id.
    pub route: String,
    /// The route's name.
    pub route_name: String,
    /// The schedule's name.
    pub schedule_name: String,
    /// When it may begin.
    pub opens: i64,
    /// When it must have begun.
    pub start_by: i64,
    /// When it must be over.
    pub closes: i64,
    /// How many points it has.
    pub points: u32,
    /// How it stands, as far as this phone knows.
    pub state: DueState,
    /// Against the clock, in seconds to count down.
    pub lateness: Lateness,
}

/// How a due patrol stands, as far as this phone knows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum DueState {
    /// Not walked by this phone.
    Open,
    /// Being walked by this phone.
    Walking,
    /// Something that this list does not have.
    Unknown {
        /// What the core calls it.
        name: String,
    },
}

/// Against the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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
        /// Seconds until it closes.
        closes_in: i64,
    },
    /// The window has closed.
    Late {
        /// Seconds since it closed.
        by: i64,
    },
}

/// Checkpoints and how they are walked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Route {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it is walked.
    pub walk: Walk,
    /// Its points, in order.
    pub points: Vec<Place>,
    /// How long it may take.
    pub max_minutes: Option<u32>,
}

/// How a route is walked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Walk {
    /// In this order.
    Ordered,
    /// In any order.
    AnyOrder,
    /// Without a gap longer than the Plan says.
    Continuous,
    /// Every space is resolved.
    Search,
    /// Something that this list does not have.
    Unknown {
        /// What the core calls it.
        name: String,
    },
}

/// Which Plan is shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanSummary {
    /// The ship's name; empty until a Plan is here.
    pub vessel_name: String,
    /// Every checkpoint.
    pub checkpoints: Vec<Place>,
    /// How many routes there are.
    pub routes: u32,
    /// The version that the ship has adopted; empty while it has adopted none, and the newest is
    /// shown.
    pub adopted: Vec<String>,
    /// The newest version here.
    pub newest: Vec<String>,
    /// The newest version is not the adopted one.
    pub plan_to_adopt: bool,
}

impl From<patrol::Lateness> for Lateness {
    fn from(lateness: patrol::Lateness) -> Self {
        match lateness {
            patrol::Lateness::NoWindow => Self::NoWindow,
            patrol::Lateness::Early { opens_in } => Self::Early { opens_in },
            patrol::Lateness::InTime { closes_in } => Self::InTime { closes_in },
            patrol::Lateness::Late { by } => Self::Late { by },
        }
    }
}

impl From<plan::Walk> for Walk {
    fn from(walk: plan::Walk) -> Self {
        match walk {
            plan::Walk::Ordered => Self::Ordered,
            plan::Walk::AnyOrder => Self::AnyOrder,
            plan::Walk::Continuous => Self::Continuous,
            plan::Walk::Search => Self::Search,
        }
    }
}

impl From<CoreState> for DueState {
    fn from(state: CoreState) -> Self {
        match state {
            CoreState::Open => Self::Open,
            CoreState::Walking => Self::Walking,
        }
    }
}

impl From<DueView> for DuePatrol {
    fn from(view: DueView) -> Self {
        let DueView { due, state, lateness } = view;
        Self {
            id: due.id.to_string(),
            route: due.route.to_string(),
            route_name: due.route_name,
            schedule_name: due.schedule_name,
            opens: due.opens,
            start_by: due.start_by,
            closes: due.closes,
            points: count(due.points.len()),
            state: state.into(),
            lateness: lateness.into(),
        }
    }
}

fn routes_of(plan: &PlanContent) -> Vec<Route> {
    let routes = plan.routes.iter().map(|(id, route)| Route {
        id: id.to_string(),
        name: route.name.clone(),
        walk: route.walk.into(),
        points: Place::all(&route.points, plan),
        max_minutes: route.max_minutes,
    });
    routes.collect()
}

#[uniffi::export]
impl Phone {
    /// What is due from a day ago to a day ahead, by opening.
    pub fn due(&self) -> Result<Vec<DuePatrol>, MobileError> {
        guard("due", || {
            self.recorder.look(|phone, reading| {
                phone.due(reading).into_iter().map(DuePatrol::from).collect()
            })
        })
    }

    /// The routes of the Plan, for a patrol that is not due.
    pub fn routes(&self) -> Result<Vec<Route>, MobileError> {
        guard("routes", || Ok(routes_of(&self.recorder.shown()?.plan)))
    }

    /// Which Plan is shown.
    pub fn plan(&self) -> Result<PlanSummary, MobileError> {
        guard("plan", || {
            let view = self.recorder.shown()?;
            let points: Vec<_> = view.plan.checkpoints.keys().copied().collect();
            Ok(PlanSummary {
                vessel_name: view.plan.vessel_name.clone(),
                checkpoints: Place::all(&points, &view.plan),
                routes: count(view.plan.routes.len()),
                adopted: view.adopted.iter().map(ToString::to_string).collect(),
                newest: view.newest.iter().map(ToString::to_string).collect(),
                plan_to_adopt: view.plan_to_adopt(),
            })
        })
    }

    /// Puts the newest version of the Plan into force on this ship, from `effective_from` (Unix
    /// seconds) on. For the ship security officer's phone.
    pub fn adopt_plan(&self, effective_from: i64) -> Result<(), MobileError> {
        self.recording("adopt-plan", &[Change::Plan, Change::Sync], |phone, reading| {
            phone.adopt_plan(effective_from, reading)?;
            Ok(())
        })
    }
}
