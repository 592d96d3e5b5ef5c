//! A sync while the shore collects after a restore: FORMAT.md section 12. Everything is taken, nothing is signed.

use deckwatch_core::{
    ledger::SignedTreeHead,
    model::DeviceId,
    record::{PublicKeyBytes, Receipt, VerifiedSegment, device_id},
    sync::{Limits, ProblemCode},
};

use super::{
    SyncRefusal, Synced,
    answer::{Room, empty, have, lacking_segments, may_read},
    documents::Documents,
    ingest::Taken,
    seal::{Brought, Sealed, problem},
};
use crate::ledger::{Ledger, LedgerError};
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{ReceiptRow, SegmentRow, VesselRow, WriteTx, try_reading, try_writing};

impl Shore {
    /// Takes what a request brings back, and names what is held, the shore's own chain first.
    pub(super) fn collect(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        sealed: &Sealed<'_>,
        ledger: &Ledger,
    ) -> Result<Synced, SyncRefusal> {
        let request = &sealed.request;
        self.note_remembered(tx, ledger, request.tree_head.as_deref()).map_err(ShoreError::from)?;
        let taken = self.ingest(tx, held, sealed, Taken::collecting())?;
        take_receipts(tx, held, &request.receipts)?;
        if taken.authors.contains(&held.authority().root()) && self.erase_again(tx, held)? {
            *held = self.held_anew(tx, held)?;
        }
        if taken.news {
            crate::projection::mark(tx, held.vessel(), self.now())?;
        }
        let now = self.now();
        let mut response = empty(now);
        let mut named = taken.authors.clone();
        let reader = may_read(held, request.dev, now);
        if reader {
            named.extend(request.have.iter().map(|(dev, _)| *dev));
        } else {
            named.retain(|dev| *dev == request.dev);
        }
        // Who was certified after the backup is nobody here yet, and holds the record that says so.
        named.extend([request.dev, held.authority().root()]);
        response.have = have(held, &named);
        if reader {
            let mut room = Room::new();
            response.more = !lacking_segments(tx, held, request, &taken, &mut room, &mut response)?;
            let (heard_before, taken) = (None, &taken);
            let documents = Documents { tx, held, request, taken, now, heard_before };
            response.more |= !documents.lacking(&mut room, &mut response)?;
        }
        response.problems.push(problem(ProblemCode::Collecting, &[]));
        response.problems.extend(taken.problems);
        response.problems.truncate(Limits::ANSWERS);
        let news = taken.news.then(|| held.vessel());
        Ok(Synced { response: response.encode(), news, handed_out: None })
    }

    /// A vessel that was added after the backup: its key is here, and phones hold the beginning of the shore's chain. Asks for
    /// that, and adds the vessel when it comes. `None`: nothing to recover, or it is recovered now.
    pub(super) fn recover_vessel(
        &self,
        sealed: &Sealed<'_>,
    ) -> Result<Option<Synced>, SyncRefusal> {
        let vessel = sealed.request.vessel;
        let lost = try_reading(self.store(), |tx| {
            Ok::<_, LedgerError>(tx.vessel(vessel)?.is_none() && self.collects(tx)?.is_some())
        });
        if !lost.map_err(ShoreError::from)? {
            return Ok(None);
        }
        let Some(shore_key) = self.kept_key(vessel).map_err(ShoreError::from)? else {
            return Ok(None);
        };
        let root = device_id(&shore_key);
        let found = beginning(sealed, root, &shore_key);
        let Some((bytes, beginning)) = found else {
            let mut response = empty(self.now());
            response.have = vec![(root, Vec::new())];
            response.problems.push(problem(ProblemCode::Collecting, &[]));
            return Ok(Some(Synced { response: response.encode(), news: None, handed_out: None }));
        };
        let wall = beginning.entries.first().and_then(|first| first.time);
        let created_at = wall.and_then(|time| i64::try_from(time.wall).ok());
        let id = vessel.to_string();
        let row = VesselRow {
            id: vessel,
            name: format!("Recovered {}", id.get(..8).unwrap_or(&id)),
            created_at: created_at.unwrap_or_else(|| self.now()),
            shore_key,
        };
        let segment = SegmentRow {
            vessel,
            dev: root,
            from_seq: beginning.from(),
            to_seq: beginning.to(),
            prev: beginning.prev,
            head: beginning.head(),
            bytes,
            received_at: self.now(),
            carried_by: sealed.request.dev,
        };
        try_writing(self.store(), |tx| {
            if tx.vessel(vessel)?.is_none() {
                tx.add_vessel(&row)?;
                tx.put_segment(&segment)?;
            }
            Ok::<_, SyncRefusal>(())
        })?;
        Ok(None)
    }

    /// A tree head of this ledger that the phone remembers: the largest is kept beside the key.
    fn note_remembered(
        &self,
        tx: &dyn WriteTx,
        ledger: &Ledger,
        note: Option<&[u8]>,
    ) -> Result<(), LedgerError> {
        let Some(note) = note else { return Ok(()) };
        let Ok(signed) = SignedTreeHead::parse(note) else { return Ok(()) };
        let Ok(head) = signed.verify(ledger.key()) else { return Ok(()) };
        if ledger.holds(tx, head)? {
            return Ok(());
        }
        self.ledger_folder().note_lost(ledger.key(), note)
    }
}

/// The first segment of the shore's own chain that a request brings: its bytes, and what is in it.
fn beginning(
    sealed: &Sealed<'_>,
    root: DeviceId,
    shore_key: &PublicKeyBytes,
) -> Option<(Vec<u8>, VerifiedSegment)> {
    let own = sealed.segments.iter().flatten().filter(|brought| brought.segment.dev == root);
    own.into_iter().find_map(|Brought { segment, genesis, index }| {
        let vessel = sealed.request.vessel;
        genesis.filter(|it| it.vessel == vessel && it.key == *shore_key)?;
        let verified = segment.verify(shore_key).ok()?;
        Some((sealed.request.segments.get(*index)?.clone(), verified))
    })
}

/// Receipts of this shore that a phone brings back. Nobody else can sign one.
fn take_receipts(
    tx: &mut dyn WriteTx,
    held: &Held,
    receipts: &[Vec<u8>],
) -> Result<(), SyncRefusal> {
    let vessel = held.vessel();
    for bytes in receipts {
        let Ok(receipt) = Receipt::decode(bytes) else { continue };
        if !receipt.is_from(held.shore_key()) {
            continue;
        }
        let Receipt { dev, seq, head, time, .. } = receipt;
        let row = ReceiptRow { vessel, dev, seq, head, time, bytes: bytes.clone() };
        match tx.put_receipt(&row) {
            Ok(_) => {}
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
