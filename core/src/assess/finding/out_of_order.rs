//! Points of an ordered route visited in another order.
//!
//! Each phone is looked at alone: between two phones the order of two scans is rarely certain. A
//! point that one phone visited in its place is in its place, whatever another did.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Counted, Detail, Detector, Finding, Severity};
use crate::{
    assess::words,
    model::{CheckpointId, RecordRef},
    plan::Walk,
};

pub(super) const DETECTOR: Detector = Detector {
    code: "out_of_order",
    sees: "first visits of an ordered route in another order than the plan's",
    formula: "first visits of each phone - points in any phone's longest increasing subsequence in plan order",
    threshold: "one point",
    explanations: &[
        "a passage was blocked, or a door opened from one side only",
        "an alarm or an order took the patrol elsewhere",
        "the order in the plan is not the order in which the deck can be walked",
    ],
    run: detect,
};

fn detect(case: &Case<'_>, detector: &Detector) -> Vec<Finding> {
    if case.demand.due.walk != Walk::Ordered {
        return Vec::new();
    }
    let rank: BTreeMap<CheckpointId, usize> =
        (0..).zip(&case.demand.due.points).map(|(rank, point)| (*point, rank)).collect();
    let mut displaced: Vec<(usize, CheckpointId, RecordRef)> = Vec::new();
    let mut in_place: BTreeSet<usize> = BTreeSet::new();
    for counted in &case.counted {
        let firsts = first_visits(counted, &rank);
        let ranks: Vec<usize> = firsts.iter().map(|(rank, ..)| *rank).collect();
        let kept = longest_increasing(&ranks);
        displaced.extend(firsts.into_iter().filter(|(rank, ..)| kept.binary_search(rank).is_err()));
        in_place.extend(kept);
    }
    displaced.retain(|(rank, ..)| !in_place.contains(rank));
    displaced.sort_unstable();
    if displaced.is_empty() {
        return Vec::new();
    }
    let mut points: Vec<CheckpointId> = displaced.iter().map(|(_, point, _)| *point).collect();
    points.dedup();
    let records = displaced.iter().map(|(.., record)| *record).collect();
    let sentence = format!("Out of place: {}.", words::places(case.plans, &points));
    vec![detector.finding(Severity::Irregular, sentence, records, Detail::OutOfOrder { points })]
}

fn first_visits(
    counted: &Counted<'_>,
    rank: &BTreeMap<CheckpointId, usize>,
) -> Vec<(usize, CheckpointId, RecordRef)> {
    let mut seen = BTreeSet::new();
    let visits = counted.visits.iter();
    visits
        .filter(|visit| seen.insert(visit.checkpoint))
        .filter_map(|visit| Some((*rank.get(&visit.checkpoint)?, visit.checkpoint, visit.record)))
        .collect()
}

/// The longest increasing subsequence of different numbers, in order; of equals the one that
/// patience sorting finds.
fn longest_increasing(ranks: &[usize]) -> Vec<usize> {
    // (rank, place of the one before in `nodes`); `tails` has the best end for each length.
    let mut nodes: Vec<(usize, Option<usize>)> = Vec::with_capacity(ranks.len());
    let mut tails: Vec<(usize, usize)> = Vec::new();
    for (place, rank) in ranks.iter().enumerate() {
        let length = tails.partition_point(|(tail, _)| tail < rank);
        let before = length.checked_sub(1).and_then(|length| tails.get(length));
        nodes.push((*rank, before.map(|(_, place)| *place)));
        match tails.get_mut(length) {
            Some(tail) => *tail = (*rank, place),
            None => tails.push((*rank, place)),
        }
    }
    let mut row = Vec::with_capacity(tails.len());
    let mut at = tails.last().map(|(_, place)| *place);
    while let Some((rank, before)) = at.and_then(|at| nodes.get(at)) {
        row.push(*rank);
        at = *before;
    }
    row.reverse();
    row
}

#[cfg(test)]
mod tests {
    use super::longest_increasing;

    #[test]
    fn the_fewest_points_are_called_out_of_place() {
        assert_eq!(longest_increasing(&[0, 1, 2, 3]), [0, 1, 2, 3]);
        assert_eq!(longest_increasing(&[3, 0, 1, 2]), [0, 1, 2]);
        assert_eq!(longest_increasing(&[0, 2, 1, 3]), [0, 1, 3]);
        assert_eq!(longest_increasing(&[3, 2, 1, 0]).len(), 1);
        assert_eq!(longest_increasing(&[]), [0; 0]);
    }
}
