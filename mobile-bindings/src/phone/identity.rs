//! Who this phone is.

use deckwatch_core::{
    authority,
    record::{Enrolment, PersonPart},
};

use super::{Person, Phone};
use crate::{MobileError, guard::guard, platform::Change};

/// Who this phone is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Identity {
    /// The device id.
    pub device: String,
    /// The compressed public key, 33 bytes.
    pub public_key: Vec<u8>,
    /// The ship's id, once enrolled.
    pub vessel: Option<String>,
    /// The ship's name, once the Plan is here.
    pub vessel_name: Option<String>,
    /// Where to sync, once enrolled.
    pub server: Option<String>,
    /// What this phone is certified for, as far as it knows.
    pub roles: Roles,
    /// Who holds it, and how surely that is known.
    pub person: Option<Person>,
    /// The number of the newest record.
    pub last_seq: Option<u64>,
}

/// What a phone is certified for. None of them: it records all the same, and the shore says
/// `unverifiable` until a certificate comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Roles {
    /// Walks patrols.
    pub crew: bool,
    /// The ship security officer's: may adopt the Plan.
    pub officer: bool,
    /// The ship's hub.
    pub hub: bool,
}

const CHANGES: [Change; 3] = [Change::Identity, Change::Plan, Change::Sync];

#[uniffi::export]
impl Phone {
    /// Who this phone is.
    pub fn identity(&self) -> Result<Identity, MobileError> {
        guard("identity", || {
            let view = self.recorder.shown()?;
            let name = view.plan.vessel_name.clone();
            Ok(Identity {
                device: view.dev.to_string(),
                public_key: view.public_key.to_vec(),
                vessel: view.vessel.map(|vessel| vessel.to_string()),
                vessel_name: Some(name).filter(|name| !name.is_empty()),
                server: view.server.clone(),
                roles: Roles {
                    crew: view.roles.has(authority::Roles::CREW),
                    officer: view.roles.has(authority::Roles::OFFICER),
                    hub: view.roles.has(authority::Roles::HUB),
                },
                person: Some(view.person)
                    .filter(|person| *person != PersonPart::NOBODY)
                    .map(Person::from),
                last_seq: view.head.map(|(seq, _)| seq),
            })
        })
    }

    /// Makes this phone one of a ship's, with the text of the shore's QR: its first record.
    pub fn enrol(&self, text: String) -> Result<(), MobileError> {
        self.recording("enrol", &CHANGES, |phone, reading| {
            Ok(phone.enrol(&Enrolment::from_text(&text)?, reading)?)
        })
    }

    /// Changes this phone's key to the safe's next one, between patrols: its chain ends, and goes on under the
    /// device id that is returned. Do it where the shore can be reached: it certifies the new id at the next sync, and
    /// until then patrols are `unverifiable` and an officer's phone may adopt nothing.
    pub fn rotate_key(&self) -> Result<String, MobileError> {
        self.recording("rotate-key", &CHANGES, |phone, reading| {
            Ok(phone.rotate_key(reading)?.to_string())
        })
    }

    /// Without the shore: the text that a phone without a certificate shows an officer's phone as a
    /// QR. The same until it is answered.
    pub fn enrolment_request(&self) -> Result<String, MobileError> {
        self.recording("enrolment-request", &[], |phone, _| Ok(phone.enrolment_request()?))
    }

    /// For the ship security officer's phone: certifies the phone that shows `request`, as crew, and
    /// gives the text of the QR that answers it.
    pub fn certify(&self, request: String) -> Result<String, MobileError> {
        self.recording("certify", &[Change::Sync], |phone, reading| {
            Ok(phone.certify(&request, reading)?)
        })
    }

    /// Makes this phone one of the ship's, with the text of the officer's answer to its request.
    pub fn enrol_on_board(&self, answer: String) -> Result<(), MobileError> {
        self.recording("enrol-on-board", &CHANGES, |phone, reading| {
            Ok(phone.enrol_on_board(&answer, reading)?)
        })
    }
}
