//! Which library this is.

use deckwatch_core::record::fact;

use crate::MobileError;

/// Which release runs on this phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Version {
    /// The release of the library, as in its changelog.
    pub crate_version: String,
    /// The number that stands first in every record it writes.
    pub record_format: u32,
}

/// Says which release runs on this phone.
#[uniffi::export]
pub fn version() -> Result<Version, MobileError> {
    Ok(Version {
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        record_format: u32::try_from(fact::VERSION)
            .map_err(|_| MobileError::internal("record-format"))?,
    })
}
