//! Automerge documents behind a gate: what several people edit, offline and at once.
//!
//! Raw changes are the truth and live in the store; a document is a cache that is merged from
//! them. A change counts only if a verified record of a device that may write this document names
//! its hash, and the change's actor is that device. What misses a certificate, a voucher or a
//! dependency waits; nothing is dropped. FORMAT.md section 16.
//!
//! Every document is one flat map: a text key, and a text or a number. Two devices that create "the
//! same" nested object offline get two that do not merge, while every key here is a register of its
//! own; and a gate that knows this form lets nothing else through.

mod aside;
pub mod chunk;
pub mod gate;
pub mod line;
pub mod merge;
pub mod standing;
pub mod version;
pub mod voucher;
pub mod write;

#[cfg(test)]
mod tests;

pub use gate::{GateError, OpName, RawChange};
pub use line::{Entry, Line};
pub use merge::{Merged, merge};
pub use standing::standing;
pub use version::Version;
pub use voucher::{Voucher, VoucherIndex, Vouchers};
pub use write::{WriteError, write};

/// A value of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number, a choice or a moment.
    Int(i64),
}

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

    /// Changes of one device that count in one document; those beyond are kept aside. An honest
    /// phone writes some tens into a Page, and an office some thousands into a Plan in ten years.
    pub fn changes_a_device(self) -> usize {
        self.share().changes
    }

    /// Whether what a device has on a line is within its share.
    pub fn has_room(self, line: &Line, dev: crate::model::DeviceId) -> bool {
        line.share_of(dev).within(self.share())
    }

    /// What one device may write into one document.
    pub fn share(self) -> Share {
        match self {
            Self::Plan => Share { changes: 10_000, writes: 200_000, bytes: 8 * 1024 * 1024 },
            Self::Page => Share { changes: 1_000, writes: 10_000, bytes: 1024 * 1024 },
        }
    }
}

/// How much of a document is one device's: its changes in number, in operations and in bytes. What
/// is merged is held in memory, on the shore and on every phone of the vessel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Changes.
    pub changes: usize,
    /// Operations in them.
    pub writes: usize,
    /// Bytes of them.
    pub bytes: usize,
}

impl Share {
    /// With one change more.
    fn and(self, change: &gate::FormedChange) -> Self {
        Self {
            changes: self.changes.saturating_add(1),
            writes: self.writes.saturating_add(change.writes.len()),
            bytes: self.bytes.saturating_add(change.size()),
        }
    }

    fn within(self, most: Self) -> bool {
        self.changes <= most.changes && self.writes <= most.writes && self.bytes <= most.bytes
    }
}
