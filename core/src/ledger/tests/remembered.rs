use proptest::prelude::*;

use super::{Nodes, grown, numbered};
use crate::{
    ledger::{
        Accepted, LedgerKey, NotAccepted, Remembered, SignedTreeHead, SplitView, SplitViewError,
        TreeHeadError,
        merkle::{prove_consistency, prove_joining, root_of},
    },
    model::Hash,
};

fn key() -> LedgerKey {
    LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap()
}

fn head(nodes: &Nodes, size: u64) -> SignedTreeHead {
    SignedTreeHead::sign(size, root_of(nodes, size).unwrap(), &key()).unwrap()
}

/// The same ledger until leaf `at`, then another.
fn rewritten(size: u64, at: u64) -> Nodes {
    grown((0..size).map(|index| if index < at { index } else { index + 1_000_000 }.to_be_bytes())).1
}

#[test]
fn a_ledger_that_grows_is_followed_and_older_heads_are_known_again() {
    let (_, nodes) = numbered(40);
    let mut remembered = Remembered::new(key().verifier().clone());
    assert_eq!(remembered.size(), 0);
    assert_eq!(remembered.accept(head(&nodes, 8), &[]), Ok(Accepted::First));
    let proof = |old, new| prove_consistency(&nodes, old, new).unwrap();
    assert_eq!(remembered.accept(head(&nodes, 21), &proof(8, 21)), Ok(Accepted::Newer));
    assert_eq!(remembered.accept(head(&nodes, 21), &[]), Ok(Accepted::Same));
    assert_eq!(remembered.accept(head(&nodes, 13), &proof(13, 21)), Ok(Accepted::Older));
    assert_eq!(remembered.accept(head(&nodes, 16), &proof(16, 21)), Ok(Accepted::Older));
    // The longer form of the path serves as well.
    let joining = prove_joining(&nodes, 16, 21).unwrap();
    assert_ne!(joining, proof(16, 21));
    assert_eq!(remembered.accept(head(&nodes, 16), &joining), Ok(Accepted::Older));
    assert_eq!(remembered.size(), 21);
    let bytes = remembered.newest().unwrap().encode();
    assert_eq!(Remembered::resume(key().verifier().clone(), &bytes), Ok(remembered));
}

#[test]
fn without_a_proof_nothing_is_accepted_and_nobody_accused() {
    let (_, nodes) = numbered(40);
    let mut remembered = Remembered::new(key().verifier().clone());
    remembered.accept(head(&nodes, 12), &[]).unwrap();
    let before = remembered.clone();
    let mut wrong = prove_consistency(&nodes, 12, 30).unwrap();
    wrong[1].0[0] ^= 1;
    for proof in [Vec::new(), wrong, prove_consistency(&nodes, 11, 30).unwrap()] {
        let refused = remembered.accept(head(&nodes, 30), &proof);
        assert!(matches!(refused, Err(NotAccepted::Unproved { held: 12, offered: 30, .. })));
    }
    assert!(matches!(
        remembered.accept(head(&nodes, 5), &[]),
        Err(NotAccepted::Unproved { held: 12, offered: 5, .. })
    ));
    let stranger = LedgerKey::from_seed("ledger.example/fleet-1", &[2; 32]).unwrap();
    let stranger = SignedTreeHead::sign(12, Hash::ZERO, &stranger).unwrap();
    let refused = remembered.accept(stranger.clone(), &[]);
    assert!(matches!(refused, Err(NotAccepted::TreeHead(TreeHeadError::Note(_)))));
    assert!(Remembered::resume(key().verifier().clone(), &stranger.encode()).is_err());
    assert_eq!(remembered, before);
}

#[test]
fn another_root_of_the_same_size_is_a_contradiction() {
    let (_, nodes) = numbered(40);
    let mut remembered = Remembered::new(key().verifier().clone());
    remembered.accept(head(&nodes, 12), &[]).unwrap();
    let other = head(&rewritten(40, 11), 12);
    let Err(NotAccepted::Contradiction(evidence)) = remembered.accept(other, &[]) else {
        panic!("not noticed")
    };
    assert_eq!(evidence.check(key().verifier()), Ok(()));
    assert_eq!(remembered.newest(), Some(&head(&nodes, 12)));
}

proptest! {
    /// A ledger that rewrites a leaf which somebody has seen is convicted by its own account, from any size to any, and a
    /// ledger that does not is never convicted.
    #[test]
    fn who_rewrites_is_convicted_by_his_own_account(old in 1..60_u64, more in 0..60_u64, at in 0..60_u64) {
        let (_, nodes) = numbered(old);
        let new = old + more;
        let at = at % old;
        let other = rewritten(new, at);
        let (seen, shown) = (head(&nodes, old), head(&other, new));
        let path = prove_joining(&other, old, new).unwrap();
        let mut remembered = Remembered::new(key().verifier().clone());
        remembered.accept(seen.clone(), &[]).unwrap();
        let refused = remembered.accept(shown.clone(), &path);
        let Err(NotAccepted::Contradiction(evidence)) = refused else {
            panic!("not noticed: {refused:?}")
        };
        // Anybody can check the bytes, with the ledger's key alone.
        let read = SplitView::decode(&evidence.encode()).unwrap();
        prop_assert_eq!(&read, &*evidence);
        prop_assert_eq!(read.check(key().verifier()), Ok(()));
        prop_assert_eq!(read.heads().map(|head| head.head().size), [old, new]);
        let stranger = LedgerKey::from_seed("ledger.example/fleet-1", &[2; 32]).unwrap();
        prop_assert!(matches!(read.check(stranger.verifier()), Err(SplitViewError::TreeHead(_))));
        // The usual proof convicts too, unless the older size is a power of two.
        let usual = prove_consistency(&other, old, new).unwrap();
        let found = SplitView::find(key().verifier(), &seen, &shown, &usual).is_some();
        prop_assert_eq!(found, more == 0 || !old.is_power_of_two());

        // The honest one, with the same path of its own and with any other.
        let (_, honest) = numbered(new);
        let grown = head(&honest, new);
        for path in [prove_joining(&honest, old, new).unwrap(), path, usual] {
            prop_assert_eq!(SplitView::find(key().verifier(), &seen, &grown, &path), None);
        }
    }

    /// Evidence in which any bit was changed convicts nobody.
    #[test]
    fn spoiled_evidence_convicts_nobody(old in 1..40_u64, more in 0..40_u64, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (_, nodes) = numbered(old);
        let other = rewritten(old + more, 0);
        let path = prove_joining(&other, old, old + more).unwrap();
        let evidence = SplitView::find(key().verifier(), &head(&nodes, old), &head(&other, old + more), &path).unwrap();
        let mut bytes = evidence.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let read = SplitView::decode(&bytes);
        prop_assert!(read.is_err() || read.unwrap().check(key().verifier()).is_err());
    }
}

#[test]
fn evidence_has_one_form() {
    let (_, nodes) = numbered(12);
    let other = rewritten(12, 3);
    let [one, two] = [head(&nodes, 12), head(&other, 12)];
    let found = SplitView::find(key().verifier(), &one, &two, &[]).unwrap();
    assert_eq!(SplitView::find(key().verifier(), &two, &one, &[Hash::ZERO]), Some(found.clone()));
    assert_eq!(SplitView::find(key().verifier(), &one, &one, &[]), None);
    // The wrong way round, and with a path that nobody needs.
    let bytes = found.encode();
    let [first, second] = found.heads().map(SignedTreeHead::encode);
    let mut to = crate::record::cbor::Writer::default();
    to.array(4).uint(1).bytes(&second).bytes(&first).hashes(&[]);
    let exchanged = SplitView::decode(&to.finish()).unwrap();
    assert_eq!(exchanged.check(key().verifier()), Err(SplitViewError::Consistent));
    let mut to = crate::record::cbor::Writer::default();
    to.array(4).uint(1).bytes(&first).bytes(&second).hashes(&[Hash::ZERO]);
    let longer = SplitView::decode(&to.finish()).unwrap();
    assert_eq!(longer.check(key().verifier()), Err(SplitViewError::Consistent));
    assert!((0..bytes.len()).all(|end| SplitView::decode(&bytes[..end]).is_err()));
}
