//! `deckwatch backup`.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Data, Failure, say};
use crate::ledger::{CopyKeysError, KeysCopy};
use crate::store::{SqliteStore, sqlite::SqliteOptions};

/// What to copy, and where to.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  deckwatch backup /backups/deckwatch-2026-12-01.db --data /var/lib/deckwatch\n  \
                  deckwatch backup /vault/deckwatch.db --with-keys --force --data /var/lib/deckwatch\n\n\
                  A server may run meanwhile: the copy is of one moment, and keeps nobody waiting. To restore, put FILE as deckwatch.db and FILE.keys as \
                  keys into an empty folder. Phones hold what came after the backup: see `deckwatch ledger resume --help`."
)]
pub(super) struct Options {
    /// The copy of the database: one file, readable by its owner alone.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Copy the secret keys as well, into the folder FILE.keys that its owner alone may enter.
    ///
    /// Who has them signs in this shore's name. The copy says that it was put back: nothing is signed from it before
    /// `deckwatch ledger resume --end --yes`.
    #[arg(long)]
    with_keys: bool,
    /// Replace FILE, and FILE.keys.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let database = options.data.data.join("deckwatch.db");
    if !database.is_file() {
        return Err(
            format!("there is no {}; name the folder with --data", database.display()).into()
        );
    }
    let keys = beside(&options.file);
    if options.with_keys && !options.force && keys.exists() {
        return Err(
            format!("{} exists; choose another name, or add --force", keys.display()).into()
        );
    }
    let shore = options.data.open()?;
    let words = |error: CopyKeysError| format!("{}: {error}; {}", keys.display(), error.hint());
    let copy = options.with_keys.then(|| KeysCopy::begin(&keys)).transpose().map_err(words)?;
    // Before and after: see there.
    copy.as_ref().map_or(Ok(()), |copy| copy.add(&shore)).map_err(words)?;
    let store = SqliteStore::open(&database, &SqliteOptions::default())?;
    let bar = ProgressBar::new(0).with_style(style());
    let copied = store.backup_over(&options.file, options.force, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    copied.map_err(|error| format!("{}: {error}; {}", options.file.display(), error.hint()))?;
    let size = std::fs::metadata(&options.file).map_or(0, |about| about.len());
    say(format_args!("{}  {size} bytes, checked", options.file.display()));
    if let Some(copy) = copy {
        copy.add(&shore).map_err(words)?;
        let count = copy.finish(&shore).map_err(words)?;
        say(format_args!(
            "{}  {count} files. Who has these signs in this shore's name: keep them apart.",
            keys.display()
        ));
        say(
            "Restored with these keys, the shore signs nothing before `deckwatch ledger resume --end --yes`.",
        );
    } else {
        say(format_args!(
            "The keys are not in it: keep a copy of {} elsewhere, or add --with-keys.",
            options.data.data.join("keys").display()
        ));
        say(
            "After restoring it run `deckwatch ledger resume --yes`: phones hold what came after it.",
        );
    }
    Ok(())
}

/// `FILE.keys`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".keys");
    name.into()
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("copying {bar:30} {percent:>3} %");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
