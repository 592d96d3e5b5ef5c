//! Badges: what is kept of one. A UID can be copied with any phone that writes tags, so a badge by itself is
//! worth no more than a word; with a PIN it tells who brought which badge.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    entropy::{Entropy, draw},
    model::{Hash, TagUid},
};

/// Why a tag is no badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadgeError {
    /// It says another UID each time (ISO 14443-3: 4 bytes that begin with 08).
    #[error("this card says another number each time it is read; use another card or tag")]
    Random,
    /// It marks a checkpoint.
    #[error("this tag marks a checkpoint of the ship; use a badge")]
    Checkpoint,
    /// It is somebody else's.
    #[error("this badge belongs to another person on this phone; use another one")]
    Taken,
}

/// The key under which this device keeps badges: drawn here, never shown.
pub struct BadgeKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for BadgeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BadgeKey").finish_non_exhaustive()
    }
}

impl BadgeKey {
    /// Draws one.
    pub fn draw(entropy: &mut dyn Entropy) -> Self {
        Self(Zeroizing::new(draw(entropy)))
    }

    /// One that was kept.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key| Self(Zeroizing::new(key)))
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0[..]
    }

    /// What is kept of a badge.
    pub fn of(&self, uid: &TagUid) -> Result<Hash, BadgeError> {
        if let [0x08, _, _, _] = uid.as_bytes() {
            return Err(BadgeError::Random);
        }
        // HMAC takes a key of any length.
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.as_bytes()) {
            Ok(mac) => mac,
            Err(_) => return Err(BadgeError::Random),
        };
        mac.update(b"deckwatch/1/badge");
        mac.update(uid.as_bytes());
        Ok(Hash(mac.finalize().into_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_badge_is_kept_under_the_devices_own_key() {
        let [one, other] = [1, 2].map(|seed| BadgeKey::draw(&mut SeededEntropy::new(seed)));
        let uid = TagUid::from_hex("04de5f1eacc040").unwrap();
        let kept = one.of(&uid).unwrap();
        assert_eq!(BadgeKey::from_bytes(one.as_bytes()).unwrap().of(&uid), Ok(kept));
        assert_ne!(other.of(&uid).unwrap(), kept, "two phones keep two things");
        assert_ne!(one.of(&TagUid::from_hex("04de5f1eacc041").unwrap()).unwrap(), kept);
        assert!(BadgeKey::from_bytes(&[1; 31]).is_none());
    }

    #[test]
    fn a_card_with_a_random_number_is_no_badge() {
        let key = BadgeKey::draw(&mut SeededEntropy::new(1));
        let random = TagUid::from_hex("08a1b2c3").unwrap();
        assert_eq!(key.of(&random), Err(BadgeError::Random));
        assert!(key.of(&TagUid::from_hex("08a1b2c3d4e5f6").unwrap()).is_ok());
    }
}
