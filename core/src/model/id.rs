//! Identifiers. Each is a newtype over fixed bytes, shown as lower-case hex.

use std::fmt;

use data_encoding::HEXLOWER;

/// A text that is not the hex form of an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} id: expected {expected} hex digits")]
pub struct IdError {
    kind: &'static str,
    expected: usize,
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident, $len:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Reads the hex form.
            pub fn from_hex(text: &str) -> Result<Self, IdError> {
                let error = || IdError { kind: $kind, expected: $len * 2 };
                let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).map_err(|_| error())?;
                Self::from_slice(&bytes).ok_or_else(error)
            }

            /// Takes exactly the right number of bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_hex(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

identifiers! {
    /// A ship. Random.
    VesselId, 16, "vessel";
    /// A device (phone, hub or shore): the first 8 bytes of SHA-256 of its compressed P-256 public key.
    DeviceId, 8, "device";
    /// A place to be visited. Random.
    CheckpointId, 8, "checkpoint";
    /// Checkpoints and how they are walked. Random.
    RouteId, 8, "route";
    /// The rule that makes due patrols. Random.
    ScheduleId, 8, "schedule";
    /// What a QR label or an NDEF text carries. Random.
    TagId, 16, "tag";
    /// One occurrence that the plan demands; see FORMAT.md section 7.
    DueId, 16, "due patrol";
    /// An Automerge document: the vessel id for the Plan, FORMAT.md section 8 for a Page.
    DocumentId, 16, "document";
    /// SHA-256 of a record, a change or another piece of evidence.
    Hash, 32, "hash";
}

impl Hash {
    /// What stands before the first record of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The first 12 hex digits, for people to compare.
    pub fn short(&self) -> String {
        HEXLOWER.encode(self.0.first_chunk::<6>().map_or(&[], |chunk| chunk.as_slice()))
    }
}

/// A crew member's roster number. Names never stand in records or in the Plan.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct CrewNo(pub u32);

impl CrewNo {
    /// Nobody was logged in.
    pub const NOBODY: Self = Self(0);
}

impl fmt::Display for CrewNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NOBODY { f.write_str("nobody") } else { write!(f, "crew {}", self.0) }
    }
}

/// A record's full name: two records with one (device, seq) and different hashes are a fork.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct RecordRef {
    /// The author.
    pub dev: DeviceId,
    /// Position in the author's chain.
    pub seq: u64,
    /// SHA-256 of the record's bytes.
    pub hash: Hash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trip_and_its_errors() {
        let id = VesselId([0xab; 16]);
        assert_eq!(VesselId::from_hex(&id.to_string()), Ok(id));
        assert_eq!(VesselId::from_hex(&id.to_string().to_uppercase()), Ok(id));
        let error = VesselId::from_hex("ab").unwrap_err();
        assert_eq!(error.to_string(), "not a vessel id: expected 32 hex digits");
        assert!(DeviceId::from_hex("zzzzzzzzzzzzzzzz").is_err());
    }
}
