//! A Page as people read it: every writing, every version of it, and who wrote each.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::keys::{ABOUT, CLOSED, CLOSING, WritingKind, split, subject_of};
use crate::{
    authority::Roles,
    document::{Entry, Line, Merged, OpName, Value, Voucher, standing},
    model::{CrewNo, DeviceId, DocumentId, Hash, PageSubject, RecordRef, VesselId, page_id},
};

/// Who wrote something, as the record says that vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Author {
    /// The device.
    pub dev: DeviceId,
    /// Who was logged in; nobody if that is withheld.
    pub crew: CrewNo,
    /// Identity grade I0..I3.
    pub grade: u32,
    /// What the device was certified for.
    pub roles: Roles,
    /// The record. It bounds when this was written.
    pub record: RecordRef,
}

impl Author {
    /// Whether both may be one person: by roster number, and by device where nobody was logged in.
    fn is_same(&self, other: &Self) -> bool {
        if self.crew == CrewNo::NOBODY || other.crew == CrewNo::NOBODY {
            self.dev == other.dev
        } else {
            self.crew == other.crew
        }
    }

    fn of(voucher: &Voucher) -> Self {
        let (crew, grade) =
            voucher.person.map_or((CrewNo::NOBODY, 0), |person| (person.crew, person.grade));
        Self { dev: voucher.record.dev, crew, grade, roles: voucher.roles, record: voucher.record }
    }
}

/// One value that somebody gave to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The value; `None`: taken back.
    pub value: Option<Value>,
    /// Who.
    pub by: Author,
    /// The change.
    pub change: Hash,
    /// Nothing that counts was written over it.
    pub stands: bool,
    /// Its author may write this field, and the field may hold it. Others are shown and do not count.
    pub counts: bool,
    /// The Page had been closed, and its author had not seen that yet or wrote all the same.
    pub after_closing: bool,
    /// Written on a line beside the main one: [`mod@crate::document::merge`].
    pub beside: bool,
    name: OpName,
}

/// One field with its history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    /// All versions.
    pub versions: Vec<Version>,
}

impl Field {
    /// What counts now.
    pub fn current(&self) -> Option<&Version> {
        self.standing().last()
    }

    /// What was written at once and stands, the one that counts last.
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &Version> {
        // The main line goes before lines beside it.
        let on = |beside: bool| {
            self.versions.iter().filter(move |it| {
                it.stands && it.counts && it.beside == beside && it.value.is_some()
            })
        };
        on(true).chain(on(false))
    }

    /// The text that counts now.
    pub fn text(&self) -> Option<&str> {
        match self.current()?.value.as_ref()? {
            Value::Text(text) => Some(text),
            Value::Int(_) => None,
        }
    }

    /// The number that counts now.
    pub fn int(&self) -> Option<i64> {
        match self.current()?.value.as_ref()? {
            Value::Int(int) => Some(*int),
            Value::Text(_) => None,
        }
    }
}

/// One writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// What it is.
    pub kind: WritingKind,
    /// Its id.
    pub id: String,
    /// Who began it: its first author, whose first word everybody else who wrote on it had seen. `None`:
    /// several wrote on it unseen by each other, and nobody can say who came first. A counter says
    /// nothing: who builds on less than was there has a low one.
    pub by: Option<Author>,
    /// Its fields by name.
    pub fields: BTreeMap<&'static str, Field>,
    /// Of a reason: what was accepted.
    pub accepted: Option<Accepted>,
    first: OpName,
}

impl Writing {
    /// The first word of each device that wrote on it, oldest first by its counter; of those that count,
    /// if any does.
    fn beginnings(&self) -> Vec<&Version> {
        let versions = || self.fields.values().flat_map(|field| &field.versions);
        let any = versions().any(|version| version.counts);
        let mut first: BTreeMap<DeviceId, &Version> = BTreeMap::new();
        for version in versions().filter(|version| version.counts || !any) {
            let known = first.entry(version.by.dev).or_insert(version);
            if version.name < known.name {
                *known = version;
            }
        }
        let mut first: Vec<&Version> = first.into_values().collect();
        first.sort_unstable_by_key(|version| version.name);
        first
    }

    /// Everybody who wrote any of it, with each record once.
    pub fn authors(&self) -> impl Iterator<Item = &Author> {
        let mut seen = BTreeSet::new();
        let versions = self.fields.values().flat_map(|field| &field.versions);
        versions.map(|version| &version.by).filter(move |by| seen.insert(by.record))
    }

    /// Holds an acceptance against what was accepted.
    fn settle(&mut self, merged: &Merged) {
        let Some(accepted) = self.fields.get("accepted") else { return };
        // Where two decided at once, nothing is accepted until somebody decides again.
        if !accepted.standing().all(|version| version.value == Some(Value::Int(1))) {
            return;
        }
        let Some(version) = accepted.current() else { return };
        let seen = merged.before(&[version.change]);
        let as_seen = |field: &str| {
            let versions = &self.fields.get(field)?.versions;
            let counting = versions.iter().filter(|it| it.counts && seen.contains(&it.change));
            counting.max_by_key(|it| it.name)
        };
        let [Some(on), Some(text)] = ["on", "text"].map(as_seen) else { return };
        let (Some(Value::Text(on_text)), Some(Value::Text(said))) = (&on.value, &text.value) else {
            return;
        };
        if !on.by.is_same(&version.by) && !text.by.is_same(&version.by) {
            let (on, text) = (on_text.clone(), said.clone());
            self.accepted = Some(Accepted { by: version.by, on, text });
        }
    }

    /// A field's text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.text()
    }

    /// A field's number.
    pub fn int(&self, field: &str) -> Option<i64> {
        self.fields.get(field)?.int()
    }
}

/// A reason as somebody saw it who accepted it. What is written of it afterwards changes nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Who accepted it: nobody who wrote any of it.
    pub by: Author,
    /// What it was on.
    pub on: String,
    /// Its text.
    pub text: String,
}

/// A Page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageContent {
    /// What it is about; `None`: nothing says so, or not truly.
    pub about: Option<PageSubject>,
    /// Who closed it.
    pub closed: Option<Author>,
    /// Who opened it again, if it was closed and is not any more.
    pub reopened: Option<Author>,
    /// All writings, by kind in the order of [`WritingKind::ALL`], then by when they were begun.
    pub writings: Vec<Writing>,
    /// Keys that nobody here understands; a newer app may.
    pub unknown: Vec<String>,
}

impl PageContent {
    /// Reads a merged Page. The result depends on the merged changes alone.
    pub fn read(vessel: VesselId, id: DocumentId, merged: &Merged) -> Self {
        let mut page = Self::default();
        let closed = Closings::read(merged);
        let mut fields: BTreeMap<&str, BTreeMap<(OpName, Hash), Version>> = BTreeMap::new();
        for (beside, line) in merged.lines().enumerate().map(|(index, line)| (index > 0, line)) {
            for (key, written) in line.entries() {
                let writes = Writes::read(merged, line, key, written);
                let versions = fields.entry(key).or_default();
                for (name, (entry, by, counts)) in &writes.writes {
                    let stands = writes.standing.contains(name);
                    let version = Version {
                        value: entry.value.clone(),
                        by: *by,
                        change: entry.change,
                        stands,
                        counts: *counts,
                        after_closing: closed.after(entry.change),
                        beside,
                        name: *name,
                    };
                    // What is on the main line stands or does not by the main line alone.
                    versions.entry((*name, entry.change)).or_insert(version);
                }
            }
        }
        page.closed = closed.by;
        page.reopened = closed.reopened.filter(|_| closed.by.is_none());
        let mut writings: BTreeMap<(WritingKind, &str), Writing> = BTreeMap::new();
        for (key, versions) in fields {
            let versions = versions.into_values().collect();
            page.take(vessel, id, key, versions, &mut writings);
        }
        page.writings = writings.into_values().collect();
        page.writings.iter_mut().for_each(|writing| writing.settle(merged));
        page.begin(merged);
        let place = |kind| WritingKind::ALL.iter().position(|it| *it == kind);
        page.writings
            .sort_by(|a, b| (place(a.kind), a.first, &a.id).cmp(&(place(b.kind), b.first, &b.id)));
        page
    }

    fn take<'k>(
        &mut self,
        vessel: VesselId,
        id: DocumentId,
        key: &'k str,
        versions: Vec<Version>,
        writings: &mut BTreeMap<(WritingKind, &'k str), Writing>,
    ) {
        if key == ABOUT {
            let said = versions.iter().filter_map(|version| match &version.value {
                Some(Value::Text(text)) => subject_of(text),
                _ => None,
            });
            self.about = said.into_iter().find(|subject| page_id(vessel, *subject) == id);
            return;
        }
        let Some((kind, writing, rule)) = split(key) else {
            if key != CLOSED {
                self.unknown.push(key.to_owned());
            }
            return;
        };
        let Some(first) = versions.iter().map(|version| version.name).min() else { return };
        let writing = writings.entry((kind, writing)).or_insert_with(|| Writing {
            kind,
            id: writing.to_owned(),
            by: None,
            fields: BTreeMap::new(),
            accepted: None,
            first,
        });
        writing.first = writing.first.min(first);
        writing.fields.insert(rule.name, Field { versions });
    }

    /// Says of each writing who began it. What a change had seen is looked up once, however many
    /// writings it touches.
    fn begin(&mut self, merged: &Merged) {
        let mut asked: BTreeMap<Hash, Vec<(usize, Hash)>> = BTreeMap::new();
        for (index, writing) in self.writings.iter_mut().enumerate() {
            let beginnings = writing.beginnings();
            let Some((first, others)) = beginnings.split_first() else { continue };
            for other in others {
                asked.entry(other.change).or_default().push((index, first.change));
            }
            writing.by = Some(first.by);
        }
        for (change, firsts) in asked {
            let seen = merged.before(&[change]);
            for (index, _) in firsts.iter().filter(|(_, first)| !seen.contains(first)) {
                if let Some(writing) = self.writings.get_mut(*index) {
                    writing.by = None;
                }
            }
        }
    }

    /// Whether a value stands and counts under `key`: what somebody who may could take back.
    pub fn shows(&self, key: &str) -> bool {
        let field = split(key).and_then(|(kind, id, rule)| {
            self.of(kind).find(|writing| writing.id == id)?.fields.get(rule.name)
        });
        field.is_some_and(|field| field.standing().next().is_some())
    }

    /// Writings of one kind.
    pub fn of(&self, kind: WritingKind) -> impl Iterator<Item = &Writing> {
        self.writings.iter().filter(move |writing| writing.kind == kind)
    }
}

/// Everything written under one key of a line, by whom, whether it counts, and what stands.
struct Writes<'m> {
    writes: BTreeMap<OpName, (&'m Entry, Author, bool)>,
    standing: BTreeSet<OpName>,
}

impl<'m> Writes<'m> {
    fn read(merged: &Merged, line: &Line, key: &str, written: &'m BTreeMap<OpName, Entry>) -> Self {
        let rule = match key {
            CLOSED => Some(CLOSING),
            _ => split(key).map(|(.., rule)| rule),
        };
        let counts = |entry: &Entry| {
            let roles = merged.voucher(entry.change).map_or(Roles::NONE, |voucher| voucher.roles);
            rule.is_none_or(|rule| {
                let holds = entry.value.as_ref().is_none_or(|value| rule.holds(value));
                holds && rule.by.allows(roles)
            })
        };
        let write = |(name, entry): (&OpName, &'m Entry)| {
            let by = Author::of(merged.voucher(entry.change)?);
            Some((*name, (entry, by, counts(entry))))
        };
        let writes = written.iter().filter_map(write).collect();
        let standing = standing(line, written, counts, None).into_keys().collect();
        Self { writes, standing }
    }
}

/// Where the Page was closed.
struct Closings {
    by: Option<Author>,
    reopened: Option<Author>,
    before: BTreeSet<Hash>,
}

impl Closings {
    fn read(merged: &Merged) -> Self {
        // On every line: a device with two histories must not open a Page again. Nor may it close one: who
        // opened a Page had seen its closing, and a line that ends before that says nothing against it.
        let mut standing: BTreeMap<(OpName, Hash), Author> = BTreeMap::new();
        let mut opened: BTreeSet<(OpName, Hash)> = BTreeSet::new();
        let mut reopened = None;
        for (index, line) in merged.lines().enumerate() {
            let Some(written) = line.entries().get(CLOSED) else { continue };
            let writes = Writes::read(merged, line, CLOSED, written);
            for (name, (entry, by, _)) in writes.writes.iter().filter(|(_, (.., counts))| *counts) {
                // Where the main line has it, the main line decides; beside it, any line that opens.
                if index > 0 && merged.main().holds(entry.change) {
                    continue;
                }
                let closing = (*name, entry.change);
                match (writes.standing.contains(name), &entry.value) {
                    (true, Some(Value::Int(0))) => reopened = Some(*by),
                    (true, _) => {
                        standing.insert(closing, *by);
                    }
                    (false, _) => {
                        opened.insert(closing);
                    }
                }
            }
        }
        standing.retain(|closing, _| !opened.contains(closing));
        let changes: Vec<Hash> = standing.keys().map(|(_, change)| *change).collect();
        let by = standing.into_values().next();
        Self { by, reopened, before: merged.before(&changes) }
    }

    fn after(&self, change: Hash) -> bool {
        self.by.is_some() && !self.before.contains(&change)
    }
}
