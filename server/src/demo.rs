//! `deckwatch demo`: a fresh shore with a past, then phones that go on patrolling.
//!
//! Nothing is drawn onto the pages: simulated phones record with the real core into real stores,
//! and sync over real HTTP with the real shore. Only the clock is told what time it is while
//! the past is written.

pub mod fleet;
mod hands;
pub mod live;
pub mod phone;
pub mod seed;

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    sync::{Arc, mpsc},
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpListener;

use crate::{
    clock::{Clock, SeedingClock, SystemClock},
    entropy::SystemEntropy,
    shore::{KeyFolder, KeyFolderError, Shore, ShoreError},
    store::{
        SqliteStore, StoreError,
        sqlite::{OpenError, SqliteOptions},
    },
};
use phone::PhoneError;
use seed::{Past, Seeded};

/// `deckwatch demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where the pages are served.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Days of history.
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(i64).range(5..=120))]
    pub days: i64,
    /// Another seed, another fleet.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Serve the history, without phones that go on patrolling.
    #[arg(long)]
    pub no_live: bool,
}

/// Why a demonstration ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// A phone.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// A record.
    #[error(transparent)]
    Record(#[from] deckwatch_core::phone::RecordError),
    /// The shore.
    #[error(transparent)]
    Shore(#[from] ShoreError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// The address.
    #[error(
        "cannot listen on {address} ({source}); choose another with --listen, for example --listen 127.0.0.1:0"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A folder.
    #[error("the temporary folder cannot be used ({0}); see that the disk is not full")]
    Io(#[from] std::io::Error),
    /// Something that several hands do.
    #[error(transparent)]
    Hands(Box<dyn std::error::Error + Send + Sync>),
    /// The thread that wrote the past.
    #[error("writing the history stopped; run it again with RUST_LOG=debug")]
    Stopped,
}

impl DemoError {
    /// Of what two phones, or phone and shore, do together.
    fn hands(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Hands(Box::new(error))
    }
}

/// Runs until `shutdown` resolves.
pub async fn run(
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), DemoError> {
    let address = options.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|source| DemoError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let folder = tempfile::Builder::new().prefix("deckwatch-demo-").tempdir()?;
    let now = SystemClock.now();
    let clock = Arc::new(SeedingClock::at(now - options.days * 86_400));
    let shore = Arc::new(open_shore(folder.path(), Arc::clone(&clock))?);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut ended = stopped.clone();
    let hosts = crate::http::Hosts::default();
    let serving =
        tokio::spawn(crate::http::serve(listener, Arc::clone(&shore), hosts, async move {
            // A closed channel means the same as a word through it.
            drop(ended.wait_for(|stop| *stop).await);
        }));
    tokio::spawn(async move {
        shutdown.await;
        // Nobody listens any more only if the demonstration has ended by itself.
        let _ = stop.send(true);
    });

    let seeding = {
        let (shore, clock, folder) =
            (Arc::clone(&shore), Arc::clone(&clock), folder.path().to_owned());
        tokio::task::spawn_blocking(move || {
            seed_past(&options, &shore, &clock, &folder, address, now)
        })
    };
    let mut interrupted = stopped.clone();
    let fleet = tokio::select! {
        seeded = seeding => seeded.map_err(|_| DemoError::Stopped)??,
        _ = interrupted.wait_for(|stop| *stop) => return Ok(()),
    };
    clock.run();
    shore.reassess_all()?;
    announce(address, fleet.is_empty());
    let stops = patrol_on(fleet, address, &clock);
    drop(interrupted.wait_for(|stop| *stop).await);
    drop(stops);
    drop(serving.await);
    Ok(())
}

fn open_shore(folder: &Path, clock: Arc<SeedingClock>) -> Result<Shore, DemoError> {
    let store = SqliteStore::open(&folder.join("deckwatch.db"), &SqliteOptions::default())?;
    let keys = KeyFolder::open(&folder.join("keys"))?;
    Ok(Shore::new(Arc::new(store), keys, clock, Box::new(SystemEntropy)))
}

fn seed_past(
    options: &Options,
    shore: &Shore,
    clock: &SeedingClock,
    folder: &Path,
    address: SocketAddr,
    now: i64,
) -> Result<Vec<Seeded>, DemoError> {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template(
        "{spinner} recording the past {bar:40} {percent:>3} %  {pos}/{len}  {eta} left",
    ) {
        bar.set_style(style);
    }
    let address = address.to_string();
    let past = Past {
        shore,
        clock,
        address: &address,
        folder,
        now,
        days: options.days,
        seed: options.seed,
    };
    let fleet = seed::fleet(&past, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        // Without a terminal the bar is silent: a line every tenth instead.
        if bar.is_hidden() && done * 10 / all != (done - 1) * 10 / all {
            tracing::info!("recorded {} % of the past", done * 100 / all);
        }
    })?;
    bar.finish_and_clear();
    Ok(if options.no_live { Vec::new() } else { fleet })
}

/// Whoever started it may have stopped reading.
fn announce(address: SocketAddr, history_only: bool) {
    let then = if history_only {
        "Only their history is shown (--no-live). End with Ctrl-C."
    } else {
        "Their phones go on patrolling and syncing. End with Ctrl-C; nothing is kept."
    };
    let text = format!(
        "Six ships are on record. Open http://{address}/ to see which one did not patrol, and why.\n{then}\n"
    );
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One thread a ship; dropping the senders ends them.
fn patrol_on(
    fleet: Vec<Seeded>,
    address: SocketAddr,
    clock: &Arc<SeedingClock>,
) -> Vec<mpsc::Sender<()>> {
    let start = |seeded: Seeded| {
        let (stop, stopped) = mpsc::channel();
        let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
        std::thread::spawn(move || {
            let vessel = seeded.vessel;
            if let Err(error) = live::walk_on(seeded, &address.to_string(), &clock, &stopped) {
                tracing::error!(%vessel, %error, "a live phone stopped");
            }
        });
        stop
    };
    fleet.into_iter().map(start).collect()
}
