use deckwatch_core::model::{DeviceId, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::kept_number;
use crate::store::{Each, ReceiptRow, Receipts, ReceiptsMut, StoreError};

fn read(fields: &Fields<'_>) -> Result<ReceiptRow, StoreError> {
    Ok(ReceiptRow {
        vessel: fields.id("vessel")?,
        dev: fields.id("dev")?,
        seq: fields.number("seq")?,
        head: fields.id("head")?,
        time: fields.integer("time")?,
        bytes: fields.bytes("bytes")?,
    })
}

impl Receipts for SqliteTx<'_> {
    fn latest_receipt(
        &self,
        vessel: VesselId,
        dev: DeviceId,
    ) -> Result<Option<ReceiptRow>, StoreError> {
        let sql = "
            SELECT vessel, dev, seq, head, time, bytes FROM receipt
            WHERE vessel = ?1 AND dev = ?2
            ORDER BY seq DESC, time DESC, head DESC LIMIT 1";
        self.first(sql, params![vessel.as_bytes(), dev.as_bytes()], read)
    }

    fn receipts_of(&self, vessel: VesselId, each: Each<'_, ReceiptRow>) -> Result<(), StoreError> {
        let sql = "
            SELECT vessel, dev, seq, head, time, bytes FROM receipt WHERE vessel = ?1
            ORDER BY dev, seq, head";
        self.each(sql, [vessel.as_bytes()], read, each)
    }
}

impl ReceiptsMut for SqliteTx<'_> {
    fn put_receipt(&mut self, receipt: &ReceiptRow) -> Result<ReceiptRow, StoreError> {
        receipt.check()?;
        self.require_vessel(receipt.vessel)?;
        let seq = kept_number("seq of a receipt", receipt.seq)?;
        let sql = "
            INSERT INTO receipt (vessel, dev, seq, head, time, bytes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (vessel, dev, seq, head) DO NOTHING";
        let (vessel, dev, head) =
            (receipt.vessel.as_bytes(), receipt.dev.as_bytes(), receipt.head.as_bytes());
        self.execute(sql, params![vessel, dev, seq, head, receipt.time, receipt.bytes])?;
        let sql = "
            SELECT vessel, dev, seq, head, time, bytes FROM receipt
            WHERE vessel = ?1 AND dev = ?2 AND seq = ?3 AND head = ?4";
        let kept = self.first(sql, params![vessel, dev, seq, head], read)?;
        kept.ok_or(StoreError::Unreadable { what: "receipt" })
    }
}
