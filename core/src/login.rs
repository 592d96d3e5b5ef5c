//! Who holds the phone, checked on the phone alone: PINs, badges, fingers, and how often somebody may try.
//!
//! Everything here is kept per device and never leaves it: no verifier stands in a record, in the Plan or in
//! anything that is synced. What leaves is the person part of records (FORMAT.md section 3).

pub mod attempts;
pub mod badge;
pub mod credential;
pub mod pin;

pub use attempts::{Allowance, Attempts, Spray};
pub use badge::{BadgeError, BadgeKey};
pub use credential::{Credential, VouchedBy};
pub use pin::{Checked, Cost, NewPin, Pin, PinCheck, PinError, Verifier};

/// Why a log-in key that was kept does not read.
const DAMAGED: crate::record::CborError = crate::record::CborError::Expected("a log-in key");
