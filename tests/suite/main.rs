//! The one integration binary of Deckwatch.

mod architecture;
mod ashore;
mod command;
mod erased;
mod hands;
mod hostile;
mod ledger;
mod link;
mod mobile;
mod picture;
mod plan_pages;
mod power;
mod presence;
mod restored;
mod setup;
mod simulated;
mod story;
mod tags;
mod writing;
