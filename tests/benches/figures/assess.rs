//! Assessment of one vessel-year: 6 patrols a day, 30 checkpoints.

use std::collections::BTreeMap;

use deckwatch_core::{
    assess::{Input, assess},
    authority::Authority,
    entropy::{SeededEntropy, draw},
    model::{CheckpointId, CrewNo, Hash, RouteId, ScheduleId, TagId, VesselId},
    plan::{
        Checkpoint, PlanContent, PlanDocument, Route, Schedule, TagRegistration, Timing, Walk,
        due_patrols,
    },
    record::{
        Body, Chain, ContentPart, DeviceKey, Evidence, Item, PersonPart, Receipt, Segment,
        SoftwareKey, TimePart, VerifiedSegment,
    },
};
use deckwatch_tests::{BEGIN, DAY};

use super::{Table, median, shown, timed};

const VESSEL: VesselId = VesselId([7; 16]);

pub fn measure(table: &mut Table) {
    let mut entropy = SeededEntropy::new(6);
    let shore = SoftwareKey::generate(&mut entropy);
    let phone = SoftwareKey::generate(&mut entropy);
    let plan = plan(&mut entropy);
    let mut document = PlanDocument::default();
    let dev = |key: &SoftwareKey| deckwatch_core::record::device_id(&key.public_key());
    document.edit(dev(&shore), [1; 8], BEGIN, &plan).unwrap();
    let heads = document.heads();

    let certificate = Body::Certificate {
        key: phone.public_key(),
        vessel: VESSEL,
        roles: 3,
        from: BEGIN,
        until: None,
        genesis: None,
    };
    let mut ashore = Author::new(&shore, BEGIN);
    ashore.write(BEGIN + 1, 0, certificate);
    let mut walker = Author::new(&phone, BEGIN);
    let mut receipts = Vec::new();
    sync(&mut walker, &shore, &mut receipts, BEGIN + 60);
    walker.write(BEGIN + 100, 0, Body::PlanAdopt { heads: heads.clone(), effective_from: 0 });
    for (number, due) in (1..).zip(due_patrols(VESSEL, &plan, BEGIN + 3_600, BEGIN + 365 * DAY)) {
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
        sync(&mut walker, &shore, &mut receipts, now + 60);
    }
    let records = walker.chain.all().count();
    let chains = [ashore.chain, walker.chain];
    let authority = Authority::read(VESSEL, &shore.public_key(), &chains);
    let facts: Vec<_> = receipts.iter().map(deckwatch_core::assess::ReceiptFact::of).collect();
    let versions: BTreeMap<Vec<Hash>, PlanContent> = [(heads, plan)].into();
    let input = Input {
        vessel: VESSEL,
        as_of: BEGIN + 366 * DAY,
        from: BEGIN,
        until: BEGIN + 366 * DAY,
        authority: &authority,
        chains: &chains,
        receipts: &facts,
        versions: &versions,
        excuses: &[],
        dated: &[],
    };
    let mut times = Vec::new();
    let mut dues = 0;
    for _ in 0..5 {
        let (assessment, took) = timed(|| assess(&input));
        dues = assessment.dues.len();
        times.push(took);
    }
    table.row(
        "assessment of one vessel-year",
        shown(median(times)),
        format!("{dues} due patrols, {records} records, 30 checkpoints, from decoded records"),
    );
}

pub fn plan(entropy: &mut SeededEntropy) -> PlanContent {
    let points: Vec<CheckpointId> = (0..30).map(|_| CheckpointId(draw(entropy))).collect();
    let place = |n: usize| Checkpoint {
        name: format!("Place {n}"),
        deck: "Main deck".into(),
        ..Checkpoint::default()
    };
    let tag = |id: &CheckpointId| TagRegistration { checkpoint: *id, revision: 1 };
    let tags: BTreeMap<TagId, TagRegistration> =
        points.iter().map(|id| (TagId(draw(entropy)), tag(id))).collect();
    let route =
        Route { name: "R".into(), walk: Walk::Ordered, points: points.clone(), max_minutes: None };
    let schedule = Schedule {
        window_minutes: 90,
        start_within_minutes: 60,
        grace_minutes: 15,
        ..Schedule::new("S", RouteId([1; 8]), Timing::Times((0..6).map(|n| n * 240).collect()))
    };
    PlanContent {
        vessel_name: "Year".into(),
        checkpoints: points.iter().enumerate().map(|(n, id)| (*id, place(n))).collect(),
        tags,
        routes: [(RouteId([1; 8]), route)].into(),
        schedules: [(ScheduleId([1; 8]), schedule)].into(),
        ..PlanContent::default()
    }
}

/// A chain being written: records composed and read back as the shore would have them.
struct Author<'k> {
    key: &'k SoftwareKey,
    chain: Chain,
    seq: u64,
    head: Hash,
}

impl<'k> Author<'k> {
    fn new(key: &'k SoftwareKey, begin: i64) -> Self {
        let dev = deckwatch_core::record::device_id(&key.public_key());
        let mut author = Self { key, chain: Chain::new(dev), seq: 0, head: Hash::ZERO };
        let genesis = Body::Genesis {
            key: key.public_key(),
            vessel: VESSEL,
            nonce: [0; 16],
            offset: begin * 10,
            continues: None,
        };
        author.write(begin, 0, genesis);
        author
    }

    fn write(&mut self, now: i64, patrol: u64, body: Body) {
        let time = TimePart { boot: [1; 8], mono: ((now - BEGIN) * 10) as u64, wall: now as u64 };
        let person = PersonPart { crew: CrewNo(4), grade: 1, how: 1 };
        let item = Item::shown(&time, &person, &ContentPart { patrol, body });
        // Signing 72,000 segments is not what is measured: reopened without a signature.
        let segment = Segment {
            dev: self.chain.dev(),
            from: self.seq,
            prev: self.head,
            key: Some([9; 16]),
            items: vec![item],
            signature: [0; 64],
        };
        let opened: VerifiedSegment = segment.reopen().unwrap();
        self.head = opened.head();
        self.seq += 1;
        self.chain.insert(opened);
    }
}

fn sync(author: &mut Author<'_>, shore: &SoftwareKey, receipts: &mut Vec<Receipt>, now: i64) {
    author.write(now, 0, Body::Alive);
    let dev = deckwatch_core::record::device_id(&author.key.public_key());
    let receipt = Receipt::sign(
        shore,
        dev,
        author.seq - 1,
        author.head,
        now,
        deckwatch_core::record::receipt::no_tree(),
    )
    .unwrap();
    let subject = Some(receipt.hash());
    receipts.push(receipt);
    author.write(now + 1, 0, Body::Anchor { source: 1, time: now, eps: 0, subject });
}
