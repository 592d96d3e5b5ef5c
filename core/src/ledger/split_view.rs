//! Evidence that a ledger showed two faces: FORMAT.md section 4. It needs no word of whoever found it.

use super::{
    key::VerifierKey,
    merkle::roots_joined,
    tree_head::{SignedTreeHead, TreeHeadError},
};
use crate::{
    model::Hash,
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
};

const VERSION: u64 = 1;
const MAX_PATH: usize = 66;

/// Why bytes convict nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitViewError {
    /// Not the format.
    #[error("not evidence of two tree heads: {0}")]
    Malformed(#[from] CborError),
    /// A tree head is none, or is not signed by that ledger.
    #[error(transparent)]
    TreeHead(#[from] TreeHeadError),
    /// Both may be of one honest ledger.
    #[error("the two tree heads do not contradict each other; nothing is shown")]
    Consistent,
}

/// Two tree heads that one honest ledger cannot have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitView {
    one: SignedTreeHead,
    other: SignedTreeHead,
    path: Vec<Hash>,
}

impl SplitView {
    /// Puts the evidence together, if there is any. `path` joins the smaller ledger to the larger, as
    /// [`prove_joining`](super::merkle::prove_joining) gives it; for two of one size it is not looked at.
    ///
    /// A consistency proof of the RFC's form serves too, except where the smaller size is a power of two.
    pub fn find(
        ledger: &VerifierKey,
        one: &SignedTreeHead,
        other: &SignedTreeHead,
        path: &[Hash],
    ) -> Option<Self> {
        let place = |head: &SignedTreeHead| (head.head().size, head.head().root);
        let (one, other) = if place(one) <= place(other) { (one, other) } else { (other, one) };
        let path = if one.head().size == other.head().size { &[] } else { path };
        let found = Self { one: one.clone(), other: other.clone(), path: path.to_vec() };
        found.check(ledger).is_ok().then_some(found)
    }

    /// The two tree heads, the smaller first.
    pub fn heads(&self) -> [&SignedTreeHead; 2] {
        [&self.one, &self.other]
    }

    /// Checks that the ledger with this key is convicted.
    pub fn check(&self, ledger: &VerifierKey) -> Result<(), SplitViewError> {
        let (one, other) = (self.one.verify(ledger)?, self.other.verify(ledger)?);
        let convicted = match (one.size, self.path.split_first()) {
            (size, None) => size == other.size && one.root < other.root,
            (0, _) => false,
            (size, Some((begin, path))) if size < other.size => {
                roots_joined(size, other.size, *begin, path)
                    .is_ok_and(|(older, newer)| newer == other.root && older != one.root)
            }
            _ => false,
        };
        if convicted { Ok(()) } else { Err(SplitViewError::Consistent) }
    }

    /// The evidence's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(4).uint(VERSION).bytes(&self.one.encode()).bytes(&self.other.encode());
        to.hashes(&self.path);
        to.finish()
    }

    /// Reads the evidence's bytes. Nothing is believed yet: see [`SplitView::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SplitViewError> {
        let mut from = Reader::new(bytes)?;
        from.array(4)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("evidence of version 1").into());
        }
        Ok(Self {
            one: SignedTreeHead::parse(from.bytes()?)?,
            other: SignedTreeHead::parse(from.bytes()?)?,
            path: from.list_of(MAX_PATH, Reader::hash)?,
        })
    }
}
