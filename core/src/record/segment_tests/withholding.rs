//! Any part of any record can be withheld, and the chain verifies as before.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{NOON, alive, alive_at, cut};
use crate::record::{
    DeviceKey, Part, Segment, SegmentError, Slot, TimePart, VerifiedSegment,
    strategies::{device, segment},
};

/// What `shown` leaves visible of a segment that shows all.
fn reduced(whole: &VerifiedSegment, shown: impl Fn(u64, Part) -> bool) -> VerifiedSegment {
    let mut reduced = whole.clone();
    for entry in &mut reduced.entries {
        let seq = entry.at.seq;
        entry.time = entry.time.filter(|_| shown(seq, Part::Time));
        entry.person = entry.person.filter(|_| shown(seq, Part::Person));
        entry.content = entry.content.take().filter(|_| shown(seq, Part::Content));
    }
    reduced
}

/// The choice's bit for this part; the records of 10 seqs have bits of their own.
fn chosen(choice: u32, seq: u64, part: Part) -> bool {
    let bit = (seq % 10) * 3 + part as u64;
    (choice >> bit) & 1 == 1
}

fn received(segment: &Segment) -> Result<VerifiedSegment, SegmentError> {
    Segment::decode(&segment.encode())?.verify(&device().public_key())
}

fn hashes(segment: &Segment) -> Vec<crate::model::Hash> {
    segment.records().map(|record| record.hash()).collect()
}

#[test]
fn every_choice_of_parts_of_three_records_verifies() {
    let items = [0, 600, 1_200].map(|step| alive_at(TimePart { mono: NOON.mono + step, ..NOON }));
    let segment = cut(items.to_vec());
    let whole = received(&segment).unwrap();
    let mut copies = BTreeSet::new();
    for choice in 0..512_u32 {
        let shown = |seq, part| chosen(choice, seq - 7, part);
        let disclosed = segment.disclose(shown);
        assert_eq!(hashes(&disclosed), hashes(&segment), "{choice:09b}");
        assert_eq!(received(&disclosed), Ok(reduced(&whole, shown)), "{choice:09b}");
        copies.insert(disclosed.encode());
    }
    assert_eq!(copies.len(), 512);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn withholds_any_part_of_any_record_and_still_verifies_the_chain(
        segment in segment(10), choices: [u32; 2],
    ) {
        let whole = received(&segment).unwrap();
        let first = |seq, part| chosen(choices[0], seq, part);
        let disclosed = segment.disclose(first);
        prop_assert_eq!(disclosed.key, None);
        prop_assert_eq!(hashes(&disclosed), hashes(&segment));
        prop_assert_eq!(received(&disclosed), Ok(reduced(&whole, first)));

        // A copy of the copy shows what both choices show, and nothing that was withheld.
        let again = disclosed.disclose(|seq, part| chosen(choices[1], seq, part));
        let both = |seq, part| first(seq, part) && chosen(choices[1], seq, part);
        prop_assert_eq!(hashes(&again), hashes(&segment));
        prop_assert_eq!(received(&again), Ok(reduced(&whole, both)));
        prop_assert_eq!(again, segment.disclose(both));
    }

    #[test]
    fn a_withheld_part_leaves_no_trace_but_its_commitment(segment in segment(3), choice: u32) {
        let shown = |seq, part| chosen(choice, seq, part);
        let disclosed = segment.disclose(shown).encode();
        let key = segment.key.unwrap();
        prop_assert!(!contains(&disclosed, &key));
        for (item, seq) in segment.items.iter().zip(segment.from..) {
            for (slot, part) in item.slots.iter().zip(Part::ALL) {
                let salt = part.salt(&key, seq);
                prop_assert_eq!(contains(&disclosed, &salt), shown(seq, part));
                let Slot::Shown(bytes) = slot else { panic!("{slot:?}") };
                // Short parts occur elsewhere by chance or because another record shows the same.
                let elsewhere = segment.items.iter().zip(segment.from..).any(|(item, other)| {
                    item.slots.iter().zip(Part::ALL).any(|(slot, part)| {
                        shown(other, part) && matches!(slot, Slot::Shown(seen) if contains(seen, bytes))
                    })
                });
                if !shown(seq, part) && bytes.len() > 16 && !elsewhere {
                    prop_assert!(!contains(&disclosed, bytes));
                }
            }
        }
    }

    #[test]
    fn the_salt_of_one_part_does_not_open_another(segment in segment(2)) {
        let key = segment.key.unwrap();
        let disclosed = segment.disclose(|_, _| true);
        let places: Vec<(usize, usize)> =
            (0..disclosed.items.len()).flat_map(|item| (0..3).map(move |slot| (item, slot))).collect();
        let salts: Vec<[u8; 32]> = places
            .iter()
            .map(|(item, slot)| Part::ALL[*slot].salt(&key, segment.from + *item as u64))
            .collect();
        prop_assert_eq!(salts.iter().collect::<BTreeSet<_>>().len(), places.len());
        for (at, (item, slot)) in places.iter().enumerate() {
            for (other, salt) in salts.iter().enumerate() {
                let mut changed = disclosed.clone();
                let Slot::Salted(used, bytes) = &mut changed.items[*item].slots[*slot] else {
                    panic!("not shown")
                };
                prop_assert_eq!(&*used, &salts[at]);
                let commitment = Part::ALL[*slot].commit(salt, bytes);
                let of_record = disclosed.records().nth(*item).unwrap().commitments[*slot];
                prop_assert_eq!(commitment == of_record, at == other);
                *used = *salt;
                prop_assert_eq!(hashes(&changed) == hashes(&segment), at == other);
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn a_key_and_withheld_parts_may_stand_together() {
    // An author's own copy after one part was erased but before the key was.
    let mut segment = cut(vec![alive(), alive(), alive()]);
    let whole = received(&segment).unwrap();
    let commitments: Vec<_> = segment.records().map(|record| record.commitments).collect();
    segment.items[1].slots[1] = Slot::Withheld(commitments[1][1]);
    let shown = |seq, part| (seq, part) != (8, Part::Person);
    assert_eq!(received(&segment), Ok(reduced(&whole, shown)));
    // The person of the record behind it can no longer be "the same as before".
    let again = Segment::decode(&segment.encode()).unwrap();
    assert_eq!(again, segment);
}
