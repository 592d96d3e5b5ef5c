//! Flags.

use super::*;
use crate::page::finding::Severity;
use crate::page::flags::{FlagRow, FlagsPage, VesselChoice};
use crate::page::writing::{StateView, Tone};

/// An inbox with several causes.
pub fn flags(palette: Palette) -> FlagsPage {
    use Severity::{Irregular, Note, Serious};
    let rows = [
        ("missed", Irregular, 2, 240, "No walk between 04:00 and 05:10; data is complete past it."),
        (
            "missed",
            Irregular,
            2,
            -240,
            "No walk between 20:00 and 21:10; data is complete past it.",
        ),
        (
            "missed",
            Irregular,
            2,
            -1_440,
            "No walk between 00:00 and 01:10; data is complete past it.",
        ),
        (
            "missed",
            Irregular,
            7,
            -31_680,
            "No walk between 08:00 and 09:10; data is complete past it.",
        ),
        (
            "missed_checkpoint",
            Irregular,
            2,
            480,
            "E, Paint locker, is required and was not scanned.",
        ),
        (
            "desk_burst",
            Irregular,
            5,
            -2_640,
            "14 scans in 96 s; the median of this route is 29 min.",
        ),
        (
            "desk_burst",
            Irregular,
            5,
            -1_200,
            "14 scans in 88 s; the median of this route is 29 min.",
        ),
        ("chain_fork", Serious, 3, -17_000, "Two different records at seq 411 of one device."),
        ("late_start", Irregular, 5, -5_760, "Started at 00:58, 58 min after opening."),
        ("clock_step", Note, 5, -5_700, "A note is no flag and is left out."),
    ];
    let flags = rows
        .into_iter()
        .zip(0..)
        .map(|((code, severity, vessel, minute, sentence), number)| FlagRow {
            opens: at(minute),
            vessel: vessel_id(vessel),
            vessel_name: name(vessel),
            due: due_id(number),
            route: "Fire round".to_owned(),
            code: code.to_owned(),
            severity,
            sentence: sentence.to_owned(),
            settled: (number == 4).then(explained),
        })
        .collect();
    let mut shell = shell("Flags", Here::Flags, palette);
    shell.open_flags = 9;
    FlagsPage::new(shell, flags, choices(), None, (2_391, 31))
}

fn explained() -> StateView {
    StateView { words: "explained".to_owned(), by: None, tone: Tone::Settled }
}

/// An empty inbox, filtered by one vessel.
pub fn no_flags(palette: Palette) -> FlagsPage {
    let mut shell = shell("Flags", Here::Flags, palette);
    shell.open_flags = 0;
    shell.query.push(("vessel".to_owned(), vessel_id(0).to_string()));
    FlagsPage::new(shell, Vec::new(), choices(), Some(vessel_id(0)), (412, 31))
}

fn choices() -> Vec<VesselChoice> {
    [0, 2, 3, 5, 7]
        .into_iter()
        .map(|number| VesselChoice { id: vessel_id(number), name: name(number) })
        .collect()
}

fn name(number: u8) -> String {
    match number {
        0 => "MV Nordlys",
        2 => "MV Baltic Heron",
        3 => "MV Star of Ormen",
        5 => "MV Pelican Strait",
        _ => "MV Golden Tern",
    }
    .to_owned()
}
