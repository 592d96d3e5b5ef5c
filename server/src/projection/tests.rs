//! The same sources give the same projections, in whatever order they came.

use std::sync::Arc;

use deckwatch_core::{
    audit::verify,
    authority::Roles,
    document::RawChange,
    ledger::Policy,
    model::{CheckpointId, DocumentId, DueId, Hash, RouteId, ScheduleId, TagId},
    plan::{
        Checkpoint, PlanContent, PlanDocument, Route, Schedule, TagRegistration, Timing, Walk,
        due_patrols,
    },
    record::{Body, Evidence, Receipt},
    sync::{Document, Response},
};

use crate::ledger::ExportRequest;
use crate::page::layout::Palette;
use crate::phone::{Phone, START, Scene};
use crate::store::{SqliteStore, reading, sqlite::SqliteOptions};

const ROUTE: RouteId = RouteId([2; 8]);

fn plan() -> PlanContent {
    let points = [CheckpointId([1; 8]), CheckpointId([2; 8])];
    let tag =
        |n: u8| (TagId([n; 16]), TagRegistration { checkpoint: CheckpointId([n; 8]), revision: 1 });
    let place = |n: u8| {
        (CheckpointId([n; 8]), Checkpoint { name: format!("Place {n}"), ..Checkpoint::default() })
    };
    let route = Route {
        name: "Round".into(),
        walk: Walk::Ordered,
        points: points.to_vec(),
        max_minutes: None,
    };
    let schedule = Schedule {
        window_minutes: 60,
        start_within_minutes: 60,
        grace_minutes: 10,
        ..Schedule::new("Rounds", ROUTE, Timing::Times(vec![120, 480]))
    };
    PlanContent {
        vessel_name: "Aurora".into(),
        checkpoints: [place(1), place(2)].into(),
        tags: [tag(1), tag(2)].into(),
        routes: [(ROUTE, route)].into(),
        schedules: [(ScheduleId([3; 8]), schedule)].into(),
        ..PlanContent::default()
    }
}

/// A ship whose officer wrote and adopted the plan; both phones have synced afterwards.
struct Ship {
    scene: Scene,
    officer: Phone,
    crew: Phone,
    edits: Vec<RawChange>,
}

impl Ship {
    fn on(scene: Scene) -> Self {
        let mut officer = scene.invited(2, Roles::CREW.and(Roles::OFFICER));
        let crew = scene.invited(3, Roles::CREW);
        let mut plan_document = PlanDocument::default();
        let edits = plan_document.edit(officer.dev, [9; 8], START, &plan()).unwrap();
        let changes: Vec<Hash> = edits.iter().map(|change| change.hash).collect();
        let id = DocumentId(scene.vessel.0);
        officer.record(START + 20, 0, &[Body::Document { kind: 1, id, changes }]);
        let heads = plan_document.heads();
        officer.record(START + 30, 0, &[Body::PlanAdopt { heads, effective_from: START }]);
        Self { scene, officer, crew, edits }
    }

    fn sync(&self, phone: &Phone, at: i64) -> Response {
        self.scene.clock.set(at);
        let mut request = phone.request();
        if phone.dev == self.officer.dev {
            let id = DocumentId(self.scene.vessel.0);
            let change = |what: &RawChange| Document { kind: 1, id, what: what.clone() };
            request.changes = self.edits.iter().map(change).collect();
        }
        phone.send(&self.scene, &request).unwrap()
    }

    fn due(&self, index: usize) -> DueId {
        due_patrols(self.scene.vessel, &plan(), START + 3_600, START + 86_400)[index].id
    }

    fn verdict(&self, due: DueId) -> String {
        let row = reading(&*self.scene.store, |tx| tx.due_patrol(due)).unwrap();
        row.expect("it is due").verdict
    }

    /// Both phones hear the shore's time, and say that they are in use.
    fn up_to_date(&mut self, at: i64) {
        let response = self.sync(&self.officer, at);
        in_use(&mut self.officer, &response, at + 1);
        let response = self.sync(&self.crew, at + 2);
        in_use(&mut self.crew, &response, at + 3);
        self.sync(&self.officer, at + 4);
        self.sync(&self.crew, at + 5);
    }
}

/// The receipt proves that what follows was recorded after it.
fn in_use(phone: &mut Phone, response: &Response, at: i64) {
    let receipts = response.receipts.iter().map(|bytes| Receipt::decode(bytes).unwrap());
    let receipt = receipts.into_iter().find(|receipt| receipt.dev == phone.dev).unwrap();
    let subject = Some(receipt.hash());
    phone.record(
        at,
        0,
        &[Body::Anchor { source: 1, time: receipt.time, eps: 0, subject }, Body::Alive],
    );
}

fn walk(phone: &mut Phone, due: DueId, at: i64) {
    let start = Body::PatrolStart {
        route: Some(ROUTE),
        due: Some(due),
        supersedes: None,
        plan_heads: vec![],
    };
    let scan = |n: u8| Body::Scan(Evidence::Qr { tag: TagId([n; 16]) });
    phone.record(at, 1, &[start]);
    phone.record(at + 120, 1, &[scan(1)]);
    phone.record(at + 240, 1, &[scan(2)]);
    phone.record(at + 300, 1, &[Body::PatrolEnd { how: 1, reason: 0 }]);
}

const FIRST_OPENS: i64 = START + 2 * 3_600;

#[test]
fn done_missed_and_awaiting() {
    let mut ship = Ship::on(Scene::new());
    ship.up_to_date(START + 60);
    let (first, second) = (ship.due(0), ship.due(1));
    walk(&mut ship.crew, first, FIRST_OPENS + 600);
    ship.scene.clock.set(START + 5 * 3_600);
    ship.scene.shore.reassess(ship.scene.vessel).unwrap();
    assert_eq!(ship.verdict(first), "awaiting_sync");
    assert_eq!(ship.verdict(second), "not_due_yet");
    ship.up_to_date(START + 12 * 3_600);
    assert_eq!(ship.verdict(first), "done");
    assert_eq!(ship.verdict(second), "missed");
    let flags = crate::projection::view::flags(&ship.scene.shore, Palette::Auto, None).unwrap();
    assert_eq!(flags.groups.len(), 1);
    assert_eq!(flags.groups[0].code, "missed");
}

#[test]
fn a_revision_is_kept_when_late_data_turns_missed_into_done() {
    let mut ship = Ship::on(Scene::new());
    let mut spare = ship.scene.invited(4, Roles::CREW);
    ship.up_to_date(START + 60);
    let response = ship.sync(&spare, START + 800);
    in_use(&mut spare, &response, START + 801);
    // The spare phone is parked, used all the same, and heard of much later.
    spare.record(START + 900, 0, &[Body::Park { reason: 1 }]);
    ship.sync(&spare, START + 905);
    let first = ship.due(0);
    walk(&mut spare, first, FIRST_OPENS + 600);
    ship.up_to_date(START + 5 * 3_600);
    assert_eq!(ship.verdict(first), "missed");

    spare.record(START + 6 * 3_600, 0, &[Body::Resume]);
    ship.sync(&spare, START + 6 * 3_600 + 10);
    assert_eq!(ship.verdict(first), "done");
    let revisions =
        reading(&*ship.scene.store, |tx| tx.revisions_of_due(ship.scene.vessel, first, 10))
            .unwrap();
    assert_eq!(revisions.len(), 1);
    let kept = &revisions[0].revision;
    assert_eq!((kept.from_verdict.as_str(), kept.to_verdict.as_str()), ("missed", "done"));
    let page = crate::projection::view::patrol(&ship.scene.shore, Palette::Auto, first).unwrap();
    assert_eq!(page.unwrap().revisions.len(), 1);
    // Making everything again adds no revision and takes none away.
    assert!(ship.scene.shore.rebuild().unwrap().iter().all(|vessel| vessel.is_identical()));
    let again = reading(&*ship.scene.store, |tx| tx.revisions_of_due(ship.scene.vessel, first, 10))
        .unwrap();
    assert_eq!(again, revisions);
}

#[test]
fn rebuilding_gives_the_same_digest_and_mends_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deckwatch.db");
    let store = SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
    let mut ship = Ship::on(Scene::on(Arc::new(store)));
    ship.up_to_date(START + 60);
    let first = ship.due(0);
    walk(&mut ship.crew, first, FIRST_OPENS + 600);
    ship.up_to_date(START + 12 * 3_600);
    let shore = &ship.scene.shore;
    let digest = shore.projection_digest(ship.scene.vessel).unwrap();
    // A new process, later: the stored moment counts, not the clock.
    ship.scene.clock.advance(86_400 * 20);
    let later = Scene::shore(&ship.scene.store, ship.scene.folder.path(), &ship.scene.clock, 77);
    let rebuilt = later.rebuild().unwrap();
    assert_eq!(rebuilt.len(), 1);
    assert!(rebuilt[0].is_identical());
    assert_eq!(shore.projection_digest(ship.scene.vessel).unwrap(), digest);

    crate::store::writing(&*ship.scene.store, |tx| {
        let mut state = tx.vessel_state(ship.scene.vessel)?.expect("it was assessed");
        state.summary = "{\"tampered\":true}".to_owned();
        tx.replace_assessment(&state, &[], &[]).map(drop)
    })
    .unwrap();
    let rebuilt = shore.rebuild().unwrap();
    assert!(!rebuilt[0].is_identical());
    assert_eq!(rebuilt[0].after, digest);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    // What arrives: (who, which of its segments, with its plan changes). The genesis always comes along.
    let arrivals: [(&str, &[usize], bool); 4] = [
        ("officer", &[1], false),
        ("officer", &[2], false),
        ("officer", &[], true),
        ("crew", &[1, 2, 3, 4], false),
    ];
    let mut digests = std::collections::BTreeSet::new();
    for order in permutations(arrivals.len()) {
        let mut ship = Ship::on(Scene::new());
        let first = ship.due(0);
        walk(&mut ship.crew, first, FIRST_OPENS + 600);
        // One clock for all arrivals: receipts say when something came.
        ship.scene.clock.set(START + 3_000);
        // Certificates first or last must not matter for the rest, but their records are dated by the shore.
        ship.officer.segments.truncate(3);
        for step in order {
            let (who, segments, changes) = arrivals[step];
            let phone = if who == "crew" { &ship.crew } else { &ship.officer };
            let mut request = phone.request();
            let wanted = |index: &usize| *index == 0 || segments.contains(index);
            request.segments = (0..phone.segments.len())
                .filter(wanted)
                .map(|index| phone.segments[index].clone())
                .collect();
            if changes {
                let id = DocumentId(ship.scene.vessel.0);
                let change = |what: &RawChange| Document { kind: 1, id, what: what.clone() };
                request.changes = ship.edits.iter().map(change).collect();
            }
            phone.send(&ship.scene, &request).unwrap();
        }
        ship.scene.clock.set(START + 10 * 3_600);
        ship.scene.shore.reassess(ship.scene.vessel).unwrap();
        assert_ne!(ship.verdict(first), "not_due_yet");
        digests.insert(ship.scene.shore.projection_digest(ship.scene.vessel).unwrap());
    }
    assert_eq!(digests.len(), 1);
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, next);
                    longer
                })
            })
            .collect();
    }
    all
}

/// Flags are followed into a new ledger, and so are the patrols that they are about.
#[test]
fn flags_follow_from_the_records_in_every_ledger() {
    let mut ship = Ship::on(Scene::new());
    ship.up_to_date(START + 60);
    ship.up_to_date(START + 3 * 86_400);
    let asked = |from, to| {
        let (recipient, withheld) = ("a test".to_owned(), Vec::new());
        ExportRequest { from, to, recipient, withheld, pages: true }
    };
    let handed_out = |request: &ExportRequest| {
        let Scene { shore, store, vessel, .. } = &ship.scene;
        let bundle = shore.export(*vessel, request).unwrap();
        let row = reading(&**store, |tx| tx.ledgers()).unwrap().pop().unwrap();
        let policy = format!("log {}\nquorum none\n", row.key);
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        verify(&bundle, &policy, &Default::default()).unwrap()
    };
    let days = asked(START, START + 3 * 86_400);
    let report = handed_out(&days);
    assert_eq!(report.exit_code(), 0, "{report}");
    let found = &report.reassessment;
    assert!(found.compared >= 5 && found.flags >= 4, "{report}");
    // 500 days later.
    let later = START + 500 * 86_400;
    ship.scene.clock.set(later);
    ship.scene.shore.begin_new_ledger("A test.").unwrap();
    let report = handed_out(&asked(later - 7 * 86_400, later));
    assert!(report.integrity && report.reassessment.differences.is_empty(), "{report}");
    assert!(report.reassessment.flags_outside >= 4, "{report}");
    let report = handed_out(&days);
    assert!(report.integrity && report.reassessment.differences.is_empty(), "{report}");
}
