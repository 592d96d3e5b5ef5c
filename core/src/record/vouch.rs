//! What two phones show each other when an officer stands by: FORMAT.md section 22.

use data_encoding::BASE64URL_NOPAD;

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    enrolment::MAX_TEXT,
    fact::VERSION,
    key::{DeviceKey, KeyError, Purpose, SIGNATURE_LEN, sign, verify},
};
use crate::model::{CrewNo, DeviceId, Hash, RecordRef, VesselId};

const REQUEST_PREFIX: &str = "DECKWATCH-VOUCH:";
const ANSWER_PREFIX: &str = "DECKWATCH-VOUCHED:";

/// Why a text is no request to an officer, or no answer of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VouchTextError {
    /// Something else.
    #[error("this is not a code to vouch for somebody; show it again on the other phone")]
    SomethingElse,
    /// Damaged.
    #[error("the code is damaged ({0}); scan it again")]
    Damaged(#[from] CborError),
}

/// A phone on which somebody wants to set a PIN asks an officer to stand by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VouchRequest {
    /// The ship.
    pub vessel: VesselId,
    /// The phone that asks.
    pub dev: DeviceId,
    /// Who will set a PIN on it.
    pub crew: CrewNo,
    /// Random and new: an answer is good once.
    pub nonce: [u8; 16],
}

impl VouchRequest {
    fn fields(&self, to: &mut Writer) {
        to.uint(VERSION).bytes(&self.vessel.0).bytes(&self.dev.0);
        to.uint(self.crew.0.into()).bytes(&self.nonce);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        if from.uint()? != VERSION {
            return Err(CborError::Expected("version 1"));
        }
        Ok(Self {
            vessel: VesselId(from.fixed()?),
            dev: DeviceId(from.fixed()?),
            crew: CrewNo(from.uint32()?),
            nonce: from.fixed()?,
        })
    }

    /// The text form. It is not signed: who stands in front of the officer, the officer sees.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        self.fields(to.array(5));
        text(REQUEST_PREFIX, to)
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Result<Self, VouchTextError> {
        let bytes = bytes_of(text, REQUEST_PREFIX)?;
        let mut from = Reader::new(&bytes)?;
        from.array(5)?;
        Ok(Self::read(&mut from)?)
    }
}

/// An officer stands by: the phone that asked may take a PIN for this person now, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchAnswer {
    /// What was asked.
    pub request: VouchRequest,
    /// The key of the officer's phone.
    pub key: PublicKeyBytes,
    /// The record of that phone's chain that says who vouches.
    pub record: (u64, Hash),
    signature: [u8; SIGNATURE_LEN],
}

impl VouchAnswer {
    /// Makes and signs an answer; `record` is the one just written.
    pub fn sign(
        key: &dyn DeviceKey,
        request: VouchRequest,
        record: RecordRef,
    ) -> Result<Self, KeyError> {
        let mut answer = Self {
            request,
            key: key.public_key(),
            record: (record.seq, record.hash),
            signature: [0; SIGNATURE_LEN],
        };
        answer.signature = sign(key, Purpose::Vouch, &answer.payload())?;
        Ok(answer)
    }

    fn fields(&self, to: &mut Writer) {
        self.request.fields(to);
        to.bytes(&self.key).uint(self.record.0).bytes(&self.record.1.0);
    }

    fn payload(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(8));
        to.finish()
    }

    /// Whether the key signed it. Whether it is an officer's, certificates say.
    pub fn is_signed(&self) -> bool {
        verify(&self.key, Purpose::Vouch, &self.payload(), &self.signature)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        self.fields(to.array(9));
        to.bytes(&self.signature);
        text(ANSWER_PREFIX, to)
    }

    /// Reads the text form. The signature is not checked yet.
    pub fn from_text(text: &str) -> Result<Self, VouchTextError> {
        let bytes = bytes_of(text, ANSWER_PREFIX)?;
        let mut from = Reader::new(&bytes)?;
        from.array(9)?;
        Ok(Self {
            request: VouchRequest::read(&mut from)?,
            key: from.fixed()?,
            record: (from.uint()?, from.hash()?),
            signature: from.fixed()?,
        })
    }
}

fn text(prefix: &str, written: Writer) -> String {
    format!("{prefix}{}", BASE64URL_NOPAD.encode(&written.finish()))
}

fn bytes_of(text: &str, prefix: &str) -> Result<Vec<u8>, VouchTextError> {
    let text = text.trim();
    let fits = text.strip_prefix(prefix).filter(|_| text.len() <= MAX_TEXT);
    let encoded = fits.ok_or(VouchTextError::SomethingElse)?;
    let damaged = |_| CborError::Expected("base64url");
    Ok(BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(damaged)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SeededEntropy, record::SoftwareKey};

    fn request() -> VouchRequest {
        VouchRequest {
            vessel: VesselId([7; 16]),
            dev: DeviceId([1; 8]),
            crew: CrewNo(11),
            nonce: [5; 16],
        }
    }

    #[test]
    fn both_texts_read_back_and_are_not_each_other() {
        let asked = request();
        assert_eq!(VouchRequest::from_text(&asked.to_text()), Ok(asked));
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let record = RecordRef { dev: DeviceId([2; 8]), seq: 40, hash: Hash([3; 32]) };
        let answer = VouchAnswer::sign(&key, asked, record).unwrap();
        let text = answer.to_text();
        assert!(answer.is_signed() && text.len() < 300, "{}", text.len());
        assert_eq!(VouchAnswer::from_text(&format!(" {text}\n")), Ok(answer));
        assert_eq!(VouchRequest::from_text(&text), Err(VouchTextError::SomethingElse));
        assert!(VouchAnswer::from_text(&asked.to_text()).is_err());
        assert!(VouchAnswer::from_text(&"x".repeat(1 << 20)).is_err());
    }

    #[test]
    fn every_changed_byte_of_an_answer_is_refused() {
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let record = RecordRef { dev: DeviceId([2; 8]), seq: 40, hash: Hash([3; 32]) };
        let text = VouchAnswer::sign(&key, request(), record).unwrap().to_text();
        let bytes = BASE64URL_NOPAD.decode(&text.as_bytes()[ANSWER_PREFIX.len()..]).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let text = format!("{ANSWER_PREFIX}{}", BASE64URL_NOPAD.encode(&changed));
            assert!(VouchAnswer::from_text(&text).map_or(true, |it| !it.is_signed()), "{at}");
        }
    }
}
