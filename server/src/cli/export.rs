//! `deckwatch export`: evidence for somebody who trusts nobody here.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use deckwatch_core::audit::{Bundle, Shown, Withheld};
use tempfile::NamedTempFile;

use super::{
    Data, Failure, find_vessel, say,
    serve::{Authorities, witness_address},
    verify::{from_day, to_day},
};
use crate::ledger::{Cosigning, ExportRequest, WitnessAddress};
use crate::shore::Shore;
use crate::tls::Trust;

/// What to hand out, and to whom.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    deckwatch export --vessel \"MV Aurelia\" --from 2026-11-03 --to 2026-11-09 --for \"the flag state\" -o bundle.zip --data /var/lib/deckwatch\n  \
    deckwatch export --vessel \"MV Aurelia\" --from 2026-11-03 --to 2026-11-09 --for \"P&I club\" --withhold persons,pages -o bundle.zip\n  \
    deckwatch export --vessel \"MV Aurelia\" --from 2026-11-03 --to 2026-11-09 --for \"P&I club\" -o bundle.zip --witness http://127.0.0.1:8090=flag.example/w1+5c2d1fa0+BKn3...\n\n\
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
    #[arg(long = "for", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    recipient: String,
    /// What is not shown; the rest verifies as before, and some patrols cannot be assessed again.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    withhold: Vec<What>,
    /// The file.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// A witness whose cosignature the reader's policy asks for; may be given several times.
    ///
    /// It cosigns the tree head of this evidence, so it must be reached now. Its key is what `deckwatch witness key` printed.
    #[arg(long = "witness", value_name = "URL=KEY", value_parser = witness_address)]
    witnesses: Vec<Arc<WitnessAddress>>,
    #[command(flatten)]
    authorities: Authorities,
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
    let trust = options.authorities.trust()?;
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
    if options.from >= options.to {
        return Err("the period ends before it begins; exchange --from and --to".into());
    }
    // That it was handed out stands in the ledger for ever: not where nothing can be written.
    let mut file = beside(&options.out).map_err(|error| cannot_write(options, &error))?;
    let mut bundle = shore.export(vessel.id, &request)?;
    let refused = cosign(&shore, &mut bundle, &options.witnesses, &trust)?;
    file.write_all(&bundle.to_archive()?)
        .and_then(|()| file.as_file().sync_all())
        .and_then(|()| file.persist(&options.out).map_err(|error| error.error))
        .map_err(|error| cannot_write(options, &error))?;
    say(format_args!("{}", options.out.display()));
    match refused.first() {
        Some(first) => Err(format!("it was written, but {first}; export again to have it").into()),
        None => Ok(()),
    }
}

/// A new file in the same folder, which takes the place of the one named when it is whole.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the umask leaves of them, as for every file that somebody makes.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".evidence-").tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Asks each witness; gives who did not cosign, and why.
fn cosign(
    shore: &Shore,
    bundle: &mut Bundle,
    witnesses: &[Arc<WitnessAddress>],
    trust: &Trust,
) -> Result<Vec<String>, Failure> {
    let mut refused = Vec::new();
    for witness in witnesses {
        let post = |url: &str, bytes: &[u8]| trust.post(url, bytes);
        if let Cosigning::Refused(words) = shore.cosign_bundle(bundle, witness, post)? {
            refused.push(format!("{} did not cosign it ({words})", witness.key().name()));
        }
    }
    Ok(refused)
}

fn cannot_write(options: &Options, error: &io::Error) -> String {
    format!("cannot write {} ({error})", options.out.display())
}
