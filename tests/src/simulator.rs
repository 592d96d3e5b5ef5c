//! Ships that never sailed: months of patrols with everything that happens to phones at sea, and with people who cheat.
//!
//! What is simulated is made of real records in real chains with real receipts, and judged by the real `assess`; only signatures
//! of segments are left out, because nobody here forges them. Every number comes from a seed, and time from the simulation: no clock
//! is read. What a ship is like ([`Character`]) and who cheats in which way ([`Family`]) is drawn from distributions that stand beside the code
//! which uses them. They are our own and describe nothing else: no public data on fraudulent rounds was found (trust.md section 5), so
//! figures from here say how the detectors work on this generator, and not on a fleet.
//!
//! - [`chance`]: numbers from a seed.
//! - [`ship`]: decks, points, routes, and the people who walk them.
//! - [`gait`]: how long legs take: people as they walk, and each family of made-up walks.
//! - [`handset`]: a phone that writes records and is out of reach for weeks.
//! - [`voyage`]: a month on board, and what the shore holds of it at any moment.
//! - [`tally`]: verdicts against what really happened.

pub mod chance;
pub mod gait;
pub mod handset;
pub mod ship;
pub mod tally;
pub mod voyage;

pub use gait::Family;
pub use ship::Character;
pub use tally::{Rate, Tally};
pub use voyage::{Story, Voyage};
