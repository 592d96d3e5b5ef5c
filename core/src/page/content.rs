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
    /// Who began it.
    pub by: Author,
    /// Its fields by name.
    pub fields: BTreeMap<&'static str, Field>,
    /// Of a reason: what was accepted.
    pub accepted: Option<Accepted>,
    first: OpName,
}

impl Writing {
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
        let Some(first) = versions.iter().min_by_key(|version| version.name) else { return };
        let (by, first) = (first.by, first.name);
        let writing = writings.entry((kind, writing)).or_insert_with(|| Writing {
            kind,
            id: writing.to_owned(),
            by,
            fields: BTreeMap::new(),
            accepted: None,
            first,
        });
        if first < writing.first {
            (writing.by, writing.first) = (by, first);
        }
        writing.fields.insert(rule.name, Field { versions });
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
        let mut closings = Self { by: None, reopened: None, before: BTreeSet::new() };
        // On every line: a device with two histories must not open a Page again.
        for line in merged.lines() {
            let Some(written) = line.entries().get(CLOSED) else { continue };
            let writes = Writes::read(merged, line, CLOSED, written);
            for (name, (entry, by, counts)) in &writes.writes {
                if !counts || !writes.standing.contains(name) {
                    continue;
                }
                if entry.value == Some(Value::Int(0)) {
                    closings.reopened = Some(*by);
                } else {
                    closings.by = closings.by.or(Some(*by));
                    closings.before.extend(line.before(&[entry.change]));
                }
            }
        }
        closings
    }

    fn after(&self, change: Hash) -> bool {
        self.by.is_some() && !self.before.contains(&change)
    }
}
