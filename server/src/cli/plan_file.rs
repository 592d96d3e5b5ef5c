//! A plan as a file that people read and write. Places, routes and schedules are known by their
//! names; ids are kept where a name stays.

mod check;
mod rule;
#[cfg(test)]
mod schema;

use std::collections::BTreeMap;

use check::CheckEntry;
use deckwatch_core::{
    entropy::{Entropy, draw},
    model::{CheckpointId, CrewNo, Level, RouteId, ScheduleId, TagId},
    plan::{Checkpoint, KeyedTag, PlanContent, Route, TagRegistration, Walk, minute_of},
    time::ShipTime,
};
use rule::{ScheduleEntry, SecurityEntry, StateEntry, circumstances, circumstances_of, line_of};
use serde::{Deserialize, Serialize};

use crate::{
    page::moment,
    plan::words::{order_words, state_words, watches_words},
};

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_limit_hours: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roster: Vec<u32>,
    #[serde(default)]
    ship_time: Vec<ShipTimeChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    watches: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    security: Vec<SecurityEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    state: Vec<StateEntry>,
    #[serde(default)]
    checkpoint: Vec<CheckpointEntry>,
    #[serde(default)]
    route: Vec<RouteEntry>,
    #[serde(default)]
    schedule: Vec<ScheduleEntry>,
}

/// From this moment (Unix s) the ship is so many minutes ahead of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShipTimeChange {
    from: i64,
    minutes: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointEntry {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    deck: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_level: Option<Level>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    check: Vec<CheckEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteEntry {
    name: String,
    walk: Walk,
    points: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_minutes: Option<u32>,
}

/// Why a file is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFileError {
    /// A name that stands for nothing.
    #[error("{what} {name:?} is not in the file; add it, or correct the name")]
    Unknown {
        /// checkpoint or route.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that stands twice.
    #[error("{what} {name:?} stands twice in the file; names must differ")]
    Twice {
        /// checkpoint, route or schedule.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A roster number that is none.
    #[error("0 is no roster number: it stands for nobody")]
    Roster,
    /// A name of a check that is none.
    #[error("{0:?} cannot name a check; use 1 to 24 of a-z, 0-9 and _")]
    Item(String),
    /// A schedule whose parts do not fit together.
    #[error("schedule {name:?}: {what}")]
    Schedule {
        /// Its name.
        name: String,
        /// What is wrong, and what to do.
        what: &'static str,
    },
    /// A limit that cannot be kept.
    #[error("{0} is no limit of a check; write a number with at most three decimals")]
    Limit(String),
    /// A time that is none.
    #[error("{0:?} is not a time of day; write it as \"02:00\"")]
    Time(String),
    /// An offset beyond the widest in use.
    #[error("{0} minutes is no ship time; offsets lie between -840 and 840")]
    Offset(i32),
}

impl PlanFile {
    /// The plan that this file makes of `before`: ids stay where names stay, new places get tags.
    pub(super) fn onto(
        &self,
        before: &PlanContent,
        entropy: &mut dyn Entropy,
    ) -> Result<PlanContent, PlanFileError> {
        let mut plan = PlanContent {
            vessel_name: before.vessel_name.clone(),
            contact_limit_hours: self.contact_limit_hours,
            ..PlanContent::default()
        };
        for change in &self.ship_time {
            if change.minutes.abs() > 14 * 60 {
                return Err(PlanFileError::Offset(change.minutes));
            }
        }
        plan.circumstances = circumstances(&self.watches, &self.security, &self.state)?;
        // Secrets stand in no file; `deckwatch plan draw` makes them.
        plan.draws.clone_from(&before.draws);
        plan.roster = self.roster.iter().copied().map(CrewNo).collect();
        if plan.roster.contains(&CrewNo::NOBODY) {
            return Err(PlanFileError::Roster);
        }
        plan.ship_time =
            ShipTime::new(self.ship_time.iter().map(|change| (change.from, change.minutes)));
        let places = self.checkpoints(before, &mut plan, entropy)?;
        let routes = self.routes(before, &mut plan, &places, entropy)?;
        self.schedules(before, &mut plan, &routes, entropy)?;
        Ok(plan)
    }

    fn checkpoints(
        &self,
        before: &PlanContent,
        plan: &mut PlanContent,
        entropy: &mut dyn Entropy,
    ) -> Result<BTreeMap<String, CheckpointId>, PlanFileError> {
        let mut places = BTreeMap::new();
        for entry in &self.checkpoint {
            let known = before.checkpoints.iter().find(|(_, known)| known.name == entry.name);
            let id = known.map_or_else(|| CheckpointId(draw(entropy)), |(id, _)| *id);
            if places.insert(entry.name.clone(), id).is_some() {
                return Err(PlanFileError::Twice { what: "checkpoint", name: entry.name.clone() });
            }
            let mut checks = BTreeMap::new();
            for check in &entry.check {
                let (item, check) = check.read()?;
                if checks.insert(item.clone(), check).is_some() {
                    return Err(PlanFileError::Twice { what: "check", name: item });
                }
            }
            let (name, deck) = (entry.name.clone(), entry.deck.clone());
            let min_level = entry.min_level.filter(|level| *level != Level::L0);
            plan.checkpoints.insert(id, Checkpoint { name, deck, checks, min_level });
            // What was written with keys is registered by `deckwatch tags`, and stays with its place.
            let here = |tag: &KeyedTag| tag.checkpoint == id;
            plan.nfc.extend(before.nfc.iter().filter(|(_, tag)| here(tag)));
            plan.displays.extend(before.displays.iter().filter(|(_, tag)| here(tag)));
            let hanging: Vec<_> =
                before.tags.iter().filter(|(_, tag)| tag.checkpoint == id).collect();
            for (tag, registration) in &hanging {
                plan.tags.insert(**tag, (*registration).clone());
            }
            if hanging.is_empty() {
                let registration = TagRegistration { checkpoint: id, revision: 1 };
                plan.tags.insert(TagId(draw(entropy)), registration);
            }
        }
        Ok(places)
    }

    fn routes(
        &self,
        before: &PlanContent,
        plan: &mut PlanContent,
        places: &BTreeMap<String, CheckpointId>,
        entropy: &mut dyn Entropy,
    ) -> Result<BTreeMap<String, RouteId>, PlanFileError> {
        let mut routes = BTreeMap::new();
        for entry in &self.route {
            let known = before.routes.iter().find(|(_, known)| known.name == entry.name);
            let id = known.map_or_else(|| RouteId(draw(entropy)), |(id, _)| *id);
            if routes.insert(entry.name.clone(), id).is_some() {
                return Err(PlanFileError::Twice { what: "route", name: entry.name.clone() });
            }
            let point = |name: &String| {
                places.get(name).copied().ok_or_else(|| PlanFileError::Unknown {
                    what: "checkpoint",
                    name: name.clone(),
                })
            };
            let points = entry.points.iter().map(point).collect::<Result<_, _>>()?;
            let route = Route {
                name: entry.name.clone(),
                walk: entry.walk,
                points,
                max_minutes: entry.max_minutes,
            };
            plan.routes.insert(id, route);
        }
        Ok(routes)
    }

    fn schedules(
        &self,
        before: &PlanContent,
        plan: &mut PlanContent,
        routes: &BTreeMap<String, RouteId>,
        entropy: &mut dyn Entropy,
    ) -> Result<(), PlanFileError> {
        for entry in &self.schedule {
            let known = before.schedules.iter().find(|(_, known)| known.name == entry.name);
            let id = known.map_or_else(|| ScheduleId(draw(entropy)), |(id, _)| *id);
            let route = routes.get(&entry.route).copied();
            let route = route.ok_or_else(|| PlanFileError::Unknown {
                what: "route",
                name: entry.route.clone(),
            })?;
            let schedule = entry.read(route)?;
            if plan.schedules.insert(id, schedule).is_some() {
                return Err(PlanFileError::Twice { what: "schedule", name: entry.name.clone() });
            }
        }
        Ok(())
    }

    /// The file of a plan.
    pub(super) fn of(plan: &PlanContent) -> Self {
        let name_of_route =
            |id: RouteId| plan.routes.get(&id).map_or_else(String::new, |route| route.name.clone());
        let (watches, security, state) = circumstances_of(plan);
        Self {
            watches,
            security,
            state,
            contact_limit_hours: plan.contact_limit_hours,
            roster: plan.roster.iter().map(|number| number.0).collect(),
            ship_time: plan
                .ship_time
                .changes()
                .map(|(from, minutes)| ShipTimeChange { from, minutes })
                .collect(),
            checkpoint: plan
                .checkpoints
                .values()
                .map(|place| CheckpointEntry {
                    name: place.name.clone(),
                    deck: place.deck.clone(),
                    min_level: place.min_level,
                    check: place.checks.iter().map(CheckEntry::of).collect(),
                })
                .collect(),
            route: plan
                .routes
                .values()
                .map(|route| RouteEntry {
                    name: route.name.clone(),
                    walk: route.walk,
                    points: route.points.iter().map(|point| plan.checkpoint_name(*point)).collect(),
                    max_minutes: route.max_minutes,
                })
                .collect(),
            schedule: plan
                .schedules
                .values()
                .map(|schedule| ScheduleEntry::of(schedule, name_of_route(schedule.route)))
                .collect(),
        }
    }
}

fn time_of(text: &str) -> Result<u32, PlanFileError> {
    minute_of(text).ok_or_else(|| PlanFileError::Time(text.to_owned()))
}

/// What an import changes, a line each, for people.
pub(super) fn differences(before: &PlanContent, after: &PlanContent) -> Vec<String> {
    let (old, new) = (lines_of(before), lines_of(after));
    let removed = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let added = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    removed.chain(added).collect()
}

fn lines_of(plan: &PlanContent) -> Vec<String> {
    let file = PlanFile::of(plan);
    let mut lines = Vec::new();
    if !plan.vessel_name.is_empty() {
        lines.push(format!("vessel {}", plan.vessel_name));
    }
    lines.extend(file.contact_limit_hours.map(|hours| format!("contact limit {hours} h")));
    lines.extend(file.roster.iter().map(|number| format!("roster number {number}")));
    lines.extend(
        file.ship_time
            .iter()
            .map(|change| format!("ship time from {}: {:+} min", change.from, change.minutes)),
    );
    lines.extend(
        file.checkpoint.iter().map(|place| format!("checkpoint {} ({})", place.name, place.deck)),
    );
    lines.extend(file.checkpoint.iter().filter_map(|place| {
        Some(format!("least evidence at {}: {}", place.name, place.min_level?))
    }));
    let hangs = |tag: &KeyedTag| {
        let key = tag.key_version.map_or_else(String::new, |version| format!(", key {version}"));
        format!("at {}{key}", plan.checkpoint_name(tag.checkpoint))
    };
    lines.extend(plan.nfc.iter().map(|(uid, tag)| format!("NFC tag {uid} {}", hangs(tag))));
    lines.extend(plan.displays.iter().map(|(id, tag)| format!("display {id} {}", hangs(tag))));
    lines.extend(file.checkpoint.iter().flat_map(|place| {
        place.check.iter().map(|check| format!("check at {}: {check}", place.name))
    }));
    lines.extend(file.route.iter().map(|route| {
        format!("route {} ({:?}): {}", route.name, route.walk, route.points.join(", "))
    }));
    let watches = watches_words(&plan.circumstances);
    lines.extend((!file.watches.is_empty()).then(|| format!("watches begin at {watches}")));
    lines.extend(plan.circumstances.orders.iter().map(|(received, order)| {
        format!(
            "security order of {}: {}",
            moment::utc_long(*received),
            order_words(*received, order)
        )
    }));
    lines.extend(plan.circumstances.states.iter().map(|(from, state)| {
        format!("the vessel is {} from {}", state_words(*state), moment::utc_long(*from))
    }));
    lines.extend(plan.draws.iter().map(|(day, secret)| {
        format!("drawn openings from {day}: secret {}", secret.published().short())
    }));
    lines.extend(plan.schedules.values().map(|schedule| {
        let route = plan.routes.get(&schedule.route).map_or("no route", |it| it.name.as_str());
        line_of(schedule, route)
    }));
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use deckwatch_core::{
        entropy::SeededEntropy,
        model::TagUid,
        plan::{CheckKind, Timing},
    };

    use super::*;

    pub(super) const FILE: &str = r#"
        roster = [7, 41]
        ship_time = [{ from = 0, minutes = 60 }]
        [[checkpoint]]
        name = "Paint locker"
        deck = "Main deck"
        [[checkpoint]]
        name = "Gangway"
        min_level = 4
        [[checkpoint.check]]
        item = "bearing"
        ask = "Bearing temperature"
        kind = "number"
        unit = "°C"
        min = -5
        max = 60.5
        [[checkpoint.check]]
        item = "lit"
        ask = "Gangway lit?"
        [[route]]
        name = "Full round"
        walk = "ordered"
        points = ["Paint locker", "Gangway"]
        [[schedule]]
        name = "Rounds"
        route = "Full round"
        times = ["02:00", "14:30"]
        window_minutes = 90
        start_within_minutes = 45
        grace_minutes = 15
    "#;

    /// Stands before the tables.
    pub(super) const FULL: &str = r#"
        watches = ["00:00", "06:00", "12:00", "18:00"]
    "#;
    pub(super) const MORE: &str = r#"
        [[security]]
        received = "2026-12-01 10:00:30"
        level = 2
        acknowledged = "2026-12-01 10:20"
        in_force = "2026-12-01 18:00"
        [[state]]
        from = "2026-12-01 06:00"
        is = "port"
        [[schedule]]
        name = "Holds"
        route = "Full round"
        every_minutes = 300
        every_from = "2026-12-01 00:00"
        days = "mon wed"
        most_apart_minutes = 360
        spread_minutes = 60
        shuffled = true
        window_minutes = 90
        start_within_minutes = 45
        grace_minutes = 15
        [[schedule]]
        name = "Watch rounds"
        route = "Full round"
        after_watch_begins = [0, 120]
        levels = [2, 3]
        states = ["port", "anchor"]
        window_minutes = 60
        start_within_minutes = 30
        grace_minutes = 10
    "#;

    fn imported(text: &str, before: &PlanContent) -> Result<PlanContent, PlanFileError> {
        let file: PlanFile = toml::from_str(text).unwrap();
        file.onto(before, &mut SeededEntropy::new(1))
    }

    #[test]
    fn a_file_makes_a_plan_and_a_second_import_changes_nothing() {
        let plan = imported(FILE, &PlanContent::default()).unwrap();
        assert_eq!((plan.checkpoints.len(), plan.tags.len(), plan.routes.len()), (2, 2, 1));
        assert_eq!(plan.schedules.values().next().unwrap().timing, Timing::Times(vec![120, 870]));
        assert_eq!(plan.roster, [CrewNo(7), CrewNo(41)].into());
        let gangway = plan.checkpoints.values().find(|place| place.name == "Gangway").unwrap();
        let bearing = &gangway.checks["bearing"];
        assert_eq!((bearing.min_milli, bearing.max_milli), (Some(-5_000), Some(60_500)));
        assert_eq!(gangway.checks["lit"].kind, CheckKind::YesNo);
        assert_eq!(gangway.min_level, Some(Level::L4));
        let mut plan = plan.clone();
        let hangs =
            KeyedTag { checkpoint: *plan.checkpoints.keys().next().unwrap(), key_version: Some(1) };
        plan.nfc.insert(TagUid::from([4; 7]), hangs);
        plan.displays.insert(TagId([9; 16]), hangs);
        let again = imported(FILE, &plan).unwrap();
        assert_eq!(again, plan, "ids and tags are kept by name");
        assert!(differences(&plan, &again).is_empty());
        let shown = toml::to_string(&PlanFile::of(&plan)).unwrap();
        assert_eq!(imported(&shown, &plan).unwrap(), plan);
    }

    #[test]
    fn mistakes_are_named() {
        let nothing = PlanContent::default();
        let wrong = FILE.replace("\"Gangway\"]", "\"Gangwey\"]");
        let error = imported(&wrong, &nothing).unwrap_err();
        assert_eq!(
            error.to_string(),
            "checkpoint \"Gangwey\" is not in the file; add it, or correct the name"
        );
        assert!(matches!(
            imported(&FILE.replace("14:30", "25:30"), &nothing),
            Err(PlanFileError::Time(_))
        ));
        let wrong = |from: &str, to: &str| imported(&FILE.replace(from, to), &nothing).unwrap_err();
        assert_eq!(wrong("7, 41", "7, 0"), PlanFileError::Roster);
        assert_eq!(wrong("\"lit\"", "\"Lit\""), PlanFileError::Item("Lit".into()));
        assert_eq!(wrong("60.5", "60.5125"), PlanFileError::Limit("60.5125".into()));
        assert_eq!(wrong("60.5", "1e300"), PlanFileError::Limit(format!("{}", 1e300)));
        let twice = PlanFileError::Twice { what: "check", name: "bearing".into() };
        assert_eq!(wrong("\"lit\"", "\"bearing\""), twice);
        assert!(toml::from_str::<PlanFile>(&FILE.replace("window_minutes", "window")).is_err());
        assert!(
            toml::from_str::<PlanFile>(&FILE.replace("min_level = 4", "min_level = 6")).is_err()
        );
    }

    #[test]
    fn a_preview_names_what_changes() {
        let before = imported(FILE, &PlanContent::default()).unwrap();
        let after = imported(&FILE.replace("14:30", "15:00"), &before).unwrap();
        let lines = differences(&before, &after);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("- schedule") && lines[1].contains("15:00"));
    }

    #[test]
    fn every_kind_of_schedule_is_read_as_it_is_shown() {
        let full = format!("{FULL}{FILE}{MORE}");
        let plan = imported(&full, &PlanContent::default()).unwrap();
        let schedule = |name: &str| plan.schedules.values().find(|it| it.name == name).unwrap();
        assert_eq!(schedule("Holds").timing, Timing::Every { minutes: 300, from: 1_796_083_200 });
        assert_eq!(schedule("Watch rounds").timing, Timing::Watches(vec![0, 120]));
        assert_eq!(schedule("Watch rounds").when.levels.len(), 2);
        assert!(schedule("Holds").draw.unwrap().shuffled);
        assert_eq!(plan.circumstances.watches(), [0, 360, 720, 1_080]);
        assert_eq!(plan.circumstances.orders[&1_796_119_230].level.number(), 2);
        let shown = toml::to_string(&PlanFile::of(&plan)).unwrap();
        assert_eq!(imported(&shown, &plan).unwrap(), plan);
        let json = serde_json::to_string(&PlanFile::of(&plan)).unwrap();
        let read: PlanFile = serde_json::from_str(&json).unwrap();
        assert_eq!(read.onto(&plan, &mut SeededEntropy::new(2)).unwrap(), plan);
    }

    #[test]
    fn schedules_whose_parts_do_not_fit_are_named() {
        let full = format!("{FULL}{FILE}{MORE}");
        let wrong = |from: &str, to: &str| {
            assert!(full.contains(from), "{from}");
            let text = full.replacen(from, to, 1);
            let file = toml::from_str::<PlanFile>(&text).map_err(|error| error.to_string());
            let read = file.and_then(|file| {
                let plan = file.onto(&PlanContent::default(), &mut SeededEntropy::new(1));
                plan.map_err(|error| error.to_string())
            });
            read.unwrap_err()
        };
        for (from, to, what) in [
            ("every_from = \"2026-12-01 00:00\"", "", "with every_from"),
            ("every_minutes = 300", "every_minutes = 3", "5 to 10080"),
            ("after_watch_begins = [0, 120]", "after_watch_begins = [1440]", "below 1440"),
            (
                "after_watch_begins = [0, 120]",
                "times = [\"02:00\"]\nafter_watch_begins = [0]",
                "not two",
            ),
            ("days = \"mon wed\"", "days = \"monday\"", "mon wed"),
            ("levels = [2, 3]", "levels = [4]", "1, 2 and 3"),
            ("spread_minutes = 60", "spread_minutes = 721", "720"),
            ("spread_minutes = 60\n        shuffled = true", "", "add spread_minutes"),
            ("2026-12-01 10:00:30", "yesterday", "2026-12-01 00:00"),
        ] {
            let said = wrong(from, to);
            assert!(said.contains(what), "{to}: {said}");
        }
    }
}
