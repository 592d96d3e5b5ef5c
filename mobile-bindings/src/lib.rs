#![doc = include_str!("../README.md")]

mod cancel;
mod entropy;
mod error;
mod guard;
pub mod phone;
pub mod platform;
mod recorder;
mod version;

pub use cancel::Cancel;
pub use error::{MobileError, UnreadableReason};
pub use phone::Phone;
pub use version::{Version, version};

uniffi::setup_scaffolding!("deckwatch");
