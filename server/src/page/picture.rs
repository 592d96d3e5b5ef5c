//! Pictures drawn on the server as SVG: no script, printable, coloured by the page's stylesheet.
//!
//! A picture is computed into plain numbers here and written by its template, which escapes every
//! text. Nothing carries a `style` attribute, so that a strict content security policy holds.

pub mod punch_card;
mod scale;
pub mod timeline;
