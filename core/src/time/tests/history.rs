//! Random histories: what really happened on a few phones, what they say of it, and some lies.

use proptest::prelude::*;

use super::*;

/// One thing that is told to [`Times`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Telling {
    Record(Place, Option<Reading>),
    Fact(Fact),
    Before(Before),
}

impl Telling {
    pub fn tell(self, times: &mut Times) {
        match self {
            Self::Record(at, reading) => times.record(at, reading),
            Self::Fact(fact) => times.fact(fact),
            Self::Before(before) => times.before(before),
        }
    }
}

/// What happens at one moment.
#[derive(Debug, Clone)]
struct Event {
    dev: u8,
    /// 0.1 s after the one before.
    pause: u32,
    what: u8,
    n: u8,
    lie: i32,
}

/// Histories of up to four chains. `lies`: one event in so many lies, 0 = none.
pub fn histories(lies: u8) -> impl Strategy<Value = Vec<Telling>> {
    let pause = prop_oneof![4 => 0_u32..30, 4 => 0_u32..40_000, 1 => 0_u32..10_000_000];
    let event = (0_u8..4, pause, 0_u8..24, any::<u8>(), -2_000_000_i32..2_000_000);
    let event = event.prop_map(|(dev, pause, what, n, lie)| Event { dev, pause, what, n, lie });
    proptest::collection::vec(event, 0..40).prop_map(move |events| play(&events, lies))
}

/// A device's state while a history is played. Times in 0.1 s.
#[derive(Clone, Copy)]
struct Phone {
    seq: u64,
    boot: u8,
    booted: i64,
    /// Its clock runs off by so many ppm.
    drift: i64,
}

fn play(events: &[Event], lies: u8) -> Vec<Telling> {
    let mut now: i64 = 18_000_000_000;
    let mut phones =
        [-150, 0, 90, 200].map(|drift| Phone { seq: 0, boot: 1, booted: now - 1_000, drift });
    let mut told = Vec::new();
    for Event { dev: name, pause, what, n, lie } in events.iter().cloned() {
        now += i64::from(pause);
        let lies = lies > 0 && n % lies == 0;
        let phone = &mut phones[usize::from(name)];
        if what < 2 {
            (phone.boot, phone.booted) = (phone.boot + 1, now);
        }
        let passed = now - phone.booted;
        let mut mono = passed + passed * phone.drift / 1_000_000;
        if lies && what < 8 {
            mono = (mono + i64::from(lie)).max(0);
        }
        let at = Place { dev: dev(name), seq: phone.seq };
        let shown = name != 3 || n % 4 != 1;
        let reading = Reading { boot: [phone.boot; 8], mono: mono as u64 };
        told.push(Telling::Record(at, shown.then_some(reading)));
        phone.seq += 1;
        let unit = 10_000;
        let error = i64::from(n) * unit / 10;
        let claimed = now * unit + if lies { i64::from(lie) * unit } else { 0 };
        let [early, late] = [claimed - error, claimed + error].map(|at| Some(Moment(at)));
        let fact = |source, not_before, not_after| {
            Telling::Fact(Fact { at, source, bounds: Bounds { not_before, not_after } })
        };
        match what {
            8 | 9 => told.push(fact(Source::Receipt, None, late)),
            10 | 11 => told.push(fact(Source::AfterReceipt, early, None)),
            12 => told.push(fact(Source::ShoreClock, early, late)),
            13 => told.push(fact(Source::Gnss, early, late)),
            14 => told.push(fact(Source::Hub, early, late)),
            15 => told.push(fact(Source::AfterTreeHead, early, None)),
            16..=19 => {
                let other = phones[usize::from(n % 4)];
                let via = [Via::Seen, Via::Join, Via::Continues][usize::from(n % 3)];
                // The newest record, or one before it.
                if let Some(seq) = other.seq.checked_sub(1 + u64::from(n / 128)) {
                    let earlier = Place { dev: dev(n % 4), seq };
                    told.push(Telling::Before(Before { earlier, later: at, via }));
                }
            }
            _ => {}
        }
    }
    told
}
