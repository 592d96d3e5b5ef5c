//! `deckwatch serve`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use super::{
    Data, Failure,
    one_server::OneServer,
    say, shutdown,
    tls::{Tls, follow},
};
use crate::http::Hosts;
use crate::ledger::{Cosigning, WitnessAddress};
use crate::shore::Shore;
use crate::tls::{TlsListener, Trust};

/// How often witnesses are asked.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// Where to serve.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    data: Data,
    /// Address and port. The pages have no log-in: keep it on loopback or behind a proxy that asks who is there.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    /// A name under which the pages are opened, such as that of the proxy in front; may be given several times.
    ///
    /// Addresses and localhost need no mention. Pages asked for under any other name are refused, so that a page of
    /// another site cannot read them through a browser on this network. Phones sync under every name.
    #[arg(long = "host", value_name = "NAME", value_parser = Hosts::name)]
    hosts: Vec<String>,
    #[command(flatten)]
    tls: Tls,
    /// A witness that is asked to cosign the ledger's tree heads; may be given several times.
    ///
    /// Its key is what `deckwatch witness key` printed.
    #[arg(long = "witness", value_name = "URL=KEY", value_parser = witness_address)]
    witnesses: Vec<Arc<WitnessAddress>>,
    #[command(flatten)]
    authorities: Authorities,
}

/// Whose certificates of witnesses are believed.
#[derive(Debug, Args)]
pub(super) struct Authorities {
    /// The authorities of witnesses' certificates (PEM, one or several), instead of the public ones.
    #[arg(long, value_name = "FILE")]
    witness_ca: Option<PathBuf>,
}

impl Authorities {
    pub fn trust(&self) -> Result<Trust, Failure> {
        Ok(self.witness_ca.as_deref().map_or_else(|| Ok(Trust::public()), Trust::file)?)
    }
}

pub(super) fn witness_address(text: &str) -> Result<Arc<WitnessAddress>, String> {
    WitnessAddress::parse(text).map(Arc::new)
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let (certificate, trust) = (options.tls.certificate()?, options.authorities.trust()?);
    let shore = Arc::new(options.data.open()?);
    let _only = OneServer::of(&options.data.data)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        format!("cannot listen on {} ({error}); choose another with --listen", options.listen)
    })?;
    let address = listener.local_addr()?;
    let scheme = options.tls.scheme();
    say(format_args!("Deckwatch serves {scheme}://{address}/ (end with Ctrl-C)"));
    if !address.ip().is_loopback() {
        tracing::warn!("the pages have no log-in, and {address} is not loopback");
    }
    options.tls.warn(address);
    let asking = tokio::spawn(ask(Arc::clone(&shore), options.witnesses, trust));
    let hosts = Hosts::named(options.hosts);
    match certificate {
        None => crate::http::serve(listener, shore, hosts, shutdown()).await?,
        Some(certificate) => {
            let listener = TlsListener::new(listener, certificate.server_config()?);
            let following = tokio::spawn(follow(certificate));
            crate::http::serve(listener, shore, hosts, shutdown()).await?;
            following.abort();
        }
    }
    asking.abort();
    Ok(())
}

/// Asks the witnesses to cosign whatever was logged since.
async fn ask(shore: Arc<Shore>, witnesses: Vec<Arc<WitnessAddress>>, trust: Trust) {
    let mut interval = tokio::time::interval(ASK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        for witness in &witnesses {
            let (shore, asked) = (Arc::clone(&shore), Arc::clone(witness));
            let trust = trust.clone();
            let asking = move || shore.ask_witness(&asked, |url, bytes| trust.post(url, bytes));
            let asked = tokio::task::spawn_blocking(asking).await;
            let witness = witness.key().name();
            match asked {
                Ok(Ok(Cosigning::Cosigned(size))) => {
                    tracing::info!(witness, size, "a tree head was cosigned");
                }
                Ok(Ok(Cosigning::Nothing)) => {}
                Ok(Ok(Cosigning::Refused(words))) => {
                    tracing::warn!(witness, words, "a tree head was not cosigned");
                }
                Ok(Err(error)) => {
                    tracing::error!(witness, %error, hint = error.hint(), "no tree head could be shown");
                }
                Err(error) => tracing::error!(witness, %error, "asking stopped"),
            }
        }
    }
}
