//! A leaf: FORMAT.md section 2. Small, of one size, and nothing personal in it.

use super::merkle::leaf_hash;
use crate::model::{Hash, VesselId};

/// Bytes of a leaf.
pub const LEAF_LEN: usize = 90;
const VERSION: u8 = 1;

/// Why bytes are not a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// Leaves have one size.
    #[error("a leaf of {0} bytes; it has exactly {LEAF_LEN}")]
    Length(usize),
    /// Another version.
    #[error("a leaf of version {0}; this program reads version 1: use a newer one")]
    Version(u8),
    /// A first leaf has nothing before it, and every other one has.
    #[error("a vessel's leaf 0 and nothing else follows 32 zero bytes")]
    Start,
    /// The ledger's own first leaf says what the ledger is.
    #[error("the origin and nothing else is leaf 0 of the vessel of 16 zero bytes")]
    Origin,
}

/// What a leaf is about. Numbers are fixed for ever; one that is not known is kept like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafKind(pub u8);

impl LeafKind {
    /// What this ledger is: its first leaf.
    pub const ORIGIN: Self = Self(0);
    /// A run of signed records.
    pub const SEGMENT: Self = Self(1);
    /// A change of a document.
    pub const CHANGE: Self = Self(2);
    /// A version of the detectors, with its thresholds.
    pub const DETECTOR: Self = Self(3);
    /// A snapshot that verdicts compare with.
    pub const BASELINE: Self = Self(4);
    /// A flag that was raised.
    pub const FLAG_RAISED: Self = Self(5);
    /// A flag that was withdrawn, closed or revised.
    pub const FLAG_REVISED: Self = Self(6);
    /// Evidence that was handed out.
    pub const EXPORT: Self = Self(7);
    /// Content that was erased after its retention.
    pub const ERASURE: Self = Self(8);
    /// What the shore states about itself: that it goes on after a restore.
    pub const STATEMENT: Self = Self(9);

    /// In words; `None` for a number this program does not know.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::ORIGIN => "origin",
            Self::SEGMENT => "segment",
            Self::CHANGE => "document change",
            Self::DETECTOR => "detector",
            Self::BASELINE => "baseline",
            Self::FLAG_RAISED => "flag raised",
            Self::FLAG_REVISED => "flag revised",
            Self::EXPORT => "export",
            Self::ERASURE => "erasure",
            Self::STATEMENT => "shore statement",
            _ => return None,
        })
    }
}

/// The vessel of leaves that are about the ledger or the whole fleet.
pub const NO_VESSEL: VesselId = VesselId([0; 16]);

/// One statement of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What it is about.
    pub kind: LeafKind,
    /// Whose leaf it is; [`NO_VESSEL`] where it is nobody's.
    pub vessel: VesselId,
    /// The how manieth leaf of this vessel, from 0.
    pub number: u64,
    /// [`Leaf::hash`] of this vessel's leaf before; zero for its first.
    pub previous: Hash,
    /// SHA-256 of the content's bytes.
    pub subject: Hash,
}

impl Leaf {
    /// The first leaf of a ledger.
    pub fn origin(content: &[u8]) -> Self {
        Self::after(None, NO_VESSEL, LeafKind::ORIGIN, Hash::of(content))
    }

    /// The next leaf of a vessel, `before` being its newest.
    pub fn after(before: Option<&Self>, vessel: VesselId, kind: LeafKind, subject: Hash) -> Self {
        let (number, previous) = match before {
            Some(before) => (before.number.saturating_add(1), before.hash()),
            None => (0, Hash::ZERO),
        };
        Self { kind, vessel, number, previous, subject }
    }

    /// The leaf's bytes.
    pub fn encode(&self) -> [u8; LEAF_LEN] {
        let number = self.number.to_be_bytes();
        let head = [VERSION, self.kind.0];
        let from = head
            .iter()
            .chain(&self.vessel.0)
            .chain(&number)
            .chain(&self.previous.0)
            .chain(&self.subject.0);
        let mut bytes = [0; LEAF_LEN];
        bytes.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// Reads a leaf's bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        let bytes: &[u8; LEAF_LEN] =
            bytes.try_into().map_err(|_| LeafError::Length(bytes.len()))?;
        let [version, kind, rest @ ..] = *bytes;
        if version != VERSION {
            return Err(LeafError::Version(version));
        }
        let (vessel, rest) = take::<16>(&rest);
        let (number, rest) = take::<8>(rest);
        let (previous, rest) = take::<32>(rest);
        let (subject, _) = take::<32>(rest);
        let leaf = Self {
            kind: LeafKind(kind),
            vessel: VesselId(vessel),
            number: u64::from_be_bytes(number),
            previous: Hash(previous),
            subject: Hash(subject),
        };
        if (leaf.number == 0) != (leaf.previous == Hash::ZERO) {
            return Err(LeafError::Start);
        }
        let first_of_all = leaf.vessel == NO_VESSEL && leaf.number == 0;
        if (leaf.kind == LeafKind::ORIGIN) != first_of_all {
            return Err(LeafError::Origin);
        }
        Ok(leaf)
    }

    /// The hash of the leaf in the ledger's tree, which is also what the vessel's next leaf names.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }

    /// Whether this is the leaf of its vessel directly after `before`: nothing in between is withheld.
    pub fn follows(&self, before: &Self) -> bool {
        self.vessel == before.vessel
            && before.number.checked_add(1) == Some(self.number)
            && self.previous == before.hash()
    }

    /// Whether these bytes are the content that the leaf is about.
    pub fn is_about(&self, content: &[u8]) -> bool {
        Hash::of(content) == self.subject
    }
}

fn take<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    bytes.split_first_chunk::<N>().map_or(([0; N], bytes), |(taken, rest)| (*taken, rest))
}
