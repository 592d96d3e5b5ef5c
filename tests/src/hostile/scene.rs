//! The devices of one vessel, by hand: real keys, records and segments, and no rules that would keep one of them
//! from signing what it likes.

use deckwatch_core::{
    authority::Roles,
    document::RawChange,
    entropy::{SeededEntropy, draw},
    model::{CrewNo, DeviceId, DocumentId, Hash, VesselId},
    record::{
        Body, Chain, ContentPart, DeviceKey, Item, PersonPart, PublicKeyBytes, Segment,
        SoftwareKey, TimePart, body::MAX_VOUCHED, device_id,
    },
    sync::{Document, Request, Scope, SealedRequest},
};

/// 2026-11-02 00:00 UTC.
pub const START: i64 = 1_793_577_600;
/// The vessel.
pub const VESSEL: VesselId = VesselId([0x5e; 16]);
/// The kind and id of its Plan.
pub const PLAN: (u64, DocumentId) = (1, DocumentId(VESSEL.0));

/// The seed of the shore's key, where a test has no real shore.
const SHORE: u64 = 10;
/// The seed of the honest officer's key.
const HONEST: u64 = 11;
/// The seed of the hostile officer's key: the corpus is written under its device id.
const HOSTILE: u64 = 12;

/// A device that signs what it is told to.
pub struct Device {
    /// Its key.
    pub key: SoftwareKey,
    /// Its id.
    pub dev: DeviceId,
    /// Everything it cut.
    pub segments: Vec<Vec<u8>>,
    next: u64,
    head: Hash,
    entropy: SeededEntropy,
}

impl Device {
    /// Not enrolled: no records yet.
    pub fn new(seed: u64) -> Self {
        let mut entropy = SeededEntropy::new(seed);
        let key = SoftwareKey::generate(&mut entropy);
        let dev = device_id(&key.public_key());
        Self { key, dev, segments: Vec::new(), next: 0, head: Hash::ZERO, entropy }
    }

    /// The honest officer.
    pub fn honest() -> Self {
        Self::new(HONEST)
    }

    /// The hostile officer.
    pub fn hostile() -> Self {
        Self::new(HOSTILE)
    }

    /// Its public key.
    pub fn public(&self) -> PublicKeyBytes {
        self.key.public_key()
    }

    /// Begins its chain on `vessel`; `nonce` is the token of an invitation.
    pub fn enrol(&mut self, vessel: VesselId, nonce: [u8; 16]) {
        let (key, offset) = (self.public(), START * 10);
        self.record(&[Body::Genesis { key, vessel, nonce, offset, continues: None }]);
    }

    /// Records facts, a tenth of a second apart, and cuts a segment. Gives the records' end.
    pub fn record(&mut self, bodies: &[Body]) -> (u64, Hash) {
        let items = bodies.iter().zip(self.next..).map(|(body, mono)| {
            let wall = u64::try_from(START).unwrap() + mono / 10;
            let time = TimePart { boot: [1; 8], mono, wall };
            let person = PersonPart { crew: CrewNo(7), grade: 1, how: 1 };
            Item::shown(&time, &person, &ContentPart { patrol: 0, body: body.clone() })
        });
        let key = draw(&mut self.entropy);
        let segment = Segment::cut(&self.key, self.next, self.head, key, items.collect()).unwrap();
        self.next += bodies.len() as u64;
        self.head = segment.records().last().unwrap().hash();
        self.segments.push(segment.encode());
        (self.next - 1, self.head)
    }

    /// Vouches for changes of the vessel's Plan, in this order.
    pub fn vouch(&mut self, changes: &[RawChange]) {
        let (kind, id) = PLAN;
        let hashes: Vec<Hash> = changes.iter().map(|change| change.hash).collect();
        for hashes in hashes.chunks(MAX_VOUCHED) {
            self.record(&[Body::Document { kind, id, changes: hashes.to_vec() }]);
        }
    }

    /// A request that brings `changes`, and all of this device's segments.
    pub fn request(&self, changes: &[RawChange]) -> Request {
        let (kind, id) = PLAN;
        Request {
            vessel: VESSEL,
            dev: self.dev,
            scope: Scope::All,
            have: Vec::new(),
            documents: Vec::new(),
            segments: self.segments.clone(),
            changes: changes.iter().map(|what| Document { kind, id, what: what.clone() }).collect(),
            tree_head: None,
            receipts: Vec::new(),
        }
    }

    /// The bytes of a request.
    pub fn seal(&self, request: &Request) -> Vec<u8> {
        SealedRequest::seal(request, &self.key).unwrap().encode()
    }

    /// Its chain, as a receiver reads it.
    pub fn chain(&self) -> Chain {
        let mut chain = Chain::new(self.dev);
        for bytes in &self.segments {
            let segment = Segment::decode(bytes).unwrap();
            chain.insert(segment.verify(&self.public()).unwrap());
        }
        chain
    }
}

/// A vessel whose shore is a key alone: for the gate, and for phones that hear from it.
pub struct Vessel {
    /// The root of authority.
    pub shore: Device,
    /// An officer who edits the Plan.
    pub honest: Device,
    /// An officer's device in the wrong hands.
    pub hostile: Device,
}

impl Vessel {
    /// Both officers are certified.
    pub fn new() -> Self {
        let (mut shore, mut honest, mut hostile) =
            (Device::new(SHORE), Device::honest(), Device::hostile());
        shore.enrol(VESSEL, [0; 16]);
        let certificates: Vec<Body> = [&mut honest, &mut hostile]
            .into_iter()
            .map(|officer| {
                officer.enrol(VESSEL, [9; 16]);
                certificate(officer.public(), Roles::CREW.and(Roles::OFFICER))
            })
            .collect();
        shore.record(&certificates);
        Self { shore, honest, hostile }
    }

    /// Certifies one more device.
    pub fn certify(&mut self, key: PublicKeyBytes, roles: Roles) {
        self.shore.record(&[certificate(key, roles)]);
    }

    /// All chains, in the order of their devices.
    pub fn chains(&self) -> Vec<Chain> {
        let mut chains = [&self.shore, &self.honest, &self.hostile].map(Device::chain).to_vec();
        chains.sort_by_key(Chain::dev);
        chains
    }

    /// All segments.
    pub fn segments(&self) -> Vec<Vec<u8>> {
        [&self.shore, &self.honest, &self.hostile]
            .into_iter()
            .flat_map(|device| device.segments.clone())
            .collect()
    }
}

impl Default for Vessel {
    fn default() -> Self {
        Self::new()
    }
}

fn certificate(key: PublicKeyBytes, roles: Roles) -> Body {
    Body::Certificate {
        key,
        vessel: VESSEL,
        roles: roles.0,
        from: START - 60,
        until: None,
        genesis: None,
    }
}
