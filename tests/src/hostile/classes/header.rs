//! What a change says of itself: dependencies, actor, number, counter.

use automerge::{Change, ROOT, transaction::Transactable};
use deckwatch_core::document::RawChange;

use super::{Ground, Into, Pen, checkpoint};
use crate::hostile::{Dice, Fate, chunk::Parts};

/// A good change with other parts.
fn with(good: &RawChange, change: impl FnOnce(&mut Parts)) -> RawChange {
    let mut parts = Parts::of(&good.bytes);
    change(&mut parts);
    parts.seal()
}

fn name(pen: &mut Pen, name: &str) -> RawChange {
    pen.write(|tx| tx.put(ROOT, checkpoint("a0"), name))
}

/// A change of `size` bytes under the honest officer's id, as its run number `run`.
pub fn forged_of(ground: &Ground, run: u64, size: usize) -> RawChange {
    let text = "w".repeat(size / 4);
    let good = ground.pen(0x2f).write(|tx| {
        ["a", "b", "c", "d"].into_iter().try_for_each(|key| tx.put(ROOT, key, text.as_str()))
    });
    with(&good, |parts| {
        parts.actor = ground.honest.0.into_iter().chain(run.to_be_bytes()).collect();
    })
}

/// A change that does not count on from what it builds on.
pub fn with_another_counter(good: &RawChange) -> RawChange {
    with(good, |parts| parts.start_op += 7)
}

pub(super) fn orphans(ground: &Ground, dice: &mut Dice, into: &mut Into<'_>) {
    let good = ground.good(0x21);
    let lost: [u8; 32] = dice.bytes(32).try_into().unwrap();
    into.never("one that never comes", with(&good, |parts| parts.deps = vec![lost]));
    let one_of_two = with(&good, |parts| {
        parts.deps.push(lost);
        parts.deps.sort_unstable();
    });
    into.never("one of two never comes", one_of_two);
    // The first of a chain is kept back.
    let mut pen = ground.pen(0x22);
    let chain: Vec<RawChange> =
        (0..41).map(|n| name(&mut pen, &format!("Orphan {n}"))).skip(1).collect();
    into.add(Fate::Never, "a chain without its beginning", chain.clone());
    into.add(Fate::Never, "the same backwards", chain.into_iter().rev().collect());
}

pub(super) fn dependencies(ground: &Ground, dice: &mut Dice, into: &mut Into<'_>) {
    let good = ground.good(0x23);
    let head = ground.heads()[0].0;
    let oldest = ground.changes[0].hash.0;
    let many: Vec<[u8; 32]> = (0..300).map(|_| dice.bytes(32).try_into().unwrap()).collect();
    let mut deps = |what: &str, deps: Vec<[u8; 32]>| {
        into.never(what, with(&good, |parts| parts.deps = deps));
    };
    deps("the same twice", vec![head, head]);
    deps("the same 200 times", vec![head; 200]);
    deps("300 unknown", many.clone());
    deps("1400 unknown", many.iter().cycle().take(1_400).copied().collect());
    // A hash cannot stand in what it is the hash of: the one before is the nearest that can be claimed.
    deps("itself before it claimed itself", vec![good.hash.0]);
    deps("none though it replaces", Vec::new());
    deps("an older one though it replaces", vec![oldest]);
    let alone = with(&good, |parts| {
        parts.deps.clear();
        parts.start_op = 1;
    });
    into.never("none and counted from one", alone);
    let first = with(&good, |parts| parts.seq = 2);
    let second = with(&good, |parts| parts.deps = vec![first.hash.0]);
    let first = with(&good, |parts| {
        parts.seq = 2;
        parts.deps = vec![second.hash.0];
    });
    into.add(Fate::Never, "each of the other", vec![first, second]);
    // One that the other leads to already: needless, and no honest writer names it.
    let needless = with(&good, |parts| {
        parts.deps.push(oldest);
        parts.deps.sort_unstable();
    });
    into.add(Fate::Either, "one and the one before", vec![needless]);
    let mut pen = ground.pen(0x24);
    let mine = name(&mut pen, "Mine");
    let theirs = Change::from_bytes(ground.later[0].bytes.clone()).unwrap();
    pen.document.apply_changes([theirs]).unwrap();
    let both = name(&mut pen, "Both");
    let reversed = with(&both, |parts| parts.deps.reverse());
    into.after(1, Fate::Never, "two in the wrong order", vec![mine, reversed]);
    let refused = with(&good, |parts| parts.start_op += 7);
    let on_it = with(&name(&mut ground.pen(0x25), "On it"), |parts| {
        parts.deps = vec![refused.hash.0];
        parts.start_op = 50;
    });
    into.add(Fate::Never, "one that is refused", vec![refused, on_it]);
}

pub(super) fn equivocations(ground: &Ground, into: &mut Into<'_>) {
    let stories = |count: usize, length: usize| -> Vec<RawChange> {
        let story = |story: usize| {
            let mut pen = ground.pen(0x26);
            let words = (0..length).map(|n| name(&mut pen, &format!("Story {story}.{n}")));
            words.collect::<Vec<_>>()
        };
        (0..count).flat_map(story).collect()
    };
    into.add(Fate::OneOfThem, "two first changes", stories(2, 1));
    into.add(Fate::OneOfThem, "two stories of three", stories(2, 3));
    into.add(Fate::OneOfThem, "three stories of two", stories(3, 2));
    into.add(Fate::OneOfThem, "twelve first changes", stories(12, 1));
    let backwards = stories(2, 1).into_iter().rev().collect();
    into.add(Fate::OneOfThem, "two first changes backwards", backwards);
    let mut by_turns = stories(2, 2);
    by_turns.swap(1, 2);
    into.add(Fate::OneOfThem, "two stories told by turns", by_turns);
    // The same words at another time.
    let good = ground.good(0x27);
    let later = with(&good, |parts| parts.time = 1);
    into.add(Fate::OneOfThem, "the same at two times", vec![good, later]);
    // The second first change has seen the first.
    let mut pen = ground.pen(0x28);
    let first = name(&mut pen, "First");
    let again = with(&name(&mut pen, "Again"), |parts| parts.seq = 1);
    into.add(Fate::OneOfThem, "a number again after it", vec![first, again]);
}

pub(super) fn forged(ground: &Ground, into: &mut Into<'_>) {
    let good = ground.good(0x29);
    let honest = |run: [u8; 8]| -> Vec<u8> { ground.honest.0.into_iter().chain(run).collect() };
    let mut as_actor = |what: &str, actor: Vec<u8>, seq: u64| {
        let change = with(&good, |parts| {
            parts.actor = actor;
            parts.seq = seq;
        });
        into.never(what, change);
    };
    as_actor("the honest officer in another run", honest([0x29; 8]), 1);
    for seq in [1, 2, 3, 4] {
        let what = format!("the honest run as its number {seq}");
        as_actor(&what, honest(super::HONEST_RUN), seq);
    }
    as_actor("nobody", vec![0; 16], 1);
    as_actor("everybody", vec![0xff; 16], 1);
    let turned = Parts::of(&good.bytes).actor.into_iter().rev().collect();
    as_actor("itself backwards", turned, 1);
    // What the honest officer wrote next, at another time.
    let stolen = with(&ground.later[0], |parts| parts.time = 1);
    into.never("the honest officer at another time", stolen);
}

pub(super) fn actors(ground: &Ground, dice: &mut Dice, into: &mut Into<'_>) {
    let good = ground.good(0x2a);
    let own = Parts::of(&good.bytes).actor;
    for length in [0, 1, 7, 8, 9, 15, 17, 32, 127, 128, 300] {
        let actor: Vec<u8> = own.iter().cycle().take(length).copied().collect();
        into.never(format!("an id of {length}"), with(&good, |parts| parts.actor = actor));
    }
    let mut others = |what: &str, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        into.never(what, with(&good, |parts| change(&mut parts.others)));
    };
    let mut strangers: Vec<Vec<u8>> = (0..1_400).map(|_| dice.bytes(16)).collect();
    strangers.sort();
    others("others without those that are named", &|others| others.clear());
    others("another twice", &|others| others.push(others[0].clone()));
    others("itself among the others", &|others| others.insert(0, own.clone()));
    others("an empty one", &|others| others.push(Vec::new()));
    others("a short one", &|others| others[0].truncate(8));
    others("another in the place of the one named", &|others| others[0] = strangers[0].clone());
    others("a stranger that nothing names", &|others| others.push(strangers[1].clone()));
    others("1400 strangers", &|others| others.extend(strangers.iter().cloned()));
    others("300 out of order", &|others| others.extend(strangers[..300].iter().rev().cloned()));
}

pub(super) fn sequences(ground: &Ground, into: &mut Into<'_>) {
    let good = ground.good(0x2b);
    for seq in [0, 2, 3, 100, 1 << 16, u64::from(u32::MAX), 1 << 32, 1 << 53, 1 << 63, u64::MAX] {
        into.never(format!("first number {seq}"), with(&good, |parts| parts.seq = seq));
    }
    let mut pen = ground.pen(0x2c);
    let first = name(&mut pen, "First");
    let second = name(&mut pen, "Second");
    for seq in [0, 3, 1 << 40, u64::MAX] {
        let second = with(&second, |parts| parts.seq = seq);
        into.after(1, Fate::Never, format!("second number {seq}"), vec![first.clone(), second]);
    }
}

pub(super) fn counters(ground: &Ground, into: &mut Into<'_>) {
    let good = ground.good(0x2d);
    let right = Parts::of(&good.bytes).start_op;
    let near = [0, 1, right - 1, right + 1, right + 5, 1_000_000];
    let far = [31, 32, 53, 62, 63].map(|bit| 1_u64 << bit);
    let edge = u64::from(u32::MAX);
    let edges = [edge - 4, edge, (1 << 63) - 1, u64::MAX - 4, u64::MAX];
    for start_op in near.into_iter().chain(far).chain(edges) {
        let change = with(&good, |parts| parts.start_op = start_op);
        into.never(format!("counts from {start_op}"), change);
    }
    // The next one follows, so that the two agree with each other.
    let mut pen = ground.pen(0x2e);
    let (first, second) = (name(&mut pen, "First"), name(&mut pen, "Second"));
    let first = with(&first, |parts| parts.start_op = edge);
    let second = with(&second, |parts| {
        parts.deps = vec![first.hash.0];
        parts.start_op = edge + 1;
    });
    into.add(Fate::Never, "one counts too far and the next goes on", vec![first, second]);
}
