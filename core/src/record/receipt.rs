//! The shore's signed "I hold this device up to here": FORMAT.md section 10.

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    key::{DeviceKey, KeyError, Purpose, SIGNATURE_LEN, sign, verify},
};
use crate::model::{DeviceId, Hash};

/// The form of a receipt. Version 1 did not name its ledger; none of it was ever given.
const VERSION: u64 = 2;

/// A tree of a ledger, as a receipt and an `ack` record name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct NamedTree {
    /// SHA-256 of the ledger's origin line; [`Hash::ZERO`] before there is a ledger.
    pub origin: Hash,
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Hash,
}

impl NamedTree {
    /// A tree of the ledger with this origin line.
    pub fn of(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: Hash::of(origin.as_bytes()), size, root }
    }
}

/// What a shore holds of a device, at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The device.
    pub dev: DeviceId,
    /// Held from 0 to here without a gap.
    pub seq: u64,
    /// Hash of the record at `seq`.
    pub head: Hash,
    /// When the shore held it, Unix seconds.
    pub time: i64,
    /// The ledger at that time.
    pub tree: NamedTree,
    /// The shore's.
    pub signature: [u8; SIGNATURE_LEN],
}

/// What is named before there is a ledger.
pub fn no_tree() -> NamedTree {
    NamedTree { origin: Hash::ZERO, size: 0, root: Hash::of(b"") }
}

impl Receipt {
    /// Makes and signs a receipt. `tree`: the ledger that logs what it names.
    pub fn sign(
        shore: &dyn DeviceKey,
        dev: DeviceId,
        seq: u64,
        head: Hash,
        time: i64,
        tree: NamedTree,
    ) -> Result<Self, KeyError> {
        let mut receipt = Self { dev, seq, head, time, tree, signature: [0; SIGNATURE_LEN] };
        receipt.signature = sign(shore, Purpose::Receipt, &receipt.payload())?;
        Ok(receipt)
    }

    /// Whether this is the statement of the shore with this key.
    pub fn is_from(&self, shore: &PublicKeyBytes) -> bool {
        verify(shore, Purpose::Receipt, &self.payload(), &self.signature)
    }

    fn fields(&self, to: &mut Writer) {
        to.uint(VERSION).bytes(&self.dev.0).uint(self.seq).bytes(&self.head.0).int(self.time);
        to.bytes(&self.tree.origin.0).uint(self.tree.size).bytes(&self.tree.root.0);
    }

    fn payload(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(8));
        to.finish()
    }

    /// The receipt's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(9));
        to.bytes(&self.signature);
        to.finish()
    }

    /// Reads a receipt's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(9)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a receipt of version 2"));
        }
        Ok(Self {
            dev: DeviceId(from.fixed()?),
            seq: from.uint()?,
            head: from.hash()?,
            time: from.int()?,
            tree: NamedTree { origin: from.hash()?, size: from.uint()?, root: from.hash()? },
            signature: from.fixed()?,
        })
    }

    /// SHA-256 of the receipt's bytes: what an anchor record names.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SeededEntropy, record::SoftwareKey};

    #[test]
    fn a_receipt_binds_every_field() {
        let shore = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let receipt =
            Receipt::sign(&shore, DeviceId([2; 8]), 7, Hash::of(b"head"), 1_000, no_tree())
                .unwrap();
        assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt.clone()));
        assert!(receipt.is_from(&shore.public_key()));
        for changed in [
            Receipt { seq: 8, ..receipt.clone() },
            Receipt { time: 999, ..receipt.clone() },
            Receipt { head: Hash::of(b"other"), ..receipt.clone() },
            Receipt { dev: DeviceId([3; 8]), ..receipt.clone() },
            Receipt { tree: NamedTree { size: 1, ..receipt.tree }, ..receipt.clone() },
            Receipt { tree: NamedTree { root: Hash::ZERO, ..receipt.tree }, ..receipt.clone() },
            Receipt { tree: NamedTree::of("ledger", 0, receipt.tree.root), ..receipt.clone() },
        ] {
            assert!(!changed.is_from(&shore.public_key()));
        }
        let other = SoftwareKey::generate(&mut SeededEntropy::new(2));
        assert!(!receipt.is_from(&other.public_key()));
    }

    #[test]
    fn other_versions_are_refused() {
        let shore = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let receipt =
            Receipt::sign(&shore, DeviceId([2; 8]), 7, Hash::of(b"head"), 1_000, no_tree())
                .unwrap();
        let good = receipt.encode();
        for version in [0, 1, 3, 23] {
            let mut other = good.clone();
            other[1] = version;
            assert!(Receipt::decode(&other).is_err(), "{version}");
        }
        // As version 1 was: eight elements, without the ledger.
        let mut old = Writer::default();
        old.array(8).uint(1).bytes(&receipt.dev.0).uint(7).bytes(&receipt.head.0).int(1_000);
        old.uint(0).bytes(&receipt.tree.root.0).bytes(&receipt.signature);
        assert!(Receipt::decode(&old.finish()).is_err());
    }
}
