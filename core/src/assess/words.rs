//! Sentences for the people on board.

use crate::{
    model::CheckpointId,
    plan::PlanContent,
    time::{Moment, ShipTime},
};

/// Names in one sentence at most.
const MOST_NAMES: usize = 5;

/// `2026-11-22 02:00 ship time`; UTC where no plan is known.
pub(super) fn clock(plans: &[&PlanContent], utc: i64) -> String {
    let none = ShipTime::default();
    let ship = plans.first().map_or(&none, |plan| &plan.ship_time);
    let offset = if plans.is_empty() { 0 } else { i64::from(ship.offset_minutes(utc)) };
    let zone = if plans.is_empty() { "UTC" } else { "ship time" };
    let time = jiff::Timestamp::from_second(utc.saturating_add(offset * 60));
    time.map_or_else(|_| format!("{utc} s"), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
        + " "
        + zone
}

/// When somebody was last heard.
pub(super) fn heard(plans: &[&PlanContent], at: Option<Moment>) -> String {
    at.map_or_else(
        || "never heard".to_owned(),
        |at| format!("last heard {}", clock(plans, at.unix_floor())),
    )
}

/// `Bow, Stern and Engine room`.
pub(super) fn places(plans: &[&PlanContent], points: &[CheckpointId]) -> String {
    let name = |point: &CheckpointId| {
        let known = plans.iter().find(|plan| plan.checkpoints.contains_key(point));
        known.map_or_else(|| format!("checkpoint {point}"), |plan| plan.checkpoint_name(*point))
    };
    let shown = if points.len() > MOST_NAMES + 1 { MOST_NAMES } else { points.len() };
    let mut names: Vec<String> = points.iter().take(shown).map(name).collect();
    if points.len() > shown {
        names.push(format!("{} more", points.len() - shown));
    }
    all(&names)
}

/// `a, b and c`.
pub(super) fn all(parts: &[String]) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((one, [])) => one.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 h 20 min`, `45 min`, `3 days`.
pub(super) fn duration(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match (minutes / 1_440, minutes / 60, minutes % 60) {
        (days, ..) if days >= 2 => format!("{days} days"),
        (_, 0, minutes) => format!("{minutes} min"),
        (_, hours, 0) => format!("{hours} h"),
        (_, hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_for_people() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(all(&names), "a, b and c");
        assert_eq!(all(&names[..1]), "a");
        assert_eq!(all(&[]), "");
        let points: Vec<CheckpointId> = (0..8).map(|n| CheckpointId([n; 8])).collect();
        assert!(places(&[], &points).ends_with("checkpoint 0404040404040404 and 3 more"));
        assert_eq!(clock(&[], 0), "1970-01-01 00:00 UTC");
        let ship = PlanContent { ship_time: ShipTime::new([(0, 120)]), ..PlanContent::default() };
        assert_eq!(clock(&[&ship], 0), "1970-01-01 02:00 ship time");
        assert_eq!(heard(&[], None), "never heard");
        let spans = [59, 60, 3_600, 4_800, 86_400, 172_800].map(duration);
        assert_eq!(spans, ["0 min", "1 min", "1 h", "1 h 20 min", "24 h", "2 days"]);
    }
}
