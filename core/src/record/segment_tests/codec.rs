//! What is written is read again, and what is read is written again.

use proptest::{prelude::*, strategy::Strategy, test_runner::TestRunner};

use crate::record::{
    Body, CborError, ContentPart, Kind, PersonPart, Record, Segment, TimePart,
    body::kind_name,
    cbor::Reader,
    strategies::{LAST_KIND, body, later_kinds, segment},
};

/// A few bytes that are changed, taken away or put in.
#[derive(Debug, Clone)]
enum Edit {
    Set(u8),
    Remove,
    Insert(u8),
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, Edit)>> {
    let edit = prop_oneof![
        any::<u8>().prop_map(Edit::Set),
        Just(Edit::Remove),
        any::<u8>().prop_map(Edit::Insert),
    ];
    proptest::collection::vec((any::<prop::sample::Index>(), edit), 1..4)
}

fn apply(bytes: &mut Vec<u8>, edits: &[(prop::sample::Index, Edit)]) {
    for (index, edit) in edits {
        let at = index.index(bytes.len() + 1).min(bytes.len());
        match edit {
            Edit::Set(byte) if at < bytes.len() => bytes[at] = *byte,
            Edit::Remove if at < bytes.len() => drop(bytes.remove(at)),
            Edit::Set(byte) | Edit::Insert(byte) => bytes.insert(at, *byte),
            Edit::Remove => {}
        }
    }
}

/// If these bytes are a part of a record of `kind`, then they are its only encoding.
fn only_encoding_of_a_part(kind: Kind, bytes: &[u8]) {
    if let Ok(content) = ContentPart::decode(kind, bytes) {
        assert_eq!(content.encode(), bytes);
        assert_eq!(content.body.kind(), kind);
    }
    if let Ok(time) = TimePart::decode(bytes) {
        assert_eq!(time.encode(), bytes);
    }
    if let Ok(person) = PersonPart::decode(bytes) {
        assert_eq!(person.encode(), bytes);
    }
    if let Ok(record) = Record::decode(bytes) {
        assert_eq!(record.encode(), bytes);
    }
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    for kind in (0..=LAST_KIND + 1).chain([99, u64::MAX]) {
        let strategy = (body(kind), crate::record::strategies::uint());
        let checked = TestRunner::default().run(&strategy, |(body, patrol)| {
            prop_assert_eq!(body.kind(), kind);
            prop_assert_eq!(body.name(), kind_name(kind));
            let unknown = !(1..=LAST_KIND).contains(&kind);
            prop_assert_eq!(matches!(body, Body::Unknown { .. }), unknown);
            let part = ContentPart { patrol, body };
            prop_assert_eq!(ContentPart::decode(kind, &part.encode()), Ok(part));
            Ok(())
        });
        assert!(checked.is_ok(), "{}: {checked:?}", kind_name(kind));
    }
}

#[test]
fn the_body_of_an_unknown_kind_is_an_array() {
    for kind in [0, LAST_KIND + 1, 99, u64::MAX] {
        let read = |bytes: &[u8]| Body::decode(kind, &mut Reader::new(bytes).unwrap());
        assert_eq!(read(&[0x80]), Ok(Body::Unknown { kind, raw: vec![0x80] }));
        assert_eq!(read(&[0x07]), Err(CborError::Expected("an array")));
        assert_eq!(read(&[0xf6]), Err(CborError::Expected("an array")));
    }
}

#[test]
fn the_format_names_every_kind() {
    let format = include_str!("../FORMAT.md");
    let (_, section) = format.split_once("## 4. Kinds").unwrap();
    let (section, _) = section.split_once("## 5.").unwrap();
    let named: Vec<(Kind, &str)> = section
        .lines()
        .filter_map(|line| {
            let mut cells = line.split(" | ");
            let kind = cells.next()?.strip_prefix("| ")?.parse().ok()?;
            Some((kind, cells.next()?))
        })
        .collect();
    let known: Vec<(Kind, &str)> = (1..=LAST_KIND).map(|kind| (kind, kind_name(kind))).collect();
    assert_eq!(named, known);
    assert_eq!(kind_name(0), "unknown");
    assert_eq!(kind_name(LAST_KIND + 1), "unknown");
}

proptest! {
    #[test]
    fn times_and_persons_are_read_as_they_were_written(
        boot: [u8; 8], mono: u64, wall: u64, crew: u32, grade in 0..4_u32, how: u64,
    ) {
        let time = TimePart { boot, mono, wall };
        prop_assert_eq!(TimePart::decode(&time.encode()), Ok(time));
        let person = PersonPart { crew: crate::model::CrewNo(crew), grade, how };
        prop_assert_eq!(PersonPart::decode(&person.encode()), Ok(person));
        let beyond = PersonPart { grade: grade + 4, ..person };
        prop_assert!(PersonPart::decode(&beyond.encode()).is_err());
    }

    #[test]
    fn segments_and_their_records_are_read_as_they_were_written(segment in segment(12)) {
        let bytes = segment.encode();
        prop_assert_eq!(Segment::decode(&bytes), Ok(segment.clone()));
        for record in segment.records() {
            prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
        }
    }

    #[test]
    fn changed_parts_are_refused_or_mean_what_they_say(
        body in later_kinds(), patrol: u64, edits in edits(),
    ) {
        let kind = body.kind();
        let mut bytes = ContentPart { patrol, body }.encode();
        apply(&mut bytes, &edits);
        only_encoding_of_a_part(kind, &bytes);
    }

    #[test]
    fn changed_segments_are_refused_or_encode_to_themselves(
        segment in segment(5), withheld: u16, keyed: bool, edits in edits(),
    ) {
        let author = &crate::record::DeviceKey::public_key(&crate::record::strategies::device());
        let shown = |seq: u64, part| withheld >> ((seq ^ part as u64) % 16) & 1 == 0;
        let segment = if keyed { segment } else { segment.disclose(shown) };
        let mut bytes = segment.encode();
        apply(&mut bytes, &edits);
        if let Ok(changed) = Segment::decode(&bytes) {
            prop_assert_eq!(changed.encode(), bytes);
            // Nobody but the author can change what a segment says.
            if let Ok(verified) = changed.verify(author) {
                prop_assert_eq!(verified, segment.verify(author).unwrap());
            }
            let disclosed = changed.disclose(shown);
            prop_assert_eq!(Segment::decode(&disclosed.encode()), Ok(disclosed));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        kind in 0..32_u64, bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        only_encoding_of_a_part(kind, &bytes);
        if let Ok(segment) = Segment::decode(&bytes) {
            prop_assert_eq!(segment.encode(), bytes);
        }
    }
}
