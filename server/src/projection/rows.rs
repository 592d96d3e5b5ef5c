//! An assessment as rows.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    assess::{Assessed, Assessment, Finding, Patrol, Verdict},
    audit::flags_of_due,
    ledger::FlagStatement,
    model::{CheckpointId, DueId, Hash, PageSubject, RecordRef, page_id},
    plan::PlanContent,
    record::Body,
    time::Bounds,
};
use serde::Serialize;

use super::body::{DueBody, FlagBody, Summary, UnplannedBody};
use crate::shore::Held;
use crate::store::{DuePatrolRow, FlagRow, StoreError, VesselStateRow};

/// The form of the JSON texts. A change of form is a new number.
const FORM: u32 = 3;
/// Patrols that answer nothing due, kept of one vessel: more than a crew walks in a month.
const UNPLANNED: usize = 200;

/// A whole assessment.
pub(super) struct Rows {
    pub state: VesselStateRow,
    pub dues: Vec<DuePatrolRow>,
    pub flags: Vec<FlagRow>,
    /// The same as the ledger says them; the id of a flag is the hash of its statement.
    pub statements: Vec<Vec<u8>>,
    /// Why each verdict is what it is.
    pub why: BTreeMap<DueId, String>,
}

type Versions = BTreeMap<Vec<Hash>, PlanContent>;

pub(super) fn rows(
    held: &Held,
    versions: &Versions,
    assessment: &Assessment,
) -> Result<Rows, StoreError> {
    let context = Context::new(held, versions, assessment);
    let mut dues = BTreeMap::new();
    let mut flags = BTreeMap::new();
    let mut why = BTreeMap::new();
    for assessed in &assessment.dues {
        let row = context.due(assessed)?;
        for (flag, statement) in context.flags(assessed)? {
            flags.insert(flag.id, (flag, statement));
        }
        why.insert(row.due, assessed.why.clone());
        dues.insert(row.due, row);
    }
    let (flags, statements) = flags.into_values().unzip();
    Ok(Rows { state: context.state()?, dues: dues.into_values().collect(), flags, statements, why })
}

struct Context<'a> {
    held: &'a Held,
    versions: &'a Versions,
    assessment: &'a Assessment,
    /// Heads and effective_from of each adoption.
    adoptions: BTreeMap<RecordRef, (&'a [Hash], i64)>,
    patrols: BTreeMap<DueId, Vec<&'a Patrol>>,
    newest: Option<&'a PlanContent>,
    /// When the records were made that vouch for Pages.
    dated: BTreeMap<RecordRef, Bounds>,
}

impl<'a> Context<'a> {
    fn new(held: &'a Held, versions: &'a Versions, assessment: &'a Assessment) -> Self {
        let mut adoptions = BTreeMap::new();
        for entry in held.chains().iter().flat_map(|chain| chain.all()) {
            if let Some(Body::PlanAdopt { heads, effective_from }) = entry.body() {
                adoptions.insert(entry.at, (heads.as_slice(), *effective_from));
            }
        }
        let mut patrols: BTreeMap<DueId, Vec<&Patrol>> = BTreeMap::new();
        for patrol in &assessment.patrols {
            if let Some(due) = patrol.answers {
                patrols.entry(due).or_default().push(patrol);
            }
        }
        let now = adoptions.iter().filter(|(_, (_, from))| *from <= assessment.as_of);
        let newest = now
            .filter_map(|(at, (heads, from))| Some((*from, *at, versions.get(*heads)?)))
            .max_by_key(|(from, at, _)| (*from, *at))
            .map(|(_, _, content)| content);
        let dated = assessment.dated.iter().copied().collect();
        Self { held, versions, assessment, adoptions, patrols, newest, dated }
    }

    /// The newest adoption that demands this.
    fn plan_of(&self, assessed: &Assessed) -> Option<(&'a [Hash], i64)> {
        let plans = assessed.demand.plans.iter().filter_map(|by| self.adoptions.get(by));
        plans.max_by_key(|(_, from)| *from).copied()
    }

    fn content_of(&self, assessed: &Assessed) -> Option<&'a PlanContent> {
        self.plan_of(assessed).and_then(|(heads, _)| self.versions.get(heads))
    }

    fn offset(&self, assessed: &Assessed) -> i32 {
        let content = self.content_of(assessed);
        content.map_or(0, |plan| plan.ship_time.offset_minutes(assessed.demand.due.opens))
    }

    fn due(&self, assessed: &Assessed) -> Result<DuePatrolRow, StoreError> {
        let due = &assessed.demand.due;
        let patrols = self.patrols.get(&due.id).cloned().unwrap_or_default();
        let plan = self.plan_of(assessed);
        let visits = patrols.iter().flat_map(|patrol| &patrol.visited).chain(&assessed.visited);
        let places: BTreeSet<CheckpointId> =
            visits.map(|visit| visit.checkpoint).chain(due.points.iter().copied()).collect();
        let content = self.content_of(assessed);
        let name = |place: CheckpointId| {
            content
                .map_or_else(|| format!("checkpoint {place}"), |plan| plan.checkpoint_name(place))
        };
        let body = DueBody {
            form: FORM,
            assessed,
            patrols,
            places: places.into_iter().map(|place| (place, name(place))).collect(),
            offset_minutes: self.offset(assessed),
            plan: plan.map(|(heads, _)| heads),
            plan_since: plan.map(|(_, from)| from),
            written: self.written(due.id),
        };
        Ok(DuePatrolRow {
            vessel: self.held.vessel(),
            due: due.id,
            day: due.day.0,
            opens: due.opens,
            closes: due.closes,
            route: due.route,
            verdict: verdict_word(assessed.verdict).to_owned(),
            body: json(&body)?,
        })
    }

    /// When everything on a due patrol's Page was written.
    fn written(&self, due: DueId) -> Vec<(RecordRef, Bounds)> {
        let id = page_id(self.held.vessel(), PageSubject::Due(due));
        let records = self.held.pages().get(id).map(|page| page.records.as_slice());
        let dated = |at: &RecordRef| Some((*at, *self.dated.get(at)?));
        records.unwrap_or_default().iter().filter_map(dated).collect()
    }

    /// A missed patrol, and every finding that makes one irregular; each with its statement's bytes.
    fn flags(&self, assessed: &Assessed) -> Result<Vec<(FlagRow, Vec<u8>)>, StoreError> {
        let (vessel, version) = (self.held.vessel(), self.assessment.detector_version);
        let flags = flags_of_due(vessel, version, assessed).into_iter();
        flags.map(|(statement, finding)| self.flag(assessed, &statement, finding)).collect()
    }

    fn flag(
        &self,
        assessed: &Assessed,
        statement: &FlagStatement,
        finding: Option<&Finding>,
    ) -> Result<(FlagRow, Vec<u8>), StoreError> {
        let due = &assessed.demand.due;
        let body = json(&FlagBody {
            sentence: &statement.sentence,
            route: &due.route_name,
            opens: due.opens,
            offset_minutes: self.offset(assessed),
            finding,
        })?;
        let bytes = statement.encode();
        let row = FlagRow {
            vessel: statement.vessel,
            id: Hash::of(&bytes),
            due: statement.due,
            day: due.day.0,
            code: statement.code.clone(),
            severity: "irregular".to_owned(),
            at: due.opens,
            body,
        };
        Ok((row, bytes))
    }

    /// Patrols that answer nothing due, the newest first.
    fn unplanned(&self) -> Vec<UnplannedBody<'a>> {
        let alone = |patrol: &&Patrol| patrol.answers.is_none() && patrol.joined.is_none();
        let mut patrols: Vec<&Patrol> = self.assessment.patrols.iter().filter(alone).collect();
        let newest = |patrol: &&Patrol| {
            let bounds = patrol.started;
            std::cmp::Reverse((bounds.not_after.or(bounds.not_before), patrol.name))
        };
        patrols.sort_by_key(newest);
        patrols.truncate(UNPLANNED);
        let name = |id| self.newest.and_then(|plan| Some(plan.routes.get(&id)?.name.clone()));
        let body = |patrol: &'a Patrol| UnplannedBody {
            name: patrol.name,
            started: patrol.started,
            started_said: patrol.started_said,
            ended: patrol.ended,
            ending: patrol.ending,
            named: patrol.named,
            crew: &patrol.crew,
            points: patrol.visited.len(),
            route: patrol.route.and_then(name),
        };
        patrols.into_iter().map(body).collect()
    }

    fn state(&self) -> Result<VesselStateRow, StoreError> {
        let Assessment { as_of, next_change, .. } = *self.assessment;
        let summary = Summary {
            form: FORM,
            watermark: &self.assessment.watermark,
            devices: &self.assessment.devices,
            findings: &self.assessment.findings,
            offset_minutes: self.newest.map_or(0, |plan| plan.ship_time.offset_minutes(as_of)),
            contact_limit_secs: self.newest.map_or_else(
                || PlanContent::default().contact_limit_secs(),
                |plan| plan.contact_limit_secs(),
            ),
            detector_version: self.assessment.detector_version,
            unplanned: self.unplanned(),
        };
        // New due patrols come into sight even where nothing else changes.
        let look_again = as_of.saturating_add(super::AHEAD / 2);
        let next_change = Some(next_change.map_or(look_again, |next| next.min(look_again)));
        Ok(VesselStateRow {
            vessel: self.held.vessel(),
            as_of,
            next_change,
            summary: json(&summary)?,
        })
    }
}

/// A verdict as rows and JSON say it.
pub(super) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Irregular => "irregular",
        Verdict::Missed => "missed",
        Verdict::AwaitingSync => "awaiting_sync",
        Verdict::Unverifiable => "unverifiable",
        Verdict::Excused => "excused",
        Verdict::NotDueYet => "not_due_yet",
    }
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(Box::new(error)))
}
