use deckwatch_core::{
    authority::Roles,
    model::VesselId,
    record::Body,
    sync::{Limits, ProblemCode},
};

use super::{codes, kept};
use crate::phone::{Phone, START, Scene};
use crate::sync::{MAX_UNCERTIFIED_DEVICES, SyncRefusal};

#[test]
fn no_flipped_bit_gets_anything_in() {
    let scene = Scene::new();
    let phone = scene.invited(2, Roles::CREW);
    let sealed = phone.seal(&phone.request());
    let before = kept(&scene);
    for at in 0..sealed.len() {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1 << (at % 8);
        match scene.shore.exchange(&flipped) {
            Err(SyncRefusal::Shore(error)) => panic!("byte {at}: {error}"),
            Err(_) => {}
            // Only a changed device id is answered: nobody knows that device.
            Ok(synced) => {
                let response = deckwatch_core::sync::Response::decode(&synced.response).unwrap();
                assert_eq!(codes(&response), [ProblemCode::UnknownDevice], "byte {at}");
            }
        }
        assert_eq!(kept(&scene), before, "byte {at}");
    }
    assert!(scene.shore.exchange(&sealed).unwrap().news.is_some());
}

#[test]
fn truncated_and_oversized_requests_are_refused() {
    let scene = Scene::new();
    let phone = scene.invited(2, Roles::CREW);
    let sealed = phone.seal(&phone.request());
    for length in 0..sealed.len() {
        let outcome = scene.shore.exchange(&sealed[..length]);
        assert!(matches!(outcome, Err(SyncRefusal::Malformed(_))), "{length}");
    }
    let outcome = scene.shore.exchange(&vec![0; Limits::BYTES + 1]);
    assert!(matches!(outcome, Err(SyncRefusal::TooLarge(_))));
}

#[test]
fn nobody_asks_in_another_devices_name() {
    let scene = Scene::new();
    let phone = scene.enrolled(2, Roles::CREW);
    let thief = scene.enrolled(3, Roles::CREW);
    let before = kept(&scene);
    let mut request = phone.request();
    request.vessel = scene.vessel;
    let outcome = scene.shore.exchange(&thief.seal(&request));
    assert!(matches!(outcome, Err(SyncRefusal::BadSignature(dev)) if dev == phone.dev));
    assert_eq!(kept(&scene), before);
    request.vessel = VesselId([1; 16]);
    let outcome = scene.shore.exchange(&phone.seal(&request));
    assert!(matches!(outcome, Err(SyncRefusal::UnknownVessel(_))));
}

#[test]
fn a_device_that_nobody_knows_is_asked_for_its_beginning() {
    let scene = Scene::new();
    let mut phone = scene.invited(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive]);
    let mut request = phone.request();
    request.segments.remove(0);
    let before = kept(&scene);
    let response = phone.send(&scene, &request).unwrap();
    assert_eq!(codes(&response), [ProblemCode::UnknownDevice]);
    assert_eq!(kept(&scene), before);
    // The same for one that is carried.
    let carrier = scene.enrolled(3, Roles::CREW);
    let mut request = carrier.request();
    request.segments.push(phone.segments[1].clone());
    let response = carrier.send(&scene, &request).unwrap();
    assert_eq!(codes(&response), [ProblemCode::UnknownDevice]);
}

#[test]
fn another_vessels_records_stay_out() {
    let scene = Scene::new();
    let other = scene.shore.add_vessel("Borealis").unwrap();
    let stranger = Phone::new(9, other, [1; 16]);
    let carrier = scene.enrolled(3, Roles::CREW);
    let before = kept(&scene);
    let mut request = carrier.request();
    request.segments.extend(stranger.segments.clone());
    assert_eq!(codes(&carrier.send(&scene, &request).unwrap()), [ProblemCode::WrongVessel]);
    // Nor can its device ask here.
    let mut request = stranger.request();
    request.vessel = scene.vessel;
    assert_eq!(codes(&stranger.send(&scene, &request).unwrap()), [ProblemCode::WrongVessel]);
    assert_eq!(kept(&scene), before);
}

#[test]
fn a_damaged_segment_stops_no_other() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive]);
    let mut request = phone.request();
    let mut damaged = request.segments[1].clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    request.segments.insert(1, damaged);
    request.segments.insert(0, b"no segment".to_vec());
    let response = phone.send(&scene, &request).unwrap();
    assert_eq!(codes(&response), [ProblemCode::Malformed, ProblemCode::BadSignature]);
    assert_eq!(response.have[0].1[0].to, 1, "the whole one is held");
}

#[test]
fn a_copy_with_parts_withheld_does_not_stand_in_for_the_whole() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive]);
    let whole = phone.segments[1].clone();
    let segment = deckwatch_core::record::Segment::decode(&whole).unwrap();
    let mut request = phone.request();
    request.segments[1] = segment.disclose(|_, _| true).encode();
    assert_eq!(codes(&phone.send(&scene, &request).unwrap()), [ProblemCode::Malformed]);
    let before = scene.segments();
    assert_eq!(codes(&phone.sync(&scene).unwrap()), []);
    assert_eq!(scene.segments(), before + 1);
}

#[test]
fn both_branches_of_a_fork_are_kept_and_told() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let (next, head) = (phone.next, phone.head);
    phone.record(START + 1, 0, &[Body::Alive]);
    (phone.next, phone.head) = (next, head);
    phone.record(START + 2, 0, &[Body::Resume]);
    let before = scene.segments();
    assert_eq!(codes(&phone.sync(&scene).unwrap()), [ProblemCode::Fork]);
    assert_eq!(scene.segments(), before + 2);
    assert_eq!(codes(&phone.sync(&scene).unwrap()), [ProblemCode::Fork]);
    assert_eq!(scene.segments(), before + 2);
}

#[test]
fn devices_without_a_certificate_have_a_quota() {
    let scene = Scene::new();
    for seed in 0..=MAX_UNCERTIFIED_DEVICES as u64 {
        let stranger = Phone::new(100 + seed, scene.vessel, [0; 16]);
        let response = stranger.sync(&scene).unwrap();
        if seed < MAX_UNCERTIFIED_DEVICES as u64 {
            assert_eq!((codes(&response).len(), response.receipts.len()), (0, 1), "{seed}");
        } else {
            assert_eq!(codes(&response), [ProblemCode::TooLarge]);
            assert_eq!(response.receipts.len(), 0);
        }
    }
    // An invited one is let in all the same.
    let phone = scene.invited(2, Roles::CREW);
    let response = phone.sync(&scene).unwrap();
    assert_eq!(codes(&response), []);
    assert!(!response.segments.is_empty());
}
