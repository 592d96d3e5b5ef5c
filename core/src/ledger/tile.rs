//! Tiles: c2sp.org/tlog-tiles. A ledger as files that never change, 256 hashes or entries each, from which anybody makes
//! any proof.

use std::{cell::RefCell, collections::BTreeMap, fmt};

use super::merkle::{Hashes, node_hash};
use crate::model::Hash;

/// Hashes or entries of a full tile.
pub const WIDTH: u16 = 256;
/// The height of a tile.
const HEIGHT: u8 = 8;
/// Bytes of an entry at most.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// What stands in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of complete subtrees over 256^level leaves each.
    Hashes(u8),
    /// The entries themselves, as they were logged.
    Entries,
}

/// The name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TilePath {
    /// What stands in it.
    pub kind: TileKind,
    /// Its place among those of its kind.
    pub index: u64,
    /// How many stand in it: 1 to 256.
    pub width: u16,
}

/// Why a path is no tile's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no tile; its form is tile/LEVEL/INDEX or tile/entries/INDEX, as in tile/0/x001/067.p/12"
)]
pub struct TilePathError(String);

impl TilePath {
    /// The tile with this index in a ledger of `size` leaves; `None`: nothing stands there yet.
    pub fn in_ledger(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        };
        let hashes = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
        let width = match index.cmp(&(hashes >> HEIGHT)) {
            std::cmp::Ordering::Less => WIDTH,
            std::cmp::Ordering::Equal => (hashes % u64::from(WIDTH)) as u16,
            std::cmp::Ordering::Greater => 0,
        };
        (width > 0).then_some(Self { kind, index, width })
    }

    /// Whether it will never grow.
    pub fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// Reads `tile/...`, in its one form.
    pub fn parse(text: &str) -> Result<Self, TilePathError> {
        Self::read(text)
            .filter(|tile| tile.to_string() == text)
            .ok_or_else(|| TilePathError(text.chars().take(100).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().ok().filter(|level| *level < 64)?),
        };
        let (places, width) = match rest.split_once(".p/") {
            Some((places, width)) => {
                (places, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?)
            }
            None => (rest, WIDTH),
        };
        let mut index: u64 = 0;
        for digits in places.split('/') {
            let digits = digits.strip_prefix('x').unwrap_or(digits);
            index =
                index.checked_mul(1_000)?.checked_add(u64::from(digits.parse::<u16>().ok()?))?;
        }
        Some(Self { kind, index, width })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let above = std::iter::successors(Some(self.index / 1_000), |rest| Some(rest / 1_000));
        let mut above: Vec<u64> = above.take_while(|rest| *rest > 0).collect();
        above.reverse();
        for digits in above {
            write!(f, "x{:03}/", digits % 1_000)?;
        }
        write!(f, "{:03}", self.index % 1_000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// The bytes of a tile of hashes, from wherever the hashes are read. `None`: the path is of entries, or above every
/// ledger.
pub fn hash_tile<H: Hashes + ?Sized>(
    hashes: &H,
    tile: TilePath,
) -> Option<Result<Vec<u8>, H::Error>> {
    let TileKind::Hashes(level) = tile.kind else { return None };
    let level = level.checked_mul(HEIGHT).filter(|level| u32::from(*level) < u64::BITS)?;
    let first = tile.index.checked_mul(u64::from(WIDTH))?;
    let nodes = (0..u64::from(tile.width)).map(|at| hashes.node(level, first.saturating_add(at)));
    Some(
        nodes
            .map(|node| node.map(|node| node.0))
            .collect::<Result<Vec<_>, _>>()
            .map(|nodes| nodes.concat()),
    )
}

/// Why bytes are not a bundle of entries, or were not made one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntriesError {
    /// An entry that has no room.
    #[error("an entry of {0} bytes; at most {MAX_ENTRY} have room")]
    TooLarge(usize),
    /// Not as many entries as the path says.
    #[error("not the entries that the path says; fetch the tile again")]
    Form,
}

/// The bytes of a tile of entries.
pub fn bundle<B: AsRef<[u8]>>(entries: &[B]) -> Result<Vec<u8>, EntriesError> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| EntriesError::TooLarge(entry.len()))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a tile that has `width` of them.
pub fn unbundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, EntriesError> {
    let mut rest = bytes;
    let mut entries = Vec::new();
    for _ in 0..width {
        let (length, after) = rest.split_first_chunk().ok_or(EntriesError::Form)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(EntriesError::Form)?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(EntriesError::Form) }
}

/// Where tiles come from: a folder, a web server, an archive.
pub trait TileSource {
    /// Why one could not be had.
    type Error;

    /// The bytes of a tile of hashes. It is asked only for tiles of the size that [`TiledHashes`] was given.
    fn tile(&self, path: TilePath) -> Result<Vec<u8>, Self::Error>;
}

/// Why a hash could not be read from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError<E> {
    /// The source failed.
    #[error(transparent)]
    Source(E),
    /// A tile of another length.
    #[error("{path} has {found} bytes; fetch it again")]
    Length {
        /// The tile.
        path: TilePath,
        /// What came.
        found: usize,
    },
    /// Not in a ledger of that size.
    #[error("the subtree at level {level}, index {index} is not complete in that ledger")]
    Outside {
        /// Its height.
        level: u8,
        /// Its place among those of its height.
        index: u64,
    },
}

/// The hashes of a ledger of one size, read from tiles. A proof reads each tile once; nothing is believed before the proof
/// is verified against a signed tree head.
pub struct TiledHashes<S> {
    source: S,
    size: u64,
    read: RefCell<BTreeMap<TilePath, Vec<u8>>>,
}

impl<S: TileSource> TiledHashes<S> {
    /// Reads from the tiles of a ledger of `size` leaves.
    pub fn new(source: S, size: u64) -> Self {
        Self { source, size, read: RefCell::default() }
    }

    fn tile(&self, path: TilePath) -> Result<Vec<u8>, TileError<S::Error>> {
        if let Some(bytes) = self.read.borrow().get(&path) {
            return Ok(bytes.clone());
        }
        let bytes = self.source.tile(path).map_err(TileError::Source)?;
        if bytes.len() != usize::from(path.width) * Hash::LEN {
            return Err(TileError::Length { path, found: bytes.len() });
        }
        self.read.borrow_mut().insert(path, bytes.clone());
        Ok(bytes)
    }
}

impl<S: TileSource> Hashes for TiledHashes<S> {
    type Error = TileError<S::Error>;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let outside = || TileError::Outside { level, index };
        // The subtree's root stands in no tile where its height is between two levels: it is hashed from the 2^height below.
        let height = u32::from(level % HEIGHT);
        let first = index.checked_mul(1 << height).ok_or_else(outside)?;
        let kind = TileKind::Hashes(level / HEIGHT);
        let path = TilePath::in_ledger(kind, first >> HEIGHT, self.size).ok_or_else(outside)?;
        let at = (first % u64::from(WIDTH)) as usize;
        let bytes = self.tile(path)?;
        let mut hashes: Vec<Hash> = bytes
            .chunks_exact(Hash::LEN)
            .skip(at)
            .take(1 << height)
            .filter_map(Hash::from_slice)
            .collect();
        if hashes.len() != 1 << height {
            return Err(outside());
        }
        while hashes.len() > 1 {
            let pairs = hashes.chunks_exact(2);
            hashes = pairs
                .filter_map(|pair| match pair {
                    [left, right] => Some(node_hash(*left, *right)),
                    _ => None,
                })
                .collect();
        }
        hashes.pop().ok_or_else(outside)
    }
}
