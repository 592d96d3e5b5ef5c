//! What the shore shows as a QR for a new phone: FORMAT.md section 11.

use data_encoding::BASE64URL_NOPAD;

use super::{
    body::PublicKeyBytes,
    cbor::{CborError, Reader, Writer},
    fact::VERSION,
    key::is_public_key,
};
use crate::model::VesselId;

pub(super) const PREFIX: &str = "DECKWATCH-ENROL:";
/// Longer texts are not read.
pub(super) const MAX_TEXT: usize = 2_048;

/// An invitation to one phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Where to sync.
    pub server: String,
    /// The ship.
    pub vessel: VesselId,
    /// Used once; becomes the genesis nonce.
    pub token: [u8; 16],
    /// Unix seconds after which the shore does not honour it.
    pub expires: i64,
    /// The vessel's root of authority.
    pub shore_key: PublicKeyBytes,
}

/// Why a text is not an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// Something else.
    #[error("this is not a Deckwatch enrolment code; ask the shore office for one")]
    NotAnEnrolment,
    /// Damaged.
    #[error("the enrolment code is damaged ({0}); scan it again, or ask for a new one")]
    Damaged(#[from] CborError),
    /// An officer's answer where a shore's invitation was expected.
    #[error(
        "this code was made on board for one phone; it is read on that phone, as the answer to its request"
    )]
    OnBoard,
    /// A shore's invitation where an officer's answer was expected.
    #[error("this is not an officer's answer; enrol with it as with a code of the shore office")]
    NotAnAnswer,
    /// Something else where a request was expected.
    #[error("this is not a phone's request; let the new phone show its request code")]
    NotARequest,
}

/// The bytes behind the prefix of a text.
pub(super) fn body_of(
    text: &str,
    prefix: &str,
    other: EnrolmentError,
) -> Result<Vec<u8>, EnrolmentError> {
    let text = text.trim();
    let encoded = text.strip_prefix(prefix).filter(|_| text.len() <= MAX_TEXT).ok_or(other)?;
    let damaged = |_| EnrolmentError::Damaged(CborError::Expected("base64url"));
    BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(damaged)
}

impl Enrolment {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        self.fields(to.array(6).uint(VERSION));
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&to.finish()))
    }

    /// What stands behind the version.
    pub(super) fn fields(&self, to: &mut Writer) {
        to.text(&self.server).bytes(&self.vessel.0).bytes(&self.token);
        to.int(self.expires).bytes(&self.shore_key);
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Result<Self, EnrolmentError> {
        let bytes = body_of(text, PREFIX, EnrolmentError::NotAnEnrolment)?;
        let mut from = Reader::new(&bytes)?;
        let length = from.array_len()?;
        match (from.uint()?, length) {
            (VERSION, 6) => Self::read(&mut from),
            (2, 8) => Err(EnrolmentError::OnBoard),
            _ => Err(CborError::Expected("an enrolment of version 1").into()),
        }
    }

    /// Reads what stands behind the version.
    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, EnrolmentError> {
        let enrolment = Self {
            server: from.text()?.to_owned(),
            vessel: VesselId(from.fixed()?),
            token: from.fixed()?,
            expires: from.int()?,
            shore_key: from.fixed()?,
        };
        if is_public_key(&enrolment.shore_key) {
            Ok(enrolment)
        } else {
            Err(EnrolmentError::Damaged(CborError::Expected("a P-256 key")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entropy::SeededEntropy,
        record::{DeviceKey, SoftwareKey},
    };

    #[test]
    fn text_round_trip_and_damage() {
        let enrolment = Enrolment {
            server: "http://127.0.0.1:8080".into(),
            vessel: VesselId([7; 16]),
            token: [9; 16],
            expires: 1_800_000_000,
            shore_key: SoftwareKey::generate(&mut SeededEntropy::new(1)).public_key(),
        };
        let text = enrolment.to_text();
        assert_eq!(Enrolment::from_text(&format!(" {text}\n")), Ok(enrolment));
        assert_eq!(Enrolment::from_text("https://x"), Err(EnrolmentError::NotAnEnrolment));
        let cut = text.get(..text.len() - 4).unwrap();
        assert!(matches!(Enrolment::from_text(cut), Err(EnrolmentError::Damaged(_))));
    }
}
