//! The fleet page.

use std::collections::BTreeMap;

use deckwatch_core::{model::VesselId, record::device_id};

use super::{dates, day_at, freshness, last_days, shell, summary_of, verdict};
use crate::page::{
    fleet::{FleetPage, VesselRow},
    layout::{Here, Palette},
    verdict::Tally,
};
use crate::shore::Shore;
use crate::store::{Scope, StoreError, reading};

/// A link that is used less often than seven times within the contact limit is worth a call: 2 days where the
/// limit is the usual 14.
const CONTACTS_A_LIMIT: i64 = 7;

/// Did every ship patrol, and which one do I call?
pub fn fleet(shore: &Shore, palette: Palette) -> Result<FleetPage, StoreError> {
    let now = shore.now();
    reading(shore.store(), |tx| {
        let mut summaries = BTreeMap::new();
        for state in tx.vessel_states(Scope::All)? {
            summaries.insert(state.vessel, summary_of(Some(&state))?);
        }
        let offsets = summaries.values().map(|summary| day_at(now, summary.offset_minutes));
        // East of Greenwich a new day has begun already.
        let days = last_days(offsets.max().unwrap_or_else(|| day_at(now, 0)));
        let mut tallies: BTreeMap<(VesselId, i32), Tally> = BTreeMap::new();
        for count in tx.verdict_counts(Scope::All, days.clone())? {
            let tally = tallies.entry((count.vessel, count.day)).or_default();
            tally.add(verdict(&count.verdict), u32::try_from(count.count).unwrap_or(u32::MAX));
        }
        let mut rows = Vec::new();
        for vessel in tx.vessels(Scope::All)? {
            let summary = summaries.remove(&vessel.id).unwrap_or_default();
            let of_day = |day| tallies.get(&(vessel.id, day)).cloned().unwrap_or_default();
            rows.push(VesselRow {
                id: vessel.id,
                days: days.clone().map(of_day).collect(),
                freshness: freshness(tx, vessel.id, &summary, device_id(&vessel.shore_key))?,
                normal_silence_secs: summary.contact_limit_secs / CONTACTS_A_LIMIT,
                name: vessel.name,
            });
        }
        let shell = shell(tx, "Fleet", Here::Fleet, palette, now)?;
        Ok(FleetPage::new(shell, &dates(&days), rows))
    })
}
