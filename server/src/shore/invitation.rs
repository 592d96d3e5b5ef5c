//! Invitations for phones.

use deckwatch_core::{authority::Roles, model::VesselId, record::Enrolment};

use super::{Shore, ShoreError};
use crate::store::{EnrolmentRow, EnrolmentToken, StoreError, writing};

/// What a shore gives: crew, officer, hub. The shore itself has its root key.
pub(super) const GIVEN: u32 = Roles::CREW.0 | Roles::OFFICER.0 | Roles::HUB.0;

impl Shore {
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
