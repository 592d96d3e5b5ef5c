//! Writing a bundle from what a shore holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    archive::Bundle,
    disclosure::disclose,
    manifest::Manifest,
    parts::{
        CONSISTENCY, CONTENTS, LEAVES, LEDGER_LEAVES, MANIFEST, RECEIPTS, ShownLeaf, TREE_HEAD,
        segments_name, write_byte_strings, write_consistency, write_in_order, write_leaves,
    },
};
use crate::{
    ledger::{
        Hashes, Leaf, ProvingError, SignedTreeHead,
        merkle::{prove_consistency, prove_inclusion},
    },
    model::{DeviceId, Hash},
    record::{Body, ContentPart, Receipt, Segment, Slot},
};

const ACK: u64 = 29;

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
        "the newest leaf of the vessel is not about this manifest; append the leaf of kind 7 first"
    )]
    NotLogged,
    /// A receipt that does not read.
    #[error("a receipt in the store does not read; check the store with: deckwatch doctor")]
    Receipt,
}

/// What a shore hands out, as its store has it. Order does not matter, and neither do copies.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What is handed out; the content of the newest of `leaves`.
    pub manifest: Manifest,
    /// Signed after that leaf, with as many cosignatures as there are.
    pub tree_head: SignedTreeHead,
    /// Every leaf of the vessel from number `manifest.first` on, with its index; earlier ones as wanted.
    pub leaves: Vec<(u64, Leaf)>,
    /// The origin leaf and the publications of detectors: leaves of no vessel.
    pub ledger_leaves: Vec<(u64, Leaf)>,
    /// What leaves are about, as far as it is to be shown: always the runs of kind 1 and, for a re-assessment, the publication,
    /// flags and withdrawals, and every document change that is not withheld. The manifest is not among them.
    pub contents: Vec<Vec<u8>>,
    /// Full copies of the segments that the leaves are about; what the manifest withholds is taken out here.
    pub segments: Vec<Segment>,
    /// Every receipt given for a device of the vessel.
    pub receipts: Vec<Vec<u8>>,
}

/// Writes a bundle. `hashes` reads the ledger's complete subtrees.
pub fn write<H: Hashes + ?Sized>(
    sources: &Sources,
    hashes: &H,
) -> Result<Bundle, WriteError<H::Error>> {
    let size = sources.tree_head.head().size;
    let leaves = proved(&sources.leaves, hashes, size)?;
    let last = leaves.last().map(|shown| shown.leaf.subject);
    if last != Some(sources.manifest.subject()) {
        return Err(WriteError::NotLogged);
    }
    let ledger_leaves = proved(&sources.ledger_leaves, hashes, size)?;
    let named: BTreeSet<Hash> =
        leaves.iter().chain(&ledger_leaves).map(|shown| shown.leaf.subject).collect();
    let contents: BTreeMap<Hash, &[u8]> = sources
        .contents
        .iter()
        .map(|content| (Hash::of(content), content.as_slice()))
        .filter(|(hash, _)| named.contains(hash) && *hash != sources.manifest.subject())
        .collect();
    let mut bundle = Bundle::default();
    bundle.put(MANIFEST, sources.manifest.encode());
    bundle.put(TREE_HEAD, sources.tree_head.encode());
    bundle.put(LEAVES, write_leaves(&leaves));
    bundle.put(LEDGER_LEAVES, write_leaves(&ledger_leaves));
    bundle.put(CONTENTS, write_in_order(contents.values().copied()));
    bundle.put(RECEIPTS, write_byte_strings(sources.receipts.clone()));
    let mut by_device: BTreeMap<DeviceId, Vec<Vec<u8>>> = BTreeMap::new();
    for segment in &sources.segments {
        let shown = disclose(segment, &sources.manifest.withheld).encode();
        by_device.entry(segment.dev).or_default().push(shown);
    }
    for (dev, copies) in by_device {
        bundle.put(segments_name(dev), write_byte_strings(copies));
    }
    bundle.put(CONSISTENCY, write_consistency(&joined(sources, hashes, size)?));
    Ok(bundle)
}

fn proved<H: Hashes + ?Sized>(
    leaves: &[(u64, Leaf)],
    hashes: &H,
    size: u64,
) -> Result<Vec<ShownLeaf>, WriteError<H::Error>> {
    let by_index: BTreeMap<u64, Leaf> = leaves.iter().copied().collect();
    let proved = by_index.into_iter().map(|(index, leaf)| {
        let path = prove_inclusion(hashes, index, size);
        let path = path.map_err(|cause| WriteError::Proof { at: index, cause })?;
        Ok(ShownLeaf { index, leaf, path })
    });
    proved.collect()
}

/// One proof for each smaller ledger that a receipt or a device names.
fn joined<H: Hashes + ?Sized>(
    sources: &Sources,
    hashes: &H,
    size: u64,
) -> Result<BTreeMap<u64, Vec<Hash>>, WriteError<H::Error>> {
    let origin = Hash::of(sources.tree_head.head().origin.as_bytes());
    let mut sizes: BTreeSet<u64> = BTreeSet::new();
    for receipt in &sources.receipts {
        sizes.insert(Receipt::decode(receipt).map_err(|_| WriteError::Receipt)?.tree_size);
    }
    for item in sources.segments.iter().flat_map(|segment| &segment.items) {
        let [_, _, Slot::Shown(content) | Slot::Salted(_, content)] = &item.slots else { continue };
        if item.kind != ACK {
            continue;
        }
        if let Ok(ContentPart { body: Body::Ack { origin: of, size, .. }, .. }) =
            ContentPart::decode(item.kind, content)
            && of == origin
        {
            sizes.insert(size);
        }
    }
    let smaller = sizes.into_iter().filter(|older| (1..size).contains(older));
    let proofs = smaller.map(|older| {
        let path = prove_consistency(hashes, older, size);
        Ok((older, path.map_err(|cause| WriteError::Proof { at: older, cause })?))
    });
    proofs.collect()
}
