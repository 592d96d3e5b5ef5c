//! Records, chains, signatures and segments. `record/FORMAT.md` is the agreement that this room
//! implements; `record/vectors.json` has a test vector for every kind and structure.

pub mod body;
pub mod cbor;
pub mod chain;
mod claim;
pub mod crew;
pub mod enrolment;
pub mod fact;
pub mod fork_proof;
pub mod head_code;
pub mod join_code;
pub mod key;
pub mod key_form;
pub mod part;
pub mod reason;
pub mod receipt;
pub mod rotation;
pub mod safe;
pub mod segment;
pub mod ship_enrolment;
mod store_key;
pub mod vouch;

pub use body::{Body, Continues, Evidence, Kind, PublicKeyBytes};
pub use cbor::CborError;
pub use chain::{Chain, Fork, Run, Span};
pub use enrolment::{Enrolment, EnrolmentError};
pub use fact::{Entry, Record};
pub use fork_proof::{ForkProof, ForkProofError};
pub use head_code::{HeadCode, HeadCodeError};
pub use join_code::{JoinCode, JoinCodeError, VisitedPoints};
pub use key::{DeviceKey, KeyError, Purpose, SoftwareKey, device_id};
pub use part::{ContentPart, Part, PersonPart, SegmentKey, TimePart};
pub use receipt::{NamedTree, Receipt};
pub use rotation::{Rotation, RotationError};
pub use safe::{DeviceSafe, MOST_WRAPPED, Marker};
pub use segment::{Item, Segment, SegmentError, Slot, VerifiedSegment};
pub use ship_enrolment::{EnrolmentAnswer, EnrolmentRequest};
pub use store_key::StoreKey;
pub use vouch::{VouchAnswer, VouchRequest, VouchTextError};

#[cfg(test)]
mod segment_tests;
#[cfg(test)]
mod strategies;
#[cfg(test)]
pub(crate) mod vectors;
