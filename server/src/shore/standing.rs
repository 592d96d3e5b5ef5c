//! Marks on devices: declared lost, revoked.

use deckwatch_core::{
    model::{DeviceId, RecordRef, VesselId},
    record::Body,
};

use super::{Shore, ShoreError};

impl Shore {
    /// Records that the holder of a device reported it lost at `reported` (Unix s).
    pub fn declare_lost(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        reported: i64,
    ) -> Result<RecordRef, ShoreError> {
        self.mark(vessel, dev, |last_seq| Body::Lost { dev, reported, last_seq })
    }

    /// Revokes a device. Its records after the last one receipted are suspect.
    pub fn revoke(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        reason: u64,
    ) -> Result<RecordRef, ShoreError> {
        self.mark(vessel, dev, |last_seq| Body::Revoke {
            dev,
            last_trusted_seq: last_seq.unwrap_or(0),
            reason,
        })
    }

    fn mark(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        body: impl Fn(Option<u64>) -> Body,
    ) -> Result<RecordRef, ShoreError> {
        self.writing_held(vessel, |tx, held| {
            held.authority().standing(dev).ok_or(ShoreError::UnknownDevice)?;
            let receipted = tx.latest_receipt(vessel, dev)?.map(|receipt| receipt.seq);
            let made = self.append_within(tx, held, &[body(receipted)])?;
            made.first().copied().ok_or(ShoreError::RecordTooLarge)
        })
    }
}
