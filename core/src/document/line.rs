//! One consistent line of a document: changes that build on each other, merged by Automerge.
//!
//! Beside the Automerge document stands every write with the change that made it, so that each
//! word can be traced to its author, also after somebody wrote over it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ChangeHash};

use super::{
    Share, Value,
    chunk::Actor,
    gate::{FormedChange, GateError, OpName, RawChange, Write},
};
use crate::model::{DeviceId, Hash};

/// What somebody wrote under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value; `None`: taken away.
    pub value: Option<Value>,
    /// The change that wrote it.
    pub change: Hash,
    /// Writes that replaced it; none: it stands.
    pub replaced_by: Vec<OpName>,
}

impl Entry {
    /// Whether this is a value that nobody replaced. Several at one key were written at once.
    pub fn stands(&self) -> bool {
        self.value.is_some() && self.replaced_by.is_empty()
    }
}

/// What is known of an applied change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Applied {
    start_op: u64,
    last_op: u64,
    dependencies: Vec<Hash>,
}

/// Changes that were applied together.
#[derive(Debug, Clone, Default)]
pub struct Line {
    document: Automerge,
    applied: BTreeMap<Hash, Applied>,
    heads: BTreeSet<Hash>,
    /// The newest change of each run.
    newest: BTreeMap<Actor, (u64, Hash)>,
    /// The newest change of each device, and what all of them come to.
    devices: BTreeMap<DeviceId, (Hash, Share)>,
    entries: BTreeMap<String, BTreeMap<OpName, Entry>>,
}

impl Line {
    /// The merged document, for writing on.
    pub fn document(&self) -> &Automerge {
        &self.document
    }

    /// The document's heads, ascending: the name of this version.
    pub fn heads(&self) -> Vec<Hash> {
        self.heads.iter().copied().collect()
    }

    /// Whether a change was applied.
    pub fn holds(&self, change: Hash) -> bool {
        self.applied.contains_key(&change)
    }

    /// All applied changes, by hash.
    pub fn changes(&self) -> impl Iterator<Item = Hash> {
        self.applied.keys().copied()
    }

    /// How many changes were applied.
    pub fn len(&self) -> usize {
        self.applied.len()
    }

    /// Whether nothing was applied.
    pub fn is_empty(&self) -> bool {
        self.applied.is_empty()
    }

    /// Every write by key, then by name: of several that stand, the last one wins.
    pub fn entries(&self) -> &BTreeMap<String, BTreeMap<OpName, Entry>> {
        &self.entries
    }

    /// The value that counts at a key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        let standing = self.entries.get(key)?.values().rev().find(|entry| entry.stands())?;
        standing.value.as_ref()
    }

    /// The number of a run's newest change here; 0: none.
    pub fn seq(&self, actor: &Actor) -> u64 {
        self.newest.get(actor).map_or(0, |(seq, _)| *seq)
    }

    /// The counter of the newest operation; 0: none.
    pub(super) fn last_op(&self) -> u64 {
        let heads = self.heads.iter().filter_map(|head| self.applied.get(head));
        heads.map(|applied| applied.last_op).max().unwrap_or(0)
    }

    /// What the changes of one device come to.
    pub fn share_of(&self, dev: DeviceId) -> Share {
        self.devices.get(&dev).map(|(_, share)| *share).unwrap_or_default()
    }

    /// The changes that somebody lacks who has the version with `heads`; heads that are not here
    /// reach nothing here.
    pub fn changes_after(&self, heads: &[Hash]) -> Vec<RawChange> {
        let known: Vec<ChangeHash> =
            heads.iter().filter(|head| self.holds(**head)).map(|head| ChangeHash(head.0)).collect();
        self.document.get_changes(&known).iter().map(RawChange::from).collect()
    }

    /// What a change and everything before it reaches: the changes at or before `heads`.
    pub fn before(&self, heads: &[Hash]) -> BTreeSet<Hash> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Hash> = heads.iter().copied().filter(|head| self.holds(*head)).collect();
        while let Some(hash) = open.pop() {
            if found.insert(hash)
                && let Some(applied) = self.applied.get(&hash)
            {
                open.extend(&applied.dependencies);
            }
        }
        found
    }

    /// Applies changes, in an order in which each comes after what it builds on. Returns those
    /// that were refused, and why. A change that spoils the document takes no other with it but
    /// those that build on it.
    pub fn apply(&mut self, mut batch: Vec<FormedChange>) -> Vec<(Hash, GateError)> {
        let mut refused = Vec::new();
        let mut scratch = self.clone();
        let mut accepted = Vec::new();
        for change in &batch {
            if scratch.holds(change.hash) {
                continue;
            }
            match scratch.follows(change) {
                Ok(()) => {
                    scratch.note(change);
                    accepted.push(change.change.clone());
                }
                Err(error) => refused.push((change.hash, error)),
            }
        }
        if accepted.is_empty() {
            return refused;
        }
        match scratch.take(accepted) {
            Ok(()) => {
                *self = scratch;
                refused
            }
            Err(error) => {
                if let [only] = batch.as_slice() {
                    return vec![(only.hash, error)];
                }
                // One of them spoils it: each half is tried by itself.
                let second = batch.split_off(batch.len() / 2);
                let mut refused = self.apply(batch);
                refused.extend(self.apply(second));
                refused
            }
        }
    }

    /// Whether a change's numbers, and what it says it replaces, follow from what it builds on.
    /// Automerge believes them, and panics or goes apart where they do not.
    fn follows(&self, change: &FormedChange) -> Result<(), GateError> {
        let mut last_op = 0;
        for dependency in &change.dependencies {
            let before =
                self.applied.get(dependency).ok_or(GateError::BuildsOnRefused(*dependency))?;
            last_op = last_op.max(before.last_op);
        }
        if change.start_op() != last_op.saturating_add(1) {
            return Err(GateError::OutOfLine("its counter is not the next one"));
        }
        let newest = self.newest.get(&change.actor);
        if change.seq != newest.map_or(0, |(seq, _)| *seq).saturating_add(1) {
            return Err(GateError::OutOfLine("its number is not the next one of its author"));
        }
        // A device has seen what it wrote before: so there are never more heads than devices.
        let before = self.devices.get(&change.author()).map(|(hash, _)| *hash);
        let mut needed: BTreeSet<Hash> = before.into_iter().collect();
        let mut keys = BTreeSet::new();
        for write in &change.writes {
            if !keys.insert(&write.key) {
                return Err(GateError::OutOfLine("it writes one key twice"));
            }
            self.replaces(write, &change.dependencies, &mut needed)?;
        }
        if self.reaches(&change.dependencies, needed) {
            Ok(())
        } else {
            Err(GateError::OutOfLine("it names what it had not seen"))
        }
    }

    fn replaces(
        &self,
        write: &Write,
        dependencies: &[Hash],
        needed: &mut BTreeSet<Hash>,
    ) -> Result<(), GateError> {
        if write.value.is_none() && write.replaces.is_empty() {
            return Err(GateError::OutOfLine("it takes away what is not there"));
        }
        let written = self.entries.get(&write.key);
        for name in &write.replaces {
            let entry = written.and_then(|written| written.get(name));
            let Some(entry) = entry.filter(|entry| entry.value.is_some()) else {
                return Err(GateError::OutOfLine("it replaces what nobody wrote there"));
            };
            needed.insert(entry.change);
        }
        // A device sees its own value, and writes over it or over what was written over it: so no more
        // values stand under one key than there are devices.
        let own = |(name, entry): &(&OpName, &Entry)| {
            name.device() == write.name.device() && entry.value.is_some()
        };
        let own = written.into_iter().flatten().rev().find(own);
        match own {
            Some((name, entry)) if !write.replaces.contains(name) => {
                let later = entry.replaced_by.iter().filter_map(|later| written?.get(later));
                let changes: Vec<Hash> = later.map(|later| later.change).collect();
                let saw = changes.iter().any(|it| self.reaches(dependencies, [*it].into()));
                if saw {
                    Ok(())
                } else {
                    Err(GateError::OutOfLine("it leaves its own value standing"))
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether all of `needed` are at or before `from`.
    fn reaches(&self, from: &[Hash], mut needed: BTreeSet<Hash>) -> bool {
        // The usual case: its author had seen everything.
        if self.heads.iter().all(|head| from.contains(head)) {
            return true;
        }
        let starts = needed.iter().filter_map(|hash| self.applied.get(hash));
        let least = starts.map(|applied| applied.start_op).min().unwrap_or(u64::MAX);
        let mut seen = BTreeSet::new();
        let mut open = from.to_vec();
        while let Some(hash) = open.pop() {
            if needed.is_empty() {
                break;
            }
            let Some(applied) = self.applied.get(&hash).filter(|_| seen.insert(hash)) else {
                continue;
            };
            needed.remove(&hash);
            // Counters grow with every step: nothing older can lead to what is needed.
            if applied.start_op > least {
                open.extend(&applied.dependencies);
            }
        }
        needed.is_empty()
    }

    fn note(&mut self, change: &FormedChange) {
        for dependency in &change.dependencies {
            self.heads.remove(dependency);
        }
        self.heads.insert(change.hash);
        self.newest.insert(change.actor, (change.seq, change.hash));
        let share = self.share_of(change.author()).and(change);
        self.devices.insert(change.author(), (change.hash, share));
        let (start_op, last_op) = (change.start_op(), change.last_op());
        let dependencies = change.dependencies.clone();
        self.applied.insert(change.hash, Applied { start_op, last_op, dependencies });
        for write in &change.writes {
            let written = self.entries.entry(write.key.clone()).or_default();
            for name in &write.replaces {
                if let Some(entry) = written.get_mut(name) {
                    entry.replaced_by.push(write.name);
                    entry.replaced_by.sort_unstable();
                }
            }
            let value = write.value.clone();
            let entry = Entry { value, change: change.hash, replaced_by: Vec::new() };
            written.insert(write.name, entry);
        }
    }

    /// Lets Automerge take the changes, and believes nothing of what it says about it.
    fn take(&mut self, changes: Vec<Change>) -> Result<(), GateError> {
        let document = std::mem::take(&mut self.document);
        // Unwinding out of Automerge leaves only this copy half done, and the caller drops it.
        let taken = catch_unwind(AssertUnwindSafe(|| taken(document, changes, &self.heads)));
        self.document = taken.unwrap_or(Err(GateError::Spoils("Automerge stopped on it")))?;
        Ok(())
    }
}

fn taken(
    mut document: Automerge,
    changes: Vec<Change>,
    heads: &BTreeSet<Hash>,
) -> Result<Automerge, GateError> {
    let before = document.get_heads();
    document
        .apply_changes(changes.iter().cloned())
        .map_err(|_| GateError::Spoils("Automerge refuses it"))?;
    let rebuilt = document.get_changes(&before);
    let rebuilt: BTreeMap<ChangeHash, &Change> =
        rebuilt.iter().map(|change| (change.hash(), change)).collect();
    let same = |change: &Change| {
        rebuilt.get(&change.hash()).is_some_and(|it| it.raw_bytes() == change.raw_bytes())
    };
    if !changes.iter().all(same) {
        return Err(GateError::Spoils("it does not encode again to itself"));
    }
    let expected = |heads_now: &[ChangeHash]| {
        heads_now.len() == heads.len() && heads_now.iter().all(|it| heads.contains(&Hash(it.0)))
    };
    if !expected(&document.get_heads()) {
        return Err(GateError::Spoils("the document has other heads"));
    }
    let loaded = Automerge::load(&document.save())
        .map_err(|_| GateError::Spoils("the saved document does not load"))?;
    if expected(&loaded.get_heads()) {
        Ok(document)
    } else {
        Err(GateError::Spoils("the saved document has other heads"))
    }
}
