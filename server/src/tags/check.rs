//! The shore checks scans, and writes what came of it into its own chain: FORMAT.md section 19.

use std::collections::BTreeMap;

use deckwatch_core::{
    assess::{Input, ReceiptFact, adopted_versions, assess},
    authority::Roles,
    model::{Hash, RecordRef, VesselId},
    plan::{PlanContent, PlanDocument},
    record::{Body, Chain, Entry, Evidence, NamedTree, reason::tag_check},
    time::Bounds,
};

use super::{TagError, verifier::Verifier};
use crate::projection::read::receipts;
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{StoreError, WriteTx};

/// Checks written in one sync at most: 1,000 are 60 kB of the shore's chain. The others follow with the next one.
pub const CHECKS_A_SYNC: usize = 1_000;

/// Whether scans are looked at that were refused before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Only those that nobody has checked.
    No,
    /// Those too that were bad or unregistered: a tag may have been registered, or keys have come, since.
    Refused,
}

/// What a check did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckOutcome {
    /// Checks written, by result: ok, bad, unregistered, disclosed.
    pub written: [usize; 4],
    /// Scans that still wait: keys are not here, or the time of a code is not known well enough.
    pub waiting: usize,
}

impl CheckOutcome {
    /// All that were written.
    pub fn total(&self) -> usize {
        self.written.iter().sum()
    }
}

impl Shore {
    /// Checks what waits of a vessel, and what was refused before, and assesses it.
    pub fn check_tags(&self, vessel: VesselId) -> Result<CheckOutcome, TagError> {
        let mut all = CheckOutcome::default();
        loop {
            let again = |tx: &mut dyn WriteTx, held: &mut Held| {
                self.check_within(tx, held, CHECKS_A_SYNC, Again::Refused)
            };
            let now: CheckOutcome = self.writing_held(vessel, again)?;
            all.waiting = now.waiting;
            all.written.iter_mut().zip(now.written).for_each(|(all, now)| *all += now);
            if now.total() == 0 {
                break;
            }
        }
        if all.total() > 0 {
            self.reassess(vessel)?;
        }
        Ok(all)
    }

    /// The same, within a transaction and up to `most` checks. Keys that cannot be read stop nothing: what came is kept, and
    /// waits.
    pub(crate) fn check_within(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        most: usize,
        again: Again,
    ) -> Result<CheckOutcome, ShoreError> {
        let mut outcome = CheckOutcome::default();
        let mut waiting: BTreeMap<RecordRef, Option<u64>> =
            held.unchecked().open().map(|at| (at, None)).collect();
        if again == Again::Refused {
            let refused = [tag_check::BAD, tag_check::UNREGISTERED];
            let refused = held.unchecked().with_result(&refused);
            waiting.extend(refused.into_iter().map(|(at, result)| (at, Some(result))));
        }
        // Who is not certified is not answered: anybody may write to the shore.
        waiting.retain(|at, _| certified(held, at));
        if waiting.is_empty() {
            return Ok(outcome);
        }
        outcome.waiting = waiting.values().filter(|before| before.is_none()).count();
        let masters = match self.tag_keys().load(held.vessel()) {
            Ok(Some(masters)) => masters,
            Ok(None) => return Ok(outcome),
            Err(error) => {
                let vessel = held.vessel();
                tracing::error!(%vessel, %error, hint = error.hint(), "scans of tags wait for their keys");
                return Ok(outcome);
            }
        };
        let plan = PlanDocument::from(held.plan()).content();
        let newest = Verifier { masters: &masters, plan: &plan, older: &[] };
        // A tag that was replaced ashore: what was scanned before the ship knew is genuine all the same.
        let unknown = |at: &RecordRef| {
            scan(held, at).is_some_and(|(_, evidence)| !newest.is_registered(evidence))
        };
        let older: Vec<PlanContent> = if waiting.keys().any(unknown) {
            let document = PlanDocument::from(held.plan());
            adopted_versions(held.chains(), held.authority(), &document).into_values().collect()
        } else {
            Vec::new()
        };
        let verifier = Verifier { older: &older, ..newest };
        let times = self.times(tx, held, &waiting)?;
        let mut bodies = Vec::new();
        for (at, before) in &waiting {
            if bodies.len() >= most {
                break;
            }
            let Some((entry, evidence)) = scan(held, at) else { continue };
            let when = || times.get(at).copied().unwrap_or(Bounds::UNKNOWN);
            let Some(checked) = verifier.check(evidence, &entry.prev, when) else { continue };
            if *before == Some(checked.result) {
                continue;
            }
            let (result, key_version) = (checked.result, checked.key_version.into());
            bodies.push(Body::TagCheck { record: at.hash, result, key_version });
            let place = usize::try_from(result).ok().and_then(|result| result.checked_sub(1));
            let count = place.and_then(|place| outcome.written.get_mut(place));
            count.into_iter().for_each(|count| *count += 1);
            outcome.waiting -= usize::from(before.is_none());
        }
        if !bodies.is_empty() {
            self.append_within(tx, held, &bodies)?;
            crate::projection::mark(tx, held.vessel(), self.now())?;
        }
        Ok(outcome)
    }
}

fn certified(held: &Held, at: &RecordRef) -> bool {
    held.authority().standing(at.dev).is_some_and(|standing| standing.roles != Roles::NONE)
}

fn scan<'h>(held: &'h Held, at: &RecordRef) -> Option<(&'h Entry, &'h Evidence)> {
    let entry = held.chain(at.dev)?.get(at.seq, at.hash)?;
    match entry.body() {
        Some(Body::Scan(evidence)) => Some((entry, evidence)),
        _ => None,
    }
}

impl Shore {
    /// When the scans of displays were made. What is held now was made by now: that is what the receipts will say.
    fn times(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
        waiting: &BTreeMap<RecordRef, Option<u64>>,
    ) -> Result<BTreeMap<RecordRef, Bounds>, StoreError> {
        let now = self.now();
        let shown =
            |at: &&RecordRef| matches!(scan(held, at), Some((_, Evidence::Rotating { .. })));
        let dated: Vec<RecordRef> = waiting.keys().filter(shown).copied().collect();
        if dated.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut facts = receipts(&*tx, held.vessel())?;
        facts.extend(held.chains().iter().map(Chain::dev).filter_map(|dev| {
            let (seq, head) = held.top(dev)?;
            // Nobody can have named these: neither the receipt in an anchor nor its tree in an ack.
            let [hash, origin] = [Hash(self.draw()), Hash(self.draw())];
            let tree = NamedTree { origin, size: u64::MAX, root: hash };
            Some(ReceiptFact { dev, seq, head, time: now, hash, tree })
        }));
        let assessment = assess(&Input {
            vessel: held.vessel(),
            as_of: now,
            from: 0,
            until: 0,
            authority: held.authority(),
            chains: held.chains(),
            receipts: &facts,
            versions: &BTreeMap::new(),
            excuses: &[],
            dated: &dated,
        });
        Ok(assessment.dated.into_iter().collect())
    }
}
