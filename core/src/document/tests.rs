//! Any set of changes, in any order and any number of copies, gives one document.

use std::collections::BTreeMap;

use automerge::{Automerge, Change, ExpandedChange, ROOT, ReadDoc, ScalarValue, legacy};
use proptest::prelude::*;

use super::{
    DocumentKind, GateError, Line, Merged, RawChange, Value, Voucher, Vouchers, gate, merge, write,
    write::actor_of,
};
use crate::{
    authority::Roles,
    model::{DeviceId, Hash, RecordRef},
};

const KIND: DocumentKind = DocumentKind::Page;

/// A device that writes, with what has reached it.
#[derive(Clone)]
struct Hand {
    dev: DeviceId,
    run: [u8; 8],
    known: Vec<RawChange>,
    made: Vec<Hash>,
}

impl Hand {
    fn new(n: u8) -> Self {
        Self { dev: DeviceId([n; 8]), run: [n; 8], known: Vec::new(), made: Vec::new() }
    }

    fn write(
        &mut self,
        vouchers: &Vouchers,
        entries: &[(&str, Option<Value>)],
    ) -> Option<RawChange> {
        let merged = merge(KIND, &self.known, vouchers);
        while !merged.may_go_on(&actor_of(self.dev, self.run)) {
            self.run[7] += 1;
        }
        let mut line = merged.main().clone();
        let named = entries.iter().map(|(key, value)| (*key, value.as_ref()));
        let change = write(&mut line, actor_of(self.dev, self.run), 0, named).unwrap()?;
        self.known.push(change.clone());
        self.made.push(change.hash);
        Some(change)
    }
}

fn voucher(dev: DeviceId, seq: u64) -> Voucher {
    let record = RecordRef { dev, seq, hash: Hash::of(&[&dev.0[..], &seq.to_be_bytes()].concat()) };
    Voucher { record, index: 0, person: None, roles: Roles::CREW }
}

/// Everybody vouches for what he made, in the order in which he made it.
fn vouched(hands: &[Hand]) -> Vouchers {
    let of = |hand: &Hand| {
        let dev = hand.dev;
        hand.made.clone().into_iter().zip(1..).map(move |(hash, seq)| (hash, voucher(dev, seq)))
    };
    hands.iter().flat_map(of).collect()
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

/// The document as Automerge itself reads it.
fn automerge_says(document: &Automerge) -> BTreeMap<String, Vec<Value>> {
    let keys: Vec<String> = document.keys(ROOT).collect();
    let value = |value: &automerge::Value<'_>| match value.as_scalar() {
        Some(ScalarValue::Str(text)) => Value::Text(text.to_string()),
        Some(ScalarValue::Int(int)) => Value::Int(*int),
        other => panic!("{other:?}"),
    };
    keys.into_iter()
        .map(|key| {
            let all = document.get_all(ROOT, key.as_str()).unwrap();
            (key, all.iter().map(|(it, _)| value(it)).collect())
        })
        .collect()
}

fn line_says(merged: &Merged) -> BTreeMap<String, Vec<Value>> {
    let standing = merged.main().entries().iter().map(|(key, written)| {
        let values = written.values().filter(|entry| entry.stands());
        (key.clone(), values.filter_map(|entry| entry.value.clone()).collect::<Vec<_>>())
    });
    standing.filter(|(_, values)| !values.is_empty()).collect()
}

/// What a random history does next: who, which key, which value, and from whom he hears first.
fn steps() -> impl Strategy<Value = Vec<(u8, u8, u8, Option<u8>)>> {
    prop::collection::vec((0..4_u8, 0..5_u8, 0..6_u8, prop::option::of(0..4_u8)), 1..40)
}

fn play(steps: &[(u8, u8, u8, Option<u8>)]) -> (Vec<Hand>, Vec<RawChange>) {
    let mut hands: Vec<Hand> = (0..4).map(Hand::new).collect();
    let mut all = Vec::new();
    for (who, key, value, hears) in steps {
        if let Some(from) = hears {
            let heard = hands[usize::from(*from)].known.clone();
            hands[usize::from(*who)].known.extend(heard);
        }
        let vouchers = vouched(&hands);
        let key = format!("remark/{key}");
        let value = (*value > 0).then(|| Value::Int(i64::from(*value)));
        let hand = &mut hands[usize::from(*who)];
        if value.is_none() && merge(KIND, &hand.known, &vouchers).main().value(&key).is_none() {
            continue;
        }
        all.extend(hand.write(&vouchers, &[(&key, value)]));
    }
    (hands, all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_order_of_arrival_gives_the_same_document(
        steps in steps(),
        seed in any::<u64>(),
    ) {
        let (hands, all) = play(&steps);
        let vouchers = vouched(&hands);
        let whole = merge(KIND, &all, &vouchers);
        prop_assert_eq!(&whole.refused, &[]);
        prop_assert_eq!(&whole.waiting, &[]);
        prop_assert_eq!(line_says(&whole), automerge_says(whole.document()));
        // One after the other in some order, some twice; whatever cannot be added is merged again.
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|raw| Hash::of(&[&raw.hash.0[..], &seed.to_be_bytes()].concat()));
        let mut arrived: Vec<RawChange> = Vec::new();
        let mut merged = Merged::nothing(KIND);
        for raw in shuffled.iter().chain(&all) {
            arrived.push(raw.clone());
            if !merged.add(std::slice::from_ref(raw), &vouchers) {
                merged = merge(KIND, &arrived, &vouchers);
            }
        }
        prop_assert_eq!(merged.heads(), whole.heads());
        prop_assert_eq!(merged.main().entries(), whole.main().entries());
        prop_assert_eq!(merged.waiting, whole.waiting);
    }

    /// One device writes two histories, and others build on both.
    #[test]
    fn two_histories_of_one_device_split_nobody(steps in steps(), more in steps(), seed in any::<u64>()) {
        let (mut hands, all) = play(&steps);
        // The first hand's store is put back: it writes again under the numbers it has used.
        let mut twin = Hand::new(0);
        let mut second = Vec::new();
        for (_, key, value, hears) in &more {
            if let Some(from) = hears {
                let others = &hands[usize::from((*from).max(1))];
                let heard = others.known.iter().filter(|raw| !hands[0].made.contains(&raw.hash));
                twin.known.extend(heard.cloned().collect::<Vec<_>>());
            }
            let twins = [hands.clone(), vec![twin.clone()]].concat();
            let vouchers = vouched(&twins);
            let key = format!("remark/{key}");
            second.extend(twin.write(&vouchers, &[(&key, Some(Value::Int(i64::from(*value))))]));
        }
        // The chain names the first history first.
        hands[0].made.extend(twin.made.clone());
        let vouchers = vouched(&hands);
        let everything = [all, second].concat();
        let whole = merge(KIND, &everything, &vouchers);
        let mut shuffled = everything.clone();
        shuffled.sort_by_key(|raw| Hash::of(&[&raw.hash.0[..], &seed.to_be_bytes()].concat()));
        let other = merge(KIND, &shuffled, &vouchers);
        let lines = |merged: &Merged| merged.lines().map(|line| line.heads()).collect::<Vec<_>>();
        prop_assert_eq!(lines(&whole), lines(&other));
        prop_assert_eq!(&whole.refused, &other.refused);
        prop_assert_eq!(line_says(&whole), automerge_says(whole.document()));
        for raw in &everything {
            let told = whole.holds(raw.hash)
                || whole.waiting.contains(&raw.hash)
                || whole.refused.iter().any(|(hash, _)| *hash == raw.hash);
            prop_assert!(told, "{} is lost", raw.hash);
        }
        // The first history is where it was.
        let first = hands[0].made.iter().take(hands[0].made.len() - twin.made.len());
        for hash in first {
            prop_assert!(whole.main().holds(*hash));
        }
    }
}

#[test]
fn what_was_built_on_a_second_history_is_kept_beside() {
    let mut cheat = Hand::new(1);
    let none = Vouchers::default();
    let first = cheat.write(&none, &[("remark/1", text("first"))]).unwrap();
    let mut twin = Hand::new(1);
    let second = twin.write(&none, &[("remark/1", text("second"))]).unwrap();
    let mut honest = Hand::new(2);
    honest.known.push(second.clone());
    let seen = vouched(&[twin.clone(), honest.clone()]);
    let answer = honest.write(&seen, &[("remark/2", text("seen"))]).unwrap();

    cheat.made.push(second.hash);
    let vouchers = vouched(&[cheat, honest.clone()]);
    let all = [answer.clone(), second.clone(), first.clone()];
    let merged = merge(KIND, &all, &vouchers);
    assert_eq!(merged.refused, []);
    assert_eq!(merged.main().value("remark/1"), text("first").as_ref());
    let beside = merged.lines().nth(1).unwrap();
    assert_eq!(beside.value("remark/2"), text("seen").as_ref());
    assert!(merged.holds(answer.hash));
    // The honest one goes on, on the main line, under numbers that nobody used.
    honest.known = all.to_vec();
    let again = honest.write(&vouchers, &[("remark/3", text("again"))]).unwrap();
    let vouchers = [(answer.hash, voucher(honest.dev, 1)), (again.hash, voucher(honest.dev, 2))]
        .into_iter()
        .chain([
            (first.hash, voucher(DeviceId([1; 8]), 1)),
            (second.hash, voucher(DeviceId([1; 8]), 2)),
        ])
        .collect();
    let merged = merge(KIND, &[all.to_vec(), vec![again]].concat(), &vouchers);
    assert_eq!(merged.main().value("remark/3"), text("again").as_ref());
    assert_eq!(merged.lines().count(), 2);
}

#[test]
fn nothing_counts_that_nobody_vouches_for() {
    let mut hand = Hand::new(1);
    let change = hand.write(&Vouchers::default(), &[("remark/1", text("said"))]).unwrap();
    let unvouched = merge(KIND, std::slice::from_ref(&change), &Vouchers::default());
    assert_eq!(unvouched.waiting, [change.hash]);
    // Another device names it: it is not that device's.
    let other = [(change.hash, voucher(DeviceId([9; 8]), 1))].into_iter().collect();
    let forged = merge(KIND, std::slice::from_ref(&change), &other);
    assert_eq!(forged.refused, [(change.hash, GateError::ForgedActor(hand.dev))]);
    let vouchers = vouched(&[hand]);
    assert!(merge(KIND, &[change.clone(), change], &vouchers).refused.is_empty());
}

/// Changes a change, and seals it again as Automerge would.
fn forged(raw: &RawChange, alter: impl FnOnce(&mut ExpandedChange)) -> RawChange {
    let mut decoded = Change::from_bytes(raw.bytes.clone()).unwrap().decode();
    alter(&mut decoded);
    RawChange::from(&Change::from(decoded))
}

#[test]
fn a_change_follows_from_what_it_builds_on_or_stays_out() {
    let mut hand = Hand::new(1);
    let none = Vouchers::default();
    let first = hand.write(&none, &[("remark/1", text("one"))]).unwrap();
    let vouchers = vouched(std::slice::from_ref(&hand));
    let second = hand.write(&vouchers, &[("remark/1", text("two"))]).unwrap();
    let counter = forged(&second, |change| change.start_op = 1_000_000.try_into().unwrap());
    let seq = forged(&second, |change| change.seq = 7);
    let nobody = forged(&second, |change| {
        let pred = legacy::OpId(77, change.actor_id.clone());
        change.operations[0].pred = vec![pred].into();
    });
    let blind = forged(&second, |change| {
        change.deps.clear();
        change.start_op = 1.try_into().unwrap();
    });
    let nested = forged(&second, |change| {
        change.operations[0].action = legacy::OpType::Make(automerge::ObjType::Map);
    });
    let message = forged(&second, |change| change.message = Some("hello".into()));
    let extra = forged(&second, |change| change.extra_bytes = vec![1, 2, 3]);
    for (name, change) in [
        ("counter", counter),
        ("seq", seq),
        ("nobody", nobody),
        ("blind", blind),
        ("nested", nested),
        ("message", message),
        ("extra", extra),
    ] {
        let vouchers = [(first.hash, voucher(hand.dev, 1)), (change.hash, voucher(hand.dev, 2))]
            .into_iter()
            .collect();
        let merged = merge(KIND, &[first.clone(), change.clone()], &vouchers);
        assert_eq!(merged.refused.len(), 1, "{name} was let in");
        assert_eq!(merged.main().value("remark/1"), text("one").as_ref(), "{name}");
        let mut grown = merge(KIND, std::slice::from_ref(&first), &vouchers);
        assert!(!grown.add(&[change], &vouchers), "{name} was added");
        assert!(Automerge::load(&grown.document().save()).is_ok());
    }
}

#[test]
fn one_device_cannot_fill_a_document_for_others() {
    let most = KIND.changes_a_device();
    let mut line = Line::default();
    let dev = DeviceId([1; 8]);
    let mut changes: Vec<RawChange> = (0..most + 5)
        .map(|n| {
            let value = Value::Int(n as i64);
            write(&mut line, actor_of(dev, [1; 8]), 0, [("remark/1", Some(&value))])
                .unwrap()
                .unwrap()
        })
        .collect();
    let mut other = Hand::new(2);
    let honest = other.write(&Vouchers::default(), &[("remark/2", text("here"))]).unwrap();
    let named = changes.iter().zip(1..).map(|(raw, seq)| (raw.hash, voucher(dev, seq)));
    let vouchers = named.chain([(honest.hash, voucher(other.dev, 1))]).collect();
    changes.push(honest);
    let merged = merge(KIND, &changes, &vouchers);
    assert_eq!(merged.refused.len(), 5);
    assert!(merged.refused.iter().all(|(_, error)| *error == GateError::TooMany));
    assert_eq!(merged.main().value("remark/2"), text("here").as_ref());
    assert_eq!(merged.main().value("remark/1"), Some(&Value::Int(most as i64 - 1)));
}

#[test]
fn the_gate_names_the_author_without_automerge() {
    let mut hand = Hand::new(5);
    let change = hand.write(&Vouchers::default(), &[("remark/1", text("said"))]).unwrap();
    assert_eq!(gate::check(&change), Ok(hand.dev));
    let mut flipped = change.clone();
    for at in 0..change.bytes.len() {
        flipped.bytes[at] ^= 1;
        assert!(gate::check(&flipped).is_err(), "byte {at}");
        flipped.bytes[at] ^= 1;
    }
}

#[test]
fn one_device_cannot_fill_memory_with_few_large_changes() {
    let dev = DeviceId([1; 8]);
    let mut line = Line::default();
    // 1,000 operations a change: the eleventh is beyond what one device may write into a Page.
    let changes: Vec<RawChange> = (0..12)
        .map(|n| {
            let entries: Vec<(String, Value)> =
                (0..1_000).map(|k| (format!("remark/{n}/{k}"), Value::Int(n))).collect();
            let named = entries.iter().map(|(key, value)| (key.as_str(), Some(value)));
            write(&mut line, actor_of(dev, [1; 8]), 0, named).unwrap().unwrap()
        })
        .collect();
    let vouchers: Vouchers =
        changes.iter().zip(1..).map(|(raw, seq)| (raw.hash, voucher(dev, seq))).collect();
    let merged = merge(KIND, &changes, &vouchers);
    let too_many: Vec<Hash> = changes[10..].iter().map(|raw| raw.hash).collect();
    let mut refused: Vec<Hash> = merged.refused.iter().map(|(hash, _)| *hash).collect();
    refused.sort_by_key(|hash| changes.iter().position(|raw| raw.hash == *hash));
    assert_eq!(refused, too_many);
    let mut grown = merge(KIND, &changes[..10], &vouchers);
    assert!(!grown.add(&changes[10..11], &vouchers), "nor one after the other");
}

/// A device cannot take back the ground that others have built on, by a change that it makes up later
/// and that goes first by its hash.
#[test]
fn a_later_change_of_a_device_never_unseats_an_earlier_one() {
    let mut cheat = Hand::new(1);
    let none = Vouchers::default();
    let first = cheat.write(&none, &[("remark/1", text("ground"))]).unwrap();
    let mut honest = Hand::new(2);
    honest.known.push(first.clone());
    let seen = vouched(&[cheat.clone(), honest.clone()]);
    let built = honest.write(&seen, &[("remark/2", text("built"))]).unwrap();
    // Many tries: some hashes are smaller, some larger.
    for n in 0..24_u8 {
        let mut twin = Hand { run: [0x40 + n; 8], ..Hand::new(1) };
        let later = twin.write(&none, &[("remark/3", text("later"))]).unwrap();
        let vouchers: Vouchers = [
            (first.hash, voucher(cheat.dev, 1)),
            (later.hash, voucher(cheat.dev, 2)),
            (built.hash, voucher(honest.dev, 1)),
        ]
        .into_iter()
        .collect();
        let merged = merge(KIND, &[later.clone(), built.clone(), first.clone()], &vouchers);
        assert_eq!(merged.main().value("remark/2"), text("built").as_ref(), "try {n}");
        assert!(!merged.main().holds(later.hash) && merged.holds(later.hash));
        let mut grown = merge(KIND, &[first.clone(), built.clone()], &vouchers);
        assert!(!grown.add(&[later], &vouchers));
    }
}

/// A device that publishes many histories cannot crowd out what others built on one of them.
#[test]
fn many_histories_of_one_device_do_not_crowd_out_what_others_built() {
    let none = Vouchers::default();
    let histories: Vec<RawChange> = (0..60_u8)
        .map(|n| Hand::new(1).write(&none, &[(&format!("remark/{n}"), text("x"))]).unwrap())
        .collect();
    let dev = DeviceId([1; 8]);
    let ground = histories.last().unwrap();
    let named = histories.iter().zip(1..).map(|(raw, seq)| (raw.hash, voucher(dev, seq)));
    let mut honest = Hand::new(2);
    honest.known.push(ground.clone());
    let alone = [(ground.hash, voucher(dev, 60))].into_iter().collect();
    let built = honest.write(&alone, &[("remark/built", text("built"))]).unwrap();
    let vouchers = named.chain([(built.hash, voucher(honest.dev, 1))]).collect();
    let merged = merge(KIND, &[histories.clone(), vec![built.clone()]].concat(), &vouchers);
    assert!(merged.holds(built.hash), "{:?}", merged.refused);
    assert_eq!(merged.lines().count(), merge::MAX_LINES);
}

/// Three runs of one device, each from nothing: others built on the one that is vouched for last.
#[test]
fn what_others_built_on_any_of_three_histories_is_kept() {
    let none = Vouchers::default();
    let dev = DeviceId([1; 8]);
    for n in 0..12_u8 {
        let mut runs = (0..3_u8).map(|run| Hand { run: [3 * n + run; 8], ..Hand::new(1) });
        let histories: Vec<RawChange> = runs
            .by_ref()
            .map(|mut hand| hand.write(&none, &[("remark/1", text("x"))]).unwrap())
            .collect();
        let mut honest = Hand::new(2);
        honest.known.push(histories[2].clone());
        let alone = [(histories[2].hash, voucher(dev, 3))].into_iter().collect();
        let built = honest.write(&alone, &[("remark/2", text("built"))]).unwrap();
        let named = histories.iter().zip(1..).map(|(raw, seq)| (raw.hash, voucher(dev, seq)));
        let vouchers = named.chain([(built.hash, voucher(honest.dev, 1))]).collect();
        let merged = merge(KIND, &[histories, vec![built.clone()]].concat(), &vouchers);
        assert!(merged.holds(built.hash), "try {n}: {:?}", merged.refused);
        assert_eq!(merged.refused, []);
    }
}
