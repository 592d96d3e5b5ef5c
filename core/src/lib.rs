#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod assess;
pub mod audit;
pub mod authority;
pub mod document;
pub mod entropy;
pub mod ledger;
pub mod login;
pub mod model;
pub mod page;
pub mod patrol;
pub mod phone;
pub mod plan;
pub mod presence;
pub mod record;
pub mod store;
pub mod sync;
pub mod time;
