//! What phones send, honest and hostile.

mod hostile;
mod pages;
mod rotation;

use std::sync::Arc;

use deckwatch_core::{
    authority::Roles,
    document::RawChange,
    model::{DeviceId, DocumentId, Hash},
    plan::{PlanContent, PlanDocument},
    record::{Body, Evidence, Receipt, Segment},
    sync::{Document, ProblemCode, Response, Scope},
};

use crate::phone::{Phone, START, Scene};
use crate::store::{ReadTx, SqliteStore, gather, reading, sqlite::SqliteOptions};

fn codes(response: &Response) -> Vec<ProblemCode> {
    response.problems.iter().map(|problem| problem.code).collect()
}

fn authors(response: &Response) -> Vec<DeviceId> {
    let mut devices: Vec<DeviceId> =
        response.segments.iter().map(|bytes| Segment::decode(bytes).unwrap().dev).collect();
    devices.dedup();
    devices
}

/// The certificates in the shore's chain, as a phone reads them.
fn certified(scene: &Scene, response: &Response) -> Vec<(Vec<u8>, u32)> {
    let shore_key = scene.shore.vessel(scene.vessel).unwrap().shore_key;
    let mut found = Vec::new();
    for bytes in &response.segments {
        let Ok(verified) = Segment::decode(bytes).unwrap().verify(&shore_key) else { continue };
        for entry in &verified.entries {
            if let Some(Body::Certificate { key, roles, .. }) = entry.body() {
                found.push((key.to_vec(), *roles));
            }
        }
    }
    found
}

/// Everything that is kept, for comparing.
fn sources(tx: &dyn ReadTx, scene: &Scene) -> Vec<String> {
    let vessel = scene.vessel;
    let segments = gather(|each| tx.segments_of(vessel, each)).unwrap();
    let receipts = gather(|each| tx.receipts_of(vessel, each)).unwrap();
    let documents = tx.documents(vessel, None, 100).unwrap();
    let enrolments = tx.enrolments(vessel, 100).unwrap();
    let mut all: Vec<String> = segments.iter().map(|row| format!("{row:?}")).collect();
    all.extend(receipts.iter().map(|row| format!("{row:?}")));
    all.extend(documents.iter().map(|row| format!("{row:?}")));
    all.extend(enrolments.iter().map(|row| format!("{row:?}")));
    all
}

fn kept(scene: &Scene) -> Vec<String> {
    reading(&*scene.store, |tx| Ok(sources(tx, scene))).unwrap()
}

fn bow_plan(name: &str) -> PlanContent {
    PlanContent { vessel_name: name.to_owned(), ..PlanContent::default() }
}

#[test]
fn an_invited_phone_is_certified_at_its_first_sync_and_gets_receipt_and_plan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let scene = Scene::on(Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap()));
    let edit = scene.shore.edit_plan(scene.vessel, &bow_plan("Aurora")).unwrap();
    let phone = scene.invited(2, Roles::CREW);
    scene.clock.advance(60);
    let response = phone.sync(&scene).unwrap();

    assert_eq!(response.time, START + 60);
    assert_eq!(codes(&response), []);
    let key = deckwatch_core::record::DeviceKey::public_key(&phone.key);
    assert_eq!(certified(&scene, &response), [(key.to_vec(), Roles::CREW.0)]);
    assert_eq!(response.documents[0].what.heads, edit.heads);
    assert_eq!(response.changes.len(), edit.changes.len());
    let receipt = Receipt::decode(&response.receipts[0]).unwrap();
    let shore_key = scene.shore.vessel(scene.vessel).unwrap().shore_key;
    assert!(receipt.is_from(&shore_key));
    assert_eq!((receipt.dev, receipt.seq, receipt.head), (phone.dev, 0, phone.head));
    assert_eq!(receipt.time, START + 60);

    // What it has now is not sent again.
    let mut request = phone.request();
    let spans = response.segments.iter().map(|bytes| {
        let segment = Segment::decode(bytes).unwrap();
        let head = segment.records().last().unwrap().hash();
        deckwatch_core::record::Span {
            from: segment.from,
            to: segment.to(),
            prev: segment.prev,
            head,
        }
    });
    let root = deckwatch_core::record::device_id(&shore_key);
    request.have = vec![(root, deckwatch_core::record::chain::runs(spans))];
    request.documents = response.documents.clone();
    let again = phone.send(&scene, &request).unwrap();
    assert_eq!((again.segments.len(), again.changes.len(), again.more), (0, 0, false));
}

#[test]
fn a_token_is_honoured_once_and_before_it_expires() {
    let scene = Scene::new();
    let url = "http://127.0.0.1:1";
    let invitation = scene.shore.invite(scene.vessel, Roles::OFFICER, "", url, 100).unwrap();
    let first = Phone::new(2, scene.vessel, invitation.token);
    let second = Phone::new(3, scene.vessel, invitation.token);
    assert_eq!(certified(&scene, &first.sync(&scene).unwrap()).len(), 1);
    let response = second.sync(&scene).unwrap();
    assert_eq!(authors(&response), [], "no certificate: receipts and nothing else");
    assert_eq!(response.receipts.len(), 1);
    let own: Vec<DeviceId> = response.have.iter().map(|(dev, _)| *dev).collect();
    assert_eq!((own, response.documents.len()), (vec![second.dev], 0));

    let late = scene.shore.invite(scene.vessel, Roles::CREW, "", url, 100).unwrap();
    scene.clock.advance(101);
    let late = Phone::new(4, scene.vessel, late.token);
    assert_eq!(authors(&late.sync(&scene).unwrap()), []);
    // Roles that only the root has are not given away.
    assert!(scene.shore.invite(scene.vessel, Roles::SHORE, "", url, 100).is_err());
}

#[test]
fn the_same_request_again_changes_nothing_and_says_the_same() {
    let scene = Scene::new();
    let mut phone = scene.invited(2, Roles::CREW);
    phone.record(START + 10, 0, &[Body::Alive]);
    let sealed = phone.seal(&phone.request());
    let first = scene.shore.exchange(&sealed).unwrap();
    let before = kept(&scene);
    let again = scene.shore.exchange(&sealed).unwrap();
    assert!(first.news.is_some() && again.news.is_none());
    assert_eq!(kept(&scene), before);
    assert_eq!(again.response, first.response);
    scene.clock.advance(500);
    let later = Response::decode(&scene.shore.sync(&sealed).unwrap()).unwrap();
    assert_eq!(later.receipts, Response::decode(&first.response).unwrap().receipts);
    assert_eq!(kept(&scene), before);
}

#[test]
fn another_phone_carries_segments_and_a_new_process_goes_on_with_the_chain() {
    let scene = Scene::new();
    let mut far = scene.invited(2, Roles::CREW);
    far.record(START + 5, 0, &[Body::Alive, Body::Alive]);
    let carrier = scene.enrolled(3, Roles::OFFICER);
    let mut request = carrier.request();
    request.segments.extend(far.segments.iter().rev().cloned());
    let response = carrier.send(&scene, &request).unwrap();
    assert_eq!(codes(&response), []);
    let receipts: Vec<Receipt> =
        response.receipts.iter().map(|bytes| Receipt::decode(bytes).unwrap()).collect();
    assert!(receipts.iter().any(|receipt| receipt.dev == far.dev && receipt.seq == 2));

    // A new process writes a boot record first, and continues the chain.
    scene.clock.advance(1_000);
    let again = Scene::shore(&scene.store, scene.folder.path(), &scene.clock, 99);
    again.declare_lost(scene.vessel, far.dev, START).unwrap();
    let kinds = again
        .reading_held(scene.vessel, |held| {
            let root = held.authority().root();
            let branch = held.chain(root).unwrap().main_branch();
            branch.iter().map(|entry| entry.kind_name()).collect::<Vec<_>>()
        })
        .unwrap();
    assert_eq!(kinds, ["genesis", "ledger", "certificate", "certificate", "boot", "lost"]);
    // Lost: what it wrote is still taken, and it learns nothing more.
    let response = far.sync(&scene).unwrap();
    assert_eq!((response.segments.len(), response.receipts.len()), (0, 1));
    assert!(again.declare_lost(scene.vessel, DeviceId([9; 8]), START).is_err());
}

#[test]
fn two_threads_cannot_fork_the_shore() {
    let scene = Scene::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    scene.shore.append(scene.vessel, &[Body::Alive, Body::Alive]).unwrap();
                }
            });
        }
    });
    let (forks, records) = scene
        .shore
        .reading_held(scene.vessel, |held| {
            let chain = held.chain(held.authority().root()).unwrap();
            (chain.forks().len(), chain.main_branch().len())
        })
        .unwrap();
    assert_eq!((forks, records), (0, 82));
}

#[test]
fn an_edit_waits_for_its_voucher_and_nothing_else_is_let_in() {
    let scene = Scene::new();
    let mut officer = scene.enrolled(2, Roles::OFFICER);
    let crew = scene.enrolled(3, Roles::CREW);
    let mut plan = PlanDocument::default();
    let edits = plan.edit(officer.dev, [4; 8], START, &bow_plan("Borealis")).unwrap();
    let id = DocumentId(scene.vessel.0);
    let change = |raw: &RawChange| Document { kind: 1, id, what: raw.clone() };

    // The change comes first, by another phone, with garbage beside it.
    let mut request = crew.request();
    let garbage = RawChange { hash: Hash::of(b"x"), bytes: b"garbage".to_vec() };
    let elsewhere = Document { id: DocumentId([1; 16]), ..change(&edits[0]) };
    request.changes = vec![change(&edits[0]), change(&garbage), elsewhere];
    let response = crew.send(&scene, &request).unwrap();
    assert_eq!(
        codes(&response),
        [ProblemCode::NotVouched, ProblemCode::ChangeRefused, ProblemCode::ChangeRefused]
    );
    assert_eq!(scene.shore.plan(scene.vessel).unwrap().0.vessel_name, "");

    let changes = edits.iter().map(|change| change.hash).collect();
    officer.record(START + 1, 0, &[Body::Document { kind: 1, id, changes }]);
    assert_eq!(codes(&officer.sync(&scene).unwrap()), []);
    assert_eq!(scene.shore.plan(scene.vessel).unwrap().0.vessel_name, "Borealis");
    // The other phone gets it now, and the record that vouches for it.
    let response = crew.sync(&scene).unwrap();
    assert_eq!(response.changes.len(), 1);
    assert!(authors(&response).contains(&officer.dev));
    // The shore's own edit builds on it.
    scene.shore.edit_plan(scene.vessel, &bow_plan("Polaris")).unwrap();
    assert_eq!(scene.shore.plan(scene.vessel).unwrap().0.vessel_name, "Polaris");
    assert!(scene.shore.edit_plan(scene.vessel, &bow_plan("Polaris")).unwrap().changes.is_empty());
}

#[test]
fn scope_decides_whose_records_come() {
    let scene = Scene::new();
    let mut crew = scene.enrolled(2, Roles::CREW);
    let scan = Body::Scan(Evidence::Qr { tag: deckwatch_core::model::TagId([1; 16]) });
    crew.record(START + 9, 1, &[scan]);
    crew.sync(&scene).unwrap();
    let officer = scene.enrolled(3, Roles::OFFICER);
    let mut request = officer.request();
    assert!(!authors(&officer.send(&scene, &request).unwrap()).contains(&crew.dev));
    request.scope = Scope::All;
    assert!(authors(&officer.send(&scene, &request).unwrap()).contains(&crew.dev));
}

#[test]
fn a_copied_phone_is_convicted_and_both_its_histories_are_kept() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    assert_eq!(scene.shore.fork_proofs(scene.vessel).unwrap(), []);
    let (next, head) = (phone.next, phone.head);
    phone.record(START + 10, 0, &[Body::Alive, Body::Alive]);
    phone.sync(&scene).unwrap();
    (phone.next, phone.head) = (next, head);
    phone.record(START + 20, 0, &[Body::Park { reason: 1 }]);
    let response = phone.sync(&scene).unwrap();
    assert!(codes(&response).contains(&ProblemCode::Fork));
    let held = scene
        .shore
        .reading_held(scene.vessel, |held| held.chain(phone.dev).unwrap().all().count())
        .unwrap();
    assert_eq!(held, 4, "the genesis, and both histories");
    let proofs = scene.shore.fork_proofs(scene.vessel).unwrap();
    let [proof] = proofs.as_slice() else { panic!("{proofs:?}") };
    let read = deckwatch_core::record::ForkProof::decode(&proof.encode()).unwrap();
    assert_eq!((read.dev(), read.check().unwrap().one.seq), (phone.dev, 1));
}
