//! A safe in a folder: for servers, hubs, tests and demonstrations. Phones have better ones.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::seal::{Place, Seal};
use crate::{
    entropy::Entropy,
    record::{DeviceKey, DeviceSafe, KeyError, MOST_WRAPPED, Marker, SoftwareKey, StoreKey},
};

/// Why a safe was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SafeError {
    /// The folder.
    #[error("the key folder cannot be used; check that it exists and may be written")]
    Io(#[from] io::Error),
}

/// Key and marker in two files of one folder; in a third the next key, as long as there is one; in a fourth what
/// store keys are wrapped with.
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

    fn wrapping_path(&self) -> PathBuf {
        self.folder.join("store.key")
    }

    /// The key that wraps store keys.
    fn read_wrapping(&self) -> Result<Option<StoreKey>, KeyError> {
        match std::fs::read_to_string(self.wrapping_path()) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                let bytes = HEXLOWER.decode(text.trim().as_bytes()).map(Zeroizing::new);
                let bytes = bytes.ok().and_then(|bytes| bytes.as_slice().try_into().ok());
                let lost = || KeyError::Lost("its file does not read".into());
                bytes.map(StoreKey::from_bytes).map(Some).ok_or_else(lost)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
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

    fn write_key(&self, path: &Path, secret: &[u8; 32]) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = private(options.write(true).create(true).truncate(true)).open(&fresh)?;
        let text = Zeroizing::new(HEXLOWER.encode(secret));
        file.write_all(text.as_bytes())?;
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
        self.write_key(&self.key_path(), &key.to_secret()).map_err(unavailable)?;
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
        self.write_key(&self.next_path(), &next.to_secret()).map_err(unavailable)?;
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

    fn wrap_key(&self, key: &StoreKey) -> Result<Vec<u8>, KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let wrapping = match self.read_wrapping() {
            Ok(Some(wrapping)) => wrapping,
            Err(KeyError::Unavailable(why)) => return Err(KeyError::Unavailable(why)),
            // What a file that does not read had wrapped is lost already.
            Ok(None) | Err(_) => {
                let wrapping = StoreKey::generate(inner.entropy.as_mut());
                self.write_key(&self.wrapping_path(), wrapping.as_bytes()).map_err(unavailable)?;
                wrapping
            }
        };
        let seal = Seal::new(&wrapping, inner.entropy.as_mut());
        let wrapped = seal.seal(&wrapped_place(), key.as_bytes());
        wrapped.ok_or_else(|| KeyError::Unavailable("it was not wrapped".into()))
    }

    fn unwrap_key(&self, wrapped: &[u8]) -> Result<StoreKey, KeyError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = |why: &str| KeyError::Lost(why.to_owned());
        let wrapping = self.read_wrapping()?.ok_or_else(|| lost("there is no such key"))?;
        if wrapped.len() > MOST_WRAPPED {
            return Err(lost("what was wrapped is too long"));
        }
        let seal = Seal::new(&wrapping, inner.entropy.as_mut());
        let opened = seal.open(&wrapped_place(), wrapped).map(Zeroizing::new);
        let bytes = opened.and_then(|opened| opened.as_slice().try_into().ok());
        bytes.map(StoreKey::from_bytes).ok_or_else(|| lost("it was wrapped with another one"))
    }
}

fn wrapped_place() -> Place {
    Place::new("safe", "store.key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entropy::SeededEntropy, model::Hash};

    #[test]
    fn a_store_key_comes_back_from_its_own_safe_alone() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str, seed| {
            FileSafe::open(&folder.path().join(name), Box::new(SeededEntropy::new(seed))).unwrap()
        };
        let key = StoreKey::generate(&mut SeededEntropy::new(8));
        let wrapped = open("one", 1).wrap_key(&key).unwrap();
        assert!(!wrapped.windows(8).any(|some| some == &key.as_bytes()[..8]));
        assert_eq!(open("one", 2).unwrap_key(&wrapped).unwrap(), key);
        // An empty safe says that it is lost, and makes no key; so does another phone's.
        let other = open("other", 3);
        assert!(matches!(other.unwrap_key(&wrapped), Err(KeyError::Lost(_))));
        assert!(!folder.path().join("other/store.key").exists());
        other.wrap_key(&key).unwrap();
        assert!(matches!(other.unwrap_key(&wrapped), Err(KeyError::Lost(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let kept = std::fs::metadata(folder.path().join("one/store.key")).unwrap();
            assert_eq!(kept.permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(folder.path().join("one/store.key"), "no key").unwrap();
        assert!(matches!(open("one", 4).unwrap_key(&wrapped), Err(KeyError::Lost(_))));
        let anew = open("one", 4).wrap_key(&key).unwrap();
        assert_eq!(open("one", 5).unwrap_key(&anew).unwrap(), key);
    }

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
