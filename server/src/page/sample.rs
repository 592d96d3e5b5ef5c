//! Made-up pages: what the snapshots hold, and what designers look at.
//!
//! `cargo run -p deckwatch --example sample_pages OUT` writes them as files. Everything is computed
//! from constants, so a change of a snapshot is a change of a page.

mod flags;
mod fleet;
mod patrol;
mod plan;
mod vessel;
mod writing;

use deckwatch_core::model::{DeviceId, DueId, Hash, RecordRef, VesselId};
use jiff::civil::Date;

pub use flags::{flags, no_flags};
pub use fleet::{empty_fleet, fleet, fleet_of};
pub use patrol::{awaiting_patrol, hostile_patrol, missed_patrol, patrol};
pub use plan::{empty_plan, older_plan, plan, plan_form, plan_preview};
pub use vessel::{bare_vessel, vessel};
pub use writing::{
    closed_patrol, day, empty_day, unplanned, write_answer, write_closing, write_form,
    write_preview,
};

use super::layout::{Here, Palette, Shell};
use super::moment::{Moment, Span};
use super::problem::ProblemPage;

/// The instant all samples speak for: 2026-11-21 19:02 UTC.
pub const AS_OF: i64 = 1_795_287_720;

/// 2026-11-21 00:00 in the samples' ship time.
const TODAY: i64 = 1_795_219_200 - 2 * 3_600;

/// The samples' ship time.
const OFFSET: i32 = 120;

/// A shell whose assets lie beside the page.
pub fn shell(title: &str, here: Here, palette: Palette) -> Shell {
    let mut shell = Shell::new(title, here, palette, AS_OF);
    shell.open_flags = 9;
    shell.stylesheet = "deckwatch.css".to_owned();
    shell.icon = "icon.svg".to_owned();
    shell
}

/// A page that does not exist.
pub fn not_found(palette: Palette) -> ProblemPage {
    ProblemPage::not_found(shell("", Here::Below, palette), "due patrol")
}

/// A page that could not be made.
pub fn broken(palette: Palette) -> ProblemPage {
    ProblemPage::broken(shell("", Here::Below, palette), "req-7f3a91c2")
}

/// A form that was not taken.
pub fn not_done(palette: Palette) -> ProblemPage {
    let mut page = ProblemPage::not_done(
        shell("", Here::Below, palette),
        422,
        "Route Fire round is used by schedule Fire rounds, so it was not removed",
        "Nothing was changed. Take it out there first.",
    );
    let plan = format!("/vessels/{}/plan", vessel_id(2));
    page.back = Some((plan, "Go back to the plan".to_owned()));
    page
}

/// The last 31 ship-time days, oldest first.
fn days() -> Vec<Date> {
    let mut days: Vec<Date> = (0..31).filter_map(day_before).collect();
    days.reverse();
    days
}

fn day_before(back: i64) -> Option<Date> {
    at(-back * 1_440).ship_day()
}

/// An instant by its minutes after today's ship-time midnight.
fn at(minute: i64) -> Moment {
    Moment { utc: TODAY + minute * 60, offset_minutes: OFFSET }
}

/// An interval around a second after today's ship-time midnight.
fn around(second: i64, before: i64, after: i64) -> Span {
    let utc = TODAY + second;
    Span { not_before: Some(utc - before), not_after: Some(utc + after) }
}

fn vessel_id(number: u8) -> VesselId {
    let mut bytes = [0x5e; 16];
    bytes[0] = number;
    bytes[15] = number.wrapping_mul(37);
    VesselId(bytes)
}

fn device_id(number: u8) -> DeviceId {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&Hash::of(&[number]).0[..8]);
    DeviceId(bytes)
}

fn due_id(number: i64) -> DueId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Hash::of(&number.to_be_bytes()).0[..16]);
    DueId(bytes)
}

fn record(device: u8, seq: u64) -> RecordRef {
    RecordRef { dev: device_id(device), seq, hash: Hash::of(&seq.to_be_bytes()) }
}
