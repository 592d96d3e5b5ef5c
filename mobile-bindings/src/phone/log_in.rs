//! Who holds the phone: PINs, badges, fingers, and officers who stand by.

use deckwatch_core::{
    login::{self, Checked, NewPin, Pin},
    model::{CrewNo, TagUid},
    record::{self, PersonPart},
};

use super::Phone;
use crate::{MobileError, platform::Change};

/// How surely it is known who holds the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum IdentityGrade {
    /// Said; or checked against what nobody vouched for, or with a badge alone.
    I0,
    /// A PIN that was set while an officer stood by.
    I1,
    /// A key that a finger or a face opens, bound with such a PIN.
    I2,
    /// That, and a badge that answers a challenge. This version reads no such badges.
    I3,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum KnownBy {
    /// Nothing.
    Word,
    /// A PIN.
    Pin,
    /// A finger or a face.
    Finger,
    /// A badge.
    Badge,
    /// A badge and a PIN.
    BadgeAndPin,
    /// A badge, and a finger or a face.
    BadgeAndFinger,
    /// Something that this list does not have.
    Unknown {
        /// What it is called.
        name: String,
    },
}

/// Who holds the phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Person {
    /// The roster number.
    pub crew: u32,
    /// How surely.
    pub grade: IdentityGrade,
    /// What was checked.
    pub by: KnownBy,
}

impl From<PersonPart> for Person {
    fn from(person: PersonPart) -> Self {
        let grade = match person.grade {
            1 => IdentityGrade::I1,
            2 => IdentityGrade::I2,
            3 => IdentityGrade::I3,
            _ => IdentityGrade::I0,
        };
        let by = match person.how {
            0 => KnownBy::Word,
            1 => KnownBy::Pin,
            2 => KnownBy::Finger,
            3 => KnownBy::Badge,
            4 => KnownBy::BadgeAndPin,
            5 => KnownBy::BadgeAndFinger,
            how => KnownBy::Unknown { name: how.to_string() },
        };
        Self { crew: person.crew.0, grade, by }
    }
}

/// What somebody who wants to log in with a PIN may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Allowance {
    /// Try.
    Try {
        /// Wrong PINs from now on before the next wait.
        before_wait: u32,
        /// Wrong PINs from now on before only an officer helps.
        before_stop: u32,
    },
    /// Wait, and then try.
    Wait {
        /// Seconds from now.
        seconds: u64,
    },
    /// Set a new PIN while an officer stands by.
    Stopped,
}

/// Who says that a PIN is the person's of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum VouchedBy {
    /// Nobody: grade I0.
    Nobody,
    /// An officer: grade I1.
    Officer,
    /// This officer's phone's own certificate, or an officer who made an officer: grade I1, and may vouch.
    Certificate,
}

impl From<login::VouchedBy> for VouchedBy {
    fn from(vouched: login::VouchedBy) -> Self {
        match vouched {
            login::VouchedBy::Nobody => Self::Nobody,
            login::VouchedBy::Officer => Self::Officer,
            login::VouchedBy::Certificate => Self::Certificate,
        }
    }
}

/// What another phone asks an officer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VouchRequest {
    /// The phone.
    pub device: String,
    /// Who is about to set a PIN on it. Look whether it is that person.
    pub crew: u32,
}

const CHANGES: [Change; 1] = [Change::Identity];

#[uniffi::export]
impl Phone {
    /// Logs in with a PIN. It takes some tenths of a second; other calls do not wait for it.
    pub fn log_in(&self, crew: u32, pin: String) -> Result<Person, MobileError> {
        let checked = self.check_pin(crew, pin)?;
        self.recording("log-in", &CHANGES, |phone, reading| {
            Ok(phone.finish_log_in(&checked, reading)?.into())
        })
    }

    /// Records who says that he holds the phone: grade I0, nothing is checked.
    pub fn log_in_unchecked(&self, crew: u32) -> Result<(), MobileError> {
        let crew = number(crew)?;
        self.recording("log-in-unchecked", &CHANGES, |phone, reading| {
            phone.login(PersonPart { crew, grade: 0, how: 0 }, reading)?;
            Ok(())
        })
    }

    /// Records that nobody holds the phone any more. A patrol that is being walked stays open.
    pub fn log_out(&self) -> Result<(), MobileError> {
        self.recording("log-out", &CHANGES, |phone, reading| {
            phone.logout(reading)?;
            Ok(())
        })
    }

    /// How often this roster number may try a PIN now. It says the same of numbers that have none here.
    pub fn log_in_allowance(&self, crew: u32) -> Result<Allowance, MobileError> {
        let look = self.recorder.look(|phone, reading| {
            phone.log_in_allowance(CrewNo(crew), reading).map_err(MobileError::from)
        });
        Ok(match look?? {
            login::Allowance::Try { before_wait, before_stop } => {
                Allowance::Try { before_wait, before_stop }
            }
            login::Allowance::Wait { seconds } => Allowance::Wait { seconds },
            login::Allowance::Stopped => Allowance::Stopped,
        })
    }

    /// Sets the PIN of a number that has none on this phone; while an officer stands by also of one that has.
    /// 6 to 12 digits. Nobody is logged in by it. `officer`: makes an officer of this officer's phone; an
    /// officer has to stand by.
    pub fn set_pin(&self, crew: u32, pin: String, officer: bool) -> Result<VouchedBy, MobileError> {
        let new = self.new_pin(crew, pin)?;
        self.recording("set-pin", &CHANGES, |phone, reading| {
            Ok(phone.set_pin(new, officer, reading)?.into())
        })
    }

    /// Changes a PIN with the old one.
    pub fn change_pin(
        &self,
        crew: u32,
        old: String,
        new: String,
    ) -> Result<VouchedBy, MobileError> {
        let new = self.new_pin(crew, new)?;
        let old = self.check_pin(crew, old)?;
        self.recording("change-pin", &CHANGES, |phone, reading| {
            Ok(phone.change_pin(&old, new, reading)?.into())
        })
    }

    /// Forgets PIN, badge and finger of somebody who left. The officer has to be logged in on this phone.
    pub fn forget_person(&self, crew: u32) -> Result<(), MobileError> {
        self.recording("forget-person", &CHANGES, |phone, reading| {
            Ok(phone.forget(CrewNo(crew), reading)?)
        })
    }

    /// Binds an NFC badge, by its UID, to who types the PIN.
    pub fn bind_badge(&self, crew: u32, pin: String, uid: Vec<u8>) -> Result<(), MobileError> {
        let uid = badge(&uid)?;
        let checked = self.check_pin(crew, pin)?;
        self.recording("bind-badge", &CHANGES, |phone, reading| {
            Ok(phone.bind_badge(&checked, &uid, reading)?)
        })
    }

    /// Logs in who taps a badge: grade I0, because a UID can be copied. Who is logged in already keeps the
    /// grade, and the badge is recorded beside it.
    pub fn log_in_badge(&self, uid: Vec<u8>) -> Result<Person, MobileError> {
        let uid = badge(&uid)?;
        self.recording("log-in-badge", &CHANGES, |phone, reading| {
            Ok(phone.log_in_badge(&uid, reading)?.into())
        })
    }

    /// Binds a key to who types the PIN: one that this person's finger or face opens each time, and that is
    /// gone when another finger is added (`setInvalidatedByBiometricEnrollment`, `biometryCurrentSet`).
    /// `public_key` as in `DeviceKey`.
    pub fn bind_finger(
        &self,
        crew: u32,
        pin: String,
        public_key: Vec<u8>,
    ) -> Result<(), MobileError> {
        let checked = self.check_pin(crew, pin)?;
        self.recording("bind-finger", &CHANGES, |phone, reading| {
            Ok(phone.bind_finger(&checked, &public_key, reading)?)
        })
    }

    /// The first of two steps: the bytes that this person's key is to sign, while the system asks for the
    /// finger.
    pub fn prepare_finger(&self, crew: u32) -> Result<Vec<u8>, MobileError> {
        self.recording("prepare-finger", &[], |phone, reading| {
            Ok(phone.prepare_finger(CrewNo(crew), reading)?)
        })
    }

    /// The second: logs in with the signature, in DER or as r and s. Once, within two minutes.
    pub fn commit_finger(&self, signature: Vec<u8>) -> Result<Person, MobileError> {
        self.recording("commit-finger", &CHANGES, |phone, reading| {
            Ok(phone.commit_finger(&signature, reading)?.into())
        })
    }

    /// The text of the QR with which an officer's phone is asked to stand by while this person sets a PIN
    /// here.
    pub fn ask_officer(&self, crew: u32) -> Result<String, MobileError> {
        self.recording("ask-officer", &[], |phone, _| Ok(phone.ask_officer(CrewNo(crew))?))
    }

    /// On the officer's phone: what a text of `ask_officer` asks. Show it before `vouch_for`.
    pub fn read_vouch_request(&self, text: String) -> Result<VouchRequest, MobileError> {
        let request = record::VouchRequest::from_text(&text)?;
        Ok(VouchRequest { device: request.dev.to_string(), crew: request.crew.0 })
    }

    /// On the officer's phone, within ten minutes of his PIN: the text of the QR that answers.
    pub fn vouch_for(&self, text: String) -> Result<String, MobileError> {
        self.recording("vouch-for", &[Change::Sync], |phone, reading| {
            Ok(phone.vouch_for(&text, reading)?)
        })
    }

    /// On the phone that asked: takes the officer's answer. Who it says may `set_pin` here within ten
    /// minutes.
    pub fn officer_answered(&self, text: String) -> Result<u32, MobileError> {
        self.recording("officer-answered", &[Change::Sync], |phone, reading| {
            Ok(phone.officer_answered(&text, reading)?.0)
        })
    }
}

impl Phone {
    /// Compares a PIN with no lock held. The attempt is counted before, and durably.
    fn check_pin(&self, crew: u32, pin: String) -> Result<Checked, MobileError> {
        let pin = Pin::typed(pin)?;
        let check = self.recording("check-pin", &[], |phone, reading| {
            Ok(phone.begin_log_in(CrewNo(crew), reading)?)
        })?;
        crate::guard::guard("check-pin", || Ok(check.run(&pin)?))
    }

    fn new_pin(&self, crew: u32, pin: String) -> Result<NewPin, MobileError> {
        let (crew, pin) = (number(crew)?, Pin::typed(pin)?);
        let salt = self.recorder.look(|phone, _| phone.pin_salt())?;
        crate::guard::guard("new-pin", || Ok(NewPin::choose(crew, &pin, salt)?))
    }
}

fn number(crew: u32) -> Result<CrewNo, MobileError> {
    const TEXT: &str = "0 is nobody's roster number; give the number from the roster";
    let number = CrewNo(crew);
    if number == CrewNo::NOBODY { Err(MobileError::input("crew", TEXT)) } else { Ok(number) }
}

fn badge(uid: &[u8]) -> Result<TagUid, MobileError> {
    const TEXT: &str = "the UID of a badge has 4 to 10 bytes; read it again";
    TagUid::from_slice(uid).ok_or_else(|| MobileError::input("uid", TEXT))
}
