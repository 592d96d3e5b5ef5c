//! Who holds the phone, and how surely that is known. Nothing that is recorded waits for it.

mod badge;
mod finger;
mod kept;
mod log_in;
mod set_pin;
mod vouch;

pub use badge::{BadgeLogInError, BindError};
pub use finger::FingerError;
pub use log_in::LogInError;
pub use set_pin::SetPinError;
pub use vouch::VouchError;

use super::{Phone, RecordError, chain::NOBODY};
use crate::{
    authority::Roles,
    login::VouchedBy,
    model::{CrewNo, RecordRef},
    record::{Body, PersonPart, VouchRequest, crew},
    store::StoreError,
    time::ClockReading,
};

/// So long, in 0.1 s, an officer's PIN lets him vouch for others, and an officer's answer waits for the PIN: 10 min.
const STANDS_BY: u64 = 10 * 60 * 10;
/// So long, in 0.1 s, a finger's key may take to answer: 2 min.
const FINGER_TAKES: u64 = 2 * 60 * 10;

/// What is known until the program ends.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Whose PIN or finger was right, and when.
    proved: Option<(CrewNo, Moment)>,
    /// What an officer's phone was asked for.
    asked: Option<VouchRequest>,
    /// For whom an officer on another phone stands by, and since when.
    stood_by: Option<(CrewNo, Moment)>,
    /// What a finger's key is to sign.
    challenge: Option<(CrewNo, [u8; 16], Moment)>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    boot: [u8; 8],
    mono: u64,
}

impl Moment {
    fn now(reading: &ClockReading) -> Self {
        Self { boot: reading.boot, mono: reading.mono }
    }

    /// Whether no more than `most` has passed since, for certain.
    fn within(self, most: u64, reading: &ClockReading) -> bool {
        self.boot == reading.boot
            && reading.mono.checked_sub(self.mono).is_some_and(|passed| passed <= most)
    }
}

/// Why a PIN that is set, or was set, is this person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Nobody says so.
    Word,
    /// An officer who logged in here says so.
    Here(PersonPart),
    /// An officer on another phone says so; `seen` is recorded.
    Elsewhere,
    /// This is an officer's phone, and nobody is its officer yet.
    First,
}

impl Phone {
    /// Nobody holds the phone from now on. The record still names who did.
    pub fn logout(&mut self, reading: &ClockReading) -> Result<RecordRef, RecordError> {
        let patrol = self.current.as_ref().map_or(0, |current| current.number);
        let taken = self.record(patrol, Body::Crew { action: crew::LOGOUT }, reading)?;
        self.person = NOBODY;
        self.session = Session::default();
        Ok(taken)
    }

    /// Who holds the phone.
    pub fn person(&self) -> PersonPart {
        self.person
    }

    /// Whether an officer stands by on this phone: it is certified as an officer's, he was vouched for as its
    /// officer, and his PIN or finger was right within ten minutes.
    pub fn is_officer_here(&self, reading: &ClockReading) -> Result<bool, StoreError> {
        let crew = self.person.crew;
        let proved = self
            .session
            .proved
            .is_some_and(|(who, at)| who == crew && at.within(STANDS_BY, reading));
        if !proved || !self.is_officers_phone(reading) {
            return Ok(false);
        }
        Ok(self.credential(crew)?.is_some_and(|held| held.is_officer()))
    }

    fn is_officers_phone(&self, reading: &ClockReading) -> bool {
        self.writes_as(reading).is_ok_and(|roles| roles.has(Roles::OFFICER))
    }

    fn basis(&self, crew: CrewNo, reading: &ClockReading) -> Result<Basis, StoreError> {
        let answered = |(who, at): (CrewNo, Moment)| who == crew && at.within(STANDS_BY, reading);
        if self.is_officer_here(reading)? {
            return Ok(Basis::Here(self.person));
        }
        if self.session.stood_by.is_some_and(answered) {
            return Ok(Basis::Elsewhere);
        }
        let first = self.is_officers_phone(reading)
            && !self.credentials()?.iter().any(|(_, held)| held.is_officer());
        Ok(if first { Basis::First } else { Basis::Word })
    }

    /// Records something that was bound to a person, after who stood by.
    fn record_bound(
        &mut self,
        (who, action): (CrewNo, u64),
        vouched: VouchedBy,
        basis: Basis,
        reading: &ClockReading,
    ) -> Result<(), RecordError> {
        let grade = u32::from(vouched != VouchedBy::Nobody);
        let subject = PersonPart { crew: who, grade, how: HOW_PIN };
        let told: &[_] = match basis {
            Basis::Here(officer) => &[(officer, crew::VOUCH), (subject, action)],
            _ => &[(subject, action)],
        };
        self.record_of(told, reading)
    }
}

/// `how` of a person part: FORMAT.md section 3.
const HOW_PIN: u64 = 1;
const HOW_FINGER: u64 = 2;
const HOW_BADGE: u64 = 3;
const HOW_BADGE_AND_PIN: u64 = 4;
const HOW_BADGE_AND_FINGER: u64 = 5;

/// Whether somebody who is known like this showed a badge.
fn has_badge(how: u64) -> bool {
    (HOW_BADGE..=HOW_BADGE_AND_FINGER).contains(&how)
}
