//! A small ship for tests: a shore, an officer's phone and two crew phones, with real keys,
//! records, segments and receipts. Times are Unix seconds of true time.

use std::collections::BTreeMap;

use super::{Assessed, Assessment, Excuse, Input, ReceiptFact, assess};
use crate::{
    authority::{Authority, Roles},
    entropy::{SeededEntropy, draw},
    model::{
        CheckpointId, CrewNo, DeviceId, DueId, Hash, RecordRef, RouteId, ScheduleId, TagId, TagUid,
        VesselId, due_id,
    },
    plan::{Checkpoint, KeyedTag, PlanContent, Route, Schedule, TagRegistration, Timing, Walk},
    record::{
        Body, Chain, ContentPart, DeviceKey, Evidence, Item, PersonPart, Receipt, Record,
        SegmentKey, SoftwareKey, TimePart, device_id,
        segment::{MAX_RECORDS, Segment},
    },
};

/// Midnight; the day whose due patrols are looked at. The window is 02:00 to 03:00, ten minutes of
/// grace, to be started by 02:30, at most 45 minutes.
pub const DAY: i64 = 1_799_971_200;
pub const VESSEL: VesselId = VesselId([7; 16]);
pub const ROUTE: RouteId = RouteId([1; 8]);
pub const SCHEDULE: ScheduleId = ScheduleId([2; 8]);
/// The officer's phone, and two of the crew.
pub const O: usize = 0;
pub const A: usize = 1;
pub const B: usize = 2;
/// The contact limit of the plan.
pub const LIMIT_HOURS: u32 = 72;

/// A clock time of [`DAY`].
pub fn at(hour: i64, minute: i64) -> i64 {
    DAY + hour * 3_600 + minute * 60
}

pub fn due() -> DueId {
    due_id(VESSEL, SCHEDULE, 0, at(2, 0))
}

pub fn point(n: u8) -> CheckpointId {
    CheckpointId([n; 8])
}

pub fn tag(n: u8) -> TagId {
    TagId([n; 16])
}

/// The display at a point.
pub fn display(n: u8) -> TagId {
    TagId([0xd0 | n; 16])
}

/// What a display there shows.
pub fn code(n: u8) -> Evidence {
    Evidence::Rotating { tag: display(n), code: 12_345_678 }
}

/// The UID of the NFC tag at a point.
pub fn chip(n: u8) -> [u8; 7] {
    [4, 0xde, 0, 0, 0, 0, n]
}

/// The signed message of the tag at a point.
pub fn sun(n: u8, counter: u64) -> Evidence {
    Evidence::Sun { uid: chip(n), counter, mac: [0; 8], nonce_bound: false }
}

pub fn plan(points: u8, walk: Walk) -> PlanContent {
    let checkpoint = |n: u8| Checkpoint { name: format!("Point {n}"), ..Checkpoint::default() };
    let route = Route {
        name: "Fire round".into(),
        walk,
        points: (1..=points).map(point).collect(),
        max_minutes: Some(45),
    };
    let schedule = Schedule {
        window_minutes: 60,
        start_within_minutes: 30,
        grace_minutes: 10,
        ..Schedule::new("Night", ROUTE, Timing::Times(vec![120]))
    };
    let keyed = |n: u8| KeyedTag { checkpoint: point(n), key_version: Some(1) };
    let registration = |n: u8| TagRegistration { checkpoint: point(n), revision: 1 };
    PlanContent {
        contact_limit_hours: Some(LIMIT_HOURS),
        checkpoints: (1..=points).map(|n| (point(n), checkpoint(n))).collect(),
        tags: (1..=points).map(|n| (tag(n), registration(n))).collect(),
        nfc: (1..=points).map(|n| (TagUid::from(chip(n)), keyed(n))).collect(),
        displays: (1..=points).map(|n| (display(n), keyed(n))).collect(),
        routes: [(ROUTE, route)].into(),
        schedules: [(SCHEDULE, schedule)].into(),
        ..PlanContent::default()
    }
}

/// What an officer's certificate says: crew, from `time` on.
pub fn on_board(key: [u8; 33], time: i64) -> Body {
    let roles = Roles::CREW.0;
    Body::Certificate { key, vessel: VESSEL, roles, from: time, until: None, genesis: None }
}

/// A device with its chain, as far as it was flushed, and what it has not sent yet.
#[derive(Clone)]
pub struct Pen {
    pub key: SoftwareKey,
    pub dev: DeviceId,
    pub chain: Chain,
    pub crew: CrewNo,
    /// How surely it is that person: 0 to 3.
    pub grade: u32,
    /// The phone's clock is wrong by so many seconds.
    pub skew: i64,
    boot: u8,
    booted: i64,
    seq: u64,
    prev: Hash,
    sent: (u64, Hash),
    segment_key: SegmentKey,
    items: Vec<Item>,
    /// Every segment it cut.
    pub segments: Vec<Segment>,
}

impl Pen {
    pub fn new(entropy: &mut SeededEntropy, crew: u32, booted: i64) -> Self {
        let key = SoftwareKey::generate(entropy);
        let dev = device_id(&key.public_key());
        Self {
            dev,
            chain: Chain::new(dev),
            crew: CrewNo(crew),
            grade: 1,
            skew: 0,
            boot: 1,
            booted,
            seq: 0,
            prev: Hash::ZERO,
            sent: (0, Hash::ZERO),
            segment_key: draw(entropy),
            items: Vec::new(),
            segments: Vec::new(),
            key,
        }
    }

    pub fn genesis(&mut self, time: i64) -> RecordRef {
        let key = self.key.public_key();
        let body =
            Body::Genesis { key, vessel: VESSEL, nonce: [0; 16], offset: 0, continues: None };
        self.write(time, 0, body)
    }

    pub fn reboot(&mut self, time: i64) {
        self.boot += 1;
        self.booted = time;
    }

    pub fn write(&mut self, time: i64, patrol: u64, body: Body) -> RecordRef {
        let mono = u64::try_from((time - self.booted) * 10).unwrap();
        let wall = u64::try_from(time + self.skew).unwrap();
        let time = TimePart { boot: [self.boot; 8], mono, wall };
        let person = PersonPart { crew: self.crew, grade: self.grade, how: 1 };
        let content = ContentPart { patrol, body };
        let kind = content.body.kind();
        let parts = [time.encode(), person.encode(), content.encode()];
        let [t, p, c] = &parts;
        let record =
            Record::compose(kind, self.dev, self.seq, self.prev, &self.segment_key, [t, p, c]);
        let named = RecordRef { dev: self.dev, seq: self.seq, hash: record.hash() };
        self.items.push(Item::shown(&time, &person, &content));
        (self.seq, self.prev) = (self.seq + 1, named.hash);
        if self.items.len() == MAX_RECORDS {
            self.flush();
        }
        named
    }

    /// Cuts, signs, verifies and hands over what was written since the last time.
    pub fn flush(&mut self) {
        if let Some(segment) = self.cut() {
            self.chain.insert(segment.verify(&self.key.public_key()).unwrap());
            self.segments.push(segment);
        }
    }

    /// Cuts and signs what was written since the last time, and hands it to nobody.
    pub fn cut(&mut self) -> Option<Segment> {
        if self.items.is_empty() {
            return None;
        }
        let (from, prev) = self.sent;
        let items = std::mem::take(&mut self.items);
        self.sent = (self.seq, self.prev);
        Some(Segment::cut(&self.key, from, prev, self.segment_key, items).unwrap())
    }

    pub fn head(&self) -> (u64, Hash) {
        (self.seq - 1, self.prev)
    }
}

#[derive(Clone)]
pub struct Scene {
    pub shore: Pen,
    pub pens: Vec<Pen>,
    pub receipts: Vec<ReceiptFact>,
    pub excuses: Vec<Excuse>,
    pub versions: BTreeMap<Vec<Hash>, PlanContent>,
    pub until: i64,
    entropy: SeededEntropy,
}

impl Scene {
    /// Everything was certified, adopted and synced the day before.
    pub fn new() -> Self {
        let mut entropy = SeededEntropy::new(1);
        let start = DAY - 86_400;
        let mut shore = Pen::new(&mut entropy, 0, start);
        shore.genesis(start);
        let versions = BTreeMap::new();
        let mut scene = Self {
            shore,
            pens: Vec::new(),
            receipts: Vec::new(),
            excuses: Vec::new(),
            versions,
            until: DAY + 86_400,
            entropy,
        };
        for roles in [Roles::OFFICER.and(Roles::CREW), Roles::CREW, Roles::CREW] {
            let pen = scene.add(start);
            scene.certify(pen, start, roles, start, None);
        }
        scene.adopt(start + 300, 1, plan(4, Walk::Ordered));
        for pen in [O, A, B] {
            scene.sync(pen, start + 600);
        }
        scene
    }

    /// A new device that nobody certified.
    pub fn add(&mut self, time: i64) -> usize {
        let pen = self.add_unbegun(time);
        self.pens[pen].genesis(time);
        pen
    }

    /// A new device that has recorded nothing.
    pub fn add_unbegun(&mut self, time: i64) -> usize {
        let crew = 11 + self.pens.len() as u32;
        self.pens.push(Pen::new(&mut self.entropy, crew, time - 3_600));
        self.pens.len() - 1
    }

    pub fn certify(&mut self, pen: usize, time: i64, roles: Roles, from: i64, until: Option<i64>) {
        self.certify_genesis(pen, time, roles, (from, until), None);
    }

    pub fn certify_genesis(
        &mut self,
        pen: usize,
        time: i64,
        roles: Roles,
        (from, until): (i64, Option<i64>),
        genesis: Option<Hash>,
    ) {
        let key = self.pens[pen].key.public_key();
        let body = Body::Certificate { key, vessel: VESSEL, roles: roles.0, from, until, genesis };
        self.shore_says(time, body);
    }

    /// The certificate that an officer's phone writes for another phone.
    pub fn certify_on_board(&mut self, officer: usize, pen: usize, time: i64) -> RecordRef {
        let key = self.pens[pen].key.public_key();
        self.write(officer, time, 0, on_board(key, time))
    }

    pub fn shore_says(&mut self, time: i64, body: Body) {
        self.shore.write(time, 0, body);
        self.shore.flush();
    }

    pub fn lost(&mut self, pen: usize, time: i64) {
        let dev = self.pens[pen].dev;
        self.shore_says(time, Body::Lost { dev, reported: time, last_seq: None });
    }

    pub fn revoke(&mut self, pen: usize, time: i64, last_trusted_seq: u64) {
        let dev = self.pens[pen].dev;
        self.shore_says(time, Body::Revoke { dev, last_trusted_seq, reason: 1 });
    }

    /// The officer adopts a version of the Plan.
    pub fn adopt(&mut self, time: i64, name: u8, content: PlanContent) {
        let heads = vec![Hash([name; 32])];
        self.versions.insert(heads.clone(), content);
        self.pens[O].write(time, 0, Body::PlanAdopt { heads, effective_from: 0 });
    }

    pub fn write(&mut self, pen: usize, time: i64, patrol: u64, body: Body) -> RecordRef {
        self.pens[pen].write(time, patrol, body)
    }

    pub fn start(&mut self, pen: usize, time: i64, patrol: u64, due: Option<DueId>) {
        let body = Body::PatrolStart {
            route: Some(ROUTE),
            due,
            supersedes: None,
            plan_heads: vec![Hash([1; 32])],
        };
        self.write(pen, time, patrol, body);
    }

    pub fn scan(&mut self, pen: usize, time: i64, patrol: u64, n: u8) {
        self.write(pen, time, patrol, Body::Scan(Evidence::Qr { tag: tag(n) }));
    }

    /// The shore's check of a scan.
    pub fn check(&mut self, time: i64, scan: RecordRef, result: u64) {
        let body = Body::TagCheck { record: scan.hash, result, key_version: 1 };
        self.shore_says(time, body);
    }

    pub fn end(&mut self, pen: usize, time: i64, patrol: u64, how: u64) {
        self.write(pen, time, patrol, Body::PatrolEnd { how, reason: 0 });
    }

    /// A start, scans evenly in between, and a finish.
    pub fn walk(
        &mut self,
        pen: usize,
        (from, until): (i64, i64),
        patrol: u64,
        due: Option<DueId>,
        points: &[u8],
    ) {
        self.begin(pen, (from, until), patrol, due, points);
        self.end(pen, until, patrol, 1);
    }

    /// A start and scans evenly up to `until`, without an end.
    pub fn begin(
        &mut self,
        pen: usize,
        (from, until): (i64, i64),
        patrol: u64,
        due: Option<DueId>,
        points: &[u8],
    ) {
        self.start(pen, from, patrol, due);
        let step = (until - from) / (points.len() as i64 + 1);
        for (n, time) in points.iter().zip((1..).map(|n| from + n * step)) {
            self.scan(pen, time, patrol, *n);
        }
    }

    /// Sends everything, takes a receipt and anchors to it, and sends the anchor too.
    pub fn sync(&mut self, pen: usize, time: i64) {
        let pen = &mut self.pens[pen];
        pen.write(time, 0, Body::Alive);
        pen.flush();
        let (seq, head) = pen.head();
        let receipt = Receipt::sign(
            &self.shore.key,
            pen.dev,
            seq,
            head,
            time,
            crate::record::receipt::no_tree(),
        )
        .unwrap();
        assert!(receipt.is_from(&self.shore.key.public_key()));
        self.receipts.push(ReceiptFact::of(&receipt));
        let subject = Some(receipt.hash());
        pen.write(time, 0, Body::Anchor { source: 1, time, eps: 10, subject });
        pen.flush();
    }

    pub fn sync_all(&mut self, time: i64) {
        for pen in 0..self.pens.len() {
            self.sync(pen, time);
        }
    }

    pub fn sync_all_but(&mut self, pen: usize, time: i64) {
        (0..self.pens.len()).filter(|other| *other != pen).for_each(|other| self.sync(other, time));
    }

    pub fn excuse(&mut self, by: usize, crew: u32) {
        let by_dev = self.pens[by].dev;
        let excuse = Excuse {
            due: due(),
            by_dev,
            by_crew: CrewNo(crew),
            reason: "heavy weather".into(),
            record: RecordRef { dev: by_dev, seq: 0, hash: Hash::ZERO },
        };
        self.excuses.push(excuse);
    }

    pub fn chains(&self) -> Vec<Chain> {
        let pens = self.pens.iter().map(|pen| &pen.chain);
        std::iter::once(&self.shore.chain).chain(pens).cloned().collect()
    }

    /// Assesses the openings of [`DAY`].
    pub fn assess(&self, as_of: i64) -> Assessment {
        self.assess_chains(&self.chains(), as_of)
    }

    pub fn authority(&self) -> Authority {
        Authority::read(VESSEL, &self.shore.key.public_key(), &self.chains())
    }

    pub fn assess_chains(&self, chains: &[Chain], as_of: i64) -> Assessment {
        let authority = Authority::read(VESSEL, &self.shore.key.public_key(), chains);
        assess(&Input {
            vessel: VESSEL,
            as_of,
            from: DAY,
            until: self.until,
            authority: &authority,
            chains,
            receipts: &self.receipts,
            versions: &self.versions,
            excuses: &self.excuses,
            dated: &[],
        })
    }

    /// The one due patrol of [`DAY`].
    pub fn judge(&self, as_of: i64) -> Assessed {
        let assessment = self.assess(as_of);
        assert_eq!(assessment.dues.len(), 1);
        assessment.dues.into_iter().next().unwrap()
    }
}
