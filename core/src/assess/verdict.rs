//! The verdict of one due patrol: the table in the room's text, first match wins.

use serde::Serialize;

use super::{
    attempt::{FINISHED, Part, PatrolName, Recorded, UnknownScan, Visit},
    finding::{Case, Counted, Finding, Severity},
    input::{Excuse, Input},
    level::TagFacts,
    matching::{Matches, Placement, Window},
    timeline::Timeline,
    watermark::{Device, Devices, HeldBack, device_words},
    words,
};
use crate::{
    model::{CheckpointId, CrewNo, DeviceId},
    plan::{Demand, PlanContent},
    time::Moment,
};

/// What is known of a due patrol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Walked as demanded.
    Done,
    /// Walked, and something failed.
    Irregular,
    /// Not walked: the data is complete and shows nothing.
    Missed,
    /// Data may still come.
    AwaitingSync,
    /// Nobody can know.
    Unverifiable,
    /// A reason was accepted by somebody else.
    Excused,
    /// There is time left.
    NotDueYet,
}

impl Verdict {
    /// All verdicts, in the order of the glossary.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Irregular,
        Self::Missed,
        Self::AwaitingSync,
        Self::Unverifiable,
        Self::Excused,
        Self::NotDueYet,
    ];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Irregular => "irregular",
            Self::Missed => "missed",
            Self::AwaitingSync => "awaiting sync",
            Self::Unverifiable => "unverifiable",
            Self::Excused => "excused",
            Self::NotDueYet => "not due yet",
        }
    }
}

/// One due patrol, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessed {
    /// What was demanded.
    pub demand: Demand,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in one sentence for people.
    pub why: String,
    /// The devices that a revision may come from, by id. Empty unless `awaiting_sync` or
    /// `unverifiable`.
    pub held_back_by: Vec<HeldBack>,
    /// The recorded patrols that answer it, by device and number.
    pub patrols: Vec<PatrolName>,
    /// What they visited, by earliest time, device and seq; of doubted ones only if there is
    /// nothing else.
    pub visited: Vec<Visit>,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// The scans of each part: points and unknown tags.
pub(super) type Scans = Vec<(Vec<Visit>, Vec<UnknownScan>)>;

/// Everything that was read, for judging one demand after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bench<'a> {
    pub input: &'a Input<'a>,
    pub timeline: &'a Timeline<'a>,
    pub tags: &'a TagFacts,
    pub recorded: &'a Recorded,
    pub scans: &'a Scans,
    pub matches: &'a Matches,
    pub devices: &'a Devices,
}

/// A verdict, why, and who holds it back.
type Ruling<'a> = (Verdict, String, Vec<&'a Device>);

impl<'a> Bench<'a> {
    /// Judges the demand at `index`.
    pub fn judge(
        &self,
        index: usize,
        demand: &'a Demand,
        plans: &'a [&'a PlanContent],
    ) -> Assessed {
        let parts = self.matches.of_demand.get(index).map_or(&[][..], Vec::as_slice);
        let hearing = self.hearing(index, demand, plans);
        let walk = hearing.walk();
        let (verdict, why, held_back) = hearing.rule(&walk);
        let mut case = walk.case;
        case.held_back = held_back;
        let findings = if case.held_back.is_empty() { walk.findings } else { case.findings() };
        let mut visited: Vec<Visit> =
            case.counted.iter().flat_map(|counted| counted.visits).cloned().collect();
        if visited.is_empty() {
            let scans = parts.iter().filter_map(|part| self.scans.get(*part));
            visited = scans.flat_map(|(visits, _)| visits).cloned().collect();
        }
        visited.sort_by_key(|visit| (visit.at.not_before, visit.record));
        let mut patrols: Vec<PatrolName> = hearing.answers.iter().map(|part| part.name).collect();
        patrols.sort_unstable();
        patrols.dedup();
        Assessed {
            demand: demand.clone(),
            verdict,
            why,
            held_back_by: case.held_back.iter().map(|device| device.held_back()).collect(),
            patrols,
            visited,
            findings,
        }
    }

    fn hearing(
        &self,
        index: usize,
        demand: &'a Demand,
        plans: &'a [&'a PlanContent],
    ) -> Hearing<'a> {
        let window = Window::of(&demand.due);
        let places = self.matches.of_demand.get(index).map_or(&[][..], Vec::as_slice);
        let part = |place: &usize| self.recorded.parts.get(*place);
        let trusted = places.iter().filter_map(|place| {
            let part = part(place).filter(|part| part.doubt.is_none())?;
            let placement = window.place_part(part);
            let visits = &self.scans.get(*place)?.0;
            (placement != Placement::Outside).then_some(Counted { part, placement, visits })
        });
        Hearing {
            bench: *self,
            demand,
            window,
            plans,
            answers: places.iter().filter_map(part).collect(),
            outside: self
                .matches
                .outside
                .get(index)
                .into_iter()
                .flatten()
                .filter_map(part)
                .collect(),
            trusted: trusted.collect(),
        }
    }
}

/// One demand with all that was recorded for it.
struct Hearing<'a> {
    bench: Bench<'a>,
    demand: &'a Demand,
    window: Window,
    plans: &'a [&'a PlanContent],
    /// All parts that answer it.
    answers: Vec<&'a Part>,
    /// Parts that named it and lie outside it.
    outside: Vec<&'a Part>,
    /// The answers that are believed and may lie in the window.
    trusted: Vec<Counted<'a>>,
}

/// The walk as far as it counts, and what fails.
struct Walk<'a> {
    case: Case<'a>,
    findings: Vec<Finding>,
    failures: Vec<String>,
    /// Required points that wait for the check of their scans.
    pending: Vec<CheckpointId>,
}

impl<'a> Hearing<'a> {
    /// Those that certainly lie inside the window, if they alone are enough; otherwise those that
    /// certainly overlap it; otherwise all that are believed.
    fn walk(&self) -> Walk<'a> {
        let count = |most: Placement| {
            self.trusted.iter().filter(|counted| counted.placement <= most).count()
        };
        let levels = [Placement::Inside, Placement::Overlaps, Placement::Undecided].map(count);
        let [inside, overlapping, _] = levels;
        if inside > 0 {
            let walk = self.walk_of(Placement::Inside);
            if walk.failures.is_empty() || inside == overlapping {
                return walk;
            }
        }
        let most = if overlapping > 0 { Placement::Overlaps } else { Placement::Undecided };
        self.walk_of(most)
    }

    fn walk_of(&self, most: Placement) -> Walk<'a> {
        let counted = self.trusted.iter().filter(|counted| counted.placement <= most);
        let case = Case {
            as_of: self.bench.input.as_of,
            demand: self.demand,
            window: self.window,
            plans: self.plans,
            timeline: self.bench.timeline,
            tags: self.bench.tags,
            devices: self.bench.devices,
            counted: counted.copied().collect(),
            answers: self.answers.clone(),
            open: !self.to_come().is_empty() || self.running() || self.withheld(),
            held_back: Vec::new(),
        };
        let findings = case.findings();
        let failures = self.failures(&case, &findings);
        let pending = case.levels().pending;
        Walk { case, findings, failures, pending }
    }

    /// What failed, each as half a sentence.
    fn failures(&self, case: &Case<'_>, findings: &[Finding]) -> Vec<String> {
        let mut failures = Vec::new();
        let endings: Vec<Option<u64>> =
            case.counted.iter().map(|counted| counted.part.ending.map(|(_, how, _)| how)).collect();
        if !endings.contains(&Some(FINISHED)) {
            failures.push(match endings.iter().flatten().max() {
                Some(2) => "it was broken off".to_owned(),
                Some(_) => "it was closed by the app".to_owned(),
                None => "its end was never recorded".to_owned(),
            });
        }
        let missing = case.missing();
        if !missing.is_empty() {
            let were = if missing.len() == 1 { "was" } else { "were" };
            failures.push(format!("{} {were} not visited", words::places(case.plans, &missing)));
        }
        let below: Vec<CheckpointId> =
            case.levels().below.iter().map(|point| point.checkpoint).collect();
        if !below.is_empty() {
            let places = words::places(case.plans, &below);
            failures.push(format!("{places} did not reach the evidence level demanded"));
        }
        if case.started().surely_before(self.window.from) {
            failures.push("it began before the window opened".to_owned());
        }
        let irregular = findings.iter().filter(|finding| finding.severity == Severity::Irregular);
        failures.extend(irregular.filter_map(|finding| match finding.code {
            "missed_checkpoint" | "below_required_level" => None,
            // About who is not believed, and never about the walk that counts.
            "receipts_disowned" | "two_keys" => None,
            "counter_replay" => {
                Some("a tag's message was used again or out of its time".to_owned())
            }
            "out_of_order" => Some("points were visited out of order".to_owned()),
            "late_start" => Some("it started too late".to_owned()),
            "overrun" => Some("it ended after the window closed".to_owned()),
            "clock_contradiction" => Some("claims about its time contradict each other".to_owned()),
            code => Some(code.to_owned()),
        }));
        failures
    }

    /// A scan or an end of a believed patrol is withheld: what is missing may be there.
    fn withheld(&self) -> bool {
        self.trusted.iter().any(|counted| counted.part.withheld)
    }

    /// There is time left, and no patrol that answers has ended. Who only joined may leave before.
    fn running(&self) -> bool {
        let ended = |part: &&Part| part.ending.is_some() && self.is_leader(part);
        self.bench.input.as_of < self.demand.due.deadline() && !self.answers.iter().any(ended)
    }

    fn device(&self, dev: DeviceId) -> Option<&'a Device> {
        let device = self.bench.devices.certified.get(&dev)?;
        device.holds_back(self.window.from, self.window.until).then_some(device)
    }

    /// Devices that may still bring more of a believed patrol: its end, or the patrol that was
    /// joined.
    fn to_come(&self) -> Vec<&'a Device> {
        let parts = self.trusted.iter().map(|counted| counted.part);
        let devs = parts.flat_map(|part| {
            let own = part.ending.is_none().then_some(part.name.dev);
            let alone = !part.begun_by_start && self.is_leader(part);
            [own, part.joins.filter(|_| alone).map(|joined| joined.dev)]
        });
        self.holding(devs.flatten())
    }

    /// Whether a part leads: it joined nobody whose patrol is held.
    fn is_leader(&self, part: &Part) -> bool {
        let leader = self.bench.recorded.parts.get(part.leader);
        leader.is_some_and(|leader| leader.name == part.name && leader.begin == part.begin)
    }

    /// Those of `devs` that hold this window back, each once, by id.
    fn holding(&self, devs: impl Iterator<Item = DeviceId>) -> Vec<&'a Device> {
        let devs: std::collections::BTreeSet<DeviceId> = devs.collect();
        devs.into_iter().filter_map(|dev| self.device(dev)).collect()
    }

    /// The table. First match wins.
    fn rule(&self, walk: &Walk<'a>) -> Ruling<'a> {
        if self.running() {
            return (Verdict::NotDueYet, self.not_due_yet(), Vec::new());
        }
        let counted = &walk.case.counted;
        let least = counted.iter().map(|counted| counted.placement).max();
        let walked = walk.failures.is_empty() && least == Some(Placement::Inside);
        if walked && walk.pending.is_empty() {
            return (Verdict::Done, self.done(), Vec::new());
        }
        let overlaps = least.is_some_and(|least| least <= Placement::Overlaps);
        let to_come = self.to_come();
        if overlaps && !walk.failures.is_empty() && to_come.is_empty() && !self.withheld() {
            let why = format!("Walked, but {}.", words::all(&walk.failures));
            return (Verdict::Irregular, why, Vec::new());
        }
        if let Some(excuse) = self.excuse() {
            let by = match excuse.by_crew {
                CrewNo::NOBODY => "the shore".to_owned(),
                crew => crew.to_string(),
            };
            let why = format!("Excused by {by}: {}", excuse.reason);
            return (Verdict::Excused, why, Vec::new());
        }
        if walked && to_come.is_empty() {
            let places = words::places(walk.case.plans, &walk.pending);
            let why = format!(
                "Walked inside the window, but scans that the plan demands are claimed and not yet checked: {places}."
            );
            return (Verdict::Unverifiable, why, Vec::new());
        }
        if self.answers.is_empty() { self.rule_nothing() } else { self.rule_undecided(to_come) }
    }

    /// There is a patrol, and it is neither done nor irregular.
    fn rule_undecided(&self, to_come: Vec<&'a Device>) -> Ruling<'a> {
        if let Some(doubted) = self.answers.iter().find(|part| part.doubt.is_some())
            && self.trusted.is_empty()
        {
            let name = self.words_of(doubted.name.dev);
            let doubt = doubted.doubt.map_or("", |doubt| doubt.words());
            let why = format!("A patrol was recorded, but the {name} {doubt}.");
            return (Verdict::Unverifiable, why, Vec::new());
        }
        let contradictory = self.trusted.iter().find(|counted| counted.part.contradictory);
        if let Some(counted) = contradictory {
            let name = self.words_of(counted.part.name.dev);
            let why = format!(
                "A patrol was recorded, but what the {name} says about time contradicts itself."
            );
            return (Verdict::Unverifiable, why, Vec::new());
        }
        let devs = self.trusted.iter().map(|counted| counted.part.name.dev);
        let (what, waiting) = if to_come.is_empty() {
            ("A patrol was recorded; its time is not confirmed yet.", self.holding(devs))
        } else {
            ("A patrol was recorded in part.", to_come)
        };
        if waiting.iter().any(|device| device.gone()) {
            let why = format!("{what} {}", self.gone(&waiting));
            return (Verdict::Unverifiable, why, waiting);
        }
        if !waiting.is_empty() {
            let why = format!("{what} {}", self.waiting(&waiting));
            return (Verdict::AwaitingSync, why, waiting);
        }
        let why = if self.withheld() {
            "A patrol was recorded, but part of it is withheld from this reader."
        } else {
            "A patrol was recorded, but its time is not known well enough to place it in the window."
        };
        (Verdict::Unverifiable, why.to_owned(), Vec::new())
    }

    /// No patrol answers it.
    fn rule_nothing(&self) -> Ruling<'a> {
        let holding = self.holding(self.bench.devices.certified.keys().copied());
        if holding.iter().any(|device| device.gone()) {
            return (Verdict::Unverifiable, self.gone(&holding), holding);
        }
        if !holding.is_empty() {
            let why = format!("No patrol yet. {}", self.waiting(&holding));
            return (Verdict::AwaitingSync, why, holding);
        }
        if self.maybe_answered() {
            let why = "A patrol of this route was recorded whose time is not known well enough to place it.";
            return (Verdict::Unverifiable, why.to_owned(), Vec::new());
        }
        let outside = if self.outside.is_empty() {
            "no patrol was recorded"
        } else {
            "the patrol recorded for it lies outside the window"
        };
        let closed = words::clock(self.plans, self.demand.due.deadline());
        let why = format!("Every device in use has reported past {closed}, and {outside}.");
        (Verdict::Missed, why, Vec::new())
    }

    /// A believed patrol of this route that answers nothing may lie in the window; or a start whose
    /// content is withheld.
    fn maybe_answered(&self) -> bool {
        let recorded = self.bench.recorded;
        let free = self.bench.matches.free.get(&self.demand.due.route).into_iter().flatten();
        let mut free = free.filter_map(|place| recorded.parts.get(*place));
        let outside = |placement| placement == Placement::Outside;
        free.any(|part| part.doubt.is_none() && !outside(self.window.place_part(part)))
            || recorded
                .hidden
                .iter()
                .any(|start| !outside(self.window.place(start.start_at, start.end_at)))
    }

    /// The first valid excuse, by device, person and reason.
    fn excuse(&self) -> Option<&'a Excuse> {
        let authority = self.bench.input.authority;
        let walked = || self.answers.iter().chain(&self.outside);
        let valid = |excuse: &&Excuse| {
            // Ashore nobody of the roster is logged in.
            let ashore = excuse.by_dev == authority.root();
            let aboard =
                || excuse.by_crew != CrewNo::NOBODY && authority.standing(excuse.by_dev).is_some();
            excuse.due == self.demand.due.id
                && (ashore || aboard())
                && !walked().any(|part| {
                    part.name.dev == excuse.by_dev || part.crew.contains_key(&excuse.by_crew)
                })
        };
        let excuses = self.bench.input.excuses.iter().filter(valid);
        excuses.min_by_key(|excuse| (excuse.by_dev, excuse.by_crew, &excuse.reason))
    }

    fn words_of(&self, dev: DeviceId) -> String {
        device_words(dev, self.bench.input.authority.roles_at(dev, 0))
    }

    fn not_due_yet(&self) -> String {
        let due = &self.demand.due;
        if !self.answers.is_empty() {
            "A patrol is under way.".to_owned()
        } else if self.bench.input.as_of < due.opens {
            format!("The window opens at {}.", words::clock(self.plans, due.opens))
        } else {
            format!("There is time until {}.", words::clock(self.plans, due.deadline()))
        }
    }

    fn done(&self) -> String {
        match self.demand.due.points.len() {
            1 => "Walked inside the window; the one point was visited.".to_owned(),
            points => format!("Walked inside the window; all {points} points were visited."),
        }
    }

    fn gone(&self, holding: &[&Device]) -> String {
        let gone: Vec<String> = holding
            .iter()
            .filter(|device| device.gone())
            .map(|device| {
                let heard = words::heard(self.plans, device.state.last_heard);
                let why = if device.lost {
                    "was declared lost"
                } else if device.revoked() {
                    "was revoked"
                } else {
                    "has been silent beyond the contact limit"
                };
                format!("the {} {why} ({heard})", device.words())
            })
            .collect();
        format!("Nobody can know: {}.", words::all(&gone))
    }

    fn waiting(&self, holding: &[&Device]) -> String {
        let waiting: Vec<String> = holding
            .iter()
            .map(|device| {
                let heard = words::heard(self.plans, device.state.last_heard);
                format!("the {} ({heard})", device.words())
            })
            .collect();
        format!("Waiting for {}.", words::all(&waiting))
    }
}

/// Whether a moment is still ahead, as Unix seconds.
pub(super) fn ahead(as_of: i64, at: i64) -> Option<i64> {
    (at > as_of).then_some(at)
}

/// The first whole second at which `as_of - mark > span` (10 µs) holds.
pub(super) fn crossing(mark: Moment, span: i64) -> i64 {
    Moment(mark.0.saturating_add(span)).unix_floor().saturating_add(1)
}
