//! What people ashore see: one view struct per page, its template, its pictures, one stylesheet.
//!
//! A page is a plain struct that implements [`askama::Template`]; `page.render()` gives the HTML.
//! Nothing here reads a clock, a store or a request. The pages work without JavaScript, load nothing
//! from elsewhere, and hold under `default-src 'none'; style-src 'self'; img-src 'self'`.
//!
//! Three rules bind every page. Ship time stands first and UTC beside it. A verdict is never told by
//! colour alone: glyph and word are always there. *Missed* and *awaiting sync* never look alike.

pub mod dated;
pub mod day;
pub mod finding;
pub mod flags;
pub mod fleet;
pub mod form;
pub mod freshness;
pub mod layout;
pub mod moment;
pub mod patrol;
pub mod picture;
pub mod plan;
pub mod problem;
pub mod sample;
pub mod unplanned;
pub mod verdict;
pub mod vessel;
pub mod words;
pub mod write;
pub mod writing;

use deckwatch_core::model::Hash;

/// The only stylesheet.
pub const STYLESHEET: &str = include_str!("../assets/deckwatch.css");

/// Where [`STYLESHEET`] is served.
pub const STYLESHEET_PATH: &str = "/assets/deckwatch.css";

/// The icon, SVG.
pub const ICON: &str = include_str!("../assets/icon.svg");

/// Where [`ICON`] is served.
pub const ICON_PATH: &str = "/assets/icon.svg";

/// The stylesheet's address with its content's hash, so that browsers may keep it for ever.
pub fn stylesheet_href() -> String {
    format!("{STYLESHEET_PATH}?v={}", Hash::of(STYLESHEET.as_bytes()).short())
}

#[cfg(test)]
mod tests;
