//! What one device keeps of one person.

use super::pin::Verifier;
use crate::{
    model::Hash,
    record::{
        CborError, PublicKeyBytes,
        cbor::{Reader, Writer},
    },
};

/// Who stood by when the PIN was set, and says that it is this person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VouchedBy {
    /// Nobody: whoever came first chose it.
    Nobody,
    /// An officer.
    Officer,
    /// The certificate of this phone, which was made for its officer; or an officer who made an officer.
    Certificate,
}

/// What is checked when somebody logs in on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Who says that the PIN is this person's.
    pub vouched: VouchedBy,
    /// The PIN.
    pub pin: Verifier,
    /// The badge, under the device's own key.
    pub badge: Option<Hash>,
    /// The key that a finger or a face opens.
    pub finger: Option<PublicKeyBytes>,
}

impl Credential {
    /// A PIN alone.
    pub fn new(pin: Verifier, vouched: VouchedBy) -> Self {
        Self { vouched, pin, badge: None, finger: None }
    }

    /// Whether somebody who may says that this is the person of this number.
    pub fn is_vouched(&self) -> bool {
        self.vouched != VouchedBy::Nobody
    }

    /// Whether this person is an officer on an officer's phone.
    pub fn is_officer(&self) -> bool {
        self.vouched == VouchedBy::Certificate
    }

    /// The bytes that are kept.
    pub fn encode(&self) -> Vec<u8> {
        let vouched = match self.vouched {
            VouchedBy::Nobody => 0,
            VouchedBy::Officer => 1,
            VouchedBy::Certificate => 2,
        };
        let mut to = Writer::default();
        to.array(5).uint(1).uint(vouched);
        self.pin.write(&mut to);
        to.optional(self.badge.as_ref(), |to, hash| to.bytes(&hash.0));
        to.optional(self.finger.as_ref(), |to, key| to.bytes(key));
        to.finish()
    }

    /// Reads them.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(5)?;
        if from.uint()? != 1 {
            return Err(super::DAMAGED);
        }
        let vouched = match from.uint()? {
            0 => VouchedBy::Nobody,
            1 => VouchedBy::Officer,
            2 => VouchedBy::Certificate,
            _ => return Err(super::DAMAGED),
        };
        Ok(Self {
            vouched,
            pin: Verifier::read(&mut from)?,
            badge: from.optional(Reader::hash)?,
            finger: from.optional(Reader::fixed)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        login::pin::{Cost, Pin},
        model::CrewNo,
    };

    #[test]
    fn what_is_kept_reads_back() {
        let cheap = Cost { memory: 64, passes: 1, lanes: 1 };
        let pin = Pin::typed("481516".to_owned()).unwrap();
        let pin = Verifier::new(&pin, CrewNo(7), cheap, [1; 16]).unwrap();
        let mut kept = Credential::new(pin, VouchedBy::Nobody);
        assert!(!kept.is_vouched() && !kept.is_officer());
        for vouched in [VouchedBy::Nobody, VouchedBy::Officer, VouchedBy::Certificate] {
            kept.vouched = vouched;
            assert_eq!(Credential::decode(&kept.encode()), Ok(kept.clone()));
        }
        kept.badge = Some(Hash([3; 32]));
        kept.finger = Some([2; 33]);
        let bytes = kept.encode();
        assert_eq!(Credential::decode(&bytes), Ok(kept));
        for length in 0..bytes.len() {
            assert!(Credential::decode(&bytes[..length]).is_err());
        }
    }
}
