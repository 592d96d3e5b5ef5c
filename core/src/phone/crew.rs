//! Who holds the phone.

use super::{Phone, RecordError, chain::NOBODY};
use crate::{
    model::RecordRef,
    record::{Body, PersonPart},
    time::ClockReading,
};

impl Phone {
    /// Nobody holds the phone from now on. The record still names who did.
    pub fn logout(&mut self, reading: &ClockReading) -> Result<RecordRef, RecordError> {
        let patrol = self.current.as_ref().map_or(0, |current| current.number);
        let taken = self.record(patrol, Body::Crew { action: 2 }, reading)?;
        self.person = NOBODY;
        Ok(taken)
    }

    /// Who holds the phone.
    pub fn person(&self) -> PersonPart {
        self.person
    }
}
