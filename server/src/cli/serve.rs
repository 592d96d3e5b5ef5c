//! `deckwatch serve`.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;

use super::{Data, Failure, say, shutdown};

/// Where to serve.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    data: Data,
    /// Address and port. The pages have no log-in: keep it on loopback or behind a proxy that asks who is there.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
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
    crate::http::serve(listener, shore, shutdown()).await?;
    Ok(())
}
