//! Schedules and what they hang on, in a plan file. Moments are written as "2026-12-01 00:00", in UTC.

use deckwatch_core::{
    model::RouteId,
    plan::{
        Circumstances, Days, Draw, PlanContent, Schedule, SecurityLevel, SecurityOrder, Timing,
        VesselState, When, clock_of,
        draw::MOST_SPREAD,
        timing::{DAY_MINUTES, LONGEST_EVERY, SHORTEST_EVERY},
    },
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{PlanFileError, time_of};

/// A moment in UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Utc(i64);

impl TryFrom<String> for Utc {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = text.parse::<DateTime>().and_then(|read| read.to_zoned(TimeZone::UTC));
        moment.map(|moment| Self(moment.timestamp().as_second())).map_err(|_| {
            format!("{text:?} is not a moment; write it as \"2026-12-01 00:00\", in UTC")
        })
    }
}

impl From<Utc> for String {
    fn from(Utc(seconds): Utc) -> Self {
        let moment = Timestamp::from_second(seconds).unwrap_or_default().to_zoned(TimeZone::UTC);
        let form = if moment.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
        moment.strftime(form).to_string()
    }
}

/// An order to set a security level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecurityEntry {
    received: Utc,
    level: SecurityLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<Utc>,
}

/// What the vessel does from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateEntry {
    from: Utc,
    is: VesselState,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleEntry {
    pub(super) name: String,
    pub(super) route: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    times: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every_from: Option<Utc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after_watch_begins: Vec<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    days: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    levels: Vec<SecurityLevel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    states: Vec<VesselState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most_apart_minutes: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shuffled: bool,
    window_minutes: u32,
    start_within_minutes: u32,
    grace_minutes: u32,
}

impl ScheduleEntry {
    pub(super) fn of(schedule: &Schedule, route: String) -> Self {
        let (mut times, mut every, mut after) = (Vec::new(), None, Vec::new());
        match &schedule.timing {
            Timing::Times(minutes) => times = minutes.iter().map(|it| clock_of(*it)).collect(),
            Timing::Every { minutes, from } => every = Some((*minutes, Utc(*from))),
            Timing::Watches(minutes) => after.clone_from(minutes),
        }
        let (when, draw) = (&schedule.when, schedule.draw);
        Self {
            name: schedule.name.clone(),
            route,
            times,
            every_minutes: every.map(|(minutes, _)| minutes),
            every_from: every.map(|(_, from)| from),
            after_watch_begins: after,
            days: when.days.word(),
            levels: when.levels.iter().copied().collect(),
            states: when.states.iter().copied().collect(),
            spread_minutes: draw.map(|draw| draw.spread_minutes),
            most_apart_minutes: draw.and_then(|draw| draw.most_apart_minutes),
            shuffled: draw.is_some_and(|draw| draw.shuffled),
            window_minutes: schedule.window_minutes,
            start_within_minutes: schedule.start_within_minutes,
            grace_minutes: schedule.grace_minutes,
        }
    }

    pub(super) fn read(&self, route: RouteId) -> Result<Schedule, PlanFileError> {
        let wrong = |what| PlanFileError::Schedule { name: self.name.clone(), what };
        let days = Days::from_word(&self.days).ok_or_else(|| {
            wrong("days are written as \"mon wed\", \"month 1 15 last\" or \"every 3 from 2026-12-01\"")
        })?;
        let (levels, states) = (self.levels.iter().copied(), self.states.iter().copied());
        let when = When { days, levels: levels.collect(), states: states.collect() };
        for (minutes, most) in [
            (Some(self.window_minutes), DAY_MINUTES),
            (Some(self.start_within_minutes), DAY_MINUTES),
            (Some(self.grace_minutes), DAY_MINUTES),
            (self.spread_minutes, MOST_SPREAD),
            (self.most_apart_minutes, LONGEST_EVERY),
        ] {
            if minutes.is_some_and(|minutes| minutes > most) {
                return Err(wrong(
                    "a window, a start and grace are at most 1440 minutes, a spread 720, a limit 10080",
                ));
            }
        }
        let drawn = self.spread_minutes.is_some() || self.shuffled;
        if self.most_apart_minutes.is_some() && !drawn {
            return Err(wrong(
                "most_apart_minutes limits a draw, and there is none: add spread_minutes",
            ));
        }
        let draw = drawn.then(|| Draw {
            spread_minutes: self.spread_minutes.unwrap_or(0),
            most_apart_minutes: self.most_apart_minutes,
            shuffled: self.shuffled,
        });
        Ok(Schedule {
            timing: self.timing()?,
            when,
            draw,
            window_minutes: self.window_minutes,
            start_within_minutes: self.start_within_minutes,
            grace_minutes: self.grace_minutes,
            ..Schedule::new(&self.name, route, Timing::default())
        })
    }

    fn timing(&self) -> Result<Timing, PlanFileError> {
        let wrong = |what| PlanFileError::Schedule { name: self.name.clone(), what };
        match (self.times.as_slice(), self.every_minutes, self.after_watch_begins.as_slice()) {
            (times, None, []) if self.every_from.is_none() => {
                let minutes: Vec<u32> =
                    times.iter().map(|time| time_of(time)).collect::<Result<_, _>>()?;
                Timing::from_word(&Timing::Times(minutes).word())
                    .ok_or_else(|| wrong("a day has at most 288 times"))
            }
            ([], Some(minutes), []) => {
                let fits = (SHORTEST_EVERY..=LONGEST_EVERY).contains(&minutes);
                let from = self.every_from.filter(|_| fits);
                let Some(Utc(from)) = from else {
                    return Err(wrong("an interval is every_minutes, 5 to 10080, with every_from"));
                };
                Ok(Timing::Every { minutes, from })
            }
            ([], None, after) => Timing::from_word(&Timing::Watches(after.to_vec()).word())
                .filter(|_| self.every_from.is_none())
                .ok_or_else(|| wrong("after_watch_begins are minutes below 1440")),
            _ => Err(wrong("one of times, every_minutes and after_watch_begins, and not two")),
        }
    }
}

/// How a schedule reads in a preview, in one line.
pub(super) fn line_of(schedule: &Schedule, route: &str) -> String {
    use crate::plan::words::{draw_words, timing_words, when_words};
    let mut line =
        format!("schedule {}: {route} at {}", schedule.name, timing_words(&schedule.timing));
    let drawn = schedule.draw.as_ref().map_or(String::new(), draw_words);
    for part in [when_words(&schedule.when), drawn] {
        if !part.is_empty() {
            line.push_str(&format!(", {part}"));
        }
    }
    line.push_str(&format!(
        ", window {} min, start within {} min, grace {} min",
        schedule.window_minutes, schedule.start_within_minutes, schedule.grace_minutes
    ));
    line
}

/// Watches, orders and states of a plan, as the file writes them.
pub(super) fn circumstances_of(
    plan: &PlanContent,
) -> (Vec<String>, Vec<SecurityEntry>, Vec<StateEntry>) {
    let now = &plan.circumstances;
    let order = |(received, order): (&i64, &SecurityOrder)| SecurityEntry {
        received: Utc(*received),
        level: order.level,
        acknowledged: order.acknowledged.map(Utc),
        in_force: order.in_force.map(Utc),
    };
    let states = now.states.iter().map(|(from, state)| StateEntry { from: Utc(*from), is: *state });
    (
        now.own_watches().map(clock_of).collect(),
        now.orders.iter().map(order).collect(),
        states.collect(),
    )
}

/// What a file says of watches, orders and states.
pub(super) fn circumstances(
    watches: &[String],
    orders: &[SecurityEntry],
    states: &[StateEntry],
) -> Result<Circumstances, PlanFileError> {
    let watches = watches.iter().map(|time| time_of(time)).collect::<Result<Vec<u32>, _>>()?;
    let order = |entry: &SecurityEntry| {
        let order = SecurityOrder {
            level: entry.level,
            acknowledged: entry.acknowledged.map(|Utc(time)| time),
            in_force: entry.in_force.map(|Utc(time)| time),
        };
        (entry.received.0, order)
    };
    let states = states.iter().map(|entry| (entry.from.0, entry.is));
    Ok(Circumstances::new(watches, orders.iter().map(order), states))
}
