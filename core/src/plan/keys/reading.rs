//! Reading the Plan's entries: what does not make sense becomes a problem, and the rest counts.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;

use super::Entries;
use crate::{
    document::Value,
    model::{CheckpointId, CrewNo, Level, RouteId, ScheduleId, TagId, TagUid},
    plan::{
        check::{Check, CheckKind, MAX_MILLI, is_item},
        circumstance::{
            Circumstances, Days, MOST_WATCHES, SecurityLevel, SecurityOrder, VesselState, When,
        },
        content::{
            Checkpoint, KeyedTag, PlanContent, PlanProblem, Route, Schedule, TagRegistration, Walk,
        },
        draw::{Draw, DrawSecret, MOST_SPREAD},
        timing::{DAY_MINUTES, LONGEST_EVERY, Timing, minute_of},
    },
    time::{Day, ShipTime},
};

/// Reads entries; what does not make sense becomes a problem and the rest counts.
pub(in crate::plan) fn content_of(entries: &Entries) -> PlanContent {
    let mut reading = Reading {
        entries,
        content: PlanContent::default(),
        ship_time: BTreeMap::new(),
        points: BTreeMap::new(),
        checks: BTreeMap::new(),
        watches: BTreeSet::new(),
    };
    for (key, value) in entries {
        let path: Vec<&str> = key.split('/').collect();
        if !reading.entry(&path, value) {
            reading.problem(key, "not understood, and left out; correct or remove it");
        }
    }
    reading.finished()
}

/// A demand of L0 is none.
fn level_of(number: i64) -> Option<Level> {
    let level = u8::try_from(number).ok().and_then(|number| Level::try_from(number).ok());
    level.filter(|level| *level != Level::L0)
}

struct Reading<'e> {
    entries: &'e Entries,
    content: PlanContent,
    ship_time: BTreeMap<i64, i32>,
    points: BTreeMap<RouteId, Vec<(i64, CheckpointId)>>,
    checks: BTreeMap<CheckpointId, BTreeMap<String, Check>>,
    watches: BTreeSet<u32>,
}

impl Reading<'_> {
    /// Reads one entry; `false` if it does not make sense.
    fn entry(&mut self, path: &[&str], value: &Value) -> bool {
        match (path, value) {
            (["vessel", "name"], Value::Text(name)) => {
                self.content.vessel_name.clone_from(name);
                true
            }
            (["vessel", "contact_limit_hours"], Value::Int(hours)) => {
                self.content.contact_limit_hours = u32::try_from(*hours).ok();
                true
            }
            (["ship_time", from], Value::Int(minutes)) => self.ship_time(from, *minutes),
            (["crew", number, "active"], Value::Int(active)) => self.crew(number, *active),
            (["checkpoint", id, "name"], Value::Text(name)) => self.checkpoint(id, name),
            (["check", id, item, "ask"], Value::Text(ask)) => self.check(id, item, ask),
            (["tag", id, "checkpoint"], Value::Text(at)) => self.tag(id, at),
            ([kind @ ("nfc" | "display"), id, "checkpoint"], Value::Text(at)) => {
                self.keyed(kind, id, at).is_some()
            }
            (["checkpoint", _, "min_level"], Value::Int(level)) => level_of(*level).is_some(),
            (["route", id, "walk"], Value::Text(walk)) => self.route(id, walk),
            (["route", id, "point", point], Value::Int(position)) => {
                self.point(id, point, *position)
            }
            (["schedule", id, "times"], Value::Text(times)) => self.schedule(id, times),
            (["vessel", "watches"], Value::Text(watches)) => self.watches(watches),
            (["security", received, "level"], Value::Int(level)) => self.order(received, *level),
            (["state", from], Value::Text(state)) => self.state(from, state),
            (["draw", day], Value::Text(secret)) => self.draw_secret(day, secret).is_some(),
            // Read together with the entries above.
            (["checkpoint", _, "deck"] | ["route" | "schedule", _, "name"], Value::Text(_))
            | (["check", _, _, "kind" | "unit"], Value::Text(_))
            | (["check", _, _, "min_milli" | "max_milli"], Value::Int(_))
            | (["tag", _, "revision"] | ["route", _, "max_minutes"], Value::Int(_))
            | (["nfc" | "display", _, "key_version"], Value::Int(_))
            | (["schedule", _, "route" | "days" | "levels" | "states"], Value::Text(_))
            | (["schedule", _, "shuffled"], Value::Int(_))
            | (["security", _, "acknowledged" | "in_force"], Value::Int(_)) => true,
            (["schedule", _, minutes], Value::Int(_)) => minutes.ends_with("_minutes"),
            _ => false,
        }
    }

    fn finished(self) -> PlanContent {
        let Self { mut content, ship_time, points, checks, watches, .. } = self;
        for (id, mut points) in points {
            points.sort_unstable();
            if let Some(route) = content.routes.get_mut(&id) {
                route.points = points.into_iter().map(|(_, point)| point).collect();
            }
        }
        for (id, checks) in checks {
            if let Some(checkpoint) = content.checkpoints.get_mut(&id) {
                checkpoint.checks = checks;
            }
        }
        content.ship_time = ShipTime::new(ship_time);
        let Circumstances { orders, states, .. } = content.circumstances;
        content.circumstances = Circumstances::new(watches, orders, states);
        content
    }

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

    fn crew(&mut self, number: &str, active: i64) -> bool {
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse().ok().filter(|_| plain) {
            Some(number) if CrewNo(number) != CrewNo::NOBODY && (0..=1).contains(&active) => {
                if active == 1 {
                    self.content.roster.insert(CrewNo(number));
                }
                true
            }
            _ => false,
        }
    }

    fn check(&mut self, id: &str, item: &str, ask: &str) -> bool {
        let at = |name: &str| format!("check/{id}/{item}/{name}");
        let kind = match self.entries.get(&at("kind")) {
            Some(Value::Text(word)) => CheckKind::from_word(word),
            _ => Some(CheckKind::default()),
        };
        let limit = |name: &str| match self.entries.get(&at(name)) {
            Some(Value::Int(milli)) => {
                Some(*milli).filter(|milli| milli.unsigned_abs() <= MAX_MILLI.unsigned_abs())
            }
            _ => None,
        };
        let (Ok(at_checkpoint), Some(kind), true) =
            (CheckpointId::from_hex(id), kind, is_item(item))
        else {
            return false;
        };
        let check = Check {
            ask: ask.to_owned(),
            kind,
            unit: self.text(&at("unit")),
            min_milli: limit("min_milli"),
            max_milli: limit("max_milli"),
        };
        self.checks.entry(at_checkpoint).or_default().insert(item.to_owned(), check);
        true
    }

    fn point(&mut self, route: &str, point: &str, position: i64) -> bool {
        let (Ok(route), Ok(point)) = (RouteId::from_hex(route), CheckpointId::from_hex(point))
        else {
            return false;
        };
        self.points.entry(route).or_default().push((position, point));
        true
    }

    fn checkpoint(&mut self, id: &str, name: &str) -> bool {
        let deck = self.text(&format!("checkpoint/{id}/deck"));
        let min_level = match self.entries.get(&format!("checkpoint/{id}/min_level")) {
            Some(Value::Int(level)) => level_of(*level),
            _ => None,
        };
        let Ok(id) = CheckpointId::from_hex(id) else { return false };
        let place = Checkpoint { name: name.to_owned(), deck, min_level, ..Checkpoint::default() };
        self.content.checkpoints.insert(id, place);
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

    fn keyed(&mut self, kind: &str, id: &str, at: &str) -> Option<()> {
        let version = self.entries.get(&format!("{kind}/{id}/key_version"));
        let key_version = match version {
            Some(Value::Int(version)) => Some(u32::try_from(*version).ok()?),
            Some(_) => return None,
            None => None,
        };
        let tag = KeyedTag { checkpoint: CheckpointId::from_hex(at).ok()?, key_version };
        if kind == "nfc" {
            // One key for one tag: nothing but its lower-case form.
            let uid = TagUid::from_hex(id).ok().filter(|uid| uid.to_string() == id)?;
            self.content.nfc.insert(uid, tag);
        } else {
            self.content.displays.insert(TagId::from_hex(id).ok()?, tag);
        }
        Some(())
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
        let at = |name: &str| format!("schedule/{id}/{name}");
        let route = RouteId::from_hex(&self.text(&at("route")));
        let (Ok(id), Ok(route), Some(timing), Some(when)) =
            (ScheduleId::from_hex(id), route, Timing::from_word(times), self.when(&at))
        else {
            return false;
        };
        let within = |name: &str, otherwise: u32| {
            self.minutes(&at(name)).unwrap_or(otherwise).clamp(0, DAY_MINUTES)
        };
        let window_minutes = within("window_minutes", 60);
        let schedule = Schedule {
            name: self.text(&at("name")),
            route,
            timing,
            when,
            draw: self.draw(&at),
            window_minutes,
            start_within_minutes: within("start_within_minutes", window_minutes),
            grace_minutes: within("grace_minutes", 0),
        };
        self.content.schedules.insert(id, schedule);
        true
    }

    /// `None` if something does not make sense: a schedule whose conditions nobody understands must not be demanded always.
    fn when(&self, at: &impl Fn(&str) -> String) -> Option<When> {
        let (levels, states) = (self.text(&at("levels")), self.text(&at("states")));
        let level = |word: &str| SecurityLevel::try_from(word.parse::<u8>().ok()?).ok();
        Some(When {
            days: Days::from_word(&self.text(&at("days")))?,
            levels: levels.split_whitespace().map(level).collect::<Option<_>>()?,
            states: states.split_whitespace().map(VesselState::from_word).collect::<Option<_>>()?,
        })
    }

    fn draw(&self, at: &impl Fn(&str) -> String) -> Option<Draw> {
        let spread = self.minutes(&at("spread_minutes"));
        let shuffled = self.minutes(&at("shuffled")) == Some(1);
        let most_apart = self.minutes(&at("most_apart_minutes"));
        let draw = Draw {
            spread_minutes: spread.unwrap_or(0).min(MOST_SPREAD),
            most_apart_minutes: most_apart.map(|most| most.min(LONGEST_EVERY)),
            shuffled,
        };
        (spread.is_some() || shuffled).then_some(draw)
    }

    fn watches(&mut self, watches: &str) -> bool {
        let minutes: Option<BTreeSet<u32>> = watches.split_whitespace().map(minute_of).collect();
        let minutes = minutes.filter(|minutes| minutes.len() <= MOST_WATCHES);
        minutes.map(|minutes| self.watches = minutes).is_some()
    }

    fn order(&mut self, received: &str, level: i64) -> bool {
        let level = u8::try_from(level).ok().and_then(|level| SecurityLevel::try_from(level).ok());
        let time = |name: &str| match self.entries.get(&format!("security/{received}/{name}")) {
            Some(Value::Int(time)) => Some(*time),
            _ => None,
        };
        let (Some(at), Some(level)) = (seconds(received), level) else { return false };
        let (acknowledged, in_force) = (time("acknowledged"), time("in_force"));
        let order = SecurityOrder { level, acknowledged, in_force };
        self.content.circumstances.orders.insert(at, order);
        true
    }

    fn state(&mut self, from: &str, state: &str) -> bool {
        let (Some(from), Some(state)) = (seconds(from), VesselState::from_word(state)) else {
            return false;
        };
        self.content.circumstances.states.insert(from, state);
        true
    }

    fn draw_secret(&mut self, day: &str, secret: &str) -> Option<()> {
        // One key for one day: nothing but its usual form.
        let day = Day::from_iso(day).filter(|read| read.to_string() == day)?;
        let secret = HEXLOWER.decode(secret.as_bytes()).ok()?.try_into().ok()?;
        self.content.draws.insert(day, DrawSecret(secret));
        Some(())
    }
}

/// Unix seconds in their only form.
fn seconds(text: &str) -> Option<i64> {
    text.parse().ok().filter(|read: &i64| read.to_string() == text)
}
