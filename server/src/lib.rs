#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod demo;
pub mod doctor;
pub mod entropy;
pub mod http;
pub mod ledger;
pub mod page;
#[cfg(test)]
mod phone;
pub mod plan;
mod private_file;
pub mod projection;
pub mod shore;
pub mod store;
pub mod sync;
pub mod tags;
pub mod tls;
pub mod witness;
pub mod writing;
