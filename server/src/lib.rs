//! server

pub mod page;
