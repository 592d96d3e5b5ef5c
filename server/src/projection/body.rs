//! The JSON texts of projected rows, as they are read again: what pages need, and nothing that they do not.

use std::collections::BTreeMap;

use deckwatch_core::{
    assess::{Assessed, CrewMember, DeviceState, Ending, Finding, Patrol, PatrolName, Watermark},
    model::{CheckpointId, DeviceId, DueId, Hash, Level, RecordRef},
    time::{Basis, Bounds},
};
use serde::{Deserialize, Serialize};

/// The body of a due patrol, as it is written.
#[derive(Debug, Serialize)]
pub struct DueBody<'a> {
    /// Names the form of this text.
    pub form: u32,
    /// The verdict and everything that led to it.
    pub assessed: &'a Assessed,
    /// The patrols that answer it.
    pub patrols: Vec<&'a Patrol>,
    /// Names of the places in it.
    pub places: BTreeMap<CheckpointId, String>,
    /// Ship time minus UTC at the opening.
    pub offset_minutes: i32,
    /// The newest version that demands it.
    pub plan: Option<&'a [Hash]>,
    /// Since when that version may have been in force, Unix seconds.
    pub plan_since: Option<i64>,
    /// When the records were made that vouch for what is written on its Page.
    pub written: Vec<(RecordRef, Bounds)>,
}

/// The body of a flag, as it is written.
#[derive(Debug, Serialize)]
pub struct FlagBody<'a> {
    /// In one sentence.
    pub sentence: &'a str,
    /// The route's name; empty for what concerns no due patrol.
    pub route: &'a str,
    /// When the window opens, Unix seconds.
    pub opens: i64,
    /// Ship time minus UTC there.
    pub offset_minutes: i32,
    /// The finding; none for a missed patrol.
    pub finding: Option<&'a Finding>,
}

/// The summary of a vessel, as it is written.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// Names the form of this text.
    pub form: u32,
    /// Up to when the data is known to be complete.
    pub watermark: &'a Watermark,
    /// All devices but the shore.
    pub devices: &'a [DeviceState],
    /// What is to be said of devices.
    pub findings: &'a [Finding],
    /// The ship's offset at the moment of assessment.
    pub offset_minutes: i32,
    /// The contact limit, seconds.
    pub contact_limit_secs: i64,
    /// Which formulas were used.
    pub detector_version: u32,
    /// Patrols that answer nothing due, the newest first; of very many the newest.
    pub unplanned: Vec<UnplannedBody<'a>>,
}

/// A patrol that answers nothing due, as it is written.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of Patrol in deckwatch-core")]
pub struct UnplannedBody<'a> {
    pub name: PatrolName,
    pub started: Bounds,
    pub started_said: Option<u64>,
    pub ended: Bounds,
    pub ending: Option<Ending>,
    pub named: Option<DueId>,
    pub crew: &'a [CrewMember],
    /// How many points were scanned.
    pub points: usize,
    /// The route's name, if it named one.
    pub route: Option<String>,
}

/// A [`DueBody`] as pages read it. Times in `bounds` are in 10 µs.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of DueBody and of what it names in deckwatch-core"
)]
pub struct DueView {
    pub assessed: AssessedView,
    pub patrols: Vec<PatrolView>,
    pub places: BTreeMap<CheckpointId, String>,
    pub offset_minutes: i32,
    pub plan: Option<Vec<Hash>>,
    pub plan_since: Option<i64>,
    #[serde(default)]
    pub written: Vec<(RecordRef, BoundsView)>,
}

/// An `Assessed` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Assessed")]
pub struct AssessedView {
    pub demand: DemandView,
    pub why: String,
    pub held_back_by: Vec<HeldBackView>,
    pub visited: Vec<VisitView>,
    pub findings: Vec<FindingText>,
}

/// A `Demand` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Demand")]
pub struct DemandView {
    pub due: DuePatrolView,
}

/// A `DuePatrol` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of DuePatrol")]
pub struct DuePatrolView {
    pub route_name: String,
    pub opens: i64,
    pub closes: i64,
    pub grace: i64,
    pub walk: deckwatch_core::plan::Walk,
    pub points: Vec<CheckpointId>,
}

/// A `HeldBack` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of HeldBack")]
pub struct HeldBackView {
    pub dev: DeviceId,
    pub last_heard: Option<i64>,
}

/// `Bounds` as pages read them, in 10 µs.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Bounds")]
pub struct BoundsView {
    pub not_before: Option<i64>,
    pub not_after: Option<i64>,
}

impl From<Bounds> for BoundsView {
    fn from(bounds: Bounds) -> Self {
        let at = |moment: Option<deckwatch_core::time::Moment>| moment.map(|moment| moment.0);
        Self { not_before: at(bounds.not_before), not_after: at(bounds.not_after) }
    }
}

/// A `Visit` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Visit")]
pub struct VisitView {
    pub checkpoint: CheckpointId,
    pub record: RecordRef,
    pub at: BoundsView,
    #[serde(default)]
    pub known_by: Option<Basis>,
    pub evidence_type: u64,
    /// What was projected before there were levels has none.
    #[serde(default)]
    pub worth: Option<WorthView>,
    pub required: bool,
}

/// A `Worth` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Worth")]
pub struct WorthView {
    pub claims: Level,
    pub standing: String,
}

/// A `Finding` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Finding")]
pub struct FindingText {
    pub code: String,
    pub severity: String,
    pub sentence: String,
    pub records: Vec<RecordRef>,
    pub explanations: Vec<String>,
}

/// A patrol's name as pages read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of PatrolName")]
pub struct PatrolNameView {
    pub dev: DeviceId,
    pub patrol: u64,
}

/// An `Ending` as pages read it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Ending")]
pub struct EndingView {
    pub record: RecordRef,
    pub how: u64,
    pub reason: u64,
}

/// A `Patrol` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Patrol")]
pub struct PatrolView {
    pub name: PatrolNameView,
    pub start: RecordRef,
    pub started: BoundsView,
    pub ending: Option<EndingView>,
    pub ended: BoundsView,
    pub crew: Vec<CrewMember>,
    pub visited: Vec<VisitView>,
    #[serde(default)]
    pub named: Option<DueId>,
    #[serde(default)]
    pub joined: Option<PatrolNameView>,
}

/// An [`UnplannedBody`] as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of UnplannedBody")]
pub struct UnplannedView {
    pub name: PatrolNameView,
    pub started: BoundsView,
    pub started_said: Option<i64>,
    pub ended: BoundsView,
    pub ending: Option<EndingView>,
    pub named: Option<DueId>,
    pub crew: Vec<CrewMember>,
    pub points: u32,
    pub route: Option<String>,
}

/// A [`FlagBody`] as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of FlagBody")]
pub struct FlagView {
    pub sentence: String,
    pub route: String,
    pub opens: i64,
    pub offset_minutes: i32,
}

/// A [`Summary`] as pages read it. Empty before the first assessment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are those of Summary")]
pub struct SummaryView {
    pub watermark: WatermarkView,
    pub devices: Vec<DeviceView>,
    pub offset_minutes: i32,
    pub contact_limit_secs: i64,
    pub unplanned: Vec<UnplannedView>,
}

/// A `Watermark` as pages read it, in 10 µs.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Watermark")]
pub struct WatermarkView {
    pub until: Option<i64>,
    pub held_by: Vec<DeviceId>,
}

/// A `DeviceState` as pages read it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of DeviceState")]
pub struct DeviceView {
    pub dev: DeviceId,
    pub roles: u32,
    pub state: String,
    pub last_heard: Option<i64>,
    pub last_seq: Option<u64>,
}
