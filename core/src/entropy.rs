//! Randomness as an argument.

/// A source of random bytes: the operating system's on a device, a seeded one in tests.
pub trait Entropy: Send {
    /// Fills `bytes`. A source that cannot must stop the program: a predictable key is worse.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// An array of random bytes.
pub fn draw<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// Repeatable bytes for tests, simulations and demonstrations: SHA-256 of seed and counter.
/// Never for keys that matter.
#[derive(Debug, Clone)]
pub struct SeededEntropy {
    seed: u64,
    counter: u64,
}

impl SeededEntropy {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let mut input = *b"deckwatch/seeded0000000000000000";
            input
                .iter_mut()
                .skip(16)
                .zip(self.seed.to_be_bytes())
                .for_each(|(to, from)| *to = from);
            input
                .iter_mut()
                .skip(24)
                .zip(self.counter.to_be_bytes())
                .for_each(|(to, from)| *to = from);
            self.counter += 1;
            let block = crate::model::Hash::of(&input).0;
            chunk.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }
}
