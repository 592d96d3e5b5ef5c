//! The ledger: a Merkle tree of statements that can only grow, tree heads that are signed, witnesses who remember them,
//! and proofs that anybody can check without asking. `ledger/FORMAT.md` is the agreement that this room implements.
//!
//! Phone, shore, witness and auditor run the same code: no clock, no randomness, no store of its own.

pub mod frontier;
pub mod leaf;
pub mod merkle;
pub mod run;

pub use frontier::{Frontier, LedgerFull, Node};
pub use leaf::{Leaf, LeafError, LeafKind, NO_VESSEL};
pub use merkle::{Hashes, MissingNode, ProofError, ProvingError, empty_root, leaf_hash};
pub use run::LoggedRun;

#[cfg(test)]
mod tests;
