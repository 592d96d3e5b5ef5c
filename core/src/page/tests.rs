//! Several hands on one Page.

use super::*;
use crate::{
    authority::Roles,
    document::{
        DocumentKind, Merged, RawChange, Value, Voucher, Vouchers, merge, write, write::actor_of,
    },
    model::{
        CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, PageSubject, RecordRef, VesselId,
        page_id,
    },
    record::PersonPart,
};

const VESSEL: VesselId = VesselId([7; 16]);
const SUBJECT: PageSubject = PageSubject::Due(DueId([9; 16]));

struct Hand {
    dev: DeviceId,
    roles: Roles,
    crew: u32,
}

const CREW: Hand = Hand { dev: DeviceId([1; 8]), roles: Roles::CREW, crew: 11 };
const MATE: Hand = Hand { dev: DeviceId([2; 8]), roles: Roles::CREW, crew: 12 };
const OFFICER: Hand = Hand { dev: DeviceId([3; 8]), roles: Roles(3), crew: 2 };

/// A Page that hands write on, each from the version they have.
#[derive(Default)]
struct Book {
    changes: Vec<RawChange>,
    vouchers: Vec<(Hash, Voucher)>,
}

impl Book {
    fn id(&self) -> DocumentId {
        page_id(VESSEL, SUBJECT)
    }

    fn merged(&self, changes: &[RawChange]) -> Merged {
        let vouchers: Vouchers = self.vouchers.iter().copied().collect();
        merge(DocumentKind::Page, changes, &vouchers)
    }

    fn read(&self) -> PageContent {
        PageContent::read(VESSEL, self.id(), &self.merged(&self.changes))
    }

    /// Writes from the version that the first `seen` changes make.
    fn write(&mut self, hand: &Hand, seen: usize, draft: &Draft) -> String {
        let id = [self.changes.len() as u8; 8];
        let mut entries = draft.entries(id).unwrap();
        entries.push((keys::ABOUT.into(), Some(Value::Text(keys::about(SUBJECT)))));
        self.put(hand, seen, &entries);
        data_encoding::HEXLOWER.encode(&id)
    }

    fn put(&mut self, hand: &Hand, seen: usize, entries: &[(String, Option<Value>)]) {
        let own = self.changes.iter().skip(seen).filter(|raw| {
            self.vouchers.iter().any(|(hash, by)| *hash == raw.hash && by.record.dev == hand.dev)
        });
        let known: Vec<RawChange> = self.changes.iter().take(seen).chain(own).cloned().collect();
        let mut line = self.merged(&known).main().clone();
        let named = entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        let change = write(&mut line, actor_of(hand.dev, hand.dev.0), 0, named).unwrap().unwrap();
        let seq = self.changes.len() as u64 + 1;
        let record = RecordRef { dev: hand.dev, seq, hash: Hash::of(&seq.to_be_bytes()) };
        let person = Some(PersonPart { crew: CrewNo(hand.crew), grade: 1, how: 1 });
        self.vouchers.push((change.hash, Voucher { record, index: 0, person, roles: hand.roles }));
        self.changes.push(change);
    }
}

fn remark(text: &str) -> Draft {
    Draft::Remark { on: On::Patrol, text: text.into() }
}

#[test]
fn every_word_has_its_author_and_nothing_that_was_said_is_gone() {
    let mut book = Book::default();
    let id = book.write(&CREW, 0, &remark("door 3 was open"));
    let kind = WritingKind::Remark;
    book.write(&CREW, 1, &Draft::Correct { kind, id: id.clone(), text: "door 4 was open".into() });
    book.write(&MATE, 2, &Draft::TakeBack { kind, id: id.clone() });
    let page = book.read();
    assert_eq!(page.about, Some(SUBJECT));
    let [writing] = page.writings.as_slice() else { panic!("{page:?}") };
    assert_eq!((writing.id.as_str(), writing.by.unwrap().crew), (id.as_str(), CrewNo(11)));
    let versions = &writing.fields["text"].versions;
    let said: Vec<_> =
        versions.iter().map(|it| (it.value.clone(), it.by.crew.0, it.stands)).collect();
    let text = |text: &str| Some(Value::Text(text.into()));
    assert_eq!(
        said,
        [
            (text("door 3 was open"), 11, false),
            (text("door 4 was open"), 11, false),
            (None, 12, false)
        ]
    );
    assert_eq!(writing.text("text"), None, "it was taken back");
}

#[test]
fn two_answers_at_once_are_both_shown_and_a_correction_settles_them() {
    let mut book = Book::default();
    let point = CheckpointId([4; 8]);
    let answer = |milli| Draft::Answer { point, item: "co2".into(), answer: Answer::Milli(milli) };
    book.write(&CREW, 0, &answer(60_500));
    book.write(&MATE, 0, &answer(61_000));
    let page = book.read();
    let field = &page.writings[0].fields["milli"];
    assert_eq!(page.writings.len(), 1, "one item, one register");
    assert_eq!(field.standing().count(), 2);
    book.write(&CREW, 2, &answer(60_700));
    let page = book.read();
    assert_eq!(page.writings[0].fields["milli"].standing().count(), 1);
    assert_eq!(page.writings[0].int("milli"), Some(60_700));
    assert_eq!(page.writings[0].fields["milli"].versions.len(), 3);
}

#[test]
fn what_is_for_reviewers_counts_only_from_them() {
    let mut book = Book::default();
    let reason = Draft::Reason { on: On::Patrol, code: 1, text: "gale, decks closed".into() };
    let id = book.write(&CREW, 0, &reason);
    let accept = |accepted| Draft::Accept { reason: id.clone(), accepted };
    // Somebody's app writes it all the same.
    book.put(&MATE, 1, &accept(true).entries([0; 8]).unwrap());
    assert_eq!(book.read().writings[0].int("accepted"), None);
    assert!(!book.read().writings[0].fields["accepted"].versions[0].counts);
    book.write(&OFFICER, 2, &accept(true));
    let page = book.read();
    assert_eq!(page.writings[0].int("accepted"), Some(1));
    assert_eq!(page.writings[0].fields["accepted"].current().unwrap().by.crew, CrewNo(2));
    // Nor does writing over it take it away, nor a value out of its range.
    book.put(&MATE, 3, &[(format!("reason/{id}/accepted"), Some(Value::Int(2)))]);
    book.put(&MATE, 4, &[(format!("reason/{id}/accepted"), None)]);
    book.put(&OFFICER, 5, &[(format!("reason/{id}/accepted"), Some(Value::Int(9)))]);
    assert_eq!(book.read().writings[0].int("accepted"), Some(1));
    // Another reviewer's word does, also on top of all that.
    book.write(&OFFICER, 6, &accept(false));
    let page = book.read();
    assert_eq!(page.writings[0].int("accepted"), Some(2));
    let accepted = &page.writings[0].fields["accepted"];
    assert_eq!((accepted.standing().count(), accepted.versions.len()), (1, 6));
}

#[test]
fn what_somebody_cleared_who_may_not_can_still_be_taken_back() {
    let mut book = Book::default();
    let text = "settled: a gale".to_owned();
    let flag = Hash::of(b"flag");
    let id = book.write(&OFFICER, 0, &Draft::Disposition { flag, outcome: 1, text });
    book.put(&CREW, 1, &[(format!("disposition/{id}/text"), None)]);
    assert_eq!(book.read().writings[0].text("text"), Some("settled: a gale"));
    let back = Draft::TakeBack { kind: WritingKind::Disposition, id };
    let hand = super::Hand { dev: OFFICER.dev, run: [8; 8], roles: OFFICER.roles, now: 0 };
    let merged = book.merged(&book.changes);
    assert!(change_of((VESSEL, SUBJECT), &merged, (&back, [0xdd; 8]), hand).is_ok());
    book.put(&OFFICER, 2, &back.entries([0; 8]).unwrap());
    assert_eq!(book.read().writings[0].text("text"), None);
    assert_eq!(book.read().writings[0].int("outcome"), None);
    let merged = book.merged(&book.changes);
    let again = change_of((VESSEL, SUBJECT), &merged, (&back, [0xdd; 8]), hand);
    assert_eq!(again.unwrap_err(), PageWriteError::Nothing);
}

#[test]
fn what_comes_after_the_closing_is_kept_and_marked() {
    let mut book = Book::default();
    book.write(&CREW, 0, &remark("before"));
    book.write(&OFFICER, 1, &Draft::Close);
    book.write(&MATE, 1, &remark("at once"));
    book.put(&CREW, 3, &[("page/closed".into(), Some(Value::Int(1)))]);
    let page = book.read();
    assert_eq!(page.closed.map(|by| by.crew), Some(CrewNo(2)), "a patroller opens nothing again");
    let late: Vec<bool> =
        page.writings.iter().map(|it| it.fields["text"].versions[0].after_closing).collect();
    assert_eq!(late, [false, true]);
    assert_eq!(page.writings[1].text("text"), Some("at once"));
}

#[test]
fn a_page_cannot_say_that_it_is_another() {
    let mut book = Book::default();
    let other = keys::about(PageSubject::Day(3));
    book.put(&CREW, 0, &[(keys::ABOUT.into(), Some(Value::Text(other)))]);
    assert_eq!(book.read().about, None);
    book.put(&CREW, 1, &[("future/1/x".into(), Some(Value::Int(1)))]);
    assert_eq!(book.read().unknown, ["future/1/x"]);
    for subject in
        [SUBJECT, PageSubject::Day(-3), PageSubject::Unplanned { dev: DeviceId([8; 8]), patrol: 5 }]
    {
        assert_eq!(keys::subject_of(&keys::about(subject)), Some(subject));
    }
    for text in ["", "due", "day 03", "day 3 ", "due xyz", "unplanned 0101010101010101"] {
        assert_eq!(keys::subject_of(text), None, "{text}");
    }
}

#[test]
fn a_draft_that_says_nothing_or_too_much_is_refused() {
    assert_eq!(remark(" \n").entries([0; 8]), Err(DraftError::Empty));
    let long = "x".repeat(keys::MAX_TEXT + 1);
    assert_eq!(remark(&long).entries([0; 8]), Err(DraftError::TooLong(keys::MAX_TEXT + 1)));
    assert!(remark(&"é".repeat(keys::MAX_TEXT)).entries([0; 8]).is_ok());
    let correct = Draft::Correct { kind: WritingKind::Remark, id: "../x".into(), text: "x".into() };
    assert!(matches!(correct.entries([0; 8]), Err(DraftError::NoSuch(_))));
    let answer = Draft::Answer {
        point: CheckpointId([1; 8]),
        item: "A/B".into(),
        answer: Answer::Yes(true),
    };
    assert!(answer.entries([0; 8]).is_err());
    for kind in WritingKind::ALL {
        assert_eq!(WritingKind::from_word(kind.word()), Some(kind));
    }
    for on in [
        On::Patrol,
        On::Point(CheckpointId([1; 8])),
        On::Scan(Hash([2; 32])),
        On::Flag(Hash([3; 32])),
    ] {
        assert_eq!(On::from_words(&on.words()), Some(on));
    }
}

#[test]
fn every_kind_is_written_and_read_back() {
    let flag = Hash([5; 32]);
    let on = || On::Patrol;
    let text = |text: &str| text.to_owned();
    let point = CheckpointId([4; 8]);
    let mut book = Book::default();
    let mut ids = Vec::new();
    let drafts: [(&Hand, Draft); 11] = [
        (&CREW, Draft::Incident { on: on(), claimed: 1_800_000_000, text: text("smoke") }),
        (&CREW, Draft::Defect { on: On::Point(point), text: text("lamp") }),
        (&CREW, Draft::Reason { on: on(), code: 5, text: text("closed") }),
        (&MATE, Draft::Answer { point, item: text("door"), answer: Answer::Yes(true) }),
        (&MATE, Draft::Answer { point, item: text("words"), answer: Answer::Text(text("fine")) }),
        (&CREW, remark("quiet")),
        (&MATE, Draft::Handover { text: text("watch the vent") }),
        (&CREW, Draft::Reply { flag, text: text("I was at the vent") }),
        (&OFFICER, Draft::Review { on: On::Flag(flag), text: text("why?") }),
        (&OFFICER, Draft::Disposition { flag, outcome: 1, text: text("explained") }),
        (&OFFICER, Draft::Countersign { text: text("read and agreed") }),
    ];
    for (hand, draft) in &drafts {
        ids.push(book.write(hand, ids.len(), draft));
    }
    let amendment = Draft::Amendment { incident: ids[0].clone(), text: text("steam") };
    book.write(&MATE, ids.len(), &amendment);
    let page = book.read();
    let kinds: Vec<WritingKind> = page.writings.iter().map(|it| it.kind).collect();
    for kind in WritingKind::ALL {
        let found: Vec<&Writing> = page.of(kind).collect();
        assert!(!found.is_empty(), "{kind:?} is not on {kinds:?}");
        for writing in found {
            let stands = writing.fields.values().all(|field| field.current().is_some());
            assert!(stands, "{writing:?}");
        }
    }
    let only = |kind| page.of(kind).next().unwrap();
    assert_eq!(only(WritingKind::Amendment).text("of"), Some(ids[0].as_str()));
    assert_eq!(only(WritingKind::Reply).text("flag"), Some(flag.to_string().as_str()));
    assert_eq!(only(WritingKind::Disposition).int("outcome"), Some(1));
    assert_eq!(only(WritingKind::Countersignature).by.unwrap().crew, CrewNo(2));
    // A patroller's countersignature is shown, and counts for nothing.
    let forged = Draft::Countersign { text: text("me too") }.entries([0xee; 8]).unwrap();
    book.put(&CREW, book.changes.len(), &forged);
    let page = book.read();
    let forged =
        page.of(WritingKind::Countersignature).find(|it| it.by.unwrap().dev == CREW.dev).unwrap();
    assert_eq!(forged.text("text"), None);
    assert_eq!(forged.fields["text"].versions.len(), 1);
}

#[test]
fn an_acceptance_holds_for_what_was_seen_and_for_nothing_else() {
    let mut book = Book::default();
    let point = On::Point(CheckpointId([4; 8]));
    let reason = |on: &On, text: &str| Draft::Reason { on: on.clone(), code: 1, text: text.into() };
    let id = book.write(&CREW, 0, &reason(&point, "hatch closed"));
    book.write(&OFFICER, 1, &Draft::Accept { reason: id.clone(), accepted: true });
    // Afterwards the patroller stretches it over the whole patrol, and says something else.
    let wider = format!("reason/{id}/on");
    book.put(&CREW, 2, &[(wider, Some(Value::Text("patrol".into())))]);
    let kind = WritingKind::Reason;
    book.write(&CREW, 3, &Draft::Correct { kind, id, text: "I was asleep".into() });
    let accepted = book.read().writings[0].accepted.clone().unwrap();
    assert_eq!((accepted.on, accepted.text.as_str()), (point.words(), "hatch closed"));
    // Nobody accepts his own, whichever phone he takes; nor is it undone by a word of no weight.
    let own = book.write(&OFFICER, 4, &reason(&On::Patrol, "busy"));
    book.write(&OFFICER, 5, &Draft::Accept { reason: own, accepted: true });
    let page = book.read();
    let of_officer = page.of(kind).find(|it| it.by.unwrap().crew == CrewNo(2)).unwrap();
    assert_eq!((of_officer.int("accepted"), &of_officer.accepted), (Some(1), &None));
}

#[test]
fn a_page_is_not_closed_to_words_by_many_values_under_one_key() {
    let mut book = Book::default();
    let id = book.write(&CREW, 0, &remark("one"));
    // The same device puts another value beside its own, as no writer of ours does.
    let forged = {
        let merged = book.merged(&book.changes);
        let key = format!("remark/{id}/text");
        let mut line = merged.main().clone();
        let value = Value::Text("two".into());
        let entries = [(key.as_str(), Some(&value))];
        let raw = write(&mut line, actor_of(CREW.dev, [9; 8]), 0, entries).unwrap().unwrap();
        let mut decoded = automerge::Change::from_bytes(raw.bytes).unwrap().decode();
        decoded.operations[0].pred = Vec::new().into();
        RawChange::from(&automerge::Change::from(decoded))
    };
    let record = RecordRef { dev: CREW.dev, seq: 9, hash: Hash([9; 32]) };
    let voucher = Voucher { record, index: 0, person: None, roles: Roles::CREW };
    book.vouchers.push((forged.hash, voucher));
    book.changes.push(forged.clone());
    let merged = book.merged(&book.changes);
    assert!(merged.refused.iter().any(|(hash, _)| *hash == forged.hash), "{:?}", merged.refused);
    assert_eq!(book.read().writings[0].fields["text"].standing().count(), 1);
}

#[test]
fn hidden_characters_are_not_written_and_do_not_count() {
    let mut book = Book::default();
    let id = book.write(&CREW, 0, &remark("a\u{0}b\u{202e}c"));
    assert_eq!(book.read().writings[0].text("text"), Some("abc"));
    let nul = Value::Text("x\u{0}".into());
    book.put(&CREW, 1, &[(format!("remark/{id}/text"), Some(nul))]);
    assert_eq!(book.read().writings[0].text("text"), Some("abc"));
}

#[test]
fn a_second_history_opens_no_closed_page() {
    let mut book = Book::default();
    book.write(&MATE, 0, &remark("what the officer read"));
    book.write(&OFFICER, 1, &Draft::Close);
    // The mate's chain turns out to have named another first change before that one.
    let mut line = crate::document::Line::default();
    let value = Value::Text("made up".into());
    let entries = [("remark/00000000000000aa/text", Some(&value))];
    let twin = write(&mut line, actor_of(MATE.dev, MATE.dev.0), 0, entries).unwrap().unwrap();
    let record = RecordRef { dev: MATE.dev, seq: 0, hash: Hash([1; 32]) };
    let voucher = Voucher { record, index: 0, person: None, roles: Roles::CREW };
    book.vouchers.push((twin.hash, voucher));
    book.changes.push(twin);
    let page = book.read();
    assert_eq!(page.closed.map(|by| by.crew), Some(CrewNo(2)));
    let late: Vec<bool> =
        page.writings.iter().map(|it| it.fields["text"].versions[0].after_closing).collect();
    assert_eq!(late.iter().filter(|late| **late).count(), 1, "{page:?}");
}

#[test]
fn a_second_history_closes_no_page_that_was_opened_again() {
    let mut book = Book::default();
    book.write(&MATE, 0, &remark("before"));
    book.write(&OFFICER, 1, &Draft::Close);
    assert!(book.read().closed.is_some());
    book.put(&OFFICER, 2, &[(keys::CLOSED.into(), None)]);
    book.write(&MATE, 3, &remark("after it was opened"));
    // The mate writes again under the number of that change, on the Page as it was when it was closed.
    let mut line = book.merged(&book.changes[..2]).main().clone();
    let value = Value::Text("made up".into());
    let entries = [("remark/00000000000000aa/text", Some(&value))];
    let twin = write(&mut line, actor_of(MATE.dev, MATE.dev.0), 0, entries).unwrap().unwrap();
    let record = RecordRef { dev: MATE.dev, seq: 99, hash: Hash([1; 32]) };
    let voucher = Voucher { record, index: 0, person: None, roles: Roles::CREW };
    book.vouchers.push((twin.hash, voucher));
    book.changes.push(twin.clone());
    let merged = book.merged(&book.changes);
    let beside = merged.lines().nth(1).unwrap();
    assert!(beside.holds(twin.hash) && beside.value(keys::CLOSED).is_some());
    assert_eq!(book.read().closed, None);
    // What an officer closes there, on a line that nobody opened, is closed.
    let mut line = beside.clone();
    let entries = [(keys::CLOSED, Some(&Value::Int(1)))];
    let closing = write(&mut line, actor_of(OFFICER.dev, [9; 8]), 0, entries).unwrap().unwrap();
    let record = RecordRef { dev: OFFICER.dev, seq: 99, hash: Hash([2; 32]) };
    let voucher = Voucher { record, index: 0, person: None, roles: OFFICER.roles };
    book.vouchers.push((closing.hash, voucher));
    book.changes.push(closing);
    assert_eq!(book.read().closed.map(|by| by.record.seq), Some(99));
}

#[test]
fn who_began_a_writing_cannot_be_forged_with_a_low_counter() {
    const FORGER: Hand = Hand { dev: DeviceId([4; 8]), roles: Roles::CREW, crew: 14 };
    let mut book = Book::default();
    book.write(&MATE, 0, &remark("quiet"));
    let id = book.write(&CREW, 1, &remark("door 3 was open"));
    let begun = |book: &Book| {
        let page = book.read();
        page.writings.iter().find(|it| it.id == id).unwrap().by.map(|by| by.crew)
    };
    // Others write on it who have seen it: it stays who it was.
    let kind = WritingKind::Remark;
    let correct = Draft::Correct { kind, id: id.clone(), text: "door 4 was open".into() };
    book.write(&OFFICER, 2, &correct);
    assert_eq!(begun(&book), Some(CrewNo(11)));
    // Somebody takes the id, and builds on nothing at all.
    let key = format!("remark/{id}/text");
    book.put(&FORGER, 0, &[(key, Some(Value::Text("door 3 was shut".into())))]);
    let page = book.read();
    let writing = page.writings.iter().find(|it| it.id == id).unwrap();
    let oldest = &writing.fields["text"].versions[0];
    assert_eq!(oldest.by.crew, CrewNo(14), "its counter is the lowest");
    assert_eq!(writing.by, None, "and nobody says that it was the first");
    let mut authors: Vec<u32> = writing.authors().map(|by| by.crew.0).collect();
    authors.sort_unstable();
    assert_eq!(authors, [2, 11, 14]);
    // What does not count takes no claim away.
    let of_officer = book.write(&OFFICER, 4, &Draft::Countersign { text: "read".into() });
    let key = format!("countersignature/{of_officer}/text");
    book.put(&FORGER, 0, &[(key, Some(Value::Text("read".into())))]);
    let page = book.read();
    let signed = page.of(WritingKind::Countersignature).next().unwrap();
    assert_eq!((signed.by.unwrap().crew, signed.fields["text"].versions.len()), (CrewNo(2), 2));
}

#[test]
fn who_writes_next_says_what_a_page_is_about_where_it_was_said_falsely() {
    let mut book = Book::default();
    let other = keys::about(PageSubject::Day(3));
    book.put(&CREW, 0, &[(keys::ABOUT.into(), Some(Value::Text(other)))]);
    book.put(&CREW, 1, &[(keys::ABOUT.into(), Some(Value::Int(7)))]);
    assert_eq!(book.read().about, None);
    let next = |book: &Book, draft: &Draft| {
        let hand = super::Hand { dev: MATE.dev, run: [8; 8], roles: Roles::CREW, now: 0 };
        let merged = book.merged(&book.changes);
        change_of((VESSEL, SUBJECT), &merged, (draft, [0xdd; 8]), hand)
    };
    let change = next(&book, &remark("here")).unwrap();
    let record = RecordRef { dev: MATE.dev, seq: 50, hash: Hash([5; 32]) };
    let voucher = Voucher { record, index: 0, person: None, roles: Roles::CREW };
    book.vouchers.push((change.hash, voucher));
    book.changes.push(change);
    assert_eq!(book.read().about, Some(SUBJECT));
    // Said once it is not said again, nor lost by what is written over it.
    let again = crate::document::gate::form(&next(&book, &remark("again")).unwrap()).unwrap();
    assert!(again.writes.iter().all(|write| write.key != keys::ABOUT));
    book.put(&CREW, 3, &[(keys::ABOUT.into(), Some(Value::Text("day 4".into())))]);
    assert_eq!(book.read().about, Some(SUBJECT));
    let gone = Draft::TakeBack { kind: WritingKind::Remark, id: "00".repeat(8) };
    assert_eq!(next(&Book::default(), &gone), Err(PageWriteError::Nothing));
}

#[test]
fn no_text_that_a_person_writes_holds_a_hidden_character() {
    let text = "a\u{0}b\u{7}\u{1b}c\u{202e}\u{2066}d\u{7f}\u{85}\ne\tf".to_owned();
    let clean = Value::Text("abcd\ne\tf".into());
    let (on, flag, point) = (On::Patrol, Hash([5; 32]), CheckpointId([4; 8]));
    let id = "00".repeat(8);
    let (kind, item) = (WritingKind::Remark, "state".to_owned());
    let drafts = |text: String| {
        [
            Draft::Remark { on: on.clone(), text: text.clone() },
            Draft::Answer { point, item: item.clone(), answer: Answer::Text(text.clone()) },
            Draft::Reason { on: on.clone(), code: 1, text: text.clone() },
            Draft::Incident { on: on.clone(), claimed: 0, text: text.clone() },
            Draft::Amendment { incident: id.clone(), text: text.clone() },
            Draft::Defect { on: on.clone(), text: text.clone() },
            Draft::Handover { text: text.clone() },
            Draft::Countersign { text: text.clone() },
            Draft::Reply { flag, text: text.clone() },
            Draft::Review { on: on.clone(), text: text.clone() },
            Draft::Disposition { flag, outcome: 1, text: text.clone() },
            Draft::Correct { kind, id: id.clone(), text },
        ]
    };
    for draft in drafts(text) {
        let entries = draft.entries([1; 8]).unwrap();
        assert!(entries.iter().any(|(_, value)| value.as_ref() == Some(&clean)), "{entries:?}");
    }
    // With nothing else in it there is nothing to write.
    for draft in drafts("\u{0} \u{202e}\u{8}".into()) {
        assert_eq!(draft.entries([1; 8]), Err(DraftError::Empty), "{draft:?}");
    }
    // Whoever's app writes them all the same: they count in no field that holds a text.
    for hidden in ["x\u{0}", "\u{1f}x", "x\u{7f}", "x\u{9b}2J", "\u{202a}x", "x\r\ny"] {
        for rule in WritingKind::ALL.iter().flat_map(|kind| kind.fields()) {
            assert!(!rule.holds(&Value::Text(hidden.into())), "{hidden:?} in {}", rule.name);
        }
    }
    // Nor are ids and items a way in.
    for item in ["a\u{0}", "a\n", "\u{202e}a"] {
        let draft = Draft::Answer { point, item: item.into(), answer: Answer::Yes(true) };
        assert_eq!(draft.entries([1; 8]), Err(DraftError::NoSuch("checklist item")));
        let draft = Draft::TakeBack { kind, id: format!("{}{item}", &id[item.len()..]) };
        assert_eq!(draft.entries([1; 8]), Err(DraftError::NoSuch("writing")));
    }
}

#[test]
fn a_reviewer_opens_a_closed_page_again_and_nobody_else_does() {
    let mut book = Book::default();
    book.write(&MATE, 0, &remark("before"));
    book.write(&OFFICER, 1, &Draft::Close);
    book.write(&CREW, 2, &Draft::Reopen);
    let page = book.read();
    assert_eq!((page.closed.map(|by| by.crew), page.reopened), (Some(CrewNo(2)), None));
    book.write(&OFFICER, 3, &Draft::Reopen);
    book.write(&MATE, 4, &remark("after"));
    let page = book.read();
    assert_eq!((page.closed, page.reopened.map(|by| by.crew)), (None, Some(CrewNo(2))));
    let texts = page.writings.iter().filter_map(|it| it.fields.get("text"));
    assert!(texts.flat_map(|text| &text.versions).all(|version| !version.after_closing));
    book.write(&OFFICER, 5, &Draft::Close);
    let page = book.read();
    assert_eq!((page.closed.is_some(), page.reopened), (true, None));
}
