//! What differs between two versions of a Plan, in words, and where two edits meet.

use std::collections::BTreeMap;

use deckwatch_core::{
    model::{CheckpointId, Level, RouteId, ScheduleId, TagId, TagUid},
    plan::{Check, CheckKind, Days, PlanContent, Walk, check::decimal_of},
    time::Day,
};

use super::words::{
    days_words, draw_words, levels_words, state_words, states_words, times_words, timing_words,
};

use crate::page::{moment, words::listed};

/// What a Plan consists of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The vessel's own facts.
    Vessel,
    /// The offset from this moment on, Unix seconds.
    ShipTime(i64),
    /// A roster number.
    Crew(u32),
    /// The security order that was received at this Unix second.
    SecurityOrder(i64),
    /// What the vessel does from this Unix second on.
    State(i64),
    /// The secret of drawn openings from this day on.
    DrawSecret(Day),
    /// A place.
    Checkpoint(CheckpointId),
    /// What is asked at a place.
    Check(CheckpointId, String),
    /// What hangs at a place.
    Tag(TagId),
    /// An NFC tag there.
    Nfc(TagUid),
    /// A display there.
    Display(TagId),
    /// A route.
    Route(RouteId),
    /// A schedule.
    Schedule(ScheduleId),
    /// An entry that was not understood, by its key.
    Entry(String),
}

impl Thing {
    /// How many there are, as one word and as many.
    fn nouns(&self) -> (&'static str, &'static str) {
        match self {
            Self::Vessel => ("fact of the vessel", "facts of the vessel"),
            Self::ShipTime(_) => ("ship time change", "ship time changes"),
            Self::Crew(_) => ("roster number", "roster numbers"),
            Self::SecurityOrder(_) => ("security order", "security orders"),
            Self::State(_) => ("state of the vessel", "states of the vessel"),
            Self::DrawSecret(_) => ("secret of drawn openings", "secrets of drawn openings"),
            Self::Checkpoint(_) => ("checkpoint", "checkpoints"),
            Self::Check(..) => ("check", "checks"),
            Self::Tag(_) => ("tag", "tags"),
            Self::Nfc(_) => ("NFC tag", "NFC tags"),
            Self::Display(_) => ("display", "displays"),
            Self::Route(_) => ("route", "routes"),
            Self::Schedule(_) => ("schedule", "schedules"),
            Self::Entry(_) => ("entry", "entries"),
        }
    }

    /// As people name it, in the version where it stands.
    fn words(&self, plan: &PlanContent) -> String {
        match self {
            Self::Vessel => "Vessel".to_owned(),
            Self::ShipTime(from) => format!("Ship time from {}", moment::utc_long(*from)),
            Self::Crew(number) => format!("Roster number {number}"),
            Self::SecurityOrder(at) => format!("Security order of {}", moment::utc_long(*at)),
            Self::State(from) => format!("State of the vessel from {}", moment::utc_long(*from)),
            Self::DrawSecret(day) => format!("Secret of drawn openings from {day}"),
            Self::Checkpoint(id) => format!("Checkpoint {}", plan.checkpoint_name(*id)),
            Self::Check(id, item) => format!("Check {item} at {}", plan.checkpoint_name(*id)),
            Self::Tag(id) => format!("Tag {}", short_tag(*id)),
            Self::Nfc(uid) => format!("NFC tag {uid}"),
            Self::Display(id) => format!("Display {}", short_tag(*id)),
            Self::Route(id) => format!("Route {}", route_name(plan, *id)),
            Self::Schedule(id) => {
                let schedule = plan.schedules.get(id);
                format!("Schedule {}", schedule.map_or("", |schedule| schedule.name.as_str()))
            }
            Self::Entry(key) => format!("Entry {key}"),
        }
    }
}

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is new.
    Added,
    /// Some of it differs.
    Changed,
    /// It is gone.
    Removed,
}

impl Fate {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One field of a thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, for people.
    pub field: &'static str,
    /// What stood there.
    pub before: Option<String>,
    /// What stands there.
    pub after: Option<String>,
}

/// A thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The thing.
    pub thing: Thing,
    /// As people name it.
    pub subject: String,
    /// What became of it.
    pub fate: Fate,
    /// Its fields that differ.
    pub fields: Vec<FieldChange>,
}

impl Difference {
    /// "Schedule Rounds: window 60 min → 90 min", "Tag 3f2a11bc added: hangs at Bow".
    pub fn sentence(&self) -> String {
        let none = || "none".to_owned();
        let mut fields = Vec::new();
        for change in &self.fields {
            let after = change.after.clone().unwrap_or_else(none);
            match self.fate {
                Fate::Changed => {
                    let before = change.before.clone().unwrap_or_else(none);
                    fields.push(format!("{} {before} → {after}", change.field));
                }
                // The subject says these.
                Fate::Added if ["name", "may log in", "state"].contains(&change.field) => {}
                Fate::Added => fields.push(format!("{} {after}", change.field)),
                Fate::Removed => {}
            }
        }
        let fate = if self.fate == Fate::Changed { "" } else { self.fate.word() };
        let subject = format!("{} {fate}", self.subject);
        let subject = subject.trim_end();
        if fields.is_empty() {
            subject.to_owned()
        } else {
            format!("{subject}: {}", fields.join("; "))
        }
    }
}

/// The same field changed by two edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The thing, as people name it.
    pub subject: String,
    /// The field.
    pub field: &'static str,
    /// What both started from.
    pub before: Option<String>,
    /// What stands there now.
    pub theirs: Option<String>,
    /// What the edit says.
    pub yours: Option<String>,
}

/// What differs, by kind of thing.
pub fn differences(before: &PlanContent, after: &PlanContent) -> Vec<Difference> {
    let (old, new) = (fields_of(before), fields_of(after));
    let mut found = Vec::new();
    for thing in old.keys().chain(new.keys().filter(|thing| !old.contains_key(*thing))) {
        let (then, now) = (old.get(thing), new.get(thing));
        let fate = match (then, now) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Removed,
            _ => Fate::Changed,
        };
        let fields = changed_fields(then, now);
        if !fields.is_empty() {
            let named_in = if now.is_some() { after } else { before };
            let fields = fields.into_iter().map(|(field, then, now)| FieldChange {
                field,
                before: then.map(|value| value.words.clone()),
                after: now.map(|value| value.words.clone()),
            });
            found.push(Difference {
                subject: thing.words(named_in),
                thing: thing.clone(),
                fate,
                fields: fields.collect(),
            });
        }
    }
    found.sort_by(|one, other| one.thing.cmp(&other.thing));
    found
}

/// Fields that `newest` and `wish` both changed since `base`, differently.
pub fn conflicts(base: &PlanContent, newest: &PlanContent, wish: &PlanContent) -> Vec<Conflict> {
    let (old, theirs, yours) = (fields_of(base), fields_of(newest), fields_of(wish));
    let mut found = Vec::new();
    let things = theirs.keys().chain(yours.keys().filter(|thing| !theirs.contains_key(*thing)));
    let things = things.chain(
        old.keys().filter(|thing| !theirs.contains_key(*thing) && !yours.contains_key(*thing)),
    );
    for thing in things {
        let their_changes = changed_fields(old.get(thing), theirs.get(thing));
        for (field, before, mine) in changed_fields(old.get(thing), yours.get(thing)) {
            let their = their_changes.iter().find(|(name, ..)| *name == field);
            let Some((_, _, their)) = their.filter(|(_, _, their)| !same(*their, mine)) else {
                continue;
            };
            let words = |value: Option<&Value>| value.map(|value| value.words.clone());
            let named_in = if theirs.contains_key(thing) { newest } else { wish };
            found.push(Conflict {
                subject: thing.words(named_in),
                field,
                before: words(before),
                theirs: words(*their),
                yours: words(mine),
            });
        }
    }
    found
}

/// A whole version in a line: "14 checkpoints, 2 routes and 3 schedules added".
pub fn summary(differences: &[Difference]) -> String {
    let mut counts: BTreeMap<(Fate, (&str, &str)), u32> = BTreeMap::new();
    for difference in differences {
        let (vessel, facts) = (difference.thing == Thing::Vessel, difference.fields.len());
        let count = if vessel { u32::try_from(facts).unwrap_or(u32::MAX) } else { 1 };
        *counts.entry((difference.fate, difference.thing.nouns())).or_default() += count;
    }
    let of = |fate: Fate| {
        let counts = counts.iter().filter(|((of, _), _)| *of == fate);
        let items: Vec<String> = counts
            .map(|((_, (one, many)), count)| crate::page::words::counted(*count, one, many))
            .collect();
        (!items.is_empty()).then(|| format!("{} {}", listed(&items), fate.word()))
    };
    let parts: Vec<String> =
        [Fate::Added, Fate::Changed, Fate::Removed].into_iter().filter_map(of).collect();
    parts.join("; ")
}

/// A field's value: what is compared, and how it reads.
#[derive(Debug, Clone)]
struct Value {
    compared: String,
    words: String,
}

type Fields = BTreeMap<&'static str, Value>;

fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    one.map(|value| &value.compared) == other.map(|value| &value.compared)
}

type FieldPair<'v> = (&'static str, Option<&'v Value>, Option<&'v Value>);

fn changed_fields<'v>(old: Option<&'v Fields>, new: Option<&'v Fields>) -> Vec<FieldPair<'v>> {
    let names = old.into_iter().chain(new).flat_map(Fields::keys);
    let mut names: Vec<&'static str> = names.copied().collect();
    names.sort_unstable();
    names.dedup();
    let pair = |name| (name, old.and_then(|old| old.get(name)), new.and_then(|new| new.get(name)));
    names.into_iter().map(pair).filter(|(_, old, new)| !same(*old, *new)).collect()
}

/// Every field of every thing.
#[derive(Debug, Default)]
struct All(BTreeMap<Thing, Fields>);

impl All {
    fn put(&mut self, thing: &Thing, field: &'static str, compared: String, words: String) {
        let fields = self.0.entry(thing.clone()).or_default();
        // What is not there is no value: an empty deck and no deck are one.
        if !words.is_empty() {
            fields.insert(field, Value { compared, words });
        }
    }

    fn plain(&mut self, thing: &Thing, field: &'static str, words: impl Into<String>) {
        let words = words.into();
        self.put(thing, field, words.clone(), words);
    }

    fn vessel(&mut self, plan: &PlanContent) {
        self.plain(&Thing::Vessel, "name", plan.vessel_name.as_str());
        let limit = plan.contact_limit_hours.map_or(String::new(), hours);
        self.plain(&Thing::Vessel, "contact limit", limit);
        for (from, minutes) in plan.ship_time.changes() {
            self.plain(&Thing::ShipTime(from), "offset", moment::offset(minutes));
        }
        let now = &plan.circumstances;
        let watches = times_words(&now.own_watches().collect::<Vec<_>>());
        self.plain(&Thing::Vessel, "watches", watches);
        for (received, order) in &now.orders {
            let thing = Thing::SecurityOrder(*received);
            let time = |time: Option<i64>| time.map_or(String::new(), moment::utc_long);
            self.plain(&thing, "level", order.level.number().to_string());
            self.plain(&thing, "acknowledged", time(order.acknowledged));
            self.plain(&thing, "in force", time(order.in_force));
        }
        for (from, state) in &now.states {
            self.plain(&Thing::State(*from), "is", state_words(*state));
        }
        for (day, secret) in &plan.draws {
            let published = secret.published();
            self.put(
                &Thing::DrawSecret(*day),
                "published",
                published.to_string(),
                published.short(),
            );
        }
        for number in &plan.roster {
            self.plain(&Thing::Crew(number.0), "may log in", "yes");
        }
        for problem in &plan.problems {
            self.plain(&Thing::Entry(problem.key.clone()), "state", "not understood");
        }
    }

    fn places(&mut self, plan: &PlanContent) {
        for (id, place) in &plan.checkpoints {
            let thing = Thing::Checkpoint(*id);
            self.plain(&thing, "name", place.name.as_str());
            self.plain(&thing, "deck", place.deck.as_str());
            self.plain(
                &thing,
                "least evidence",
                place.min_level.map_or(String::new(), level_words),
            );
            for (item, check) in &place.checks {
                let thing = Thing::Check(*id, item.clone());
                self.plain(&thing, "question", check.ask.as_str());
                self.plain(&thing, "answer", kind_words(check.kind));
                self.plain(&thing, "unit", check.unit.as_str());
                self.plain(&thing, "least", check.min_milli.map_or(String::new(), decimal_of));
                self.plain(&thing, "most", check.max_milli.map_or(String::new(), decimal_of));
            }
        }
        for (id, tag) in &plan.tags {
            let (thing, at) = (Thing::Tag(*id), plan.checkpoint_name(tag.checkpoint));
            self.put(&thing, "hangs at", tag.checkpoint.to_string(), at);
            self.plain(&thing, "label revision", tag.revision.to_string());
        }
        let nfc = plan.nfc.iter().map(|(uid, tag)| (Thing::Nfc(*uid), tag));
        let displays = plan.displays.iter().map(|(id, tag)| (Thing::Display(*id), tag));
        for (thing, tag) in nfc.chain(displays) {
            let at = plan.checkpoint_name(tag.checkpoint);
            self.put(&thing, "hangs at", tag.checkpoint.to_string(), at);
            let version = tag.key_version.map_or(String::new(), |version| version.to_string());
            self.plain(&thing, "key version", version);
        }
    }

    fn rounds(&mut self, plan: &PlanContent) {
        for (id, route) in &plan.routes {
            let thing = Thing::Route(*id);
            self.plain(&thing, "name", route.name.as_str());
            self.plain(&thing, "walked", walk_words(route.walk));
            self.plain(&thing, "longest", route.max_minutes.map_or(String::new(), minutes));
            let ids: Vec<String> = route.points.iter().map(ToString::to_string).collect();
            self.put(&thing, "points", ids.join(" "), points_words(plan, &route.points));
        }
        for (id, schedule) in &plan.schedules {
            let thing = Thing::Schedule(*id);
            self.plain(&thing, "name", schedule.name.as_str());
            let route = route_name(plan, schedule.route);
            self.put(&thing, "route", schedule.route.to_string(), route);
            self.plain(&thing, "times", timing_words(&schedule.timing));
            let days = &schedule.when.days;
            let days = if *days == Days::Daily { String::new() } else { days_words(days) };
            self.plain(&thing, "days", days);
            self.plain(&thing, "security levels", levels_words(&schedule.when.levels));
            self.plain(&thing, "states", states_words(&schedule.when.states));
            self.plain(&thing, "drawn", schedule.draw.as_ref().map_or(String::new(), draw_words));
            self.plain(&thing, "window", minutes(schedule.window_minutes));
            self.plain(&thing, "start within", minutes(schedule.start_within_minutes));
            self.plain(&thing, "grace", minutes(schedule.grace_minutes));
        }
    }
}

fn fields_of(plan: &PlanContent) -> BTreeMap<Thing, Fields> {
    let mut all = All::default();
    all.vessel(plan);
    all.places(plan);
    all.rounds(plan);
    all.0
}

/// "90 min".
pub fn minutes(minutes: u32) -> String {
    format!("{minutes} min")
}

/// "336 h (14 days)", "30 h".
pub fn hours(hours: u32) -> String {
    let days = hours / 24;
    match (hours % 24, days) {
        (0, 1) => format!("{hours} h (1 day)"),
        (0, 2..) => format!("{hours} h ({days} days)"),
        _ => format!("{hours} h"),
    }
}

/// The points in their order.
pub fn points_words(plan: &PlanContent, points: &[CheckpointId]) -> String {
    points.iter().map(|point| plan.checkpoint_name(*point)).collect::<Vec<_>>().join(", ")
}

/// How a route is walked.
pub fn walk_words(walk: Walk) -> &'static str {
    match walk {
        Walk::Ordered => "in order",
        Walk::AnyOrder => "in any order",
        Walk::Continuous => "continuously",
        Walk::Search => "as a search of every space",
    }
}

/// "L4, signed NFC tag".
pub fn level_words(level: Level) -> String {
    format!("{level}, {}", level.words())
}

/// How a question is answered.
pub fn kind_words(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::YesNo => "yes or no",
        CheckKind::Number => "a number",
        CheckKind::Text => "words",
    }
}

/// "a number of °C, from −5 to 60.5".
pub fn answer_words(check: &Check) -> String {
    let mut words = kind_words(check.kind).to_owned();
    if !check.unit.is_empty() {
        words.push_str(&format!(" of {}", check.unit));
    }
    match (check.min_milli, check.max_milli) {
        (None, None) => {}
        (Some(least), None) => words.push_str(&format!(", at least {}", decimal_of(least))),
        (None, Some(most)) => words.push_str(&format!(", at most {}", decimal_of(most))),
        (Some(least), Some(most)) => {
            words.push_str(&format!(", from {} to {}", decimal_of(least), decimal_of(most)));
        }
    }
    words
}

/// The name of a route, for people.
pub fn route_name(plan: &PlanContent, id: RouteId) -> String {
    plan.routes.get(&id).map_or_else(|| format!("route {id}"), |route| route.name.clone())
}

/// The first 8 hex digits of a tag's id.
pub fn short_tag(tag: TagId) -> String {
    tag.to_string().chars().take(8).collect()
}
