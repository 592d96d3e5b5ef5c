//! Numbers from a seed.

use deckwatch_core::entropy::{SeededEntropy, draw};

/// A source of numbers: the same seed gives the same ones.
#[derive(Debug, Clone)]
pub struct Chance(SeededEntropy);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// The source itself, for keys and ids.
    pub fn entropy(&mut self) -> &mut SeededEntropy {
        &mut self.0
    }

    /// Another source, which this one decides.
    pub fn split(&mut self) -> Self {
        Self::new(u64::from_be_bytes(draw(&mut self.0)))
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        let bits = u64::from_be_bytes(draw(&mut self.0)) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }

    /// At least `low` and below `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// At least 0 and below `bound`, which is above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound - 1)
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal, mean 0, deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit() * std::f64::consts::TAU);
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    }

    /// exp of a normal number with this deviation: median 1.
    pub fn around_one(&mut self, deviation: f64) -> f64 {
        (self.normal() * deviation).exp()
    }

    /// Exponential with this mean.
    pub fn waiting(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// One of several.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}
