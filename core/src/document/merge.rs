//! The merge: a document from its raw changes. The same set gives the same document, whatever the
//! order, the path and the number of copies in which it came.
//!
//! # A device that writes two histories
//!
//! Automerge numbers the changes of each actor. A device that makes two different changes with one
//! number, by malice or from a copied store, would split every document for good: who saw the one
//! first can never take the other. Here the author's own chain decides. Every change is vouched for
//! by a record, so of two changes with one number the one that its author vouched for first is on
//! the main line; the other, and everything that anybody built on it, is merged into a line beside
//! it. A change that is not applied at all holds no number. All lines are read; new changes go on the main line. So nothing that anybody wrote is lost,
//! everybody who holds the same records has the same lines, and nobody has to start a new
//! document.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Automerge;

use super::{
    DocumentKind, Share,
    aside::Aside,
    chunk::Actor,
    gate::{FormedChange, GateError, RawChange, check, form},
    line::Line,
    voucher::{Order, Voucher, Vouchers},
};
use crate::model::{DeviceId, Hash, RecordRef};

/// Lines of one document at most. Each beyond the first takes a device that wrote two histories.
pub const MAX_LINES: usize = 16;

/// A document, and what became of each change.
#[derive(Debug, Clone)]
pub struct Merged {
    kind: DocumentKind,
    main: Line,
    beside: Vec<Line>,
    /// Kept until a voucher, a certificate or a dependency arrives; ascending.
    pub waiting: Vec<Hash>,
    /// Never applied as long as the records stay what they are, and why; ascending.
    pub refused: Vec<(Hash, GateError)>,
    /// How its author vouches for each applied change.
    vouchers: BTreeMap<Hash, Voucher>,
    /// And for each that is not applied: refused, or it builds on what is not here.
    unapplied: BTreeMap<Hash, Voucher>,
    /// Runs with changes that are not on the main line.
    strayed: BTreeSet<Actor>,
}

impl Merged {
    /// A document without changes.
    pub fn nothing(kind: DocumentKind) -> Self {
        Self {
            kind,
            main: Line::default(),
            beside: Vec::new(),
            waiting: Vec::new(),
            refused: Vec::new(),
            vouchers: BTreeMap::new(),
            unapplied: BTreeMap::new(),
            strayed: BTreeSet::new(),
        }
    }

    /// The main line: what is written on.
    pub fn main(&self) -> &Line {
        &self.main
    }

    /// All lines, the main one first.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.main).chain(&self.beside)
    }

    /// The merged document of the main line.
    pub fn document(&self) -> &Automerge {
        self.main().document()
    }

    /// The heads of the main line, ascending.
    pub fn heads(&self) -> Vec<Hash> {
        self.main().heads()
    }

    /// The heads of all lines, ascending: what names everything that was applied.
    pub fn all_heads(&self) -> Vec<Hash> {
        let heads: BTreeSet<Hash> = self.lines().flat_map(Line::heads).collect();
        heads.into_iter().collect()
    }

    /// The applied changes at or before `heads`, on any line.
    pub fn before(&self, heads: &[Hash]) -> BTreeSet<Hash> {
        self.lines().flat_map(|line| line.before(heads)).collect()
    }

    /// The applied changes that somebody lacks who has the version with `heads`, each after what it
    /// builds on; heads that are not here reach nothing here.
    pub fn changes_after(&self, heads: &[Hash]) -> Vec<RawChange> {
        let mut reached = self.before(heads);
        let mut lacking = Vec::new();
        for line in self.lines() {
            let fresh = line.changes_after(heads).into_iter();
            lacking.extend(fresh.filter(|raw| reached.insert(raw.hash)));
        }
        lacking
    }

    /// Whether a change was applied, on any line.
    pub fn holds(&self, change: Hash) -> bool {
        self.vouchers.contains_key(&change)
    }

    /// How its author vouches for an applied change.
    pub fn voucher(&self, change: Hash) -> Option<&Voucher> {
        self.vouchers.get(&change)
    }

    /// What its author vouches for and is not applied, by hash: refused, or it builds on what is not
    /// here. It is passed on all the same: who holds it must have the lines of who holds it too.
    pub fn unapplied(&self) -> impl Iterator<Item = (Hash, &Voucher)> {
        self.unapplied.iter().map(|(hash, voucher)| (*hash, voucher))
    }

    /// Every change that its author vouches for, with the record.
    pub fn vouched(&self) -> impl Iterator<Item = (Hash, RecordRef)> {
        let all = self.vouchers.iter().chain(&self.unapplied);
        all.map(|(hash, voucher)| (*hash, voucher.record))
    }

    /// The record by which its author vouches for a change, applied or not.
    pub fn vouched_by(&self, change: Hash) -> Option<RecordRef> {
        let voucher = self.vouchers.get(&change).or_else(|| self.unapplied.get(&change));
        voucher.map(|voucher| voucher.record)
    }

    /// All changes that were applied, by hash.
    pub fn changes(&self) -> impl Iterator<Item = Hash> {
        self.vouchers.keys().copied()
    }

    /// Whether a run may write on: all it wrote is on the main line. One that strayed would number
    /// its next change like one that exists.
    pub fn may_go_on(&self, actor: &Actor) -> bool {
        !self.strayed.contains(actor)
    }

    /// Takes over what an earlier pass found of changes that had no say in this one.
    fn remember(&mut self, before: Self) {
        let applied = |hash: &Hash| self.vouchers.contains_key(hash);
        let refused: BTreeMap<Hash, GateError> = before
            .refused
            .into_iter()
            .filter(|(hash, _)| !applied(hash))
            .chain(std::mem::take(&mut self.refused))
            .collect();
        self.waiting.extend(before.waiting);
        self.waiting.sort_unstable();
        self.waiting.dedup();
        self.waiting.retain(|hash| !refused.contains_key(hash));
        self.refused = refused.into_iter().collect();
        self.strayed.extend(before.strayed);
    }

    /// Adds changes to what was merged before, if nothing of that can become different: no second
    /// line, nothing that waits or was refused, every voucher still there. `false`: nothing was
    /// changed, merge everything again.
    pub fn add(&mut self, fresh: &[RawChange], vouchers: &Vouchers) -> bool {
        let line = &self.main;
        let still = |(hash, voucher): (&Hash, &Voucher)| {
            vouchers.of(*hash, voucher.record.dev) == Some(voucher)
        };
        let settled = self.beside.is_empty() && self.waiting.is_empty() && self.refused.is_empty();
        if !settled || !self.vouchers.iter().all(still) {
            return false;
        }
        let fresh: Vec<RawChange> =
            fresh.iter().filter(|raw| !self.holds(raw.hash)).cloned().collect();
        let sorted = Sorted::read(self.kind, &fresh, vouchers);
        let numbered = |change: &FormedChange| change.seq > line.seq(&change.actor);
        let mut shares: BTreeMap<DeviceId, Share> = BTreeMap::new();
        for change in sorted.formed.values() {
            let author = change.author();
            let share = shares.entry(author).or_insert_with(|| line.share_of(author));
            *share = share.and(change);
        }
        let room = shares.values().all(|share| share.within(self.kind.share()));
        let order = sorted.order(&BTreeSet::new(), |hash| line.holds(hash));
        let clean = sorted.waiting.is_empty()
            && sorted.refused.is_empty()
            && sorted.aside(&order).changes.is_empty()
            && order.len() == sorted.formed.len()
            && sorted.formed.values().all(numbered);
        if !clean || !room {
            return false;
        }
        let mut grown = line.clone();
        if !grown.apply(sorted.batch(&order)).is_empty() {
            return false;
        }
        self.main = grown;
        self.vouchers.extend(sorted.vouchers);
        true
    }
}

/// Merges the vouched changes of one document.
///
/// What is not applied has no say in what is: a change that waits or is refused must not take its number
/// from one that is not.
pub fn merge(kind: DocumentKind, changes: &[RawChange], vouchers: &Vouchers) -> Merged {
    let mut sorted = Sorted::read(kind, changes, vouchers);
    let (mut merged, mut split) = merge_sorted(kind, &sorted);
    // Two passes settle it, but for a device that builds one such case upon another. The limit is no
    // matter for agreement: what is not applied is passed on as well.
    for _ in 0..MAX_LINES {
        if !split || !sorted.keep_applied(&merged) {
            break;
        }
        let (again, still) = merge_sorted(kind, &sorted);
        let before = std::mem::replace(&mut merged, again);
        merged.remember(before);
        split = still;
    }
    merged
}

/// The merge, and whether anything is aside.
fn merge_sorted(kind: DocumentKind, sorted: &Sorted) -> (Merged, bool) {
    let order = sorted.order(&BTreeSet::new(), |_| false);
    let Aside { changes: aside, devices } = sorted.aside(&order);
    let split = !aside.is_empty();
    let mut refused: BTreeMap<Hash, GateError> = sorted.refused.iter().cloned().collect();
    let mut merged = Merged::nothing(kind);
    let on_main: Vec<Hash> = order.iter().filter(|hash| !aside.contains(hash)).copied().collect();
    refused.extend(merged.main.apply(sorted.batch(&on_main)));
    let mut rest = aside;
    while !rest.is_empty() && merged.beside.len() + 1 < MAX_LINES {
        let chosen = sorted.line_of(&order, &rest, &devices);
        let agreed: Vec<Hash> =
            order.iter().filter(|hash| chosen.contains(hash)).copied().collect();
        if agreed.is_empty() {
            break;
        }
        let mut line = Line::default();
        refused.extend(line.apply(sorted.batch(&agreed)));
        let before = rest.len();
        rest.retain(|hash| !line.holds(*hash));
        if rest.len() == before {
            break;
        }
        merged.beside.push(line);
    }
    refused.extend(rest.into_iter().map(|hash| (hash, GateError::SplitTooOften)));
    let ordered: BTreeSet<Hash> = order.into_iter().collect();
    let unready = sorted.formed.keys().filter(|hash| !ordered.contains(hash)).copied();
    merged.waiting = sorted.waiting.iter().copied().chain(unready).collect();
    merged.waiting.sort_unstable();
    merged.waiting.dedup();
    let applied: BTreeSet<Hash> = merged.lines().flat_map(Line::changes).collect();
    refused.retain(|hash, _| !applied.contains(hash));
    merged.refused = refused.into_iter().collect();
    for (hash, voucher) in &sorted.vouchers {
        let to = if applied.contains(hash) { &mut merged.vouchers } else { &mut merged.unapplied };
        to.insert(*hash, *voucher);
    }
    let stray = |change: &&FormedChange| !merged.main.holds(change.hash);
    merged.strayed = sorted.formed.values().filter(stray).map(|change| change.actor).collect();
    (merged, split)
}

/// Changes by what can be said of them before any is applied.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Of the right form, and vouched for by their author.
    pub(super) formed: BTreeMap<Hash, FormedChange>,
    /// How their authors vouch for the changes here, formed or not.
    pub(super) vouchers: BTreeMap<Hash, Voucher>,
    /// Nobody who may write vouches for them yet.
    waiting: Vec<Hash>,
    refused: Vec<(Hash, GateError)>,
}

impl Sorted {
    fn read(kind: DocumentKind, changes: &[RawChange], vouchers: &Vouchers) -> Self {
        let mut sorted = Self::default();
        let mut by_author: BTreeMap<DeviceId, Vec<(Order, &RawChange)>> = BTreeMap::new();
        for raw in changes {
            if !vouchers.named(raw.hash) {
                sorted.waiting.push(raw.hash);
                continue;
            }
            match check(raw) {
                Ok(author) => match vouchers.of(raw.hash, author) {
                    Some(voucher) => {
                        sorted.vouchers.insert(raw.hash, *voucher);
                        by_author.entry(author).or_default().push((voucher.order(), raw));
                    }
                    None => sorted.refused.push((raw.hash, GateError::ForgedActor(author))),
                },
                Err(error) => sorted.refused.push((raw.hash, error)),
            }
        }
        for mut raws in by_author.into_values() {
            raws.sort_unstable();
            raws.dedup();
            sorted.read_author(kind, &raws);
        }
        sorted
    }

    /// One device's changes in the order in which it vouched for them.
    fn read_author(&mut self, kind: DocumentKind, raws: &[(Order, &RawChange)]) {
        let (mut share, mut full) = (Share::default(), false);
        // Nothing is parsed beyond the limits: a hundred thousand changes cost no more than their names.
        let most = kind.share().changes;
        for (_, raw) in raws.iter().take(most) {
            if full {
                self.refused.push((raw.hash, GateError::TooMany));
                continue;
            }
            match form(raw) {
                Ok(formed) => {
                    share = share.and(&formed);
                    if !share.within(kind.share()) {
                        full = true;
                        self.refused.push((raw.hash, GateError::TooMany));
                        continue;
                    }
                    self.formed.insert(raw.hash, formed);
                }
                Err(error) => self.refused.push((raw.hash, error)),
            }
        }
        let beyond = raws.iter().skip(most);
        self.refused.extend(beyond.map(|(_, raw)| (raw.hash, GateError::TooMany)));
    }

    /// Forgets what was not applied. `false`: there was nothing to forget.
    fn keep_applied(&mut self, merged: &Merged) -> bool {
        let before = self.formed.len();
        self.formed.retain(|hash, _| merged.holds(*hash));
        self.formed.len() < before
    }

    /// Whether a change is `later`, or before it.
    fn comes_before(&self, change: &FormedChange, later: Hash) -> bool {
        let later = self.formed.get(&later);
        later.is_some_and(|later| later.hash == change.hash || self.reaches(later, change.hash))
    }

    /// Whether `target` is before a change. Counters grow with every step, so what is older cannot
    /// lead there.
    pub(super) fn reaches(&self, change: &FormedChange, target: Hash) -> bool {
        let Some(least) = self.formed.get(&target).map(FormedChange::start_op) else { return true };
        let mut seen = BTreeSet::new();
        let mut open = change.dependencies.clone();
        while let Some(hash) = open.pop() {
            if hash == target {
                return true;
            }
            if let Some(change) = self.formed.get(&hash).filter(|_| seen.insert(hash))
                && change.start_op() > least
            {
                open.extend(&change.dependencies);
            }
        }
        false
    }

    /// Changes whose dependencies are all here or `held`, each after what it builds on, and those
    /// that are ready at the same time by their hashes. Without those in `without`.
    fn order(&self, without: &BTreeSet<Hash>, held: impl Fn(Hash) -> bool) -> Vec<Hash> {
        let mut lacking: BTreeMap<Hash, usize> = BTreeMap::new();
        let mut next: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
        let mut ready: BTreeSet<Hash> = BTreeSet::new();
        for change in self.formed.values().filter(|change| !without.contains(&change.hash)) {
            let missing: Vec<Hash> =
                change.dependencies.iter().filter(|it| !held(**it)).copied().collect();
            if missing.is_empty() {
                ready.insert(change.hash);
            }
            for dependency in &missing {
                next.entry(*dependency).or_default().push(change.hash);
            }
            lacking.insert(change.hash, missing.len());
        }
        let mut order = Vec::new();
        while let Some(hash) = ready.pop_first() {
            order.push(hash);
            for after in next.get(&hash).into_iter().flatten() {
                if let Some(count) = lacking.get_mut(after) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        ready.insert(*after);
                    }
                }
            }
        }
        order
    }

    /// As many of `rest` as agree with each other, with everything that they build on. What others
    /// built on a device's second history goes before what `devices` wrote there themselves: lines are
    /// few, and theirs must not crowd it out.
    fn line_of(
        &self,
        order: &[Hash],
        rest: &BTreeSet<Hash>,
        devices: &BTreeSet<DeviceId>,
    ) -> BTreeSet<Hash> {
        let of_others = |hash: &&Hash| {
            self.formed.get(*hash).is_some_and(|change| !devices.contains(&change.author()))
        };
        let left = || order.iter().filter(|hash| rest.contains(hash));
        let others = left().filter(of_others);
        let candidates = others.chain(left().filter(|hash| !of_others(hash)));
        let mut chosen: BTreeSet<Hash> = BTreeSet::new();
        let mut numbers: BTreeMap<(Actor, u64), Hash> = BTreeMap::new();
        let mut newest: BTreeMap<DeviceId, Hash> = BTreeMap::new();
        for hash in candidates {
            let mut with: BTreeSet<Hash> = BTreeSet::new();
            let mut open = vec![*hash];
            while let Some(hash) = open.pop() {
                if !chosen.contains(&hash)
                    && with.insert(hash)
                    && let Some(change) = self.formed.get(&hash)
                {
                    open.extend(&change.dependencies);
                }
            }
            let added = || with.iter().filter_map(|hash| self.formed.get(hash));
            let mut mine = numbers.clone();
            let agrees = added().all(|change| {
                let number = (change.actor, change.seq);
                let goes_on = newest.get(&change.author()).is_none_or(|newest| {
                    self.reaches(change, *newest) || self.comes_before(change, *newest)
                });
                goes_on && *mine.entry(number).or_insert(change.hash) == change.hash
            });
            if agrees {
                for change in added() {
                    let newest = newest.entry(change.author()).or_insert(change.hash);
                    if self.reaches(change, *newest) {
                        *newest = change.hash;
                    }
                }
                chosen.extend(with);
                numbers = mine;
            }
        }
        chosen
    }

    fn batch(&self, order: &[Hash]) -> Vec<FormedChange> {
        order.iter().filter_map(|hash| self.formed.get(hash)).cloned().collect()
    }
}
