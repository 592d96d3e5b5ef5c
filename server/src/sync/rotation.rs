//! Keys that phones rotated: FORMAT.md section 21. Both keys prove it, and the shore certifies the next one by itself,
//! within limits. What it does not certify waits for a person: `deckwatch device list` says why.

use std::collections::BTreeSet;

use deckwatch_core::{
    authority::Roles,
    model::DeviceId,
    record::{Body, Chain, Rotation, RotationError},
};

use super::SyncRefusal;
use super::ingest::Taken;
use crate::shore::{Held, Shore};
use crate::store::WriteTx;

/// Rotations of one phone's line that the shore certifies by itself within [`PERIOD_SECS`].
pub const LIMIT: usize = 4;
/// 30 days, by the shore's clock.
pub const PERIOD_SECS: i64 = 30 * 86_400;

/// Why the shore does not certify the next key by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationRefusal {
    /// The two chains do not prove it.
    #[error(transparent)]
    NotProved(#[from] RotationError),
    /// The device before was not certified by the shore, or only until now.
    #[error("the device before has no certificate of the shore's that goes on")]
    NotCertified,
    /// Revoked or lost: whoever has the old key may be the thief.
    #[error("the device before is revoked or declared lost")]
    NotTrusted,
    /// An officer's phone that certified phones lately: its limit must not begin again.
    #[error("it is an officer's phone that certified phones on board within 30 days")]
    CertifiedPhones,
    /// More than its owner needs.
    #[error("this phone's key was rotated {LIMIT} times within 30 days")]
    TooOften,
}

/// What to say of a device that continues another whose key was rotated; `None`: it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationClaim {
    /// The device before.
    pub before: DeviceId,
    /// The certificate that the shore would give, or why it gives none.
    pub certificate: Result<Rotation, RotationRefusal>,
}

impl Held {
    /// Whether a device that has no certificate took the place of another by rotation, and what the shore would do.
    pub fn rotation_claim(&self, dev: DeviceId, now: i64) -> Option<RotationClaim> {
        let new = self.chain(dev)?;
        let before = named_before(new)?;
        let old = self.chain(before)?;
        let proved = Rotation::proved(old, new);
        // A phone that was put back from a copy continues another chain too.
        if proved == Err(RotationError::NotNamed) {
            return None;
        }
        let certificate = proved.map_err(RotationRefusal::from).and_then(|rotation| {
            self.may_rotate(old, &rotation, now)?;
            Ok(rotation)
        });
        Some(RotationClaim { before, certificate })
    }

    fn may_rotate(
        &self,
        old: &Chain,
        rotation: &Rotation,
        now: i64,
    ) -> Result<(), RotationRefusal> {
        let standing = self.authority().standing(old.dev());
        let standing = standing.filter(|it| it.ship_enrolled.is_none() && it.roles != Roles::NONE);
        let standing = standing.ok_or(RotationRefusal::NotCertified)?;
        let genesis = old.main_branch().first().map(|first| first.at.hash);
        if standing.until.is_some_and(|until| until < now)
            || standing.genesis.is_some_and(|named| Some(named) != genesis)
        {
            return Err(RotationRefusal::NotCertified);
        }
        if standing.last_trusted_seq.is_some() || standing.lost.is_some() {
            return Err(RotationRefusal::NotTrusted);
        }
        let wall = old.get(rotation.record.seq, rotation.record.hash).and_then(|it| it.time);
        let wall = wall.map_or(0, |time| time.wall);
        let fresh = deckwatch_core::authority::on_board::LIMIT;
        if standing.roles.has(Roles::OFFICER) && self.authority().room_on_board(old, wall) < fresh {
            return Err(RotationRefusal::CertifiedPhones);
        }
        if self.rotations_before(old.dev(), now) >= LIMIT {
            return Err(RotationRefusal::TooOften);
        }
        Ok(())
    }

    /// How many devices of this line the shore certified within the period, as the successors of others.
    fn rotations_before(&self, dev: DeviceId, now: i64) -> usize {
        let since = now.saturating_sub(PERIOD_SECS);
        let shore = self.chain(self.authority().root());
        let certified: BTreeSet<DeviceId> = shore
            .into_iter()
            .flat_map(Chain::main_branch)
            .filter(|entry| {
                let wall = entry.time.and_then(|time| i64::try_from(time.wall).ok());
                wall.is_none_or(|wall| wall > since)
            })
            .filter_map(|entry| match entry.body() {
                Some(Body::Certificate { key, .. }) => Some(deckwatch_core::record::device_id(key)),
                _ => None,
            })
            .collect();
        let (mut count, mut at) = (0, dev);
        while let Some(before) = self.before(at)
            && count < LIMIT
        {
            count += usize::from(certified.contains(&at));
            at = before;
        }
        count
    }

    /// The device whose rotation names this one.
    pub fn before(&self, dev: DeviceId) -> Option<DeviceId> {
        let before = named_before(self.chain(dev)?)?;
        let standing = self.authority().standing(before)?;
        standing.rotated.is_some_and(|rotated| rotated.to == Some(dev)).then_some(before)
    }
}

impl Shore {
    /// Certifies the next keys of phones that were rotated.
    pub(super) fn honour_rotations(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        taken: &mut Taken,
    ) -> Result<(), SyncRefusal> {
        // A phone that rotated twice at sea brings three chains: the first one's certificate decides about the next.
        for _ in 0..LIMIT {
            let certificates = certificates(held, &taken.authors, self.now());
            if certificates.is_empty() {
                break;
            }
            self.append_within(tx, held, &certificates)?;
            taken.news = true;
        }
        Ok(())
    }
}

fn certificates(held: &Held, authors: &BTreeSet<DeviceId>, now: i64) -> Vec<Body> {
    let authority = held.authority();
    let waiting = held.chains().iter().filter(|chain| {
        let dev = chain.dev();
        let before = named_before(chain);
        dev != authority.root()
            && authority.standing(dev).is_none()
            && before.is_some_and(|before| authors.contains(&dev) || authors.contains(&before))
    });
    let rotations =
        waiting.filter_map(|chain| held.rotation_claim(chain.dev(), now)?.certificate.ok());
    rotations.filter_map(|rotation| certificate(held, &rotation, now)).collect()
}

/// The device that a chain says it continues.
fn named_before(chain: &Chain) -> Option<DeviceId> {
    match chain.all().next()?.body()? {
        Body::Genesis { continues, .. } => continues.as_ref().map(|continues| continues.dev),
        _ => None,
    }
}

/// The certificate of the device before, for the next key. Its records count from the rotation on, as far as that is
/// no later than now.
fn certificate(held: &Held, rotation: &Rotation, now: i64) -> Option<Body> {
    let standing = held.authority().standing(rotation.record.dev)?;
    let record = held.chain(rotation.record.dev)?.get(rotation.record.seq, rotation.record.hash)?;
    let said = record.time.and_then(|time| i64::try_from(time.wall).ok()).unwrap_or(now);
    Some(Body::Certificate {
        key: rotation.key,
        vessel: held.vessel(),
        roles: standing.roles.0,
        from: said.clamp(standing.from.min(now), now),
        until: standing.until,
        genesis: Some(rotation.genesis.hash),
    })
}
