#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod assess;
pub mod authority;
pub mod document;
pub mod entropy;
pub mod model;
pub mod presence;
