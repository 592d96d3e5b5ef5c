//! Evidence that a device continued its chain twice, which needs nobody's word: README.md section 8.

use crate::{
    model::Hash,
    record::{
        CborError, PublicKeyBytes, Segment, SegmentError,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 1;

/// Why bytes do not prove a fork.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkProofError {
    /// Not the format.
    #[error("not evidence of a fork: {0}; copy it again")]
    Malformed(#[from] CborError),
    /// One of the two is not what the device signed.
    #[error("{0}")]
    Segment(#[from] SegmentError),
    /// The two do not contradict each other.
    #[error("the two segments hold no two different records with one number; they prove nothing")]
    Consistent,
}

/// Two segments of one device, with all parts withheld, that hold two different records with one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    /// The device's key.
    pub key: PublicKeyBytes,
    /// The number.
    pub seq: u64,
    /// One segment's bytes.
    pub one: Vec<u8>,
    /// The other's.
    pub other: Vec<u8>,
}

impl ForkProof {
    /// The evidence's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(5).uint(VERSION).bytes(&self.key).uint(self.seq);
        to.bytes(&self.one).bytes(&self.other);
        to.finish()
    }

    /// Reads the evidence's bytes. Nothing is believed yet: see [`ForkProof::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ForkProofError> {
        let mut from = Reader::new(bytes)?;
        from.array(5)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("evidence of version 1").into());
        }
        let (key, seq) = (from.fixed()?, from.uint()?);
        Ok(Self { key, seq, one: from.bytes()?.to_vec(), other: from.bytes()?.to_vec() })
    }

    /// The hashes of the two records, if they convict the device.
    pub fn check(&self) -> Result<[Hash; 2], ForkProofError> {
        let record = |bytes: &[u8]| -> Result<Option<Hash>, ForkProofError> {
            let verified = Segment::decode(bytes)?.verify(&self.key)?;
            let found = verified.entries.iter().find(|entry| entry.at.seq == self.seq);
            Ok(found.map(|entry| entry.at.hash))
        };
        match (record(&self.one)?, record(&self.other)?) {
            (Some(one), Some(other)) if one != other => Ok([one, other]),
            _ => Err(ForkProofError::Consistent),
        }
    }
}
