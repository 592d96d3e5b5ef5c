//! Writing on Pages, as one phone sees it.

use super::{
    hands::{hear, phone, shore},
    *,
};
use crate::{
    authority::Roles,
    document::Value,
    model::PageSubject,
    page::{Draft, On, PageWriteError, Version},
    record::{ContentPart, Item, PersonPart, TimePart},
};

pub(super) const DAY: PageSubject = PageSubject::Day(20_779);

pub(super) fn remark(text: &str) -> Draft {
    Draft::Remark { on: On::Patrol, text: text.into() }
}

/// The shore's chain from its genesis on, with these records.
pub(super) fn shore_says(bodies: &[Body]) -> Vec<u8> {
    chain_says(&shore(), bodies)
}

/// A chain from its genesis on, with these records, in one segment.
pub(super) fn chain_says(key: &SoftwareKey, bodies: &[Body]) -> Vec<u8> {
    chain_of(key, PersonPart::NOBODY, bodies).encode()
}

/// The same, with somebody logged in.
pub(super) fn chain_of(key: &SoftwareKey, person: PersonPart, bodies: &[Body]) -> Segment {
    let genesis = Body::Genesis {
        key: key.public_key(),
        vessel: VESSEL,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let time = TimePart { boot: [9; 8], mono: 0, wall: NOON as u64 };
    let items = std::iter::once(&genesis).chain(bodies).map(|body| {
        let content = ContentPart { patrol: 0, body: body.clone() };
        Item::shown(&time, &person, &content)
    });
    Segment::cut(key, 0, Hash::ZERO, [1; 16], items.collect()).unwrap()
}

pub(super) fn certificate(phone: &Phone, roles: Roles, until: Option<i64>) -> Body {
    Body::Certificate {
        key: phone.public_key(),
        vessel: VESSEL,
        roles: roles.0,
        from: NOON,
        until,
        genesis: None,
    }
}

/// A phone of the ship with a certificate.
pub(super) fn certified(seed: u64, roles: Roles) -> (tempfile::TempDir, Phone) {
    let (folder, mut phone) = phone(seed);
    phone.enrol(&enrolment(), &at(0)).unwrap();
    let certificate = certificate(&phone, roles, None);
    hear(&mut phone, shore_says(&[certificate]), 5);
    (folder, phone)
}

/// Everything written in the texts of a Page.
pub(super) fn texts(phone: &mut Phone) -> Vec<Version> {
    let page = phone.page(DAY).unwrap();
    let texts = page.writings.iter().filter_map(|writing| writing.fields.get("text"));
    texts.flat_map(|field| field.versions.clone()).collect()
}

fn said(text: &str) -> Option<Value> {
    Some(Value::Text(text.into()))
}

#[test]
fn a_revoked_phone_says_so_and_writes_nothing() {
    let officer = Roles::CREW.and(Roles::OFFICER);
    let (_folder, mut phone) = certified(40, officer);
    phone.write_page(DAY, &remark("before"), &at(10)).unwrap();
    let trusted = phone.head().unwrap().0;
    phone.write_page(DAY, &remark("after"), &at(20)).unwrap();
    let revoked = Body::Revoke { dev: phone.dev, last_trusted_seq: trusted, reason: 1 };
    let certificate = certificate(&phone, officer, None);
    hear(&mut phone, shore_says(&[certificate, revoked]), 30);
    let head = phone.head();
    let error = phone.write_page(DAY, &remark("again"), &at(40)).unwrap_err();
    assert!(matches!(error, PageError::Record(RecordError::Revoked)), "{error}");
    assert!(error.to_string().contains("another phone"), "{error}");
    let plan = PlanContent { vessel_name: "Fjord".into(), ..PlanContent::default() };
    let error = phone.edit_plan(&plan, &at(50)).unwrap_err();
    assert!(matches!(error, PlanEditError::Record(RecordError::Revoked)), "{error}");
    let error = phone.adopt_plan(NOON, &at(60)).unwrap_err();
    assert!(matches!(error, RecordError::Revoked), "{error}");
    assert_eq!(phone.head(), head, "nothing was recorded");
    // What it wrote is still on its screen, and what counts of it counts.
    let counts: Vec<bool> = texts(&mut phone).iter().map(|version| version.counts).collect();
    assert_eq!(counts, [true, false]);
    // Walks go on being recorded: whoever reads them decides.
    phone.start(None, None, &at(70)).unwrap();
}

#[test]
fn a_phone_whose_certificate_ended_says_so_and_writes_nothing() {
    let (_folder, mut phone) = phone(40);
    phone.enrol(&enrolment(), &at(0)).unwrap();
    let until = certificate(&phone, Roles::CREW, Some(NOON + 50));
    hear(&mut phone, shore_says(&[until]), 5);
    phone.write_page(DAY, &remark("in time"), &at(50)).unwrap();
    let head = phone.head();
    let error = phone.write_page(DAY, &remark("too late"), &at(51)).unwrap_err();
    assert!(matches!(error, PageError::Record(RecordError::Ended)), "{error}");
    assert!(error.to_string().contains("new certificate"), "{error}");
    assert_eq!((phone.head(), texts(&mut phone).len()), (head, 1));
    // A new one, and it goes on.
    let bodies = [Some(NOON + 50), None].map(|until| certificate(&phone, Roles::CREW, until));
    hear(&mut phone, shore_says(&bodies), 60);
    phone.write_page(DAY, &remark("again"), &at(61)).unwrap();
}

#[test]
fn a_restored_phone_shows_what_it_wrote_before_anybody_certifies_it() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.write_page(DAY, &remark("before"), &at(10)).unwrap();
    let old = phone.device();
    drop(phone);
    let copy = std::fs::read(bench.path()).unwrap();
    let (mut phone, _) = bench.open(20);
    phone.write_page(DAY, &remark("not in the copy"), &at(30)).unwrap();
    drop(phone);
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(bench.path().with_extension(format!("db{suffix}")));
    }
    std::fs::write(bench.path(), copy).unwrap();
    let (mut phone, opened) = bench.open(50);
    assert!(matches!(opened, Opened::Restored { .. }));
    phone.write_page(DAY, &remark("after"), &at(60)).unwrap();
    let shown: Vec<_> =
        texts(&mut phone).into_iter().map(|it| (it.value, it.by.dev, it.counts)).collect();
    assert_eq!(shown, [(said("before"), old, true), (said("after"), phone.device(), true)]);
}

#[test]
fn who_has_filled_its_share_of_a_page_is_told_and_nothing_is_recorded() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    // 8,000 bytes each: a Page takes 1 MiB of one device.
    let long = remark(&"\u{1f6a2}".repeat(2_000));
    let mut written = 0;
    let (head, error) = loop {
        let head = phone.head();
        match phone.write_page(DAY, &long, &at(10 + written)) {
            Ok(_) => written += 1,
            Err(error) => break (head, error),
        }
        assert!(written < 200);
    };
    assert!(matches!(error, PageError::Page(PageWriteError::Full)), "{error}");
    assert!(error.to_string().contains("page of the day"), "{error}");
    assert_eq!((phone.head(), texts(&mut phone).len() as i64), (head, written));
    assert!(written > 125, "{written}");
    phone.write_page(PageSubject::Day(1), &long, &at(900)).unwrap();
    assert!(texts(&mut phone).iter().all(|version| version.stands && version.counts));
}

#[test]
fn an_edit_of_more_changes_than_a_record_names_is_kept_whole_or_not_at_all() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let officer = certificate(&phone, Roles::CREW.and(Roles::OFFICER), None);
    hear(&mut phone, shore_says(&[officer]), 5);
    // One entry a number, 200 entries a change.
    let roster = (1..=30_000).map(crate::model::CrewNo).collect();
    let target = PlanContent { roster, ..PlanContent::default() };
    let changes = phone.plan.clone().edit(phone.dev, phone.run, NOON, &target).unwrap();
    assert!(changes.len() > 140, "{}", changes.len());
    let bytes: usize = changes.iter().map(|change| change.bytes.len()).sum();
    // The disk is full when nine tenths are written: behind the first record, before the second.
    let (head, pages) = (phone.head(), phone.store().pages().unwrap());
    let room = u32::try_from(bytes / 4_096 * 9 / 10).unwrap();
    phone.store().limit_pages(pages + room).unwrap();
    let error = phone.edit_plan(&target, &at(10)).unwrap_err();
    let full = RecordError::Store(StoreError::Full);
    assert_eq!(error.to_string(), full.to_string());
    let plan = DocumentId(VESSEL.0);
    let nothing = |phone: &Phone| {
        assert_eq!((phone.head(), phone.newest_plan()), (head, vec![]));
        assert_eq!(phone.store.changes(1, plan).unwrap(), []);
    };
    nothing(&phone);
    drop(phone);
    let (mut phone, _) = bench.open(20);
    assert_eq!(phone.newest_plan(), []);
    assert_eq!(phone.store.changes(1, plan).unwrap(), []);
    // With room it goes, in one step, and is there after a restart.
    let before = phone.head().unwrap().0;
    let written = phone.edit_plan(&target, &at(30)).unwrap();
    assert_eq!((written.len(), phone.head().unwrap().0 - before), (changes.len(), 2));
    drop(phone);
    let (phone, _) = bench.open(40);
    assert_eq!(phone.plan.content().roster.len(), 30_000);
}
