//! Who holds the phone, and whether it is in use.

use deckwatch_core::{model::CrewNo, record::PersonPart};

use super::Phone;
use crate::{MobileError, platform::Change};

/// How surely the app knows who holds the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum IdentityGrade {
    /// Said, not checked.
    I0,
    /// A PIN.
    I1,
    /// A key that a finger or a face opens.
    I2,
    /// That, and a badge.
    I3,
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UnlockedBy {
    /// Nothing.
    Word,
    /// A PIN.
    Pin,
    /// A finger or a face.
    Biometric,
    /// A badge.
    Badge,
}

/// Why a phone is put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ParkReason {
    /// It is not needed.
    NotInUse,
    /// It is broken.
    Repair,
    /// It leaves the ship.
    TakenAshore,
}

#[uniffi::export]
impl Phone {
    /// Records who holds the phone from now on.
    ///
    /// The app has checked it, and says how. **This library verifies no PIN yet**: what is recorded is
    /// what the app says.
    pub fn unlock(
        &self,
        crew: u32,
        grade: IdentityGrade,
        by: UnlockedBy,
    ) -> Result<(), MobileError> {
        if crew == CrewNo::NOBODY.0 {
            return Err(MobileError::input(
                "crew",
                "0 is nobody's roster number; give the number from the roster",
            ));
        }
        let grade = match grade {
            IdentityGrade::I0 => 0,
            IdentityGrade::I1 => 1,
            IdentityGrade::I2 => 2,
            IdentityGrade::I3 => 3,
        };
        let how = match by {
            UnlockedBy::Word => 0,
            UnlockedBy::Pin => 1,
            UnlockedBy::Biometric => 2,
            UnlockedBy::Badge => 3,
        };
        let person = PersonPart { crew: CrewNo(crew), grade, how };
        self.recording("unlock", &[Change::Identity], |phone, reading| {
            phone.login(person, reading)?;
            Ok(())
        })
    }

    /// Records that nobody holds the phone any more. A patrol that is being walked stays open.
    pub fn lock(&self) -> Result<(), MobileError> {
        self.recording("lock", &[Change::Identity], |phone, reading| {
            phone.logout(reading)?;
            Ok(())
        })
    }

    /// Records that the phone is put away: its silence is no longer waited for.
    pub fn park(&self, reason: ParkReason) -> Result<(), MobileError> {
        let reason = match reason {
            ParkReason::NotInUse => 1,
            ParkReason::Repair => 2,
            ParkReason::TakenAshore => 3,
        };
        self.recording("park", &[Change::Sync], |phone, reading| {
            phone.park(reason, reading)?;
            Ok(())
        })
    }

    /// Records that the phone is back in use.
    pub fn resume(&self) -> Result<(), MobileError> {
        self.recording("resume", &[Change::Sync], |phone, reading| {
            phone.resume(reading)?;
            Ok(())
        })
    }

    /// Records that the phone is alive, if six hours have passed since it last did. Call it now and
    /// then; says whether it recorded.
    pub fn heartbeat(&self) -> Result<bool, MobileError> {
        self.recording("heartbeat", &[Change::Sync], |phone, reading| Ok(phone.heartbeat(reading)?))
    }
}
