//! What `serve` and `witness` share: with or without TLS.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use super::Failure;
use crate::tls::{Certificate, CertificateFiles};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How connections are encrypted.
#[derive(Debug, Args)]
pub(super) struct Tls {
    /// Serve HTTPS with this certificate: PEM, the server's own first, then those that lead to its authority.
    ///
    /// Both files are looked at every 10 seconds. When they change, who connects from then on is shown the new certificate;
    /// connections stay. Files that cannot be used are logged, and the certificate before them stays.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key: PEM (PKCS#8, SEC1 or PKCS#1), which nobody but this user may read.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A proxy in front speaks TLS and reaches this address over a network of its own: no warning of plain HTTP.
    ///
    /// Nothing that a proxy adds to a request is believed: no forwarded address, name or scheme.
    #[arg(long, conflicts_with = "tls_cert")]
    behind_proxy: bool,
}

impl Tls {
    /// The certificate, if it was named.
    pub fn certificate(&self) -> Result<Option<Arc<Certificate>>, Failure> {
        let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let files = CertificateFiles { chain: chain.clone(), key: key.clone() };
        Ok(Some(Certificate::read(files)?))
    }

    /// Says so where everybody on the way may read what is sent.
    pub fn warn(&self, address: SocketAddr) {
        if self.tls_cert.is_none() && !self.behind_proxy && !address.ip().is_loopback() {
            tracing::warn!(
                "{address} is not loopback, and plain HTTP is read and changed by whoever is on the way: give --tls-cert and --tls-key, or --behind-proxy if a proxy in front speaks TLS"
            );
        }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }
}

/// Looks at the files of a certificate again and again.
pub(super) async fn follow(certificate: Arc<Certificate>) {
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let again = Arc::clone(&certificate);
        match tokio::task::spawn_blocking(move || again.read_again()).await {
            Ok(Ok(true)) => tracing::info!("the certificate was exchanged"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the certificate before it stays");
            }
            Err(error) => tracing::error!(%error, "looking at the certificate stopped"),
        }
    }
}
