//! Chains laid out as a graph: which records are nodes, and what the others' bounds are.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim::{Claim, Contradiction, Known, Place, Reading, Step, Via},
    contradictions::LeftOut,
    graph::{Edge, Graph, Id, JITTER, NONE, Node, OnLine, Point, Reach, Way, add, fast, slow},
    moment::{Bounds, Moment},
    times::{Chains, Claimed, Stated},
};
use crate::model::DeviceId;

/// The nodes of one chain.
#[derive(Debug, Clone, Default)]
struct Index {
    nodes: BTreeMap<u64, Id>,
    /// By boot: (mono, seq).
    lines: BTreeMap<[u8; 8], BTreeMap<(u64, u64), Id>>,
}

/// A graph, and where its nodes are.
#[derive(Debug, Clone, Default)]
pub(super) struct Laid {
    graph: Graph,
    chains: BTreeMap<DeviceId, Index>,
}

impl Laid {
    /// Lays some chains, in one order whatever order they came in.
    pub fn of(
        chains: &Chains,
        wanted: impl Fn(&DeviceId) -> bool + Copy,
        left_out: &LeftOut,
    ) -> Self {
        let mut laid = Self::default();
        for (dev, chain) in chains.iter().filter(|(dev, _)| wanted(dev)) {
            let seqs: Vec<u64> = chain.records.keys().copied().collect();
            laid.update(chains, *dev, &seqs, left_out);
            if laid.broken().is_some() {
                break;
            }
        }
        laid
    }

    /// Takes in what is new about records of a chain; `seqs` in ascending order.
    pub fn update(&mut self, chains: &Chains, dev: DeviceId, seqs: &[u64], left_out: &LeftOut) {
        let Some(chain) = chains.get(&dev) else { return };
        // Where most is new, one walk over all costs less than looking around each.
        let most = seqs.len().saturating_mul(4) >= chain.records.len();
        let attached: Vec<u64> = if most { attached(chain) } else { seqs.to_vec() };
        let near = if most { self.ends(dev, chain, &attached) } else { around(chain, seqs) };
        // What is said of a record before the next one comes: the times that fit then move little.
        for seq in near {
            self.refresh(chain, Place { dev, seq }, left_out);
            if attached.binary_search(&seq).is_ok() {
                self.attach(chain, Place { dev, seq }, left_out);
            }
        }
    }

    /// Records that are nodes, or should be.
    fn ends(&self, dev: DeviceId, chain: &Claimed, attached: &[u64]) -> Vec<u64> {
        let held = self.chains.get(&dev).map(|index| index.nodes.keys().copied());
        let mut near: Vec<u64> =
            held.into_iter().flatten().chain(attached.iter().copied()).collect();
        let mut before: Option<(u64, Option<Reading>)> = None;
        for (seq, here) in &chain.records {
            let goes_on = before.is_some_and(|(_, before)| goes_on(before, *here));
            if !goes_on {
                near.extend(before.map(|(seq, _)| seq));
                near.push(*seq);
            }
            before = Some((*seq, *here));
        }
        near.extend(before.map(|(seq, _)| seq));
        near.sort_unstable();
        near.dedup();
        near
    }

    /// Makes a record a node, or takes it out.
    fn refresh(&mut self, chain: &Claimed, at: Place, left_out: &LeftOut) {
        let index = self.chains.entry(at.dev).or_default();
        let held = index.nodes.get(&at.seq).copied();
        let reading = chain.records.get(&at.seq).copied();
        let wanted = reading.is_some() && is_node(chain, at.seq);
        let reading = reading.flatten().filter(|_| !left_out.own_words(at, reading.flatten()));
        let place = reading.map(|Reading { boot, mono }| (boot, (mono, at.seq)));
        match (held, wanted) {
            (Some(id), false) => {
                self.graph.remove(id);
                index.nodes.remove(&at.seq);
                if let Some((boot, key)) = place {
                    index.lines.get_mut(&boot).and_then(|line| line.remove(&key));
                }
            }
            (None, true) => self.insert(at, place),
            (Some(_), true) | (None, false) => {}
        }
    }

    fn insert(&mut self, at: Place, place: Option<([u8; 8], (u64, u64))>) {
        let index = self.chains.entry(at.dev).or_default();
        let before = index.nodes.range(..at.seq).next_back().map(|(_, id)| *id);
        let after = index.nodes.range(at.seq..).next().map(|(_, id)| *id);
        let line = place.map(|(boot, key)| {
            let line = index.lines.entry(boot).or_default();
            OnLine {
                mono: i64::try_from(key.0).unwrap_or(i64::MAX),
                slower: line.range(..key).next_back().map(|(_, id)| *id),
                faster: line.range(key..).next().map(|(_, id)| *id),
            }
        });
        let id = self.graph.insert(at, [before, after], line);
        index.nodes.insert(at.seq, id);
        if let Some((boot, key)) = place {
            index.lines.entry(boot).or_default().insert(key, id);
        }
    }

    /// Adds what is said of a node, and the nodes that it names and that name it.
    fn attach(&mut self, chain: &Claimed, at: Place, left_out: &LeftOut) {
        let Some(id) = self.id(at) else { return };
        let reading = chain.records.get(&at.seq).copied().flatten();
        for stated in chain.facts.get(&at.seq).into_iter().flatten() {
            let out = left_out.fact(at, *stated)
                || (stated.0.is_word() && left_out.own_words(at, reading));
            let held = |node: &Node| node.holds(stated.0, reach_of(*stated));
            if !out && !self.graph.node(id).is_some_and(held) {
                self.graph.say(id, stated.0, reach_of(*stated));
            }
        }
        for (earlier, via) in chain.names.get(&at.seq).into_iter().flatten() {
            if let Some(earlier) = self.id(*earlier)
                && !self.graph.node(id).is_some_and(|node| node.names.contains(&(earlier, *via)))
            {
                self.graph.name(earlier, id, *via);
            }
        }
        for (later, via) in chain.named_by.get(&at.seq).into_iter().flatten() {
            if let Some(later) = self.id(*later)
                && !self.graph.node(later).is_some_and(|node| node.names.contains(&(id, *via)))
            {
                self.graph.name(id, later, *via);
            }
        }
    }

    fn id(&self, at: Place) -> Option<Id> {
        self.chains.get(&at.dev)?.nodes.get(&at.seq).copied()
    }

    pub fn nodes(&self) -> usize {
        self.graph.len()
    }

    pub fn settle(&mut self) {
        self.graph.settle();
    }

    /// The claims that contradict each other, if some do.
    pub fn broken(&self) -> Option<Contradiction> {
        let walk = self.graph.broken()?;
        Some(Contradiction { steps: self.steps(walk) })
    }

    /// When a record was made.
    pub fn at(&self, chains: &Chains, at: Place) -> Known {
        let reading = chains.get(&at.dev).and_then(|chain| chain.records.get(&at.seq));
        let (Some(reading), Some(index)) = (reading, self.chains.get(&at.dev)) else {
            return Known::default();
        };
        let node = |id: &Id| self.graph.node(*id);
        let [proved, clock, word] = match index.nodes.get(&at.seq).and_then(node) {
            Some(node) => [node.proved, node.clock[0], node.word[0]],
            None => self.between(index, at.seq, *reading),
        };
        let mut told = word;
        told.tighten(clock);
        let [proved, by_clock, told] = [proved, clock, told].map(bounds_of);
        Known { proved, by_clock, told }
    }

    /// The bounds of a record that is no node: from its neighbours in the chain and on the line.
    fn between(&self, index: &Index, seq: u64, reading: Option<Reading>) -> [Reach; 3] {
        let mut all = [Reach::NONE; 3];
        let node = |(_, id): (&_, &Id)| self.graph.node(*id);
        if let Some(before) =
            index.nodes.range(..seq).next_back().and_then(|(_, id)| self.graph.node(*id))
        {
            let reaches = [before.proved, before.clock[0], before.word[0]];
            all.iter_mut().zip(reaches).for_each(|(to, from)| to.earliest = from.earliest);
        }
        if let Some(after) =
            index.nodes.range(seq..).next().and_then(|(_, id)| self.graph.node(*id))
        {
            let reaches = [after.proved, after.clock[0], after.word[0]];
            all.iter_mut().zip(reaches).for_each(|(to, from)| to.latest = from.latest);
        }
        let Some(Reading { boot, mono }) = reading else { return all };
        let Some(line) = index.lines.get(&boot) else { return all };
        let here = i64::try_from(mono).unwrap_or(i64::MAX);
        let mut from = |other: &Node, up: bool| {
            let Some(there) = other.mono else { return };
            let steps = (here - there).abs();
            let [_, clock, word] = &mut all;
            for (to, from) in [(clock, other.clock[1]), (word, other.word[1])] {
                let (later, earlier) =
                    if up { (fast(steps), -slow(steps)) } else { (-slow(steps), fast(steps)) };
                to.tighten(Reach {
                    latest: add(from.latest, later + JITTER),
                    earliest: add(from.earliest, earlier + JITTER),
                });
            }
        };
        let slower = line.range(..(mono, seq)).next_back().and_then(node);
        let faster = line.range((mono, seq)..).next().and_then(node);
        slower.into_iter().for_each(|other| from(other, true));
        faster.into_iter().for_each(|other| from(other, false));
        all
    }

    /// The walk by records: what lies on a line is one step, and so is a stretch of a chain.
    fn steps(&self, walk: &[Edge]) -> Vec<Step> {
        let place = |point: Point| match point {
            Point::Utc => None,
            Point::Record(id) | Point::Line(id) => self.graph.node(id).map(|node| node.at),
        };
        let onto_line = |edge: &&Edge| matches!(edge.from, Point::Line(_));
        // Not in the middle of a line.
        let turn = walk.iter().position(|edge| !onto_line(&edge)).unwrap_or(0);
        let (head, tail) = walk.split_at(turn);
        let mut steps: Vec<Step> = Vec::new();
        for edge in tail.iter().chain(head) {
            let (from, to) = (place(edge.from), place(edge.to));
            match steps.last_mut() {
                Some(last)
                    if onto_line(&edge)
                        || (last.claim == edge.claim && edge.claim == Claim::Order) =>
                {
                    last.to = to;
                    last.after = last.after.saturating_add(edge.weight);
                }
                _ => steps.push(Step { from, to, after: edge.weight, claim: edge.claim }),
            }
        }
        // The order of a chain may have been cut in two at the ends.
        if let [first, .., last] = steps.as_mut_slice()
            && first.claim == last.claim
            && first.claim == Claim::Order
        {
            first.from = last.from;
            steps.pop();
        }
        let start = (0..steps.len()).min_by_key(|at| steps.get(*at).map(|step| step.from));
        steps.rotate_left(start.unwrap_or(0));
        steps
    }
}

/// Whether a record has something of its own: something is said of it, it names or is named, it
/// stands at the end of a stretch of one boot, or the clock goes back there.
fn is_node(chain: &Claimed, seq: u64) -> bool {
    let said = chain.facts.contains_key(&seq);
    let named = |names: &BTreeMap<u64, BTreeSet<(Place, Via)>>| {
        names.get(&seq).is_some_and(|names| !names.is_empty())
    };
    if said || named(&chain.names) || named(&chain.named_by) {
        return true;
    }
    let Some(here @ Some(_)) = chain.records.get(&seq).copied() else { return false };
    let [before, after] = neighbours(chain, seq);
    let from = before.is_some_and(|(_, before)| goes_on(before, here));
    let on = after.is_some_and(|(_, after)| goes_on(here, after));
    !from || !on
}

/// Whether one stretch of one boot goes on from a record to the next, and its clock does not go back.
fn goes_on(before: Option<Reading>, after: Option<Reading>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    before.boot == after.boot && before.mono <= after.mono
}

type Near = Option<(u64, Option<Reading>)>;

/// The records before and after a place.
fn neighbours(chain: &Claimed, seq: u64) -> [Near; 2] {
    let before = chain.records.range(..seq).next_back();
    let after = seq.checked_add(1).and_then(|next| chain.records.range(next..).next());
    [before, after].map(|near| near.map(|(seq, reading)| (*seq, *reading)))
}

/// Some records, and those beside them.
fn around(chain: &Claimed, seqs: &[u64]) -> Vec<u64> {
    let beside = |seq: u64| neighbours(chain, seq).into_iter().flatten().map(|(seq, _)| seq);
    let mut near: Vec<u64> =
        seqs.iter().flat_map(|seq| beside(*seq).chain(std::iter::once(*seq))).collect();
    near.sort_unstable();
    near.dedup();
    near
}

/// Records of which something is said, or that name or are named.
fn attached(chain: &Claimed) -> Vec<u64> {
    let names = chain.names.keys().chain(chain.named_by.keys());
    let mut attached: Vec<u64> = chain.facts.keys().chain(names).copied().collect();
    attached.sort_unstable();
    attached.dedup();
    attached
}

fn reach_of((_, not_before, not_after): Stated) -> Reach {
    Reach {
        latest: not_after.map_or(NONE, |at| at.0),
        earliest: not_before.map_or(NONE, |at| at.0.saturating_neg()),
    }
}

fn bounds_of(reach: Reach) -> Bounds {
    let known = |distance: i64| (distance != NONE).then_some(distance);
    Bounds {
        not_before: known(reach.get(Way::Earliest)).map(|distance| Moment(-distance)),
        not_after: known(reach.get(Way::Latest)).map(Moment),
    }
}
