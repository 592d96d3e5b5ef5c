//! What the evidence of a scan claims. Whether that holds, others derive.

use super::body::Evidence;
use crate::model::Level;

impl Evidence {
    /// The level that it is worth if nothing speaks against it. What this version does not know is worth
    /// no more than a manual entry.
    pub fn claims(&self) -> Level {
        match self {
            Self::Manual { .. } | Self::Unknown { .. } => Level::L0,
            Self::Qr { .. } => Level::L1,
            Self::NfcUid { .. } => Level::L2,
            Self::Rotating { .. } => Level::L3,
            Self::Sun { nonce_bound: false, .. } => Level::L4,
            Self::Sun { nonce_bound: true, .. } => Level::L5,
        }
    }

    /// Whether it is worth its level only once somebody who holds the keys has checked it.
    pub fn needs_check(&self) -> bool {
        matches!(self, Self::Rotating { .. } | Self::Sun { .. })
    }
}
