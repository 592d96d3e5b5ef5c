//! Claims that contradict each other: which, and what is left out because of them.
//!
//! A contradiction is a closed walk of claims whose bounds add up to less than nothing: no true times
//! fit all of them, and without any one of them the others agree. What is left out depends on the
//! set of claims alone:
//!
//! 1. Each chain is laid alone, with what the shore says of it. From each walk that is found, what the
//!    device says of itself in the boots on that walk is left out: its monotonic clock, and what it
//!    was told. A walk without such words is the shore's: the times in it are left out.
//! 2. Then all chains together. Where several devices' words are on a walk, one whose words contradict
//!    what is proved of the others is at fault first, then two that contradict each other.
//!
//! Order and named hashes are never left out: they cannot be false. After [`MOST`] walks everything
//! that the devices on them say of themselves is left out, so that a lie costs a bounded time.

use std::collections::BTreeSet;

use super::{
    claim::{Claim, Contradiction, Place, Reading},
    laid::Laid,
    times::{Chains, Stated},
};
use crate::model::DeviceId;

/// Walks that are told one by one, of a chain or of all together.
const MOST: usize = 16;

/// What does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    boots: BTreeSet<(DeviceId, [u8; 8])>,
    /// All boots of these.
    devices: BTreeSet<DeviceId>,
    facts: BTreeSet<(Place, Stated)>,
    /// All facts about these.
    undated: BTreeSet<DeviceId>,
}

impl LeftOut {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn extend(&mut self, other: &Self) {
        self.boots.extend(&other.boots);
        self.devices.extend(&other.devices);
        self.facts.extend(&other.facts);
        self.undated.extend(&other.undated);
    }

    /// Whether what a device says of itself there does not count.
    pub fn own_words(&self, at: Place, reading: Option<Reading>) -> bool {
        let boot = reading.is_some_and(|reading| self.boots.contains(&(at.dev, reading.boot)));
        boot || self.devices.contains(&at.dev)
    }

    /// Whether something that a device says of itself does not count.
    pub fn concerns(&self, dev: DeviceId) -> bool {
        let boots = self.boots.range((dev, [0; 8])..=(dev, [u8::MAX; 8]));
        boots.count() > 0 || self.devices.contains(&dev)
    }

    /// Whether one fact does not count.
    pub fn fact(&self, at: Place, stated: Stated) -> bool {
        self.undated.contains(&at.dev) || self.facts.contains(&(at, stated))
    }

    /// Leaves out what is at fault. `whole`: all that the devices say of themselves.
    fn blame(&mut self, chains: &Chains, found: &Contradiction, whole: bool) {
        let before = self.clone();
        for step in found.steps.iter().filter(|step| step.claim.is_own()) {
            let Some(at) = step.from.or(step.to) else { continue };
            let records = chains.get(&at.dev).map(|chain| &chain.records);
            match records.and_then(|records| records.get(&at.seq)).copied().flatten() {
                Some(reading) if !whole => {
                    self.boots.insert((at.dev, reading.boot));
                }
                _ => {
                    self.devices.insert(at.dev);
                }
            }
        }
        if *self != before {
            return;
        }
        for step in &found.steps {
            let (Claim::Says(source), Some(at)) = (step.claim, step.from.or(step.to)) else {
                continue;
            };
            if whole {
                self.undated.insert(at.dev);
                continue;
            }
            let facts = chains.get(&at.dev).and_then(|chain| chain.facts.get(&at.seq));
            let said = facts.into_iter().flatten().filter(|stated| {
                // The one with this bound, on the side that the walk uses.
                let (_, not_before, not_after) = **stated;
                let bound = if step.from.is_none() {
                    not_after.map(|bound| bound.0)
                } else {
                    not_before.map(|bound| bound.0.saturating_neg())
                };
                stated.0 == source && bound == Some(step.after)
            });
            self.facts.extend(said.map(|stated| (at, *stated)));
        }
    }
}

/// What one chain's own claims and what the shore says of it leave out.
pub(super) fn alone(chains: &Chains, dev: DeviceId) -> (LeftOut, Vec<Contradiction>) {
    let mut left_out = LeftOut::default();
    let mut all = Vec::new();
    while let Some(found) = Laid::of(chains, |other| *other == dev, &left_out).broken() {
        left_out.blame(chains, &found, all.len() >= MOST);
        if all.len() < MOST {
            all.push(found);
        }
    }
    (left_out, all)
}

/// What all chains together leave out besides, and all of them without that.
pub(super) fn together(chains: &Chains, base: &LeftOut) -> (LeftOut, Vec<Contradiction>, Laid) {
    let mut left_out = base.clone();
    let mut all = Vec::new();
    loop {
        let laid = Laid::of(chains, |_| true, &left_out);
        let Some(found) = laid.broken() else {
            return (left_out, all, laid);
        };
        let whole = all.len() >= MOST;
        let found = if whole { found } else { narrower(chains, &left_out, found) };
        left_out.blame(chains, &found, whole);
        if !whole {
            all.push(found);
        }
    }
}

/// A contradiction that fewer are at fault for: first one that a device's own words have with what
/// is proved of the chains on the walk, then one of two chains.
fn narrower(chains: &Chains, left_out: &LeftOut, found: Contradiction) -> Contradiction {
    let own = found.steps.iter().filter(|step| step.claim.is_own());
    let liable: BTreeSet<DeviceId> =
        own.filter_map(|step| step.from.or(step.to)).map(|at| at.dev).collect();
    if liable.len() <= 1 {
        return found;
    }
    let devs: BTreeSet<DeviceId> = found.places().iter().map(|place| place.dev).collect();
    let by_one = liable.iter().map(|one| {
        let mut others = left_out.clone();
        others.devices.extend(devs.iter().filter(|dev| *dev != one));
        Laid::of(chains, |dev| devs.contains(dev), &others).broken()
    });
    let pairs =
        liable.iter().flat_map(|one| liable.range(one..).skip(1).map(move |two| [one, two]));
    let by_two = pairs.map(|pair| Laid::of(chains, |dev| pair.contains(&dev), left_out).broken());
    by_one.chain(by_two).flatten().next().unwrap_or(found)
}
