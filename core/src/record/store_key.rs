//! The key of a device's store.

use zeroize::Zeroizing;

use crate::entropy::{Entropy, draw};

/// What the rows of a store are sealed with. A safe wraps it; in clear it is in memory alone, and is wiped when it is
/// let go.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey(Zeroizing<[u8; Self::LEN]>);

impl StoreKey {
    /// Its length in bytes.
    pub const LEN: usize = 32;

    /// Draws a key.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(Zeroizing::new(draw(entropy)))
    }

    /// Takes the bytes that a safe gave back.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, for the safe that wraps them.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn it_prints_nothing_of_itself_and_wipes_itself() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let key = StoreKey::generate(&mut SeededEntropy::new(4));
        wiped(&key.0);
        assert_eq!(format!("{key:?}"), "StoreKey");
        assert_ne!(key, StoreKey::from_bytes([0; 32]));
    }
}
