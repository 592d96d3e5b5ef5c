//! `deckwatch witness`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};
use deckwatch_core::ledger::{KeyType, VerifierKey, Witness};

use super::{
    Failure, runtime, say, shutdown,
    tls::{Tls, follow},
};
use crate::{
    clock::SystemClock,
    entropy::SystemEntropy,
    store::sqlite::SqliteWitnessStore,
    tls::TlsListener,
    witness::{create_key, read_key, router, serve},
};

/// Whom to witness, and where.
#[derive(Debug, Args)]
#[command(
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  deckwatch witness key flag.example/w1 --key-file witness.key\n  \
                  deckwatch witness --log patrol.example/fleet-1+0f38726c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 \
                  --key-file witness.key --store witness.db --listen 127.0.0.1:8090\n  \
                  deckwatch witness evidence --store witness.db --out evidence\n\n\
                  Never restore the store from a backup: a witness that forgot what it cosigned would cosign a second face of a \
                  ledger. If it is lost, make a new key, and tell who believes the old one."
)]
pub(super) struct Options {
    #[command(subcommand)]
    task: Option<Task>,
    /// Address and port. Anybody may ask.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    listen: SocketAddr,
    /// The file in which it remembers what it cosigned; made if there is none.
    #[arg(long, default_value = "witness.db", value_name = "FILE")]
    store: PathBuf,
    /// The public key of a ledger to witness; may be given several times, also for several keys of one ledger.
    #[arg(long, required = true, value_name = "VKEY", value_parser = ledger_key)]
    log: Vec<VerifierKey>,
    /// The file with the witness's own key.
    #[arg(long, default_value = "witness.key", value_name = "FILE")]
    key_file: PathBuf,
    #[command(flatten)]
    tls: Tls,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make the witness's key, and print its public half for those who are to believe it.
    Key {
        /// The name of the witness: an address without scheme, as `flag.example/w1`.
        name: String,
        /// The file for the secret half; never replaced.
        #[arg(long, default_value = "witness.key", value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Write out the evidence against ledgers that showed two faces.
    Evidence {
        /// The witness's store.
        #[arg(long, default_value = "witness.db", value_name = "FILE")]
        store: PathBuf,
        /// The folder for the files; made if there is none.
        #[arg(long, default_value = "evidence", value_name = "DIR")]
        out: PathBuf,
    },
}

fn ledger_key(text: &str) -> Result<VerifierKey, String> {
    VerifierKey::parse_as(text, KeyType::Ed25519).map_err(|error| error.to_string())
}

pub(super) fn run(options: Options) -> Result<(), Failure> {
    match &options.task {
        Some(Task::Key { name, key_file }) => {
            say(create_key(key_file, name, &mut SystemEntropy)?);
            Ok(())
        }
        Some(Task::Evidence { store, out }) => write_evidence(store, out),
        None => runtime()?.block_on(witness(options)),
    }
}

async fn witness(options: Options) -> Result<(), Failure> {
    let witness = Witness::new(read_key(&options.key_file)?, options.log)?;
    let (certificate, store) = (options.tls.certificate()?, open(&options.store)?);
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        format!("cannot listen on {} ({error}); choose another with --listen", options.listen)
    })?;
    let address = listener.local_addr()?;
    let origins: Vec<&str> = witness.origins().collect();
    say(format_args!("{} witnesses {}", witness.verifier(), origins.join(", ")));
    let scheme = options.tls.scheme();
    say(format_args!("It answers {scheme}://{address}/add-checkpoint (end with Ctrl-C)"));
    options.tls.warn(address);
    let router = router(witness, store, Arc::new(SystemClock));
    match certificate {
        None => serve(listener, router, shutdown()).await?,
        Some(certificate) => {
            let listener = TlsListener::new(listener, certificate.server_config()?);
            let following = tokio::spawn(follow(certificate));
            serve(listener, router, shutdown()).await?;
            following.abort();
        }
    }
    Ok(())
}

fn open(path: &std::path::Path) -> Result<SqliteWitnessStore, Failure> {
    SqliteWitnessStore::open(path)
        .map_err(|error| format!("{}: {error}; {}", path.display(), error.hint()).into())
}

fn write_evidence(store: &std::path::Path, out: &std::path::Path) -> Result<(), Failure> {
    if !store.exists() {
        return Err(format!("there is no store {}; name it with --store", store.display()).into());
    }
    let evidence = open(store)?.evidence()?;
    if evidence.is_empty() {
        say("No ledger has shown this witness two faces.");
        return Ok(());
    }
    std::fs::create_dir_all(out).map_err(|error| {
        format!("cannot make {} ({error}); choose another with --out", out.display())
    })?;
    for (number, (origin, bytes)) in (1..).zip(evidence) {
        let path = out.join(format!("{number}.split-view"));
        std::fs::write(&path, bytes)
            .map_err(|error| format!("cannot write {} ({error})", path.display()))?;
        say(format_args!("{}  {origin}", path.display()));
    }
    Ok(())
}
