//! Who holds the phone, checked: PINs, badges, fingers, and those who guess.

use super::{
    hands::{hear, officer_until, phone, reopened, shore_segment},
    *,
};
use crate::{
    authority::Roles,
    login::{Allowance, NewPin, Pin, PinError, VouchedBy},
    model::{CrewNo, TagUid},
    record::{PersonPart, crew},
};

const BADGE: &str = "04de5f1eacc040";

fn pin(text: &str) -> Pin {
    Pin::typed(text.to_owned()).unwrap()
}

fn new_pin(phone: &mut Phone, crew: u32, text: &str) -> NewPin {
    NewPin::choose(CrewNo(crew), &pin(text), phone.pin_salt()).unwrap()
}

pub(super) fn set(
    phone: &mut Phone,
    crew: u32,
    text: &str,
    secs: i64,
) -> Result<VouchedBy, SetPinError> {
    let new = new_pin(phone, crew, text);
    phone.set_pin(new, false, &at(secs))
}

fn log_in(phone: &mut Phone, crew: u32, text: &str, secs: i64) -> Result<PersonPart, LogInError> {
    phone.log_in(CrewNo(crew), &pin(text), &at(secs))
}

fn person(crew: u32, grade: u32, how: u64) -> PersonPart {
    PersonPart { crew: CrewNo(crew), grade, how }
}

/// The same reading in another run of the system.
fn rebooted(secs: i64) -> ClockReading {
    ClockReading { boot: [2; 8], mono: 50, ..at(secs) }
}

/// What `crew` records say: action, number, grade, how.
fn told(phone: &mut Phone) -> Vec<(u64, u32, u32, u64)> {
    let history = history(phone);
    let entries = history.iter().flat_map(|segment| &segment.entries);
    let told = entries.filter_map(|entry| match entry.body() {
        Some(Body::Crew { action }) => {
            let person = entry.person.unwrap();
            Some((*action, person.crew.0, person.grade, person.how))
        }
        _ => None,
    });
    told.collect()
}

/// A phone of the ship that knows the officer's certificate, and its own.
fn crew_phone(officer: &Phone) -> (tempfile::TempDir, Phone) {
    let (folder, mut walker) = phone(30);
    walker.enrol(&enrolment(), &at(0)).unwrap();
    let roles = Roles::OFFICER.and(Roles::CREW);
    let certified = [(officer.public_key(), roles, None), (walker.public_key(), Roles::CREW, None)];
    hear(&mut walker, shore_segment(&certified), 10);
    (folder, walker)
}

/// The officer, number 2, logged in.
fn officer() -> (tempfile::TempDir, Phone) {
    let (folder, mut officer) = officer_until(None);
    assert_eq!(set(&mut officer, 2, "204117", 20).unwrap(), VouchedBy::Certificate);
    assert_eq!(log_in(&mut officer, 2, "204117", 21).unwrap(), person(2, 1, 1));
    (folder, officer)
}

#[test]
fn a_pin_that_nobody_vouched_for_is_grade_0_and_names_what_was_checked() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    assert_eq!(set(&mut phone, 11, "481516", 5).unwrap(), VouchedBy::Nobody);
    assert_eq!(log_in(&mut phone, 11, "481516", 6).unwrap(), person(11, 0, 1));
    let entries = told(&mut phone);
    assert_eq!(entries, [(crew::PIN, 11, 0, 1), (crew::LOGIN, 11, 0, 1)]);
    // Logged in over a restart, as before.
    drop(phone);
    assert_eq!(bench.open(9).0.person(), person(11, 0, 1));
}

#[test]
fn another_pin_and_another_number_get_the_same_answer() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    let mut texts = Vec::new();
    for _ in 0..3 {
        for crew in [11, 12] {
            let error = log_in(&mut phone, crew, "481517", 6).unwrap_err();
            assert!(matches!(error, LogInError::Wrong { .. }), "{error}");
            texts.push((error.to_string(), format!("{error:?}")));
        }
    }
    assert!(texts.chunks(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
    assert_eq!(phone.person(), PersonPart::NOBODY);
    assert_eq!(told(&mut phone), [(crew::PIN, 11, 0, 1)]);
}

#[test]
fn recording_never_waits_for_a_log_in() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.start(None, None, &at(5)).unwrap();
    for secs in 6..26 {
        drop(phone.begin_log_in(CrewNo(11), &at(secs)));
    }
    assert!(matches!(log_in(&mut phone, 11, "481516", 27), Err(LogInError::Wait { .. })));
    phone.scan_text(&label(1), &at(28)).unwrap();
    phone.end(1, 0, &at(29)).unwrap();
    let history = history(&mut phone);
    let scan = history.iter().flat_map(|segment| &segment.entries);
    let scan = scan.clone().find(|entry| entry.kind_name() == "scan").unwrap();
    assert_eq!(scan.person, Some(PersonPart::NOBODY));
}

#[test]
fn an_app_that_is_ended_before_the_answer_has_failed() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    // Compared, but never told: as if the app were killed each time it is about to say no.
    for _ in 0..5 {
        phone.begin_log_in(CrewNo(11), &at(6)).unwrap();
        drop(phone);
        phone = bench.open(6).0;
    }
    let refused = log_in(&mut phone, 11, "481516", 6).unwrap_err();
    assert!(matches!(refused, LogInError::Wait { seconds: 30 }), "{refused:?}");
    // And the limit is told all the same.
    assert_eq!(told(&mut phone).last(), Some(&(crew::WAITS, 11, 0, 0)));
    assert_eq!(log_in(&mut phone, 11, "481516", 36).unwrap(), person(11, 0, 1));
}

#[test]
fn clocks_that_are_set_and_restarts_shorten_no_wait() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    for _ in 0..5 {
        phone.begin_log_in(CrewNo(11), &at(6)).unwrap();
    }
    // The clock that people see, a day on and a day back.
    for shift in [86_400_000, -86_400_000] {
        let set = ClockReading { wall_ms: at(7).wall_ms + shift, ..at(7) };
        let refused = phone.log_in(CrewNo(11), &pin("481516"), &set).unwrap_err();
        assert!(matches!(refused, LogInError::Wait { seconds: 29 }), "{refused:?}");
    }
    // A restart 25 s into the wait: all of it begins anew, from the opening of the app on.
    drop(phone);
    let safe = Arc::clone(&bench.safe);
    let entropy = Box::new(SeededEntropy::new(3));
    let mut phone = Phone::open(&bench.path(), safe, entropy, &rebooted(31)).unwrap().0;
    let wait = |phone: &mut Phone, more: u64| {
        let reading = ClockReading { mono: 50 + more, ..rebooted(40) };
        phone.log_in(CrewNo(11), &pin("481516"), &reading)
    };
    assert!(matches!(wait(&mut phone, 0), Err(LogInError::Wait { seconds: 30 })));
    assert!(matches!(wait(&mut phone, 299), Err(LogInError::Wait { seconds: 1 })));
    assert_eq!(wait(&mut phone, 300).unwrap(), person(11, 0, 1));
    // What was right wipes out what was wrong.
    let allowance = phone.log_in_allowance(CrewNo(11), &rebooted(90)).unwrap();
    assert_eq!(allowance, Allowance::Try { before_wait: 5, before_stop: 20 });
}

#[test]
fn who_knows_a_pin_of_his_own_gets_no_more_guesses_at_others() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    set(&mut phone, 12, "204117", 5).unwrap();
    for _ in 0..5 {
        log_in(&mut phone, 12, "204117", 6).unwrap();
        phone.begin_log_in(CrewNo(11), &at(6)).unwrap();
    }
    log_in(&mut phone, 12, "204117", 6).unwrap();
    assert!(matches!(phone.begin_log_in(CrewNo(11), &at(6)), Err(LogInError::Wait { .. })));
    // Nor does one guess at everybody: after 20 of all numbers together all wait, for a while.
    let mut guesses = 0;
    while phone.begin_log_in(CrewNo(1_000 + guesses), &at(7)).is_ok() {
        guesses += 1;
    }
    assert_eq!(guesses, 15);
    assert!(matches!(log_in(&mut phone, 12, "204117", 7), Err(LogInError::Wait { .. })));
    assert_eq!(log_in(&mut phone, 12, "204117", 7 + 900).unwrap(), person(12, 0, 1));
}

#[test]
fn after_twenty_failures_only_an_officer_helps() {
    let (_a, mut officer) = officer();
    let (_b, mut walker) = crew_phone(&officer);
    set(&mut walker, 11, "481516", 20).unwrap();
    let mut secs = 30;
    for _ in 0..20 {
        walker.begin_log_in(CrewNo(11), &at(secs)).unwrap();
        secs += 3_600;
    }
    assert!(matches!(log_in(&mut walker, 11, "481516", secs), Err(LogInError::Stopped)));
    let stopped = walker.log_in_allowance(CrewNo(11), &at(secs + 86_400)).unwrap();
    assert_eq!(stopped, Allowance::Stopped);
    assert!(matches!(set(&mut walker, 11, "204118", secs), Err(SetPinError::AlreadySet)));
    let question = walker.ask_officer(CrewNo(11)).unwrap();
    officer.log_in(CrewNo(2), &pin("204117"), &at(secs)).unwrap();
    let answer = officer.vouch_for(&question, &at(secs + 5)).unwrap();
    assert_eq!(walker.officer_answered(&answer, &at(secs + 9)).unwrap(), CrewNo(11));
    // For this person, and nobody else.
    assert!(matches!(
        walker.set_pin(
            NewPin::choose(CrewNo(11), &pin("204118"), [1; 16]).unwrap(),
            true,
            &at(secs + 10)
        ),
        Err(SetPinError::NotOfficer)
    ));
    assert_eq!(set(&mut walker, 12, "204118", secs + 10).unwrap(), VouchedBy::Nobody);
    assert_eq!(set(&mut walker, 11, "204118", secs + 10).unwrap(), VouchedBy::Officer);
    assert_eq!(log_in(&mut walker, 11, "204118", secs + 11).unwrap(), person(11, 1, 1));
    // Once.
    assert!(matches!(set(&mut walker, 11, "204119", secs + 12), Err(SetPinError::AlreadySet)));
    let entries = told(&mut walker);
    assert_eq!(
        entries,
        [
            (crew::PIN, 11, 0, 1),
            (crew::WAITS, 11, 0, 0),
            (crew::STOPPED, 11, 0, 0),
            (crew::PIN, 12, 0, 1),
            (crew::PIN, 11, 1, 1),
            (crew::LOGIN, 11, 1, 1),
        ]
    );
    // The walker's chain names the officer's record, and that one names the officer.
    let head = officer.head().unwrap();
    assert_eq!(told(&mut officer).last(), Some(&(crew::VOUCH, 2, 1, 1)));
    let seen = history(&mut walker).into_iter().flat_map(|segment| segment.entries);
    let seen: Vec<_> = seen.filter(|entry| entry.kind_name() == "seen").collect();
    let named = Body::Seen { dev: officer.device(), seq: head.0, head: head.1, via: 1 };
    assert_eq!(seen[0].body(), Some(&named));
}

#[test]
fn nobody_but_an_officer_of_this_ship_stands_by_for_the_newest_question() {
    let (_a, mut officer) = officer();
    let (_b, mut walker) = crew_phone(&officer);
    let old = walker.ask_officer(CrewNo(11)).unwrap();
    let question = walker.ask_officer(CrewNo(11)).unwrap();
    let answers = [&old, &question].map(|text| officer.vouch_for(text, &at(30)).unwrap());
    let refused = walker.officer_answered(&answers[0], &at(31)).unwrap_err();
    assert!(matches!(refused, VouchError::OtherRequest), "{refused:?}");
    // A crew member's phone answers, with a key of its own.
    let (_c, mate) = phone(40);
    let request = crate::record::VouchRequest::from_text(&question).unwrap();
    let record = crate::model::RecordRef { dev: mate.device(), seq: 3, hash: Hash([1; 32]) };
    let forged = crate::record::VouchAnswer::sign(mate.key.as_ref(), request, record).unwrap();
    let refused = walker.officer_answered(&forged.to_text(), &at(31)).unwrap_err();
    assert!(matches!(refused, VouchError::NoOfficer), "{refused:?}");
    // The officer's key, but not his signature.
    let mut stolen = crate::record::VouchAnswer::from_text(&answers[1]).unwrap();
    stolen.record.0 += 1;
    let refused = walker.officer_answered(&stolen.to_text(), &at(31)).unwrap_err();
    assert!(matches!(refused, VouchError::NoOfficer), "{refused:?}");
    assert_eq!(walker.officer_answered(&answers[1], &at(32)).unwrap(), CrewNo(11));
    let refused = walker.officer_answered(&answers[1], &at(33)).unwrap_err();
    assert!(matches!(refused, VouchError::OtherRequest), "an answer is good once: {refused:?}");
    // Ten minutes later he does not stand there any more.
    assert_eq!(set(&mut walker, 11, "481516", 32 + 601).unwrap(), VouchedBy::Nobody);
    // Nor does he on his own phone, ten minutes after his PIN.
    let question = walker.ask_officer(CrewNo(12)).unwrap();
    assert!(matches!(officer.vouch_for(&question, &at(21 + 601)), Err(VouchError::NotOfficer)));
    // A phone that is no officer's does not vouch, whoever logs in.
    log_in(&mut walker, 11, "481516", 640).unwrap();
    assert!(matches!(walker.vouch_for(&question, &at(641)), Err(VouchError::NotOfficer)));
}

#[test]
fn an_officers_phone_knows_its_officer_and_he_vouches_on_it() {
    let (folder, mut officer) = officer();
    // He is there: whoever sets a PIN now is vouched for, and is no officer by that.
    assert_eq!(set(&mut officer, 11, "481516", 30).unwrap(), VouchedBy::Officer);
    assert_eq!(log_in(&mut officer, 11, "481516", 31).unwrap(), person(11, 1, 1));
    let new = new_pin(&mut officer, 12, "204118");
    assert!(matches!(officer.set_pin(new, true, &at(32)), Err(SetPinError::NotOfficer)));
    assert!(matches!(set(&mut officer, 2, "204118", 32), Err(SetPinError::AlreadySet)));
    assert_eq!(set(&mut officer, 12, "204118", 32).unwrap(), VouchedBy::Nobody);
    // After a restart of the app he is still logged in, and has to type his PIN to vouch.
    log_in(&mut officer, 2, "204117", 40).unwrap();
    drop(officer);
    let mut officer = reopened(&folder, 50);
    assert_eq!(officer.person(), person(2, 1, 1));
    assert!(!officer.is_officer_here(&at(51)).unwrap());
    assert!(matches!(set(&mut officer, 12, "481517", 51), Err(SetPinError::AlreadySet)));
    log_in(&mut officer, 2, "204117", 52).unwrap();
    assert_eq!(set(&mut officer, 12, "481517", 53).unwrap(), VouchedBy::Officer);
    // He hands over: the next officer, by his word alone.
    let new = new_pin(&mut officer, 3, "204119");
    assert_eq!(officer.set_pin(new, true, &at(54)).unwrap(), VouchedBy::Certificate);
    assert!(matches!(officer.forget(CrewNo(0), &at(55)), Err(SetPinError::Nobody)));
    officer.forget(CrewNo(12), &at(55)).unwrap();
    assert!(matches!(log_in(&mut officer, 12, "481517", 56), Err(LogInError::Wrong { .. })));
    let entries = told(&mut officer);
    let last = &entries[entries.len() - 2..];
    assert_eq!(last, [(crew::VOUCH, 2, 1, 1), (crew::FORGOTTEN, 12, 0, 0)]);
    assert_eq!(officer.person(), person(2, 1, 1));
}

#[test]
fn a_pin_is_changed_with_the_old_one_alone() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    assert!(matches!(set(&mut phone, 11, "204117", 6), Err(SetPinError::AlreadySet)));
    let wrong = phone.begin_log_in(CrewNo(11), &at(7)).unwrap().run(&pin("481517")).unwrap();
    let new = new_pin(&mut phone, 11, "204117");
    let refused = phone.change_pin(&wrong, new, &at(7)).unwrap_err();
    assert!(matches!(refused, SetPinError::Old(LogInError::Wrong { .. })), "{refused:?}");
    let right = phone.begin_log_in(CrewNo(11), &at(8)).unwrap().run(&pin("481516")).unwrap();
    let new = new_pin(&mut phone, 11, "204117");
    assert_eq!(phone.change_pin(&right, new, &at(8)).unwrap(), VouchedBy::Nobody);
    // What was compared with the verifier before is worth nothing any more.
    let new = new_pin(&mut phone, 11, "204118");
    assert!(phone.change_pin(&right, new, &at(9)).is_err());
    assert!(phone.finish_log_in(&right, &at(9)).is_err());
    assert!(log_in(&mut phone, 11, "481516", 10).is_err());
    log_in(&mut phone, 11, "204117", 11).unwrap();
    assert_eq!(
        NewPin::choose(CrewNo(11), &pin("123456"), [1; 16]).unwrap_err(),
        PinError::Guessable
    );
}

#[test]
fn a_badge_alone_is_a_word_and_with_a_pin_it_adds_to_it() {
    let (_folder, mut phone) = officer();
    set(&mut phone, 11, "481516", 30).unwrap();
    let uid = TagUid::from_hex(BADGE).unwrap();
    let unknown = phone.log_in_badge(&uid, &at(31)).unwrap_err();
    assert!(matches!(unknown, BadgeLogInError::Unknown), "{unknown:?}");
    let wrong = phone.begin_log_in(CrewNo(11), &at(32)).unwrap().run(&pin("481517")).unwrap();
    assert!(matches!(phone.bind_badge(&wrong, &uid, &at(32)), Err(BindError::Pin(_))));
    let right = phone.begin_log_in(CrewNo(11), &at(33)).unwrap().run(&pin("481516")).unwrap();
    phone.bind_badge(&right, &uid, &at(33)).unwrap();
    assert_eq!(phone.log_in_badge(&uid, &at(34)).unwrap(), person(11, 0, 3));
    assert_eq!(log_in(&mut phone, 11, "481516", 35).unwrap(), person(11, 1, 4));
    // The other way round, and somebody else's PIN in between.
    log_in(&mut phone, 2, "204117", 36).unwrap();
    assert_eq!(phone.log_in_badge(&uid, &at(37)).unwrap(), person(11, 0, 3));
    phone.logout(&at(38)).unwrap();
    assert_eq!(log_in(&mut phone, 11, "481516", 39).unwrap(), person(11, 1, 1));
    assert_eq!(phone.log_in_badge(&uid, &at(40)).unwrap(), person(11, 1, 4));
    // It is his: nobody else binds it, and a checkpoint's tag is no badge.
    let other = phone.begin_log_in(CrewNo(2), &at(41)).unwrap().run(&pin("204117")).unwrap();
    let taken = phone.bind_badge(&other, &uid, &at(41)).unwrap_err();
    assert!(matches!(taken, BindError::Badge(crate::login::BadgeError::Taken)), "{taken:?}");
    // What the store keeps of it is not its number, and no PIN.
    let kept: Vec<u8> =
        phone.store().login_keys().unwrap().into_iter().flat_map(|(_, kept)| kept).collect();
    assert!(!kept.windows(7).any(|bytes| bytes == uid.as_bytes()));
    assert!(!kept.windows(6).any(|bytes| bytes == b"481516"));
}

#[test]
fn a_finger_signs_one_challenge_of_this_phone_within_two_minutes() {
    let (_folder, mut phone) = officer();
    set(&mut phone, 11, "481516", 30).unwrap();
    let finger = SoftwareKey::generate(&mut SeededEntropy::new(50));
    assert!(matches!(phone.prepare_finger(CrewNo(11), &at(31)), Err(FingerError::NoKey)));
    let right = phone.begin_log_in(CrewNo(11), &at(32)).unwrap().run(&pin("481516")).unwrap();
    phone.bind_finger(&right, &finger.public_key(), &at(32)).unwrap();
    let challenge = phone.prepare_finger(CrewNo(11), &at(33)).unwrap();
    let signed = finger.sign(&challenge).unwrap();
    assert_eq!(phone.commit_finger(&signed, &at(34)).unwrap(), person(11, 2, 2));
    // The same signature again, one for an older challenge, another key's, one that is late.
    assert!(matches!(phone.commit_finger(&signed, &at(35)), Err(FingerError::Late)));
    phone.prepare_finger(CrewNo(11), &at(36)).unwrap();
    assert!(matches!(phone.commit_finger(&signed, &at(36)), Err(FingerError::OtherKey)));
    let challenge = phone.prepare_finger(CrewNo(11), &at(37)).unwrap();
    let other = SoftwareKey::generate(&mut SeededEntropy::new(51)).sign(&challenge).unwrap();
    assert!(matches!(phone.commit_finger(&other, &at(37)), Err(FingerError::OtherKey)));
    let challenge = phone.prepare_finger(CrewNo(11), &at(38)).unwrap();
    let signed = finger.sign(&challenge).unwrap();
    assert!(matches!(phone.commit_finger(&signed, &at(38 + 121)), Err(FingerError::Late)));
    // Asked for, and somebody logs in meanwhile.
    let challenge = phone.prepare_finger(CrewNo(11), &at(200)).unwrap();
    log_in(&mut phone, 2, "204117", 201).unwrap();
    let signed = finger.sign(&challenge).unwrap();
    assert!(matches!(phone.commit_finger(&signed, &at(202)), Err(FingerError::Late)));
    // A new PIN with an officer standing by throws the finger out: it may have been another's.
    set(&mut phone, 11, "481517", 203).unwrap();
    assert!(matches!(phone.prepare_finger(CrewNo(11), &at(204)), Err(FingerError::NoKey)));
}

#[test]
fn nothing_of_a_pin_or_badge_is_in_a_record() {
    let (_folder, mut phone) = officer();
    set(&mut phone, 11, "481516", 30).unwrap();
    let right = phone.begin_log_in(CrewNo(11), &at(33)).unwrap().run(&pin("481516")).unwrap();
    let uid = TagUid::from_hex(BADGE).unwrap();
    phone.bind_badge(&right, &uid, &at(33)).unwrap();
    phone.seal().unwrap();
    let kept = phone.store().login_keys().unwrap();
    assert_eq!(kept.len(), 2);
    let dev = phone.device();
    let mut sent = Vec::new();
    for span in phone.store().own_spans(dev).unwrap() {
        sent.extend(phone.store().own_segment(dev, &span).unwrap().unwrap());
    }
    sent.extend(phone.sync_request(&at(40)).unwrap());
    // Every byte string of 7 bytes and more that the store keeps for log-ins.
    for (_, value) in kept {
        for secret in value.windows(16).skip(8) {
            assert!(!sent.windows(16).any(|bytes| bytes == secret));
        }
    }
    assert!(!sent.windows(7).any(|bytes| bytes == uid.as_bytes()));
}

#[test]
fn a_copy_that_was_put_back_gives_no_new_guesses() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    set(&mut phone, 11, "481516", 5).unwrap();
    drop(phone);
    let copy = std::fs::read(bench.path()).unwrap();
    let (mut phone, _) = bench.open(6);
    for _ in 0..5 {
        phone.begin_log_in(CrewNo(11), &at(7)).unwrap();
    }
    assert!(phone.begin_log_in(CrewNo(11), &at(7)).is_err());
    drop(phone);
    std::fs::write(bench.path(), copy).unwrap();
    for end in ["-wal", "-shm"] {
        drop(std::fs::remove_file(bench.folder.path().join(format!("store.db{end}"))));
    }
    let (mut phone, opened) = bench.open(8);
    assert!(matches!(opened, Opened::Restored { .. }), "{opened:?}");
    let refused = log_in(&mut phone, 11, "481516", 9).unwrap_err();
    assert!(matches!(refused, LogInError::Wait { .. }), "{refused:?}");
}
