//! Audit bundles: what a shore hands out so that somebody who trusts neither the shore nor the ship can check a vessel's
//! patrols on a laptop, without asking anybody. `audit/README.md` is the agreement that this room implements, written so
//! that a verifier in another language can follow it.
//!
//! A bundle is a map of names to bytes ([`Bundle`]), and one archive of them that is one ZIP file with one encoding. Writing is
//! [`Prepared::write`] from plain [`Sources`]; reading is [`verify()`], which believes nothing but the auditor's own policy.

pub mod archive;
pub mod disclosure;
pub mod erasure;
pub mod flag;
pub mod manifest;
mod parts;
pub mod report;
pub mod sources;
mod verify;

pub use archive::{ArchiveError, Bundle};
pub use disclosure::{Shown, Withheld};
pub use erasure::Erasure;
pub use flag::{flags_of, flags_of_due};
pub use manifest::{Manifest, NamedPart};
pub use parts::BundleError;
pub use report::{
    Check, CheckName, ClockSetBack, Difference, Fault, NamedNotShown, NotShown, Reassessment,
    Report,
};
pub use sources::{Prepared, Sources, UnreadableReceipt, WriteError};
pub use verify::{Options, verify};

#[cfg(test)]
mod tests;
