use deckwatch_core::model::VesselId;
use rusqlite::params;

use super::statement::{Fields, SqliteTx, scope_list};
use crate::store::vessel::check_vessel_name;
use crate::store::{Scope, StoreError, VesselRow, Vessels, VesselsMut};

fn read(fields: &Fields<'_>) -> Result<VesselRow, StoreError> {
    Ok(VesselRow {
        id: fields.id("id")?,
        name: fields.text("name")?,
        created_at: fields.integer("created_at")?,
        shore_key: fields.id("shore_key")?,
    })
}

impl Vessels for SqliteTx<'_> {
    fn vessels(&self, scope: Scope<'_>) -> Result<Vec<VesselRow>, StoreError> {
        let sql = "
            SELECT id, name, created_at, shore_key FROM vessel
            WHERE ?1 IS NULL OR id IN (SELECT unhex(value) FROM json_each(?1))
            ORDER BY name, id";
        self.all(sql, [scope_list(scope)], read)
    }

    fn vessel(&self, vessel: VesselId) -> Result<Option<VesselRow>, StoreError> {
        let sql = "SELECT id, name, created_at, shore_key FROM vessel WHERE id = ?1";
        self.first(sql, [vessel.as_bytes()], read)
    }
}

impl VesselsMut for SqliteTx<'_> {
    fn add_vessel(&mut self, vessel: &VesselRow) -> Result<(), StoreError> {
        vessel.check()?;
        let sql = "
            INSERT INTO vessel (id, name, created_at, shore_key) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (id) DO NOTHING";
        let row = params![vessel.id.as_bytes(), vessel.name, vessel.created_at, vessel.shore_key];
        match self.execute(sql, row)? {
            0 => Err(StoreError::Exists { what: "vessel" }),
            _ => Ok(()),
        }
    }

    fn rename_vessel(&mut self, vessel: VesselId, name: &str) -> Result<(), StoreError> {
        check_vessel_name(name)?;
        let sql = "UPDATE vessel SET name = ?2 WHERE id = ?1";
        match self.execute(sql, params![vessel.as_bytes(), name])? {
            0 => Err(StoreError::UnknownVessel(vessel)),
            _ => Ok(()),
        }
    }
}
