//! A Page with everything that its words, its forms and their pages need.

use std::collections::BTreeMap;

use deckwatch_core::{
    model::{CheckpointId, DeviceId, DueId, PageSubject, RecordRef, VesselId, page_id},
    plan::{PlanContent, PlanDocument},
    record::{Body, device_id},
    time::Day,
};

use super::writing::Words;
use super::{date, due_view, unreadable};
use crate::page::moment::{Moment, day_long, window};
use crate::page::writing::{WritingsView, address};
use crate::projection::body::{BoundsView, DueView, FlagView};
use crate::shore::Shore;
use crate::store::{DuePatrolRow, StoreError, VesselRow, reading};
use crate::writing::{Desk, FlagNote};

/// Days after today that have a page already: a watch hands over what is to come.
const AHEAD: i32 = 1;

/// A Page in its surroundings.
pub(crate) struct Scene {
    /// The vessel.
    pub vessel: VesselRow,
    /// What the Page says.
    pub desk: Desk,
    /// What the subject is called: "Fire round, 08:00 to 09:00".
    pub title: String,
    /// Ship time minus UTC.
    pub offset_minutes: i32,
    pub(super) plan: Option<PlanContent>,
    pub(super) places: BTreeMap<CheckpointId, String>,
    pub(super) written: BTreeMap<RecordRef, BoundsView>,
}

/// What is known of a subject beside its Page.
struct About {
    title: String,
    offset_minutes: i32,
    plan: Option<PlanContent>,
    places: BTreeMap<CheckpointId, String>,
    points: Vec<CheckpointId>,
    written: BTreeMap<RecordRef, BoundsView>,
    flags: Vec<FlagNote>,
}

impl Scene {
    /// The Page of a subject; `None` if there is no such vessel, patrol or day.
    pub fn of(
        shore: &Shore,
        vessel: VesselId,
        subject: PageSubject,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = reading(shore.store(), |tx| tx.vessel(vessel))? else { return Ok(None) };
        let about = match subject {
            PageSubject::Due(due) => of_due(shore, vessel, due)?,
            PageSubject::Unplanned { dev, patrol } => of_unplanned(shore, vessel, (dev, patrol))?,
            PageSubject::Day(day) => of_day(shore, &row, day)?,
        };
        let Some(about) = about else { return Ok(None) };
        let (content, version) = shore.page_version(vessel, subject)?;
        let name = |id: &CheckpointId| {
            let planned = || Some(about.plan.as_ref()?.checkpoints.get(id)?.name.clone());
            let name = about.places.get(id).cloned().or_else(planned);
            (*id, name.unwrap_or_else(|| format!("point {id}")))
        };
        let desk = Desk {
            vessel,
            subject,
            content,
            version,
            shore: device_id(&row.shore_key),
            places: about.points.iter().map(name).collect(),
            flags: about.flags,
        };
        let (title, offset_minutes) = (about.title, about.offset_minutes);
        let (plan, places, written) = (about.plan, about.places, about.written);
        Ok(Some(Self { vessel: row, desk, title, offset_minutes, plan, places, written }))
    }

    /// Where it is.
    pub fn address(&self) -> String {
        address(self.desk.vessel, self.desk.subject)
    }

    pub(super) fn words(&self) -> Words<'_> {
        Words {
            places: &self.places,
            plan: self.plan.as_ref(),
            written: &self.written,
            offset_minutes: self.offset_minutes,
            desk: &self.desk,
        }
    }

    /// What stands on it.
    pub fn writings(&self) -> WritingsView {
        self.words().page()
    }

    /// The name of a place.
    pub(super) fn place(&self, id: CheckpointId) -> String {
        let planned = self.plan.as_ref().and_then(|plan| plan.checkpoints.get(&id));
        planned.map_or_else(|| format!("point {id}"), |place| place.name.clone())
    }

    /// Whether a vessel has a page for a day: from when it was added until tomorrow, and where something is written.
    pub(super) fn has_day(shore: &Shore, vessel: &VesselRow, day: i32) -> Result<bool, StoreError> {
        let (plan, has_page) = newest_plan(shore, vessel.id)?;
        let first = plan.ship_time.day(vessel.created_at).0.saturating_sub(1);
        let last = plan.ship_time.day(shore.now()).0.saturating_add(AHEAD);
        Ok((first..=last).contains(&day) || has_page(PageSubject::Day(i64::from(day))))
    }
}

fn of_due(shore: &Shore, vessel: VesselId, due: DueId) -> Result<Option<About>, StoreError> {
    let found = reading(shore.store(), |tx| {
        let row = tx.due_patrol(due)?.filter(|row| row.vessel == vessel);
        let Some(row) = row else { return Ok(None) };
        let mut flags = Vec::new();
        tx.flags_of(vessel, &mut |flag| {
            if flag.due == Some(due) {
                let view: FlagView =
                    serde_json::from_str(&flag.body).map_err(unreadable("flag"))?;
                flags.push(FlagNote { id: flag.id, code: flag.code, sentence: view.sentence });
            }
            Ok(())
        })?;
        Ok(Some((row, flags)))
    })?;
    let Some((row, flags)) = found else { return Ok(None) };
    let view: DueView = due_view(&row)?;
    let plan = shore.reading_held(vessel, |held| PlanDocument::from(held.plan()))?;
    let plan = view.plan.as_ref().and_then(|heads| plan.content_at(heads).ok());
    let demanded = &view.assessed.demand.due;
    Ok(Some(About {
        title: title_of_due(&row, &view),
        offset_minutes: view.offset_minutes,
        plan,
        points: demanded.points.clone(),
        written: view.written.iter().copied().collect(),
        places: view.places,
        flags,
    }))
}

/// "Fire round, 08:00 to 09:00".
fn title_of_due(row: &DuePatrolRow, view: &DueView) -> String {
    let at = |utc| Moment { utc, offset_minutes: view.offset_minutes };
    format!("{}, {}", view.assessed.demand.due.route_name, window(&at(row.opens), &at(row.closes)))
}

/// Of a patrol that was started and names nothing due; another has the page of what it names.
fn of_unplanned(
    shore: &Shore,
    vessel: VesselId,
    (dev, patrol): (DeviceId, u64),
) -> Result<Option<About>, StoreError> {
    let started = shore.reading_held(vessel, |held| {
        let entries = held.chain(dev).into_iter().flat_map(|chain| chain.all());
        let started = |body: &Body| matches!(body, Body::PatrolStart { .. });
        let mut entries = entries.filter(|entry| entry.patrol() == Some(patrol));
        entries.any(|entry| entry.body().is_some_and(started))
    })?;
    if !started {
        return Ok(None);
    }
    let subject = PageSubject::Unplanned { dev, patrol };
    let survey = shore.survey(vessel, page_id(vessel, subject))?;
    let own = survey.patrols.iter().find(|it| (it.name.dev, it.name.patrol) == (dev, patrol));
    let mut points: Vec<CheckpointId> = Vec::new();
    for visit in own.into_iter().flat_map(|patrol| &patrol.visited) {
        if !points.contains(&visit.checkpoint) {
            points.push(visit.checkpoint);
        }
    }
    let (plan, _) = newest_plan(shore, vessel)?;
    let at = own.and_then(|it| super::span(it.started).middle()).unwrap_or_else(|| shore.now());
    let device = crate::page::freshness::short_device(dev);
    Ok(Some(About {
        title: format!("Unplanned patrol {patrol} of device {device}"),
        offset_minutes: plan.ship_time.offset_minutes(at),
        plan: Some(plan),
        places: BTreeMap::new(),
        points,
        written: survey.written.into_iter().collect(),
        flags: Vec::new(),
    }))
}

fn of_day(shore: &Shore, vessel: &VesselRow, day: i64) -> Result<Option<About>, StoreError> {
    let subject = PageSubject::Day(day);
    let Some((number, shown)) = i32::try_from(day).ok().and_then(|day| Some((day, date(day)?)))
    else {
        return Ok(None);
    };
    if !Scene::has_day(shore, vessel, number)? {
        return Ok(None);
    }
    let (plan, _) = newest_plan(shore, vessel.id)?;
    let survey = shore.survey(vessel.id, page_id(vessel.id, subject))?;
    let noon = plan.ship_time.utc_of(Day(number), 720);
    let noon = noon.unwrap_or_else(|| day.saturating_mul(86_400));
    Ok(Some(About {
        title: day_long(shown),
        offset_minutes: plan.ship_time.offset_minutes(noon),
        points: plan.checkpoints.keys().copied().collect(),
        plan: Some(plan),
        places: BTreeMap::new(),
        written: survey.written.into_iter().collect(),
        flags: Vec::new(),
    }))
}

/// The newest plan, and which subjects have a Page.
fn newest_plan(
    shore: &Shore,
    vessel: VesselId,
) -> Result<(PlanContent, impl Fn(PageSubject) -> bool), StoreError> {
    let (plan, pages) = shore.reading_held(vessel, |held| {
        let pages: Vec<_> = held.pages().iter().map(|(id, _)| id).collect();
        (PlanDocument::from(held.plan()).content(), pages)
    })?;
    Ok((plan, move |subject| pages.contains(&page_id(vessel, subject))))
}
