//! What this device remembers of the shore's ledger. The shore cannot rewrite what a phone has seen
//! without being caught by it: `ledger/FORMAT.md`.

use super::{Phone, RecordError};
use crate::{
    ledger::{Accepted, KeyType, NotAccepted, Remembered, SignedTreeHead, SplitView, VerifierKey},
    model::Hash,
    record::{Body, Chain, device_id},
    store::StoreError,
    sync::TreeHeadAnswer,
    time::ClockReading,
};

/// How the ledger in an answer stands to the one that this device remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LedgerCheck {
    /// The shore has named no ledger for this vessel, or showed none.
    #[default]
    Nothing,
    /// It grew from what is remembered, or is as large; so many leaves.
    Consistent(u64),
    /// It could not be joined to what is remembered: it may have been rewritten.
    NotJoined {
        /// Leaves remembered.
        remembered: u64,
        /// Leaves shown.
        shown: u64,
    },
    /// Not a tree head of the ledger that the shore named.
    Unreadable,
    /// The ledger signed two tree heads that contradict each other; the evidence is kept.
    Contradiction,
}

impl LedgerCheck {
    /// What to say, and what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Nothing => "the office keeps no ledger yet; nothing to do",
            Self::Consistent(_) => "the office's ledger holds all that it held before",
            Self::NotJoined { .. } => {
                "the office could not show that its ledger only grew; sync again, and tell the auditor if it stays so"
            }
            Self::Unreadable => "the office's ledger is not signed as it should be; sync again",
            Self::Contradiction => {
                "the office's ledger contradicts itself; this phone keeps the evidence: show it to the auditor"
            }
        }
    }
}

impl Phone {
    /// The ledger that the shore named last in its chain.
    pub fn ledger_key(&self) -> Option<VerifierKey> {
        let root = device_id(&self.enrolment.as_ref()?.shore_key);
        let chain = self.others.iter().find(|chain| chain.dev() == root)?;
        named_ledger(chain)
    }

    /// The newest tree head that this device accepted of the ledger: a signed note.
    pub fn tree_head(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.ledger_key() {
            Some(key) => self.store.setting(&remembered(&key)),
            None => Ok(None),
        }
    }

    /// Evidence that the ledger contradicted itself, if this device has any. Anybody can check it:
    /// `ledger/FORMAT.md` section 4.
    pub fn split_view(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.ledger_key() {
            Some(key) => self.store.setting(&evidence(&key)),
            None => Ok(None),
        }
    }

    /// Accepts a tree head that grew from the one remembered, and writes into its own chain what it
    /// accepted; keeps the evidence where two contradict each other.
    pub(super) fn take_tree_head(
        &mut self,
        answer: Option<&TreeHeadAnswer>,
        reading: &ClockReading,
    ) -> Result<LedgerCheck, RecordError> {
        let (Some(key), Some(answer)) = (self.ledger_key(), answer) else {
            return Ok(LedgerCheck::Nothing);
        };
        let Ok(offered) = SignedTreeHead::parse(&answer.note) else {
            return Ok(LedgerCheck::Unreadable);
        };
        let (size, root) = (offered.head().size, offered.head().root);
        let held = self.store.setting(&remembered(&key))?;
        let mut memory = match held {
            // What was kept is this device's own; a damaged one is as good as none.
            Some(note) => Remembered::resume(key.clone(), &note)
                .unwrap_or_else(|_| Remembered::new(key.clone())),
            None => Remembered::new(key.clone()),
        };
        match memory.accept(offered, &answer.proof) {
            Ok(Accepted::First | Accepted::Newer) => {
                // First the record: a tree head that is remembered was acknowledged.
                let origin = Hash::of(key.name().as_bytes());
                self.record(0, Body::Ack { origin, size, root }, reading)?;
                self.store.set_setting(&remembered(&key), &answer.note)?;
                Ok(LedgerCheck::Consistent(size))
            }
            Ok(Accepted::Same | Accepted::Older) => Ok(LedgerCheck::Consistent(size)),
            Err(NotAccepted::Contradiction(found)) => {
                self.keep_evidence(&key, &found)?;
                Ok(LedgerCheck::Contradiction)
            }
            Err(NotAccepted::Unproved { held, offered, .. }) => {
                Ok(LedgerCheck::NotJoined { remembered: held, shown: offered })
            }
            Err(_) => Ok(LedgerCheck::Unreadable),
        }
    }

    /// The first evidence stays.
    fn keep_evidence(&mut self, key: &VerifierKey, found: &SplitView) -> Result<(), StoreError> {
        let name = evidence(key);
        if self.store.setting(&name)?.is_none() {
            self.store.set_setting(&name, &found.encode())?;
        }
        Ok(())
    }
}

/// The ledger that a shore's chain names last.
pub fn named_ledger(shore: &Chain) -> Option<VerifierKey> {
    let named = shore.main_branch().into_iter().rev().find_map(|entry| match entry.body()? {
        Body::Ledger { origin, key } => Some((origin.clone(), *key)),
        _ => None,
    });
    let (origin, key) = named?;
    VerifierKey::new(&origin, KeyType::Ed25519, &key).ok()
}

fn remembered(key: &VerifierKey) -> String {
    format!("tree_head {key}")
}

fn evidence(key: &VerifierKey) -> String {
    format!("split_view {key}")
}
