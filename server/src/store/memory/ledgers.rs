use std::collections::BTreeMap;
use std::sync::Arc;

use deckwatch_core::ledger::{LeafKind, Node};
use deckwatch_core::model::{Hash, VesselId};

use super::MemoryTx;
use crate::store::bounds::rows_within;
use crate::store::ledger::check_content;
use crate::store::{Each, LedgerLeafRow, LedgerRow, Ledgers, LedgersMut, StoreError, TreeHeadRow};

/// All ledgers of the store.
#[derive(Clone, Default)]
pub(super) struct LedgerShelf {
    rows: Vec<LedgerRow>,
    leaves: Arc<BTreeMap<(u32, u64), LedgerLeafRow>>,
    nodes: Arc<BTreeMap<(u32, u8, u64), Hash>>,
    contents: Arc<BTreeMap<Hash, Vec<u8>>>,
    heads: Arc<BTreeMap<(u32, u64), TreeHeadRow>>,
}

impl LedgerShelf {
    fn of(&self, ledger: u32) -> impl DoubleEndedIterator<Item = &LedgerLeafRow> {
        self.leaves.range((ledger, 0)..=(ledger, u64::MAX)).map(|(_, row)| row)
    }
}

impl Ledgers for MemoryTx {
    fn ledgers(&self) -> Result<Vec<LedgerRow>, StoreError> {
        Ok(self.ledgers.rows.clone())
    }

    fn ledger_size(&self, ledger: u32) -> Result<u64, StoreError> {
        Ok(self.ledgers.of(ledger).next_back().map_or(0, |row| row.index + 1))
    }

    fn ledger_node(&self, ledger: u32, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        Ok(self.ledgers.nodes.get(&(ledger, level, index)).copied())
    }

    fn ledger_leaves(
        &self,
        ledger: u32,
        index: u64,
        limit: u32,
    ) -> Result<Vec<LedgerLeafRow>, StoreError> {
        let rows = self.ledgers.leaves.range((ledger, index)..=(ledger, u64::MAX));
        Ok(rows.take(rows_within(limit) as usize).map(|(_, row)| *row).collect())
    }

    fn ledger_leaves_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        each: Each<'_, LedgerLeafRow>,
    ) -> Result<(), StoreError> {
        let rows = self.ledgers.of(ledger).filter(|row| row.leaf.vessel == vessel);
        rows.copied().try_for_each(each)
    }

    fn newest_leaf_of(
        &self,
        ledger: u32,
        vessel: VesselId,
    ) -> Result<Option<LedgerLeafRow>, StoreError> {
        Ok(self.ledgers.of(ledger).rfind(|row| row.leaf.vessel == vessel).copied())
    }

    fn ledger_leaf_about(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        subject: Hash,
    ) -> Result<Option<LedgerLeafRow>, StoreError> {
        let wanted = (vessel, kind, subject);
        let about =
            |row: &&LedgerLeafRow| (row.leaf.vessel, row.leaf.kind, row.leaf.subject) == wanted;
        Ok(self.ledgers.of(ledger).rfind(about).copied())
    }

    fn ledger_contents_of(
        &self,
        ledger: u32,
        vessel: VesselId,
        kind: LeafKind,
        each: Each<'_, (LedgerLeafRow, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let shelf = &self.ledgers;
        let of = |row: &&LedgerLeafRow| (row.leaf.vessel, row.leaf.kind) == (vessel, kind);
        let rows = shelf.of(ledger).filter(of);
        rows.map(|row| (*row, shelf.contents.get(&row.leaf.subject).cloned())).try_for_each(each)
    }

    fn ledger_content(&self, subject: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.ledgers.contents.get(&subject).cloned())
    }

    fn newest_tree_head(&self, ledger: u32) -> Result<Option<TreeHeadRow>, StoreError> {
        let heads = self.ledgers.heads.range((ledger, 0)..=(ledger, u64::MAX));
        Ok(heads.map(|(_, head)| head.clone()).next_back())
    }
}

impl LedgersMut for MemoryTx {
    fn begin_ledger(&mut self, ledger: &LedgerRow) -> Result<(), StoreError> {
        self.ledgers.rows.push(ledger.clone());
        Ok(())
    }

    fn append_leaf(
        &mut self,
        ledger: u32,
        row: &LedgerLeafRow,
        complete: &[Node],
    ) -> Result<(), StoreError> {
        let shelf = &mut self.ledgers;
        Arc::make_mut(&mut shelf.leaves).insert((ledger, row.index), *row);
        let nodes = complete.iter().map(|node| ((ledger, node.level, node.index), node.hash));
        Arc::make_mut(&mut shelf.nodes).extend(nodes);
        Ok(())
    }

    fn put_ledger_content(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        check_content(bytes)?;
        let contents = Arc::make_mut(&mut self.ledgers.contents);
        contents.entry(Hash::of(bytes)).or_insert_with(|| bytes.to_vec());
        Ok(())
    }

    fn put_tree_head(&mut self, ledger: u32, head: &TreeHeadRow) -> Result<(), StoreError> {
        head.check()?;
        let heads = Arc::make_mut(&mut self.ledgers.heads);
        let kept = heads.entry((ledger, head.size)).or_insert_with(|| head.clone());
        kept.note.clone_from(&head.note);
        Ok(())
    }
}
