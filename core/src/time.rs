//! Time as an interval: clock readings, claims and how they rank, bounds by difference constraints,
//! contradictions, ship time.

pub mod claim;
mod contradictions;
mod graph;
mod laid;
pub mod moment;
pub mod reading;
pub mod ship;
#[cfg(test)]
mod tests;
pub mod times;

pub use claim::{
    Basis, Before, Claim, Contradiction, Fact, Known, Place, Reading, Source, Step, Via,
};
pub use moment::{Bounds, Grade, Moment};
pub use reading::ClockReading;
pub use ship::{Day, ShipTime};
pub use times::Times;
