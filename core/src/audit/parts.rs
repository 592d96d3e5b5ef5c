//! The parts of a bundle, decoded by form alone: README.md section 2. Nothing is believed here.

use std::collections::BTreeMap;

use super::{archive::Bundle, manifest::Manifest};
use crate::{
    ledger::{Leaf, LeafError, SignedTreeHead, TreeHeadError},
    model::{DeviceId, Hash},
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
};

pub(super) const MANIFEST: &str = "manifest.cbor";
pub(super) const TREE_HEAD: &str = "tree-head.txt";
pub(super) const LEAVES: &str = "leaves.cbor";
pub(super) const LEDGER_LEAVES: &str = "ledger-leaves.cbor";
pub(super) const CONTENTS: &str = "contents.cbor";
pub(super) const RECEIPTS: &str = "receipts.cbor";
pub(super) const CONSISTENCY: &str = "consistency.cbor";
const ALL: [&str; 7] =
    [CONSISTENCY, CONTENTS, LEAVES, LEDGER_LEAVES, MANIFEST, RECEIPTS, TREE_HEAD];

/// Elements of one part at most.
pub(super) const MAX_ELEMENTS: usize = 4_000_000;
/// Hashes of a proof at most: a ledger has at most 2^63 - 1 leaves.
pub(super) const MAX_PATH: usize = 64;

/// The name of the part with one device's segments.
pub(super) fn segments_name(dev: DeviceId) -> String {
    format!("segments/{dev}.cbor")
}

/// Why a map of parts is not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Something is not there.
    #[error("the bundle has no part {0}; ask for a whole one")]
    Missing(&'static str),
    /// Something is there that no bundle has.
    #[error(
        "the bundle has a part {0:?}, which no bundle of version 1 has; use a newer program, or ask where it comes from"
    )]
    Unknown(String),
    /// Not the format.
    #[error("part {part} does not read: {cause}; ask for the bundle again")]
    Malformed {
        /// Which part.
        part: String,
        /// Why not.
        cause: CborError,
    },
    /// Elements that are not in their order, or twice.
    #[error("part {0} is not in its one order; ask for the bundle again")]
    Order(String),
    /// Not a leaf.
    #[error("part {part} holds bytes that are no leaf: {cause}")]
    Leaf {
        /// Which part.
        part: &'static str,
        /// Why not.
        cause: LeafError,
    },
    /// The manifest has a part of its own.
    #[error("the manifest stands among the contents too; ask for the bundle again")]
    ManifestTwice,
    /// Not a tree head.
    #[error("part {TREE_HEAD} does not read: {0}")]
    TreeHead(#[from] TreeHeadError),
}

/// A leaf with its place in the ledger, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownLeaf {
    pub index: u64,
    pub leaf: Leaf,
    pub path: Vec<Hash>,
}

/// All parts.
#[derive(Debug)]
pub(super) struct Parts<'b> {
    pub manifest: Manifest,
    pub tree_head: SignedTreeHead,
    /// The vessel's, by index.
    pub leaves: Vec<ShownLeaf>,
    /// Those about the ledger itself, by index.
    pub ledger_leaves: Vec<ShownLeaf>,
    /// By their SHA-256.
    pub contents: BTreeMap<Hash, &'b [u8]>,
    pub segments: BTreeMap<DeviceId, Vec<&'b [u8]>>,
    pub receipts: Vec<&'b [u8]>,
    /// By the size of the older ledger.
    pub consistency: BTreeMap<u64, Vec<Hash>>,
}

impl Bundle {
    /// The tree head, not verified.
    pub fn tree_head(&self) -> Result<SignedTreeHead, BundleError> {
        let bytes = self.part(TREE_HEAD).ok_or(BundleError::Missing(TREE_HEAD))?;
        Ok(SignedTreeHead::parse(bytes)?)
    }

    /// Puts a tree head in place of the one before, as when a witness has cosigned it.
    pub fn put_tree_head(&mut self, head: &SignedTreeHead) {
        self.put(TREE_HEAD, head.encode());
    }
}

impl<'b> Parts<'b> {
    pub fn read(bundle: &'b Bundle) -> Result<Self, BundleError> {
        let part = |name: &'static str| bundle.part(name).ok_or(BundleError::Missing(name));
        let manifest = Manifest::decode(part(MANIFEST)?).map_err(malformed(MANIFEST))?;
        let contents = contents(part(CONTENTS)?)?;
        if contents.contains_key(&manifest.subject()) {
            return Err(BundleError::ManifestTwice);
        }
        Ok(Self {
            manifest,
            tree_head: SignedTreeHead::parse(part(TREE_HEAD)?)?,
            leaves: leaves(LEAVES, part(LEAVES)?)?,
            ledger_leaves: leaves(LEDGER_LEAVES, part(LEDGER_LEAVES)?)?,
            contents,
            receipts: byte_strings(RECEIPTS, part(RECEIPTS)?)?,
            consistency: consistency(part(CONSISTENCY)?)?,
            segments: segments(bundle)?,
        })
    }

    /// The parts that a manifest names, as they are here.
    pub fn named(&self, bundle: &Bundle) -> BTreeMap<String, Hash> {
        let itself = [MANIFEST, TREE_HEAD, CONSISTENCY];
        let parts = bundle.parts().filter(|(name, _)| !itself.contains(name));
        let hashed = parts.map(|(name, bytes)| {
            let hash = match name {
                LEAVES => {
                    let before = self.leaves.len().saturating_sub(1);
                    leaves_hash(self.leaves.iter().take(before).map(|shown| &shown.leaf))
                }
                LEDGER_LEAVES => leaves_hash(self.ledger_leaves.iter().map(|shown| &shown.leaf)),
                _ => Hash::of(bytes),
            };
            (name.to_owned(), hash)
        });
        hashed.collect()
    }
}

/// SHA-256 of leaves as they are, one behind the other: their proofs come after the manifest that names them.
pub(super) fn leaves_hash<'l>(leaves: impl Iterator<Item = &'l Leaf>) -> Hash {
    let mut joined = Vec::new();
    leaves.for_each(|leaf| joined.extend(leaf.encode()));
    Hash::of(&joined)
}

fn malformed(part: &str) -> impl Fn(CborError) -> BundleError + '_ {
    move |cause| BundleError::Malformed { part: part.to_owned(), cause }
}

/// Byte strings, strictly ascending.
fn byte_strings<'b>(name: &str, part: &'b [u8]) -> Result<Vec<&'b [u8]>, BundleError> {
    let mut from = Reader::new(part).map_err(malformed(name))?;
    let strings = from.list_of(MAX_ELEMENTS, Reader::bytes).map_err(malformed(name))?;
    if strings.is_sorted_by(|one, next| one < next) {
        Ok(strings)
    } else {
        Err(BundleError::Order(name.to_owned()))
    }
}

fn leaves(name: &'static str, part: &[u8]) -> Result<Vec<ShownLeaf>, BundleError> {
    let mut from = Reader::new(part).map_err(malformed(name))?;
    let shown = from.list_of(MAX_ELEMENTS, |from| {
        from.array(3)?;
        Ok((from.uint()?, from.bytes()?, from.list_of(MAX_PATH, Reader::hash)?))
    });
    let mut leaves: Vec<ShownLeaf> = Vec::new();
    for (index, bytes, path) in shown.map_err(malformed(name))? {
        let leaf = Leaf::decode(bytes).map_err(|cause| BundleError::Leaf { part: name, cause })?;
        if leaves.last().is_some_and(|last| last.index >= index) {
            return Err(BundleError::Order(name.to_owned()));
        }
        leaves.push(ShownLeaf { index, leaf, path });
    }
    Ok(leaves)
}

fn contents(part: &[u8]) -> Result<BTreeMap<Hash, &[u8]>, BundleError> {
    let mut from = Reader::new(part).map_err(malformed(CONTENTS))?;
    let shown = from.list_of(MAX_ELEMENTS, Reader::bytes).map_err(malformed(CONTENTS))?;
    let mut contents = BTreeMap::new();
    for content in shown {
        let hash = Hash::of(content);
        if contents.last_key_value().is_some_and(|(last, _)| *last >= hash) {
            return Err(BundleError::Order(CONTENTS.to_owned()));
        }
        contents.insert(hash, content);
    }
    Ok(contents)
}

fn consistency(part: &[u8]) -> Result<BTreeMap<u64, Vec<Hash>>, BundleError> {
    let mut from = Reader::new(part).map_err(malformed(CONSISTENCY))?;
    let shown = from.list_of(MAX_ELEMENTS, |from| {
        from.array(2)?;
        Ok((from.uint()?, from.list_of(MAX_PATH, Reader::hash)?))
    });
    let mut proofs = BTreeMap::new();
    for (size, path) in shown.map_err(malformed(CONSISTENCY))? {
        if proofs.last_key_value().is_some_and(|(last, _)| *last >= size) {
            return Err(BundleError::Order(CONSISTENCY.to_owned()));
        }
        proofs.insert(size, path);
    }
    Ok(proofs)
}

fn segments(bundle: &Bundle) -> Result<BTreeMap<DeviceId, Vec<&[u8]>>, BundleError> {
    let mut segments = BTreeMap::new();
    for (name, part) in bundle.parts().filter(|(name, _)| !ALL.contains(name)) {
        let inner = name.strip_prefix("segments/").and_then(|name| name.strip_suffix(".cbor"));
        let dev = inner.and_then(|dev| DeviceId::from_hex(dev).ok());
        // Hex has one form: small letters.
        let dev = dev.filter(|dev| segments_name(*dev) == name);
        let dev = dev.ok_or_else(|| BundleError::Unknown(name.to_owned()))?;
        let copies = byte_strings(name, part)?;
        if copies.is_empty() {
            return Err(BundleError::Order(name.to_owned()));
        }
        segments.insert(dev, copies);
    }
    Ok(segments)
}

/// Writes byte strings as they are ordered in a part.
pub(super) fn write_byte_strings<B: AsRef<[u8]> + Ord>(mut strings: Vec<B>) -> Vec<u8> {
    strings.sort_unstable();
    strings.dedup();
    write_in_order(strings.iter().map(AsRef::as_ref))
}

/// Writes byte strings in the order given.
pub(super) fn write_in_order<'s>(strings: impl ExactSizeIterator<Item = &'s [u8]>) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(strings.len());
    for string in strings {
        to.bytes(string);
    }
    to.finish()
}

pub(super) fn write_leaves(leaves: &[ShownLeaf]) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(leaves.len());
    for shown in leaves {
        to.array(3).uint(shown.index).bytes(&shown.leaf.encode()).hashes(&shown.path);
    }
    to.finish()
}

pub(super) fn write_consistency(proofs: &BTreeMap<u64, Vec<Hash>>) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(proofs.len());
    for (size, path) in proofs {
        to.array(2).uint(*size).hashes(path);
    }
    to.finish()
}
