//! QR labels.

mod crockford;
pub mod frame;
pub mod label;
mod qr;
pub mod reading;
