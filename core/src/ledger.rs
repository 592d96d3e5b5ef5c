//! The ledger: a Merkle tree of statements that can only grow, tree heads that are signed, witnesses who remember them,
//! and proofs that anybody can check without asking. `ledger/FORMAT.md` is the agreement that this room implements.
//!
//! Phone, shore, witness and auditor run the same code: no clock, no randomness, no store of its own.

pub mod cosignature;
pub mod frontier;
pub mod key;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod run;
pub mod tree_head;

pub use frontier::{Frontier, LedgerFull, Node};
pub use key::{KeyType, LedgerKey, NoteKeyError, VerifierKey, WitnessKey};
pub use leaf::{Leaf, LeafError, LeafKind, NO_VESSEL};
pub use merkle::{Hashes, MissingNode, ProofError, ProvingError, empty_root, leaf_hash};
pub use note::{Note, NoteError, NoteSignature};
pub use run::LoggedRun;
pub use tree_head::{SignedTreeHead, TreeHead, TreeHeadError};

#[cfg(test)]
mod tests;
