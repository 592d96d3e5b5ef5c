//! Device keys and signatures: ES256 in the COSE_Sign1 shape (RFC 9052 section 4.4), detached.

use p256::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer, Verifier},
};

use super::{body::PublicKeyBytes, cbor::Writer};
use crate::model::{DeviceId, Hash};

/// Length of a signature: r || s.
pub const SIGNATURE_LEN: usize = 64;

/// The protected header {1: -7}, that is ES256.
const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x26];

/// What a signature is for; it stands as external_aad under the signature, so that a signature
/// made for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The last record of a segment.
    Record,
    /// A sync request.
    Sync,
    /// A shore's receipt.
    Receipt,
    /// A genesis that continues another chain.
    Continues,
    /// A phone's request to be certified on board.
    Request,
    /// An officer's phone that stands by while somebody sets a PIN on another phone.
    Vouch,
    /// A key that a finger opens, when somebody logs in with it.
    Finger,
}

impl Purpose {
    fn external_aad(self) -> &'static [u8] {
        match self {
            Self::Record => b"",
            Self::Sync => b"deckwatch/1/sync",
            Self::Receipt => b"deckwatch/1/receipt",
            Self::Continues => b"deckwatch/1/continues",
            Self::Request => b"deckwatch/1/request",
            Self::Vouch => b"deckwatch/1/vouch",
            Self::Finger => b"deckwatch/1/finger",
        }
    }
}

/// Why a device key did not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key store refused or lost the key.
    #[error("the device key cannot be used ({0}); unlock the phone, or enrol it again")]
    Unavailable(String),
    /// The key store does not have the key any more, and never will.
    #[error(
        "the key store has lost a key ({0}); it was emptied, or this is another phone: begin anew and enrol it again"
    )]
    Lost(String),
    /// What came back is no signature of this key.
    #[error(
        "the device key gave an invalid signature; restart the app, then enrol the phone again"
    )]
    InvalidSignature,
    /// These bytes are no P-256 key.
    #[error("not a P-256 key")]
    NotAKey,
}

/// The one P-256 key of a device. It never leaves its key store: the app implements this with
/// Android Keystore or the Secure Enclave, servers with a [`SoftwareKey`].
pub trait DeviceKey: Send + Sync {
    /// The compressed public key.
    fn public_key(&self) -> PublicKeyBytes;

    /// Signs `message` with ES256 (SHA-256 is part of it): r || s.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError>;
}

impl<K: DeviceKey + ?Sized> DeviceKey for std::sync::Arc<K> {
    fn public_key(&self) -> PublicKeyBytes {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError> {
        (**self).sign(message)
    }
}

/// The id of the device that holds this key.
pub fn device_id(key: &PublicKeyBytes) -> DeviceId {
    #[cfg(test)]
    if let Some(id) = twins::id_of(key) {
        return id;
    }
    let hash = Hash::of(key);
    let mut id = [0; DeviceId::LEN];
    id.iter_mut().zip(hash.0).for_each(|(to, from)| *to = from);
    DeviceId(id)
}

/// Two keys with one id, for tests: a pair takes hours to find, and an attacker has hours.
#[cfg(test)]
pub(crate) mod twins {
    use std::cell::RefCell;

    use super::{DeviceId, PublicKeyBytes};

    thread_local! {
        static TWINS: RefCell<Vec<(PublicKeyBytes, DeviceId)>> = const { RefCell::new(Vec::new()) };
    }

    /// Until the test's thread ends, this key's hash begins with `id`.
    pub(crate) fn found(key: PublicKeyBytes, id: DeviceId) {
        TWINS.with_borrow_mut(|twins| twins.push((key, id)));
    }

    pub(super) fn id_of(key: &PublicKeyBytes) -> Option<DeviceId> {
        TWINS.with_borrow(|twins| twins.iter().find(|(twin, _)| twin == key).map(|(_, id)| *id))
    }
}

/// The bytes that ES256 signs: the Sig_structure of RFC 9052 section 4.4.
pub fn signed_bytes(purpose: Purpose, payload: &[u8]) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(4).text("Signature1").bytes(&PROTECTED).bytes(purpose.external_aad()).bytes(payload);
    to.finish()
}

/// Signs `payload`, and checks what came back: a key store that signs wrongly must be noticed
/// on the phone and not ashore, months later.
pub fn sign(
    key: &dyn DeviceKey,
    purpose: Purpose,
    payload: &[u8],
) -> Result<[u8; SIGNATURE_LEN], KeyError> {
    let signature = key.sign(&signed_bytes(purpose, payload))?;
    if verify(&key.public_key(), purpose, payload, &signature) {
        Ok(signature)
    } else {
        Err(KeyError::InvalidSignature)
    }
}

/// Whether `signature` is `key`'s over `payload` for `purpose`. High and low s are both good.
pub fn verify(
    key: &PublicKeyBytes,
    purpose: Purpose,
    payload: &[u8],
    signature: &[u8; SIGNATURE_LEN],
) -> bool {
    let Some(key) = public_key(key) else { return false };
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    key.verify(&signed_bytes(purpose, payload), &signature).is_ok()
}

/// Whether these bytes are a point of P-256 in compressed form.
pub fn is_public_key(key: &PublicKeyBytes) -> bool {
    public_key(key).is_some()
}

/// SEC 1 parsers also take a compact form (05) of 33 bytes: under it one key would have two ids.
fn public_key(key: &PublicKeyBytes) -> Option<VerifyingKey> {
    let [0x02 | 0x03, ..] = key else { return None };
    VerifyingKey::from_sec1_bytes(key).ok()
}

/// A key in memory: the default where no key store exists (server, hub, tests).
#[derive(Clone)]
pub struct SoftwareKey {
    key: SigningKey,
}

impl SoftwareKey {
    /// Takes a secret scalar of 32 bytes, big-endian, in 1..n. Random bytes fail with
    /// probability 2^-32: draw again.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_slice(secret).map_err(|_| KeyError::NotAKey)?;
        Ok(Self { key })
    }

    /// Draws a key.
    pub fn generate(entropy: &mut dyn crate::entropy::Entropy) -> Self {
        loop {
            let mut secret = [0; 32];
            entropy.fill(&mut secret);
            if let Ok(key) = Self::from_secret(&secret) {
                return key;
            }
        }
    }

    /// The secret scalar, for whoever keeps it.
    pub fn to_secret(&self) -> [u8; 32] {
        self.key.to_bytes().into()
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftwareKey({})", device_id(&self.public_key()))
    }
}

impl DeviceKey for SoftwareKey {
    fn public_key(&self) -> PublicKeyBytes {
        let point = self.key.verifying_key().to_sec1_point(true);
        let mut key = [0; 33];
        key.iter_mut().zip(point.as_bytes()).for_each(|(to, from)| *to = *from);
        key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError> {
        let signature: Signature = self.key.sign(message);
        Ok(signature.to_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_key_has_one_form_and_so_one_device_id() {
        // A compact form exists only for keys with the smaller of the two y: try several.
        for seed in 0..8 {
            let key = SoftwareKey::generate(&mut SeededEntropy::new(seed));
            let signature = sign(&key, Purpose::Record, b"record").unwrap();
            let mut public = key.public_key();
            assert!(is_public_key(&public));
            for tag in [0x00, 0x04, 0x05, 0x06, 0x07] {
                public[0] = tag;
                assert!(!is_public_key(&public), "{tag}");
                assert!(!verify(&public, Purpose::Record, b"record", &signature), "{tag}");
            }
        }
    }

    #[test]
    fn a_signature_is_worth_nothing_for_another_purpose() {
        let purposes = [
            Purpose::Record,
            Purpose::Sync,
            Purpose::Receipt,
            Purpose::Continues,
            Purpose::Request,
        ];
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        for made_for in purposes {
            let signature = sign(&key, made_for, b"payload").unwrap();
            for used_for in purposes {
                let good = verify(&key.public_key(), used_for, b"payload", &signature);
                assert_eq!(good, made_for == used_for, "{made_for:?} as {used_for:?}");
            }
        }
    }

    /// A key store that answers with something else than its signature.
    struct Broken(SoftwareKey);

    impl DeviceKey for Broken {
        fn public_key(&self) -> PublicKeyBytes {
            self.0.public_key()
        }

        fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError> {
            let mut signature = self.0.sign(message)?;
            signature[40] ^= 1;
            Ok(signature)
        }
    }

    #[test]
    fn a_wrong_signature_is_noticed_where_it_is_made() {
        let key = Broken(SoftwareKey::generate(&mut SeededEntropy::new(2)));
        assert_eq!(sign(&key, Purpose::Record, b"record"), Err(KeyError::InvalidSignature));
    }
}
