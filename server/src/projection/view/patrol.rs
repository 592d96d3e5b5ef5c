//! The page of one due patrol.

use std::collections::BTreeMap;

use deckwatch_core::{
    model::{CheckpointId, DueId, PageSubject},
    plan::Walk as Manner,
    record::device_id,
    time::{Bounds, Moment as Instant},
};

use super::scene::Scene;
use super::{
    REVISIONS, due_view, finding, freshness, revision, secs, shell, span, summary_of, verdict,
};
use crate::page::{
    dated::Dated,
    finding::{FindingView, Severity},
    freshness::HeldBack,
    layout::{Here, Palette},
    moment::Moment,
    patrol::{Ended, Level, Method, PatrolPage, RouteKind, Stop, StopScan, Walk},
};
use crate::projection::body::{DueView, EndingView, PatrolView, VisitView, WorthView};
use crate::shore::Shore;
use crate::store::{StoreError, reading};

/// Did this watch really walk it? `None` if there is no such due patrol.
pub fn patrol(
    shore: &Shore,
    palette: Palette,
    due: DueId,
) -> Result<Option<PatrolPage>, StoreError> {
    let now = shore.now();
    let Some(row) = reading(shore.store(), |tx| tx.due_patrol(due))? else { return Ok(None) };
    let Some(scene) = Scene::of(shore, row.vessel, PageSubject::Due(due))? else {
        return Ok(None);
    };
    reading(shore.store(), |tx| {
        let Some(vessel) = tx.vessel(row.vessel)? else { return Ok(None) };
        let view = due_view(&row)?;
        let summary = summary_of(tx.vessel_state(row.vessel)?.as_ref())?;
        let mut freshness = freshness(tx, row.vessel, &summary, device_id(&vessel.shore_key))?;
        // This window may wait for another device than the one that is furthest behind.
        if let Some(held) = view.assessed.held_back_by.first() {
            let last_heard = secs(held.last_heard);
            freshness.held_back_by = Some(HeldBack { device: held.dev, last_heard });
        }
        let mut revisions = Vec::new();
        for row in tx.revisions_of_due(row.vessel, due, REVISIONS)? {
            revisions.extend(revision(tx, row)?);
        }
        let at = |utc| Moment { utc, offset_minutes: view.offset_minutes };
        let stops = stops(&view);
        let demanded = &view.assessed.demand.due;
        Ok(Some(PatrolPage {
            shell: shell(tx, &demanded.route_name, Here::Below, palette, now)?,
            id: due,
            vessel: row.vessel,
            vessel_name: vessel.name,
            route: demanded.route_name.clone(),
            route_kind: match demanded.walk {
                Manner::Ordered => RouteKind::Ordered,
                Manner::AnyOrder => RouteKind::AnyOrder,
                Manner::Continuous => RouteKind::Continuous,
                Manner::Search => RouteKind::Search,
            },
            opens: at(demanded.opens),
            closes: at(demanded.closes),
            grace_secs: demanded.grace,
            plan_heads: view.plan.clone().unwrap_or_default(),
            plan_since: view.plan_since.filter(|since| *since > 0).map(at),
            verdict: verdict(&row.verdict),
            why: view.assessed.why.clone(),
            freshness,
            walks: view.patrols.iter().map(walk).collect(),
            stops,
            findings: findings(&view, &scene),
            revisions,
            writings: scene.writings(),
        }))
    })
}

/// The findings with their flags, after the flags that no finding stands behind.
fn findings(view: &DueView, scene: &Scene) -> Vec<FindingView> {
    let words = scene.words();
    let mut findings: Vec<FindingView> =
        view.assessed.findings.iter().cloned().map(finding).collect();
    let mut alone = Vec::new();
    for flag in &scene.desk.flags {
        let is_it = |it: &&mut FindingView| {
            it.flag.is_none() && it.code == flag.code && it.sentence == flag.sentence
        };
        let shown = words.flag(flag.id);
        match findings.iter_mut().find(is_it) {
            Some(finding) => finding.flag = Some(shown),
            None => alone.push(FindingView {
                code: flag.code.clone(),
                severity: Severity::Irregular,
                sentence: flag.sentence.clone(),
                innocent: Vec::new(),
                records: Vec::new(),
                flag: Some(shown),
            }),
        }
    }
    alone.extend(findings);
    alone
}

pub(super) fn walk(patrol: &PatrolView) -> Walk {
    let visits = patrol.visited.iter().map(|visit| visit.record);
    let ending = patrol.ending.map(|ending| ending.record);
    let last = visits.chain(ending).max_by_key(|record| record.seq).unwrap_or(patrol.start);
    Walk {
        device: patrol.name.dev,
        patrol_no: patrol.name.patrol,
        crew: patrol.crew.clone(),
        start: span(patrol.started),
        end: if patrol.ending.is_some() { span(patrol.ended) } else { Default::default() },
        ended: ended(patrol.ending),
        first_seq: patrol.start.seq,
        last_seq: last.seq,
        heads: vec![last],
    }
}

pub(super) fn ended(ending: Option<EndingView>) -> Ended {
    let Some(ending) = ending else { return Ended::NotEnded };
    match ending.how {
        1 => Ended::Finished,
        3 => Ended::ClosedByApp,
        _ => {
            let reason = match ending.reason {
                1 => "weather",
                2 => "operations",
                3 => "safety",
                4 => "emergency",
                5 => "space closed",
                _ => "no reason given",
            };
            Ended::BrokenOff { reason: reason.to_owned() }
        }
    }
}

/// The route's points in its order, then what was scanned elsewhere. The first scan of a place stands; others
/// are notes.
fn stops(view: &DueView) -> Vec<Stop> {
    let mut scans: BTreeMap<CheckpointId, Vec<(u32, &VisitView)>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for (order, visit) in (1..).zip(&view.assessed.visited) {
        let points = &view.assessed.demand.due.points;
        if !points.contains(&visit.checkpoint) && !scans.contains_key(&visit.checkpoint) {
            elsewhere.push(visit.checkpoint);
        }
        scans.entry(visit.checkpoint).or_default().push((order, visit));
    }
    let points = view.assessed.demand.due.points.iter().copied();
    let planned = points.zip(1..).map(|(place, position)| (place, Some(position)));
    let places = planned.chain(elsewhere.into_iter().map(|place| (place, None)));
    places
        .map(|(place, planned)| {
            let visits = scans.get(&place).map(Vec::as_slice).unwrap_or_default();
            let (first, again) =
                visits.split_first().map_or((None, &[][..]), |(first, again)| (Some(first), again));
            let note = |(_, visit): &(u32, &VisitView)| {
                format!("Scanned again {}.", span(visit.at).ship(view.offset_minutes))
            };
            Stop {
                checkpoint: view.places.get(&place).cloned().unwrap_or_else(|| place.to_string()),
                planned,
                required: planned.is_some(),
                scan: first.map(|(order, visit)| scan(*order, visit)),
                notes: again.iter().map(note).collect(),
            }
        })
        .collect()
}

pub(super) fn scan(order: u32, visit: &VisitView) -> StopScan {
    let method = match visit.evidence_type {
        0 => Method::Manual { reason: "the reason is in the record".to_owned() },
        1 => Method::QrLabel,
        2 => Method::NfcUid,
        3 => Method::RotatingCode,
        4 => Method::SignedTag,
        _ => Method::BoundTag,
    };
    let level = visit.worth.as_ref().map_or(Level::Unknown, level);
    let bounds = Bounds {
        not_before: visit.at.not_before.map(Instant),
        not_after: visit.at.not_after.map(Instant),
    };
    let dated = Dated::new(bounds, visit.known_by);
    StopScan { at: span(visit.at), dated, method, level, order, record: visit.record }
}

fn level(worth: &WorthView) -> Level {
    let number = worth.claims.number();
    match worth.standing.as_str() {
        "plain" => Level::Derived(number),
        "checked" => Level::Checked(number),
        "claimed" => Level::Claimed(number),
        "disputed" => Level::Refused("there twice, and nobody knows which one was read here"),
        "replayed" => Level::Refused("used again or out of its time"),
        "unregistered" => Level::Refused("not registered"),
        "disclosed" => Level::Refused("key disclosed before the check"),
        _ => Level::Refused("not genuine"),
    }
}
