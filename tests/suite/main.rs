//! The one integration binary of Deckwatch.

mod architecture;
mod command;
mod hostile;
mod link;
mod mobile;
mod picture;
mod power;
mod presence;
mod setup;
mod story;
mod writing;
