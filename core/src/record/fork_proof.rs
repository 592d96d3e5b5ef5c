//! Proof that one device continued its chain twice: FORMAT.md section 20. Anybody checks it with the device's key alone.

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    chain::Fork,
    fact::VERSION,
    segment::{Segment, SegmentError},
};
use crate::model::{DeviceId, Hash, RecordRef};

/// Two segments of one device with different records at one seq. Nothing in them is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    /// The device's key.
    pub key: PublicKeyBytes,
    /// Where the two part.
    pub seq: u64,
    /// The one whose record there has the smaller hash.
    one: Segment,
    other: Segment,
}

/// Why it convicts nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkProofError {
    /// Not the format.
    #[error("not a proof of a fork: {0}; ask for it again")]
    Malformed(#[from] CborError),
    /// A segment that its author did not sign, or that is none.
    #[error("one of its segments proves nothing: {0}")]
    Segment(#[from] SegmentError),
    /// Both say the same, or one says nothing there.
    #[error("its segments do not have two different records at seq {0}")]
    NoFork(u64),
}

impl ForkProof {
    /// Made of two segments of one device, if they have different records at one seq; the first such seq. What they
    /// show is withheld.
    pub fn of(key: &PublicKeyBytes, one: &Segment, other: &Segment) -> Option<Self> {
        let hashes = |segment: &Segment| -> Vec<(u64, Hash)> {
            segment.records().map(|record| (record.seq, record.hash())).collect()
        };
        let (mine, theirs) = (hashes(one), hashes(other));
        let differs = |(seq, hash): &&(u64, Hash)| {
            theirs.iter().any(|(at, their)| at == seq && their != hash)
        };
        let (seq, hash) = *mine.iter().find(differs)?;
        let their = theirs.iter().find(|(at, _)| *at == seq)?.1;
        let (one, other) = if hash < their { (one, other) } else { (other, one) };
        let withheld = |segment: &Segment| segment.disclose(|_, _| false);
        let proof = Self { key: *key, seq, one: withheld(one), other: withheld(other) };
        proof.check().is_ok().then_some(proof)
    }

    /// Whether the device signed both.
    pub fn check(&self) -> Result<Fork, ForkProofError> {
        let at = |segment: &Segment| -> Result<RecordRef, ForkProofError> {
            let verified = segment.verify(&self.key)?;
            let entry = verified.entries.iter().find(|entry| entry.at.seq == self.seq);
            entry.map(|entry| entry.at).ok_or(ForkProofError::NoFork(self.seq))
        };
        let (one, other) = (at(&self.one)?, at(&self.other)?);
        if one.hash < other.hash {
            Ok(Fork { one, other })
        } else {
            Err(ForkProofError::NoFork(self.seq))
        }
    }

    /// Whose chain it is.
    pub fn dev(&self) -> DeviceId {
        super::device_id(&self.key)
    }

    /// The proof's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(5).uint(VERSION).bytes(&self.key).uint(self.seq);
        to.bytes(&self.one.encode()).bytes(&self.other.encode());
        to.finish()
    }

    /// Reads a proof's bytes. Nothing is believed before [`ForkProof::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ForkProofError> {
        let mut from = Reader::new(bytes)?;
        from.array(5)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a proof of version 1").into());
        }
        Ok(Self {
            key: from.fixed()?,
            seq: from.uint()?,
            one: Segment::decode(from.bytes()?)?,
            other: Segment::decode(from.bytes()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entropy::SeededEntropy,
        record::{Body, ContentPart, DeviceKey, Item, PersonPart, SoftwareKey, TimePart},
    };

    fn key(seed: u64) -> SoftwareKey {
        SoftwareKey::generate(&mut SeededEntropy::new(seed))
    }

    fn cut(key: &SoftwareKey, from: u64, prev: Hash, walls: &[u64]) -> Segment {
        let items = walls.iter().map(|wall| {
            let time = TimePart { boot: [1; 8], mono: *wall, wall: *wall };
            let content = ContentPart { patrol: 0, body: Body::Alive };
            Item::shown(&time, &PersonPart::NOBODY, &content)
        });
        Segment::cut(key, from, prev, [2; 16], items.collect()).unwrap()
    }

    #[test]
    fn two_histories_convict_whoever_has_the_key() {
        let author = key(1);
        let public = author.public_key();
        let one = cut(&author, 5, Hash::of(b"4"), &[50, 60, 70]);
        let other = cut(&author, 6, one.records().next().unwrap().hash(), &[61, 71]);
        let proof = ForkProof::of(&public, &one, &other).unwrap();
        assert_eq!(proof.seq, 6, "at 5 they agree");
        assert_eq!(ForkProof::of(&public, &other, &one), Some(proof.clone()), "in either order");
        let read = ForkProof::decode(&proof.encode()).unwrap();
        assert_eq!(read, proof);
        let fork = read.check().unwrap();
        assert_eq!((fork.one.seq, fork.other.seq, fork.one.dev), (6, 6, proof.dev()));
        assert_ne!(fork.one.hash, fork.other.hash);
        // Nothing of what was recorded is told.
        let secret = b"deckwatch never shows this";
        assert!(!proof.encode().windows(secret.len()).any(|window| window == secret));
        assert!(one.encode().len() < proof.encode().len());
        assert!(proof.one.items.iter().all(|item| {
            item.slots.iter().all(|slot| matches!(slot, crate::record::Slot::Withheld(_)))
        }));
    }

    #[test]
    fn an_honest_chain_convicts_nobody() {
        let author = key(1);
        let public = author.public_key();
        let one = cut(&author, 5, Hash::of(b"4"), &[50, 60]);
        let next = cut(&author, 7, one.records().last().unwrap().hash(), &[70]);
        assert_eq!(ForkProof::of(&public, &one, &one), None);
        assert_eq!(ForkProof::of(&public, &one, &next), None);
        // A longer copy of the same is the same.
        let longer = cut(&author, 5, Hash::of(b"4"), &[50, 60, 70]);
        assert_eq!(ForkProof::of(&public, &one, &longer), None);
        // Nor does what somebody else signed.
        let forged = cut(&key(2), 5, Hash::of(b"4"), &[50, 99]);
        assert_eq!(ForkProof::of(&public, &one, &forged), None);
        let twin = ForkProof { key: public, seq: 6, one: one.clone(), other: one };
        assert_eq!(twin.check(), Err(ForkProofError::NoFork(6)));
    }

    #[test]
    fn no_flipped_byte_convicts() {
        let author = key(1);
        let one = cut(&author, 5, Hash::of(b"4"), &[50, 60]);
        let other = cut(&author, 5, Hash::of(b"4"), &[51, 60]);
        let bytes = ForkProof::of(&author.public_key(), &one, &other).unwrap().encode();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let convicts = ForkProof::decode(&flipped).is_ok_and(|proof| proof.check().is_ok());
            assert!(!convicts, "byte {at}");
        }
    }
}
