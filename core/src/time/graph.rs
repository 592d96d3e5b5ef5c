//! The constraints as a sparse graph, and the tightest bounds in it, kept up to date.
//!
//! Every fact is `t_b - t_a <= w`: an edge from a to b. Within one boot all pairs of records are
//! tied: `dm (1 - rho) - g <= t_j - t_i <= dm (1 + rho) + g`. That is the same as a **line**, one point
//! for each record, with `dm (1 - rho) <= l_j - l_i <= dm (1 + rho)` between neighbours alone, and every
//! record within g / 2 of its point: rho adds up along the line, g is paid once on either end. So a
//! boot of n records has n edges instead of n^2, and no pair is lost.
//!
//! Only records with something of their own are nodes: `Times` decides which. A node has two points,
//! the record and its place on the line.
//!
//! `graph/repair.rs` keeps one set of times that fits all claims, so that edges have no
//! negative cost when seen from it and every update is a Dijkstra search over what really changes.

mod edges;
mod reach;
mod repair;

use std::collections::BTreeSet;

use super::claim::{Claim, Place, Source, Via};
pub(super) use edges::{Edge, Point, Way, fast, slow};

/// 10 µs units in one step of the monotonic clock (0.1 s).
pub(super) const STEP: i64 = 10_000;
/// 200 ppm of a step.
pub(super) const RHO: i64 = 2;
/// Half of the granularity of the monotonic clock: how far a record is from its line.
pub(super) const JITTER: i64 = STEP / 2;
/// Not known.
pub(super) const NONE: i64 = i64::MAX;
/// 731,000 years on either side of 1970: what is farther is not known.
const NEVER: i64 = 1 << 61;

/// A node's place in the graph.
pub(super) type Id = u32;

/// Two distances: `latest` is the latest possible time, `earliest` is the earliest one negated. Less
/// is tighter in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub latest: i64,
    pub earliest: i64,
}

impl Reach {
    pub const NONE: Self = Self { latest: NONE, earliest: NONE };

    pub fn get(&self, way: Way) -> i64 {
        match way {
            Way::Latest => self.latest,
            Way::Earliest => self.earliest,
        }
    }

    pub fn set(&mut self, way: Way, to: i64) {
        match way {
            Way::Latest => self.latest = to,
            Way::Earliest => self.earliest = to,
        }
    }

    /// Takes what is tighter.
    pub fn tighten(&mut self, other: Self) {
        self.latest = self.latest.min(other.latest);
        self.earliest = self.earliest.min(other.earliest);
    }
}

/// Adds a step to a distance. What leaves the calendar for good is rounded outward.
pub(super) fn add(distance: i64, step: i64) -> i64 {
    if distance == NONE {
        return NONE;
    }
    let sum = distance.saturating_add(step);
    if sum > NEVER { NONE } else { sum.max(-NEVER) }
}

/// Which edges and sources count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// Order, heads, the shore.
    Proved,
    /// And clocks.
    Clock,
    /// What a device was told, within its chain.
    Word,
}

/// One record that has something of its own.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: Place,
    /// The reading, where its boot's clock counts.
    pub mono: Option<i64>,
    pub before: Option<Id>,
    pub after: Option<Id>,
    pub slower: Option<Id>,
    pub faster: Option<Id>,
    /// Nodes of other chains made at or before this one.
    pub names: Vec<(Id, Via)>,
    /// Nodes of other chains made at or after this one.
    pub named_by: Vec<(Id, Via)>,
    pub facts: Vec<(Source, Reach)>,
    /// Times that fit all claims: of the record, and of its point on the line.
    pub fits: [i128; 2],
    pub proved: Reach,
    pub clock: [Reach; 2],
    pub word: [Reach; 2],
}

impl Node {
    fn new(at: Place) -> Self {
        Self {
            at,
            mono: None,
            before: None,
            after: None,
            slower: None,
            faster: None,
            names: Vec::new(),
            named_by: Vec::new(),
            facts: Vec::new(),
            fits: [0; 2],
            proved: Reach::NONE,
            clock: [Reach::NONE; 2],
            word: [Reach::NONE; 2],
        }
    }

    /// Whether this is said of it already.
    pub fn holds(&self, source: Source, said: Reach) -> bool {
        let half = |way: Way| {
            let mut half = Reach::NONE;
            half.set(way, said.get(way));
            half == Reach::NONE || self.facts.contains(&(source, half))
        };
        half(Way::Latest) && half(Way::Earliest)
    }

    /// What is said of it directly.
    pub fn said(&self, counts: impl Fn(Source) -> bool) -> Reach {
        let mut reach = Reach::NONE;
        let facts = self.facts.iter().filter(|(source, _)| counts(*source));
        facts.for_each(|(_, said)| reach.tighten(*said));
        reach
    }
}

/// Where a record stands on the line of its boot.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnLine {
    pub mono: i64,
    pub slower: Option<Id>,
    pub faster: Option<Id>,
}

/// The graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    nodes: Vec<Option<Node>>,
    free: Vec<Id>,
    /// The time of UTC among those that fit: it moves only where nothing else can.
    utc_fits: i128,
    /// Nodes whose surroundings changed since the last settling.
    touched: BTreeSet<Id>,
    /// Edges that close a walk of less than nothing. Then nothing here counts any more.
    broken: Option<Vec<Edge>>,
}

impl Graph {
    pub fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(usize::try_from(id).ok()?)?.as_ref()
    }

    fn node_mut(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(id).ok()?)?.as_mut()
    }

    fn ids(&self) -> impl Iterator<Item = (Id, &Node)> + '_ {
        (0..).zip(&self.nodes).filter_map(|(id, node)| Some((id, node.as_ref()?)))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len().saturating_sub(self.free.len())
    }

    /// The walk that closes below nothing, if there is one.
    pub fn broken(&self) -> Option<&[Edge]> {
        self.broken.as_deref()
    }

    /// A record between its neighbours in the chain and on its line.
    pub fn insert(
        &mut self,
        at: Place,
        [before, after]: [Option<Id>; 2],
        line: Option<OnLine>,
    ) -> Id {
        let id = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(None);
            u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
        });
        let mut node = Node::new(at);
        (node.before, node.after) = (before, after);
        if let Some(line) = line {
            (node.mono, node.slower, node.faster) = (Some(line.mono), line.slower, line.faster);
        }
        node.fits = self.place(&node);
        if let Some(slot) = usize::try_from(id).ok().and_then(|id| self.nodes.get_mut(id)) {
            *slot = Some(node);
        }
        self.join(before, Some(id), after);
        if let Some(OnLine { slower, faster, .. }) = line {
            self.join_line(slower, Some(id), faster);
            // All edges but these fit already, and of these one at most does not.
            let (record, point) = (Point::Record(id), Point::Line(id));
            self.require(record, point, JITTER, Claim::Clock);
            self.require(point, record, JITTER, Claim::Clock);
        }
        self.touched.insert(id);
        id
    }

    /// Takes out a record that has nothing of its own: nothing else changes.
    pub fn remove(&mut self, id: Id) {
        let slot = usize::try_from(id).ok().and_then(|id| self.nodes.get_mut(id));
        let Some(node) = slot.and_then(Option::take) else { return };
        self.free.push(id);
        self.touched.remove(&id);
        self.join(node.before, None, node.after);
        self.join_line(node.slower, None, node.faster);
    }

    /// Something is said of a record.
    pub fn say(&mut self, id: Id, source: Source, said: Reach) {
        let record = Point::Record(id);
        for way in [Way::Latest, Way::Earliest] {
            let bound = said.get(way);
            if bound == NONE {
                continue;
            }
            let mut half = Reach::NONE;
            half.set(way, bound);
            let Some(node) = self.node_mut(id) else { return };
            node.facts.push((source, half));
            let claim = Claim::Says(source);
            match way {
                Way::Latest => self.require(Point::Utc, record, bound, claim),
                Way::Earliest => self.require(record, Point::Utc, bound, claim),
            }
        }
        self.touched.insert(id);
    }

    /// A record names another chain's.
    pub fn name(&mut self, earlier: Id, later: Id, via: Via) {
        if let Some(node) = self.node_mut(later) {
            node.names.push((earlier, via));
        }
        if let Some(node) = self.node_mut(earlier) {
            node.named_by.push((later, via));
        }
        self.touched.extend([earlier, later]);
        self.require(Point::Record(later), Point::Record(earlier), 0, Claim::Names(via));
    }

    /// Times for a new node that fit its neighbours.
    fn place(&self, node: &Node) -> [i128; 2] {
        let fits = |id: Option<Id>| id.and_then(|id| self.node(id)).map(|node| node.fits);
        let [slower, faster] = [node.slower, node.faster].map(|id| {
            let at = self.node(id?)?;
            Some((at.fits[1], (node.mono? - at.mono?).abs()))
        });
        let line = match (slower, faster) {
            (None, None) => None,
            (Some((left, dm)), None) => Some(left + i128::from(dm * STEP)),
            (None, Some((right, dm))) => Some(right - i128::from(dm * STEP)),
            (Some((left, before)), Some((right, after))) => {
                let least = left + i128::from(slow(before));
                Some(least.max(right - i128::from(fast(after))))
            }
        };
        let [before, after] =
            [node.before, node.after].map(|id| fits(id).map(|[record, _]| record));
        let guess = line.or(before).or(after).unwrap_or(self.utc_fits);
        let guess = before.map_or(guess, |before| guess.max(before));
        let record = after.map_or(guess, |after| guess.min(after));
        [record, line.unwrap_or(record)]
    }

    fn join(&mut self, before: Option<Id>, between: Option<Id>, after: Option<Id>) {
        if let Some(node) = before.and_then(|id| self.node_mut(id)) {
            node.after = between.or(after);
        }
        if let Some(node) = after.and_then(|id| self.node_mut(id)) {
            node.before = between.or(before);
        }
    }

    fn join_line(&mut self, slower: Option<Id>, between: Option<Id>, faster: Option<Id>) {
        if let Some(node) = slower.and_then(|id| self.node_mut(id)) {
            node.faster = between.or(faster);
        }
        if let Some(node) = faster.and_then(|id| self.node_mut(id)) {
            node.slower = between.or(slower);
        }
    }
}
