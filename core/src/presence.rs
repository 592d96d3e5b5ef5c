//! QR labels: what they say, how they are printed, and how a camera frame becomes one.

mod crockford;
#[cfg(test)]
mod drawing;
pub mod frame;
pub mod label;
mod lettering;
mod qr;
pub mod reading;
pub mod sheet;
