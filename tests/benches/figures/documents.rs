//! Documents: how two replicas converge, what the gate costs, what opening a page takes, and what a
//! shore of 1,000 vessels keeps in memory.

use automerge::{Automerge, Change};
use deckwatch::demo::fleet::SHIPS;
use deckwatch_core::{
    authority::Roles,
    document::{
        DocumentKind, Line, RawChange, Value, Voucher, Vouchers, merge, write, write::actor_of,
    },
    entropy::SeededEntropy,
    model::{DeviceId, Hash, PageSubject, RecordRef},
    page::{Draft, On, PageContent},
    plan::due_patrols,
};
use deckwatch_tests::{BEGIN, DAY, TestShore};

use super::{Table, median, shown, timed};

const KIND: DocumentKind = DocumentKind::Page;

pub fn measure(table: &mut Table) {
    convergence(table);
    opening(table);
    memory(table);
}

fn voucher(dev: DeviceId, seq: u64) -> Voucher {
    let record = RecordRef { dev, seq, hash: Hash::of(&seq.to_be_bytes()) };
    Voucher { record, index: 0, person: None, roles: Roles::CREW }
}

/// 500 remarks of one phone, each a change, without hearing of the other.
fn writes(dev: DeviceId) -> Vec<RawChange> {
    let mut line = Line::default();
    let one = |n: u64| {
        let key = format!("remark/{}{n:08x}/text", &dev.to_string()[..8]);
        let value = Value::Text(format!("Remark number {n}, as long as people write them."));
        let entries = [(key.as_str(), Some(&value))];
        write(&mut line, actor_of(dev, [1; 8]), 0, entries).unwrap().unwrap()
    };
    (0..500).map(one).collect()
}

fn convergence(table: &mut Table) {
    let sides = [DeviceId([1; 8]), DeviceId([2; 8])].map(|dev| (dev, writes(dev)));
    let vouchers: Vouchers = sides
        .iter()
        .flat_map(|(dev, changes)| {
            changes.iter().zip(1..).map(|(raw, seq)| (raw.hash, voucher(*dev, seq)))
        })
        .collect();
    let [one, other] = sides.map(|(_, changes)| changes);
    let all: Vec<RawChange> = one.iter().chain(&other).cloned().collect();
    // The bare cost: Automerge takes the same changes, and checks nothing.
    let bare = || {
        let mut document = Automerge::new();
        let parsed = all.iter().map(|raw| Change::from_bytes(raw.bytes.clone()).unwrap());
        document.apply_changes(parsed.collect::<Vec<_>>()).unwrap();
        document
    };
    let (document, bare) = timed(bare);
    let (merged, gated) = timed(|| merge(KIND, &all, &vouchers));
    assert_eq!((merged.heads().len(), document.get_heads().len()), (2, 2));
    assert!(merged.refused.is_empty() && merged.waiting.is_empty());
    table.row(
        "1,000 concurrent edits, merged from nothing",
        shown(gated),
        format!("{:.1} times bare apply_changes ({})", ratio(gated, bare), shown(bare)),
    );
    let each = |time: std::time::Duration| time / 1_000;
    table.row(
        "the gate, a change",
        shown(each(gated)),
        format!("bare apply_changes {}", shown(each(bare))),
    );
    // A replica that has its own half takes the other's at once.
    let mut replica = merge(KIND, &one, &vouchers);
    let (added, time) = timed(|| replica.add(&other, &vouchers));
    assert!(added && replica.heads() == merged.heads());
    table.row("a replica takes the other's 500", shown(time), "one batch on top of its own 500");
    // And one by one, as they trickle in.
    let mut replica = merge(KIND, &one, &vouchers);
    let one_by_one = |replica: &mut deckwatch_core::document::Merged| {
        other.iter().take(50).all(|raw| replica.add(std::slice::from_ref(raw), &vouchers))
    };
    let (added, time) = timed(|| one_by_one(&mut replica));
    assert!(added);
    table.row("one change more, on a page of 500", shown(time / 50), "checked, saved and loaded");
}

fn ratio(a: std::time::Duration, b: std::time::Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn opening(table: &mut Table) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (_, mut walker) = shore.crewed(&ship, BEGIN);
    let due = ship.due(BEGIN + 3_600, BEGIN + DAY)[0].clone();
    let subject = PageSubject::Due(due.id);
    for n in 0..30 {
        let draft = Draft::Remark { on: On::Patrol, text: format!("Remark {n} of this round.") };
        let reading = walker.clock.read((due.opens + n) * 1_000);
        walker.phone.write_page(subject, &draft, &reading).unwrap();
    }
    shore.sync(&mut walker, due.closes);
    let open = || timed(|| shore.shore.page(ship.vessel, subject).unwrap()).1;
    let times: Vec<_> = (0..50).map(|_| open()).collect();
    let page: PageContent = shore.shore.page(ship.vessel, subject).unwrap();
    assert_eq!(page.writings.len(), 30);
    let html: Vec<_> =
        (0..50).map(|_| timed(|| shore.get(&format!("/patrols/{}", due.id))).1).collect();
    table.row(
        "opening a page of 30 writings ashore",
        shown(median(times)),
        format!("merged from its raw changes; as a web page {}", shown(median(html))),
    );
}

/// Resident memory of this process, kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// What the program is started with to measure memory in a process of its own.
const ALONE: &str = "--memory-alone";

/// 1,000 vessels, each with a plan and four written pages, all visited once; in a process that has
/// done nothing before.
fn memory(table: &mut Table) {
    let program = std::env::current_exe().unwrap();
    let out = std::process::Command::new(program).arg(ALONE).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    let figures: Vec<u64> = text.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    let [hundred, thousand] = figures.as_slice() else { panic!("{text}") };
    let shown = |kb: u64| format!("{:.0} MB", kb as f64 / 1e3);
    let each = "above an empty one; a plan and 4 pages each";
    table.row("memory of a shore, 100 vessels visited", shown(*hundred), each);
    let bound = "64 vessels are kept decoded, and no page";
    table.row("memory of a shore, 1,000 vessels visited", shown(*thousand), bound);
}

/// The process that [`memory`] starts. `false`: it is not that one.
pub fn measure_alone() -> bool {
    if !std::env::args().any(|argument| argument == ALONE) {
        return false;
    }
    let shore = TestShore::start();
    let plan = SHIPS[0].plan(&mut SeededEntropy::new(1));
    let before = resident();
    for n in 1..=1_000_u64 {
        let vessel = shore.shore.add_vessel(&format!("MV {n}")).unwrap();
        shore.shore.edit_plan(vessel, &plan).unwrap();
        for due in due_patrols(vessel, &plan, BEGIN + 3_600, BEGIN + DAY).into_iter().take(4) {
            let draft = Draft::Review { on: On::Patrol, text: "Seen ashore.".into() };
            shore.shore.write_page(vessel, PageSubject::Due(due.id), &draft).unwrap();
        }
        if n == 100 || n == 1_000 {
            println!("{}", resident().saturating_sub(before));
        }
    }
    true
}
