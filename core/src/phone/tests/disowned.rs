//! A shore that revokes what it had receipted, as the phone with the receipt sees it.

use super::{
    hands::{phone, shore},
    pages::{certificate, certified, chain_says, shore_says},
    *,
};
use crate::{
    authority::Roles,
    entropy::SeededEntropy,
    record::{EnrolmentRequest, Receipt, body::note, key::twins, receipt::no_tree},
    sync::Response,
};

fn answer(phone: &mut Phone, segment: Vec<u8>, receipt: Option<Receipt>, secs: i64) {
    let response = Response {
        time: NOON + secs,
        have: Vec::new(),
        documents: Vec::new(),
        segments: vec![segment],
        changes: Vec::new(),
        receipts: receipt.iter().map(Receipt::encode).collect(),
        problems: Vec::new(),
        tree_head: None,
        more: false,
    };
    phone.sync_response(&response.encode(), &at(secs)).unwrap();
}

#[test]
fn the_phone_notes_once_that_its_receipted_records_were_disowned() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    phone.start(None, None, &at(10)).unwrap();
    phone.end(1, 0, &at(20)).unwrap();
    let (seq, head) = phone.head().unwrap();
    let receipt = Receipt::sign(&shore(), phone.device(), seq, head, NOON + 30, no_tree()).unwrap();
    let mine = certificate(&phone, Roles::CREW, None);
    answer(&mut phone, shore_says(std::slice::from_ref(&mine)), Some(receipt.clone()), 30);
    assert_eq!(phone.disowned().unwrap(), None);

    let revoked = |last_trusted_seq| Body::Revoke { dev: phone.dev, last_trusted_seq, reason: 3 };
    // Not below the receipt: as it should be.
    let fair = shore_says(&[mine.clone(), revoked(seq)]);
    let unfair = shore_says(&[mine, revoked(seq), revoked(1)]);
    answer(&mut phone, fair, None, 40);
    assert_eq!(phone.disowned().unwrap(), None);
    answer(&mut phone, unfair.clone(), None, 50);
    let disowned = phone.view(&at(50)).unwrap().disowned.unwrap();
    assert_eq!((disowned.last_trusted_seq, disowned.receipted_seq), (1, seq));
    assert_eq!(disowned.receipted_at, NOON + 30);
    answer(&mut phone, unfair, None, 60);
    let named = Body::Note { code: note::DISOWNED, blob: Some(receipt.hash()) };
    let segments = history(&mut phone);
    let entries = segments.iter().flat_map(|segment| &segment.entries);
    assert_eq!(entries.filter(|entry| entry.body() == Some(&named)).count(), 1);
}

#[test]
fn an_officer_certifies_no_second_key_with_an_id_that_is_taken() {
    let officer = Roles::OFFICER.and(Roles::CREW);
    let (_mate, mate) = phone(41);
    let (_folder, mut phone) = certified(40, officer);
    let certificates = [certificate(&phone, officer, None), certificate(&mate, Roles::CREW, None)];
    answer(&mut phone, shore_says(&certificates), None, 30);
    let twin = SoftwareKey::generate(&mut SeededEntropy::new(77));
    twins::found(twin.public_key(), mate.device());
    let request = EnrolmentRequest::sign(&twin, [1; 16], None).unwrap().to_text();
    let head = phone.head();
    let error = phone.certify(&request, &at(40)).unwrap_err();
    assert!(matches!(error, CertifyError::OtherKey(dev) if dev == mate.device()), "{error}");
    assert_eq!(phone.head(), head);

    // Nor one whose records are here, before anybody certified it.
    let stranger = SoftwareKey::generate(&mut SeededEntropy::new(78));
    let second = SoftwareKey::generate(&mut SeededEntropy::new(79));
    let id = crate::record::device_id(&stranger.public_key());
    answer(&mut phone, chain_says(&stranger, &[]), None, 50);
    twins::found(second.public_key(), id);
    let request = EnrolmentRequest::sign(&second, [2; 16], None).unwrap().to_text();
    let error = phone.certify(&request, &at(60)).unwrap_err();
    assert!(matches!(error, CertifyError::OtherKey(dev) if dev == id), "{error}");
}
