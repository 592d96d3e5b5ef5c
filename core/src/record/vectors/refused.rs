//! What no reader accepts, and why.

use serde_json::{Value, json};

use super::examples::{self, hex};
use crate::{
    model::Hash,
    record::{
        Body, ContentPart, DeviceKey, Evidence, Item, Kind, Part, PersonPart, Purpose, Record,
        Segment, TimePart,
        cbor::{self, Writer},
        device_id,
        key::{is_public_key, sign},
    },
};

pub fn vectors(whole: &Segment) -> Value {
    let mut refused = vec![];
    refused.extend(items());
    refused.extend(keys());
    refused.extend(parts());
    refused.extend(bodies());
    refused.extend(records(whole));
    refused.extend(frames(whole));
    refused.extend(short_forms());
    refused.extend(signatures(whole));
    Value::Array(refused)
}

fn vector(read_as: &str, accepted: bool, bytes: &[u8], why: &str) -> Value {
    assert!(!accepted, "{read_as}: {why}");
    json!({ "read_as": read_as, "bytes": hex(bytes), "why": why })
}

fn written(write: impl Fn(&mut Writer) -> &mut Writer) -> Vec<u8> {
    let mut to = Writer::default();
    write(&mut to);
    to.finish()
}

fn items() -> Vec<Value> {
    let nested = [[0x81; 8].as_slice(), &[0x80]].concat();
    [
        (&[][..], "nothing"),
        (&[0x00, 0x00], "bytes behind the item"),
        (&[0x18, 0x17], "23 in two bytes"),
        (&[0x19, 0x00, 0xff], "255 in three bytes"),
        (&[0x1a, 0x00, 0x00, 0xff, 0xff], "65,535 in five bytes"),
        (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "2^32 - 1 in nine bytes"),
        (&[0x38, 0x17], "-24 in two bytes"),
        (&[0x58, 0x01, 0xaa], "the length of a byte string in two bytes"),
        (&[0x98, 0x01, 0x00], "the length of an array in two bytes"),
        (&[0x42, 0xaa], "a byte string that ends too early"),
        (&[0x82, 0x00], "an array that ends too early"),
        (&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], "an array of 2^64 - 1 and none there"),
        (&[0x9f, 0xff], "an array of indefinite length"),
        (&[0x5f, 0x41, 0xaa, 0xff], "a byte string of indefinite length"),
        (&[0xa0], "a map"),
        (&[0xc1, 0x00], "a tag"),
        (&[0xf9, 0x3c, 0x00], "a float"),
        (&[0xf7], "undefined"),
        (&[0xf8, 0x16], "null in two bytes"),
        (&[0xe0], "another simple value"),
        (&[0x1c], "a reserved length"),
        (&[0x62, 0xc3, 0x28], "a text that is not UTF-8"),
        (&nested, "arrays nested 9 deep"),
    ]
    .map(|(bytes, why)| vector("cbor", cbor::check(bytes).is_ok(), bytes, why))
    .into()
}

fn keys() -> Vec<Value> {
    let with = |tag: u8| {
        let mut key = examples::other().public_key();
        key[0] = tag;
        key
    };
    let at = |x: u8| {
        let mut key = [0; 33];
        (key[0], key[32]) = (2, x);
        key
    };
    let no_point = (0..).map(at).find(|key| !is_public_key(key)).unwrap();
    // The field's prime is 1 less than this with k = 0; a reader that reduces takes x = k + 1.
    let beyond = |k: u8| {
        let mut key = [0; 33];
        key[..9].copy_from_slice(&[2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1]);
        (key[20], key[32]) = (1, k);
        key
    };
    let beyond = (1..).find(|x| is_public_key(&at(*x))).map(|x| beyond(x - 1)).unwrap();
    [
        (with(0x05), "SEC 1's compact form: only 02 and 03 are compressed"),
        (with(0x04), "the tag of an uncompressed key"),
        (beyond, "x is not below the prime of the field"),
        (no_point, "no point has this x"),
    ]
    .map(|(key, why)| vector("key", is_public_key(&key), &key, why))
    .into()
}

fn parts() -> Vec<Value> {
    let time = |bytes: Vec<u8>, why| vector("time", TimePart::decode(&bytes).is_ok(), &bytes, why);
    let person =
        |bytes: Vec<u8>, why| vector("person", PersonPart::decode(&bytes).is_ok(), &bytes, why);
    vec![
        time(written(|to| to.array(3).bytes(&[1; 7]).uint(1).uint(1)), "a boot of 7 bytes"),
        time(written(|to| to.array(3).bytes(&[1; 8]).int(-1).uint(1)), "a mono below 0"),
        time(written(|to| to.array(3).bytes(&[1; 8]).uint(1).int(-1)), "a wall below 0"),
        time(written(|to| to.array(2).uint(1).int(1)), "a step, which only a segment has"),
        person(written(|to| to.array(3).uint(7).uint(4).uint(0)), "a grade above 3"),
        person(written(|to| to.array(3).uint(1 << 32).uint(0).uint(0)), "a crew above 2^32 - 1"),
        person(written(|to| to.array(2).uint(7).uint(1)), "an element is missing"),
        person(written(|to| to.null()), "null, which only a segment has"),
    ]
}

/// A content part that cannot be a record's of `kind`.
fn content(kind: Kind, bytes: Vec<u8>, why: &str) -> Value {
    let mut value = vector("content", ContentPart::decode(kind, &bytes).is_ok(), &bytes, why);
    value["kind"] = json!(kind);
    value
}

fn bodies() -> Vec<Value> {
    let of = |body: Body, why| {
        let kind = body.kind();
        content(kind, ContentPart { patrol: 1, body }.encode(), why)
    };
    let raw =
        |kind, body: &[u8], why| content(kind, written(|to| to.array(2).uint(1).raw(body)), why);
    let scan = |uid: usize| Body::Scan(Evidence::NfcUid { uid: vec![4; uid], originality: None });
    let hashes = |count: u8| (0..count).map(|index| Hash([index; 32])).collect::<Vec<_>>();
    let adopt = |heads| Body::PlanAdopt { heads, effective_from: 0 };
    let start =
        |plan_heads| Body::PatrolStart { route: None, due: None, supersedes: None, plan_heads };
    let id = crate::model::DocumentId([1; 16]);
    vec![
        content(2, written(|to| to.array(3).uint(1).array(0).uint(1)), "an element too many"),
        content(2, written(|to| to.array(2).int(-1).array(0)), "a patrol below 0"),
        raw(2, &[0x81, 0x00], "alive says nothing"),
        raw(2, &[0xf6], "a body that is no array"),
        raw(3, &[0x80], "park without a reason"),
        raw(5, &[0x81, 0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], "an int of 2^63"),
        raw(5, &[0x81, 0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], "an int of -2^63 - 1"),
        raw(8, &[0x81, 0x20], "a uint below 0"),
        raw(14, &[0x82, 0x01, 0xf5], "true where a hash or null stands"),
        of(start(hashes(17)), "17 heads"),
        of(Body::PlanSeen { heads: hashes(17) }, "17 heads"),
        of(adopt(hashes(17)), "17 heads"),
        of(adopt(vec![]), "no heads"),
        of(adopt(vec![Hash([2; 32]), Hash([1; 32])]), "heads that are not sorted"),
        of(adopt(vec![Hash([1; 32]), Hash([1; 32])]), "a head that stands there twice"),
        of(Body::Document { kind: 1, id, changes: hashes(101) }, "101 changes"),
        of(scan(3), "a UID of 3 bytes"),
        of(scan(11), "a UID of 11 bytes"),
        raw(11, &[0x81, 0x80], "evidence without a type"),
        raw(11, &[0x81, 0x01], "evidence that is no array"),
        raw(11, &[0x81, 0x83, 0x01, 0x41, 0x00, 0x00], "evidence of type 1 with three elements"),
        raw(11, &[0x81, 0x81, 0x20], "a type below 0"),
        raw(99, &[0x05], "the body of an unknown kind is an array too"),
        raw(99, &[0x81, 0x81, 0x81, 0x80], "arrays nested 5 deep in a part"),
    ]
}

fn records(whole: &Segment) -> Vec<Value> {
    let good = whole.records().next().unwrap().encode();
    let changed = |at: usize, byte: u8, why| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        vector("record", Record::decode(&bytes).is_ok(), &bytes, why)
    };
    let short = &good[..good.len() - 1];
    vec![
        changed(1, 2, "version 2"),
        changed(0, 0x87, "seven elements"),
        changed(2, 0x20, "a kind below 0"),
        vector("record", Record::decode(short).is_ok(), short, "the last byte is missing"),
    ]
}

fn accepted(bytes: &[u8]) -> bool {
    let author = examples::author().public_key();
    Segment::decode(bytes).and_then(|segment| segment.verify(&author)).is_ok()
}

fn segment(bytes: &[u8], why: &str) -> Value {
    vector("segment", accepted(bytes), bytes, why)
}

/// Two records behind `prev`, signed as they are.
fn signed(from: u64, prev: Hash, kinds: [Body; 2]) -> Segment {
    let time = TimePart { boot: *b"boot one", mono: 1_000, wall: 1_800_000_100 };
    let items =
        kinds.map(|body| Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body }));
    Segment::cut(&examples::author(), from, prev, *b"segment key 0004", items.into()).unwrap()
}

fn frames(whole: &Segment) -> Vec<Value> {
    let bytes = whole.encode();
    let with = |change: &dyn Fn(&mut Segment), why| {
        let mut changed = whole.clone();
        change(&mut changed);
        segment(&changed.encode(), why)
    };
    let [before, zero] = [Hash([1; 32]), Hash::ZERO];
    let start =
        |from, prev, first, why| segment(&signed(from, prev, [first, Body::Alive]).encode(), why);
    let stranger = Body::Genesis {
        key: examples::other().public_key(),
        vessel: examples::VESSEL,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let mut version = bytes.clone();
    version[1] = 2;
    let mut named = whole.clone();
    named.dev = device_id(&examples::other().public_key());
    let last = named.records().last().unwrap().encode();
    named.signature = sign(&examples::author(), Purpose::Record, &last).unwrap();
    let deep = Body::Unknown { kind: 99, raw: vec![0x81, 0x81, 0x81, 0x80] };
    vec![
        segment(&named.encode(), "the key of another device than the one named"),
        start(5, before, deep, "arrays nested 5 deep in a part"),
        segment(&version, "version 2"),
        segment(&bytes[..bytes.len() - 1], "the last byte is missing"),
        segment(&[&bytes[..], &[0x00]].concat(), "a byte behind the end"),
        with(&|changed| changed.items.clear(), "no records"),
        with(&|changed| changed.from = u64::MAX - 3, "a seq above 2^64 - 2"),
        with(&|changed| changed.items.swap(1, 2), "two records are swapped"),
        with(&|changed| drop(changed.items.remove(1)), "a record is left out"),
        with(&|changed| drop(changed.items.pop()), "the last record is left out"),
        with(&|changed| changed.items[0].kind = 4, "another kind"),
        with(&|changed| changed.from += 1, "another seq"),
        with(&|changed| changed.key = Some(*b"segment key 0009"), "another segment key"),
        start(0, zero, Body::Alive, "seq 0 is no genesis"),
        start(0, before, examples::genesis(None), "a record before seq 0"),
        start(5, zero, Body::Alive, "no record before seq 5"),
        start(5, before, examples::genesis(None), "a genesis at seq 5"),
        start(0, zero, stranger, "a genesis with the key of another"),
    ]
}

fn short_forms() -> Vec<Value> {
    let two = signed(5, Hash([1; 32]), [Body::Alive, Body::Resume]);
    let framed = |items: [[&[u8]; 3]; 2]| {
        written(|to| {
            to.array(7).uint(1).bytes(&two.dev.0).uint(two.from).bytes(&two.prev.0);
            to.optional(two.key.as_ref(), |to, key| to.bytes(key)).array(2);
            for ([time, person, content], kind) in items.into_iter().zip([2, 4]) {
                to.array(4).uint(kind).raw(time).raw(person).raw(content);
            }
            to.bytes(&two.signature)
        })
    };
    let time = TimePart { boot: *b"boot one", mono: 1_000, wall: 1_800_000_100 }.encode();
    let person = PersonPart::NOBODY.encode();
    let content = written(|to| to.array(2).uint(0).array(0));
    let step = written(|to| to.array(2).uint(0).int(0));
    let beyond = written(|to| to.array(2).uint(u64::MAX).int(0));
    let null = &[0xf6][..];
    let first = [&time[..], &person, &content];
    assert_eq!(framed([first, [&step, null, &content]]), two.encode());
    let mut hidden = two.clone();
    let commitment = two.records().next().unwrap().commitments[1];
    hidden.items[0].slots[1] = crate::record::Slot::Withheld(commitment);
    let withheld = written(|to| to.bytes(&commitment.0));
    assert!(accepted(&framed([[&time, &withheld, &content], [&step, &person, &content]])));
    [
        (framed([first, [&time, null, &content]]), "the full time where a step fits"),
        (framed([first, [&step, &person, &content]]), "the same person again instead of null"),
        (framed([[&step, &person, &content], [&step, null, &content]]), "a step in the first item"),
        (framed([[&time, null, &content], [&step, null, &content]]), "null in the first item"),
        (framed([first, [&beyond, null, &content]]), "a step beyond 64 bits"),
        (
            framed([[&time, &withheld, &content], [&step, null, &content]]),
            "null behind a person that is withheld",
        ),
        (framed([first, [&step, null, null]]), "null for a content"),
    ]
    .map(|(bytes, why)| segment(&bytes, why))
    .into()
}

fn signatures(whole: &Segment) -> Vec<Value> {
    let last = whole.records().last().unwrap().encode();
    let with =
        |signature: [u8; 64], why| segment(&Segment { signature, ..whole.clone() }.encode(), why);
    let made = |purpose| sign(&examples::author(), purpose, &last).unwrap();
    let strange = sign(&examples::other(), Purpose::Record, &last).unwrap();
    let disclosed = {
        let mut copy = whole.disclose(|_, _| true);
        copy.items[0].slots.swap(0, 1);
        copy
    };
    let mut other_salt = whole.disclose(|_, part| part == Part::Content);
    let salt = Part::Content.salt(&whole.key.unwrap(), whole.from + 1);
    if let crate::record::Slot::Salted(of_first, _) = &mut other_salt.items[0].slots[2] {
        *of_first = salt;
    }
    vec![
        with([0; 64], "r and s are 0"),
        with(made(Purpose::Receipt), "signed as a receipt"),
        with(made(Purpose::Sync), "signed as a sync request"),
        with(strange, "signed by another"),
        segment(&other_salt.encode(), "a part with the salt of another"),
        segment(&disclosed.encode(), "time and person in each other's place"),
    ]
}
