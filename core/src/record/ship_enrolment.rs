//! What two phones show each other when one enrols the other without the shore: FORMAT.md section 14.

use data_encoding::BASE64URL_NOPAD;

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    enrolment::{Enrolment, EnrolmentError, MAX_TEXT, PREFIX, body_of},
    fact::VERSION,
    key::{DeviceKey, KeyError, Purpose, SIGNATURE_LEN, is_public_key, sign, verify},
};
use crate::model::{Hash, VesselId};

const REQUEST_PREFIX: &str = "DECKWATCH-REQUEST:";
/// The version of an enrolment that carries an officer's certificate.
const ANSWER_VERSION: u64 = 2;

/// A phone that asks an officer to be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// Its key.
    pub key: PublicKeyBytes,
    /// Random; becomes the genesis nonce of a phone that has no genesis yet.
    pub nonce: [u8; 16],
    /// Where it has recorded already, without a certificate.
    chain: Option<(VesselId, Hash)>,
    /// The key's, over all before it: whoever asks holds the key.
    signature: [u8; SIGNATURE_LEN],
}

impl EnrolmentRequest {
    /// Makes and signs a request. `chain` = the ship and the genesis of a phone that has one.
    pub fn sign(
        key: &dyn DeviceKey,
        nonce: [u8; 16],
        chain: Option<(VesselId, Hash)>,
    ) -> Result<Self, KeyError> {
        let mut request =
            Self { key: key.public_key(), nonce, chain, signature: [0; SIGNATURE_LEN] };
        request.signature = sign(key, Purpose::Request, &request.payload())?;
        Ok(request)
    }

    /// The ship on which it has recorded.
    pub fn vessel(&self) -> Option<VesselId> {
        self.chain.map(|(vessel, _)| vessel)
    }

    /// Its first record, if it has any.
    pub fn genesis(&self) -> Option<Hash> {
        self.chain.map(|(_, genesis)| genesis)
    }

    fn fields(&self, to: &mut Writer) {
        to.uint(VERSION).bytes(&self.key).bytes(&self.nonce);
        to.optional(self.chain.as_ref(), |to, (vessel, genesis)| {
            to.array(2).bytes(&vessel.0).bytes(&genesis.0)
        });
    }

    fn payload(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.fields(to.array(4));
        to.finish()
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        self.fields(to.array(5));
        to.bytes(&self.signature);
        format!("{REQUEST_PREFIX}{}", BASE64URL_NOPAD.encode(&to.finish()))
    }

    /// Reads the text form, and checks that who asks holds the key.
    pub fn from_text(text: &str) -> Result<Self, EnrolmentError> {
        let bytes = body_of(text, REQUEST_PREFIX, EnrolmentError::NotARequest)?;
        let mut from = Reader::new(&bytes)?;
        from.array(5)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a request of version 1").into());
        }
        let request = Self {
            key: from.fixed()?,
            nonce: from.fixed()?,
            chain: from.optional(|from| {
                from.array(2)?;
                Ok((VesselId(from.fixed()?), from.hash()?))
            })?,
            signature: from.fixed()?,
        };
        let payload = request.payload();
        if is_public_key(&request.key)
            && verify(&request.key, Purpose::Request, &payload, &request.signature)
        {
            Ok(request)
        } else {
            Err(CborError::Expected("the signature of the key").into())
        }
    }
}

/// An officer's answer: what the shore's invitation says, and the certificate itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentAnswer {
    /// As in an invitation; the token is the request's nonce.
    pub enrolment: Enrolment,
    /// The key of the officer's phone.
    pub officer_key: PublicKeyBytes,
    /// The segment of the officer's chain that holds the certificate.
    pub segment: Vec<u8>,
}

impl EnrolmentAnswer {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        self.enrolment.fields(to.array(8).uint(ANSWER_VERSION));
        to.bytes(&self.officer_key).bytes(&self.segment);
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&to.finish()))
    }

    /// Reads the text form. The segment is not verified yet.
    pub fn from_text(text: &str) -> Result<Self, EnrolmentError> {
        let bytes = body_of(text, PREFIX, EnrolmentError::NotAnEnrolment)?;
        debug_assert!(bytes.len() <= MAX_TEXT);
        let mut from = Reader::new(&bytes)?;
        if from.array_len()? != 8 || from.uint()? != ANSWER_VERSION {
            return Err(EnrolmentError::NotAnAnswer);
        }
        let answer = Self {
            enrolment: Enrolment::read(&mut from)?,
            officer_key: from.fixed()?,
            segment: from.bytes()?.to_vec(),
        };
        if is_public_key(&answer.officer_key) {
            Ok(answer)
        } else {
            Err(CborError::Expected("a P-256 key").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SeededEntropy, record::SoftwareKey};

    fn key(seed: u64) -> SoftwareKey {
        SoftwareKey::generate(&mut SeededEntropy::new(seed))
    }

    #[test]
    fn a_request_is_signed_by_the_key_that_it_names() {
        for chain in [None, Some((VesselId([7; 16]), Hash::of(b"genesis")))] {
            let request = EnrolmentRequest::sign(&key(1), [5; 16], chain).unwrap();
            let text = request.to_text();
            assert_eq!(EnrolmentRequest::from_text(&format!("{text}\n")), Ok(request.clone()));
            let stolen = EnrolmentRequest { key: key(2).public_key(), ..request.clone() };
            assert!(EnrolmentRequest::from_text(&stolen.to_text()).is_err());
            let turned = EnrolmentRequest { nonce: [6; 16], ..request };
            assert!(EnrolmentRequest::from_text(&turned.to_text()).is_err());
            for cut in 0..text.len() {
                assert!(EnrolmentRequest::from_text(&text[..cut]).is_err());
            }
        }
        let other = EnrolmentRequest::from_text("DECKWATCH-ENROL:hw");
        assert_eq!(other, Err(EnrolmentError::NotARequest));
    }

    #[test]
    fn an_answer_is_no_invitation_and_the_other_way_round() {
        let enrolment = Enrolment {
            server: "https://shore.example".into(),
            vessel: VesselId([7; 16]),
            token: [9; 16],
            expires: 1_800_000_000,
            shore_key: key(1).public_key(),
        };
        let answer = EnrolmentAnswer {
            enrolment: enrolment.clone(),
            officer_key: key(2).public_key(),
            segment: vec![1, 2, 3],
        };
        let text = answer.to_text();
        assert_eq!(EnrolmentAnswer::from_text(&text), Ok(answer));
        assert_eq!(Enrolment::from_text(&text), Err(EnrolmentError::OnBoard));
        let invitation = enrolment.to_text();
        assert_eq!(EnrolmentAnswer::from_text(&invitation), Err(EnrolmentError::NotAnAnswer));
        for cut in 0..text.len() {
            assert!(EnrolmentAnswer::from_text(&text[..cut]).is_err());
        }
    }
}
