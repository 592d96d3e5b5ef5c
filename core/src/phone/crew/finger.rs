//! Logging in with a finger or a face: a key that only they open signs a challenge. Two steps, because the
//! phone's system asks the finger, and nothing may be locked meanwhile.

use super::{
    super::Phone, FINGER_TAKES, HOW_BADGE_AND_FINGER, HOW_FINGER, LogInError, Moment, RecordError,
    has_badge,
};
use crate::{
    entropy::draw,
    model::CrewNo,
    record::{
        PersonPart, Purpose,
        cbor::Writer,
        key::{signed_bytes, verify},
        key_form::signature_from,
    },
    store::StoreError,
    time::ClockReading,
};

/// Why a finger logs nobody in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FingerError {
    /// No key is bound, or another finger was added to the phone and the key is gone.
    #[error("this phone keeps no finger's key of this person; log in with the PIN, and bind one")]
    NoKey,
    /// Too late, or asked for somebody else meanwhile.
    #[error("this took too long, or somebody else logged in meanwhile; touch again")]
    Late,
    /// Not this key's signature.
    #[error("the key that answered is not this person's; log in with the PIN")]
    OtherKey,
    /// The record of it.
    #[error(transparent)]
    LogIn(#[from] LogInError),
}

impl From<StoreError> for FingerError {
    fn from(error: StoreError) -> Self {
        Self::LogIn(error.into())
    }
}

impl Phone {
    /// What the key of this person's finger is to sign: ES256 over these bytes, once, within two minutes.
    pub fn prepare_finger(
        &mut self,
        crew: CrewNo,
        reading: &ClockReading,
    ) -> Result<Vec<u8>, FingerError> {
        if self.tail.is_none() {
            return Err(LogInError::from(RecordError::NotEnrolled).into());
        }
        if self.credential(crew)?.is_none_or(|held| held.finger.is_none()) {
            return Err(FingerError::NoKey);
        }
        let nonce = draw(self.entropy.as_mut());
        self.session.challenge = Some((crew, nonce, Moment::now(reading)));
        Ok(signed_bytes(Purpose::Finger, &self.finger_payload(crew, &nonce)))
    }

    fn finger_payload(&self, crew: CrewNo, nonce: &[u8; 16]) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(3).bytes(&self.dev.0).uint(crew.0.into()).bytes(nonce);
        to.finish()
    }

    /// Logs in with the signature, in DER or as r and s: grade I2 where an officer vouched for the PIN with
    /// which the key was bound, I0 otherwise.
    pub fn commit_finger(
        &mut self,
        signature: &[u8],
        reading: &ClockReading,
    ) -> Result<PersonPart, FingerError> {
        let challenge = self.session.challenge.take();
        let (crew, nonce, _) = challenge
            .filter(|(_, _, at)| at.within(FINGER_TAKES, reading))
            .ok_or(FingerError::Late)?;
        let held = self.credential(crew)?.ok_or(FingerError::NoKey)?;
        let key = held.finger.ok_or(FingerError::NoKey)?;
        let payload = self.finger_payload(crew, &nonce);
        let signature = signature_from(signature).map_err(|_| FingerError::OtherKey)?;
        if !verify(&key, Purpose::Finger, &payload, &signature) {
            return Err(FingerError::OtherKey);
        }
        let badge = self.person.crew == crew && has_badge(self.person.how);
        let how = if badge { HOW_BADGE_AND_FINGER } else { HOW_FINGER };
        let grade = if held.is_vouched() { 2 } else { 0 };
        Ok(self.log_in_as(PersonPart { crew, grade, how }, reading)?)
    }
}
