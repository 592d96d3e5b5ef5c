//! The shore's clock, as an argument.

use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time, Unix seconds.
pub trait Clock: Send + Sync {
    /// Now, Unix seconds.
    fn now(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one adapter that reads the machine's clock")]
    fn now(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is not set at all.
        since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands until it is set: for tests, and for seeding a demonstration's past.
#[derive(Debug, Default)]
pub struct SettableClock(AtomicI64);

impl SettableClock {
    /// Stands at `now`, Unix seconds.
    pub fn at(now: i64) -> Self {
        Self(AtomicI64::new(now))
    }

    /// Sets it, Unix seconds.
    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Moves it by so many seconds.
    pub fn advance(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Stands until it is let run, then is the machine's clock: a demonstration seeds the past first.
#[derive(Debug, Default)]
pub struct SeedingClock {
    settable: SettableClock,
    running: std::sync::atomic::AtomicBool,
}

impl SeedingClock {
    /// Stands at `now`, Unix seconds.
    pub fn at(now: i64) -> Self {
        Self { settable: SettableClock::at(now), running: false.into() }
    }

    /// Sets it, Unix seconds. Nothing happens once it runs.
    pub fn set(&self, now: i64) {
        self.settable.set(now);
    }

    /// From now on it is the machine's clock.
    pub fn run(&self) {
        self.running.store(true, Ordering::SeqCst);
    }
}

impl Clock for SeedingClock {
    fn now(&self) -> i64 {
        if self.running.load(Ordering::SeqCst) { SystemClock.now() } else { self.settable.now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_until_set() {
        let clock = SettableClock::at(100);
        assert_eq!(clock.now(), 100);
        clock.advance(20);
        clock.advance(-5);
        assert_eq!(clock.now(), 115);
        let seeding = SeedingClock::at(7);
        seeding.set(9);
        assert_eq!(seeding.now(), 9);
        seeding.run();
        assert!(seeding.now() > 1_700_000_000);
    }
}
