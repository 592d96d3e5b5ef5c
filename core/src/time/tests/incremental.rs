//! Claims one by one, in any order, give what all pairs of all claims give.

use proptest::prelude::*;

use super::{
    history::{Telling, histories},
    oracle::{Layer, Oracle},
    *,
};

fn from_scratch(told: &[Telling]) -> Times {
    let mut times = Times::default();
    told.iter().for_each(|telling| telling.tell(&mut times));
    times.settle();
    times
}

/// Everything that a reader can ask.
fn answers(oracle: &Oracle, times: &Times) -> (Vec<(Place, Known, bool)>, Vec<Contradiction>) {
    let of = |at| (at, times.at(at), times.is_left_out(at));
    (oracle.places().map(of).collect(), times.contradictions().cloned().collect())
}

fn narrowed(one: Bounds, two: Bounds) -> Bounds {
    let not_after = match (one.not_after, two.not_after) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    };
    Bounds { not_before: one.not_before.max(two.not_before), not_after }
}

/// What all pairs give, without the words that are left out.
fn check(oracle: &Oracle, times: &Times) -> Result<(), TestCaseError> {
    let out = |at| times.is_left_out(at);
    let solve = |layer| oracle.solve(&oracle.edges(layer, out));
    let [proved, clock, word] = [Layer::Proved, Layer::Clock, Layer::Word].map(solve);
    let (Some(proved), Some(clock), Some(word)) = (proved, clock, word) else {
        // Times of the shore were left out too.
        prop_assert!(
            times.contradictions().any(|found| !found.claims().iter().any(|it| it.is_own()))
        );
        return Ok(());
    };
    if times.contradictions().any(|found| !found.claims().iter().any(|it| it.is_own())) {
        return Ok(());
    }
    for at in oracle.places() {
        let known = times.at(at);
        prop_assert_eq!(known.proved, proved[&at], "proved, {:?}", at);
        prop_assert_eq!(known.by_clock, clock[&at], "by clock, {:?}", at);
        prop_assert_eq!(known.told, narrowed(clock[&at], word[&at]), "told, {:?}", at);
    }
    Ok(())
}

/// A contradiction is a proof: every step is claimed, the walk is closed, and it adds up to less
/// than nothing.
fn check_proof(oracle: &Oracle, found: &Contradiction) -> Result<(), TestCaseError> {
    prop_assert!(found.excess() > 0);
    let edges = oracle.edges(Layer::All, |_| false);
    let mut from = found.steps.last().unwrap().to;
    for step in &found.steps {
        prop_assert_eq!(step.from, from);
        from = step.to;
        let claimed = (step.from, step.to, step.after, step.claim);
        prop_assert!(edges.contains(&claimed), "{:?} is not claimed", step);
    }
    let starts: std::collections::BTreeSet<_> = found.steps.iter().map(|step| step.from).collect();
    prop_assert_eq!(starts.len(), found.steps.len(), "nothing is passed twice");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_true_is_bounded_as_all_pairs_bound_it(told in histories(0)) {
        let (oracle, times) = (Oracle::of(&told), from_scratch(&told));
        prop_assert_eq!(times.contradictions().count(), 0);
        check(&oracle, &times)?;
    }

    #[test]
    fn lies_are_found_exactly_where_no_times_fit(told in histories(5)) {
        let (oracle, times) = (Oracle::of(&told), from_scratch(&told));
        let agree = oracle.agree(&oracle.edges(Layer::All, |_| false));
        prop_assert_eq!(times.contradictions().count() == 0, agree);
        for found in times.contradictions() {
            check_proof(&oracle, found)?;
        }
        check(&oracle, &times)?;
    }

    #[test]
    fn one_by_one_in_any_order_is_the_same_as_from_scratch(
        (told, shuffled) in prop_oneof![histories(0), histories(4)]
            .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        settle in 1_usize..5,
    ) {
        let oracle = Oracle::of(&told);
        let expected = answers(&oracle, &from_scratch(&told));
        let mut times = Times::default();
        for (index, telling) in shuffled.iter().enumerate() {
            telling.tell(&mut times);
            if index % settle == 0 {
                times.settle();
                // A part of it is the same as that part from scratch.
                if index % 7 == 0 {
                    let scratch = from_scratch(&shuffled[..=index]);
                    prop_assert_eq!(answers(&oracle, &times), answers(&oracle, &scratch));
                }
            }
        }
        times.settle();
        prop_assert_eq!(answers(&oracle, &times), expected.clone());
        // A second copy of everything changes nothing.
        shuffled.iter().rev().for_each(|telling| telling.tell(&mut times));
        times.settle();
        prop_assert_eq!(answers(&oracle, &times), expected);
    }

    #[test]
    fn a_chain_that_is_forgotten_and_told_again_leaves_no_trace(told in histories(6), n in 0_u8..4) {
        let oracle = Oracle::of(&told);
        let mut times = from_scratch(&told);
        let expected = answers(&oracle, &times);
        times.forget(dev(n));
        times.settle();
        let mine = |telling: &&Telling| match telling {
            Telling::Record(at, _) => at.dev == dev(n),
            Telling::Fact(fact) => fact.at.dev == dev(n),
            Telling::Before(before) => before.later.dev == dev(n),
        };
        let without: Vec<Telling> = told.iter().filter(|it| !mine(it)).copied().collect();
        prop_assert_eq!(answers(&oracle, &times), answers(&oracle, &from_scratch(&without)));
        told.iter().filter(mine).for_each(|telling| telling.tell(&mut times));
        times.settle();
        prop_assert_eq!(answers(&oracle, &times), expected);
    }
}

/// The histories are worth something only if they have in them what they speak of.
#[test]
fn histories_have_every_claim_and_every_kind_of_lie() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut claims = std::collections::BTreeSet::new();
    let (mut lies, mut between) = (0, 0);
    for _ in 0..400 {
        let told = histories(5).new_tree(&mut runner).unwrap().current();
        let times = from_scratch(&told);
        for found in times.contradictions() {
            lies += 1;
            claims.extend(found.claims());
            let devs: std::collections::BTreeSet<_> =
                found.places().iter().map(|place| place.dev).collect();
            between += usize::from(devs.len() > 1);
        }
    }
    assert!(lies > 100 && between > 10, "{lies} lies, {between} between phones");
    assert!(claims.contains(&Claim::Order) && claims.contains(&Claim::Clock), "{claims:?}");
    assert!(claims.contains(&Claim::Says(Source::Gnss)), "{claims:?}");
    assert!(claims.contains(&Claim::Names(Via::Seen)), "{claims:?}");
}
