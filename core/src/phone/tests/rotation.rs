//! A key is changed, and the power goes at every step of it.

use super::*;
use crate::{
    model::DeviceId,
    record::{DeviceKey, DeviceSafe, KeyError, Marker, Rotation, StoreKey, device_id},
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A safe that does not do some of what it is asked, as if the power went there.
struct Weak {
    safe: Arc<FileSafe>,
    keeps_next: AtomicBool,
    signs: Arc<AtomicBool>,
}

struct WeakKey {
    key: Arc<dyn DeviceKey>,
    signs: Arc<AtomicBool>,
}

impl DeviceKey for WeakKey {
    fn public_key(&self) -> PublicKeyBytes {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        if self.signs.load(Ordering::SeqCst) {
            self.key.sign(message)
        } else {
            Err(KeyError::Unavailable("locked".into()))
        }
    }
}

impl DeviceSafe for Weak {
    fn key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        Ok(Arc::new(WeakKey { key: self.safe.key()?, signs: Arc::clone(&self.signs) }))
    }

    fn renew(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.safe.renew()
    }

    fn next_key(&self) -> Result<Arc<dyn DeviceKey>, KeyError> {
        self.safe.next_key()
    }

    fn use_next_key(&self) -> Result<(), KeyError> {
        if self.keeps_next.load(Ordering::SeqCst) {
            return self.safe.use_next_key();
        }
        Err(KeyError::Unavailable("no power".into()))
    }

    fn marker(&self) -> Option<Marker> {
        self.safe.marker()
    }

    fn set_marker(&self, marker: &Marker) {
        self.safe.set_marker(marker);
    }

    fn wrap_key(&self, key: &StoreKey) -> Result<Vec<u8>, KeyError> {
        self.safe.wrap_key(key)
    }

    fn unwrap_key(&self, wrapped: &[u8]) -> Result<StoreKey, KeyError> {
        self.safe.unwrap_key(wrapped)
    }
}

/// All own chains, by device.
fn chains(phone: &mut Phone) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for segment in history(phone) {
        match chains.iter_mut().find(|chain| chain.dev() == segment.dev) {
            Some(chain) => chain.insert(segment),
            None => {
                let mut chain = Chain::new(segment.dev);
                chain.insert(segment);
                chains.push(chain);
            }
        }
    }
    chains
}

/// The chains of these devices are a rotation of one to the other, and nobody has two histories.
fn proved(phone: &mut Phone, old: DeviceId, new: DeviceId) -> Rotation {
    let chains = chains(phone);
    assert!(chains.iter().all(|chain| chain.forks().is_empty()));
    let of = |dev| chains.iter().find(|chain| chain.dev() == dev).unwrap();
    Rotation::proved(of(old), of(new)).unwrap()
}

#[test]
fn the_chain_goes_on_under_the_next_key_and_both_keys_say_so() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    phone.login(PersonPart { crew: crate::model::CrewNo(12), grade: 1, how: 1 }, &at(5)).unwrap();
    phone.start(None, None, &at(10)).unwrap();
    assert!(matches!(phone.rotate_key(&at(11)), Err(RecordError::PatrolOpen)));
    phone.end(1, 0, &at(20)).unwrap();
    let (old, old_key) = (phone.device(), phone.public_key());
    let new = phone.rotate_key(&at(30)).unwrap();
    assert_eq!((phone.device(), device_id(&phone.public_key())), (new, new));
    assert_ne!(old, new);
    // Who holds the phone still holds it, and patrols are counted anew.
    phone.start(None, None, &at(40)).unwrap();
    assert_eq!(phone.current().unwrap().number, 1);
    phone.end(1, 0, &at(50)).unwrap();

    let rotation = proved(&mut phone, old, new);
    assert_eq!(rotation.key, phone.public_key());
    assert_eq!((rotation.record.dev, rotation.genesis.dev), (old, new));
    let chains = chains(&mut phone);
    let of = |dev| chains.iter().find(|chain: &&Chain| chain.dev() == dev).unwrap();
    assert_eq!(of(old).main_branch().last().unwrap().at, rotation.record);
    assert_eq!(of(old).key(), Some(old_key));
    assert_eq!(of(new).main_branch()[1].person.unwrap().crew.0, 12);
    // It is one phone: opened again, it goes on, and sends both chains.
    drop(phone);
    let (mut phone, opened) = bench.open(60);
    assert_eq!((phone.device(), opened), (new, Opened::Resumed { tail_found: false }));
    let unsent: std::collections::BTreeSet<DeviceId> =
        phone.unsent().unwrap().into_iter().map(|(dev, _)| dev).collect();
    assert_eq!(unsent, [old, new].into());
    // And again.
    let third = phone.rotate_key(&at(70)).unwrap();
    proved(&mut phone, new, third);
}

#[test]
fn the_power_may_go_before_anything_is_written() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let old = phone.device();
    let next = bench.safe.next_key().unwrap().public_key();
    phone.start(None, None, &at(10)).unwrap();
    drop(phone);
    let (mut phone, _) = bench.open(20);
    assert_eq!(phone.device(), old);
    phone.end(1, 0, &at(30)).unwrap();
    assert_eq!(phone.rotate_key(&at(40)).unwrap(), device_id(&next));
    proved(&mut phone, old, device_id(&next));
}

#[test]
fn a_key_that_cannot_sign_changes_nothing() {
    let bench = Bench::new();
    drop(bench.enrolled());
    let signs = Arc::new(AtomicBool::new(true));
    let keeps_next = AtomicBool::new(true);
    let safe = Arc::new(Weak { safe: Arc::clone(&bench.safe), keeps_next, signs });
    let entropy = Box::new(SeededEntropy::new(4));
    let (mut phone, _) =
        Phone::open(&bench.path(), Arc::clone(&safe) as _, entropy, &at(5)).unwrap();
    phone.seal().unwrap();
    let (old, head) = (phone.device(), phone.head());
    safe.signs.store(false, Ordering::SeqCst);
    assert!(matches!(phone.rotate_key(&at(10)), Err(RecordError::Key(_))));
    assert_eq!((phone.device(), phone.head()), (old, head));
    safe.signs.store(true, Ordering::SeqCst);
    let new = phone.rotate_key(&at(20)).unwrap();
    proved(&mut phone, old, new);
}

#[test]
fn the_power_may_go_before_the_safe_uses_the_next_key() {
    let bench = Bench::new();
    drop(bench.enrolled());
    let weak = || {
        let signs = Arc::new(AtomicBool::new(true));
        let keeps_next = AtomicBool::new(false);
        Arc::new(Weak { safe: Arc::clone(&bench.safe), keeps_next, signs })
    };
    let open = |safe: Arc<Weak>, secs| {
        let entropy = Box::new(SeededEntropy::new(secs as u64));
        Phone::open(&bench.path(), safe, entropy, &at(secs)).unwrap()
    };
    let (mut phone, _) = open(weak(), 5);
    let old = phone.device();
    let new = phone.rotate_key(&at(10)).unwrap();
    phone.start(None, None, &at(20)).unwrap();
    drop(phone);
    // The safe still has the old key as its own, and goes on refusing.
    assert_eq!(device_id(&bench.safe.key().unwrap().public_key()), old);
    let (mut phone, opened) = open(weak(), 30);
    assert_eq!((phone.device(), opened), (new, Opened::Resumed { tail_found: true }));
    assert!(phone.current().is_some());
    phone.end(1, 0, &at(40)).unwrap();
    drop(phone);
    // A safe that works again follows.
    let (mut phone, _) = bench.open(50);
    assert_eq!(phone.device(), new);
    assert_eq!(device_id(&bench.safe.key().unwrap().public_key()), new);
    proved(&mut phone, old, new);
}

#[test]
fn where_the_next_key_is_lost_the_phone_goes_on_under_another() {
    let bench = Bench::new();
    drop(bench.enrolled());
    let signs = Arc::new(AtomicBool::new(true));
    let keeps_next = AtomicBool::new(false);
    let safe = Arc::new(Weak { safe: Arc::clone(&bench.safe), keeps_next, signs });
    let entropy = Box::new(SeededEntropy::new(4));
    let (mut phone, _) = Phone::open(&bench.path(), safe, entropy, &at(5)).unwrap();
    let old = phone.device();
    let new = phone.rotate_key(&at(10)).unwrap();
    drop(phone);
    // A key store that was emptied of what it did not need yet.
    std::fs::remove_file(bench.folder.path().join("safe/next.key")).unwrap();
    let again = FileSafe::open(&bench.folder.path().join("safe"), Box::new(SeededEntropy::new(7)));
    let entropy = Box::new(SeededEntropy::new(8));
    let (mut phone, opened) =
        Phone::open(&bench.path(), Arc::new(again.unwrap()), entropy, &at(20)).unwrap();
    assert!(matches!(opened, Opened::Restored { before, .. } if before == old), "{opened:?}");
    assert!(![old, new].contains(&phone.device()));
    phone.seal().unwrap();
    // Its word for where it comes from is signed, but it is not the key that was named.
    let spans = phone.store.own_spans(phone.device()).unwrap();
    let bytes = phone.store.own_segment(phone.device(), &spans[0]).unwrap().unwrap();
    let genesis = Segment::decode(&bytes).unwrap().reopen().unwrap();
    let Some(Body::Genesis { continues: Some(continues), .. }) = genesis.entries[0].body() else {
        panic!()
    };
    assert_eq!((continues.dev, continues.signature.is_some()), (old, true));
}

#[test]
fn a_copy_from_before_a_rotation_begins_a_chain_of_its_own() {
    let bench = Bench::new();
    drop(bench.enrolled());
    let copy = bench.folder.path().join("copy.db");
    std::fs::copy(bench.path(), &copy).unwrap();
    let (mut phone, _) = bench.open(5);
    let old = phone.device();
    let new = phone.rotate_key(&at(10)).unwrap();
    drop(phone);
    std::fs::copy(&copy, bench.path()).unwrap();
    for suffix in ["-wal", "-shm"] {
        drop(std::fs::remove_file(bench.path().with_extension(format!("db{suffix}"))));
    }
    let (mut phone, opened) = bench.open(30);
    assert!(matches!(opened, Opened::Restored { before, .. } if before == old), "{opened:?}");
    // The next key has a chain already, which this copy does not know: it must not begin a second one.
    assert!(![old, new].contains(&phone.device()));
    phone.start(None, None, &at(40)).unwrap();
    phone.end(1, 0, &at(50)).unwrap();
}
