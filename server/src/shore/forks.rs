//! Devices that continued their chain twice.

use deckwatch_core::{
    model::{DeviceId, RecordRef, VesselId},
    record::{Chain, ForkProof, PublicKeyBytes, Segment},
};

use super::{Held, Shore, ShoreError};
use crate::store::{ReadTx, StoreError, reading};

/// Proofs of one device at most: the first shows that it did.
const OF_A_DEVICE: usize = 16;

impl Shore {
    /// Proofs that anybody can check, of every device of a vessel with two histories.
    pub fn fork_proofs(&self, vessel: VesselId) -> Result<Vec<ForkProof>, ShoreError> {
        let proofs = self.reading_held(vessel, |held| {
            reading(self.store(), |tx| {
                let mut proofs = Vec::new();
                for chain in held.chains() {
                    // A segment of the one side may prove several forks at once.
                    let Some(key) = chain.key() else { continue };
                    for fork in chain.forks().into_iter().take(OF_A_DEVICE) {
                        proofs.extend(proof(tx, held, &key, [fork.one, fork.other])?);
                    }
                }
                proofs.dedup();
                Ok(proofs)
            })
        })?;
        Ok(proofs?)
    }
}

fn proof(
    tx: &dyn ReadTx,
    held: &Held,
    key: &PublicKeyBytes,
    records: [RecordRef; 2],
) -> Result<Option<ForkProof>, StoreError> {
    let [one, other] = records.map(|record| segment_of(tx, held, record));
    let (Some(one), Some(other)) = (one?, other?) else { return Ok(None) };
    Ok(ForkProof::of(key, &one, &other))
}

/// The segment that holds a record.
fn segment_of(
    tx: &dyn ReadTx,
    held: &Held,
    record: RecordRef,
) -> Result<Option<Segment>, StoreError> {
    let Some(chain) = held.chain(record.dev) else { return Ok(None) };
    for span in held.spans(record.dev).filter(|span| (span.from..=span.to).contains(&record.seq)) {
        if !reaches(chain, (span.to, span.head), record) {
            continue;
        }
        let row = tx.segment(held.vessel(), record.dev, span.to, span.head)?;
        if let Some(segment) = row.and_then(|row| Segment::decode(&row.bytes).ok()) {
            return Ok(Some(segment));
        }
    }
    Ok(None)
}

/// Whether the branch that ends at `end` holds `record`: followed back, record by record.
pub(crate) fn reaches(
    chain: &Chain,
    end: (u64, deckwatch_core::model::Hash),
    record: RecordRef,
) -> bool {
    let mut at = end;
    while at.0 > record.seq {
        let Some(entry) = chain.get(at.0, at.1) else { return false };
        at = (at.0 - 1, entry.prev);
    }
    at == (record.seq, record.hash)
}

impl Held {
    /// Which devices continued their chain twice.
    pub fn forked(&self) -> impl Iterator<Item = DeviceId> {
        self.chains().iter().filter(|chain| !chain.forks().is_empty()).map(Chain::dev)
    }
}
