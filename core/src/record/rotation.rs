//! A key that was rotated: FORMAT.md section 21. Two chains prove it together, the old one with its last record and the
//! new one with its first.

use super::{
    body::{Body, Continues, PublicKeyBytes, ROTATE},
    chain::Chain,
    key::{Purpose, verify},
};
use crate::model::RecordRef;

/// A device that handed its place to the next key, proved by both keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The `rotate` record: the last one of the old chain.
    pub record: RecordRef,
    /// The first record of the new chain.
    pub genesis: RecordRef,
    /// The next key.
    pub key: PublicKeyBytes,
}

/// Why two chains are no rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// The new chain continues nothing, or another record than a `rotate` that names its key.
    #[error("its beginning does not continue a record that names its key; ask who holds the phone")]
    NotNamed,
    /// The beginning is not signed with the old key.
    #[error("its beginning is not signed with the old key; ask who holds the phone")]
    NotSigned,
    /// The old chain has two histories up to there, or goes on behind it: somebody else has the old key too.
    #[error(
        "the old chain has two histories or goes on after its rotation, so two hold its key; ask who holds the phone"
    )]
    NotTheEnd,
}

impl Rotation {
    /// Whether `new` is the chain of the key to which the device of `old` was rotated.
    pub fn proved(old: &Chain, new: &Chain) -> Result<Self, RotationError> {
        let first = new.all().next().filter(|first| first.at.seq == 0);
        let first = first.ok_or(RotationError::NotNamed)?;
        let Some(Body::Genesis { key, continues: Some(continues), .. }) = first.body() else {
            return Err(RotationError::NotNamed);
        };
        let named = old.get(continues.held_seq, continues.held_head);
        let record = named.filter(|record| {
            continues.is_of_rotation(record.at)
                && matches!(record.body(), Some(Body::Rotate { key: next }) if next == key)
        });
        let record = record.ok_or(RotationError::NotNamed)?;
        let signed = old.key().zip(continues.signature).is_some_and(|(old_key, signature)| {
            verify(&old_key, Purpose::Continues, &continues.signed_payload(key), &signature)
        });
        if !signed {
            return Err(RotationError::NotSigned);
        }
        let forked = [old, new].iter().any(|chain| !chain.forks().is_empty());
        let branch = old.main_branch();
        let first_rotate = branch.iter().find(|entry| entry.kind == ROTATE);
        let ends = branch.last().is_some_and(|last| last.at == record.at)
            && first_rotate.is_some_and(|first| first.at == record.at)
            && old.all().count() == branch.len();
        if forked || !ends {
            return Err(RotationError::NotTheEnd);
        }
        Ok(Self { record: record.at, genesis: first.at, key: *key })
    }
}

impl Continues {
    /// Whether it names this record as the end of the old chain, and nothing behind it.
    fn is_of_rotation(&self, record: RecordRef) -> bool {
        let (at, head) = (record.seq, record.hash);
        self.dev == record.dev
            && (self.held_seq, self.held_head) == (at, head)
            && (self.marker_seq, self.marker_head) == (at, head)
    }
}
