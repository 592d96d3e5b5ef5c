//! Months that were sailed by a seed: what must hold in all of them.

use deckwatch_tests::simulator::{Character, Family, Story, Tally, Voyage};

fn tallied(story: Story, seeds: std::ops::Range<u64>, looks: usize) -> Tally {
    let mut tally = Tally::default();
    seeds.for_each(|seed| tally.add(&Tally::of(story, seed, looks)));
    tally
}

/// Phones die, lie in drawers, are put away and lost; the ship is out of reach for days. Whatever had arrived at whatever moment: what was
/// walked is never called missed, what was not walked is never called done, and nothing waits for ever.
#[test]
fn nothing_that_was_walked_is_ever_called_missed_and_no_miss_hides_for_ever() {
    let story = Story { character: Character::rough(), days: 30, cheat: None };
    let mut tally = tallied(story, 1..9, 6);
    // Months with rare rows of mishaps: all phones put away, and the only witness lost.
    tally.add(&tallied(story, 817..821, 6));
    tally.add(&tallied(story, 962..966, 6));
    assert_eq!(tally.dues, tally.months * 180);
    assert_eq!(tally.missed_but_walked, 0, "{tally:?}");
    assert_eq!(tally.hidden, 0, "{tally:?}");
    assert_eq!(tally.done_but_not_walked, 0, "{tally:?}");
    // Rough enough to say something: every way to end is there.
    for verdict in ["done", "missed", "unverifiable"] {
        assert!(tally.verdicts[verdict] > 20, "{tally:?}");
    }
    assert!(tally.found_missing > 20 && tally.looks > 5_000, "{tally:?}");
}

#[test]
fn left_out_points_are_found_and_honest_walks_are_not_flagged() {
    let cheat = Some((Family::SkippedPoints, 0.3));
    let story = Story { character: Character::labels(15), days: 30, cheat };
    let tally = tallied(story, 100..104, 0);
    let skipped = tally.families[&Family::SkippedPoints];
    assert!(skipped.of > 20, "{tally:?}");
    assert_eq!(skipped.hits, skipped.of, "{tally:?}");
    assert!(tally.honest.of > 400, "{tally:?}");
    assert_eq!(tally.honest.hits, 0, "{:?}", tally.false_codes);
}

#[test]
fn the_same_seed_sails_the_same_month() {
    let story = Story { character: Character::rough(), days: 10, cheat: None };
    let months = [5, 5, 6].map(|seed| {
        let voyage = Voyage::sail(story, seed);
        serde_json::to_string(&voyage.assess(voyage.end)).unwrap()
    });
    assert_eq!(months[0], months[1]);
    assert_ne!(months[0], months[2]);
}
