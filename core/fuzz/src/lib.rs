//! A vessel with two officers, whose documents the targets merge: an honest one, and one whose bytes are the fuzzer's.

use std::sync::LazyLock;

use deckwatch_core::{
    authority::{Authority, Roles},
    document::{DocumentKind, RawChange, VoucherIndex, Vouchers},
    entropy::SeededEntropy,
    model::{DeviceId, DocumentId, Hash, RecordRef, VesselId},
    record::{
        Body, Chain, ContentPart, DeviceKey, Entry, Item, PersonPart, Segment, SoftwareKey,
        TimePart, device_id,
    },
};

/// The vessel.
pub const VESSEL: VesselId = VesselId([0x5e; 16]);

/// The devices of `tests/src/hostile/scene.rs`: the same seeds give the same ids.
pub struct Officers {
    pub honest: DeviceId,
    pub hostile: DeviceId,
    pub authority: Authority,
}

/// Both are certified.
pub static OFFICERS: LazyLock<Officers> = LazyLock::new(|| {
    let [shore, honest, hostile] =
        [10, 11, 12].map(|seed| SoftwareKey::generate(&mut SeededEntropy::new(seed)));
    let key = shore.public_key();
    let mut bodies =
        vec![Body::Genesis { key, vessel: VESSEL, nonce: [0; 16], offset: 0, continues: None }];
    for officer in [&honest, &hostile] {
        bodies.push(Body::Certificate {
            key: officer.public_key(),
            vessel: VESSEL,
            roles: Roles::CREW.and(Roles::OFFICER).0,
            from: 0,
            until: None,
            genesis: None,
        });
    }
    let items = bodies.into_iter().zip(0..).map(|(body, mono)| {
        let time = TimePart { boot: [1; 8], mono, wall: 1_793_577_600 };
        Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body })
    });
    let segment = Segment::cut(&shore, 0, Hash::ZERO, [0; 16], items.collect()).unwrap();
    let mut chain = Chain::new(segment.dev);
    chain.insert(segment.verify(&key).unwrap());
    let of = |key: &SoftwareKey| device_id(&key.public_key());
    let authority = Authority::read(VESSEL, &key, &[chain]);
    Officers { honest: of(&honest), hostile: of(&hostile), authority }
});

/// Vouchers as verified records of each device give them, in this order.
pub fn vouchers(kind: DocumentKind, id: DocumentId, by: &[(DeviceId, &[RawChange])]) -> Vouchers {
    let mut index = VoucherIndex::default();
    for (dev, changes) in by {
        for (change, seq) in changes.iter().zip(1..) {
            let body = Body::Document { kind: kind.number(), id, changes: vec![change.hash] };
            index.add(&Entry {
                at: RecordRef { dev: *dev, seq, hash: change.hash },
                prev: Hash::ZERO,
                kind: body.kind(),
                time: None,
                person: Some(PersonPart::NOBODY),
                content: Some(ContentPart { patrol: 0, body }),
            });
        }
    }
    index.vouchers(kind, id, &OFFICERS.authority)
}

/// A change chunk around these contents, with length, checksum and hash right.
pub fn seal(contents: &[u8]) -> RawChange {
    let mut chunk = vec![1];
    let mut length = contents.len();
    while length > 0x7f {
        chunk.push(length as u8 & 0x7f | 0x80);
        length >>= 7;
    }
    chunk.push(length as u8);
    chunk.extend(contents);
    let hash = Hash::of(&chunk);
    let bytes = [&[0x85, 0x6f, 0x4a, 0x83][..], &hash.0[..4], &chunk].concat();
    RawChange { hash, bytes }
}
