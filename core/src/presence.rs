//! QR labels: what they say.

mod crockford;
pub mod label;
