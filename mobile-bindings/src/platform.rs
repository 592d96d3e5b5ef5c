//! What the app provides: a key, a safe, clocks, and an ear.
//!
//! These are called on the thread of the call that needs them. `DeviceSafe` and `DeviceKey` are
//! called while the phone records: from inside them `Phone::status`, `identity`, `plan`, `routes`
//! and `sync_state` answer at once, with what was true before, and everything else says `CalledBack`.

use std::{cell::Cell, sync::Arc};

use deckwatch_core::{
    record::{
        KeyError, Marker, PublicKeyBytes, StoreKey,
        key::{DeviceKey as CoreKey, SIGNATURE_LEN},
        key_form::{public_key_from, signature_from},
        safe::DeviceSafe as CoreSafe,
    },
    store::FileSafe,
    time,
};

use zeroize::Zeroize;

use crate::{MobileError, entropy::SystemEntropy, guard::guard};

/// Longest text of an app's own error that goes into ours.
const MOST_OF_REASON: usize = 200;

/// Why the app's side did not do what was asked. What an app throws that is none of these arrives as
/// `Unexpected`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PlatformError {
    /// Not now, or not any more.
    #[error("{reason}")]
    Unavailable {
        /// Why, for people.
        reason: String,
    },
    /// A key is not there any more, and will not be again: the key store was emptied, or this is another phone than
    /// the one that wrapped it.
    #[error("{reason}")]
    Lost {
        /// Why, for people.
        reason: String,
    },
    /// Something else was thrown.
    #[error("{reason}")]
    Unexpected {
        /// What it said.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PlatformError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected { reason: error.reason }
    }
}

impl PlatformError {
    fn short(&self) -> String {
        self.to_string().chars().take(MOST_OF_REASON).collect()
    }
}

impl From<PlatformError> for KeyError {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Lost { .. } => Self::Lost(error.short()),
            _ => Self::Unavailable(error.short()),
        }
    }
}

/// A P-256 key that never leaves its key store: Android Keystore or the Secure Enclave. It must need
/// no finger and no PIN.
#[uniffi::export(rust, foreign)]
pub trait DeviceKey: Send + Sync {
    /// The public key: compressed (33 bytes), as a point (65, iOS) or as SubjectPublicKeyInfo (91,
    /// Android).
    fn public_key(&self) -> Result<Vec<u8>, PlatformError>;

    /// Signs with ECDSA over SHA-256 of `message`: DER, or r and s in 64 bytes.
    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PlatformError>;
}

/// Where the device key and the marker live, outside of every backup: Android Keystore and
/// `noBackupFilesDir`, or the iOS keychain with *ThisDeviceOnly*.
#[uniffi::export(rust, foreign)]
pub trait DeviceSafe: Send + Sync {
    /// The current key; makes one if there is none.
    fn key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError>;

    /// Makes a new key current. The one before must still sign until the app ends.
    fn renew(&self) -> Result<Arc<dyn DeviceKey>, PlatformError>;

    /// The key that a rotation goes to; makes one beside the current one if there is none. The same until
    /// `use_next_key`, also after the app was restarted.
    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError>;

    /// Makes the next key current, if there is one. The one before may be gone when the app ends.
    fn use_next_key(&self) -> Result<(), PlatformError>;

    /// The bytes that `set_marker` kept last; `None` if there are none.
    fn marker(&self) -> Result<Option<Vec<u8>>, PlatformError>;

    /// Keeps 56 bytes. Called after every record, when it is durable: it need not be synced to
    /// disk, and may fail.
    fn set_marker(&self, marker: Vec<u8>) -> Result<(), PlatformError>;

    /// Wraps the store's key, 32 bytes, with a key that never leaves the key store: AES-GCM in Android Keystore, ECIES with the Secure
    /// Enclave. Makes that key if there is none. At most 4,096 bytes. It must need no finger and no PIN, and it must not go
    /// into backups. Overwrite `key` when it is wrapped.
    fn wrap_key(&self, key: Vec<u8>) -> Result<Vec<u8>, PlatformError>;

    /// Gives back the 32 bytes that `wrap_key` wrapped. Throws `Lost` where that can never be done again, and makes no key.
    fn unwrap_key(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformError>;
}

/// What all clocks of the phone say at one moment.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// The clock that people see, milliseconds since 1970 in UTC.
    pub wall_ms: i64,
    /// 0.1 s since the phone was started, sleep included: `elapsedRealtime`,
    /// `mach_continuous_time`.
    pub mono: u64,
    /// 8 bytes that are the same from one start of the phone to the next.
    pub boot: Vec<u8>,
}

/// The phone's clocks.
#[uniffi::export(foreign)]
pub trait DeviceClock: Send + Sync {
    /// Reads them. May not call the phone.
    fn read(&self) -> Result<ClockReading, PlatformError>;
}

/// What may look different now. It carries nothing: ask again for what is shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// Who this phone is: enrolled, certified, held by somebody else.
    Identity,
    /// The patrol being walked.
    Patrol,
    /// The Plan, its routes, what is due.
    Plan,
    /// What people wrote on Pages.
    Page,
    /// What is ashore and what is not.
    Sync,
    /// Something that this list does not have.
    Unknown {
        /// What it is called.
        name: String,
    },
}

/// An ear for changes.
#[uniffi::export(foreign)]
pub trait PhoneObserver: Send + Sync {
    /// Called after the change, on the thread of the call that made it, with no lock held. What it
    /// throws is ignored.
    fn changed(&self, change: Change) -> Result<(), PlatformError>;
}

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Reads the app's clocks. A clock that asks the phone would ask itself.
pub(crate) fn read_clock(clock: &dyn DeviceClock) -> Result<time::ClockReading, MobileError> {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            READING.set(false);
        }
    }
    if READING.replace(true) {
        return Err(MobileError::called_back());
    }
    let _done = Done;
    let unavailable = |why: &str| MobileError::ClockUnavailable {
        text: format!("the phone's clock cannot be read ({why}); restart the app"),
    };
    let reading = clock.read().map_err(|error| unavailable(&error.short()))?;
    let boot = <[u8; 8]>::try_from(reading.boot.as_slice());
    let boot = boot.map_err(|_| unavailable("the boot id has another length than 8 bytes"))?;
    Ok(time::ClockReading { boot, mono: reading.mono, wall_ms: reading.wall_ms })
}

/// The app's key, as the core wants one.
struct PlatformKey {
    key: Arc<dyn DeviceKey>,
    public: PublicKeyBytes,
}

impl PlatformKey {
    fn read(key: Arc<dyn DeviceKey>) -> Result<Arc<dyn CoreKey>, KeyError> {
        let public = public_key_from(&key.public_key()?)?;
        Ok(Arc::new(Self { key, public }))
    }
}

impl CoreKey for PlatformKey {
    fn public_key(&self) -> PublicKeyBytes {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], KeyError> {
        signature_from(&self.key.sign(message.to_vec())?)
    }
}

/// The app's safe, as the core wants one.
pub(crate) struct PlatformSafe(pub(crate) Arc<dyn DeviceSafe>);

impl CoreSafe for PlatformSafe {
    fn key(&self) -> Result<Arc<dyn CoreKey>, KeyError> {
        PlatformKey::read(self.0.key()?)
    }

    fn renew(&self) -> Result<Arc<dyn CoreKey>, KeyError> {
        PlatformKey::read(self.0.renew()?)
    }

    fn next_key(&self) -> Result<Arc<dyn CoreKey>, KeyError> {
        PlatformKey::read(self.0.next_key()?)
    }

    fn use_next_key(&self) -> Result<(), KeyError> {
        Ok(self.0.use_next_key()?)
    }

    fn marker(&self) -> Option<Marker> {
        self.0.marker().ok().flatten().as_deref().and_then(Marker::from_bytes)
    }

    fn set_marker(&self, marker: &Marker) {
        // A marker that lags is honest.
        drop(self.0.set_marker(marker.to_bytes().to_vec()));
    }

    fn wrap_key(&self, key: &StoreKey) -> Result<Vec<u8>, KeyError> {
        Ok(self.0.wrap_key(key.as_bytes().to_vec())?)
    }

    fn unwrap_key(&self, wrapped: &[u8]) -> Result<StoreKey, KeyError> {
        let mut bytes = self.0.unwrap_key(wrapped.to_vec())?;
        let key = bytes.as_slice().try_into().map(StoreKey::from_bytes);
        bytes.zeroize();
        key.map_err(|_| KeyError::Unavailable("what it gave back is not 32 bytes".into()))
    }
}

/// A software safe in a folder: for tests, hubs and demonstrations. A phone has a better one.
#[uniffi::export]
pub fn folder_safe(folder: String) -> Result<Arc<dyn DeviceSafe>, MobileError> {
    guard("folder-safe", || {
        let safe = FileSafe::open(folder.as_ref(), Box::new(SystemEntropy))?;
        Ok(Arc::new(FolderSafe(safe)) as Arc<dyn DeviceSafe>)
    })
}

struct FolderSafe(FileSafe);

struct FolderKey(Arc<dyn CoreKey>);

fn unavailable(error: &KeyError) -> PlatformError {
    match error {
        KeyError::Lost(reason) => PlatformError::Lost { reason: reason.clone() },
        error => PlatformError::Unavailable { reason: error.to_string() },
    }
}

impl DeviceKey for FolderKey {
    fn public_key(&self) -> Result<Vec<u8>, PlatformError> {
        Ok(self.0.public_key().to_vec())
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.0.sign(&message).map(|signature| signature.to_vec()).map_err(|it| unavailable(&it))
    }
}

impl DeviceSafe for FolderSafe {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        let key = self.0.key().map_err(|error| unavailable(&error))?;
        Ok(Arc::new(FolderKey(key)))
    }

    fn renew(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        let key = self.0.renew().map_err(|error| unavailable(&error))?;
        Ok(Arc::new(FolderKey(key)))
    }

    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        let key = self.0.next_key().map_err(|error| unavailable(&error))?;
        Ok(Arc::new(FolderKey(key)))
    }

    fn use_next_key(&self) -> Result<(), PlatformError> {
        self.0.use_next_key().map_err(|error| unavailable(&error))
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, PlatformError> {
        Ok(self.0.marker().map(|marker| marker.to_bytes().to_vec()))
    }

    fn set_marker(&self, marker: Vec<u8>) -> Result<(), PlatformError> {
        if let Some(marker) = Marker::from_bytes(&marker) {
            self.0.set_marker(&marker);
        }
        Ok(())
    }

    fn wrap_key(&self, mut key: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        let fixed = key.as_slice().try_into().map(StoreKey::from_bytes);
        key.zeroize();
        let short = |_| PlatformError::Unexpected { reason: "a store's key has 32 bytes".into() };
        self.0.wrap_key(&fixed.map_err(short)?).map_err(|error| unavailable(&error))
    }

    fn unwrap_key(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        let key = self.0.unwrap_key(&wrapped).map_err(|error| unavailable(&error))?;
        Ok(key.as_bytes().to_vec())
    }
}
