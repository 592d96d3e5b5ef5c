//! Setting and changing a PIN, and forgetting a person.

use super::{super::Phone, Basis, LogInError, RecordError};
use crate::{
    entropy::draw,
    login::{Checked, Credential, NewPin, PinError, VouchedBy, pin::SALT_LEN},
    model::CrewNo,
    record::{PersonPart, crew},
    store::StoreError,
    time::ClockReading,
};

/// Why a PIN is not set. What was kept before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPinError {
    /// No roster number.
    #[error("0 is nobody's roster number; give the number from the roster")]
    Nobody,
    /// It cannot be chosen.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// This number has one.
    #[error(
        "this number has a PIN on this phone; change it with the old one, or set it while an officer stands by"
    )]
    AlreadySet,
    /// An officer would have to stand by.
    #[error(
        "this takes the ship security officer: log in on the officer's phone with the PIN, then do it within ten minutes"
    )]
    NotOfficer,
    /// The old PIN.
    #[error(transparent)]
    Old(#[from] LogInError),
    /// The record of it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for SetPinError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// Random bytes for a new PIN.
    pub fn pin_salt(&mut self) -> [u8; SALT_LEN] {
        draw(self.entropy.as_mut())
    }

    /// Sets somebody's PIN on this phone. Where nobody stands by it is set once, and whoever logs in with it
    /// has grade I0: nobody says that it is the person of this number. Where an officer stands by, here or on
    /// his phone, it takes the place of another, failures are forgotten, and the grade is I1. The first person
    /// on an officer's phone is taken for its officer.
    ///
    /// `officer`: makes an officer of this phone; for officers.
    pub fn set_pin(
        &mut self,
        new: NewPin,
        officer: bool,
        reading: &ClockReading,
    ) -> Result<VouchedBy, SetPinError> {
        let NewPin { crew: who, verifier } = new;
        if who == CrewNo::NOBODY {
            return Err(SetPinError::Nobody);
        }
        let basis = self.basis(who, reading)?;
        let exists = self.store.login_key(who)?.is_some();
        let himself = matches!(basis, Basis::Here(officer) if officer.crew == who);
        let vouched = match basis {
            Basis::Word if officer => return Err(SetPinError::NotOfficer),
            Basis::Word | Basis::First if exists => return Err(SetPinError::AlreadySet),
            Basis::Word => VouchedBy::Nobody,
            Basis::First => VouchedBy::Certificate,
            Basis::Elsewhere if officer && !self.is_officers_phone(reading) => {
                return Err(SetPinError::NotOfficer);
            }
            Basis::Here(_) | Basis::Elsewhere if officer || himself => VouchedBy::Certificate,
            Basis::Here(_) | Basis::Elsewhere => VouchedBy::Officer,
        };
        self.record_bound((who, crew::PIN), vouched, basis, reading)?;
        self.keep_credential(who, &Credential::new(verifier, vouched))?;
        self.store.put_login_attempts(&[(who, None)])?;
        if basis == Basis::Elsewhere {
            self.session.stood_by = None;
        }
        Ok(vouched)
    }

    /// Changes a PIN with the old one ([`Phone::begin_log_in`]). Badge and finger stay. Nobody is logged in
    /// by it. On an officer's phone that has no officer yet, its officer is who changes a PIN first.
    pub fn change_pin(
        &mut self,
        old: &Checked,
        new: NewPin,
        reading: &ClockReading,
    ) -> Result<VouchedBy, SetPinError> {
        if new.crew != old.crew {
            return Err(SetPinError::Nobody);
        }
        let mut held = self.fitting(old, reading)?;
        let basis = self.basis(new.crew, reading)?;
        match basis {
            Basis::First => held.vouched = VouchedBy::Certificate,
            Basis::Here(_) | Basis::Elsewhere if !held.is_vouched() => {
                held.vouched = VouchedBy::Officer;
            }
            _ => {}
        }
        held.pin = new.verifier;
        self.record_bound((new.crew, crew::PIN), held.vouched, basis, reading)?;
        self.keep_credential(new.crew, &held)?;
        if basis == Basis::Elsewhere {
            self.session.stood_by = None;
        }
        Ok(held.vouched)
    }

    /// Forgets all that is kept of a person who left; for an officer who stands by here.
    pub fn forget(&mut self, who: CrewNo, reading: &ClockReading) -> Result<(), SetPinError> {
        if who == CrewNo::NOBODY {
            return Err(SetPinError::Nobody);
        }
        if !self.is_officer_here(reading)? {
            return Err(SetPinError::NotOfficer);
        }
        let subject = PersonPart { crew: who, grade: 0, how: 0 };
        let told = [(self.person, crew::VOUCH), (subject, crew::FORGOTTEN)];
        self.record_of(&told, reading)?;
        self.store.remove_login_key(who)?;
        Ok(())
    }
}
