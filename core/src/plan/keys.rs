//! The Plan's entries in the document: one flat map in the root, one scalar a key.
//!
//! Flat, because two devices that create "the same" nested map offline get two maps that do not
//! merge, while every key here is a register of its own.
//!
//! ```text
//! vessel/name                     text        ship_time/UNIX-SECONDS          int, minutes
//! vessel/contact_limit_hours      int
//! checkpoint/ID/name              text        checkpoint/ID/deck              text
//! tag/ID/checkpoint               text, hex   tag/ID/revision                 int
//! route/ID/name                   text        route/ID/walk                   text
//! route/ID/max_minutes            int         route/ID/point/CHECKPOINT       int, position
//! schedule/ID/name                text        schedule/ID/route               text, hex
//! schedule/ID/times               text "HH:MM HH:MM"
//! schedule/ID/{window,start_within,grace}_minutes   int
//! ```

use std::collections::BTreeMap;

use super::content::{
    Checkpoint, PlanContent, PlanProblem, Route, Schedule, TagRegistration, Walk,
};
use crate::{
    document::Value,
    model::{CheckpointId, RouteId, ScheduleId, TagId},
    time::ShipTime,
};

/// Entries of the root map.
pub(super) type Entries = BTreeMap<String, Value>;

const DAY_MINUTES: u32 = 24 * 60;

impl Walk {
    fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::AnyOrder => "any_order",
            Self::Continuous => "continuous",
            Self::Search => "search",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Ordered, Self::AnyOrder, Self::Continuous, Self::Search]
            .into_iter()
            .find(|walk| walk.word() == word)
    }
}

/// "HH:MM" as minutes after midnight.
fn minute_of(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// The entries that say what `content` says.
pub(super) fn entries_of(content: &PlanContent) -> Entries {
    let mut entries = Entries::new();
    let mut text = |key: String, value: &str| {
        if !value.is_empty() {
            entries.insert(key, Value::Text(value.to_owned()));
        }
    };
    text("vessel/name".into(), &content.vessel_name);
    for (id, checkpoint) in &content.checkpoints {
        text(format!("checkpoint/{id}/name"), &checkpoint.name);
        text(format!("checkpoint/{id}/deck"), &checkpoint.deck);
    }
    for (id, tag) in &content.tags {
        text(format!("tag/{id}/checkpoint"), &tag.checkpoint.to_string());
    }
    for (id, route) in &content.routes {
        text(format!("route/{id}/name"), &route.name);
        text(format!("route/{id}/walk"), route.walk.word());
    }
    for (id, schedule) in &content.schedules {
        let times: Vec<String> = schedule
            .times
            .iter()
            .map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60))
            .collect();
        text(format!("schedule/{id}/name"), &schedule.name);
        text(format!("schedule/{id}/route"), &schedule.route.to_string());
        text(format!("schedule/{id}/times"), &times.join(" "));
    }
    let mut int = |key: String, value: i64| entries.insert(key, Value::Int(value));
    if let Some(hours) = content.contact_limit_hours {
        int("vessel/contact_limit_hours".into(), hours.into());
    }
    for (from, minutes) in content.ship_time.changes() {
        int(format!("ship_time/{from}"), i64::from(minutes));
    }
    for (id, tag) in &content.tags {
        int(format!("tag/{id}/revision"), tag.revision.into());
    }
    for (id, route) in &content.routes {
        if let Some(minutes) = route.max_minutes {
            int(format!("route/{id}/max_minutes"), minutes.into());
        }
        for (position, point) in (0..).zip(&route.points) {
            int(format!("route/{id}/point/{point}"), position);
        }
    }
    for (id, schedule) in &content.schedules {
        int(format!("schedule/{id}/window_minutes"), schedule.window_minutes.into());
        int(format!("schedule/{id}/start_within_minutes"), schedule.start_within_minutes.into());
        int(format!("schedule/{id}/grace_minutes"), schedule.grace_minutes.into());
    }
    entries
}

/// Reads entries; what does not make sense becomes a problem and the rest counts.
pub(super) fn content_of(entries: &Entries) -> PlanContent {
    let mut reading =
        Reading { entries, content: PlanContent::default(), ship_time: BTreeMap::new() };
    let mut points: BTreeMap<RouteId, Vec<(i64, CheckpointId)>> = BTreeMap::new();
    for (key, value) in entries {
        let path: Vec<&str> = key.split('/').collect();
        let known = match (path.as_slice(), value) {
            (["vessel", "name"], Value::Text(name)) => {
                reading.content.vessel_name.clone_from(name);
                true
            }
            (["vessel", "contact_limit_hours"], Value::Int(hours)) => {
                reading.content.contact_limit_hours = u32::try_from(*hours).ok();
                true
            }
            (["ship_time", from], Value::Int(minutes)) => reading.ship_time(from, *minutes),
            (["checkpoint", id, "name"], Value::Text(name)) => reading.checkpoint(id, name),
            (["tag", id, "checkpoint"], Value::Text(at)) => reading.tag(id, at),
            (["route", id, "walk"], Value::Text(walk)) => reading.route(id, walk),
            (["route", id, "point", point], Value::Int(position)) => {
                match (RouteId::from_hex(id), CheckpointId::from_hex(point)) {
                    (Ok(route), Ok(point)) => {
                        points.entry(route).or_default().push((*position, point));
                        true
                    }
                    _ => false,
                }
            }
            (["schedule", id, "times"], Value::Text(times)) => reading.schedule(id, times),
            // Read together with the entries above.
            (["checkpoint", _, "deck"] | ["route" | "schedule", _, "name"], Value::Text(_))
            | (["tag", _, "revision"] | ["route", _, "max_minutes"], Value::Int(_))
            | (["schedule", _, "route"], Value::Text(_)) => true,
            (["schedule", _, minutes], Value::Int(_)) => minutes.ends_with("_minutes"),
            _ => false,
        };
        if !known {
            reading.problem(key, "not understood, and left out; correct or remove it");
        }
    }
    for (id, mut route_points) in points {
        route_points.sort_unstable();
        if let Some(route) = reading.content.routes.get_mut(&id) {
            route.points = route_points.into_iter().map(|(_, point)| point).collect();
        }
    }
    let Reading { mut content, ship_time, .. } = reading;
    content.ship_time = ShipTime::new(ship_time);
    content
}

struct Reading<'e> {
    entries: &'e Entries,
    content: PlanContent,
    ship_time: BTreeMap<i64, i32>,
}

impl Reading<'_> {
    fn problem(&mut self, key: &str, problem: &'static str) {
        self.content.problems.push(PlanProblem { key: key.to_owned(), problem });
    }

    fn text(&self, key: &str) -> String {
        match self.entries.get(key) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    fn minutes(&self, key: &str) -> Option<u32> {
        match self.entries.get(key) {
            Some(Value::Int(minutes)) => u32::try_from(*minutes).ok(),
            _ => None,
        }
    }

    fn ship_time(&mut self, from: &str, minutes: i64) -> bool {
        // The widest offset in use is +14 h.
        let minutes = i32::try_from(minutes).ok().filter(|minutes| minutes.abs() <= 14 * 60);
        match (from.parse::<i64>(), minutes) {
            (Ok(from), Some(minutes)) => {
                self.ship_time.insert(from, minutes);
                true
            }
            _ => false,
        }
    }

    fn checkpoint(&mut self, id: &str, name: &str) -> bool {
        let deck = self.text(&format!("checkpoint/{id}/deck"));
        let Ok(id) = CheckpointId::from_hex(id) else { return false };
        self.content.checkpoints.insert(id, Checkpoint { name: name.to_owned(), deck });
        true
    }

    fn tag(&mut self, id: &str, at: &str) -> bool {
        let revision = self.minutes(&format!("tag/{id}/revision")).unwrap_or(1);
        let (Ok(id), Ok(checkpoint)) = (TagId::from_hex(id), CheckpointId::from_hex(at)) else {
            return false;
        };
        self.content.tags.insert(id, TagRegistration { checkpoint, revision });
        true
    }

    fn route(&mut self, id: &str, walk: &str) -> bool {
        let name = self.text(&format!("route/{id}/name"));
        let max_minutes = self.minutes(&format!("route/{id}/max_minutes"));
        let (Ok(id), Some(walk)) = (RouteId::from_hex(id), Walk::from_word(walk)) else {
            return false;
        };
        self.content.routes.insert(id, Route { name, walk, points: Vec::new(), max_minutes });
        true
    }

    fn schedule(&mut self, id: &str, times: &str) -> bool {
        let name = self.text(&format!("schedule/{id}/name"));
        let route = RouteId::from_hex(&self.text(&format!("schedule/{id}/route")));
        let times: Option<Vec<u32>> = times.split_whitespace().map(minute_of).collect();
        let within = |minutes: Option<u32>, otherwise: u32| {
            minutes.unwrap_or(otherwise).clamp(0, DAY_MINUTES)
        };
        let window_minutes = within(self.minutes(&format!("schedule/{id}/window_minutes")), 60);
        let start_within_minutes =
            within(self.minutes(&format!("schedule/{id}/start_within_minutes")), window_minutes);
        let grace_minutes = within(self.minutes(&format!("schedule/{id}/grace_minutes")), 0);
        let (Ok(id), Ok(route), Some(mut times)) = (ScheduleId::from_hex(id), route, times) else {
            return false;
        };
        times.sort_unstable();
        times.dedup();
        let schedule =
            Schedule { name, route, times, window_minutes, start_within_minutes, grace_minutes };
        self.content.schedules.insert(id, schedule);
        true
    }
}
