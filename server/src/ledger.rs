//! The shore's ledger: everything that can change a verdict becomes a leaf, in the transaction that keeps it.
//! `core/src/ledger/FORMAT.md` is the agreement; this room keeps it durable, signs its tree heads, and refuses to sign
//! anything where the ledger is shorter than it once was.

mod begin;
mod cosign;
mod export;
mod folder;
mod keys_copy;
mod proof;
mod resume;
#[cfg(test)]
mod tests;

use deckwatch_core::{
    audit::Erasure,
    ledger::{
        Frontier, Hashes, KeyType, Leaf, LeafKind, LedgerFull, LedgerKey, LoggedRun, NoteError,
        NoteKeyError, Publication, SignedTreeHead, TreeHead, VerifierKey, Withdrawal,
        merkle::root_of,
    },
    model::{Hash, VesselId},
    record::Body,
};

pub use begin::{LedgerState, NewLedger};
pub use cosign::{Cosigning, WitnessAddress};
pub use export::ExportRequest;
pub use folder::LedgerFolder;
pub use keys_copy::{CopyKeysError, KeysCopy};
pub use proof::{ProofAnswer, ProofRefusal};
pub use resume::{ResumeError, Resuming, ResumingDevice, ResumingVessel};

use crate::shore::{Held, KeyFolderError, Shore, ShoreError, lock};
use crate::store::{LedgerLeafRow, LedgerRow, ReadTx, StoreError, TreeHeadRow, WriteTx};

/// Why the ledger was not written or read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of keys.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// A key that is none.
    #[error(transparent)]
    Key(#[from] NoteKeyError),
    /// A note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// No room.
    #[error(transparent)]
    Full(#[from] LedgerFull),
    /// A subtree is missing, so the store is damaged.
    #[error("the ledger's store lacks the subtree at level {level}, index {index}")]
    Damaged {
        /// Its height.
        level: u8,
        /// Its place among those of its height.
        index: u64,
    },
    /// The tree head beside the key cannot be read, so nobody knows what was handed out.
    #[error("the newest tree head beside the ledger's key cannot be read")]
    MarkerDamaged,
    /// The shore was put back and collects what phones bring back.
    #[error(
        "the shore was put back from a backup and collects what phones bring back; nothing is signed or written ashore meanwhile"
    )]
    Collecting,
    /// This ledger is shorter than one that was signed, or another one: the database is an old copy.
    #[error(
        "the ledger holds {held} leaves, but one of {signed} leaves was signed: the database is an old copy"
    )]
    OldCopy {
        /// Leaves held.
        held: u64,
        /// Leaves of a tree head that was handed out.
        signed: u64,
    },
}

impl LedgerError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Keys(error) => error.hint(),
            Self::Key(_) | Self::Note(_) | Self::MarkerDamaged => {
                "restore the keys folder from the backup that was made with the database"
            }
            Self::Full(_) | Self::OldCopy { .. } => {
                "put the newest copy of the database back; if there is none, collect what phones hold: `deckwatch ledger resume --help`"
            }
            Self::Collecting => "`deckwatch ledger resume` says who has come back, and how it ends",
            Self::Damaged { .. } => "restore the database from a backup; nothing was signed",
        }
    }
}

/// Something that becomes a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    /// Records of one device that no leaf covers yet.
    Run(LoggedRun),
    /// SHA-256 of the raw bytes of a document change, which stand in the store already.
    Change(Hash),
    /// A flag, by its statement's bytes.
    FlagRaised(Vec<u8>),
    /// A flag that does not stand any more.
    FlagWithdrawn(Withdrawal),
    /// What was handed out and to whom, as bytes.
    Export(Vec<u8>),
    /// What was erased, and by what rule.
    Erased(Erasure),
}

impl Statement {
    fn kind(&self) -> LeafKind {
        match self {
            Self::Run(_) => LeafKind::SEGMENT,
            Self::Change(_) => LeafKind::CHANGE,
            Self::FlagRaised(_) => LeafKind::FLAG_RAISED,
            Self::FlagWithdrawn(_) => LeafKind::FLAG_REVISED,
            Self::Export(_) => LeafKind::EXPORT,
            Self::Erased(_) => LeafKind::ERASURE,
        }
    }

    /// What the leaf names; `content` as below.
    fn subject(&self, content: Option<&[u8]>) -> Hash {
        match self {
            Self::Change(subject) => *subject,
            _ => Hash::of(content.unwrap_or_default()),
        }
    }

    /// What the leaf is about; a document change stands elsewhere.
    fn content(&self) -> Option<Vec<u8>> {
        match self {
            Self::Run(run) => Some(run.encode()),
            Self::Change(_) => None,
            Self::FlagWithdrawn(gone) => Some(gone.encode()),
            Self::Erased(erasure) => Some(erasure.encode()),
            Self::FlagRaised(bytes) | Self::Export(bytes) => Some(bytes.clone()),
        }
    }
}

/// The subtrees that a store holds.
pub(crate) struct StoredHashes<'a, T: ?Sized> {
    tx: &'a T,
    ledger: u32,
}

impl<T: ReadTx + ?Sized> Hashes for StoredHashes<'_, T> {
    type Error = LedgerError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, LedgerError> {
        let node = self.tx.ledger_node(self.ledger, level, index)?;
        node.ok_or(LedgerError::Damaged { level, index })
    }
}

/// The ledger in use, the newest, within a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    number: u32,
    key: VerifierKey,
}

impl Ledger {
    /// The ledger in use; `None` before anything was ever logged.
    pub fn newest(tx: &(impl ReadTx + ?Sized)) -> Result<Option<Self>, LedgerError> {
        match tx.ledgers()?.pop() {
            Some(row) => {
                let key = VerifierKey::parse_as(&row.key, KeyType::Ed25519)?;
                Ok(Some(Self { number: row.number, key }))
            }
            None => Ok(None),
        }
    }

    /// Its key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Which one it is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    pub fn hashes<'a, T: ReadTx + ?Sized>(&self, tx: &'a T) -> StoredHashes<'a, T> {
        StoredHashes { tx, ledger: self.number }
    }

    /// Size and root.
    pub fn now(&self, tx: &(impl ReadTx + ?Sized)) -> Result<(u64, Hash), LedgerError> {
        let size = tx.ledger_size(self.number)?;
        Ok((size, root_of(&self.hashes(tx), size)?))
    }

    /// Whether the ledger holds everything that this tree head says.
    pub fn holds(&self, tx: &(impl ReadTx + ?Sized), head: &TreeHead) -> Result<bool, LedgerError> {
        self.had(tx, head.size, head.root)
    }

    /// Whether the ledger once had so many leaves with this root.
    fn had(&self, tx: &(impl ReadTx + ?Sized), size: u64, root: Hash) -> Result<bool, LedgerError> {
        let held = tx.ledger_size(self.number)?;
        Ok(size <= held && root_of(&self.hashes(tx), size)? == root)
    }

    fn append(
        &self,
        tx: &mut dyn WriteTx,
        at: i64,
        vessel: VesselId,
        statements: impl Iterator<Item = (LeafKind, Hash, Option<Vec<u8>>)>,
    ) -> Result<(), LedgerError> {
        let size = tx.ledger_size(self.number)?;
        let mut edge = Frontier::load(&self.hashes(&*tx), size)?;
        let mut before = tx.newest_leaf_of(self.number, vessel)?.map(|row| row.leaf);
        for (kind, subject, content) in statements {
            if let Some(content) = content {
                tx.put_ledger_content(&content)?;
            }
            let leaf = Leaf::after(before.as_ref(), vessel, kind, subject);
            let index = edge.size();
            let complete = edge.append(&leaf.encode())?;
            tx.append_leaf(self.number, &LedgerLeafRow { index, at, leaf }, &complete)?;
            before = Some(leaf);
        }
        Ok(())
    }
}

impl Shore {
    /// Appends leaves of a vessel. They are durable when the transaction is.
    pub(crate) fn log(
        &self,
        tx: &mut dyn WriteTx,
        vessel: VesselId,
        statements: &[Statement],
    ) -> Result<(), LedgerError> {
        if statements.is_empty() {
            return Ok(());
        }
        let ledger = self.open_ledger(tx)?;
        let leaves = statements.iter().map(|statement| {
            let content = statement.content();
            let subject = statement.subject(content.as_deref());
            (statement.kind(), subject, content)
        });
        ledger.append(tx, self.now(), vessel, leaves)
    }

    /// The ledger in use; the first time that anything is logged, it begins.
    pub(crate) fn open_ledger(&self, tx: &mut dyn WriteTx) -> Result<Ledger, LedgerError> {
        let ledger = match Ledger::newest(&*tx)? {
            Some(ledger) => ledger,
            None => self.begin_first_ledger(tx)?,
        };
        self.check_ledger(&*tx, &ledger)?;
        Ok(ledger)
    }

    /// Refuses to go on where a tree head was handed out that the ledger does not hold. Asked once a process, and
    /// again when a phone shows such a tree head.
    pub(crate) fn check_ledger(
        &self,
        tx: &(impl ReadTx + ?Sized),
        ledger: &Ledger,
    ) -> Result<(), LedgerError> {
        if self.ledger_folder().collecting(&ledger.key)?.is_some() {
            return Err(LedgerError::Collecting);
        }
        if let Some(head) = self.ledger_folder().lost(&ledger.key)? {
            let held = tx.ledger_size(ledger.number)?;
            return Err(LedgerError::OldCopy { held, signed: head.size });
        }
        let mut checked = lock(self.ledger_folder().checked());
        if *checked == Some(ledger.number) {
            return Ok(());
        }
        if let Some(head) = self.ledger_folder().handed_out(&ledger.key)?
            && !ledger.holds(tx, &head)?
        {
            let held = tx.ledger_size(ledger.number)?;
            return Err(LedgerError::OldCopy { held, signed: head.size });
        }
        *checked = Some(ledger.number);
        Ok(())
    }

    /// Begins a ledger. `why`: what was lost of the one before, and why.
    fn begin_ledger(&self, tx: &mut dyn WriteTx, why: Option<&str>) -> Result<Ledger, LedgerError> {
        let before = tx.ledgers()?.pop();
        let number = before.as_ref().map_or(1, |row| row.number.saturating_add(1));
        let seed: [u8; 32] = self.draw();
        // A name that nobody else has; a host name of its own would be believed to mean something.
        let name: [u8; 8] = self.draw();
        let name = format!("deckwatch.invalid/ledger/{}", data_encoding::HEXLOWER.encode(&name));
        let key = LedgerKey::from_seed(&name, &seed)?;
        // The key first: a key without a ledger harms nobody, a ledger without its key is lost.
        self.ledger_folder().keep(&key)?;
        let verifier = key.verifier().clone();
        tx.begin_ledger(&LedgerRow { number, key: verifier.to_string(), since: self.now() })?;
        let ledger = Ledger { number, key: verifier };
        let mut origin = format!("{name}\nThe ledger of a Deckwatch shore.\n");
        if let (Some(before), Some(why)) = (before, why) {
            origin.push_str(&format!("It goes on after {}: {why}\n", before.key));
        }
        let origin = origin.into_bytes();
        let published = Publication::of_this_program().encode();
        let first = [(LeafKind::ORIGIN, origin), (LeafKind::DETECTOR, published)];
        let leaves = first.into_iter().map(|(kind, bytes)| (kind, Hash::of(&bytes), Some(bytes)));
        ledger.append(tx, self.now(), deckwatch_core::ledger::NO_VESSEL, leaves)?;
        Ok(ledger)
    }

    /// Says in a vessel's shore chain which ledger logs it, where that is not said yet. Phones believe this chain.
    pub(crate) fn name_ledger(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
    ) -> Result<(), ShoreError> {
        let ledger = self.open_ledger(tx)?;
        self.publish_detectors(tx, &ledger)?;
        if held.ledger() == Some(ledger.key()) {
            return Ok(());
        }
        let (origin, key) = (ledger.key().name().to_owned(), ledger.key().public_key());
        self.append_within(tx, held, &[Body::Ledger { origin, key }]).map(drop)
    }

    /// Publishes the detectors of this program before any flag of theirs is raised.
    fn publish_detectors(&self, tx: &mut dyn WriteTx, ledger: &Ledger) -> Result<(), LedgerError> {
        let published = Publication::of_this_program().encode();
        let subject = Hash::of(&published);
        let nobody = deckwatch_core::ledger::NO_VESSEL;
        let kind = LeafKind::DETECTOR;
        if tx.ledger_leaf_about(ledger.number, nobody, kind, subject)?.is_some() {
            return Ok(());
        }
        let leaf = (kind, subject, Some(published));
        ledger.append(tx, self.now(), nobody, std::iter::once(leaf))
    }

    /// The tree head of everything that the transaction holds, signed. It may be handed out once the transaction is
    /// durable and [`LedgerFolder::note_handed_out`] has returned.
    pub(crate) fn sign_tree_head(
        &self,
        tx: &mut dyn WriteTx,
        ledger: &Ledger,
    ) -> Result<TreeHeadRow, LedgerError> {
        self.check_ledger(&*tx, ledger)?;
        let (size, root) = ledger.now(&*tx)?;
        if let Some(newest) = tx.newest_tree_head(ledger.number)?
            && newest.size == size
        {
            return Ok(newest);
        }
        let key = self.ledger_folder().key(&ledger.key)?;
        let note = SignedTreeHead::sign(size, root, &key)?.encode();
        let row = TreeHeadRow { size, at: self.now(), note };
        tx.put_tree_head(ledger.number, &row)?;
        Ok(row)
    }

    /// Brings the flags in the ledger in line with those that stand now.
    pub(crate) fn log_flags(
        &self,
        tx: &mut dyn WriteTx,
        vessel: VesselId,
        standing: &[Vec<u8>],
        as_of: i64,
    ) -> Result<(), LedgerError> {
        let Some(ledger) = Ledger::newest(&*tx)? else { return Ok(()) };
        // Flags are logged when the shore signs again: vessels are marked then.
        if self.ledger_folder().collecting(&ledger.key)?.is_some() {
            return Ok(());
        }
        self.publish_detectors(tx, &ledger)?;
        let mut raised = standing_flags(&*tx, &ledger, vessel)?;
        let mut statements = Vec::new();
        for flag in standing {
            if !raised.remove(&Hash::of(flag)) {
                statements.push(Statement::FlagRaised(flag.clone()));
            }
        }
        let why = "It does not stand any more by what is known now.".to_owned();
        let gone = |flag| Statement::FlagWithdrawn(Withdrawal { flag, as_of, why: why.clone() });
        statements.extend(raised.into_iter().map(gone));
        self.log(tx, vessel, &statements)
    }
}

/// The flags of a vessel that were raised and not withdrawn, by their ids.
pub(crate) fn standing_flags(
    tx: &(impl ReadTx + ?Sized),
    ledger: &Ledger,
    vessel: VesselId,
) -> Result<std::collections::BTreeSet<Hash>, LedgerError> {
    let mut last: std::collections::BTreeMap<Hash, (u64, bool)> = Default::default();
    let mut note = |flag: Hash, at: u64, stands: bool| {
        let known = last.entry(flag).or_insert((at, stands));
        if known.0 <= at {
            *known = (at, stands);
        }
    };
    tx.ledger_contents_of(ledger.number, vessel, LeafKind::FLAG_RAISED, &mut |(row, _)| {
        note(row.leaf.subject, row.index, true);
        Ok(())
    })?;
    tx.ledger_contents_of(ledger.number, vessel, LeafKind::FLAG_REVISED, &mut |(row, bytes)| {
        let gone = bytes.and_then(|bytes| Withdrawal::decode(&bytes).ok());
        if let Some(gone) = gone {
            note(gone.flag, row.index, false);
        }
        Ok(())
    })?;
    Ok(last.into_iter().filter(|(_, (_, stands))| *stands).map(|(flag, _)| flag).collect())
}
