//! The one integration binary of Deckwatch.

mod architecture;
mod mobile;
