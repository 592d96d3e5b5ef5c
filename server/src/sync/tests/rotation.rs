//! Keys that are rotated: by their owner, by a thief, and too often.

use deckwatch_core::{
    authority::{Roles, Standing},
    model::{DeviceId, Hash, RecordRef},
    record::{Body, Continues, DeviceKey, Purpose, key::sign},
    sync::ProblemCode,
};

use super::codes;
use crate::phone::{Phone, START, Scene};
use crate::sync::{RotationClaim, RotationRefusal};
use deckwatch_core::record::RotationError;

/// The last record with the old key, and the phone that goes on with the next one.
fn rotated(old: &mut Phone, seed: u64, now: i64) -> Phone {
    let next = Phone::new(seed, old.vessel, [0; 16]);
    let record = old.record(now, 0, &[Body::Rotate { key: next.key.public_key() }])[0];
    continuing(old, seed, record, now)
}

/// A phone whose genesis continues that record, signed with the old key.
fn continuing(old: &Phone, seed: u64, record: RecordRef, now: i64) -> Phone {
    let mut continues = Continues {
        dev: old.dev,
        held_seq: record.seq,
        held_head: record.hash,
        marker_seq: record.seq,
        marker_head: record.hash,
        signature: None,
    };
    let mut next = Phone::new(seed, old.vessel, [0; 16]);
    let key = next.key.public_key();
    let payload = continues.signed_payload(&key);
    continues.signature = Some(sign(&old.key, Purpose::Continues, &payload).unwrap());
    (next.segments, next.next, next.head) = (Vec::new(), 0, Hash::ZERO);
    let vessel = old.vessel;
    let body = Body::Genesis {
        key,
        vessel,
        nonce: [0; 16],
        offset: START * 10,
        continues: Some(continues),
    };
    next.record(now, 0, &[body]);
    next
}

/// The next phone syncs, and brings what the old one has not sent.
fn sync_both(scene: &Scene, old: &Phone, next: &Phone) -> Vec<ProblemCode> {
    let mut request = next.request();
    request.segments.extend(old.segments.iter().cloned());
    codes(&next.send(scene, &request).unwrap())
}

fn standing(scene: &Scene, dev: DeviceId) -> Option<Standing> {
    scene.shore.reading_held(scene.vessel, |held| held.authority().standing(dev).copied()).unwrap()
}

fn claim(scene: &Scene, dev: DeviceId) -> Option<RotationClaim> {
    let now = scene.shore.now();
    scene.shore.reading_held(scene.vessel, |held| held.rotation_claim(dev, now)).unwrap()
}

fn refusal(scene: &Scene, dev: DeviceId) -> RotationRefusal {
    assert_eq!(standing(scene, dev), None);
    claim(scene, dev).unwrap().certificate.unwrap_err()
}

#[test]
fn the_shore_certifies_the_next_key_that_the_old_one_named() {
    let scene = Scene::new();
    let mut old = scene.enrolled(2, Roles::OFFICER.and(Roles::CREW));
    let next = rotated(&mut old, 3, START + 50);
    scene.clock.advance(100);
    assert_eq!(sync_both(&scene, &old, &next), []);
    let [before, after] = [&old, &next].map(|phone| standing(&scene, phone.dev).unwrap());
    assert_eq!(after.roles, before.roles);
    assert_eq!((after.from, after.until), (START + 50, None));
    assert!(after.genesis.is_some());
    let ended = before.rotated.unwrap();
    assert_eq!((ended.seq, ended.to), (1, Some(next.dev)));
    // It is a reader at once, and the old key is none any more.
    assert!(!next.sync(&scene).unwrap().segments.is_empty());
    assert!(old.sync(&scene).unwrap().segments.is_empty());
    // Once is enough.
    let count = scene.segments();
    next.sync(&scene).unwrap();
    assert_eq!(scene.segments(), count);

    // What is written with the old key from then on counts for nothing.
    old.record(START + 110, 0, &[Body::Resume]);
    old.sync(&scene).unwrap();
    let roles = |dev, seq| {
        let of = |held: &crate::shore::Held| held.authority().roles_at(dev, seq);
        scene.shore.reading_held(scene.vessel, of).unwrap()
    };
    assert_eq!(roles(old.dev, 1), before.roles);
    assert_eq!(roles(old.dev, 2), Roles::NONE);
}

#[test]
fn a_thief_with_the_old_key_rotates_nothing_after_the_owner() {
    let scene = Scene::new();
    let mut old = scene.enrolled(2, Roles::CREW);
    let mut copy = old.copied();
    let next = rotated(&mut old, 3, START + 50);
    assert_eq!(sync_both(&scene, &old, &next), []);
    // From the same place: a second history.
    let stolen = rotated(&mut copy, 4, START + 60);
    assert!(sync_both(&scene, &copy, &stolen).contains(&ProblemCode::Fork));
    let no = RotationRefusal::NotProved(RotationError::NotTheEnd);
    assert_eq!(refusal(&scene, stolen.dev), no);
    assert!(standing(&scene, next.dev).is_some());

    // Behind the owner's rotation: it is not the end of that chain.
    let other = Scene::new();
    let mut old = other.enrolled(2, Roles::CREW);
    let next = rotated(&mut old, 3, START + 50);
    assert_eq!(sync_both(&other, &old, &next), []);
    let stolen = rotated(&mut old, 4, START + 60);
    assert_eq!(sync_both(&other, &old, &stolen), []);
    assert_eq!(refusal(&other, stolen.dev), no);
}

#[test]
fn what_does_not_prove_a_rotation_waits_for_a_person() {
    let scene = Scene::new();
    let mut old = scene.enrolled(2, Roles::CREW);
    let mate = scene.enrolled(9, Roles::CREW);
    let named = Phone::new(3, scene.vessel, [0; 16]);
    let key = named.key.public_key();
    let record = old.record(START + 10, 0, &[Body::Rotate { key }])[0];
    // Another key than the one that was named.
    let other = continuing(&old, 4, record, START + 20);
    sync_both(&scene, &old, &other);
    assert_eq!((standing(&scene, other.dev), claim(&scene, other.dev)), (None, None));
    // The key that was named, signed by somebody else.
    let mut forged = old.copied();
    forged.key = mate.key.clone();
    let stranger = continuing(&forged, 3, record, START + 20);
    sync_both(&scene, &old, &stranger);
    let no = RotationRefusal::NotProved(RotationError::NotSigned);
    assert_eq!(refusal(&scene, stranger.dev), no);
    // A person certifies what a person has looked at.
    scene.shore.certify(scene.vessel, stranger.dev, Roles::CREW).unwrap();
    assert!(standing(&scene, stranger.dev).is_some());
}

#[test]
fn a_revoked_or_lost_phone_hands_nothing_over() {
    for mark in 0..2 {
        let scene = Scene::new();
        let mut old = scene.enrolled(2, Roles::CREW);
        if mark == 0 {
            scene.shore.revoke(scene.vessel, old.dev, 1).unwrap();
        } else {
            scene.shore.declare_lost(scene.vessel, old.dev, START).unwrap();
        }
        let next = rotated(&mut old, 3, START + 50);
        sync_both(&scene, &old, &next);
        assert_eq!(refusal(&scene, next.dev), RotationRefusal::NotTrusted);
    }
    // Nor one that nobody certified.
    let scene = Scene::new();
    let mut old = Phone::new(2, scene.vessel, [0; 16]);
    let next = rotated(&mut old, 3, START + 50);
    sync_both(&scene, &old, &next);
    assert_eq!(refusal(&scene, next.dev), RotationRefusal::NotCertified);
}

#[test]
fn an_officer_does_not_begin_the_months_limit_again_by_a_new_key() {
    let scene = Scene::new();
    let mut officer = scene.enrolled(2, Roles::OFFICER.and(Roles::CREW));
    let new = Phone::new(5, scene.vessel, [0; 16]);
    let certificate = Body::Certificate {
        key: new.key.public_key(),
        vessel: scene.vessel,
        roles: Roles::CREW.0,
        from: START,
        until: None,
        genesis: None,
    };
    officer.record(START + 10, 0, &[certificate]);
    let next = rotated(&mut officer, 3, START + 50);
    sync_both(&scene, &officer, &next);
    assert!(standing(&scene, new.dev).is_some());
    assert_eq!(refusal(&scene, next.dev), RotationRefusal::CertifiedPhones);
}

#[test]
fn a_phone_may_not_be_a_new_device_every_day() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let mut devices = vec![phone.dev];
    for seed in 10..14 {
        let next = rotated(&mut phone, seed, scene.shore.now());
        sync_both(&scene, &phone, &next);
        assert!(standing(&scene, next.dev).is_some(), "{seed}");
        phone = next;
        devices.push(phone.dev);
        scene.clock.advance(3_600);
    }
    let fifth = rotated(&mut phone, 20, scene.shore.now());
    sync_both(&scene, &phone, &fifth);
    assert_eq!(refusal(&scene, fifth.dev), RotationRefusal::TooOften);
    // When a month has passed it is taken, with the next sync.
    scene.clock.advance(31 * 86_400);
    fifth.sync(&scene).unwrap();
    assert!(standing(&scene, fifth.dev).is_some());
    let before = |dev| scene.shore.reading_held(scene.vessel, |held| held.before(dev)).unwrap();
    assert_eq!(before(fifth.dev), devices.last().copied());
}
