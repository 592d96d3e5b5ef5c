//! What a `crew` record can say: FORMAT.md section 4.

use super::Body;

/// Somebody holds the phone.
pub const LOGIN: u64 = 1;
/// Nobody does any more.
pub const LOGOUT: u64 = 2;
/// Somebody holds it from here on, in the middle of a patrol.
pub const CHANGE: u64 = 3;
/// A PIN was set or changed.
pub const PIN: u64 = 4;
/// Stood by while the person of the next record set a PIN, or while somebody does on another phone.
pub const VOUCH: u64 = 5;
/// A badge was bound.
pub const BADGE: u64 = 6;
/// A key that a finger opens was bound.
pub const FINGER: u64 = 7;
/// So many failures that each further try waits.
pub const WAITS: u64 = 8;
/// So many failures that only an officer helps.
pub const STOPPED: u64 = 9;
/// What was kept of a person is gone.
pub const FORGOTTEN: u64 = 10;

/// Whether the person part names somebody who does not hold the phone because of it.
pub fn is_about_another(body: &Body) -> bool {
    matches!(body, Body::Crew { action } if !(LOGIN..=CHANGE).contains(action))
}
