//! What goes to the shore, what it refused, and what is left.

use std::collections::BTreeSet;

use super::{
    hands::{hear, phone, plan, reopened},
    pages::{DAY, certificate, certified, remark, shore_says},
    *,
};
use crate::{
    authority::Roles,
    document::{DocumentKind, RawChange, Version},
    model::{PageSubject, page_id},
    plan::{Timing, due_patrols},
    record::chain::runs,
    sync::{Document, Limits, Problem, ProblemCode, Request, Response, SealedRequest},
};

fn request(phone: &mut Phone, secs: i64) -> Request {
    SealedRequest::decode(&phone.sync_request(&at(secs)).unwrap()).unwrap().1
}

/// A shore that holds every record, and has this against some of what it was sent. Then it has nothing of
/// the Page: the rest builds on that and waits there.
fn answer(phone: &Phone, problems: Vec<Problem>) -> Response {
    let spans = phone.store.own_spans(phone.dev).unwrap();
    let plan = Document { kind: 1, id: DocumentId(VESSEL.0), what: Version::default() };
    let mut documents = vec![plan];
    if !problems.is_empty() {
        documents.push(Document { kind: 2, id: page_id(VESSEL, DAY), what: Version::default() });
    }
    Response {
        time: NOON,
        have: vec![(phone.dev, runs(spans))],
        documents,
        segments: Vec::new(),
        changes: Vec::new(),
        receipts: Vec::new(),
        problems,
        tree_head: None,
        more: false,
    }
}

fn refused(change: Hash) -> Problem {
    Problem { code: ProblemCode::ChangeRefused, subject: change.0.to_vec() }
}

fn sent(request: &Request) -> Vec<Hash> {
    request.changes.iter().map(|change| change.what.hash).collect()
}

fn take(phone: &mut Phone, response: &Response, secs: i64) -> SyncOutcome {
    phone.sync_response(&response.encode(), &at(secs)).unwrap()
}

/// The phone hears the answer of a shore that has this against what it was sent.
fn answered(phone: &mut Phone, problems: Vec<Problem>, secs: i64) -> SyncOutcome {
    let response = answer(phone, problems);
    take(phone, &response, secs)
}

/// Changes as large as they may be, whatever is in them.
fn large(phone: &mut Phone, count: u64, secs: i64) -> Vec<Hash> {
    let page = (DocumentKind::Page.number(), page_id(VESSEL, DAY));
    let changes: Vec<RawChange> = (0..count)
        .map(|n| RawChange { hash: Hash::of(&n.to_be_bytes()), bytes: vec![n as u8; 48 * 1024] })
        .collect();
    phone.vouch(page, &changes, &at(secs)).unwrap();
    let mut hashes: Vec<Hash> = changes.iter().map(|change| change.hash).collect();
    hashes.sort_unstable();
    hashes
}

#[test]
fn what_the_shore_refused_is_kept_counted_and_sent_last() {
    let (folder, mut phone) = certified(40, Roles::CREW);
    let first = phone.write_page(DAY, &remark("one"), &at(10)).unwrap().change;
    let second = phone.write_page(DAY, &remark("two"), &at(20)).unwrap().change;
    let out = request(&mut phone, 30);
    assert_eq!(sent(&out), [first, second]);
    let outcome = answered(&mut phone, vec![refused(first)], 31);
    assert_eq!((outcome.more, phone.unsent_changes().unwrap()), (false, 1));
    assert_eq!(phone.refused_changes().unwrap(), [(ProblemCode::ChangeRefused, 1)]);
    // The mark outlives the process.
    drop(phone);
    let mut phone = reopened(&folder, 40);
    let view = phone.view(&at(40)).unwrap();
    assert_eq!(view.refused_changes, [(ProblemCode::ChangeRefused, 1)]);
    let third = phone.write_page(DAY, &remark("three"), &at(50)).unwrap().change;
    let out = request(&mut phone, 60);
    assert_eq!(sent(&out), [third, first], "what is new goes first, and what waits there is there");
    answered(&mut phone, vec![refused(first)], 61);
    // Another certificate, and it is like any other.
    let bodies = [None, Some(NOON + 86_400)].map(|end| certificate(&phone, Roles::CREW, end));
    hear(&mut phone, shore_says(&bodies), 70);
    assert_eq!((phone.refused_changes().unwrap(), phone.unsent_changes().unwrap()), (vec![], 1));
    let fourth = phone.write_page(DAY, &remark("four"), &at(80)).unwrap().change;
    let out = request(&mut phone, 90);
    assert_eq!(sent(&out), [first, fourth]);
    let outcome = answered(&mut phone, vec![], 91);
    assert_eq!((outcome.more, phone.unsent_changes().unwrap()), (false, 0));
    assert_eq!(phone.page(DAY).unwrap().writings.len(), 4);
}

#[test]
fn more_is_said_until_everything_was_sent() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let all = large(&mut phone, 70, 10);
    let out = request(&mut phone, 20);
    assert!(sent(&out).len() < all.len(), "70 changes of 48 KiB are more than fit");
    let outcome = answered(&mut phone, vec![], 21);
    assert!(outcome.more);
    assert_eq!(phone.unsent_changes().unwrap(), all.len() - sent(&out).len());
    let rest = request(&mut phone, 30);
    assert_eq!([sent(&out), sent(&rest)].concat(), all);
    let outcome = answered(&mut phone, vec![], 31);
    assert_eq!((outcome.more, phone.unsent_changes().unwrap()), (false, 0));
}

#[test]
fn many_refused_changes_hold_up_no_new_word_and_take_turns() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let all = large(&mut phone, 70, 10);
    let too_large = |hash: &Hash| Problem { code: ProblemCode::TooLarge, subject: hash.0.to_vec() };
    for secs in [20, 30] {
        let out = request(&mut phone, secs);
        let problems = sent(&out).iter().map(too_large).collect();
        answered(&mut phone, problems, secs + 1);
    }
    assert_eq!(phone.refused_changes().unwrap(), [(ProblemCode::TooLarge, 70)]);
    let word = phone.write_page(DAY, &remark("new"), &at(40)).unwrap().change;
    let mut turns = Vec::new();
    for secs in 50..120 {
        let out = request(&mut phone, secs);
        let size: usize = out.changes.iter().map(|change| change.what.bytes.len()).sum();
        assert!(size < 100 * 1024, "{size} bytes, most of them for nothing");
        let mut hashes = sent(&out);
        if secs == 50 {
            assert_eq!(hashes.remove(0), word);
        }
        let mut response = answer(&phone, hashes.iter().map(too_large).collect());
        response.documents[1].what.heads = vec![word];
        let outcome = take(&mut phone, &response, secs);
        assert!(!outcome.more, "what is refused is no reason to sync again");
        turns.extend(hashes);
    }
    turns.sort_unstable();
    assert_eq!(turns, all, "each was tried once more");
}

#[test]
fn a_phone_without_a_certificate_keeps_its_words_until_it_has_one() {
    let (_folder, mut phone) = phone(40);
    phone.enrol(&enrolment(), &at(0)).unwrap();
    let word = phone.write_page(DAY, &remark("early"), &at(10)).unwrap().change;
    let out = request(&mut phone, 20);
    assert_eq!(sent(&out), [word]);
    let nothing = Response { documents: Vec::new(), ..answer(&phone, vec![refused(word)]) };
    assert!(!take(&mut phone, &nothing, 21).more);
    assert_eq!(phone.refused_changes().unwrap().len(), 1);
    // The certificate comes with the very answer that refuses: what was refused before it goes again.
    request(&mut phone, 30);
    let segments = vec![shore_says(&[certificate(&phone, Roles::CREW, None)])];
    let certified = Response { segments, ..nothing };
    assert!(take(&mut phone, &certified, 31).more);
    assert_eq!(sent(&request(&mut phone, 40)), [word]);
    assert!(!answered(&mut phone, vec![], 41).more);
    assert_eq!(phone.unsent_changes().unwrap(), 0);
}

#[test]
fn an_answer_that_says_nothing_of_documents_asks_for_no_other_round() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    phone.write_page(DAY, &remark("one"), &at(10)).unwrap();
    request(&mut phone, 20);
    let silent = Response { documents: Vec::new(), ..answer(&phone, vec![]) };
    assert!(!take(&mut phone, &silent, 21).more, "or it would go on for ever");
    assert_eq!(phone.unsent_changes().unwrap(), 1);
}

#[test]
fn a_phone_goes_on_with_a_store_of_the_first_version() {
    let bench = Bench::new();
    crate::store::version_1(&bench.path());
    let (mut phone, opened) = bench.open(60);
    assert_eq!(opened, Opened::Resumed { tail_found: true });
    assert_eq!((phone.head().unwrap().0, phone.current().unwrap().scans.len()), (6, 2));
    assert_eq!(phone.plan().vessel_name, "Fjord");
    assert_eq!(phone.roles(), Roles::CREW);
    let view = phone.view(&at(60)).unwrap();
    // Its receipt does not name its ledger: a form that is not read any more.
    assert_eq!(view.receipt, None);
    assert_eq!((view.unsent_changes, view.refused_changes), (0, vec![]));
    // What it could not do before goes as well.
    let word = phone.write_page(DAY, &remark("new"), &at(70)).unwrap().change;
    phone.end(1, 0, &at(80)).unwrap();
    assert_eq!(sent(&request(&mut phone, 90)), [word]);
    assert!(!answered(&mut phone, vec![], 91).more);
    let history = history(&mut phone);
    let kinds = kinds(&history);
    let expected =
        ["genesis", "patrol_start", "scan", "alive", "anchor", "scan", "note", "document"];
    assert_eq!(kinds[..8], expected);
}

/// A vessel that is walked around the clock, and a phone that was in a drawer for six weeks.
#[test]
fn names_beyond_one_request_are_asked_for_in_the_next_until_none_is_left() {
    const DAY_SECS: i64 = 86_400;
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let mut hourly = plan();
    for schedule in hourly.schedules.values_mut() {
        schedule.timing = Timing::Times((0..24).map(|hour| hour * 60 + 10).collect());
    }
    let whole =
        |phone: &Phone, secs: i64| Response { time: NOON + secs, ..answer(phone, Vec::new()) };
    let begun = whole(&phone, 3_600);
    take(&mut phone, &begun, 3_700);
    let away = 42 * DAY_SECS;
    let dues = due_patrols(VESSEL, &hourly, NOON + DAY_SECS, NOON + away);
    let dues: BTreeSet<DocumentId> =
        dues.iter().map(|due| page_id(VESSEL, PageSubject::Due(due.id))).collect();
    assert!(dues.len() > 950 && dues.len() < Limits::DOCUMENTS, "{}", dues.len());
    let (mut asked, mut requests) = (BTreeSet::new(), 0);
    loop {
        phone.in_force = hourly.clone();
        let secs = away + requests * 20;
        let out = request(&mut phone, secs);
        let named: BTreeSet<DocumentId> = out.documents.iter().map(|doc| doc.id).collect();
        assert_eq!(named.len(), out.documents.len(), "no name twice");
        // Part of it comes: the same names once more.
        let part = Response { more: true, ..whole(&phone, secs) };
        take(&mut phone, &part, secs + 5);
        phone.in_force = hourly.clone();
        let again = request(&mut phone, secs + 10);
        assert!(named.iter().all(|id| again.documents.iter().any(|doc| doc.id == *id)));
        asked.extend(named);
        requests += 1;
        phone.in_force = hourly.clone();
        let rest = whole(&phone, secs + 10);
        if !take(&mut phone, &rest, secs + 15).more {
            break;
        }
        assert!(requests < 8, "asking ends");
    }
    assert!(dues.is_subset(&asked), "{} of {}", dues.intersection(&asked).count(), dues.len());
    assert_eq!(requests, 3, "512 names a request, and those of the days");
    phone.in_force = hourly.clone();
    assert_eq!(request(&mut phone, away + 100).documents.len(), 1, "the Plan alone");
}
