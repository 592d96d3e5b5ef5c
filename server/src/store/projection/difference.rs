use std::collections::BTreeMap;

use deckwatch_core::model::{DueId, Hash};

use super::{DuePatrolRow, FlagRow, Projections, Replaced, VesselStateRow};
use crate::store::StoreError;

/// What must be written and removed so that a new assessment stands in place of the one held.
pub(in crate::store) struct Difference<'a> {
    pub state: Option<&'a VesselStateRow>,
    pub put_dues: Vec<&'a DuePatrolRow>,
    pub remove_dues: Vec<DueId>,
    pub put_flags: Vec<&'a FlagRow>,
    pub remove_flags: Vec<Hash>,
}

impl<'a> Difference<'a> {
    /// Checks the new assessment and compares it with what is held.
    pub fn between(
        held: &dyn Projections,
        state: &'a VesselStateRow,
        dues: &'a [DuePatrolRow],
        flags: &'a [FlagRow],
    ) -> Result<Self, StoreError> {
        state.check()?;
        let vessel = state.vessel;
        let mut new_dues = BTreeMap::new();
        for due in dues {
            due.check()?;
            let twice = new_dues.insert(due.due, due).is_some();
            refuse("due patrol", due.vessel != vessel, twice)?;
        }
        let mut new_flags = BTreeMap::new();
        for flag in flags {
            flag.check()?;
            let twice = new_flags.insert(flag.id, flag).is_some();
            refuse("flag", flag.vessel != vessel, twice)?;
        }

        let mut remove_dues = Vec::new();
        held.due_patrols_of(vessel, &mut |old| {
            match new_dues.get(&old.due) {
                None => remove_dues.push(old.due),
                Some(new) if **new == old => {
                    new_dues.remove(&old.due);
                }
                Some(_) => {}
            }
            Ok(())
        })?;
        let mut remove_flags = Vec::new();
        held.flags_of(vessel, &mut |old| {
            match new_flags.get(&old.id) {
                None => remove_flags.push(old.id),
                Some(new) if **new == old => {
                    new_flags.remove(&old.id);
                }
                Some(_) => {}
            }
            Ok(())
        })?;
        let same_state = held.vessel_state(vessel)?.is_some_and(|old| old == *state);
        Ok(Self {
            state: (!same_state).then_some(state),
            put_dues: new_dues.into_values().collect(),
            remove_dues,
            put_flags: new_flags.into_values().collect(),
            remove_flags,
        })
    }

    /// The rows it is about.
    pub fn counted(&self) -> Replaced {
        let written =
            usize::from(self.state.is_some()) + self.put_dues.len() + self.put_flags.len();
        let removed = self.remove_dues.len() + self.remove_flags.len();
        Replaced { written: written as u64, removed: removed as u64 }
    }
}

fn refuse(what: &'static str, stranger: bool, twice: bool) -> Result<(), StoreError> {
    if stranger {
        return Err(StoreError::Refused { what, why: "it belongs to another vessel" });
    }
    if twice {
        return Err(StoreError::Refused { what, why: "it is listed twice" });
    }
    Ok(())
}
