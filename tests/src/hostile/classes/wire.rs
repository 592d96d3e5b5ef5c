//! The bytes: other ones, fewer, other sorts of chunks, and columns that lie.

use std::io::Read;

use automerge::{Automerge, ROOT, transaction::Transactable};
use deckwatch_core::{document::RawChange, model::Hash};
use flate2::{Compression, write::DeflateEncoder};

use super::{Ground, Into, Pen};
use crate::hostile::{
    Dice, Fate,
    chunk::{BUNDLE, CHANGE, DEFLATED, DOCUMENT, MAGIC, Parts, named, seal, signed, unsigned},
};

/// Counts that readers trip over.
const EDGES: [i64; 9] = [0, 2, 1_025, 1 << 31, 1 << 32, 1 << 53, 1 << 62, i64::MAX, i64::MIN];

pub(super) fn bytes(ground: &Ground, dice: &mut Dice, random: usize, into: &mut Into<'_>) {
    let good = ground.good(0x41);
    let contents = Parts::of(&good.bytes).contents();
    for number in 0..random {
        let mut contents = contents.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(contents.len());
            contents[at] = dice.bytes(1)[0];
        }
        into.add(Fate::Either, format!("mutant {number}"), vec![seal(CHANGE, &contents)]);
    }
    let mut damaged = good.clone();
    let last = damaged.bytes.len() - 1;
    damaged.bytes[last] ^= 1;
    into.never("damaged under its old name", damaged.clone());
    damaged.hash = Hash::of(&damaged.bytes[8..]);
    into.never("damaged under its new name with the old checksum", damaged);
    let mut checksum = good;
    checksum.bytes[4] ^= 1;
    into.never("another checksum", checksum);
}

pub(super) fn truncated(ground: &Ground, dice: &mut Dice, random: usize, into: &mut Into<'_>) {
    let good = ground.good(0x42);
    let contents = Parts::of(&good.bytes).contents();
    for number in 0..random {
        let length = dice.below(contents.len());
        into.never(format!("mutant {number} of {length} bytes"), seal(CHANGE, &contents[..length]));
    }
    for length in [0, 1, 4, 8, 9, 10, 11, good.bytes.len() / 2, good.bytes.len() - 1] {
        into.never(format!("the chunk cut at {length}"), named(good.bytes[..length].to_vec()));
    }
    // The length says more or less than there is.
    for claimed in [0, 1, contents.len() as u64 - 1, contents.len() as u64 + 1, 1 << 40, u64::MAX] {
        let mut bytes = vec![CHANGE];
        unsigned(&mut bytes, claimed);
        bytes.extend(&contents);
        let hash = Hash::of(&bytes);
        let bytes = [&MAGIC[..], &hash.0[..4], &bytes].concat();
        into.never(format!("says it has {claimed} bytes"), RawChange { hash, bytes });
    }
    // Numbers have more than one way to be written; the long ones are not canonical.
    let mut hashed = vec![CHANGE];
    hashed.extend([contents.len() as u8 | 0x80, (contents.len() >> 7) as u8 | 0x80, 0x80, 0]);
    hashed.extend(&contents);
    let hash = Hash::of(&hashed);
    let bytes = [&MAGIC[..], &hash.0[..4], &hashed].concat();
    into.never("a length written too wide", RawChange { hash, bytes });
}

fn deflate(contents: &mut dyn Read) -> Vec<u8> {
    let mut to = DeflateEncoder::new(Vec::new(), Compression::best());
    std::io::copy(contents, &mut to).unwrap();
    to.finish().unwrap()
}

/// A chunk of `kind` whose checksum is the first bytes of `hash`.
fn chunk_of(kind: u8, hash: Hash, contents: &[u8]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &hash.0[..4], &[kind]].concat();
    unsigned(&mut bytes, contents.len() as u64);
    bytes.extend(contents);
    bytes
}

/// What stands behind magic, checksum, type and length.
fn inside(chunk: &[u8]) -> &[u8] {
    let length = chunk[9..].iter().take_while(|byte| **byte & 0x80 != 0).count();
    &chunk[10 + length..]
}

pub(super) fn sorts(ground: &Ground, dice: &mut Dice, into: &mut Into<'_>) {
    let mut pen = ground.pen(0x43);
    let good = pen.write(|tx| tx.put(ROOT, "vessel/name", "Otherwise"));
    let contents = Parts::of(&good.bytes).contents();
    let document = pen.document.save();
    let bundle = pen.document.bundle(pen.document.get_heads()).unwrap().bytes().to_vec();
    let deflated = chunk_of(DEFLATED, good.hash, &deflate(&mut &contents[..]));
    for (what, bytes) in [("document", &document), ("bundle", &bundle), ("deflated", &deflated)] {
        into.never(what, named(bytes.clone()));
        let bytes = bytes.clone();
        into.never(format!("{what} as the change"), RawChange { hash: good.hash, bytes });
    }
    for (what, first, second) in [
        ("a change behind a document", &document, &good.bytes),
        ("a document behind a change", &good.bytes, &document),
        ("two changes", &good.bytes, &good.bytes),
    ] {
        into.never(what, named([&first[..], second].concat()));
    }
    for kind in [DOCUMENT, DEFLATED, BUNDLE, 4, 5, 0x80, 0xff] {
        into.never(format!("a change called {kind}"), seal(kind, &contents));
    }
    into.never("a document called a change", seal(CHANGE, inside(&document)));
    into.never("nothing", named(Vec::new()));
    into.never("zeros", named(vec![0; 64]));
    into.never("noise", named(dice.bytes(200)));
    into.never("noise in a chunk", seal(CHANGE, &dice.bytes(200)));
    let mut magic = good.bytes.clone();
    magic[0] ^= 1;
    into.never("other magic", named(magic));
    // Mutants of the sorts that Automerge reads worst.
    for (what, kind, contents) in
        [("document", DOCUMENT, inside(&document)), ("bundle", BUNDLE, inside(&bundle))]
    {
        for number in 0..8 {
            let mut contents = contents.to_vec();
            let at = dice.below(contents.len());
            contents[at] = dice.bytes(1)[0];
            into.never(format!("{what} mutant {number}"), seal(kind, &contents));
        }
    }
}

/// A deflated change with a text of so many zeros.
pub fn bomb(ground: &Ground, zeros: u64) -> RawChange {
    let good = ground.pen(0x44).write(|tx| tx.put(ROOT, "bomb", "x"));
    let mut parts = Parts::of(&good.bytes);
    let mut meta = vec![0x7f];
    // A value's length, and in the lowest four bits its sort: text.
    unsigned(&mut meta, zeros << 4 | 6);
    *parts.column(0x56).unwrap() = meta;
    parts.column(0x57).unwrap().clear();
    // The value comes last, so that the zeros are the end.
    parts.columns.retain(|(number, _)| *number <= 0x57);
    let head = parts.contents_with(|number, length| if number == 0x57 { zeros } else { length });
    let contents = deflate(&mut head.chain(std::io::repeat(0).take(zeros)));
    let bytes = chunk_of(DEFLATED, Hash::of(&contents), &contents);
    named(bytes)
}

pub(super) fn bombs(ground: &Ground, into: &mut Into<'_>) {
    into.never("32 MiB in a deflated change", bomb(ground, 32 << 20));
    // Automerge deflates the columns of a document by itself.
    let mut pen = Pen { document: Automerge::new() };
    pen.take(ground.hostile, [0x45; 8]);
    pen.write(|tx| tx.put(ROOT, "bomb", "\0".repeat(16 << 20)));
    into.never("16 MiB in a document", named(pen.document.save()));
    // A deflated column: the fourth bit of its number.
    let mut parts = Parts::of(&ground.good(0x46).bytes);
    let zeros = deflate(&mut std::io::repeat(0).take(16 << 20));
    parts.columns.retain(|(number, _)| *number != 0x57);
    parts.columns.push((0x57 | 8, zeros));
    parts.columns.sort();
    into.never("16 MiB in a deflated column", parts.seal());
}

/// A run-length coded column that claims `count` times `value`; 0: so many without a value.
fn run(count: i64, value: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    signed(&mut data, count);
    if count == 0 {
        unsigned(&mut data, 1 << 62);
    }
    data.extend(value);
    data
}

/// What can be wrong with one of several columns.
type Lie = (&'static str, fn(&mut Columns, usize));

/// Number and bytes of each.
type Columns = Vec<(u64, Vec<u8>)>;

const LIES: [Lie; 9] = [
    ("dropped", |columns, at| drop(columns.remove(at))),
    ("empty", |columns, at| columns[at].1.clear()),
    ("twice", |columns, at| columns.insert(at, columns[at].clone())),
    ("last", |columns, at| {
        let column = columns.remove(at);
        columns.push(column);
    }),
    ("deflated", |columns, at| {
        let data = deflate(&mut &columns[at].1[..]);
        columns[at] = (columns[at].0 | 8, data);
    }),
    ("longer", |columns, at| columns[at].1.push(1)),
    ("shorter", |columns, at| {
        columns[at].1.pop();
    }),
    ("begins with an empty run", |columns, at| {
        columns[at].1.splice(0..0, [0, 0]);
    }),
    ("of another sort", |columns, at| columns[at].0 ^= 1),
];

pub(super) fn columns(ground: &Ground, dice: &mut Dice, random: usize, into: &mut Into<'_>) {
    let good = Parts::of(&ground.good(0x47).bytes);
    for (at, (number, _)) in good.columns.iter().enumerate() {
        // Bytes more or less in a value's column may be another value.
        let mut with = |what: String, change: &dyn Fn(&mut Columns)| {
            let mut parts = good.clone();
            change(&mut parts.columns);
            into.add(Fate::Either, format!("{number:#x} {what}"), vec![parts.seal()]);
        };
        for edge in EDGES {
            with(format!("runs {edge}"), &|columns| columns[at].1 = run(edge, &[1]));
        }
        for (what, lie) in LIES {
            with(what.to_owned(), &|columns| lie(columns, at));
        }
        for claimed in [0, 1 << 20, 1 << 40, u64::MAX] {
            let contents =
                good.contents_with(|found, length| if found == *number { claimed } else { length });
            let what = format!("{number:#x} says {claimed} bytes");
            into.add(Fate::Either, what, vec![seal(CHANGE, &contents)]);
        }
    }
    for count in [100_u64, 1 << 20, 1 << 62, u64::MAX] {
        let mut bare = good.clone();
        bare.columns.clear();
        let mut contents = bare.contents();
        contents.pop();
        unsigned(&mut contents, count);
        into.never(format!("{count} columns"), seal(CHANGE, &contents));
    }
    let mut many = good.clone();
    many.columns = (0..400).map(|n| (n << 4 | 2, Vec::new())).collect();
    into.never("400 empty columns", many.seal());
    for number in 0..random {
        let mut parts = good.clone();
        let at = dice.below(parts.columns.len());
        let length = 1 + dice.below(24);
        parts.columns[at].1 = dice.bytes(length);
        into.add(Fate::Either, format!("noise {number}"), vec![parts.seal()]);
    }
}
