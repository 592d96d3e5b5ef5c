use std::cell::Cell;

use proptest::prelude::*;

use super::{Nodes, numbered, numbered_leaf};
use crate::ledger::{
    MissingNode,
    merkle::{prove_consistency, prove_inclusion, root_of},
    tile::{
        EntriesError, TileError, TileKind, TilePath, TileSource, TiledHashes, bundle, hash_tile,
        unbundle,
    },
};

#[test]
fn paths_are_those_of_the_specification() {
    let path = |kind, index, width| TilePath { kind, index, width }.to_string();
    assert_eq!(path(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(TileKind::Hashes(3), 0, 1), "tile/3/000.p/1");
    assert_eq!(path(TileKind::Entries, 1_000, 255), "tile/entries/x001/000.p/255");
    assert_eq!(
        path(TileKind::Entries, u64::MAX, 256),
        "tile/entries/x018/x446/x744/x073/x709/x551/615"
    );
    for wrong in [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/001",
        "tile/0/x001/x001",
        "tile/0/xx001/001",
        "tile/0/x1/001",
        "tile/0/+01",
        "tile/00/001",
        "tile/+0/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/data/001",
        "/tile/0/001",
        "tile/0/001/",
        "tile/0/001.p",
        "tile/0/001.p/",
        "tile/0/001.p/0",
        "tile/0/001.p/01",
        "tile/0/001.p/256",
        "tile/0/001.p/1.p/1",
        "tile/0/001.P/1",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/\u{661}00",
    ] {
        assert!(TilePath::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn which_tiles_a_ledger_has() {
    // The example of the specification: 70,000 leaves.
    let width = |kind, index, size| TilePath::in_ledger(kind, index, size).map(|tile| tile.width);
    let hashes = TileKind::Hashes;
    assert_eq!(width(hashes(0), 272, 70_000), Some(256));
    assert_eq!(width(hashes(0), 273, 70_000), Some(112));
    assert_eq!(width(hashes(0), 274, 70_000), None);
    assert_eq!(width(TileKind::Entries, 273, 70_000), Some(112));
    assert_eq!(width(hashes(1), 0, 70_000), Some(256));
    assert_eq!(width(hashes(1), 1, 70_000), Some(17));
    assert_eq!(width(hashes(2), 0, 70_000), Some(1));
    assert_eq!(width(hashes(3), 0, 70_000), None);
    assert_eq!(width(hashes(0), 0, 256), Some(256));
    assert_eq!(width(hashes(1), 0, 256), Some(1));
    assert_eq!(width(hashes(0), 0, 0), None);
    assert_eq!(width(hashes(8), 0, u64::MAX), None);
    assert_eq!(width(hashes(63), 0, u64::MAX), None);
}

/// Tiles made when they are asked for, and how often they were.
struct Made<'n>(&'n Nodes, Cell<usize>);

impl TileSource for Made<'_> {
    type Error = MissingNode;

    fn tile(&self, path: TilePath) -> Result<Vec<u8>, MissingNode> {
        self.1.set(self.1.get() + 1);
        hash_tile(self.0, path).unwrap()
    }
}

#[test]
fn proofs_from_tiles_are_the_same_proofs() {
    let (_, nodes) = numbered(70_000);
    for size in [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000] {
        let tiles = || TiledHashes::new(Made(&nodes, Cell::new(0)), size);
        assert_eq!(root_of(&tiles(), size).unwrap(), root_of(&nodes, size).unwrap());
        for index in [0, 1, size / 3, size / 2, size - 1] {
            let index = index.min(size - 1);
            let source = Made(&nodes, Cell::new(0));
            let tiled = TiledHashes::new(&source, size);
            let path = prove_inclusion(&tiled, index, size).unwrap();
            assert_eq!(path, prove_inclusion(&nodes, index, size).unwrap());
            // At most two tiles of each level.
            assert!(source.1.get() <= 6, "{index} of {size}: {} tiles", source.1.get());
            let path = prove_consistency(&tiles(), index, size).unwrap();
            assert_eq!(path, prove_consistency(&nodes, index, size).unwrap());
        }
        let outside = root_of(&tiles(), size + 1);
        assert!(matches!(outside, Err(TileError::Outside { .. })), "{outside:?}");
    }
}

impl TileSource for &Made<'_> {
    type Error = MissingNode;

    fn tile(&self, path: TilePath) -> Result<Vec<u8>, MissingNode> {
        (**self).tile(path)
    }
}

#[test]
fn a_tile_of_another_length_is_refused() {
    struct Short;
    impl TileSource for Short {
        type Error = MissingNode;

        fn tile(&self, path: TilePath) -> Result<Vec<u8>, MissingNode> {
            Ok(vec![0; usize::from(path.width) * 32 - 1])
        }
    }
    let tiled = TiledHashes::new(Short, 300);
    let path = TilePath { kind: TileKind::Hashes(0), index: 1, width: 44 };
    assert_eq!(root_of(&tiled, 300), Err(TileError::Length { path, found: 44 * 32 - 1 }));
    assert_eq!(hash_tile(&numbered(1).1, TilePath { kind: TileKind::Entries, ..path }), None);
    let above = TilePath { kind: TileKind::Hashes(9), ..path };
    assert_eq!(hash_tile(&numbered(1).1, above), None);
}

#[test]
fn a_tile_of_hashes_is_the_leaf_hashes() {
    let (_, nodes) = numbered(300);
    let path = TilePath { kind: TileKind::Hashes(0), index: 1, width: 44 };
    let expected: Vec<u8> = (256..300).flat_map(|index| numbered_leaf(index).0).collect();
    assert_eq!(hash_tile(&nodes, path), Some(Ok(expected)));
}

#[test]
fn bundles_of_entries() {
    let entries: [&[u8]; 3] = [b"one", b"", b"three"];
    let bytes = bundle(&entries).unwrap();
    assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
    assert_eq!(unbundle(&bytes, 3), Ok(entries.to_vec()));
    for width in [0, 1, 2, 4, 256] {
        assert_eq!(unbundle(&bytes, width), Err(EntriesError::Form));
    }
    for end in 0..bytes.len() {
        assert_eq!(unbundle(&bytes[..end], 3), Err(EntriesError::Form));
    }
    assert!(bundle(&[vec![0; 65_535]]).is_ok());
    assert_eq!(bundle(&[vec![0; 65_536]]), Err(EntriesError::TooLarge(65_536)));
}

proptest! {
    #[test]
    fn every_path_has_one_form(level in 0..64_u8, index in prop_oneof![0..3_000_u64, any::<u64>()], width in 1..=256_u16, entries in any::<bool>()) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
        let path = TilePath { kind, index, width };
        prop_assert_eq!(TilePath::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn hostile_paths(text in "tile/(entries|[0-9]{1,3})(/x?[0-9]{0,4}){0,9}(\\.p/[0-9]{0,4})?") {
        if let Ok(path) = TilePath::parse(&text) {
            prop_assert_eq!(path.to_string(), text);
        }
    }
}
