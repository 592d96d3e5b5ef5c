//! After a restore: the shore collects. It takes what phones bring back, signs nothing, and says who has come back.
//!
//! What phones cannot bring back is the order of the ledger's leaves. So a ledger that lost leaves is never completed: either
//! the newest copy of the database is put back, or another ledger begins and says so (`begin.rs`). What collecting saves is
//! everything else: records of the phones, changes of documents, receipts, and the shore's own chain of each vessel, which
//! then goes on from where it was and is never continued twice.

use std::collections::BTreeSet;

use deckwatch_core::{
    ledger::{LeafKind, LoggedRun},
    model::{DeviceId, Hash, RecordRef, VesselId},
    record::{Body, Chain, Entry, NamedTree, Receipt},
};

use super::{Ledger, LedgerError, Statement};
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{
    ReadTx, Scope, SegmentRow, StoreError, WriteTx, gather, try_reading, try_writing,
};

/// Where the shore stands after a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resuming {
    /// The key of the ledger in use.
    pub key: String,
    /// Since when the shore collects, Unix seconds.
    pub since: Option<i64>,
    /// Leaves held.
    pub held: u64,
    /// Leaves of the largest tree that anybody is known to have been shown.
    pub known: u64,
    /// Whether every tree that anybody is known to have been shown is held.
    pub is_whole: bool,
    /// The vessels, by id.
    pub vessels: Vec<ResumingVessel>,
}

/// What came back of one vessel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumingVessel {
    /// Which.
    pub vessel: VesselId,
    /// Its name.
    pub name: String,
    /// The newest record of the shore's own chain.
    pub shore_tip: Option<u64>,
    /// Segments of the shore's own chain that phones brought back.
    pub shore_segments: usize,
    /// Its devices that may have something to bring, by id.
    pub devices: Vec<ResumingDevice>,
}

/// What came back of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumingDevice {
    /// Which.
    pub dev: DeviceId,
    /// When it synced first since the shore collects, Unix seconds.
    pub back_at: Option<i64>,
    /// The newest of its records held.
    pub newest: Option<u64>,
    /// Leaves of the largest tree of this ledger that it acknowledged.
    pub remembers: Option<u64>,
    /// The highest record that a receipt names which is held; above `newest`: it has something to bring back.
    pub receipted: Option<u64>,
}

impl Resuming {
    /// Devices that have not come back, and how many there are in all.
    pub fn missing(&self) -> (usize, usize) {
        let devices = || self.vessels.iter().flat_map(|vessel| &vessel.devices);
        (devices().filter(|it| it.back_at.is_none()).count(), devices().count())
    }
}

/// Why the shore does not begin or end to collect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The shore.
    #[error(transparent)]
    Shore(#[from] ShoreError),
    /// Nothing to collect for.
    #[error("this shore has logged nothing yet, so nothing can have been lost")]
    Nothing,
    /// It does not collect.
    #[error("the shore does not collect")]
    NotCollecting,
    /// A tree was shown that is not held.
    #[error(
        "the ledger holds {held} leaves, and somebody was shown one of {known} that it does not hold"
    )]
    NotWhole {
        /// Leaves held.
        held: u64,
        /// Leaves shown.
        known: u64,
    },
}

impl From<StoreError> for ResumeError {
    fn from(error: StoreError) -> Self {
        Self::Shore(error.into())
    }
}

impl From<LedgerError> for ResumeError {
    fn from(error: LedgerError) -> Self {
        Self::Shore(error.into())
    }
}

impl ResumeError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Shore(error) => error.hint(),
            Self::Nothing => "serve as usual",
            Self::NotCollecting => "begin with `deckwatch ledger resume --yes`",
            Self::NotWhole { .. } => {
                "put the newest copy of the database back, or begin a new ledger that says what was lost: `deckwatch ledger begin --help`"
            }
        }
    }
}

impl Shore {
    /// Since when the shore collects; `None`: it does not.
    pub(crate) fn collects(
        &self,
        tx: &(impl ReadTx + ?Sized),
    ) -> Result<Option<(Ledger, i64)>, LedgerError> {
        let Some(ledger) = Ledger::newest(tx)? else { return Ok(None) };
        let since = self.ledger_folder().collecting(&ledger.key)?;
        Ok(since.map(|since| (ledger, since)))
    }

    /// From now on, in every process, nothing is signed, and what phones bring back is kept.
    pub fn begin_collecting(&self) -> Result<(), ResumeError> {
        let ledger = try_reading(self.store(), |tx| Ledger::newest(tx))?;
        let ledger = ledger.ok_or(ResumeError::Nothing)?;
        if self.ledger_folder().collecting(&ledger.key)?.is_none() {
            self.ledger_folder().note_collecting(&ledger.key, self.now())?;
        }
        Ok(())
    }

    /// Ends it where nothing is lost: what came meanwhile is logged, and the ledger goes on as if nothing had happened.
    pub fn end_collecting(&self) -> Result<(), ResumeError> {
        let resuming = self.resuming()?.ok_or(ResumeError::Nothing)?;
        if resuming.since.is_none() {
            return Err(ResumeError::NotCollecting);
        }
        if !resuming.is_whole {
            let Resuming { held, known, .. } = resuming;
            return Err(ResumeError::NotWhole { held, known });
        }
        let ended = try_writing(self.store(), |tx| {
            let ledger = Ledger::newest(&*tx)?.ok_or(ResumeError::Nothing)?;
            for vessel in tx.vessels(Scope::All)? {
                let mut held = Held::nothing_of(&vessel);
                held.refresh(tx)?;
                let statements = unlogged(&*tx, &ledger, &held)?;
                let leaves = statements.iter().map(|statement| {
                    let content = statement.content();
                    (statement.kind(), statement.subject(content.as_deref()), content)
                });
                ledger.append(tx, self.now(), vessel.id, leaves)?;
                crate::projection::mark(tx, vessel.id, self.now())?;
            }
            Ok::<_, ResumeError>(ledger)
        })?;
        // Last: whoever stops before this finds a shore that collects, and nothing left to log.
        self.ledger_folder().end_collecting(&ended.key)?;
        self.admit_waiting()?;
        Ok(())
    }

    /// Where the shore stands; `None` before anything was logged.
    pub fn resuming(&self) -> Result<Option<Resuming>, ShoreError> {
        let Some(ledger) = try_reading(self.store(), |tx| Ledger::newest(tx))? else {
            return Ok(None);
        };
        let folder = self.ledger_folder();
        let since = folder.collecting(&ledger.key)?;
        let mut trees: BTreeSet<(u64, Hash)> = BTreeSet::new();
        for head in [folder.handed_out(&ledger.key)?, folder.lost(&ledger.key)?] {
            trees.extend(head.map(|head| (head.size, head.root)));
        }
        let origin = Hash::of(ledger.key.name().as_bytes());
        let mut vessels = Vec::new();
        for vessel in self.vessels()? {
            let rows = try_reading(self.store(), |tx| -> Result<_, StoreError> {
                let receipts = gather(|each| tx.receipts_of(vessel.id, each))?;
                let since = since.unwrap_or(i64::MAX);
                let mut fresh = Vec::new();
                tx.segments_of(vessel.id, &mut |row| {
                    if row.received_at >= since {
                        fresh.push(SegmentRow { bytes: Vec::new(), ..row });
                    }
                    Ok(())
                })?;
                Ok((receipts, fresh))
            });
            let (receipts, fresh) = rows?;
            let receipts: Vec<Receipt> =
                receipts.iter().filter_map(|row| Receipt::decode(&row.bytes).ok()).collect();
            let of_this = |tree: &&NamedTree| tree.origin == origin;
            let receipted = receipts.iter().map(|receipt| &receipt.tree).filter(of_this);
            trees.extend(receipted.map(|tree| (tree.size, tree.root)));
            let state = self.reading_held(vessel.id, |held| {
                for chain in held.chains() {
                    trees.extend(acknowledged(chain, origin));
                }
                state(held, vessel.name.clone(), origin, &receipts, &fresh)
            })?;
            vessels.push(state);
        }
        let (held, is_whole) = try_reading(self.store(), |tx| {
            let mut whole = true;
            for (size, root) in &trees {
                whole &= ledger.had(tx, *size, *root)?;
            }
            Ok::<_, LedgerError>((tx.ledger_size(ledger.number)?, whole))
        })?;
        let known = trees.last().map_or(0, |(size, _)| *size);
        let key = ledger.key.to_string();
        Ok(Some(Resuming { key, since, held, known, is_whole, vessels }))
    }
}

/// The trees of a ledger that a device says it accepted.
fn acknowledged(chain: &Chain, origin: Hash) -> impl Iterator<Item = (u64, Hash)> + '_ {
    chain.all().filter_map(move |entry| match entry.body()? {
        Body::Ack { origin: of, size, root } if *of == origin => Some((*size, *root)),
        _ => None,
    })
}

fn state(
    held: &Held,
    name: String,
    origin: Hash,
    receipts: &[Receipt],
    fresh: &[SegmentRow],
) -> ResumingVessel {
    let root = held.authority().root();
    let certified = held.authority().devices().filter(|(_, it)| it.lost.is_none());
    let mut devices: BTreeSet<DeviceId> = certified.map(|(dev, _)| dev).collect();
    // Who has records here, or a receipt, may have more.
    devices.extend(held.chains().iter().map(Chain::dev));
    devices.extend(receipts.iter().map(|receipt| receipt.dev));
    devices.remove(&root);
    let devices = devices.into_iter().map(|dev| ResumingDevice {
        dev,
        back_at: fresh.iter().filter(|row| row.carried_by == dev).map(|row| row.received_at).min(),
        newest: held.top(dev).map(|(seq, _)| seq),
        remembers: held
            .chain(dev)
            .and_then(|chain| acknowledged(chain, origin).map(|(size, _)| size).max()),
        receipted: receipts.iter().filter(|it| it.dev == dev).map(|it| it.seq).max(),
    });
    ResumingVessel {
        vessel: held.vessel(),
        name,
        shore_tip: held.top(root).map(|(seq, _)| seq),
        shore_segments: fresh.iter().filter(|row| row.dev == root).count(),
        devices: devices.collect(),
    }
}

/// What is held of a vessel and stands in no leaf.
fn unlogged(tx: &dyn ReadTx, ledger: &Ledger, held: &Held) -> Result<Vec<Statement>, LedgerError> {
    let vessel = held.vessel();
    let mut covered: BTreeSet<RecordRef> = BTreeSet::new();
    let runs =
        gather(|each| tx.ledger_contents_of(ledger.number, vessel, LeafKind::SEGMENT, each))?;
    for run in runs.into_iter().filter_map(|(_, bytes)| LoggedRun::decode(&bytes?).ok()) {
        let Some(chain) = held.chain(run.dev) else { continue };
        let mut at = Some((run.to, run.head));
        while let Some((seq, hash)) = at {
            let Some(entry) = chain.get(seq, hash).filter(|_| seq >= run.from) else { break };
            covered.insert(entry.at);
            at = seq.checked_sub(1).map(|seq| (seq, entry.prev));
        }
    }
    let mut statements = Vec::new();
    for chain in held.chains() {
        let fresh: Vec<&Entry> = chain.all().filter(|entry| !covered.contains(&entry.at)).collect();
        statements.extend(LoggedRun::covering(fresh).into_iter().map(Statement::Run));
    }
    for name in gather(|each| tx.change_names(vessel, 0, each))? {
        let Some(row) = tx.change(vessel, name.doc, name.hash)? else { continue };
        let subject = Hash::of(&row.bytes);
        if tx.ledger_leaf_about(ledger.number, vessel, LeafKind::CHANGE, subject)?.is_none() {
            statements.push(Statement::Change(subject));
        }
    }
    Ok(statements)
}

impl Shore {
    /// Phones that came with an invitation while the shore collected: they get their certificates now.
    pub(super) fn admit_waiting(&self) -> Result<(), ShoreError> {
        for vessel in self.vessels()? {
            self.writing_held(vessel.id, |tx, held| self.admit_within(tx, held))?;
        }
        Ok(())
    }

    pub(super) fn admit_within(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
    ) -> Result<(), ShoreError> {
        let certificates = self.promised(tx, held, &held.waiting())?;
        if !certificates.is_empty() {
            self.append_within(tx, held, &certificates)?;
        }
        Ok(())
    }
}
