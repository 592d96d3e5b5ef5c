//! The ledger: a Merkle tree of statements that can only grow, tree heads that are signed, witnesses who remember them,
//! and proofs that anybody can check without asking. `ledger/FORMAT.md` is the agreement that this room implements.
//!
//! Phone, shore, witness and auditor run the same code: no clock, no randomness, no store of its own.

mod base64;
pub mod cosignature;
pub mod frontier;
pub mod key;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod remembered;
pub mod run;
pub mod split_view;
pub mod statement;
pub mod tile;
pub mod tree_head;
pub mod witness;

pub use frontier::{Frontier, LedgerFull, Node};
pub use key::{KeyType, LedgerKey, NoteKeyError, VerifierKey, WitnessKey};
pub use leaf::{Leaf, LeafError, LeafKind, NO_VESSEL};
pub use merkle::{Hashes, MissingNode, ProofError, ProvingError, empty_root, leaf_hash};
pub use note::{Note, NoteError, NoteSignature};
pub use policy::{Policy, PolicyError, PolicyVerdict};
pub use proof::{LoggedProof, LoggedProofError};
pub use remembered::{Accepted, NotAccepted, Remembered};
pub use run::LoggedRun;
pub use split_view::{SplitView, SplitViewError};
pub use statement::{FlagStatement, Publication, Withdrawal};
pub use tree_head::{SignedTreeHead, TreeHead, TreeHeadError};
pub use witness::{AddTreeHead, Asked, Refusal, Reply, Witness, WitnessStore, Witnessed};

#[cfg(test)]
mod tests;
