//! A safe in a folder: for servers, hubs, tests and demonstrations. Phones have better ones.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::HEXLOWER;

use crate::{
    entropy::Entropy,
    record::{DeviceKey, DeviceSafe, KeyError, Marker, SoftwareKey},
};

/// Why a safe was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SafeError {
    /// The folder.
    #[error("the key folder cannot be used; check that it exists and may be written")]
    Io(#[from] io::Error),
}

/// Key and marker in two files of one folder; in a third the next key, as long as there is one.
#[derive(Debug)]
pub struct FileSafe {
    folder: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    marker: File,
    writes: u64,
    entropy: Box<dyn Entropy>,
    key: Option<Arc<SoftwareKey>>,
    next: Option<Arc<SoftwareKey>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl FileSafe {
    /// Opens the safe in `folder`, makes it if there is none.
    pub fn open(folder: &Path, entropy: Box<dyn Entropy>) -> Result<Self, SafeError> {
        std::fs::create_dir_all(folder)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let marker = private(&mut options).open(folder.join("marker"))?;
        let inner = Inner { marker, writes: 0, entropy, key: None, next: None };
        Ok(Self { folder: folder.to_owned(), inner: Mutex::new(inner) })
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("device.key")
    }

    fn next_path(&self) -> PathBuf {
        self.folder.join("next.key")
    }

    fn read_key(path: &Path) -> Result<Option<SoftwareKey>, KeyError> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let secret = HEXLOWER.decode(text.trim().as_bytes()).unwrap_or_default();
                let secret: [u8; 32] = secret.try_into().map_err(|_| KeyError::NotAKey)?;
                SoftwareKey::from_secret(&secret).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    fn write_key(&self, path: &Path, key: &SoftwareKey) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = private(options.write(true).create(true).truncate(true)).open(&fresh)?;
        file.write_all(HEXLOWER.encode(&key.to_secret()).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        File::open(&self.folder)?.sync_all()
    }
}

fn unavailable(error: io::Error) -> KeyError {
    KeyError::Unavailable(error.to_string())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

impl DeviceSafe for FileSafe {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &inner.key {
            let key: Arc<dyn DeviceKey> = Arc::clone(key) as _;
            return Ok(key);
        }
        if let Some(key) = Self::read_key(&self.key_path())? {
            let key = Arc::new(key);
            inner.key = Some(Arc::clone(&key));
            return Ok(key);
        }
        drop(inner);
        self.renew()
    }

    fn renew(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Arc::new(SoftwareKey::generate(inner.entropy.as_mut()));
        self.write_key(&self.key_path(), &key).map_err(unavailable)?;
        inner.key = Some(Arc::clone(&key));
        Ok(key)
    }

    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.next.is_none() {
            inner.next = Self::read_key(&self.next_path())?.map(Arc::new);
        }
        if let Some(next) = &inner.next {
            let next: Arc<dyn DeviceKey> = Arc::clone(next) as _;
            return Ok(next);
        }
        let next = Arc::new(SoftwareKey::generate(inner.entropy.as_mut()));
        self.write_key(&self.next_path(), &next).map_err(unavailable)?;
        inner.next = Some(Arc::clone(&next));
        Ok(next)
    }

    fn use_next_key(&self) -> Result<(), KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match inner.next.take() {
            Some(next) => Some(next),
            None => Self::read_key(&self.next_path())?.map(Arc::new),
        };
        let Some(next) = next else { return Ok(()) };
        let renamed = std::fs::rename(self.next_path(), self.key_path())
            .and_then(|()| File::open(&self.folder)?.sync_all());
        match renamed {
            Ok(()) => {
                inner.key = Some(next);
                Ok(())
            }
            Err(error) => {
                inner.next = Some(next);
                Err(unavailable(error))
            }
        }
    }

    fn marker(&self) -> Option<Marker> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::with_capacity(2 * Marker::LEN);
        inner.marker.seek(SeekFrom::Start(0)).ok()?;
        inner.marker.read_to_end(&mut bytes).ok()?;
        // Of two chains in the slots, the one of the current key counts; the phone filters.
        let slots = bytes.chunks(Marker::LEN).filter_map(Marker::from_bytes);
        let key = inner.key.as_ref().map(|key| crate::record::device_id(&key.public_key()));
        slots.max_by_key(|marker| (Some(marker.dev) == key, marker.seq))
    }

    fn set_marker(&self, marker: &Marker) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // Two slots in turn: a write cut short leaves the other one. Not synced, because a marker
        // that lags is honest; a failure only makes it lag.
        let at = (inner.writes % 2) * Marker::LEN as u64;
        let written = inner
            .marker
            .seek(SeekFrom::Start(at))
            .and_then(|_| inner.marker.write_all(&marker.to_bytes()));
        if written.is_ok() {
            inner.writes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SeededEntropy, model::Hash};

    #[test]
    fn the_next_key_waits_beside_the_current_one_until_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let open = |seed| {
            let entropy = Box::new(SeededEntropy::new(seed));
            FileSafe::open(folder.path(), entropy).unwrap()
        };
        let safe = open(1);
        safe.use_next_key().unwrap();
        let first = safe.key().unwrap().public_key();
        let next = safe.next_key().unwrap().public_key();
        assert_ne!(first, next);
        // A process that ends here finds both again.
        let again = open(2);
        assert_eq!(again.key().unwrap().public_key(), first);
        assert_eq!(again.next_key().unwrap().public_key(), next);
        open(3).use_next_key().unwrap();
        assert_eq!(open(4).key().unwrap().public_key(), next);
        assert_ne!(open(5).next_key().unwrap().public_key(), next);
    }

    #[test]
    fn a_torn_marker_falls_back_to_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let safe = FileSafe::open(folder.path(), Box::new(SeededEntropy::new(1))).unwrap();
        let dev = crate::record::device_id(&safe.key().unwrap().public_key());
        assert_eq!(safe.marker(), None);
        for seq in 0..5 {
            safe.set_marker(&Marker { dev, seq, head: Hash::of(&[seq as u8]) });
        }
        assert_eq!(safe.marker().unwrap().seq, 4);
        let path = folder.path().join("marker");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(safe.marker().unwrap().seq, 3);
        let again = FileSafe::open(folder.path(), Box::new(SeededEntropy::new(2))).unwrap();
        assert_eq!(again.key().unwrap().public_key(), safe.key().unwrap().public_key());
    }
}
