//! The one integration binary of Deckwatch.

mod architecture;
mod command;
mod hands;
mod link;
mod mobile;
mod power;
mod presence;
mod story;
