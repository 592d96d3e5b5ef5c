use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use deckwatch_core::model::{DueId, Hash, VesselId};

use super::MemoryTx;
use crate::store::bounds::{check_days, rows_within};
use crate::store::projection::Difference;
use crate::store::{
    DuePatrolRow, Each, FlagCount, FlagPlace, FlagRow, Projections, ProjectionsMut, Replaced,
    Scope, StoreError, VerdictCount, VesselStateRow,
};

impl MemoryTx {
    fn flags_in(&self, scope: Scope<'_>) -> impl Iterator<Item = &FlagRow> {
        self.shelves
            .iter()
            .filter(move |(vessel, _)| scope.holds(**vessel))
            .flat_map(|(_, shelf)| shelf.flags.values())
    }
}

impl Projections for MemoryTx {
    fn vessel_state(&self, vessel: VesselId) -> Result<Option<VesselStateRow>, StoreError> {
        Ok(self.shelf(vessel).and_then(|shelf| shelf.state.clone()))
    }

    fn vessel_states(&self, scope: Scope<'_>) -> Result<Vec<VesselStateRow>, StoreError> {
        let states = self.shelves.values().filter_map(|shelf| shelf.state.as_ref());
        Ok(states.filter(|state| scope.holds(state.vessel)).cloned().collect())
    }

    fn due_for_reassessment(&self, now: i64, limit: u32) -> Result<Vec<VesselId>, StoreError> {
        let states = self.shelves.values().filter_map(|shelf| shelf.state.as_ref());
        let mut due: Vec<_> = states
            .filter_map(|state| state.next_change.map(|at| (at, state.vessel)))
            .filter(|(at, _)| *at <= now)
            .collect();
        due.sort_unstable();
        due.truncate(rows_within(limit) as usize);
        Ok(due.into_iter().map(|(_, vessel)| vessel).collect())
    }

    fn due_patrol(&self, due: DueId) -> Result<Option<DuePatrolRow>, StoreError> {
        Ok(self.shelves.values().find_map(|shelf| shelf.dues.get(&due)).cloned())
    }

    fn due_patrols(
        &self,
        vessel: VesselId,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<DuePatrolRow>, StoreError> {
        check_days(&days)?;
        let Some(shelf) = self.shelf(vessel) else { return Ok(Vec::new()) };
        let mut rows: Vec<_> =
            shelf.dues.values().filter(|row| days.contains(&row.day)).cloned().collect();
        rows.sort_by_key(|row| (row.day, row.opens, row.due));
        Ok(rows)
    }

    fn due_patrols_of(
        &self,
        vessel: VesselId,
        each: Each<'_, DuePatrolRow>,
    ) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.dues.values().cloned().try_for_each(each)
    }

    fn verdict_counts(
        &self,
        scope: Scope<'_>,
        days: RangeInclusive<i32>,
    ) -> Result<Vec<VerdictCount>, StoreError> {
        check_days(&days)?;
        let mut counts = BTreeMap::<_, u64>::new();
        for (vessel, shelf) in self.shelves.iter().filter(|(vessel, _)| scope.holds(**vessel)) {
            for row in shelf.dues.values().filter(|row| days.contains(&row.day)) {
                *counts.entry((*vessel, row.day, row.verdict.clone())).or_default() += 1;
            }
        }
        let counts = counts.into_iter();
        Ok(counts
            .map(|((vessel, day, verdict), count)| VerdictCount { vessel, day, verdict, count })
            .collect())
    }

    fn flag(&self, vessel: VesselId, id: Hash) -> Result<Option<FlagRow>, StoreError> {
        Ok(self.shelf(vessel).and_then(|shelf| shelf.flags.get(&id)).cloned())
    }

    fn flags(
        &self,
        scope: Scope<'_>,
        after: Option<FlagPlace>,
        limit: u32,
    ) -> Result<Vec<FlagRow>, StoreError> {
        let below = |row: &&FlagRow| after.is_none_or(|after| row.place() < after);
        let mut rows: Vec<_> = self.flags_in(scope).filter(below).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.place()));
        rows.truncate(rows_within(limit) as usize);
        Ok(rows.into_iter().cloned().collect())
    }

    fn flags_of(&self, vessel: VesselId, each: Each<'_, FlagRow>) -> Result<(), StoreError> {
        let Some(shelf) = self.shelf(vessel) else { return Ok(()) };
        shelf.flags.values().cloned().try_for_each(each)
    }

    fn flag_counts(&self, scope: Scope<'_>) -> Result<Vec<FlagCount>, StoreError> {
        let mut counts = BTreeMap::<_, u64>::new();
        for row in self.flags_in(scope) {
            *counts.entry(row.code.clone()).or_default() += 1;
        }
        Ok(counts.into_iter().map(|(code, count)| FlagCount { code, count }).collect())
    }
}

impl ProjectionsMut for MemoryTx {
    fn put_vessel_state(&mut self, state: &VesselStateRow) -> Result<(), StoreError> {
        state.check()?;
        self.shelf_mut(state.vessel)?.state = Some(state.clone());
        Ok(())
    }

    fn replace_assessment(
        &mut self,
        state: &VesselStateRow,
        dues: &[DuePatrolRow],
        flags: &[FlagRow],
    ) -> Result<Replaced, StoreError> {
        let difference = Difference::between(self, state, dues, flags)?;
        let shelf = self.shelf_mut(state.vessel)?;
        if let Some(state) = difference.state {
            shelf.state = Some(state.clone());
        }
        let held = Arc::make_mut(&mut shelf.dues);
        for due in &difference.remove_dues {
            held.remove(due);
        }
        held.extend(difference.put_dues.iter().map(|row| (row.due, DuePatrolRow::clone(row))));
        let held = Arc::make_mut(&mut shelf.flags);
        for id in &difference.remove_flags {
            held.remove(id);
        }
        held.extend(difference.put_flags.iter().map(|row| (row.id, FlagRow::clone(row))));
        Ok(difference.counted())
    }

    fn clear_projections(&mut self) -> Result<(), StoreError> {
        for shelf in self.shelves.values_mut() {
            let shelf = Arc::make_mut(shelf);
            shelf.state = None;
            shelf.dues = Arc::default();
            shelf.flags = Arc::default();
            shelf.pages = Arc::default();
        }
        Ok(())
    }
}
