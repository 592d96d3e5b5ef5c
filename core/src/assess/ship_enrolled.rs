//! Phones that an officer certified on board: when they are believed, and what is said of them.

use super::{
    Assessed, Detail, Doubt, Severity, Use,
    Verdict::{AwaitingSync, Done, Missed, Unverifiable},
    scene::*,
};
use crate::{
    authority::{
        Roles,
        on_board::{LIMIT, PERIOD_SECS},
    },
    model::{DeviceId, Hash, VesselId},
    record::{Body, DeviceKey},
};

const ALL: [u8; 4] = [1, 2, 3, 4];
const MONTH: i64 = PERIOD_SECS as i64;

fn codes(judged: &Assessed) -> Vec<&'static str> {
    judged.findings.iter().map(|finding| finding.code).collect()
}

/// A new phone whose patrol of the night is ashore, and which nobody has certified yet.
fn with_a_stranger() -> (Scene, usize) {
    let mut scene = Scene::new();
    let new = scene.add(at(1, 0));
    scene.walk(new, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync_all(at(4, 0));
    (scene, new)
}

fn standing(scene: &Scene, pen: usize) -> Option<crate::authority::Standing> {
    scene.authority().standing(scene.pens[pen].dev).copied()
}

#[test]
fn an_officers_certificate_turns_what_was_recorded_before_into_done() {
    let (mut scene, new) = with_a_stranger();
    let before = scene.judge(at(5, 0));
    assert_eq!(before.verdict, Unverifiable);
    assert!(before.why.contains("has no certificate"), "{}", before.why);

    let by = scene.certify_on_board(O, new, at(4, 30));
    // Written and not yet here: nothing is known of it.
    assert_eq!(scene.judge(at(5, 0)).verdict, Unverifiable);
    scene.sync(O, at(4, 40));
    let judged = scene.judge(at(5, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Done, vec!["ship_enrolled"]), "{}", judged.why);
    let finding = &judged.findings[0];
    assert_eq!(finding.severity, Severity::Notice);
    assert_eq!(finding.detail, Detail::ShipEnrolled { dev: scene.pens[new].dev, by });
    assert_eq!(finding.records[0], by);
    let officer = scene.pens[O].dev.to_string();
    assert!(finding.sentence.contains(&officer[..8]), "{}", finding.sentence);
    assert_eq!(standing(&scene, new).unwrap().ship_enrolled, Some(by));

    // The shore confirms it: nothing is left to be said.
    scene.certify(new, at(6, 0), Roles::CREW, at(4, 30), None);
    let judged = scene.judge(at(7, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Done, Vec::new()));
    assert_eq!(standing(&scene, new).unwrap().ship_enrolled, None);
}

#[test]
fn the_shores_certificate_turns_what_was_recorded_before_into_done() {
    let (mut scene, new) = with_a_stranger();
    let genesis = scene.pens[new].chain.all().next().unwrap().at.hash;
    scene.certify_genesis(new, at(6, 0), Roles::CREW, (at(6, 0), None), Some(genesis));
    let judged = scene.judge(at(7, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Done, Vec::new()), "{}", judged.why);
}

#[test]
fn only_what_an_officer_may_give_is_given() {
    let (base, new) = with_a_stranger();
    let key = base.pens[new].key.public_key();
    let certificate = |vessel: VesselId, roles: Roles| {
        let roles = roles.0;
        Body::Certificate { key, vessel, roles, from: at(4, 30), until: None, genesis: None }
    };
    let refused: [(&str, usize, Body); 5] = [
        ("a crew phone certifies nobody", A, certificate(VESSEL, Roles::CREW)),
        ("nobody certifies himself", new, certificate(VESSEL, Roles::CREW)),
        ("no officers", O, certificate(VESSEL, Roles::CREW.and(Roles::OFFICER))),
        ("no hubs", O, certificate(VESSEL, Roles::HUB)),
        ("another ship", O, certificate(VesselId([8; 16]), Roles::CREW)),
    ];
    for (name, by, body) in refused {
        let mut scene = base.clone();
        scene.write(by, at(4, 30), 0, body);
        scene.sync_all(at(4, 40));
        assert_eq!(standing(&scene, new), None, "{name}");
        assert_eq!(scene.judge(at(5, 0)).verdict, Unverifiable, "{name}");
    }
    // Another genesis than the one that the officer saw.
    let mut scene = base.clone();
    let body = Body::Certificate {
        key,
        vessel: VESSEL,
        roles: Roles::CREW.0,
        from: at(4, 30),
        until: None,
        genesis: Some(Hash::of(b"another")),
    };
    scene.write(O, at(4, 30), 0, body);
    scene.sync(O, at(4, 40));
    assert_eq!(scene.assess(at(5, 0)).patrols[0].doubt, Some(Doubt::WrongGenesis));
}

#[test]
fn who_was_certified_on_board_certifies_nobody() {
    let (mut scene, new) = with_a_stranger();
    let next = scene.add(at(1, 0));
    scene.certify_on_board(O, new, at(4, 30));
    scene.certify_on_board(new, next, at(4, 31));
    scene.sync_all(at(4, 40));
    assert!(standing(&scene, new).is_some());
    assert_eq!(standing(&scene, next), None);
}

#[test]
fn an_officers_certificate_stands_and_falls_with_the_officer() {
    let (mut scene, new) = with_a_stranger();
    let by = scene.certify_on_board(O, new, at(4, 30));
    scene.sync(O, at(4, 40));
    let held = scene.assess(at(5, 0)).patrols.len();

    // Revoked with the certificate still trusted, then before it.
    let mut later = scene.clone();
    later.revoke(O, at(5, 0), by.seq);
    assert!(standing(&later, new).is_some());
    let mut before = scene.clone();
    before.revoke(O, at(5, 0), by.seq - 1);
    assert_eq!(standing(&before, new), None);
    // A mark un-applies nothing: the patrol is still shown, and only not believed.
    let assessment = before.assess(at(6, 0));
    assert_eq!(assessment.patrols.len(), held);
    assert_eq!(assessment.patrols[0].doubt, Some(Doubt::Uncertified));

    // No officer any more, by the shore's word; and one whose time is over by the own clock.
    let mut demoted = scene.clone();
    demoted.certify(O, at(5, 0), Roles::CREW, at(-24, 0), None);
    assert_eq!(standing(&demoted, new), None);
    let mut over = scene.clone();
    let roles = Roles::OFFICER.and(Roles::CREW);
    over.certify(O, at(5, 0), roles, at(-24, 0), Some(at(4, 29)));
    assert_eq!(standing(&over, new), None);
    let genesis = Some(Hash::of(b"another"));
    scene.certify_genesis(O, at(5, 0), roles, (at(-24, 0), None), genesis);
    assert_eq!(standing(&scene, new), None);
}

#[test]
fn an_officer_with_two_histories_certifies_nobody_from_there_on() {
    let mut scene = Scene::new();
    let (early, late) = (scene.add(at(1, 0)), scene.add(at(1, 0)));
    scene.certify_on_board(O, early, at(1, 10));
    scene.pens[O].flush();
    let mut twin = scene.pens[O].clone();
    twin.write(at(1, 20), 0, Body::Alive);
    scene.certify_on_board(O, late, at(1, 20));
    scene.sync_all(at(4, 0));
    assert!(standing(&scene, late).is_some());
    let other = twin.cut().unwrap().verify(&twin.key.public_key()).unwrap();
    scene.pens[O].chain.insert(other);
    assert!(standing(&scene, early).is_some());
    assert_eq!(standing(&scene, late), None);
}

/// A phone in a drawer with the officer's clock at each certificate, in months from the night.
fn certified_at(walls: &[i64]) -> Vec<bool> {
    let mut scene = Scene::new();
    let phones: Vec<usize> = walls.iter().map(|_| scene.add(at(1, 0))).collect();
    for (pen, wall) in phones.iter().zip(walls) {
        scene.pens[O].skew = *wall;
        scene.certify_on_board(O, *pen, at(4, 0));
    }
    scene.pens[O].skew = 0;
    scene.sync_all(at(5, 0));
    phones.iter().map(|pen| standing(&scene, *pen).is_some()).collect()
}

#[test]
fn a_limit_in_a_period_by_the_officers_own_clock_in_the_order_of_the_chain() {
    assert_eq!(LIMIT, 4);
    let within = [0, 1, 2, MONTH - 1, MONTH - 1];
    assert_eq!(certified_at(&within), [true, true, true, true, false]);
    // One that does not count takes no room.
    assert_eq!(certified_at(&[0, 0, 0, 0, 1, MONTH]), [true, true, true, true, false, true]);
    // Set forth and back: neither gives more, and neither closes the door for ever.
    assert_eq!(certified_at(&[MONTH / 2, 0, 0, 0, 0]), [true, true, true, true, false]);
    let one_jump = [20 * MONTH, 0, 0, 0, 0, 0];
    assert_eq!(certified_at(&one_jump), [true, true, true, true, true, false]);
}

#[test]
fn the_same_phone_again_takes_no_room_and_the_first_certificate_stands() {
    let mut scene = Scene::new();
    let phones: Vec<usize> = (0..4).map(|_| scene.add(at(1, 0))).collect();
    let first = scene.certify_on_board(O, phones[0], at(4, 0));
    for pen in [0, 0, 0, 1, 2, 3] {
        scene.certify_on_board(O, phones[pen], at(4, 1));
    }
    scene.sync_all(at(5, 0));
    assert!(phones.iter().all(|pen| standing(&scene, *pen).is_some()));
    assert_eq!(standing(&scene, phones[0]).unwrap().ship_enrolled, Some(first));
}

#[test]
fn of_two_officers_the_lower_device_stands_whatever_comes_first() {
    let (mut scene, new) = with_a_stranger();
    let second = scene.add(at(1, 0));
    scene.certify(second, at(1, 5), Roles::OFFICER, at(1, 0), None);
    let mut by = [O, second].map(|officer| scene.certify_on_board(officer, new, at(4, 30)));
    by.sort_unstable();
    scene.sync_all(at(4, 40));
    assert_eq!(standing(&scene, new).unwrap().ship_enrolled, Some(by[0]));
    let mut chains = scene.chains();
    chains.reverse();
    let key = scene.shore.key.public_key();
    assert_eq!(crate::authority::Authority::read(VESSEL, &key, &chains), scene.authority());
    // One of the two is revoked: the other's word is left.
    let dev: DeviceId = by[0].dev;
    let first = (0..scene.pens.len()).find(|pen| scene.pens[*pen].dev == dev).unwrap();
    scene.revoke(first, at(5, 0), 0);
    assert_eq!(standing(&scene, new).unwrap().ship_enrolled, Some(by[1]));
}

#[test]
fn marks_of_the_shore_work_on_it_as_on_others() {
    let (mut scene, new) = with_a_stranger();
    scene.certify_on_board(O, new, at(4, 30));
    scene.sync_all(at(4, 40));
    let mut lost = scene.clone();
    lost.lost(new, at(5, 0));
    let state = |scene: &Scene| {
        let dev = scene.pens[new].dev;
        let states = scene.assess(at(6, 0)).devices;
        states.into_iter().find(|state| state.dev == dev).unwrap().state
    };
    assert_eq!((state(&lost), lost.judge(at(6, 0)).verdict), (Use::Lost, Done));
    scene.revoke(new, at(5, 0), 1);
    assert_eq!((state(&scene), scene.judge(at(6, 0)).verdict), (Use::Revoked, Unverifiable));
}

#[test]
fn a_phone_certified_afterwards_holds_no_window_back_that_had_passed() {
    let mut scene = Scene::new();
    scene.sync_all(at(4, 0));
    scene.sync_all(at(4, 10));
    assert_eq!(scene.judge(at(5, 0)).verdict, Missed);
    // The officer says that a phone which never synced was in use for a month.
    let new = scene.add(at(1, 0));
    let key = scene.pens[new].key.public_key();
    scene.write(O, at(4, 30), 0, on_board(key, at(-720, 0)));
    scene.sync(O, at(4, 40));
    assert_eq!(scene.judge(at(5, 0)).verdict, Missed, "the past is not held back");
    // What was certified before the window is waited for.
    let mut scene = Scene::new();
    let new = scene.add(at(0, 50));
    scene.certify_on_board(O, new, at(1, 0));
    for time in [at(4, 0), at(4, 10)] {
        [O, A, B].into_iter().for_each(|pen| scene.sync(pen, time));
    }
    let judged = scene.judge(at(5, 0));
    assert_eq!(judged.verdict, AwaitingSync, "{}", judged.why);
    assert_eq!(judged.held_back_by[0].dev, scene.pens[new].dev);
}
