//! When each record was made: one system of time bounds over the main branches of all chains.
//!
//! What is known from outside:
//! - A receipt (dev, seq, head, time): that record, and so every one before it, was made by
//!   `time` + 1 s; receipts are dated in whole seconds.
//! - An anchor that names a receipt's hash: not made before that receipt. A receipt that is not
//!   here says nothing.
//! - An anchor by the hub's time, by a device certified as officer or hub; by GNSS or another
//!   phone, by any certified device: within the error it states.
//! - A `seen` record: made after the record whose hash it names.
//! - The shore's own records: within 1 s of the shore's clock, which dates the receipts too. Its
//!   monotonic clock is not used.
//!
//! What a phone's clock said is kept for display and never used.
//!
//! Claims that contradict each other say nothing: the chains concerned have no bounds. First those
//! that contradict themselves; then both of two that contradict each other, but never the shore;
//! then all that are connected with what is left.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Input, LATEST};
use crate::{
    authority::Roles,
    model::{DeviceId, Hash, RecordRef},
    record::{Body, Chain, Entry},
    time::{Before, Bounds, Fact, Moment, Position, Reading, TimeBounds, Track, solve},
};

const ANCHOR: u64 = 7;
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
    /// The genesis is the one that the certificate names.
    pub genesis_fits: bool,
    /// Its claims about time contradict each other or the shore's.
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
    bounds: TimeBounds,
}

impl<'a> Timeline<'a> {
    pub fn read(input: &Input<'a>) -> Self {
        let mut branches: Vec<Branch<'a>> =
            input.chains.iter().map(|chain| branch(input, chain)).collect();
        branches.sort_by_key(|branch| branch.dev);
        let mut claims = Claims::default();
        let places = Places::of(&branches);
        claims.receipts(input, &branches, &places);
        let received: BTreeMap<Hash, i64> =
            input.receipts.iter().map(|receipt| (receipt.hash, receipt.time)).collect();
        for (track, branch) in branches.iter().enumerate() {
            claims.tracks.push(track_of(input, branch));
            claims.of_branch(input, &received, &branches, &places, track);
        }
        let shore = places.0.get(&input.authority.root()).copied();
        let (bounds, contradictory) = claims.settle(shore);
        for track in contradictory {
            if let Some(branch) = branches.get_mut(track) {
                branch.contradictory = true;
            }
        }
        Self { branches, bounds }
    }

    /// When a record was made.
    pub fn at(&self, track: usize, index: usize) -> Bounds {
        match self.branches.get(track) {
            Some(branch) if !branch.contradictory => self.bounds.get(Position { track, index }),
            _ => Bounds::UNKNOWN,
        }
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
    let named = input.authority.standing(chain.dev()).and_then(|standing| standing.genesis);
    let genesis_fits =
        named.is_none_or(|genesis| entries.first().is_some_and(|entry| entry.at.hash == genesis));
    let gap = first_fork.is_none() && chain.all().count() > entries.len();
    Branch { dev: chain.dev(), entries, first_fork, gap, genesis_fits, contradictory: false }
}

fn track_of(input: &Input<'_>, branch: &Branch<'_>) -> Track {
    if branch.dev == input.authority.root() {
        return vec![None; branch.entries.len()];
    }
    let reading =
        |entry: &&Entry| entry.time.map(|time| Reading { boot: time.boot, mono: time.mono });
    branch.entries.iter().map(reading).collect()
}

/// Which track belongs to which device.
struct Places(BTreeMap<DeviceId, usize>);

impl Places {
    fn of(branches: &[Branch<'_>]) -> Self {
        Self(branches.iter().enumerate().map(|(track, branch)| (branch.dev, track)).collect())
    }

    /// The place of a record, if it is held on a main branch with this hash.
    fn find(
        &self,
        branches: &[Branch<'_>],
        dev: DeviceId,
        seq: u64,
        hash: Hash,
    ) -> Option<Position> {
        let track = *self.0.get(&dev)?;
        let index = usize::try_from(seq).ok()?;
        let entry = branches.get(track)?.entries.get(index)?;
        (entry.at.hash == hash).then_some(Position { track, index })
    }
}

#[derive(Default)]
struct Claims {
    tracks: Vec<Track>,
    facts: Vec<Fact>,
    order: Vec<Before>,
}

impl Claims {
    fn fact(&mut self, at: Position, not_before: Option<i64>, not_after: Option<i64>, eps: i64) {
        let within = |time: &i64| (0..=LATEST).contains(time);
        let not_before = not_before.filter(within).map(|time| Moment(units(time) - eps));
        let not_after = not_after.filter(within).map(|time| Moment(units(time) + eps));
        self.facts.push(Fact { at, bounds: Bounds { not_before, not_after } });
    }

    fn receipts(&mut self, input: &Input<'_>, branches: &[Branch<'_>], places: &Places) {
        for receipt in input.receipts {
            if let Some(at) = places.find(branches, receipt.dev, receipt.seq, receipt.head) {
                self.fact(at, None, receipt.time.checked_add(1), 0);
            }
        }
    }

    fn of_branch(
        &mut self,
        input: &Input<'_>,
        received: &BTreeMap<Hash, i64>,
        branches: &[Branch<'_>],
        places: &Places,
        track: usize,
    ) {
        let Some(branch) = branches.get(track) else { return };
        let shore = branch.dev == input.authority.root();
        for (index, entry) in branch.entries.iter().enumerate() {
            let at = Position { track, index };
            if shore && let Some(time) = entry.time {
                let wall = i64::try_from(time.wall).ok();
                self.fact(at, wall, wall, units(1));
            }
            if entry.kind != ANCHOR && entry.kind != SEEN {
                continue;
            }
            match entry.body() {
                Some(Body::Anchor { source: 1, subject: Some(hash), .. }) => {
                    self.fact(at, received.get(hash).copied(), None, 0);
                }
                Some(Body::Anchor { source: source @ 2..=4, time, eps, .. })
                    if *eps <= WIDEST && may_anchor(input, branch, entry, *source) =>
                {
                    let eps = i64::try_from(*eps).unwrap_or(0).saturating_mul(TENTH);
                    self.fact(at, Some(*time), Some(*time), eps);
                }
                Some(Body::Seen { dev, seq, head, .. }) if *dev != branch.dev => {
                    let seen = places.find(branches, *dev, *seq, *head);
                    self.order.extend(seen.map(|earlier| Before { earlier, later: at }));
                }
                _ => {}
            }
        }
    }

    /// Solves, and finds the tracks whose claims contradict each other.
    fn settle(mut self, shore: Option<usize>) -> (TimeBounds, BTreeSet<usize>) {
        let mut concerned = BTreeSet::new();
        let all = solve(&self.tracks, &self.facts, &self.order);
        if all.contradiction.is_none() {
            return (all, concerned);
        }
        let tracks: Vec<usize> = (0..self.tracks.len()).collect();
        concerned.extend(tracks.iter().filter(|track| self.contradicts(&[**track])));
        self.silence(&concerned);
        let pairs: BTreeSet<[usize; 2]> =
            self.order.iter().map(|order| pair(order.earlier.track, order.later.track)).collect();
        let at_odds: Vec<[usize; 2]> =
            pairs.into_iter().filter(|pair| self.contradicts(pair)).collect();
        let at_odds = at_odds.iter().flatten().filter(|track| Some(**track) != shore);
        concerned.extend(at_odds);
        self.silence(&concerned);
        loop {
            let solved = solve(&self.tracks, &self.facts, &self.order);
            let Some(contradiction) = solved.contradiction else { return (solved, concerned) };
            let before = concerned.len();
            concerned.extend(self.connected(contradiction.at.track));
            self.silence(&concerned);
            if concerned.len() == before {
                return (solved, concerned);
            }
        }
    }

    fn contradicts(&self, tracks: &[usize]) -> bool {
        let only = |at: &Position| tracks.contains(&at.track);
        let chosen: Vec<Track> = self
            .tracks
            .iter()
            .enumerate()
            .map(|(index, track)| if tracks.contains(&index) { track.clone() } else { Vec::new() })
            .collect();
        let facts: Vec<Fact> = self.facts.iter().filter(|fact| only(&fact.at)).copied().collect();
        let within = |before: &&Before| only(&before.earlier) && only(&before.later);
        let order: Vec<Before> = self.order.iter().filter(within).copied().collect();
        solve(&chosen, &facts, &order).contradiction.is_some()
    }

    /// Takes tracks out; facts about them then say nothing.
    fn silence(&mut self, concerned: &BTreeSet<usize>) {
        for track in concerned {
            if let Some(track) = self.tracks.get_mut(*track) {
                track.clear();
            }
        }
        self.facts.retain(|fact| !concerned.contains(&fact.at.track));
        let kept = |at: &Position| !concerned.contains(&at.track);
        self.order.retain(|before| kept(&before.earlier) && kept(&before.later));
    }

    fn connected(&self, track: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::from([track]);
        loop {
            let before = found.len();
            for order in &self.order {
                let pair = [order.earlier.track, order.later.track];
                if pair.iter().any(|track| found.contains(track)) {
                    found.extend(pair);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }
}

fn pair(a: usize, b: usize) -> [usize; 2] {
    if a < b { [a, b] } else { [b, a] }
}

fn units(seconds: i64) -> i64 {
    Moment::from_unix(seconds).0
}

fn may_anchor(input: &Input<'_>, branch: &Branch<'_>, entry: &Entry, source: u64) -> bool {
    let roles = input.authority.roles_at(branch.dev, entry.at.seq);
    let certified = branch.genesis_fits && roles != Roles::NONE;
    certified && (source != 2 || roles.may_adopt())
}
