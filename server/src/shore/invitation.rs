//! Invitations for phones.

use std::collections::BTreeMap;

use deckwatch_core::{
    authority::Roles,
    model::{DeviceId, Hash, VesselId},
    record::{Body, Chain, Enrolment},
};

use super::{Genesis, Held, Shore, ShoreError};
use crate::store::{EnrolmentRow, EnrolmentToken, StoreError, WriteTx, writing};

/// What a shore gives: crew, officer, hub. The shore itself has its root key.
pub(super) const GIVEN: u32 = Roles::CREW.0 | Roles::OFFICER.0 | Roles::HUB.0;

/// A device whose genesis may repeat the token of an invitation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub dev: DeviceId,
    pub genesis: Genesis,
    /// Of its genesis.
    pub hash: Option<Hash>,
}

impl Held {
    /// Devices that nobody has certified.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let certified = |dev| self.authority().standing(dev).is_some();
        let chains = self
            .chains()
            .iter()
            .filter(|chain| chain.dev() != self.authority().root() && !certified(chain.dev()));
        let first = |chain: &Chain| {
            let entry = chain.all().next().filter(|entry| entry.at.seq == 0)?;
            let Body::Genesis { key, vessel, nonce, .. } = entry.body()? else { return None };
            let genesis = Genesis { key: *key, vessel: *vessel, nonce: *nonce };
            Some(Waiting { dev: chain.dev(), genesis, hash: Some(entry.at.hash) })
        };
        chains.filter_map(first).collect()
    }
}

impl Shore {
    /// The certificates that invitations promised to these devices. Each token is used with that.
    pub(crate) fn promised(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
        waiting: &[Waiting],
    ) -> Result<Vec<Body>, StoreError> {
        let now = self.now();
        let mut certificates: BTreeMap<DeviceId, Body> = BTreeMap::new();
        for Waiting { dev, genesis, hash } in waiting {
            if held.authority().standing(*dev).is_some() {
                continue;
            }
            let token = EnrolmentToken(genesis.nonce);
            let Some(invitation) = tx.enrolment(held.vessel(), token)? else { continue };
            if invitation.expires_at < now || !tx.use_enrolment(held.vessel(), token, *dev, now)? {
                continue;
            }
            let certificate = Body::Certificate {
                key: genesis.key,
                vessel: held.vessel(),
                roles: invitation.roles,
                from: now,
                until: None,
                genesis: *hash,
            };
            certificates.insert(*dev, certificate);
        }
        Ok(certificates.into_values().collect())
    }

    /// Invites one phone. The token is honoured once, for `valid_secs` from now.
    pub fn invite(
        &self,
        vessel: VesselId,
        roles: Roles,
        label: &str,
        server: &str,
        valid_secs: i64,
    ) -> Result<Enrolment, ShoreError> {
        if roles == Roles::NONE || roles.0 & !GIVEN != 0 {
            return Err(ShoreError::Roles(roles.0));
        }
        let (token, created_at) = (self.draw(), self.now());
        let expires = created_at.saturating_add(valid_secs);
        let shore_key = writing(self.store(), |tx| {
            let row = tx.vessel(vessel)?.ok_or(StoreError::UnknownVessel(vessel))?;
            tx.add_enrolment(&EnrolmentRow {
                vessel,
                token: EnrolmentToken(token),
                roles: roles.0,
                label: label.to_owned(),
                created_at,
                expires_at: expires,
                used_by: None,
                used_at: None,
            })?;
            Ok(row.shore_key)
        })?;
        Ok(Enrolment { server: server.to_owned(), vessel, token, expires, shore_key })
    }
}
