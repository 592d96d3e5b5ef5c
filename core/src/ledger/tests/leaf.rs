use proptest::prelude::*;

use crate::{
    ledger::{Leaf, LeafError, LeafKind, NO_VESSEL, leaf::LEAF_LEN, leaf_hash},
    model::{Hash, VesselId},
};

const VESSEL: VesselId = VesselId([0xa1; 16]);

#[test]
fn the_bytes_of_a_leaf() {
    let first = Leaf::after(None, VESSEL, LeafKind::SEGMENT, Hash([0xb2; 32]));
    let second = Leaf::after(Some(&first), VESSEL, LeafKind(200), Hash([0xc3; 32]));
    let expected = [
        &[1, 200][..],
        &[0xa1; 16],
        &[0, 0, 0, 0, 0, 0, 0, 1],
        &leaf_hash(&first.encode()).0,
        &[0xc3; 32],
    ]
    .concat();
    assert_eq!(second.encode().as_slice(), expected);
    assert_eq!((second.encode().len(), LEAF_LEN), (90, 90));
    // Fixed for ever: other readers have these bytes too.
    assert_eq!(
        second.hash().to_string(),
        "4beadf0e5014de04424dcd78b73d3e1380789db55466f58adb3b485d0352c7d7"
    );
}

#[test]
fn the_numbers_of_kinds_are_fixed() {
    let names: Vec<_> = (0..=10).map(|kind| LeafKind(kind).name()).collect();
    let expected = [
        "origin",
        "segment",
        "document change",
        "detector",
        "baseline",
        "flag raised",
        "flag revised",
        "export",
        "erasure",
        "shore statement",
    ];
    assert_eq!(names[..10], expected.map(Some));
    assert_eq!(names[10], None);
}

#[test]
fn a_vessels_leaves_follow_each_other_without_a_gap() {
    let content = b"what the leaf is about";
    let mut leaves = vec![Leaf::after(None, VESSEL, LeafKind::SEGMENT, Hash::of(content))];
    for number in 1..6 {
        let before = leaves.last();
        leaves.push(Leaf::after(before, VESSEL, LeafKind::CHANGE, Hash::of(&[number])));
    }
    for (at, leaf) in leaves.iter().enumerate() {
        for (before, earlier) in leaves.iter().enumerate() {
            assert_eq!(leaf.follows(earlier), at == before + 1);
        }
    }
    assert!(leaves[0].is_about(content) && !leaves[1].is_about(content));
    // Another ship's, or one whose predecessor was exchanged.
    let stranger = Leaf { vessel: VesselId([2; 16]), ..leaves[1] };
    assert!(!stranger.follows(&leaves[0]));
    let exchanged = Leaf { subject: Hash([9; 32]), ..leaves[0] };
    assert!(!leaves[1].follows(&exchanged));
    let last = Leaf { number: u64::MAX, ..leaves[1] };
    let after = Leaf { number: 0, previous: last.hash(), ..leaves[1] };
    assert!(!after.follows(&last));
}

#[test]
fn only_the_origin_is_the_first_leaf_of_no_vessel() {
    let origin = Leaf::origin(b"a ledger");
    assert_eq!(Leaf::decode(&origin.encode()), Ok(origin));
    let next = Leaf::after(Some(&origin), NO_VESSEL, LeafKind::STATEMENT, Hash::ZERO);
    assert_eq!(Leaf::decode(&next.encode()), Ok(next));
    for wrong in [
        Leaf { kind: LeafKind::SEGMENT, ..origin },
        Leaf { kind: LeafKind::ORIGIN, ..next },
        Leaf { vessel: VESSEL, ..origin },
    ] {
        assert_eq!(Leaf::decode(&wrong.encode()), Err(LeafError::Origin));
    }
    for wrong in [Leaf { previous: Hash([1; 32]), ..origin }, Leaf { previous: Hash::ZERO, ..next }]
    {
        assert_eq!(Leaf::decode(&wrong.encode()), Err(LeafError::Start));
    }
}

#[test]
fn other_lengths_and_versions_are_refused() {
    let bytes = Leaf::origin(b"a ledger").encode();
    for length in (0..LEAF_LEN).chain([LEAF_LEN + 1, 1_000]) {
        let other: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        assert_eq!(Leaf::decode(&other), Err(LeafError::Length(length)));
    }
    for version in [0, 2, 255] {
        let mut other = bytes;
        other[0] = version;
        assert_eq!(Leaf::decode(&other), Err(LeafError::Version(version)));
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(random in proptest::collection::vec(any::<u8>(), LEAF_LEN), first in any::<bool>()) {
        let mut bytes = random;
        bytes[0] = 1;
        if first {
            bytes[18..58].fill(0);
        }
        if let Ok(leaf) = Leaf::decode(&bytes) {
            prop_assert_eq!(leaf.encode().to_vec(), bytes.clone());
            // Every bit counts.
            let mut other = bytes.clone();
            other[usize::from(leaf.subject.0[0]) % LEAF_LEN] ^= 1 << (leaf.subject.0[1] % 8);
            prop_assert!(Leaf::decode(&other).map(|other| other.hash()) != Ok(leaf.hash()));
        } else {
            prop_assert_eq!(bytes[1], 0, "only an origin of a vessel");
        }
    }
}
