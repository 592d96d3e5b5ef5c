//! When records were made: bounds from all claims, kept up to date while claims come in.
//!
//! Claims come in any order, any number of times, and the answers depend on their set alone. A claim
//! about a record that is not here waits for it. [`Times::settle`] works out what changed; it costs
//! what the new claims touch, not what is held.
//!
//! Records that have nothing of their own are kept out of the graph: between the ends of a stretch
//! of one boot and the records that something is said of, bounds follow from the neighbours.
//!
//! Where claims contradict each other, what the phones concerned say of themselves is left out, and
//! everything else stays: `time/contradictions.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim::{Before, Contradiction, Fact, Known, Place, Reading, Source, Via, sensible},
    contradictions::{LeftOut, alone, together},
    laid::Laid,
    moment::Moment,
};
use crate::model::DeviceId;

/// Monotonic readings beyond this (13,900 years) are a lie, and taken as none.
const MONO_LIMIT: u64 = 1 << 42;

/// What somebody says of one record: source, not before, not after.
pub(super) type Stated = (Source, Option<Moment>, Option<Moment>);

/// What is claimed of one chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed {
    pub records: BTreeMap<u64, Option<Reading>>,
    pub facts: BTreeMap<u64, BTreeSet<Stated>>,
    /// By the record that names: what it names.
    pub names: BTreeMap<u64, BTreeSet<(Place, Via)>>,
    /// By the record that is named: who names it.
    pub named_by: BTreeMap<u64, BTreeSet<(Place, Via)>>,
    /// Records about which something is new.
    changed: Vec<u64>,
}

/// All chains.
pub(super) type Chains = BTreeMap<DeviceId, Claimed>;

/// Bounds on when every record was made.
#[derive(Debug, Clone, Default)]
pub struct Times {
    chains: Chains,
    laid: Laid,
    /// Chains that contradict themselves, or the shore.
    alone: BTreeMap<DeviceId, (LeftOut, Vec<Contradiction>)>,
    /// Chains that contradict each other.
    together: Vec<Contradiction>,
    left_out: LeftOut,
    /// Something was taken away.
    forgot: bool,
}

impl Times {
    /// A record of a chain's main branch, with its reading where it is shown. Of several readings of
    /// one record the least counts; who follows another branch forgets the chain first.
    pub fn record(&mut self, at: Place, reading: Option<Reading>) {
        let reading = reading.filter(|reading| reading.mono <= MONO_LIMIT);
        let chain = self.chains.entry(at.dev).or_default();
        let held = chain.records.get(&at.seq).copied();
        let better = match held {
            None => reading,
            Some(None) if reading.is_some() => reading,
            Some(held) if reading.is_some() && reading < held => reading,
            Some(_) => return,
        };
        // A reading that comes late puts its record on a line, another one takes it from one.
        self.forgot |= held.is_some();
        chain.records.insert(at.seq, better);
        chain.changed.push(at.seq);
    }

    /// What is said of a record from outside.
    pub fn fact(&mut self, fact: Fact) {
        let bounds = sensible(fact.bounds);
        let stated = (fact.source, bounds.not_before, bounds.not_after);
        let chain = self.chains.entry(fact.at.dev).or_default();
        if chain.facts.entry(fact.at.seq).or_default().insert(stated) {
            chain.changed.push(fact.at.seq);
        }
    }

    /// A record names another chain's record, and so was made after it. Within one chain it says nothing.
    pub fn before(&mut self, before: Before) {
        let Before { earlier, later, via } = before;
        if earlier.dev == later.dev {
            return;
        }
        let chain = self.chains.entry(later.dev).or_default();
        if chain.names.entry(later.seq).or_default().insert((earlier, via)) {
            chain.changed.push(later.seq);
            let chain = self.chains.entry(earlier.dev).or_default();
            chain.named_by.entry(earlier.seq).or_default().insert((later, via));
            chain.changed.push(earlier.seq);
        }
    }

    /// Forgets a chain's records and all that is said of them. What other chains' records name stays.
    pub fn forget(&mut self, dev: DeviceId) {
        let Some(chain) = self.chains.get_mut(&dev) else { return };
        let names = std::mem::take(&mut chain.names);
        chain.records.clear();
        chain.facts.clear();
        for (seq, named) in names {
            for (earlier, via) in named {
                let by = self.chains.get_mut(&earlier.dev);
                let by = by.and_then(|chain| chain.named_by.get_mut(&earlier.seq));
                by.into_iter().for_each(|by| {
                    by.remove(&(Place { dev, seq }, via));
                });
            }
        }
        self.alone.remove(&dev);
        self.forgot = true;
    }

    /// Works out what follows from what is new.
    pub fn settle(&mut self) {
        let mut changed: BTreeMap<DeviceId, Vec<u64>> = BTreeMap::new();
        for (dev, chain) in &mut self.chains {
            if !chain.changed.is_empty() {
                let mut seqs = std::mem::take(&mut chain.changed);
                seqs.sort_unstable();
                seqs.dedup();
                changed.insert(*dev, seqs);
            }
        }
        if changed.is_empty() && !self.forgot {
            return;
        }
        let forgot = std::mem::take(&mut self.forgot);
        if !forgot {
            for (dev, seqs) in &changed {
                self.laid.update(&self.chains, *dev, seqs, &self.left_out);
            }
        }
        let broken = forgot || self.laid.broken().is_some();
        if broken || !self.left_out.is_empty() {
            self.resolve(broken, changed.keys().copied());
        }
        self.laid.settle();
    }

    /// Finds anew what is left out, and lays the rest, where that can have changed.
    fn resolve(&mut self, broken: bool, changed: impl Iterator<Item = DeviceId>) {
        let all = broken || !self.together.is_empty();
        for dev in changed.collect::<BTreeSet<DeviceId>>() {
            if all || self.alone.contains_key(&dev) {
                let found = alone(&self.chains, dev);
                if found.0.is_empty() {
                    self.alone.remove(&dev);
                } else {
                    self.alone.insert(dev, found);
                }
            }
        }
        let mut base = LeftOut::default();
        self.alone.values().for_each(|(left_out, _)| base.extend(left_out));
        if !all && base == self.left_out {
            return;
        }
        let (left_out, found, laid) = together(&self.chains, &base);
        self.laid = laid;
        self.left_out = left_out;
        self.together = found;
    }

    /// When a record was made, as of the last settling. Nothing is known of records that are not here.
    pub fn at(&self, at: Place) -> Known {
        self.laid.at(&self.chains, at)
    }

    /// All contradictions, as of the last settling: of single chains by their devices, then those
    /// between chains.
    pub fn contradictions(&self) -> impl Iterator<Item = &Contradiction> {
        self.alone.values().flat_map(|(_, found)| found).chain(&self.together)
    }

    /// Whether what the record's device says of that boot is left out.
    pub fn is_left_out(&self, at: Place) -> bool {
        let reading = self.chains.get(&at.dev).and_then(|chain| chain.records.get(&at.seq));
        self.left_out.own_words(at, reading.copied().flatten())
    }

    /// Whether something that a device says of itself is left out.
    pub fn contradicts(&self, dev: DeviceId) -> bool {
        self.left_out.concerns(dev)
    }

    /// How many records are held, and how many of them are nodes of the graph.
    pub fn size(&self) -> (usize, usize) {
        (self.chains.values().map(|chain| chain.records.len()).sum(), self.laid.nodes())
    }
}
