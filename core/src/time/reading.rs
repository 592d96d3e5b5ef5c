//! What a device's clocks say at one moment.

use crate::record::TimePart;

/// A jump of the phone's clock against its monotonic clock that is recorded: 2 s, in 0.1 s.
pub const STEP_THRESHOLD: i64 = 20;

/// One reading of all clocks of a device, taken by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Names one run of the operating system.
    pub boot: [u8; 8],
    /// 0.1 s since that boot, sleep included (Android `elapsedRealtime`, iOS
    /// `mach_continuous_time`).
    pub mono: u64,
    /// What the phone's clock says, milliseconds since 1970.
    pub wall_ms: i64,
}

impl ClockReading {
    /// wall - mono in 0.1 s: the offset that this reading shows.
    pub fn offset(&self) -> i64 {
        self.wall_ms.div_euclid(100).saturating_sub(self.mono.try_into().unwrap_or(i64::MAX))
    }

    /// The time part under a chain's `offset`: `wall = floor((offset + mono) / 10)`.
    pub fn time_part(&self, offset: i64) -> TimePart {
        let deciseconds = i128::from(offset) + i128::from(self.mono);
        let wall = u64::try_from(deciseconds.div_euclid(10)).unwrap_or(0);
        TimePart { boot: self.boot, mono: self.mono, wall }
    }
}
