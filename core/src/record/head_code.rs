//! What a phone shows so that another one records that it is in use: FORMAT.md section 23.

use data_encoding::BASE64URL_NOPAD;

use super::{
    cbor::{CborError, Reader, Writer},
    fact::VERSION,
};
use crate::model::{DeviceId, Hash, VesselId};

const PREFIX: &str = "DECKWATCH-HEAD:";
/// Longer texts are not read.
const MAX_TEXT: usize = 256;

/// The newest record of a phone, as it shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadCode {
    /// The ship.
    pub vessel: VesselId,
    /// The phone.
    pub dev: DeviceId,
    /// Seq of its newest record.
    pub seq: u64,
    /// Hash of its newest record.
    pub head: Hash,
}

/// Why a text is no head code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadCodeError {
    /// Something else.
    #[error("this is no code of a phone that comes back into use; let that phone show it")]
    NotAHeadCode,
    /// Damaged.
    #[error("the code is damaged ({0}); scan it again")]
    Damaged(#[from] CborError),
}

impl HeadCode {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut to = Writer::default();
        to.array(5).uint(VERSION).bytes(&self.vessel.0).bytes(&self.dev.0);
        to.uint(self.seq).bytes(&self.head.0);
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&to.finish()))
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Result<Self, HeadCodeError> {
        let text = text.trim();
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|_| text.len() <= MAX_TEXT)
            .ok_or(HeadCodeError::NotAHeadCode)?;
        let damaged = |_| HeadCodeError::Damaged(CborError::Expected("base64url"));
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(damaged)?;
        let mut from = Reader::new(&bytes)?;
        from.array(5)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a head code of version 1").into());
        }
        let code = Self {
            vessel: VesselId(from.fixed()?),
            dev: DeviceId(from.fixed()?),
            seq: from.uint()?,
            head: from.hash()?,
        };
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_text_is_read() {
        let (vessel, dev) = (VesselId([1; 16]), DeviceId([2; 8]));
        let code = HeadCode { vessel, dev, seq: u64::MAX, head: Hash([3; 32]) };
        let text = code.to_text();
        assert_eq!(HeadCode::from_text(&format!(" {text}\n")), Ok(code));
        for wrong in
            ["", PREFIX, "DECKWATCH-JOIN:AAAA", &text[1..], &format!("{text}{}", "A".repeat(300))]
        {
            assert!(HeadCode::from_text(wrong).is_err(), "{wrong}");
        }
        for cut in PREFIX.len()..text.len() {
            assert!(HeadCode::from_text(&text[..cut]).is_err(), "{cut}");
        }
    }
}
