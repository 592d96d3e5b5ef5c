//! What is right and wrong with a data folder. Nothing in it is changed: what cannot be asked of the database as it is, is asked of a
//! copy, which goes away again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::clock::{Clock, SystemClock};
use crate::entropy::SystemEntropy;
use crate::private_file;
use crate::shore::{KeyFolder, Shore};
use crate::store::sqlite::{KNOWN, OpenError, SqliteOptions, copy_untouched};
use crate::store::{SqliteStore, StoreError, gather, reading};

/// The program that wrote a receipt was not more than this ahead, seconds: clocks of servers are set by the network.
const AHEAD: i64 = 60;
/// Bytes that must be free beside room for the database once more.
const SPARE: u64 = 64 * 1024 * 1024;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, and what to do.
    pub words: String,
}

fn good(about: &'static str, words: impl Into<String>) -> Finding {
    Finding { about, ok: true, words: words.into() }
}

fn bad(about: &'static str, words: impl Into<String>) -> Finding {
    Finding { about, ok: false, words: words.into() }
}

/// Looks at a data folder.
pub fn examine(data: &Path, clock: &dyn Clock) -> Vec<Finding> {
    let database = data.join("deckwatch.db");
    if !database.is_file() {
        let words = format!("there is no {}; name the folder with --data", database.display());
        return vec![bad("folder", words)];
    }
    let mut findings = vec![modes(data)];
    findings.extend(disk(data, &database));
    match Copy::of(data, &database) {
        Ok(copy) => findings.extend(copy.examine(data, clock.now())),
        Err(words) => findings.push(bad("database", words)),
    }
    findings
}

/// Files that others than their owner may use.
fn modes(data: &Path) -> Finding {
    let keys = data.join("keys");
    let beside = ["deckwatch.db", "deckwatch.db-wal", "deckwatch.db-shm"];
    let mut private: Vec<PathBuf> = beside.iter().map(|name| data.join(name)).collect();
    private.push(keys.clone());
    let secret = |path: &PathBuf| path.extension().is_some_and(|it| it == "key" || it == "tags");
    let listed = fs::read_dir(&keys).into_iter().flatten().flatten().map(|file| file.path());
    private.extend(listed.filter(secret));
    private.sort();
    let exposed = |path: &PathBuf| {
        let mode = private_file::exposed(&fs::metadata(path).ok()?)?;
        Some(format!("{} (mode {mode:03o})", path.display()))
    };
    let exposed: Vec<String> = private.iter().filter_map(exposed).collect();
    if exposed.is_empty() {
        return good("modes", "nobody but their owner may use keys and database");
    }
    let list = exposed.join(", ");
    bad("modes", format!("others may use {list}; chmod 600 files and 700 folders"))
}

/// Whether the database would fit once more.
#[cfg(unix)]
fn disk(data: &Path, database: &Path) -> Option<Finding> {
    const MIB: u64 = 1024 * 1024;
    let size = fs::metadata(database).ok()?.len();
    let about = rustix::fs::statvfs(data).ok()?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let words = format!("{} MiB are free; the database has {} MiB", free / MIB, size / MIB);
    Some(if free >= size.saturating_add(SPARE) {
        good("disk", words)
    } else {
        bad("disk", format!("{words}, and must fit once more with 64 MiB to spare; make room"))
    })
}

#[cfg(not(unix))]
fn disk(_: &Path, _: &Path) -> Option<Finding> {
    None
}

/// The database as of one moment, with the tree heads that stood beside the keys before.
struct Copy {
    shore: Shore,
    store: Arc<SqliteStore>,
    version: i32,
    _folder: tempfile::TempDir,
}

impl Copy {
    fn of(data: &Path, database: &Path) -> Result<Self, String> {
        let folder =
            tempfile::tempdir().map_err(|error| format!("no room for a copy ({error})"))?;
        let keys = folder.path().join("keys");
        let io = |error: std::io::Error| format!("no copy can be made ({error})");
        private_file::make_folder(&keys).map_err(io)?;
        // Before the database: a server that runs signs on.
        for file in fs::read_dir(data.join("keys")).into_iter().flatten().flatten() {
            let path = file.path();
            let told = ["head", "lost", "collecting"];
            if path.extension().is_some_and(|it| told.iter().any(|ending| it == *ending)) {
                fs::copy(&path, keys.join(file.file_name())).map_err(io)?;
            }
        }
        let copy = folder.path().join("deckwatch.db");
        let version = copy_untouched(database, &copy)
            .map_err(|error| format!("{error}; {}", error.hint()))?;
        let words = |error: OpenError| format!("{error}; {}", error.hint());
        let store = Arc::new(SqliteStore::open(&copy, &SqliteOptions::default()).map_err(words)?);
        let keys = KeyFolder::open(&keys).map_err(|error| error.to_string())?;
        let clock = Arc::new(SystemClock);
        let shore = Shore::new(Arc::clone(&store) as _, keys, clock, Box::new(SystemEntropy));
        Ok(Self { shore, store, version, _folder: folder })
    }

    fn examine(&self, data: &Path, now: i64) -> Vec<Finding> {
        let version = match self.version {
            KNOWN => format!("version {KNOWN}, as this program writes it"),
            version => format!("version {version}; it becomes {KNOWN} when it is opened"),
        };
        let mut findings = vec![good("version", version)];
        findings.push(match self.store.find_damage() {
            Ok(None) => good("database", "every page and reference holds"),
            Ok(Some(damage)) => bad("database", format!("{damage}; put a backup back")),
            Err(error) => failed("database", &error),
        });
        // What follows reads what a damaged database may not have.
        if findings.iter().all(|finding| finding.ok) {
            let keys = self.keys(data).unwrap_or_else(|error| failed("keys", &error));
            findings.extend([keys, self.ledger(), self.projections()]);
            findings.push(self.clock(now).unwrap_or_else(|error| failed("clock", &error)));
        }
        findings
    }

    /// Whether the key of each vessel is there, and is the one that the database names.
    fn keys(&self, data: &Path) -> Result<Finding, StoreError> {
        let folder = KeyFolder::as_it_is(&data.join("keys"));
        let vessels = self.shore.vessels()?;
        for vessel in &vessels {
            if let Err(error) = folder.key(vessel.id, &vessel.shore_key) {
                return Ok(bad("keys", format!("{error}; {}", error.hint())));
            }
        }
        Ok(good("keys", format!("those of {} vessels are there", vessels.len())))
    }

    fn ledger(&self) -> Finding {
        match self.shore.ledger_state() {
            Err(error) => bad("ledger", format!("{error}; {}", error.hint())),
            Ok(None) => good("ledger", "nothing was logged yet"),
            Ok(Some(state)) if state.collecting => {
                bad("ledger", "the shore was put back and collects; see `deckwatch ledger resume`")
            }
            Ok(Some(state)) if !state.is_whole => {
                let signed = state.handed_out.map_or(0, |head| head.size);
                let held = state.held;
                bad(
                    "ledger",
                    format!(
                        "a tree of {signed} leaves was signed and is not held ({held} are): this is an old copy; see `deckwatch ledger resume --help`"
                    ),
                )
            }
            Ok(Some(state)) => good(
                "ledger",
                format!("{} leaves, with every tree head that was signed", state.held),
            ),
        }
    }

    /// As `rebuild` does it, on the copy.
    fn projections(&self) -> Finding {
        // News that nobody assessed yet are no difference.
        match self.shore.settle().and_then(|()| self.shore.rebuild()) {
            Err(error) => bad("verdicts", format!("{error}; {}", error.hint())),
            Ok(rebuilt) => {
                let differing = rebuilt.iter().filter(|it| !it.is_identical());
                let differing: Vec<&str> = differing.map(|it| it.name.as_str()).collect();
                if differing.is_empty() {
                    good("verdicts", format!("of {} vessels, made again alike", rebuilt.len()))
                } else {
                    let list = differing.join(", ");
                    bad("verdicts", format!("{list} came out differently; run `deckwatch rebuild`"))
                }
            }
        }
    }

    /// Against the newest receipt: this shore's clock once stood there.
    fn clock(&self, now: i64) -> Result<Finding, StoreError> {
        let mut newest: Option<i64> = None;
        for vessel in self.shore.vessels()? {
            let times = reading(&*self.store, |tx| gather(|each| tx.receipts_of(vessel.id, each)))?;
            newest = newest.max(times.iter().map(|receipt| receipt.time).max());
        }
        Ok(match newest {
            None => good("clock", "no receipt was given yet"),
            Some(time) if time <= now.saturating_add(AHEAD) => {
                good("clock", "not before the newest receipt")
            }
            Some(time) => {
                let ahead = time.saturating_sub(now);
                bad(
                    "clock",
                    format!("{ahead} s before the newest receipt; set this machine's clock"),
                )
            }
        })
    }
}

fn failed(about: &'static str, error: &StoreError) -> Finding {
    bad(about, format!("{error}; {}", error.hint()))
}
