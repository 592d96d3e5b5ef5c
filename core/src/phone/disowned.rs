//! Own records that the shore had receipted, and does not trust any more.

use super::{Phone, RecordError};
use crate::{
    model::DeviceId,
    record::{Body, body::note},
    store::StoreError,
    time::ClockReading,
};

/// The setting that remembers what was noted.
const NOTED: &str = "disowned";

/// The shore signed that it holds records of this phone, and revoked it below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disowned {
    /// This phone's device, or the one that it was before.
    pub dev: DeviceId,
    /// The last record that the shore trusts.
    pub last_trusted_seq: u64,
    /// The last record of the newest receipt that is kept here.
    pub receipted_seq: u64,
    /// When the shore signed that receipt, Unix seconds.
    pub receipted_at: i64,
}

impl Phone {
    /// Receipted records of this phone that the shore's chain revoked, of the oldest such device. It need not be a lie: a
    /// phone that was lost is revoked too. Who was there shows the receipt.
    pub fn disowned(&self) -> Result<Option<Disowned>, StoreError> {
        let Some(authority) = &self.authority else { return Ok(None) };
        for dev in self.store.own_devices()? {
            let trusted = authority.standing(dev).and_then(|standing| standing.last_trusted_seq);
            let Some(last_trusted_seq) = trusted else { continue };
            let receipt = self.store.last_receipt(dev)?;
            if let Some(receipt) = receipt.filter(|receipt| receipt.seq > last_trusted_seq) {
                let (receipted_seq, receipted_at) = (receipt.seq, receipt.time);
                return Ok(Some(Disowned { dev, last_trusted_seq, receipted_seq, receipted_at }));
            }
        }
        Ok(None)
    }

    /// Records once for each revocation that this phone was disowned, with the receipt's hash: the note goes to whoever
    /// takes this phone's records next.
    pub(super) fn note_disowned(&mut self, reading: &ClockReading) -> Result<(), RecordError> {
        let Some(disowned) = self.disowned()? else { return Ok(()) };
        let name = [&disowned.dev.0[..], &disowned.last_trusted_seq.to_be_bytes()].concat();
        if self.store.setting(NOTED)?.as_deref() == Some(&name) {
            return Ok(());
        }
        let receipt = self.store.last_receipt(disowned.dev)?.map(|receipt| receipt.hash());
        self.record(0, Body::Note { code: note::DISOWNED, blob: receipt }, reading)?;
        Ok(self.store.set_setting(NOTED, &name)?)
    }
}
