#![no_main]

use std::sync::LazyLock;

use deckwatch_core::{
    entropy::SeededEntropy,
    record::{DeviceKey, Segment, SoftwareKey, segment::MAX_BYTES},
};
use libfuzzer_sys::fuzz_target;

static AUTHOR: LazyLock<SoftwareKey> =
    LazyLock::new(|| SoftwareKey::generate(&mut SeededEntropy::new(1)));

fuzz_target!(|data: &[u8]| {
    let Ok(segment) = Segment::decode(data) else { return };
    assert_eq!(segment.encode(), data);
    let author = AUTHOR.public_key();
    let _ = segment.verify(&author);

    // Whatever it holds, somebody may sign it.
    let Some(key) = segment.key else { return };
    let choice = u64::from_be_bytes(*segment.signature.first_chunk().unwrap());
    let signed = Segment::cut(&*AUTHOR, segment.from, segment.prev, key, segment.items).unwrap();
    let Ok(whole) = signed.verify(&author) else { return };
    let shown = |seq: u64, part| (choice >> (seq.wrapping_mul(3) + part as u64) % 64) & 1 == 1;
    let bytes = signed.disclose(shown).encode();
    assert!(bytes.len() <= MAX_BYTES);
    let copy = Segment::decode(&bytes).unwrap().verify(&author).unwrap();
    assert_eq!(copy.entries.len(), whole.entries.len());
    for (copy, whole) in copy.entries.iter().zip(&whole.entries) {
        assert_eq!((copy.at, copy.prev, copy.kind), (whole.at, whole.prev, whole.kind));
        assert!(copy.time.is_none() || copy.time == whole.time);
        assert!(copy.person.is_none() || copy.person == whole.person);
        assert!(copy.content.is_none() || copy.content == whole.content);
    }
});
