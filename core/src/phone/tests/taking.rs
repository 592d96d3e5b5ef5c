//! What comes from others: two histories, many hands, long absences, and answers that are broken off.

use std::cell::Cell;

use super::{
    hands::{due, hear, plan, reopened},
    pages::{DAY, certificate, certified, chain_of, chain_says, remark, shore_says, texts},
    *,
};
use crate::{
    authority::Roles,
    document::{DocumentKind, Line, RawChange, Value, Version, write, write::actor_of},
    model::{CrewNo, PageSubject, page_id},
    record::{Part, PersonPart},
    sync::{Document, Request, Response, SealedRequest},
};

/// Somebody else's device: its key, and what it wrote on the Page of the day.
struct Other {
    key: SoftwareKey,
    word: RawChange,
}

fn page() -> DocumentId {
    page_id(VESSEL, DAY)
}

impl Other {
    fn new(n: u8) -> Self {
        let key = SoftwareKey::generate(&mut SeededEntropy::new(500 + u64::from(n)));
        let word = Self::writes(&key, n, "word");
        Self { key, word }
    }

    fn writes(key: &SoftwareKey, n: u8, text: &str) -> RawChange {
        let (dev, value) = (crate::record::device_id(&key.public_key()), Value::Text(text.into()));
        let id = format!("remark/{}/text", data_encoding::HEXLOWER.encode(&[n; 8]));
        let entries = [(id.as_str(), Some(&value))];
        write(&mut Line::default(), actor_of(dev, [n; 8]), NOON, entries).unwrap().unwrap()
    }

    /// Its chain: the genesis, and a record that names a change.
    fn vouches(&self, change: Hash) -> Vec<u8> {
        let kind = DocumentKind::Page.number();
        chain_says(&self.key, &[Body::Document { kind, id: page(), changes: vec![change] }])
    }

    fn certificate(&self) -> Body {
        Body::Certificate {
            key: self.key.public_key(),
            vessel: VESSEL,
            roles: Roles::CREW.0,
            from: NOON,
            until: None,
            genesis: None,
        }
    }
}

fn response(segments: Vec<Vec<u8>>, changes: &[RawChange]) -> Response {
    let on_page = |what: &RawChange| Document { kind: 2, id: page(), what: what.clone() };
    Response {
        time: NOON,
        have: Vec::new(),
        documents: vec![Document { kind: 1, id: DocumentId(VESSEL.0), what: Version::default() }],
        segments,
        changes: changes.iter().map(on_page).collect(),
        receipts: Vec::new(),
        problems: Vec::new(),
        tree_head: None,
        more: false,
    }
}

fn request(phone: &mut Phone, secs: i64) -> Request {
    SealedRequest::decode(&phone.sync_request(&at(secs)).unwrap()).unwrap().1
}

#[test]
fn two_records_at_one_place_of_a_chain_are_both_kept_and_both_vouch() {
    let (folder, mut phone) = certified(40, Roles::CREW);
    let forger = Other::new(1);
    let twin = Other::writes(&forger.key, 2, "twin");
    let bodies = [certificate(&phone, Roles::CREW, None), forger.certificate()];
    let segments =
        vec![shore_says(&bodies), forger.vouches(forger.word.hash), forger.vouches(twin.hash)];
    let response = response(segments, &[forger.word.clone(), twin.clone()]).encode();
    let outcome = phone.sync_response(&response, &at(10)).unwrap();
    assert_eq!((outcome.new_segments, outcome.new_changes, outcome.refused), (3, 2, 0));
    let again = phone.sync_response(&response, &at(11)).unwrap();
    assert_eq!((again.new_segments, again.new_changes), (0, 0));
    let both = |phone: &mut Phone| {
        let dev = crate::record::device_id(&forger.key.public_key());
        let versions = texts(phone);
        assert_eq!(versions.len(), 2);
        assert!(versions.iter().all(|version| version.by.dev == dev && version.by.record.seq == 1));
        assert_eq!(versions.iter().filter(|version| version.beside).count(), 1);
        let have = request(phone, 20).have;
        let runs = have.iter().find(|(named, _)| *named == dev).unwrap().1.clone();
        assert_eq!(runs.len(), 2, "both branches are named: {runs:?}");
        assert!(runs.iter().all(|run| (run.from, run.to) == (0, 1)));
    };
    both(&mut phone);
    drop(phone);
    both(&mut reopened(&folder, 30));
}

#[test]
fn a_page_of_many_hands_is_named_whole_and_nothing_is_sent_twice() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let word = phone.write_page(DAY, &remark("mine"), &at(8)).unwrap().change;
    let hands: Vec<Other> = (1..=20).map(Other::new).collect();
    let mut bodies = vec![certificate(&phone, Roles::CREW, None)];
    bodies.extend(hands.iter().map(Other::certificate));
    let mut segments = vec![shore_says(&bodies)];
    segments.extend(hands.iter().map(|hand| hand.vouches(hand.word.hash)));
    let words: Vec<RawChange> = hands.iter().map(|hand| hand.word.clone()).collect();
    assert_eq!(request(&mut phone, 9).changes.len(), 1);
    phone.sync_response(&response(segments, &words).encode(), &at(10)).unwrap();
    let out = request(&mut phone, 20);
    let named = out.documents.iter().find(|doc| doc.id == page()).unwrap();
    assert_eq!(named.what.heads.len(), 21, "more heads than a record names");
    assert!(named.what.heads.contains(&word) && named.what.set.is_some());
    assert_eq!((out.changes, phone.unsent_changes().unwrap()), (vec![], 0));
    // The shore names the same heads: this phone's word is there, whichever place it has among them.
    let mut same = response(Vec::new(), &[]);
    same.documents.push(named.clone());
    phone.sync_response(&same.encode(), &at(21)).unwrap();
    assert_eq!(phone.unsent_changes().unwrap(), 0);
    // One more word joins them all.
    phone.write_page(DAY, &remark("seen"), &at(30)).unwrap();
    assert_eq!(phone.page(DAY).unwrap().writings.len(), 22);
    let out = request(&mut phone, 40);
    let named = out.documents.iter().find(|doc| doc.id == page()).unwrap();
    assert_eq!(named.what.heads.len(), 1);
}

#[test]
fn an_answer_that_is_broken_off_keeps_what_had_come_and_the_next_one_brings_the_rest() {
    let others: Vec<Other> = (1..=3).map(Other::new).collect();
    let words: Vec<RawChange> = others.iter().map(|other| other.word.clone()).collect();
    let all = |phone: &Phone| {
        let mut bodies = vec![certificate(phone, Roles::CREW, None)];
        bodies.extend(others.iter().map(Other::certificate));
        let mut segments = vec![shore_says(&bodies)];
        segments.extend(others.iter().map(|other| other.vouches(other.word.hash)));
        response(segments, &words).encode()
    };
    let mut stopped = 0;
    for most in 0..20 {
        let (folder, mut phone) = certified(40, Roles::CREW);
        phone.write_page(DAY, &remark("mine"), &at(7)).unwrap();
        phone.sync_request(&at(8)).unwrap();
        let asked = Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() <= most
        };
        let response = all(&phone);
        let taken = phone.sync_response_while(&response, &at(10), &go_on);
        let count = |phone: &Phone| {
            let segments = phone.store.segments().unwrap().len() - 1;
            segments + phone.store.changes(2, page()).unwrap().len() - 1
        };
        match taken {
            Err(ResponseError::Stopped) => {
                stopped += 1;
                assert_eq!(count(&phone), most.min(7), "one thing each time it is asked");
            }
            taken => assert!(taken.is_ok(), "{taken:?}"),
        }
        // Memory says what the store says.
        let shown = texts(&mut phone);
        drop(phone);
        let mut phone = reopened(&folder, 20);
        assert_eq!(texts(&mut phone), shown);
        phone.sync_request(&at(30)).unwrap();
        phone.sync_response(&response, &at(31)).unwrap();
        assert_eq!((texts(&mut phone).len(), count(&phone)), (4, 7));
        assert_eq!(phone.unsent_changes().unwrap(), 0);
    }
    // Four segments, three changes, one document with own words.
    assert_eq!(stopped, 8);
}

#[test]
fn after_weeks_without_a_link_pages_are_asked_for_by_name_until_all_have_come() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    phone.in_force = plan();
    let asks = |phone: &mut Phone, subject: PageSubject, secs: i64| {
        let id = page_id(VESSEL, subject);
        request(phone, secs).documents.iter().any(|document| document.id == id)
    };
    let day = 86_400;
    let (first, early) = (PageSubject::Due(due()), PageSubject::Day(NOON / day + 1));
    assert!(!asks(&mut phone, first, 3_600), "a new phone asks for nothing that was before it");
    let whole = Response { time: NOON + 3_600, ..response(Vec::new(), &[]) };
    phone.sync_response(&whole.encode(), &at(3_700)).unwrap();
    assert!(!asks(&mut phone, early, 10 * day), "the shore sends these by itself");
    assert!(asks(&mut phone, early, 21 * day));
    phone.in_force = plan();
    assert!(asks(&mut phone, first, 21 * day), "the due patrol of the first night");
    // Part of the answer comes: the rest is asked for again, and then no more.
    let part = Response { time: NOON + 21 * day, more: true, ..response(Vec::new(), &[]) };
    phone.sync_response(&part.encode(), &at(21 * day + 5)).unwrap();
    assert!(asks(&mut phone, early, 21 * day + 10));
    let whole = Response { more: false, ..part };
    phone.sync_response(&whole.encode(), &at(21 * day + 15)).unwrap();
    assert!(!asks(&mut phone, early, 21 * day + 20));
    // Years in a drawer: what is asked for stays bounded.
    phone.in_force = plan();
    let out = request(&mut phone, 2_000 * day);
    assert!(out.documents.len() < 256, "{}", out.documents.len());
    assert!(out.documents.len() > 92 * 2, "{}", out.documents.len());
}

/// The shore heard of it late, and would send it for two weeks, every time.
#[test]
fn a_page_that_is_sent_again_weeks_later_is_named_from_then_on() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let other = Other::new(1);
    let bodies = [certificate(&phone, Roles::CREW, None), other.certificate()];
    let segments = vec![shore_says(&bodies), other.vouches(other.word.hash)];
    let answer = response(segments, std::slice::from_ref(&other.word));
    phone.sync_response(&answer.encode(), &at(10)).unwrap();
    let day = 86_400;
    let names = |phone: &mut Phone, secs: i64| {
        request(phone, secs).documents.iter().any(|document| document.id == page())
    };
    let heard = Response { time: NOON + 25 * day, ..response(Vec::new(), &[]) };
    assert!(names(&mut phone, 25 * day));
    phone.sync_response(&heard.encode(), &at(25 * day + 5)).unwrap();
    assert!(!names(&mut phone, 30 * day));
    let again = Response { segments: Vec::new(), time: NOON + 30 * day, ..answer };
    let outcome = phone.sync_response(&again.encode(), &at(30 * day + 5)).unwrap();
    assert_eq!(outcome.new_changes, 0);
    assert!(names(&mut phone, 30 * day + 10));
}

#[test]
fn words_that_wait_lend_their_number_to_no_other() {
    let (_folder, mut phone) = certified(40, Roles::CREW);
    let other = Other::new(1);
    let bodies = [certificate(&phone, Roles::CREW, None), other.certificate()];
    let segments = vec![shore_says(&bodies), other.vouches(other.word.hash)];
    let response = response(segments, std::slice::from_ref(&other.word));
    phone.sync_response(&response.encode(), &at(10)).unwrap();
    let first = phone.write_page(DAY, &remark("on top of it"), &at(20)).unwrap().change;
    // The other's records are gone, as in a store that was put together from what could be read.
    phone.vouchers = VoucherIndex::default();
    phone.reopen_vouchers().unwrap();
    phone.pages.clear();
    assert_eq!(texts(&mut phone), [], "it waits for what it builds on");
    let second = phone.write_page(DAY, &remark("meanwhile"), &at(30)).unwrap().change;
    let number = |phone: &Phone, hash: Hash| {
        let raw = phone.store.change(2, page(), hash).unwrap().unwrap();
        let header = crate::document::chunk::read(&raw.bytes).unwrap();
        (header.actor, header.seq)
    };
    assert_ne!(number(&phone, first), number(&phone, second));
    // With the records back, both are there and the one is beside the other.
    phone
        .vouchers
        .add(&Segment::decode(&response.segments[1]).unwrap().reopen().unwrap().entries[1]);
    phone.pages.clear();
    let merged = phone.merged_page(page()).unwrap();
    assert!(merged.holds(first) && merged.holds(second));
    assert_eq!(merged.refused, []);
}

#[test]
fn a_fuller_copy_of_a_segment_is_kept_whichever_came_first() {
    let other = Other::new(1);
    let kind = DocumentKind::Page.number();
    let body = Body::Document { kind, id: page(), changes: vec![other.word.hash] };
    let person = PersonPart { crew: CrewNo(11), grade: 1, how: 1 };
    let whole = chain_of(&other.key, person, &[body]);
    let full = whole.encode();
    let poor = whole.disclose(|_, part| part != Part::Person).encode();
    for (order, new) in [([&poor, &full], [1, 1]), ([&full, &poor], [1, 0])] {
        let (folder, mut phone) = certified(40, Roles::CREW);
        let bodies = [certificate(&phone, Roles::CREW, None), other.certificate()];
        hear(&mut phone, shore_says(&bodies), 8);
        for (copy, new) in order.into_iter().zip(new) {
            let response = response(vec![copy.clone()], std::slice::from_ref(&other.word));
            let outcome = phone.sync_response(&response.encode(), &at(10)).unwrap();
            assert_eq!((outcome.new_segments, outcome.refused), (new, 0));
        }
        assert_eq!(texts(&mut phone)[0].by.crew, CrewNo(11));
        drop(phone);
        assert_eq!(texts(&mut reopened(&folder, 20))[0].by.crew, CrewNo(11));
    }
}
