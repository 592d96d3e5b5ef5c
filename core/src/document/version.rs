//! The version of a document: what two sides compare before they send each other anything.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::Merged;
use crate::model::Hash;

/// Names everything that somebody holds of a document and that its authors vouch for.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Version {
    /// The heads of all lines, ascending: they name everything before them too.
    pub heads: Vec<Hash>,
    /// What is vouched for and not applied, ascending: each names itself alone.
    pub unapplied: Vec<Hash>,
    /// SHA-256 over every change and the record that vouches for it: equal only where the same
    /// changes are held *and* the same records decide between them. It tells
    /// so where the lists are cut, too. `None`: nothing is said of the document.
    pub set: Option<Hash>,
}

impl Version {
    /// The version of a merged document, as far as lists of `most` names together go.
    pub fn of(merged: &Merged, most: usize) -> Self {
        let mut heads = merged.all_heads();
        let mut unapplied: Vec<Hash> = merged.unapplied().map(|(change, _)| change).collect();
        heads.truncate(most);
        unapplied.truncate(most.saturating_sub(heads.len()));
        Self { heads, unapplied, set: Some(set_of(merged)) }
    }

    /// All names in it.
    pub fn names(&self) -> impl Iterator<Item = Hash> {
        self.heads.iter().chain(&self.unapplied).copied()
    }

    /// Whether nothing needs to be sent to somebody with `other`. Without a digest the names decide.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.set, other.set) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.has_same_names(other),
        }
    }

    /// Whether both name the same changes; then only records can differ.
    pub fn has_same_names(&self, other: &Self) -> bool {
        let all = |version: &Self| version.names().collect::<BTreeSet<Hash>>();
        all(self) == all(other)
    }
}

/// In ascending order of the changes: change, then device, seq (u64 big-endian) and hash of the
/// record by which its author vouches for it first.
fn set_of(merged: &Merged) -> Hash {
    let mut vouched: Vec<_> = merged.vouched().collect();
    vouched.sort_unstable_by_key(|(change, _)| *change);
    let mut hasher = Sha256::new();
    for (change, record) in vouched {
        hasher.update(change.0);
        hasher.update(record.dev.0);
        hasher.update(record.seq.to_be_bytes());
        hasher.update(record.hash.0);
    }
    Hash(hasher.finalize().into())
}
