//! The signed, immutable fact: FORMAT.md section 2.

use super::{
    body::{Kind, kind_name},
    cbor::{CborError, Reader, Writer},
    part::{ContentPart, Part, PersonPart, SegmentKey, TimePart},
};
use crate::model::{DeviceId, Hash, RecordRef};

/// The format's version.
pub const VERSION: u64 = 1;

/// One record, made of commitments. What it says stands beside it, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What sort of fact: FORMAT.md section 4.
    pub kind: Kind,
    /// The author.
    pub dev: DeviceId,
    /// Position in the author's chain.
    pub seq: u64,
    /// Hash of the record before; [`Hash::ZERO`] at seq 0.
    pub prev: Hash,
    /// Commitments to the time, person and content part.
    pub commitments: [Hash; 3],
}

impl Record {
    /// Composes a record from the bytes of its parts.
    pub fn compose(
        kind: Kind,
        dev: DeviceId,
        seq: u64,
        prev: Hash,
        key: &SegmentKey,
        parts: [&[u8]; 3],
    ) -> Self {
        let [time, person, content] = parts;
        let commit = |part: Part, bytes| part.commit(&part.salt(key, seq), bytes);
        let commitments = [
            commit(Part::Time, time),
            commit(Part::Person, person),
            commit(Part::Content, content),
        ];
        Self { kind, dev, seq, prev, commitments }
    }

    /// The record's bytes, which are hashed into the chain.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(8).uint(VERSION).uint(self.kind).bytes(&self.dev.0).uint(self.seq);
        to.bytes(&self.prev.0);
        for commitment in &self.commitments {
            to.bytes(&commitment.0);
        }
        to.finish()
    }

    /// Reads a record's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(8)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a record of version 1"));
        }
        Ok(Self {
            kind: from.uint()?,
            dev: DeviceId(from.fixed()?),
            seq: from.uint()?,
            prev: from.hash()?,
            commitments: [from.hash()?, from.hash()?, from.hash()?],
        })
    }

    /// SHA-256 of the record's bytes.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.encode())
    }
}

/// A record as a reader holds it: verified, with the parts that are shown to this reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record's name.
    pub at: RecordRef,
    /// Hash of the record before.
    pub prev: Hash,
    /// What sort of fact.
    pub kind: Kind,
    /// When, if shown.
    pub time: Option<TimePart>,
    /// Who, if shown.
    pub person: Option<PersonPart>,
    /// What, if shown.
    pub content: Option<ContentPart>,
}

impl Entry {
    /// The kind's name.
    pub fn kind_name(&self) -> &'static str {
        kind_name(self.kind)
    }

    /// The body, if shown.
    pub fn body(&self) -> Option<&super::body::Body> {
        self.content.as_ref().map(|content| &content.body)
    }

    /// The device's own patrol number; `None` outside a patrol or if withheld.
    pub fn patrol(&self) -> Option<u64> {
        self.content.as_ref().map(|content| content.patrol).filter(|patrol| *patrol != 0)
    }
}
