//! The operating system's randomness.

use deckwatch_core::entropy::Entropy;

/// Random bytes from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one adapter that asks the system for randomness"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // A key that can be guessed is worse than none: the call ends here, in `guard`.
            std::panic::resume_unwind(Box::new("no random bytes"));
        }
    }
}

#[cfg(test)]
mod tests {
    use deckwatch_core::entropy::draw;

    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(draw::<32>(&mut SystemEntropy), draw::<32>(&mut SystemEntropy));
    }
}
