//! The right edge of a growing ledger: all that is needed to append and to know the root.

use super::merkle::{Hashes, empty_root, leaf_hash, node_hash};
use crate::model::Hash;

/// Leaves of a ledger at most: sizes stay within a signed 64-bit integer, as stores keep them.
pub const MAX_LEAVES: u64 = i64::MAX as u64;

/// There is no room for another leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a ledger holds at most {MAX_LEAVES} leaves; start a new one")]
pub struct LedgerFull;

/// A complete subtree: what a store keeps, once, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its height: it stands over 2^`level` leaves.
    pub level: u8,
    /// Its place among those of its height.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The size of a ledger, and the hashes of its largest complete subtrees from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Reads the edge of the first `size` leaves: at most 63 look-ups.
    pub fn load<H: Hashes + ?Sized>(hashes: &H, size: u64) -> Result<Self, H::Error> {
        let levels = (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1);
        // Left of the subtree of this height stands what the larger bits say.
        let peak = |level: u32| {
            let index = size.checked_shr(level + 1).unwrap_or(0) << 1;
            hashes.node(level as u8, index)
        };
        Ok(Self { size, peaks: levels.map(peak).collect::<Result<_, _>>()? })
    }

    /// Takes an edge as [`Frontier::peaks`] gave it; `None` where the number of hashes is not that of the size.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the largest complete subtrees, from left to right.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root of the ledger.
    pub fn root(&self) -> Hash {
        let joined = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        joined.unwrap_or_else(empty_root)
    }

    /// Appends a leaf with these bytes.
    pub fn append(&mut self, entry: &[u8]) -> Result<Vec<Node>, LedgerFull> {
        self.append_hash(leaf_hash(entry))
    }

    /// Appends a leaf by its hash. Gives the nodes that are complete now, the leaf first: whoever keeps them all can prove
    /// everything.
    pub fn append_hash(&mut self, leaf: Hash) -> Result<Vec<Node>, LedgerFull> {
        if self.size >= MAX_LEAVES {
            return Err(LedgerFull);
        }
        let mut newest = Node { level: 0, index: self.size, hash: leaf };
        let mut complete = vec![newest];
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            newest = Node {
                level: newest.level + 1,
                index: newest.index >> 1,
                hash: node_hash(left, newest.hash),
            };
            complete.push(newest);
        }
        self.peaks.push(newest.hash);
        self.size += 1;
        Ok(complete)
    }
}
