//! Tags and displays with keys: the keys at rest, what a tag is written with, checking scans, and showing
//! retired keys to an auditor.
//!
//! Keys never stand in the database, in a log or in an error: [`key_file`] is the one place where they rest.

pub mod check;
pub mod disclose;
pub mod key_file;
pub mod provision;
#[cfg(test)]
mod tests;
pub mod verifier;

use deckwatch_core::model::{TagId, TagUid};
use serde::{Deserialize, Serialize};

use crate::shore::ShoreError;
use crate::store::StoreError;

/// What has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyed {
    /// An NFC tag, by its UID.
    Nfc(TagUid),
    /// A display, by its tag id.
    Display(TagId),
}

impl std::fmt::Display for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nfc(uid) => write!(f, "tag {uid}"),
            Self::Display(id) => write!(f, "display {id}"),
        }
    }
}

/// Why nothing was done with tags.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// The file of keys.
    #[error(transparent)]
    Keys(#[from] key_file::TagKeyError),
    /// The shore.
    #[error(transparent)]
    Shore(#[from] ShoreError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host of the URL.
    #[error(transparent)]
    Host(#[from] deckwatch_core::presence::label::LabelError),
    /// No such place.
    #[error("no checkpoint {0:?} in the plan")]
    NoCheckpoint(String),
    /// Signed messages need a UID of 7 bytes.
    #[error("tag {0} cannot sign: its UID has not 7 bytes")]
    CannotSign(TagUid),
    /// A key that is shown to nobody.
    #[error("the key of {tag} in version {version} is in use")]
    InUse {
        /// Whose.
        tag: Keyed,
        /// Which.
        version: u32,
    },
    /// Nothing to show.
    #[error("there are no retired keys to disclose")]
    NothingRetired,
}

impl TagError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Keys(error) => error.hint(),
            Self::Shore(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Host(error) => error.hint(),
            Self::NoCheckpoint(_) => "see `deckwatch plan show`, or add it to the plan first",
            Self::CannotSign(_) => "register it with --plain, or use an NTAG 424 DNA",
            Self::InUse { .. } | Self::NothingRetired => {
                "make a new version with `deckwatch tags rotate`, write the tags anew with `deckwatch tags provision`, then disclose the old one"
            }
        }
    }
}
