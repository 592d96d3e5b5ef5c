//! The UID of an NFC tag. Its length differs by the sort of tag, so it is no fixed identifier.

use std::fmt;

use data_encoding::HEXLOWER;

/// Bytes of the shortest and the longest UID (ISO 14443).
const SHORTEST: usize = 4;
const LONGEST: usize = 10;

/// A text or bytes that are no UID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the UID of an NFC tag: expected 8 to 20 hex digits, as 04de5f1eacc040")]
pub struct TagUidError;

/// The UID of an NFC tag: 4 to 10 bytes, shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagUid {
    bytes: [u8; LONGEST],
    len: usize,
}

impl TagUid {
    /// Takes 4 to 10 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut uid = Self { bytes: [0; LONGEST], len: bytes.len() };
        if bytes.len() < SHORTEST {
            return None;
        }
        uid.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(uid)
    }

    /// Reads hex digits in either case, with or without colons between bytes.
    pub fn from_hex(text: &str) -> Result<Self, TagUidError> {
        let plain = text.replace(':', "").to_ascii_lowercase();
        let bytes = HEXLOWER.decode(plain.as_bytes()).map_err(|_| TagUidError)?;
        Self::from_slice(&bytes).ok_or(TagUidError)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The bytes of a UID of 7, which tags that sign have.
    pub fn seven(&self) -> Option<[u8; 7]> {
        self.as_bytes().try_into().ok()
    }
}

impl From<[u8; 7]> for TagUid {
    fn from(seven: [u8; 7]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes.iter_mut().zip(seven).for_each(|(to, from)| *to = from);
        Self { bytes, len: seven.len() }
    }
}

impl fmt::Display for TagUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(self.as_bytes()))
    }
}

impl fmt::Debug for TagUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagUid({self})")
    }
}

impl serde::Serialize for TagUid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TagUid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_to_ten_bytes_in_hex() {
        let uid = TagUid::from([4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40]);
        assert_eq!(uid.to_string(), "04de5f1eacc040");
        for text in ["04de5f1eacc040", "04DE5F1EACC040", "04:de:5f:1e:ac:c0:40"] {
            assert_eq!(TagUid::from_hex(text), Ok(uid), "{text}");
        }
        assert_eq!(uid.seven(), Some([4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40]));
        for wrong in ["", "04", "040506", "04de5f1eacc0404", "zzzzzzzz", &"00".repeat(11)] {
            assert_eq!(TagUid::from_hex(wrong), Err(TagUidError), "{wrong}");
        }
        let shortest = TagUid::from_slice(&[0; 4]).unwrap();
        assert_eq!((shortest.as_bytes().len(), shortest.seven()), (4, None));
        assert_ne!(shortest, TagUid::from_slice(&[0; 5]).unwrap());
    }
}
