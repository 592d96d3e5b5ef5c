//! Time as an interval: clock readings, anchors, bounds by difference constraints, ship time.

pub mod bounds;
pub mod moment;
pub mod reading;
pub mod ship;

pub use bounds::{Before, Contradiction, Fact, Position, Reading, TimeBounds, Track, solve};
pub use moment::{Bounds, Moment};
pub use reading::ClockReading;
pub use ship::{Day, ShipTime};
