//! A phone for tests: real records, segments and signatures of the core, without a camera.

use std::sync::Arc;

use deckwatch_core::{
    authority::Roles,
    entropy::SeededEntropy,
    entropy::draw,
    model::{DeviceId, Hash, RecordRef, VesselId},
    record::{
        Body, ContentPart, DeviceKey, Item, PersonPart, Segment, SoftwareKey, TimePart, device_id,
    },
    sync::{Request, Response, Scope, SealedRequest},
};

use crate::clock::SettableClock;
use crate::shore::{KeyFolder, Shore};
use crate::store::{MemoryStore, Store, reading};
use crate::sync::SyncRefusal;

/// 2026-11-02 00:00 UTC.
pub(crate) const START: i64 = 1_793_577_600;

/// A shore with one vessel and a clock that tests set.
pub(crate) struct Scene {
    pub shore: Shore,
    pub clock: Arc<SettableClock>,
    pub vessel: VesselId,
    pub folder: tempfile::TempDir,
    pub store: Arc<dyn Store>,
}

impl Scene {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()))
    }

    pub fn on(store: Arc<dyn Store>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SettableClock::at(START));
        let shore = Self::shore(&store, folder.path(), &clock, 1);
        let vessel = VesselId([0x5e; 16]);
        shore.add_vessel_as(vessel, "Aurora").unwrap();
        Self { shore, clock, vessel, folder, store }
    }

    pub fn shore(
        store: &Arc<dyn Store>,
        folder: &std::path::Path,
        clock: &Arc<SettableClock>,
        seed: u64,
    ) -> Shore {
        let keys = KeyFolder::open(&folder.join("keys")).unwrap();
        let entropy = Box::new(SeededEntropy::new(seed));
        Shore::new(Arc::clone(store), keys, Arc::clone(clock) as _, entropy)
    }

    /// A phone with an invitation, which has not synced yet.
    pub fn invited(&self, seed: u64, roles: Roles) -> Phone {
        let url = "http://127.0.0.1:1";
        let invitation = self.shore.invite(self.vessel, roles, "", url, 3_600).unwrap();
        Phone::new(seed, self.vessel, invitation.token)
    }

    /// A phone that is enrolled.
    pub fn enrolled(&self, seed: u64, roles: Roles) -> Phone {
        let phone = self.invited(seed, roles);
        phone.sync(self).unwrap();
        phone
    }

    pub fn segments(&self) -> u64 {
        reading(&*self.store, |tx| tx.segment_count(self.vessel)).unwrap()
    }
}

pub(crate) struct Phone {
    pub key: SoftwareKey,
    pub dev: DeviceId,
    pub vessel: VesselId,
    pub segments: Vec<Vec<u8>>,
    pub next: u64,
    pub head: Hash,
    entropy: SeededEntropy,
}

impl Phone {
    pub fn new(seed: u64, vessel: VesselId, nonce: [u8; 16]) -> Self {
        let mut entropy = SeededEntropy::new(seed);
        let key = SoftwareKey::generate(&mut entropy);
        let public = key.public_key();
        let dev = device_id(&public);
        let segments = Vec::new();
        let mut phone = Self { key, dev, vessel, segments, next: 0, head: Hash::ZERO, entropy };
        let offset = START * 10;
        phone.record(
            START,
            0,
            &[Body::Genesis { key: public, vessel, nonce, offset, continues: None }],
        );
        phone
    }

    /// The same phone once more: a copied key, with the store as it is.
    pub fn copied(&self) -> Self {
        Self {
            key: self.key.clone(),
            segments: self.segments.clone(),
            entropy: SeededEntropy::new(99),
            ..*self
        }
    }

    /// Records facts at `now` and cuts a segment.
    pub fn record(&mut self, now: i64, patrol: u64, bodies: &[Body]) -> Vec<RecordRef> {
        let items = bodies.iter().zip(0..).map(|(body, step)| {
            let mono = u64::try_from((now - START) * 10).unwrap() + step;
            let wall = u64::try_from(START).unwrap() + mono / 10;
            let time = TimePart { boot: [1; 8], mono, wall };
            let person = PersonPart { crew: deckwatch_core::model::CrewNo(7), grade: 1, how: 1 };
            Item::shown(&time, &person, &ContentPart { patrol, body: body.clone() })
        });
        let key = draw(&mut self.entropy);
        let segment = Segment::cut(&self.key, self.next, self.head, key, items.collect()).unwrap();
        let made: Vec<RecordRef> = segment
            .records()
            .map(|record| RecordRef { dev: self.dev, seq: record.seq, hash: record.hash() })
            .collect();
        self.next += made.len() as u64;
        self.head = made.last().unwrap().hash;
        self.segments.push(segment.encode());
        made
    }

    /// Asks for authority and brings everything.
    pub fn request(&self) -> Request {
        Request {
            vessel: self.vessel,
            dev: self.dev,
            scope: Scope::Authority,
            have: Vec::new(),
            documents: Vec::new(),
            segments: self.segments.clone(),
            changes: Vec::new(),
            tree_head: None,
            receipts: Vec::new(),
        }
    }

    pub fn seal(&self, request: &Request) -> Vec<u8> {
        SealedRequest::seal(request, &self.key).unwrap().encode()
    }

    pub fn send(&self, scene: &Scene, request: &Request) -> Result<Response, SyncRefusal> {
        let bytes = scene.shore.sync(&self.seal(request))?;
        Ok(Response::decode(&bytes).unwrap())
    }

    pub fn sync(&self, scene: &Scene) -> Result<Response, SyncRefusal> {
        self.send(scene, &self.request())
    }
}
