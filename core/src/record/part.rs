//! The three parts of a record and their commitments: FORMAT.md section 3.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{
    body::{Body, Kind},
    cbor::{CborError, Reader, Writer},
};
use crate::model::{CrewNo, Hash};

/// Nesting of arrays in a part. A part shown with its salt stands within 4 arrays of the segment,
/// and one that could not be shown so would keep its segment out of every redacted copy.
pub const MAX_PART_DEPTH: usize = 4;

/// The random key of one segment, from which the salts of its parts are derived.
pub type SegmentKey = [u8; 16];

/// The three parts, in the order of the record's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// When.
    Time,
    /// Who.
    Person,
    /// What.
    Content,
}

impl Part {
    /// All parts in order.
    pub const ALL: [Self; 3] = [Self::Time, Self::Person, Self::Content];

    fn label(self) -> &'static [u8] {
        match self {
            Self::Time => b"deckwatch/1/time",
            Self::Person => b"deckwatch/1/person",
            Self::Content => b"deckwatch/1/content",
        }
    }

    /// The salt of this part in the record at `seq`.
    pub fn salt(self, key: &SegmentKey, seq: u64) -> [u8; 32] {
        // A short key is padded with zeros to the block of the hash (RFC 2104 section 2); doing it
        // here leaves nothing that can fail.
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&seq.to_be_bytes());
        mac.update(self.label());
        mac.finalize().into_bytes().into()
    }

    /// The commitment to `bytes` under `salt`.
    pub fn commit(self, salt: &[u8; 32], bytes: &[u8]) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.label());
        hash.update(salt);
        hash.update(bytes);
        Hash(hash.finalize().into())
    }
}

/// What the device's clocks said: the time part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct TimePart {
    /// One run of the operating system.
    #[serde(skip)]
    pub boot: [u8; 8],
    /// 0.1 s since that boot, sleep included.
    pub mono: u64,
    /// Unix seconds, as the phone's clock said.
    pub wall: u64,
}

/// Who is said to have done it: the person part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct PersonPart {
    /// Roster number; 0 = nobody.
    pub crew: CrewNo,
    /// Identity grade I0..I3.
    pub grade: u32,
    /// 0 none, 1 PIN, 2 biometric, 3 badge.
    pub how: u64,
}

impl PersonPart {
    /// Nobody was logged in.
    pub const NOBODY: Self = Self { crew: CrewNo::NOBODY, grade: 0, how: 0 };
}

/// What happened: the content part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPart {
    /// This device's patrol number; 0 = none.
    pub patrol: u64,
    /// The fact.
    pub body: Body,
}

impl TimePart {
    /// The part's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(3).bytes(&self.boot).uint(self.mono).uint(self.wall);
        to.finish()
    }

    /// Reads the part.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(3)?;
        Ok(Self { boot: from.fixed()?, mono: from.uint()?, wall: from.uint()? })
    }
}

impl PersonPart {
    /// The part's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(3).uint(u64::from(self.crew.0)).uint(u64::from(self.grade)).uint(self.how);
        to.finish()
    }

    /// Reads the part.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(3)?;
        let part = Self { crew: CrewNo(from.uint32()?), grade: from.uint32()?, how: from.uint()? };
        if part.grade > 3 { Err(CborError::Expected("a grade of 0 to 3")) } else { Ok(part) }
    }
}

impl ContentPart {
    /// The part's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(2).uint(self.patrol);
        self.body.encode(&mut to);
        to.finish()
    }

    /// Reads the part of a record of `kind`.
    pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::within(bytes, MAX_PART_DEPTH)?;
        from.array(2)?;
        Ok(Self { patrol: from.uint()?, body: Body::decode(kind, &mut from)? })
    }
}
