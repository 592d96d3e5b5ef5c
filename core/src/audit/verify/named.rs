//! What the records that are shown name, and the bundle does not show: README.md section 6.
//!
//! Phones see each other's heads, versions of the Plan and receipts, and write down what they saw. Whoever keeps something from
//! the ledger cannot keep that out of it too. It is one record's word, and most of it is a phone that has not synced: so it is
//! told, and no fault. What the shore itself signed for is asked in [`super::receipts`].

use std::collections::{BTreeMap, BTreeSet};

use super::{ledger::Logged, records::Held};
use crate::{
    assess::ReceiptFact,
    audit::report::{LISTED, NamedNotShown, NotShown},
    model::{DeviceId, Hash, RecordRef},
    record::{Body, Chain, Continues, Entry, device_id},
};

const RECORD: &str = "record_not_shown";
const OTHER: &str = "record_differs";
const CHANGE: &str = "change_not_shown";
const RECEIPT: &str = "receipt_not_shown";

/// One thing that records name: the code it has where it is not shown, whose record, its number, its hash.
type Name = (&'static str, Option<DeviceId>, Option<u64>, Hash);

/// Notes what is named and not shown, ascending; of each the first record that names it.
pub(super) fn note(
    held: &Held,
    logged: &Logged<'_>,
    receipts: &[ReceiptFact],
    not_shown: &mut NotShown,
) {
    let mut names = Names {
        held,
        logged,
        receipts: receipts.iter().map(|it| it.hash).collect(),
        hashes: BTreeMap::new(),
        found: BTreeMap::new(),
    };
    held.chains.iter().flat_map(Chain::all).for_each(|entry| names.read(entry));
    let found = names.found;
    not_shown.named_more = found.len().saturating_sub(LISTED) as u64;
    let listed = found.into_iter().take(LISTED);
    not_shown.named = listed
        .map(|((code, dev, seq, hash), (by, times))| NamedNotShown {
            code,
            dev,
            seq,
            hash,
            by,
            times,
        })
        .collect();
}

struct Names<'n> {
    held: &'n Held,
    logged: &'n Logged<'n>,
    receipts: BTreeSet<Hash>,
    /// The hashes of all records of the devices that somebody named without a number.
    hashes: BTreeMap<DeviceId, BTreeSet<Hash>>,
    found: BTreeMap<Name, (RecordRef, u64)>,
}

impl Names<'_> {
    fn read(&mut self, entry: &Entry) {
        let by = entry.at;
        match entry.body() {
            Some(Body::Seen { dev, seq, head, .. }) => self.record(by, *dev, *seq, *head),
            Some(Body::Join { dev, head, .. }) => self.joined(by, *dev, *head),
            Some(Body::Genesis { continues: Some(continues), .. }) => {
                let Continues { dev, held_seq, held_head, marker_seq, marker_head, .. } = continues;
                self.record(by, *dev, *held_seq, *held_head);
                self.record(by, *dev, *marker_seq, *marker_head);
            }
            Some(Body::Certificate { key, genesis: Some(genesis), .. }) => {
                self.record(by, device_id(key), 0, *genesis);
            }
            Some(
                Body::PatrolStart { plan_heads: heads, .. }
                | Body::PlanAdopt { heads, .. }
                | Body::PlanSeen { heads }
                | Body::Document { changes: heads, .. },
            ) => {
                let unknown = heads.iter().filter(|head| !self.logged.changes.contains_key(head));
                let unknown: BTreeSet<Hash> = unknown.copied().collect();
                unknown.into_iter().for_each(|head| self.found(by, (CHANGE, None, None, head)));
            }
            Some(Body::Anchor { source: 1, subject: Some(hash), .. })
                if !self.receipts.contains(hash) =>
            {
                self.found(by, (RECEIPT, None, None, *hash));
            }
            _ => {}
        }
    }

    fn record(&mut self, by: RecordRef, dev: DeviceId, seq: u64, hash: Hash) {
        let chain = self.held.chain(dev);
        if chain.is_some_and(|chain| chain.get(seq, hash).is_some()) {
            return;
        }
        let other = chain.is_some_and(|chain| chain.has_number(seq));
        self.found(by, (if other { OTHER } else { RECORD }, Some(dev), Some(seq), hash));
    }

    fn joined(&mut self, by: RecordRef, dev: DeviceId, hash: Hash) {
        let entries = || self.held.chain(dev).into_iter().flat_map(Chain::all);
        let hashes = self
            .hashes
            .entry(dev)
            .or_insert_with(|| entries().map(|entry| entry.at.hash).collect());
        if !hashes.contains(&hash) {
            self.found(by, (RECORD, Some(dev), None, hash));
        }
    }

    fn found(&mut self, by: RecordRef, name: Name) {
        let (first, times) = self.found.entry(name).or_insert((by, 0));
        *first = by.min(*first);
        *times = times.saturating_add(1);
    }
}
