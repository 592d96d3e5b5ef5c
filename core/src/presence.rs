//! QR labels: what they say, and how a camera frame becomes one.

mod crockford;
#[cfg(test)]
mod drawing;
pub mod frame;
pub mod label;
mod qr;
pub mod reading;
