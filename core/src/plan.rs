//! What should happen on a vessel: the Plan document, the plan in force, and the patrols it demands.

pub mod check;
pub mod circumstance;
pub mod content;
pub mod document;
pub mod draw;
pub mod due;
pub mod force;
mod keys;
mod merge;
pub mod timing;

pub use check::{Check, CheckKind};
pub use circumstance::{Circumstances, Days, SecurityLevel, SecurityOrder, VesselState, When};
pub use content::{
    Checkpoint, KeyedTag, PlanContent, PlanProblem, Route, Schedule, TagRegistration, Walk,
};
pub use document::{PlanChange, PlanDocument, PlanError};
pub use draw::{Draw, DrawSecret};
pub use due::{DuePatrol, due_patrols};
pub use force::{Adoption, Demand, InForce, demands, in_force, takes_at_most};
pub use timing::{Timing, clock_of, minute_of};

#[cfg(test)]
mod tests;
