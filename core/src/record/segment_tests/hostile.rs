//! Bytes and segments that somebody else made, with malice or by mistake.

use p256::ecdsa::Signature;
use proptest::{collection::vec, prelude::*};

use super::{NOON, alive, alive_at, cut};
use crate::{
    entropy::SeededEntropy,
    model::Hash,
    record::{
        Body, CborError, ContentPart, DeviceKey, Item, Part, PersonPart, Purpose, Segment,
        SegmentError, Slot, SoftwareKey, TimePart, VerifiedSegment,
        cbor::Writer,
        key::sign,
        segment::{MAX_BYTES, MAX_RECORDS},
        strategies::{array, body, device, segment},
    },
};

fn received(bytes: &[u8]) -> Result<VerifiedSegment, SegmentError> {
    Segment::decode(bytes)?.verify(&device().public_key())
}

fn malformed(expected: &'static str) -> Result<Segment, SegmentError> {
    Err(CborError::Expected(expected).into())
}

/// Four records with every short form and a reboot.
fn example() -> Segment {
    let at = |mono, wall| TimePart { mono, wall, ..NOON };
    let note = ContentPart { patrol: 3, body: Body::Note { code: 2, blob: Some(Hash([5; 32])) } };
    let items = [
        alive(),
        alive_at(at(1_600, 1_800_000_060)),
        Item::shown(&TimePart { boot: [8; 8], ..NOON }, &PersonPart::NOBODY, &note),
        alive_at(at(20, 1_800_000_000)),
    ];
    cut(items.to_vec())
}

/// A segment's frame around items that are written by hand.
fn framed(segment: &Segment, items: &[Vec<u8>]) -> Vec<u8> {
    let mut to = Writer::default();
    to.array(7).uint(1).bytes(&segment.dev.0).uint(segment.from).bytes(&segment.prev.0);
    to.optional(segment.key.as_ref(), |to, key| to.bytes(key)).array(items.len());
    items.iter().for_each(|item| {
        to.raw(item);
    });
    to.bytes(&segment.signature);
    to.finish()
}

fn written(write: impl Fn(&mut Writer) -> &mut Writer) -> Vec<u8> {
    let mut to = Writer::default();
    write(&mut to);
    to.finish()
}

fn item_of(kind: u64, slots: [&[u8]; 3]) -> Vec<u8> {
    let [time, person, content] = slots;
    written(|to| to.array(4).uint(kind).raw(time).raw(person).raw(content))
}

fn delta(mono: u64, wall: i64) -> Vec<u8> {
    written(|to| to.array(2).uint(mono).int(wall))
}

const NULL: &[u8] = &[0xf6];

#[test]
fn every_flipped_bit_is_noticed() {
    let part = |records: std::ops::Range<usize>| cut(example().items[records].to_vec());
    for copy in [part(0..3), part(2..3).disclose(|_, part| part != Part::Person)] {
        let bytes = copy.encode();
        let verified = received(&bytes).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // Another signature of the author's over the same records would do no harm.
            if let Ok(other) = received(&changed) {
                assert_eq!(other, verified, "bit {bit}");
                assert!(bit / 8 >= bytes.len() - 64, "bit {bit}");
            }
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    for copy in [example(), example().disclose(|_, _| true)] {
        let bytes = copy.encode();
        for length in 0..bytes.len() {
            let refused = Segment::decode(&bytes[..length]);
            assert_eq!(refused, Err(CborError::Truncated.into()), "{length}");
        }
        for more in [0x00, 0x80, 0xf6] {
            let longer = [&bytes[..], &[more]].concat();
            assert_eq!(Segment::decode(&longer), Err(CborError::Trailing.into()));
        }
    }
}

#[test]
fn high_and_low_s_are_both_the_authors() {
    let mut segment = example();
    let verified = received(&segment.encode()).unwrap();
    let (r, s) = Signature::from_slice(&segment.signature).unwrap().split_scalars();
    let other = Signature::from_scalars(r, -s).unwrap();
    assert_ne!(segment.signature[..], other.to_bytes()[..]);
    segment.signature = other.to_bytes().into();
    assert_eq!(received(&segment.encode()), Ok(verified));
}

#[test]
fn what_is_no_signature_is_refused() {
    let segment = example();
    let refused = Err(SegmentError::BadSignature(segment.dev));
    let [r, s]: [[u8; 32]; 2] =
        [segment.signature[..32].try_into().unwrap(), segment.signature[32..].try_into().unwrap()];
    for [r, s] in [[[0; 32], s], [r, [0; 32]], [[0xff; 32], s], [r, [0xff; 32]], [s, r]] {
        let signature = [r, s].concat().try_into().unwrap();
        let changed = Segment { signature, ..segment.clone() };
        assert_eq!(received(&changed.encode()), refused);
    }
}

#[test]
fn only_the_authors_signature_for_this_purpose_counts() {
    let (author, other) = (device(), SoftwareKey::generate(&mut SeededEntropy::new(2)));
    let segment = example();
    let last = segment.records().last().unwrap();
    let with = |signature| Segment { signature, ..segment.clone() }.verify(&author.public_key());
    let refused = Err(SegmentError::BadSignature(segment.dev));
    for purpose in [Purpose::Sync, Purpose::Receipt, Purpose::Continues, Purpose::Request] {
        assert_eq!(with(sign(&author, purpose, &last.encode()).unwrap()), refused);
    }
    assert_eq!(with(sign(&other, Purpose::Record, &last.encode()).unwrap()), refused);
    assert_eq!(with(sign(&author, Purpose::Record, &last.hash().0).unwrap()), refused);
    assert_eq!(with(cut(vec![alive()]).signature), refused);

    let wrong_device = Err(SegmentError::WrongDevice(segment.dev));
    assert_eq!(segment.verify(&other.public_key()), wrong_device);
    let taken = Segment { dev: crate::record::device_id(&other.public_key()), ..segment.clone() };
    assert_eq!(taken.verify(&other.public_key()), Err(SegmentError::BadSignature(taken.dev)));
    assert_eq!(taken.verify(&author.public_key()), Err(SegmentError::WrongDevice(taken.dev)));
}

#[test]
fn records_cannot_be_swapped_repeated_left_out_or_changed() {
    let segment = example();
    let refused = Err(SegmentError::BadSignature(segment.dev));
    let with = |change: &dyn Fn(&mut Segment)| {
        let mut changed = segment.clone();
        change(&mut changed);
        received(&changed.encode())
    };
    for at in 0..4 {
        for other in 0..at {
            assert_eq!(with(&|changed| changed.items.swap(at, other)), refused, "{at} {other}");
        }
        assert_eq!(with(&|changed| changed.items.insert(at, alive())), refused);
        assert_eq!(with(&|changed| drop(changed.items.remove(at))), refused);
        assert_eq!(with(&|changed| changed.items[at].kind = 4), refused);
    }
    assert_eq!(with(&|changed| changed.items.push(alive())), refused);
    assert_eq!(with(&|changed| changed.from += 1), refused);
    assert_eq!(with(&|changed| changed.prev.0[0] ^= 1), refused);
    assert_eq!(with(&|changed| changed.key = Some([3; 16])), refused);
}

/// The signature does not say where a segment begins: FORMAT.md section 6 tells receivers so.
#[test]
fn a_copy_may_begin_later_but_says_so() {
    let segment = example();
    let verified = received(&segment.encode()).unwrap();
    let records: Vec<_> = segment.records().collect();
    for dropped in 1..4 {
        let later = Segment {
            from: segment.from + dropped as u64,
            prev: records[dropped - 1].hash(),
            items: segment.items[dropped..].to_vec(),
            ..segment.clone()
        };
        let copy = received(&later.encode()).unwrap();
        assert_eq!(copy.entries, verified.entries[dropped..]);
        assert_eq!((copy.to(), copy.head()), (verified.to(), verified.head()));
        assert_ne!((copy.from(), copy.prev), (verified.from(), verified.prev));
    }
}

#[test]
fn the_short_forms_must_be_used_where_they_can_be() {
    let second = TimePart { mono: 1_600, wall: 1_800_000_060, ..NOON };
    let segment = cut(vec![alive(), alive_at(second)]);
    let [full_time, person] = [second.encode(), PersonPart::NOBODY.encode()];
    let content = ContentPart { patrol: 0, body: Body::Alive }.encode();
    let first = item_of(2, [&NOON.encode(), &person, &content]);
    let short = delta(600, 60);
    let with = |time: &[u8], person: &[u8]| {
        let items = [first.clone(), item_of(2, [time, person, &content])];
        Segment::decode(&framed(&segment, &items))
    };
    assert_eq!(with(&short, NULL), Ok(segment.clone()));
    assert_eq!(with(&full_time, NULL), Err(SegmentError::NotCanonical));
    assert_eq!(with(&short, &person), Err(SegmentError::NotCanonical));
    assert_eq!(with(&full_time, &person), Err(SegmentError::NotCanonical));

    // Where they cannot be used they are refused.
    let alone = |time: &[u8], person: &[u8]| {
        Segment::decode(&framed(&segment, &[item_of(2, [time, person, &content])]))
    };
    assert_eq!(alone(&short, &person), malformed("a full time in the first record"));
    assert_eq!(alone(&full_time, NULL), malformed("a person in the first record"));
    let keyless = Segment { key: None, ..segment.clone() };
    let salted = |part: &[u8]| written(|to| to.array(2).bytes(&[9; 32]).raw(part));
    let [time, content] = [salted(&full_time), salted(&content)];
    let without_key = |person: &[u8]| {
        let items = [item_of(2, [&time, person, &content])];
        Segment::decode(&framed(&keyless, &items))
    };
    assert!(without_key(&salted(&person)).is_ok());
    assert!(without_key(NULL).is_err());
    assert!(without_key(&person).is_err());
    // Behind a withheld part there is nothing to be the same as.
    let hidden = written(|to| to.bytes(&[9; 32]));
    let behind = |time: &[u8], person: &[u8]| {
        let items = [item_of(2, [&hidden, &hidden, &hidden]), item_of(2, [time, person, &hidden])];
        Segment::decode(&framed(&segment, &items))
    };
    assert!(behind(&full_time, &person_part(0)).is_ok());
    assert!(behind(&short, &person_part(0)).is_err());
    assert!(behind(&full_time, NULL).is_err());
}

fn person_part(how: u64) -> Vec<u8> {
    PersonPart { how, ..PersonPart::NOBODY }.encode()
}

#[test]
fn steps_beyond_64_bits_are_refused() {
    let segment = cut(vec![alive(), alive()]);
    let content = ContentPart { patrol: 0, body: Body::Alive }.encode();
    let step = |mono: u64, wall: u64, step: &[u8]| {
        let start = TimePart { mono, wall, ..NOON }.encode();
        let items =
            [item_of(2, [&start, &person_part(0), &content]), item_of(2, [step, NULL, &content])];
        Segment::decode(&framed(&segment, &items)).map(drop)
    };
    let beyond = malformed("a time within 64 bits").map(drop);
    assert_eq!(step(u64::MAX, 0, &delta(0, 0)), Ok(()));
    assert_eq!(step(u64::MAX, 0, &delta(1, 0)), beyond);
    assert_eq!(step(1, 0, &delta(u64::MAX, 0)), beyond);
    assert_eq!(step(0, u64::MAX, &delta(0, 1)), beyond);
    assert_eq!(step(0, 0, &delta(0, -1)), beyond);
    assert_eq!(step(0, u64::MAX, &delta(u64::MAX, i64::MIN)), Ok(()));
    // -2^64 is an integer of CBOR but none of the format.
    let least = [0x82, 0x00, 0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(step(0, u64::MAX, &least), malformed("an integer").map(drop));
}

#[test]
fn the_largest_numbers_are_numbers_like_others() {
    let most = TimePart { boot: [255; 8], mono: u64::MAX, wall: u64::MAX };
    let least = TimePart { mono: 0, wall: 0, ..most };
    let times = [most, least, most, TimePart { wall: 0, ..most }, most, least, NOON, most];
    let person = PersonPart { crew: crate::model::CrewNo(u32::MAX), grade: 3, how: u64::MAX };
    let body = Body::Unknown { kind: u64::MAX, raw: vec![0x80] };
    let content = ContentPart { patrol: u64::MAX, body };
    let items = times.iter().map(|time| Item::shown(time, &person, &content)).collect();
    let from = u64::MAX - 1 - (times.len() as u64 - 1);
    let segment = Segment::cut(&device(), from, Hash([255; 32]), [255; 16], items).unwrap();
    let verified = received(&segment.encode()).unwrap();
    assert_eq!(verified.to(), u64::MAX - 1);
    let shown: Vec<_> = verified.entries.iter().filter_map(|entry| entry.time).collect();
    assert_eq!(shown, times);
    assert_eq!(received(&segment.disclose(|_, _| true).encode()), Ok(verified));
}

#[test]
fn counts_are_bounded_and_believed_only_with_their_bytes() {
    let segment = cut(vec![alive()]);
    let item = item_of(2, [&HIDDEN; 3]);
    for (count, refused) in [
        (0, Some(SegmentError::Count(0))),
        (1, None),
        (MAX_RECORDS, None),
        (MAX_RECORDS + 1, Some(SegmentError::Count(MAX_RECORDS + 1))),
    ] {
        let bytes = framed(&segment, &vec![item.clone(); count]);
        assert_eq!(Segment::decode(&bytes).err(), refused);
    }
    // A count of 2^64 - 1 where the count stands, and no items behind it.
    let bytes = framed(&segment, &[]);
    let at = bytes.len() - 67;
    assert_eq!(bytes[at], 0x80);
    let count = [&[0x9b][..], &[0xff; 8]].concat();
    let lie = [&bytes[..at], &count, &bytes[at + 1..]].concat();
    assert_eq!(Segment::decode(&lie), Err(CborError::Truncated.into()));
    let huge = vec![0x81; MAX_BYTES + 1];
    assert_eq!(Segment::decode(&huge), Err(SegmentError::TooLarge(MAX_BYTES + 1)));
}

/// A withheld part.
const HIDDEN: [u8; 34] = {
    let mut slot = [9; 34];
    slot[0] = 0x58;
    slot[1] = 0x20;
    slot
};

#[test]
fn other_versions_and_shapes_are_refused() {
    let bytes = example().encode();
    assert_eq!(bytes[..2], [0x87, 0x01]);
    for version in [0x00, 0x02, 0x17] {
        let mut changed = bytes.clone();
        changed[1] = version;
        assert_eq!(Segment::decode(&changed), malformed("a segment of version 1"));
    }
    let record = example().records().next().unwrap().encode();
    assert!(Segment::decode(&record).is_err());
    assert!(crate::record::Record::decode(&bytes).is_err());
    let mut changed = record.clone();
    changed[1] = 2;
    let refused = CborError::Expected("a record of version 1");
    assert_eq!(crate::record::Record::decode(&changed), Err(refused));
}

/// A slot as nobody honest writes it, or as somebody does.
fn slot() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(HIDDEN.to_vec()),
        Just(NULL.to_vec()),
        Just(NOON.encode()),
        Just(person_part(0)),
        (any::<u64>(), any::<i64>()).prop_map(|(mono, wall)| delta(mono, wall)),
        (any::<[u8; 32]>(), array(2))
            .prop_map(|(salt, part)| written(|to| to.array(2).bytes(&salt).raw(&part))),
        (0..32_u64).prop_flat_map(body).prop_map(|body| ContentPart { patrol: 1, body }.encode()),
        array(3),
        array(5),
    ]
}

proptest! {
    #[test]
    fn segments_of_anything_are_read_without_a_panic(
        keyed: bool,
        from: u64,
        prev: [u8; 32],
        items in vec((0..32_u64, [slot(), slot(), slot()]), 0..6),
        signature in any::<[u8; 32]>(),
    ) {
        let dev = crate::record::device_id(&device().public_key());
        let signature = [signature, signature].concat().try_into().unwrap();
        let key = keyed.then_some([2; 16]);
        let frame = Segment { dev, from, prev: Hash(prev), key, items: vec![], signature };
        let items: Vec<Vec<u8>> =
            items.iter().map(|(kind, [a, b, c])| item_of(*kind, [a, b, c])).collect();
        let bytes = framed(&frame, &items);
        if let Ok(segment) = Segment::decode(&bytes) {
            prop_assert_eq!(segment.encode(), bytes);
            prop_assert!(segment.verify(&device().public_key()).is_err());
            let disclosed = segment.disclose(|seq, _| seq % 2 == 0);
            prop_assert_eq!(Segment::decode(&disclosed.encode()), Ok(disclosed));
        }
    }

    /// The author signs nonsense: its parts are refused, and never believed in part.
    #[test]
    fn nonsense_that_is_signed_is_refused_whole(
        segment in segment(4), junk in array(4), at: prop::sample::Index, part in 0..3_usize,
    ) {
        let mut segment = segment;
        let at = at.index(segment.items.len());
        segment.items[at].slots[part] = Slot::Shown(junk.clone());
        let key = segment.key.unwrap();
        let cut = Segment::cut(&device(), segment.from, segment.prev, key, segment.items).unwrap();
        match received(&cut.encode()) {
            Ok(verified) => {
                // Only what reads as a part is one.
                let entry = &verified.entries[at];
                let read = [
                    entry.time.map(|time| time.encode()),
                    entry.person.map(|person| person.encode()),
                    entry.content.as_ref().map(|content| content.encode()),
                ];
                prop_assert_eq!(read[part].as_ref(), Some(&junk));
            }
            // An array of two in the place of a time is read as a step, and then not what was signed, or not
            // the one form that the time it leads to has.
            Err(error) => prop_assert!(
                matches!(
                    error,
                    SegmentError::Malformed(_)
                        | SegmentError::BadSignature(_)
                        | SegmentError::NotCanonical
                ),
                "{error:?}"
            ),
        }
    }
}
