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
use zeroize::Zeroizing;

use super::lock;
use crate::ledger::LedgerFolder;
use crate::private_file::{self, PrivateFileError};

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
    /// Others could have copied a key.
    #[error("the key file {path} can be read by others (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
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
            Self::Exposed { .. } => {
                "take the rights away with chmod 600 and start again; if somebody else has read it, he can sign in this shore's name"
            }
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
        let opened = Self::as_it_is(folder);
        let wider = private_file::make_folder(folder).map_err(|cause| opened.io(cause))?;
        if let Some(mode) = wider {
            tracing::warn!(folder = %folder.display(), "others could enter the folder of keys (mode {mode:03o}); it is 700 now");
        }
        opened.refuse_exposed()?;
        Ok(opened)
    }

    /// The folder as it stands: nothing is made, closed or refused before a key is asked for.
    pub(crate) fn as_it_is(folder: &Path) -> Self {
        let ledger = LedgerFolder::within(folder);
        Self { folder: folder.to_owned(), ledger, read: Mutex::default() }
    }

    /// At the start, and not at the first sync that needs the key.
    fn refuse_exposed(&self) -> Result<(), KeyFolderError> {
        for file in fs::read_dir(&self.folder).map_err(|cause| self.io(cause))? {
            let file = file.map_err(|cause| self.io(cause))?;
            let path = file.path();
            if path.extension().is_some_and(|it| it == "key") {
                let about = file.metadata().map_err(|cause| self.io(cause))?;
                if let Some(mode) = private_file::exposed(&about) {
                    return Err(KeyFolderError::Exposed { path, mode });
                }
            }
        }
        Ok(())
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
        let text = Zeroizing::new(HEXLOWER.encode(&*Zeroizing::new(key.to_secret())));
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
        let text = read_key(&self.folder, &self.path(vessel)).map_err(|error| match error {
            KeyFolderError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
                KeyFolderError::Missing(vessel)
            }
            error => error,
        })?;
        let secret = HEXLOWER.decode(text.trim_ascii()).ok().map(Zeroizing::new);
        secret
            .and_then(|bytes| <[u8; 32]>::try_from(&bytes[..]).ok().map(Zeroizing::new))
            .and_then(|secret| SoftwareKey::from_secret(&secret).ok())
            .ok_or(KeyFolderError::Damaged(vessel))
    }
}

/// Bytes of a key file at most.
const MOST_BYTES: u64 = 4096;

/// Reads a key file of the folder, and refuses one that others may read.
pub(crate) fn read_key(folder: &Path, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFolderError> {
    private_file::read(path, MOST_BYTES).map_err(|error| match error {
        PrivateFileError::Exposed(mode) => KeyFolderError::Exposed { path: path.to_owned(), mode },
        PrivateFileError::Io(cause) => KeyFolderError::Io { folder: folder.to_owned(), cause },
        // Cut off, it is no key.
        PrivateFileError::TooLarge(_) => {
            let cause = std::io::ErrorKind::InvalidData.into();
            KeyFolderError::Io { folder: folder.to_owned(), cause }
        }
    })
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
        private_file::write(&again.path(nobody), b"not a key", false).unwrap();
        assert!(matches!(again.key(nobody, &key.public_key()), Err(KeyFolderError::Damaged(_))));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn keys_that_others_may_read_are_refused_and_the_folder_is_closed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let vessel = VesselId([7; 16]);
        let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
        let keys = KeyFolder::open(folder.path()).unwrap();
        keys.keep(vessel, key.clone()).unwrap();
        let path = keys.path(vessel);
        for open in [0o640, 0o604, 0o620, 0o601] {
            set(&path, open);
            let refused = KeyFolder::open(folder.path()).unwrap_err();
            assert!(matches!(refused, KeyFolderError::Exposed { mode, .. } if mode == open));
            // Opened up while the server runs, before the key was read.
            set(&path, 0o600);
            let running = KeyFolder::open(folder.path()).unwrap();
            set(&path, open);
            let refused = running.key(vessel, &key.public_key()).unwrap_err();
            assert!(matches!(refused, KeyFolderError::Exposed { .. }), "{refused}");
            assert!(refused.hint().contains("chmod 600"));
        }
        set(&path, 0o600);
        set(folder.path(), 0o755);
        let again = KeyFolder::open(folder.path()).unwrap();
        assert_eq!(mode(folder.path()), 0o700);
        again.key(vessel, &key.public_key()).unwrap();
    }

    #[test]
    fn no_key_is_shown_by_what_prints_itself() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFolder::open(folder.path()).unwrap();
        let key = SoftwareKey::from_secret(&[0x5a; 32]).unwrap();
        keys.keep(VesselId([7; 16]), key).unwrap();
        let printed = format!("{keys:?}");
        assert!(printed.contains("SoftwareKey"), "{printed}");
        for secret in ["5a5a5a5a", "5A5A5A5A", "90, 90, 90", "WlpaWlpa"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
