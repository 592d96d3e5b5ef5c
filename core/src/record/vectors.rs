//! `vectors.json`: recomputed from typed values, and compared with what is committed.
//!
//! `tests/fixtures/check_vectors.py` checks the same file from FORMAT.md, without this code. To
//! write it anew after an addition: `DECKWATCH_REGENERATE=1 cargo test -p deckwatch-core vectors`.

mod examples;
mod refused;

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::{
    Body, ContentPart, DeviceKey, Item, Part, Purpose, Record, Segment, SoftwareKey, TimePart,
    device_id,
    key::{sign, signed_bytes},
};
use crate::model::{DeviceId, Hash, PageSubject, ScheduleId, due_id, page_id};
use examples::{Example, author, chain, continues, extremes, fields, genesis, hash, hex, other};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/record/vectors.json");

/// Compares one section (a top-level key) of `vectors.json` with `computed`, or writes it.
pub(crate) fn check(section: &str, computed: Value) {
    static WRITING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::fs::read_to_string(PATH).unwrap();
    let mut file: Map<String, Value> = serde_json::from_str(&text).unwrap();
    #[expect(clippy::disallowed_methods, reason = "how a developer asks for new vectors")]
    let regenerate = std::env::var("DECKWATCH_REGENERATE").is_ok();
    if regenerate {
        file.insert(section.to_owned(), computed);
        let text = serde_json::to_string_pretty(&file).unwrap();
        std::fs::write(PATH, text + "\n").unwrap();
        return;
    }
    let committed = file.get(section).unwrap_or(&Value::Null);
    if let (Value::Array(committed), Value::Array(computed)) = (committed, &computed) {
        for (committed, computed) in committed.iter().zip(computed) {
            assert_eq!(committed, computed, "{section} of vectors.json differs");
        }
        assert_eq!(committed.len(), computed.len(), "{section} of vectors.json");
    } else {
        assert_eq!(*committed, computed, "{section} of vectors.json differs");
    }
}

const SEGMENT_KEYS: [[u8; 16]; 3] =
    [*b"segment key 0001", *b"segment key 0002", *b"segment key 0003"];

/// Examples, chained and cut.
struct Run {
    examples: Vec<Example>,
    segment: Segment,
}

impl Run {
    fn new(examples: Vec<Example>, from: u64, prev: Hash, key: usize) -> Self {
        let shown =
            |example: &Example| Item::shown(&example.time, &example.person, &example.content);
        let items = examples.iter().map(shown).collect();
        let segment = Segment::cut(&author(), from, prev, SEGMENT_KEYS[key], items).unwrap();
        Self { examples, segment }
    }

    fn head(&self) -> Hash {
        self.segment.records().last().unwrap().hash()
    }

    fn vectors(&self) -> Vec<Value> {
        let key = self.segment.key.unwrap();
        let examples = self.examples.iter().zip(self.segment.records());
        examples.map(|(example, record)| record_vector(example, &record, key)).collect()
    }
}

/// The whole chain; the records after it; the ends of the numbers; two genesis that continue.
fn runs() -> [Run; 5] {
    let mut first = chain();
    let second = first.split_off(first.len() - 6);
    let first = Run::new(first, 0, Hash::ZERO, 0);
    let second = Run::new(second, first.examples.len() as u64, first.head(), 1);
    let extremes = extremes();
    let last = u64::MAX - 1;
    let ends = Run::new(extremes, last - 5, hash("the record before"), 2);
    let old = continues(None);
    let payload = old.signed_payload(&author().public_key());
    let signature = sign(&other(), Purpose::Continues, &payload).unwrap();
    let restarted = |name, signature| {
        let mut example = chain().swap_remove(0);
        example.name = name;
        example.content.body = genesis(Some(continues(signature)));
        Run::new(vec![example], 0, Hash::ZERO, 0)
    };
    let signed = restarted("genesis that continues", Some(signature));
    let unsigned = restarted("genesis that continues, without the old key", None);
    [first, second, ends, signed, unsigned]
}

fn time_fields(time: &TimePart) -> Value {
    json!({ "boot": hex(time.boot), "mono": time.mono, "wall": time.wall })
}

fn record_vector(example: &Example, record: &Record, key: [u8; 16]) -> Value {
    let Example { name, time, person, content } = example;
    let parts = [time.encode(), person.encode(), content.encode()];
    let by_part = |value: &dyn Fn(usize, Part) -> Value| {
        let [time, person, content] = [0, 1, 2].map(|index| value(index, Part::ALL[index]));
        json!({ "time": time, "person": person, "content": content })
    };
    json!({
        "name": name,
        "kind": record.kind,
        "kind_name": content.body.name(),
        "dev": record.dev,
        "seq": record.seq,
        "prev": record.prev,
        "segment_key": hex(key),
        "time": time_fields(time),
        "person": { "crew": person.crew, "grade": person.grade, "how": person.how },
        "patrol": content.patrol,
        "body": fields(&content.body),
        "part_bytes": by_part(&|index, _| hex(&parts[index])),
        "salts": by_part(&|_, part| hex(part.salt(&key, record.seq))),
        "commitments": by_part(&|index, _| hex(record.commitments[index].0)),
        "record_bytes": hex(record.encode()),
        "hash": record.hash(),
    })
}

fn segment_vector(name: &str, run: &Run, segment: &Segment) -> Value {
    let bytes = segment.encode();
    let verified = Segment::decode(&bytes).unwrap().verify(&author().public_key()).unwrap();
    let records: Vec<Value> = verified
        .entries
        .iter()
        .zip(&run.examples)
        .map(|(entry, example)| {
            let shown = [
                ("time", entry.time.is_some()),
                ("person", entry.person.is_some()),
                ("content", entry.content.is_some()),
            ];
            let shown: Vec<&str> =
                shown.iter().filter(|(_, shown)| *shown).map(|(part, _)| *part).collect();
            json!({ "name": example.name, "hash": entry.at.hash, "shows": shown.join(" ") })
        })
        .collect();
    let last = segment.records().last().unwrap();
    json!({
        "name": name,
        "dev": segment.dev,
        "from": segment.from,
        "to": verified.to(),
        "prev": segment.prev,
        "key": segment.key.map(hex),
        "records": records,
        "head": verified.head(),
        "signed_bytes": hex(signed_bytes(Purpose::Record, &last.encode())),
        "signature": hex(segment.signature),
        "bytes": hex(&bytes),
    })
}

fn high_s(signature: &[u8; 64]) -> [u8; 64] {
    use p256::ecdsa::Signature;
    let (r, s) = Signature::from_slice(signature).unwrap().split_scalars();
    Signature::from_scalars(r, -s).unwrap().to_bytes().into()
}

#[test]
fn about() {
    let about = [
        "Test vectors for FORMAT.md, version 1. Checked by check_vectors.py of tests/fixtures.",
        "Byte strings are hex. Numbers need 64 bits: read them without loss.",
        "keys: published test keys, never for anything else. A signature is RFC 6979 deterministic.",
        "records: one chain with every kind and type of evidence, the ends of the numbers, and two \
         genesis that continue an older chain. That one device writes all kinds is for brevity.",
        "segments: those records as their author cuts them, and copies that show less.",
        "refused: what no reader accepts. `read_as` says where: cbor (one item of section 1), key, \
         content (a content part of `kind`), time, person, record, segment.",
    ];
    check("about", json!(about));
}

#[test]
fn keys() {
    let key = |source: &str, key: SoftwareKey| {
        let public = key.public_key();
        json!({
            "source": source,
            "secret": hex(key.to_secret()),
            "public": hex(public),
            "dev": device_id(&public),
        })
    };
    let keys = json!({
        "author": key("RFC 6979 A.2.5", author()),
        "other": key("RFC 7515 A.3", other()),
    });
    check("keys", keys);
}

#[test]
fn records() {
    let vectors: Vec<Value> = runs().iter().flat_map(Run::vectors).collect();
    check("records", Value::Array(vectors));
}

/// No kind and no type of evidence is forgotten.
#[test]
fn every_kind_and_type_has_a_vector() {
    let runs = runs();
    let examples = || runs.iter().flat_map(|run| &run.examples);
    let kinds: Vec<u64> = examples().map(|example| example.content.body.kind()).collect();
    assert!((1..=29).chain([99]).all(|kind| kinds.contains(&kind)), "{kinds:?}");
    let types: Vec<u64> = examples()
        .filter_map(|example| match &example.content {
            ContentPart { body: Body::Scan(evidence), .. } => Some(evidence.type_number()),
            _ => None,
        })
        .collect();
    assert!((0..=5).chain([9]).all(|number| types.contains(&number)), "{types:?}");
}

#[test]
fn segments() {
    let runs = runs();
    let [first, second, ends, signed, unsigned] = &runs;
    let partly = |seq: u64, part: Part| !(seq + part as u64).is_multiple_of(3);
    let mut erased = second.segment.clone();
    let commitments = second.segment.records().nth(1).unwrap().commitments;
    erased.items[1].slots[1] = super::Slot::Withheld(commitments[1]);
    let other_s =
        Segment { signature: high_s(&second.segment.signature), ..second.segment.clone() };
    // The signature covers what comes before, wherever a copy begins.
    let later = Segment {
        from: second.segment.from + 2,
        prev: second.segment.records().nth(1).unwrap().hash(),
        items: second.segment.items[2..].to_vec(),
        ..second.segment.clone()
    };
    let later_run = Run { examples: chain().split_off(first.examples.len() + 2), segment: later };
    let vectors = [
        ("as its author cut it", first, first.segment.clone()),
        ("every part with its salt", first, first.segment.disclose(|_, _| true)),
        ("time and content", first, first.segment.disclose(|_, part| part != Part::Person)),
        ("commitments only", first, first.segment.disclose(|_, _| false)),
        ("the next of the chain", second, second.segment.clone()),
        ("some parts of some records", second, second.segment.disclose(partly)),
        ("a person withheld beside the key", second, erased),
        ("the other form of its signature", second, other_s),
        ("a copy that begins later", &later_run, later_run.segment.clone()),
        ("the ends of the numbers", ends, ends.segment.clone()),
        ("the ends of the numbers, with salts", ends, ends.segment.disclose(|_, _| true)),
        ("the first of a restored device", signed, signed.segment.clone()),
        (
            "the first of a restored device, with salts",
            signed,
            signed.segment.disclose(|_, _| true),
        ),
        ("the first without the old key", unsigned, unsigned.segment.clone()),
    ];
    let vectors = vectors.iter().map(|(name, run, segment)| segment_vector(name, run, segment));
    check("segments", vectors.collect());
}

#[test]
fn continues_payload() {
    let key = author().public_key();
    let payload = continues(None).signed_payload(&key);
    let vector = json!({
        "record": "genesis that continues",
        "old_key": hex(other().public_key()),
        "new_key": hex(key),
        "external_aad": hex(b"deckwatch/1/continues"),
        "payload": hex(&payload),
        "signed_bytes": hex(signed_bytes(Purpose::Continues, &payload)),
        "signature": hex(sign(&other(), Purpose::Continues, &payload).unwrap()),
    });
    check("continues", vector);
}

#[test]
fn due_patrol_ids() {
    let vectors = [(0, 1_800_000_000), (3, 1_800_014_400), (u32::MAX, i64::MIN), (0, -1)];
    let vectors = vectors.map(|(slot, nominal_opening)| {
        let schedule = ScheduleId(*b"schedule");
        json!({
            "vessel": examples::VESSEL,
            "schedule": schedule,
            "slot": slot,
            "nominal_opening": nominal_opening,
            "due": due_id(examples::VESSEL, schedule, slot, nominal_opening),
        })
    });
    check("due_patrol_ids", json!(vectors));
}

#[test]
fn page_ids() {
    let vessel = examples::VESSEL;
    let dev = DeviceId(*b"device 1");
    let vectors = [
        (json!({ "kind": 1, "due": examples::DUE }), PageSubject::Due(examples::DUE)),
        (json!({ "kind": 2, "dev": dev, "patrol": 4 }), PageSubject::Unplanned { dev, patrol: 4 }),
        (
            json!({ "kind": 2, "dev": dev, "patrol": u64::MAX }),
            PageSubject::Unplanned { dev, patrol: u64::MAX },
        ),
        (json!({ "kind": 3, "day": 20_833 }), PageSubject::Day(20_833)),
        (json!({ "kind": 3, "day": -1 }), PageSubject::Day(-1)),
    ];
    let vectors = vectors.map(|(subject, of)| {
        json!({ "vessel": vessel, "subject": subject, "page": page_id(vessel, of) })
    });
    check("page_ids", json!(vectors));
}

#[test]
fn refused_bytes() {
    check("refused", refused::vectors(&runs()[1].segment));
}
