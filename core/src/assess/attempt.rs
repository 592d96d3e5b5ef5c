//! Patrols as recorded, before they are held against what was due.
//!
//! Each `patrol_start` begins one. Its records are those of that device with the same patrol
//! number, up to `patrol_end`, or as far as they are held. A `join` begins a part of another's
//! patrol; where that patrol is not held, the part stands alone. Only the main branch counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    input::Input,
    level::{TagFacts, Worth},
    timeline::{Branch, Timeline},
};
use crate::{
    authority::Roles,
    model::{CheckpointId, CrewNo, DeviceId, DueId, RecordRef, RouteId},
    plan::PlanContent,
    record::{Body, Entry},
    time::{Basis, Bounds, Moment},
};

const PATROL_START: u64 = 9;
const JOIN: u64 = 10;
const SCAN: u64 = 11;
const PATROL_END: u64 = 13;
/// `patrol_end` with this `how` was finished by the crew.
pub(super) const FINISHED: u64 = 1;
/// Joins of joins are followed so far; a longer row stands alone.
const JOIN_DEPTH: usize = 8;

/// A patrol's name: the device that started it and that device's patrol number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PatrolName {
    /// The device.
    pub dev: DeviceId,
    /// Its patrol number.
    pub patrol: u64,
}

/// Why evidence is not believed for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The device has no certificate.
    Uncertified,
    /// The certificate names another genesis.
    WrongGenesis,
    /// Written after the last record that a revocation trusts.
    Revoked,
    /// Signed with another key than the one certified under this id.
    OtherKey,
    /// Written after the device's key was rotated.
    Rotated,
    /// Certainly written after the certificate ended.
    Expired,
    /// The chain was continued twice, here or before.
    Forked,
}

impl Doubt {
    /// For people, after the name of the device.
    pub fn words(self) -> &'static str {
        match self {
            Self::Uncertified => "has no certificate",
            Self::WrongGenesis => "does not begin as its certificate says",
            Self::Revoked => "was revoked before this was recorded",
            Self::OtherKey => "signs with another key than the one certified under its id",
            Self::Rotated => "recorded this with a key that was rotated before",
            Self::Expired => "recorded this after its certificate ended",
            Self::Forked => "has two different histories",
        }
    }
}

/// Somebody who was logged in during a patrol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CrewMember {
    /// The roster number.
    pub crew: CrewNo,
    /// The lowest grade, 0 to 3, with which any record of it was made (FORMAT.md section 3): what the whole patrol can be held to.
    pub grade: u32,
}

/// How a patrol ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// The record.
    pub record: RecordRef,
    /// 1 finished, 2 broken off, 3 closed by the app.
    pub how: u64,
    /// FORMAT.md section 4.
    pub reason: u64,
}

/// One reading of a registered tag, or one manual entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// Where.
    pub checkpoint: CheckpointId,
    /// The scan.
    pub record: RecordRef,
    /// When.
    pub at: Bounds,
    /// What must be trusted for that; `None` where nothing is known.
    pub known_by: Option<Basis>,
    /// What the phone's clock said, Unix seconds. For display only.
    pub said: Option<u64>,
    /// FORMAT.md section 5; 0 = typed by hand.
    pub evidence_type: u64,
    /// What it is worth.
    pub worth: Worth,
    /// The due patrol demands this point.
    pub required: bool,
}

/// One reading of something that no plan in force knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownScan {
    /// The scan.
    pub record: RecordRef,
    /// When.
    pub at: Bounds,
    /// FORMAT.md section 5.
    pub evidence_type: u64,
}

/// One device's part in a walk, or the whole of it, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patrol {
    /// Its name.
    pub name: PatrolName,
    /// The `patrol_start`, or the `join`.
    pub start: RecordRef,
    /// When it started.
    pub started: Bounds,
    /// What the phone's clock said at the start. For display only.
    pub started_said: Option<u64>,
    /// How it ended, if its end is held.
    pub ending: Option<Ending>,
    /// When it ended; of one without an end, when its last record was made.
    pub ended: Bounds,
    /// What the phone's clock said then. For display only.
    pub ended_said: Option<u64>,
    /// `None` = unplanned.
    pub route: Option<RouteId>,
    /// The due patrol that its start names.
    pub named: Option<DueId>,
    /// The due patrol that it answers.
    pub answers: Option<DueId>,
    /// The patrol that this device joined.
    pub joined: Option<PatrolName>,
    /// Who was logged in, by roster number.
    pub crew: Vec<CrewMember>,
    /// Why it is not believed for now.
    pub doubt: Option<Doubt>,
    /// The device's claims about time contradict each other.
    pub clock_contradiction: bool,
    /// A scan or the end within it is withheld from this reader.
    pub withheld: bool,
    /// Points, in the order of the chain.
    pub visited: Vec<Visit>,
    /// Tags that no plan in force knows.
    pub unknown: Vec<UnknownScan>,
    /// Readings that failed.
    pub failed_scans: u64,
}

/// A patrol by places in the timeline.
#[derive(Debug)]
pub(super) struct Part {
    pub name: PatrolName,
    pub track: usize,
    pub begin: usize,
    pub last: usize,
    /// Place, how, reason.
    pub ending: Option<(usize, u64, u64)>,
    pub begun_by_start: bool,
    pub route: Option<RouteId>,
    pub due: Option<DueId>,
    pub supersedes: Option<DueId>,
    pub joins: Option<PatrolName>,
    /// The part that leads: this one, or the one that it joined.
    pub leader: usize,
    pub scans: Vec<usize>,
    pub failed_scans: u64,
    /// The lowest grade by roster number.
    pub crew: BTreeMap<CrewNo, u32>,
    pub withheld: bool,
    pub doubt: Option<Doubt>,
    pub contradictory: bool,
    pub start_at: Bounds,
    pub end_at: Bounds,
}

impl Part {
    fn new(name: PatrolName, track: usize, begin: usize) -> Self {
        Self {
            name,
            track,
            begin,
            last: begin,
            ending: None,
            begun_by_start: false,
            route: None,
            due: None,
            supersedes: None,
            joins: None,
            leader: 0,
            scans: Vec::new(),
            failed_scans: 0,
            crew: BTreeMap::new(),
            withheld: false,
            doubt: None,
            contradictory: false,
            start_at: Bounds::UNKNOWN,
            end_at: Bounds::UNKNOWN,
        }
    }

    fn take(&mut self, index: usize, entry: &Entry) {
        self.last = index;
        if let Some(person) = entry.person.filter(|person| person.crew != CrewNo::NOBODY) {
            let grade = self.crew.entry(person.crew).or_insert(person.grade);
            *grade = person.grade.min(*grade);
        }
        match entry.body() {
            Some(Body::PatrolStart { route, due, supersedes, .. }) => {
                self.begun_by_start = true;
                (self.route, self.due, self.supersedes) = (*route, *due, *supersedes);
            }
            Some(Body::Join { dev, patrol, due, .. }) => {
                self.joins = Some(PatrolName { dev: *dev, patrol: *patrol });
                self.due = self.due.or(*due);
            }
            Some(Body::Scan(_)) => self.scans.push(index),
            Some(Body::ScanFailed { .. }) => self.failed_scans += 1,
            Some(Body::PatrolEnd { how, reason }) => self.ending = Some((index, *how, *reason)),
            _ => {}
        }
    }
}

/// A start whose content is withheld: it may be a patrol of any route.
#[derive(Debug)]
pub(super) struct HiddenStart {
    pub start_at: Bounds,
    pub end_at: Bounds,
}

/// All that was recorded.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub parts: Vec<Part>,
    pub hidden: Vec<HiddenStart>,
}

impl Recorded {
    pub fn read(input: &Input<'_>, timeline: &Timeline<'_>) -> Self {
        let mut recorded = Self::default();
        for (track, branch) in timeline.branches.iter().enumerate() {
            let from = recorded.parts.len();
            recorded.read_branch(input, timeline, track, branch);
            for part in recorded.parts.iter_mut().skip(from) {
                part.start_at = timeline.at(track, part.begin);
                part.end_at = timeline.at(track, part.last);
                part.contradictory = timeline.contradictory(track, part.begin..=part.last);
                part.doubt = doubt(input, branch, part.last, part.start_at);
            }
        }
        recorded.find_leaders();
        recorded
    }

    fn read_branch(
        &mut self,
        input: &Input<'_>,
        timeline: &Timeline<'_>,
        track: usize,
        branch: &Branch<'_>,
    ) {
        let mut open: BTreeMap<u64, usize> = BTreeMap::new();
        let mut hidden: Vec<usize> = Vec::new();
        let from = self.parts.len();
        let places = branch.entries.iter().enumerate();
        let ends: Vec<usize> =
            places.filter(|(_, entry)| entry.kind == PATROL_END).map(|(index, _)| index).collect();
        for (index, entry) in branch.entries.iter().enumerate() {
            let Some(content) = &entry.content else {
                if matches!(entry.kind, SCAN | PATROL_END) {
                    hidden.push(index);
                }
                if matches!(entry.kind, PATROL_START | JOIN) {
                    let next = ends.partition_point(|end| *end < index);
                    let end = ends.get(next).copied().unwrap_or(branch.entries.len() - 1);
                    let [start_at, end_at] = [index, end].map(|index| timeline.at(track, index));
                    if doubt(input, branch, end, start_at).is_none() {
                        self.hidden.push(HiddenStart { start_at, end_at });
                    }
                }
                continue;
            };
            if content.patrol == 0 {
                continue;
            }
            let mut held = open.get(&content.patrol).copied();
            let held_part = held.and_then(|part| self.parts.get(part));
            let begins = match content.body {
                // A number that is used again begins another patrol; a start after a join does not.
                Body::PatrolStart { .. } => held_part.is_none_or(|part| part.begun_by_start),
                Body::Join { .. } => held.is_none(),
                _ => false,
            };
            if begins {
                held = Some(self.parts.len());
                let name = PatrolName { dev: branch.dev, patrol: content.patrol };
                self.parts.push(Part::new(name, track, index));
                open.insert(content.patrol, self.parts.len() - 1);
            }
            let Some(part) = held.and_then(|part| self.parts.get_mut(part)) else { continue };
            part.take(index, entry);
            if part.ending.is_some() {
                open.remove(&content.patrol);
            }
        }
        for part in self.parts.iter_mut().skip(from) {
            let first = hidden.partition_point(|index| *index < part.begin);
            let until = if part.ending.is_some() { part.last } else { usize::MAX };
            part.withheld = hidden.get(first).is_some_and(|index| *index <= until);
        }
    }

    fn find_leaders(&mut self) {
        let mut named: BTreeMap<PatrolName, usize> = BTreeMap::new();
        for (index, part) in self.parts.iter().enumerate() {
            named.entry(part.name).or_insert(index);
        }
        let leaders: Vec<usize> = (0..self.parts.len())
            .map(|index| {
                let mut leader = index;
                for _ in 0..JOIN_DEPTH {
                    let Some(part) = self.parts.get(leader) else { break };
                    if part.begun_by_start {
                        return leader;
                    }
                    let Some(next) = part.joins.and_then(|joined| named.get(&joined)) else {
                        break;
                    };
                    leader = *next;
                }
                index
            })
            .collect();
        for (part, leader) in self.parts.iter_mut().zip(leaders) {
            part.leader = leader;
        }
    }
}

/// Why the records of a branch up to the place `last` are not believed; they begin at `start`.
fn doubt(input: &Input<'_>, branch: &Branch<'_>, last: usize, start: Bounds) -> Option<Doubt> {
    let last = last as u64;
    if branch.first_fork.is_some_and(|fork| fork <= last) {
        return Some(Doubt::Forked);
    }
    if branch.dev == input.authority.root() {
        return None;
    }
    let Some(standing) = input.authority.standing(branch.dev) else {
        return Some(Doubt::Uncertified);
    };
    if standing.roles == Roles::NONE {
        return Some(Doubt::Uncertified);
    }
    if standing.other_key {
        return Some(Doubt::OtherKey);
    }
    if !branch.genesis_fits {
        return Some(Doubt::WrongGenesis);
    }
    if standing.last_trusted_seq.is_some_and(|trusted| last > trusted) {
        return Some(Doubt::Revoked);
    }
    if standing.rotated.is_some_and(|rotated| last > rotated.seq) {
        return Some(Doubt::Rotated);
    }
    let expired = standing.until.is_some_and(|until| start.surely_after(Moment::from_unix(until)));
    expired.then_some(Doubt::Expired)
}

/// The points and the unknown tags of a part, by the registrations of `plans`.
pub(super) fn scans_of(
    part: &Part,
    (timeline, tags): (&Timeline<'_>, &TagFacts),
    plans: &[&PlanContent],
    required: &[CheckpointId],
) -> (Vec<Visit>, Vec<UnknownScan>) {
    let (mut visits, mut unknown) = (Vec::with_capacity(part.scans.len()), Vec::new());
    for index in &part.scans {
        let Some(entry) = timeline.entry(part.track, *index) else { continue };
        let Some(Body::Scan(evidence)) = entry.body() else { continue };
        let (record, known) = (entry.at, timeline.known(part.track, *index));
        let at = known.bounds();
        let evidence_type = evidence.type_number();
        match plans.iter().find_map(|plan| plan.place_of(evidence)) {
            Some(checkpoint) => visits.push(Visit {
                checkpoint,
                record,
                at,
                known_by: known.basis(),
                said: entry.time.map(|time| time.wall),
                evidence_type,
                worth: tags.worth(record, evidence),
                required: required.contains(&checkpoint),
            }),
            None => unknown.push(UnknownScan { record, at, evidence_type }),
        }
    }
    (visits, unknown)
}

#[cfg(test)]
mod tests {
    use super::CrewMember;
    use crate::{assess::scene::*, model::CrewNo};

    /// A finger at the start vouches for nobody who scans after it with a number that anybody can type.
    #[test]
    fn a_patrol_is_known_by_the_lowest_grade_of_each_person() {
        let mut scene = Scene::new();
        let (all, crew) = ([1, 2, 3, 4], scene.pens[A].crew);
        scene.pens[A].grade = 2;
        scene.start(A, at(2, 5), 1, Some(due()));
        scene.scan(A, at(2, 10), 1, all[0]);
        scene.pens[A].grade = 0;
        scene.scan(A, at(2, 12), 1, all[1]);
        scene.pens[A].grade = 2;
        scene.scan(A, at(2, 15), 1, all[2]);
        (scene.pens[A].crew, scene.pens[A].grade) = (CrewNo(99), 3);
        scene.scan(A, at(2, 20), 1, all[3]);
        scene.end(A, at(2, 30), 1, 1);
        scene.sync_all(at(4, 0));
        let assessment = scene.assess(at(5, 0));
        let known = [(crew, 0), (CrewNo(99), 3)].map(|(crew, grade)| CrewMember { crew, grade });
        assert_eq!(assessment.patrols[0].crew, known);
    }
}
