//! Which changes are on the main line, and which go beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::{chunk::Actor, gate::FormedChange, merge::Sorted, voucher::Order};
use crate::model::{DeviceId, Hash};

/// What is not on the main line.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// Changes with which a device did not go on from its change before, and what builds on them.
    pub changes: BTreeSet<Hash>,
    /// Those devices.
    pub devices: BTreeSet<DeviceId>,
}

/// What a device has on the main line, as far as it is decided.
#[derive(Debug, Default)]
struct Decided {
    newest: BTreeMap<DeviceId, Hash>,
    numbers: BTreeSet<(Actor, u64)>,
}

/// What must be decided before each change that is left.
#[derive(Debug, Default)]
struct Undecided {
    /// How many of its dependencies, and whether what its author vouched for before.
    left: BTreeMap<Hash, (usize, bool)>,
    built_on_by: BTreeMap<Hash, Vec<Hash>>,
    vouched_next: BTreeMap<Hash, Hash>,
    /// Nothing.
    ready: BTreeSet<Hash>,
    /// Only what their authors vouched for before.
    built: BTreeSet<Hash>,
}

impl Undecided {
    fn of(sorted: &Sorted, order: &[Hash]) -> Self {
        let mut undecided = Self::default();
        let mut rows: BTreeMap<DeviceId, Vec<(Order, Hash)>> = BTreeMap::new();
        let among: BTreeSet<&Hash> = order.iter().collect();
        for hash in order {
            let Some(change) = sorted.formed.get(hash) else { continue };
            let dependencies = change.dependencies.iter().filter(|it| among.contains(it));
            for dependency in dependencies.clone() {
                undecided.built_on_by.entry(*dependency).or_default().push(*hash);
            }
            undecided.left.insert(*hash, (dependencies.count(), false));
            let place = sorted.vouchers.get(hash).map(|voucher| (voucher.order(), *hash));
            rows.entry(change.author()).or_default().extend(place);
        }
        for row in rows.values_mut() {
            row.sort_unstable();
            for pair in row.windows(2) {
                let [(_, before), (_, next)] = pair else { continue };
                undecided.vouched_next.insert(*before, *next);
                if let Some((_, after)) = undecided.left.get_mut(next) {
                    *after = true;
                }
            }
        }
        let left: Vec<Hash> = undecided.left.keys().copied().collect();
        left.into_iter().for_each(|hash| undecided.place(hash));
        undecided
    }

    fn place(&mut self, hash: Hash) {
        match self.left.get(&hash) {
            Some((0, false)) => {
                self.built.remove(&hash);
                self.ready.insert(hash);
            }
            Some((0, true)) => {
                self.built.insert(hash);
            }
            _ => {}
        }
    }

    /// The smallest hash of those that are ready. Where none is, a device vouched for a change before
    /// the one that it builds on; then the smallest of those that wait for nothing else.
    fn next(&mut self) -> Option<Hash> {
        let hash = self.ready.pop_first().or_else(|| self.built.pop_first())?;
        self.left.remove(&hash);
        if let Some(next) = self.vouched_next.remove(&hash)
            && let Some((_, after)) = self.left.get_mut(&next)
        {
            *after = false;
            self.place(next);
        }
        for next in self.built_on_by.remove(&hash).unwrap_or_default() {
            if let Some((lacking, _)) = self.left.get_mut(&next) {
                *lacking = lacking.saturating_sub(1);
                self.place(next);
            }
        }
        Some(hash)
    }
}

impl Sorted {
    /// Decides change by change, each after what it builds on and after what its author vouched for
    /// before: a change is on the main line if what it builds on is, if its number is free, and if its
    /// author had seen its own change before.
    pub(super) fn aside(&self, order: &[Hash]) -> Aside {
        let mut undecided = Undecided::of(self, order);
        let (mut aside, mut decided) = (Aside::default(), Decided::default());
        while let Some(hash) = undecided.next() {
            if let Some(change) = self.formed.get(&hash) {
                self.decide(change, &mut decided, &mut aside);
            }
        }
        aside
    }

    fn decide(&self, change: &FormedChange, decided: &mut Decided, aside: &mut Aside) {
        if change.dependencies.iter().any(|it| aside.changes.contains(it)) {
            aside.changes.insert(change.hash);
            return;
        }
        let author = change.author();
        let before = decided.newest.get(&author);
        let goes_on = before.is_none_or(|before| self.reaches(change, *before));
        if goes_on && decided.numbers.insert((change.actor, change.seq)) {
            decided.newest.insert(author, change.hash);
        } else {
            aside.changes.insert(change.hash);
            aside.devices.insert(author);
        }
    }
}
