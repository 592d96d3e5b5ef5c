//! What a leaf about a segment is about: a run of records, whatever is shown of them. FORMAT.md section 3.

use std::collections::BTreeMap;

use crate::{
    model::{DeviceId, Hash},
    record::{
        CborError, Entry, VerifiedSegment,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 1;

/// Records of one device without a gap, named so that every copy of them gives the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedRun {
    /// The author.
    pub dev: DeviceId,
    /// Seq of the first record.
    pub from: u64,
    /// Hash of the record before the first.
    pub prev: Hash,
    /// Seq of the last record.
    pub to: u64,
    /// Hash of the last record.
    pub head: Hash,
}

impl LoggedRun {
    /// All records of a segment.
    pub fn of(segment: &VerifiedSegment) -> Self {
        Self {
            dev: segment.dev,
            from: segment.from(),
            prev: segment.prev,
            to: segment.to(),
            head: segment.head(),
        }
    }

    /// The records of a segment from seq `first` on: what a ledger that holds the ones before logs of it. `None`: it holds
    /// them all.
    pub fn since(segment: &VerifiedSegment, first: u64) -> Option<Self> {
        let whole = Self::of(segment);
        if first <= whole.from {
            return Some(whole);
        }
        let entry = segment.entries.iter().find(|entry| entry.at.seq == first)?;
        Some(Self { from: first, prev: entry.prev, ..whole })
    }

    /// The runs that hold each of these records of one device once, and no other: what a ledger that covers none of them
    /// logs. In any order, of any branch. Ascending by the last record's seq, then hash.
    pub fn covering<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Vec<Self> {
        let entries: BTreeMap<(u64, Hash), &Entry> =
            entries.into_iter().map(|entry| ((entry.at.seq, entry.at.hash), entry)).collect();
        let mut runs: Vec<Self> = Vec::new();
        // By the record that a run would go on with, from its last record down.
        let mut open: BTreeMap<(u64, Hash), usize> = BTreeMap::new();
        for ((seq, hash), entry) in entries.into_iter().rev() {
            let at = open.remove(&(seq, hash)).unwrap_or(runs.len());
            match runs.get_mut(at) {
                Some(run) => (run.from, run.prev) = (seq, entry.prev),
                None => {
                    let (dev, prev) = (entry.at.dev, entry.prev);
                    runs.push(Self { dev, from: seq, prev, to: seq, head: hash });
                }
            }
            if let Some(before) = seq.checked_sub(1) {
                open.insert((before, entry.prev), at);
            }
        }
        runs.reverse();
        runs
    }

    /// Whether these verified records contain the run. They may have been shown in part.
    pub fn is_in(&self, segment: &VerifiedSegment) -> bool {
        let at = |seq| segment.entries.iter().find(|entry| entry.at.seq == seq);
        self.dev == segment.dev
            && self.from <= self.to
            && at(self.from).is_some_and(|first| first.prev == self.prev)
            && at(self.to).is_some_and(|last| last.at.hash == self.head)
    }

    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(6).uint(VERSION).bytes(&self.dev.0).uint(self.from).bytes(&self.prev.0);
        to.uint(self.to).bytes(&self.head.0);
        to.finish()
    }

    /// Reads the content's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(6)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a run of version 1"));
        }
        let run = Self {
            dev: DeviceId(from.fixed()?),
            from: from.uint()?,
            prev: from.hash()?,
            to: from.uint()?,
            head: from.hash()?,
        };
        if run.from > run.to || (run.from == 0) != (run.prev == Hash::ZERO) {
            return Err(CborError::Expected("a run of at least one record"));
        }
        Ok(run)
    }

    /// What the leaf names.
    pub fn subject(&self) -> Hash {
        Hash::of(&self.encode())
    }
}
