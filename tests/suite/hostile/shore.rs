//! The shore: one request brings what is hostile and what is honest, and the next one is answered like any other.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use deckwatch::{
    clock::SettableClock,
    demo::phone::SimulatedPhone,
    shore::{KeyFolder, Shore},
    store::{DocumentRef, MemoryStore, SqliteStore, Store, reading, sqlite::SqliteOptions},
    sync::MAX_UNVOUCHED_BYTES,
};
use deckwatch_core::{
    authority::Roles,
    document::RawChange,
    entropy::SeededEntropy,
    model::{CrewNo, DeviceId, Hash},
    record::{Body, Receipt},
    sync::{ProblemCode, Request, Response},
};
use deckwatch_tests::hostile::{
    Dice, Mutant,
    classes::{self, Ground},
    scene::{Device, PLAN, START, VESSEL},
    stage::{holds, loads, merge},
};

use super::{MUTANTS, changes_of};

/// A shore with an honest and a hostile officer.
struct Fleet {
    shore: Shore,
    store: Arc<dyn Store>,
    clock: Arc<SettableClock>,
    folder: tempfile::TempDir,
    ground: Ground,
    honest: Device,
    hostile: Device,
}

fn open(store: &Arc<dyn Store>, folder: &Path, clock: &Arc<SettableClock>) -> Shore {
    let keys = KeyFolder::open(&folder.join("keys")).unwrap();
    let entropy = Box::new(SeededEntropy::new(3));
    Shore::new(Arc::clone(store), keys, Arc::clone(clock) as _, entropy)
}

impl Fleet {
    fn on(store: impl FnOnce(&Path) -> Arc<dyn Store>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SettableClock::at(START));
        let store = store(folder.path());
        let shore = open(&store, folder.path(), &clock);
        shore.add_vessel_as(VESSEL, "Aurora").unwrap();
        let (mut honest, mut hostile) = (Device::honest(), Device::hostile());
        for officer in [&mut honest, &mut hostile] {
            let roles = Roles::CREW.and(Roles::OFFICER);
            let invitation = shore.invite(VESSEL, roles, "", "http://127.0.0.1:1", 3_600).unwrap();
            officer.enrol(VESSEL, invitation.token);
            shore.sync(&officer.seal(&officer.request(&[]))).unwrap();
        }
        Self { shore, store, clock, folder, ground: Ground::new(), honest, hostile }
    }

    fn send(&self, by: &Device, request: &Request) -> Response {
        let response = self.shore.sync(&by.seal(request)).expect("a request is answered");
        Response::decode(&response).unwrap()
    }

    /// The hostile officer carries the honest one's segments and changes, and its own, in any order.
    fn bring(&mut self, mutants: &[&Mutant], dice: &mut Dice) -> Response {
        let bad = changes_of(mutants.iter().copied());
        self.hostile.vouch(&bad);
        let mut changes = [bad, self.ground.changes.clone()].concat();
        dice.shuffle(&mut changes);
        let mut request = self.hostile.request(&changes);
        request.segments.extend(self.honest.segments.clone());
        self.send(&self.hostile, &request)
    }

    /// Main line and heads.
    fn plan(&self) -> (BTreeSet<Hash>, Vec<Hash>, Vec<u8>) {
        let read = |shore: &Shore| {
            shore
                .reading_held(VESSEL, |held| {
                    let plan = held.plan();
                    (plan.main().changes().collect(), plan.heads(), plan.document().save())
                })
                .unwrap()
        };
        let plan = read(&self.shore);
        // From what is kept, it is the same.
        assert_eq!(plan, read(&open(&self.store, self.folder.path(), &self.clock)));
        plan
    }
}

fn receipted(response: &Response, dev: DeviceId) -> Option<u64> {
    let receipts = response.receipts.iter().map(|bytes| Receipt::decode(bytes).unwrap());
    receipts.filter(|receipt| receipt.dev == dev).map(|receipt| receipt.seq).max()
}

/// Nothing that an honest device brought is named as a problem.
fn no_problem_with(response: &Response, changes: &[RawChange], dev: DeviceId) {
    for problem in &response.problems {
        let honest = changes.iter().any(|change| change.hash.0[..] == problem.subject[..]);
        assert!(!honest && problem.subject != dev.0, "{problem:?}");
    }
}

fn endures(mut fleet: Fleet, mutants: &[&Mutant], seed: u64) {
    let mut dice = Dice::new(seed);
    let ground = fleet.ground.changes.clone();
    fleet.honest.vouch(&ground);
    fleet.honest.record(&[Body::Alive]);
    // As many changes as a message carries come in several.
    let mut brought = 0;
    for mutants in mutants.chunks(60) {
        let response = fleet.bring(mutants, &mut dice);
        no_problem_with(&response, &ground, fleet.honest.dev);
        brought += 1;
        // A genesis, a record of two changes, and a sign of life.
        assert_eq!(receipted(&response, fleet.honest.dev), Some(2), "request {brought}");
        let seq = fleet.hostile.record(&[Body::Alive]).0;
        assert_eq!(receipted(&response, fleet.hostile.dev), Some(seq - 1));
    }
    let (main, ..) = fleet.plan();
    assert!(ground.iter().all(|change| main.contains(&change.hash)));

    let later = fleet.ground.later.clone();
    fleet.honest.vouch(&later);
    let (seq, _) = fleet.honest.record(&[Body::Alive]);
    let response = fleet.send(&fleet.honest, &fleet.honest.request(&later));
    no_problem_with(&response, &later, fleet.honest.dev);
    assert_eq!(receipted(&response, fleet.honest.dev), Some(seq));

    // The same as at the gate alone, from the same records.
    let (main, heads, saved) = fleet.plan();
    loads(&saved, &heads);
    let honest = [ground, later].concat();
    let changes = [changes_of(mutants.iter().copied()), honest.clone()].concat();
    let (shore, chains) = fleet
        .shore
        .reading_held(VESSEL, |held| (*held.shore_key(), held.chains().to_vec()))
        .unwrap();
    let outcome = merge(&shore, &chains, &changes);
    assert_eq!((&outcome.main, &outcome.heads), (&main, &heads));
    if let [mutant] = mutants {
        holds(&outcome, &honest, &[mutant]);
    }
    phone_agrees(&fleet, &heads);
}

/// A new phone hears of all this from the shore alone.
fn phone_agrees(fleet: &Fleet, heads: &[Hash]) {
    let invitation =
        fleet.shore.invite(VESSEL, Roles::CREW, "", "http://127.0.0.1:1", 3_600).unwrap();
    let (folder, now) = (fleet.folder.path().join("phone"), START * 1_000);
    std::fs::create_dir_all(&folder).unwrap();
    let mut phone = SimulatedPhone::enrol(&folder, 77, &invitation, CrewNo(7), now).unwrap();
    for trip in 1..=8 {
        let reading = phone.clock.read(now + trip * 20_000);
        let request = phone.phone.sync_request(&reading).unwrap();
        let response = fleet.shore.sync(&request).unwrap();
        let outcome = phone.phone.sync_response(&response, &reading).unwrap();
        assert_eq!(outcome.refused, 0, "the shore passes on nothing that a phone refuses");
        if !outcome.more {
            break;
        }
    }
    assert_eq!(phone.phone.newest_plan(), heads);
}

fn memory(_: &Path) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn sqlite(folder: &Path) -> Arc<dyn Store> {
    let path = folder.join("deckwatch.db");
    Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap())
}

#[test]
fn a_shore_in_memory_endures_mutants_by_the_dozen() {
    for (seed, mutants) in (1..).zip(MUTANTS.chunks(25)) {
        let mutants: Vec<&Mutant> = mutants.iter().collect();
        endures(Fleet::on(memory), &mutants, seed);
    }
}

#[test]
fn a_shore_on_disk_endures_all_mutants_in_one_document() {
    let mut mutants: Vec<&Mutant> = MUTANTS.iter().collect();
    Dice::new(5).shuffle(&mut mutants);
    endures(Fleet::on(sqlite), &mutants, 6);
}

#[test]
fn without_a_record_that_names_it_nothing_is_parsed_and_little_is_kept() {
    let mut fleet = Fleet::on(memory);
    let mut request = fleet.hostile.request(&changes_of(MUTANTS.iter()));
    let first = fleet.ground.changes.clone();
    fleet.honest.vouch(&first);
    request.segments.extend(fleet.honest.segments.clone());
    request.changes.truncate(900);
    request.changes.extend(fleet.honest.request(&first).changes);
    let response = fleet.send(&fleet.hostile, &request);
    let refused =
        |code: ProblemCode| response.problems.iter().filter(|problem| problem.code == code).count();
    assert!(refused(ProblemCode::ChangeRefused) > 100 && refused(ProblemCode::NotVouched) > 100);
    no_problem_with(&response, &first, fleet.honest.dev);
    let (main, ..) = fleet.plan();
    assert_eq!(main, first.iter().map(|change| change.hash).collect());
}

/// Under another's actor id a change is nobody's, whoever vouches for it: the quota counts it.
#[test]
fn vouching_for_another_device_does_not_get_round_the_quota() {
    let mut fleet = Fleet::on(memory);
    let forged: Vec<RawChange> =
        (0..200).map(|n| classes::forged_of(&fleet.ground, n, 30_000)).collect();
    fleet.hostile.vouch(&forged);
    for changes in forged.chunks(60) {
        fleet.send(&fleet.hostile, &fleet.hostile.request(changes));
    }
    let kept = reading(&*fleet.store, |tx| {
        let mut bytes = 0;
        for change in &forged {
            let row = tx.change(VESSEL, DocumentRef { kind: 1, id: PLAN.1 }, change.hash)?;
            bytes += row.map_or(0, |row| row.bytes.len());
        }
        Ok(bytes)
    });
    let kept = kept.unwrap();
    assert!((1_000_000..=MAX_UNVOUCHED_BYTES).contains(&kept), "{kept} bytes are kept");
}
