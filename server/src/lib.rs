//! Deckwatch's shore server, hub and command line.

#![forbid(unsafe_code)]

pub mod clock;
pub mod entropy;
pub mod page;
#[cfg(test)]
mod phone;
pub mod shore;
pub mod store;
pub mod sync;
