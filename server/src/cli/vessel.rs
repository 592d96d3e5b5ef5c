//! `deckwatch vessel`.

use clap::{Args, Subcommand};

use super::{Data, Failure, say};

/// What to do.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a vessel; prints its id.
    #[command(after_help = "Example:\n  deckwatch vessel add \"MV Aurelia\"")]
    Add {
        /// Its name.
        name: String,
        #[command(flatten)]
        data: Data,
    },
    /// List all vessels.
    List {
        #[command(flatten)]
        data: Data,
    },
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match options.command {
        Command::Add { name, data } => {
            let shore = data.open()?;
            if shore.vessels()?.iter().any(|vessel| vessel.name == name) {
                return Err(
                    format!("there is a vessel {name:?} already; choose another name").into()
                );
            }
            say(shore.add_vessel(&name)?);
        }
        Command::List { data } => {
            let vessels = data.open()?.vessels()?;
            if vessels.is_empty() {
                say("no vessels yet; add one with: deckwatch vessel add NAME");
            }
            for vessel in vessels {
                say(format_args!("{}  {}", vessel.id, vessel.name));
            }
        }
    }
    Ok(())
}
