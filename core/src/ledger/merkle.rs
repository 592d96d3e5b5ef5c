//! The Merkle tree of RFC 6962 section 2.1: hashes, proofs, and their verification.
//!
//! Proofs are made from the hashes of *complete* subtrees, which never change once they are there. So a store keeps
//! them as rows, and a proof costs about two look-ups per level, however large the ledger is.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::Hash;

/// Why a proof does not prove what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf is outside.
    #[error("leaf {index} is not in a ledger of {size} leaves; ask for a newer tree head")]
    NoSuchLeaf {
        /// The leaf asked for, from 0.
        index: u64,
        /// Leaves of the ledger.
        size: u64,
    },
    /// The older ledger is the larger one.
    #[error("a ledger of {old} leaves cannot come before one of {new}; exchange the two")]
    Shrinks {
        /// Leaves of the one called older.
        old: u64,
        /// Leaves of the one called newer.
        new: u64,
    },
    /// Every proof has exactly one length.
    #[error("a proof of {found} hashes where {expected} belong; ask the ledger for it again")]
    Length {
        /// What belongs there.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// The hashes lead elsewhere.
    #[error("the proof leads to another root; what it is about is not in that ledger")]
    OtherRoot,
}

/// Why a proof was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvingError<E> {
    /// What was asked for cannot be proved.
    #[error(transparent)]
    Asked(ProofError),
    /// The hashes could not be read.
    #[error(transparent)]
    Hashes(E),
}

/// The hash of a leaf with these bytes.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
}

/// The hash of a node over two others.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root of a ledger without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// Where the hashes of complete subtrees are read from.
pub trait Hashes {
    /// Why one could not be read.
    type Error;

    /// The hash of the subtree over the 2^`level` leaves from `index << level` on. It is asked only for subtrees that are
    /// complete in the ledger that the proof is about.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<H: Hashes + ?Sized> Hashes for &H {
    type Error = H::Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// A subtree that is not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the subtree at level {level}, index {index} is not held; fetch the ledger's hashes again")]
pub struct MissingNode {
    /// Its height.
    pub level: u8,
    /// Its place among those of its height.
    pub index: u64,
}

/// A small ledger in memory: (level, index) to hash.
impl Hashes for BTreeMap<(u8, u64), Hash> {
    type Error = MissingNode;

    fn node(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        self.get(&(level, index)).copied().ok_or(MissingNode { level, index })
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root over `count` leaves from `start` on, where `start` is a multiple of a power of two not below `count`.
fn range<H: Hashes + ?Sized>(hashes: &H, start: u64, count: u64) -> Result<Hash, H::Error> {
    let mut root: Option<Hash> = None;
    // Each bit of the count is a complete subtree; from the smallest, on the right, to the largest.
    let mut rest = count;
    while rest != 0 {
        let level = rest.trailing_zeros();
        rest &= rest - 1;
        let node = hashes.node(level as u8, (start + rest) >> level)?;
        root = Some(root.map_or(node, |right| node_hash(node, right)));
    }
    Ok(root.unwrap_or_else(empty_root))
}

/// The root of the first `size` leaves.
pub fn root_of<H: Hashes + ?Sized>(hashes: &H, size: u64) -> Result<Hash, H::Error> {
    range(hashes, 0, size)
}

/// Proves that leaf `index` is in the ledger of the first `size` leaves: from the leaf's sibling up.
pub fn prove_inclusion<H: Hashes + ?Sized>(
    hashes: &H,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProvingError<H::Error>> {
    if index >= size {
        return Err(ProvingError::Asked(ProofError::NoSuchLeaf { index, size }));
    }
    let mut path = Vec::new();
    let (mut start, mut count) = (0, size);
    while count > 1 {
        let left = split(count);
        let sibling = if index - start < left {
            let sibling = range(hashes, start + left, count - left);
            count = left;
            sibling
        } else {
            let sibling = range(hashes, start, left);
            (start, count) = (start + left, count - left);
            sibling
        };
        path.push(sibling.map_err(ProvingError::Hashes)?);
    }
    path.reverse();
    Ok(path)
}

/// Proves that the ledger of the first `old` leaves is the beginning of that of the first `new`.
pub fn prove_consistency<H: Hashes + ?Sized>(
    hashes: &H,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProvingError<H::Error>> {
    let mut path = prove_joining(hashes, old, new)?;
    // Where the older ledger is one complete subtree of the newer, its root is where the path begins, and the reader
    // has it.
    if !path.is_empty() && old.is_power_of_two() {
        path.remove(0);
    }
    Ok(path)
}

/// The same with the hash at which the path begins written down in any case: a newer ledger's own account of what the older
/// one was. A [`SplitView`](super::SplitView) is made of it.
pub fn prove_joining<H: Hashes + ?Sized>(
    hashes: &H,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProvingError<H::Error>> {
    if old > new {
        return Err(ProvingError::Asked(ProofError::Shrinks { old, new }));
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut path = Vec::new();
    let (mut start, mut count, mut rest) = (0, new, old);
    while rest < count {
        let left = split(count);
        let sibling = if rest <= left {
            let sibling = range(hashes, start + left, count - left);
            count = left;
            sibling
        } else {
            let sibling = range(hashes, start, left);
            (start, count, rest) = (start + left, count - left, rest - left);
            sibling
        };
        path.push(sibling.map_err(ProvingError::Hashes)?);
    }
    path.push(range(hashes, start, count).map_err(ProvingError::Hashes)?);
    path.reverse();
    Ok(path)
}

/// How many hashes of a path lie below the point where the way to leaf `index` leaves the right edge of a ledger of
/// `size` leaves, and how many above.
fn path_lengths(index: u64, size: u64) -> (u32, u32) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    (inner, index.checked_shr(inner).unwrap_or(0).count_ones())
}

/// Up the path: each hash stands left or right as the index says, then always left along the edge.
fn fold(from: Hash, path: &[Hash], index: u64, inner: u32) -> Hash {
    path.iter().zip(0..).fold(from, |below, (beside, level)| {
        if level >= inner || index >> level & 1 == 1 {
            node_hash(*beside, below)
        } else {
            node_hash(below, *beside)
        }
    })
}

fn check_length(expected: u32, path: &[Hash]) -> Result<(), ProofError> {
    let (expected, found) = (expected as usize, path.len());
    if expected == found { Ok(()) } else { Err(ProofError::Length { expected, found }) }
}

/// Checks that a leaf with this hash is number `index` in the ledger of `size` leaves with this root.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: Hash,
    path: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let (inner, border) = path_lengths(index, size);
    check_length(inner + border, path)?;
    if fold(leaf, path, index, inner) == root { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Checks that the ledger of `old` leaves with the root `old_root` is the beginning of the one of `new` leaves with the
/// root `new_root`. From 0 leaves everything grows, so that proof is empty.
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    let roots = if old == 0 || old >= new {
        if old > new {
            return Err(ProofError::Shrinks { old, new });
        }
        check_length(0, path)?;
        // Of two ledgers of one size the roots must be one; of no leaves there is one root.
        (if old == new { new_root } else { empty_root() }, new_root)
    } else if old.is_power_of_two() {
        roots_joined(old, new, old_root, path)?
    } else {
        let (first, path) = path
            .split_first()
            .ok_or(ProofError::Length { expected: joined_length(old, new) + 1, found: 0 })?;
        roots_joined(old, new, *first, path)?
    };
    let empty_is_empty = old != 0 || old_root == empty_root();
    if roots == (old_root, new_root) && empty_is_empty {
        Ok(())
    } else {
        Err(ProofError::OtherRoot)
    }
}

/// Where the path of a consistency proof begins: the newest complete subtree of the older ledger, as a position.
fn joint(old: u64, new: u64) -> (u64, u32, u32) {
    let level = old.trailing_zeros();
    let (inner, border) = path_lengths(old - 1, new);
    ((old - 1) >> level, inner.saturating_sub(level), border)
}

fn joined_length(old: u64, new: u64) -> usize {
    let (_, inner, border) = joint(old, new);
    (inner + border) as usize
}

/// The two roots that a path leads to which begins at the newest complete subtree of the older ledger, for 0 < old < new.
/// Whoever can name such a path to a signed newer root has shown what the older one is.
pub(super) fn roots_joined(
    old: u64,
    new: u64,
    begin: Hash,
    path: &[Hash],
) -> Result<(Hash, Hash), ProofError> {
    let (index, inner, border) = joint(old, new);
    check_length(inner + border, path)?;
    // The older ledger has only what stands left of the way up.
    let old_root = path.iter().zip(0..).fold(begin, |below, (beside, level)| {
        if level >= inner || index >> level & 1 == 1 { node_hash(*beside, below) } else { below }
    });
    Ok((old_root, fold(begin, path, index, inner)))
}
