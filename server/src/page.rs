//! What people ashore see: one view struct per page, its template, its pictures, one stylesheet.
//!
//! A page is a plain struct that implements [`askama::Template`]; `page.render()` gives the HTML.
//! Nothing here reads a clock, a store or a request. The pages work without JavaScript, load nothing
//! from elsewhere, and hold under `default-src 'none'; style-src 'self'; img-src 'self'`.
//!
//! Three rules bind every page. Ship time stands first and UTC beside it. A verdict is never told by
//! colour alone: glyph and word are always there. *Missed* and *awaiting sync* never look alike.

pub mod finding;
pub mod freshness;
pub mod moment;
pub mod verdict;
pub mod words;
