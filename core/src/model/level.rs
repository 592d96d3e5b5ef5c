//! Evidence levels: what a scan is worth, and what a place demands.

use std::fmt;

/// L0 (typed by hand) to L5 (a tag's message bound to the phone's chain; experimental).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// Why there is no such level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("evidence levels are 0 to 5")]
pub struct LevelError;

impl Level {
    /// Typed by hand, or refused.
    pub const L0: Self = Self(0);
    /// A QR label or NDEF text.
    pub const L1: Self = Self(1);
    /// The UID of an NFC tag.
    pub const L2: Self = Self(2);
    /// A rotating code on a display.
    pub const L3: Self = Self(3);
    /// A tag's signed message with its counter.
    pub const L4: Self = Self(4);
    /// Such a message that covers the phone's chain. Experimental.
    pub const L5: Self = Self(5);

    /// All, from the lowest.
    pub const ALL: [Self; 6] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L4, Self::L5];

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// By what it is shown, for people.
    pub fn words(self) -> &'static str {
        match self.0 {
            0 => "manual entry",
            1 => "QR label",
            2 => "NFC tag",
            3 => "rotating code",
            4 => "signed NFC tag",
            _ => "signed NFC tag, bound to the phone (experimental)",
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = LevelError;

    fn try_from(number: u8) -> Result<Self, LevelError> {
        Self::ALL.into_iter().find(|level| level.0 == number).ok_or(LevelError)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_levels_and_no_more() {
        assert_eq!(Level::try_from(4), Ok(Level::L4));
        assert_eq!(Level::try_from(6), Err(LevelError));
        assert!(Level::L5 > Level::L4 && Level::default() == Level::L0);
        assert_eq!(Level::L3.to_string(), "L3");
        assert_eq!(serde_json::from_str::<Level>("2").unwrap(), Level::L2);
        assert!(serde_json::from_str::<Level>("9").is_err());
    }
}
