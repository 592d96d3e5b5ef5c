//! What people ashore write on Pages: what may be done to what stands there, the forms for it, and what becomes of
//! them.
//!
//! Nobody logs in yet: what is written here is the shore's, as the edits of a plan are. Nobody accepts a reason of
//! his own, and nobody corrects the words of others.

pub mod act;
pub mod desk;
pub mod form;
pub mod submit;

pub use act::Act;
pub use desk::{Desk, FlagNote};
