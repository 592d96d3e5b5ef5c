//! How often somebody may try. Counted before a PIN is compared, so that ending the app gives no free try;
//! measured by the monotonic clock, so that setting the phone's clock gives none either.

use crate::{
    record::{
        CborError,
        cbor::{Reader, Writer},
    },
    time::ClockReading,
};

/// Failures of one roster number before each next try has to wait.
pub const FREE: u32 = 5;
/// Failures after which only an officer helps.
pub const STOP: u32 = 20;
/// The first wait, in 0.1 s. Each next one is twice as long.
const FIRST_WAIT: u64 = 30 * 10;
/// The longest wait, in 0.1 s.
const LONGEST_WAIT: u64 = 3_600 * 10;

/// Failures of all roster numbers together that cost nothing.
pub const SPRAY_FREE: u32 = 20;
/// After so long, in 0.1 s, one of them is forgotten.
const SPRAY_LEAK: u64 = 15 * 60 * 10;

/// What somebody who wants to log in may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// He may try.
    Try {
        /// Failures from now on before the first wait, or the next one.
        before_wait: u32,
        /// Failures from now on before only an officer helps.
        before_stop: u32,
    },
    /// He may try after so long.
    Wait {
        /// Seconds, rounded up.
        seconds: u64,
    },
    /// An officer has to stand by while a new PIN is set.
    Stopped,
}

/// A moment by the clock that cannot be set, and in which run of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Since {
    boot: [u8; 8],
    mono: u64,
}

impl Since {
    fn now(reading: &ClockReading) -> Self {
        Self { boot: reading.boot, mono: reading.mono }
    }

    /// 0.1 s since then; `None` where nobody can say: after a restart, or where the clock went back.
    fn passed(self, reading: &ClockReading) -> Option<u64> {
        (self.boot == reading.boot).then(|| reading.mono.checked_sub(self.mono)).flatten()
    }

    fn write(self, to: &mut Writer) {
        to.bytes(&self.boot).uint(self.mono);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(Self { boot: from.fixed()?, mono: from.uint()? })
    }
}

/// The failures of one roster number, since it last logged in or an officer stood by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    failures: u32,
    /// How many there were when a record told of them.
    told: u32,
    last: Since,
}

impl Attempts {
    /// None yet.
    pub fn none(reading: &ClockReading) -> Self {
        Self { failures: 0, told: 0, last: Since::now(reading) }
    }

    /// With one more, counted now.
    #[must_use]
    pub fn and_one(self, reading: &ClockReading) -> Self {
        let failures = self.failures.saturating_add(1);
        Self { failures, last: Since::now(reading), ..self }
    }

    /// Where nobody can say how much of a wait has passed, all of it begins now. `None`: nothing to do.
    pub fn restarted(self, reading: &ClockReading) -> Option<Self> {
        let unknown = self.last.passed(reading).is_none();
        unknown.then(|| Self { last: Since::now(reading), ..self })
    }

    /// What may be done now.
    pub fn allowance(self, reading: &ClockReading) -> Allowance {
        let before_stop = STOP.saturating_sub(self.failures);
        if before_stop == 0 {
            return Allowance::Stopped;
        }
        let passed = self.last.passed(reading).unwrap_or(0);
        match self.wait().saturating_sub(passed) {
            0 => Allowance::Try {
                before_wait: FREE.saturating_sub(self.failures).max(1),
                before_stop,
            },
            left => Allowance::Wait { seconds: left.div_ceil(10) },
        }
    }

    /// The wait after the last failure, in 0.1 s: 30 s after the fifth, then twice as long each, 1 h at most.
    fn wait(self) -> u64 {
        match self.failures.checked_sub(FREE) {
            None => 0,
            Some(more) => {
                FIRST_WAIT.checked_shl(more.min(16)).unwrap_or(u64::MAX).min(LONGEST_WAIT)
            }
        }
    }

    /// The limit that was reached and that no record tells of yet.
    pub fn untold(self) -> Option<Limit> {
        let reached = |limit: u32| self.failures >= limit && self.told < limit;
        if reached(STOP) {
            Some(Limit::Stop)
        } else if reached(FREE) {
            Some(Limit::Wait)
        } else {
            None
        }
    }

    /// A record tells of what there is.
    #[must_use]
    pub fn told(self) -> Self {
        Self { told: self.failures, ..self }
    }

    /// The bytes that are kept.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(5).uint(1).uint(self.failures.into()).uint(self.told.into());
        self.last.write(&mut to);
        to.finish()
    }

    /// Reads them.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(5)?;
        if from.uint()? != 1 {
            return Err(super::DAMAGED);
        }
        Ok(Self { failures: from.uint32()?, told: from.uint32()?, last: Since::read(&mut from)? })
    }
}

/// A limit of which a record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// From here on each try waits.
    Wait,
    /// Nothing more without an officer.
    Stop,
}

/// The failures of all roster numbers together, so that nobody tries a few common PINs on everybody. It runs
/// empty by itself, and never stops for good: a phone that everybody uses must not be shut by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spray {
    failures: u32,
    since: Since,
}

impl Spray {
    /// None yet.
    pub fn none(reading: &ClockReading) -> Self {
        Self { failures: 0, since: Since::now(reading) }
    }

    /// As many as there may be without a wait, and one more.
    pub fn full(reading: &ClockReading) -> Self {
        Self { failures: SPRAY_FREE, ..Self::none(reading) }
    }

    /// What is left of it now. Over a restart nothing is forgotten.
    #[must_use]
    pub fn at(self, reading: &ClockReading) -> Self {
        let Some(passed) = self.since.passed(reading) else {
            return Self { since: Since::now(reading), ..self };
        };
        let leaked = passed / SPRAY_LEAK;
        let failures = u64::from(self.failures).saturating_sub(leaked);
        match u32::try_from(failures) {
            Ok(0) | Err(_) => Self::none(reading),
            Ok(failures) => {
                let mono = self.since.mono.saturating_add(leaked.saturating_mul(SPRAY_LEAK));
                Self { failures, since: Since { mono, ..self.since } }
            }
        }
    }

    /// With one more.
    #[must_use]
    pub fn and_one(self) -> Self {
        Self { failures: self.failures.saturating_add(1), ..self }
    }

    /// Without the one that turned out right.
    #[must_use]
    pub fn but_one(self) -> Self {
        Self { failures: self.failures.saturating_sub(1), ..self }
    }

    /// Seconds to wait, rounded up; `None`: no wait.
    pub fn wait(self, reading: &ClockReading) -> Option<u64> {
        if self.failures < SPRAY_FREE {
            return None;
        }
        let over = u64::from(self.failures - SPRAY_FREE).saturating_add(1);
        let passed = self.since.passed(reading).unwrap_or(0);
        Some(over.saturating_mul(SPRAY_LEAK).saturating_sub(passed).div_ceil(10).max(1))
    }

    /// The bytes that are kept.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(4).uint(1).uint(self.failures.into());
        self.since.write(&mut to);
        to.finish()
    }

    /// Reads them.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut from = Reader::new(bytes)?;
        from.array(4)?;
        if from.uint()? != 1 {
            return Err(super::DAMAGED);
        }
        Ok(Self { failures: from.uint32()?, since: Since::read(&mut from)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(boot: u8, mono: u64) -> ClockReading {
        // The clock that people set says anything.
        ClockReading { boot: [boot; 8], mono, wall_ms: i64::from(boot) * 7_919 - mono as i64 }
    }

    fn failed(times: u32, reading: &ClockReading) -> Attempts {
        (0..times).fold(Attempts::none(reading), |before, _| before.and_one(reading))
    }

    fn seconds(allowance: Allowance) -> u64 {
        let Allowance::Wait { seconds } = allowance else { panic!("{allowance:?}") };
        seconds
    }

    #[test]
    fn five_are_free_then_waits_double_up_to_an_hour_then_an_officer() {
        let now = at(1, 1_000);
        for failures in 0..FREE {
            let expected =
                Allowance::Try { before_wait: FREE - failures, before_stop: STOP - failures };
            assert_eq!(failed(failures, &now).allowance(&now), expected);
        }
        let waits = (FREE..STOP).map(|failures| seconds(failed(failures, &now).allowance(&now)));
        let hours = [3_600; 8];
        let expected = [&[30, 60, 120, 240, 480, 960, 1_920][..], &hours].concat();
        assert_eq!(waits.collect::<Vec<_>>(), expected);
        assert_eq!(failed(STOP, &now).allowance(&at(1, u64::MAX)), Allowance::Stopped);
        let endless = Attempts { failures: u32::MAX, ..Attempts::none(&now) };
        assert_eq!(endless.and_one(&now).allowance(&now), Allowance::Stopped);
    }

    #[test]
    fn a_wait_passes_by_the_monotonic_clock_alone() {
        let five = failed(5, &at(1, 1_000));
        assert_eq!(seconds(five.allowance(&at(1, 1_299))), 1);
        let after = five.allowance(&at(1, 1_300));
        assert_eq!(after, Allowance::Try { before_wait: 1, before_stop: 15 });
        // The other clock is set a year on.
        let set = ClockReading { wall_ms: 365 * 86_400_000, ..at(1, 1_000) };
        assert_eq!(seconds(five.allowance(&set)), 30);
    }

    #[test]
    fn a_restart_begins_the_whole_wait_anew() {
        let five = failed(5, &at(1, 1_000));
        assert_eq!(five.restarted(&at(1, 1_200)), None);
        assert_eq!(seconds(five.allowance(&at(2, 9_000))), 30, "another boot proves no time");
        let anew = five.restarted(&at(2, 9_000)).unwrap();
        assert_eq!(seconds(anew.allowance(&at(2, 9_000))), 30);
        assert_eq!(seconds(anew.allowance(&at(2, 9_290))), 1);
        assert!(matches!(anew.allowance(&at(2, 9_300)), Allowance::Try { .. }));
        // A clock that went back within a boot proves none either.
        let back = five.restarted(&at(1, 10)).unwrap();
        assert_eq!(seconds(back.allowance(&at(1, 10))), 30);
        let stopped = failed(20, &at(1, 1));
        let anew = stopped.restarted(&at(2, 1)).unwrap();
        assert_eq!(anew.allowance(&at(2, u64::MAX)), Allowance::Stopped);
    }

    #[test]
    fn each_limit_is_told_once() {
        let now = at(1, 1);
        assert_eq!(failed(4, &now).untold(), None);
        assert_eq!(failed(5, &now).untold(), Some(Limit::Wait));
        assert_eq!(failed(7, &now).told().and_one(&now).untold(), None);
        assert_eq!(failed(19, &now).told().and_one(&now).untold(), Some(Limit::Stop));
        assert_eq!(failed(20, &now).told().and_one(&now).untold(), None);
    }

    #[test]
    fn many_failures_on_many_numbers_wait_and_run_empty() {
        let now = at(1, 0);
        let mut spray = Spray::none(&now);
        for _ in 0..SPRAY_FREE {
            assert_eq!(spray.wait(&now), None);
            spray = spray.at(&now).and_one();
        }
        assert_eq!(spray.wait(&now), Some(900));
        assert_eq!(spray.at(&at(1, 8_999)).wait(&at(1, 8_999)), Some(1));
        let later = spray.at(&at(1, 9_000));
        assert_eq!(later.wait(&at(1, 9_000)), None);
        assert_eq!(later.and_one().wait(&at(1, 9_000)), Some(900));
        // Over a restart nothing is forgotten, and a right PIN takes back its own alone.
        assert_eq!(spray.at(&at(2, u64::MAX)).wait(&at(2, u64::MAX)), Some(900));
        assert_eq!(spray.and_one().but_one(), spray);
        assert_eq!(spray.at(&at(1, 20 * 9_000)), Spray::none(&at(1, 20 * 9_000)));
    }

    proptest! {
        /// Whatever restarts, clocks set back and killed apps come in between: more than five tries need
        /// the waits of a single boot to have passed in full.
        #[test]
        fn nobody_tries_more_often_than_the_clock_allows(
            steps in prop::collection::vec((any::<bool>(), 0_u64..20_000), 1..60)
        ) {
            let (mut boot, mut mono, mut passed) = (1_u8, 0_u64, 0_u64);
            let mut kept = Attempts::none(&at(boot, mono));
            let mut tried = 0_u32;
            for (restart, pause) in steps {
                passed += pause;
                mono += pause;
                if restart {
                    boot = boot.wrapping_add(1);
                    mono = 0;
                }
                let now = at(boot, mono);
                if let Some(anew) = kept.restarted(&now) {
                    kept = anew;
                }
                if matches!(kept.allowance(&now), Allowance::Try { .. }) {
                    kept = Attempts::decode(&kept.and_one(&now).encode()).unwrap();
                    tried += 1;
                }
            }
            let waits = (FREE..tried).map(|failures| {
                Attempts { failures, ..Attempts::none(&at(1, 0)) }.wait()
            });
            prop_assert!(waits.sum::<u64>() <= passed && tried <= STOP);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(read) = Attempts::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes.clone());
                let _ = read.and_one(&at(1, 1)).allowance(&at(1, 1));
            }
            if let Ok(read) = Spray::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
                let _ = read.at(&at(1, 1)).and_one().wait(&at(1, 1));
            }
        }
    }
}
