//! What must hold of every segment, whoever made it.

mod codec;
mod hostile;
mod withholding;

use super::{
    Body, CborError, ContentPart, DeviceKey, Item, PersonPart, Segment, SegmentError, Slot,
    SoftwareKey, TimePart, cbor::Writer, device_id, segment::MAX_BYTES, strategies::device,
};
use crate::{
    entropy::SeededEntropy,
    model::{Hash, VesselId},
};

const NOON: TimePart = TimePart { boot: [7; 8], mono: 1_000, wall: 1_800_000_000 };

fn alive() -> Item {
    alive_at(NOON)
}

fn alive_at(time: TimePart) -> Item {
    Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body: Body::Alive })
}

/// Records from seq 7 on.
fn cut(items: Vec<Item>) -> Segment {
    Segment::cut(&device(), 7, Hash([1; 32]), [2; 16], items).unwrap()
}

#[test]
fn the_last_seq_is_two_below_the_largest_number() {
    let key = device();
    for (from, count) in [(u64::MAX - 1, 1), (u64::MAX - 2, 2), (u64::MAX - 256, 256)] {
        let items = vec![alive(); count];
        let segment = Segment::cut(&key, from, Hash([1; 32]), [2; 16], items).unwrap();
        let again = Segment::decode(&segment.encode()).unwrap();
        let verified = again.verify(&key.public_key()).unwrap();
        assert_eq!((verified.from(), verified.to()), (from, u64::MAX - 1));
        // Asked for one record more than there is, as every `for` loop does.
        let mut records = again.records();
        (0..count).for_each(|_| assert!(records.next().is_some()));
        assert_eq!(records.next(), None);

        let disclosed = again.disclose(|_, _| true);
        let shown = Segment::decode(&disclosed.encode()).unwrap();
        assert_eq!(shown.verify(&key.public_key()).unwrap(), verified);

        let beyond = Segment { from: from + 1, ..segment };
        let refused = Segment::decode(&beyond.encode());
        assert_eq!(refused, Err(SegmentError::Count(count)), "a seq has a successor");
        // Nor is it believed when it comes from elsewhere than the decoder.
        let refused = beyond.verify(&key.public_key());
        assert_eq!(refused, Err(SegmentError::Count(count)));
        assert_eq!(beyond.records().count(), count);
    }
}

/// A record of an unknown kind with this body, in a segment of its own.
fn unknown(raw: Vec<u8>) -> Segment {
    let mut item = alive();
    item.kind = 99;
    let mut to = Writer::default();
    to.array(2).uint(0).raw(&raw);
    item.slots[2] = Slot::Shown(to.finish());
    cut(vec![item])
}

#[test]
fn what_could_not_be_shown_with_its_salt_is_refused_at_once() {
    let author = device().public_key();
    let deepest = unknown(vec![0x81, 0x81, 0x80]);
    assert!(Segment::decode(&deepest.encode()).unwrap().verify(&author).is_ok());
    let disclosed = Segment::decode(&deepest.disclose(|_, _| true).encode()).unwrap();
    assert!(disclosed.verify(&author).is_ok());
    // Within the 8 levels of a segment with its key, but not of a copy with salts.
    let deeper = unknown(vec![0x81, 0x81, 0x81, 0x80]);
    assert_eq!(Segment::decode(&deeper.encode()), Err(CborError::TooDeep.into()));
    assert_eq!(deeper.verify(&author), Err(CborError::TooDeep.into()));
}

#[test]
fn the_largest_segment_is_one_whose_largest_copy_fits() {
    let author = device().public_key();
    let body = |length: usize| {
        let mut to = Writer::default();
        to.array(1).bytes(&vec![0; length]);
        to.finish()
    };
    let copy = |segment: &Segment| segment.disclose(|_, _| true).encode();
    let frame = copy(&unknown(body(60_000))).len() - 60_000;
    let largest = unknown(body(MAX_BYTES - frame));
    assert_eq!(copy(&largest).len(), MAX_BYTES);
    for bytes in [largest.encode(), copy(&largest)] {
        assert!(Segment::decode(&bytes).unwrap().verify(&author).is_ok());
    }
    let larger = unknown(body(MAX_BYTES - frame + 1));
    let too_large = Err(SegmentError::TooLarge(MAX_BYTES + 1));
    assert!(larger.encode().len() < MAX_BYTES);
    assert_eq!(Segment::decode(&larger.encode()), too_large);
    assert_eq!(Segment::decode(&copy(&larger)), too_large);
}

#[test]
fn a_false_person_is_not_multiplied() {
    let mut items = vec![alive(); 256];
    let junk = {
        let mut to = Writer::default();
        to.array(1).bytes(&vec![0; 50_000]);
        to.finish()
    };
    items.iter_mut().for_each(|item| item.slots[1] = Slot::Shown(junk.clone()));
    let bytes = cut(items).encode();
    assert!(bytes.len() < MAX_BYTES);
    let refused = Err(CborError::Expected("an array of another length").into());
    assert_eq!(Segment::decode(&bytes), refused);
}

#[test]
fn a_segment_has_1_to_256_records_wherever_it_comes_from() {
    for count in [0, 257] {
        let segment = cut(vec![alive(); count]);
        let refused = segment.verify(&device().public_key());
        assert_eq!(refused, Err(SegmentError::Count(count)));
    }
}

#[test]
fn a_chain_begins_with_a_genesis_of_its_own_key_and_has_no_other() {
    let (key, other) = (device(), SoftwareKey::generate(&mut SeededEntropy::new(2)));
    let genesis = |key: &SoftwareKey| {
        let [vessel, nonce] = [[3; 16], [4; 16]];
        let key = key.public_key();
        let body =
            Body::Genesis { key, vessel: VesselId(vessel), nonce, offset: 0, continues: None };
        Item::shown(&NOON, &PersonPart::NOBODY, &ContentPart { patrol: 0, body })
    };
    let verify = |from: u64, prev: Hash, items: Vec<Item>| {
        let segment = Segment::cut(&key, from, prev, [2; 16], items).unwrap();
        let hidden = segment.disclose(|_, _| false).verify(&key.public_key());
        (segment.verify(&key.public_key()).map(drop), hidden.map(drop))
    };
    let before = Hash([1; 32]);
    let bad_start = (Err(SegmentError::BadStart), Err(SegmentError::BadStart));
    assert_eq!(verify(0, Hash::ZERO, vec![genesis(&key), alive()]), (Ok(()), Ok(())));
    assert_eq!(verify(0, Hash::ZERO, vec![alive()]), bad_start);
    assert_eq!(verify(0, Hash::ZERO, vec![genesis(&key), genesis(&key)]), bad_start);
    assert_eq!(verify(0, before, vec![genesis(&key)]), bad_start);
    assert_eq!(verify(1, Hash::ZERO, vec![alive()]), bad_start);
    assert_eq!(verify(1, before, vec![genesis(&key)]), bad_start);
    assert_eq!(verify(1, before, vec![alive()]), (Ok(()), Ok(())));
    let wrong = Err(SegmentError::WrongDevice(device_id(&key.public_key())));
    assert_eq!(verify(0, Hash::ZERO, vec![genesis(&other)]), (wrong, Ok(())));
}
