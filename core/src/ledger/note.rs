//! Signed notes: c2sp.org/signed-note. A text that people can read, and lines with signatures below it.

use std::fmt::Write;

use data_encoding::BASE64;

use super::{
    base64,
    key::{Checked, LedgerKey, VerifierKey, is_key_name},
};

/// Bytes of a note at most: 16 post-quantum signatures fit, and a long text.
pub const MAX_NOTE: usize = 256 * 1024;
/// Signatures of a note at most; the specification asks for 16.
pub const MAX_SIGNATURES: usize = 64;

const LINE_START: &str = "\u{2014} ";

/// Why bytes are not a signed note, or not one to believe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Larger than any that is accepted.
    #[error("a note of {0} bytes; at most {MAX_NOTE} are accepted")]
    TooLarge(usize),
    /// More signatures than are accepted.
    #[error("a note of more than {MAX_SIGNATURES} signatures; leave out those that nobody needs")]
    TooMany,
    /// Not text, or with control characters.
    #[error("a note is UTF-8 without control characters; fetch it again")]
    NotText,
    /// No empty line between text and signatures, or a line that is none.
    #[error("a note is a text, an empty line and signature lines; fetch it again")]
    Form,
    /// Nobody who is known has signed it.
    #[error("none of the signatures is by a key that is known here; compare the keys")]
    Unknown,
    /// A signature that names a known key, and is not by it.
    #[error("the signature of {0} does not fit; the text was changed after signing")]
    BadSignature(String),
    /// One key, two lines.
    #[error("{0} has signed twice; one signature a key is accepted")]
    Twice(String),
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: u32,
    /// What the key made; its form depends on the key's type.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line without its newline.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let line = line.strip_prefix(LINE_START).ok_or(NoteError::Form)?;
        let (name, signature) = line.split_once(' ').ok_or(NoteError::Form)?;
        let bytes = base64::decode(signature).ok_or(NoteError::Form)?;
        let (id, bytes) = bytes.split_first_chunk().ok_or(NoteError::Form)?;
        if !is_key_name(name) || bytes.is_empty() {
            return Err(NoteError::Form);
        }
        Ok(Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
    }

    /// The line, with its newline.
    pub fn line(&self) -> String {
        let bytes: Vec<u8> = self.id.to_be_bytes().into_iter().chain(self.bytes.clone()).collect();
        format!("{LINE_START}{} {}\n", self.name, BASE64.encode(&bytes))
    }

    fn is_of(&self, key: &VerifierKey) -> bool {
        self.id == key.id() && self.name == key.name()
    }
}

/// A good signature of a known key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedBy<'k> {
    /// Whose.
    pub key: &'k VerifierKey,
    /// What it says beside.
    pub checked: Checked,
}

/// A text with at least one signature. Nothing is believed yet: see [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Signs a text, which ends with a newline.
    pub fn sign(text: String, key: &LedgerKey) -> Result<Self, NoteError> {
        check_text(&text)?;
        let signatures = vec![key.sign(&text)];
        Ok(Self { text, signatures })
    }

    /// Reads a note's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLarge(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        check_characters(note)?;
        // The last empty line parts them: the text may have others.
        let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = note.split_at_checked(at + 1).ok_or(NoteError::Form)?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let mut signatures = Vec::new();
        for line in lines.ok_or(NoteError::Form)?.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooMany);
            }
            signatures.push(NoteSignature::parse(line)?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The note's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut note = format!("{}\n", self.text);
        for signature in &self.signatures {
            let _ = note.write_str(&signature.line());
        }
        note.into_bytes()
    }

    /// What is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, good or bad.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature; one of the same key that is there already gives way.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let same = |held: &NoteSignature| held.id == signature.id && held.name == signature.name;
        if let Some(held) = self.signatures.iter_mut().find(|held| same(held)) {
            *held = signature;
        } else if self.signatures.len() == MAX_SIGNATURES {
            return Err(NoteError::TooMany);
        } else {
            self.signatures.push(signature);
        }
        Ok(())
    }

    /// Checks the signatures of those keys that are known, and says which have signed. Signatures of others say nothing.
    /// One that names a known key and does not fit spoils the whole note, and so do two of one known key.
    pub fn verify<'k>(
        &self,
        known: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<SignedBy<'k>>, NoteError> {
        let mut good: Vec<SignedBy<'k>> = Vec::new();
        for key in known {
            let mut named = self.signatures.iter().filter(|signature| signature.is_of(key));
            let Some(signature) = named.next() else { continue };
            if named.next().is_some() {
                return Err(NoteError::Twice(key.name().to_owned()));
            }
            let checked = key.check(&self.text, &signature.bytes);
            let checked = checked.ok_or_else(|| NoteError::BadSignature(key.name().to_owned()))?;
            good.push(SignedBy { key, checked });
        }
        if good.is_empty() { Err(NoteError::Unknown) } else { Ok(good) }
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE {
        return Err(NoteError::TooLarge(text.len()));
    }
    if !text.ends_with('\n') {
        return Err(NoteError::Form);
    }
    check_characters(text)
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let control = text.bytes().any(|byte| byte < b' ' && byte != b'\n');
    if control { Err(NoteError::NotText) } else { Ok(()) }
}
