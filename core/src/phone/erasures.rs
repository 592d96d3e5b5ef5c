//! What the shore erased is erased here too, in the copies of others' records: FORMAT.md section 4, kind 27. A phone's own chain
//! stays whole on it: nobody else reads it, and it must be able to go on.

use std::collections::BTreeMap;

use super::Phone;
use crate::{
    audit::{Shown, Withheld, disclosure::disclose},
    model::DeviceId,
    record::{Body, Chain, Segment, device_id},
    store::StoreError,
};

/// The seq up to which the shore's chain was looked through for erasures.
const LOOKED_UP_TO: &str = "erased_up_to";

impl Phone {
    /// Removes what erasures name that came since the last time. Gives how many segments are poorer now.
    pub(super) fn apply_erasures(&mut self) -> Result<usize, StoreError> {
        let Some(root) = self.enrolment.as_ref().map(|known| device_id(&known.shore_key)) else {
            return Ok(0);
        };
        let Some(shore) = self.others.iter().find(|chain| chain.dev() == root) else {
            return Ok(0);
        };
        let looked = self.store.setting(LOOKED_UP_TO)?.and_then(|it| it.try_into().ok());
        let looked = looked.map(u64::from_be_bytes);
        let mut rules: BTreeMap<DeviceId, Vec<Withheld>> = BTreeMap::new();
        let mut newest = looked;
        for entry in shore.main_branch() {
            if looked.is_some_and(|looked| entry.at.seq <= looked) {
                continue;
            }
            newest = Some(entry.at.seq);
            if let Some(rule) = rule_of(entry.body())
                && let Some(dev) = rule.dev
            {
                rules.entry(dev).or_default().push(rule);
            }
        }
        let mut poorer = 0;
        for (dev, rules) in &rules {
            poorer += self.erase_of(*dev, rules)?;
        }
        if let Some(newest) = newest.filter(|_| newest != looked) {
            self.store.set_setting(LOOKED_UP_TO, &newest.to_be_bytes())?;
        }
        Ok(poorer)
    }

    fn erase_of(&mut self, dev: DeviceId, rules: &[Withheld]) -> Result<usize, StoreError> {
        let spans = self.store.foreign_spans()?.into_iter().find(|(held, _)| *held == dev);
        let mut poorer = 0;
        for span in spans.into_iter().flat_map(|(_, spans)| spans) {
            if !rules.iter().any(|rule| rule.from <= span.to && span.from <= rule.to) {
                continue;
            }
            let Some(bytes) = self.store.segment(dev, &span)? else { continue };
            let Ok(segment) = Segment::decode(&bytes) else { continue };
            let erased = disclose(&segment, rules).encode();
            if erased != bytes {
                self.store.replace_segment(dev, &span, &erased)?;
                poorer += 1;
            }
        }
        if poorer > 0 {
            // Memory follows what is durable.
            let mut chain = Chain::new(dev);
            for bytes in self.store.segments()? {
                let segment = Segment::decode(&bytes).ok().filter(|segment| segment.dev == dev);
                if let Some(Ok(opened)) = segment.map(|segment| segment.reopen()) {
                    chain.insert(opened);
                }
            }
            if let Some(held) = self.others.iter_mut().find(|held| held.dev() == dev) {
                *held = chain;
            }
        }
        Ok(poorer)
    }
}

/// What an `erase` record says, as a rule for what is shown.
pub fn rule_of(body: Option<&Body>) -> Option<Withheld> {
    let Some(Body::Erase { dev, from, to, parts, .. }) = body else { return None };
    let parts = Shown::from_number(parts & 7)?;
    Some(Withheld { dev: Some(*dev), from: *from, to: *to, parts })
}
