//! A panic inside of a call: it arrives as an error, and the phone goes on.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use deckwatch_core::{
    entropy::SeededEntropy,
    model::{TagId, VesselId},
    presence::label::Label,
    record::{DeviceKey as _, Enrolment, SoftwareKey},
};
use deckwatch_mobile::{
    MobileError, Phone,
    phone::{Opened, PatrolChoice, ScanOutcome},
    platform::{
        Change, ClockReading, DeviceClock, DeviceKey, DeviceSafe, PhoneObserver, PlatformError,
        folder_safe,
    },
};

const VESSEL: VesselId = VesselId([7; 16]);

struct Clock;

impl DeviceClock for Clock {
    fn read(&self) -> Result<ClockReading, PlatformError> {
        Ok(ClockReading { wall_ms: 1_795_305_600_000, mono: 10, boot: vec![1; 8] })
    }
}

const OFF: u32 = 0;
const IN_SET_MARKER: u32 = 1;
const IN_SIGN: u32 = 2;

/// A safe and a key whose program has a fault: they panic where the switch says.
struct Faulty {
    safe: Arc<dyn DeviceSafe>,
    switch: Arc<AtomicU32>,
}

struct FaultyKey {
    key: Arc<dyn DeviceKey>,
    switch: Arc<AtomicU32>,
}

impl DeviceKey for FaultyKey {
    fn public_key(&self) -> Result<Vec<u8>, PlatformError> {
        self.key.public_key()
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        assert_ne!(self.switch.load(Ordering::SeqCst), IN_SIGN, "on purpose");
        self.key.sign(message)
    }
}

impl DeviceSafe for Faulty {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, PlatformError> {
        Ok(Arc::new(FaultyKey { key: self.safe.key()?, switch: Arc::clone(&self.switch) }))
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
        assert_ne!(self.switch.load(Ordering::SeqCst), IN_SET_MARKER, "on purpose");
        self.safe.set_marker(marker)
    }

    fn wrap_key(&self, key: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.safe.wrap_key(key)
    }

    fn unwrap_key(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, PlatformError> {
        self.safe.unwrap_key(wrapped)
    }
}

struct Ear;

impl PhoneObserver for Ear {
    fn changed(&self, change: Change) -> Result<(), PlatformError> {
        panic!("on purpose: {change:?}")
    }
}

fn enrolment() -> String {
    let shore = SoftwareKey::generate(&mut SeededEntropy::new(9));
    let enrolment = Enrolment {
        server: "http://127.0.0.1:1".into(),
        vessel: VESSEL,
        token: [5; 16],
        expires: 1_800_000_000,
        shore_key: shore.public_key(),
    };
    enrolment.to_text()
}

fn label(tag: u8) -> String {
    Label::new(VESSEL, TagId([tag; 16])).payload("DW.EXAMPLE").unwrap()
}

#[test]
fn a_panic_under_the_lock_is_an_error_and_the_phone_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Arc::new(AtomicU32::new(OFF));
    let safe = folder_safe(folder.path().join("safe").display().to_string()).unwrap();
    let safe = Arc::new(Faulty { safe, switch: Arc::clone(&switch) });
    let path = folder.path().join("phone.db").display().to_string();
    let phone = Phone::open(path.clone(), safe.clone(), Arc::new(Clock)).unwrap();
    phone.enrol(enrolment()).unwrap();
    phone.start(PatrolChoice::Unplanned).unwrap();

    // After the record is durable: the scan is taken, although the call fails.
    switch.store(IN_SET_MARKER, Ordering::SeqCst);
    let error = phone.scan_text(label(1)).unwrap_err();
    let MobileError::Internal { reference, text } = &error else { panic!("{error:?}") };
    assert_eq!(reference, "scan-text");
    assert!(text.contains("scan-text") && text.contains("send the diagnostic file"), "{text}");
    assert_eq!(phone.status().unwrap().number, 1, "what is shown can still be read");

    switch.store(OFF, Ordering::SeqCst);
    assert!(matches!(phone.scan_text(label(2)), Ok(ScanOutcome::UnknownTag { .. })));
    assert_eq!(phone.status().unwrap().unknown_tags, 2, "the first one was durable");

    switch.store(IN_SIGN, Ordering::SeqCst);
    let error = phone.sync_request().unwrap_err();
    assert!(
        matches!(&error, MobileError::Internal { reference, .. } if reference == "sync-request")
    );
    switch.store(OFF, Ordering::SeqCst);
    assert!(!phone.sync_request().unwrap().is_empty());
    let seq = phone.identity().unwrap().last_seq;

    // In the app's observer, after everything.
    phone.observe(Some(Arc::new(Ear))).unwrap();
    assert!(matches!(phone.scan_text(label(3)), Ok(ScanOutcome::UnknownTag { .. })));
    assert!(phone.identity().unwrap().last_seq > seq);
    phone.shut_down().unwrap();
    drop(phone);
    let phone = Phone::open(path, safe, Arc::new(Clock)).unwrap();
    assert!(matches!(phone.opened(), Ok(Opened::Resumed { .. })));
    assert_eq!(phone.status().unwrap().unknown_tags, 3);
}
