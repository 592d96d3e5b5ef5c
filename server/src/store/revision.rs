use deckwatch_core::model::{DueId, VesselId};

use super::StoreError;
use super::bounds::{MAX_CAUSE_BYTES, MAX_WORD_BYTES, check_filled_text, check_text};

/// A verdict that was shown, and then changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// The vessel.
    pub vessel: VesselId,
    /// The due patrol.
    pub due: DueId,
    /// When the shore changed it, Unix seconds.
    pub at: i64,
    /// What was shown before.
    pub from_verdict: String,
    /// What is shown since.
    pub to_verdict: String,
    /// What made the difference.
    pub cause: String,
}

impl NewRevision {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_filled_text("earlier verdict", &self.from_verdict, MAX_WORD_BYTES)?;
        check_filled_text("later verdict", &self.to_verdict, MAX_WORD_BYTES)?;
        check_text("cause of a revision", &self.cause, MAX_CAUSE_BYTES)
    }
}

/// A revision as it is kept, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// Counts the revisions of the vessel, from 1.
    pub number: u64,
    /// What changed.
    pub revision: NewRevision,
}

/// Reads revisions.
pub trait Revisions {
    /// The revisions of one due patrol, newest first.
    fn revisions_of_due(
        &self,
        vessel: VesselId,
        due: DueId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError>;

    /// The revisions of a vessel, newest first.
    fn newest_revisions(
        &self,
        vessel: VesselId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError>;
}

/// Writes revisions.
pub trait RevisionsMut {
    /// Appends a revision and returns its number.
    fn append_revision(&mut self, revision: &NewRevision) -> Result<u64, StoreError>;
}
