//! Logging in with a roster number and a PIN.

use super::{super::Phone, HOW_BADGE_AND_PIN, HOW_PIN, Moment, RecordError, has_badge};
use crate::{
    entropy::draw,
    login::{Allowance, Checked, Credential, Pin, PinCheck, PinError},
    model::CrewNo,
    record::PersonPart,
    store::StoreError,
    time::ClockReading,
};

/// Why nobody is logged in now who was not before. Recording goes on in every case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogInError {
    /// No roster number.
    #[error("0 is nobody's roster number; give the number from the roster")]
    Nobody,
    /// It is no PIN, or cannot be checked now.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// There is no such person here, or another PIN. Which of them, is not said.
    #[error(
        "roster number and PIN do not fit; try again, or set a PIN on this phone if you have none here"
    )]
    Wrong {
        /// What may be done next.
        next: Allowance,
    },
    /// Too many failures.
    #[error("too many wrong PINs; try again in {seconds} s. Patrols can be walked meanwhile")]
    Wait {
        /// Seconds from now.
        seconds: u64,
    },
    /// Far too many.
    #[error(
        "far too many wrong PINs for this number; set a new PIN while an officer stands by. Patrols can be walked meanwhile"
    )]
    Stopped,
    /// The record of it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for LogInError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// Logs in with a PIN: [`Phone::begin_log_in`], [`PinCheck::run`] and [`Phone::finish_log_in`] at once.
    pub fn log_in(
        &mut self,
        crew: CrewNo,
        pin: &Pin,
        reading: &ClockReading,
    ) -> Result<PersonPart, LogInError> {
        let checked = self.begin_log_in(crew, reading)?.run(pin)?;
        self.finish_log_in(&checked, reading)
    }

    /// Counts an attempt as failed, durably, and gives what is to be compared, away from the phone.
    pub fn begin_log_in(
        &mut self,
        crew: CrewNo,
        reading: &ClockReading,
    ) -> Result<PinCheck, LogInError> {
        if self.tail.is_none() {
            return Err(RecordError::NotEnrolled.into());
        }
        if crew == CrewNo::NOBODY {
            return Err(LogInError::Nobody);
        }
        // If the app was ended before it could say so. Not a reason to refuse anything.
        drop(self.tell_limit(crew, reading));
        match self.log_in_allowance(crew, reading)? {
            Allowance::Try { .. } => {}
            Allowance::Wait { seconds } => return Err(LogInError::Wait { seconds }),
            Allowance::Stopped => return Err(LogInError::Stopped),
        }
        let (attempts, spray) = self.attempts(crew, reading)?;
        self.keep_attempts(crew, (Some(attempts.and_one(reading)), spray.and_one()))?;
        let held = self.credential(crew)?;
        Ok(PinCheck::new(crew, held.map(|held| held.pin), draw(self.entropy.as_mut())))
    }

    /// Logs in who was compared, or says that it failed.
    pub fn finish_log_in(
        &mut self,
        checked: &Checked,
        reading: &ClockReading,
    ) -> Result<PersonPart, LogInError> {
        let held = self.fitting(checked, reading)?;
        let crew = checked.crew;
        let badge = self.person.crew == crew && has_badge(self.person.how);
        let how = if badge { HOW_BADGE_AND_PIN } else { HOW_PIN };
        self.log_in_as(PersonPart { crew, grade: held.is_vouched().into(), how }, reading)
    }

    pub(super) fn log_in_as(
        &mut self,
        person: PersonPart,
        reading: &ClockReading,
    ) -> Result<PersonPart, LogInError> {
        self.login(person, reading)?;
        self.session = super::Session::default();
        if person.how != super::HOW_BADGE {
            self.session.proved = Some((person.crew, Moment::now(reading)));
        }
        Ok(person)
    }

    /// What is kept of the person whose PIN was right. The failures are forgotten, and a verifier of another
    /// cost is replaced.
    pub(super) fn fitting(
        &mut self,
        checked: &Checked,
        reading: &ClockReading,
    ) -> Result<Credential, LogInError> {
        let crew = checked.crew;
        // Compared away from the lock: it may have been changed meanwhile.
        let held = self.credential(crew)?.filter(|held| checked.fits.as_ref() == Some(&held.pin));
        let Some(mut held) = held else {
            drop(self.tell_limit(crew, reading));
            return Err(LogInError::Wrong { next: self.log_in_allowance(crew, reading)? });
        };
        let (_, spray) = self.attempts(crew, reading)?;
        self.keep_attempts(crew, (None, spray.but_one()))?;
        if let Some(renewed) = &checked.renewed {
            held.pin = renewed.clone();
            self.keep_credential(crew, &held)?;
        }
        Ok(held)
    }
}
