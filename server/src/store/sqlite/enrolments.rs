use deckwatch_core::model::{DeviceId, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::rows_within;
use crate::store::{EnrolmentRow, EnrolmentToken, Enrolments, EnrolmentsMut, StoreError};

fn read(fields: &Fields<'_>) -> Result<EnrolmentRow, StoreError> {
    Ok(EnrolmentRow {
        vessel: fields.id("vessel")?,
        token: fields.id("token")?,
        roles: fields.number("roles")?,
        label: fields.text("label")?,
        created_at: fields.integer("created_at")?,
        expires_at: fields.integer("expires_at")?,
        used_by: fields.optional_id("used_by")?,
        used_at: fields.optional_integer("used_at")?,
    })
}

impl Enrolments for SqliteTx<'_> {
    fn enrolment(
        &self,
        vessel: VesselId,
        token: EnrolmentToken,
    ) -> Result<Option<EnrolmentRow>, StoreError> {
        let sql = "
            SELECT vessel, token, roles, label, created_at, expires_at, used_by, used_at
            FROM enrolment WHERE vessel = ?1 AND token = ?2";
        self.first(sql, params![vessel.as_bytes(), token.0], read)
    }

    fn enrolments(&self, vessel: VesselId, limit: u32) -> Result<Vec<EnrolmentRow>, StoreError> {
        let sql = "
            SELECT vessel, token, roles, label, created_at, expires_at, used_by, used_at
            FROM enrolment WHERE vessel = ?1
            ORDER BY created_at DESC, token DESC LIMIT ?2";
        self.all(sql, params![vessel.as_bytes(), rows_within(limit)], read)
    }
}

impl EnrolmentsMut for SqliteTx<'_> {
    fn add_enrolment(&mut self, enrolment: &EnrolmentRow) -> Result<(), StoreError> {
        enrolment.check()?;
        self.require_vessel(enrolment.vessel)?;
        let sql = "
            INSERT INTO enrolment
                (vessel, token, roles, label, created_at, expires_at, used_by, used_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (vessel, token) DO NOTHING";
        let row = params![
            enrolment.vessel.as_bytes(),
            enrolment.token.0,
            enrolment.roles,
            enrolment.label,
            enrolment.created_at,
            enrolment.expires_at,
            enrolment.used_by.as_ref().map(DeviceId::as_bytes),
            enrolment.used_at,
        ];
        match self.execute(sql, row)? {
            0 => Err(StoreError::Exists { what: "enrolment" }),
            _ => Ok(()),
        }
    }

    fn use_enrolment(
        &mut self,
        vessel: VesselId,
        token: EnrolmentToken,
        dev: DeviceId,
        used_at: i64,
    ) -> Result<bool, StoreError> {
        let sql = "
            UPDATE enrolment SET used_by = ?3, used_at = ?4
            WHERE vessel = ?1 AND token = ?2 AND used_by IS NULL";
        self.execute(sql, params![vessel.as_bytes(), token.0, dev.as_bytes(), used_at])?;
        let row = self.enrolment(vessel, token)?;
        Ok(row.is_some_and(|row| row.used_by == Some(dev)))
    }
}
