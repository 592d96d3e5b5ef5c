//! Schedules make due patrols.

use serde::Serialize;

use super::content::{PlanContent, Route, Schedule, Walk};
use crate::{
    model::{CheckpointId, DueId, RouteId, ScheduleId, VesselId, due_id},
    time::Day,
};

/// One occurrence that the plan demands. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DuePatrol {
    /// FORMAT.md section 7.
    pub id: DueId,
    /// What demands it.
    pub schedule: ScheduleId,
    /// Which of the schedule's times.
    pub slot: u32,
    /// The schedule's name, for people.
    pub schedule_name: String,
    /// What is to be walked.
    pub route: RouteId,
    /// The route's name, for people.
    pub route_name: String,
    /// The ship-time day of the opening.
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

/// All patrols that `plan` demands with an opening in `from..until` (Unix s), by opening.
///
/// A schedule with a route that is missing or empty demands nothing: there is nothing to visit.
pub fn due_patrols(vessel: VesselId, plan: &PlanContent, from: i64, until: i64) -> Vec<DuePatrol> {
    let mut due = Vec::new();
    let (first, last) = (plan.ship_time.day(from), plan.ship_time.day(until));
    for (id, schedule) in &plan.schedules {
        let Some(route) = plan.routes.get(&schedule.route) else { continue };
        if route.points.is_empty() {
            continue;
        }
        for day in first.0.saturating_sub(1)..=last.0.saturating_add(1) {
            for (slot, minute) in (0..).zip(&schedule.times) {
                let Some(opens) = plan.ship_time.utc_of(Day(day), *minute) else { continue };
                if (from..until).contains(&opens) {
                    let at = (Day(day), opens);
                    due.push(occurrence(vessel, (*id, schedule), slot, route, at));
                }
            }
        }
    }
    due.sort_by_key(|due| (due.opens, due.id));
    due
}

fn occurrence(
    vessel: VesselId,
    (schedule_id, schedule): (ScheduleId, &Schedule),
    slot: u32,
    route: &Route,
    (day, opens): (Day, i64),
) -> DuePatrol {
    let minutes = |minutes: u32| i64::from(minutes) * 60;
    DuePatrol {
        id: due_id(vessel, schedule_id, slot, opens),
        schedule: schedule_id,
        slot,
        schedule_name: schedule.name.clone(),
        route: schedule.route,
        route_name: route.name.clone(),
        day,
        opens,
        start_by: opens + minutes(schedule.start_within_minutes.min(schedule.window_minutes)),
        closes: opens + minutes(schedule.window_minutes),
        grace: minutes(schedule.grace_minutes),
        max_duration: route.max_minutes.map(minutes),
        walk: route.walk,
        points: route.points.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::content::Checkpoint, time::ShipTime};

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
            name: "Rounds".into(),
            route: RouteId([2; 8]),
            times: times.to_vec(),
            window_minutes: 60,
            start_within_minutes: 90,
            grace_minutes: 10,
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
}
