//! Fleets.

use super::*;
use crate::page::fleet::{FleetPage, VesselRow};
use crate::page::freshness::{Freshness, HeldBack};
use crate::page::verdict::{Tally, VerdictView};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Ships of made-up names; more are numbered.
const NAMES: [&str; 14] = [
    "Nordlys",
    "Cape Arnica",
    "Baltic Heron",
    "Star of Ormen",
    "Havila Trader",
    "Pelican Strait",
    "Inger Maersund",
    "Golden Tern",
    "Thalassa IV",
    "Ostrea",
    "Sierra Blanca",
    "Kittiwake",
    "Aurora Borealis Carrier",
    "Wadden",
];

/// A fleet with one vessel of every fate.
pub fn fleet(palette: Palette) -> FleetPage {
    fleet_of(14, palette)
}

/// A fleet of any size.
pub fn fleet_of(vessels: u8, palette: Palette) -> FleetPage {
    FleetPage::new(shell("Fleet", Here::Fleet, palette), &days(), (0..vessels).map(row).collect())
}

/// A fleet in which nothing has been set up.
pub fn empty_fleet(palette: Palette) -> FleetPage {
    let mut shell = shell("Fleet", Here::Fleet, palette);
    shell.open_flags = 0;
    FleetPage::new(shell, &days(), Vec::new())
}

fn row(number: u8) -> VesselRow {
    let name = NAMES
        .get(usize::from(number))
        .map_or_else(|| format!("Ship number {number}"), |name| format!("MV {name}"));
    // How long ago the last contact was, and how long before that the data ends.
    let (contact, gap) = match number % 14 {
        1 => (5 * DAY + 2 * HOUR, 3 * HOUR),
        4 => (2 * HOUR, 2 * DAY),
        8 => (40 * 60, 30 * 60),
        11 => (19 * HOUR, HOUR),
        n => (i64::from(n) * 37 * 60 + 240, i64::from(n) * 11 * 60 + 600),
    };
    let known = number % 14 != 12;
    let complete_to = AS_OF - contact - gap;
    let freshness = Freshness {
        complete_to: known.then_some(Moment { utc: complete_to, offset_minutes: OFFSET }),
        last_contact: known.then_some(AS_OF - contact),
        held_back_by: known
            .then(|| HeldBack { device: device_id(number), last_heard: Some(complete_to + 120) }),
    };
    let days = (0..31).rev().map(|back| day(number, back, freshness.complete_to)).collect();
    VesselRow { id: vessel_id(number), name, days, freshness, normal_silence_secs: 2 * DAY }
}

/// Six patrols a day, one every four hours.
fn day(number: u8, back: i64, complete_to: Option<Moment>) -> Tally {
    let fate = number % 14;
    if fate == 9 && (8..20).contains(&back) || fate == 13 && back > 11 {
        return Tally::default();
    }
    (0..6).map(|slot| verdict(number, back, slot, complete_to)).collect()
}

fn verdict(number: u8, back: i64, slot: i64, complete_to: Option<Moment>) -> VerdictView {
    let closes = at(-back * 1_440 + slot * 240 + 45);
    if closes.utc > AS_OF {
        return VerdictView::NotDueYet;
    }
    if complete_to.is_none_or(|to| closes.utc > to.utc) {
        return VerdictView::AwaitingSync;
    }
    match (number % 14, back, slot) {
        (2, 1, 0 | 5) | (2, 0, 1) | (2, 9, 3) | (7, 22, 2) | (7, 21, 0..=3) => VerdictView::Missed,
        (2, 3, 2) | (5, 1 | 2, 4) | (5, 4, 0..=1) | (3, 12, 1) | (0, 26, 5) => {
            VerdictView::Irregular
        }
        (10, 13..=16, _) => VerdictView::Unverifiable,
        (9, 21, _) | (6, 5, 3) => VerdictView::Excused,
        _ => VerdictView::Done,
    }
}
