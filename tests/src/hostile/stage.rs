//! The gate by itself, and what must hold of every outcome.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ReadDoc};
use deckwatch_core::{
    authority::Authority,
    document::{DocumentKind, RawChange, VoucherIndex, merge as merge_document},
    model::Hash,
    record::{Chain, PublicKeyBytes},
};

use super::{
    Fate, Mutant,
    chunk::Parts,
    scene::{PLAN, VESSEL},
};

/// What became of a set of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The document's heads.
    pub heads: Vec<Hash>,
    /// Changes of the main line: what is read first and written on.
    pub main: BTreeSet<Hash>,
    /// Changes that were applied, on any line.
    pub applied: BTreeSet<Hash>,
    /// Changes that wait.
    pub waiting: BTreeSet<Hash>,
    /// Changes that were refused.
    pub refused: BTreeSet<Hash>,
    /// The main line, saved.
    pub saved: Vec<u8>,
}

/// Lets the gate merge `changes` by the records of `chains`.
pub fn merge(shore: &PublicKeyBytes, chains: &[Chain], changes: &[RawChange]) -> Outcome {
    let authority = Authority::read(VESSEL, shore, chains);
    let vouchers = VoucherIndex::of(chains).vouchers(DocumentKind::Plan, PLAN.1, &authority);
    let merged = merge_document(DocumentKind::Plan, changes, &vouchers);
    Outcome {
        heads: merged.heads(),
        main: merged.main().changes().collect(),
        applied: merged.changes().collect(),
        waiting: merged.waiting.iter().copied().collect(),
        refused: merged.refused.iter().map(|(hash, _)| *hash).collect(),
        saved: merged.document().save(),
    }
}

/// Fails unless everything holds that must hold, whatever was brought: `honest` came through, each mutant met its
/// fate, every change is accounted for once, and the document saves and loads.
pub fn holds(outcome: &Outcome, honest: &[RawChange], mutants: &[&Mutant]) {
    for change in honest {
        assert!(outcome.main.contains(&change.hash), "an honest change is missing: {outcome:?}");
    }
    let brought = || mutants.iter().flat_map(|mutant| &mutant.changes).chain(honest);
    for change in brought() {
        let places = [&outcome.applied, &outcome.waiting, &outcome.refused];
        let found = places.iter().filter(|place| place.contains(&change.hash)).count();
        assert_eq!(found, 1, "{} is in {found} places", change.hash);
    }
    for mutant in mutants {
        meets_its_fate(outcome, mutant);
    }
    loads(&outcome.saved, &outcome.heads);
}

/// A saved document loads, with these heads, and saves again to the same bytes.
pub fn loads(saved: &[u8], heads: &[Hash]) {
    let loaded = Automerge::load(saved).expect("what was saved loads");
    let mut found: Vec<Hash> = loaded.get_heads().iter().map(|head| Hash(head.0)).collect();
    found.sort_unstable();
    assert_eq!(found, heads);
    assert_eq!(loaded.save(), saved);
    assert!(loaded.get_missing_deps(&[]).is_empty());
}

fn meets_its_fate(outcome: &Outcome, mutant: &Mutant) {
    let what = format!("{} {}", mutant.class.name(), mutant.what);
    let others = mutant.changes.iter().skip(mutant.good);
    match mutant.fate {
        Fate::Never => {
            for change in others {
                assert!(!outcome.applied.contains(&change.hash), "{what} was applied");
            }
        }
        Fate::OneOfThem => {
            let mut numbers: BTreeMap<(Vec<u8>, u64), Hash> = BTreeMap::new();
            for change in others.filter(|change| outcome.main.contains(&change.hash)) {
                let parts = Parts::of(&change.bytes);
                let before = numbers.insert((parts.actor, parts.seq), change.hash);
                assert!(before.is_none(), "{what}: two changes with one number");
            }
        }
        Fate::Either => {}
    }
}
