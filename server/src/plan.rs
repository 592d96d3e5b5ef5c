//! What people do to a Plan: read it with its history, fill in a form, see what it would change, confirm.
//!
//! A form carries the version it was made from. What it changes of that version is carried over to the
//! newest one, so that nothing a person did not touch is overwritten. Nothing is written before a preview of
//! exactly that was confirmed, and nothing is ever deleted: every version stays in the document.

pub mod concern;
pub mod difference;
pub mod edit;
pub mod form;
pub mod outlook;
pub mod overview;
#[cfg(test)]
mod tests;
pub mod words;
