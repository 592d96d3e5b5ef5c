use deckwatch_core::model::{Hash, VesselId};

use super::{DuePatrolRow, FlagRow, VesselStateRow};
use crate::store::{PageStateRow, ReadTx, StoreError};

/// SHA-256 over everything that is projected for a vessel: equal if and only if all rows are.
///
/// `SHA-256("deckwatch/1/projection" || rows(state) || rows(due patrols by id) || rows(flags by id)
/// || rows(states of pages by page))`, where `rows` = u64be(count) || SHA-256 of each row, and a row is its fields, each as u64be(length) || bytes; numbers
/// are i64be, an absent value has length 0.
pub fn projection_digest(tx: &dyn ReadTx, vessel: VesselId) -> Result<Hash, StoreError> {
    let states: Vec<_> = tx.vessel_state(vessel)?.iter().map(state_hash).collect();
    let mut dues = Vec::new();
    tx.due_patrols_of(vessel, &mut |row| {
        dues.push(due_hash(&row));
        Ok(())
    })?;
    let mut flags = Vec::new();
    tx.flags_of(vessel, &mut |row| {
        flags.push(flag_hash(&row));
        Ok(())
    })?;
    let mut pages = Vec::new();
    tx.page_states_of(vessel, &mut |row| {
        pages.push(page_hash(&row));
        Ok(())
    })?;
    let mut bytes = b"deckwatch/1/projection".to_vec();
    for rows in [states, dues, flags, pages] {
        bytes.extend((rows.len() as u64).to_be_bytes());
        bytes.extend(rows.iter().flat_map(|row| row.0));
    }
    Ok(Hash::of(&bytes))
}

fn state_hash(row: &VesselStateRow) -> Hash {
    let next_change = row.next_change.map(i64::to_be_bytes);
    row_hash(&[
        row.vessel.as_bytes(),
        &row.as_of.to_be_bytes(),
        next_change.as_ref().map_or(&[], |bytes| bytes.as_slice()),
        row.summary.as_bytes(),
    ])
}

fn due_hash(row: &DuePatrolRow) -> Hash {
    row_hash(&[
        row.vessel.as_bytes(),
        row.due.as_bytes(),
        &i64::from(row.day).to_be_bytes(),
        &row.opens.to_be_bytes(),
        &row.closes.to_be_bytes(),
        row.route.as_bytes(),
        row.verdict.as_bytes(),
        row.body.as_bytes(),
    ])
}

fn flag_hash(row: &FlagRow) -> Hash {
    row_hash(&[
        row.vessel.as_bytes(),
        row.id.as_bytes(),
        row.due.as_ref().map_or(&[], |due| due.as_bytes()),
        &i64::from(row.day).to_be_bytes(),
        row.code.as_bytes(),
        row.severity.as_bytes(),
        &row.at.to_be_bytes(),
        row.body.as_bytes(),
    ])
}

fn page_hash(row: &PageStateRow) -> Hash {
    row_hash(&[
        row.vessel.as_bytes(),
        row.page.as_bytes(),
        row.made_of.as_bytes(),
        row.body.as_bytes(),
    ])
}

fn row_hash(fields: &[&[u8]]) -> Hash {
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    Hash::of(&bytes)
}
