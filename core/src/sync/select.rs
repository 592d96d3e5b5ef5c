//! What the other side lacks.

use std::collections::BTreeMap;

use super::message::Have;
use crate::{
    model::DeviceId,
    record::{Run, Span},
};

/// The segments of `mine` that somebody with `theirs` lacks, in chain order.
///
/// A segment counts as held if it lies within one of their runs: its end is the run's head, or
/// before the head of a run that this side can see continue from it.
pub fn missing(dev: DeviceId, mine: &[Span], theirs: &Have) -> Vec<Span> {
    let runs: &[Run] = theirs
        .iter()
        .find(|(held, _)| *held == dev)
        .map(|(_, runs)| runs.as_slice())
        .unwrap_or_default();
    // Walk back from each of their heads along the segments held here: everything on the way,
    // down to the run's beginning, is theirs too.
    let by_end: BTreeMap<_, &Span> = mine.iter().map(|span| ((span.to, span.head), span)).collect();
    let mut held = std::collections::BTreeSet::new();
    for run in runs {
        let mut at = Some((run.to, run.head));
        while let Some(span) = at.and_then(|end| by_end.get(&end)) {
            if span.from < run.from || !held.insert(**span) {
                break;
            }
            at = span.from.checked_sub(1).map(|seq| (seq, span.prev));
        }
    }
    let mut lacking: Vec<Span> =
        mine.iter().filter(|span| !held.contains(*span)).copied().collect();
    lacking.sort_unstable();
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Hash, record::chain::runs};

    fn span(from: u64, to: u64) -> Span {
        let end = |seq: u64| Hash::of(&seq.to_be_bytes());
        Span { from, to, prev: from.checked_sub(1).map_or(Hash::ZERO, end), head: end(to) }
    }

    #[test]
    fn what_is_held_is_not_sent_again() {
        let dev = DeviceId([1; 8]);
        let mine = [span(0, 4), span(5, 9), span(10, 12), span(13, 20)];
        let theirs = |spans: &[Span]| vec![(dev, runs(spans.iter().copied()))];
        assert_eq!(missing(dev, &mine, &Vec::new()), mine);
        assert_eq!(missing(dev, &mine, &theirs(&mine[..2])), mine[2..]);
        assert_eq!(missing(dev, &mine, &theirs(&mine)), []);
        // A gap in the middle is filled.
        assert_eq!(missing(dev, &mine, &theirs(&[mine[0], mine[3]])), mine[1..3]);
        // Another branch's head is not ours.
        let other = vec![(dev, vec![Run { from: 0, to: 4, head: Hash::of(b"other") }])];
        assert_eq!(missing(dev, &mine, &other), mine);
        // They cut differently: the head is inside one of our segments, so send that one.
        let within =
            vec![(dev, vec![Run { from: 0, to: 7, head: Hash::of(&7_u64.to_be_bytes()) }])];
        assert_eq!(missing(dev, &mine, &within), mine);
    }
}
