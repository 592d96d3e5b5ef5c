//! A phone: an answer that brings what is hostile and what is honest, from whoever answers.

use deckwatch::demo::phone::SimulatedPhone;
use deckwatch_core::{
    authority::Roles,
    document::RawChange,
    model::CrewNo,
    record::{Body, Enrolment, Receipt},
    sync::{Document, Response},
};
use deckwatch_tests::hostile::{
    Dice, Mutant,
    classes::Ground,
    scene::{PLAN, START, VESSEL, Vessel},
    stage::{loads, merge},
};

use super::{MUTANTS, changes_of};

const NOW: i64 = START * 1_000;

/// An answer that brings all segments of the vessel, these changes, and a receipt for the phone.
fn answer(vessel: &Vessel, phone: &SimulatedPhone, changes: &[RawChange]) -> Vec<u8> {
    let (seq, head) = phone.phone.head().unwrap();
    let receipt = Receipt::sign(
        &vessel.shore.key,
        phone.phone.device(),
        seq,
        head,
        START,
        deckwatch_core::record::receipt::no_tree(),
    );
    let (kind, id) = PLAN;
    Response {
        time: START,
        have: Vec::new(),
        documents: Vec::new(),
        segments: vessel.segments(),
        changes: changes.iter().map(|what| Document { kind, id, what: what.clone() }).collect(),
        receipts: vec![receipt.unwrap().encode()],
        problems: Vec::new(),
        tree_head: None,
        more: false,
    }
    .encode()
}

fn endures(mutants: &[&Mutant], seed: u64) {
    let ground = Ground::new();
    let mut vessel = Vessel::new();
    let folder = tempfile::tempdir().unwrap();
    let enrolment = Enrolment {
        server: "http://127.0.0.1:1".into(),
        vessel: VESSEL,
        token: [5; 16],
        expires: START + 3_600,
        shore_key: vessel.shore.public(),
    };
    let mut phone = SimulatedPhone::enrol(folder.path(), 8, &enrolment, CrewNo(7), NOW).unwrap();
    vessel.certify(phone.phone.public_key(), Roles::CREW);
    let bad = changes_of(mutants.iter().copied());
    vessel.honest.vouch(&ground.changes);
    vessel.hostile.vouch(&bad);
    let mut changes = [bad.clone(), ground.changes.clone()].concat();
    Dice::new(seed).shuffle(&mut changes);
    let mut heads = Vec::new();
    for (trip, further) in [(1, Vec::new()), (2, ground.later.clone())] {
        vessel.honest.vouch(&further);
        vessel.honest.record(&[Body::Alive]);
        changes.extend(further.clone());
        let reading = phone.clock.read(NOW + trip * 60_000);
        phone.phone.sync_request(&reading).unwrap();
        let bytes = answer(&vessel, &phone, if trip == 1 { &changes } else { &further });
        let outcome = phone.phone.sync_response(&bytes, &reading).expect("an answer is taken");
        assert!(outcome.receipted_seq.is_some());
        let expected = merge(&vessel.shore.public(), &vessel.chains(), &changes);
        assert_eq!(phone.phone.newest_plan(), expected.heads);
        loads(&expected.saved, &expected.heads);
        let honest = ground.changes.iter().chain(&further);
        assert!(honest.into_iter().all(|change| expected.main.contains(&change.hash)));
        // The same answer again brings nothing and changes nothing.
        let again = phone.phone.sync_response(&bytes, &reading).unwrap();
        assert_eq!((again.new_changes, again.new_segments), (0, 0));
        heads = expected.heads;
    }
    // The phone goes on recording, and another start of its program finds the same.
    phone.phone.start(None, None, &phone.clock.read(NOW + 300_000)).unwrap();
    let clock = phone.clock;
    drop(phone);
    let phone = SimulatedPhone::open(folder.path(), 8, clock, NOW + 400_000).unwrap();
    assert_eq!(phone.phone.newest_plan(), heads);
    assert!(phone.phone.current().is_some());
}

#[test]
fn a_phone_endures_mutants_by_the_dozen() {
    for (seed, mutants) in (1..).zip(MUTANTS.chunks(40)) {
        let mutants: Vec<&Mutant> = mutants.iter().collect();
        endures(&mutants, seed);
    }
}

#[test]
fn a_phone_endures_most_mutants_in_one_document() {
    let mut mutants: Vec<&Mutant> = MUTANTS.iter().collect();
    Dice::new(9).shuffle(&mut mutants);
    // As many changes as one answer carries.
    mutants.truncate(500);
    endures(&mutants, 10);
}
