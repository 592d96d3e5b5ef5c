//! The one integration binary of Deckwatch.

mod architecture;
mod command;
mod link;
mod mobile;
mod plan_pages;
mod power;
mod presence;
mod story;
