//! A Page's content as the patrol page shows it.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    authority::Roles,
    document::Value,
    model::{CheckpointId, Hash, RecordRef},
    page::{Author, Field, On, PageContent, Version, Writing, WritingKind, keys},
    plan::{Check, CheckKind, PlanContent},
};

use super::span;
use crate::page::finding::FlagView;
use crate::page::moment::{Moment, Span};
use crate::page::writing::{
    ActLink, SaidView, StateView, Tone, WriterView, WritingView, WritingsView, address,
};
use crate::projection::body::BoundsView;
use crate::writing::{
    Act, Desk,
    act::{acts_on, acts_on_page},
};

/// Writings of one kind shown on one page: many of one kind hide none of another.
const MOST_OF_A_KIND: usize = 60;
/// Versions shown of one writing.
const MOST_VERSIONS: usize = 50;

/// Of a reason that somebody accepted to no effect.
const DECIDED_APART: &str =
    "accepted, which counts for nothing: by who wrote it, or while others decided otherwise";

/// What the words of writings are made from.
pub(super) struct Words<'a> {
    pub places: &'a BTreeMap<CheckpointId, String>,
    pub plan: Option<&'a PlanContent>,
    pub written: &'a BTreeMap<RecordRef, BoundsView>,
    pub offset_minutes: i32,
    pub desk: &'a Desk,
}

impl Words<'_> {
    pub fn page(&self) -> WritingsView {
        let page: &PageContent = &self.desk.content;
        let shown = self.shown();
        let ids: BTreeSet<&str> = shown.iter().map(|it| it.id.as_str()).collect();
        let more = page.writings.len() - shown.len();
        WritingsView {
            writings: shown.into_iter().map(|it| self.writing(it, &ids)).collect(),
            closed: page.closed.map(|by| self.writer(&by)),
            reopened: page.reopened.map(|by| self.writer(&by)),
            more,
            whole: self.desk.whole(),
            acts: acts_on_page(page).iter().map(|act| self.link(*act, None)).collect(),
            saved: false,
        }
    }

    /// What is shown: by kind as the page has them, within a kind by time, since hands that write at once do not count
    /// on from each other.
    fn shown(&self) -> Vec<&Writing> {
        let mut shown: Vec<&Writing> = self.desk.content.writings.iter().collect();
        let place = |kind| WritingKind::ALL.iter().position(|it| *it == kind);
        let begun = |writing: &Writing| {
            let middle = |by: &Author| self.writer(by).at.middle();
            writing
                .by
                .as_ref()
                .map_or_else(|| writing.authors().map(middle).min().flatten(), middle)
        };
        shown.sort_by_key(|writing| (place(writing.kind), begun(writing)));
        let mut counts: BTreeMap<WritingKind, usize> = BTreeMap::new();
        shown.retain(|writing| {
            let count = counts.entry(writing.kind).or_default();
            *count += 1;
            *count <= MOST_OF_A_KIND
        });
        shown
    }

    /// What came of a flag, and what may be done to it.
    pub fn flag(&self, id: Hash) -> FlagView {
        let text = id.to_string();
        let of_flag = |it: &&Writing| it.text("flag") == Some(text.as_str());
        let dispositions = self.desk.content.of(WritingKind::Disposition).filter(of_flag);
        let settled = dispositions.filter_map(|it| {
            let state = self.state(it, None).into_iter().next()?;
            let field = it.fields.get("outcome")?.current()?;
            Some(StateView { by: Some(self.writer(&field.by)), ..state })
        });
        let named = |act| self.link(act, Some(("flag", text.as_str())));
        let acts = match self.desk.content.closed {
            Some(_) => Vec::new(),
            None => [Act::Settle, Act::Answer].into_iter().map(named).collect(),
        };
        FlagView { id, settled: settled.take(MOST_VERSIONS).collect(), acts }
    }

    fn link(&self, act: Act, about: Option<(&str, &str)>) -> ActLink {
        let base = address(self.desk.vessel, self.desk.subject);
        let about = about.map_or_else(String::new, |(name, id)| format!("&{name}={id}"));
        ActLink { href: format!("{base}/write?form={}{about}", act.word()), words: act.words() }
    }

    /// One writing as it is quoted beside a form.
    pub fn quoted(&self, writing: &Writing) -> WritingView {
        WritingView {
            acts: Vec::new(),
            target: None,
            before: Vec::new(),
            ..self.writing(writing, &BTreeSet::new())
        }
    }

    fn writing(&self, writing: &Writing, shown: &BTreeSet<&str>) -> WritingView {
        let check = self.check(writing);
        let main = match writing.kind {
            WritingKind::Answer => ["yes", "milli", "text"].as_slice(),
            _ => ["text"].as_slice(),
        };
        let fields: Vec<&Field> = main.iter().filter_map(|name| writing.fields.get(name)).collect();
        let versions = || fields.iter().flat_map(|field| &field.versions);
        let standing =
            |version: &&Version| version.stands && version.counts && version.value.is_some();
        let say = |version: &Version| self.said(version, check);
        let mut before: Vec<SaidView> =
            versions().filter(|version| !standing(version)).map(say).collect();
        before.truncate(MOST_VERSIONS);
        let acts = match self.desk.content.closed {
            Some(_) => Vec::new(),
            None => acts_on(writing, self.desk.shore),
        };
        let about = Some(("id", writing.id.as_str()));
        WritingView {
            kind: title(writing.kind),
            id: writing.id.clone(),
            about: self.about(writing, check),
            target: self.target(writing, shown),
            says: versions().filter(standing).take(MOST_VERSIONS).map(say).collect(),
            state: self.state(writing, check),
            before,
            acts: acts.into_iter().map(|act| self.link(act, about)).collect(),
        }
    }

    /// The place on the page that a writing is about, if it is there.
    fn target(&self, writing: &Writing, shown: &BTreeSet<&str>) -> Option<String> {
        let flag =
            |id: Hash| self.desk.flags.iter().any(|it| it.id == id).then(|| format!("flag-{id}"));
        if let Some(id) = writing.text("flag") {
            return flag(Hash::from_hex(id).ok()?);
        }
        let of = writing.text("of").map(str::to_owned);
        let on = writing.text("on").and_then(On::from_words);
        match (of, on) {
            (Some(id), _) | (None, Some(On::Writing(id))) => {
                shown.contains(id.as_str()).then(|| format!("writing-{id}"))
            }
            (None, Some(On::Flag(id))) => flag(id),
            _ => None,
        }
    }

    fn check(&self, writing: &Writing) -> Option<&Check> {
        let (point, item) = keys::answer_of(&writing.id)?;
        self.plan?.checkpoints.get(&point)?.checks.get(item)
    }

    fn about(&self, writing: &Writing, check: Option<&Check>) -> String {
        if let Some((point, item)) = keys::answer_of(&writing.id) {
            let ask = check.map_or(item, |check| check.ask.as_str());
            return format!("{}: {ask}", self.place(point));
        }
        if let Some(of) = writing.text("of") {
            return format!("incident {}", of.get(..6).unwrap_or(of));
        }
        if let Some(flag) = writing.text("flag") {
            return format!("flag {}", flag.get(..12).unwrap_or(flag));
        }
        match writing.text("on").and_then(On::from_words) {
            Some(On::Patrol) => format!("the whole {}", self.desk.whole()),
            Some(On::Point(point)) => self.place(point),
            Some(On::Scan(record)) => format!("scan {}", record.short()),
            Some(On::Writing(id)) => format!("writing {}", id.get(..6).unwrap_or(&id)),
            Some(On::Flag(flag)) => format!("flag {}", flag.short()),
            None => String::new(),
        }
    }

    fn place(&self, point: CheckpointId) -> String {
        let known = || Some(self.plan?.checkpoints.get(&point)?.name.clone());
        self.places.get(&point).cloned().or_else(known).unwrap_or_else(|| format!("point {point}"))
    }

    fn said(&self, version: &Version, check: Option<&Check>) -> SaidView {
        let text = version.value.as_ref().map(|value| match value {
            Value::Text(text) => text.clone(),
            Value::Int(int) => number(*int, check),
        });
        let mut notes = Vec::new();
        if !version.counts {
            notes.push("does not count: its author may not write this, or not this value");
        } else if !version.stands && version.value.is_some() {
            notes.push("written over");
        }
        if version.after_closing {
            notes.push("after the page was closed");
        }
        if version.beside {
            notes.push("on a second history of its device");
        }
        SaidView { text, by: self.writer(&version.by), notes }
    }

    fn state(&self, writing: &Writing, check: Option<&Check>) -> Vec<StateView> {
        let mut states = Vec::new();
        let coded = |name: &str, words: &dyn Fn(i64) -> Option<(String, Tone)>| {
            let field = writing.fields.get(name)?;
            let version = field.current()?;
            let (words, tone) = words(field.int()?)?;
            let begun = writing.by.is_some_and(|by| by.record == version.by.record);
            let by = (!begun).then(|| self.writer(&version.by));
            Some(StateView { words, by, tone })
        };
        states.extend(coded("accepted", &|int| match int {
            1 if writing.accepted.is_none() => Some((DECIDED_APART.to_owned(), Tone::Look)),
            1 => Some(("accepted".to_owned(), Tone::Settled)),
            _ => Some(("not accepted".to_owned(), Tone::Look)),
        }));
        states.extend(coded("state", &|int| match int {
            1 => Some(("open".to_owned(), Tone::Look)),
            _ => Some(("closed".to_owned(), Tone::Settled)),
        }));
        states.extend(coded("outcome", &|int| outcome(int).map(|it| (it.words, it.tone))));
        states.extend(coded("code", &|int| Some((reason(int).to_owned(), Tone::Plain))));
        states.extend(coded("claimed", &|utc| {
            let at = Moment { utc, offset_minutes: self.offset_minutes };
            Some((format!("said to have happened at {}", at.ship()), Tone::Plain))
        }));
        let standing = writing.fields.get("milli").map(|field| field.standing().count());
        if let (Some(milli), Some(check)) = (writing.int("milli"), check)
            && standing == Some(1)
        {
            states.extend(limits(milli, check));
        }
        let several = writing.fields.values().any(|field| field.standing().count() > 1);
        if several {
            let words = "written at once by several; the last one counts".to_owned();
            states.push(StateView { words, by: None, tone: Tone::Look });
        }
        states
    }

    fn writer(&self, by: &Author) -> WriterView {
        let role = if by.roles.has(Roles::SHORE) {
            "shore"
        } else if by.roles.has(Roles::OFFICER) {
            "ship security officer"
        } else if by.roles.has(Roles::HUB) {
            "hub"
        } else {
            ""
        };
        let at = self.written.get(&by.record).map_or_else(Span::default, |at| span(*at));
        WriterView { device: by.dev, crew: by.crew, role, at }
    }
}

/// What came of a flag.
pub(super) fn outcome(int: i64) -> Option<StateView> {
    let (words, tone) = match int {
        1 => ("explained", Tone::Settled),
        2 => ("corrected", Tone::Settled),
        3 => ("confirmed", Tone::Look),
        _ => return None,
    };
    Some(StateView { words: words.to_owned(), by: None, tone })
}

fn title(kind: WritingKind) -> &'static str {
    match kind {
        WritingKind::Remark => "Remark",
        WritingKind::Answer => "Checklist",
        WritingKind::Reason => "Reason",
        WritingKind::Incident => "Incident",
        WritingKind::Amendment => "Amendment",
        WritingKind::Defect => "Defect",
        WritingKind::Handover => "Handover",
        WritingKind::Countersignature => "Countersigned",
        WritingKind::Reply => "Reply",
        WritingKind::Review => "Review",
        WritingKind::Disposition => "Disposition",
    }
}

fn reason(code: i64) -> &'static str {
    match code {
        1 => "weather",
        2 => "operations",
        3 => "safety",
        4 => "emergency",
        5 => "space closed",
        _ => "other reason",
    }
}

fn number(int: i64, check: Option<&Check>) -> String {
    match check.map(|check| check.kind) {
        Some(CheckKind::YesNo) => if int == 1 { "yes" } else { "no" }.to_owned(),
        Some(CheckKind::Number) => {
            let unit = check.map_or("", |check| check.unit.as_str());
            format!("{} {unit}", thousandths(int)).trim_end().to_owned()
        }
        _ => thousandths(int),
    }
}

/// 60500 is "60.5".
fn thousandths(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, rest) = (milli.unsigned_abs() / 1_000, milli.unsigned_abs() % 1_000);
    let fraction = format!("{rest:03}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn limits(milli: i64, check: &Check) -> Option<StateView> {
    let unit = &check.unit;
    let range = match (check.min_milli, check.max_milli) {
        (None, None) => return None,
        (Some(min), None) => format!("at least {} {unit}", thousandths(min)),
        (None, Some(max)) => format!("at most {} {unit}", thousandths(max)),
        (Some(min), Some(max)) => format!("{} to {} {unit}", thousandths(min), thousandths(max)),
    };
    let outside = check.min_milli.is_some_and(|min| milli < min)
        || check.max_milli.is_some_and(|max| milli > max);
    let words = if outside { "outside its limits" } else { "within its limits" };
    let words = format!("{words} ({})", range.trim_end());
    let tone = if outside { Tone::Look } else { Tone::Settled };
    Some(StateView { words, by: None, tone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_are_written_as_people_do() {
        let written = [60_500, 7, -2_000, 0, i64::MIN].map(thousandths);
        assert_eq!(written, ["60.5", "0.007", "-2", "0", "-9223372036854775.808"]);
    }

    #[test]
    fn limits_are_inclusive() {
        let check = Check {
            kind: CheckKind::Number,
            unit: "°C".into(),
            min_milli: Some(0),
            max_milli: Some(60_500),
            ..Check::default()
        };
        assert!(limits(60_500, &check).unwrap().tone == Tone::Settled);
        let above = limits(60_501, &check).unwrap();
        assert_eq!(
            (above.words.as_str(), above.tone),
            ("outside its limits (0 to 60.5 °C)", Tone::Look)
        );
        assert!(limits(-1, &check).unwrap().tone == Tone::Look);
        assert!(limits(5, &Check::default()).is_none());
    }
}
