//! The shore's edits of a Plan.

use deckwatch_core::{
    document::{Merged, write::actor_of},
    model::{DeviceId, Hash, VesselId},
    plan::{PlanContent, PlanDocument},
    record::{Body, body::MAX_VOUCHED, device_id},
};

use super::{Held, Shore, ShoreError, held::plan_of};
use crate::ledger::Statement;
use crate::store::{NewChange, WriteTx};

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
        self.writing_held(vessel, |tx, held| self.edit_within(tx, held, target))
    }

    /// The same, but only if the newest version still has these heads; `None` if somebody else was faster.
    pub fn edit_plan_at(
        &self,
        vessel: VesselId,
        heads: &[Hash],
        target: &PlanContent,
    ) -> Result<Option<PlanEdit>, ShoreError> {
        self.writing_held(vessel, |tx, held| {
            if held.plan().heads() != heads {
                return Ok(None);
            }
            self.edit_within(tx, held, target).map(Some)
        })
    }

    fn edit_within(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        target: &PlanContent,
    ) -> Result<PlanEdit, ShoreError> {
        let vessel = held.vessel();
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
                author: dev,
                carried_by: dev,
                received_at: now,
            })?;
        }
        let logged: Vec<Statement> =
            changes.iter().map(|change| Statement::Change(Hash::of(&change.bytes))).collect();
        self.log(tx, vessel, &logged)?;
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

    /// The Plan with all its versions.
    pub fn plan_document(&self, vessel: VesselId) -> Result<PlanDocument, ShoreError> {
        Ok(self.reading_held(vessel, |held| PlanDocument::from(held.plan()))?)
    }
}
