//! The shore's edits of a Plan.

use deckwatch_core::{
    document::{Merged, write::actor_of},
    model::{DeviceId, Hash, VesselId},
    plan::{PlanContent, PlanDocument},
    record::{Body, body::MAX_VOUCHED, device_id},
};

use super::{Shore, ShoreError, held::plan_of};
use crate::store::NewChange;

/// What an edit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEdit {
    /// The new changes, oldest first; none if nothing differs.
    pub changes: Vec<Hash>,
    /// The Plan's heads after it: what a ship adopts.
    pub heads: Vec<Hash>,
}

impl Shore {
    /// Makes the Plan say what `target` says. The changes and the record that vouches for them are kept together
    /// or not at all.
    pub fn edit_plan(
        &self,
        vessel: VesselId,
        target: &PlanContent,
    ) -> Result<PlanEdit, ShoreError> {
        self.writing_held(vessel, |tx, held| {
            let mut plan = PlanDocument::from(held.plan());
            let (dev, now) = (device_id(held.shore_key()), self.now());
            let changes = plan.edit(dev, self.run_for(held.plan(), dev), now, target)?;
            let doc = plan_of(vessel);
            for change in &changes {
                tx.put_change(&NewChange {
                    vessel,
                    doc,
                    hash: change.hash,
                    bytes: change.bytes.clone(),
                    received_at: now,
                })?;
            }
            let hashes: Vec<Hash> = changes.iter().map(|change| change.hash).collect();
            let vouching: Vec<Body> = hashes
                .chunks(MAX_VOUCHED)
                .map(|hashes| Body::Document {
                    kind: u64::from(doc.kind),
                    id: doc.id,
                    changes: hashes.to_vec(),
                })
                .collect();
            if !vouching.is_empty() {
                self.append_within(tx, held, &vouching)?;
            }
            let mut heads: Vec<Hash> = held.plan().heads();
            heads.sort_unstable();
            Ok(PlanEdit { changes: hashes, heads })
        })
    }

    /// A run of this shore whose changes all are on the main line of a document.
    pub(super) fn run_for(&self, merged: &Merged, dev: DeviceId) -> [u8; 8] {
        let mut run = self.process;
        while !merged.may_go_on(&actor_of(dev, run)) {
            run = self.draw();
        }
        run
    }

    /// The newest Plan and its heads.
    pub fn plan(&self, vessel: VesselId) -> Result<(PlanContent, Vec<Hash>), ShoreError> {
        Ok(self.reading_held(vessel, |held| {
            let plan = PlanDocument::from(held.plan());
            (plan.content(), plan.heads())
        })?)
    }
}
