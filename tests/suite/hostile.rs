//! Hostile bytes: what a device in the wrong hands can vouch for, through the gate, a phone and the shore.

mod bounds;
mod gate;
mod phone;
mod shore;

use std::sync::LazyLock;

use deckwatch_core::document::RawChange;
use deckwatch_tests::hostile::{Class, Mutant, classes, corpus};

/// The kept mutants, and as many again of a seed of this test's own.
static MUTANTS: LazyLock<Vec<Mutant>> = LazyLock::new(|| {
    let mut mutants: Vec<Mutant> = corpus::kept().into_iter().map(|(mutant, _)| mutant).collect();
    mutants.extend(classes::batch(corpus::SEED + 1, 100));
    mutants
});

/// Changes of all of them, in order.
fn changes_of<'a>(mutants: impl IntoIterator<Item = &'a Mutant>) -> Vec<RawChange> {
    mutants.into_iter().flat_map(|mutant| mutant.changes.clone()).collect()
}

#[test]
fn the_corpus_is_what_its_generator_makes() {
    let kept = corpus::kept();
    let size =
        std::fs::metadata(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hostile/changes.txt"));
    assert!(size.unwrap().len() < 1_000_000);
    assert!((300..1_500).contains(&kept.len()), "{}", kept.len());
    for class in Class::ALL {
        assert!(kept.iter().any(|(mutant, _)| mutant.class == class), "{class:?}");
    }
    // Those made by chance depend on how many were made; the recipes do not.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hostile/changes.txt");
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, corpus::with_ground(&classes::Ground::new(), &kept), "written as it is read");
    let by_chance =
        |mutant: &&Mutant| mutant.what.starts_with("mutant-") || mutant.what.starts_with("noise-");
    let made = classes::batch(corpus::SEED, 2_000);
    for (mutant, _) in &kept {
        assert!(made.contains(mutant), "{:?} {}", mutant.class, mutant.what);
    }
    let recipes =
        |mutants: &[&Mutant]| mutants.iter().copied().filter(|mutant| !by_chance(mutant)).count();
    assert!(recipes(&kept.iter().map(|(mutant, _)| mutant).collect::<Vec<_>>()) >= 250);
}
