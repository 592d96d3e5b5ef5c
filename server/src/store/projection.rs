mod difference;
mod digest;

use std::ops::RangeInclusive;

use deckwatch_core::model::{DueId, Hash, RouteId, VesselId};

use super::bounds::{MAX_WORD_BYTES, check_filled_text, check_json};
use super::{Each, Scope, StoreError};

pub(super) use difference::Difference;
pub use digest::projection_digest;

/// The state of a vessel as it was last assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VesselStateRow {
    /// The vessel.
    pub vessel: VesselId,
    /// Assessed as of then, Unix seconds.
    pub as_of: i64,
    /// When the passing of time alone changes a verdict, Unix seconds; `None` if it never does.
    pub next_change: Option<i64>,
    /// JSON, kept byte for byte.
    pub summary: String,
}

impl VesselStateRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_json("summary of a vessel", &self.summary)
    }
}

/// A due patrol as it was last assessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePatrolRow {
    /// The vessel.
    pub vessel: VesselId,
    /// The due patrol.
    pub due: DueId,
    /// Ship-time days since 1970-01-01.
    pub day: i32,
    /// Unix seconds.
    pub opens: i64,
    /// Unix seconds.
    pub closes: i64,
    /// The route to be walked.
    pub route: RouteId,
    /// The verdict.
    pub verdict: String,
    /// JSON, kept byte for byte.
    pub body: String,
}

impl DuePatrolRow {
    fn check(&self) -> Result<(), StoreError> {
        check_filled_text("verdict", &self.verdict, MAX_WORD_BYTES)?;
        check_json("body of a due patrol", &self.body)
    }
}

/// A finding that somebody must handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagRow {
    /// The vessel.
    pub vessel: VesselId,
    /// Hash of its content.
    pub id: Hash,
    /// The due patrol it is about, if it is about one.
    pub due: Option<DueId>,
    /// Ship-time days since 1970-01-01.
    pub day: i32,
    /// The code of the finding.
    pub code: String,
    /// How severe.
    pub severity: String,
    /// When what it tells happened, Unix seconds.
    pub at: i64,
    /// JSON, kept byte for byte.
    pub body: String,
}

impl FlagRow {
    fn check(&self) -> Result<(), StoreError> {
        check_filled_text("code of a flag", &self.code, MAX_WORD_BYTES)?;
        check_filled_text("severity of a flag", &self.severity, MAX_WORD_BYTES)?;
        check_json("body of a flag", &self.body)
    }

    /// Where it stands in a list of flags.
    pub fn place(&self) -> FlagPlace {
        FlagPlace { at: self.at, vessel: self.vessel, id: self.id }
    }
}

/// A place in a list of flags. Lists run from the highest place to the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlagPlace {
    /// Unix seconds.
    pub at: i64,
    /// The vessel.
    pub vessel: VesselId,
    /// The flag.
    pub id: Hash,
}

/// How many due patrols of a vessel and day have one verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictCount {
    /// The vessel.
    pub vessel: VesselId,
    /// Ship-time days since 1970-01-01.
    pub day: i32,
    /// The verdict.
    pub verdict: String,
    /// How many, at least 1.
    pub count: u64,
}

/// How many flags have one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagCount {
    /// The code.
    pub code: String,
    /// How many, at least 1.
    pub count: u64,
}

/// What a replaced assessment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replaced {
    /// Rows that are new or differ.
    pub written: u64,
    /// Rows that are gone.
    pub removed: u64,
}

/// Reads projections.
pub trait Projections {
    /// The state of one vessel.
    fn vessel_state(&self, vessel: VesselId) -> Result<Option<VesselStateRow>, StoreError>;

    /// The states of the vessels in scope, ordered by vessel.
    fn vessel_states(&self, scope: Scope<'_>) -> Result<Vec<VesselStateRow>, StoreError>;

    /// Vessels whose next change is not after `now`, the most overdue first.
    fn due_for_reassessment(&self, now: i64, limit: u32) -> Result<Vec<VesselId>, StoreError>;

    /// One due patrol of any vessel; the caller checks who may see it.
    fn due_patrol(&self, due: DueId) -> Result<Option<DuePatrolRow>, StoreError>;

    /// The due patrols of a vessel on these days, ordered by (day, opens, due). At most [`super::MAX_DAYS`] days.
    fn due_patrols(
        &self,
        vessel: VesselId,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<DuePatrolRow>, StoreError>;

    /// All due patrols of a vessel, ordered by due patrol id.
    fn due_patrols_of(
        &self,
        vessel: VesselId,
        each: Each<'_, DuePatrolRow>,
    ) -> Result<(), StoreError>;

    /// Counts due patrols by (vessel, day, verdict), in this order. At most [`super::MAX_DAYS`] days.
    fn verdict_counts(
        &self,
        scope: Scope<'_>,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<VerdictCount>, StoreError>;

    /// One flag.
    fn flag(&self, vessel: VesselId, id: Hash) -> Result<Option<FlagRow>, StoreError>;

    /// The flags in scope from the highest [`FlagPlace`] down, those below `after`.
    fn flags(
        &self,
        scope: Scope<'_>,
        after: Option<FlagPlace>,
        limit: u32,
    ) -> Result<Vec<FlagRow>, StoreError>;

    /// All flags of a vessel, ordered by flag id.
    fn flags_of(&self, vessel: VesselId, each: Each<'_, FlagRow>) -> Result<(), StoreError>;

    /// Counts the flags in scope by code, ordered by code.
    fn flag_counts(&self, scope: Scope<'_>) -> Result<Vec<FlagCount>, StoreError>;
}

/// Writes projections.
pub trait ProjectionsMut {
    /// Puts the state of a vessel in place of the one before.
    fn put_vessel_state(&mut self, state: &VesselStateRow) -> Result<(), StoreError>;

    /// Puts a whole assessment of the vessel of `state` in place of the one before. Rows that did not change are
    /// not written.
    fn replace_assessment(
        &mut self,
        state: &VesselStateRow,
        dues: &[DuePatrolRow],
        flags: &[FlagRow],
    ) -> Result<Replaced, StoreError>;

    /// Forgets the projections of all vessels; the sources stay.
    fn clear_projections(&mut self) -> Result<(), StoreError>;
}
