//! What a change does: objects and values that are not ours, sizes, nothing at all, and what it replaces.

use automerge::{
    Automerge, AutomergeError, ObjType, ROOT, ReadDoc, ScalarValue,
    marks::{ExpandMark, Mark},
    transaction::{CommitOptions, Transactable, Transaction},
};
use deckwatch_core::document::RawChange;

use super::{Ground, Into, Pen, checkpoint};
use crate::hostile::{
    Fate,
    chunk::{Parts, signed, unsigned},
};

const KEY: &str = "checkpoint/c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0/name";

/// The numbers of the columns that say what an operation replaces.
const GROUP: u64 = 0x70;
const REPLACED_ACTOR: u64 = 0x71;
const REPLACED_COUNTER: u64 = 0x73;

type Action = fn(&mut Transaction<'_>) -> Result<(), AutomergeError>;

/// What our documents have no place for, each as Automerge itself writes it.
const SHAPES: [(&str, Action); 12] = [
    ("a map", |tx| {
        let map = tx.put_object(ROOT, KEY, ObjType::Map)?;
        tx.put(&map, "name", "Inside")
    }),
    ("a map in the place of the name", |tx| {
        tx.put_object(ROOT, "vessel/name", ObjType::Map).map(drop)
    }),
    ("a list", |tx| {
        let list = tx.put_object(ROOT, KEY, ObjType::List)?;
        (0..5_usize).try_for_each(|at| tx.insert(&list, at, at as i64))
    }),
    ("a table", |tx| tx.put_object(ROOT, KEY, ObjType::Table).map(drop)),
    ("a text", |tx| {
        let text = tx.put_object(ROOT, KEY, ObjType::Text)?;
        tx.splice_text(&text, 0, 0, "many letters")
    }),
    ("a mark", |tx| {
        let text = tx.put_object(ROOT, KEY, ObjType::Text)?;
        tx.splice_text(&text, 0, 0, "many letters")?;
        tx.mark(&text, Mark::new("bold".into(), true, 1, 4), ExpandMark::Both)
    }),
    ("a block", |tx| {
        let text = tx.put_object(ROOT, KEY, ObjType::Text)?;
        tx.splice_text(&text, 0, 0, "many letters")?;
        tx.split_block(&text, 3).map(drop)
    }),
    ("a counter", |tx| tx.put(ROOT, KEY, ScalarValue::counter(5))),
    ("a counter that counts", |tx| {
        tx.put(ROOT, KEY, ScalarValue::counter(7))?;
        tx.increment(ROOT, KEY, i64::MAX - 9)
    }),
    ("forty maps in each other", |tx| {
        let mut at = ROOT;
        for _ in 0..40 {
            at = tx.put_object(&at, "in", ObjType::Map)?;
        }
        Ok(())
    }),
    ("a map that is taken away again", |tx| {
        let map = tx.put_object(ROOT, KEY, ObjType::Map)?;
        tx.put(&map, "name", "Inside")?;
        tx.delete(ROOT, KEY)
    }),
    ("one key twice", |tx| {
        tx.put(ROOT, KEY, "once")?;
        tx.put(ROOT, KEY, "twice")
    }),
];

pub(super) fn shapes(ground: &Ground, into: &mut Into<'_>) {
    for (what, action) in SHAPES {
        into.never(what, ground.pen(0x31).write(action));
    }
    let scalars = [
        ("no value", ScalarValue::Null),
        ("yes", true.into()),
        ("no", false.into()),
        ("a fraction", 0.5.into()),
        ("no number", f64::NAN.into()),
        ("bytes", ScalarValue::Bytes(vec![0; 40])),
        ("a large number", u64::MAX.into()),
        ("a moment", ScalarValue::Timestamp(i64::MIN)),
        ("an unknown sort", ScalarValue::Unknown { type_code: 13, bytes: vec![1, 2, 3] }),
    ];
    for (what, value) in scalars {
        into.never(what, ground.pen(0x32).write(|tx| tx.put(ROOT, KEY, value)));
    }
    // Operations in an object that is not there.
    let mut elsewhere = Pen { document: Automerge::new() };
    elsewhere.take(ground.hostile, [0x34; 8]);
    elsewhere.write(|tx| tx.put_object(ROOT, KEY, ObjType::Map).map(drop));
    let (_, object) = elsewhere.document.get(ROOT, KEY).unwrap().unwrap();
    let inside = elsewhere.write(|tx| tx.put(&object, "name", "Inside"));
    let mut parts = Parts::of(&inside.bytes);
    parts.deps = ground.heads().iter().map(|head| head.0).collect();
    parts.seq = 1;
    into.never("inside of nothing", parts.seal());
}

pub(super) fn sizes(ground: &Ground, into: &mut Into<'_>) {
    let put = |key: &str, value: &str| ground.pen(0x35).write(|tx| tx.put(ROOT, key, value));
    for length in [161, 1_000, 20_000] {
        into.never(format!("a key of {length}"), put(&"k".repeat(length), "v"));
    }
    // Automerge's own writer refuses an empty key.
    let mut parts = Parts::of(&put("k", "v").bytes);
    *parts.column(0x15).unwrap() = vec![0x7f, 0];
    into.never("an empty key", parts.seal());
    for length in [8 * 1_024 + 1, 20_000, 60_000] {
        into.never(format!("a value of {length}"), put("k", &"v".repeat(length)));
    }
    let many = |count: i64| {
        ground.pen(0x36).write(|tx| (0..count).try_for_each(|n| tx.put(ROOT, format!("{n:x}"), n)))
    };
    for count in [1_025, 3_000] {
        into.never(format!("{count} operations"), many(count));
    }
    into.add(Fate::Either, "as many operations as may be", vec![many(1_024)]);
    let odd = "\u{202e}\0\u{feff}\r\n<script>';--";
    into.add(Fate::Either, "odd letters", vec![put(odd, odd)]);
    for time in [i64::MIN, -1, i64::MAX] {
        let mut parts = Parts::of(&ground.good(0x38).bytes);
        parts.time = time;
        into.add(Fate::Either, format!("the time {time}"), vec![parts.seal()]);
    }
}

pub(super) fn empty(ground: &Ground, into: &mut Into<'_>) {
    let nothing = |pen: &mut Pen, options: CommitOptions| {
        let hash = pen.document.empty_commit(options.with_time(0));
        super::raw(&pen.document, hash)
    };
    let plain = CommitOptions::default;
    into.never("no operation", nothing(&mut ground.pen(0x39), plain()));
    let told = nothing(&mut ground.pen(0x39), plain().with_message("hello"));
    into.never("a message alone", told);
    for (what, message) in [
        ("a message", &b"hello"[..]),
        ("a long message", &[b'm'; 5_000]),
        ("a message that is no text", &[0xff, 0xfe, 0xc0]),
    ] {
        let mut parts = Parts::of(&ground.good(0x3a).bytes);
        parts.message = message.to_vec();
        into.never(what, parts.seal());
    }
    for length in [1, 16, 5_000] {
        let mut parts = Parts::of(&ground.good(0x3b).bytes);
        parts.extra = vec![7; length];
        into.never(format!("{length} bytes behind"), parts.seal());
    }
    let mut pen = ground.pen(0x3c);
    let chain: Vec<RawChange> = (0..60).map(|_| nothing(&mut pen, plain())).collect();
    into.add(Fate::Never, "a chain of nothing", chain);
}

/// A column of one number.
fn one(value: i64) -> Vec<u8> {
    let mut data = vec![0x7f];
    signed(&mut data, value);
    data
}

/// Says `times` that the one value is replaced.
fn many_times(good: &RawChange, times: i64) -> RawChange {
    let mut parts = Parts::of(&good.bytes);
    let mut group = vec![0x7f];
    unsigned(&mut group, times as u64);
    let mut actors = Vec::new();
    signed(&mut actors, times);
    actors.push(1);
    // Counters are written as differences: one, then none.
    let mut counters = vec![0x7f, 3];
    signed(&mut counters, times - 1);
    counters.push(0);
    *parts.column(GROUP).unwrap() = group;
    *parts.column(REPLACED_ACTOR).unwrap() = actors;
    *parts.column(REPLACED_COUNTER).unwrap() = counters;
    parts.seal()
}

pub(super) fn replaces(ground: &Ground, into: &mut Into<'_>) {
    // One operation that replaces one value.
    let good = ground.pen(0x3d).write(|tx| tx.put(ROOT, checkpoint("a0"), "Replaced"));
    let taken = ground.pen(0x3e).write(|tx| tx.delete(ROOT, checkpoint("a0")));
    let with = |from: &RawChange, column: u64, data: Vec<u8>| {
        let mut parts = Parts::of(&from.bytes);
        *parts.column(column).unwrap() = data;
        parts.seal()
    };
    let start_op = Parts::of(&good.bytes).start_op as i64;
    let far = [1 << 31, 1 << 32, 1 << 53, i64::MAX, i64::MIN];
    // The third operation of the first change made this checkpoint; the others made others.
    for counter in [0, 1, 2, start_op, start_op + 1, 1_000, -1].into_iter().chain(far) {
        for (of, change) in [("put", &good), ("taken away", &taken)] {
            let what = format!("{of} in the place of {counter}");
            into.never(what, with(change, REPLACED_COUNTER, one(counter)));
        }
    }
    for actor in [0, 2, 100, i64::MAX, -1] {
        into.never(format!("actor {actor}"), with(&good, REPLACED_ACTOR, one(actor)));
    }
    for count in [0, 2, 100, 1 << 32, 1 << 60, i64::MAX] {
        into.never(format!("{count} at once"), with(&good, GROUP, one(count)));
    }
    for column in [GROUP, REPLACED_ACTOR, REPLACED_COUNTER] {
        let mut parts = Parts::of(&taken.bytes);
        parts.columns.retain(|(number, _)| *number != column);
        into.never(format!("without column {column:#x}"), parts.seal());
    }
    let mut parts = Parts::of(&taken.bytes);
    parts.columns.retain(|(number, _)| *number < GROUP);
    parts.others.clear();
    into.never("takes away nothing", parts.seal());
    for times in [2, 300] {
        into.never(format!("the same value {times} times"), many_times(&good, times));
    }
}
