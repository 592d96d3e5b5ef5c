//! A phone that writes records and is out of reach for weeks.

use deckwatch_core::{
    entropy::draw,
    model::{CrewNo, DeviceId, Hash, RecordRef, VesselId},
    record::{
        Body, Chain, ContentPart, DeviceKey, Item, PersonPart, PublicKeyBytes, Receipt, Segment,
        SoftwareKey, TimePart, VerifiedSegment, device_id, receipt,
    },
};

use super::chance::Chance;

/// Tenths of a second, as clocks count here.
const TENTHS: i64 = 10;
/// Items in one segment at most.
const SEGMENT: usize = 200;

/// A device with its chain.
#[derive(Debug)]
pub struct Handset {
    /// Its id.
    pub dev: DeviceId,
    key: SoftwareKey,
    vessel: VesselId,
    boot: [u8; 8],
    /// When it was started, tenths of a second.
    booted: i64,
    /// Its clocks run fast by so many parts in a million.
    drift: f64,
    /// Its wall clock is wrong by so many seconds.
    wrong: i64,
    seq: u64,
    head: Hash,
    first: (u64, Hash),
    items: Vec<Item>,
    segments: Vec<VerifiedSegment>,
    /// When the shore got so many of its segments, and the records in them.
    arrivals: Vec<(i64, usize, u64)>,
    /// When it last wrote `alive`.
    pub alive: i64,
    /// Its patrols.
    pub patrols: u64,
}

impl Handset {
    /// A phone that begins its chain at `now` (Unix s).
    pub fn new(vessel: VesselId, now: i64, chance: &mut Chance) -> Self {
        let key = SoftwareKey::generate(chance.entropy());
        let dev = device_id(&key.public_key());
        let mut phone = Self {
            dev,
            vessel,
            boot: draw(chance.entropy()),
            booted: now * TENTHS - 36_000,
            drift: chance.between(-60.0, 60.0),
            wrong: chance.between(-40.0, 40.0) as i64,
            seq: 0,
            head: Hash::ZERO,
            first: (0, Hash::ZERO),
            items: Vec::new(),
            segments: Vec::new(),
            arrivals: Vec::new(),
            alive: now,
            patrols: 0,
            key,
        };
        let key = phone.public_key();
        let offset = phone.booted + phone.wrong * TENTHS;
        let body = Body::Genesis { key, vessel, nonce: [0; 16], offset, continues: None };
        phone.write(now * TENTHS, 0, CrewNo::NOBODY, body);
        phone
    }

    /// Its public key.
    pub fn public_key(&self) -> PublicKeyBytes {
        self.key.public_key()
    }

    /// Started again after it was out of power.
    pub fn restart(&mut self, now: i64, chance: &mut Chance) {
        self.boot = draw(chance.entropy());
        self.booted = now * TENTHS - 300;
        let offset = self.booted + self.wrong * TENTHS;
        self.write(now * TENTHS, 0, CrewNo::NOBODY, Body::Boot { offset });
    }

    /// Its wall clock is set to another time from now on.
    pub fn set_clock(&mut self, now: i64, by: i64) {
        let before = self.booted + self.wrong * TENTHS;
        self.wrong += by;
        let after = self.booted + self.wrong * TENTHS;
        self.write(now * TENTHS, 0, CrewNo::NOBODY, Body::ClockStep { before, after });
    }

    /// Records something at `now` (tenths of a second, Unix).
    pub fn write(&mut self, now: i64, patrol: u64, crew: CrewNo, body: Body) -> RecordRef {
        let since = (now - self.booted) as f64 * (1.0 + self.drift / 1e6);
        let mono = since as u64;
        let wall = (self.booted + self.wrong * TENTHS + mono as i64).div_euclid(TENTHS);
        let time = TimePart { boot: self.boot, mono, wall: wall.max(0) as u64 };
        if body == Body::Alive {
            self.alive = now / TENTHS;
        }
        let person = PersonPart { crew, grade: 1, how: 1 };
        let item = Item::shown(&time, &person, &ContentPart { patrol, body });
        // The hash of a record is read from a segment that holds it alone; it is cut again with its neighbours.
        let alone = self.segment(self.seq, self.head, vec![item.clone()]);
        self.head = alone.reopen().unwrap().head();
        let named = RecordRef { dev: self.dev, seq: self.seq, hash: self.head };
        self.items.push(item);
        self.seq += 1;
        if self.items.len() >= SEGMENT {
            self.cut();
        }
        named
    }

    fn segment(&self, from: u64, prev: Hash, items: Vec<Item>) -> Segment {
        let (dev, key, signature) = (self.dev, Some([9; 16]), [0; 64]);
        Segment { dev, from, prev, key, items, signature }
    }

    fn cut(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let items = std::mem::take(&mut self.items);
        let (from, prev) = self.first;
        self.segments.push(self.segment(from, prev, items).reopen().unwrap());
        self.first = (self.seq, self.head);
    }

    /// Everything here is ashore now.
    pub fn arrive(&mut self, now: i64) {
        self.cut();
        self.arrivals.push((now, self.segments.len(), self.seq));
    }

    /// One exchange with the shore: what is here arrives, and the receipt is recorded.
    pub fn sync(&mut self, now: i64, shore: &Handset) -> Receipt {
        self.write(now * TENTHS, 0, CrewNo::NOBODY, Body::Alive);
        self.arrive(now);
        let (seq, head) = (self.seq - 1, self.head);
        let tree = receipt::no_tree();
        let receipt = Receipt::sign(&shore.key, self.dev, seq, head, now, tree).unwrap();
        let subject = Some(receipt.hash());
        let anchor = Body::Anchor { source: 1, time: now, eps: 0, subject };
        self.write((now + 1) * TENTHS, 0, CrewNo::NOBODY, anchor);
        receipt
    }

    /// The chain as far as it was ashore at `now`.
    pub fn ashore(&self, now: i64) -> Chain {
        let arrived = self.arrivals.iter().take_while(|(at, ..)| *at <= now).last();
        let mut chain = Chain::new(self.dev);
        for segment in self.segments.iter().take(arrived.map_or(0, |(_, count, _)| *count)) {
            chain.insert(segment.clone());
        }
        chain
    }

    /// Seq and hash of its newest record.
    pub fn newest(&self) -> (u64, Hash) {
        (self.seq - 1, self.head)
    }

    /// Records that it has written.
    pub fn written(&self) -> u64 {
        self.seq
    }

    /// Records of it that were ashore at `now`.
    pub fn records_ashore(&self, now: i64) -> u64 {
        let arrived = self.arrivals.iter().take_while(|(at, ..)| *at <= now).last();
        arrived.map_or(0, |(.., records)| *records)
    }

    /// The vessel that it serves.
    pub fn vessel(&self) -> VesselId {
        self.vessel
    }
}
