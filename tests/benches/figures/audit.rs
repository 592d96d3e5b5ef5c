//! Verifying the evidence of one vessel-year: 6 patrols a day, 30 checkpoints, one sync a patrol.

use std::collections::BTreeMap;

use deckwatch_core::{
    audit::{Bundle, Manifest, Options, Shown, Sources, Withheld, verify},
    entropy::{SeededEntropy, draw},
    ledger::{
        Frontier, Leaf, LeafKind, LedgerKey, LoggedRun, NO_VESSEL, Policy, Publication,
        SignedTreeHead,
    },
    model::{CrewNo, DocumentId, Hash, VesselId},
    plan::{PlanDocument, due_patrols},
    record::{
        Body, ContentPart, DeviceKey, Evidence, Item, PersonPart, Receipt, Segment, SegmentKey,
        SoftwareKey, TimePart, device_id,
    },
};
use deckwatch_tests::{BEGIN, DAY};

use super::{Table, assess::plan, median, shown, timed};

const VESSEL: VesselId = VesselId([7; 16]);
const END: i64 = BEGIN + 365 * DAY;

pub fn measure(table: &mut Table) {
    let year = Year::walked();
    let bare = year.bare();
    for (what, withheld) in [
        ("evidence of one vessel-year", Vec::new()),
        (
            "the same, persons withheld",
            vec![Withheld::everywhere(Shown { person: true, ..Shown::default() })],
        ),
    ] {
        let (archive, policy) = year.archive(withheld);
        let mut times = Vec::new();
        let mut code = 0;
        for _ in 0..3 {
            let (report, took) = timed(|| {
                let bundle = Bundle::from_archive(&archive).unwrap();
                verify(&bundle, &policy, &Options::default()).unwrap()
            });
            assert!(report.integrity, "{report}");
            code = report.exit_code();
            times.push(took);
        }
        let took = median(times);
        table.row(
            format!("{what}: verified and assessed again"),
            shown(took),
            format!(
                "{:.2} times its bare ES256 verifications ({}); {:.1} MB, exit code {code}",
                took.as_secs_f64() / bare.as_secs_f64(),
                shown(bare),
                archive.len() as f64 / 1e6
            ),
        );
    }
}

/// What a shore holds after a year.
struct Year {
    shore: SoftwareKey,
    phone: SoftwareKey,
    segments: Vec<Segment>,
    receipts: Vec<Receipt>,
    change: Vec<u8>,
}

impl Year {
    fn walked() -> Self {
        let mut entropy = SeededEntropy::new(6);
        let shore = SoftwareKey::generate(&mut entropy);
        let phone = SoftwareKey::generate(&mut entropy);
        let plan = plan(&mut entropy);
        let mut document = PlanDocument::default();
        let shore_dev = device_id(&shore.public_key());
        let mut changes = document.edit(shore_dev, [1; 8], BEGIN, &plan).unwrap();
        let heads = document.heads();
        let change = changes.pop().unwrap();
        assert!(changes.is_empty());
        let certificate = Body::Certificate {
            key: phone.public_key(),
            vessel: VESSEL,
            roles: 3,
            from: BEGIN,
            until: None,
            genesis: None,
        };
        let mut ashore = Author::new(&shore);
        ashore.write(BEGIN + 1, 0, certificate);
        let (id, changes) = (DocumentId(VESSEL.0), vec![change.hash]);
        ashore.write(BEGIN + 2, 0, Body::Document { kind: 1, id, changes });
        ashore.cut();
        let mut walker = Author::new(&phone);
        let mut receipts = Vec::new();
        walker.sync(&shore, &mut receipts, BEGIN + 60);
        walker.write(BEGIN + 100, 0, Body::PlanAdopt { heads: heads.clone(), effective_from: 0 });
        for (number, due) in (1..).zip(due_patrols(VESSEL, &plan, BEGIN + 3_600, END)) {
            let mut now = due.opens + 60;
            let start = Body::PatrolStart {
                route: Some(due.route),
                due: Some(due.id),
                supersedes: None,
                plan_heads: heads.clone(),
            };
            walker.write(now, number, start);
            for point in &due.points {
                now += 40;
                let tag = plan.tags.iter().find(|(_, at)| at.checkpoint == *point).unwrap().0;
                walker.write(now, number, Body::Scan(Evidence::Qr { tag: *tag }));
            }
            walker.write(now + 20, number, Body::PatrolEnd { how: 1, reason: 0 });
            walker.sync(&shore, &mut receipts, now + 60);
        }
        walker.cut();
        let segments = [ashore.segments, walker.segments].concat();
        Self { shore, phone, segments, receipts, change: change.bytes }
    }

    /// Every signature, once, and nothing else.
    fn bare(&self) -> std::time::Duration {
        let key = |segment: &Segment| {
            let of = |key: &SoftwareKey| device_id(&key.public_key()) == segment.dev;
            if of(&self.shore) { self.shore.public_key() } else { self.phone.public_key() }
        };
        let signed: Vec<([u8; 33], Vec<u8>, [u8; 64])> = self
            .segments
            .iter()
            .map(|segment| {
                let last = segment.records().last().unwrap().encode();
                (key(segment), last, segment.signature)
            })
            .collect();
        use deckwatch_core::record::{Purpose, key::verify};
        let times = (0..3).map(|_| {
            let ((), took) = timed(|| {
                for (key, last, signature) in &signed {
                    assert!(verify(key, Purpose::Record, last, signature));
                }
                for receipt in &self.receipts {
                    assert!(receipt.is_from(&self.shore.public_key()));
                }
            });
            took
        });
        median(times.collect())
    }

    fn archive(&self, withheld: Vec<Withheld>) -> (Vec<u8>, Policy) {
        let mut log = Log::default();
        log.append(NO_VESSEL, LeafKind::ORIGIN, b"a ledger for figures");
        log.append(NO_VESSEL, LeafKind::DETECTOR, &Publication::of_this_program().encode());
        log.append(VESSEL, LeafKind::CHANGE, &self.change);
        for segment in &self.segments {
            let run = LoggedRun::of(&segment.reopen().unwrap());
            log.append(VESSEL, LeafKind::SEGMENT, &run.encode());
        }
        let sources = Sources {
            leaves: log.of(VESSEL),
            ledger_leaves: log.of(NO_VESSEL),
            contents: log.contents.clone(),
            segments: self.segments.clone(),
            receipts: self.receipts.iter().map(Receipt::encode).collect(),
        };
        let prepared = sources.prepare(&withheld).unwrap();
        let manifest = Manifest {
            vessel: VESSEL,
            from: BEGIN,
            to: END,
            as_of: END + DAY,
            shore_key: self.shore.public_key(),
            first: 0,
            recipient: "an auditor".into(),
            withheld,
            parts: prepared.named(),
        };
        log.append(VESSEL, LeafKind::EXPORT, &manifest.encode());
        let key = LedgerKey::from_seed("ledger.example/figures", &[1; 32]).unwrap();
        let (size, root) = (log.frontier.size(), log.frontier.root());
        let head = SignedTreeHead::sign(size, root, &key).unwrap();
        let export = *log.leaves.last().unwrap();
        let bundle = prepared.write(&manifest, export, &head, &log.nodes).unwrap();
        let archive = bundle.to_archive().unwrap();
        (archive, Policy::of_ledger(key.verifier().clone()))
    }
}

#[derive(Default)]
struct Log {
    frontier: Frontier,
    nodes: BTreeMap<(u8, u64), Hash>,
    newest: BTreeMap<VesselId, Leaf>,
    leaves: Vec<(u64, Leaf)>,
    contents: Vec<Vec<u8>>,
}

impl Log {
    fn of(&self, vessel: VesselId) -> Vec<(u64, Leaf)> {
        self.leaves.iter().filter(|(_, leaf)| leaf.vessel == vessel).copied().collect()
    }

    fn append(&mut self, vessel: VesselId, kind: LeafKind, content: &[u8]) {
        let leaf = Leaf::after(self.newest.get(&vessel), vessel, kind, Hash::of(content));
        self.leaves.push((self.frontier.size(), leaf));
        for node in self.frontier.append(&leaf.encode()).unwrap() {
            self.nodes.insert((node.level, node.index), node.hash);
        }
        self.newest.insert(vessel, leaf);
        self.contents.push(content.to_vec());
    }
}

/// A phone that writes, and cuts as phones do.
struct Author<'k> {
    key: &'k SoftwareKey,
    entropy: SeededEntropy,
    segment_key: SegmentKey,
    from: u64,
    prev: Hash,
    items: Vec<Item>,
    segments: Vec<Segment>,
}

impl<'k> Author<'k> {
    fn new(key: &'k SoftwareKey) -> Self {
        let mut entropy = SeededEntropy::new(7);
        let segment_key = draw(&mut entropy);
        let (items, segments) = (Vec::new(), Vec::new());
        let (from, prev) = (0, Hash::ZERO);
        let mut author = Self { key, entropy, segment_key, from, prev, items, segments };
        let genesis = Body::Genesis {
            key: key.public_key(),
            vessel: VESSEL,
            nonce: [0; 16],
            offset: BEGIN * 10,
            continues: None,
        };
        author.write(BEGIN, 0, genesis);
        author
    }

    fn write(&mut self, now: i64, patrol: u64, body: Body) {
        let time = TimePart { boot: [1; 8], mono: ((now - BEGIN) * 10) as u64, wall: now as u64 };
        let person = PersonPart { crew: CrewNo(4), grade: 1, how: 1 };
        self.items.push(Item::shown(&time, &person, &ContentPart { patrol, body }));
    }

    /// Cuts, and gives seq and hash of the newest record.
    fn cut(&mut self) -> (u64, Hash) {
        let items = std::mem::take(&mut self.items);
        if !items.is_empty() {
            let count = items.len() as u64;
            let cut = Segment::cut(self.key, self.from, self.prev, self.segment_key, items);
            let segment = cut.unwrap();
            self.prev = segment.records().last().unwrap().hash();
            self.from += count;
            self.segments.push(segment);
            self.segment_key = draw(&mut self.entropy);
        }
        (self.from - 1, self.prev)
    }

    fn sync(&mut self, shore: &SoftwareKey, receipts: &mut Vec<Receipt>, now: i64) {
        self.write(now, 0, Body::Alive);
        let (seq, head) = self.cut();
        let dev = device_id(&self.key.public_key());
        let tree = deckwatch_core::record::receipt::no_tree();
        let receipt = Receipt::sign(shore, dev, seq, head, now, tree).unwrap();
        let subject = Some(receipt.hash());
        receipts.push(receipt);
        self.write(now + 1, 0, Body::Anchor { source: 1, time: now, eps: 0, subject });
    }
}
