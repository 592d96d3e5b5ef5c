//! A secret that a tag or a display shares with whoever checks it. Who can check can forge, so it lives
//! on the shore and never on a phone.

use std::fmt;

use zeroize::Zeroizing;

/// An AES-128 key. It is wiped when dropped, and never printed.
#[derive(Clone)]
pub struct TagKey(Zeroizing<[u8; 16]>);

impl TagKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes: for a tag writer, a key file and an auditor, and for nobody else.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let shown = format!("{:?}", TagKey::new([0xab; 16]));
        assert!(!shown.contains("ab, ab") && !shown.contains("171"), "{shown}");
        assert_eq!(shown, "TagKey(secret)");
    }
}
