//! The edges of the graph, by the point they leave.

use super::{Graph, Id, JITTER, Layer, NONE, Node, RHO, STEP};
use crate::time::claim::{Claim, Source};

/// What edges join: a record, its place on the line of its boot, or UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::time) enum Point {
    Utc,
    Record(Id),
    Line(Id),
}

/// Which way edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::time) enum Way {
    /// Along them: how late the other end can be.
    Latest,
    /// Against them: how early it can be.
    Earliest,
}

impl Way {
    pub fn back(self) -> Self {
        match self {
            Self::Latest => Self::Earliest,
            Self::Earliest => Self::Latest,
        }
    }
}

/// `to` is at most `weight` (10 µs) later than `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::time) struct Edge {
    pub from: Point,
    pub to: Point,
    pub weight: i64,
    pub claim: Claim,
}

/// The most that can pass in so many steps of a monotonic clock.
pub(in crate::time) fn fast(steps: i64) -> i64 {
    steps * (STEP + RHO)
}

/// The least that can pass.
pub(in crate::time) fn slow(steps: i64) -> i64 {
    steps * (STEP - RHO)
}

impl Layer {
    /// Whether what a source says counts.
    pub fn counts(self, source: Source) -> bool {
        source.is_word() == (self == Self::Word)
    }
}

impl Graph {
    /// The points that edges lead to from here, followed in one way: with weight and claim. All claims
    /// count where no layer is named, and then UTC is a point too.
    pub(super) fn edges(
        &self,
        point: Point,
        way: Way,
        layer: Option<Layer>,
        into: &mut Vec<(Point, i64, Claim)>,
    ) {
        into.clear();
        match point {
            Point::Utc => {
                for (id, node) in self.ids() {
                    said(node, way, |bound, claim| into.push((Point::Record(id), bound, claim)));
                }
            }
            Point::Record(id) => {
                let Some(node) = self.node(id) else { return };
                let (next, named) = match way {
                    Way::Latest => (node.before, &node.names),
                    Way::Earliest => (node.after, &node.named_by),
                };
                into.extend(next.map(|next| (Point::Record(next), 0, Claim::Order)));
                if layer != Some(Layer::Word) {
                    let named = named.iter();
                    into.extend(named.map(|(id, via)| (Point::Record(*id), 0, Claim::Names(*via))));
                }
                if node.mono.is_some() && layer != Some(Layer::Proved) {
                    into.push((Point::Line(id), JITTER, Claim::Clock));
                }
                if layer.is_none() {
                    said(node, way.back(), |bound, claim| into.push((Point::Utc, bound, claim)));
                }
            }
            Point::Line(id) => {
                let Some(node) = self.node(id) else { return };
                let (up, down) = match way {
                    Way::Latest => (node.faster, node.slower),
                    Way::Earliest => (node.slower, node.faster),
                };
                let steps = |other: Id| {
                    let other = self.node(other)?;
                    Some((other.mono? - node.mono?).abs())
                };
                let far = |other: Option<Id>, weight: fn(i64) -> i64| {
                    let other = other?;
                    Some((Point::Line(other), weight(steps(other)?), Claim::Clock))
                };
                into.extend(far(up, fast));
                into.extend(far(down, |steps| -slow(steps)));
                into.push((Point::Record(id), JITTER, Claim::Clock));
            }
        }
    }
}

fn said(node: &Node, way: Way, mut each: impl FnMut(i64, Claim)) {
    for (source, reach) in &node.facts {
        let bound = reach.get(way);
        if bound != NONE {
            each(bound, Claim::Says(*source));
        }
    }
}
