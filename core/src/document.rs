//! Automerge documents behind a gate: what several people edit, offline and at once.
//!
//! Raw changes are the truth and live in the store; a document is a cache that is rebuilt from
//! them. A change counts only if a verified record of a device that may write this document names
//! its hash, and the change's actor is that device. What misses a certificate, a voucher or a
//! dependency waits; nothing is dropped.

pub mod gate;
pub mod rebuild;

pub use gate::{GateError, RawChange};
pub use rebuild::{Rebuilt, Vouchers, rebuild};

/// The kinds of documents: FORMAT.md section 4, kind 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// What should happen on a vessel.
    Plan,
    /// What people write about one patrol or one day.
    Page,
}

impl DocumentKind {
    /// Its number on the wire.
    pub fn number(self) -> u64 {
        match self {
            Self::Plan => 1,
            Self::Page => 2,
        }
    }

    /// By its number.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Plan),
            2 => Some(Self::Page),
            _ => None,
        }
    }
}
