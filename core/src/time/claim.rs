//! What is claimed about when records were made, and how a bound is known.
//!
//! # How trust ranks
//!
//! 1. **Proved** ([`Basis::Proved`]): the order of a chain, another chain's head that a record names,
//!    receipts, and the shore's own clock. Nobody's phone is trusted: a hash cannot be named before
//!    what it is made from, and the shore signs its times.
//! 2. **By clocks** ([`Basis::Clock`]): also what monotonic clocks say between records of one boot. Needs
//!    that the operating system counts as it should; a rooted phone can lie, but only inside what
//!    is proved. Such bounds go on to other chains.
//! 3. **As told** ([`Basis::Word`]): also times that a device says somebody told it: the hub, GNSS, another
//!    phone. They bound the records of its own chain and nobody else's.
//!
//! A claim of a lower rank never undoes one of a higher. Where claims contradict each other, what
//! the phones concerned say of themselves is left out (2 and 3, of that boot), and 1 stays.

use serde::{Deserialize, Serialize};

use super::moment::{Bounds, Moment};
use crate::model::DeviceId;

/// A record, by its place on its chain's main branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The chain.
    pub dev: DeviceId,
    /// The place in it.
    pub seq: u64,
}

/// A device's monotonic reading at one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// The boot.
    pub boot: [u8; 8],
    /// 0.1 s since the boot.
    pub mono: u64,
}

/// Who says when a record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A receipt of the shore names the record, or one after it: not made later.
    Receipt,
    /// The record names a receipt of the shore: not made earlier.
    AfterReceipt,
    /// The record names a tree head of the shore: not made before a receipt in a smaller tree.
    AfterTreeHead,
    /// The record is the shore's, dated by its clock.
    ShoreClock,
    /// The hub's time, as the device says.
    Hub,
    /// GNSS or NMEA time, as the device says.
    Gnss,
    /// Another phone's time, as the device says.
    Phone,
}

impl Source {
    /// Whether it is only the device's word.
    pub fn is_word(self) -> bool {
        matches!(self, Self::Hub | Self::Gnss | Self::Phone)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Receipt => "a receipt of the shore",
            Self::AfterReceipt => "a receipt that it names",
            Self::AfterTreeHead => "a tree head that it names",
            Self::ShoreClock => "the shore's clock",
            Self::Hub => "the hub's time, as the phone says",
            Self::Gnss => "GNSS time, as the phone says",
            Self::Phone => "another phone's time, as the phone says",
        }
    }
}

/// How a record names a record of another chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A `seen` record.
    Seen,
    /// A `join` record.
    Join,
    /// A genesis that continues a chain.
    Continues,
}

/// What is said from outside about when one record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// The record.
    pub at: Place,
    /// Who says so.
    pub source: Source,
    /// What is said.
    pub bounds: Bounds,
}

/// One record was made at or before another, because the later names its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The earlier one.
    pub earlier: Place,
    /// The later one.
    pub later: Place,
    /// How the later names it.
    pub via: Via,
}

/// What must be trusted for a bound to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The shore's times and hashes. No phone.
    Proved,
    /// Also the monotonic clocks of phones.
    Clock,
    /// Also a time that the device says it was told.
    Word,
}

impl Basis {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Proved => "by receipts and the order of records",
            Self::Clock => "by the phone's clock between receipts",
            Self::Word => "by a time that the phone was told",
        }
    }
}

/// When a record was made, as far as each basis goes. Each lies within the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Trusting no phone.
    pub proved: Bounds,
    /// Trusting monotonic clocks too.
    pub by_clock: Bounds,
    /// Trusting what the device was told too.
    pub told: Bounds,
}

impl Known {
    /// All that is known.
    pub fn bounds(&self) -> Bounds {
        self.told
    }

    /// What the bounds rest on: the least that gives both of them. `None` where nothing is known.
    pub fn basis(&self) -> Option<Basis> {
        if self.told == Bounds::UNKNOWN {
            None
        } else if self.told == self.proved {
            Some(Basis::Proved)
        } else if self.told == self.by_clock {
            Some(Basis::Clock)
        } else {
            Some(Basis::Word)
        }
    }
}

/// What a step of a [`Contradiction`] rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The order of one chain.
    Order,
    /// A record names another chain's.
    Names(Via),
    /// The monotonic clock of one boot.
    Clock,
    /// A time from outside.
    Says(Source),
}

impl Claim {
    /// Whether it is what a device says of itself.
    pub fn is_own(self) -> bool {
        match self {
            Self::Clock => true,
            Self::Says(source) => source.is_word(),
            Self::Order | Self::Names(_) => false,
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Order => "the order of the chain",
            Self::Names(Via::Seen) => "the head that was seen",
            Self::Names(Via::Join) => "the head that was joined",
            Self::Names(Via::Continues) => "the chain that was continued",
            Self::Clock => "the phone's clock since it was started",
            Self::Says(source) => source.words(),
        }
    }
}

/// One step of a contradiction: `to` was made at most `after` (10 µs) after `from`. `None` is UTC itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Step {
    /// From this record.
    pub from: Option<Place>,
    /// To this one.
    pub to: Option<Place>,
    /// At most so much later; negative: at least so much earlier.
    pub after: i64,
    /// Because of this.
    pub claim: Claim,
}

/// Claims that contradict each other: a closed walk whose steps add up to less than nothing.
/// Leave out any step, and the others agree.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Contradiction {
    /// The walk. It ends where it begins: at UTC, or at the first of its records.
    pub steps: Vec<Step>,
}

impl Contradiction {
    /// By how much the claims miss each other, 10 µs.
    pub fn excess(&self) -> i64 {
        let sum = self.steps.iter().fold(0_i128, |sum, step| sum + i128::from(step.after));
        i64::try_from(-sum).unwrap_or(i64::MAX)
    }

    /// The records in it, each once, in the order of the walk.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for place in self.steps.iter().filter_map(|step| step.to) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The claims in it, each once.
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims: Vec<Claim> = self.steps.iter().map(|step| step.claim).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    }
}

/// Times beyond this (22,800 years on either side of 1970) are a lie and say nothing.
const FARTHEST: i64 = 1 << 56;

/// What is left of a fact without times that nothing honest says.
pub(super) fn sensible(bounds: Bounds) -> Bounds {
    let within = |at: &Moment| (-FARTHEST..=FARTHEST).contains(&at.0);
    Bounds {
        not_before: bounds.not_before.filter(within),
        not_after: bounds.not_after.filter(within),
    }
}
