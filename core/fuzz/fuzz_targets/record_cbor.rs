#![no_main]

use deckwatch_core::record::{ContentPart, PersonPart, Record, TimePart, cbor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let good = cbor::check(data).is_ok();
    let mut written = vec![];
    written.extend(Record::decode(data).map(|record| record.encode()));
    written.extend(TimePart::decode(data).map(|time| time.encode()));
    written.extend(PersonPart::decode(data).map(|person| person.encode()));
    for kind in (0..=30).chain([u64::MAX]) {
        if let Ok(content) = ContentPart::decode(kind, data) {
            assert_eq!(content.body.kind(), kind);
            written.push(content.encode());
        }
    }
    for written in written {
        assert!(good);
        assert_eq!(written, data);
    }
});
