//! What an assessment needs beside chains and authority.

use std::collections::BTreeMap;

use deckwatch_core::{
    assess::{Patrol, ReceiptFact, adopted_versions},
    model::{Hash, VesselId},
    plan::{PlanContent, PlanDocument},
    record::Receipt,
};

use super::body::PatrolView;
use crate::shore::Held;
use crate::store::{ReadTx, StoreError};

/// All receipts given for a vessel. They were signed here, so their signatures are not checked again.
pub(crate) fn receipts(tx: &dyn ReadTx, vessel: VesselId) -> Result<Vec<ReceiptFact>, StoreError> {
    let mut facts = Vec::new();
    tx.receipts_of(vessel, &mut |row| {
        let unreadable = |_| StoreError::Unreadable { what: "receipt" };
        facts.push(ReceiptFact::of(&Receipt::decode(&row.bytes).map_err(unreadable)?));
        Ok(())
    })?;
    Ok(facts)
}

/// Every adopted version of the Plan whose changes are here.
pub(super) fn versions(held: &Held) -> BTreeMap<Vec<Hash>, PlanContent> {
    adopted_versions(held.chains(), held.authority(), &PlanDocument::from(held.plan()))
}

/// Patrols as pages read them.
pub(super) fn patrols(patrols: &[Patrol]) -> Result<Vec<PatrolView>, StoreError> {
    let failed = |error: serde_json::Error| StoreError::Failed(Box::new(error));
    let text = serde_json::to_string(patrols).map_err(failed)?;
    serde_json::from_str(&text).map_err(failed)
}
