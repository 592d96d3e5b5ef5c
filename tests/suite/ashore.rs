//! What people ashore write on Pages, as people do it: links and forms of real pages, until a phone reads it.

mod days;
mod refused;

use deckwatch::demo::{fleet::SHIPS, phone::SimulatedPhone};
use deckwatch_core::{
    authority::Roles,
    model::{Hash, PageSubject},
    page::{Draft, On, PageContent, WritingKind},
    phone::PageError,
};
use deckwatch_tests::{
    BEGIN, DAY, TestShore, TestVessel,
    browser::{Answer, Fields, form, links, open, post_form, set},
    walk,
};

/// Somebody ashore who has a page open.
struct Reader<'s> {
    shore: &'s TestShore,
    path: String,
}

impl<'s> Reader<'s> {
    fn at(shore: &'s TestShore, path: String) -> Self {
        Self { shore, path }
    }

    fn page(&self) -> String {
        self.shore.get(&self.path)
    }

    /// The form behind the link with these words, of several the one that names `about`.
    fn form(&self, words: &str, about: &str) -> Fields {
        let page = self.page();
        let links = links(&page, words);
        let link = links.iter().find(|href| href.contains(about));
        let link = link.unwrap_or_else(|| panic!("no link {words} {about} on {page}"));
        form(&self.shore.get(link), "sheet")
    }

    fn send(&self, fields: &Fields) -> Answer {
        let origin = format!("http://{}", self.shore.address);
        let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        post_form(self.shore.address, &format!("{}/write", self.path), fields, &headers)
    }

    /// Sends a form that is written at once.
    fn write(&self, fields: &Fields) {
        let answer = self.send(fields);
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.location, format!("{}?written=yes#writings", self.path));
    }

    /// Sends a form that is shown once more, and gives the form of its buttons.
    fn preview(&self, fields: &Fields) -> Fields {
        let answer = self.send(fields);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("Nothing was written yet."), "{}", answer.text);
        form(&answer.text, "")
    }

    fn confirm(&self, mut preview: Fields) -> Answer {
        preview.insert("step".to_owned(), "confirm".to_owned());
        self.send(&preview)
    }
}

/// An officer's phone and one that walks, both enrolled and synced.
fn crewed(shore: &TestShore, seed: u64) -> (TestVessel, SimulatedPhone, SimulatedPhone) {
    let ship = shore.commission(&SHIPS[0], seed);
    let (officer, walker) = shore.crewed(&ship, BEGIN);
    (ship, officer, walker)
}

fn write(phone: &mut SimulatedPhone, subject: PageSubject, draft: &Draft, at: i64) -> String {
    let reading = phone.clock.read(at * 1_000);
    phone.phone.write_page(subject, draft, &reading).unwrap().id
}

fn remark(text: &str) -> Draft {
    Draft::Remark { on: On::Patrol, text: text.into() }
}

/// Twice, so that what the first round brought ashore reaches all in the second.
fn sync(shore: &TestShore, phones: &mut [&mut SimulatedPhone], at: i64) {
    for round in 0..2 {
        for phone in phones.iter_mut() {
            shore.sync(phone, at + round * 300);
        }
    }
}

fn only(page: &PageContent, kind: WritingKind) -> &deckwatch_core::page::Writing {
    let mut all = page.of(kind);
    let first = all.next().unwrap();
    assert!(all.next().is_none(), "one {kind:?}");
    first
}

#[test]
fn a_flag_is_answered_settled_and_countersigned_and_the_phone_reads_it() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 71);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    walk(&mut walker, &ship.plan, due, due.opens + 60, &[2]);
    sync(&shore, &mut [&mut walker, &mut officer], due.deadline() + 600);

    let reader = Reader::at(&shore, format!("/patrols/{}", due.id));
    let page = reader.page();
    assert!(page.contains("not settled"), "{page}");
    let flag = page.split(" id=\"flag-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // The patroller replies to the flag, the shore asks back.
    let at = due.deadline() + 3_600;
    let flag_id = Hash::from_hex(&flag).unwrap();
    let reply = Draft::Reply { flag: flag_id, text: "The hatch was welded shut.".into() };
    let reply = write(&mut walker, subject, &reply, at);
    sync(&shore, &mut [&mut walker, &mut officer], at + 60);
    let page = reader.page();
    assert!(page.contains("The hatch was welded shut."), "{page}");
    assert!(page.contains(&format!("href=\"#flag-{flag}\"")), "the reply leads to its flag");
    let mut ask = reader.form("Answer", &format!("id={reply}"));
    set(&mut ask, "text", "Since when?\r\nAnd who welded it?");
    reader.write(&ask);

    // It is settled, having been seen once more.
    let mut settle = reader.form("Settle", &format!("flag={flag}"));
    set(&mut settle, "outcome", "1");
    set(&mut settle, "text", "Welded by the yard on 30 October.");
    let preview = reader.preview(&settle);
    assert!(
        !reader.page().contains("Welded by the yard"),
        "nothing is written before it is confirmed"
    );
    assert_eq!(reader.confirm(preview.clone()).status, 303);
    // Pressing the button twice writes once.
    assert_eq!(reader.confirm(preview).status, 303);
    let mut signs = reader.form("Countersign", "");
    set(&mut signs, "text", "Read in full.");
    reader.write(&signs);
    let page = shore.get(&format!("{}?written=yes", reader.path));
    for expected in ["Written. The phones get it", "explained", "Countersigned", "Since when?"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("not settled"), "{page}");
    assert!(shore.get("/flags").contains("class=\"settled\""), "the inbox says it too");

    sync(&shore, &mut [&mut walker, &mut officer], at + 1_200);
    let ashore = shore.shore.page(ship.vessel, subject).unwrap();
    for phone in [&mut walker, &mut officer] {
        let page = phone.phone.page(subject).unwrap();
        assert_eq!(page, ashore);
        let settled = only(&page, WritingKind::Disposition);
        assert_eq!((settled.text("flag"), settled.int("outcome")), (Some(flag.as_str()), Some(1)));
        assert!(settled.by.unwrap().roles.has(Roles::SHORE));
        let asked = only(&page, WritingKind::Review);
        assert_eq!(asked.text("on"), Some(format!("writing {reply}").as_str()));
        assert_eq!(asked.text("text"), Some("Since when?\nAnd who welded it?"));
        assert_eq!(only(&page, WritingKind::Countersignature).text("text"), Some("Read in full."));
    }
    // And the thread goes on from the phone.
    let on = Draft::Reply { flag: flag_id, text: "By the yard.".into() };
    write(&mut walker, subject, &on, at + 2_400);
    shore.sync(&mut walker, at + 2_460);
    assert!(reader.page().contains("By the yard."));
}

#[test]
fn a_reason_is_decided_on_ashore_as_it_was_seen_and_nobody_excuses_his_own() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 72);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY);
    let at = due[1].deadline() + 600;
    let reason = Draft::Reason { on: On::Patrol, code: 1, text: "Gale, decks closed.".into() };
    let subjects = [PageSubject::Due(due[0].id), PageSubject::Due(due[1].id)];
    let ids: Vec<String> =
        subjects.iter().map(|subject| write(&mut walker, *subject, &reason, at)).collect();
    sync(&shore, &mut [&mut walker, &mut officer], at + 60);

    let reader = Reader::at(&shore, format!("/patrols/{}", due[0].id));
    let mut decide = reader.form("Decide", &format!("id={}", ids[0]));
    assert_eq!(decide["accepted"], "", "nothing is chosen for the reader");
    let unclear = reader.send(&decide);
    assert_eq!(unclear.status, 422);
    assert!(unclear.text.contains("Choose one of the list."), "{}", unclear.text);
    set(&mut decide, "accepted", "1");
    let preview = reader.preview(&decide);
    // While it is looked at, the patroller rewords the reason.
    let kind = WritingKind::Reason;
    let text = "I overslept.".to_owned();
    write(&mut walker, subjects[0], &Draft::Correct { kind, id: ids[0].clone(), text }, at + 900);
    shore.sync(&mut walker, at + 960);
    let moved = reader.confirm(preview);
    assert_eq!(moved.status, 409);
    assert!(moved.text.contains("Somebody wrote on this page since"), "{}", moved.text);
    assert!(moved.text.contains("I overslept."), "as it is now: {}", moved.text);
    assert!(reader.page().contains("missed"), "nothing was accepted");
    let mut again = form(&moved.text, "sheet");
    set(&mut again, "accepted", "2");
    let preview = reader.preview(&again);
    assert_eq!(reader.confirm(preview).status, 303);
    let page = reader.page();
    assert!(page.contains("not accepted") && !page.contains("Excused by"), "{page}");

    let other = Reader::at(&shore, format!("/patrols/{}", due[1].id));
    let mut decide = other.form("Decide", "");
    set(&mut decide, "accepted", "1");
    let preview = other.preview(&decide);
    assert_eq!(other.confirm(preview).status, 303);
    assert!(other.page().contains("Excused by the shore"), "{}", other.page());
    sync(&shore, &mut [&mut walker, &mut officer], at + 2_000);
    assert!(walker.phone.page(subjects[1]).unwrap().writings[0].accepted.is_some());

    // The shore's own reason has no such link, and its form is refused, opened or forged.
    let third = PageSubject::Due(due[2].id);
    shore.clock.set(due[2].deadline() + 600);
    for phone in [&mut walker, &mut officer] {
        shore.sync(phone, due[2].deadline() + 600);
        shore.sync(phone, due[2].deadline() + 900);
    }
    shore.shore.write_page(ship.vessel, third, &reason).unwrap();
    let own = shore.shore.page(ship.vessel, third).unwrap().writings[0].id.clone();
    let reader = Reader::at(&shore, format!("/patrols/{}", due[2].id));
    assert_eq!(links(&reader.page(), "Decide"), [""; 0]);
    let asked = format!("{}/write?form=accept&id={own}", reader.path);
    let refused = open(shore.address, &asked, &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("nobody accepts his own"), "{}", refused.text);
    let mut forged = reader.form("Correct", &format!("id={own}"));
    forged.remove("text");
    forged.insert("form".to_owned(), "accept".to_owned());
    forged.insert("accepted".to_owned(), "1".to_owned());
    assert_eq!(reader.confirm(forged).status, 409);
    let page = reader.page();
    assert!(page.contains("missed") && !page.contains("Excused by"), "{page}");
}

#[test]
fn a_closed_page_has_no_forms_and_can_be_opened_again() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 73);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.deadline() + 600;
    let text = "Lamp broken.".to_owned();
    write(&mut walker, subject, &Draft::Defect { on: On::Patrol, text }, at);
    sync(&shore, &mut [&mut walker, &mut officer], at + 60);
    let reader = Reader::at(&shore, format!("/patrols/{}", due.id));
    let mut typed = reader.form("Write a remark", "");
    set(&mut typed, "text", "Typed while it was closed.");

    let close = links(&reader.page(), "Close this page").remove(0);
    let asked = shore.get(&close);
    for left in ["Nobody settled the flag", "The defect “Lamp broken.” is open."] {
        assert!(asked.contains(left), "{left}: {asked}");
    }
    let close = form(&asked, "sheet");
    // What came meanwhile was not seen, so the page is not closed over it.
    write(&mut walker, subject, &remark("One more thing."), at + 500);
    shore.sync(&mut walker, at + 520);
    let moved = reader.send(&close);
    assert_eq!(moved.status, 409);
    reader.write(&form(&moved.text, "sheet"));
    let page = reader.page();
    assert!(
        page.contains("Reviewed and closed by</strong>") && page.contains("the shore, written")
    );
    for words in ["Write a remark", "Answer", "Settle", "Close", "Countersign"] {
        assert_eq!(links(&page, words), [""; 0], "{words}");
    }
    let late = reader.send(&typed);
    assert_eq!(late.status, 422);
    assert!(late.text.contains("Typed while it was closed."), "what was typed is kept");
    assert!(late.text.contains("This page was closed"), "{}", late.text);
    let asked = open(shore.address, &format!("{}/write?form=remark", reader.path), &[]);
    assert_eq!(asked.status, 409);

    sync(&shore, &mut [&mut walker, &mut officer], at + 1_200);
    let reading = walker.clock.read((at + 1_900) * 1_000);
    let refused = walker.phone.write_page(subject, &remark("More."), &reading).unwrap_err();
    assert!(
        matches!(refused, PageError::Page(deckwatch_core::page::PageWriteError::Closed)),
        "{refused}"
    );

    reader.write(&reader.form("Open it again", ""));
    assert!(reader.page().contains("opened again by"), "{}", reader.page());
    reader.write(&typed);
    sync(&shore, &mut [&mut walker, &mut officer], at + 2_400);
    write(&mut walker, subject, &remark("More."), at + 3_000);
    let page = walker.phone.page(subject).unwrap();
    assert!(page.closed.is_none() && page.reopened.is_some());
    assert_eq!(page.of(WritingKind::Remark).count(), 3);
}

#[test]
fn own_words_are_corrected_and_taken_back_and_stay_readable() {
    let shore = TestShore::start();
    let (ship, mut officer, mut walker) = crewed(&shore, 74);
    let due = &ship.due(BEGIN + 3_600, BEGIN + DAY)[0];
    let subject = PageSubject::Due(due.id);
    let at = due.deadline() + 600;
    let theirs = write(&mut walker, subject, &remark("Theirs."), at);
    sync(&shore, &mut [&mut walker, &mut officer], at + 60);
    let reader = Reader::at(&shore, format!("/patrols/{}", due.id));

    // What is wrong stands beside its field, and what was typed is still there.
    let mut fields = reader.form("Write a remark", "");
    for (text, wrong) in [
        ("  \r\n ".to_owned(), "Nothing was written. Type a text."),
        ("é".repeat(2_001), "Has 2,001 characters. At most 2,000 characters."),
    ] {
        set(&mut fields, "text", &text);
        let answer = reader.send(&fields);
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("id=\"wrong-text\""), "{}", answer.text);
        assert!(answer.text.contains(wrong), "{}", answer.text);
        assert!(answer.text.contains(text.trim()), "the text is kept");
    }
    set(&mut fields, "on", &On::Point(due.points[1]).words());
    set(&mut fields, "text", "Door 3 <was> open.");
    reader.write(&fields);
    reader.write(&fields);
    let page = shore.shore.page(ship.vessel, subject).unwrap();
    let own = page.of(WritingKind::Remark).find(|it| it.id != theirs).unwrap().clone();
    assert_eq!(page.of(WritingKind::Remark).count(), 2, "sent twice, written once");
    assert_eq!(own.text("on"), Some(On::Point(due.points[1]).words().as_str()));

    let mut correct = reader.form("Correct", &format!("id={}", own.id));
    assert_eq!(correct["text"], "Door 3 <was> open.", "as a browser reads it");
    set(&mut correct, "text", "Door 4 was open.");
    reader.write(&correct);
    let html = reader.page();
    assert!(html.contains("<bdi>Door 4 was open.</bdi>"), "{html}");
    assert!(
        html.contains("<bdi>Door 3 &#60;was&#62; open.</bdi>") && html.contains("written over")
    );
    reader.write(&reader.form("Take back", &format!("id={}", own.id)));
    let html = reader.page();
    assert!(html.contains("taken back") && html.contains("Nothing of it stands."), "{html}");

    // The words of others are theirs.
    assert!(links(&html, "Correct").iter().all(|href| !href.contains(&theirs)));
    let asked = format!("{}/write?form=correct&id={theirs}", reader.path);
    let refused = open(shore.address, &asked, &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("Only who wrote something corrects it"), "{}", refused.text);
    set(&mut correct, "id", &theirs);
    correct.insert("name".to_owned(), "00".repeat(8));
    assert_eq!(reader.send(&correct).status, 409);
    // Nor is anything begun under the name of theirs.
    let mut crafted = fields.clone();
    crafted.insert("name".to_owned(), theirs.clone());
    assert_eq!(reader.send(&crafted).status, 422);
    sync(&shore, &mut [&mut walker, &mut officer], at + 1_200);
    let page = walker.phone.page(subject).unwrap();
    let theirs = page.writings.iter().find(|it| it.id == theirs).unwrap();
    assert_eq!(theirs.text("text"), Some("Theirs."));
}
