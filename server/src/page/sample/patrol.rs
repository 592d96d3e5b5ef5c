//! Patrols.

use deckwatch_core::assess::CrewMember;
use deckwatch_core::model::{CrewNo, PageSubject};
use deckwatch_core::time::{Basis, Grade};

use super::writing::{acts, empty_writings, writings};
use super::*;
use crate::page::dated::Dated;
use crate::page::finding::{FindingView, FlagView, Severity};
use crate::page::freshness::{Freshness, HeldBack};
use crate::page::patrol::{Ended, Level, Method, PatrolPage, RouteKind, Stop, StopScan, Walk};
use crate::page::verdict::{Revision, VerdictView};
use crate::page::writing::address;
use crate::writing::Act;

/// The stops with the second of the scan after midnight, and how far around it is open.
const STOPS: [(&str, Option<i64>, i64, i64); 14] = [
    ("Bridge, wing door port", Some(0), 2, 4),
    ("Accommodation, deck C, fire station 3", Some(118), 3, 3),
    ("Galley", Some(201), 3, 4),
    ("Laundry", Some(290), 2, 5),
    ("Paint locker", None, 0, 0),
    ("Emergency generator room", Some(530), 3, 3),
    ("Steering gear room", Some(842), 110, 170),
    ("Engine control room", Some(1_010), 90, 120),
    ("Purifier room", Some(1_450), 3, 4),
    ("Engine room, lower platform", Some(1_201), 60, 60),
    ("CO₂ room", Some(1_620), 3, 3),
    ("Cargo hold 2, access hatch", Some(1_880), 4, 4),
    ("Forecastle, bosun store", None, 0, 0),
    ("Gangway", Some(2_310), 3, 3),
];

/// A walk with a missed stop, two out of order, one typed in, and wide intervals below deck.
pub fn patrol(palette: Palette) -> PatrolPage {
    let start = 8 * 3_600 + 11 * 60;
    let mut stops: Vec<Stop> = STOPS
        .iter()
        .zip(1_u32..)
        .map(|((name, second, before, after), place)| {
            let span = second.map(|second| around(start + 40 + second, *before, *after));
            stop(name, place, span)
        })
        .collect();
    let mut order: Vec<(i64, usize)> = stops
        .iter()
        .enumerate()
        .filter_map(|(index, stop)| Some((stop.scan.as_ref()?.at.middle()?, index)))
        .collect();
    order.sort_unstable();
    for ((_, index), place) in order.into_iter().zip(1..) {
        if let Some(scan) = stops.get_mut(index).and_then(|stop| stop.scan.as_mut()) {
            scan.order = place;
        }
    }
    for stop in &mut stops {
        match (stop.checkpoint.as_str(), stop.scan.as_mut()) {
            ("Galley", Some(scan)) => {
                scan.method = Method::Manual { reason: "tag damaged".to_owned() };
                scan.level = Level::Derived(0);
                stop.notes.push("One failed scan before it.".to_owned());
            }
            ("Gangway", Some(scan)) => {
                scan.method = Method::SignedTag;
                scan.level = Level::Claimed(4);
            }
            ("Forecastle, bosun store", None) => stop.required = false,
            _ => {}
        }
    }
    PatrolPage {
        walks: vec![Walk {
            device: device_id(1),
            patrol_no: 214,
            crew: vec![CrewMember { crew: CrewNo(12), grade: 1 }],
            start: around(start, 2, 3),
            end: around(start + 2_420, 3, 3),
            ended: Ended::Finished,
            first_seq: 2_290,
            last_seq: 2_304,
            heads: vec![record(1, 2_304)],
        }],
        stops,
        verdict: VerdictView::Irregular,
        why: "The paint locker was not visited, and two checkpoints were walked out of order."
            .to_owned(),
        findings: findings(),
        revisions: vec![Revision {
            due: due_id(1_019),
            route: "Fire round".to_owned(),
            opens: at(8 * 60),
            from: VerdictView::AwaitingSync,
            to: VerdictView::Irregular,
            at: at(13 * 60 + 42),
            because: "the records of the walk arrived".to_owned(),
        }],
        writings: writings(),
        ..without_walk(palette, at(8 * 60), at(9 * 60))
    }
}

/// A window that the data does not cover yet.
pub fn awaiting_patrol(palette: Palette) -> PatrolPage {
    PatrolPage {
        verdict: VerdictView::AwaitingSync,
        why: "One active device has not reported since before the window closed.".to_owned(),
        ..without_walk(palette, at(16 * 60), at(17 * 60))
    }
}

/// A window that the data covers, and nobody walked.
pub fn missed_patrol(palette: Palette) -> PatrolPage {
    PatrolPage {
        verdict: VerdictView::Missed,
        why: "Nobody walked this round.".to_owned(),
        findings: vec![FindingView {
            code: "missed".to_owned(),
            severity: Severity::Irregular,
            sentence: "No device of the vessel recorded a walk between 04:00 and 05:10.".to_owned(),
            innocent: vec![
                "The round was walked with paper; a paper entry may follow.".to_owned(),
                "A phone that nobody enrolled was used.".to_owned(),
            ],
            records: Vec::new(),
            flag: None,
        }],
        ..without_walk(palette, at(4 * 60), at(5 * 60))
    }
}

/// Names and sentences that try to be markup, and times that no calendar holds.
pub fn hostile_patrol(palette: Palette) -> PatrolPage {
    let evil = "</title><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";
    let mut page = patrol(palette);
    page.shell.title = evil.to_owned();
    page.vessel_name = evil.to_owned();
    page.route = evil.to_owned();
    page.why = evil.to_owned();
    for stop in &mut page.stops {
        stop.checkpoint = evil.to_owned();
        stop.notes = vec![evil.to_owned()];
    }
    for (span, stop) in [
        Span { not_before: Some(i64::MIN), not_after: None },
        Span { not_before: None, not_after: Some(i64::MAX) },
        Span { not_before: Some(i64::MAX), not_after: Some(i64::MIN) },
        Span::default(),
    ]
    .into_iter()
    .zip(&mut page.stops)
    {
        if let Some(scan) = &mut stop.scan {
            scan.at = span;
            scan.method = Method::Manual { reason: evil.to_owned() };
        }
    }
    for finding in &mut page.findings {
        finding.code = evil.to_owned();
        finding.sentence = evil.to_owned();
        finding.innocent = vec![evil.to_owned()];
    }
    for writing in &mut page.writings.writings {
        writing.about = evil.to_owned();
        for said in writing.says.iter_mut().chain(&mut writing.before) {
            said.text = Some(evil.to_owned());
        }
        for state in &mut writing.state {
            state.words = evil.to_owned();
        }
    }
    for revision in &mut page.revisions {
        revision.because = evil.to_owned();
    }
    for walk in &mut page.walks {
        walk.ended = Ended::BrokenOff { reason: evil.to_owned() };
        walk.end = Span { not_before: Some(i64::MAX), not_after: None };
    }
    page
}

/// Where the page of these samples is.
pub(super) fn patrol_address() -> String {
    address(vessel_id(2), PageSubject::Due(due_id(1_019)))
}

fn without_walk(palette: Palette, opens: Moment, closes: Moment) -> PatrolPage {
    PatrolPage {
        shell: shell("Fire round, MV Baltic Heron", Here::Below, palette),
        id: due_id(1_019),
        vessel: vessel_id(2),
        vessel_name: "MV Baltic Heron".to_owned(),
        route: "Fire round".to_owned(),
        route_kind: RouteKind::Ordered,
        opens,
        closes,
        grace_secs: 600,
        plan_heads: vec![Hash::of(b"plan")],
        plan_since: Some(at(-9 * 1_440 + 600)),
        verdict: VerdictView::Done,
        why: String::new(),
        freshness: Freshness {
            complete_to: Some(at(13 * 60 + 40)),
            last_contact: Some(AS_OF - 3 * 3_600),
            held_back_by: Some(HeldBack {
                device: device_id(1),
                last_heard: Some(at(13 * 60 + 40).utc),
            }),
        },
        walks: Vec::new(),
        stops: STOPS.iter().zip(1..).map(|((name, ..), place)| stop(name, place, None)).collect(),
        findings: Vec::new(),
        revisions: Vec::new(),
        writings: empty_writings("patrol", &patrol_address()),
    }
}

fn stop(name: &str, place: u32, at: Option<Span>) -> Stop {
    Stop {
        checkpoint: name.to_owned(),
        planned: Some(place),
        required: true,
        scan: at.map(|at| StopScan {
            at,
            dated: dated(at),
            method: Method::QrLabel,
            level: Level::Derived(1),
            order: place,
            record: record(1, 2_290 + u64::from(place)),
        }),
        notes: Vec::new(),
    }
}

/// Narrow ones by a clock between receipts, wide ones by receipts alone.
pub(super) fn dated(at: Span) -> Dated {
    let moment = |secs: Option<i64>| secs.map(deckwatch_core::time::Moment::from_unix);
    let (not_before, not_after) = (moment(at.not_before), moment(at.not_after));
    let bounds = deckwatch_core::time::Bounds { not_before, not_after };
    let basis = match bounds.grade() {
        Grade::T0 => None,
        Grade::T3 => Some(Basis::Clock),
        Grade::T1 | Grade::T2 => Some(Basis::Proved),
    };
    Dated::new(bounds, basis)
}

fn findings() -> Vec<FindingView> {
    vec![
        FindingView {
            code: "missed_checkpoint".to_owned(),
            severity: Severity::Irregular,
            sentence: "E, Paint locker, is required and was not scanned.".to_owned(),
            innocent: vec![
                "The label is damaged or painted over, and the patroller did not type it in."
                    .to_owned(),
                "The space was closed for work.".to_owned(),
            ],
            records: vec![record(1, 2_290), record(1, 2_304)],
            flag: Some(FlagView {
                id: Hash::of(b"flag"),
                settled: Vec::new(),
                acts: acts(&patrol_address(), &[Act::Settle, Act::Answer], "flag=aa"),
            }),
        },
        FindingView {
            code: "out_of_order".to_owned(),
            severity: Severity::Irregular,
            sentence: "I, Purifier room, was scanned after J, Engine room, lower platform."
                .to_owned(),
            innocent: vec!["The usual way was blocked.".to_owned()],
            records: vec![record(1, 2_299), record(1, 2_300)],
            flag: None,
        },
        FindingView {
            code: "clock_step".to_owned(),
            severity: Severity::Note,
            sentence: "The phone’s clock was set forward by 3,600 s between two records."
                .to_owned(),
            innocent: vec!["The master changed ship time.".to_owned()],
            records: vec![record(1, 2_288)],
            flag: None,
        },
    ]
}
