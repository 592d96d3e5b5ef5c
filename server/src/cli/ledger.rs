//! `deckwatch ledger`.

use clap::{Args, Subcommand};
use deckwatch_core::time::moment::utc;

use super::{Data, Failure, say};
use crate::{
    ledger::{Resuming, ResumingDevice},
    shore::Shore,
};

/// What to do with the ledger.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the ledger's key, its size and its newest signed tree head.
    ///
    /// The key is what an auditor puts into a policy, and what a witness is started with.
    Show(Data),
    /// After a restore: collect what phones bring back, and say who has come back.
    ///
    /// While the shore collects, it takes everything that phones bring (records, changes, receipts, and the shore's own chain of
    /// each vessel), and signs nothing. Without --yes it only says where it stands. A server that runs follows at once.
    #[command(
        after_help = "Examples:\n  deckwatch ledger resume --yes --data /var/lib/deckwatch\n  deckwatch ledger resume --data /var/lib/deckwatch\n  deckwatch ledger resume --end --yes --data /var/lib/deckwatch"
    )]
    Resume(Resume),
    /// Begin a new ledger after a loss. Without --yes it only says what would happen.
    ///
    /// Only where the newest copy of the database cannot be had any more. The new ledger says in its first leaf
    /// what was lost and why, for ever; phones and auditors see that it is another one.
    #[command(
        after_help = "Example:\n  deckwatch ledger begin --reason \"Disk failure; restored the backup of 3 November\" --yes --data /var/lib/deckwatch"
    )]
    Begin(Begin),
}

#[derive(Debug, Args)]
struct Resume {
    #[command(flatten)]
    data: Data,
    /// End it, where nothing is lost: the ledger goes on. Where something is lost, see `deckwatch ledger begin`.
    #[arg(long)]
    end: bool,
    /// Do it.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct Begin {
    #[command(flatten)]
    data: Data,
    /// What happened, for whoever reads the ledger in ten years.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do it.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match options.command {
        Command::Show(data) => show(&data.open()?),
        Command::Resume(resume) => resume.run(),
        Command::Begin(begin) => begin.run(),
    }
}

fn show(shore: &Shore) -> Result<(), Failure> {
    let Some(state) = shore.ledger_state()? else {
        say(format_args!("nothing was logged yet; the ledger begins with the first vessel"));
        return Ok(());
    };
    say(format_args!("key     {}", state.key));
    say(format_args!("leaves  {}", state.held));
    if state.collecting {
        say(format_args!(
            "The shore was put back and collects what phones bring back. Nothing is signed; see `deckwatch ledger resume`."
        ));
        return Ok(());
    }
    if !state.is_whole {
        let signed = state.handed_out.map_or(0, |head| head.size);
        say(format_args!(
            "LOST    a ledger of {signed} leaves was signed, and this database does not hold it: it is an old copy. Nothing is signed.\n        Put the newest copy back; if there is none, see `deckwatch ledger resume --help`."
        ));
        return Ok(());
    }
    if let Some(head) = shore.tree_head()? {
        say(format_args!("\n{}", String::from_utf8_lossy(&head.note).trim_end()));
    }
    Ok(())
}

impl Begin {
    fn run(self) -> Result<(), Failure> {
        if self.reason.trim().is_empty() {
            return Err("a reason is needed; it stands in the ledger for ever".into());
        }
        let shore = self.data.open()?;
        let state = shore.ledger_state()?;
        match &state {
            Some(state) if state.is_whole => say(format_args!(
                "The ledger {} is whole ({} leaves). A new one is not needed; every phone and auditor will ask why it began.",
                state.key, state.held
            )),
            Some(state) => say(format_args!(
                "The ledger {} holds {} leaves; one of {} leaves was signed.",
                state.key,
                state.held,
                state.handed_out.as_ref().map_or(0, |head| head.size)
            )),
            None => say(format_args!("Nothing was logged yet.")),
        }
        if let Some(resuming) = shore.resuming()? {
            warn_of_missing(&resuming);
        }
        if !self.yes {
            say(format_args!("Nothing was changed. Add --yes to begin a new ledger."));
            return Ok(());
        }
        let begun = shore.begin_new_ledger(&self.reason)?;
        say(format_args!("A new ledger began: {} ({} leaves)", begun.key, begun.size));
        say(format_args!("Give its key to auditors and witnesses."));
        Ok(())
    }
}

impl Resume {
    fn run(self) -> Result<(), Failure> {
        let shore = self.data.open()?;
        match (self.end, self.yes) {
            (true, true) => {
                shore.end_collecting().map_err(|error| format!("{error}; {}", error.hint()))?;
                say(format_args!("The ledger goes on. What came meanwhile is logged."));
            }
            (false, true) => {
                shore.begin_collecting().map_err(|error| format!("{error}; {}", error.hint()))?;
            }
            _ => {}
        }
        let Some(resuming) = shore.resuming()? else {
            say(format_args!("Nothing was logged yet, so nothing can have been lost."));
            return Ok(());
        };
        show_resuming(&resuming);
        Ok(())
    }
}

fn show_resuming(resuming: &Resuming) {
    let Resuming { key, since, held, known, is_whole, vessels } = resuming;
    say(format_args!(
        "ledger  {key}\nleaves  {held} held, {known} in the largest tree that somebody is known to have been shown"
    ));
    match since {
        Some(since) => say(format_args!(
            "The shore collects since {}. Nothing is signed; phones keep everything.",
            utc(*since)
        )),
        None => say(format_args!("The shore does not collect.")),
    }
    for vessel in vessels {
        let tip = vessel.shore_tip.map_or_else(|| "nothing".to_owned(), |tip| tip.to_string());
        say(format_args!(
            "\n{}\n  the shore's own chain: up to record {tip}; segments brought back by phones: {}",
            vessel.name, vessel.shore_segments
        ));
        for device in &vessel.devices {
            say(format_args!("  {}", words(device, since.is_some())));
        }
    }
    let next = match (since, is_whole) {
        (None, true) => "Nothing is known to be lost.",
        (None, false) => {
            "The database is an old copy. Put the newest copy back; if there is none: `deckwatch ledger resume --yes`."
        }
        (Some(_), true) => {
            "Nothing is known to be lost yet: phones may tell. When all have come back: `deckwatch ledger resume --end --yes`."
        }
        (Some(_), false) => {
            "Leaves are lost: phones cannot bring back their order. When they have come back, begin a new ledger that says so: `deckwatch ledger begin --help`."
        }
    };
    say(format_args!("\n{next}"));
    if since.is_some() {
        warn_of_missing(resuming);
    }
}

fn words(device: &ResumingDevice, collects: bool) -> String {
    let ResumingDevice { dev, back_at, newest, remembers, receipted } = device;
    let number = |it: &Option<u64>| it.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let back = match back_at {
        Some(at) => format!("back at {}", utc(*at)),
        None if collects => "MISSING".to_owned(),
        None => "held".to_owned(),
    };
    let mut words = format!(
        "{dev}  {back}; records up to {}; acknowledged {} leaves",
        number(newest),
        number(remembers)
    );
    if receipted > newest {
        words.push_str(&format!(
            "; a receipt names record {}, which is not held",
            number(receipted)
        ));
    }
    words
}

fn warn_of_missing(resuming: &Resuming) {
    let (missing, devices) = resuming.missing();
    if resuming.since.is_some() && missing > 0 {
        say(format_args!(
            "{missing} of {devices} devices have not come back. What only they hold of the shore's own chain would then be a second history of it."
        ));
    }
}
