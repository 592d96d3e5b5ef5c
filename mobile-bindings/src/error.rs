//! What can go wrong, as an app sees it.

/// Why a call did not do what was asked.
///
/// Flat: only the variant and the message cross to the foreign side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi(flat_error)]
pub enum MobileError {
    /// The library and the core it carries disagree.
    #[error(
        "something inside Deckwatch does not fit together ({reference}); go on recording, and send the diagnostic \
         file to whoever looks after the phones"
    )]
    Internal {
        /// Names the place in the library; the same for every phone.
        reference: &'static str,
    },
}
