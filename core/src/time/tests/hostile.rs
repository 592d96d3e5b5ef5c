//! Numbers and amounts that nobody honest sends.

use super::*;

fn at(n: u8, seq: u64) -> Place {
    Place { dev: dev(n), seq }
}

fn reading(boot: u8, mono: u64) -> Option<Reading> {
    Some(Reading { boot: [boot; 8], mono })
}

#[test]
fn numbers_at_their_ends() {
    let mut times = Times::default();
    for (seq, mono) in (0..).zip([0, 1, 1 << 42, (1 << 42) + 1, u64::MAX]) {
        times.record(at(1, seq), reading(1, mono));
        times.record(at(1, u64::MAX - seq), reading(2, u64::MAX - mono));
    }
    for time in [i64::MIN, -1, 0, 1, i64::MAX] {
        for source in [Source::Receipt, Source::Gnss, Source::AfterReceipt] {
            let time = Some(Moment(time));
            for bounds in [
                Bounds { not_before: time, not_after: None },
                Bounds { not_before: None, not_after: time },
                Bounds { not_before: time, not_after: time },
            ] {
                times.fact(Fact { at: at(1, 2), source, bounds });
                times.fact(Fact { at: at(1, u64::MAX), source, bounds });
                times.fact(Fact { at: at(9, u64::MAX), source, bounds });
            }
        }
    }
    for [one, two] in [[0, u64::MAX], [u64::MAX, 0], [7, 7]] {
        let before = Before { earlier: at(1, one), later: at(2, two), via: Via::Seen };
        times.before(before);
        times.record(at(2, two), reading(9, one));
        let before = Before { earlier: at(1, one), later: at(1, two), via: Via::Seen };
        times.before(before);
    }
    times.settle();
    for found in times.contradictions() {
        assert!(found.excess() > 0);
    }
    for seq in [0, 1, 2, 3, 4, u64::MAX, u64::MAX - 4] {
        let known = times.at(at(1, seq)).bounds();
        let (Some(early), Some(late)) = (known.not_before, known.not_after) else { continue };
        assert!(early <= late, "{seq}");
    }
}

/// A reading beyond every uptime ties its record to nothing: it is no reading.
#[test]
fn an_impossible_reading_is_none() {
    let mut times = Times::default();
    times.record(at(1, 0), reading(1, u64::MAX));
    times.record(at(1, 1), reading(1, u64::MAX));
    let noon = Moment::from_unix(1_800_000_000);
    times.fact(Fact { at: at(1, 0), source: Source::Receipt, bounds: Bounds::between(noon, noon) });
    times.settle();
    assert_eq!(times.at(at(1, 1)).bounds(), Bounds { not_before: Some(noon), not_after: None });
    assert_eq!(times.at(at(1, 0)).basis(), Some(Basis::Proved));
}

/// A phone that lies in every one of a thousand boots: a few contradictions are told, then none of
/// its words counts; its receipts and everybody else's clocks still do.
#[test]
fn a_thousand_lies_cost_a_few_rounds_and_nobody_else() {
    let mut times = Times::default();
    let base = 1_800_000_000;
    for boot in 0_u64..1_000 {
        let mut name = [0; 8];
        name[..2].copy_from_slice(&(boot as u16).to_be_bytes());
        for (step, mono) in [0, 36_000].into_iter().enumerate() {
            let place = at(1, boot * 2 + step as u64);
            times.record(place, Some(Reading { boot: name, mono }));
            // An hour by its clock, a minute by its receipts.
            let time = Moment::from_unix(base + boot as i64 * 120 + step as i64 * 60);
            let bounds = Bounds::between(time, time.plus_seconds(1));
            times.fact(Fact { at: place, source: Source::Receipt, bounds });
        }
    }
    times.record(at(2, 0), reading(1, 0));
    times.record(at(2, 1), reading(1, 600));
    let start = Moment::from_unix(base);
    let bounds = Bounds::between(start, start);
    times.fact(Fact { at: at(2, 0), source: Source::Receipt, bounds });
    times.settle();
    assert_eq!(times.contradictions().count(), 16);
    assert!(times.contradicts(dev(1)) && !times.contradicts(dev(2)));
    assert!(times.is_left_out(at(1, 1_999)));
    assert_eq!(times.at(at(1, 1_999)).basis(), Some(Basis::Proved));
    assert_eq!(times.at(at(2, 1)).bounds().grade(), Grade::T3);
}

/// Memory is bounded by the records and what is said of them: what lies between is no node.
#[test]
fn a_long_boot_is_a_few_nodes() {
    let mut times = Times::default();
    for seq in 0..10_000 {
        times.record(at(1, seq), reading(1, seq * 400));
        if seq % 100 == 0 {
            times.settle();
        }
    }
    let noon = Moment::from_unix(1_800_000_000);
    let bounds = Bounds::between(noon, noon);
    times.fact(Fact { at: at(1, 5_000), source: Source::Receipt, bounds });
    times.settle();
    assert_eq!(times.size(), (10_000, 3));
    let known = times.at(at(1, 5_100));
    assert_eq!(known.basis(), Some(Basis::Clock));
    assert_eq!(known.bounds().grade(), Grade::T3);
}
