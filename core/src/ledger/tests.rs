//! Vectors, properties and hostile bytes. `vectors/` holds the published cases, each file with its source.

mod leaf;
mod merkle;
mod note;
mod policy;
mod remembered;
mod run;
mod tile;
mod witness;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use super::{Frontier, merkle::leaf_hash};
use crate::model::Hash;

type Nodes = BTreeMap<(u8, u64), Hash>;

fn hash(hex: &serde_json::Value) -> Hash {
    Hash::from_hex(hex.as_str().unwrap()).unwrap()
}

fn hashes(list: &serde_json::Value) -> Vec<Hash> {
    list.as_array().unwrap().iter().map(hash).collect()
}

fn bytes(hex: &serde_json::Value) -> Vec<u8> {
    HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap()
}

fn merkle_vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("vectors/rfc6962_merkle.json")).unwrap()
}

fn note_vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("vectors/c2sp_signed_note.json")).unwrap()
}

/// A ledger of these leaves: its edge, and every complete subtree.
fn grown<B: AsRef<[u8]>>(leaves: impl IntoIterator<Item = B>) -> (Frontier, Nodes) {
    let (mut frontier, mut nodes) = (Frontier::default(), Nodes::new());
    for leaf in leaves {
        for node in frontier.append(leaf.as_ref()).unwrap() {
            assert_eq!(nodes.insert((node.level, node.index), node.hash), None);
        }
    }
    (frontier, nodes)
}

/// A ledger of `size` leaves that all differ.
fn numbered(size: u64) -> (Frontier, Nodes) {
    grown((0..size).map(u64::to_be_bytes))
}

fn numbered_leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}
