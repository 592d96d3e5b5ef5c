#![doc = include_str!("../README.md")]

mod error;
mod version;

pub use error::MobileError;
pub use version::{Version, version};

uniffi::setup_scaffolding!("deckwatch");
