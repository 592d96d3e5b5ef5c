//! The one integration binary of Deckwatch.

mod presence;
