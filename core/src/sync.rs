//! One request, one response, safe to repeat: FORMAT.md section 12. No I/O: the caller moves
//! the bytes over whatever link there is.

pub mod message;
pub mod select;

pub use message::{
    Document, Have, Limits, Problem, ProblemCode, Request, Response, Scope, SealedRequest,
    SyncError, TreeHeadAnswer,
};
pub use select::missing;
