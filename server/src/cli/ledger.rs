//! `deckwatch ledger`.

use clap::{Args, Subcommand};

use super::{Data, Failure, say};
use crate::shore::Shore;

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
    if !state.is_whole {
        let signed = state.handed_out.map_or(0, |head| head.size);
        say(format_args!(
            "LOST    a ledger of {signed} leaves was signed, and this database does not hold it: it is an old copy. Nothing is signed.\n        Put the newest copy back; if there is none, see `deckwatch ledger begin --help`."
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
