use deckwatch_core::model::{DeviceId, Hash, VesselId};

use super::bounds::{MAX_RECEIPT_BYTES, check_bytes, kept_number};
use super::{Each, StoreError};

/// A receipt that the shore signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The vessel.
    pub vessel: VesselId,
    /// The device whose chain it is about.
    pub dev: DeviceId,
    /// Held up to here without a gap.
    pub seq: u64,
    /// With this head.
    pub head: Hash,
    /// Unix seconds, as in the receipt.
    pub time: i64,
    /// The receipt: FORMAT.md section 10.
    pub bytes: Vec<u8>,
}

impl ReceiptRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        kept_number("seq of a receipt", self.seq)?;
        check_bytes("receipt", &self.bytes, MAX_RECEIPT_BYTES)
    }
}

/// Reads receipts.
pub trait Receipts {
    /// The receipt of a device with the highest seq; of a fork's branches there, the newest, then the highest head.
    fn latest_receipt(
        &self,
        vessel: VesselId,
        dev: DeviceId,
    ) -> Result<Option<ReceiptRow>, StoreError>;

    /// All receipts of a vessel, ordered by (dev, seq, head).
    fn receipts_of(&self, vessel: VesselId, each: Each<'_, ReceiptRow>) -> Result<(), StoreError>;
}

/// Writes receipts.
pub trait ReceiptsMut {
    /// Keeps a receipt and returns the one that is kept: the first for (vessel, dev, seq, head) stays, so that a
    /// repeated question gets the same bytes.
    fn put_receipt(&mut self, receipt: &ReceiptRow) -> Result<ReceiptRow, StoreError>;
}
