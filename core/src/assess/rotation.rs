//! Devices whose key was rotated: who is waited for, what counts, and what is said.

use super::{
    Assessed, Detail, Doubt, Severity, Use,
    Verdict::{AwaitingSync, Done, Missed, Unverifiable},
    scene::*,
};
use crate::{
    authority::Roles,
    model::{DeviceId, RecordRef},
    record::{Body, Continues, DeviceKey, Purpose, key::sign},
};

const ALL: [u8; 4] = [1, 2, 3, 4];

fn codes(judged: &Assessed) -> Vec<&'static str> {
    judged.findings.iter().map(|finding| finding.code).collect()
}

/// Phone A's key is rotated at `time` to that of a new phone, which says so in its genesis.
fn rotate(scene: &mut Scene, pen: usize, time: i64) -> (usize, RecordRef) {
    let next = scene.add_unbegun(time);
    let key = scene.pens[next].key.public_key();
    let record = scene.write(pen, time, 0, Body::Rotate { key });
    scene.pens[pen].flush();
    let mut continues = Continues {
        dev: record.dev,
        held_seq: record.seq,
        held_head: record.hash,
        marker_seq: record.seq,
        marker_head: record.hash,
        signature: None,
    };
    let payload = continues.signed_payload(&key);
    let old = &scene.pens[pen].key;
    continues.signature = Some(sign(old, Purpose::Continues, &payload).unwrap());
    let (vessel, nonce) = (VESSEL, [0; 16]);
    let body = Body::Genesis { key, vessel, nonce, offset: 0, continues: Some(continues) };
    scene.write(next, time, 0, body);
    scene.pens[next].flush();
    (next, record)
}

fn state(scene: &Scene, dev: DeviceId) -> Use {
    let states = scene.assess(at(5, 0)).devices;
    states.into_iter().find(|state| state.dev == dev).unwrap().state
}

#[test]
fn the_first_patrol_with_the_next_key_says_so_and_the_second_does_not() {
    let mut scene = Scene::new();
    let (next, record) = rotate(&mut scene, A, at(1, 0));
    scene.walk(next, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync_all_but(A, at(4, 0));
    // Nobody has certified it yet: the old phone is waited for, and what the new one says is undecided.
    let before = scene.judge(at(5, 0));
    assert_eq!(before.verdict, Unverifiable, "{}", before.why);
    let old = scene.pens[A].dev;
    assert_eq!(state(&scene, old), Use::Active);

    scene.certify(next, at(4, 10), Roles::CREW, at(1, 0), None);
    let judged = scene.judge(at(5, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Done, vec!["key_rotated"]), "{}", judged.why);
    let finding = &judged.findings[0];
    assert_eq!(finding.severity, Severity::Notice);
    let dev = scene.pens[next].dev;
    assert_eq!(finding.detail, Detail::KeyRotated { dev, from: record });
    assert_eq!(finding.records[0], record);
    assert!(finding.sentence.contains(&old.to_string()[..8]), "{}", finding.sentence);
    assert_eq!(state(&scene, old), Use::Rotated);

    // A patrol before it: that one was the first, and this says nothing.
    let mut scene = Scene::new();
    let (next, _) = rotate(&mut scene, A, at(0, 10));
    scene.certify(next, at(0, 20), Roles::CREW, at(0, 10), None);
    scene.walk(next, (at(1, 0), at(1, 10)), 1, None, &ALL);
    scene.walk(next, (at(2, 5), at(2, 30)), 2, Some(due()), &ALL);
    scene.sync_all_but(A, at(4, 0));
    let judged = scene.judge(at(5, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Done, Vec::new()), "{}", judged.why);
}

#[test]
fn the_next_device_is_waited_for_instead_of_the_old_one() {
    let mut scene = Scene::new();
    let (next, _) = rotate(&mut scene, A, at(1, 0));
    for pen in [O, B] {
        scene.sync(pen, at(4, 0));
    }
    let [old, new] = [A, next].map(|pen| scene.pens[pen].dev);
    let held = |scene: &Scene| -> Vec<DeviceId> {
        scene.judge(at(5, 0)).held_back_by.iter().map(|held| held.dev).collect()
    };
    // While nobody has certified the next key, nothing says that the old phone brings no more.
    assert_eq!((scene.judge(at(5, 0)).verdict, held(&scene)), (AwaitingSync, vec![old]));
    scene.certify(next, at(4, 10), Roles::CREW, at(1, 0), None);
    assert_eq!((scene.judge(at(5, 0)).verdict, held(&scene)), (AwaitingSync, vec![new]));
    scene.sync(next, at(4, 20));
    scene.sync(next, at(4, 30));
    assert_eq!(scene.judge(at(5, 0)).verdict, Missed);
}

#[test]
fn what_follows_with_the_old_key_counts_for_nothing() {
    let mut scene = Scene::new();
    let (next, record) = rotate(&mut scene, A, at(1, 0));
    scene.certify(next, at(1, 10), Roles::CREW, at(1, 0), None);
    // A thief walks on with the old key, and says that the old phone is in use.
    scene.write(A, at(1, 30), 0, Body::Resume);
    scene.walk(A, (at(2, 5), at(2, 30)), 9, Some(due()), &ALL);
    scene.sync_all(at(4, 0));
    let assessment = scene.assess(at(5, 0));
    let stolen = assessment.patrols.iter().find(|patrol| patrol.name.patrol == 9).unwrap();
    assert_eq!(stolen.doubt, Some(Doubt::Rotated));
    let judged = &assessment.dues[0];
    assert_eq!(judged.verdict, Unverifiable);
    assert!(judged.why.contains("a key that was rotated before"), "{}", judged.why);
    assert_eq!(state(&scene, scene.pens[A].dev), Use::Rotated);
    let authority = scene.authority();
    assert_eq!(authority.roles_at(record.dev, record.seq), Roles::CREW);
    assert_eq!(authority.roles_at(record.dev, record.seq + 1), Roles::NONE);
    assert_eq!(authority.ever_at(record.dev, record.seq + 1), Roles::NONE);
}

#[test]
fn an_officer_who_rotated_certifies_nobody_with_the_old_key() {
    let mut scene = Scene::new();
    let new = scene.add(at(1, 0));
    rotate(&mut scene, O, at(1, 10));
    scene.certify_on_board(O, new, at(1, 20));
    scene.sync_all(at(4, 0));
    assert_eq!(scene.authority().standing(scene.pens[new].dev), None);
}
