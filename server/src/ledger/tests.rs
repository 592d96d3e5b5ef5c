//! What the shore cannot do quietly, and what it refuses to do after an accident.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deckwatch_core::{
    audit::Report,
    authority::Roles,
    ledger::{
        Accepted, Frontier, Leaf, LeafKind, LoggedRun, NO_VESSEL, Publication, Remembered,
        SignedTreeHead, leaf_hash,
        merkle::{verify_consistency, verify_inclusion},
    },
    model::{DeviceId, Hash, VesselId},
    plan::PlanContent,
    record::{Body, NamedTree, Receipt, Segment},
    sync::Response,
};

use super::*;
use crate::phone::{Phone, START, Scene};
use crate::store::{MemoryStore, SqliteStore, Store, gather, reading, sqlite::SqliteOptions};
use crate::sync::SyncRefusal;

fn ledger(scene: &Scene) -> Ledger {
    crate::store::try_reading(&*scene.store, |tx| Ledger::newest(tx)).unwrap().unwrap()
}

fn leaves(scene: &Scene) -> Vec<Leaf> {
    let number = ledger(scene).number();
    let rows = reading(&*scene.store, |tx| tx.ledger_leaves(number, 0, 10_000)).unwrap();
    assert!(rows.iter().zip(0..).all(|(row, index)| row.index == index));
    rows.into_iter().map(|row| row.leaf).collect()
}

fn head(response: &Response) -> SignedTreeHead {
    SignedTreeHead::parse(&response.tree_head.as_ref().unwrap().note).unwrap()
}

/// Seqs of every device that leaves cover.
fn covered(scene: &Scene, vessel: VesselId) -> BTreeSet<(DeviceId, u64)> {
    let number = ledger(scene).number();
    let runs = reading(&*scene.store, |tx| {
        gather(|each| tx.ledger_contents_of(number, vessel, LeafKind::SEGMENT, each))
    });
    let mut covered = BTreeSet::new();
    for (row, content) in runs.unwrap() {
        let content = content.unwrap();
        assert!(row.leaf.is_about(&content));
        let run = LoggedRun::decode(&content).unwrap();
        covered.extend((run.from..=run.to).map(|seq| (run.dev, seq)));
    }
    covered
}

#[test]
fn everything_kept_is_a_leaf_and_each_vessels_leaves_are_a_chain() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive, Body::Alive]);
    phone.sync(&scene).unwrap();
    let plan = PlanContent { vessel_name: "Aurora".to_owned(), ..PlanContent::default() };
    scene.shore.edit_plan(scene.vessel, &plan).unwrap();
    let other = scene.shore.add_vessel("Borealis").unwrap();

    let all = leaves(&scene);
    assert_eq!((all[0].kind, all[0].vessel), (LeafKind::ORIGIN, NO_VESSEL));
    let mut newest: BTreeMap<VesselId, Leaf> = BTreeMap::new();
    for leaf in &all {
        if let Some(before) = newest.insert(leaf.vessel, *leaf) {
            assert!(leaf.follows(&before));
        } else {
            assert_eq!(leaf.number, 0);
        }
    }
    assert_eq!(newest.len(), 3);
    for vessel in [scene.vessel, other] {
        let spans =
            reading(&*scene.store, |tx| gather(|each| tx.segment_spans_of(vessel, each))).unwrap();
        let held: BTreeSet<(DeviceId, u64)> = spans
            .iter()
            .flat_map(|span| (span.from_seq..=span.to_seq).map(|seq| (span.dev, seq)))
            .collect();
        assert_eq!(covered(&scene, vessel), held);
    }
    let subjects: BTreeSet<(LeafKind, Hash)> =
        all.iter().map(|leaf| (leaf.kind, leaf.subject)).collect();
    let doc = crate::store::DocumentRef {
        kind: 1,
        id: deckwatch_core::model::DocumentId(scene.vessel.0),
    };
    let changes =
        reading(&*scene.store, |tx| gather(|each| tx.changes_of(scene.vessel, doc, 0, each)));
    for change in changes.unwrap() {
        assert!(subjects.contains(&(LeafKind::CHANGE, Hash::of(&change.bytes))));
    }
    let published = Publication::of_this_program().encode();
    assert!(subjects.contains(&(LeafKind::DETECTOR, Hash::of(&published))));
    // The tree is what anybody makes of the leaves.
    let mut edge = Frontier::default();
    for leaf in &all {
        edge.append(&leaf.encode()).unwrap();
    }
    let signed = SignedTreeHead::parse(&scene.shore.tree_head().unwrap().unwrap().note).unwrap();
    let said = signed.verify(ledger(&scene).key()).unwrap();
    assert_eq!((said.size, said.root), (edge.size(), edge.root()));
}

#[test]
fn a_receipt_names_a_tree_that_holds_what_it_is_about() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive]);
    let response = phone.sync(&scene).unwrap();
    let receipt = Receipt::decode(&response.receipts[0]).unwrap();
    let signed = head(&response);
    let said = signed.verify(ledger(&scene).key()).unwrap();
    assert_eq!(receipt.tree, NamedTree::of(&said.origin, said.size, said.root));
    let segment = Segment::decode(phone.segments.last().unwrap()).unwrap();
    let run = LoggedRun::of(&segment.reopen().unwrap());
    let index =
        leaves(&scene).iter().position(|leaf| leaf.subject == run.subject()).unwrap() as u64;
    assert!(index < receipt.tree.size);
    let proof = scene.shore.prove_leaf(index).unwrap();
    let now = SignedTreeHead::parse(&proof.note).unwrap();
    let (hash, now) = (leaf_hash(&proof.leaf), now.head());
    verify_inclusion(index, now.size, hash, &proof.path, now.root).unwrap();
    let joined = scene.shore.prove_consistency(receipt.tree.size).unwrap();
    let mut memory = Remembered::new(ledger(&scene).key().clone());
    memory.accept(signed, &[]).unwrap();
    memory.accept(SignedTreeHead::parse(&joined.note).unwrap(), &joined.path).unwrap();
    let path = deckwatch_core::ledger::merkle::prove_consistency(
        &BTreeMap::<(u8, u64), Hash>::new(),
        now.size,
        now.size,
    );
    verify_consistency(now.size, now.root, now.size, now.root, &path.unwrap()).unwrap();
}

#[test]
fn an_answer_joins_the_tree_head_that_the_phone_remembers() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let first = phone.sync(&scene).unwrap();
    let mut memory = Remembered::new(ledger(&scene).key().clone());
    assert_eq!(memory.accept(head(&first), &[]), Ok(Accepted::First));
    for at in 1..20 {
        phone.record(START + at, 0, &[Body::Alive]);
        let mut request = phone.request();
        request.tree_head = memory.newest().map(SignedTreeHead::encode);
        let response = phone.send(&scene, &request).unwrap();
        let proof = response.tree_head.as_ref().unwrap().proof.clone();
        assert_eq!(memory.accept(head(&response), &proof), Ok(Accepted::Newer), "{at}");
    }
    // Nothing new: the same tree head, and the same bytes.
    let mut request = phone.request();
    request.tree_head = memory.newest().map(SignedTreeHead::encode);
    let again = phone.send(&scene, &request).unwrap();
    assert_eq!(Some(again.tree_head.unwrap().note), request.tree_head);
}

fn copied(from: &std::path::Path, to: &std::path::Path) -> Arc<dyn Store> {
    std::fs::copy(from, to).unwrap();
    Arc::new(SqliteStore::open(to, &SqliteOptions::default()).unwrap())
}

/// A database that was put back from a copy, with the folder of keys as it was last.
#[test]
fn an_old_copy_of_the_database_signs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let open = |path| Arc::new(SqliteStore::open(path, &SqliteOptions::default()).unwrap());
    let scene = Scene::on(open(&path));
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.sync(&scene).unwrap();
    let old = folder.path().join("old.db");
    SqliteStore::open(&path, &SqliteOptions::default()).unwrap().backup_to(&old).unwrap();
    phone.record(START + 1, 0, &[Body::Alive]);
    phone.sync(&scene).unwrap();

    let store = copied(&old, &folder.path().join("restored.db"));
    let restored = Scene::shore(&store, scene.folder.path(), &scene.clock, 3);
    let segments =
        |store: &Arc<dyn Store>| reading(&**store, |tx| tx.segment_count(scene.vessel)).unwrap();
    let before = segments(&store);
    let refused = |outcome: Result<Vec<u8>, SyncRefusal>| {
        matches!(outcome, Err(SyncRefusal::Shore(ShoreError::Ledger(LedgerError::OldCopy { .. }))))
    };
    assert!(refused(restored.sync(&phone.seal(&phone.request()))));
    assert!(restored.append(scene.vessel, &[Body::Alive]).is_err());
    assert!(matches!(restored.tree_head(), Err(LedgerError::OldCopy { .. })));
    assert_eq!(segments(&store), before, "nothing was taken that would be signed for");
    // The newest copy goes on.
    assert!(scene.shore.sync(&phone.seal(&phone.request())).is_ok());
}

/// The whole machine was put back, so that nothing there tells of the loss: a phone does.
#[test]
fn a_phone_that_remembers_more_stops_an_old_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap());
    let scene = Scene::on(Arc::clone(&store));
    let mut phone = scene.enrolled(2, Roles::CREW);
    let mut other = scene.enrolled(3, Roles::CREW);
    phone.sync(&scene).unwrap();
    let old = folder.path().join("old.db");
    SqliteStore::open(&path, &SqliteOptions::default()).unwrap().backup_to(&old).unwrap();
    let keys = folder.path().join("keys");
    let copy_keys = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    };
    copy_keys(&scene.folder.path().join("keys"), &keys);
    phone.record(START + 1, 0, &[Body::Alive]);
    let newest = phone.sync(&scene).unwrap().tree_head.unwrap().note;

    let store = copied(&old, &folder.path().join("restored.db"));
    let restored = |seed| Scene::shore(&store, folder.path(), &scene.clock, seed);
    let shore = restored(3);
    // A phone that remembers nothing newer is answered: nobody can know.
    other.record(START + 1, 0, &[Body::Park { reason: 1 }]);
    assert!(shore.sync(&other.seal(&other.request())).is_ok());
    let mut request = phone.request();
    request.tree_head = Some(newest);
    assert!(matches!(
        shore.sync(&phone.seal(&request)),
        Err(SyncRefusal::Shore(ShoreError::Ledger(LedgerError::OldCopy { .. })))
    ));
    // From then on nothing is signed, by this process or by the next.
    phone.record(START + 2, 0, &[Body::Alive]);
    for shore in [shore, restored(4)] {
        assert!(shore.sync(&phone.seal(&phone.request())).is_err());
        assert!(shore.append(scene.vessel, &[Body::Alive]).is_err());
        // Nor does asking for the tree head make it forget.
        assert!(matches!(shore.tree_head(), Err(LedgerError::OldCopy { .. })));
        assert!(shore.prove_leaf(0).is_err());
        assert!(shore.sync(&phone.seal(&phone.request())).is_err());
        assert!(!shore.ledger_state().unwrap().unwrap().is_whole);
    }
    // A new ledger begins, with everything in it, and says why.
    let shore = restored(5);
    let begun = shore.begin_new_ledger("The disk failed.").unwrap();
    let state = shore.ledger_state().unwrap().unwrap();
    assert_eq!((state.key, state.held, state.is_whole), (begun.key, begun.size, true));
    let origin = reading(&*store, |tx| tx.ledger_leaves(2, 0, 1)).unwrap()[0].leaf;
    let said = reading(&*store, |tx| tx.ledger_content(origin.subject)).unwrap().unwrap();
    assert!(String::from_utf8(said).unwrap().contains("The disk failed."));
    assert!(shore.sync(&other.seal(&other.request())).is_ok());
}

#[test]
fn two_processes_append_to_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let open = || -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap())
    };
    let scene = Scene::on(open());
    let mut phones: Vec<Phone> = (2..5).map(|seed| scene.enrolled(seed, Roles::CREW)).collect();
    let second = Scene::shore(&open(), scene.folder.path(), &scene.clock, 9);
    let mut heads = Vec::new();
    for round in 0..6 {
        for (at, phone) in phones.iter_mut().enumerate() {
            phone.record(START + 1 + round, 0, &[Body::Alive]);
            let shore =
                if (at + round as usize).is_multiple_of(2) { &scene.shore } else { &second };
            let bytes = shore.sync(&phone.seal(&phone.request())).unwrap();
            heads.push(head(&Response::decode(&bytes).unwrap()));
        }
    }
    let key = ledger(&scene).key().clone();
    for signed in heads {
        let said = signed.verify(&key).unwrap();
        let joined = second.prove_consistency(said.size).unwrap();
        let mut memory = Remembered::new(key.clone());
        memory.accept(signed, &[]).unwrap();
        memory.accept(SignedTreeHead::parse(&joined.note).unwrap(), &joined.path).unwrap();
    }
}

#[test]
fn a_flag_is_logged_when_it_is_raised_and_when_it_is_withdrawn() {
    let scene = Scene::on(Arc::new(MemoryStore::new()));
    let flag = |sentence: &str| sentence.as_bytes().to_vec();
    let log = |flags: &[Vec<u8>], as_of| {
        crate::store::try_writing(&*scene.store, |tx| {
            scene.shore.log_flags(tx, scene.vessel, flags, as_of)
        })
        .unwrap();
    };
    let kinds = || -> Vec<LeafKind> {
        let flags = [LeafKind::FLAG_RAISED, LeafKind::FLAG_REVISED];
        leaves(&scene).iter().map(|leaf| leaf.kind).filter(|kind| flags.contains(kind)).collect()
    };
    let standing = || {
        let ledger = ledger(&scene);
        crate::store::try_reading(&*scene.store, |tx| standing_flags(tx, &ledger, scene.vessel))
            .unwrap()
    };
    let [one, two] = [flag("one"), flag("two")];
    log(&[one.clone(), two.clone()], 1);
    log(&[one.clone(), two.clone()], 2);
    assert_eq!(kinds(), [LeafKind::FLAG_RAISED, LeafKind::FLAG_RAISED], "once each");
    log(std::slice::from_ref(&two), 3);
    assert_eq!(standing(), BTreeSet::from([Hash::of(&two)]));
    log(&[one.clone(), two.clone()], 4);
    assert_eq!(standing(), BTreeSet::from([Hash::of(&one), Hash::of(&two)]), "raised again");
    log(&[], 5);
    assert_eq!((kinds().len(), standing().len()), (6, 0));
}

/// A database from before there were ledgers.
#[test]
fn what_was_held_before_there_was_a_ledger_is_logged_first() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.record(START + 1, 0, &[Body::Alive]);
    phone.sync(&scene).unwrap();
    let plan = PlanContent { vessel_name: "Aurora".to_owned(), ..PlanContent::default() };
    scene.shore.edit_plan(scene.vessel, &plan).unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let vessel = scene.shore.vessel(scene.vessel).unwrap();
    let rows = reading(&*scene.store, |tx| gather(|each| tx.segments_of(vessel.id, each))).unwrap();
    let doc =
        crate::store::DocumentRef { kind: 1, id: deckwatch_core::model::DocumentId(vessel.id.0) };
    let changes =
        reading(&*scene.store, |tx| gather(|each| tx.changes_of(vessel.id, doc, 0, each))).unwrap();
    crate::store::writing(&*store, |tx| {
        tx.add_vessel(&vessel)?;
        for row in &rows {
            tx.put_segment(row)?;
        }
        for row in changes.clone() {
            let crate::store::ChangeRow {
                vessel,
                doc,
                hash,
                bytes,
                author,
                carried_by,
                received_at,
                ..
            } = row;
            let change = crate::store::NewChange {
                vessel,
                doc,
                hash,
                bytes,
                author,
                carried_by,
                received_at,
            };
            tx.put_change(&change)?;
        }
        Ok(())
    })
    .unwrap();
    let later = Scene { store, ..scene };
    let shore = Scene::shore(&later.store, later.folder.path(), &later.clock, 8);
    shore.sync(&phone.seal(&phone.request())).unwrap();
    let spans =
        reading(&*later.store, |tx| gather(|each| tx.segment_spans_of(vessel.id, each))).unwrap();
    let held: BTreeSet<(DeviceId, u64)> = spans
        .iter()
        .flat_map(|span| (span.from_seq..=span.to_seq).map(|seq| (span.dev, seq)))
        .collect();
    assert_eq!(covered(&later, vessel.id), held);
    let subjects: Vec<Hash> = leaves(&later).iter().map(|leaf| leaf.subject).collect();
    for change in changes {
        assert_eq!(subjects.iter().filter(|it| **it == Hash::of(&change.bytes)).count(), 1);
    }
}

/// Receipts of the ledger before cannot be held against the new one, nor may they spoil what it proves.
#[test]
fn evidence_holds_after_a_new_ledger_began() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    phone.sync(&scene).unwrap();
    // In the same second as the receipt, and with a clock that was set back meanwhile.
    scene.clock.advance(-30);
    scene.shore.begin_new_ledger("A test.").unwrap();
    scene.clock.advance(150);
    phone.record(START + 90, 0, &[Body::Alive]);
    phone.sync(&scene).unwrap();
    let request = ExportRequest {
        from: START - 86_400,
        to: START + 60,
        recipient: "a test".to_owned(),
        withheld: Vec::new(),
        pages: true,
    };
    let report = handed_out(&scene, &request);
    assert_eq!(report.exit_code(), 0, "{report}");
}

fn handed_out(scene: &Scene, request: &ExportRequest) -> Report {
    let bundle = scene.shore.export(scene.vessel, request).unwrap();
    let policy = deckwatch_core::ledger::Policy::of_ledger(ledger(scene).key().clone());
    let report = deckwatch_core::audit::verify(&bundle, &policy, &Default::default()).unwrap();
    assert!(report.integrity, "{report}");
    report
}

/// Whoever has a key can cut one stretch of records into segments in any way. No evidence may suffer.
#[test]
fn records_that_come_in_many_cuts_are_logged_once() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    let (from, prev) = (phone.next, phone.head);
    phone.record(START + 1, 0, &vec![Body::Alive; 40]);
    let whole = Segment::decode(phone.segments.last().unwrap()).unwrap();
    let cut = |len: usize| {
        let segment_key = whole.key.unwrap();
        let items = whole.items.iter().take(len).cloned().collect();
        Segment::cut(&phone.key, from, prev, segment_key, items).unwrap().encode()
    };
    let cuts: Vec<Vec<u8>> = (1..=40).map(cut).collect();
    let genesis = phone.segments.first().unwrap().clone();
    // Some in one request, the others one after another, the longest last and first.
    let some = |range: std::ops::Range<usize>| {
        std::iter::once(genesis.clone()).chain(cuts[range].iter().cloned()).collect()
    };
    for segments in [some(0..20), some(35..36), some(20..40)] {
        let request = deckwatch_core::sync::Request { segments, ..phone.request() };
        phone.send(&scene, &request).unwrap();
    }
    let number = ledger(&scene).number();
    let runs = reading(&*scene.store, |tx| {
        gather(|each| tx.ledger_contents_of(number, scene.vessel, LeafKind::SEGMENT, each))
    });
    let runs = runs.unwrap().into_iter().map(|(_, run)| LoggedRun::decode(&run.unwrap()).unwrap());
    let of_phone: Vec<LoggedRun> = runs.filter(|run| run.dev == phone.dev).collect();
    let named: Vec<u64> = of_phone.iter().flat_map(|run| run.from..=run.to).collect();
    let once: BTreeSet<u64> = named.iter().copied().collect();
    assert_eq!((named.len(), once), (41, (0..=40).collect()));
    let request = ExportRequest {
        from: START - 86_400,
        to: START,
        recipient: "a test".to_owned(),
        withheld: Vec::new(),
        pages: true,
    };
    let report = handed_out(&scene, &request);
    assert_eq!(report.exit_code(), 0, "{report}");
    scene.shore.begin_new_ledger("A test.").unwrap();
    assert_eq!(handed_out(&scene, &request).exit_code(), 0);
}

#[test]
fn a_clock_that_was_set_back_leaves_evidence_whole_or_is_refused() {
    let scene = Scene::new();
    let mut phone = scene.enrolled(2, Roles::CREW);
    scene.clock.advance(10 * 86_400);
    phone.record(START + 90, 0, &[Body::Alive]);
    phone.sync(&scene).unwrap();
    let request = ExportRequest {
        from: START - 86_400,
        to: START + 86_400,
        recipient: "a test".to_owned(),
        withheld: Vec::new(),
        pages: true,
    };
    scene.clock.advance(-7_200);
    let report = handed_out(&scene, &request);
    assert_eq!((report.exit_code(), report.as_of), (0, START + 10 * 86_400), "{report}");
    scene.clock.advance(-2 * 86_400);
    let before = leaves(&scene).len();
    let refused = scene.shore.export(scene.vessel, &request);
    assert!(matches!(refused, Err(ShoreError::ClockBehind { secs: 180_000 })), "{refused:?}");
    assert_eq!(leaves(&scene).len(), before);
}
