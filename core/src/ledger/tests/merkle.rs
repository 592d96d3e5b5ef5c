use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::ledger::{
    Hashes, MissingNode, ProofError, ProvingError, empty_root,
    frontier::{LedgerFull, MAX_LEAVES},
    merkle::{
        node_hash, prove_consistency, prove_inclusion, root_of, verify_consistency,
        verify_inclusion,
    },
};

/// The definition of RFC 6962 section 2.1, word for word.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(root_by_definition(left), root_by_definition(right))
        }
    }
}

/// On which sides the hashes of an inclusion proof stand, by the definition of section 2.1.1.
fn sides(index: u64, size: u64) -> Vec<bool> {
    if index >= size || size == 1 {
        return Vec::new();
    }
    let left = 1 << (size - 1).ilog2();
    let right = index >= left;
    let mut sides = if right { sides(index - left, size - left) } else { sides(index, left) };
    sides.push(right);
    sides
}

/// Ways to spoil a list of hashes.
fn spoiled(path: &[Hash], others: &[Hash]) -> Vec<Vec<Hash>> {
    let mut wrong = Vec::new();
    for at in 0..path.len() {
        for byte in 0..32 {
            let mut flipped = path.to_vec();
            flipped[at].0[byte] ^= 1 << (byte % 8);
            wrong.push(flipped);
        }
        let mut without = path.to_vec();
        without.remove(at);
        wrong.push(without);
        wrong.push(path[..at].to_vec());
        let mut twice = path.to_vec();
        twice.insert(at, path[at]);
        wrong.push(twice);
        for next in at + 1..path.len() {
            let mut swapped = path.to_vec();
            swapped.swap(at, next);
            wrong.push(swapped);
        }
    }
    for other in others {
        wrong.push([path, &[*other]].concat());
        wrong.push([&[*other], path].concat());
    }
    wrong.retain(|wrong| wrong != path);
    wrong
}

fn refuses_every_wrong_inclusion(index: u64, size: u64, leaf: Hash, root: Hash, path: &[Hash]) {
    assert_eq!(verify_inclusion(index, size, leaf, path, root), Ok(()));
    let garbage = Hash([0x5a; 32]);
    for wrong in spoiled(path, &[garbage, root, leaf]) {
        assert!(verify_inclusion(index, size, leaf, &wrong, root).is_err());
    }
    for wrong in [garbage, leaf, Hash::ZERO, empty_root()] {
        assert!(wrong == root || verify_inclusion(index, size, leaf, path, wrong).is_err());
    }
    for wrong in [garbage, root, Hash::ZERO, empty_root()] {
        assert!(wrong == leaf || verify_inclusion(index, size, wrong, path, root).is_err());
    }
    for index in [size, size + 1, size * 2, u64::MAX] {
        let error = verify_inclusion(index, size, leaf, path, root).unwrap_err();
        assert_eq!(error, ProofError::NoSuchLeaf { index, size });
    }
    let places = [
        (index.wrapping_sub(1), size),
        (index + 1, size),
        (index ^ 2, size),
        (index, size * 2),
        (index, size / 2),
        (index, size - 1),
        (index, size + 1),
        (index, size ^ 2),
        (index, u64::MAX),
    ];
    for (other, larger) in places {
        // A path says on which sides its hashes stand, and not how many leaves there are: that is what is signed.
        let same_way = other < larger && sides(other, larger) == sides(index, size);
        let good = verify_inclusion(other, larger, leaf, path, root).is_ok();
        assert_eq!(good, same_way, "{index} of {size} as {other} of {larger}");
        assert!(!good || other == index, "a leaf has one index");
    }
}

fn refuses_every_wrong_consistency(old: u64, new: u64, roots: [Hash; 2], path: &[Hash]) {
    let [before, after] = roots;
    assert_eq!(verify_consistency(old, before, new, after, path), Ok(()));
    let garbage = Hash([0x5a; 32]);
    for wrong in spoiled(path, &[garbage, before, after]) {
        assert!(verify_consistency(old, before, new, after, &wrong).is_err());
    }
    for wrong in [garbage, Hash::ZERO, after, empty_root()] {
        assert!(wrong == before || verify_consistency(old, wrong, new, after, path).is_err());
    }
    for wrong in [garbage, Hash::ZERO, before] {
        // From nothing to anything there is nothing to prove.
        let refused = verify_consistency(old, before, new, wrong, path).is_err();
        assert!(wrong == after || refused || old == 0);
    }
    if before != after && old != 0 {
        assert!(verify_consistency(old, after, new, before, path).is_err(), "roots exchanged");
        assert!(verify_consistency(old, before, old, after, &[]).is_err());
        assert!(verify_consistency(new, before, new, after, &[]).is_err());
        assert!(verify_consistency(new, after, old, before, path).is_err());
        for other in [old - 1, old + 1, old ^ 2, old * 2, old / 2] {
            assert!(other == old || verify_consistency(other, before, new, after, path).is_err());
        }
        for other in [new * 2, new / 2, u64::MAX] {
            assert!(verify_consistency(old, before, other, after, path).is_err());
        }
    }
}

#[test]
fn published_roots_and_proofs() {
    let vectors = merkle_vectors();
    let leaves: Vec<Vec<u8>> =
        vectors["leaves_hex"].as_array().unwrap().iter().map(bytes).collect();
    let (frontier, nodes) = grown(&leaves);
    for (size, root) in vectors["roots"].as_object().unwrap() {
        let size: u64 = size.parse().unwrap();
        assert_eq!(root_of(&nodes, size), Ok(hash(root)));
        assert_eq!(Frontier::load(&nodes, size).unwrap().root(), hash(root));
    }
    assert_eq!(frontier.root(), hash(&vectors["roots"]["8"]));
    let inclusion = vectors["inclusion"].as_array().unwrap();
    for case in inclusion {
        let [index, size] = ["index", "size"].map(|name| case[name].as_u64().unwrap());
        let [leaf, root] = ["leaf_hash", "root"].map(|name| hash(&case[name]));
        let path = hashes(&case["proof"]);
        assert_eq!(leaf, leaf_hash(&leaves[index as usize]));
        assert_eq!(prove_inclusion(&nodes, index, size), Ok(path.clone()));
        refuses_every_wrong_inclusion(index, size, leaf, root, &path);
    }
    let consistency = vectors["consistency"].as_array().unwrap();
    for case in consistency {
        let [old, new] = ["size1", "size2"].map(|name| case[name].as_u64().unwrap());
        let roots = ["root1", "root2"].map(|name| hash(&case[name]));
        let path = hashes(&case["proof"]);
        assert_eq!(prove_consistency(&nodes, old, new), Ok(path.clone()));
        refuses_every_wrong_consistency(old, new, roots, &path);
    }
    assert_eq!((inclusion.len(), consistency.len()), (36, 36));
    // What the list names beside is written in the two functions above. Hashes of another length are no `Hash`.
    assert_eq!(vectors["must_reject"].as_array().unwrap().len(), 9);
    assert_eq!(Hash::from_slice(&[0; 31]).or(Hash::from_slice(&[0; 33])), None);
}

#[test]
fn from_nothing_everything_grows_with_the_empty_proof_alone() {
    let (frontier, nodes) = numbered(5);
    assert_eq!(prove_consistency(&nodes, 0, 5), Ok(Vec::new()));
    assert_eq!(verify_consistency(0, empty_root(), 5, frontier.root(), &[]), Ok(()));
    assert_eq!(verify_consistency(0, empty_root(), 0, empty_root(), &[]), Ok(()));
    let length = ProofError::Length { expected: 0, found: 1 };
    let hash = frontier.root();
    assert_eq!(verify_consistency(0, empty_root(), 5, hash, &[hash]), Err(length.clone()));
    assert_eq!(verify_consistency(5, hash, 5, hash, &[hash]), Err(length));
    assert_eq!(verify_consistency(0, hash, 5, hash, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(0, hash, 0, hash, &[]), Err(ProofError::OtherRoot));
    assert!(verify_inclusion(0, 0, hash, &[], hash).is_err());
}

#[test]
fn what_cannot_be_proved_is_not() {
    let (_, nodes) = numbered(6);
    let asked = |error| Err(ProvingError::Asked(error));
    let outside = ProofError::NoSuchLeaf { index: 6, size: 6 };
    assert_eq!(prove_inclusion(&nodes, 6, 6), asked(outside));
    let shrinks = ProofError::Shrinks { old: 6, new: 5 };
    assert_eq!(prove_consistency(&nodes, 6, 5), asked(shrinks));
    let missing = MissingNode { level: 0, index: 6 };
    assert_eq!(prove_inclusion(&nodes, 0, 7), Err(ProvingError::Hashes(missing)));
}

#[test]
fn every_size_to_70_by_definition() {
    let (_, nodes) = numbered(70);
    let leaves: Vec<Hash> = (0..70).map(numbered_leaf).collect();
    for size in 0..=70_u64 {
        let root = root_by_definition(&leaves[..size as usize]);
        let edge = Frontier::load(&nodes, size).unwrap();
        assert_eq!((root_of(&nodes, size), edge.root()), (Ok(root), root));
        assert_eq!(Frontier::from_peaks(size, edge.peaks().to_vec()), Some(edge.clone()));
        assert_eq!(Frontier::from_peaks(size + 1, edge.peaks().to_vec()).is_some(), {
            size.count_ones() == (size + 1).count_ones()
        });
        for index in 0..size {
            let path = prove_inclusion(&nodes, index, size).unwrap();
            let leaf = numbered_leaf(index);
            assert_eq!(verify_inclusion(index, size, leaf, &path, root), Ok(()));
            assert_eq!(path.len(), sides(index, size).len());
        }
        for old in 0..=size {
            let path = prove_consistency(&nodes, old, size).unwrap();
            let before = root_by_definition(&leaves[..old as usize]);
            assert_eq!(verify_consistency(old, before, size, root, &path), Ok(()));
        }
    }
}

/// All leaves are alike, so a ledger of any size has 64 different complete subtrees.
struct Uniform(Vec<Hash>);

impl Uniform {
    fn new() -> Self {
        let up = |below: &Hash| Some(node_hash(*below, *below));
        Self(std::iter::successors(Some(numbered_leaf(0)), up).take(64).collect())
    }
}

impl Hashes for Uniform {
    type Error = Infallible;

    fn node(&self, level: u8, _index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(level)])
    }
}

#[test]
fn a_full_ledger_takes_no_leaf_more() {
    let all = Uniform::new();
    let mut frontier = Frontier::load(&all, MAX_LEAVES - 1).unwrap();
    frontier.append_hash(numbered_leaf(0)).unwrap();
    assert_eq!(frontier, Frontier::load(&all, MAX_LEAVES).unwrap());
    let before = frontier.clone();
    assert_eq!(frontier.append_hash(numbered_leaf(0)), Err(LedgerFull));
    assert_eq!(frontier, before);
}

fn any_size() -> impl Strategy<Value = u64> {
    let near_a_power = (0..64_u32, -2..=2_i64)
        .prop_map(|(level, off)| (1_u64 << level).saturating_add_signed(off));
    prop_oneof![0..200_u64, any::<u64>(), near_a_power]
}

proptest! {
    #[test]
    fn proofs_of_any_size_verify(sizes in [any_size(), any_size()], index in any::<u64>()) {
        let all = Uniform::new();
        let [old, new] = { let mut sizes = sizes; sizes.sort(); sizes };
        let [before, after] = [old, new].map(|size| root_of(&all, size).unwrap());
        let path = prove_consistency(&all, old, new).unwrap();
        prop_assert_eq!(verify_consistency(old, before, new, after, &path), Ok(()));
        prop_assert!(path.len() <= 65);
        if new > 0 {
            let index = index % new;
            let path = prove_inclusion(&all, index, new).unwrap();
            prop_assert_eq!(verify_inclusion(index, new, all.0[0], &path, after), Ok(()));
            prop_assert!(path.len() <= 64);
        }
    }

    #[test]
    fn any_change_of_any_proof_is_refused(size in 1..300_u64, index in any::<u64>(), old in any::<u64>()) {
        let (frontier, nodes) = numbered(size);
        let index = index % size;
        let path = prove_inclusion(&nodes, index, size).unwrap();
        refuses_every_wrong_inclusion(index, size, numbered_leaf(index), frontier.root(), &path);
        let old = old % (size + 1);
        let path = prove_consistency(&nodes, old, size).unwrap();
        let roots = [root_of(&nodes, old).unwrap(), frontier.root()];
        refuses_every_wrong_consistency(old, size, roots, &path);
    }

    /// In whatever pieces a ledger grows, and wherever its edge is read again, it is the same ledger.
    #[test]
    fn growing_in_pieces_is_growing(pieces in proptest::collection::vec(0..40_u64, 1..8)) {
        let mut nodes = Nodes::new();
        let mut size = 0;
        for piece in pieces {
            let mut frontier = Frontier::load(&nodes, size).unwrap();
            for index in size..size + piece {
                for node in frontier.append_hash(numbered_leaf(index)).unwrap() {
                    nodes.insert((node.level, node.index), node.hash);
                }
            }
            size += piece;
            prop_assert_eq!(frontier.size(), size);
        }
        let (frontier, all) = numbered(size);
        prop_assert_eq!(&nodes, &all);
        prop_assert_eq!(root_of(&nodes, size).unwrap(), frontier.root());
    }

    /// Bytes from anywhere are refused without a panic.
    #[test]
    fn hostile_proofs(sizes in [any_size(), any_size()], path in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let [first, second] = sizes;
        let (leaf, root) = (numbered_leaf(0), Hash([1; 32]));
        prop_assert!(verify_inclusion(first, second, leaf, &path, root).is_err());
        let good = verify_consistency(first, empty_root(), second, root, &path).is_ok();
        prop_assert_eq!(good, first == 0 && second != 0 && path.is_empty());
    }
}
