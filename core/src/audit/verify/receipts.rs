//! Receipts, and the tree heads that devices acknowledged, held against the ledger: README.md section 4.7.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ledger::Logged,
    records::{Ack, Held},
};
use crate::{
    assess::ReceiptFact,
    audit::{
        parts::Parts,
        report::{CheckName, Checks, EarlierLedger, LISTED},
    },
    ledger::{empty_root, merkle::verify_consistency},
    model::{DeviceId, Hash, RecordRef},
    record::{NamedTree, Receipt, body::ACK},
};

const NAME: CheckName = CheckName::Receipts;

/// What the receipts say.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    pub facts: Vec<ReceiptFact>,
    pub notes: Vec<String>,
    /// How many name the ledger of the bundle, and how many acknowledged tree heads do.
    pub of_this: u64,
    pub acks_of_this: u64,
    /// By origin.
    pub earlier: Vec<EarlierLedger>,
}

pub(super) fn check(
    parts: &Parts<'_>,
    logged: &Logged<'_>,
    held: &Held,
    checks: &mut Checks,
) -> Receipts {
    let mut receipts = Receipts::default();
    let mut earlier = Earlier { named: held.named_ledgers(parts), found: BTreeMap::new() };
    let origin = Hash::of(parts.tree_head.head().origin.as_bytes());
    let mut trees = Trees { parts, joined: BTreeMap::new() };
    let whole: BTreeMap<DeviceId, BTreeSet<(u64, Hash)>> =
        held.chains.iter().map(|chain| (chain.dev(), chain.whole())).collect();
    for bytes in &parts.receipts {
        let Ok(receipt) = Receipt::decode(bytes) else {
            checks.fault(NAME, "receipt_malformed", "a receipt does not read");
            continue;
        };
        let what = format!("the receipt for record {} of device {}", receipt.seq, receipt.dev);
        if !receipt.is_from(&parts.manifest.shore_key) {
            checks.fault(
                NAME,
                "receipt_signature",
                format!("{what} is not signed by the vessel's shore"),
            );
            continue;
        }
        receipts.facts.push(ReceiptFact::of(&receipt));
        let has_all = |at: &BTreeSet<(u64, Hash)>| at.contains(&(receipt.seq, receipt.head));
        let has_all = whole.get(&receipt.dev).is_some_and(has_all);
        let tree = receipt.tree;
        if tree.origin == origin || tree.origin == Hash::ZERO {
            receipts.of_this += 1;
            record_of(parts, held, (&receipt, has_all), &what, &mut receipts.notes, checks);
            trees.check(&tree, &what, checks);
        } else if earlier.named.contains_key(&tree.origin) {
            earlier.receipt(&receipt, has_all);
        } else {
            let sentence = format!("{what} names a ledger that the vessel's shore never named");
            checks.fault(NAME, "ledger_unknown", sentence);
        }
    }
    for Ack { record, origin: of, size, root } in &held.acks {
        let what = format!(
            "device {} acknowledged a tree head in its record {}, which",
            record.dev, record.seq
        );
        if *of == origin {
            receipts.acks_of_this += 1;
            trees.check(&NamedTree { origin, size: *size, root: *root }, &what, checks);
        } else {
            earlier.of(*of).0.acks += 1;
        }
    }
    receipts.earlier = earlier.finish();
    for size in parts.consistency.keys().filter(|size| !trees.joined.contains_key(size)) {
        checks.fault(
            NAME,
            "proof_unneeded",
            format!("a consistency proof from {size} leaves is shown that nothing asks for"),
        );
    }
    let hidden =
        held.hidden.iter().filter(|it| it.kind == ACK && it.part == crate::record::Part::Content);
    match hidden.count() {
        0 => {}
        count => receipts
            .notes
            .push(format!("{count} acknowledged tree heads are withheld and were not compared")),
    }
    let as_of = parts.manifest.as_of;
    let by_shore = held.newest_of_shore(&parts.manifest.shore_key);
    let logged = [logged.newest_withdrawal, logged.newest_export, by_shore];
    let receipted = receipts.facts.iter().map(|fact| fact.time);
    let late = receipted.chain(logged.into_iter().flatten()).max();
    if let Some(late) = late.filter(|late| *late > as_of) {
        let late = crate::time::moment::utc(late);
        checks.fault(
            NAME,
            "as_of_too_early",
            format!("the bundle says it is as of an earlier moment than {late}, of which it knows"),
        );
    }
    receipts
}

/// Ledgers before this one. The bundle does not hold them, so their trees cannot be compared; the records can.
struct Earlier {
    /// The ledgers that the vessel's shore named, by the SHA-256 of their origin lines.
    named: BTreeMap<Hash, String>,
    found: BTreeMap<Hash, (EarlierLedger, BTreeSet<RecordRef>)>,
}

impl Earlier {
    fn of(&mut self, origin: Hash) -> &mut (EarlierLedger, BTreeSet<RecordRef>) {
        let name = self.named.get(&origin).cloned();
        self.found.entry(origin).or_insert_with(|| {
            let (lost, lost_more) = (Vec::new(), 0);
            let ledger = EarlierLedger { origin, name, receipts: 0, acks: 0, lost, lost_more };
            (ledger, BTreeSet::new())
        })
    }

    /// The shore says that it lost something; what, receipts tell.
    fn receipt(&mut self, receipt: &Receipt, has_all: bool) {
        let Receipt { dev, seq, head, tree, .. } = *receipt;
        let (ledger, lost) = self.of(tree.origin);
        ledger.receipts += 1;
        if !has_all {
            lost.insert(RecordRef { dev, seq, hash: head });
        }
    }

    fn finish(self) -> Vec<EarlierLedger> {
        let ledgers = self.found.into_values().map(|(mut ledger, lost)| {
            ledger.lost_more = lost.len().saturating_sub(LISTED) as u64;
            ledger.lost = lost.into_iter().take(LISTED).collect();
            ledger
        });
        ledgers.collect()
    }
}

/// The record that a receipt names must be there, with all before it, in a leaf that the receipt's tree had.
fn record_of(
    parts: &Parts<'_>,
    held: &Held,
    (receipt, has_all): (&Receipt, bool),
    what: &str,
    notes: &mut Vec<String>,
    checks: &mut Checks,
) {
    let chain = held.chain(receipt.dev);
    if chain.is_none_or(|chain| chain.get(receipt.seq, receipt.head).is_none()) {
        if parts.manifest.first == 0 {
            checks.fault(
                NAME,
                "receipt_contradicts",
                format!(
                    "{what} names a record with the hash {} that is not shown",
                    receipt.head.short()
                ),
            );
        } else {
            notes.push(format!("{what} names a record that is not shown"));
        }
        return;
    }
    if !has_all && parts.manifest.first == 0 {
        let sentence =
            format!("{what} says that the shore holds all before it, and not all is shown");
        checks.fault(NAME, "receipt_contradicts", sentence);
    }
    let runs = held.runs.get(&receipt.dev).map_or(&[][..], Vec::as_slice);
    let mut around =
        runs.iter().filter(|(_, run)| (run.from..=run.to).contains(&receipt.seq)).peekable();
    let shown = around.peek().is_some();
    if receipt.tree.size > 0 && shown && around.all(|(index, _)| *index >= receipt.tree.size) {
        checks.fault(
            NAME,
            "receipt_before_leaf",
            format!(
                "{what} says that the ledger of {} leaves holds it, and it was logged later",
                receipt.tree.size
            ),
        );
    }
}

/// Earlier ledgers that somebody named, each size looked at once for each root.
struct Trees<'p, 'b> {
    parts: &'p Parts<'b>,
    joined: BTreeMap<u64, Vec<(Hash, bool)>>,
}

impl Trees<'_, '_> {
    fn check(&mut self, tree: &NamedTree, what: &str, checks: &mut Checks) {
        let NamedTree { origin, size, root } = *tree;
        let head = self.parts.tree_head.head();
        let path = self.parts.consistency.get(&size).map(Vec::as_slice);
        let needs_path = size > 0 && size < head.size;
        if origin == Hash::ZERO && size > 0 {
            checks.fault(
                NAME,
                "tree_contradicts",
                format!("{what} names a tree of {size} leaves and no ledger"),
            );
            return;
        }
        if size > head.size {
            checks.fault(NAME, "tree_too_old", format!("{what} names a ledger of {size} leaves, larger than the one shown; ask for a newer bundle"));
            return;
        }
        if needs_path && path.is_none() {
            checks.fault(NAME, "proof_missing", format!("{what} names a ledger of {size} leaves, and the proof that this one grew from it is not shown"));
            return;
        }
        let holds = || match size {
            0 => root == empty_root(),
            size if size == head.size => root == head.root,
            _ => verify_consistency(size, root, head.size, head.root, path.unwrap_or_default())
                .is_ok(),
        };
        let known = if needs_path {
            let seen = self.joined.entry(size).or_default();
            match seen.iter().find(|(of, _)| *of == root) {
                Some((_, holds)) => *holds,
                None => {
                    let holds = holds();
                    seen.push((root, holds));
                    holds
                }
            }
        } else {
            holds()
        };
        if !known {
            checks.fault(NAME, "tree_contradicts", format!("{what} names a ledger of {size} leaves with the root {}, and this ledger did not grow from it: the ledger showed two faces", root.short()));
        }
    }
}
