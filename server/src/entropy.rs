//! The operating system's randomness.

use deckwatch_core::entropy::Entropy;

/// Random bytes from the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one adapter that asks the system for randomness"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            tracing::error!(%error, "the system gives no random bytes; stopping, because a key that can be guessed is worse");
            std::process::abort();
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
