//! What a phone, an auditor or any reader remembers of a ledger: the newest tree head that it accepted. A ledger that was
//! rewritten cannot be joined to it.

use super::{
    key::VerifierKey,
    merkle::{ProofError, verify_consistency},
    split_view::SplitView,
    tree_head::{SignedTreeHead, TreeHead, TreeHeadError},
};
use crate::model::Hash;

/// How a tree head stands to the one that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Nothing was remembered; it is now.
    First,
    /// It is the same.
    Same,
    /// It is larger and grew from the remembered one; it is remembered now.
    Newer,
    /// It is smaller, and the remembered one grew from it.
    Older,
}

/// Why a tree head was not accepted. What is remembered stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAccepted {
    /// Not a tree head of this ledger.
    #[error(transparent)]
    TreeHead(#[from] TreeHeadError),
    /// It may be good: nothing joins the two. A ledger that cannot do that has something to explain.
    #[error(
        "nothing joins the ledger of {offered} leaves to the remembered one of {held} ({cause}); ask for the proof again"
    )]
    Unproved {
        /// Leaves of the remembered one.
        held: u64,
        /// Leaves of the one offered.
        offered: u64,
        /// What is wrong with the proof.
        cause: ProofError,
    },
    /// The ledger has signed two that contradict each other.
    #[error(
        "the ledger has signed two tree heads that contradict each other; keep the evidence and show it to the auditor"
    )]
    Contradiction(Box<SplitView>),
}

/// A ledger's key, and the newest tree head accepted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    ledger: VerifierKey,
    newest: Option<SignedTreeHead>,
}

impl Remembered {
    /// Knows the ledger by its key alone.
    pub fn new(ledger: VerifierKey) -> Self {
        Self { ledger, newest: None }
    }

    /// Takes up again what [`Remembered::newest`] gave, from its encoded note.
    pub fn resume(ledger: VerifierKey, note: &[u8]) -> Result<Self, TreeHeadError> {
        let newest = SignedTreeHead::parse(note)?;
        newest.verify(&ledger)?;
        Ok(Self { ledger, newest: Some(newest) })
    }

    /// The ledger's key.
    pub fn ledger(&self) -> &VerifierKey {
        &self.ledger
    }

    /// The newest tree head accepted: keep its bytes.
    pub fn newest(&self) -> Option<&SignedTreeHead> {
        self.newest.as_ref()
    }

    /// Leaves of the ledger as it is remembered; from there a proof is asked for.
    pub fn size(&self) -> u64 {
        self.newest.as_ref().map_or(0, |head| head.head().size)
    }

    /// Takes a tree head. `proof` joins the smaller of the two sizes to the larger: a consistency proof, or the path of
    /// [`prove_joining`](super::merkle::prove_joining). Empty for the first and for the same size.
    pub fn accept(
        &mut self,
        offered: SignedTreeHead,
        proof: &[Hash],
    ) -> Result<Accepted, NotAccepted> {
        let head = offered.verify(&self.ledger)?.clone();
        let Some(held) = &self.newest else {
            self.newest = Some(offered);
            return Ok(Accepted::First);
        };
        let (older, newer) = in_order(held.head(), &head);
        if let Err(cause) = joined(older, newer, proof) {
            return Err(match SplitView::find(&self.ledger, held, &offered, proof) {
                Some(evidence) => NotAccepted::Contradiction(Box::new(evidence)),
                None => NotAccepted::Unproved { held: held.head().size, offered: head.size, cause },
            });
        }
        Ok(match head.size.cmp(&held.head().size) {
            std::cmp::Ordering::Less => Accepted::Older,
            std::cmp::Ordering::Equal => Accepted::Same,
            std::cmp::Ordering::Greater => {
                self.newest = Some(offered);
                Accepted::Newer
            }
        })
    }
}

fn in_order<'h>(one: &'h TreeHead, other: &'h TreeHead) -> (&'h TreeHead, &'h TreeHead) {
    if one.size <= other.size { (one, other) } else { (other, one) }
}

/// Whether the proof joins the two, in either of its forms.
fn joined(older: &TreeHead, newer: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    let verify = |proof| verify_consistency(older.size, older.root, newer.size, newer.root, proof);
    match proof.split_first() {
        // The path that begins at the older root, written down.
        Some((begin, rest)) if older.size.is_power_of_two() && *begin == older.root => {
            verify(rest).or_else(|_| verify(proof))
        }
        _ => verify(proof),
    }
}
