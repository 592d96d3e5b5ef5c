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
//! schedule/ID/times               text "HH:MM HH:MM", "every MINUTES from UNIX-SECONDS", "watch MINUTES MINUTES"
//! schedule/ID/days                text "every DAYS from DATE", "mon wed", "month 1 15 last"; without it every day
//! schedule/ID/levels              text "2 3"      schedule/ID/states              text "port anchor"
//! schedule/ID/{window,start_within,grace}_minutes   int
//! schedule/ID/{spread,most_apart}_minutes           int
//! schedule/ID/shuffled            int, 1
//! vessel/watches                  text "HH:MM HH:MM"
//! security/RECEIVED/level         int, 1 to 3; RECEIVED in Unix seconds
//! security/RECEIVED/acknowledged  int, Unix s     security/RECEIVED/in_force      int, Unix s
//! state/UNIX-SECONDS              text "at_sea", "port", "anchor", "high_risk"
//! draw/DATE                       text, 64 hex digits: the secret of drawn openings from that ship-time day on
//! ```
//!
//! UID is 8 to 20 hex digits in lower case. Where there is no key_version, the tag has no key.
//! ITEM is 1 to 24 characters of a-z, 0-9 and `_`. What a reader does not know it leaves out and names as a problem.

mod reading;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use super::{
    content::{PlanContent, Walk},
    timing::clock_of,
};
use crate::document::Value;

pub(super) use reading::content_of;

/// Entries of the root map.
pub(super) type Entries = BTreeMap<String, Value>;

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
        text(format!("schedule/{id}/name"), &schedule.name);
        text(format!("schedule/{id}/route"), &schedule.route.to_string());
        text(format!("schedule/{id}/times"), &schedule.timing.word());
        let when = &schedule.when;
        let levels: Vec<String> = when.levels.iter().map(|it| it.number().to_string()).collect();
        let states: Vec<&str> = when.states.iter().map(|state| state.word()).collect();
        text(format!("schedule/{id}/days"), &when.days.word());
        text(format!("schedule/{id}/levels"), &levels.join(" "));
        text(format!("schedule/{id}/states"), &states.join(" "));
    }
    let watches: Vec<String> = content.circumstances.own_watches().map(clock_of).collect();
    text("vessel/watches".into(), &watches.join(" "));
    for (from, state) in &content.circumstances.states {
        text(format!("state/{from}"), state.word());
    }
    for (from, secret) in &content.draws {
        text(format!("draw/{from}"), &HEXLOWER.encode(&secret.0));
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
        if let Some(draw) = schedule.draw {
            int(format!("schedule/{id}/spread_minutes"), draw.spread_minutes.into());
            let most = draw.most_apart_minutes;
            most.map(|most| int(format!("schedule/{id}/most_apart_minutes"), most.into()));
            draw.shuffled.then(|| int(format!("schedule/{id}/shuffled"), 1));
        }
    }
    for (received, order) in &content.circumstances.orders {
        let at = |name: &str| format!("security/{received}/{name}");
        int(at("level"), order.level.number().into());
        order.acknowledged.map(|time| int(at("acknowledged"), time));
        order.in_force.map(|time| int(at("in_force"), time));
    }
}
