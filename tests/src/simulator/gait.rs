//! How long legs take: people as they walk, and each family of made-up walks.

use super::{
    chance::Chance,
    ship::{Ship, Walker},
};

/// A way to cheat. Distributions stand at [`legs_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A point or some are left out.
    SkippedPoints,
    /// Labels photographed and scanned at a desk, as fast as it goes.
    DeskFast,
    /// The same with random pauses, so that the whole takes as long as a round.
    DeskSlow,
    /// The same with one pause again and again.
    ConstantSleeps,
    /// A script that knows roughly how long each leg takes.
    LegScript,
    /// The times of an older walk of the same person, moved a little.
    Replay,
    /// A script that knows each leg and varies it as people do.
    InformedForger,
}

impl Family {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::SkippedPoints,
        Self::DeskFast,
        Self::DeskSlow,
        Self::ConstantSleeps,
        Self::LegScript,
        Self::Replay,
        Self::InformedForger,
    ];

    /// As it is listed.
    pub fn word(self) -> &'static str {
        match self {
            Self::SkippedPoints => "skipped points",
            Self::DeskFast => "desk, fast",
            Self::DeskSlow => "desk, slow",
            Self::ConstantSleeps => "constant sleeps",
            Self::LegScript => "script of legs",
            Self::Replay => "replayed timing",
            Self::InformedForger => "informed forger",
        }
    }
}

/// Points in the order in which they are scanned, by their place in the route, each with the seconds since the one before.
pub type Legs = Vec<(usize, f64)>;

/// An honest walk: every leg by the person's pace and noise, the whole a little slower or faster by the day's weather; one walk
/// in 25 is interrupted for minutes, and in one of 60 a point is passed and gone back to.
pub fn honest(ship: &Ship, walker: &Walker, chance: &mut Chance) -> Legs {
    let day = chance.around_one(0.08);
    let mut legs: Legs = ship
        .legs
        .iter()
        .enumerate()
        .map(|(at, leg)| (at, leg * walker.pace * day * chance.around_one(walker.noise)))
        .collect();
    if chance.happens(0.04) {
        let at = chance.below(legs.len());
        legs[at].1 += chance.between(60.0, 480.0);
    }
    legs
}

/// A made-up walk. `before` is an older walk of the same person, if there is one.
pub fn legs_of(
    family: Family,
    ship: &Ship,
    walker: &Walker,
    before: Option<&Legs>,
    chance: &mut Chance,
) -> Legs {
    let count = ship.legs.len();
    let mean = ship.legs.iter().sum::<f64>() / count as f64;
    match family {
        Family::SkippedPoints => {
            let mut legs = honest(ship, walker, chance);
            let left_out = 1 + chance.below((count / 4).max(1));
            for _ in 0..left_out.min(count - 1) {
                legs.remove(chance.below(legs.len()));
            }
            legs
        }
        Family::DeskFast => (0..count).map(|at| (at, chance.between(2.0, 9.0))).collect(),
        Family::DeskSlow => {
            (0..count).map(|at| (at, mean * walker.pace * chance.between(0.4, 1.6))).collect()
        }
        Family::ConstantSleeps => {
            let pause = mean * chance.between(0.7, 1.3);
            (0..count).map(|at| (at, pause * chance.around_one(0.03))).collect()
        }
        Family::LegScript => {
            let legs = ship.legs.iter().enumerate();
            legs.map(|(at, leg)| (at, leg * walker.pace * chance.around_one(0.08))).collect()
        }
        Family::Replay => {
            let old = before.cloned().unwrap_or_else(|| honest(ship, walker, chance));
            old.into_iter().map(|(at, leg)| (at, leg * chance.around_one(0.03))).collect()
        }
        Family::InformedForger => {
            let legs = ship.legs.iter().enumerate();
            legs.map(|(at, leg)| (at, leg * walker.pace * chance.around_one(0.22))).collect()
        }
    }
}
