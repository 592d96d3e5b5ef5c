//! `deckwatch erase`.

use clap::{Args, ValueEnum};
use deckwatch_core::{audit::Shown, model::DeviceId, record::reason::erase};

use super::{Data, Failure, find_vessel, say};
use crate::shore::ErasureRequest;

/// What to erase, and why.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  deckwatch erase --vessel \"MV Aurelia\" --device 1f2e3d4c --from 0 --to 900 --parts person --because retention --reason \"Five years are over\" --data /var/lib/deckwatch\n\nBackups that were made before still hold what was erased, and so does the phone that wrote it."
)]
pub(super) struct Options {
    /// The vessel: name or id.
    #[arg(long, value_name = "VESSEL")]
    vessel: String,
    /// The device: its id, or at least 6 digits of its beginning.
    #[arg(long, value_name = "DEVICE")]
    device: String,
    /// From this record on.
    #[arg(long, value_name = "SEQ")]
    from: u64,
    /// Up to this record.
    #[arg(long, value_name = "SEQ")]
    to: u64,
    /// These parts of them.
    #[arg(long, value_delimiter = ',', required = true, value_name = "PART")]
    parts: Vec<PartName>,
    /// Why, for programs.
    #[arg(long, value_enum, default_value = "retention")]
    because: Because,
    /// Why, in words, without names: it stands in the ledger for ever.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do it. Without it, this only says what would be erased.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PartName {
    /// When.
    Time,
    /// Who.
    Person,
    /// What.
    Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Because {
    /// Their time of retention has ended.
    Retention,
    /// Somebody whom they are about asked for it.
    Asked,
    /// Something else.
    Other,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let shore = options.data.open()?;
    let vessel = find_vessel(&shore, &options.vessel)?;
    let has = |part| options.parts.contains(&part);
    let parts = Shown {
        time: has(PartName::Time),
        person: has(PartName::Person),
        content: has(PartName::Content),
    };
    let request = ErasureRequest {
        dev: device(&shore, &vessel, &options.device)?,
        from: options.from,
        to: options.to,
        parts,
        reason: match options.because {
            Because::Retention => erase::RETENTION,
            Because::Asked => erase::ASKED,
            Because::Other => erase::OTHER,
        },
        why: options.reason.clone(),
    };
    let outcome = if options.yes {
        shore.erase(vessel.id, &request)
    } else {
        shore.preview_erasure(vessel.id, &request)
    };
    let erased = outcome.map_err(|error| format!("{error}; {}", error.hint()))?;
    let [times, persons, contents] = erased.parts;
    let verb = if options.yes { "were" } else { "would be" };
    say(format_args!(
        "Of {} records of device {}, {times} times, {persons} persons and {contents} contents {verb} erased. Their commitments stay, and the chain verifies as before.",
        erased.records, request.dev
    ));
    say(format_args!(
        "Backups that were made before are not touched: they hold it until they are deleted. So does the phone that wrote it."
    ));
    if !options.yes {
        say(format_args!("Nothing was changed. Add --yes to erase; it cannot be undone."));
    }
    Ok(())
}

fn device(
    shore: &crate::shore::Shore,
    vessel: &crate::store::VesselRow,
    named: &str,
) -> Result<DeviceId, Failure> {
    let devices = shore.reading_held(vessel.id, |held| {
        held.chains().iter().map(|chain| chain.dev()).collect::<Vec<_>>()
    })?;
    let is = |dev: &&DeviceId| {
        let text = dev.to_string();
        text == named || (named.len() >= 6 && text.starts_with(named))
    };
    let mut found = devices.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(dev), None) => Ok(*dev),
        (Some(_), Some(_)) => Err(format!("several devices begin with {named:?}; give the whole id that `deckwatch device list` shows").into()),
        (None, _) => Err(format!("nothing is held of a device {named:?}; `deckwatch device list` shows them").into()),
    }
}
