//! An officer stands by, on another phone than the one on which somebody sets a PIN: two codes, no link.

use super::{super::Phone, Moment, RecordError};
use crate::{
    authority::Roles,
    entropy::draw,
    model::{CrewNo, RecordRef},
    phone::plan::now_of,
    record::{Body, KeyError, VouchAnswer, VouchRequest, VouchTextError, crew, device_id},
    store::StoreError,
    time::ClockReading,
};

/// `via` of a `seen` record: read from another phone's screen.
const VIA_QR: u64 = 1;

/// Why an officer does not stand by.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VouchError {
    /// No roster number.
    #[error("0 is nobody's roster number; give the number from the roster")]
    Nobody,
    /// The code.
    #[error(transparent)]
    Text(#[from] VouchTextError),
    /// Of another ship.
    #[error("this code is of another ship's phone; show it to an officer of that ship")]
    OtherVessel,
    /// This phone does not vouch.
    #[error(
        "this takes the ship security officer: log in on the officer's phone with the PIN, then do it within ten minutes"
    )]
    NotOfficer,
    /// The answer belongs to another question.
    #[error(
        "this answer is not to the newest code of this phone; show that code to the officer again"
    )]
    OtherRequest,
    /// The answer is not an officer's.
    #[error(
        "this phone knows of no officer's certificate for the phone that answered; sync, then ask again"
    )]
    NoOfficer,
    /// The record of it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for VouchError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl From<KeyError> for VouchError {
    fn from(error: KeyError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// The code with which an officer's phone is asked to stand by while `crew` sets a PIN here. A new one
    /// takes the place of the one before.
    pub fn ask_officer(&mut self, crew: CrewNo) -> Result<String, VouchError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        if crew == CrewNo::NOBODY {
            return Err(VouchError::Nobody);
        }
        let nonce = draw(self.entropy.as_mut());
        let request = VouchRequest { vessel, dev: self.dev, crew, nonce };
        self.session.asked = Some(request);
        Ok(request.to_text())
    }

    /// For the officer who stands by on this phone: answers another phone's code, by a record that says so.
    pub fn vouch_for(&mut self, text: &str, reading: &ClockReading) -> Result<String, VouchError> {
        let request = VouchRequest::from_text(text)?;
        if self.vessel() != Some(request.vessel) {
            return Err(VouchError::OtherVessel);
        }
        if !self.is_officer_here(reading)? {
            return Err(VouchError::NotOfficer);
        }
        let record = self.record(0, Body::Crew { action: crew::VOUCH }, reading)?;
        Ok(VouchAnswer::sign(self.key.as_ref(), request, record)?.to_text())
    }

    /// Takes the officer's answer: within ten minutes the person may set a PIN here.
    pub fn officer_answered(
        &mut self,
        text: &str,
        reading: &ClockReading,
    ) -> Result<CrewNo, VouchError> {
        let answer = VouchAnswer::from_text(text)?;
        if self.session.asked != Some(answer.request) {
            return Err(VouchError::OtherRequest);
        }
        let dev = device_id(&answer.key);
        let (seq, hash) = answer.record;
        let officer = self.authority.as_ref().is_some_and(|known| {
            let ended = known.standing(dev).and_then(|it| it.until);
            known.key(dev) == Some(&answer.key)
                && known.roles_at(dev, seq).has(Roles::OFFICER)
                && ended.is_none_or(|until| until >= now_of(reading))
        });
        if !officer || !answer.is_signed() {
            return Err(VouchError::NoOfficer);
        }
        let RecordRef { dev, seq, hash: head } = RecordRef { dev, seq, hash };
        self.record(0, Body::Seen { dev, seq, head, via: VIA_QR }, reading)?;
        self.session.asked = None;
        self.session.stood_by = Some((answer.request.crew, Moment::now(reading)));
        Ok(answer.request.crew)
    }
}
