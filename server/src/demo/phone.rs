//! A simulated phone: the real core on a file, clocks that drift, and the real HTTP sync.

use std::{path::Path, sync::Arc};

use deckwatch_core::{
    entropy::{Entropy, SeededEntropy, draw},
    model::CrewNo,
    phone::{OpenError, Phone, RecordError, ResponseError, SyncOutcome},
    presence::label::Label,
    record::{Enrolment, EnrolmentError, PersonPart},
    store::{FileSafe, SafeError},
    sync::Limits,
    time::ClockReading,
};

/// A sync message over HTTP.
const SYNC_PATH: &str = "/v1/sync";
/// Round trips of one sync at most: a month of backlog takes two.
const MOST_TRIPS: usize = 16;

/// Why a simulated phone stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// Not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its key folder.
    #[error(transparent)]
    Safe(#[from] SafeError),
    /// Not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The invitation.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// What the shore answered.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The shore was not reached.
    #[error("the shore does not answer ({0}); everything stays on the phone until it does")]
    Unreachable(String),
    /// The shore refused.
    #[error("the shore refused the sync with status {status}: {text}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// The shore always has more.
    #[error("the sync does not come to an end")]
    Endless,
}

/// The clocks of one phone: a boot, a drift, a wall clock that is a little off.
#[derive(Debug, Clone, Copy)]
pub struct PhoneClock {
    boot: [u8; 8],
    booted_ms: i64,
    drift_ppm: i64,
    wall_off_ms: i64,
}

impl PhoneClock {
    /// Booted at `booted_ms`, with what `entropy` draws: up to 40 ppm drift, up to 1.5 s off.
    pub fn new(booted_ms: i64, entropy: &mut dyn Entropy) -> Self {
        let [drift, sign, off, more] = draw::<4>(entropy);
        let signed = |value: i64, sign: u8| if sign.is_multiple_of(2) { value } else { -value };
        Self {
            boot: draw(entropy),
            booted_ms,
            drift_ppm: signed(i64::from(drift % 40), sign),
            wall_off_ms: signed(i64::from(off) * 6, more),
        }
    }

    /// What the clocks say when it is `true_ms`.
    pub fn read(&self, true_ms: i64) -> ClockReading {
        let since_ms = true_ms.saturating_sub(self.booted_ms).max(0);
        let mono_ms = since_ms + since_ms / 1_000 * self.drift_ppm / 1_000;
        ClockReading {
            boot: self.boot,
            mono: u64::try_from(mono_ms / 100).unwrap_or(0),
            wall_ms: true_ms + self.wall_off_ms,
        }
    }
}

/// A phone of the demonstration, or of a test.
pub struct SimulatedPhone {
    /// The real core.
    pub phone: Phone,
    /// Its clocks.
    pub clock: PhoneClock,
}

impl std::fmt::Debug for SimulatedPhone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedPhone").field("phone", &self.phone).finish_non_exhaustive()
    }
}

impl SimulatedPhone {
    /// A new phone in `folder`, enrolled with `invitation` at `true_ms`, held by `crew`.
    pub fn enrol(
        folder: &Path,
        seed: u64,
        invitation: &Enrolment,
        crew: CrewNo,
        true_ms: i64,
    ) -> Result<Self, PhoneError> {
        let mut entropy = SeededEntropy::new(seed);
        let clock = PhoneClock::new(true_ms - 3_600_000, &mut entropy);
        let mut simulated = Self::open(folder, seed, clock, true_ms)?;
        // As the crew does it: the text from the QR.
        let invitation = Enrolment::from_text(&invitation.to_text())?;
        simulated.phone.enrol(&invitation, &clock.read(true_ms))?;
        let person = PersonPart { crew, grade: 1, how: 1 };
        simulated.phone.login(person, &clock.read(true_ms + 10_000))?;
        Ok(simulated)
    }

    /// Opens the phone in `folder`.
    pub fn open(
        folder: &Path,
        seed: u64,
        clock: PhoneClock,
        true_ms: i64,
    ) -> Result<Self, PhoneError> {
        let safe =
            FileSafe::open(&folder.join("safe"), Box::new(SeededEntropy::new(seed ^ 0x5afe)))?;
        let (phone, _) = Phone::open(
            &folder.join("phone.db"),
            Arc::new(safe),
            Box::new(SeededEntropy::new(seed ^ 0x70)),
            &clock.read(true_ms),
        )?;
        Ok(Self { phone, clock })
    }

    /// The label at the place of `tag`, as its QR reads.
    pub fn label(&self, tag: deckwatch_core::model::TagId) -> Option<String> {
        Label::new(self.phone.vessel()?, tag).payload("DW.EXAMPLE").ok()
    }

    /// One sync with the shore at `http://address`, as many round trips as it takes.
    pub fn sync(&mut self, address: &str, true_ms: i64) -> Result<SyncOutcome, PhoneError> {
        for _ in 0..MOST_TRIPS {
            let request = self.phone.sync_request(&self.clock.read(true_ms))?;
            let response = post(&format!("http://{address}{SYNC_PATH}"), &request)?;
            let outcome = self.phone.sync_response(&response, &self.clock.read(true_ms))?;
            if !outcome.more {
                return Ok(outcome);
            }
        }
        Err(PhoneError::Endless)
    }
}

/// Posts a sync request.
pub fn post(url: &str, body: &[u8]) -> Result<Vec<u8>, PhoneError> {
    let unreachable = |error: ureq::Error| PhoneError::Unreachable(error.to_string());
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent
        .post(url)
        .header("content-type", "application/octet-stream")
        .send(body)
        .map_err(unreachable)?;
    let status = response.status().as_u16();
    let limit = Limits::BYTES as u64 + 1_024;
    let bytes =
        response.body_mut().with_config().limit(limit).read_to_vec().map_err(unreachable)?;
    if status == 200 {
        return Ok(bytes);
    }
    Err(PhoneError::Refused { status, text: String::from_utf8_lossy(&bytes).into_owned() })
}
