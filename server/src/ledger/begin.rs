//! A new ledger after a loss: what was signed before cannot be continued and must not be contradicted, so another
//! ledger begins and says in its first leaf what happened.

use deckwatch_core::{
    audit::Erasure,
    ledger::{LeafKind, LoggedRun, TreeHead},
    model::Hash,
};

use super::{Ledger, LedgerError, Statement, standing_flags};
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{Scope, WriteTx, gather, try_reading, try_writing};

/// What a new ledger would take the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerState {
    /// The key of the ledger in use.
    pub key: String,
    /// Leaves held of it.
    pub held: u64,
    /// The newest tree head that was handed out, as far as it is known here.
    pub handed_out: Option<TreeHead>,
    /// Whether everything that was handed out is held.
    pub is_whole: bool,
    /// The shore collects what phones bring back.
    pub collecting: bool,
}

/// What was logged in a new ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLedger {
    /// Its key.
    pub key: String,
    /// Leaves.
    pub size: u64,
}

impl Shore {
    /// The ledger in use; `None` before anything was logged.
    pub fn ledger_state(&self) -> Result<Option<LedgerState>, LedgerError> {
        try_reading(self.store(), |tx| {
            let Some(ledger) = Ledger::newest(tx)? else { return Ok(None) };
            let handed_out = self.ledger_folder().handed_out(ledger.key())?;
            let is_whole = match &handed_out {
                Some(head) => ledger.holds(tx, head)?,
                None => true,
            };
            let lost = self.ledger_folder().lost(ledger.key())?;
            let (is_whole, handed_out) = match lost {
                Some(lost) => (false, Some(lost)),
                None => (is_whole, handed_out),
            };
            let (key, held) = (ledger.key().to_string(), tx.ledger_size(ledger.number())?);
            let collecting = self.ledger_folder().collecting(ledger.key())?.is_some();
            Ok(Some(LedgerState { key, held, handed_out, is_whole, collecting }))
        })
    }

    /// Begins the first ledger. What a store held before there were ledgers is logged first.
    pub(super) fn begin_first_ledger(&self, tx: &mut dyn WriteTx) -> Result<Ledger, LedgerError> {
        let ledger = self.begin_ledger(tx, None)?;
        for vessel in tx.vessels(Scope::All)? {
            let mut held = Held::nothing_of(&vessel);
            held.refresh(tx)?;
            let statements = everything(tx, None, &held)?;
            self.log(tx, vessel.id, &statements)?;
        }
        Ok(ledger)
    }

    /// What the first leaf says of who brought back what.
    fn came_back(&self) -> Result<String, ShoreError> {
        let Some(resuming) = self.resuming()?.filter(|it| it.since.is_some()) else {
            return Ok(String::new());
        };
        let (missing, devices) = resuming.missing();
        let segments: usize = resuming.vessels.iter().map(|it| it.shore_segments).sum();
        Ok(format!(
            " Of {devices} devices {} came back before it began; they brought {segments} segments of the shore's own chains.",
            devices - missing
        ))
    }

    /// Begins a new ledger and logs everything in it that is held. `why` stands in its first leaf, for ever. The old one
    /// is kept as it is. All or nothing.
    pub fn begin_new_ledger(&self, why: &str) -> Result<NewLedger, ShoreError> {
        let before = self.ledger_state()?;
        let lost = before.as_ref().map_or_else(String::new, |state| match &state.handed_out {
            Some(head) if !state.is_whole => {
                format!(" It held {} leaves of {} that were signed.", state.held, head.size)
            }
            _ => format!(" It held {} leaves, all that were signed.", state.held),
        });
        let lost = format!("{lost}{}", self.came_back()?);
        let why = format!("{}{lost}", why.split_whitespace().collect::<Vec<_>>().join(" "));
        let begun = try_writing(self.store(), |tx| {
            let old = Ledger::newest(&*tx)?;
            let ledger = self.begin_ledger(tx, Some(&why))?;
            for vessel in tx.vessels(Scope::All)? {
                let mut held = Held::nothing_of(&vessel);
                held.refresh(tx)?;
                let statements = everything(tx, old.as_ref(), &held)?;
                self.log(tx, vessel.id, &statements)?;
                self.name_ledger(tx, &mut held)?;
                self.admit_within(tx, &mut held)?;
                crate::projection::mark(tx, vessel.id, self.now())?;
            }
            let size = tx.ledger_size(ledger.number())?;
            let begun = NewLedger { key: ledger.key().to_string(), size };
            Ok::<_, ShoreError>((begun, old))
        })?;
        let (begun, old) = begun;
        if let Some(old) = old {
            self.ledger_folder().end_collecting(old.key())?;
        }
        self.forget_held();
        Ok(begun)
    }
}

/// Everything held of a vessel that belongs into a ledger: records, each once, by device; changes as they came; what stands.
fn everything(
    tx: &mut dyn WriteTx,
    old: Option<&Ledger>,
    held: &Held,
) -> Result<Vec<Statement>, LedgerError> {
    let vessel = held.vessel();
    let runs = held.chains().iter().flat_map(|chain| LoggedRun::covering(chain.all()));
    let mut statements: Vec<Statement> = runs.map(Statement::Run).collect();
    for name in gather(|each| tx.change_names(vessel, 0, each))? {
        let row = tx.change(vessel, name.doc, name.hash)?;
        statements.extend(row.map(|row| Statement::Change(Hash::of(&row.bytes))));
    }
    let Some(old) = old else { return Ok(statements) };
    for flag in standing_flags(&*tx, old, vessel)? {
        statements.extend(tx.ledger_content(flag)?.map(Statement::FlagRaised));
    }
    let exports =
        gather(|each| tx.ledger_contents_of(old.number(), vessel, LeafKind::EXPORT, each))?;
    statements.extend(exports.into_iter().filter_map(|(_, bytes)| bytes.map(Statement::Export)));
    let erasures =
        gather(|each| tx.ledger_contents_of(old.number(), vessel, LeafKind::ERASURE, each))?;
    let erasures = erasures.into_iter().filter_map(|(_, bytes)| Erasure::decode(&bytes?).ok());
    statements.extend(erasures.map(Statement::Erased));
    Ok(statements)
}
