//! The shore's signed "I hold this device up to here": FORMAT.md section 10.

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    fact::VERSION,
    key::{DeviceKey, KeyError, Purpose, SIGNATURE_LEN, sign, verify},
};
use crate::model::{DeviceId, Hash};

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
    /// Leaves of the ledger at that time.
    pub tree_size: u64,
    /// The ledger's root at that time.
    pub tree_root: Hash,
    /// The shore's.
    pub signature: [u8; SIGNATURE_LEN],
}

/// The ledger before anything is logged: its size and its root.
pub fn no_tree() -> (u64, Hash) {
    (0, Hash::of(b""))
}

impl Receipt {
    /// Makes and signs a receipt. `tree`: size and root of the ledger that logs what it names.
    pub fn sign(
        shore: &dyn DeviceKey,
        dev: DeviceId,
        seq: u64,
        head: Hash,
        time: i64,
        (tree_size, tree_root): (u64, Hash),
    ) -> Result<Self, KeyError> {
        let mut receipt =
            Self { dev, seq, head, time, tree_size, tree_root, signature: [0; SIGNATURE_LEN] };
        receipt.signature = sign(shore, Purpose::Receipt, &receipt.payload())?;
        Ok(receipt)
    }

    /// Whether this is the statement of the shore with this key.
    pub fn is_from(&self, shore: &PublicKeyBytes) -> bool {
        verify(shore, Purpose::Receipt, &self.payload(), &self.signature)
    }

    fn fields(&self, to: &mut Writer) {
        to.uint(VERSION).bytes(&self.dev.0).uint(self.seq).bytes(&self.head.0).int(self.time);
        to.uint(self.tree_size).bytes(&self.tree_root.0);
    }

    fn payload(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(7));
        to.finish()
    }

    /// The receipt's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(8));
        to.bytes(&self.signature);
        to.finish()
    }

    /// Reads a receipt's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(8)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a receipt of version 1"));
        }
        Ok(Self {
            dev: DeviceId(from.fixed()?),
            seq: from.uint()?,
            head: from.hash()?,
            time: from.int()?,
            tree_size: from.uint()?,
            tree_root: from.hash()?,
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
            Receipt { tree_size: 1, ..receipt.clone() },
        ] {
            assert!(!changed.is_from(&shore.public_key()));
        }
        let other = SoftwareKey::generate(&mut SeededEntropy::new(2));
        assert!(!receipt.is_from(&other.public_key()));
    }
}
