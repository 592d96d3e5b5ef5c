use deckwatch_core::ledger::{Leaf, LeafKind, Node};
use deckwatch_core::model::{Hash, VesselId};

use super::bounds::check_bytes;
use super::{Each, StoreError};

/// Bytes of the content of one leaf: a document change is the largest.
pub const MAX_LEAF_CONTENT_BYTES: usize = 65_535;
/// Bytes of a signed tree head with its cosignatures.
pub const MAX_TREE_HEAD_BYTES: usize = 65_536;

/// A ledger that this store holds; the first is 1, and after a loss a new one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Counts the ledgers, from 1.
    pub number: u32,
    /// The verifier key, as a C2SP text.
    pub key: String,
    /// Unix seconds.
    pub since: i64,
}

/// A leaf at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLeafRow {
    /// Its place among all leaves, from 0.
    pub index: u64,
    /// When it was appended, Unix seconds.
    pub at: i64,
    /// What it says.
    pub leaf: Leaf,
}

/// A tree head as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHeadRow {
    /// Leaves.
    pub size: u64,
    /// When it was signed, Unix seconds.
    pub at: i64,
    /// The signed note.
    pub note: Vec<u8>,
}

impl TreeHeadRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        check_bytes("tree head", &self.note, MAX_TREE_HEAD_BYTES)
    }
}

pub(super) fn check_content(bytes: &[u8]) -> Result<(), StoreError> {
    check_bytes("content of a leaf", bytes, MAX_LEAF_CONTENT_BYTES)
}

/// Reads ledgers. `ledger` is a [`LedgerRow::number`]; of one that does not exist there is nothing.
pub trait Ledgers {
    /// All of them, by number.
    fn ledgers(&self) -> Result<Vec<LedgerRow>, StoreError>;

    /// Leaves of one.
    fn ledger_size(&self, ledger: u32) -> Result<u64, StoreError>;

    /// The hash of a complete subtree.
    fn ledger_node(&self, ledger: u32, level: u8, index: u64) -> Result<Option<Hash>, StoreError>;

    /// The leaves from `index` on, in order, at most `limit`.
    fn ledger_leaves(
        &self,
        ledger: u32,
        index: u64,
        limit: u32,
    ) -> Result<Vec<LedgerLeafRow>, StoreError>;

    /// All leaves of a vessel, in order.
    fn ledger_leaves_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        each: Each<'_, LedgerLeafRow>,
    ) -> Result<(), StoreError>;

    /// The newest leaf of a vessel.
    fn newest_leaf_of(
        &self,
        ledger: u32,
        vessel: VesselId,
    ) -> Result<Option<LedgerLeafRow>, StoreError>;

    /// The newest leaf of a vessel that is about this.
    fn ledger_leaf_about(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        subject: Hash,
    ) -> Result<Option<LedgerLeafRow>, StoreError>;

    /// The leaves of a vessel of one kind with their contents, in order; the content is `None` where it stands
    /// elsewhere or was erased.
    fn ledger_contents_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        each: Each<'_, (LedgerLeafRow, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError>;

    /// What a leaf is about, by the hash that it names.
    fn ledger_content(&self, subject: Hash) -> Result<Option<Vec<u8>>, StoreError>;

    /// The newest tree head signed.
    fn newest_tree_head(&self, ledger: u32) -> Result<Option<TreeHeadRow>, StoreError>;
}

/// Writes ledgers. Nothing of them is ever changed or removed.
pub trait LedgersMut {
    /// Begins a ledger; its number is the next one.
    fn begin_ledger(&mut self, ledger: &LedgerRow) -> Result<(), StoreError>;

    /// Appends a leaf with the subtrees that are complete with it, the leaf's own hash first. Its place is the next
    /// one.
    fn append_leaf(
        &mut self,
        ledger: u32,
        row: &LedgerLeafRow,
        complete: &[Node],
    ) -> Result<(), StoreError>;

    /// Keeps what leaves are about. A second copy changes nothing.
    fn put_ledger_content(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Keeps a signed tree head; one of the same size takes its place, with more cosignatures.
    fn put_tree_head(&mut self, ledger: u32, head: &TreeHeadRow) -> Result<(), StoreError>;
}
