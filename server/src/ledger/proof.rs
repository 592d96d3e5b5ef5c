//! What anybody may ask of the ledger: tree heads, proofs, tiles.

use deckwatch_core::{
    ledger::SignedTreeHead,
    ledger::leaf::LEAF_LEN,
    ledger::tile::{TilePath, TilePathError, WIDTH, bundle, hash_tile},
    ledger::{
        ProvingError,
        merkle::{prove_inclusion, prove_joining, root_of},
    },
    model::Hash,
};

use super::{Ledger, LedgerError};
use crate::shore::Shore;
use crate::store::{ReadTx, StoreError, TreeHeadRow, try_reading, try_writing};

/// A tree head, and a proof under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofAnswer {
    /// The signed note.
    pub note: Vec<u8>,
    /// The leaf's bytes; empty for a proof that joins two sizes.
    pub leaf: Vec<u8>,
    /// The hashes.
    pub path: Vec<Hash>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofRefusal {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nothing was logged yet.
    #[error("this shore has logged nothing yet")]
    Empty,
    /// Not a tile.
    #[error(transparent)]
    Tile(#[from] TilePathError),
    /// Beyond the ledger.
    #[error("the ledger has {0} leaves")]
    Beyond(u64),
}

impl From<StoreError> for ProofRefusal {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<ProvingError<LedgerError>> for ProofRefusal {
    fn from(error: ProvingError<LedgerError>) -> Self {
        match error {
            ProvingError::Hashes(error) => Self::Ledger(error),
            _ => Self::Empty,
        }
    }
}

fn entries(tx: &dyn ReadTx, ledger: &Ledger, tile: TilePath) -> Result<Vec<u8>, ProofRefusal> {
    let first = tile.index.saturating_mul(u64::from(WIDTH));
    let rows = tx.ledger_leaves(ledger.number(), first, u32::from(tile.width))?;
    let leaves: Vec<[u8; LEAF_LEN]> = rows.iter().map(|row| row.leaf.encode()).collect();
    bundle(&leaves).map_err(|_| ProofRefusal::Empty)
}

impl Shore {
    /// The newest tree head, signed and noted as handed out. `None` before anything was logged.
    pub fn tree_head(&self) -> Result<Option<TreeHeadRow>, LedgerError> {
        let known = try_reading(self.store(), |tx| {
            let Some(ledger) = Ledger::newest(tx)? else { return Ok(None) };
            self.check_ledger(tx, &ledger)?;
            let (head, size) =
                (tx.newest_tree_head(ledger.number())?, tx.ledger_size(ledger.number())?);
            Ok::<_, LedgerError>(head.filter(|head| head.size == size).map(|head| (ledger, head)))
        })?;
        let signed = if known.is_some() { known } else { self.sign_newest()? };
        let Some((ledger, head)) = signed else { return Ok(None) };
        self.ledger_folder().note_handed_out(ledger.key(), &head.note)?;
        Ok(Some(head))
    }

    fn sign_newest(&self) -> Result<Option<(Ledger, TreeHeadRow)>, LedgerError> {
        try_writing(self.store(), |tx| match Ledger::newest(&*tx)? {
            Some(ledger) => {
                let head = self.sign_tree_head(tx, &ledger)?;
                Ok::<_, LedgerError>(Some((ledger, head)))
            }
            None => Ok(None),
        })
    }

    /// Joins the ledger of `old` leaves to the newest tree head.
    pub fn prove_consistency(&self, old: u64) -> Result<ProofAnswer, ProofRefusal> {
        let head = self.tree_head()?.ok_or(ProofRefusal::Empty)?;
        let path = try_reading(self.store(), |tx| self.joining(tx, old, head.size))?;
        Ok(ProofAnswer { note: head.note, leaf: Vec::new(), path })
    }

    fn joining(&self, tx: &dyn ReadTx, old: u64, size: u64) -> Result<Vec<Hash>, ProofRefusal> {
        let ledger = Ledger::newest(tx)?.ok_or(ProofRefusal::Empty)?;
        if old > size {
            return Err(ProofRefusal::Beyond(size));
        }
        if old == 0 || old == size {
            return Ok(Vec::new());
        }
        Ok(prove_joining(&ledger.hashes(tx), old, size)?)
    }

    /// Proves that the leaf at `index` is in the newest tree head.
    pub fn prove_leaf(&self, index: u64) -> Result<ProofAnswer, ProofRefusal> {
        let head = self.tree_head()?.ok_or(ProofRefusal::Empty)?;
        try_reading(self.store(), |tx| {
            let ledger = Ledger::newest(tx)?.ok_or(ProofRefusal::Empty)?;
            let row = tx.ledger_leaves(ledger.number(), index, 1)?.pop();
            let row = row.filter(|row| row.index == index && index < head.size);
            let leaf = row.ok_or(ProofRefusal::Beyond(head.size))?.leaf.encode().to_vec();
            let path = prove_inclusion(&ledger.hashes(tx), index, head.size)?;
            Ok(ProofAnswer { note: head.note.clone(), leaf, path })
        })
    }

    /// A tile by its path, and whether it is full and never changes.
    pub fn tile(&self, path: &str) -> Result<(Vec<u8>, bool), ProofRefusal> {
        let tile = TilePath::parse(path)?;
        // Only what a tree head covers that was signed is told.
        let head = self.tree_head()?.ok_or(ProofRefusal::Empty)?;
        let whole = TilePath::in_ledger(tile.kind, tile.index, head.size);
        let width = whole.map_or(0, |whole| whole.width);
        if tile.width > width {
            return Err(ProofRefusal::Beyond(head.size));
        }
        let bytes = try_reading(self.store(), |tx| {
            let ledger = Ledger::newest(tx)?.ok_or(ProofRefusal::Empty)?;
            match hash_tile(&ledger.hashes(tx), tile) {
                Some(bytes) => Ok::<_, ProofRefusal>(bytes?),
                None => entries(tx, &ledger, tile),
            }
        })?;
        Ok((bytes, tile.is_full()))
    }

    /// What joins the tree head that a phone remembers to a newer one. A tree head that this ledger signed and does not
    /// hold says that the database is an old copy: nothing is signed from then on.
    pub(crate) fn join_to(
        &self,
        tx: &dyn ReadTx,
        ledger: &Ledger,
        remembered: Option<&[u8]>,
        size: u64,
    ) -> Result<Vec<Hash>, LedgerError> {
        let Some(note) = remembered else { return Ok(Vec::new()) };
        let Ok(signed) = SignedTreeHead::parse(note) else { return Ok(Vec::new()) };
        let Ok(head) = signed.verify(ledger.key()) else { return Ok(Vec::new()) };
        if head.size > size || root_of(&ledger.hashes(tx), head.size)? != head.root {
            self.ledger_folder().note_lost(ledger.key(), note)?;
            return Err(LedgerError::OldCopy { held: size, signed: head.size });
        }
        match self.joining(tx, head.size, size) {
            Ok(path) => Ok(path),
            Err(ProofRefusal::Ledger(error)) => Err(error),
            Err(_) => Ok(Vec::new()),
        }
    }
}
