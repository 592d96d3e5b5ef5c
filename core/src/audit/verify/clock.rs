//! Whether the shore's clock went back while its ledger grew: README.md section 4.7.

use std::collections::BTreeMap;

use crate::{assess::ReceiptFact, audit::report::ClockSetBack, model::Hash};

/// A receipt that names a larger tree of the same ledger was signed later. `None`: no time says otherwise.
pub(super) fn set_back(receipts: &[ReceiptFact]) -> Option<ClockSetBack> {
    let mut by_tree: BTreeMap<(Hash, u64), Vec<i64>> = BTreeMap::new();
    for receipt in receipts {
        let tree = receipt.tree;
        by_tree.entry((tree.origin, tree.size)).or_default().push(receipt.time);
    }
    let mut found: Option<ClockSetBack> = None;
    let mut newest: Option<(Hash, i64)> = None;
    for ((origin, _), times) in by_tree {
        let before = newest.filter(|(of, _)| *of == origin).map(|(_, time)| time);
        for time in &times {
            let Some(before) = before.filter(|before| before > time) else { continue };
            let secs = before.saturating_sub(*time);
            let step = found.get_or_insert(ClockSetBack { secs: 0, receipts: 0, from: 0, to: 0 });
            step.receipts += 1;
            if secs > step.secs {
                (step.secs, step.from, step.to) = (secs, before, *time);
            }
        }
        newest = before.max(times.into_iter().max()).map(|time| (origin, time));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::DeviceId, record::NamedTree};

    fn receipts(signed: &[(u64, i64)]) -> Vec<ReceiptFact> {
        let receipt = |(size, time): &(u64, i64)| {
            let (hash, head) = (Hash::of(&time.to_be_bytes()), Hash::ZERO);
            let tree = NamedTree { origin: Hash::ZERO, size: *size, root: Hash::ZERO };
            ReceiptFact { dev: DeviceId([1; 8]), seq: 0, head, time: *time, hash, tree }
        };
        signed.iter().map(receipt).collect()
    }

    #[test]
    fn a_larger_tree_with_an_earlier_time_is_seen_in_any_order() {
        assert_eq!(set_back(&[]), None);
        assert_eq!(set_back(&receipts(&[(1, 5), (1, 3), (2, 5), (7, 9)])), None);
        let signed = receipts(&[(9, 100), (3, 130), (8, 128), (2, 90)]);
        let expected = ClockSetBack { secs: 30, receipts: 2, from: 130, to: 100 };
        assert_eq!(set_back(&signed), Some(expected));
        let reversed: Vec<ReceiptFact> = signed.into_iter().rev().collect();
        assert_eq!(set_back(&reversed), Some(expected));
        // Trees of two ledgers have no order.
        let mut apart = receipts(&[(3, 130), (9, 100)]);
        apart[0].tree.origin = Hash::of(b"another");
        assert_eq!(set_back(&apart), None);
    }
}
