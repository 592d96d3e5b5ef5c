//! Pages between a shore, a phone that reads, and a device that does what it should not.

use std::path::Path;

use deckwatch_core::{
    document::{DocumentKind, Line, Version, write, write::actor_of},
    entropy::SeededEntropy,
    model::{PageSubject, page_id},
    page::keys,
    phone,
    store::FileSafe,
    sync::{Limits, SyncError},
    time::ClockReading,
};

use super::*;
use crate::clock::Clock as _;
use crate::sync::documents::{MAX_UNVOUCHED_BYTES, SHARE, SHARE_SECS};

const DAY: PageSubject = PageSubject::Day(20_758);

/// A real phone of the core.
struct Reader {
    phone: phone::Phone,
    _folder: tempfile::TempDir,
}

fn at(scene: &Scene) -> ClockReading {
    let secs = scene.clock.now() - START;
    ClockReading {
        boot: [3; 8],
        mono: u64::try_from(secs * 10).unwrap(),
        wall_ms: (START + secs) * 1_000,
    }
}

impl Reader {
    fn enrolled(scene: &Scene) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let safe = |path: &Path| FileSafe::open(path, Box::new(SeededEntropy::new(70))).unwrap();
        let (mut phone, _) = phone::Phone::open(
            &folder.path().join("store.db"),
            Arc::new(safe(&folder.path().join("safe"))),
            Box::new(SeededEntropy::new(71)),
            &at(scene),
        )
        .unwrap();
        let url = "http://127.0.0.1:1";
        let invitation = scene.shore.invite(scene.vessel, Roles::CREW, "", url, 3_600).unwrap();
        phone.enrol(&invitation, &at(scene)).unwrap();
        let mut reader = Self { phone, _folder: folder };
        reader.sync(scene);
        reader
    }

    /// What the answer brought.
    fn sync(&mut self, scene: &Scene) -> Response {
        scene.clock.advance(60);
        let request = self.phone.sync_request(&at(scene)).unwrap();
        let answer = scene.shore.sync(&request).unwrap();
        self.phone.sync_response(&answer, &at(scene)).unwrap();
        Response::decode(&answer).unwrap()
    }

    fn says(&mut self) -> String {
        format!("{:?}", self.phone.page(DAY).unwrap())
    }
}

fn ashore(scene: &Scene) -> String {
    format!("{:?}", scene.shore.page(scene.vessel, DAY).unwrap())
}

/// First words of a Page by one run of a device.
fn words(dev: DeviceId, run: u8, text: &str) -> RawChange {
    words_about(dev, run, DAY, text)
}

fn words_about(dev: DeviceId, run: u8, subject: PageSubject, text: &str) -> RawChange {
    let about = deckwatch_core::document::Value::Text(keys::about(subject));
    let text = deckwatch_core::document::Value::Text(text.to_owned());
    let entries = [(keys::ABOUT, Some(&about)), ("remark/0123456789abcdef/text", Some(&text))];
    write(&mut Line::default(), actor_of(dev, [run; 8]), START, entries).unwrap().unwrap()
}

fn page_of(scene: &Scene) -> DocumentId {
    page_id(scene.vessel, DAY)
}

fn names(scene: &Scene, changes: &[&RawChange]) -> Body {
    let changes = changes.iter().map(|raw| raw.hash).collect();
    Body::Document { kind: DocumentKind::Page.number(), id: page_of(scene), changes }
}

fn bring(phone: &Phone, scene: &Scene, id: DocumentId, changes: &[RawChange]) -> Response {
    let mut request = phone.request();
    let kind = DocumentKind::Page.number();
    request.changes =
        changes.iter().map(|what| Document { kind, id, what: what.clone() }).collect();
    phone.send(scene, &request).unwrap()
}

#[test]
fn a_record_that_comes_after_its_change_is_passed_on() {
    let scene = Scene::new();
    let mut cheat = scene.enrolled(2, Roles::CREW);
    let mut reader = Reader::enrolled(&scene);
    let [one, other] = [1, 2].map(|run| words(cheat.dev, run, &format!("history {run}")));
    // Two branches: on the one that comes first, `other` is vouched for before `one`.
    let (next, head) = (cheat.next, cheat.head);
    cheat.record(START + 10, 0, &[names(&scene, &[&one])]);
    let hidden = cheat.segments.pop().unwrap();
    (cheat.next, cheat.head) = (next, head);
    cheat.record(START + 11, 0, &[Body::Alive, names(&scene, &[&other]), names(&scene, &[&one])]);
    bring(&cheat, &scene, page_of(&scene), &[one, other]);
    reader.sync(&scene);
    let before = ashore(&scene);
    assert!(before.contains("history 1") && before.contains("history 2"), "{before}");
    assert_eq!(reader.says(), before);

    cheat.segments.push(hidden.clone());
    cheat.sync(&scene).unwrap();
    let after = ashore(&scene);
    assert_ne!(after, before, "the other history is on the main line now");
    let answer = reader.sync(&scene);
    assert_eq!((answer.segments, answer.changes), (vec![hidden], Vec::new()));
    assert_eq!(reader.says(), after);
    let answer = reader.sync(&scene);
    assert_eq!((answer.segments.len(), answer.documents.len(), answer.more), (0, 1, false));
}

#[test]
fn what_is_vouched_for_and_not_applied_is_passed_on_once() {
    let scene = Scene::new();
    let mut author = scene.enrolled(2, Roles::CREW);
    let mut reader = Reader::enrolled(&scene);
    let mut line = Line::default();
    let text = |text: &str| deckwatch_core::document::Value::Text(text.to_owned());
    let mut made = Vec::new();
    for said in ["first", "second"] {
        let (about, said) = (text(&keys::about(DAY)), text(said));
        let key = format!("remark/{}/text", "0".repeat(16));
        let entries = [(keys::ABOUT, Some(&about)), (key.as_str(), Some(&said))];
        let actor = actor_of(author.dev, [5; 8]);
        made.push(write(&mut line, actor, START, entries).unwrap().unwrap());
    }
    // Something to show the Page by, and the second of two that build on each other.
    let shown = words(author.dev, 9, "shown");
    author.record(START + 10, 0, &[names(&scene, &[&shown, &made[0], &made[1]])]);
    bring(&author, &scene, page_of(&scene), &[shown, made[1].clone()]);
    let answer = reader.sync(&scene);
    assert_eq!(answer.changes.len(), 2);
    let answer = reader.sync(&scene);
    assert_eq!((answer.changes.len(), answer.more), (0, false));
    let held = |id| {
        scene
            .shore
            .reading_held(scene.vessel, |held| held.pages().get(id).cloned())
            .unwrap()
            .unwrap()
    };
    let version: Version = held(page_of(&scene)).version;
    assert_eq!(version.unapplied, [made[1].hash]);
    assert!(version.set.is_some());

    bring(&author, &scene, page_of(&scene), &made[..1]);
    let answer = reader.sync(&scene);
    assert_eq!(answer.changes.len(), 1);
    assert_eq!(reader.says(), ashore(&scene));
    assert!(reader.says().contains("second"));
}

#[test]
fn nobody_writes_more_than_a_share_within_a_month() {
    let scene = Scene::new();
    let flood = scene.enrolled(2, Roles::CREW);
    let honest = scene.enrolled(3, Roles::CREW);
    let kept = |response: &Response| {
        let codes = codes(response);
        codes.iter().filter(|code| **code != ProblemCode::TooLarge).count()
    };
    let ids: Vec<DocumentId> =
        (0..SHARE.documents + 10).map(|n| DocumentId(u128::from(n).to_be_bytes())).collect();
    let kind = DocumentKind::Page.number();
    let mut taken = 0;
    for (round, ids) in ids.chunks(Limits::CHANGES).enumerate() {
        let mut request = flood.request();
        let run = u8::try_from(round).unwrap();
        let what = words(flood.dev, run, "flood");
        request.changes =
            ids.iter().map(|id| Document { kind, id: *id, what: what.clone() }).collect();
        taken += kept(&flood.send(&scene, &request).unwrap());
    }
    assert_eq!(taken as u64, SHARE.documents);
    let response = bring(&honest, &scene, page_of(&scene), &[words(honest.dev, 1, "honest")]);
    assert_eq!(codes(&response), [ProblemCode::NotVouched], "kept, though another one is full");
    // Nor does it help to write in another's name: who brings it is counted.
    let mut request = flood.request();
    let forged = words(honest.dev, 9, "forged");
    request.changes =
        ids[..5].iter().map(|id| Document { kind, id: *id, what: forged.clone() }).collect();
    assert_eq!(kept(&flood.send(&scene, &request).unwrap()), 0);
    let response = bring(&honest, &scene, ids[7], &[words(honest.dev, 2, "honest")]);
    assert_eq!(codes(&response), [ProblemCode::NotVouched]);
    // Nothing is refused for ever.
    scene.clock.advance(SHARE_SECS + 1);
    let late = words(flood.dev, 1, "a month later");
    let response = bring(&flood, &scene, ids[0], &[late]);
    assert_eq!(codes(&response), [ProblemCode::NotVouched]);
}

#[test]
fn the_many_pages_of_one_device_hide_no_other_page() {
    let scene = Scene::new();
    let mut reader = Reader::enrolled(&scene);
    let mut honest = scene.enrolled(3, Roles::CREW);
    let mut flood = scene.enrolled(2, Roles::CREW);
    let said = words(honest.dev, 1, "honest");
    honest.record(START + 10, 0, &[names(&scene, &[&said])]);
    bring(&honest, &scene, page_of(&scene), &[said]);
    let kind = DocumentKind::Page.number();
    let mut request = flood.request();
    let mut bodies = Vec::new();
    for patrol in 0..300 {
        let subject = PageSubject::Unplanned { dev: flood.dev, patrol };
        let id = page_id(scene.vessel, subject);
        let what = words_about(flood.dev, 1, subject, "flood");
        bodies.push(Body::Document { kind, id, changes: vec![what.hash] });
        request.changes.push(Document { kind, id, what });
    }
    for bodies in bodies.chunks(100) {
        flood.record(START + 20, 0, bodies);
    }
    request.segments = flood.segments.clone();
    flood.send(&scene, &request).unwrap();
    let answer = reader.sync(&scene);
    let got: std::collections::BTreeSet<DocumentId> =
        answer.changes.iter().map(|change| change.id).collect();
    assert_eq!((got.len(), got.contains(&page_of(&scene))), (65, true));
    assert!(reader.says().contains("honest"));
}

#[test]
fn what_nobody_vouches_for_is_bounded_for_each_that_brings_it() {
    let scene = Scene::new();
    let flood = scene.enrolled(2, Roles::CREW);
    let honest = scene.enrolled(3, Roles::CREW);
    let large = |n: usize| words(flood.dev, u8::try_from(n).unwrap(), &"x".repeat(8_000));
    let size = large(0).bytes.len();
    let most = MAX_UNVOUCHED_BYTES / size;
    let changes: Vec<RawChange> = (0..250).map(large).collect();
    let mut kept = 0;
    for page in 0..3_u8 {
        let response = bring(&flood, &scene, DocumentId([page; 16]), &changes);
        kept += codes(&response).iter().filter(|code| **code == ProblemCode::NotVouched).count();
    }
    assert_eq!(kept, most);
    let response = bring(&honest, &scene, page_of(&scene), &[words(honest.dev, 1, "honest")]);
    assert_eq!(codes(&response), [ProblemCode::NotVouched]);
}

#[test]
fn a_vessel_is_opened_without_merging_its_pages_again() {
    let scene = Scene::new();
    let mut author = scene.enrolled(2, Roles::CREW);
    let said = words(author.dev, 1, "said");
    author.record(START + 10, 0, &[names(&scene, &[&said])]);
    bring(&author, &scene, page_of(&scene), &[said]);
    scene.shore.reassess(scene.vessel).unwrap();
    // What is kept is altered, to see whether it is used.
    let (vessel, page) = (scene.vessel, page_of(&scene));
    let kept = reading(&*scene.store, |tx| gather(|each| tx.page_states_of(vessel, each))).unwrap();
    let [row] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(row.page, page);
    let altered = row.body.replace("\"Day\":20758", "\"Day\":20759");
    assert_ne!(altered, row.body);
    let altered = crate::store::PageStateRow { body: altered, ..row.clone() };
    crate::store::writing(&*scene.store, |tx| tx.put_page_state(&altered)).unwrap();
    let about = |shore: &crate::shore::Shore| {
        shore.reading_held(vessel, |held| held.pages().get(page).unwrap().about).unwrap()
    };
    let later = Scene::shore(&scene.store, scene.folder.path(), &scene.clock, 2);
    assert_eq!(about(&later), Some(PageSubject::Day(20_759)), "not merged again");
    // Another device's certificate is no reason to merge this Page; its author's revocation is one.
    scene.enrolled(4, Roles::CREW);
    assert_eq!(about(&later), Some(PageSubject::Day(20_759)));
    later.revoke(vessel, author.dev, 1).unwrap();
    assert_eq!(about(&later), Some(DAY));
    // And what is not believed is made again.
    crate::store::writing(&*scene.store, |tx| tx.put_page_state(&altered)).unwrap();
    assert!(!later.rebuild().unwrap()[0].is_identical());
    assert!(later.rebuild().unwrap()[0].is_identical());
}

#[test]
fn a_version_that_is_too_long_is_refused_by_its_reader() {
    let scene = Scene::new();
    let phone = scene.enrolled(2, Roles::CREW);
    let mut request = phone.request();
    let heads: Vec<Hash> = (0..=Limits::NAMES).map(|n| Hash::of(&n.to_be_bytes())).collect();
    let what = Version { heads, ..Version::default() };
    request.documents = vec![Document { kind: 2, id: page_of(&scene), what }];
    let sealed = phone.seal(&request);
    let read = deckwatch_core::sync::SealedRequest::decode(&sealed);
    assert!(matches!(read, Err(SyncError::Malformed(_))));
}
