//! A tree head: how large a ledger is, and its root. Its text form is the "checkpoint" of c2sp.org/tlog-checkpoint; that
//! word means a place on a ship here.

use data_encoding::BASE64;

use super::{
    base64,
    key::{LedgerKey, VerifierKey},
    note::{Note, NoteError, NoteSignature},
};
use crate::model::Hash;

/// Why a text is not a tree head, or not the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeHeadError {
    /// Not a signed note, or not signed as it should be.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not origin, size and root.
    #[error("a tree head is lines of origin, size and root, none of them empty; fetch it again")]
    Form,
    /// Another ledger's.
    #[error("a tree head of {found:?} where {expected:?} was asked; compare the ledger's key")]
    OtherOrigin {
        /// What the text says.
        found: String,
        /// Whose key it is.
        expected: String,
    },
}

/// A ledger at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// Which ledger: the name of its key.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// More lines; Deckwatch writes none, and believes none.
    pub extensions: Vec<String>,
}

/// A number as all these formats write it: digits, and no zero before others.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let short = text == "0" || !text.starts_with('0');
    if plain && short { text.parse().ok() } else { None }
}

/// A hash in base64.
pub(super) fn base64_hash(text: &str) -> Option<Hash> {
    Hash::from_slice(&base64::decode(text)?)
}

impl TreeHead {
    /// Reads the text of a note.
    pub fn parse(text: &str) -> Result<Self, TreeHeadError> {
        let mut lines = text.strip_suffix('\n').ok_or(TreeHeadError::Form)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(TreeHeadError::Form);
        };
        let size = decimal(size).ok_or(TreeHeadError::Form)?;
        let root = base64_hash(root).ok_or(TreeHeadError::Form)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(TreeHeadError::Form);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let root = BASE64.encode(&self.root.0);
        let mut text = format!("{}\n{}\n{root}\n", self.origin, self.size);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// A tree head with its signatures. Nothing is believed yet: see [`SignedTreeHead::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTreeHead {
    head: TreeHead,
    note: Note,
}

impl SignedTreeHead {
    /// Signs the tree head of the ledger that the key names. Its leaves must be durable before.
    pub fn sign(size: u64, root: Hash, key: &LedgerKey) -> Result<Self, NoteError> {
        let origin = key.verifier().name().to_owned();
        let head = TreeHead { origin, size, root, extensions: Vec::new() };
        let note = Note::sign(head.text(), key)?;
        Ok(Self { head, note })
    }

    /// Reads a note's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, TreeHeadError> {
        let note = Note::parse(bytes)?;
        let head = TreeHead::parse(note.text())?;
        Ok(Self { head, note })
    }

    /// The note's bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.note.encode()
    }

    /// What it says.
    pub fn head(&self) -> &TreeHead {
        &self.head
    }

    /// The note.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a witness's cosignature; an older one of the same witness gives way.
    pub fn add(&mut self, cosignature: NoteSignature) -> Result<(), NoteError> {
        self.note.add(cosignature)
    }

    /// Checks that the ledger with this key has signed it, and gives what it says. Witnesses are asked by a policy.
    pub fn verify(&self, ledger: &VerifierKey) -> Result<&TreeHead, TreeHeadError> {
        if self.head.origin != ledger.name() {
            return Err(TreeHeadError::OtherOrigin {
                found: self.head.origin.clone(),
                expected: ledger.name().to_owned(),
            });
        }
        self.note.verify([ledger])?;
        Ok(&self.head)
    }
}
