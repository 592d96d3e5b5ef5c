//! The command line.

mod backup;
mod device;
mod doctor;
mod enrol;
mod erase;
mod export;
mod labels;
mod ledger;
mod one_server;
mod plan;
mod plan_file;
mod rebuild;
mod serve;
mod tags;
mod tls;
mod verify;
mod vessel;
mod witness;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};
use deckwatch_core::model::VesselId;

use crate::{
    clock::SystemClock,
    demo,
    entropy::SystemEntropy,
    shore::{KeyFolder, Shore},
    store::{SqliteStore, VesselRow, sqlite::SqliteOptions},
};

/// What any command may fail with; shown with its causes.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Records security and fire patrols on ships, and says which were walked, which were not, and what nobody can know yet.
#[derive(Debug, Parser)]
#[command(
    name = "deckwatch",
    version,
    after_help = "Examples:\n  deckwatch demo\n  deckwatch serve --data /var/lib/deckwatch\n  deckwatch vessel add \"MV Aurelia\" --data /var/lib/deckwatch"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a fleet of six ships with a month behind it, then phones that go on patrolling.
    ///
    /// Everything lives in a temporary folder and is gone afterwards.
    #[command(
        after_help = "Examples:\n  deckwatch demo\n  deckwatch demo --listen 127.0.0.1:0 --days 10"
    )]
    Demo(demo::Options),
    /// Serve pages and sync.
    #[command(
        after_help = "Examples:\n  deckwatch serve --data /var/lib/deckwatch --listen 127.0.0.1:8080\n  deckwatch serve --data /var/lib/deckwatch --host shore.example --host shore.lan\n  deckwatch serve --data /var/lib/deckwatch --listen 0.0.0.0:443 --host shore.example --tls-cert chain.pem --tls-key key.pem"
    )]
    Serve(serve::Options),
    /// Show the ledger, or begin a new one after a loss.
    #[command(after_help = "Example:\n  deckwatch ledger show --data /var/lib/deckwatch")]
    Ledger(ledger::Options),
    /// Copy the database of a server that may be running, and on demand its keys.
    Backup(backup::Options),
    /// Look whether all is well with a data folder: modes, database, keys, ledger, verdicts, disk, clock. Changes nothing.
    Doctor(doctor::Options),
    /// Add and list vessels.
    Vessel(vessel::Options),
    /// Import and show a vessel's plan.
    Plan(plan::Options),
    /// Write sheets of QR labels for a vessel's checkpoints.
    #[command(
        after_help = "Example:\n  deckwatch labels \"MV Aurelia\" --out labels --data /var/lib/deckwatch\nPrint the SVG files on A4 at 100 %."
    )]
    Labels(labels::Options),
    /// Invite a phone: prints a code to scan.
    #[command(
        after_help = "Example:\n  deckwatch enrol \"MV Aurelia\" --role officer --server https://shore.example --data /var/lib/deckwatch"
    )]
    Enrol(enrol::Options),
    /// List a vessel's devices; certify, confirm, revoke them, declare them lost.
    Device(device::Options),
    /// Register NFC tags and displays, write them, check their scans, and disclose retired keys.
    Tags(tags::Options),
    /// Make all verdicts again from the sources, and say whether they come out identical.
    Rebuild(rebuild::Options),
    /// Witness ledgers of others: cosign what only grew, and keep evidence of what did not.
    ///
    /// Answers `POST /add-checkpoint` (c2sp.org/tlog-witness). Whoever does not trust the company that runs the ledger runs this.
    Witness(witness::Options),
    /// Erase parts of records after their retention: who, when or what. The chain still verifies, and says so.
    Erase(erase::Options),
    /// Hand out a vessel's evidence as one file that needs no server.
    Export(export::Options),
    /// Check a file of evidence against your own policy, without a server and without a network.
    Verify(verify::Options),
}

/// Where a shore's files are.
#[derive(Debug, Clone, Args)]
struct Data {
    /// The folder with the database and the keys; made if there is none.
    #[arg(long, env = "DECKWATCH_DATA", default_value = "deckwatch-data", value_name = "DIR")]
    data: PathBuf,
}

impl Data {
    fn open(&self) -> Result<Shore, Failure> {
        open(&self.data)
    }
}

fn open(folder: &Path) -> Result<Shore, Failure> {
    make_folder(folder).map_err(|error| {
        format!("cannot make {} ({error}); choose another with --data", folder.display())
    })?;
    let store = SqliteStore::open(&folder.join("deckwatch.db"), &SqliteOptions::default())?;
    let keys = KeyFolder::open(&folder.join("keys"))
        .map_err(|error| format!("{error}; {}", error.hint()))?;
    Ok(Shore::new(Arc::new(store), keys, Arc::new(SystemClock), Box::new(SystemEntropy)))
}

/// A new folder is its owner's alone: the database has names and times of persons. One that is there stays as it is.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A vessel by its id, the beginning of its id, or its name.
fn find_vessel(shore: &Shore, named: &str) -> Result<VesselRow, Failure> {
    let vessels = shore.vessels()?;
    let is = |vessel: &&VesselRow| {
        vessel.name == named
            || VesselId::from_hex(named) == Ok(vessel.id)
            || (named.len() >= 6 && vessel.id.to_string().starts_with(named))
    };
    let mut found = vessels.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(format!("several vessels are called {named:?}; give the id that `deckwatch vessel list` shows").into()),
        (None, _) => Err(format!("no vessel {named:?}; `deckwatch vessel list` shows them, `deckwatch vessel add` adds one").into()),
    }
}

/// Prints a line for whoever runs the command; they may have stopped reading.
fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            let mut line = format!("deckwatch: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                // Many errors say their cause themselves.
                let text = error.to_string();
                if !line.contains(&text) {
                    line = format!("{line}: {text}");
                }
                cause = error.source();
            }
            report(&line);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a failed command says why")]
fn report(line: &str) {
    eprintln!("{line}");
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let done = match cli.command {
        Command::Verify(options) => return verify::run(&options),
        Command::Plan(options) => return plan::run(options),
        Command::Doctor(options) => return doctor::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Erase(options) => erase::run(&options),
        Command::Demo(options) => Ok(runtime()?.block_on(demo::run(options, shutdown()))?),
        Command::Serve(options) => runtime()?.block_on(serve::run(options)),
        Command::Backup(options) => backup::run(&options),
        Command::Vessel(options) => vessel::run(options),
        Command::Labels(options) => labels::run(&options),
        Command::Ledger(options) => ledger::run(options),
        Command::Enrol(options) => enrol::run(&options),
        Command::Device(options) => device::run(options),
        Command::Tags(options) => tags::run(options),
        Command::Rebuild(options) => rebuild::run(&options),
        Command::Witness(options) => witness::run(options),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Resolves at Ctrl-C, and at SIGTERM where there is one.
async fn shutdown() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            drop(interrupt.await);
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
