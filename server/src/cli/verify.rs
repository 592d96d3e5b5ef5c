//! `deckwatch verify`: a bundle on somebody's own laptop, without a server and without a network.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use deckwatch_core::{
    audit::{Bundle, Options as Asked, Report, archive::MAX_ARCHIVE, verify},
    ledger::{Policy, policy::MAX_POLICY},
    model::VesselId,
};

use super::{Failure, report, say};

/// Nothing to verify: not a bundle, no policy, nothing to read.
const NOT_A_BUNDLE: u8 = 2;

/// Which bundle, and whom to believe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    deckwatch verify bundle.zip --policy policy.txt\n  \
    deckwatch verify bundle.zip --policy policy.txt --from 2026-11-03 --to 2026-11-09\n  \
    deckwatch verify bundle.zip --policy policy.txt --json > report.json\n\n\
A policy is yours: take its keys from the flag, the insurer or the ship security plan, never from whoever hands out the bundle. \
In the form of c2sp.org/tlog-policy:\n  \
    log shore.example/fleet+0f38726c+AQOh...\n  \
    witness flag flag.example/w1+5c2d1fa0+BKn3...\n  \
    quorum flag\n\n\
Exit code: 0 everything holds and the flags follow from the records; 1 something does not hold; 2 not a bundle, or no policy; \
3 everything holds and flags differ; 4 everything holds and not everything could be assessed again.")]
pub(super) struct Options {
    /// The bundle.
    bundle: PathBuf,
    /// Your own policy: which ledger is believed, and which witnesses must have seen it.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// It must be about this vessel (32 hex digits).
    #[arg(long, value_name = "ID", value_parser = VesselId::from_hex)]
    vessel: Option<VesselId>,
    /// Look at patrols that were due from this day (UTC) or moment on; otherwise at the whole bundle.
    #[arg(long, value_name = "DATE", value_parser = from_day)]
    from: Option<i64>,
    /// Look at patrols that were due up to the end of this day (UTC), or before this moment.
    #[arg(long, value_name = "DATE", value_parser = to_day)]
    to: Option<i64>,
    /// The vessel's shore key (66 hex digits), as an enrolment code shows it: pins who may certify phones.
    #[arg(long, value_name = "HEX", value_parser = shore_key)]
    shore_key: Option<[u8; 33]>,
    /// Write the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    match options.verify() {
        Ok(found) => {
            let text = if options.json {
                serde_json::to_string_pretty(&found)?
            } else {
                found.to_string()
            };
            say(text.trim_end());
            Ok(ExitCode::from(found.exit_code()))
        }
        Err(failure) => {
            report(&format!("deckwatch: {failure}"));
            Ok(ExitCode::from(NOT_A_BUNDLE))
        }
    }
}

impl Options {
    fn verify(&self) -> Result<Report, Failure> {
        let policy = Policy::parse(&read(&self.policy, MAX_POLICY)?)
            .map_err(|error| format!("{}: {error}", self.policy.display()))?;
        let archive = read(&self.bundle, MAX_ARCHIVE)?;
        let bundle = Bundle::from_archive(&archive);
        drop(archive);
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", self.bundle.display());
        let bundle = bundle.map_err(|error| named(&error))?;
        let (vessel, from, to, shore_key) = (self.vessel, self.from, self.to, self.shore_key);
        let asked = Asked { vessel, from, to, shore_key };
        Ok(verify(&bundle, &policy, &asked).map_err(|error| named(&error))?)
    }
}

/// A file of at most so many bytes: a bundle can be anything that somebody sent.
fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let failed = |error: std::io::Error| format!("cannot read {} ({error})", path.display());
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > most {
        return Err(format!(
            "{} is larger than {most} bytes; it is not what it should be",
            path.display()
        )
        .into());
    }
    Ok(bytes)
}

/// The beginning of a day in UTC, or a moment.
pub(super) fn from_day(text: &str) -> Result<i64, String> {
    moment(text, 0)
}

/// The end of a day in UTC, or a moment.
pub(super) fn to_day(text: &str) -> Result<i64, String> {
    moment(text, 1)
}

fn moment(text: &str, days: i64) -> Result<i64, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == "2026-11-03".len()
        && let Ok(midnight) = date.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Ok(midnight.timestamp().as_second() + days * 86_400);
    }
    let moment = text.parse::<jiff::Timestamp>();
    moment.map(|moment| moment.as_second()).map_err(|_| {
        "not a day such as 2026-11-03, or a moment such as 2026-11-03T08:00:00Z".to_owned()
    })
}

fn shore_key(text: &str) -> Result<[u8; 33], String> {
    let key = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    key.and_then(|key| key.try_into().ok()).ok_or_else(|| "not 66 hex digits".to_owned())
}
