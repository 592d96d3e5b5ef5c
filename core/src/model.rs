//! The words of Deckwatch as plain types. Nothing here does anything.

pub mod derived;
pub mod id;
pub mod level;
pub mod tag_uid;
pub mod text;

pub use derived::{PageSubject, due_id, page_id};
pub use id::{
    CheckpointId, CrewNo, DeviceId, DocumentId, DueId, Hash, IdError, RecordRef, RouteId,
    ScheduleId, TagId, VesselId,
};
pub use level::{Level, LevelError};
pub use tag_uid::{TagUid, TagUidError};
pub use text::is_hidden;
