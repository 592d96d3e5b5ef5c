//! One set of times that fits all claims, kept while claims are added one by one; or the proof that
//! there is none.
//!
//! After Cotton and Maler, "Fast and Flexible Difference Constraint Propagation for DPLL(T)" (2006): a new
//! edge that does not fit moves its end, and what must move with it, largest move first; each point
//! moves at most once. If the edge's own beginning would have to move, edge and moves are a closed
//! walk of less than nothing.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{Edge, Graph, Point, Way};
use crate::time::claim::Claim;

/// What came of moving one end of an edge.
enum Moved {
    /// These points, to there.
    Fits(BTreeMap<Point, i128>),
    /// UTC would have to move.
    Blocked,
    /// The other end would have to move: the way there, last edge first.
    Never(Vec<Edge>),
}

impl Graph {
    /// Demands that `to` is at most `weight` later than `from`.
    pub(super) fn require(&mut self, from: Point, to: Point, weight: i64, claim: Claim) {
        if self.broken.is_some() || self.fits(to) <= self.fits(from) + i128::from(weight) {
            return;
        }
        let edge = Edge { from, to, weight, claim };
        // What is newest moves most freely to later times. UTC moves if nothing else is left.
        let tries: &[(Way, bool)] = match (from, to) {
            (Point::Utc, _) => &[(Way::Latest, false)],
            (_, Point::Utc) => &[(Way::Earliest, false)],
            _ => &[(Way::Earliest, false), (Way::Latest, false), (Way::Latest, true)],
        };
        for (way, utc_moves) in tries {
            match self.shift(edge, *way, *utc_moves) {
                Moved::Blocked => {}
                Moved::Fits(moves) => {
                    moves.into_iter().for_each(|(point, to)| self.set_fits(point, *way, to));
                    return;
                }
                Moved::Never(mut walk) => {
                    walk.push(edge);
                    walk.reverse();
                    if *way == Way::Earliest {
                        // Followed against the edges: the walk was found from its end.
                        walk.get_mut(1..).into_iter().for_each(<[Edge]>::reverse);
                    }
                    self.broken = Some(walk);
                    return;
                }
            }
        }
    }

    /// Moves the edge's end to earlier times, or its beginning to later ones.
    fn shift(&self, edge: Edge, way: Way, utc_moves: bool) -> Moved {
        let (start, target) = match way {
            Way::Latest => (edge.to, edge.from),
            Way::Earliest => (edge.from, edge.to),
        };
        let gap = self.value(target, way) + i128::from(edge.weight) - self.value(start, way);
        let mut gaps: BTreeMap<Point, i128> = BTreeMap::from([(start, gap)]);
        let mut by: BTreeMap<Point, Edge> = BTreeMap::new();
        let mut moved: BTreeMap<Point, i128> = BTreeMap::new();
        let mut heap = BinaryHeap::from([Reverse((gap, start))]);
        let mut edges = Vec::new();
        while let Some(Reverse((gap, point))) = heap.pop() {
            if moved.contains_key(&point) {
                continue;
            }
            let to = self.value(point, way) + gap;
            moved.insert(point, to);
            self.edges(point, way, None, &mut edges);
            for (next, weight, claim) in edges.drain(..) {
                let gap = to + i128::from(weight) - self.value(next, way);
                let known = gaps.get(&next).copied().unwrap_or(0);
                if gap >= known || moved.contains_key(&next) {
                    continue;
                }
                let (from, to) = match way {
                    Way::Latest => (point, next),
                    Way::Earliest => (next, point),
                };
                by.insert(next, Edge { from, to, weight, claim });
                if next == target {
                    return Moved::Never(walk_back(&by, start, target, way));
                }
                if next == Point::Utc && !utc_moves {
                    return Moved::Blocked;
                }
                gaps.insert(next, gap);
                heap.push(Reverse((gap, next)));
            }
        }
        Moved::Fits(moved)
    }

    /// A time among those that fit.
    pub(super) fn fits(&self, point: Point) -> i128 {
        let of = |id| self.node(id).map_or([0; 2], |node| node.fits);
        match point {
            Point::Utc => self.utc_fits,
            Point::Record(id) => of(id)[0],
            Point::Line(id) => of(id)[1],
        }
    }

    /// The same, as a number that falls when followed that way.
    pub(super) fn value(&self, point: Point, way: Way) -> i128 {
        match way {
            Way::Latest => self.fits(point),
            Way::Earliest => -self.fits(point),
        }
    }

    fn set_fits(&mut self, point: Point, way: Way, value: i128) {
        let to = if way == Way::Latest { value } else { -value };
        match point {
            Point::Utc => self.utc_fits = to,
            Point::Record(id) => {
                self.node_mut(id).into_iter().for_each(|node| node.fits[0] = to);
            }
            Point::Line(id) => {
                self.node_mut(id).into_iter().for_each(|node| node.fits[1] = to);
            }
        }
    }
}

/// The edges from `start` to `target`, last first.
fn walk_back(by: &BTreeMap<Point, Edge>, start: Point, target: Point, way: Way) -> Vec<Edge> {
    let mut walk = Vec::new();
    let mut at = target;
    while at != start
        && let Some(edge) = by.get(&at)
    {
        walk.push(*edge);
        at = if way == Way::Latest { edge.from } else { edge.to };
    }
    walk
}
