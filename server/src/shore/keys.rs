//! The folder with the key of every vessel's shore device.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use deckwatch_core::{
    model::VesselId,
    record::{DeviceKey, SoftwareKey},
};

use super::lock;
use crate::ledger::LedgerFolder;
use crate::private_file;

/// Why a key was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFolderError {
    /// The file system.
    #[error("the key folder {folder} cannot be used")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// No key for a vessel that the database knows.
    #[error("the key of vessel {0} is missing")]
    Missing(VesselId),
    /// The file is no key.
    #[error("the key file of vessel {0} is damaged")]
    Damaged(VesselId),
    /// The database names another key.
    #[error("the key file of vessel {0} belongs to another shore")]
    OtherKey(VesselId),
    /// No key for a ledger that the database knows.
    #[error("the secret key of the ledger {0} is missing")]
    LedgerKeyMissing(String),
    /// Keys are never replaced.
    #[error("vessel {0} has a key already")]
    Exists(VesselId),
}

impl KeyFolderError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the folder's owner and free space",
            Self::Missing(_) | Self::Damaged(_) | Self::OtherKey(_) | Self::LedgerKeyMissing(_) => {
                "restore the keys folder from the backup that was made with the database"
            }
            Self::Exists(_) => "use the vessel that is there",
        }
    }
}

/// One file a vessel, `<vessel>.key`: the secret scalar in hex, readable by its owner alone.
#[derive(Debug)]
pub struct KeyFolder {
    folder: PathBuf,
    ledger: LedgerFolder,
    read: Mutex<BTreeMap<VesselId, Arc<SoftwareKey>>>,
}

impl KeyFolder {
    /// Opens the folder, and makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, KeyFolderError> {
        let ledger = LedgerFolder::within(folder);
        let opened = Self { folder: folder.to_owned(), ledger, read: Mutex::default() };
        let wider = private_file::make_folder(folder).map_err(|cause| opened.io(cause))?;
        if let Some(mode) = wider {
            tracing::warn!(folder = %folder.display(), "others could enter the folder of keys (mode {mode:03o}); it is 700 now");
        }
        Ok(opened)
    }

    /// What of the ledger stands in it.
    pub(crate) fn ledger(&self) -> &LedgerFolder {
        &self.ledger
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn io(&self, cause: std::io::Error) -> KeyFolderError {
        KeyFolderError::Io { folder: self.folder.clone(), cause }
    }

    fn path(&self, vessel: VesselId) -> PathBuf {
        self.folder.join(format!("{vessel}.key"))
    }

    /// Keeps the key of a new vessel. It is durable when this returns, and never replaced.
    pub fn keep(&self, vessel: VesselId, key: SoftwareKey) -> Result<(), KeyFolderError> {
        let text = HEXLOWER.encode(&key.to_secret());
        private_file::write(&self.path(vessel), text.as_bytes(), false).map_err(
            |cause| match cause.kind() {
                std::io::ErrorKind::AlreadyExists => KeyFolderError::Exists(vessel),
                _ => self.io(cause),
            },
        )?;
        lock(&self.read).insert(vessel, Arc::new(key));
        Ok(())
    }

    /// The key of a vessel, which the database says has this public key.
    pub fn key(
        &self,
        vessel: VesselId,
        public: &[u8; 33],
    ) -> Result<Arc<SoftwareKey>, KeyFolderError> {
        let known = lock(&self.read).get(&vessel).cloned();
        let key = match known {
            Some(key) => key,
            None => Arc::new(self.load(vessel)?),
        };
        if key.public_key() != *public {
            return Err(KeyFolderError::OtherKey(vessel));
        }
        lock(&self.read).insert(vessel, Arc::clone(&key));
        Ok(key)
    }

    /// The public key of a vessel whose key file is here, whatever the database says; `None`: there is no file.
    pub(crate) fn public_of(&self, vessel: VesselId) -> Result<Option<[u8; 33]>, KeyFolderError> {
        match self.load(vessel) {
            Ok(key) => Ok(Some(key.public_key())),
            Err(KeyFolderError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn load(&self, vessel: VesselId) -> Result<SoftwareKey, KeyFolderError> {
        let text = fs::read_to_string(self.path(vessel)).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => KeyFolderError::Missing(vessel),
            std::io::ErrorKind::InvalidData => KeyFolderError::Damaged(vessel),
            _ => self.io(cause),
        })?;
        let secret = HEXLOWER.decode(text.trim().as_bytes()).ok();
        secret
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .and_then(|secret| SoftwareKey::from_secret(&secret).ok())
            .ok_or(KeyFolderError::Damaged(vessel))
    }
}

#[cfg(test)]
mod tests {
    use deckwatch_core::entropy::SeededEntropy;

    use super::*;

    #[test]
    fn a_key_is_private_durable_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let vessel = VesselId([7; 16]);
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let other = SoftwareKey::generate(&mut SeededEntropy::new(2));
        let keys = KeyFolder::open(&folder).unwrap();
        keys.keep(vessel, key.clone()).unwrap();
        assert!(matches!(keys.keep(vessel, other.clone()), Err(KeyFolderError::Exists(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&keys.path(vessel)), 0o600);
            assert_eq!(mode(&folder), 0o700);
        }
        let again = KeyFolder::open(&folder).unwrap();
        let read = again.key(vessel, &key.public_key()).unwrap();
        assert_eq!(read.to_secret(), key.to_secret());
        assert!(matches!(again.key(vessel, &other.public_key()), Err(KeyFolderError::OtherKey(_))));
        let nobody = VesselId([8; 16]);
        assert!(matches!(again.key(nobody, &key.public_key()), Err(KeyFolderError::Missing(_))));
        fs::write(again.path(nobody), "not a key").unwrap();
        assert!(matches!(again.key(nobody, &key.public_key()), Err(KeyFolderError::Damaged(_))));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "no temporary file is left");
    }
}
