//! Beginning anew where the store's key is lost.

use std::{path::Path, sync::Arc};

use deckwatch_core::phone::Phone as CorePhone;

use super::whole_path;
use crate::{
    MobileError,
    entropy::SystemEntropy,
    guard::guard,
    platform::{DeviceSafe, PlatformSafe},
};

/// A chain in a store that was set aside, as its file says.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LostChain {
    /// Whose it is.
    pub device: String,
    /// Its newest record.
    pub newest_seq: u64,
    /// Up to where a receipt says that the shore holds it; `None` if there is no receipt. What comes after it may be
    /// lost.
    pub receipted_seq: Option<u64>,
}

/// A store that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StoreAside {
    /// Where it is now. Nobody can read it without its key.
    pub path: String,
    /// What is in it.
    pub chains: Vec<LostChain>,
}

/// Sets the store at `path` aside after `Phone::open` said `StorageKeyLost`: it is kept under another name, the safe makes a new device key,
/// and the next `open` begins with an empty store that has to be enrolled. Refused where the key is not lost.
#[uniffi::export]
pub fn set_store_aside(path: String, safe: Arc<dyn DeviceSafe>) -> Result<StoreAside, MobileError> {
    guard("set-store-aside", || {
        whole_path(&path)?;
        let safe = PlatformSafe(safe);
        let aside = CorePhone::set_aside(Path::new(&path), &safe, &mut SystemEntropy)?;
        let chains = aside.chains.into_iter().map(|(device, newest_seq, receipted_seq)| {
            LostChain { device: device.to_string(), newest_seq, receipted_seq }
        });
        Ok(StoreAside { path: aside.path.display().to_string(), chains: chains.collect() })
    })
}
