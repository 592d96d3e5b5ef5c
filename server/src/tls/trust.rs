//! Asking others over HTTP and HTTPS: whose certificates are believed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError as Refused, RootCertStore};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::certificate::{CertificateError, read_public};
use super::provider;

/// Whoever is asked answers within this time, or is asked again later.
const PATIENCE: Duration = Duration::from_secs(30);
/// A cosignature has some hundred bytes.
const MAX_REPLY: u64 = 64 * 1024;

/// Why authorities were not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file system.
    #[error(transparent)]
    File(#[from] CertificateError),
    /// No PEM of a certificate, or none that can be believed.
    #[error("{0} holds no authority's certificate (PEM), or one that is damaged")]
    NoAuthority(PathBuf),
}

/// Asks others, and believes certificates of some authorities.
#[derive(Debug, Clone)]
pub struct Trust {
    agent: ureq::Agent,
}

impl Trust {
    /// The public authorities: those of Mozilla's list, as of the release of this program.
    pub fn public() -> Self {
        Self::new(RootCerts::WebPki)
    }

    /// The authorities in a file of PEM certificates, and no others.
    pub fn file(path: &Path) -> Result<Self, TrustError> {
        let bytes = read_public(path)?;
        let none = || TrustError::NoAuthority(path.to_owned());
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let found = found.map_err(|_| none())?;
        let mut store = RootCertStore::empty();
        for certificate in &found {
            store.add(certificate.clone()).map_err(|_| none())?;
        }
        if store.is_empty() {
            return Err(none());
        }
        let roots = found.iter().map(|der| Certificate::from_der(der).to_owned());
        Ok(Self::new(RootCerts::from(roots)))
    }

    fn new(roots: RootCerts) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(provider())
            .root_certs(roots)
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // Nobody who was named is elsewhere, and none leads from HTTPS to HTTP.
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { agent: agent.into() }
    }

    /// Sends bytes to an address; gives status and body.
    pub fn post(&self, url: &str, bytes: &[u8]) -> Result<(u16, Vec<u8>), String> {
        let mut answer = self.agent.post(url).send(bytes).map_err(|error| words(&error))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(MAX_REPLY).read_to_vec();
        Ok((status, body.map_err(|error| error.to_string())?))
    }
}

/// What is wrong with the certificate of whoever was asked, in plain words.
fn words(error: &ureq::Error) -> String {
    let tls = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|it| it.downcast_ref()),
        _ => None,
    };
    let Some(rustls::Error::InvalidCertificate(refused)) = tls else { return error.to_string() };
    match refused {
        Refused::Expired | Refused::ExpiredContext { .. } => "its certificate has expired".into(),
        Refused::NotValidYet | Refused::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check this machine's clock".into()
        }
        Refused::NotValidForName | Refused::NotValidForNameContext { .. } => {
            "its certificate is for another name than that in its address".into()
        }
        Refused::UnknownIssuer => {
            "its certificate is from no authority that is believed here; name one with --witness-ca"
                .into()
        }
        other => format!("its certificate is not good: {other}"),
    }
}
