//! The flags page.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    model::{DueId, Hash, PageSubject, VesselId, page_id},
    page::WritingKind,
};

use super::writing::outcome;
use super::{day_at, last_days, severity, shell, unreadable};
use crate::page::{
    flags::{FlagRow, FlagsPage, VesselChoice},
    layout::{Here, Palette},
    moment::Moment,
    writing::StateView,
};
use crate::projection::body::FlagView;
use crate::shore::Shore;
use crate::store::{MAX_LIST, Scope, StoreError, reading};

/// What needs me now?
pub fn flags(
    shore: &Shore,
    palette: Palette,
    chosen: Option<VesselId>,
) -> Result<FlagsPage, StoreError> {
    let now = shore.now();
    let outcomes = outcomes(shore, chosen)?;
    reading(shore.store(), |tx| {
        let scope = chosen.map_or(Scope::All, Scope::Vessel);
        let choices: Vec<VesselChoice> = tx
            .vessels(Scope::All)?
            .into_iter()
            .map(|vessel| VesselChoice { id: vessel.id, name: vessel.name })
            .collect();
        let names: BTreeMap<VesselId, &str> =
            choices.iter().map(|choice| (choice.id, choice.name.as_str())).collect();
        let days = last_days(day_at(now, 0).saturating_add(1));
        let mut rows = Vec::new();
        for flag in tx.flags(scope, None, MAX_LIST)? {
            let Some(due) = flag.due.filter(|_| days.contains(&flag.day)) else { continue };
            let view: FlagView = serde_json::from_str(&flag.body).map_err(unreadable("flag"))?;
            rows.push(FlagRow {
                opens: Moment { utc: view.opens, offset_minutes: view.offset_minutes },
                vessel: flag.vessel,
                vessel_name: names.get(&flag.vessel).copied().unwrap_or_default().to_owned(),
                due,
                route: view.route,
                severity: severity(&flag.severity),
                code: flag.code,
                sentence: view.sentence,
                settled: outcomes.get(&flag.id).cloned(),
            });
        }
        let counts = tx.verdict_counts(scope, days.clone())?;
        let due = counts.iter().filter(|count| count.verdict != "not_due_yet");
        let patrols = due.fold(0_u64, |sum, count| sum.saturating_add(count.count));
        let patrols = u32::try_from(patrols).unwrap_or(u32::MAX);
        let mut shell = shell(tx, "Flags", Here::Flags, palette, now)?;
        shell.query.extend(chosen.map(|vessel| ("vessel".to_owned(), vessel.to_string())));
        let reach = u32::try_from(days.count()).unwrap_or(0);
        Ok(FlagsPage::new(shell, rows, choices, chosen, (patrols, reach)))
    })
}

/// What came of flags, as far as anybody said so on the page of their patrol. Only pages with something on them are
/// read.
fn outcomes(
    shore: &Shore,
    chosen: Option<VesselId>,
) -> Result<BTreeMap<Hash, StateView>, StoreError> {
    let mut dues: BTreeMap<VesselId, BTreeSet<DueId>> = BTreeMap::new();
    reading(shore.store(), |tx| {
        let scope = chosen.map_or(Scope::All, Scope::Vessel);
        for flag in tx.flags(scope, None, MAX_LIST)? {
            dues.entry(flag.vessel).or_default().extend(flag.due);
        }
        Ok(())
    })?;
    let mut outcomes = BTreeMap::new();
    for (vessel, dues) in dues {
        let written: Vec<PageSubject> = shore.reading_held(vessel, |held| {
            let subjects = dues.into_iter().map(PageSubject::Due);
            subjects.filter(|it| held.pages().get(page_id(vessel, *it)).is_some()).collect()
        })?;
        for subject in written {
            for writing in shore.page(vessel, subject)?.of(WritingKind::Disposition) {
                let flag = writing.text("flag").and_then(|id| Hash::from_hex(id).ok());
                outcomes.extend(flag.zip(writing.int("outcome").and_then(outcome)));
            }
        }
    }
    Ok(outcomes)
}
