//! When each record was made: one system of time bounds over the main branches of all chains.
//!
//! What is known from outside; `time/claim.rs` says how it ranks:
//! - A receipt (dev, seq, head, time): that record, and so every one before it, was made by
//!   `time` + 1 s; receipts are dated in whole seconds.
//! - An anchor that names a receipt's hash: not made before that receipt. A receipt that is not
//!   here says nothing.
//! - An `ack` of a tree head that a receipt names too: not made before the last receipt in a smaller
//!   tree of that ledger.
//! - `seen`, `join`, and a genesis that continues a chain: made after the record whose hash it names.
//! - The shore's own records: within 1 s of the shore's clock, which dates the receipts too. Its
//!   monotonic clock is not used.
//! - An anchor by the hub's time, by a device certified as officer or hub; by GNSS or another
//!   phone, by any certified device: within the error it states, and for its own chain alone.
//!
//! A `boot` record says nothing more than its reading: a line of its own begins. What a phone's clock
//! said is kept for display and never used.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Input, LATEST, ReceiptFact};
use crate::{
    authority::Roles,
    model::{DeviceId, Hash, RecordRef},
    record::{
        Body, Chain, Continues, Entry, NamedTree,
        body::{ACK, ANCHOR, GENESIS},
    },
    time::{
        Before, Bounds, Contradiction, Fact, Known, Moment, Place, Reading, Source, Times, Via,
    },
};

const JOIN: u64 = 10;
const SEEN: u64 = 15;
/// Units of 10 µs in 0.1 s.
const TENTH: i64 = 10_000;
/// An anchor that states a larger error (a year, in 0.1 s) says nothing.
const WIDEST: u64 = 366 * 864_000;

/// The main branch of one chain. A record's place in it is its seq.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    pub dev: DeviceId,
    pub entries: Vec<&'a Entry>,
    /// The lowest seq with two different records.
    pub first_fork: Option<u64>,
    /// Records are held that do not stand on the main branch, nor on a fork of it.
    pub gap: bool,
    /// The genesis is the one that the certificate names, with the certified key.
    pub genesis_fits: bool,
    /// What it says about time in some boot contradicts others, and is left out.
    pub contradictory: bool,
}

impl Branch<'_> {
    /// How many of its records were certainly written by the certified device.
    pub fn trusted_len(&self, last_trusted_seq: Option<u64>) -> usize {
        if !self.genesis_fits {
            return 0;
        }
        let trusted = last_trusted_seq.and_then(|seq| usize::try_from(seq).ok());
        let trusted = trusted.map_or(usize::MAX, |seq| seq.saturating_add(1));
        self.entries.len().min(trusted)
    }
}

/// All main branches in order of their devices, and when their records were made.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub branches: Vec<Branch<'a>>,
    times: Times,
}

impl<'a> Timeline<'a> {
    pub fn read(input: &Input<'a>) -> Self {
        let mut branches: Vec<Branch<'a>> =
            input.chains.iter().map(|chain| branch(input, chain)).collect();
        branches.sort_by_key(|branch| branch.dev);
        let places = Places::of(&branches);
        let mut claims = Claims::new(input, &branches, &places);
        claims.receipts();
        branches.iter().for_each(|branch| claims.branch(branch));
        let mut times = claims.times;
        times.settle();
        for branch in &mut branches {
            branch.contradictory = times.contradicts(branch.dev);
        }
        Self { branches, times }
    }

    /// When a record was made.
    pub fn at(&self, track: usize, index: usize) -> Bounds {
        self.known(track, index).bounds()
    }

    /// When a record was made, and how that is known.
    pub fn known(&self, track: usize, index: usize) -> Known {
        let entry = self.entry(track, index);
        entry.map_or_else(Known::default, |entry| self.times.at(place(entry)))
    }

    /// Whether what the device says about time is left out for one of these records.
    pub fn contradictory(&self, track: usize, mut places: std::ops::RangeInclusive<usize>) -> bool {
        let left_out = |index| {
            self.entry(track, index).is_some_and(|entry| self.times.is_left_out(place(entry)))
        };
        let branch = self.branches.get(track);
        branch.is_some_and(|branch| branch.contradictory) && places.any(left_out)
    }

    /// What is claimed and cannot all be true.
    pub fn contradictions(&self) -> impl Iterator<Item = &Contradiction> {
        self.times.contradictions()
    }

    /// The contradictions that leave out what the device says of one of these records.
    pub fn contradictions_of(
        &self,
        track: usize,
        places: std::ops::RangeInclusive<usize>,
    ) -> Vec<&Contradiction> {
        let boot = |index| self.entry(track, index).and_then(|entry| entry.time).map(|it| it.boot);
        let boots: BTreeSet<[u8; 8]> = places.filter_map(boot).collect();
        let within = |at: &Place| {
            let index = usize::try_from(at.seq).ok();
            self.track(at.dev) == Some(track)
                && index.and_then(boot).is_some_and(|boot| boots.contains(&boot))
        };
        let all = || self.times.contradictions();
        let of = all().filter(|one| one.places().iter().any(within));
        let found: Vec<&Contradiction> = of.collect();
        if !found.is_empty() {
            return found;
        }
        let of =
            |one: &&Contradiction| one.places().iter().any(|at| self.track(at.dev) == Some(track));
        all().filter(of).collect()
    }

    /// A record by its place on a main branch.
    pub fn record(&self, at: Place) -> Option<RecordRef> {
        let index = usize::try_from(at.seq).ok()?;
        self.entry(self.track(at.dev)?, index).map(|entry| entry.at)
    }

    /// When a record was made that stands on a main branch.
    pub fn when(&self, record: RecordRef) -> Option<Bounds> {
        let (track, index) = (self.track(record.dev)?, usize::try_from(record.seq).ok()?);
        let entry = self.entry(track, index).filter(|entry| entry.at == record)?;
        Some(self.at(track, usize::try_from(entry.at.seq).ok()?))
    }

    /// The record at a place.
    pub fn entry(&self, track: usize, index: usize) -> Option<&'a Entry> {
        self.branches.get(track).and_then(|branch| branch.entries.get(index)).copied()
    }

    /// The place of a device's branch.
    pub fn track(&self, dev: DeviceId) -> Option<usize> {
        self.branches.binary_search_by_key(&dev, |branch| branch.dev).ok()
    }
}

fn branch<'a>(input: &Input<'a>, chain: &'a Chain) -> Branch<'a> {
    let entries = chain.main_branch();
    let first_fork = chain.forks().iter().map(|fork| fork.one.seq).min();
    let standing = input.authority.standing(chain.dev());
    let named = standing.and_then(|standing| standing.genesis);
    let genesis_fits = !standing.is_some_and(|standing| standing.other_key)
        && named.is_none_or(|genesis| entries.first().is_some_and(|it| it.at.hash == genesis));
    let gap = first_fork.is_none() && chain.all().count() > entries.len();
    Branch { dev: chain.dev(), entries, first_fork, gap, genesis_fits, contradictory: false }
}

fn place(entry: &Entry) -> Place {
    Place { dev: entry.at.dev, seq: entry.at.seq }
}

/// Which track belongs to which device.
struct Places(BTreeMap<DeviceId, usize>);

impl Places {
    fn of(branches: &[Branch<'_>]) -> Self {
        Self(branches.iter().enumerate().map(|(track, branch)| (branch.dev, track)).collect())
    }

    /// The place of a record, if it is held on a main branch with this hash.
    fn find(&self, branches: &[Branch<'_>], dev: DeviceId, seq: u64, hash: Hash) -> Option<Place> {
        let track = *self.0.get(&dev)?;
        let index = usize::try_from(seq).ok()?;
        let entry = branches.get(track)?.entries.get(index)?;
        (entry.at.hash == hash).then_some(place(entry))
    }
}

/// Collects what is claimed of all branches.
struct Claims<'a> {
    input: &'a Input<'a>,
    branches: &'a [Branch<'a>],
    places: &'a Places,
    /// By hash, of the receipts that are here.
    received: BTreeMap<Hash, i64>,
    trees: Trees,
    /// Of the devices that somebody joined: seq by hash.
    heads: BTreeMap<DeviceId, BTreeMap<Hash, u64>>,
    times: Times,
}

impl<'a> Claims<'a> {
    fn new(input: &'a Input<'a>, branches: &'a [Branch<'a>], places: &'a Places) -> Self {
        let received = input.receipts.iter().map(|receipt| (receipt.hash, receipt.time)).collect();
        let (trees, heads, times) = (Trees::of(input), BTreeMap::new(), Times::default());
        Self { input, branches, places, received, trees, heads, times }
    }

    fn fact(
        &mut self,
        at: Place,
        source: Source,
        [not_before, not_after]: [Option<i64>; 2],
        eps: i64,
    ) {
        let within = |time: &i64| (0..=LATEST).contains(time);
        let not_before = not_before.filter(within).map(|time| Moment(units(time) - eps));
        let not_after = not_after.filter(within).map(|time| Moment(units(time) + eps));
        self.times.fact(Fact { at, source, bounds: Bounds { not_before, not_after } });
    }

    fn receipts(&mut self) {
        for ReceiptFact { dev, seq, head, time, .. } in self.input.receipts {
            if let Some(at) = self.places.find(self.branches, *dev, *seq, *head) {
                self.fact(at, Source::Receipt, [None, time.checked_add(1)], 0);
            }
        }
    }

    fn branch(&mut self, branch: &Branch<'_>) {
        let shore = branch.dev == self.input.authority.root();
        for entry in &branch.entries {
            let at = Place { dev: branch.dev, seq: entry.at.seq };
            let reading = entry.time.filter(|_| !shore);
            let reading = reading.map(|time| Reading { boot: time.boot, mono: time.mono });
            self.times.record(at, reading);
            if shore && let Some(time) = entry.time {
                let wall = i64::try_from(time.wall).ok();
                self.fact(at, Source::ShoreClock, [wall, wall], units(1));
            }
            if matches!(entry.kind, GENESIS | ANCHOR | JOIN | SEEN | ACK) {
                self.says(branch, entry, at);
            }
        }
    }

    /// What a record says of its own time, or of another chain's.
    fn says(&mut self, branch: &Branch<'_>, entry: &Entry, at: Place) {
        match entry.body() {
            Some(Body::Anchor { source: 1, subject: Some(hash), .. }) => {
                let time = self.received.get(hash).copied();
                self.fact(at, Source::AfterReceipt, [time, None], 0);
            }
            Some(Body::Anchor { source: number @ 2..=4, time, eps, .. })
                if *eps <= WIDEST && may_anchor(self.input, branch, entry, *number) =>
            {
                let source = match number {
                    2 => Source::Hub,
                    3 => Source::Gnss,
                    _ => Source::Phone,
                };
                let eps = i64::try_from(*eps).unwrap_or(0).saturating_mul(TENTH);
                self.fact(at, source, [Some(*time), Some(*time)], eps);
            }
            Some(Body::Seen { dev, seq, head, .. }) => {
                self.names(at, (*dev, *seq, *head), Via::Seen)
            }
            Some(Body::Join { dev, head, .. }) => {
                if let Some(seq) = self.seq_of(*dev, *head) {
                    self.names(at, (*dev, seq, *head), Via::Join);
                }
            }
            Some(Body::Ack { origin, size, root }) => {
                let named = NamedTree { origin: *origin, size: *size, root: *root };
                let time = self.trees.not_before(&named);
                self.fact(at, Source::AfterTreeHead, [time, None], 0);
            }
            Some(Body::Genesis { continues: Some(continues), .. }) => {
                let Continues { dev, held_seq, held_head, marker_seq, marker_head, .. } = continues;
                self.names(at, (*dev, *held_seq, *held_head), Via::Continues);
                self.names(at, (*dev, *marker_seq, *marker_head), Via::Continues);
            }
            _ => {}
        }
    }

    fn names(&mut self, later: Place, (dev, seq, head): (DeviceId, u64, Hash), via: Via) {
        if let Some(earlier) = self.places.find(self.branches, dev, seq, head) {
            self.times.before(Before { earlier, later, via });
        }
    }

    fn seq_of(&mut self, dev: DeviceId, head: Hash) -> Option<u64> {
        let branch = self.branches.get(*self.places.0.get(&dev)?)?;
        let heads = self.heads.entry(dev).or_insert_with(|| {
            branch.entries.iter().map(|entry| (entry.at.hash, entry.at.seq)).collect()
        });
        heads.get(&head).copied()
    }
}

/// The trees that receipts name.
struct Trees {
    known: BTreeSet<NamedTree>,
    /// By ledger and size: the newest receipt in a tree of at most this size.
    newest: BTreeMap<Hash, BTreeMap<u64, i64>>,
    /// By ledger and size: the earliest receipt in a tree of at least this size.
    earliest: BTreeMap<Hash, BTreeMap<u64, i64>>,
}

impl Trees {
    fn of(input: &Input<'_>) -> Self {
        let known = input.receipts.iter().map(|receipt| receipt.tree).collect();
        let mut newest: BTreeMap<Hash, BTreeMap<u64, i64>> = BTreeMap::new();
        let mut earliest = newest.clone();
        for ReceiptFact { tree: NamedTree { origin, size, .. }, time, .. } in input.receipts {
            let known = newest.entry(*origin).or_default().entry(*size).or_insert(*time);
            *known = (*known).max(*time);
            let known = earliest.entry(*origin).or_default().entry(*size).or_insert(*time);
            *known = (*known).min(*time);
        }
        for times in newest.values_mut() {
            let mut latest = i64::MIN;
            for time in times.values_mut() {
                latest = latest.max(*time);
                *time = latest;
            }
        }
        for times in earliest.values_mut() {
            let mut least = i64::MAX;
            for time in times.values_mut().rev() {
                least = least.min(*time);
                *time = least;
            }
        }
        Self { known, newest, earliest }
    }

    /// The shore signs receipts in its newest tree: a tree head was not there before the last
    /// receipt in a smaller tree. A head that no receipt names says nothing.
    fn not_before(&self, named: &NamedTree) -> Option<i64> {
        self.known.contains(named).then_some(())?;
        let NamedTree { origin, size, .. } = named;
        let newest = self.newest.get(origin)?.range(..size).next_back().map(|(_, time)| *time)?;
        // The shore's clock may have been set back: nobody else is to be blamed for it.
        let earliest = self.earliest.get(origin)?.range(size..).next().map(|(_, time)| *time);
        Some(earliest.map_or(newest, |earliest| newest.min(earliest)))
    }
}

fn units(seconds: i64) -> i64 {
    Moment::from_unix(seconds).0
}

fn may_anchor(input: &Input<'_>, branch: &Branch<'_>, entry: &Entry, source: u64) -> bool {
    let roles = input.authority.roles_at(branch.dev, entry.at.seq);
    let certified = branch.genesis_fits && roles != Roles::NONE;
    certified && (source != 2 || roles.may_adopt())
}
