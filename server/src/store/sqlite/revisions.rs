use deckwatch_core::model::{DueId, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx};
use crate::store::bounds::rows_within;
use crate::store::{NewRevision, RevisionRow, Revisions, RevisionsMut, StoreError};

fn read(fields: &Fields<'_>) -> Result<RevisionRow, StoreError> {
    Ok(RevisionRow {
        number: fields.number("number")?,
        revision: NewRevision {
            vessel: fields.id("vessel")?,
            due: fields.id("due")?,
            at: fields.integer("at")?,
            from_verdict: fields.text("from_verdict")?,
            to_verdict: fields.text("to_verdict")?,
            cause: fields.text("cause")?,
        },
    })
}

impl Revisions for SqliteTx<'_> {
    fn revisions_of_due(
        &self,
        vessel: VesselId,
        due: DueId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError> {
        let sql = "
            SELECT vessel, number, due, at, from_verdict, to_verdict, cause FROM revision
            WHERE vessel = ?1 AND due = ?2
            ORDER BY number DESC LIMIT ?3";
        self.all(sql, params![vessel.as_bytes(), due.as_bytes(), rows_within(limit)], read)
    }

    fn newest_revisions(
        &self,
        vessel: VesselId,
        limit: u32,
    ) -> Result<Vec<RevisionRow>, StoreError> {
        let sql = "
            SELECT vessel, number, due, at, from_verdict, to_verdict, cause FROM revision
            WHERE vessel = ?1
            ORDER BY number DESC LIMIT ?2";
        self.all(sql, params![vessel.as_bytes(), rows_within(limit)], read)
    }
}

impl RevisionsMut for SqliteTx<'_> {
    fn append_revision(&mut self, revision: &NewRevision) -> Result<u64, StoreError> {
        revision.check()?;
        self.require_vessel(revision.vessel)?;
        let sql = "
            INSERT INTO revision (vessel, number, due, at, from_verdict, to_verdict, cause)
            SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, ?3, ?4, ?5, ?6
            FROM revision WHERE vessel = ?1
            RETURNING number";
        let row = params![
            revision.vessel.as_bytes(),
            revision.due.as_bytes(),
            revision.at,
            revision.from_verdict,
            revision.to_verdict,
            revision.cause,
        ];
        let number = self.first(sql, row, |fields| fields.number("number"))?;
        number.ok_or(StoreError::Unreadable { what: "number of a revision" })
    }
}
