//! The Plan's entries in the document: one flat map in the root, one scalar a key.
//!
//! Flat, because two devices that create "the same" nested map offline get two maps that do not
//! merge, while every key here is a register of its own.
//!
//! ```text
//! vessel/name                     text        ship_time/UNIX-SECONDS          int, minutes
//! vessel/contact_limit_hours      int
//! crew/NUMBER/active              int, 1: this roster number may log in
//! checkpoint/ID/name              text        checkpoint/ID/deck              text
//! checkpoint/ID/min_level         int, 1 to 5
//! check/CHECKPOINT/ITEM/ask       text        check/CHECKPOINT/ITEM/kind      text
//! check/CHECKPOINT/ITEM/unit      text        check/CHECKPOINT/ITEM/{min,max}_milli   int, thousandths
//! tag/ID/checkpoint               text, hex   tag/ID/revision                 int
//! nfc/UID/checkpoint              text, hex   nfc/UID/key_version             int
//! display/ID/checkpoint           text, hex   display/ID/key_version          int
//! route/ID/name                   text        route/ID/walk                   text
//! route/ID/max_minutes            int         route/ID/point/CHECKPOINT       int, position
//! schedule/ID/name                text        schedule/ID/route               text, hex
//! schedule/ID/times               text "HH:MM HH:MM"
//! schedule/ID/{window,start_within,grace}_minutes   int
//! ```
//!
//! UID is 8 to 20 hex digits in lower case. Where there is no key_version, the tag has no key.
//! ITEM is 1 to 24 characters of a-z, 0-9 and `_`. What a reader does not know it leaves out and names as a problem.

use std::collections::BTreeMap;

use super::{
    check::{Check, CheckKind, MAX_MILLI, is_item},
    content::{
        Checkpoint, KeyedTag, PlanContent, PlanProblem, Route, Schedule, TagRegistration, Walk,
    },
};
use crate::{
    document::Value,
    model::{CheckpointId, CrewNo, Level, RouteId, ScheduleId, TagId, TagUid},
    time::ShipTime,
};

/// Entries of the root map.
pub(super) type Entries = BTreeMap<String, Value>;

const DAY_MINUTES: u32 = 24 * 60;

impl Walk {
    /// All, in the order of choices.
    pub const ALL: [Self; 4] = [Self::Ordered, Self::AnyOrder, Self::Continuous, Self::Search];

    /// As it stands in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::AnyOrder => "any_order",
            Self::Continuous => "continuous",
            Self::Search => "search",
        }
    }

    /// Reads [`Walk::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|walk| walk.word() == word)
    }
}

/// Reads "HH:MM" as minutes after midnight.
pub fn minute_of(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':').filter(|_| !text.contains('+'))?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Writes minutes after midnight as "HH:MM".
pub fn clock_of(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
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
        for (item, check) in &checkpoint.checks {
            text(format!("check/{id}/{item}/ask"), &check.ask);
            text(format!("check/{id}/{item}/kind"), check.kind.word());
            text(format!("check/{id}/{item}/unit"), &check.unit);
        }
    }
    for (id, tag) in &content.tags {
        text(format!("tag/{id}/checkpoint"), &tag.checkpoint.to_string());
    }
    for (uid, tag) in &content.nfc {
        text(format!("nfc/{uid}/checkpoint"), &tag.checkpoint.to_string());
    }
    for (id, display) in &content.displays {
        text(format!("display/{id}/checkpoint"), &display.checkpoint.to_string());
    }
    for (id, route) in &content.routes {
        text(format!("route/{id}/name"), &route.name);
        text(format!("route/{id}/walk"), route.walk.word());
    }
    for (id, schedule) in &content.schedules {
        let times: Vec<String> = schedule.times.iter().map(|minute| clock_of(*minute)).collect();
        text(format!("schedule/{id}/name"), &schedule.name);
        text(format!("schedule/{id}/route"), &schedule.route.to_string());
        text(format!("schedule/{id}/times"), &times.join(" "));
    }
    numbers_of(content, &mut entries);
    entries
}

fn numbers_of(content: &PlanContent, entries: &mut Entries) {
    let mut int = |key: String, value: i64| entries.insert(key, Value::Int(value));
    if let Some(hours) = content.contact_limit_hours {
        int("vessel/contact_limit_hours".into(), hours.into());
    }
    for (from, minutes) in content.ship_time.changes() {
        int(format!("ship_time/{from}"), i64::from(minutes));
    }
    for number in &content.roster {
        int(format!("crew/{}/active", number.0), 1);
    }
    for (id, checkpoint) in &content.checkpoints {
        if let Some(level) = checkpoint.min_level {
            int(format!("checkpoint/{id}/min_level"), level.number().into());
        }
        for (item, check) in &checkpoint.checks {
            let limits = [("min_milli", check.min_milli), ("max_milli", check.max_milli)];
            for (name, limit) in limits {
                limit.map(|milli| int(format!("check/{id}/{item}/{name}"), milli));
            }
        }
    }
    for (id, tag) in &content.tags {
        int(format!("tag/{id}/revision"), tag.revision.into());
    }
    let nfc = content.nfc.iter().map(|(uid, tag)| (format!("nfc/{uid}"), tag));
    let displays = content.displays.iter().map(|(id, tag)| (format!("display/{id}"), tag));
    for (key, tag) in nfc.chain(displays) {
        tag.key_version.map(|version| int(format!("{key}/key_version"), version.into()));
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
}

/// Reads entries; what does not make sense becomes a problem and the rest counts.
pub(super) fn content_of(entries: &Entries) -> PlanContent {
    let mut reading = Reading {
        entries,
        content: PlanContent::default(),
        ship_time: BTreeMap::new(),
        points: BTreeMap::new(),
        checks: BTreeMap::new(),
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
            // Read together with the entries above.
            (["checkpoint", _, "deck"] | ["route" | "schedule", _, "name"], Value::Text(_))
            | (["check", _, _, "kind" | "unit"], Value::Text(_))
            | (["check", _, _, "min_milli" | "max_milli"], Value::Int(_))
            | (["tag", _, "revision"] | ["route", _, "max_minutes"], Value::Int(_))
            | (["nfc" | "display", _, "key_version"], Value::Int(_))
            | (["schedule", _, "route"], Value::Text(_)) => true,
            (["schedule", _, minutes], Value::Int(_)) => minutes.ends_with("_minutes"),
            _ => false,
        }
    }

    fn finished(self) -> PlanContent {
        let Self { mut content, ship_time, points, checks, .. } = self;
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
