//! From records to verdicts: what was walked, what was not, and what nobody can know yet.
//!
//! [`assess`] is pure: the same [`Input`] gives the same [`Assessment`] on phone, hub and shore and
//! at the auditor's, whatever order the data came in. All arithmetic is in integers.
//!
//! # The verdict table
//!
//! The deadline is the window's closing plus its grace. First match wins.
//!
//! | verdict | when |
//! |---|---|
//! | `not_due_yet` | It is before the deadline and no patrol that answers has ended. |
//! | `done` | Believed patrols lie certainly inside window and grace, one of them was finished, they visited every required point between them, at the evidence level that the plan demands there, and no finding about them is irregular. |
//! | `irregular` | A believed patrol certainly overlaps the window, something failed (points missing, out of order, too early, too late, below the level demanded, broken off, closed by the app, without an end), and no device can bring the rest. |
//! | `excused` | A reason was accepted on a certified device by a crew member; neither took part in a patrol that answers or names it. |
//! | `unverifiable` | There is a patrol, and certificate, fork, clock, withholding or a check that was not made yet leaves it undecided; or a device that may have recorded one is lost, revoked or silent beyond the contact limit. |
//! | `missed` | No device in use holds the window back, and there is no patrol. |
//! | `awaiting_sync` | Otherwise: a device that holds the window back may still bring a patrol, its end, or what dates it. |
//!
//! - A patrol is **believed** if its device is certified, the genesis is the certified one, no fork
//!   lies at or before its last record, that record is not after the last trusted one, and it did
//!   not certainly start after the certificate ended. Records of others are shown and decide
//!   nothing.
//! - An **unended** patrol past the deadline waits for its device as long as that device holds the
//!   window back. After that it is irregular.
//! - A patrol that **the clock leaves undecided** waits as long as its device holds the window
//!   back: the next sync brings what dates it. After that it is unverifiable, as it is at once
//!   where what the device says about time contradicts other claims, and receipts and order alone
//!   do not place the patrol. Where they do, the patrol failed by `clock_contradiction`.
//! - A scan that **claims** a demanded level and was not checked yet neither fails nor proves. If the rest is done, the
//!   patrol is unverifiable until the check is held: no device can bring it, so it is not awaited from one.
//! - **Several starts** that name one due patrol, and who joined them, are one walk: the union of
//!   their scans. What the believed ones inside the window prove is not undone by another that is
//!   late or undated.
//! - A device in use **holds a window back** while its watermark is before the deadline:
//!   `assess/watermark.rs`. A window that one device holds back for ever is never `missed`, even if
//!   another may still sync: it is unverifiable until it does.
//! - Before the deadline an ended patrol that failed is irregular at once; a second walk in time
//!   makes it done.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    model::{DeviceId, RecordRef},
    plan::{Adoption, Demand, PlanContent, demands, takes_at_most},
    record::Body,
    time::Bounds,
};

pub mod attempt;
mod causal;
#[cfg(test)]
mod clock_attacks;
mod counter;
mod disowned;
#[cfg(test)]
mod drawn;
pub mod finding;
pub mod input;
pub mod level;
mod matching;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod revoked;
#[cfg(test)]
mod rotation;
#[cfg(test)]
pub(crate) mod scene;
#[cfg(test)]
mod ship_enrolled;
#[cfg(test)]
mod tags;
mod timeline;
#[cfg(test)]
mod two_keys;
pub mod verdict;
#[cfg(test)]
mod verdict_table;
pub mod watermark;
mod words;

pub use attempt::{CrewMember, Doubt, Ending, Patrol, PatrolName, UnknownScan, Visit};
pub use finding::{DETECTOR_VERSION, DETECTORS, Detail, Detector, Finding, Severity};
pub use input::{AHEAD, BEFORE, Excuse, Input, ReceiptFact, adopted, adopted_versions};
pub use level::{Standing, Worth};
pub use verdict::{Assessed, Verdict};
pub use watermark::{DeviceState, HeldBack, Use, Watermark};

use attempt::{Part, Recorded, scans_of};
use input::LATEST;
use level::TagFacts;
use matching::{Matches, match_all};
use timeline::Timeline;
use verdict::{Bench, Scans, ahead, crossing};
use watermark::Devices;

const PLAN_ADOPT: u64 = 17;
/// Windows and grace last at most a day each: a patrol that answers one may name another so far
/// away.
const MARGIN: i64 = 3 * 86_400;

/// Everything that is known of a vessel's patrols at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// Now, for the one who asks; Unix seconds.
    pub as_of: i64,
    /// Which formulas were used.
    pub detector_version: u32,
    /// Due patrols by opening, then id.
    pub dues: Vec<Assessed>,
    /// All patrols as recorded, planned or not, by device and seq.
    pub patrols: Vec<Patrol>,
    /// Up to when the data is known to be complete.
    pub watermark: Watermark,
    /// All devices but the shore, by id.
    pub devices: Vec<DeviceState>,
    /// What is to be said of devices.
    pub findings: Vec<Finding>,
    /// When the records were made that were asked for, in the order asked; without those not held.
    pub dated: Vec<(RecordRef, Bounds)>,
    /// The earliest Unix second after `as_of` at which something here can change without new data.
    pub next_change: Option<i64>,
}

/// Judges every due patrol with a nominal opening in `from..until`.
pub fn assess(input: &Input<'_>) -> Assessment {
    let timeline = Timeline::read(input);
    let adoptions = adoptions(input, &timeline);
    judged(input, &timeline, &adoptions)
}

/// The same over a stranger's Plan. `None`: what it demands takes more than `most` steps to work out.
pub fn assess_within(input: &Input<'_>, most: u64) -> Option<Assessment> {
    let timeline = Timeline::read(input);
    let adoptions = adoptions(input, &timeline);
    let (from, until) = widened(input);
    takes_at_most(most, &adoptions, input.versions, from, until)
        .then(|| judged(input, &timeline, &adoptions))
}

/// A patrol at the edge may answer a due patrol beyond it.
fn widened(input: &Input<'_>) -> (i64, i64) {
    let (from, until) = input.openings();
    (from.saturating_sub(MARGIN).max(0), until.saturating_add(MARGIN).min(LATEST))
}

fn judged(input: &Input<'_>, timeline: &Timeline<'_>, adoptions: &[Adoption]) -> Assessment {
    let devices = Devices::read(input, timeline, adoptions);
    let ((from, until), (first, last)) = (input.openings(), widened(input));
    let wide = demands(input.vessel, adoptions, input.versions, first, last);
    let plans = Plans::read(input, adoptions, &wide);
    let recorded = Recorded::read(input, timeline);
    let matches = match_all(&wide, &recorded);
    let tags = TagFacts::read(input, timeline);
    let scans = plans.scans((timeline, &tags), &recorded, &matches, &wide);
    let bench = Bench {
        input,
        timeline,
        tags: &tags,
        recorded: &recorded,
        scans: &scans,
        matches: &matches,
        devices: &devices,
    };
    let dues: Vec<Assessed> = wide
        .iter()
        .enumerate()
        .filter(|(_, demand)| (from..until).contains(&demand.due.nominal))
        .map(|(index, demand)| bench.judge(index, demand, plans.of(index)))
        .collect();
    let mut findings = silences(input, &devices, &dues, &plans.newest);
    findings.extend(finding::clock_contradiction::of_all(input, timeline));
    findings.extend(finding::receipts_disowned::of_all(&devices));
    findings.extend(finding::two_keys::of_all(input, timeline));
    let next_change = next_change(input.as_of, &dues, &devices, adoptions);
    Assessment {
        as_of: input.as_of,
        detector_version: DETECTOR_VERSION,
        patrols: patrols(timeline, recorded, scans, &matches, &wide),
        watermark: devices.watermark(),
        devices: devices.states(),
        dated: input.dated.iter().filter_map(|at| Some((*at, timeline.when(*at)?))).collect(),
        dues,
        findings,
        next_change,
    }
}

/// The `plan_adopt` records of devices that may adopt, by device and seq.
fn adoptions(input: &Input<'_>, timeline: &Timeline<'_>) -> Vec<Adoption> {
    let mut adoptions = Vec::new();
    for (track, branch) in timeline.branches.iter().enumerate() {
        for (index, entry) in branch.entries.iter().enumerate() {
            if entry.kind != PLAN_ADOPT || !branch.genesis_fits {
                continue;
            }
            let Some(Body::PlanAdopt { heads, effective_from }) = entry.body() else { continue };
            if input.authority.roles_at(branch.dev, entry.at.seq).may_adopt() {
                adoptions.push(Adoption {
                    by: entry.at,
                    heads: heads.clone(),
                    effective_from: (*effective_from).clamp(0, LATEST),
                    at: timeline.at(track, index),
                });
            }
        }
    }
    adoptions
}

/// The plan versions that count for each demand, and for patrols that answer none.
struct Plans<'a> {
    of_demand: Vec<Vec<&'a PlanContent>>,
    /// All known adopted versions, the newest adoption first.
    newest: Vec<&'a PlanContent>,
}

impl<'a> Plans<'a> {
    fn read(input: &Input<'a>, adoptions: &[Adoption], demands: &[Demand]) -> Self {
        let content = |adoption: &Adoption| input.versions.get(&adoption.heads);
        let by_record: BTreeMap<RecordRef, &'a PlanContent> = adoptions
            .iter()
            .filter_map(|adoption| Some((adoption.by, content(adoption)?)))
            .collect();
        let of = |demand: &Demand| {
            demand.plans.iter().filter_map(|by| by_record.get(by).copied()).collect()
        };
        let mut by_age: Vec<&Adoption> = adoptions.iter().collect();
        by_age.sort_by_key(|adoption| std::cmp::Reverse((adoption.possible_from(), adoption.by)));
        Self {
            of_demand: demands.iter().map(of).collect(),
            newest: by_age.into_iter().filter_map(content).collect(),
        }
    }

    fn of(&self, demand: usize) -> &[&'a PlanContent] {
        self.of_demand.get(demand).map_or(&[], Vec::as_slice)
    }

    fn scans(
        &self,
        facts: (&Timeline<'_>, &TagFacts),
        recorded: &Recorded,
        matches: &Matches,
        demands: &[Demand],
    ) -> Scans {
        let answers = matches.of_part.iter();
        let scans = recorded.parts.iter().zip(answers).map(|(part, answer)| {
            let demand = answer.and_then(|answer| Some((answer, demands.get(answer)?)));
            match demand {
                Some((index, demand)) => scans_of(part, facts, self.of(index), &demand.due.points),
                None => scans_of(part, facts, &self.newest, &[]),
            }
        });
        scans.collect()
    }
}

fn patrols(
    timeline: &Timeline<'_>,
    recorded: Recorded,
    scans: Scans,
    matches: &Matches,
    demands: &[Demand],
) -> Vec<Patrol> {
    let answers = matches
        .of_part
        .iter()
        .map(|answer| answer.and_then(|answer| demands.get(answer)).map(|demand| demand.due.id));
    let parts = recorded.parts.into_iter().zip(scans).zip(answers);
    parts
        .filter_map(|((part, (visited, unknown)), answers)| {
            let start = timeline.entry(part.track, part.begin)?;
            let last = timeline.entry(part.track, part.last)?;
            let ending = |(index, how, reason)| {
                let record = timeline.entry(part.track, index)?.at;
                Some(Ending { record, how, reason })
            };
            let Part { name, route, crew, doubt, withheld, failed_scans, .. } = part;
            Some(Patrol {
                name,
                start: start.at,
                started: part.start_at,
                started_said: start.time.map(|time| time.wall),
                ending: part.ending.and_then(ending),
                ended: part.end_at,
                ended_said: last.time.map(|time| time.wall),
                route,
                named: part.due,
                answers,
                joined: part.joins,
                crew: crew.into_iter().map(|(crew, grade)| CrewMember { crew, grade }).collect(),
                doubt,
                clock_contradiction: part.contradictory,
                withheld,
                visited,
                unknown,
                failed_scans,
            })
        })
        .collect()
}

/// Silence of devices in use, and of those that hold back something assessed here.
fn silences(
    input: &Input<'_>,
    devices: &Devices,
    dues: &[Assessed],
    plans: &[&PlanContent],
) -> Vec<Finding> {
    let holding: std::collections::BTreeSet<DeviceId> =
        dues.iter().flat_map(|due| &due.held_back_by).map(|held| held.dev).collect();
    let certified = devices.certified.iter();
    certified
        .filter(|(dev, device)| device.state.state == Use::Active || holding.contains(*dev))
        .filter_map(|(_, device)| {
            let detector = &finding::silence::DETECTOR;
            finding::silence::of_device(detector, input.as_of, device, devices, plans)
        })
        .collect()
}

fn next_change(
    as_of: i64,
    dues: &[Assessed],
    devices: &Devices,
    adoptions: &[Adoption],
) -> Option<i64> {
    let windows = dues
        .iter()
        .flat_map(|assessed| [assessed.demand.due.opens, assessed.demand.due.deadline()]);
    let limits = devices.certified.values().filter(|device| !device.parked).flat_map(|device| {
        [devices.limit() / 2, devices.limit()].map(|span| crossing(device.watermark, span))
    });
    // The contact limit is that of the plan in force.
    let plans = adoptions.iter().flat_map(|adoption| {
        [Some(adoption.possible_from()), adoption.sure_from()].into_iter().flatten()
    });
    windows.chain(limits).chain(plans).filter_map(|at| ahead(as_of, at)).min()
}
