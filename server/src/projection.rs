//! Verdicts, flags and revisions: what the pages show, worked out from the sources.
//!
//! Projections can be cleared and made again, and come out identical. Revisions are sources: what was shown once
//! and then changed stays on record, whoever makes the projections again.

pub mod body;
pub(crate) mod read;
mod rows;
#[cfg(test)]
mod tests;
pub mod view;

use deckwatch_core::{
    assess::{AHEAD, BEFORE, assess},
    model::{DocumentId, DueId, Hash, RecordRef, VesselId},
};

use crate::shore::{Held, Shore, ShoreError};
use crate::store::{
    DuePatrolRow, NewRevision, ReadTx, Scope, StoreError, VesselStateRow, WriteTx,
    projection_digest, reading, try_writing,
};

/// Vessels that one tick brings up to date.
const A_TICK: u32 = 64;
/// Changes between these are revisions; from the others to these is how verdicts come about.
const SETTLED: [&str; 5] = ["done", "irregular", "missed", "unverifiable", "excused"];

/// What making a vessel's projections again gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuiltVessel {
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub name: String,
    /// Digest of what was there.
    pub before: Hash,
    /// Digest of what is there now.
    pub after: Hash,
}

impl RebuiltVessel {
    /// Whether everything came out as it was.
    pub fn is_identical(&self) -> bool {
        self.before == self.after
    }
}

/// What records say before anybody judges.
#[derive(Debug, Clone)]
pub struct Survey {
    /// All patrols.
    pub patrols: Vec<body::PatrolView>,
    /// When the records were made that vouch for a Page.
    pub written: Vec<(RecordRef, body::BoundsView)>,
}

impl Shore {
    /// Assesses a vessel as of now.
    pub fn reassess(&self, vessel: VesselId) -> Result<(), ShoreError> {
        let as_of = self.now();
        self.writing_held(vessel, |tx, held| {
            let flags = replace(tx, held, as_of)?;
            Ok(self.log_flags(tx, vessel, &flags, as_of)?)
        })
    }

    /// Assesses every vessel as of now.
    pub fn reassess_all(&self) -> Result<(), ShoreError> {
        for vessel in self.vessels()? {
            self.reassess(vessel.id)?;
        }
        Ok(())
    }

    /// Assesses the vessels where the passing of time alone changes something, the most overdue first. Returns
    /// how many.
    pub fn reassess_due(&self) -> Result<usize, ShoreError> {
        let now = self.now();
        let due = reading(self.store(), |tx| tx.due_for_reassessment(now, A_TICK))?;
        // One vessel that cannot be assessed holds no other back.
        let outcomes: Vec<Result<(), ShoreError>> =
            due.iter().map(|vessel| self.reassess(*vessel)).collect();
        outcomes.into_iter().collect::<Result<(), ShoreError>>()?;
        Ok(due.len())
    }

    /// Assesses every vessel that waits for it, such as those whose news came in the moment that a backup shows.
    pub fn settle(&self) -> Result<(), ShoreError> {
        for _ in 0..=self.vessels()?.len() / A_TICK as usize {
            self.reassess_due()?;
        }
        Ok(())
    }

    /// What the records of a vessel say of its patrols, and when what is on one Page was written. Nothing is judged,
    /// so nothing of it is projected.
    pub fn survey(&self, vessel: VesselId, page: DocumentId) -> Result<Survey, StoreError> {
        let as_of = self.now();
        self.reading_held(vessel, |held| {
            let receipts = reading(self.store(), |tx| read::receipts(tx, vessel))?;
            let page = held.pages().get(page);
            let assessment = assess(&deckwatch_core::assess::Input {
                vessel,
                as_of,
                from: as_of,
                until: as_of,
                authority: held.authority(),
                chains: held.chains(),
                receipts: &receipts,
                versions: &read::versions(held),
                excuses: &[],
                dated: page.map_or(&[], |page| page.records.as_slice()),
            });
            let dated = assessment.dated.into_iter().map(|(at, bounds)| (at, bounds.into()));
            Ok(Survey { patrols: read::patrols(&assessment.patrols)?, written: dated.collect() })
        })?
    }

    /// Digest of everything projected for a vessel.
    pub fn projection_digest(&self, vessel: VesselId) -> Result<Hash, ShoreError> {
        Ok(reading(self.store(), |tx| projection_digest(tx, vessel))?)
    }

    /// Forgets all projections and makes them again from the sources, as of the same moments. All or nothing.
    pub fn rebuild(&self) -> Result<Vec<RebuiltVessel>, ShoreError> {
        try_writing(self.store(), |tx| {
            let vessels = tx.vessels(Scope::All)?;
            let states = tx.vessel_states(Scope::All)?;
            let mut before = Vec::new();
            for vessel in &vessels {
                before.push(projection_digest(tx_of(tx), vessel.id)?);
            }
            tx.clear_projections()?;
            let mut rebuilt = Vec::new();
            for (vessel, before) in vessels.iter().zip(before) {
                if let Some(state) = states.iter().find(|state| state.vessel == vessel.id) {
                    // Nothing decoded earlier is believed here.
                    let mut held = Held::nothing_of(vessel);
                    held.refresh(tx)?;
                    let flags = replace(tx, &held, state.as_of)?;
                    self.log_flags(tx, vessel.id, &flags, state.as_of)?;
                }
                let after = projection_digest(tx_of(tx), vessel.id)?;
                let name = vessel.name.clone();
                rebuilt.push(RebuiltVessel { vessel: vessel.id, name, before, after });
            }
            Ok(rebuilt)
        })
    }
}

fn tx_of(tx: &mut dyn WriteTx) -> &dyn ReadTx {
    tx
}

/// Marks a vessel in the transaction that brought news, so that a crash before the assessment leaves work for
/// the next tick instead of old verdicts.
pub(crate) fn mark(tx: &mut dyn WriteTx, vessel: VesselId, now: i64) -> Result<(), StoreError> {
    match tx.vessel_state(vessel)? {
        Some(state) => tx.put_vessel_state(&VesselStateRow { next_change: Some(now), ..state }),
        None => tx.put_vessel_state(&VesselStateRow {
            vessel,
            as_of: now,
            next_change: Some(now),
            summary: "{}".to_owned(),
        }),
    }
}

/// Puts a new assessment in place of the one before. Gives the flags that stand, as the ledger says them.
pub(crate) fn replace(
    tx: &mut dyn WriteTx,
    held: &Held,
    as_of: i64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let vessel = held.vessel();
    let created = tx.vessel(vessel)?.ok_or(StoreError::UnknownVessel(vessel))?.created_at;
    let receipts = read::receipts(tx_of(tx), vessel)?;
    let versions = read::versions(held);
    let assessment = assess(&deckwatch_core::assess::Input {
        vessel,
        as_of,
        from: created.saturating_sub(BEFORE),
        until: as_of.saturating_add(AHEAD),
        authority: held.authority(),
        chains: held.chains(),
        receipts: &receipts,
        versions: &versions,
        excuses: &held.pages().excuses(),
        dated: &held.pages().records(),
    });
    let rows = rows::rows(held, &versions, &assessment)?;
    for due in &rows.dues {
        if let Some(revision) = revision(tx, due, &rows.why, as_of)? {
            tx.append_revision(&revision)?;
        }
    }
    held.pages().keep(held, tx)?;
    tx.replace_assessment(&rows.state, &rows.dues, &rows.flags)?;
    Ok(rows.statements)
}

fn revision(
    tx: &dyn WriteTx,
    due: &DuePatrolRow,
    why: &std::collections::BTreeMap<DueId, String>,
    at: i64,
) -> Result<Option<NewRevision>, StoreError> {
    let Some(shown) = tx.due_patrol(due.due)?.filter(|shown| shown.vessel == due.vessel) else {
        return Ok(None);
    };
    let settled = |verdict: &str| SETTLED.contains(&verdict);
    let revises = shown.verdict != due.verdict
        && settled(&shown.verdict)
        && (settled(&due.verdict) || shown.verdict == "missed");
    Ok(revises.then(|| NewRevision {
        vessel: due.vessel,
        due: due.due,
        at,
        from_verdict: shown.verdict,
        to_verdict: due.verdict.clone(),
        cause: why.get(&due.due).map_or_else(String::new, |why| shortened(why)),
    }))
}

/// A cause as long as the store keeps one, without what no store keeps.
fn shortened(text: &str) -> String {
    let text: String = text.chars().filter(|it| !it.is_control()).collect();
    let mut end = text.len().min(crate::store::MAX_CAUSE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
