//! Which scans wait for somebody who holds the keys: kept while records are decoded, so that no sync looks
//! through all of them.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    model::{DeviceId, Hash, RecordRef},
    record::{Body, Entry},
};

/// Scans of tags and displays with keys, and the last word of the shore about each.
#[derive(Debug, Default)]
pub struct UncheckedScans {
    open: BTreeSet<RecordRef>,
    by_hash: BTreeMap<Hash, RecordRef>,
    /// By the scan: seq of the check in the shore's chain, and its result.
    checks: BTreeMap<Hash, (u64, u64)>,
}

impl UncheckedScans {
    pub(super) fn add(&mut self, entry: &Entry, root: DeviceId) {
        match entry.body() {
            Some(Body::Scan(evidence)) if evidence.needs_check() => {
                self.by_hash.insert(entry.at.hash, entry.at);
                if !self.checks.contains_key(&entry.at.hash) {
                    self.open.insert(entry.at);
                }
            }
            Some(Body::TagCheck { record, result, .. }) if entry.at.dev == root => {
                let word = (entry.at.seq, *result);
                let last = self.checks.entry(*record).or_insert(word);
                *last = word.max(*last);
                if let Some(at) = self.by_hash.get(record) {
                    self.open.remove(at);
                }
            }
            _ => {}
        }
    }

    /// Scans that nobody has checked, by device and seq.
    pub fn open(&self) -> impl Iterator<Item = RecordRef> {
        self.open.iter().copied()
    }

    /// Scans whose last check had one of these results, by device and seq.
    pub fn with_result(&self, results: &[u64]) -> Vec<(RecordRef, u64)> {
        let checked = self.by_hash.iter().filter_map(|(hash, at)| {
            let (_, result) = self.checks.get(hash)?;
            results.contains(result).then_some((*at, *result))
        });
        let mut found: Vec<(RecordRef, u64)> = checked.collect();
        found.sort_unstable();
        found
    }
}
