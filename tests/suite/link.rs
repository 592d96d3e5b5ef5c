//! Links that break, repeat and lie.

use deckwatch::demo::{fleet::SHIPS, phone::PhoneError};
use deckwatch_core::{authority::Roles, sync::ProblemCode};
use deckwatch_tests::{BEGIN, DAY, TestShore, walk};

#[test]
fn the_same_request_twice_changes_nothing_more() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    let at = due[0].closes;
    shore.clock.set(at);
    let request = walker.phone.sync_request(&walker.clock.read(at * 1_000)).unwrap();
    let first = shore.post(&request).unwrap();
    let held = shore.sources(ship.vessel);
    let digest = shore.shore.projection_digest(ship.vessel).unwrap();
    let second = shore.post(&request).unwrap();
    assert_eq!(shore.sources(ship.vessel), held);
    assert_eq!(shore.shore.projection_digest(ship.vessel).unwrap(), digest);
    // The receipts in both answers are the same statements.
    let receipts = |bytes: &[u8]| deckwatch_core::sync::Response::decode(bytes).unwrap().receipts;
    assert_eq!(receipts(&first), receipts(&second));
    let reading = walker.clock.read((at + 5) * 1_000);
    let one = walker.phone.sync_response(&first, &reading).unwrap();
    let head = walker.phone.head();
    let two = walker.phone.sync_response(&second, &reading).unwrap();
    assert_eq!(one.receipted_seq, two.receipted_seq);
    assert_eq!(walker.phone.head(), head, "no second anchor for the same receipt");
}

#[test]
fn a_link_cut_at_any_message_loses_nothing() {
    // Cut after: the request was lost / the response was lost / nothing was lost.
    for cut in 0..3 {
        let shore = TestShore::start();
        let ship = shore.commission(&SHIPS[0], 1);
        let (_, mut walker) = shore.crewed(&ship, BEGIN);
        let due = ship.due(BEGIN + 3_600, BEGIN + 2 * DAY);
        let mut expected = None;
        for (index, due) in due.iter().enumerate() {
            walk(&mut walker, &ship.plan, due, due.opens + 60, &[]);
            let at = due.closes;
            shore.clock.set(at);
            let reading = walker.clock.read(at * 1_000);
            let request = walker.phone.sync_request(&reading).unwrap();
            // Every second sync breaks.
            let broken = index % 2 == 0;
            if !(broken && cut == 0) {
                let response = shore.post(&request).unwrap();
                if !(broken && cut == 1) {
                    walker.phone.sync_response(&response, &reading).unwrap();
                }
            }
            expected = walker.phone.head();
        }
        shore.sync(&mut walker, due[due.len() - 1].closes + 600);
        assert!(walker.phone.unsent().unwrap().is_empty());
        let (seq, _) = expected.unwrap();
        let held = shore
            .shore
            .reading_held(ship.vessel, |held| {
                held.chain(walker.phone.device()).unwrap().main_branch().len()
            })
            .unwrap();
        assert!(held as u64 > seq, "{held} records ashore, {seq} was the last one before");
    }
}

#[test]
fn a_shore_that_does_not_answer_is_said_and_nothing_is_lost() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    // A port on which nobody listens: bound, then closed.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = walker.sync(&nobody.to_string(), due[0].closes * 1_000).unwrap_err();
    assert!(matches!(error, PhoneError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("everything stays on the phone"));
    assert!(!walker.phone.unsent().unwrap().is_empty());
    shore.sync(&mut walker, due[0].closes + 60);
    assert!(walker.phone.unsent().unwrap().is_empty());
}

#[test]
fn every_flipped_bit_is_refused_and_changes_nothing() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    let at = due[0].closes;
    shore.clock.set(at);
    let request = walker.phone.sync_request(&walker.clock.read(at * 1_000)).unwrap();
    let held = shore.sources(ship.vessel);
    // Every 7th bit: all regions of the message, in bounded time.
    for bit in (0..request.len() * 8).step_by(7) {
        let mut flipped = request.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // Under another device id nobody's key is known: that is said, and nothing is taken.
        if let Ok(response) = shore.shore.sync(&flipped) {
            let response = deckwatch_core::sync::Response::decode(&response).unwrap();
            let problem = response.problems.first().map(|problem| problem.code);
            assert_eq!(problem, Some(ProblemCode::UnknownDevice), "bit {bit} was taken");
            assert!(response.receipts.is_empty() && response.have.is_empty(), "bit {bit}");
        }
    }
    for length in (0..request.len()).step_by(11) {
        assert!(shore.shore.sync(&request[..length]).is_err());
    }
    assert_eq!(shore.sources(ship.vessel), held);
    // The same over HTTP, with a status and a hint.
    let mut flipped = request.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let Err(PhoneError::Refused { status: 401, text }) = shore.post(&flipped) else { panic!() };
    assert!(text.contains("nothing was changed"), "{text}");
    let Err(PhoneError::Refused { status: 400, .. }) = shore.post(b"hello") else { panic!() };
    let Err(PhoneError::Refused { status: 413, .. }) = shore.post(&vec![0; 5 << 20]) else {
        panic!()
    };
    assert!(shore.post(&request).is_ok());
}

#[test]
fn a_phone_of_another_ship_gets_nothing_of_this_one() {
    let shore = TestShore::start();
    let one = shore.commission(&SHIPS[0], 1);
    let two = shore.commission(&SHIPS[4], 2);
    let (_, walker) = shore.crewed(&one, BEGIN);
    let mut stranger = shore.phone(&two, Roles::CREW, 31, BEGIN);
    shore.sync(&mut stranger, BEGIN + 500);
    assert_eq!(stranger.phone.plan().vessel_name, SHIPS[4].name);
    assert_ne!(stranger.phone.plan().vessel_name, walker.phone.plan().vessel_name);
    // Its label is recorded, and named for what it is.
    let tag = *one.plan.tags.keys().next().unwrap();
    let label = walker.label(tag).unwrap();
    let reading = stranger.clock.read((BEGIN + 600) * 1_000);
    let outcome = stranger.phone.scan_text(&label, &reading).unwrap();
    assert_eq!(outcome, deckwatch_core::phone::ScanOutcome::OtherVessel { tag });
}

#[test]
fn a_phone_that_nobody_invited_gets_receipts_and_nothing_else() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let mut forged = shore.invite(ship.vessel, Roles::CREW);
    forged.token = [0xee; 16];
    let folder = shore.phone_folder(66);
    std::fs::create_dir_all(&folder).unwrap();
    let mut phone = deckwatch::demo::phone::SimulatedPhone::enrol(
        &folder,
        66,
        &forged,
        deckwatch_core::model::CrewNo(66),
        BEGIN * 1_000,
    )
    .unwrap();
    shore.clock.set(BEGIN + 60);
    let outcome = phone.sync(&shore.address.to_string(), (BEGIN + 60) * 1_000).unwrap();
    assert!(outcome.receipted_seq.is_some(), "its records are kept");
    assert_eq!((outcome.new_segments, outcome.new_changes), (0, 0));
    assert!(phone.phone.plan().checkpoints.is_empty());
}
