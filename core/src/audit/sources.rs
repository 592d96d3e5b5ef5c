//! Writing a bundle from what a shore holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    archive::Bundle,
    disclosure::{Withheld, disclose},
    manifest::{Manifest, NamedPart},
    parts::{
        CONSISTENCY, CONTENTS, LEAVES, LEDGER_LEAVES, MANIFEST, RECEIPTS, ShownLeaf, TREE_HEAD,
        leaves_hash, segments_name, write_byte_strings, write_consistency, write_in_order,
        write_leaves,
    },
};
use crate::{
    ledger::{
        Hashes, Leaf, ProvingError, SignedTreeHead,
        merkle::{prove_consistency, prove_inclusion},
    },
    model::{DeviceId, Hash},
    record::{Body, ContentPart, Receipt, Segment, Slot, body::ACK},
};

/// Why a bundle was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError<E> {
    /// A proof could not be made.
    #[error("leaf or size {at} of the ledger could not be proved: {cause}")]
    Proof {
        /// Which.
        at: u64,
        /// Why not.
        cause: ProvingError<E>,
    },
    /// What is handed out is a leaf itself, the last one.
    #[error(
        "the leaf of kind 7 is not about this manifest; append it after everything that is shown, and before the tree head is signed"
    )]
    NotLogged,
}

/// A receipt of the store that does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a receipt in the store does not read; restore the newest backup of the database")]
pub struct UnreadableReceipt;

/// What a shore shows, as its store has it when it hands out. Order does not matter, and neither do copies.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Every leaf of the vessel from number `first` of the manifest on, with its index; earlier ones as wanted. Not yet among
    /// them: that it is handed out.
    pub leaves: Vec<(u64, Leaf)>,
    /// The origin leaf and the publications of detectors: leaves of no vessel.
    pub ledger_leaves: Vec<(u64, Leaf)>,
    /// What leaves are about, as far as it is to be shown: always the runs of kind 1 and what says nothing personal (kinds 0, 3, 8, 9);
    /// for a re-assessment flags and withdrawals, and every document change that is not withheld.
    pub contents: Vec<Vec<u8>>,
    /// Full copies of the segments that the leaves are about; what is withheld is taken out here.
    pub segments: Vec<Segment>,
    /// Every receipt given for a device of the vessel, those of earlier ledgers too.
    pub receipts: Vec<Vec<u8>>,
}

/// The parts of a bundle that its manifest names.
#[derive(Debug, Clone)]
pub struct Prepared {
    leaves: BTreeMap<u64, Leaf>,
    ledger_leaves: BTreeMap<u64, Leaf>,
    /// Contents, receipts and segments.
    parts: BTreeMap<String, Vec<u8>>,
    /// Trees that receipts name and devices acknowledged: origin and size.
    trees: BTreeSet<(Hash, u64)>,
}

impl Sources {
    /// Takes out what is withheld, and gives each part its one form.
    pub fn prepare(&self, withheld: &[Withheld]) -> Result<Prepared, UnreadableReceipt> {
        let leaves: BTreeMap<u64, Leaf> = self.leaves.iter().copied().collect();
        let ledger_leaves: BTreeMap<u64, Leaf> = self.ledger_leaves.iter().copied().collect();
        let named: BTreeSet<Hash> =
            leaves.values().chain(ledger_leaves.values()).map(|leaf| leaf.subject).collect();
        let contents: BTreeMap<Hash, &[u8]> = self
            .contents
            .iter()
            .map(|content| (Hash::of(content), content.as_slice()))
            .filter(|(hash, _)| named.contains(hash))
            .collect();
        let mut parts = BTreeMap::from([
            (CONTENTS.to_owned(), write_in_order(contents.values().copied())),
            (RECEIPTS.to_owned(), write_byte_strings(self.receipts.clone())),
        ]);
        let mut by_device: BTreeMap<DeviceId, Vec<Vec<u8>>> = BTreeMap::new();
        for segment in &self.segments {
            let shown = disclose(segment, withheld).encode();
            by_device.entry(segment.dev).or_default().push(shown);
        }
        for (dev, copies) in by_device {
            parts.insert(segments_name(dev), write_byte_strings(copies));
        }
        let mut trees: BTreeSet<(Hash, u64)> =
            self.segments.iter().flat_map(acknowledged).collect();
        for bytes in &self.receipts {
            let tree = Receipt::decode(bytes).map_err(|_| UnreadableReceipt)?.tree;
            trees.insert((tree.origin, tree.size));
        }
        Ok(Prepared { leaves, ledger_leaves, parts, trees })
    }
}

impl Prepared {
    /// What the manifest says of the parts.
    pub fn named(&self) -> Vec<NamedPart> {
        let hashed = |(name, bytes): (&String, &Vec<u8>)| (name.clone(), Hash::of(bytes));
        let mut hashes: BTreeMap<String, Hash> = self.parts.iter().map(hashed).collect();
        hashes.insert(LEAVES.to_owned(), leaves_hash(self.leaves.values()));
        hashes.insert(LEDGER_LEAVES.to_owned(), leaves_hash(self.ledger_leaves.values()));
        hashes.into_iter().map(|(name, hash)| NamedPart { name, hash }).collect()
    }

    /// Writes the bundle. `export` is the leaf about this manifest, and `tree_head` was signed after it, with as many cosignatures
    /// as there are. `hashes` reads the ledger's complete subtrees.
    pub fn write<H: Hashes + ?Sized>(
        self,
        manifest: &Manifest,
        export: (u64, Leaf),
        tree_head: &SignedTreeHead,
        hashes: &H,
    ) -> Result<Bundle, WriteError<H::Error>> {
        if export.1.subject != manifest.subject() {
            return Err(WriteError::NotLogged);
        }
        let head = tree_head.head();
        let origin = Hash::of(head.origin.as_bytes());
        let older = self.trees.iter().filter(|(of, _)| *of == origin).map(|(_, size)| *size);
        let consistency = joined(older, hashes, head.size)?;
        let mut leaves = self.leaves;
        leaves.insert(export.0, export.1);
        let mut bundle = Bundle::default();
        bundle.put(MANIFEST, manifest.encode());
        bundle.put(TREE_HEAD, tree_head.encode());
        bundle.put(LEAVES, write_leaves(&proved(&leaves, hashes, head.size)?));
        let ledger_leaves = proved(&self.ledger_leaves, hashes, head.size)?;
        bundle.put(LEDGER_LEAVES, write_leaves(&ledger_leaves));
        bundle.put(CONSISTENCY, write_consistency(&consistency));
        for (name, bytes) in self.parts {
            bundle.put(name, bytes);
        }
        Ok(bundle)
    }
}

fn proved<H: Hashes + ?Sized>(
    leaves: &BTreeMap<u64, Leaf>,
    hashes: &H,
    size: u64,
) -> Result<Vec<ShownLeaf>, WriteError<H::Error>> {
    let proved = leaves.iter().map(|(&index, &leaf)| {
        let path = prove_inclusion(hashes, index, size);
        let path = path.map_err(|cause| WriteError::Proof { at: index, cause })?;
        Ok(ShownLeaf { index, leaf, path })
    });
    proved.collect()
}

/// One proof for each smaller ledger that a receipt or a device names.
fn joined<H: Hashes + ?Sized>(
    older: impl Iterator<Item = u64>,
    hashes: &H,
    size: u64,
) -> Result<BTreeMap<u64, Vec<Hash>>, WriteError<H::Error>> {
    let older: BTreeSet<u64> = older.filter(|older| (1..size).contains(older)).collect();
    let proofs = older.into_iter().map(|older| {
        let path = prove_consistency(hashes, older, size);
        Ok((older, path.map_err(|cause| WriteError::Proof { at: older, cause })?))
    });
    proofs.collect()
}

/// The tree heads that a segment's records acknowledge.
fn acknowledged(segment: &Segment) -> impl Iterator<Item = (Hash, u64)> + '_ {
    segment.items.iter().filter(|item| item.kind == ACK).filter_map(|item| {
        let [_, _, Slot::Shown(content) | Slot::Salted(_, content)] = &item.slots else {
            return None;
        };
        match ContentPart::decode(item.kind, content).ok()?.body {
            Body::Ack { origin, size, .. } => Some((origin, size)),
            _ => None,
        }
    })
}
