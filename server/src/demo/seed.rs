//! Writing the past: 31 days of rounds on six ships, in the order in which they happened.

use std::path::Path;

use deckwatch_core::{
    authority::Roles,
    entropy::{Entropy, SeededEntropy, draw},
    model::{CheckpointId, CrewNo, TagId, VesselId},
    plan::{DuePatrol, PlanContent, Timing, due_patrols},
    time::Day,
};

use super::{
    DemoError,
    fleet::{Deviation, SHIPS, Ship, Story},
    hands,
    phone::SimulatedPhone,
};
use crate::{clock::SeedingClock, shore::Shore};

const DAY: i64 = 86_400;
/// Days without a link at the end of the silent ship's history.
const SILENT_DAYS: i64 = 4;
/// Days before the end at which the third phone is put away, in a past that is long enough.
const PARKED_DAYS: i64 = 12;
/// Half past four in ship time: the round of the night is over, that of the morning far.
const QUIET_MINUTE: u32 = 4 * 60 + 30;
/// The link comes up every second round, so long before its opening.
const SYNC_BEFORE: i64 = 20 * 60;

/// A ship with its phones, after the past has been written.
#[derive(Debug)]
pub struct Seeded {
    /// The ship.
    pub ship: Ship,
    /// Its id.
    pub vessel: VesselId,
    /// Its plan.
    pub plan: PlanContent,
    /// The ship security officer's phone.
    pub officer: SimulatedPhone,
    /// The phone that walks the rounds.
    pub walker: SimulatedPhone,
    /// Phones that were put away.
    pub parked: Vec<SimulatedPhone>,
    /// Phones that were enrolled on board.
    pub mates: Vec<SimulatedPhone>,
    pub(super) entropy: SeededEntropy,
}

/// Something that happens on board or on the link.
#[derive(Debug)]
enum Event {
    Walk { due: DuePatrol, deviation: Deviation, start: i64 },
    WalkTogether { due: DuePatrol, start: i64 },
    Incident { due: DuePatrol },
    EditApart,
    EnrolOnBoard,
    Sync,
    Park,
}

/// What the past is written to, and how long it is.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// The shore.
    pub shore: &'a Shore,
    /// Its clock.
    pub clock: &'a SeedingClock,
    /// Where it answers.
    pub address: &'a str,
    /// Where the phones' files are.
    pub folder: &'a Path,
    /// The end of the past, Unix seconds.
    pub now: i64,
    /// Its length.
    pub days: i64,
    /// Repeatable randomness.
    pub seed: u64,
}

impl Past<'_> {
    fn parked_at(&self) -> i64 {
        self.now - PARKED_DAYS.min(self.days / 2) * DAY
    }
}

/// Writes the past of the whole fleet. `progress` is told (done, all).
pub fn fleet(
    past: &Past<'_>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Seeded>, DemoError> {
    let begin = past.now - past.days * DAY;
    past.clock.set(begin);
    let mut fleet = Vec::new();
    for (index, ship) in SHIPS.into_iter().enumerate() {
        fleet.push(commission(past, ship, past.seed + index as u64, begin)?);
    }
    let mut events: Vec<(i64, usize, Event)> = Vec::new();
    for (index, seeded) in fleet.iter_mut().enumerate() {
        events.extend(history(past, seeded, begin).into_iter().map(|(at, what)| (at, index, what)));
    }
    events.sort_by_key(|(at, index, _)| (*at, *index));
    let all = events.len() as u64;
    for (done, (at, index, event)) in (1..).zip(events) {
        if let Some(seeded) = fleet.get_mut(index) {
            happen(past, seeded, at, event)?;
        }
        progress(done, all);
    }
    Ok(fleet)
}

/// A ship enters service: its plan ashore, its phones enrolled, the plan adopted on board.
fn commission(past: &Past<'_>, ship: Ship, seed: u64, begin: i64) -> Result<Seeded, DemoError> {
    let mut entropy = SeededEntropy::new(seed);
    let vessel = past.shore.add_vessel(ship.name)?;
    let plan = ship.plan(&mut entropy);
    past.shore.edit_plan(vessel, &plan)?;
    let phone = |label: &str, roles: Roles, crew: u32| -> Result<SimulatedPhone, DemoError> {
        let server = format!("http://{}", past.address);
        let invitation = past.shore.invite(vessel, roles, label, &server, DAY)?;
        let folder = past.folder.join(format!("{vessel}-{crew}"));
        std::fs::create_dir_all(&folder)?;
        let seed = seed * 1_000 + u64::from(crew);
        let mut phone =
            SimulatedPhone::enrol(&folder, seed, &invitation, CrewNo(crew), begin * 1_000)?;
        link(past, &mut phone, begin + 60)?;
        Ok(phone)
    };
    let mut officer = phone("Officer's phone", Roles::CREW.and(Roles::OFFICER), 2)?;
    let mut walker = phone("Patrol phone", Roles::CREW, 11)?;
    let parked = match ship.story {
        Story::PhoneParked => vec![phone("Spare phone", Roles::CREW, 14)?],
        _ => Vec::new(),
    };
    let reading = officer.clock.read((begin + 120) * 1_000);
    officer.phone.adopt_plan(begin + 120, &reading)?;
    link(past, &mut officer, begin + 130)?;
    link(past, &mut walker, begin + 140)?;
    past.clock.set(begin);
    let mates = Vec::new();
    Ok(Seeded { ship, vessel, plan, officer, walker, parked, mates, entropy })
}

/// Which of the day's rounds it is, from 0.
fn round_of_day(plan: &PlanContent, due: &DuePatrol) -> u32 {
    let local = due.nominal + i64::from(plan.ship_time.offset_minutes(due.nominal)) * 60;
    let minute = u32::try_from(local.rem_euclid(DAY) / 60).unwrap_or(0);
    match plan.schedules.get(&due.schedule).map(|schedule| &schedule.timing) {
        Some(Timing::Times(times)) => {
            u32::try_from(times.partition_point(|time| *time < minute)).unwrap_or(0)
        }
        _ => 0,
    }
}

/// Everything that happens on one ship between `begin` and now.
fn history(past: &Past<'_>, seeded: &mut Seeded, begin: i64) -> Vec<(i64, Event)> {
    let mut events = Vec::new();
    let last_link = match seeded.ship.story {
        Story::Silent => past.now - SILENT_DAYS * DAY,
        _ => past.now,
    };
    let today = seeded.plan.ship_time.day(past.now);
    // Everything that is demanded once the plan is in force.
    for due in due_patrols(seeded.vessel, &seeded.plan, begin + 100, past.now) {
        let days_ago = i64::from(today.0 - due.day.0);
        let round = round_of_day(&seeded.plan, &due);
        let deviation = seeded.ship.story.deviation(days_ago, round);
        let [minutes, seconds] = draw::<2>(&mut seeded.entropy);
        let late = match deviation {
            Deviation::Late(minutes) => minutes * 60,
            _ => 120 + i64::from(minutes % 28) * 60,
        };
        let start = due.opens + late + i64::from(seconds % 60);
        let link = due.opens - SYNC_BEFORE;
        if round % 2 == 1 && (begin + 300..last_link).contains(&link) {
            events.push((link, Event::Sync));
        }
        // What would still be under way now is left to the live phones.
        if deviation == Deviation::NotWalked || start + 3_000 >= past.now {
            continue;
        }
        let hands = (seeded.ship.story, days_ago, round);
        if hands == (Story::Tidy, 2, 1) {
            events.push((start, Event::WalkTogether { due, start }));
            continue;
        }
        if hands == (Story::SkippedCheckpoint, 1, 1) {
            events.push((start + 3_000, Event::Incident { due: due.clone() }));
        }
        events.push((start, Event::Walk { due, deviation, start }));
    }
    let shift = i64::from(seeded.ship.offset_minutes.unsigned_abs() % 7);
    if seeded.ship.story != Story::Silent {
        events.push((past.now - 120 - shift * 30, Event::Sync));
    }
    // Between two rounds, when nothing else happens on board.
    let quiet = seeded.plan.ship_time.utc_of(Day(today.0 - 3), QUIET_MINUTE);
    match seeded.ship.story {
        Story::Tidy => events.extend(quiet.map(|at| (at, Event::EnrolOnBoard))),
        Story::SkippedCheckpoint => events.extend(quiet.map(|at| (at, Event::EditApart))),
        _ => {}
    }
    if !seeded.parked.is_empty() {
        events.push((past.parked_at(), Event::Park));
    }
    events
}

fn happen(past: &Past<'_>, seeded: &mut Seeded, at: i64, event: Event) -> Result<(), DemoError> {
    match event {
        Event::Walk { due, deviation, start } => walk(seeded, &due, deviation, start),
        Event::WalkTogether { due, start } => hands::walk_together(seeded, &due, start),
        Event::Incident { due } => hands::incident(past, seeded, &due, at),
        Event::EditApart => hands::edit_apart(past, seeded, at),
        Event::EnrolOnBoard => hands::enrol_on_board(past, seeded, at),
        Event::Sync => {
            let in_use = seeded.parked.iter_mut().filter(|_| at < past.parked_at());
            let own = [&mut seeded.officer, &mut seeded.walker];
            for phone in in_use.chain(own).chain(&mut seeded.mates) {
                link(past, phone, at)?;
            }
            Ok(())
        }
        Event::Park => {
            for phone in &mut seeded.parked {
                phone.phone.park(1, &phone.clock.read(at * 1_000))?;
                link(past, phone, at + 5)?;
            }
            Ok(())
        }
    }
}

/// The phone and the shore agree on when they talk.
pub(super) fn link(past: &Past<'_>, phone: &mut SimulatedPhone, at: i64) -> Result<(), DemoError> {
    past.clock.set(at);
    phone.sync(past.address, at * 1_000)?;
    Ok(())
}

/// One round, scan by scan.
fn walk(
    seeded: &mut Seeded,
    due: &DuePatrol,
    deviation: Deviation,
    start: i64,
) -> Result<(), DemoError> {
    let mut points = due.points.clone();
    match deviation {
        Deviation::Skip(index) if index < points.len() => drop(points.remove(index)),
        Deviation::Swap(a, b) if a.max(b) < points.len() => points.swap(a, b),
        _ => {}
    }
    let walker = &mut seeded.walker;
    let mut now = start;
    let reading = |walker: &SimulatedPhone, now: i64| walker.clock.read(now * 1_000);
    let at = reading(walker, now);
    walker.phone.start(Some(due.id), None, &at)?;
    for point in points {
        now += leg(&mut seeded.entropy);
        let at = reading(walker, now);
        let label = tag_at(&seeded.plan, point).and_then(|tag| walker.label(tag));
        match label {
            Some(label) => drop(walker.phone.scan_text(&label, &at)?),
            None => drop(walker.phone.scan_manual(point, 2, &at)?),
        }
    }
    now += leg(&mut seeded.entropy);
    let at = reading(walker, now);
    walker.phone.end(1, 0, &at)?;
    Ok(())
}

/// Seconds from one point to the next: 45 to 165.
pub(super) fn leg(entropy: &mut dyn Entropy) -> i64 {
    let [pace] = draw::<1>(entropy);
    45 + i64::from(pace % 120)
}

/// The tag that hangs at a place.
pub fn tag_at(plan: &PlanContent, point: CheckpointId) -> Option<TagId> {
    plan.tags.iter().find(|(_, tag)| tag.checkpoint == point).map(|(id, _)| *id)
}
