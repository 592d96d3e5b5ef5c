//! `deckwatch plan`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use deckwatch_core::{
    entropy::draw,
    plan::{DrawSecret, PlanContent},
    time::Day,
};

use super::{
    Data, Failure, find_vessel,
    plan_file::{PlanFile, differences},
    say,
};
use crate::{
    entropy::SystemEntropy,
    plan::concern::{concerns, predictable},
};

/// The exit code where a plan has something to look at.
const TO_LOOK_AT: u8 = 4;

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
        after_help = "Example:\n  deckwatch plan import \"MV Aurelia\" plan.toml          # shows what would change\n  deckwatch plan import \"MV Aurelia\" plan.toml --yes    # changes it\n\nA plan file:\n  contact_limit_hours = 336\n  roster = [7, 41]            # numbers that may log in; names never stand in a plan\n  ship_time = [{ from = 0, minutes = 60 }]\n  [[checkpoint]]\n  name = \"Paint locker\"\n  deck = \"Main deck\"\n  min_level = 4               # least evidence: 1 label, 2 NFC tag, 3 display, 4 signed tag\n  [[checkpoint.check]]\n  item = \"temperature\"\n  ask = \"Temperature?\"\n  kind = \"number\"           # or yes_no, text\n  unit = \"°C\"\n  max = 60.5\n  [[route]]\n  name = \"Full round\"\n  walk = \"ordered\"            # or any_order\n  points = [\"Paint locker\"]\n  max_minutes = 60\n  [[schedule]]\n  name = \"Rounds\"\n  route = \"Full round\"\n  times = [\"02:00\", \"08:00\", \"14:00\", \"20:00\"]\n  window_minutes = 90\n  start_within_minutes = 45\n  grace_minutes = 15\n\nA schedule may say every_minutes = 300 with every_from = \"2026-12-01 00:00\" (UTC), or after_watch_begins = [0, 120],\ninstead of times; and days = \"mon wed\", levels = [2, 3], states = [\"port\"], spread_minutes = 60,\nmost_apart_minutes = 300, shuffled = true. docs/plan.schema.json describes the whole file, in TOML or JSON (.json)."
    )]
    Import {
        /// The vessel: name or id.
        vessel: String,
        /// The plan, in TOML, or in JSON where its name ends in .json.
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
        /// In JSON instead of TOML.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Say what is impossible in a plan file or can be foreseen, without a shore; exit code 4 if something is.
    #[command(after_help = "Example:\n  deckwatch plan check plan.toml")]
    Check {
        /// The plan, in TOML, or in JSON where its name ends in .json.
        file: PathBuf,
    },
    /// Make a secret that drawn openings come from; shows what it would do first.
    #[command(
        after_help = "Examples:\n  deckwatch plan draw \"MV Aurelia\" --from 2026-12-15\n  deckwatch plan draw \"MV Aurelia\" --from 2026-12-15 --yes\n\nThe secret stands in the plan and goes to the ship's phones, which show a drawn patrol when it opens. What is printed\nmay be published: whoever holds the plan later can check that nothing else was drawn from."
    )]
    Draw {
        /// The vessel: name or id.
        vessel: String,
        /// The first ship-time day that it counts for, as 2026-12-15.
        #[arg(long, value_parser = day_of)]
        from: Day,
        /// Do it, instead of showing what would change.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
}

fn day_of(text: &str) -> Result<Day, &'static str> {
    Day::from_iso(text).ok_or("write a day as 2026-12-15")
}

/// Reads a plan file; by its name in TOML or JSON.
fn read(file: &Path) -> Result<PlanFile, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {} ({error})", file.display()))?;
    let named = |error: String| format!("{}: {error}", file.display());
    let json = file.extension().is_some_and(|name| name.eq_ignore_ascii_case("json"));
    let parsed = if json {
        serde_json::from_str(&text).map_err(|error| named(error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| named(error.to_string()))?
    };
    Ok(parsed)
}

/// What is wrong in a plan, a line each.
fn check(file: &Path) -> Result<ExitCode, Failure> {
    let plan = read(file)?.onto(&PlanContent::default(), &mut SystemEntropy)?;
    let found = concerns(&plan);
    for concern in &found {
        say(format_args!("! {}: {}", concern.about, concern.what));
    }
    if let Some(note) = predictable(&plan) {
        say(format_args!("· {}: {}; spread_minutes lets chance move them", note.about, note.what));
    }
    match found.len() {
        0 => say("nothing to look at"),
        count => say(format_args!("{count} to look at; none of it keeps a plan from being used")),
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(TO_LOOK_AT) })
}

/// Puts a new secret into the plan.
fn make_draw(vessel: &str, from: Day, yes: bool, data: &Data) -> Result<(), Failure> {
    let shore = data.open()?;
    let vessel = find_vessel(&shore, vessel)?;
    let (before, _) = shore.plan(vessel.id)?;
    let secret = DrawSecret(draw(&mut SystemEntropy));
    let drawn = before.schedules.values().filter(|schedule| schedule.draw.is_some());
    let drawn: Vec<&str> = drawn.map(|schedule| schedule.name.as_str()).collect();
    let what = if drawn.is_empty() { "no schedule yet".to_owned() } else { drawn.join(", ") };
    say(format_args!("from {from} (ship time) on, openings are drawn anew for: {what}"));
    if before.draws.contains_key(&from) {
        say(format_args!("a secret from {from} on is there already; it would be replaced"));
    }
    if before.ship_time.day(shore.now()) >= from {
        say(
            "that day has begun: what was drawn for it before would count no more; choose a later one if you can",
        );
    }
    if !yes {
        say("nothing was done yet: add --yes to do it");
        return Ok(());
    }
    let mut target = before;
    target.draws.insert(from, secret);
    shore.edit_plan(vessel.id, &target)?;
    say(format_args!("made; to be published: {}", secret.published()));
    say("an officer adopts it on board after the next sync");
    Ok(())
}

pub(super) fn run(options: Options) -> Result<ExitCode, Failure> {
    match options.command {
        Command::Import { vessel, file, yes, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            let (before, _) = shore.plan(vessel.id)?;
            let parsed = read(&file)?;
            let mut target: PlanContent = parsed.onto(&before, &mut SystemEntropy)?;
            target.vessel_name.clone_from(&vessel.name);
            let changes = differences(&before, &target);
            if changes.is_empty() {
                say("nothing differs");
                return Ok(ExitCode::SUCCESS);
            }
            for change in &changes {
                say(change);
            }
            if !yes {
                say(format_args!(
                    "{} changes; nothing was done yet: add --yes to do it",
                    changes.len()
                ));
                return Ok(ExitCode::SUCCESS);
            }
            shore.edit_plan(vessel.id, &target)?;
            say(format_args!(
                "{} changes made; an officer adopts them on board after the next sync",
                changes.len()
            ));
        }
        Command::Check { file } => return check(&file),
        Command::Draw { vessel, from, yes, data } => make_draw(&vessel, from, yes, &data)?,
        Command::Show { vessel, json, data } => {
            let shore = data.open()?;
            let vessel = find_vessel(&shore, &vessel)?;
            let (plan, _) = shore.plan(vessel.id)?;
            let file = PlanFile::of(&plan);
            let text =
                if json { serde_json::to_string_pretty(&file)? } else { toml::to_string(&file)? };
            say(text);
        }
    }
    Ok(ExitCode::SUCCESS)
}
