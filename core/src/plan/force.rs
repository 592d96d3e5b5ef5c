//! Which version of the Plan is in force, and what it demands.
//!
//! A version takes force by a `plan_adopt` record of a ship security officer or the hub. It is
//! in force for certain after the record's not_after, never before its not_before and never
//! before `effective_from`. In between the stricter demand stands: what any possible version demands.

use std::collections::BTreeMap;

use super::{
    content::{PlanContent, Schedule, Walk},
    due::{DuePatrol, cost_a_day, due_patrols},
    timing::{DAY_MINUTES, LONGEST_EVERY},
};
use crate::{
    model::{DueId, Hash, RecordRef, VesselId},
    time::{Bounds, Moment},
};

/// A `plan_adopt` record by a device that may adopt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The record.
    pub by: RecordRef,
    /// The version.
    pub heads: Vec<Hash>,
    /// Named in the record, Unix seconds.
    pub effective_from: i64,
    /// When the record was made.
    pub at: Bounds,
}

impl Adoption {
    /// Not in force before this (Unix s).
    pub fn possible_from(&self) -> i64 {
        let made = self.at.not_before.map_or(i64::MIN, Moment::unix_floor);
        made.max(self.effective_from)
    }

    /// In force for certain from this (Unix s) on; `None` while nobody can know.
    pub fn sure_from(&self) -> Option<i64> {
        self.at.not_after.map(|latest| latest.unix_ceil().max(self.effective_from))
    }
}

/// The versions that may be in force at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce<'a> {
    /// In force for certain unless a possible one has replaced it.
    pub certain: Option<&'a Adoption>,
    /// May have taken force.
    pub possible: Vec<&'a Adoption>,
}

/// The plan in force at `time` (Unix s).
pub fn in_force(adoptions: &[Adoption], time: i64) -> InForce<'_> {
    let certain = adoptions
        .iter()
        .filter(|adoption| adoption.sure_from().is_some_and(|from| from <= time))
        // The latest to have taken force; of equals the later record, then the larger hash.
        .max_by_key(|adoption| (adoption.sure_from(), adoption.by.seq, adoption.by.hash));
    let possible = adoptions
        .iter()
        .filter(|adoption| adoption.possible_from() <= time)
        .filter(|adoption| adoption.sure_from().is_none_or(|from| from > time))
        .collect();
    InForce { certain, possible }
}

/// A due patrol, and whether it is certain that it was demanded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Demand {
    /// What is demanded, by the stricter reading.
    pub due: DuePatrol,
    /// The adoptions that demand it.
    pub plans: Vec<RecordRef>,
    /// Another version that may have been in force demands something else, or nothing.
    pub uncertain: bool,
}

/// Everything demanded with a nominal opening in `from..until` (Unix s), by opening.
///
/// `versions` holds the content of each adopted version by its heads; an adopted version whose
/// changes are not here yet demands nothing and makes the others uncertain.
pub fn demands(
    vessel: VesselId,
    adoptions: &[Adoption],
    versions: &BTreeMap<Vec<Hash>, PlanContent>,
    from: i64,
    until: i64,
) -> Vec<Demand> {
    let mut demands = Vec::new();
    for (start, end) in stretches(adoptions, from, until) {
        let force = in_force(adoptions, start);
        demands.extend(demands_of_span(vessel, &force, versions, start, end));
    }
    demands.sort_by_key(|demand| (demand.due.opens, demand.due.id));
    demands
}

/// Whether [`demands`] takes at most so many steps: who reads a stranger's Plan must not count for ever. In every stretch in which
/// nothing can take force there is one step for each adoption and, for each that may be in force, what each schedule costs on each day that
/// is touched, lies beside it, or is looked back at.
pub fn takes_at_most(
    most: u64,
    adoptions: &[Adoption],
    versions: &BTreeMap<Vec<Hash>, PlanContent>,
    from: i64,
    until: i64,
) -> bool {
    let mut left = most;
    for (start, end) in stretches(adoptions, from, until) {
        let Some(rest) = left.checked_sub(adoptions.len() as u64) else { return false };
        let force = in_force(adoptions, start);
        let plans = force.certain.iter().chain(&force.possible);
        let plans = plans.filter_map(|adoption| versions.get(&adoption.heads));
        let days = (end.saturating_sub(start).unsigned_abs() / 86_400).saturating_add(5);
        let of = |plan: &PlanContent, schedule: &Schedule| {
            let looked_back = u64::from(schedule.draw.map_or(0, |_| LONGEST_EVERY / DAY_MINUTES));
            cost_a_day(plan, schedule).saturating_mul(days.saturating_add(looked_back))
        };
        let costs = plans.flat_map(|plan| plan.schedules.values().map(|it| of(plan, it)));
        let steps = costs.fold(0u64, u64::saturating_add);
        let Some(rest) = rest.checked_sub(steps) else { return false };
        left = rest;
    }
    true
}

/// Stretches of `from..until` in which no version can take force, or must have taken it.
fn stretches(adoptions: &[Adoption], from: i64, until: i64) -> Vec<(i64, i64)> {
    let mut edges: Vec<i64> = adoptions
        .iter()
        .flat_map(|adoption| [Some(adoption.possible_from()), adoption.sure_from()])
        .flatten()
        .filter(|edge| (from..until).contains(edge))
        .chain([from, until])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges.iter().copied().zip(edges.iter().copied().skip(1)).collect()
}

fn demands_of_span(
    vessel: VesselId,
    force: &InForce<'_>,
    versions: &BTreeMap<Vec<Hash>, PlanContent>,
    start: i64,
    end: i64,
) -> Vec<Demand> {
    let candidates = force.certain.iter().chain(&force.possible);
    // No certain version: that nothing was demanded is possible too.
    let readings = force.possible.len() + 1;
    let mut merged: BTreeMap<DueId, Demand> = BTreeMap::new();
    for adoption in candidates {
        let Some(plan) = versions.get(&adoption.heads) else { continue };
        for due in due_patrols(vessel, plan, start, end) {
            let plans = Vec::new();
            let known = merged.entry(due.id).or_insert_with(|| Demand {
                due: due.clone(),
                plans,
                uncertain: false,
            });
            known.plans.push(adoption.by);
            known.uncertain |= known.due != due;
            strictest(&mut known.due, &due);
        }
    }
    for demand in merged.values_mut() {
        demand.uncertain |= demand.plans.len() < readings;
    }
    merged.into_values().collect()
}

/// The stricter of two demands for one occurrence: every point of either, the narrower window. Where they were drawn apart the window spans
/// both: nobody could be at two openings, and whoever kept one of them did what he was shown.
fn strictest(due: &mut DuePatrol, other: &DuePatrol) {
    let missing: Vec<_> =
        other.points.iter().filter(|point| !due.points.contains(point)).copied().collect();
    due.points.extend(missing);
    if due.opens == other.opens {
        due.closes = due.closes.min(other.closes);
        due.start_by = due.start_by.min(other.start_by);
    } else {
        due.opens = due.opens.min(other.opens);
        due.closes = due.closes.max(other.closes);
        due.start_by = due.start_by.max(other.start_by);
    }
    if due.drawn && other.drawn && due.points != other.points {
        // Two orders of the same points: neither is demanded alone.
        due.walk = Walk::AnyOrder;
    }
    due.drawn |= other.drawn;
    due.grace = due.grace.min(other.grace);
    due.max_duration = match (due.max_duration, other.max_duration) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{CheckpointId, DeviceId, RouteId, ScheduleId},
        plan::{
            content::{Checkpoint, Route},
            draw::{Draw, DrawSecret},
            timing::Timing,
        },
        time::Day,
    };

    const DAY: i64 = 86_400;

    fn plan(points: u8) -> PlanContent {
        let points: Vec<CheckpointId> = (0..points).map(|n| CheckpointId([n; 8])).collect();
        let checkpoint = Checkpoint { name: "Place".into(), ..Checkpoint::default() };
        PlanContent {
            checkpoints: points.iter().map(|id| (*id, checkpoint.clone())).collect(),
            routes: [(
                RouteId([1; 8]),
                Route { name: "R".into(), walk: Walk::Ordered, points, max_minutes: None },
            )]
            .into(),
            schedules: [(
                ScheduleId([1; 8]),
                Schedule {
                    window_minutes: 60,
                    start_within_minutes: 60,
                    ..Schedule::new("S", RouteId([1; 8]), Timing::Times(vec![0, 720]))
                },
            )]
            .into(),
            ..PlanContent::default()
        }
    }

    fn adoption(name: u8, not_before: i64, not_after: Option<i64>) -> Adoption {
        let bounds = Bounds {
            not_before: Some(Moment::from_unix(not_before)),
            not_after: not_after.map(Moment::from_unix),
        };
        Adoption {
            by: RecordRef { dev: DeviceId([1; 8]), seq: name.into(), hash: Hash([name; 32]) },
            heads: vec![Hash([name; 32])],
            effective_from: 0,
            at: bounds,
        }
    }

    fn versions() -> BTreeMap<Vec<Hash>, PlanContent> {
        [(vec![Hash([1; 32])], plan(2)), (vec![Hash([2; 32])], plan(3))].into()
    }

    /// An honest ship of many versions is counted by what each demanded while it was in force, a hostile one by what it costs.
    #[test]
    fn what_a_plan_costs_depends_on_how_long_its_versions_were_in_force() {
        let many: Vec<Adoption> =
            (0..100).map(|n| adoption(1 + n as u8 % 2, n * DAY, Some(n * DAY + 10))).collect();
        let cost = |adoptions: &[Adoption]| {
            let within = |most: &u64| takes_at_most(*most, adoptions, &versions(), 100, 100 * DAY);
            (0..1_000_000).step_by(100).find(within)
        };
        let once = cost(&many[..1]).unwrap();
        assert!((100..=300).contains(&once), "{once}");
        // A hundred versions at one time each are no hundred times one version for a hundred days.
        let changing = cost(&many).unwrap();
        assert!(changing < 100 * once * 3, "{changing}");
        let undated: Vec<Adoption> = (0..100).map(|n| adoption(1, n * 60, None)).collect();
        assert!(cost(&undated).unwrap() > 2 * changing);
    }

    #[test]
    fn one_certain_version_demands_for_certain() {
        let adoptions = [adoption(1, 0, Some(10))];
        let demands = demands(VesselId([0; 16]), &adoptions, &versions(), 100, DAY);
        assert_eq!(demands.len(), 1);
        assert!(!demands[0].uncertain);
        assert_eq!(demands[0].due.points.len(), 2);
    }

    #[test]
    fn between_not_before_and_not_after_the_stricter_demand_stands() {
        let adoptions = [adoption(1, 0, Some(10)), adoption(2, DAY - 100, Some(2 * DAY - 100))];
        let demands = demands(VesselId([0; 16]), &adoptions, &versions(), 100, 3 * DAY);
        let seen: Vec<(bool, usize)> =
            demands.iter().map(|demand| (demand.uncertain, demand.due.points.len())).collect();
        assert_eq!(seen, [(false, 2), (true, 3), (true, 3), (false, 3), (false, 3)]);
    }

    #[test]
    fn a_relaxation_that_nobody_can_date_relaxes_nothing() {
        let adoptions = [adoption(2, 0, Some(10)), adoption(1, DAY, None)];
        let demands = demands(VesselId([0; 16]), &adoptions, &versions(), 2 * DAY, 3 * DAY);
        assert!(demands.iter().all(|demand| demand.uncertain && demand.due.points.len() == 3));
    }

    #[test]
    fn before_any_certain_adoption_a_demand_is_uncertain() {
        let adoptions = [adoption(1, 0, Some(DAY))];
        let demands = demands(VesselId([0; 16]), &adoptions, &versions(), 100, 2 * DAY);
        let seen: Vec<bool> = demands.iter().map(|demand| demand.uncertain).collect();
        assert_eq!(seen, [true, false, false]);
    }

    #[test]
    fn who_may_have_seen_either_of_two_draws_may_keep_either() {
        let mut versions = versions();
        for (secret, content) in (1..).zip(versions.values_mut()) {
            content.draws = [(Day(0), DrawSecret([secret; 32]))].into();
            for schedule in content.schedules.values_mut() {
                schedule.draw =
                    Some(Draw { spread_minutes: 300, most_apart_minutes: None, shuffled: true });
            }
        }
        let adoptions = [adoption(1, 0, Some(10)), adoption(2, DAY - 100, Some(9 * DAY))];
        let demands = demands(VesselId([0; 16]), &adoptions, &versions, DAY, 8 * DAY);
        assert_eq!(demands.len(), 14, "by its nominal opening each is demanded once");
        for demand in &demands {
            let of = |version: u8| {
                let plan = &versions[&vec![Hash([version; 32])]];
                let due = due_patrols(VesselId([0; 16]), plan, DAY, 8 * DAY);
                due.into_iter().find(|due| due.id == demand.due.id).unwrap()
            };
            for seen in [of(1), of(2)] {
                assert!(demand.due.opens <= seen.opens && seen.closes <= demand.due.closes);
                assert!(seen.points.iter().all(|point| demand.due.points.contains(point)));
            }
            assert!(demand.uncertain && demand.due.drawn);
        }
    }
}
