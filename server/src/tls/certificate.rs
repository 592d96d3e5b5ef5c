//! The certificate that this server shows: read from two files, and read again when they change.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use deckwatch_core::model::Hash;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use zeroize::Zeroizing;

use super::provider;
use crate::private_file::{self, PrivateFileError};
use crate::shore::lock;

/// Bytes of one file at most. A chain of four RSA certificates has 8 kB.
const MOST_BYTES: u64 = 256 * 1024;

/// Why a certificate is not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file system.
    #[error("{path} cannot be read; check the path and its owner")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// Others may read the key.
    #[error(
        "{path} can be read by others (mode {mode:03o}); `chmod 600` it and give it to this server's user, and have a new certificate made if anybody else uses this machine"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// More than any certificate has.
    #[error("{0} has more than {MOST_BYTES} bytes: it is no certificate and no key")]
    TooLarge(PathBuf),
    /// No PEM of a certificate.
    #[error(
        "{0} holds no certificate; it must be PEM, the server's own first and then those that lead to its authority"
    )]
    NoCertificate(PathBuf),
    /// No PEM of a key.
    #[error(
        "{0} holds no private key; it must be PEM (PKCS#8, SEC1 or PKCS#1), without a passphrase"
    )]
    NoKey(PathBuf),
    /// Two files that were made for different certificates.
    #[error("the key in {key} does not belong to the first certificate in {chain}")]
    Mismatch {
        /// The file of the chain.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// A certificate or key that cannot be used.
    #[error("the certificate in {chain} cannot be used with the key in {key}")]
    Unusable {
        /// The file of the chain.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        #[source]
        cause: rustls::Error,
    },
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the server's certificate, then those that lead to its authority.
    pub chain: PathBuf,
    /// PEM: its private key, which nobody but this server's user may read.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Reads both; gives what they are, and a digest of their bytes.
    fn read(&self) -> Result<(Arc<CertifiedKey>, Hash), CertificateError> {
        let chain = read_public(&self.chain)?;
        let key = private_file::read(&self.key, MOST_BYTES).map_err(|error| {
            let path = self.key.clone();
            match error {
                PrivateFileError::Io(cause) => CertificateError::Io { path, cause },
                PrivateFileError::Exposed(mode) => CertificateError::Exposed { path, mode },
                PrivateFileError::TooLarge(_) => CertificateError::TooLarge(path),
            }
        })?;
        let digests = [Hash::of(&chain), Hash::of(&key)].map(|hash| hash.0);
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
        let certificates = certificates.ok().filter(|found| !found.is_empty());
        let certificates =
            certificates.ok_or_else(|| CertificateError::NoCertificate(self.chain.clone()))?;
        let private = PrivateKeyDer::from_pem_slice(&key)
            .map_err(|_| CertificateError::NoKey(self.key.clone()))?;
        let (chain, key) = (self.chain.clone(), self.key.clone());
        let certified = CertifiedKey::from_der(certificates, private, &provider());
        let certified = certified.map_err(|cause| match cause {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                CertificateError::Mismatch { chain, key }
            }
            cause => CertificateError::Unusable { chain, key, cause },
        })?;
        Ok((Arc::new(certified), Hash::of(&digests.concat())))
    }
}

/// Reads a file that is no secret.
pub(super) fn read_public(path: &Path) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let io = |cause| CertificateError::Io { path: path.to_owned(), cause };
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(io)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(CertificateError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// The certificate that is shown now.
#[derive(Debug)]
pub struct Certificate {
    files: CertificateFiles,
    shown: RwLock<Arc<CertifiedKey>>,
    /// What was read last, or why it could not be: what was said once is not said again.
    tried: Mutex<Hash>,
}

impl Certificate {
    /// Reads the files for the first time.
    pub fn read(files: CertificateFiles) -> Result<Arc<Self>, CertificateError> {
        let (certified, digest) = files.read()?;
        Ok(Arc::new(Self { files, shown: RwLock::new(certified), tried: Mutex::new(digest) }))
    }

    /// Reads the files again. `true`: they have changed, and who connects from now on is shown the new certificate. What
    /// cannot be used changes nothing, and is an error once.
    pub fn read_again(&self) -> Result<bool, CertificateError> {
        let read = self.files.read();
        let found = match &read {
            Ok((_, digest)) => *digest,
            Err(error) => Hash::of(format!("{error:?}").as_bytes()),
        };
        let mut tried = lock(&self.tried);
        if std::mem::replace(&mut *tried, found) == found {
            return Ok(false);
        }
        let (certified, _) = read?;
        *self.shown.write().unwrap_or_else(std::sync::PoisonError::into_inner) = certified;
        Ok(true)
    }

    /// TLS 1.2 and 1.3 with this certificate, and HTTP/1.1 in it.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, CertificateError> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|cause| CertificateError::Unusable {
                chain: self.files.chain.clone(),
                key: self.files.key.clone(),
                cause,
            })?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Made {
        chain: String,
        key: String,
    }

    fn made(name: &str) -> Made {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        Made { chain: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    fn write(files: &CertificateFiles, made: &Made) {
        std::fs::write(&files.chain, &made.chain).unwrap();
        private_file::write(&files.key, made.key.as_bytes(), true).unwrap();
    }

    fn files(folder: &Path) -> CertificateFiles {
        CertificateFiles { chain: folder.join("chain.pem"), key: folder.join("key.pem") }
    }

    #[test]
    fn a_changed_certificate_is_shown_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let (first, second) = (made("one.example"), made("two.example"));
        write(&files, &first);
        let certificate = Certificate::read(files.clone()).unwrap();
        let shown = || certificate.shown.read().unwrap().cert[0].to_vec();
        let before = shown();
        assert!(!certificate.read_again().unwrap());
        // As it stands between the two files of a renewal.
        std::fs::write(&files.chain, &second.chain).unwrap();
        assert!(matches!(certificate.read_again(), Err(CertificateError::Mismatch { .. })));
        assert!(!certificate.read_again().unwrap(), "said once");
        assert_eq!(shown(), before);
        write(&files, &second);
        assert!(certificate.read_again().unwrap());
        assert_ne!(shown(), before);
        std::fs::remove_file(&files.chain).unwrap();
        assert!(matches!(certificate.read_again(), Err(CertificateError::Io { .. })));
        write(&files, &first);
        assert!(certificate.read_again().unwrap());
        assert_eq!(shown(), before);
    }

    #[test]
    fn what_cannot_be_shown_is_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let good = made("one.example");
        let refused = |chain: &str, key: &str| {
            write(&files, &Made { chain: chain.to_owned(), key: key.to_owned() });
            Certificate::read(files.clone()).unwrap_err()
        };
        assert!(matches!(refused("", &good.key), CertificateError::NoCertificate(_)));
        assert!(matches!(refused(&good.key, &good.key), CertificateError::NoCertificate(_)));
        assert!(matches!(refused(&good.chain, &good.chain), CertificateError::NoKey(_)));
        let cut = &good.chain[..good.chain.len() / 2];
        assert!(matches!(refused(cut, &good.key), CertificateError::NoCertificate(_)));
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(refused(nonsense, &good.key), CertificateError::Unusable { .. }));
        let other = made("two.example");
        assert!(matches!(refused(&good.chain, &other.key), CertificateError::Mismatch { .. }));
        let large = "#".repeat(300_000);
        assert!(matches!(refused(&large, &good.key), CertificateError::TooLarge(_)));
        let large = refused(&good.chain, &large);
        assert!(matches!(&large, CertificateError::TooLarge(path) if *path == files.key));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            write(&files, &good);
            let mode = std::fs::Permissions::from_mode(0o640);
            std::fs::set_permissions(&files.key, mode).unwrap();
            let open = Certificate::read(files.clone()).unwrap_err();
            assert!(matches!(open, CertificateError::Exposed { mode: 0o640, .. }));
            assert!(open.to_string().contains("chmod 600"));
        }
    }
}
