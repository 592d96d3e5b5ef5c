//! Which record was certainly made before which, without any clock: records of one chain in its order, and
//! what a `seen` record names before that record, from chain to chain.
//!
//! A record names what it has seen by hash, so no circle of them can be made.

use std::collections::BTreeSet;

use super::timeline::Timeline;
use crate::record::{Body, Kind};

const SEEN: Kind = 15;

/// A record, by its chain's place in the timeline and its own on the main branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub track: usize,
    pub index: usize,
}

/// For every `seen` record, how many records of each chain come before it or are what it names.
#[derive(Debug)]
pub(super) struct Causal {
    tracks: Vec<Vec<Step>>,
    width: usize,
}

/// One `seen` record.
#[derive(Debug)]
struct Step {
    index: usize,
    sees: Position,
    /// By chain: so many of its first records were made before. Empty until it is worked out.
    before: Vec<usize>,
}

impl Causal {
    pub fn read(timeline: &Timeline<'_>) -> Self {
        let steps = timeline.branches.iter().map(|branch| {
            let entries = branch.entries.iter().enumerate();
            let seen = entries.filter(|(_, entry)| entry.kind == SEEN);
            let steps = seen.filter_map(|(index, entry)| {
                let Some(Body::Seen { dev, seq, head, .. }) = entry.body() else { return None };
                let (track, at) = (timeline.track(*dev)?, usize::try_from(*seq).ok()?);
                let named = timeline.entry(track, at).filter(|named| named.at.hash == *head);
                let sees = Position { track, index: at };
                named.filter(|_| *dev != branch.dev).map(|_| Step {
                    index,
                    sees,
                    before: Vec::new(),
                })
            });
            steps.collect()
        });
        let mut causal = Self { tracks: steps.collect(), width: timeline.branches.len() };
        causal.work_out();
        causal
    }

    /// How many of the first records of `track` were certainly made before the record at `at`.
    pub fn made_before(&self, track: usize, at: Position) -> usize {
        if track == at.track {
            return at.index;
        }
        let known = self.known_at(at);
        known.and_then(|step| step.before.get(track)).copied().unwrap_or(0)
    }

    /// The last step at or before a place.
    fn known_at(&self, at: Position) -> Option<&Step> {
        let steps = self.tracks.get(at.track)?;
        steps.get(steps.partition_point(|step| step.index <= at.index).checked_sub(1)?)
    }

    /// Each step after the one before it in its chain, and after the last one that it builds on in the other.
    fn work_out(&mut self) {
        let mut done = vec![0; self.width];
        for track in 0..self.width {
            let all = self.tracks.get(track).map_or(0, Vec::len);
            let mut waiting = vec![(track, all)];
            let mut on_the_way = BTreeSet::new();
            while let Some(&(track, until)) = waiting.last() {
                let at = done.get(track).copied().unwrap_or(until);
                if at >= until {
                    waiting.pop();
                    continue;
                }
                let Some((other, needs)) = self.needs(track, at) else {
                    waiting.pop();
                    continue;
                };
                let ready = done.get(other).is_none_or(|done| *done >= needs);
                if ready || !on_the_way.insert((track, at)) {
                    self.settle(track, at);
                    done.get_mut(track).into_iter().for_each(|done| *done = at + 1);
                } else {
                    waiting.push((other, needs));
                }
            }
        }
    }

    /// The chain that a step looks at, and how many of its steps must be known first.
    fn needs(&self, track: usize, at: usize) -> Option<(usize, usize)> {
        let sees = self.tracks.get(track)?.get(at)?.sees;
        let steps = self.tracks.get(sees.track)?;
        Some((sees.track, steps.partition_point(|step| step.index <= sees.index)))
    }

    fn settle(&mut self, track: usize, at: usize) {
        let steps = self.tracks.get(track);
        let Some(step) = steps.and_then(|steps| steps.get(at)) else { return };
        let (index, sees) = (step.index, step.sees);
        let earlier = at.checked_sub(1).and_then(|at| steps?.get(at));
        let mut before = earlier.map_or_else(Vec::new, |step| step.before.clone());
        before.resize(self.width, 0);
        let theirs = self.known_at(sees).map_or(&[][..], |step| &step.before);
        before.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = (*theirs).max(*ours));
        for (track, count) in [(sees.track, sees.index + 1), (track, index)] {
            before.get_mut(track).into_iter().for_each(|ours| *ours = count.max(*ours));
        }
        let step = self.tracks.get_mut(track).and_then(|steps| steps.get_mut(at));
        step.into_iter().for_each(|step| step.before.clone_from(&before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{input::Input, scene::*};

    fn causal(scene: &Scene) -> (Vec<usize>, Causal) {
        let (chains, authority) = (scene.chains(), scene.authority());
        let input = Input {
            vessel: VESSEL,
            as_of: at(6, 0),
            from: DAY,
            until: DAY + 86_400,
            authority: &authority,
            chains: &chains,
            receipts: &[],
            versions: &scene.versions,
            excuses: &[],
            dated: &[],
        };
        let timeline = Timeline::read(&input);
        let tracks = scene.pens.iter().map(|pen| timeline.track(pen.dev).unwrap()).collect();
        (tracks, Causal::read(&timeline))
    }

    fn sees(scene: &mut Scene, who: usize, whom: usize, time: i64) {
        let (dev, (seq, head)) = (scene.pens[whom].dev, scene.pens[whom].head());
        scene.write(who, time, 0, Body::Seen { dev, seq, head, via: 1 });
    }

    #[test]
    fn what_was_seen_reaches_through_others() {
        let mut scene = Scene::new();
        let first = scene.write(A, at(1, 0), 0, Body::Alive);
        sees(&mut scene, B, A, at(1, 1));
        sees(&mut scene, O, B, at(1, 2));
        let second = scene.write(A, at(1, 3), 0, Body::Alive);
        sees(&mut scene, A, O, at(1, 4));
        let last = scene.write(O, at(1, 5), 0, Body::Alive);
        scene.pens.iter_mut().for_each(Pen::flush);
        let (tracks, causal) = causal(&scene);
        let (a, o) = (tracks[A], tracks[O]);
        let index = |seq: u64| usize::try_from(seq).unwrap();
        let before_last = causal.made_before(a, Position { track: o, index: index(last.seq) });
        assert_eq!(before_last, index(first.seq) + 1, "through the second phone");
        assert!(before_last <= index(second.seq));
        let of_a = Position { track: a, index: index(second.seq) };
        assert_eq!(causal.made_before(o, of_a), 0, "it had seen nobody");
        assert_eq!(causal.made_before(a, of_a), of_a.index);
        let later = Position { track: a, index: of_a.index + 1 };
        assert_eq!(causal.made_before(o, later), index(last.seq));
    }

    #[test]
    fn a_head_that_nobody_has_says_nothing() {
        let mut scene = Scene::new();
        let dev = scene.pens[A].dev;
        let head = crate::model::Hash([9; 32]);
        let at_b = scene.write(B, at(1, 0), 0, Body::Seen { dev, seq: 1, head, via: 1 });
        scene.pens[B].flush();
        let (tracks, causal) = causal(&scene);
        let index = usize::try_from(at_b.seq).unwrap();
        assert_eq!(causal.made_before(tracks[A], Position { track: tracks[B], index }), 0);
    }

    #[test]
    fn long_conversations_are_worked_out() {
        let mut scene = Scene::new();
        for minute in 0..400 {
            sees(
                &mut scene,
                if minute % 2 == 0 { A } else { B },
                if minute % 2 == 0 { B } else { A },
                at(1, minute),
            );
        }
        scene.pens.iter_mut().for_each(Pen::flush);
        let (tracks, causal) = causal(&scene);
        let top = |pen: usize| usize::try_from(scene.pens[pen].head().0).unwrap();
        let of_b = Position { track: tracks[B], index: top(B) };
        assert_eq!(causal.made_before(tracks[A], of_b), top(A) + 1);
        let of_a = Position { track: tracks[A], index: top(A) };
        assert_eq!(causal.made_before(tracks[B], of_a), top(B));
    }
}
