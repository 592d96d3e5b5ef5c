//! PINs: which may be chosen, and what is kept of one.

use std::fmt;

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    model::CrewNo,
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
};

/// Digits of the shortest and of the longest PIN.
pub const SHORTEST: usize = 6;
/// See [`SHORTEST`].
pub const LONGEST: usize = 12;

/// Random bytes in a salt (RFC 9106 section 3.1 recommends 16).
pub const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// Why a PIN is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Too short, too long, or something else than digits.
    #[error("a PIN has 6 to 12 digits and nothing else; type it again")]
    NotDigits,
    /// One of those that everybody tries first.
    #[error("this PIN is one of the first that anybody would try; choose another")]
    Guessable,
    /// The number that stands on the roster.
    #[error("this PIN is the roster number; choose another")]
    RosterNumber,
    /// The phone has too little memory just now.
    #[error("the phone has too little memory free to check a PIN; close other apps and try again")]
    Memory,
}

/// A PIN as typed. It is wiped when it goes, and printed nowhere.
pub struct Pin(Zeroizing<String>);

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").finish_non_exhaustive()
    }
}

impl Pin {
    /// Takes 6 to 12 ASCII digits.
    pub fn typed(mut text: String) -> Result<Self, PinError> {
        let fits = (SHORTEST..=LONGEST).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(Zeroizing::new(text)));
        }
        text.zeroize();
        Err(PinError::NotDigits)
    }

    /// Whether `crew` may choose it: not one digit or a shorter row repeated, not a row that counts up or
    /// down, not the roster number.
    pub fn check_choice(&self, crew: CrewNo) -> Result<(), PinError> {
        let digits = self.0.as_bytes();
        if digits.len() < SHORTEST || repeats(digits) || counts(digits, 1) || counts(digits, 9) {
            return Err(PinError::Guessable);
        }
        let number = crew.0.to_string();
        let filled = self.0.trim_matches('0');
        if filled == number.trim_matches('0') || self.0.trim_start_matches('0') == number {
            return Err(PinError::RosterNumber);
        }
        Ok(())
    }
}

/// A shorter row, over and over: 111111, 121212, 123123.
fn repeats(digits: &[u8]) -> bool {
    (1..=digits.len() / 2).any(|length| {
        digits.len().is_multiple_of(length)
            && digits.iter().zip(digits.iter().skip(length)).all(|(one, next)| one == next)
    })
}

/// Each digit is the one before plus `step`, 0 after 9: 345678, 890123, 654321.
fn counts(digits: &[u8], step: u8) -> bool {
    let follows = |(one, next): (&u8, &u8)| (one - b'0' + step) % 10 == next - b'0';
    digits.iter().zip(digits.iter().skip(1)).all(follows)
}

/// What one guess costs (Argon2id, RFC 9106). Kept beside each hash, so that it can rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What new verifiers cost: 32 MiB, 3 passes, 1 lane. OWASP's least is 19 MiB with 2 passes and 1
    /// lane; this is two and a half times that work, and small enough for a phone with 2 GiB. One lane,
    /// because a phone's other cores are asleep, and an attacker's are not.
    pub const NOW: Self = Self { memory: 32 * 1_024, passes: 3, lanes: 1 };
    /// More than this is not computed: what is kept here may have been written by somebody else.
    const MOST: Self = Self { memory: 256 * 1_024, passes: 16, lanes: 4 };

    fn bearable(self) -> bool {
        self.memory <= Self::MOST.memory
            && self.passes <= Self::MOST.passes
            && self.lanes <= Self::MOST.lanes
    }

    /// The hash of a PIN, bound to its roster number: a verifier that was moved to another is worth
    /// nothing there. Nothing binds it to this device but the salt.
    fn hash(
        self,
        pin: &Pin,
        crew: CrewNo,
        salt: &[u8; SALT_LEN],
    ) -> Result<[u8; HASH_LEN], PinError> {
        let memory = |_| PinError::Memory;
        let data = AssociatedData::new(&crew.0.to_be_bytes()).map_err(memory)?;
        let params = ParamsBuilder::new()
            .m_cost(self.memory)
            .t_cost(self.passes)
            .p_cost(self.lanes)
            .data(data)
            .output_len(HASH_LEN)
            .build()
            .map_err(memory)?;
        // A phone that has no 32 MiB says so, instead of ending the app.
        let count = params.block_count();
        let mut blocks: Vec<Block> = Vec::new();
        blocks.try_reserve_exact(count).map_err(|_| PinError::Memory)?;
        blocks.resize(count, Block::new());
        let mut hash = [0; HASH_LEN];
        let hashed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(pin.0.as_bytes(), salt, &mut hash, &mut blocks);
        blocks.iter_mut().for_each(Zeroize::zeroize);
        hashed.map_err(memory)?;
        Ok(hash)
    }
}

/// What is kept of a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    cost: Cost,
    salt: [u8; SALT_LEN],
    hash: [u8; HASH_LEN],
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl Verifier {
    /// What is kept of `pin`. `salt` is random and new. Takes as long as a guess does.
    pub fn new(
        pin: &Pin,
        crew: CrewNo,
        cost: Cost,
        salt: [u8; SALT_LEN],
    ) -> Result<Self, PinError> {
        Ok(Self { cost, salt, hash: cost.hash(pin, crew, &salt)? })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.array(5)
            .uint(self.cost.memory.into())
            .uint(self.cost.passes.into())
            .uint(self.cost.lanes.into())
            .bytes(&self.salt)
            .bytes(&self.hash);
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        let cost = Cost { memory: from.uint32()?, passes: from.uint32()?, lanes: from.uint32()? };
        if !cost.bearable() {
            return Err(super::DAMAGED);
        }
        Ok(Self { cost, salt: from.fixed()?, hash: from.fixed()? })
    }
}

/// A PIN to be compared, away from every lock: it takes some tenths of a second.
#[derive(Debug)]
pub struct PinCheck {
    pub(crate) crew: CrewNo,
    /// Of nobody where there is no such person: the work is the same.
    against: Option<Verifier>,
    fresh: [u8; SALT_LEN],
}

/// What came of a comparison.
#[derive(Debug)]
pub struct Checked {
    pub(crate) crew: CrewNo,
    /// The verifier that the PIN fits; `None`: it fits none.
    pub(crate) fits: Option<Verifier>,
    /// The same PIN at today's cost, where the verifier was made at another.
    pub(crate) renewed: Option<Verifier>,
}

impl PinCheck {
    /// `fresh` is random; it salts what replaces a verifier of another cost.
    pub(crate) fn new(crew: CrewNo, against: Option<Verifier>, fresh: [u8; SALT_LEN]) -> Self {
        Self { crew, against, fresh }
    }

    /// Compares. The attempt is counted already: whoever does not come back with the answer has failed.
    pub fn run(self, pin: &Pin) -> Result<Checked, PinError> {
        let Self { crew, against, fresh } = self;
        let nobody = Verifier { cost: Cost::NOW, salt: fresh, hash: [0; HASH_LEN] };
        let held = against.as_ref().unwrap_or(&nobody);
        let hash = held.cost.hash(pin, crew, &held.salt)?;
        let equal = bool::from(hash.ct_eq(&held.hash));
        let fits = against.filter(|_| equal);
        let renewed = match &fits {
            Some(verifier) if verifier.cost != Cost::NOW => {
                Some(Verifier::new(pin, crew, Cost::NOW, fresh)?)
            }
            _ => None,
        };
        Ok(Checked { crew, fits, renewed })
    }
}

/// A PIN that was chosen, not kept yet.
#[derive(Debug)]
pub struct NewPin {
    pub(crate) crew: CrewNo,
    pub(crate) verifier: Verifier,
}

impl NewPin {
    /// Takes a choice for `crew`; `salt` is random. Slow, like a comparison.
    pub fn choose(crew: CrewNo, pin: &Pin, salt: [u8; SALT_LEN]) -> Result<Self, PinError> {
        pin.check_choice(crew)?;
        Ok(Self { crew, verifier: Verifier::new(pin, crew, Cost::NOW, salt)? })
    }
}

#[cfg(test)]
mod tests;
