//! Where a device keeps its key, and a second memory of its chain's end.

use std::sync::Arc;

use super::{
    key::{DeviceKey, KeyError},
    store_key::StoreKey,
};
use crate::model::{DeviceId, Hash};

/// The newest record that this device's key vault knows of, kept beside the key and outside of
/// every backup: FORMAT.md section 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// The chain.
    pub dev: DeviceId,
    /// Its newest record.
    pub seq: u64,
    /// That record's hash.
    pub head: Hash,
}

impl Marker {
    /// Length of its bytes: dev 8, seq 8, head 32, check 8.
    pub const LEN: usize = 56;

    /// The bytes that a safe keeps. They carry a check: a write that was cut short is noticed.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let fields = [&self.dev.0[..], &self.seq.to_be_bytes(), &self.head.0].concat();
        let check = Hash::of(&fields);
        let mut bytes = [0; Self::LEN];
        bytes.iter_mut().zip(fields.into_iter().chain(check.0)).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Reads them back; `None` if they are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (dev, rest) = bytes.split_first_chunk::<8>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (head, _) = rest.split_first_chunk::<32>()?;
        let marker = Self { dev: DeviceId(*dev), seq: u64::from_be_bytes(*seq), head: Hash(*head) };
        (marker.to_bytes() == *bytes).then_some(marker)
    }
}

/// The longest wrapped key that is kept, bytes. ECIES and AES-GCM need about 100.
pub const MOST_WRAPPED: usize = 4_096;

/// Where the device key and the marker live: Android Keystore and `noBackupFilesDir`, the iOS
/// keychain *ThisDeviceOnly*, or a folder: `store::FileSafe`.
pub trait DeviceSafe: Send + Sync {
    /// The current key; makes one if there is none.
    fn key(&self) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// Makes a new key current. The old one may be gone afterwards.
    fn renew(&self) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// The key that a rotation goes to; makes one beside the current one if there is none. The same until
    /// [`DeviceSafe::use_next_key`].
    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// Makes the next key current, if there is one. The one before may be gone afterwards.
    fn use_next_key(&self) -> Result<(), KeyError>;

    /// The marker; `None` if none was written or it cannot be read.
    fn marker(&self) -> Option<Marker>;

    /// Keeps the marker. It may lag behind after a crash, but never run ahead: it is written
    /// after the record is durable.
    fn set_marker(&self, marker: &Marker);

    /// Wraps the key of a store, so that nobody without this safe can read it: Android Keystore with AES-GCM, the Secure
    /// Enclave with ECIES. Makes its own key for that if there is none. At most [`MOST_WRAPPED`] bytes.
    fn wrap_key(&self, key: &StoreKey) -> Result<Vec<u8>, KeyError>;

    /// Gives back what [`DeviceSafe::wrap_key`] wrapped. [`KeyError::Lost`] where that can never be done again: the safe
    /// was emptied, or it is another device's. It makes no key.
    fn unwrap_key(&self, wrapped: &[u8]) -> Result<StoreKey, KeyError>;
}
