//! Checks in the shore's chain: in order, bounded, once, and for certified phones alone.

use deckwatch_core::{
    authority::Roles,
    model::{CheckpointId, Hash, Level, TagUid},
    plan::{Checkpoint, PlanContent},
    record::{Body, Chain, Evidence},
};

use super::{
    check::Again,
    provision::{Hanging, Wish},
};
use crate::phone::{Phone, START, Scene};
use crate::shore::Held;
use crate::store::WriteTx;

const UID: [u8; 7] = [4; 7];

/// A vessel with one tag that signs.
fn scene() -> Scene {
    let scene = Scene::new();
    let place = Checkpoint { name: "Bow".to_owned(), ..Checkpoint::default() };
    let checkpoints = [(CheckpointId([1; 8]), place)].into();
    let plan = PlanContent { checkpoints, ..PlanContent::default() };
    scene.shore.edit_plan(scene.vessel, &plan).unwrap();
    let wish = Wish {
        vessel: scene.vessel,
        checkpoint: "Bow".to_owned(),
        hanging: Hanging::Signing { uid: TagUid::from(UID), bound: false },
        host: "dw.example".to_owned(),
        min_level: Some(Level::L4),
    };
    scene.shore.provision_tag(&wish).unwrap();
    scene
}

fn scans(count: u64) -> Vec<Body> {
    let scan = |counter| Evidence::Sun { uid: UID, counter, mac: [0; 8], nonce_bound: false };
    (1..=count).map(|counter| Body::Scan(scan(counter))).collect()
}

/// Scan and result of every check, in the order of the shore's chain.
fn checks(scene: &Scene) -> Vec<(Hash, u64)> {
    let read = |held: &Held| {
        let root = held.authority().root();
        let entries = held.chain(root).into_iter().flat_map(Chain::all);
        let checks = entries.filter_map(|entry| match entry.body() {
            Some(Body::TagCheck { record, result, .. }) => Some((*record, *result)),
            _ => None,
        });
        checks.collect()
    };
    scene.shore.reading_held(scene.vessel, read).unwrap()
}

#[test]
fn every_scan_is_checked_once_in_the_sync_that_brings_it() {
    let scene = scene();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let made = phone.record(START + 60, 1, &scans(3));
    scene.clock.advance(120);
    let response = phone.sync(&scene).unwrap();
    let expected: Vec<(Hash, u64)> = made.iter().map(|at| (at.hash, 2)).collect();
    assert_eq!(checks(&scene), expected, "in the order of the chain");
    assert!(response.problems.is_empty());
    let before = scene.segments();
    phone.sync(&scene).unwrap();
    scene.shore.check_tags(scene.vessel).unwrap();
    assert_eq!((checks(&scene), scene.segments()), (expected, before), "nothing twice");
    // They come to the phone with the rest of the shore's chain.
    let shore_key = scene.shore.vessel(scene.vessel).unwrap().shore_key;
    let segments = response.segments.iter();
    let told = segments.filter_map(|bytes| {
        let segment = deckwatch_core::record::Segment::decode(bytes).unwrap();
        segment.verify(&shore_key).ok()
    });
    let told = told.flat_map(|verified| verified.entries);
    assert_eq!(told.filter(|entry| entry.kind == 19).count(), 3);
}

#[test]
fn what_does_not_fit_into_one_go_waits_for_the_next() {
    let scene = scene();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let keys = scene.shore.tag_keys().path(scene.vessel);
    let aside = keys.with_extension("aside");
    std::fs::rename(&keys, &aside).unwrap();
    phone.record(START + 60, 1, &scans(5));
    scene.clock.advance(120);
    phone.sync(&scene).unwrap();
    assert_eq!(checks(&scene), [], "there are no keys");
    std::fs::rename(&aside, &keys).unwrap();
    let some =
        |tx: &mut dyn WriteTx, held: &mut Held| scene.shore.check_within(tx, held, 2, Again::No);
    for (left, all) in [(3, 2), (1, 4), (0, 5), (0, 5)] {
        let outcome = scene.shore.writing_held(scene.vessel, some).unwrap();
        assert_eq!((outcome.waiting, checks(&scene).len()), (left, all));
    }
}

#[test]
fn who_is_not_certified_is_not_answered() {
    let scene = scene();
    let mut stranger = Phone::new(9, scene.vessel, [9; 16]);
    let made = stranger.record(START + 60, 1, &scans(2));
    scene.clock.advance(120);
    stranger.sync(&scene).unwrap();
    assert_eq!(checks(&scene), []);
    scene.shore.certify(scene.vessel, stranger.dev, Roles::CREW).unwrap();
    assert_eq!(scene.shore.check_tags(scene.vessel).unwrap().written, [0, 2, 0, 0]);
    assert_eq!(checks(&scene).len(), made.len());
}
