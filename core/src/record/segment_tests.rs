//! What must hold of every segment, whoever made it.

use super::{
    Body, ContentPart, DeviceKey, Item, PersonPart, Segment, SegmentError, SoftwareKey, TimePart,
};
use crate::{entropy::SeededEntropy, model::Hash};

fn device() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(1))
}

fn alive() -> Item {
    let time = TimePart { boot: [7; 8], mono: 1_000, wall: 1_800_000_000 };
    Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body: Body::Alive })
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
    }
}
