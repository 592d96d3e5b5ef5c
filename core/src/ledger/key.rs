//! Keys of signed notes: their names, ids and text forms. A phone's P-256 key is another thing (`record::key`).

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{base64, cosignature, note::NoteSignature};

/// Bytes of a key name at most.
pub const MAX_NAME: usize = 255;
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// Why a text is not a key of signed notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteKeyError {
    /// Not `name+id+key`.
    #[error("not a key of the form name+id+base64; copy it whole")]
    Form,
    /// A name that could not stand in a signature line.
    #[error(
        "{0:?} is no key name: 1 to {MAX_NAME} bytes without spaces, plus and control characters"
    )]
    Name(String),
    /// The id is not the one of this name and key.
    #[error("the key id is {found:08x} and would be {expected:08x}; copy the key again")]
    Id {
        /// What the text says.
        found: u32,
        /// What name and key give.
        expected: u32,
    },
    /// A key for other signatures than these.
    #[error("a key of type {found}; type {expected} belongs here ({name})", name = type_name(*expected))]
    Type {
        /// What the key says.
        found: u8,
        /// What belongs here.
        expected: u8,
    },
    /// A type that this program does not know.
    #[error("a key of type {0}; this program knows 1 (Ed25519) and 4 (Ed25519 cosignature)")]
    UnknownType(u8),
    /// No point of the curve, or one under which anything verifies.
    #[error("not an Ed25519 key; copy the key again")]
    Point,
}

fn type_name(number: u8) -> &'static str {
    if number == KeyType::Cosignature.number() { "a witness's" } else { "a ledger's" }
}

/// What the signatures of a key are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// The text of the note: a ledger's.
    Ed25519,
    /// A time and a tree head (c2sp.org/tlog-cosignature, version 1): a witness's.
    Cosignature,
}

impl KeyType {
    /// The signature type byte of c2sp.org/signed-note.
    pub fn number(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }

    fn from_number(number: u8) -> Result<Self, NoteKeyError> {
        [Self::Ed25519, Self::Cosignature]
            .into_iter()
            .find(|known| known.number() == number)
            .ok_or(NoteKeyError::UnknownType(number))
    }
}

/// Whether this can be the name of a key: it must stand unmistakably in a signature line.
pub fn is_key_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

fn key_id(name: &str, key_type: KeyType, public: &[u8; 32]) -> u32 {
    let hash = Sha256::new_with_prefix(name)
        .chain_update([b'\n', key_type.number()])
        .chain_update(public)
        .finalize();
    hash.first_chunk().map_or(0, |id| u32::from_be_bytes(*id))
}

/// The public half: who is believed. Its text form is `name+id+base64` (a "vkey").
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key_type: KeyType,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a public key.
    pub fn new(name: &str, key_type: KeyType, public: &[u8; 32]) -> Result<Self, NoteKeyError> {
        if !is_key_name(name) {
            return Err(NoteKeyError::Name(name.to_owned()));
        }
        let key = VerifyingKey::from_bytes(public).map_err(|_| NoteKeyError::Point)?;
        if key.is_weak() {
            return Err(NoteKeyError::Point);
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, key_type, public), key_type, key })
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        let KeyText { name, id, key_type, key } = parse_text(text)?;
        let key = Self::new(name, key_type, &key)?;
        match key.id {
            expected if expected != id => Err(NoteKeyError::Id { found: id, expected }),
            _ => Ok(key),
        }
    }

    /// The same, where only one type of key makes sense.
    pub fn parse_as(text: &str, expected: KeyType) -> Result<Self, NoteKeyError> {
        let key = Self::parse(text)?;
        key.is_of(expected)?;
        Ok(key)
    }

    fn is_of(&self, expected: KeyType) -> Result<(), NoteKeyError> {
        let (found, expected) = (self.key_type.number(), expected.number());
        if found == expected { Ok(()) } else { Err(NoteKeyError::Type { found, expected }) }
    }

    /// The name; a ledger's is its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that stands in signatures. It tells keys of one name apart, and is no fingerprint.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What its signatures are over.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The 32 bytes of the key.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Checks one signature over a note's text; `None`: it is not this key's.
    pub fn check(&self, text: &str, signature: &[u8]) -> Option<Checked> {
        match self.key_type {
            KeyType::Ed25519 => {
                self.has_signed(text.as_bytes(), signature).then_some(Checked { time: None })
            }
            KeyType::Cosignature => {
                let (time, signature) = cosignature::split(signature)?;
                let message = cosignature::message(time, text);
                self.has_signed(&message, signature).then_some(Checked { time: Some(time) })
            }
        }
    }

    /// Whether these are 64 bytes that the key made of the message, by the strict rule of RFC 8032: every reader must come
    /// to the same answer, so no point of small order is let in.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

/// What a good signature says beside "I signed this".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// When a witness signed, Unix seconds; a ledger's signature says nothing of it.
    pub time: Option<u64>,
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = with_type(self.key_type, &self.key.to_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id, BASE64.encode(key.as_slice()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

fn with_type(key_type: KeyType, key: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(std::iter::once(key_type.number()).chain(key.iter().copied()).collect())
}

/// What both text forms say.
struct KeyText<'t> {
    name: &'t str,
    id: u32,
    key_type: KeyType,
    key: Zeroizing<[u8; 32]>,
}

fn parse_text(text: &str) -> Result<KeyText<'_>, NoteKeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteKeyError::Form);
    };
    let id = HEXLOWER.decode(id.as_bytes()).ok().and_then(|id| id.try_into().ok());
    let id = u32::from_be_bytes(id.ok_or(NoteKeyError::Form)?);
    let key = Zeroizing::new(base64::decode(key).ok_or(NoteKeyError::Form)?);
    let (number, key) = key.split_first().ok_or(NoteKeyError::Form)?;
    let key_type = KeyType::from_number(*number)?;
    let key: [u8; 32] = key.try_into().map_err(|_| NoteKeyError::Point)?;
    Ok(KeyText { name, id, key_type, key: Zeroizing::new(key) })
}

/// A secret half, of either type.
#[derive(Clone)]
struct SecretKey {
    key: SigningKey,
    public: VerifierKey,
}

impl SecretKey {
    fn new(name: &str, key_type: KeyType, seed: &[u8; 32]) -> Result<Self, NoteKeyError> {
        let key = SigningKey::from_bytes(seed);
        let public = VerifierKey::new(name, key_type, &key.verifying_key().to_bytes())?;
        Ok(Self { key, public })
    }

    fn parse(text: &str, expected: KeyType) -> Result<Self, NoteKeyError> {
        let text = text.strip_prefix(SECRET_PREFIX).ok_or(NoteKeyError::Form)?;
        let KeyText { name, id, key_type, key } = parse_text(text)?;
        let key = Self::new(name, key_type, &key)?;
        key.public.is_of(expected)?;
        match key.public.id {
            expected if expected != id => Err(NoteKeyError::Id { found: id, expected }),
            _ => Ok(key),
        }
    }

    fn to_text(&self) -> Zeroizing<String> {
        let VerifierKey { name, id, key_type, .. } = &self.public;
        let key = with_type(*key_type, self.key.as_bytes());
        let key = Zeroizing::new(BASE64.encode(key.as_slice()));
        Zeroizing::new(format!("{SECRET_PREFIX}{name}+{id:08x}+{}", key.as_str()))
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    fn signature(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.public.name.clone(), id: self.public.id, bytes }
    }
}

macro_rules! secret_keys {
    ($($(#[$doc:meta])* $name:ident, $key_type:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretKey);

        impl $name {
            /// Makes the key from 32 random bytes.
            pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteKeyError> {
                SecretKey::new(name, $key_type, seed).map(Self)
            }

            /// Reads the secret text form, `PRIVATE+KEY+name+id+base64`.
            pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
                SecretKey::parse(text, $key_type).map(Self)
            }

            /// The secret text form.
            pub fn to_text(&self) -> Zeroizing<String> {
                self.0.to_text()
            }

            /// The public half.
            pub fn verifier(&self) -> &VerifierKey {
                &self.0.public
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.public)
            }
        }
    )*};
}

secret_keys! {
    /// A ledger's secret key: it signs tree heads.
    LedgerKey, KeyType::Ed25519;
    /// A witness's secret key: it cosigns tree heads of others.
    WitnessKey, KeyType::Cosignature;
}

impl LedgerKey {
    /// Signs a note's text.
    pub fn sign(&self, text: &str) -> NoteSignature {
        self.0.signature(self.0.sign(text.as_bytes()).to_vec())
    }
}

impl WitnessKey {
    /// Cosigns the text of a tree head: "at this time, Unix seconds, it is the largest consistent one I have seen".
    pub fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        let signature = self.0.sign(&cosignature::message(time, text));
        self.0.signature(cosignature::join(time, &signature))
    }
}
