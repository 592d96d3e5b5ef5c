//! Which due patrols of the next days an edit makes, takes away or moves.

use std::collections::BTreeMap;

use deckwatch_core::{
    model::{ScheduleId, VesselId},
    plan::{DuePatrol, PlanContent, due_patrols},
    time::Day,
};

/// Days that are looked at.
pub const DAYS: i64 = 7;
const DAY: i64 = 86_400;
/// Beyond this a patrol that went and one that came are two things to people, seconds.
const MOST_MOVED: u64 = 6 * 3_600;
/// Pairs that are compared within one day of one schedule. A plan written by hand stays far below.
const MOST_PAIRS: usize = 100_000;

/// A due patrol under either version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shift {
    /// Only the new version demands it.
    Appears(DuePatrol),
    /// Only the old version demands it.
    Disappears(DuePatrol),
    /// It opens at another time, or is otherwise not the same.
    Differs {
        /// Under the old version.
        from: DuePatrol,
        /// Under the new version.
        to: DuePatrol,
    },
}

impl Shift {
    /// The opening that it is listed by.
    fn opens(&self) -> i64 {
        match self {
            Self::Appears(due) | Self::Disappears(due) | Self::Differs { to: due, .. } => due.opens,
        }
    }
}

/// What the next days look like under two versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlook {
    /// Due patrols under the old version.
    pub before: usize,
    /// Due patrols under the new version.
    pub after: usize,
    /// What is not the same, by opening.
    pub shifts: Vec<Shift>,
}

/// Compares the days from `now` (Unix s) on. What is drawn is compared at its nominal opening: a preview tells nobody what comes.
pub fn outlook(vessel: VesselId, now: i64, before: &PlanContent, after: &PlanContent) -> Outlook {
    let due = |plan: &PlanContent| {
        let undrawn = PlanContent { draws: BTreeMap::new(), ..plan.clone() };
        due_patrols(vessel, &undrawn, now, now.saturating_add(DAYS * DAY))
    };
    let (old, new) = (due(before), due(after));
    let (count_before, count_after) = (old.len(), new.len());
    let mut shifts = Vec::new();
    // By opening, not by id: another time earlier in the day gives all later ones another slot.
    let mut left: BTreeMap<(i64, ScheduleId), DuePatrol> =
        old.into_iter().map(|due| ((due.opens, due.schedule), due)).collect();
    let mut came: BTreeMap<(ScheduleId, Day), Vec<DuePatrol>> = BTreeMap::new();
    for due in new {
        match left.remove(&(due.opens, due.schedule)) {
            Some(known) if demands_the_same(&known, &due) => {}
            Some(from) => shifts.push(Shift::Differs { from, to: due }),
            None => came.entry((due.schedule, due.day)).or_default().push(due),
        }
    }
    // What went and what came on one day of one schedule is the same patrol at another time.
    let mut went: BTreeMap<(ScheduleId, Day), Vec<DuePatrol>> = BTreeMap::new();
    for due in left.into_values() {
        went.entry((due.schedule, due.day)).or_default().push(due);
    }
    for (day, went) in went {
        moves(went, came.remove(&day).unwrap_or_default(), &mut shifts);
    }
    shifts.extend(came.into_values().flatten().map(Shift::Appears));
    shifts.sort_by_key(Shift::opens);
    Outlook { before: count_before, after: count_after, shifts }
}

/// Pairs what went with what came, the nearest first.
fn moves(went: Vec<DuePatrol>, came: Vec<DuePatrol>, shifts: &mut Vec<Shift>) {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    let few = went.len().saturating_mul(came.len()) <= MOST_PAIRS;
    for (from, old) in went.iter().enumerate().filter(|_| few) {
        let distances = came.iter().map(|new| old.opens.abs_diff(new.opens));
        let near = distances.enumerate().filter(|(_, distance)| *distance <= MOST_MOVED);
        pairs.extend(near.map(|(to, distance)| (distance, from, to)));
    }
    pairs.sort_unstable();
    let mut went: Vec<Option<DuePatrol>> = went.into_iter().map(Some).collect();
    let mut came: Vec<Option<DuePatrol>> = came.into_iter().map(Some).collect();
    for (_, from, to) in pairs {
        let (Some(old), Some(new)) = (went.get_mut(from), came.get_mut(to)) else { continue };
        if old.is_some() && new.is_some() {
            let both = old.take().zip(new.take());
            shifts.extend(both.map(|(from, to)| Shift::Differs { from, to }));
        }
    }
    shifts.extend(went.into_iter().flatten().map(Shift::Disappears));
    shifts.extend(came.into_iter().flatten().map(Shift::Appears));
}

/// Names, ids and slots aside: nobody walks anything else.
fn demands_the_same(one: &DuePatrol, other: &DuePatrol) -> bool {
    let named = DuePatrol {
        id: other.id,
        slot: other.slot,
        schedule_name: other.schedule_name.clone(),
        route_name: other.route_name.clone(),
        ..one.clone()
    };
    named == *other
}

/// What two due patrols do not have in common beside their openings, for people.
pub fn what_differs(one: &DuePatrol, other: &DuePatrol) -> Vec<&'static str> {
    let length = |due: &DuePatrol| due.closes.saturating_sub(due.opens);
    let start = |due: &DuePatrol| due.start_by.saturating_sub(due.opens);
    let checks = [
        ("route", one.route != other.route),
        ("points", one.points != other.points),
        ("order", one.walk != other.walk),
        ("window", length(one) != length(other)),
        ("start within", start(one) != start(other)),
        ("grace", one.grace != other.grace),
        ("longest round", one.max_duration != other.max_duration),
    ];
    checks.into_iter().filter(|(_, differs)| *differs).map(|(word, _)| word).collect()
}
