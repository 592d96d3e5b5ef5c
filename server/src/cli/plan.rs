//! `deckwatch plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use deckwatch_core::plan::PlanContent;

use super::{
    Data, Failure, find_vessel,
    plan_file::{PlanFile, differences},
    say,
};
use crate::entropy::SystemEntropy;

/// What to do.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a vessel's plan say what a file says; shows what changes first.
    #[command(
        after_help = "Example:\n  deckwatch plan import \"MV Aurelia\" plan.toml          # shows what would change\n  deckwatch plan import \"MV Aurelia\" plan.toml --yes    # changes it\n\nA plan file:\n  contact_limit_hours = 336\n  roster = [7, 41]            # numbers that may log in; names never stand in a plan\n  ship_time = [{ from = 0, minutes = 60 }]\n  [[checkpoint]]\n  name = \"Paint locker\"\n  deck = \"Main deck\"\n  min_level = 4               # least evidence: 1 label, 2 NFC tag, 3 display, 4 signed tag\n  [[checkpoint.check]]\n  item = \"temperature\"\n  ask = \"Temperature?\"\n  kind = \"number\"           # or yes_no, text\n  unit = \"°C\"\n  max = 60.5\n  [[route]]\n  name = \"Full round\"\n  walk = \"ordered\"            # or any_order\n  points = [\"Paint locker\"]\n  max_minutes = 60\n  [[schedule]]\n  name = \"Rounds\"\n  route = \"Full round\"\n  times = [\"02:00\", \"08:00\", \"14:00\", \"20:00\"]\n  window_minutes = 90\n  start_within_minutes = 45\n  grace_minutes = 15"
    )]
    Import {
        /// The vessel: name or id.
        vessel: String,
        /// The plan, in TOML.
        file: PathBuf,
        /// Do it, instead of showing what would change.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Print a vessel's plan as such a file.
    Show {
        /// The vessel: name or id.
        vessel: String,
        #[command(flatten)]
        data: Data,
    },
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match options.command {
        Command::Import { vessel, file, yes, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("cannot read {} ({error})", file.display()))?;
            let (before, _) = shore.plan(vessel.id)?;
            let parsed: PlanFile =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            let mut target: PlanContent = parsed.onto(&before, &mut SystemEntropy)?;
            target.vessel_name.clone_from(&vessel.name);
            let changes = differences(&before, &target);
            if changes.is_empty() {
                say("nothing differs");
                return Ok(());
            }
            for change in &changes {
                say(change);
            }
            if !yes {
                say(format_args!(
                    "{} changes; nothing was done yet: add --yes to do it",
                    changes.len()
                ));
                return Ok(());
            }
            shore.edit_plan(vessel.id, &target)?;
            say(format_args!(
                "{} changes made; an officer adopts them on board after the next sync",
                changes.len()
            ));
        }
        Command::Show { vessel, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            let (plan, _) = shore.plan(vessel.id)?;
            say(toml::to_string(&PlanFile::of(&plan))?);
        }
    }
    Ok(())
}
