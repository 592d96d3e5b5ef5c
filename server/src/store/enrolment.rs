use std::fmt;

use deckwatch_core::model::{DeviceId, VesselId};

use super::StoreError;
use super::bounds::{MAX_NAME_BYTES, check_text};

/// The one-time secret in an enrolment QR. Never shown in logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnrolmentToken(pub [u8; 16]);

impl fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentToken(..)")
    }
}

/// An invitation for one device, and who took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// The vessel that the device will belong to.
    pub vessel: VesselId,
    /// What the QR carries, and the genesis of the device repeats.
    pub token: EnrolmentToken,
    /// Sum of the roles of FORMAT.md section 4, kind 23.
    pub roles: u32,
    /// Words for the shore, such as "bridge phone".
    pub label: String,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds. The store keeps it; the caller honours it.
    pub expires_at: i64,
    /// The device that took it.
    pub used_by: Option<DeviceId>,
    /// Unix seconds.
    pub used_at: Option<i64>,
}

impl EnrolmentRow {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.used_by.is_some() != self.used_at.is_some() {
            let why = "the device and the time of its use belong together";
            return Err(StoreError::Refused { what: "enrolment", why });
        }
        check_text("label of an enrolment", &self.label, MAX_NAME_BYTES)
    }
}

/// Reads enrolments.
pub trait Enrolments {
    /// One enrolment, used or not, expired or not.
    fn enrolment(
        &self,
        vessel: VesselId,
        token: EnrolmentToken,
    ) -> Result<Option<EnrolmentRow>, StoreError>;

    /// The enrolments of a vessel, newest first.
    fn enrolments(&self, vessel: VesselId, limit: u32) -> Result<Vec<EnrolmentRow>, StoreError>;
}

/// Writes enrolments.
pub trait EnrolmentsMut {
    /// Adds an enrolment. Refused with [`StoreError::Exists`] if the vessel has one with this token.
    fn add_enrolment(&mut self, enrolment: &EnrolmentRow) -> Result<(), StoreError>;

    /// Gives the enrolment to a device, once. `true` if it is this device's, now or since earlier (the first time
    /// stays); `false` if another device has it or there is none.
    fn use_enrolment(
        &mut self,
        vessel: VesselId,
        token: EnrolmentToken,
        dev: DeviceId,
        used_at: i64,
    ) -> Result<bool, StoreError>;
}
