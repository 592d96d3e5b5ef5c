//! Badges: bound with the PIN, tapped without.

use super::{
    super::Phone, Basis, HOW_BADGE, HOW_BADGE_AND_FINGER, HOW_BADGE_AND_PIN, HOW_FINGER, HOW_PIN,
    LogInError, RecordError,
};
use crate::{
    login::{BadgeError, Checked, Credential},
    model::{CrewNo, Hash, TagUid},
    record::{KeyError, PersonPart, crew, key_form::public_key_from},
    store::StoreError,
    time::ClockReading,
};

/// Why a badge or a finger's key is not bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The tag.
    #[error(transparent)]
    Badge(#[from] BadgeError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The PIN.
    #[error(transparent)]
    Pin(#[from] LogInError),
    /// The record of it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for BindError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// Why a badge logs nobody in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadgeLogInError {
    /// It is nobody's here.
    #[error("this phone knows nobody with this badge; log in with the PIN, and bind the badge")]
    Unknown,
    /// It is no badge.
    #[error(transparent)]
    Badge(#[from] BadgeError),
    /// The record of it.
    #[error(transparent)]
    LogIn(#[from] LogInError),
}

impl From<StoreError> for BadgeLogInError {
    fn from(error: StoreError) -> Self {
        Self::LogIn(error.into())
    }
}

impl Phone {
    /// Binds a badge to who typed the PIN just now ([`Phone::begin_log_in`]), in place of another.
    pub fn bind_badge(
        &mut self,
        pin: &Checked,
        uid: &TagUid,
        reading: &ClockReading,
    ) -> Result<(), BindError> {
        let held = self.fitting(pin, reading)?;
        let badge = self.badge_key()?.of(uid)?;
        if self.in_force.nfc.contains_key(uid) {
            return Err(BadgeError::Checkpoint.into());
        }
        if self.badge_holder(badge)?.is_some_and(|(crew, _)| crew != pin.crew) {
            return Err(BadgeError::Taken.into());
        }
        let changed = Credential { badge: Some(badge), ..held };
        self.bind(pin.crew, crew::BADGE, &changed, reading)
    }

    /// Binds the key that this person's finger or face opens, in place of another.
    pub fn bind_finger(
        &mut self,
        pin: &Checked,
        key: &[u8],
        reading: &ClockReading,
    ) -> Result<(), BindError> {
        let held = self.fitting(pin, reading)?;
        let changed = Credential { finger: Some(public_key_from(key)?), ..held };
        self.bind(pin.crew, crew::FINGER, &changed, reading)
    }

    fn bind(
        &mut self,
        who: CrewNo,
        action: u64,
        changed: &Credential,
        reading: &ClockReading,
    ) -> Result<(), BindError> {
        self.record_bound((who, action), changed.vouched, Basis::Word, reading)?;
        self.keep_credential(who, changed)?;
        Ok(())
    }

    fn badge_holder(&self, badge: Hash) -> Result<Option<(CrewNo, Credential)>, StoreError> {
        let all = self.credentials()?;
        Ok(all.into_iter().find(|(_, held)| held.badge == Some(badge)))
    }

    /// Logs in who tapped a badge. A badge alone is worth no more than a word (I0), because a UID can be
    /// copied. Whoever is logged in already, and taps a badge as well, keeps the grade.
    pub fn log_in_badge(
        &mut self,
        uid: &TagUid,
        reading: &ClockReading,
    ) -> Result<PersonPart, BadgeLogInError> {
        let badge = self.badge_key()?.of(uid)?;
        let (crew, _) = self.badge_holder(badge)?.ok_or(BadgeLogInError::Unknown)?;
        let alone = PersonPart { crew, grade: 0, how: HOW_BADGE };
        let before = self.person;
        let person = match before.how {
            _ if before.crew != crew => alone,
            HOW_PIN | HOW_BADGE_AND_PIN => PersonPart { how: HOW_BADGE_AND_PIN, ..before },
            HOW_FINGER | HOW_BADGE_AND_FINGER => PersonPart { how: HOW_BADGE_AND_FINGER, ..before },
            _ => alone,
        };
        if person == alone {
            return Ok(self.log_in_as(person, reading)?);
        }
        // The PIN was typed when it was typed: this does not make it newer.
        self.login(person, reading).map_err(LogInError::from)?;
        Ok(person)
    }
}
