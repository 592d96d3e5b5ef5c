//! New vessels.

use deckwatch_core::{
    entropy::Entropy,
    model::VesselId,
    record::{Body, DeviceKey, SoftwareKey},
};

use super::{Shore, ShoreError, lock};
use crate::store::{Scope, StoreError, VesselRow, WriteTx, reading};

impl Shore {
    /// Adds a vessel: its shore key, its row, and the genesis of its shore device.
    pub fn add_vessel(&self, name: &str) -> Result<VesselId, ShoreError> {
        let vessel = VesselId(self.draw());
        self.add_vessel_as(vessel, name)?;
        Ok(vessel)
    }

    /// Adds a vessel under an id of the caller's.
    pub fn add_vessel_as(&self, vessel: VesselId, name: &str) -> Result<(), ShoreError> {
        let key = SoftwareKey::generate(&mut **lock(&self.entropy) as &mut dyn Entropy);
        let created_at = self.now();
        let row = VesselRow {
            id: vessel,
            name: name.to_owned(),
            created_at,
            shore_key: key.public_key(),
        };
        // The key first: a key without a vessel harms nobody, a vessel without its key is lost.
        self.keys.keep(vessel, key)?;
        let genesis = Body::Genesis {
            key: row.shore_key,
            vessel,
            nonce: self.draw(),
            offset: self.offset(),
            continues: None,
        };
        crate::store::try_writing(self.store(), |tx: &mut dyn WriteTx| {
            // Before anything of it is kept, so that nothing is logged twice.
            self.open_ledger(tx)?;
            tx.add_vessel(&row)?;
            let mut held = super::Held::nothing_of(&row);
            self.append_within(tx, &mut held, std::slice::from_ref(&genesis))?;
            self.name_ledger(tx, &mut held)
        })
    }

    /// All vessels, by name.
    pub fn vessels(&self) -> Result<Vec<VesselRow>, StoreError> {
        reading(self.store(), |tx| tx.vessels(Scope::All))
    }

    /// One vessel.
    pub fn vessel(&self, vessel: VesselId) -> Result<VesselRow, StoreError> {
        reading(self.store(), |tx| tx.vessel(vessel)?.ok_or(StoreError::UnknownVessel(vessel)))
    }
}
