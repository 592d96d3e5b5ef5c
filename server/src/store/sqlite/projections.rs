use std::ops::RangeInclusive;

use deckwatch_core::model::{DueId, Hash, VesselId};
use rusqlite::params;

use super::statement::{Fields, SqliteTx, scope_list};
use crate::store::bounds::{check_days, rows_within};
use crate::store::projection::Difference;
use crate::store::{
    DuePatrolRow, Each, FlagCount, FlagPlace, FlagRow, Projections, ProjectionsMut, Replaced,
    Scope, StoreError, VerdictCount, VesselStateRow,
};

fn read_state(fields: &Fields<'_>) -> Result<VesselStateRow, StoreError> {
    Ok(VesselStateRow {
        vessel: fields.id("vessel")?,
        as_of: fields.integer("as_of")?,
        next_change: fields.optional_integer("next_change")?,
        summary: fields.text("summary")?,
    })
}

fn read_due(fields: &Fields<'_>) -> Result<DuePatrolRow, StoreError> {
    Ok(DuePatrolRow {
        vessel: fields.id("vessel")?,
        due: fields.id("due")?,
        day: fields.number("day")?,
        opens: fields.integer("opens")?,
        closes: fields.integer("closes")?,
        route: fields.id("route")?,
        verdict: fields.text("verdict")?,
        body: fields.text("body")?,
    })
}

fn read_verdict_count(fields: &Fields<'_>) -> Result<VerdictCount, StoreError> {
    Ok(VerdictCount {
        vessel: fields.id("vessel")?,
        day: fields.number("day")?,
        verdict: fields.text("verdict")?,
        count: fields.number("count")?,
    })
}

fn read_flag(fields: &Fields<'_>) -> Result<FlagRow, StoreError> {
    Ok(FlagRow {
        vessel: fields.id("vessel")?,
        id: fields.id("id")?,
        due: fields.optional_id("due")?,
        day: fields.number("day")?,
        code: fields.text("code")?,
        severity: fields.text("severity")?,
        at: fields.integer("at")?,
        body: fields.text("body")?,
    })
}

fn read_flag_count(fields: &Fields<'_>) -> Result<FlagCount, StoreError> {
    Ok(FlagCount { code: fields.text("code")?, count: fields.number("count")? })
}

/// One seek into `due_patrol_by_day` a vessel: CROSS JOIN keeps the vessels outside.
pub(super) const VERDICT_COUNTS: &str = "
    SELECT v.id AS vessel, d.day AS day, d.verdict AS verdict, COUNT(*) AS count
    FROM vessel AS v
    CROSS JOIN due_patrol AS d ON d.vessel = v.id AND d.day BETWEEN ?2 AND ?3
    WHERE ?1 IS NULL OR v.id IN (SELECT unhex(value) FROM json_each(?1))
    GROUP BY v.id, d.day, d.verdict
    ORDER BY v.id, d.day, d.verdict";

/// The vessel leads the index here, and age in the other one.
pub(super) const FLAGS_OF_ONE_VESSEL: &str = "
    SELECT vessel, id, due, day, code, severity, at, body FROM flag
    WHERE vessel = ?1 AND (at, id) < (?2, ?3)
    ORDER BY at DESC, id DESC LIMIT ?4";

pub(super) const FLAGS_OF_MANY_VESSELS: &str = "
    SELECT vessel, id, due, day, code, severity, at, body FROM flag
    WHERE (at, vessel, id) < (?2, ?3, ?4)
        AND (?1 IS NULL OR vessel IN (SELECT unhex(value) FROM json_each(?1)))
    ORDER BY at DESC, vessel DESC, id DESC LIMIT ?5";

/// Bytes that come after every vessel and every hash, because they are longer than each.
const AFTER_ALL: [u8; 33] = [0xff; 33];

impl Projections for SqliteTx<'_> {
    fn vessel_state(&self, vessel: VesselId) -> Result<Option<VesselStateRow>, StoreError> {
        let sql = "
            SELECT vessel, as_of, next_change, summary FROM vessel_state WHERE vessel = ?1";
        self.first(sql, [vessel.as_bytes()], read_state)
    }

    fn vessel_states(&self, scope: Scope<'_>) -> Result<Vec<VesselStateRow>, StoreError> {
        let sql = "
            SELECT vessel, as_of, next_change, summary FROM vessel_state
            WHERE ?1 IS NULL OR vessel IN (SELECT unhex(value) FROM json_each(?1))
            ORDER BY vessel";
        self.all(sql, [scope_list(scope)], read_state)
    }

    fn due_for_reassessment(&self, now: i64, limit: u32) -> Result<Vec<VesselId>, StoreError> {
        let sql = "
            SELECT vessel FROM vessel_state WHERE next_change <= ?1
            ORDER BY next_change, vessel LIMIT ?2";
        self.all(sql, params![now, rows_within(limit)], |fields| fields.id("vessel"))
    }

    fn due_patrol(&self, due: DueId) -> Result<Option<DuePatrolRow>, StoreError> {
        let sql = "
            SELECT vessel, due, day, opens, closes, route, verdict, body FROM due_patrol
            WHERE due = ?1 ORDER BY vessel LIMIT 1";
        self.first(sql, [due.as_bytes()], read_due)
    }

    fn due_patrols(
        &self,
        vessel: VesselId,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<DuePatrolRow>, StoreError> {
        check_days(&days)?;
        let sql = "
            SELECT vessel, due, day, opens, closes, route, verdict, body FROM due_patrol
            WHERE vessel = ?1 AND day BETWEEN ?2 AND ?3
            ORDER BY day, opens, due";
        self.all(sql, params![vessel.as_bytes(), days.start(), days.end()], read_due)
    }

    fn due_patrols_of(
        &self,
        vessel: VesselId,
        each: Each<'_, DuePatrolRow>,
    ) -> Result<(), StoreError> {
        let sql = "
            SELECT vessel, due, day, opens, closes, route, verdict, body FROM due_patrol
            WHERE vessel = ?1 ORDER BY due";
        self.each(sql, [vessel.as_bytes()], read_due, each)
    }

    fn verdict_counts(
        &self,
        scope: Scope<'_>,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<VerdictCount>, StoreError> {
        check_days(&days)?;
        let wanted = params![scope_list(scope), days.start(), days.end()];
        self.all(VERDICT_COUNTS, wanted, read_verdict_count)
    }

    fn flag(&self, vessel: VesselId, id: Hash) -> Result<Option<FlagRow>, StoreError> {
        let sql = "
            SELECT vessel, id, due, day, code, severity, at, body FROM flag
            WHERE vessel = ?1 AND id = ?2";
        self.first(sql, params![vessel.as_bytes(), id.as_bytes()], read_flag)
    }

    fn flags(
        &self,
        scope: Scope<'_>,
        after: Option<FlagPlace>,
        limit: u32,
    ) -> Result<Vec<FlagRow>, StoreError> {
        let limit = rows_within(limit);
        let at = after.map_or(i64::MAX, |after| after.at);
        let id = after.as_ref().map_or(AFTER_ALL.as_slice(), |after| after.id.as_bytes());
        if let Scope::Vessel(vessel) = scope {
            // Within one vessel (at, id) decides; a place of another vessel stands before or after all of its equals.
            let id = match after {
                Some(after) if after.vessel > vessel => AFTER_ALL.as_slice(),
                Some(after) if after.vessel < vessel => &[],
                _ => id,
            };
            return self.all(
                FLAGS_OF_ONE_VESSEL,
                params![vessel.as_bytes(), at, id, limit],
                read_flag,
            );
        }
        let vessel = after.as_ref().map_or(AFTER_ALL.as_slice(), |after| after.vessel.as_bytes());
        let wanted = params![scope_list(scope), at, vessel, id, limit];
        self.all(FLAGS_OF_MANY_VESSELS, wanted, read_flag)
    }

    fn flags_of(&self, vessel: VesselId, each: Each<'_, FlagRow>) -> Result<(), StoreError> {
        let sql = "
            SELECT vessel, id, due, day, code, severity, at, body FROM flag
            WHERE vessel = ?1 ORDER BY id";
        self.each(sql, [vessel.as_bytes()], read_flag, each)
    }

    fn flag_counts(&self, scope: Scope<'_>) -> Result<Vec<FlagCount>, StoreError> {
        let sql = "
            SELECT f.code AS code, COUNT(*) AS count
            FROM vessel AS v CROSS JOIN flag AS f ON f.vessel = v.id
            WHERE ?1 IS NULL OR v.id IN (SELECT unhex(value) FROM json_each(?1))
            GROUP BY f.code ORDER BY f.code";
        self.all(sql, [scope_list(scope)], read_flag_count)
    }
}

impl SqliteTx<'_> {
    fn put_due_patrol(&self, row: &DuePatrolRow) -> Result<(), StoreError> {
        let sql = "
            INSERT INTO due_patrol (vessel, due, day, opens, closes, route, verdict, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (vessel, due) DO UPDATE SET
                day = excluded.day, opens = excluded.opens, closes = excluded.closes,
                route = excluded.route, verdict = excluded.verdict, body = excluded.body";
        let values = params![
            row.vessel.as_bytes(),
            row.due.as_bytes(),
            row.day,
            row.opens,
            row.closes,
            row.route.as_bytes(),
            row.verdict,
            row.body,
        ];
        self.execute(sql, values).map(|_| ())
    }

    fn put_flag(&self, row: &FlagRow) -> Result<(), StoreError> {
        let sql = "
            INSERT INTO flag (vessel, id, due, day, code, severity, at, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (vessel, id) DO UPDATE SET
                due = excluded.due, day = excluded.day, code = excluded.code,
                severity = excluded.severity, at = excluded.at, body = excluded.body";
        let values = params![
            row.vessel.as_bytes(),
            row.id.as_bytes(),
            row.due.as_ref().map(DueId::as_bytes),
            row.day,
            row.code,
            row.severity,
            row.at,
            row.body,
        ];
        self.execute(sql, values).map(|_| ())
    }
}

impl ProjectionsMut for SqliteTx<'_> {
    fn put_vessel_state(&mut self, state: &VesselStateRow) -> Result<(), StoreError> {
        state.check()?;
        self.require_vessel(state.vessel)?;
        let sql = "
            INSERT INTO vessel_state (vessel, as_of, next_change, summary)
            VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (vessel) DO UPDATE SET
                as_of = excluded.as_of, next_change = excluded.next_change,
                summary = excluded.summary";
        let row = params![state.vessel.as_bytes(), state.as_of, state.next_change, state.summary];
        self.execute(sql, row).map(|_| ())
    }

    fn replace_assessment(
        &mut self,
        state: &VesselStateRow,
        dues: &[DuePatrolRow],
        flags: &[FlagRow],
    ) -> Result<Replaced, StoreError> {
        let difference = Difference::between(self, state, dues, flags)?;
        self.require_vessel(state.vessel)?;
        if let Some(state) = difference.state {
            self.put_vessel_state(state)?;
        }
        let vessel = state.vessel.as_bytes();
        for due in &difference.remove_dues {
            let sql = "DELETE FROM due_patrol WHERE vessel = ?1 AND due = ?2";
            self.execute(sql, params![vessel, due.as_bytes()])?;
        }
        for row in &difference.put_dues {
            self.put_due_patrol(row)?;
        }
        for id in &difference.remove_flags {
            let sql = "DELETE FROM flag WHERE vessel = ?1 AND id = ?2";
            self.execute(sql, params![vessel, id.as_bytes()])?;
        }
        for row in &difference.put_flags {
            self.put_flag(row)?;
        }
        Ok(difference.counted())
    }

    fn clear_projections(&mut self) -> Result<(), StoreError> {
        self.execute("DELETE FROM page_state", [])?;
        self.execute("DELETE FROM flag", [])?;
        self.execute("DELETE FROM due_patrol", [])?;
        self.execute("DELETE FROM vessel_state", [])?;
        Ok(())
    }
}
