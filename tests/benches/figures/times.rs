//! Time bounds: from scratch, and one record more.

use std::time::Duration;

use deckwatch_core::{
    model::DeviceId,
    time::{Before, Bounds, Fact, Moment, Place, Reading, Source, Times, Via},
};
use deckwatch_tests::BEGIN;

use super::{Table, median, shown, timed};

/// Records between two syncs: a patrol of 30 points.
const PATROL: u64 = 34;
/// Syncs between two restarts of a phone.
const BOOT: u64 = 40;

/// What one record tells.
type Told = (Place, Reading, [Option<Fact>; 1], Option<Before>);

pub fn measure(table: &mut Table) {
    let told = history(100_000);
    let (sum, bare) = timed(|| {
        let values = told.iter().map(|(at, reading, ..)| at.seq ^ reading.mono);
        values.fold(0_u64, |sum, value| sum.wrapping_add(value))
    });
    std::hint::black_box(sum);
    let scratch = (0..5).map(|_| timed(|| of(&told)).1).collect();
    let scratch = median(scratch);
    let (records, nodes) = of(&told).size();
    table.row(
        "time bounds of 100,000 records, from scratch",
        shown(scratch),
        format!(
            "{records} records, {nodes} nodes; walking over the same readings takes {}",
            shown(bare)
        ),
    );
    let times = of(&told);
    let (_, asked) = timed(|| {
        let known = told.iter().filter(|(at, ..)| times.at(*at).bounds() != Bounds::UNKNOWN);
        std::hint::black_box(known.count())
    });
    table.row("the same: asked for each of them", shown(asked), "");
    for size in [1_000, 10_000, 100_000] {
        let (patrol, sync) = one_more(size);
        table.row(
            format!("one record more, after {size}"),
            shown(patrol),
            format!("a scan; {} with a receipt and an anchor to it", shown(sync)),
        );
    }
    let (lied, late) = contradicted(10_000);
    table.row(
        "a false GNSS time among 10,000 records",
        shown(lied),
        format!("found, left out, all else bounded anew; {} for each record after it", shown(late)),
    );
}

/// Two phones of which one sees the other now and then; receipts, anchors and restarts.
fn history(records: u64) -> Vec<Told> {
    let mut told = Vec::new();
    for n in 0..records / 2 {
        for phone in [1, 2] {
            told.push(one(phone, n));
        }
    }
    told
}

fn one(phone: u8, seq: u64) -> Told {
    let at = Place { dev: DeviceId([phone; 8]), seq };
    let (now, boot) = (seq * 400, seq / PATROL / BOOT);
    let reading = Reading {
        boot: (boot + u64::from(phone) * 1_000_000).to_be_bytes(),
        mono: now - boot * PATROL * BOOT * 400,
    };
    let moment = Moment::from_unix(BEGIN + now as i64 / 10);
    let fact = |source, bounds| Some(Fact { at, source, bounds });
    let said = match seq % PATROL {
        0 => fact(
            Source::Receipt,
            Bounds { not_before: None, not_after: Some(moment.plus_seconds(1)) },
        ),
        1 => fact(
            Source::AfterReceipt,
            Bounds { not_before: Some(moment.plus_seconds(-41)), not_after: None },
        ),
        _ => None,
    };
    let earlier = Place { dev: DeviceId([1; 8]), seq };
    let before = Before { earlier, later: at, via: Via::Seen };
    (at, reading, [said], (phone == 2 && seq % (PATROL * 3) == 17).then_some(before))
}

fn tell(times: &mut Times, (at, reading, facts, before): &Told) {
    times.record(*at, Some(*reading));
    facts.iter().flatten().for_each(|fact| times.fact(*fact));
    before.iter().for_each(|before| times.before(*before));
}

fn of(told: &[Told]) -> Times {
    let mut times = Times::default();
    told.iter().for_each(|told| tell(&mut times, told));
    times.settle();
    times
}

/// The median for a record within a patrol, and for one of a sync.
fn one_more(size: u64) -> (Duration, Duration) {
    let mut times = of(&history(size));
    let (mut scans, mut syncs) = (Vec::new(), Vec::new());
    for seq in size / 2..size / 2 + PATROL * 20 {
        let told = one(1, seq);
        let ((), took) = timed(|| {
            tell(&mut times, &told);
            times.settle();
            std::hint::black_box(times.at(told.0));
        });
        if told.2[0].is_some() { syncs.push(took) } else { scans.push(took) }
    }
    (median(scans), median(syncs))
}

fn contradicted(size: u64) -> (Duration, Duration) {
    let mut times = of(&history(size));
    let (at, ..) = one(1, size / 2 - 5);
    let lie = Moment::from_unix(BEGIN - 86_400);
    let ((), lied) = timed(|| {
        times.fact(Fact { at, source: Source::Gnss, bounds: Bounds::between(lie, lie) });
        times.settle();
    });
    assert_eq!(times.contradictions().count(), 1);
    let late = (size / 2..size / 2 + PATROL).map(|seq| {
        let told = one(1, seq);
        let ((), took) = timed(|| {
            tell(&mut times, &told);
            times.settle();
        });
        took
    });
    let late = median(late.collect());
    (lied, late)
}
