//! A second phone: certified on board, and joining a patrol.

use super::*;
use crate::{
    authority::{Roles, on_board::LIMIT},
    model::{DueId, RouteId, ScheduleId},
    plan::{Checkpoint, Route, Schedule, TagRegistration, Timing, Walk, due_patrols},
    record::{
        ContentPart, EnrolmentAnswer, EnrolmentRequest, Item, JoinCode, PersonPart, TimePart,
        body::Body,
    },
    sync::Response,
};

pub(super) fn shore() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(9))
}

/// A phone with a key of its own.
pub(super) fn phone(seed: u64) -> (tempfile::TempDir, Phone) {
    let folder = tempfile::tempdir().unwrap();
    let safe = FileSafe::open(&folder.path().join("safe"), Box::new(SeededEntropy::new(seed)));
    let path = folder.path().join("store.db");
    let entropy = Box::new(SeededEntropy::new(seed + 1_000));
    let (phone, _) = Phone::open(&path, Arc::new(safe.unwrap()), entropy, &at(0)).unwrap();
    (folder, phone)
}

pub(super) fn reopened(folder: &tempfile::TempDir, secs: i64) -> Phone {
    let safe = FileSafe::open(&folder.path().join("safe"), Box::new(SeededEntropy::new(77)));
    let path = folder.path().join("store.db");
    let entropy = Box::new(SeededEntropy::new(78));
    Phone::open(&path, Arc::new(safe.unwrap()), entropy, &at(secs)).unwrap().0
}

/// The shore's chain: its genesis, and a certificate for each of `keys`.
pub(super) fn shore_segment(keys: &[(PublicKeyBytes, Roles, Option<i64>)]) -> Vec<u8> {
    let key = shore();
    let genesis = Body::Genesis {
        key: key.public_key(),
        vessel: VESSEL,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let certificates = keys.iter().map(|(key, roles, until)| Body::Certificate {
        key: *key,
        vessel: VESSEL,
        roles: roles.0,
        from: NOON,
        until: *until,
        genesis: None,
    });
    let time = TimePart { boot: [9; 8], mono: 0, wall: NOON as u64 };
    let items = std::iter::once(genesis)
        .chain(certificates)
        .map(|body| Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body }));
    Segment::cut(&key, 0, Hash::ZERO, [1; 16], items.collect()).unwrap().encode()
}

pub(super) fn hear(phone: &mut Phone, segment: Vec<u8>, secs: i64) {
    let response = Response {
        time: NOON + secs,
        have: Vec::new(),
        documents: Vec::new(),
        segments: vec![segment],
        changes: Vec::new(),
        receipts: Vec::new(),
        problems: Vec::new(),
        tree_head: None,
        more: false,
    };
    let outcome = phone.sync_response(&response.encode(), &at(secs)).unwrap();
    assert_eq!((outcome.new_segments, outcome.refused), (1, 0));
}

pub(super) fn officer_until(until: Option<i64>) -> (tempfile::TempDir, Phone) {
    let (folder, mut officer) = phone(20);
    officer.enrol(&enrolment(), &at(0)).unwrap();
    let roles = Roles::OFFICER.and(Roles::CREW);
    let segment = shore_segment(&[(officer.public_key(), roles, until)]);
    hear(&mut officer, segment, 10);
    (folder, officer)
}

#[test]
fn two_codes_enrol_a_phone_on_board() {
    let (_folder, mut officer) = officer_until(None);
    let (new_folder, mut new) = phone(30);
    let request = new.enrolment_request().unwrap();
    // A restart between the codes changes nothing.
    drop(new);
    let mut new = reopened(&new_folder, 5);
    assert_eq!(new.enrolment_request().unwrap(), request);

    let answer = officer.certify(&request, &at(60)).unwrap();
    assert!(answer.len() <= 520, "{} characters: a QR code of version 15", answer.len());
    assert_eq!(officer.certify(&request, &at(90)).unwrap().len(), answer.len(), "shown again");
    new.enrol_on_board(&answer, &at(100)).unwrap();
    assert_eq!((new.vessel(), new.server()), (Some(VESSEL), Some("http://127.0.0.1:1")));
    let nonce = EnrolmentRequest::from_text(&request).unwrap().nonce;
    let history_of_new = history(&mut new);
    let Some(Body::Genesis { nonce: token, .. }) = history_of_new[0].entries[0].body() else {
        panic!()
    };
    assert_eq!(*token, nonce);
    // It keeps the officer's record, and records.
    assert_eq!(new.others.len(), 1);
    new.start(None, None, &at(110)).unwrap();
    drop(new);
    let mut new = reopened(&new_folder, 120);
    assert_eq!((new.others.len(), new.roles()), (1, Roles::NONE));
    // Once it hears the shore's chain, and the officer's from its beginning, it knows what it may.
    let roles = Roles::OFFICER.and(Roles::CREW);
    hear(&mut new, shore_segment(&[(officer.public_key(), roles, None)]), 130);
    assert_eq!(new.roles(), Roles::NONE);
    let first = officer.store.own_spans(officer.dev).unwrap()[0];
    let first = officer.store.own_segment(officer.dev, &first).unwrap().unwrap();
    hear(&mut new, first, 140);
    assert_eq!(new.roles(), Roles::CREW);
    let standing = *new.authority().unwrap().standing(new.device()).unwrap();
    assert_eq!(standing.ship_enrolled.map(|by| by.dev), Some(officer.device()));
    assert!(matches!(new.enrolment_request(), Err(RequestError::Certified)));
    // The officer knows it too, and the certificate stands once in the chain.
    assert_eq!(officer.authority().unwrap().roles_at(new.device(), 0), Roles::CREW);
    let kinds = kinds(&history(&mut officer));
    assert_eq!(kinds.iter().filter(|kind| **kind == "certificate").count(), 1);
}

#[test]
fn a_phone_that_recorded_uncertified_goes_on_with_its_chain() {
    let (_folder, mut officer) = officer_until(None);
    let (_new_folder, mut new) = phone(30);
    new.enrol(&enrolment(), &at(0)).unwrap();
    new.start(None, None, &at(10)).unwrap();
    let request = new.enrolment_request().unwrap();
    let asked = EnrolmentRequest::from_text(&request).unwrap();
    assert_eq!(asked.vessel(), Some(VESSEL));
    let answer = officer.certify(&request, &at(60)).unwrap();
    let before = new.head();
    new.enrol_on_board(&answer, &at(70)).unwrap();
    assert_eq!((new.head(), new.others.len()), (before, 1));
    let held = officer.own_if_authority().unwrap().unwrap();
    let certificate = held.all().last().unwrap().body();
    let Some(Body::Certificate { genesis, .. }) = certificate else { panic!("{certificate:?}") };
    assert_eq!((*genesis, genesis.is_some()), (asked.genesis(), true));
}

#[test]
fn who_may_not_certify_says_why_and_records_nothing() {
    let (_folder, mut new) = phone(30);
    let request = new.enrolment_request().unwrap();
    let (_a, mut crew) = phone(40);
    assert!(matches!(
        crew.certify(&request, &at(1)),
        Err(CertifyError::Record(RecordError::NotEnrolled))
    ));
    crew.enrol(&enrolment(), &at(2)).unwrap();
    let certified = shore_segment(&[(crew.public_key(), Roles::CREW, None)]);
    hear(&mut crew, certified, 3);
    let head = crew.head();
    assert!(matches!(
        crew.certify(&request, &at(4)),
        Err(CertifyError::Record(RecordError::NotAllowed))
    ));
    assert_eq!(crew.head(), head);
    let (_b, mut over) = officer_until(Some(NOON + 50));
    assert!(matches!(
        over.certify(&request, &at(60)),
        Err(CertifyError::Record(RecordError::NotAllowed))
    ));
    let (_c, mut officer) = officer_until(None);
    let head = officer.head();
    let error = officer.certify("DECKWATCH-ENROL:hw", &at(60)).unwrap_err();
    assert!(error.to_string().contains("request code"), "{error}");
    let itself = EnrolmentRequest::sign(officer.key.as_ref(), [1; 16], None).unwrap();
    let error = officer.certify(&itself.to_text(), &at(60)).unwrap_err();
    assert!(matches!(error, CertifyError::Itself));
    let elsewhere = Some((VesselId([8; 16]), Hash::of(b"genesis")));
    let elsewhere = EnrolmentRequest::sign(new.key.as_ref(), [1; 16], elsewhere).unwrap();
    let error = officer.certify(&elsewhere.to_text(), &at(60)).unwrap_err();
    assert!(matches!(error, CertifyError::OtherVessel));
    assert_eq!(officer.head(), head);
}

#[test]
fn the_limit_is_said_before_anything_is_recorded() {
    let (_folder, mut officer) = officer_until(None);
    let phones: Vec<_> = (0..=LIMIT as u64).map(|n| phone(50 + n)).collect();
    let mut refused = 0;
    for (secs, (_, mut new)) in (60..).zip(phones) {
        let request = new.enrolment_request().unwrap();
        let head = officer.head();
        match officer.certify(&request, &at(secs)) {
            Ok(_) => {}
            Err(CertifyError::Limit) => {
                assert_eq!(officer.head(), head);
                refused += 1;
                // A month later there is room again.
                officer.certify(&request, &at(secs + 31 * 86_400)).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 1);
}

#[test]
fn a_certificate_that_could_not_be_cut_at_once_is_answered_in_a_small_code_later() {
    struct Locked(PublicKeyBytes);
    impl DeviceKey for Locked {
        fn public_key(&self) -> PublicKeyBytes {
            self.0
        }
        fn sign(&self, _: &[u8]) -> Result<[u8; 64], KeyError> {
            Err(KeyError::Unavailable("locked".into()))
        }
    }
    let (_folder, mut officer) = officer_until(None);
    let (_new_folder, mut new) = phone(30);
    let request = new.enrolment_request().unwrap();
    officer.seal().unwrap();
    let locked = Arc::new(Locked(officer.public_key()));
    let key = std::mem::replace(&mut officer.key, locked);
    let error = officer.certify(&request, &at(60)).unwrap_err();
    assert!(matches!(error, CertifyError::Record(RecordError::Key(_))), "{error}");
    officer.start(None, None, &at(70)).unwrap();
    for secs in 0..60 {
        officer.scan_text(&label(1), &at(80 + secs)).unwrap();
    }
    officer.key = key;
    officer.end(1, 0, &at(150)).unwrap();
    officer.refresh_plan().unwrap();
    let answer = officer.certify(&request, &at(160)).unwrap();
    assert!(answer.len() <= 520, "{} characters", answer.len());
    new.enrol_on_board(&answer, &at(170)).unwrap();
}

#[test]
fn an_answer_that_is_not_for_this_phone_changes_nothing() {
    let (_folder, mut officer) = officer_until(None);
    let (_a, mut new) = phone(30);
    let (_b, mut other) = phone(40);
    let answer = officer.certify(&new.enrolment_request().unwrap(), &at(60)).unwrap();
    let error = other.enrol_on_board(&answer, &at(70)).unwrap_err();
    assert!(matches!(error, AnswerError::OtherRequest), "{error}");
    other.enrolment_request().unwrap();
    let error = other.enrol_on_board(&answer, &at(70)).unwrap_err();
    assert!(matches!(error, AnswerError::OtherRequest), "{error}");
    // The right token, and a certificate that is another phone's.
    let mut turned = EnrolmentAnswer::from_text(&answer).unwrap();
    let asked = EnrolmentRequest::from_text(&other.enrolment_request().unwrap()).unwrap();
    turned.enrolment.token = asked.nonce;
    let error = other.enrol_on_board(&turned.to_text(), &at(70)).unwrap_err();
    assert!(matches!(error, AnswerError::NoCertificate), "{error}");
    // A segment that somebody changed.
    let mut changed = EnrolmentAnswer::from_text(&answer).unwrap();
    *changed.segment.last_mut().unwrap() ^= 1;
    let error = new.enrol_on_board(&changed.to_text(), &at(70)).unwrap_err();
    assert!(matches!(error, AnswerError::Segment(_)), "{error}");
    assert_eq!((new.head(), other.head()), (None, None));
    new.enrol_on_board(&answer, &at(80)).unwrap();
}

const ROUTE: RouteId = RouteId([1; 8]);

/// Four points, and a window from 00:10 to 00:40.
pub(super) fn plan() -> PlanContent {
    let point = |n: u8| CheckpointId([n; 8]);
    let route = Route {
        name: "Round".into(),
        walk: Walk::Ordered,
        points: (1..=4).map(point).collect(),
        max_minutes: None,
    };
    let schedule = Schedule {
        window_minutes: 30,
        start_within_minutes: 30,
        grace_minutes: 0,
        ..Schedule::new("Night", ROUTE, Timing::Times(vec![10]))
    };
    let name = |n: u8| Checkpoint {
        name: format!("Point {n}"),
        deck: String::new(),
        ..Checkpoint::default()
    };
    let tag = |n: u8| TagRegistration { checkpoint: point(n), revision: 1 };
    PlanContent {
        checkpoints: (1..=4).map(|n| (point(n), name(n))).collect(),
        tags: (1..=4).map(|n| (TagId([n; 16]), tag(n))).collect(),
        routes: [(ROUTE, route)].into(),
        schedules: [(ScheduleId([2; 8]), schedule)].into(),
        ..PlanContent::default()
    }
}

pub(super) fn due() -> DueId {
    due_patrols(VESSEL, &plan(), NOON, NOON + 3_600)[0].id
}

pub(super) fn walker(seed: u64) -> (tempfile::TempDir, Phone) {
    let (folder, mut phone) = phone(seed);
    phone.enrol(&enrolment(), &at(0)).unwrap();
    phone.in_force = plan();
    (folder, phone)
}

#[test]
fn a_joined_patrol_shows_what_both_visited() {
    let point = |n: u8| CheckpointId([n; 8]);
    let (_a, mut first) = walker(60);
    let (folder, mut second) = walker(70);
    first.start(Some(due()), None, &at(700)).unwrap();
    first.scan_text(&label(1), &at(710)).unwrap();
    first.scan_text(&label(3), &at(720)).unwrap();
    let head = first.head();
    let code = first.join_code(&at(730)).unwrap();
    assert_eq!(first.head(), head, "showing it records nothing");
    assert!(code.len() <= 180, "{}", code.len());

    let progress = second.join(&code, &at(740)).unwrap();
    assert_eq!(progress.visited, [point(1), point(3)]);
    assert_eq!((progress.left, progress.total), (vec![point(2), point(4)], 4));
    assert_eq!(progress.by_other, [point(1), point(3)]);
    assert!(!progress.out_of_order);
    assert!(matches!(second.due(&at(745))[0].state, DueState::Walking));
    second.scan_text(&label(2), &at(750)).unwrap();
    let already = second.scan_text(&label(3), &at(760)).unwrap();
    assert!(matches!(already, ScanOutcome::Already { .. }));

    // The battery is changed in the middle.
    drop(second);
    let mut second = reopened(&folder, 800);
    second.in_force = plan();
    second.reread_code(&at(800)).unwrap();
    let progress = second.status(&at(810)).unwrap();
    assert_eq!(progress.visited, [point(1), point(3), point(2)]);
    assert_eq!(progress.by_other, [point(1)]);
    assert_eq!(second.current().unwrap().route, Some(ROUTE));
    // A third phone may join the second.
    let onward = JoinCode::from_text(&second.join_code(&at(820)).unwrap()).unwrap();
    assert_eq!((onward.dev, onward.due), (second.device(), Some(due())));
    let points = plan().routes[&ROUTE].points.clone();
    assert_eq!(onward.visited.unwrap().among(&points).len(), 3);

    second.scan_text(&label(4), &at(830)).unwrap();
    assert!(second.end(1, 0, &at(840)).unwrap().left.is_empty());
    let history = history(&mut second);
    let kinds = kinds(&history);
    assert_eq!(kinds[1..5], ["seen", "join", "scan", "scan"], "{kinds:?}");
    let seen = history.iter().flat_map(|segment| &segment.entries).nth(1).unwrap();
    let (seq, head) = head.unwrap();
    let expected = Body::Seen { dev: first.device(), seq, head, via: 1 };
    assert_eq!(seen.body(), Some(&expected));
    assert!(second.current().is_none());
    // The next patrol has the next number.
    second.start(None, None, &at(900)).unwrap();
    assert_eq!(second.current().unwrap().number, 2);
}

#[test]
fn what_cannot_be_joined_says_why_and_records_nothing() {
    let (_a, mut first) = walker(60);
    let (_b, mut second) = walker(70);
    assert!(matches!(first.join_code(&at(690)), Err(RecordError::NoPatrol)));
    first.start(Some(due()), None, &at(700)).unwrap();
    let text = first.join_code(&at(730)).unwrap();
    let code = JoinCode::from_text(&text).unwrap();
    let head = second.head();
    let elsewhere = JoinCode { vessel: VesselId([8; 16]), ..code.clone() };
    let error = second.join(&elsewhere.to_text(), &at(740)).unwrap_err();
    assert!(matches!(error, JoinError::OtherVessel), "{error}");
    let unknown = JoinCode { due: Some(DueId([9; 16])), ..code.clone() };
    let error = second.join(&unknown.to_text(), &at(740)).unwrap_err();
    assert!(matches!(error, JoinError::NoSuchDue), "{error}");
    let error = second.join("DECKWATCH-REQUEST:hw", &at(740)).unwrap_err();
    assert!(error.to_string().contains("show its join code"), "{error}");
    assert!(matches!(first.join(&text, &at(740)), Err(JoinError::Itself)));
    assert_eq!(second.head(), head);
    second.start(None, None, &at(750)).unwrap();
    let error = second.join(&text, &at(760)).unwrap_err();
    assert!(matches!(error, JoinError::Record(RecordError::PatrolOpen)), "{error}");
    // A phone that never synced knows no due patrol, and joins all the same.
    let (_c, mut bare) = walker(80);
    bare.in_force = PlanContent::default();
    let progress = bare.join(&text, &at(770)).unwrap();
    assert_eq!((progress.total, bare.current().unwrap().due), (0, Some(due())));
}
