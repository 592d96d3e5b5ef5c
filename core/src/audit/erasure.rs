//! What a leaf of kind 8 is about: contents that were erased after their retention. README.md section 7.

use crate::{
    model::Hash,
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 1;
/// Contents that one statement names at most.
pub const MAX_ERASED: usize = 10_000;

/// Contents of leaves that do not exist any more. The leaves stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// SHA-256 of each content, ascending.
    pub subjects: Vec<Hash>,
    /// When, Unix seconds.
    pub at: i64,
    /// By what rule, for people.
    pub rule: String,
}

impl Erasure {
    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(4).uint(VERSION).hashes(&self.subjects).int(self.at).text(&self.rule);
        to.finish()
    }

    /// Reads the content's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(4)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("an erasure of version 1"));
        }
        let subjects = from.list_of(MAX_ERASED, Reader::hash)?;
        if !subjects.is_sorted_by(|one, next| one < next) {
            return Err(CborError::Expected("hashes in ascending order"));
        }
        Ok(Self { subjects, at: from.int()?, rule: from.text()?.to_owned() })
    }
}
