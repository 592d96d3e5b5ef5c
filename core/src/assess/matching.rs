//! Which recorded patrol answers which due patrol.
//!
//! 1. A start that names a due patrol answers it, unless it lies certainly outside the window.
//!    Where that id is not demanded, the one that it supersedes counts.
//! 2. Any other start with a route answers a due patrol of that route which it certainly overlaps
//!    and which no start answered by name: the earliest in which it certainly lies, otherwise the
//!    earliest.
//! 3. One start answers at most one due patrol. Who joined goes with the patrol joined.

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::{Part, Recorded};
use crate::{
    model::{DueId, RouteId},
    plan::{Demand, DuePatrol},
    time::{Bounds, Moment},
};

/// The window with its grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub from: Moment,
    pub until: Moment,
}

/// Where an interval lies, seen from a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placement {
    /// Certainly within it.
    Inside,
    /// Certainly partly within it.
    Overlaps,
    /// The clock leaves it open.
    Undecided,
    /// Certainly before or after it.
    Outside,
}

impl Window {
    pub fn of(due: &DuePatrol) -> Self {
        Self {
            from: Moment::from_unix(due.opens.saturating_sub(due.grace)),
            until: Moment::from_unix(due.deadline()),
        }
    }

    pub fn place(self, start: Bounds, end: Bounds) -> Placement {
        if start.surely_from(self.from) && end.surely_by(self.until) {
            Placement::Inside
        } else if start.surely_by(self.until) && end.surely_from(self.from) {
            Placement::Overlaps
        } else if start.surely_after(self.until) || end.surely_before(self.from) {
            Placement::Outside
        } else {
            Placement::Undecided
        }
    }

    pub fn place_part(self, part: &Part) -> Placement {
        self.place(part.start_at, part.end_at)
    }
}

/// Who answers what. Indices are those of [`Recorded::parts`] and of the demands.
#[derive(Debug)]
pub(super) struct Matches {
    /// By part: the demand it answers.
    pub of_part: Vec<Option<usize>>,
    /// By demand: the parts that answer it.
    pub of_demand: Vec<Vec<usize>>,
    /// By demand: parts that named it, and lie certainly outside it.
    pub outside: Vec<Vec<usize>>,
    /// By route: leaders that answer nothing.
    pub free: BTreeMap<RouteId, Vec<usize>>,
}

/// Matches all parts. The result depends on the sets alone: parts stand in order of device and seq.
pub(super) fn match_all(demands: &[Demand], recorded: &Recorded) -> Matches {
    let parts = &recorded.parts;
    let by_id: BTreeMap<DueId, usize> =
        demands.iter().enumerate().map(|(index, demand)| (demand.due.id, index)).collect();
    let mut leaders: Vec<Option<usize>> = vec![None; parts.len()];
    let mut outside = vec![Vec::new(); demands.len()];
    let mut answered = BTreeSet::new();
    let leading = || parts.iter().enumerate().filter(|(index, part)| part.leader == *index);
    for ((index, part), slot) in leading().filter_map(|(index, part)| {
        let named = [part.due, part.supersedes].into_iter().flatten();
        let demand = named.filter_map(|due| by_id.get(&due).copied()).next()?;
        Some(((index, part), demand))
    }) {
        let placement = demands.get(slot).map(|demand| Window::of(&demand.due).place_part(part));
        if placement == Some(Placement::Outside) {
            outside.get_mut(slot).into_iter().for_each(|list: &mut Vec<usize>| list.push(index));
        } else {
            leaders.get_mut(index).into_iter().for_each(|answer| *answer = Some(slot));
            answered.insert(slot);
        }
    }
    let rows = Rows::of(demands, &answered);
    let mut free: BTreeMap<RouteId, Vec<usize>> = BTreeMap::new();
    for (index, part) in leading() {
        let (Some(route), Some(answer)) = (part.route, leaders.get_mut(index)) else { continue };
        if answer.is_none() {
            *answer = rows.overlapped(demands, route, part);
        }
        if answer.is_none() {
            free.entry(route).or_default().push(index);
        }
    }
    let of_part: Vec<Option<usize>> =
        parts.iter().map(|part| leaders.get(part.leader).copied().flatten()).collect();
    let mut of_demand = vec![Vec::new(); demands.len()];
    for (index, answer) in of_part.iter().enumerate() {
        let list = answer.and_then(|demand| of_demand.get_mut(demand));
        list.into_iter().for_each(|list: &mut Vec<usize>| list.push(index));
    }
    Matches { of_part, of_demand, outside, free }
}

/// Demands of each route that nobody answered by name, by opening.
struct Rows(BTreeMap<RouteId, Row>);

#[derive(Default)]
struct Row {
    /// Opening, demand.
    openings: Vec<(Moment, usize)>,
    /// The longest window of the row with grace on both sides, 10 µs.
    longest: i64,
}

impl Rows {
    fn of(demands: &[Demand], answered: &BTreeSet<usize>) -> Self {
        let mut rows: BTreeMap<RouteId, Row> = BTreeMap::new();
        for (index, demand) in demands.iter().enumerate() {
            if !answered.contains(&index) {
                let window = Window::of(&demand.due);
                let row = rows.entry(demand.due.route).or_default();
                row.openings.push((Moment::from_unix(demand.due.opens), index));
                row.longest = row.longest.max(window.until.0.saturating_sub(window.from.0));
            }
        }
        Self(rows)
    }

    fn overlapped(&self, demands: &[Demand], route: RouteId, part: &Part) -> Option<usize> {
        let row = self.0.get(&route)?;
        let (start, end) = (part.start_at.not_after?, part.end_at.not_before?);
        let least = Moment(start.0.saturating_sub(row.longest));
        let most = Moment(end.0.saturating_add(row.longest));
        let first = row.openings.partition_point(|(opens, _)| *opens < least);
        let near = row.openings.iter().skip(first).take_while(|(opens, _)| *opens <= most);
        let placed = near.filter_map(|(opens, index)| {
            let window = Window::of(&demands.get(*index)?.due);
            let placement = window.place_part(part);
            (placement <= Placement::Overlaps).then_some((placement, *opens, *index))
        });
        placed.min().map(|(_, _, index)| index)
    }
}
