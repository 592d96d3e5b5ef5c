//! What a shore answers, as an app sees it: refused words with their reasons, an answer that the app
//! breaks off; and a Page that is full.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use deckwatch_core::{
    document::Version,
    entropy::SeededEntropy,
    model::{DocumentId, VesselId},
    record::{Enrolment, Receipt, SoftwareKey},
    sync::{Document, Problem, ProblemCode, Request, Response, SealedRequest},
};
use deckwatch_mobile::{
    Cancel, MobileError, Phone,
    phone::{PageDraft, PageSubject, ProblemKind, WrittenOn},
    platform::{
        Change, ClockReading, DeviceClock, DeviceKey, DeviceSafe, PhoneObserver, PlatformError,
        folder_safe,
    },
};

const VESSEL: VesselId = VesselId([7; 16]);
const NOW: i64 = 1_795_305_600;

struct Clock;

impl DeviceClock for Clock {
    fn read(&self) -> Result<ClockReading, PlatformError> {
        Ok(ClockReading { wall_ms: NOW * 1_000, mono: 10, boot: vec![1; 8] })
    }
}

/// A safe whose owner loses patience when a marker is written.
struct Impatient {
    safe: Arc<dyn DeviceSafe>,
    cancel: Mutex<Option<Arc<Cancel>>>,
}

impl DeviceSafe for Impatient {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        self.safe.key()
    }

    fn renew(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        self.safe.renew()
    }

    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        self.safe.next_key()
    }

    fn use_next_key(&self) -> Result<(), PlatformError> {
        self.safe.use_next_key()
    }

    fn marker(&self) -> Result<Option<Vec<u8>>, PlatformError> {
        self.safe.marker()
    }

    fn set_marker(&self, marker: Vec<u8>) -> Result<(), PlatformError> {
        if let Some(cancel) = self.cancel.lock().unwrap().as_ref() {
            cancel.cancel().unwrap();
        }
        self.safe.set_marker(marker)
    }

    fn wrap_key(&self, key: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.safe.wrap_key(key)
    }

    fn unwrap_key(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.safe.unwrap_key(wrapped)
    }
}

#[derive(Default)]
struct Ear(AtomicU32);

impl PhoneObserver for Ear {
    fn changed(&self, _: Change) -> Result<(), PlatformError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn shore() -> SoftwareKey {
    SoftwareKey::generate(&mut SeededEntropy::new(9))
}

struct Bench {
    _folder: tempfile::TempDir,
    safe: Arc<Impatient>,
    phone: Arc<Phone>,
}

fn bench() -> Bench {
    use deckwatch_core::record::DeviceKey as _;
    let folder = tempfile::tempdir().unwrap();
    let safe = folder_safe(folder.path().join("safe").display().to_string()).unwrap();
    let safe = Arc::new(Impatient { safe, cancel: Mutex::new(None) });
    let path = folder.path().join("phone.db").display().to_string();
    let phone = Phone::open(path, safe.clone(), Arc::new(Clock)).unwrap();
    let enrolment = Enrolment {
        server: "http://127.0.0.1:1".into(),
        vessel: VESSEL,
        token: [5; 16],
        expires: NOW + 1_000,
        shore_key: shore().public_key(),
    };
    phone.enrol(enrolment.to_text()).unwrap();
    Bench { _folder: folder, safe, phone }
}

fn remark(phone: &Phone, day: i64, text: &str) -> Result<Option<String>, MobileError> {
    let draft = PageDraft::Remark { on: WrittenOn::Patrol, text: text.to_owned() };
    phone.write(PageSubject::Day { number: day }, draft)
}

fn request(phone: &Phone) -> Request {
    SealedRequest::decode(&phone.sync_request().unwrap()).unwrap().1
}

/// A shore that holds all that the request brought, and has this against some of it.
fn answer(request: &Request, problems: Vec<Problem>) -> Response {
    let spans: Vec<_> = request.have.iter().find(|(dev, _)| *dev == request.dev).unwrap().1.clone();
    let head = spans.last().unwrap();
    let tree = deckwatch_core::record::receipt::no_tree();
    let receipt = Receipt::sign(&shore(), request.dev, head.to, head.head, NOW + 60, tree).unwrap();
    Response {
        time: NOW,
        have: vec![(request.dev, spans)],
        documents: vec![Document { kind: 1, id: DocumentId(VESSEL.0), what: Version::default() }],
        segments: Vec::new(),
        changes: Vec::new(),
        tree_head: None,
        receipts: vec![receipt.encode()],
        problems,
        more: false,
    }
}

#[test]
fn refused_words_are_counted_with_their_reasons() {
    let Bench { phone, .. } = &bench();
    remark(phone, 1, "one").unwrap();
    remark(phone, 2, "two").unwrap();
    remark(phone, 3, "three").unwrap();
    let state = phone.sync_state().unwrap();
    assert_eq!((state.unsent_changes, state.refused_changes), (3, 0));
    let out = request(phone);
    let against = |index: usize, code| {
        let change: &Document<_> = &out.changes[index];
        Problem { code, subject: change.what.hash.0.to_vec() }
    };
    let problems = vec![against(0, ProblemCode::TooLarge), against(2, ProblemCode::Unknown(77))];
    let mut response = answer(&out, problems);
    // The pages of what it refused are empty there.
    let pages = [0, 2].map(|index| out.changes[index].id);
    response.documents.extend(pages.map(|id| Document { kind: 2, id, what: Version::default() }));
    let outcome = phone.sync_response(response.encode(), None).unwrap();
    assert_eq!((outcome.more, outcome.problems.len()), (false, 2));
    let state = phone.sync_state().unwrap();
    assert_eq!((state.unsent_changes, state.refused_changes), (2, 2));
    let kinds: Vec<_> = state.refusals.iter().map(|it| (it.kind.clone(), it.changes)).collect();
    assert_eq!(
        kinds,
        [(ProblemKind::TooLarge, 1), (ProblemKind::Unknown { name: "77".into() }, 1)]
    );
    assert!(state.refusals.iter().all(|it| it.text.contains(';')), "{:?}", state.refusals);
}

#[test]
fn an_answer_that_the_app_breaks_off_keeps_what_was_taken() {
    let Bench { phone, safe, .. } = &bench();
    remark(phone, 1, "one").unwrap();
    let response = answer(&request(phone), Vec::new());
    let ear = Arc::new(Ear::default());
    phone.observe(Some(ear.clone())).unwrap();
    // While the receipt becomes a record, behind which the documents come.
    let cancel = Cancel::new().unwrap();
    *safe.cancel.lock().unwrap() = Some(Arc::clone(&cancel));
    let error = phone.sync_response(response.encode(), Some(cancel)).unwrap_err();
    *safe.cancel.lock().unwrap() = None;
    let MobileError::Cancelled { text } = &error else { panic!("{error:?}") };
    assert!(text.contains("is kept") && text.contains("sync again"), "{text}");
    assert!(ear.0.load(Ordering::SeqCst) > 0, "the app is told that something changed");
    assert_eq!(phone.sync_state().unwrap().receipt.map(|receipt| receipt.time), Some(NOW + 60));
    // Whole the next time; a cancel that nobody wanted changes nothing.
    let response = answer(&request(phone), Vec::new());
    let unused = Cancel::new().unwrap();
    let outcome = phone.sync_response(response.encode(), Some(unused)).unwrap();
    assert_eq!((outcome.more, phone.sync_state().unwrap().unsent_changes), (false, 0));
}

#[test]
fn a_page_on_which_this_phone_wrote_too_much_says_where_to_write() {
    let Bench { phone, .. } = &bench();
    let long = "\u{1f6a2}".repeat(2_000);
    let mut written = 0;
    let error = loop {
        match remark(phone, 1, &long) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 200);
    };
    let MobileError::PageFull { text } = &error else { panic!("{error:?}") };
    assert!(text.contains("page of the day"), "{text}");
    let page = |number| phone.page(PageSubject::Day { number }).unwrap().writings.len();
    assert_eq!(page(1), written);
    remark(phone, 2, &long).unwrap();
    assert_eq!((page(1), page(2)), (written, 1));
}
