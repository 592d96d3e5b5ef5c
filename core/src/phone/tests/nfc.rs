//! A walk with NFC tags and a display: what the walker is told, and what is recorded.

use data_encoding::HEXUPPER;

use super::{hands::*, *};
use crate::{
    model::TagUid,
    plan::KeyedTag,
    presence::sun::{covered, nonce_after},
    record::Evidence,
};

const UID: [u8; 7] = [4, 0xde, 0x5f, 0x1e, 0xac, 0xc0, 0x40];

fn message(uid: [u8; 7], counter: u32, nonce: Option<&[u8; 16]>) -> Vec<u8> {
    let window = covered(&uid, counter, nonce);
    let url = format!("dw.example/T/1/ZZZZZZ?{window}{}", HEXUPPER.encode(&[7; 8]));
    let mut bytes = vec![0xd1, 1, u8::try_from(url.len() + 1).unwrap(), b'U', 4];
    bytes.extend(url.as_bytes());
    bytes
}

fn walking() -> (tempfile::TempDir, Phone) {
    let (folder, mut phone) = walker(80);
    let hangs = |n: u8| KeyedTag { checkpoint: CheckpointId([n; 8]), key_version: Some(1) };
    phone.in_force.nfc = [(TagUid::from(UID), hangs(1)), (TagUid::from([9; 7]), hangs(2))].into();
    phone.in_force.displays = [(TagId([0xd1; 16]), hangs(3))].into();
    phone.start(Some(due()), None, &at(700)).unwrap();
    (folder, phone)
}

fn bodies(phone: &mut Phone) -> Vec<Body> {
    let history = history(phone);
    let entries = history.iter().flat_map(|segment| &segment.entries);
    entries.filter_map(|entry| entry.body().cloned()).collect()
}

#[test]
fn the_walker_is_told_where_without_any_key() {
    let (_folder, mut phone) = walking();
    let taken = phone.scan_nfc(Some(&UID), &message(UID, 42, None), &at(710)).unwrap();
    let [first, second] = [1, 2].map(|n: u8| CheckpointId([n; 8]));
    let name = |n: u8| format!("Point {n}");
    assert_eq!(taken, ScanOutcome::Taken { checkpoint: first, name: name(1) });
    let again = phone.scan_nfc(Some(&UID), &message(UID, 43, None), &at(720)).unwrap();
    assert_eq!(again, ScanOutcome::Already { checkpoint: first, name: name(1) });
    let by_uid = phone.scan_nfc(Some(&[9; 7]), &[], &at(730)).unwrap();
    assert_eq!(by_uid, ScanOutcome::Taken { checkpoint: second, name: name(2) });
    let unknown = TagUid::from([5; 7]);
    let told = phone.scan_nfc(None, &message([5; 7], 1, None), &at(740)).unwrap();
    assert_eq!(told, ScanOutcome::UnknownNfc { uid: unknown });
    // Another tag's message on a tag of ours, noise, and somebody else's tag.
    let copied = phone.scan_nfc(Some(&[9; 7]), &message(UID, 44, None), &at(750)).unwrap();
    assert_eq!(copied, ScanOutcome::NotADeckwatchTag);
    let noise = phone.scan_nfc(None, &[0xff; 40], &at(760)).unwrap();
    assert_eq!(noise, ScanOutcome::NotADeckwatchTag);
    let shown = Label::new(VESSEL, TagId([0xd1; 16])).showing(12_345_678);
    let third = phone.scan_text(&shown.payload("dw.example").unwrap(), &at(770)).unwrap();
    assert_eq!(third, ScanOutcome::Taken { checkpoint: CheckpointId([3; 8]), name: name(3) });
    let status = phone.status(&at(780)).unwrap();
    assert_eq!((status.visited.len(), status.unknown_tags), (3, 1));

    let sun = |uid, counter| Evidence::Sun { uid, counter, mac: [7; 8], nonce_bound: false };
    let wanted = [
        Body::Scan(sun(UID, 42)),
        Body::Scan(sun(UID, 43)),
        Body::Scan(Evidence::NfcUid { uid: vec![9; 7], originality: None }),
        Body::Scan(sun([5; 7], 1)),
        Body::ScanFailed { evidence_type: 4, reason: 4 },
        Body::ScanFailed { evidence_type: 2, reason: 1 },
        Body::Scan(Evidence::Rotating { tag: TagId([0xd1; 16]), code: 12_345_678 }),
    ];
    assert_eq!(bodies(&mut phone)[2..], wanted);
}

#[test]
fn a_plain_label_on_an_nfc_tag_is_a_label() {
    let (_folder, mut phone) = walking();
    let payload = label(2);
    let len = u8::try_from(payload.len() + 1).unwrap();
    let uri = [&[0xd1, 1, len, b'U', 0][..], payload.as_bytes()].concat();
    // Its UID is not registered, the label is.
    let taken = phone.scan_nfc(Some(&[3; 4]), &uri, &at(710)).unwrap();
    assert!(matches!(taken, ScanOutcome::Taken { .. }), "{taken:?}");
    let Some(Body::Scan(evidence)) = bodies(&mut phone).last().cloned() else { panic!() };
    assert_eq!(evidence, Evidence::Qr { tag: TagId([2; 16]) });
}

/// Experimental: level 5.
#[test]
fn a_bound_reading_covers_the_record_before_it_and_no_other() {
    let (_folder, mut phone) = walking();
    let nonce = phone.nfc_nonce(&at(710)).unwrap();
    assert_eq!(nonce, nonce_after(&phone.head().unwrap().1));
    let taken = phone.scan_nfc(Some(&UID), &message(UID, 42, Some(&nonce)), &at(711)).unwrap();
    assert!(matches!(taken, ScanOutcome::Taken { .. }), "{taken:?}");
    // The same message once more: the chain has gone on.
    phone.scan_nfc(Some(&UID), &message(UID, 42, Some(&nonce)), &at(712)).unwrap();
    // A reboot between writing and reading is a record of its own.
    let nonce = phone.nfc_nonce(&at(720)).unwrap();
    let rebooted = ClockReading { boot: [2; 8], mono: 10, ..at(730) };
    phone.scan_nfc(Some(&UID), &message(UID, 43, Some(&nonce)), &rebooted).unwrap();
    let bodies = bodies(&mut phone);
    let bound = Evidence::Sun { uid: UID, counter: 42, mac: [7; 8], nonce_bound: true };
    let by_uid = Evidence::NfcUid { uid: UID.to_vec(), originality: None };
    assert_eq!(bodies[2..4], [Body::Scan(bound), Body::Scan(by_uid.clone())]);
    assert!(matches!(bodies[4], Body::Boot { .. }));
    assert_eq!(bodies[5], Body::Scan(by_uid));
}
