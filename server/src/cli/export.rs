//! `deckwatch export`: evidence for somebody who trusts nobody here.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use deckwatch_core::audit::{Shown, Withheld};

use super::{
    Data, Failure, find_vessel, say,
    verify::{from_day, to_day},
};
use crate::ledger::ExportRequest;

/// What to hand out, and to whom.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    deckwatch export --vessel \"MV Aurelia\" --from 2026-11-03 --to 2026-11-09 --for \"the flag state\" -o bundle.zip --data /var/lib/deckwatch\n  \
    deckwatch export --vessel \"MV Aurelia\" --from 2026-11-03 --to 2026-11-09 --for \"P&I club\" --withhold persons,pages -o bundle.zip\n\n\
That it was handed out, to whom and what was withheld, stands in the ledger for ever. Check it with `deckwatch verify`.")]
pub(super) struct Options {
    /// The vessel: name or id.
    #[arg(long, value_name = "VESSEL")]
    vessel: String,
    #[command(flatten)]
    data: Data,
    /// Patrols that were due from this day (UTC) or moment on.
    #[arg(long, value_name = "DATE", value_parser = from_day)]
    from: i64,
    /// Up to the end of this day (UTC), or before this moment.
    #[arg(long, value_name = "DATE", value_parser = to_day)]
    to: i64,
    /// To whom it is handed out.
    #[arg(long = "for", value_name = "NAME")]
    recipient: String,
    /// What is not shown; the rest verifies as before, and some patrols cannot be assessed again.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    withhold: Vec<What>,
    /// The file.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

/// What may be withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Who made each record.
    Persons,
    /// When each record was made.
    Timings,
    /// What was scanned, started and ended.
    Contents,
    /// What people wrote on Pages.
    Pages,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let shore = options.data.open()?;
    let vessel = find_vessel(&shore, &options.vessel)?;
    let withholds = |what| options.withhold.contains(&what);
    let parts = Shown {
        time: withholds(What::Timings),
        person: withholds(What::Persons),
        content: withholds(What::Contents),
    };
    let rule = (parts != Shown::default()).then(|| Withheld::everywhere(parts));
    let request = ExportRequest {
        from: options.from,
        to: options.to,
        recipient: options.recipient.clone(),
        withheld: rule.into_iter().collect(),
        pages: !withholds(What::Pages),
    };
    let archive = shore.export(vessel.id, &request)?.to_archive()?;
    std::fs::write(&options.out, &archive)
        .map_err(|error| format!("cannot write {} ({error})", options.out.display()))?;
    say(format_args!("{}", options.out.display()));
    Ok(())
}
