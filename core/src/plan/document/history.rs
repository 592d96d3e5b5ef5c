//! Who changed the Plan, when by their own clock, and on top of what.

use super::PlanDocument;
use crate::model::{DeviceId, Hash};

/// One change of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChange {
    /// Its name; alone it names the version that it made.
    pub hash: Hash,
    /// The heads that it was made from; none for a first change.
    pub from: Vec<Hash>,
    /// The device that made it.
    pub author: DeviceId,
    /// As the device's clock said, Unix seconds.
    pub claimed: i64,
}

impl PlanDocument {
    /// All changes, each after those it was made from.
    pub fn changes(&self) -> Vec<PlanChange> {
        let changes = self.line.document().get_changes(&[]).into_iter();
        let change = |change: automerge::Change| {
            // The gate lets no actor through that does not begin with the device's id.
            let mut author = [0; 8];
            for (to, from) in author.iter_mut().zip(change.actor_id().to_bytes()) {
                *to = *from;
            }
            let mut from: Vec<Hash> = change.deps().iter().map(|hash| Hash(hash.0)).collect();
            from.sort_unstable();
            PlanChange {
                hash: Hash(change.hash().0),
                from,
                author: DeviceId(author),
                claimed: change.timestamp(),
            }
        };
        changes.map(change).collect()
    }
}
