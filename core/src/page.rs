//! What people write about one patrol or one day: remarks, checklist answers, reasons, incidents,
//! defects, handovers, countersignatures, replies and reviews. FORMAT.md section 17.
//!
//! A Page is an Automerge document ([`crate::document`]): every phone on the patrol, the ship
//! security officer and the shore write it at once, offline. Each word keeps its author: the record
//! that vouches for the change says which device wrote it, who was logged in, and between which
//! instants. What is written over or taken back stays readable.

pub mod content;
pub mod draft;
pub mod keys;
pub mod write;

#[cfg(test)]
mod tests;

pub use content::{Accepted, Author, Field, PageContent, Version, Writing};
pub use draft::{Answer, Draft, DraftError, On};
pub use keys::WritingKind;
pub use write::{Hand, PageWriteError, change_of};
