//! Vessels.

use deckwatch_core::assess::CrewMember;
use deckwatch_core::model::{CrewNo, PageSubject};

use super::*;
use crate::page::freshness::{Freshness, HeldBack};
use crate::page::patrol::Ended;
use crate::page::picture::punch_card::{CardPatrol, PunchCard};
use crate::page::unplanned::UnplannedRow;
use crate::page::verdict::{Revision, VerdictView};
use crate::page::vessel::{DeviceRole, DeviceRow, DeviceState, DueRow, VesselPage};
use crate::page::writing::address;

/// A vessel with every verdict, two routes, and a phone that holds back the watermark.
pub fn vessel(palette: Palette) -> VesselPage {
    let patrols: Vec<CardPatrol> = (0..31).rev().flat_map(patrols_of).collect();
    let chosen = day_before(1).unwrap_or_default();
    let due = patrols
        .iter()
        .filter(|patrol| patrol.opens.ship_day() == Some(chosen))
        .map(due_row)
        .collect();
    VesselPage {
        shell: shell("MV Baltic Heron", Here::Below, palette),
        id: vessel_id(2),
        name: "MV Baltic Heron".to_owned(),
        offset_minutes: OFFSET,
        freshness: Freshness {
            complete_to: Some(at(13 * 60 + 40)),
            last_contact: Some(AS_OF - 3 * 3_600),
            held_back_by: Some(HeldBack {
                device: device_id(1),
                last_heard: Some(at(13 * 60 + 40).utc),
            }),
        },
        devices: devices(),
        card: PunchCard { vessel: vessel_id(2), days: days(), chosen, patrols },
        due,
        unplanned: unplanned_rows(),
        day_written: true,
        previous_day: day_before(2),
        next_day: day_before(0),
        revisions: vec![Revision {
            due: due_id(3_017),
            route: "Fire round".to_owned(),
            opens: at(-3 * 1_440 + 4 * 60),
            from: VerdictView::Missed,
            to: VerdictView::Done,
            at: at(-1_440 + 18 * 60 + 40),
            because: format!(
                "device {} delivered its records up to seq 1204 after it was resumed",
                crate::page::freshness::short_device(device_id(3))
            ),
        }],
    }
}

/// A patrol of the day before that nothing asked for.
pub(super) fn unplanned_rows() -> Vec<UnplannedRow> {
    let (dev, patrol) = (device_id(3), 17);
    vec![UnplannedRow {
        href: address(vessel_id(2), PageSubject::Unplanned { dev, patrol }),
        device: dev,
        patrol,
        route: Some("Fire round".to_owned()),
        crew: vec![CrewMember { crew: CrewNo(14), grade: 1 }],
        started: at(-1_440 + 11 * 60 + 5),
        ended: Ended::Finished,
        points: 4,
    }]
}

/// A vessel that has been added and nothing more.
pub fn bare_vessel(palette: Palette) -> VesselPage {
    let chosen = day_before(0).unwrap_or_default();
    VesselPage {
        shell: shell("MV Wadden", Here::Below, palette),
        id: vessel_id(13),
        name: "MV Wadden".to_owned(),
        offset_minutes: -210,
        freshness: Freshness::default(),
        devices: Vec::new(),
        card: PunchCard { vessel: vessel_id(13), days: days(), chosen, patrols: Vec::new() },
        due: Vec::new(),
        unplanned: Vec::new(),
        day_written: false,
        previous_day: day_before(1),
        next_day: None,
        revisions: Vec::new(),
    }
}

fn devices() -> Vec<DeviceRow> {
    let row = |number, roles: &[DeviceRole], heard_hours: i64, seq, state| DeviceRow {
        id: device_id(number),
        roles: roles.to_vec(),
        last_heard: Some(AS_OF - heard_hours * 3_600),
        held_to_seq: Some(seq),
        state,
        holds_back: number == 1,
    };
    vec![
        row(1, &[DeviceRole::Crew], 7, 2_318, DeviceState::Active),
        row(2, &[DeviceRole::Crew, DeviceRole::Officer], 3, 1_877, DeviceState::Active),
        row(3, &[DeviceRole::Crew], 24 * 12, 1_204, DeviceState::Parked),
        row(4, &[DeviceRole::Crew], 24 * 30, 88, DeviceState::Lost),
        DeviceRow {
            roles: Vec::new(),
            held_to_seq: None,
            last_heard: None,
            ..row(5, &[], 0, 0, DeviceState::Uncertified)
        },
        row(6, &[DeviceRole::Hub], 3, 9_041, DeviceState::Active),
    ]
}

/// A fire round every four hours, and a security round across midnight.
fn patrols_of(back: i64) -> Vec<CardPatrol> {
    let mut patrols: Vec<CardPatrol> = (0..6)
        .map(|slot| {
            let opens = -back * 1_440 + slot * 240;
            patrol(back, slot, "Fire round", opens, opens + 60)
        })
        .collect();
    // In port, for twelve days.
    if (6..18).contains(&back) {
        let opens = -back * 1_440 + 22 * 60 + 30;
        patrols.push(patrol(back, 6, "Gangway and deck edge", opens, opens + 180));
    }
    patrols
}

fn patrol(back: i64, slot: i64, route: &str, opens: i64, closes: i64) -> CardPatrol {
    let verdict = verdict(back, slot, closes);
    let walked =
        matches!(verdict, VerdictView::Done | VerdictView::Irregular | VerdictView::Unverifiable);
    // A scatter that looks human: later at night, never the same twice.
    let scatter = (back * 17 + slot * 29) % 23 + (back * slot) % 7;
    let late = if verdict == VerdictView::Irregular { 55 } else { 3 };
    CardPatrol {
        due: due_id(back * 1_000 + 17 + slot),
        route: route.to_owned(),
        verdict,
        opens: at(opens),
        closes: at(closes),
        started: walked.then(|| at(opens + late + scatter)),
    }
}

fn verdict(back: i64, slot: i64, closes: i64) -> VerdictView {
    if at(closes).utc > AS_OF {
        return VerdictView::NotDueYet;
    }
    if closes > 13 * 60 + 40 {
        return VerdictView::AwaitingSync;
    }
    match (back, slot) {
        (1, 0 | 5) | (0, 1) | (9, 3) => VerdictView::Missed,
        (1, 2) | (3, 2) | (14, 4) => VerdictView::Irregular,
        (1, 4) | (20, 1..=3) => VerdictView::Unverifiable,
        (1, 3) | (12, 6) => VerdictView::Excused,
        _ => VerdictView::Done,
    }
}

fn due_row(patrol: &CardPatrol) -> DueRow {
    let why = match patrol.verdict {
        VerdictView::Missed => "Data is complete past the window, and no device recorded a walk.",
        VerdictView::Irregular => {
            "Started 58 minutes after opening; checkpoints F and K were not visited."
        }
        VerdictView::Unverifiable => "The device that recorded it has no certificate yet.",
        VerdictView::AwaitingSync => "One device has not reported since 13:40.",
        VerdictView::Excused => {
            "Heavy weather, accepted by the ship security officer on 21 Nov 08:12."
        }
        VerdictView::NotDueYet => "The window has not closed.",
        VerdictView::Done => "14 of 14 checkpoints in 31 minutes.",
    };
    DueRow {
        due: patrol.due,
        route: patrol.route.clone(),
        opens: patrol.opens,
        closes: patrol.closes,
        verdict: patrol.verdict,
        why: why.to_owned(),
    }
}
