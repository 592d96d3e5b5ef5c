//! Points in time and what is known about them.

use std::fmt;

use serde::Serialize;

/// Units of a [`Moment`] in one second.
pub const PER_SECOND: i64 = 100_000;

/// A point in time in units of 10 µs since 1970-01-01 UTC.
///
/// 10 µs, because then 200 ppm of the phone's 0.1 s clock step is a whole number (2 units), and
/// bounds need no rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// A whole Unix second.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(PER_SECOND))
    }

    /// The Unix second at or before.
    pub fn unix_floor(self) -> i64 {
        self.0.div_euclid(PER_SECOND)
    }

    /// The Unix second at or after.
    pub fn unix_ceil(self) -> i64 {
        self.0.saturating_add(PER_SECOND - 1).div_euclid(PER_SECOND)
    }

    /// So many seconds later.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(PER_SECOND)))
    }
}

/// What is known about when something happened. `None` = not known on that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Bounds {
    /// Certainly not before this.
    pub not_before: Option<Moment>,
    /// Certainly not after this.
    pub not_after: Option<Moment>,
}

impl Bounds {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { not_before: None, not_after: None };

    /// Known on both sides.
    pub fn between(not_before: Moment, not_after: Moment) -> Self {
        Self { not_before: Some(not_before), not_after: Some(not_after) }
    }

    /// Certainly at or before `moment`.
    pub fn surely_by(&self, moment: Moment) -> bool {
        self.not_after.is_some_and(|latest| latest <= moment)
    }

    /// Certainly after `moment`.
    pub fn surely_after(&self, moment: Moment) -> bool {
        self.not_before.is_some_and(|earliest| earliest > moment)
    }

    /// Certainly at or after `moment`.
    pub fn surely_from(&self, moment: Moment) -> bool {
        self.not_before.is_some_and(|earliest| earliest >= moment)
    }

    /// Certainly before `moment`.
    pub fn surely_before(&self, moment: Moment) -> bool {
        self.not_after.is_some_and(|latest| latest < moment)
    }

    /// How well the time is known.
    pub fn grade(&self) -> Grade {
        let width = match (self.not_before, self.not_after) {
            (None, None) => return Grade::T0,
            (Some(earliest), Some(latest)) => latest.0.saturating_sub(earliest.0),
            _ => return Grade::T1,
        };
        if width <= Grade::WITHIN_30_S {
            Grade::T3
        } else if width <= Grade::WITHIN_15_MIN {
            Grade::T2
        } else {
            Grade::T1
        }
    }
}

/// How well a time is known: the T of `T0` to `T3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Grade {
    /// Only what the phone's clock said.
    T0,
    /// One side, or both with more than 15 minutes about the middle.
    T1,
    /// Both sides, within 15 minutes of the middle.
    T2,
    /// Both sides, within 30 s of the middle.
    T3,
}

impl Grade {
    /// The widest interval of T3.
    const WITHIN_30_S: i64 = 60 * PER_SECOND;
    /// The widest interval of T2.
    const WITHIN_15_MIN: i64 = 30 * 60 * PER_SECOND;

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::T0 => "the phone's clock only",
            Self::T1 => "bounded on one side, or widely",
            Self::T2 => "known within 15 minutes",
            Self::T3 => "known within 30 seconds",
        }
    }
}

/// Unix seconds for people, in UTC.
pub fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| format!("second {seconds}"), |time| time.to_string())
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.not_before, self.not_after) {
            (Some(earliest), Some(latest)) => {
                write!(f, "between {} and {}", utc(earliest.unix_floor()), utc(latest.unix_ceil()))
            }
            (Some(earliest), None) => write!(f, "not before {}", utc(earliest.unix_floor())),
            (None, Some(latest)) => write!(f, "not after {}", utc(latest.unix_ceil())),
            (None, None) => f.write_str("at an unknown time"),
        }
    }
}
