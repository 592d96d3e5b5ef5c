//! Our ledger and that of Cloudflare's azul (`tlog_tiles`, `signed_note`) on the same inputs, good and spoiled.

use std::{cell::RefCell, collections::BTreeMap};

use deckwatch_core::{
    ledger::{
        Frontier, LedgerKey, Note, SignedTreeHead, TreeHead, VerifierKey, leaf_hash,
        merkle::{
            prove_consistency, prove_inclusion, root_of, verify_consistency, verify_inclusion,
        },
        tile::{TileKind, TilePath},
    },
    model::Hash,
};
use proptest::prelude::*;
use signed_note::{StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::tlog;

type Nodes = BTreeMap<(u8, u64), Hash>;

/// Both ledgers of the same leaves, ours and theirs.
fn grown(size: u64) -> (Nodes, Theirs) {
    let (mut frontier, mut nodes, theirs) = (Frontier::default(), Nodes::new(), Theirs::default());
    for index in 0..size {
        let leaf = index.to_be_bytes();
        for node in frontier.append(&leaf).unwrap() {
            nodes.insert((node.level, node.index), node.hash);
        }
        let stored = tlog::stored_hashes(index, &leaf, &theirs).unwrap();
        theirs.0.borrow_mut().extend(stored);
    }
    (nodes, theirs)
}

#[derive(Default)]
struct Theirs(RefCell<Vec<tlog::Hash>>);

impl tlog::HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let held = self.0.borrow();
        Ok(indexes.iter().map(|index| held[usize::try_from(*index).unwrap()]).collect())
    }
}

fn to_theirs(hash: Hash) -> tlog::Hash {
    tlog::Hash(hash.0)
}

fn path_to_theirs(path: &[Hash]) -> Vec<tlog::Hash> {
    path.iter().copied().map(to_theirs).collect()
}

/// A way to spoil a path.
fn spoil(path: &mut Vec<Hash>, how: u8, at: usize) {
    match (how % 6, path.is_empty()) {
        (0, _) => {}
        (1, _) | (_, true) => path.push(Hash([7; 32])),
        (2, _) => drop(path.pop()),
        (3, _) => {
            let at = at % path.len();
            path[at].0[at % 32] ^= 1;
        }
        (4, _) => path.insert(0, Hash([7; 32])),
        (_, _) => {
            let length = path.len();
            path.swap(at % length, 0);
        }
    }
}

proptest! {
    #[test]
    fn proofs_and_their_verification(size in 1..400_u64, old in 0..400_u64, index in 0..400_u64, how in any::<u8>(), at in any::<usize>(), off in -1..2_i64) {
        let (nodes, theirs) = grown(size);
        let (old, index) = (old % size + 1, index % size);
        let root = root_of(&nodes, size).unwrap();
        prop_assert_eq!(to_theirs(root), tlog::tree_hash(size, &theirs).unwrap());

        let mut path = prove_inclusion(&nodes, index, size).unwrap();
        prop_assert_eq!(path_to_theirs(&path), tlog::prove_record(size, index, &theirs).unwrap());
        spoil(&mut path, how, at);
        let leaf = leaf_hash(&index.to_be_bytes());
        let claimed = size.saturating_add_signed(off);
        let ours = verify_inclusion(index, claimed, leaf, &path, root).is_ok();
        let others = tlog::check_record(&path_to_theirs(&path), claimed, to_theirs(root), index, to_theirs(leaf)).is_ok();
        prop_assert_eq!(ours, others);

        let mut path = prove_consistency(&nodes, old, size).unwrap();
        prop_assert_eq!(path_to_theirs(&path), tlog::prove_tree(size, old, &theirs).unwrap());
        spoil(&mut path, how, at);
        let before = root_of(&nodes, old).unwrap();
        let ours = verify_consistency(old, before, claimed, root, &path).is_ok();
        let others = tlog::check_tree(&path_to_theirs(&path), claimed, to_theirs(root), old, to_theirs(before)).is_ok();
        // Theirs has no consistency from 0 leaves; nothing here asks for it.
        prop_assert_eq!(ours, others, "{} of {}", old, claimed);
    }

    #[test]
    fn paths_of_tiles(level in 0..64_u8, index in prop_oneof![0..2_000_u64, any::<u64>()], width in 1..=256_u16) {
        let ours = TilePath { kind: TileKind::Hashes(level), index, width }.to_string();
        // Theirs writes the height, which is 8 here, in between.
        let others = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
        prop_assert_eq!(ours, others.replacen("tile/8/", "tile/", 1));
    }

    #[test]
    fn notes(lines in "(\\PC{0,12}\n){1,3}", name in "[a-z]{1,8}(\\.[a-z]{1,5}){0,2}(/[a-z0-9]{1,5})?", seed in any::<[u8; 32]>(), at in any::<prop::sample::Index>(), flip in 0..9_u32) {
        let key = LedgerKey::from_seed(&name, &seed).unwrap();
        let mut bytes = Note::sign(lines, &key).unwrap().encode();
        if let Some(bit) = 1_u8.checked_shl(flip) {
            let at = at.index(bytes.len());
            bytes[at] ^= bit;
        }
        let vkey = key.verifier().to_string();
        let theirs = StandardVerifier::new(&vkey).unwrap();
        prop_assert_eq!((theirs.name(), theirs.key_id()), (key.verifier().name(), key.verifier().id()));
        prop_assert_eq!(VerifierKey::parse(&vkey), Ok(key.verifier().clone()));
        let list = VerifierList::new(vec![Box::new(theirs)]);
        let others = signed_note::Note::from_bytes(&bytes).ok().filter(|note| note.verify(&list).is_ok());
        let ours = Note::parse(&bytes).ok().filter(|note| note.verify([key.verifier()]).is_ok());
        prop_assert_eq!(ours.is_some(), others.is_some());
        if let (Some(ours), Some(others)) = (ours, others) {
            prop_assert_eq!(ours.text().as_bytes(), others.text());
            prop_assert_eq!(ours.encode(), others.to_bytes());
        }
    }

    #[test]
    fn tree_heads(origin in "[!-~]{1,20}", size in any::<u64>(), root in any::<[u8; 32]>(), more in proptest::option::of("[ -~]{1,20}"), at in any::<prop::sample::Index>(), flip in 0..9_u32) {
        let head = TreeHead { origin, size, root: Hash(root), extensions: more.into_iter().collect() };
        let mut text = head.text().into_bytes();
        if let Some(bit) = 1_u8.checked_shl(flip) {
            let at = at.index(text.len());
            text[at] ^= bit;
        }
        let others = tlog_tiles::Checkpoint::from_bytes(&text);
        let ours = std::str::from_utf8(&text).ok().and_then(|text| TreeHead::parse(text).ok());
        if let (Some(ours), Ok(others)) = (&ours, &others) {
            prop_assert_eq!((ours.origin.as_str(), ours.size), (others.origin(), others.size()));
            prop_assert_eq!(to_theirs(ours.root), *others.hash());
        }
        // Ours is as strict in every case, and where theirs alone accepts, its own form is another.
        if ours.is_none() && let Ok(others) = others {
            prop_assert_ne!(others.to_bytes(), text);
        }
    }
}

/// What ours signs, theirs reads.
#[test]
fn a_signed_tree_head() {
    let key = LedgerKey::from_seed("patrol.example/fleet-1", &[1; 32]).unwrap();
    let head = SignedTreeHead::sign(8, Hash([3; 32]), &key).unwrap();
    let theirs = signed_note::Note::from_bytes(&head.encode()).unwrap();
    let text = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((text.origin(), text.size(), text.hash().0), ("patrol.example/fleet-1", 8, [3; 32]));
}
