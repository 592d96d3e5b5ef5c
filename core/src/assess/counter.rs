//! The counters of tags in causal order: which readings are replays, and what was read that nobody recorded.
//!
//! A tag counts every reading, so of two readings the later has the higher counter. A reading whose counter is not above that
//! of one certainly made before it was kept and spent later, or spent twice. Where nobody can say which came first,
//! nothing is said; but no counter can be there twice, so two such readings are a dispute in which neither counts and nobody is blamed.
//! Only checked readings count: anybody can write a high counter. A tag that is written with another key begins to count anew,
//! so counters are compared among messages of one key. One message that a device records more than once in one patrol is one reading: apps
//! and radios deliver twice, and nobody gains by it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    causal::{Causal, Position},
    timeline::Timeline,
};
use crate::{
    model::{Hash, RecordRef, TagUid},
    record::{Body, Evidence},
    time::{Bounds, Moment},
};

/// A reading of a tag that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub at: RecordRef,
    pub tag: CountedTag,
    pub counter: u64,
    place: Position,
    when: Bounds,
}

/// A tag, and the version of the key that its message was made with: what counts by itself.
pub(super) type CountedTag = (TagUid, u64);

/// What the counters say.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// By reading: the one that it repeats, or comes too late for.
    replays: BTreeMap<RecordRef, Reading>,
    /// By reading: one of the same counter of which nobody can say whether it came before.
    disputes: BTreeMap<RecordRef, Reading>,
    /// By tag: counters of readings that are accepted, each with its first record.
    used: BTreeMap<CountedTag, BTreeMap<u64, RecordRef>>,
    /// The same of those that are not checked yet, whatever key they were made with.
    open: BTreeMap<TagUid, BTreeMap<u64, RecordRef>>,
    accepted: BTreeMap<RecordRef, Reading>,
}

/// A row of readings with the highest counter up to each.
type Highest = Vec<(Reading, Reading)>;

impl Counters {
    /// `accepted` says of a record with which version of the key its check was good, `open` whether there is no check.
    pub fn read(
        timeline: &Timeline<'_>,
        accepted: impl Fn(Hash) -> Option<u64>,
        open: impl Fn(Hash) -> bool,
    ) -> Self {
        let mut counters = Self::default();
        let mut by_tag: BTreeMap<CountedTag, Vec<Reading>> = BTreeMap::new();
        let first = |counts: &mut BTreeMap<u64, RecordRef>, counter, at: RecordRef| {
            counts.entry(counter).and_modify(|first| *first = at.min(*first)).or_insert(at);
        };
        for (track, branch) in timeline.branches.iter().enumerate() {
            let mut taken: BTreeSet<(u64, CountedTag, u64, [u8; 8])> = BTreeSet::new();
            for (index, entry) in branch.entries.iter().enumerate() {
                let Some(Body::Scan(Evidence::Sun { uid, counter, mac, .. })) = entry.body() else {
                    continue;
                };
                let (uid, counter, at) = (TagUid::from(*uid), *counter, entry.at);
                let Some(version) = accepted(at.hash) else {
                    if open(at.hash) {
                        first(counters.open.entry(uid).or_default(), counter, at);
                    }
                    continue;
                };
                let tag = (uid, version);
                let patrol = entry.content.as_ref().map_or(0, |content| content.patrol);
                // Outside of a patrol nothing is gained or lost by a second one either.
                if !taken.insert((patrol, tag, counter, *mac)) {
                    continue;
                }
                first(counters.used.entry(tag).or_default(), counter, at);
                let (place, when) = (Position { track, index }, timeline.at(track, index));
                let reading = Reading { at, tag, counter, place, when };
                by_tag.entry(tag).or_default().push(reading);
                counters.accepted.insert(at, reading);
            }
        }
        if by_tag.values().any(|readings| readings.len() > 1) {
            let causal = Causal::read(timeline);
            for readings in by_tag.values() {
                counters.judge(readings, &causal);
            }
        }
        counters
    }

    /// The reading that this one repeats, if it is a replay.
    pub fn replay_of(&self, at: RecordRef) -> Option<&Reading> {
        self.replays.get(&at)
    }

    /// A reading with the same counter, where nobody can say which of the two came first.
    pub fn disputed_with(&self, at: RecordRef) -> Option<&Reading> {
        self.disputes.get(&at)
    }

    /// The accepted reading of a record; none of a copy.
    pub fn reading(&self, at: RecordRef) -> Option<&Reading> {
        self.accepted.get(&at)
    }

    /// The next lower counter of the same tag that is held, and its record.
    pub fn before(&self, reading: &Reading) -> Option<(u64, RecordRef)> {
        let (used, open) = (self.used.get(&reading.tag), self.open.get(&reading.tag.0));
        let below = |counts: &BTreeMap<u64, RecordRef>| {
            counts.range(..reading.counter).next_back().map(|(counter, at)| (*counter, *at))
        };
        let below = used.and_then(below).into_iter().chain(open.and_then(below));
        below.max_by_key(|(counter, _)| *counter)
    }

    /// Judges all readings of one tag, which stand in order of chain and place.
    fn judge(&mut self, readings: &[Reading], causal: &Causal) {
        let mut by_track: BTreeMap<usize, Vec<Reading>> = BTreeMap::new();
        let mut by_counter: BTreeMap<u64, Vec<Reading>> = BTreeMap::new();
        let mut ended: Vec<(Moment, Reading)> = Vec::new();
        for reading in readings {
            by_track.entry(reading.place.track).or_default().push(*reading);
            by_counter.entry(reading.counter).or_default().push(*reading);
            ended.extend(reading.when.not_after.map(|end| (end, *reading)));
        }
        let by_track: BTreeMap<usize, Highest> =
            by_track.into_iter().map(|(track, row)| (track, highest(row))).collect();
        ended.sort_by_key(|(end, reading)| (*end, reading.at));
        let ends: Vec<Moment> = ended.iter().map(|(end, _)| *end).collect();
        let by_end = highest(ended.into_iter().map(|(_, reading)| reading).collect());
        for reading in readings {
            let in_chains = by_track.iter().map(|(track, row)| {
                let count = causal.made_before(*track, reading.place);
                row.get(..row.partition_point(|(other, _)| other.place.index < count))
            });
            let start = reading.when.not_before;
            let in_time = start.map(|start| by_end.get(..ends.partition_point(|end| *end < start)));
            let tops = in_chains.chain(in_time).flatten().filter_map(<[_]>::last);
            let earlier = tops.map(|(_, top)| top).find(|top| top.counter >= reading.counter);
            let twin = || {
                let same = by_counter.get(&reading.counter)?;
                same.iter().find(|other| other.at != reading.at && !before(reading, other, causal))
            };
            if let Some(other) = earlier {
                self.replays.insert(reading.at, *other);
            } else if let Some(other) = twin() {
                self.disputes.insert(reading.at, *other);
            }
        }
    }
}

fn highest(row: Vec<Reading>) -> Highest {
    let mut top: Option<Reading> = None;
    let with_top = row.into_iter().map(|reading| {
        let best = top.filter(|top| top.counter >= reading.counter).unwrap_or(reading);
        top = Some(best);
        (reading, best)
    });
    with_top.collect()
}

/// Whether `one` was certainly made before `other`.
fn before(one: &Reading, other: &Reading, causal: &Causal) -> bool {
    let in_time = one.when.not_after.is_some_and(|end| other.when.surely_after(end));
    in_time || one.place.index < causal.made_before(one.place.track, other.place)
}
