//! The gate by itself.

use deckwatch_core::{document::RawChange, record::Chain, record::PublicKeyBytes};
use deckwatch_tests::hostile::{
    Class, Dice, Mutant,
    chunk::Parts,
    classes::{self, Ground},
    scene::Vessel,
    stage::{Outcome, holds, loads, merge},
};
use proptest::prelude::*;

use super::{MUTANTS, changes_of};

/// A vessel whose honest officer vouches for the ground and what comes later, and whose hostile one vouches for
/// `mutants`.
fn scene(ground: &Ground, mutants: &[&Mutant]) -> (PublicKeyBytes, Vec<Chain>) {
    let mut vessel = Vessel::new();
    vessel.honest.vouch(&honest(ground));
    vessel.hostile.vouch(&changes_of(mutants.iter().copied()));
    (vessel.shore.public(), vessel.chains())
}

fn honest(ground: &Ground) -> Vec<RawChange> {
    [&ground.changes[..], &ground.later].concat()
}

fn merged(ground: &Ground, mutants: &[&Mutant]) -> Outcome {
    let (shore, chains) = scene(ground, mutants);
    let changes = [changes_of(mutants.iter().copied()), honest(ground)].concat();
    merge(&shore, &chains, &changes)
}

#[test]
fn every_mutant_meets_its_fate_and_no_honest_change_is_lost() {
    let ground = Ground::new();
    let mut applied = 0;
    for mutant in MUTANTS.iter() {
        println!("{:?} {}", mutant.class, mutant.what);
        let outcome = merged(&ground, &[mutant]);
        holds(&outcome, &honest(&ground), &[mutant]);
        applied += mutant.changes.iter().filter(|it| outcome.applied.contains(&it.hash)).count();
    }
    // The gate is no wall: what the hostile device wrote as an honest one would is merged.
    assert!(applied > 40, "{applied} changes of the hostile device were applied");
}

#[test]
fn all_mutants_at_once_take_nothing_with_them() {
    let ground = Ground::new();
    let mutants: Vec<&Mutant> = MUTANTS.iter().collect();
    let outcome = merged(&ground, &mutants);
    for change in honest(&ground) {
        assert!(outcome.main.contains(&change.hash));
    }
    loads(&outcome.saved, &outcome.heads);
    assert!(outcome.heads.len() <= 2, "a head of each device at most: {:?}", outcome.heads);
}

/// Devices pass on what is applied and nothing else: who has both must have the lines of who has the one.
#[test]
fn a_change_that_is_not_applied_does_not_hold_its_number() {
    let ground = Ground::new();
    let good = ground.good(0x51);
    let out_of_line = classes::with_another_counter(&good);
    let orphans = classes::batch(1, 0).into_iter().find(|it| it.class == Class::Orphan).unwrap();
    let mut orphan = Parts::of(&orphans.changes[0].bytes);
    orphan.actor = Parts::of(&good.bytes).actor;
    for holder in [out_of_line, orphan.seal()] {
        let mut vessel = Vessel::new();
        vessel.honest.vouch(&honest(&ground));
        vessel.hostile.vouch(&[holder.clone(), good.clone()]);
        let (shore, chains) = (vessel.shore.public(), vessel.chains());
        let alone = [honest(&ground), vec![good.clone()]].concat();
        let both = [&alone[..], std::slice::from_ref(&holder)].concat();
        let (both, alone) = (merge(&shore, &chains, &both), merge(&shore, &chains, &alone));
        assert!(alone.main.contains(&good.hash));
        assert_eq!((&both.main, &both.heads), (&alone.main, &alone.heads));
        assert!(both.refused.contains(&holder.hash) || both.waiting.contains(&holder.hash));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same set in another order, with copies, gives the same document.
    #[test]
    fn the_outcome_depends_on_the_set_alone(seed: u64) {
        let ground = Ground::new();
        let mut dice = Dice::new(seed);
        let some: Vec<&Mutant> = (0..12).map(|_| &MUTANTS[dice.below(MUTANTS.len())]).collect();
        let (shore, chains) = scene(&ground, &some);
        let mut changes = [changes_of(some), honest(&ground)].concat();
        let first = merge(&shore, &chains, &changes);
        for _ in 0..3 {
            dice.shuffle(&mut changes);
            prop_assert_eq!(&merge(&shore, &chains, &changes), &first);
            changes.push(dice.pick(&changes));
        }
    }
}
