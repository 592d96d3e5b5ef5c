//! `deckwatch doctor`.

use std::process::ExitCode;

use clap::Args;

use super::{Data, Failure, say};
use crate::{clock::SystemClock, doctor::examine};

/// Which shore.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  deckwatch doctor --data /var/lib/deckwatch\n  deckwatch doctor --json --data /var/lib/deckwatch\n\n\
                  Nothing in the folder is changed, and a server may run meanwhile. The database is copied into the folder for temporary files, and \
                  the copy goes away again. Exit code: 0 all is well, 1 something is not."
)]
pub(super) struct Options {
    #[command(flatten)]
    data: Data,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let findings = examine(&options.data.data, &SystemClock);
    if options.json {
        say(serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            let glyph = if finding.ok { '\u{2713}' } else { '\u{2717}' };
            say(format_args!("{glyph} {:<9} {}", finding.about, finding.words));
        }
    }
    let well = findings.iter().all(|finding| finding.ok);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
