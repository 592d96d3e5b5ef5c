//! What the shore says of devices: certified, confirmed, declared lost, revoked.

use deckwatch_core::{
    authority::Roles,
    model::{DeviceId, RecordRef, VesselId},
    record::{Body, Chain, Continues, body::revoked},
};

use super::{Held, Shore, ShoreError, invitation::GIVEN};
use crate::store::ReadTx;

/// What a revocation would put in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevocationPreview {
    /// The last record that stays trusted: the last one receipted.
    pub last_trusted_seq: u64,
    /// Held records after it, which would be suspect.
    pub suspect: usize,
    /// Phones certified on board that would lose their certificate.
    pub phones: usize,
}

/// A device whose beginning is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The chain that it says it continues.
    pub continues: Option<Continues>,
    /// Records held without a gap.
    pub records: usize,
}

impl Held {
    /// How a device's chain begins; `None` if its genesis is not held.
    pub fn beginning(&self, dev: DeviceId) -> Option<Beginning> {
        let branch = self.chain(dev)?.main_branch();
        match branch.first()?.body()? {
            Body::Genesis { continues, .. } => {
                Some(Beginning { continues: continues.clone(), records: branch.len() })
            }
            _ => None,
        }
    }
}

impl Shore {
    /// Certifies a device whose genesis is held and that nobody has certified: a phone that recorded
    /// without a certificate, or one that was restored.
    pub fn certify(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        roles: Roles,
    ) -> Result<RecordRef, ShoreError> {
        if roles == Roles::NONE || roles.0 & !GIVEN != 0 {
            return Err(ShoreError::Roles(roles.0));
        }
        let from = self.now();
        self.writing_held(vessel, |tx, held| {
            if held.authority().standing(dev).is_some() || dev == held.authority().root() {
                return Err(ShoreError::Certified);
            }
            let key = held.chain(dev).and_then(Chain::key).ok_or(ShoreError::NoGenesis)?;
            let genesis = first_of(held, dev);
            let body =
                Body::Certificate { key, vessel, roles: roles.0, from, until: None, genesis };
            let made = self.append_within(tx, held, &[body])?;
            made.first().copied().ok_or(ShoreError::RecordTooLarge)
        })
    }

    /// Confirms a phone that an officer certified on board: the shore's own certificate takes the place
    /// of the officer's, with the same dates.
    pub fn confirm(&self, vessel: VesselId, dev: DeviceId) -> Result<RecordRef, ShoreError> {
        self.writing_held(vessel, |tx, held| {
            let standing = held.authority().standing(dev).ok_or(ShoreError::UnknownDevice)?;
            standing.ship_enrolled.ok_or(ShoreError::Certified)?;
            let key = *held.authority().key(dev).ok_or(ShoreError::UnknownDevice)?;
            let body = Body::Certificate {
                key,
                vessel,
                roles: standing.roles.0,
                from: standing.from,
                until: standing.until,
                genesis: standing.genesis.or_else(|| first_of(held, dev)),
            };
            let made = self.append_within(tx, held, &[body])?;
            made.first().copied().ok_or(ShoreError::RecordTooLarge)
        })
    }

    /// What [`Shore::revoke`] would do now. Changes nothing.
    pub fn preview_revocation(
        &self,
        vessel: VesselId,
        dev: DeviceId,
    ) -> Result<RevocationPreview, ShoreError> {
        let receipted = crate::store::reading(self.store(), |tx: &dyn ReadTx| {
            Ok(tx.latest_receipt(vessel, dev)?.map_or(0, |receipt| receipt.seq))
        })?;
        self.reading_held(vessel, |held| {
            held.authority().standing(dev).ok_or(ShoreError::UnknownDevice)?;
            let records = held.chain(dev).into_iter().flat_map(Chain::all);
            let enrolled = held.authority().devices().filter_map(|(_, it)| it.ship_enrolled);
            Ok(RevocationPreview {
                last_trusted_seq: receipted,
                suspect: records.filter(|entry| entry.at.seq > receipted).count(),
                phones: enrolled.filter(|by| by.dev == dev && by.seq > receipted).count(),
            })
        })?
    }

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

    /// Revokes a device after a record that was receipted: the shore had signed that it holds what follows, so two people
    /// agree on it, and everybody who holds a receipt is told.
    pub fn revoke_receipted(
        &self,
        vessel: VesselId,
        dev: DeviceId,
        last_trusted_seq: u64,
    ) -> Result<RecordRef, ShoreError> {
        let reason = revoked::TWO_AGREED;
        self.mark(vessel, dev, |_| Body::Revoke { dev, last_trusted_seq, reason })
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

fn first_of(held: &Held, dev: DeviceId) -> Option<deckwatch_core::model::Hash> {
    held.chain(dev)?.main_branch().first().map(|entry| entry.at.hash)
}
