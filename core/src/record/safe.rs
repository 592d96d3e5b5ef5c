//! Where a device keeps its key, and a second memory of its chain's end.

use std::sync::Arc;

use super::key::{DeviceKey, KeyError};
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

/// Where the device key and the marker live: Android Keystore and `noBackupFilesDir`, the iOS
/// keychain *ThisDeviceOnly*, or a folder: `store::FileSafe`.
pub trait DeviceSafe: Send + Sync {
    /// The current key; makes one if there is none.
    fn key(&self) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// Makes a new key current. The old one may be gone afterwards.
    fn renew(&self) -> Result<Arc<dyn DeviceKey>, KeyError>;

    /// The marker; `None` if none was written or it cannot be read.
    fn marker(&self) -> Option<Marker>;

    /// Keeps the marker. It may lag behind after a crash, but never run ahead: it is written
    /// after the record is durable.
    fn set_marker(&self, marker: &Marker);
}
