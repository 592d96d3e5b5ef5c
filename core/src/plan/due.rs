//! Schedules make due patrols.

use serde::Serialize;

use super::{
    content::{PlanContent, Route, Schedule, Walk},
    draw::Lot,
    timing::{LONGEST_EVERY, MOST_A_DAY},
};
use crate::{
    model::{CheckpointId, DueId, RouteId, ScheduleId, VesselId, due_id},
    time::Day,
};

const MINUTE: i64 = 60;

/// One occurrence that the plan demands. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuePatrol {
    /// FORMAT.md section 7.
    pub id: DueId,
    /// What demands it.
    pub schedule: ScheduleId,
    /// Counts the openings of a schedule that fall on one moment: 0 but where clocks were set over them.
    pub slot: u32,
    /// The schedule's name, for people.
    pub schedule_name: String,
    /// What is to be walked.
    pub route: RouteId,
    /// The route's name, for people.
    pub route_name: String,
    /// The opening before anything was drawn: what it is known by.
    pub nominal: i64,
    /// The opening or the order was drawn: it is nobody's business before it opens.
    pub drawn: bool,
    /// The ship-time day of the nominal opening.
    pub day: Day,
    /// The window opens.
    pub opens: i64,
    /// The patrol should have started.
    pub start_by: i64,
    /// The window closes.
    pub closes: i64,
    /// What is tolerated on either side, seconds.
    pub grace: i64,
    /// A longer round is an overrun, seconds.
    pub max_duration: Option<i64>,
    /// How the route is walked.
    pub walk: Walk,
    /// What must be visited, in order.
    pub points: Vec<CheckpointId>,
}

impl DuePatrol {
    /// The last moment at which the patrol still counts.
    pub fn deadline(&self) -> i64 {
        self.closes.saturating_add(self.grace)
    }
}

/// All patrols that `plan` demands with a nominal opening in `from..until` (Unix s), by opening. Whatever is drawn, an occurrence lies in
/// one such span alone; its window opens up to [`MOST_SPREAD`](super::draw::MOST_SPREAD) minutes later.
///
/// A schedule with a route that is missing or empty demands nothing: there is nothing to visit.
pub fn due_patrols(vessel: VesselId, plan: &PlanContent, from: i64, until: i64) -> Vec<DuePatrol> {
    let mut due = Vec::new();
    for (id, schedule) in &plan.schedules {
        let Some(route) = plan.routes.get(&schedule.route) else { continue };
        if route.points.is_empty() {
            continue;
        }
        let occurrence = Occurrences { vessel, plan, id: *id, schedule, route };
        due.extend(occurrence.within(from, until));
    }
    due.sort_by_key(|due| (due.opens, due.id));
    due
}

/// What [`due_patrols`] may cost for one schedule on one day: its openings, and those looked back at for a limit.
pub(super) fn cost_a_day(plan: &PlanContent, schedule: &Schedule) -> u64 {
    let most = schedule.timing.most_a_day(&plan.circumstances).min(MOST_A_DAY as u64 + 1);
    let orders = plan.circumstances.orders.len() as u64;
    // Each opening asks for the level, which is worked out from all orders.
    let each = if schedule.when.levels.is_empty() { 1 } else { orders.saturating_add(1) };
    most.saturating_mul(each)
}

struct Occurrences<'a> {
    vessel: VesselId,
    plan: &'a PlanContent,
    id: ScheduleId,
    schedule: &'a Schedule,
    route: &'a Route,
}

impl Occurrences<'_> {
    fn within(&self, from: i64, until: i64) -> Vec<DuePatrol> {
        let (plan, when) = (self.plan, &self.schedule.when);
        // The opening before decides how far a drawn one may move.
        let limit = self.schedule.draw.and_then(|draw| draw.most_apart_minutes);
        let back = limit.map_or(0, |most| i64::from(most.min(LONGEST_EVERY)) * MINUTE);
        let (start, circumstances) = (from.saturating_sub(back), &plan.circumstances);
        let nominal = self.schedule.timing.openings(&plan.ship_time, circumstances, start, until);
        let mut found = Vec::new();
        let (mut before, mut slot): (Option<i64>, u32) = (None, 0);
        for opening in nominal {
            if !when.holds(opening, &plan.ship_time, circumstances) {
                continue;
            }
            slot = if before == Some(opening) { slot.saturating_add(1) } else { 0 };
            let gap = before.filter(|before| *before != opening).map(|before| opening - before);
            if opening >= from {
                found.push(self.occurrence(opening, slot, gap));
            }
            before = Some(opening);
        }
        found
    }

    fn occurrence(&self, nominal: i64, slot: u32, gap: Option<i64>) -> DuePatrol {
        let (schedule, route, plan) = (self.schedule, self.route, self.plan);
        let minutes = |minutes: u32| i64::from(minutes) * MINUTE;
        let day = plan.ship_time.day(nominal);
        let lot = schedule.draw.and_then(|draw| Some((draw, self.lot(day, nominal)?)));
        let (mut opens, mut points) = (nominal, route.points.clone());
        if let Some((draw, lot)) = &lot {
            // Rounded up: a limit is kept to the second. None before it, and no limit can be kept: it does not move.
            let gap = gap.and_then(|gap| u32::try_from(gap.saturating_add(59) / MINUTE).ok());
            let gap = gap.or(draw.most_apart_minutes);
            opens = nominal.saturating_add(minutes(lot.minutes(draw.room(gap))));
            if draw.shuffled {
                lot.shuffle(&mut points);
            }
        }
        DuePatrol {
            id: due_id(self.vessel, self.id, slot, nominal),
            schedule: self.id,
            slot,
            schedule_name: schedule.name.clone(),
            route: schedule.route,
            route_name: route.name.clone(),
            nominal,
            drawn: lot.is_some(),
            day,
            opens,
            start_by: opens + minutes(schedule.start_within_minutes.min(schedule.window_minutes)),
            closes: opens + minutes(schedule.window_minutes),
            grace: minutes(schedule.grace_minutes),
            max_duration: route.max_minutes.map(minutes),
            walk: route.walk,
            points,
        }
    }

    /// The lot of one opening; `None` where the Plan has no secret for its day.
    fn lot(&self, day: Day, nominal: i64) -> Option<Lot> {
        let (_, secret) = self.plan.draws.range(..=day).next_back()?;
        Some(secret.lot(self.vessel, self.id, nominal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{
            circumstance::{Circumstances, Days, SecurityLevel, SecurityOrder, When},
            content::Checkpoint,
            draw::{Draw, DrawSecret},
            timing::Timing,
        },
        time::ShipTime,
    };

    fn plan(times: &[u32], ship_time: ShipTime) -> PlanContent {
        let point = CheckpointId([1; 8]);
        let checkpoint = Checkpoint { name: "Bow".into(), ..Checkpoint::default() };
        let route = Route {
            name: "Night".into(),
            walk: Walk::Ordered,
            points: vec![point],
            max_minutes: None,
        };
        let schedule = Schedule {
            window_minutes: 60,
            start_within_minutes: 90,
            grace_minutes: 10,
            ..Schedule::new("Rounds", RouteId([2; 8]), Timing::Times(times.to_vec()))
        };
        PlanContent {
            ship_time,
            checkpoints: [(point, checkpoint)].into(),
            routes: [(RouteId([2; 8]), route)].into(),
            schedules: [(ScheduleId([3; 8]), schedule)].into(),
            ..PlanContent::default()
        }
    }

    #[test]
    fn fixed_times_in_ship_time() {
        // Two hours ahead of UTC: 00:00 on board is 22:00 UTC of the day before.
        let plan = plan(&[0, 720], ShipTime::new([(0, 120)]));
        let due = due_patrols(VesselId([9; 16]), &plan, 0, 2 * 86_400);
        let opens: Vec<i64> = due.iter().map(|due| due.opens).collect();
        assert_eq!(opens, [36_000, 79_200, 122_400, 165_600]);
        assert_eq!(due[1].day, Day(1));
        assert_eq!(due[0].closes - due[0].opens, 3_600);
        assert_eq!(due[0].start_by, due[0].closes, "never after the window closes");
        assert_eq!(due[0].deadline(), due[0].closes + 600);
    }

    #[test]
    fn ids_differ_by_occurrence_and_stay_the_same_otherwise() {
        let plan = plan(&[0, 720], ShipTime::default());
        let vessel = VesselId([9; 16]);
        let all = due_patrols(vessel, &plan, 0, 10 * 86_400);
        let part = due_patrols(vessel, &plan, 3 * 86_400, 4 * 86_400);
        assert_eq!(all.len(), 20);
        assert!(part.iter().all(|due| all.contains(due)));
        let ids: std::collections::BTreeSet<DueId> = all.iter().map(|due| due.id).collect();
        assert_eq!(ids.len(), 20);
    }

    #[test]
    fn nothing_to_visit_demands_nothing() {
        let mut plan = plan(&[0], ShipTime::default());
        plan.routes.clear();
        assert_eq!(due_patrols(VesselId([9; 16]), &plan, 0, 86_400), []);
    }

    const VESSEL: VesselId = VesselId([9; 16]);
    const DAY: i64 = 86_400;

    fn only(plan: &mut PlanContent) -> &mut Schedule {
        plan.schedules.values_mut().next().unwrap()
    }

    #[test]
    fn another_time_of_the_day_renames_no_occurrence() {
        let before = due_patrols(VESSEL, &plan(&[120, 720], ShipTime::default()), 0, DAY);
        let after = due_patrols(VESSEL, &plan(&[60, 120, 720], ShipTime::default()), 0, DAY);
        assert!(before.iter().all(|due| after.contains(due)));
    }

    /// Two rounds that the clocks were set over are two rounds at that moment.
    #[test]
    fn openings_that_fall_on_one_moment_are_told_apart() {
        let change = 10 * DAY + 2 * 3_600;
        let plan = plan(&[125, 150], ShipTime::new([(0, 0), (change, 60)]));
        let mut due = due_patrols(VESSEL, &plan, 10 * DAY, 11 * DAY);
        due.sort_by_key(|due| due.slot);
        let seen: Vec<(i64, u32)> = due.iter().map(|due| (due.opens, due.slot)).collect();
        assert_eq!(seen, [(change, 0), (change, 1)]);
        assert_ne!(due[0].id, due[1].id);
    }

    #[test]
    fn a_level_and_a_day_open_windows_and_close_none() {
        let mut plan = plan(&[0, 720], ShipTime::default());
        only(&mut plan).when = When {
            days: Days::from_word("thu fri").unwrap(),
            levels: [SecurityLevel::L2].into(),
            ..When::default()
        };
        assert_eq!(due_patrols(VESSEL, &plan, 0, 5 * DAY), []);
        let order =
            SecurityOrder { level: SecurityLevel::L2, acknowledged: None, in_force: Some(43_200) };
        plan.circumstances = Circumstances::new([], [(0, order)], []);
        let due = due_patrols(VESSEL, &plan, 0, 5 * DAY);
        // 1970-01-01 was a Thursday; its midnight came before the measures.
        assert_eq!(
            due.iter().map(|due| due.opens).collect::<Vec<_>>(),
            [43_200, DAY, DAY + 43_200]
        );
    }

    fn drawn(draw: Draw, secret: u8) -> PlanContent {
        let mut plan = plan(&[0, 240, 480, 720, 960, 1_200], ShipTime::default());
        let points: Vec<CheckpointId> = (0..6).map(|n| CheckpointId([n; 8])).collect();
        plan.routes.values_mut().for_each(|route| route.points.clone_from(&points));
        only(&mut plan).draw = Some(draw);
        plan.draws = [(Day(0), DrawSecret([secret; 32]))].into();
        plan
    }

    #[test]
    fn chance_moves_openings_within_their_limit_and_keeps_their_names() {
        let draw = Draw { spread_minutes: 180, most_apart_minutes: Some(300), shuffled: true };
        let fixed = due_patrols(VESSEL, &drawn(Draw::default(), 1), 0, 100 * DAY);
        let due = due_patrols(VESSEL, &drawn(draw, 1), 0, 100 * DAY);
        let ids = |due: &[DuePatrol]| -> std::collections::BTreeSet<DueId> {
            due.iter().map(|due| due.id).collect()
        };
        assert_eq!(ids(&fixed), ids(&due));
        let apart = due.windows(2).map(|pair| pair[1].opens - pair[0].opens);
        assert_eq!(apart.clone().max().unwrap().cmp(&(300 * 60)), std::cmp::Ordering::Less);
        assert!(apart.max().unwrap() > 280 * 60, "and the limit is used");
        let moved: std::collections::BTreeSet<i64> =
            due.iter().map(|due| (due.opens - due.nominal) / 60).collect();
        // Four hours apart and five at most: an hour of room.
        assert_eq!((moved.first(), moved.last()), (Some(&0), Some(&60)));
        assert!(due.iter().any(|one| one.points != due[0].points));
        let other = due_patrols(VESSEL, &drawn(draw, 2), 0, 100 * DAY);
        assert_ne!(due, other, "another secret, another month");
    }

    /// Whoever asks for a part gets what stands in the whole: the opening before a limit is looked for outside of it.
    #[test]
    fn a_part_is_drawn_like_the_whole() {
        let draw = Draw { spread_minutes: 180, most_apart_minutes: Some(300), shuffled: true };
        let plan = drawn(draw, 3);
        let whole = due_patrols(VESSEL, &plan, 0, 20 * DAY);
        for from in [DAY, DAY + 1, 3 * DAY + 14_400] {
            let part = due_patrols(VESSEL, &plan, from, from + 2 * DAY);
            let mut lies: Vec<DuePatrol> = whole.clone();
            lies.retain(|due| (from..from + 2 * DAY).contains(&due.nominal));
            assert_eq!(part, lies);
        }
    }

    #[test]
    fn without_a_secret_for_the_day_nothing_is_drawn() {
        let mut plan = drawn(Draw { spread_minutes: 60, ..Draw::default() }, 1);
        plan.draws = [(Day(2), DrawSecret([1; 32]))].into();
        let due = due_patrols(VESSEL, &plan, 0, 4 * DAY);
        assert!(due.iter().all(|due| due.drawn == (due.day >= Day(2))));
        assert!(due.iter().all(|due| due.drawn || due.opens == due.nominal));
    }
}
