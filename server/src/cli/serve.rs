//! `deckwatch serve`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;

use super::{Data, Failure, one_server::OneServer, say, shutdown};
use crate::http::Hosts;
use crate::ledger::{Cosigning, WitnessAddress};
use crate::shore::Shore;

/// How often witnesses are asked.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// A witness answers within this time, or is asked again later.
const PATIENCE: Duration = Duration::from_secs(30);
/// A cosignature has some hundred bytes.
const MAX_REPLY: u64 = 64 * 1024;

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
    /// A witness that is asked to cosign the ledger's tree heads; may be given several times.
    ///
    /// Its key is what `deckwatch witness key` printed. A proxy on this machine can speak TLS to it.
    #[arg(long = "witness", value_name = "URL=KEY", value_parser = witness_address)]
    witnesses: Vec<Arc<WitnessAddress>>,
}

pub(super) fn witness_address(text: &str) -> Result<Arc<WitnessAddress>, String> {
    WitnessAddress::parse(text).map(Arc::new)
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let shore = Arc::new(options.data.open()?);
    let _only = OneServer::of(&options.data.data)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        format!("cannot listen on {} ({error}); choose another with --listen", options.listen)
    })?;
    let address = listener.local_addr()?;
    say(format_args!("Deckwatch serves http://{address}/ (end with Ctrl-C)"));
    if !address.ip().is_loopback() {
        tracing::warn!("the pages have no log-in, and {address} is not loopback");
    }
    let asking = tokio::spawn(ask(Arc::clone(&shore), options.witnesses));
    crate::http::serve(listener, shore, Hosts::named(options.hosts), shutdown()).await?;
    asking.abort();
    Ok(())
}

/// Asks the witnesses to cosign whatever was logged since.
async fn ask(shore: Arc<Shore>, witnesses: Vec<Arc<WitnessAddress>>) {
    let mut interval = tokio::time::interval(ASK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        for witness in &witnesses {
            let (shore, asked) = (Arc::clone(&shore), Arc::clone(witness));
            let asked = tokio::task::spawn_blocking(move || shore.ask_witness(&asked, post)).await;
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

/// Sends bytes to a witness; gives status and body.
pub(super) fn post(url: &str, bytes: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut answer = agent.post(url).send(bytes).map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(MAX_REPLY).read_to_vec();
    Ok((status, body.map_err(|error| error.to_string())?))
}
