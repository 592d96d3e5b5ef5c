//! A ship, its shore and its ledger, made by hand with real keys: three nights, and a bundle about them.
//!
//! The first night a point is left out, the second nobody walks, the third nobody walks and a reason is accepted. A lie is
//! told where a [`Story`] says so.

use std::collections::BTreeMap;

use crate::{
    assess::{
        Assessment, Excuse, Input, ReceiptFact, Severity, assess,
        scene::{DAY, Pen, ROUTE, SCHEDULE, VESSEL, plan, tag},
    },
    audit::{Bundle, Erasure, Manifest, Options, Report, Sources, Withheld, flags_of, verify},
    authority::{Authority, Roles},
    document::{DocumentKind, Line, RawChange, Value, VoucherIndex, merge, write::actor_of},
    entropy::SeededEntropy,
    ledger::{
        FlagStatement, Frontier, Leaf, LeafKind, LedgerKey, LoggedRun, NO_VESSEL, Policy,
        Publication, SignedTreeHead, Withdrawal, WitnessKey,
    },
    model::{DocumentId, DueId, Hash, PageSubject, VesselId, due_id, page_id},
    page::{Draft, On, PageContent, keys},
    plan::{PlanDocument, Walk},
    record::{
        Body, DeviceKey, Evidence, NamedTree, Receipt, SoftwareKey, VerifiedSegment, key::twins,
    },
};

const NIGHT: i64 = 86_400;
/// When the bundle is handed out.
pub const NOW: i64 = DAY + 4 * NIGHT;
const ORIGIN: &str = "ledger.example/fleet-1";
/// A ledger that was lost.
const EARLIER: &str = "ledger.example/fleet-0";
const OTHER: VesselId = VesselId([8; 16]);

/// The due patrol of a night.
pub fn due(night: i64) -> DueId {
    due_id(VESSEL, SCHEDULE, 0, opens(night))
}

pub fn opens(night: i64) -> i64 {
    DAY + night * NIGHT + 2 * 3_600
}

/// What is not as it should be.
#[derive(Debug, Clone, Default)]
pub struct Story {
    pub withheld: Vec<Withheld>,
    /// The shore leaves this flag out of the ledger.
    pub drops_flag: Option<&'static str>,
    /// The shore raises a flag that does not follow.
    pub makes_up_a_flag: bool,
    /// And writes this into it.
    pub says: Option<&'static str>,
    /// The shore withdraws what it should not.
    pub withdraws: Option<&'static str>,
    /// The shore logs no change of the Plan but another one.
    pub changes_the_plan: bool,
    /// The shore shows a phone another ledger than the auditor.
    pub shows_two_faces: bool,
    /// The shore signs receipts in another ledger.
    pub signs_two_trees: bool,
    /// The crew phone continues its chain twice.
    pub forks: bool,
    /// The shore logs nothing of the crew phone's last segment.
    pub forgets_to_log: bool,
    /// The shore has erased the crew's persons, and the officer's acceptance, and says so.
    pub erases: bool,
    /// The shore says that it has looked as of then, and not later.
    pub as_of: Option<i64>,
    /// The leaves begin here.
    pub first: u64,
    /// The crew phone has seen what never reached the shore.
    pub sees: bool,
    /// The shore says that a ledger with another key logs the vessel.
    pub names_another_ledger: bool,
    /// The first sync was in a ledger that the shore lost, and this one says that it follows.
    pub follows: bool,
    /// That ledger is one that the shore's chain never named.
    pub hides_a_ledger: bool,
    /// A segment of the crew phone got lost, and the shore says all the same that it holds all.
    pub loses: bool,
    /// A receipt of the newest tree is dated back by so much, s.
    pub dates_back: i64,
    /// The officer adopts the Plan again so often, and nothing says by when.
    pub adopts: i64,
    /// Short: one night, no Page. For tests that change every byte.
    pub short: bool,
    /// The shore certified another key with the id of the crew phone's.
    pub certifies_a_twin: bool,
    /// The shore revokes the crew phone after its genesis, and had receipted everything.
    pub disowns: bool,
}

/// A ledger that grows, and everything it keeps.
#[derive(Default, Clone)]
pub struct Log {
    frontier: Frontier,
    pub nodes: BTreeMap<(u8, u64), Hash>,
    pub leaves: Vec<(u64, Leaf)>,
    pub contents: Vec<Vec<u8>>,
}

impl Log {
    fn append(&mut self, vessel: VesselId, kind: LeafKind, content: &[u8]) {
        let before = self.leaves.iter().rev().find(|(_, leaf)| leaf.vessel == vessel);
        let leaf = Leaf::after(before.map(|(_, leaf)| leaf), vessel, kind, Hash::of(content));
        let index = self.frontier.size();
        for node in self.frontier.append(&leaf.encode()).unwrap() {
            self.nodes.insert((node.level, node.index), node.hash);
        }
        self.leaves.push((index, leaf));
        self.contents.push(content.to_vec());
    }

    fn tree(&self) -> (u64, Hash) {
        (self.frontier.size(), self.frontier.root())
    }

    pub fn of(&self, vessel: VesselId) -> Vec<(u64, Leaf)> {
        self.leaves.iter().filter(|(_, leaf)| leaf.vessel == vessel).copied().collect()
    }
}

pub struct Ship {
    /// As it is when the evidence is handed out.
    before: Log,
    /// With the leaf about that.
    pub log: Log,
    pub sources: Sources,
    pub manifest: Manifest,
    pub tree_head: SignedTreeHead,
    pub policy: Policy,
    pub crew: Pen,
    pub shore: SoftwareKey,
    /// The number of the officer's newest record.
    pub officer_head: u64,
}

/// The ship while its story goes on.
struct Scene {
    story: Story,
    log: Log,
    shore: Pen,
    officer: Pen,
    crew: Pen,
    logged: BTreeMap<crate::model::DeviceId, usize>,
    receipts: Vec<Receipt>,
    changes: Vec<RawChange>,
}

impl Scene {
    fn new(story: Story) -> Self {
        let mut entropy = SeededEntropy::new(1);
        let begin = DAY - NIGHT;
        let mut pen = |crew, time: i64| Pen::new(&mut entropy, crew, time);
        let (shore, officer, crew) = (pen(0, begin), pen(11, begin - 60), pen(12, begin - 60));
        let (log, receipts, changes) = (Log::default(), Vec::new(), Vec::new());
        let logged = BTreeMap::new();
        let mut scene = Self { story, log, shore, officer, crew, logged, receipts, changes };
        let origin = format!("{ORIGIN}\nA ledger for tests.\n");
        scene.log.append(NO_VESSEL, LeafKind::ORIGIN, origin.as_bytes());
        let published = Publication::of_this_program().encode();
        scene.log.append(NO_VESSEL, LeafKind::DETECTOR, &published);
        scene.enrol(begin);
        scene
    }

    fn enrol(&mut self, begin: i64) {
        self.shore.genesis(begin);
        let key = ledger_key();
        let other = self.story.names_another_ledger;
        if self.story.follows {
            let origin = EARLIER.to_owned();
            self.shore.write(begin, 0, Body::Ledger { origin, key: [8; 32] });
        }
        let key = if other { [9; 32] } else { key.verifier().public_key() };
        let origin = ORIGIN.to_owned();
        self.shore.write(begin, 0, Body::Ledger { origin, key });
        for roles in [Roles::OFFICER.and(Roles::CREW), Roles::CREW] {
            let pen = if roles == Roles::CREW { &mut self.crew } else { &mut self.officer };
            pen.genesis(begin);
            let mut key = pen.key.public_key();
            if roles == Roles::CREW && self.story.certifies_a_twin {
                key = SoftwareKey::generate(&mut SeededEntropy::new(99)).public_key();
                twins::found(key, pen.dev);
            }
            let body = Body::Certificate {
                key,
                vessel: VESSEL,
                roles: roles.0,
                from: begin,
                until: None,
                genesis: None,
            };
            self.shore.write(begin, 0, body);
        }
        let mut document = PlanDocument::default();
        let target = plan(4, Walk::Ordered);
        let changes = document.edit(self.shore.dev, [1; 8], begin, &target).unwrap();
        self.vouch_by_shore(begin + 60, &changes);
        if self.story.changes_the_plan {
            let mut other = PlanDocument::default();
            let changes =
                other.edit(self.shore.dev, [1; 8], begin, &plan(3, Walk::Ordered)).unwrap();
            self.changes = changes;
        }
        let heads = document.heads();
        self.officer.write(begin + 300, 0, Body::PlanAdopt { heads, effective_from: 0 });
        self.log_changes();
        self.sync(begin + 600);
        if self.story.follows || self.story.hides_a_ledger {
            self.earlier(begin + 900);
        }
    }

    /// Receipts and an acknowledgement of a ledger before this one; what the second receipt names is lost.
    fn earlier(&mut self, time: i64) {
        let (origin, size, root) = (Hash::of(EARLIER.as_bytes()), 9, Hash::of(b"a lost tree"));
        let tree = NamedTree { origin, size, root };
        let (dev, (seq, head)) = (self.crew.dev, self.crew.head());
        for (seq, head) in [(seq, head), (seq + 90, Hash::of(b"a lost record"))] {
            let receipt = Receipt::sign(&self.shore.key, dev, seq, head, time, tree).unwrap();
            self.receipts.push(receipt);
        }
        self.crew.write(time, 0, Body::Ack { origin, size, root });
        self.crew.flush();
    }

    fn vouch_by_shore(&mut self, time: i64, changes: &[RawChange]) {
        let (id, hashes) = (DocumentId(VESSEL.0), changes.iter().map(|it| it.hash).collect());
        self.shore.write(time, 0, Body::Document { kind: 1, id, changes: hashes });
        self.shore.flush();
        self.changes.extend_from_slice(changes);
    }

    fn log_changes(&mut self) {
        for change in self.changes.clone() {
            let subject = Hash::of(&change.bytes);
            if !self.log.leaves.iter().any(|(_, leaf)| leaf.subject == subject) {
                self.log.append(VESSEL, LeafKind::CHANGE, &change.bytes);
            }
        }
    }

    fn log_segments(&mut self) {
        for pen in [&self.shore, &self.officer, &self.crew] {
            let known = self.logged.entry(pen.dev).or_default();
            for segment in pen.segments.iter().skip(*known) {
                let verified: VerifiedSegment = segment.verify(&pen.key.public_key()).unwrap();
                let run = LoggedRun::of(&verified).encode();
                self.log.append(VESSEL, LeafKind::SEGMENT, &run);
            }
            *known = pen.segments.len();
        }
        self.log.append(OTHER, LeafKind::SEGMENT, b"another ship's");
    }

    /// Both phones send everything, take receipts and tree heads, and send what they made of them.
    fn sync(&mut self, time: i64) {
        for number in 0..2 {
            let pen = if number == 0 { &mut self.officer } else { &mut self.crew };
            pen.write(time, 0, Body::Alive);
            pen.flush();
            self.log_segments();
            let (size, mut root) = self.log.tree();
            if self.story.signs_two_trees {
                root = Hash::of(b"another tree");
            }
            let pen = if number == 0 { &mut self.officer } else { &mut self.crew };
            let (seq, head) = pen.head();
            let tree = NamedTree::of(ORIGIN, size, root);
            let receipt = Receipt::sign(&self.shore.key, pen.dev, seq, head, time, tree).unwrap();
            let subject = Some(receipt.hash());
            pen.write(time, 0, Body::Anchor { source: 1, time, eps: 10, subject });
            if self.story.shows_two_faces {
                root = Hash::of(b"another face");
            }
            let origin = Hash::of(ORIGIN.as_bytes());
            pen.write(time, 0, Body::Ack { origin, size, root });
            pen.flush();
            self.receipts.push(receipt);
        }
        self.log_segments();
    }

    /// The crew phone walks and leaves out point 3.
    fn first_night(&mut self) {
        let from = opens(0) + 300;
        let start = Body::PatrolStart {
            route: Some(ROUTE),
            due: Some(due(0)),
            supersedes: None,
            plan_heads: Vec::new(),
        };
        self.crew.write(from, 1, start);
        for (n, point) in [1, 2, 4].into_iter().enumerate() {
            let scan = Body::Scan(Evidence::Qr { tag: tag(point) });
            self.crew.write(from + 120 * (n as i64 + 1), 1, scan);
        }
        self.crew.write(from + 600, 1, Body::PatrolEnd { how: 1, reason: 0 });
        self.crew.flush();
        self.sync(opens(0) + 5 * 3_600);
    }

    /// The crew gives a reason why nobody walked the third night, and the officer accepts it.
    fn third_night(&mut self) {
        let time = opens(2) + 3_600;
        let subject = PageSubject::Due(due(2));
        let id = page_id(VESSEL, subject);
        let mut line = Line::default();
        let reason = Draft::Reason { on: On::Patrol, code: 1, text: "heavy weather".into() };
        let named = data_encoding::HEXLOWER.encode(&[3; 8]);
        let accept = Draft::Accept { reason: named, accepted: true };
        for (pen, draft) in [(&mut self.crew, reason), (&mut self.officer, accept)] {
            let mut entries = draft.entries([3; 8]).unwrap();
            entries.push((keys::ABOUT.into(), Some(Value::Text(keys::about(subject)))));
            let named = entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
            let actor = actor_of(pen.dev, pen.dev.0);
            let change = crate::document::write(&mut line, actor, time, named).unwrap().unwrap();
            pen.write(time, 0, Body::Document { kind: 2, id, changes: vec![change.hash] });
            self.changes.push(change);
        }
        self.log_changes();
        self.sync(opens(2) + 5 * 3_600);
    }

    /// What happens in the last hour.
    fn afterwards(&mut self, story: &Story) {
        if story.sees {
            self.see();
        }
        if story.disowns {
            let dev = self.crew.dev;
            self.shore.write(NOW - 3_000, 0, Body::Revoke { dev, last_trusted_seq: 0, reason: 3 });
            self.shore.flush();
            self.log_segments();
        }
        if story.loses {
            self.crew.write(NOW - 3_000, 0, Body::Alive);
            self.crew.flush();
            self.crew.segments.pop();
            self.sync(NOW - 2_900);
        }
        if story.dates_back > 0 {
            let last = self.receipts.last().unwrap();
            let (dev, seq, head) = (last.dev, last.seq, last.head);
            let (size, root) = self.log.tree();
            let (time, tree) = (last.time - story.dates_back, NamedTree::of(ORIGIN, size, root));
            let receipt = Receipt::sign(&self.shore.key, dev, seq, head, time, tree).unwrap();
            self.receipts.push(receipt);
        }
        let adopted = self.officer.chain.all().find_map(|entry| match entry.body() {
            Some(Body::PlanAdopt { heads, .. }) => Some(heads.clone()),
            _ => None,
        });
        for n in 0..story.adopts {
            let (heads, time) = (adopted.clone().unwrap(), NOW - 3_500 + n);
            self.officer.write(time, 0, Body::PlanAdopt { heads, effective_from: time });
        }
        if story.adopts > 0 {
            self.officer.flush();
            self.log_segments();
        }
    }

    /// The crew phone reads the officer's join code, the Plan from another phone, and the officer's newest head.
    fn see(&mut self) {
        let (dev, seq) = (self.officer.dev, self.officer.head().0);
        let time = NOW - 3_000;
        for (seq, head) in [(seq, b"another"), (seq + 9, b"unheard"), (seq + 9, b"unheard")] {
            self.crew.write(time, 0, Body::Seen { dev, seq, head: Hash::of(head), via: 1 });
        }
        let head = Hash::of(b"walking");
        self.crew.write(time, 2, Body::Join { dev, patrol: 1, head, due: None });
        self.crew.write(time, 0, Body::PlanSeen { heads: vec![Hash::of(b"a plan")] });
        let subject = Some(Hash::of(b"a receipt"));
        self.crew.write(time, 0, Body::Anchor { source: 1, time, eps: 10, subject });
        self.crew.flush();
        self.log_segments();
    }

    /// After the retention: a record about parts of records, a leaf about contents.
    fn erase(&mut self) {
        let (dev, to) = (self.crew.dev, self.crew.head().0);
        self.shore.write(NOW - 60, 0, Body::Erase { dev, from: 0, to, parts: 2, reason: 1 });
        self.shore.flush();
        self.log_segments();
        let accepted = |change: &&RawChange| change.bytes.windows(8).any(|it| it == b"accepted");
        let gone = self.changes.iter().filter(accepted).map(|change| Hash::of(&change.bytes));
        let erasure =
            Erasure { subjects: gone.collect(), at: NOW - 60, rule: "after five years".into() };
        self.log.append(VESSEL, LeafKind::ERASURE, &erasure.encode());
    }

    fn assess(&self) -> Assessment {
        let chains = [&self.shore, &self.officer, &self.crew].map(|pen| pen.chain.clone());
        let authority = Authority::read(VESSEL, &self.shore.key.public_key(), &chains);
        let index = VoucherIndex::of(&chains);
        let id = DocumentId(VESSEL.0);
        let vouchers = index.vouchers(DocumentKind::Plan, id, &authority);
        let plan = PlanDocument::from(&merge(DocumentKind::Plan, &self.changes, &vouchers));
        let versions = [(plan.heads(), plan.content())].into();
        let page = page_id(VESSEL, PageSubject::Due(due(2)));
        let vouchers = index.vouchers(DocumentKind::Page, page, &authority);
        let merged = merge(DocumentKind::Page, &self.changes, &vouchers);
        let excuses = Excuse::of_page(&PageContent::read(VESSEL, page, &merged));
        let receipts: Vec<ReceiptFact> = self.receipts.iter().map(ReceiptFact::of).collect();
        assess(&Input {
            vessel: VESSEL,
            as_of: self.as_of(),
            from: DAY - NIGHT,
            until: NOW,
            authority: &authority,
            chains: &chains,
            receipts: &receipts,
            versions: &versions,
            excuses: &excuses,
            dated: &[],
        })
    }

    fn as_of(&self) -> i64 {
        self.story.as_of.unwrap_or(NOW)
    }

    fn log_flags(&mut self) {
        let blind = self.story.changes_the_plan || self.story.adopts > 0;
        let mut flags = if blind { Vec::new() } else { flags_of(VESSEL, &self.assess()) };
        let made_up = FlagStatement {
            vessel: VESSEL,
            due: Some(due(0)),
            code: "overrun".into(),
            severity: Severity::Irregular,
            sentence: "It was a minute late.".into(),
            records: Vec::new(),
            detector_version: 1,
        };
        // Raised once, and withdrawn: it does not stand.
        let gone =
            Withdrawal { flag: made_up.subject(), as_of: DAY, why: "It was not late.".into() };
        self.log.append(VESSEL, LeafKind::FLAG_RAISED, &made_up.encode());
        self.log.append(VESSEL, LeafKind::FLAG_REVISED, &gone.encode());
        flags.retain(|flag| Some(flag.code.as_str()) != self.story.drops_flag);
        if self.story.makes_up_a_flag {
            let sentence = self.story.says.unwrap_or("It was two minutes late.").into();
            flags.push(FlagStatement { sentence, ..made_up });
        }
        for flag in &flags {
            self.log.append(VESSEL, LeafKind::FLAG_RAISED, &flag.encode());
        }
        if let Some(flag) =
            flags.iter().find(|flag| Some(flag.code.as_str()) == self.story.withdraws)
        {
            let gone = Withdrawal { flag: flag.subject(), as_of: NOW, why: "Nobody looks.".into() };
            self.log.append(VESSEL, LeafKind::FLAG_REVISED, &gone.encode());
        }
    }

    fn finish(mut self) -> Ship {
        self.log_flags();
        if self.story.erases {
            let kept = |_: u64, part| part != crate::record::Part::Person;
            self.crew.segments = self.crew.segments.iter().map(|it| it.disclose(kept)).collect();
        }
        let pens = [&self.shore, &self.officer, &self.crew];
        let mut leaves = self.log.of(VESSEL);
        leaves.retain(|(_, leaf)| leaf.number >= self.story.first);
        let sources = Sources {
            leaves,
            ledger_leaves: self.log.of(NO_VESSEL),
            contents: self.log.contents.clone(),
            segments: pens.into_iter().flat_map(|pen| pen.segments.clone()).collect(),
            receipts: self.receipts.iter().map(Receipt::encode).collect(),
        };
        let manifest = Manifest {
            vessel: VESSEL,
            from: DAY,
            to: NOW,
            as_of: self.as_of(),
            shore_key: self.shore.key.public_key(),
            first: self.story.first,
            recipient: "the flag state".into(),
            withheld: self.story.withheld.clone(),
            parts: Vec::new(),
        };
        let head = self.officer.head().0;
        handed_out(self.log, sources, manifest, (self.crew, self.shore.key, head))
    }
}

/// The shore says what it hands out, and then signs.
fn handed_out(
    before: Log,
    sources: Sources,
    manifest: Manifest,
    (crew, shore, officer_head): (Pen, SoftwareKey, u64),
) -> Ship {
    let parts = sources.prepare(&manifest.withheld).unwrap().named();
    let manifest = Manifest { parts, ..manifest };
    let mut log = before.clone();
    log.append(VESSEL, LeafKind::EXPORT, &manifest.encode());
    let (size, root) = log.tree();
    let mut tree_head = SignedTreeHead::sign(size, root, &ledger_key()).unwrap();
    let text = tree_head.note().text().to_owned();
    tree_head.add(witness_key().cosign(&text, NOW as u64)).unwrap();
    Ship { before, log, sources, manifest, tree_head, policy: policy(), crew, shore, officer_head }
}

impl Ship {
    /// Every flag that was ever raised of the vessel.
    pub fn flags(&self) -> Vec<FlagStatement> {
        let raised = self.log.leaves.iter().zip(&self.log.contents);
        let raised = raised.filter(|((_, leaf), _)| leaf.kind == LeafKind::FLAG_RAISED);
        raised.map(|(_, content)| FlagStatement::decode(content).unwrap()).collect()
    }

    pub fn new(story: Story) -> Self {
        let mut scene = Scene::new(story.clone());
        scene.first_night();
        if !story.short {
            scene.sync(opens(1) + 5 * 3_600);
            scene.third_night();
            scene.sync(NOW - 3_600);
        }
        if story.forks {
            let mut twin = scene.crew.clone();
            twin.write(NOW - 1_800, 0, Body::Park { reason: 1 });
            scene.crew.write(NOW - 1_800, 0, Body::Alive);
            scene.crew.flush();
            let forked = twin.cut().unwrap();
            scene.crew.chain.insert(forked.verify(&twin.key.public_key()).unwrap());
            scene.crew.segments.push(forked);
            scene.log_segments();
        }
        scene.afterwards(&story);
        if story.forgets_to_log {
            scene.crew.write(NOW - 1_800, 0, Body::Alive);
            scene.crew.flush();
        }
        if story.erases {
            scene.erase();
        }
        scene.finish()
    }

    pub fn honest() -> Self {
        Self::new(Story::default())
    }

    /// The same ship, where something was erased.
    pub fn erasing(&self) -> Self {
        Self::new(Story { erases: true, short: true, ..Story::default() })
    }

    /// The same shore, which shows something else, and says so in the ledger.
    pub fn showing(&self, change: impl FnOnce(&mut Sources)) -> Self {
        let mut sources = self.sources.clone();
        change(&mut sources);
        let author = (self.crew.clone(), self.shore.clone(), self.officer_head);
        handed_out(self.before.clone(), sources, self.manifest.clone(), author)
    }

    /// A bundle that somebody changed after the ledger was signed.
    pub fn changed(&self, change: impl FnOnce(&mut Sources)) -> Bundle {
        let mut sources = self.sources.clone();
        change(&mut sources);
        let prepared = sources.prepare(&self.manifest.withheld).unwrap();
        let export = *self.log.leaves.last().unwrap();
        prepared.write(&self.manifest, export, &self.tree_head, &self.log.nodes).unwrap()
    }

    pub fn bundle(&self) -> Bundle {
        self.changed(|_| ())
    }

    pub fn report(&self) -> Report {
        verify(&self.bundle(), &self.policy, &Options::default()).unwrap()
    }
}

pub fn ledger_key() -> LedgerKey {
    LedgerKey::from_seed(ORIGIN, &[1; 32]).unwrap()
}

pub fn witness_key() -> WitnessKey {
    WitnessKey::from_seed("flag.example/w1", &[7; 32]).unwrap()
}

pub fn policy_text() -> String {
    format!(
        "log {}\nwitness flag {}\nquorum flag\n",
        ledger_key().verifier(),
        witness_key().verifier()
    )
}

/// The auditor's own: this ledger, cosigned by the flag state's witness.
pub fn policy() -> Policy {
    Policy::parse(policy_text().as_bytes()).unwrap()
}
