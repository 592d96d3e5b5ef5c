//! `deckwatch serve`.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;

use super::{Data, Failure, say, shutdown};
use crate::http::Hosts;

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
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let shore = Arc::new(options.data.open()?);
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(|error| {
        format!("cannot listen on {} ({error}); choose another with --listen", options.listen)
    })?;
    let address = listener.local_addr()?;
    say(format_args!("Deckwatch serves http://{address}/ (end with Ctrl-C)"));
    if !address.ip().is_loopback() {
        tracing::warn!("the pages have no log-in, and {address} is not loopback");
    }
    crate::http::serve(listener, shore, Hosts::named(options.hosts), shutdown()).await?;
    Ok(())
}
