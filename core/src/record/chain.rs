//! All held records of one device: the set, its main branch, gaps and forks.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    body::{Body, PublicKeyBytes},
    fact::Entry,
    segment::VerifiedSegment,
};
use crate::model::{DeviceId, Hash, RecordRef};

/// Two different records with one (device, seq): proof that a chain was continued twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Fork {
    /// The one on the main branch, or the one with the smaller hash.
    pub one: RecordRef,
    /// The other.
    pub other: RecordRef,
}

/// The records of one device, as a grow-only set keyed (seq, hash). Inserting in any order, any
/// number of times, gives the same chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    dev: DeviceId,
    records: BTreeMap<(u64, Hash), Entry>,
}

impl Chain {
    /// No records yet.
    pub fn new(dev: DeviceId) -> Self {
        Self { dev, records: BTreeMap::new() }
    }

    /// The author.
    pub fn dev(&self) -> DeviceId {
        self.dev
    }

    /// Adds the records of a verified segment. A part that was withheld before is filled in.
    pub fn insert(&mut self, segment: VerifiedSegment) {
        for entry in segment.entries {
            self.insert_entry(entry);
        }
    }

    /// Adds one verified record.
    pub fn insert_entry(&mut self, entry: Entry) {
        let held =
            self.records.entry((entry.at.seq, entry.at.hash)).or_insert_with(|| entry.clone());
        held.time = held.time.or(entry.time);
        held.person = held.person.or(entry.person);
        if held.content.is_none() {
            held.content = entry.content;
        }
    }

    /// Every held record, by seq, then hash.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.records.values()
    }

    /// A record by its place and hash.
    pub fn get(&self, seq: u64, hash: Hash) -> Option<&Entry> {
        self.records.get(&(seq, hash))
    }

    /// Whether any record with this number is held.
    pub fn has_number(&self, seq: u64) -> bool {
        self.records.range((seq, Hash::ZERO)..=(seq, Hash([0xff; 32]))).next().is_some()
    }

    /// The records from which following `prev` leads to number 0 without a gap.
    pub fn whole(&self) -> BTreeSet<(u64, Hash)> {
        let mut whole = BTreeSet::new();
        for (&(seq, hash), entry) in &self.records {
            let before = seq.checked_sub(1).map(|seq| (seq, entry.prev));
            if before.is_none_or(|before| whole.contains(&before)) {
                whole.insert((seq, hash));
            }
        }
        whole
    }

    /// The main branch: from the genesis without a gap, the longest one, of equals the one whose
    /// head has the smallest hash. The choice depends on the set alone.
    pub fn main_branch(&self) -> Vec<&Entry> {
        // How far each record can be followed, computed from the back; a fork is rare, so the map
        // of lengths holds one value for nearly every seq.
        let mut reach: BTreeMap<(u64, Hash), (u64, Hash, Option<Hash>)> = BTreeMap::new();
        let mut best_child: BTreeMap<Hash, (u64, Hash, Hash)> = BTreeMap::new();
        for (&(seq, hash), entry) in self.records.iter().rev() {
            let child = best_child.get(&hash).copied().filter(|(_, _, child)| {
                seq.checked_add(1).is_some_and(|next| self.records.contains_key(&(next, *child)))
            });
            let (last, head, next) =
                child.map_or((seq, hash, None), |(last, head, child)| (last, head, Some(child)));
            reach.insert((seq, hash), (last, head, next));
            let rival = best_child.get(&entry.prev);
            if rival.is_none_or(|(rival_last, rival_head, _)| {
                (last, std::cmp::Reverse(head)) > (*rival_last, std::cmp::Reverse(*rival_head))
            }) {
                best_child.insert(entry.prev, (last, head, hash));
            }
        }
        let mut branch = Vec::new();
        let mut at = best_child
            .get(&Hash::ZERO)
            .map(|(_, _, hash)| (0, *hash))
            .filter(|key| self.records.contains_key(key));
        while let Some(key) = at {
            branch.extend(self.records.get(&key));
            at = reach
                .get(&key)
                .and_then(|(_, _, next)| next.map(|next| (key.0.saturating_add(1), next)));
        }
        branch
    }

    /// All pairs of different records at one seq; bounded by what is held.
    pub fn forks(&self) -> Vec<Fork> {
        let mut forks = Vec::new();
        let mut before: Option<&Entry> = None;
        for entry in self.records.values() {
            if let Some(first) = before
                && first.at.seq == entry.at.seq
            {
                forks.push(Fork { one: first.at, other: entry.at });
                continue;
            }
            before = Some(entry);
        }
        forks
    }

    /// The author's full key: it stands in the genesis.
    pub fn key(&self) -> Option<PublicKeyBytes> {
        self.records.range((0, Hash::ZERO)..(1, Hash::ZERO)).find_map(|(_, entry)| {
            match entry.body() {
                Some(Body::Genesis { key, .. }) => Some(*key),
                _ => None,
            }
        })
    }
}

/// One contiguous stretch of records that somebody holds: FORMAT.md section 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Seq of its first record.
    pub from: u64,
    /// Seq of its last record.
    pub to: u64,
    /// Hash of its last record.
    pub head: Hash,
}

/// A held segment without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Seq of its first record.
    pub from: u64,
    /// Seq of its last record.
    pub to: u64,
    /// Hash before the first record.
    pub prev: Hash,
    /// Hash of the last record.
    pub head: Hash,
}

/// Joins the segments of one device into runs, one per contiguous stretch and branch. A branch
/// reaches back over what it shares with others.
pub fn runs(spans: impl IntoIterator<Item = Span>) -> Vec<Run> {
    let mut spans: Vec<Span> = spans.into_iter().collect();
    spans.sort_unstable();
    spans.dedup();
    // Where the run that ends at (seq, head) begins, and whether another segment goes on from there.
    let mut ends: BTreeMap<(u64, Hash), (u64, bool)> = BTreeMap::new();
    for span in spans {
        let before = span.from.checked_sub(1).and_then(|seq| ends.get_mut(&(seq, span.prev)));
        let from = before.map_or(span.from, |(from, goes_on)| {
            *goes_on = true;
            *from
        });
        let held = ends.entry((span.to, span.head)).or_insert((from, false));
        held.0 = held.0.min(from);
    }
    let tips = ends.into_iter().filter(|(_, (_, goes_on))| !goes_on);
    let mut runs: Vec<Run> = tips.map(|((to, head), (from, _))| Run { from, to, head }).collect();
    runs.sort_unstable();
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(n: u64) -> Hash {
        Hash::of(&n.to_be_bytes())
    }

    fn entry(seq: u64, prev: Hash, this: Hash) -> Entry {
        let at = RecordRef { dev: DeviceId([1; 8]), seq, hash: this };
        Entry { at, prev, kind: 2, time: None, person: None, content: None }
    }

    /// Two branches from seq 3 on, of different length.
    fn forked() -> Vec<Entry> {
        let mut entries: Vec<Entry> = (0..6)
            .map(|seq| entry(seq, if seq == 0 { Hash::ZERO } else { hash(seq - 1) }, hash(seq)))
            .collect();
        entries.push(entry(3, hash(2), hash(103)));
        entries.push(entry(4, hash(103), hash(104)));
        entries
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
            let entries = forked();
            let mut chain = Chain::new(DeviceId([1; 8]));
            for index in order.iter().chain(&order) {
                chain.insert_entry(entries[*index].clone());
            }
            let seqs: Vec<Hash> = chain.main_branch().iter().map(|entry| entry.at.hash).collect();
            prop_assert_eq!(seqs, (0..6).map(hash).collect::<Vec<_>>());
            prop_assert_eq!(chain.forks().len(), 2);
            prop_assert_eq!(chain.all().count(), 8);
        }
    }

    #[test]
    fn a_gap_ends_the_main_branch() {
        let mut chain = Chain::new(DeviceId([1; 8]));
        for entry in forked().into_iter().filter(|entry| entry.at.seq != 2) {
            chain.insert_entry(entry);
        }
        assert_eq!(chain.main_branch().len(), 2);
        assert_eq!(chain.whole(), [(0, hash(0)), (1, hash(1))].into());
        assert_eq!([1, 2, 3].map(|seq| chain.has_number(seq)), [true, false, true]);
        assert_eq!(Chain::new(DeviceId([1; 8])).main_branch().len(), 0);
    }

    #[test]
    fn runs_join_what_is_contiguous_and_keep_branches_apart() {
        let span = |from: u64, to: u64, prev: u64, head: u64| Span {
            from,
            to,
            prev: if from == 0 { Hash::ZERO } else { hash(prev) },
            head: hash(head),
        };
        let held = [span(3, 5, 2, 5), span(0, 2, 0, 2), span(3, 4, 2, 104), span(9, 9, 8, 9)];
        let runs = runs(held);
        assert_eq!(runs.len(), 3);
        assert!(runs.contains(&Run { from: 9, to: 9, head: hash(9) }));
        // Both branches reach back over the beginning that they share.
        assert_eq!(runs.iter().filter(|run| run.from == 0).count(), 2);
    }
}
