//! Encryption in transit: serving with certificate files, and asking others over HTTPS. rustls with ring, nothing of the system's.

mod certificate;
mod listener;
mod trust;

pub use certificate::{Certificate, CertificateError, CertificateFiles};
pub use listener::TlsListener;
pub use trust::{Trust, TrustError};

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// The one set of primitives.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
