//! Phones that were certified on board, and phones that nobody had certified.

use std::{path::Path, process::Command};

use deckwatch::demo::fleet::SHIPS;
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

use super::*;

/// The walker's phone dies on a patrol; a new one is enrolled on board and takes over.
struct Replaced {
    shore: TestShore,
    ship: TestVessel,
    due: Vec<DuePatrol>,
    officer: SimulatedPhone,
    walker: SimulatedPhone,
    new: SimulatedPhone,
}

impl Replaced {
    fn at_sea() -> Self {
        let shore = TestShore::start();
        let ship = shore.commission(&SHIPS[0], 1);
        let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
        let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
        let opens = due[0].opens;
        start(&mut walker, &due[0], opens + 60);
        scan(&mut walker, &ship, &due[0], 0..4, opens + 120);
        let mut new = unboxed(&shore, 31, opens + 400);
        let request = new.phone.enrolment_request().unwrap();
        let answer = officer.phone.certify(&request, &at(&officer, opens + 420)).unwrap();
        new.phone.enrol_on_board(&answer, &at(&new, opens + 440)).unwrap();
        log_in(&mut new, 31, opens + 450);
        // It never had a link, so it has no plan; what it scans is recorded all the same.
        join(&mut new, &walker, opens + 460);
        assert!(new.phone.plan().checkpoints.is_empty());
        scan(&mut new, &ship, &due[0], 4..due[0].points.len(), opens + 480);
        end(&mut new, opens + 1_200);
        Self { shore, ship, due, officer, walker, new }
    }

    fn said(&self) -> Said {
        said(&self.shore, &self.due[0])
    }

    fn sync(&mut self, who: &str, now: i64) {
        let phone = match who {
            "officer" => &mut self.officer,
            "walker" => &mut self.walker,
            _ => &mut self.new,
        };
        self.shore.sync(phone, now);
    }
}

#[test]
fn the_new_phone_syncs_before_the_officer_or_after_and_the_verdicts_are_the_same() {
    let orders = [
        ["new", "officer", "walker"],
        ["new", "walker", "officer"],
        ["officer", "new", "walker"],
        ["officer", "walker", "new"],
        ["walker", "new", "officer"],
        ["walker", "officer", "new"],
    ];
    let mut outcomes = Vec::new();
    for order in orders {
        let mut replaced = Replaced::at_sea();
        let points = replaced.due[0].points.len();
        let now = replaced.due[0].deadline() + 600;
        for (who, later) in order.into_iter().zip(0..) {
            replaced.sync(who, now + later * 60);
            if order[0] == "new" && later == 0 {
                // The shore knows nothing of an officer's word yet.
                let said = replaced.said();
                assert_eq!(said.verdict, "unverifiable", "{order:?}: {}", said.why);
                assert!(said.why.contains("has no certificate"), "{}", said.why);
                assert!(replaced.new.phone.plan().checkpoints.is_empty());
            }
        }
        for (who, later) in order.into_iter().zip(0..) {
            replaced.sync(who, now + 3_600 + later * 60);
        }
        let said = replaced.said();
        assert_eq!(said.verdict, "done", "{order:?}: {}", said.why);
        assert_eq!(
            (&said.findings[..], said.visited.len()),
            (&["ship_enrolled".to_owned()][..], points)
        );
        assert!(!replaced.new.phone.plan().checkpoints.is_empty(), "it has the plan now");
        outcomes.push(said);
    }
    assert!(outcomes.iter().all(|said| said.outcome() == outcomes[0].outcome()));
}

#[test]
fn the_flag_ends_when_the_shore_confirms_and_the_officers_word_is_needed_no_more() {
    let mut replaced = Replaced::at_sea();
    let now = replaced.due[0].deadline() + 600;
    for (who, later) in ["officer", "new", "walker", "new", "officer", "walker"].iter().zip(0..) {
        replaced.sync(who, now + later * 60);
    }
    let page = replaced.shore.get(&format!("/patrols/{}", replaced.due[0].id));
    assert!(page.contains("enrolled on board"), "{page}");
    // The next patrol it walks alone, with the plan it has now.
    let next = replaced.due[1].clone();
    walk(&mut replaced.new, &replaced.ship.plan, &next, next.opens + 60, &[]);
    let now = next.deadline() + 600;
    replaced.sync("new", now);
    replaced.sync("new", now + 60);
    let alone = said(&replaced.shore, &next);
    assert_eq!(
        (alone.verdict.as_str(), &alone.findings[..]),
        ("done", &["ship_enrolled".to_owned()][..])
    );

    let (vessel, new) = (replaced.ship.vessel, replaced.new.phone.device());
    replaced.shore.clock.set(now + 120);
    replaced.shore.shore.confirm(vessel, new).unwrap();
    for due in [&replaced.due[0], &next] {
        let said = said_at(&replaced.shore, &replaced.ship, due, now + 180);
        assert_eq!((said.verdict.as_str(), said.findings.len()), ("done", 0), "{}", said.why);
    }
    // Without the officer's word nothing changes any more.
    let officer = replaced.officer.phone.device();
    replaced.shore.shore.revoke(vessel, officer, 1).unwrap();
    let said = said_at(&replaced.shore, &replaced.ship, &next, now + 240);
    assert_eq!(said.verdict, "done", "{}", said.why);
}

#[test]
fn a_revoked_officer_takes_what_stood_on_his_word_along() {
    let mut replaced = Replaced::at_sea();
    let (vessel, officer) = (replaced.ship.vessel, replaced.officer.phone.device());
    // Revoked ashore at what was receipted, before the certificate arrives.
    let now = replaced.due[0].deadline() + 600;
    replaced.shore.clock.set(now);
    replaced.shore.shore.revoke(vessel, officer, 1).unwrap();
    for (who, later) in ["officer", "new", "walker", "new", "walker"].iter().zip(1..) {
        replaced.sync(who, now + later * 60);
    }
    let held = replaced.shore.sources(vessel);
    let said = said_at(&replaced.shore, &replaced.ship, &replaced.due[0], now + 900);
    assert_ne!(said.verdict, "done", "{}", said.why);
    // The shore looks at the phone, and certifies it itself.
    let new = replaced.new.phone.device();
    replaced.shore.shore.certify(vessel, new, deckwatch_core::authority::Roles::CREW).unwrap();
    let said = said_at(&replaced.shore, &replaced.ship, &replaced.due[0], now + 960);
    assert_eq!((said.verdict.as_str(), said.findings.len()), ("done", 0), "{}", said.why);
    assert_eq!(replaced.shore.sources(vessel), held + 1, "nothing was taken away");
}

pub(super) fn deckwatch(data: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch-program"));
    let output =
        command.env("RUST_LOG", "warn").args(arguments).arg("--data").arg(data).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A copy of the phone's store is put back, and it goes on under a new id.
fn restored(shore: &TestShore, walker: SimulatedPhone, now: i64) -> SimulatedPhone {
    let (folder, old, clock) = (shore.phone_folder(11), walker.phone.device(), walker.clock);
    drop(walker);
    let copy = std::fs::read(folder.join("phone.db")).unwrap();
    let mut walker = SimulatedPhone::open(&folder, 111, clock, now * 1_000).unwrap();
    log_in(&mut walker, 11, now + 5);
    drop(walker);
    for file in ["phone.db-wal", "phone.db-shm"] {
        let _ = std::fs::remove_file(folder.join(file));
    }
    std::fs::write(folder.join("phone.db"), copy).unwrap();
    let walker = SimulatedPhone::open(&folder, 112, clock, (now + 30) * 1_000).unwrap();
    assert_ne!(walker.phone.device(), old);
    walker
}

#[test]
fn a_restored_phone_is_certified_by_the_officer_and_goes_on_with_its_chain() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    let mut walker = restored(&shore, walker, due[0].opens);
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    let now = due[0].deadline() + 600;
    shore.sync(&mut walker, now);
    shore.sync(&mut walker, now + 60);
    assert_eq!(said(&shore, &due[0]).verdict, "unverifiable");
    let request = walker.phone.enrolment_request().unwrap();
    let answer = officer.phone.certify(&request, &at(&officer, now + 100)).unwrap();
    let head = walker.phone.head();
    walker.phone.enrol_on_board(&answer, &at(&walker, now + 110)).unwrap();
    assert_eq!(walker.phone.head(), head, "no second beginning");
    // The officer's sync alone is enough: the records are ashore already.
    shore.sync(&mut officer, now + 200);
    let said = said(&shore, &due[0]);
    assert_eq!(
        (said.verdict.as_str(), &said.findings[..]),
        ("done", &["ship_enrolled".to_owned()][..])
    );
}

#[test]
fn a_restored_phone_is_certified_on_the_command_line() {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    let old = walker.phone.device();
    let mut walker = restored(&shore, walker, due[0].opens);
    let new = walker.phone.device();
    walk(&mut walker, &ship.plan, &due[0], due[0].opens + 60, &[]);
    let now = due[0].deadline() + 600;
    shore.sync(&mut walker, now);
    shore.sync(&mut walker, now + 60);
    shore.sync(&mut officer, now + 70);
    let before = said(&shore, &due[0]);
    assert_eq!(before.verdict, "unverifiable", "{}", before.why);

    let data = shore.folder.path();
    let vessel = ship.vessel.to_string();
    let named = |verb: &str, more: &[&str]| {
        let device = new.to_string();
        let arguments = [&["device", verb, &vessel, &device[..10]], more].concat();
        deckwatch(data, &arguments)
    };
    let (_, list) = deckwatch(data, &["device", "list", SHIPS[0].name]);
    let line = list.lines().find(|line| line.starts_with(&new.to_string())).unwrap().to_owned();
    assert!(line.contains("not certified") && line.contains(&format!("continues {old}")), "{line}");
    let (refused, why) = named("confirm", &[]);
    assert!(!refused && why.contains("never certified"), "{why}");
    let (certified, words) = named("certify", &["--role", "crew"]);
    assert!(
        certified && words.contains(&format!("continues {old} (signed with its key)")),
        "{words}"
    );
    let after = said_at(&shore, &ship, &due[0], now + 300);
    assert_eq!(after.verdict, "done", "{}", after.why);
    let (again, why) = named("certify", &[]);
    assert!(!again && why.contains("already"), "{why}");
    let (confirmed, why) = named("confirm", &[]);
    assert!(!confirmed && why.contains("already"), "{why}");

    // What a revocation would do is shown, and done when asked for.
    let (shown, words) = named("revoke", &["--reason", "stolen"]);
    assert!(shown && words.contains("become suspect") && words.contains("--yes"), "{words}");
    assert_eq!(said_at(&shore, &ship, &due[0], now + 400).verdict, "done");
    let held = shore.sources(ship.vessel);
    let (revoked, words) = named("revoke", &["--reason", "stolen", "--yes"]);
    assert!(revoked && words.contains("is revoked"), "{words}");
    let standing = |shore: &TestShore| {
        shore
            .shore
            .reading_held(ship.vessel, |held| *held.authority().standing(new).unwrap())
            .unwrap()
    };
    assert!(standing(&shore).last_trusted_seq.is_some());
    assert_eq!(shore.sources(ship.vessel), held + 1 + 1, "a boot and the mark, and nothing less");
    let (lost, words) = named("lost", &["--hours-ago", "2"]);
    assert!(lost && words.contains("declared lost"), "{words}");
    assert!(standing(&shore).lost.is_some());
    let (found, why) = deckwatch(data, &["device", "lost", SHIPS[0].name, "ffffffffffffffff"]);
    assert!(!found && why.contains("deckwatch device list"), "{why}");
    let (_, list) = deckwatch(data, &["device", "list", SHIPS[0].name]);
    let line = list.lines().find(|line| line.starts_with(&new.to_string())).unwrap().to_owned();
    assert!(line.contains("revoked after seq") && line.contains("declared lost"), "{line}");
}

#[test]
fn the_command_line_confirms_who_was_enrolled_on_board() {
    let mut replaced = Replaced::at_sea();
    let now = replaced.due[0].deadline() + 600;
    for (who, later) in ["officer", "new", "walker", "new", "walker", "officer"].iter().zip(0..) {
        replaced.sync(who, now + later * 60);
    }
    let (data, name) = (replaced.shore.folder.path(), SHIPS[0].name);
    let new = replaced.new.phone.device().to_string();
    let (_, list) = deckwatch(data, &["device", "list", name]);
    let officer = replaced.officer.phone.device();
    assert!(list.contains(&format!("enrolled on board by {officer}, not confirmed")), "{list}");
    let (shown, words) = deckwatch(data, &["device", "revoke", name, &officer.to_string()]);
    assert!(shown && words.contains("0 records after it become suspect"), "{words}");
    let (confirmed, words) = deckwatch(data, &["device", "confirm", name, &new]);
    assert!(confirmed && words.contains("is confirmed"), "{words}");
    let said = said_at(&replaced.shore, &replaced.ship, &replaced.due[0], now + 900);
    assert_eq!((said.verdict.as_str(), said.findings.len()), ("done", 0), "{}", said.why);
    let (_, list) = deckwatch(data, &["device", "list", name]);
    assert!(!list.contains("not confirmed"), "{list}");
    for verb in ["list", "certify", "confirm", "revoke", "lost"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch-program"));
        let help = command.args(["device", verb, "--help"]).output().unwrap();
        assert!(String::from_utf8(help.stdout).unwrap().contains("Example"), "{verb}");
    }
}
