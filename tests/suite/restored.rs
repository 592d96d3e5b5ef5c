//! The shore's own accident: an old backup is put back. Nothing that was signed is ever contradicted, what phones hold comes
//! back, and the break is told.

use std::path::PathBuf;

use deckwatch::{
    demo::{fleet::SHIPS, phone::SimulatedPhone},
    ledger::{ExportRequest, ResumeError, Resuming},
    shore::ShoreError,
};
use deckwatch_core::{
    audit::{Bundle, Options, Report, verify},
    authority::Roles,
    entropy::SeededEntropy,
    ledger::{KeyType, Policy, VerifierKey},
    model::{DeviceId, Hash},
    phone::LedgerCheck,
    record::{Body, ContentPart, DeviceKey, Item, PersonPart, Segment, SoftwareKey, TimePart},
    sync::{ProblemCode, Request, Response, Scope, SealedRequest},
};
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

/// A shore whose backup is a day old when its disk fails.
struct Accident {
    shore: TestShore,
    ship: TestVessel,
    officer: SimulatedPhone,
    walker: SimulatedPhone,
    /// Certified after the backup.
    late: SimulatedPhone,
    /// The newest record of the shore's own chain before the accident.
    tip: (u64, Hash),
    /// The ledger's key before the accident.
    ledger: String,
    now: i64,
}

fn tip(shore: &TestShore, ship: &TestVessel) -> (u64, Hash) {
    let held = |held: &deckwatch::shore::Held| {
        assert!(held.chain(held.authority().root()).unwrap().forks().is_empty());
        held.top(held.authority().root()).unwrap()
    };
    shore.shore.reading_held(ship.vessel, held).unwrap()
}

fn records(shore: &TestShore, ship: &TestVessel, dev: DeviceId) -> usize {
    let count = |held: &deckwatch::shore::Held| held.chain(dev).map_or(0, |it| it.all().count());
    shore.shore.reading_held(ship.vessel, count).unwrap()
}

impl Accident {
    /// Walks, syncs, a backup; more walks, another phone, the Plan edited ashore; and the backup is put back.
    fn happens() -> Self {
        let shore = TestShore::start();
        let mut ship = shore.commission(&SHIPS[0], 1);
        let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
        let due = ship.due(BEGIN + 3_600, BEGIN + 4 * DAY);
        walk(&mut walker, &ship.plan, &due[0], due[0].opens + 300, &[]);
        let evening = BEGIN + 20 * 3_600;
        shore.sync(&mut walker, evening);
        shore.sync(&mut officer, evening + 10);
        let backup: PathBuf = shore.folder.path().join("backup.db");
        shore.backup(&backup);

        let morning = BEGIN + DAY + 8 * 3_600;
        shore.clock.set(morning);
        let mut late = shore.phone(&ship, Roles::CREW, 12, morning);
        shore.sync(&mut late, morning + 60);
        ship.plan.vessel_name.push_str(" (painted)");
        shore.shore.edit_plan(ship.vessel, &ship.plan).unwrap();
        for phone in [&mut walker, &mut late] {
            let due = due.iter().find(|due| due.opens > morning + 3_600).unwrap();
            walk(phone, &ship.plan, due, due.opens + 300, &[]);
        }
        let now = BEGIN + 2 * DAY;
        for (phone, at) in [(&mut walker, 0), (&mut late, 10), (&mut officer, 20)] {
            shore.sync(phone, now + at);
        }
        let tip = tip(&shore, &ship);
        let ledger = shore.shore.ledger_state().unwrap().unwrap().key;
        let shore = shore.restored(&backup);
        Self { shore, ship, officer, walker, late, tip, ledger, now: now + 3_600 }
    }

    fn resuming(&self) -> Resuming {
        self.shore.shore.resuming().unwrap().unwrap()
    }

    fn report(&self, from: i64) -> Report {
        let request = ExportRequest {
            from,
            to: self.now,
            recipient: "the flag state".to_owned(),
            withheld: Vec::new(),
            pages: true,
        };
        let bundle = self.shore.shore.export(self.ship.vessel, &request).unwrap();
        let bundle = Bundle::from_archive(&bundle.to_archive().unwrap()).unwrap();
        let key = self.shore.shore.ledger_state().unwrap().unwrap().key;
        let key = VerifierKey::parse_as(&key, KeyType::Ed25519).unwrap();
        verify(&bundle, &Policy::of_ledger(key), &Options::default()).unwrap()
    }
}

/// Nothing that phones remember is contradicted, whatever the shore did in between.
fn contradicts_nothing(phone: &SimulatedPhone) {
    assert_eq!(phone.phone.split_view().unwrap(), None);
}

#[test]
fn phones_bring_back_what_a_restored_shore_lost_and_nothing_is_contradicted() {
    let mut story = Accident::happens();
    let old = tip(&story.shore, &story.ship);
    assert!(old.0 < story.tip.0, "the backup is behind: {old:?}, {:?}", story.tip);
    // It signs nothing, and takes nothing before somebody decides.
    assert!(story.late.sync(&story.shore.address.to_string(), story.now * 1_000).is_err());
    story.shore.shore.begin_collecting().unwrap();
    let begun = story.resuming();
    assert_eq!((begun.is_whole, begun.missing().0), (false, begun.missing().1));

    // One phone after the other comes back; the one that was certified after the backup first.
    let late = story.late.phone.device();
    assert_eq!(records(&story.shore, &story.ship, late), 0);
    for phone in [&mut story.late, &mut story.walker] {
        story.now += 60;
        story.shore.clock.set(story.now);
        let address = story.shore.address.to_string();
        let outcome = phone.sync(&address, story.now * 1_000).unwrap();
        let said: Vec<ProblemCode> = outcome.problems.iter().map(|it| it.code).collect();
        assert!(said.contains(&ProblemCode::Collecting), "{outcome:?}");
        assert_eq!((outcome.receipted_seq, outcome.ledger), (None, LedgerCheck::Nothing));
        contradicts_nothing(phone);
    }
    assert_eq!(tip(&story.shore, &story.ship), story.tip, "the shore's own chain came back");
    assert!(records(&story.shore, &story.ship, late) > 10);
    let shown = story.resuming();
    assert_eq!((shown.missing().0, shown.is_whole), (1, false), "{shown:?}");
    let vessel = &shown.vessels[0];
    assert!(vessel.shore_segments > 0 && vessel.shore_tip == Some(story.tip.0), "{vessel:?}");
    let back = vessel.devices.iter().find(|it| it.dev == late).unwrap();
    assert!(back.back_at.is_some() && back.remembers > Some(begun.held), "{back:?}");

    // Nothing can be written ashore, and it cannot be ended as if nothing had happened.
    let plan = &story.ship.plan;
    assert!(story.shore.shore.append(story.ship.vessel, &[Body::Alive]).is_err());
    let mut other = plan.clone();
    other.vessel_name.push('!');
    assert!(story.shore.shore.edit_plan(story.ship.vessel, &other).is_err());
    let refused = story.shore.shore.end_collecting();
    assert!(matches!(refused, Err(ResumeError::NotWhole { held, known }) if held < known));

    // Another ledger begins, says what was lost, and the shore's chain goes on from where it was.
    let begun = story.shore.shore.begin_new_ledger("The disk failed on 3 November.").unwrap();
    assert_ne!(begun.key, story.ledger);
    assert!(tip(&story.shore, &story.ship).0 > story.tip.0);
    for phone in [&mut story.walker, &mut story.officer, &mut story.late] {
        for _ in 0..2 {
            story.now += 60;
            story.shore.clock.set(story.now);
            let outcome = phone.sync(&story.shore.address.to_string(), story.now * 1_000).unwrap();
            assert!(outcome.receipted_seq.is_some(), "{outcome:?}");
            assert!(matches!(outcome.ledger, LedgerCheck::Consistent(_)), "{outcome:?}");
            assert!(!outcome.problems.iter().any(|it| it.code == ProblemCode::Fork));
            contradicts_nothing(phone);
        }
        let plan = story.shore.shore.plan_document(story.ship.vessel).unwrap();
        assert_eq!(phone.phone.newest_plan(), plan.heads());
    }
    tip(&story.shore, &story.ship);
    // What was edited ashore after the backup is there again.
    let ashore = |held: &deckwatch::shore::Held| {
        let plan = deckwatch_core::plan::PlanDocument::from(held.plan()).content();
        plan.vessel_name.clone()
    };
    let name = story.shore.shore.reading_held(story.ship.vessel, ashore).unwrap();
    assert_eq!(name, story.ship.plan.vessel_name);

    // Evidence tells of the break: receipts of the old ledger, none of which is for something lost.
    let report = story.report(BEGIN);
    assert!(report.integrity, "{report}");
    let [earlier] = &report.ledger.earlier[..] else { panic!("{report}") };
    let old_key = VerifierKey::parse_as(&story.ledger, KeyType::Ed25519).unwrap();
    assert_eq!(earlier.name.as_deref(), Some(old_key.name()));
    assert!(earlier.receipts > 3 && earlier.acks > 3 && earlier.lost.is_empty(), "{report}");
    let origin = report.ledger.origin_text.as_deref().unwrap();
    assert!(origin.contains("The disk failed on 3 November."), "{origin}");
    assert!(origin.contains("that were signed") && origin.contains("2 came back"), "{origin}");
    assert!(report.reassessment.differences.is_empty(), "{report}");
}

/// The phone that was certified after the backup sank with the ship's boat: others hold its receipt.
#[test]
fn a_receipt_for_what_nobody_brings_back_is_told_as_lost() {
    let mut story = Accident::happens();
    let late = story.late.phone.device();
    story.shore.shore.begin_collecting().unwrap();
    for phone in [&mut story.officer, &mut story.walker] {
        story.now += 60;
        story.shore.clock.set(story.now);
        phone.sync(&story.shore.address.to_string(), story.now * 1_000).unwrap();
    }
    assert_eq!(tip(&story.shore, &story.ship), story.tip);
    let shown = story.resuming();
    let missing = shown.vessels[0].devices.iter().find(|it| it.dev == late).unwrap();
    assert_eq!((missing.back_at, missing.newest), (None, None));
    story.shore.shore.begin_new_ledger("The disk failed.").unwrap();
    for phone in [&mut story.officer, &mut story.walker] {
        story.now += 60;
        story.shore.clock.set(story.now);
        phone.sync(&story.shore.address.to_string(), story.now * 1_000).unwrap();
    }
    let report = story.report(BEGIN);
    assert!(report.integrity, "{report}");
    // What a receipt names is told where somebody held that receipt.
    let lost: Vec<DeviceId> =
        report.ledger.earlier.iter().flat_map(|it| &it.lost).map(|it| it.dev).collect();
    if missing.receipted.is_some() {
        assert_eq!(lost, [late], "{report}");
        assert_eq!(report.exit_code(), 4, "{report}");
    }
    // Its certificate came back with the shore's chain: it is known, and known to be missing.
    let shown = report.devices.iter().find(|it| it.dev == late).unwrap();
    assert_eq!((shown.records, shown.roles), (0, Roles::CREW));
}

/// A phone that collects for somebody else: it makes up a history of the shore's chain, and receipts.
#[test]
fn a_liar_brings_back_nothing_that_the_shore_did_not_sign() {
    let story = Accident::happens();
    story.shore.shore.begin_collecting().unwrap();
    let before = tip(&story.shore, &story.ship);
    // With a key of its own, under the shore's name; as a new beginning; and with the shore's name alone.
    let liar = SoftwareKey::generate(&mut SeededEntropy::new(66));
    let time = TimePart { boot: [6; 8], mono: 0, wall: 0 };
    let forged = |from: u64, prev: Hash, body: Body| {
        let content = ContentPart { patrol: 0, body };
        let item = Item::shown(&time, &PersonPart::NOBODY, &content);
        Segment::cut(&liar, from, prev, [6; 16], vec![item]).unwrap()
    };
    let key = liar.public_key();
    let body = Body::Certificate {
        key,
        vessel: story.ship.vessel,
        roles: Roles::OFFICER.0,
        from: 0,
        until: None,
        genesis: None,
    };
    let root =
        story.shore.shore.reading_held(story.ship.vessel, |held| held.authority().root()).unwrap();
    let mut renamed = forged(before.0 + 1, before.1, body.clone());
    renamed.dev = root;
    let genesis = Body::Genesis {
        key: story.shore.shore.vessel(story.ship.vessel).unwrap().shore_key,
        vessel: story.ship.vessel,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let mut beginning = forged(0, Hash::ZERO, genesis);
    beginning.dev = root;
    let receipt = deckwatch_core::record::Receipt::sign(
        &liar,
        story.walker.phone.device(),
        999,
        Hash::of(b"made up"),
        BEGIN,
        deckwatch_core::record::receipt::no_tree(),
    )
    .unwrap();
    let own = Body::Genesis {
        key,
        vessel: story.ship.vessel,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let own = forged(0, Hash::ZERO, own);
    let lying = Request {
        vessel: story.ship.vessel,
        dev: own.dev,
        scope: Scope::All,
        have: Vec::new(),
        documents: Vec::new(),
        segments: [own, renamed, beginning].iter().map(Segment::encode).collect(),
        changes: Vec::new(),
        tree_head: None,
        receipts: vec![receipt.encode(), b"nothing".to_vec()],
    };
    let envelope = SealedRequest::seal(&lying, &liar).unwrap().encode();
    let response = Response::decode(&story.shore.post(&envelope).unwrap()).unwrap();
    let refused = |problem: &&deckwatch_core::sync::Problem| {
        problem.subject == root.0 && problem.code == ProblemCode::BadSignature
    };
    assert_eq!(response.problems.iter().filter(refused).count(), 2, "{response:?}");
    assert_eq!(tip(&story.shore, &story.ship), before);
    let none = story.resuming().vessels[0].devices.iter().all(|it| it.receipted != Some(999));
    assert!(none, "{:?}", story.resuming());
    assert!(matches!(
        story.shore.shore.append(story.ship.vessel, &[Body::Alive]),
        Err(ShoreError::Ledger(_))
    ));
}

/// Somebody was careful, and nothing was lost: it goes on as if nothing had happened.
#[test]
fn collecting_ends_where_nothing_was_lost() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    let mut now = BEGIN + 6 * 3_600;
    let backup = shore.folder.path().join("backup.db");
    shore.backup(&backup);
    let shore = shore.restored(&backup);
    let ledger = shore.shore.ledger_state().unwrap().unwrap().key;
    shore.shore.begin_collecting().unwrap();
    // A new phone comes with an invitation meanwhile: it is admitted when the shore signs again.
    let mut new = shore.phone(&ship, Roles::CREW, 12, now);
    for phone in [&mut officer, &mut walker, &mut new] {
        now += 60;
        shore.sync(phone, now);
    }
    assert!(shore.shore.resuming().unwrap().unwrap().is_whole);
    // Whole or not: nothing is signed before somebody says so.
    assert!(shore.shore.append(ship.vessel, &[Body::Alive]).is_err());
    assert!(shore.shore.tree_head().is_err() && shore.shore.add_vessel("Another").is_err());
    shore.shore.end_collecting().unwrap();
    assert!(matches!(shore.shore.end_collecting(), Err(ResumeError::NotCollecting)));
    for phone in [&mut officer, &mut walker, &mut new] {
        for _ in 0..2 {
            now += 60;
            shore.clock.set(now);
            let outcome = phone.sync(&shore.address.to_string(), now * 1_000).unwrap();
            assert!(outcome.receipted_seq.is_some(), "{outcome:?}");
            assert!(matches!(outcome.ledger, LedgerCheck::Consistent(_)), "{outcome:?}");
        }
    }
    assert_eq!(shore.shore.ledger_state().unwrap().unwrap().key, ledger);
    let roles = new.phone.authority().unwrap().standing(new.phone.device()).unwrap().roles;
    assert_eq!(roles, Roles::CREW);
    // Everything that came meanwhile is logged, once.
    let (officer, walker, late) = (officer, walker, new);
    let tip = tip(&shore, &ship);
    let story = Accident { shore, ship, officer, walker, late, tip, ledger, now };
    let report = story.report(BEGIN);
    assert!(report.integrity && report.ledger.earlier.is_empty(), "{report}");
}

/// A vessel that was added after the backup: its key is beside the database, and a phone holds the beginning of its chain.
#[test]
fn a_vessel_that_the_backup_does_not_know_comes_back_with_its_phones() {
    let shore = TestShore::start();
    shore.commission(&SHIPS[0], 1);
    let backup = shore.folder.path().join("backup.db");
    shore.backup(&backup);
    let added = BEGIN + DAY;
    shore.clock.set(added);
    let ship = shore.commission(&SHIPS[1], 2);
    let (mut officer, mut walker) = shore.crewed(&ship, added);
    let (before, shore_key) =
        (tip(&shore, &ship), shore.shore.vessel(ship.vessel).unwrap().shore_key);
    let shore = shore.restored(&backup);
    let mut now = added + 6 * 3_600;
    assert!(walker.sync(&shore.address.to_string(), now * 1_000).is_err(), "nobody knows it yet");
    shore.shore.begin_collecting().unwrap();
    // Whoever knows the vessel's id alone gets nothing added.
    let stranger = SoftwareKey::generate(&mut SeededEntropy::new(67));
    let empty = Request {
        vessel: ship.vessel,
        dev: deckwatch_core::record::device_id(&stranger.public_key()),
        scope: Scope::All,
        have: Vec::new(),
        documents: Vec::new(),
        segments: Vec::new(),
        changes: Vec::new(),
        tree_head: None,
        receipts: Vec::new(),
    };
    let empty = SealedRequest::seal(&empty, &stranger).unwrap().encode();
    let response = Response::decode(&shore.post(&empty).unwrap()).unwrap();
    assert!(response.segments.is_empty() && shore.shore.vessel(ship.vessel).is_err());
    for phone in [&mut walker, &mut officer] {
        now += 60;
        shore.sync(phone, now);
    }
    let row = shore.shore.vessel(ship.vessel).unwrap();
    assert_eq!((row.shore_key, row.created_at), (shore_key, added));
    assert_eq!(tip(&shore, &ship), before);
    shore.shore.begin_new_ledger("The disk failed.").unwrap();
    for phone in [&mut walker, &mut officer] {
        now += 60;
        shore.clock.set(now);
        let outcome = phone.sync(&shore.address.to_string(), now * 1_000).unwrap();
        assert!(outcome.receipted_seq.is_some(), "{outcome:?}");
        contradicts_nothing(phone);
    }
    assert!(tip(&shore, &ship).0 > before.0);
    let plan = shore.shore.plan_document(ship.vessel).unwrap();
    assert_eq!(plan.content().vessel_name, ship.plan.vessel_name);
}

/// What was erased after the backup was made is in that backup, and is taken out again.
#[test]
fn what_was_erased_after_the_backup_is_erased_again() {
    use deckwatch_core::{audit::Shown, record::reason::erase};
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    let backup = shore.folder.path().join("backup.db");
    shore.backup(&backup);
    let dev = officer.phone.device();
    let persons = |shore: &TestShore| {
        let known = |held: &deckwatch::shore::Held| {
            held.chain(dev).unwrap().all().take(3).filter(|entry| entry.person.is_some()).count()
        };
        shore.shore.reading_held(ship.vessel, known).unwrap()
    };
    let parts = Shown { person: true, ..Shown::default() };
    let (reason, why) = (erase::ASKED, "Asked for in writing.".to_owned());
    let request = deckwatch::shore::ErasureRequest { dev, from: 0, to: 2, parts, reason, why };
    assert_eq!(shore.shore.erase(ship.vessel, &request).unwrap().parts, [0, 3, 0]);
    let mut now = BEGIN + 3_600;
    shore.sync(&mut walker, now);
    let shore = shore.restored(&backup);
    assert_eq!(persons(&shore), 3, "the backup is not touched");
    shore.shore.begin_collecting().unwrap();
    for phone in [&mut officer, &mut walker] {
        now += 60;
        shore.sync(phone, now);
    }
    assert_eq!(persons(&shore), 0);
}
