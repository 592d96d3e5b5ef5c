//! What the store keeps for log-ins, read and written in one place.

use super::super::Phone;
use crate::{
    login::{Allowance, Attempts, BadgeKey, Credential, Spray, attempts::Limit},
    model::CrewNo,
    record::{PersonPart, crew},
    store::StoreError,
    time::ClockReading,
};

const DAMAGED: StoreError = StoreError::Damaged("a log-in key");
/// Under this number stands what belongs to nobody.
const ALL: CrewNo = CrewNo::NOBODY;

impl Phone {
    /// What is kept of a person.
    pub(super) fn credential(&self, crew: CrewNo) -> Result<Option<Credential>, StoreError> {
        let kept = self.store.login_key(crew)?.filter(|_| crew != ALL);
        kept.map(|kept| Credential::decode(&kept).map_err(|_| DAMAGED)).transpose()
    }

    /// What is kept of everybody. What does not read is nobody's.
    pub(super) fn credentials(&self) -> Result<Vec<(CrewNo, Credential)>, StoreError> {
        let kept = self.store.login_keys()?.into_iter();
        Ok(kept.filter_map(|(crew, kept)| Some((crew, Credential::decode(&kept).ok()?))).collect())
    }

    pub(super) fn keep_credential(
        &mut self,
        crew: CrewNo,
        credential: &Credential,
    ) -> Result<(), StoreError> {
        self.store.put_login_key(crew, &credential.encode())
    }

    /// The key under which badges are kept; drawn the first time.
    pub(super) fn badge_key(&mut self) -> Result<BadgeKey, StoreError> {
        if let Some(kept) = self.store.login_key(ALL)? {
            return BadgeKey::from_bytes(&kept).ok_or(DAMAGED);
        }
        let key = BadgeKey::draw(self.entropy.as_mut());
        self.store.put_login_key(ALL, key.as_bytes())?;
        Ok(key)
    }

    /// The failures of a number, and of all together, as they count now.
    pub(super) fn attempts(
        &self,
        crew: CrewNo,
        reading: &ClockReading,
    ) -> Result<(Attempts, Spray), StoreError> {
        let kept = self.store.login_attempts(crew)?;
        let attempts = kept.map(|kept| Attempts::decode(&kept)).transpose().map_err(|_| DAMAGED)?;
        let attempts = attempts.unwrap_or_else(|| Attempts::none(reading));
        let kept = self.store.login_attempts(ALL)?;
        let spray = kept.map(|kept| Spray::decode(&kept)).transpose().map_err(|_| DAMAGED)?;
        let spray = spray.unwrap_or_else(|| Spray::none(reading));
        Ok((attempts.restarted(reading).unwrap_or(attempts), spray.at(reading)))
    }

    /// Keeps both. When this returns, they are on the medium.
    pub(super) fn keep_attempts(
        &mut self,
        crew: CrewNo,
        (attempts, spray): (Option<Attempts>, Spray),
    ) -> Result<(), StoreError> {
        let attempts = attempts.map(|attempts| attempts.encode());
        self.store.put_login_attempts(&[(crew, attempts), (ALL, Some(spray.encode()))])
    }

    /// Records a limit that was reached, once.
    pub(super) fn tell_limit(
        &mut self,
        who: CrewNo,
        reading: &ClockReading,
    ) -> Result<(), super::RecordError> {
        let (attempts, spray) = self.attempts(who, reading)?;
        let action = match attempts.untold() {
            None => return Ok(()),
            Some(Limit::Wait) => crew::WAITS,
            Some(Limit::Stop) => crew::STOPPED,
        };
        // The number that was typed. Who typed it, nobody knows.
        let claimed = PersonPart { crew: who, grade: 0, how: 0 };
        self.record_of(&[(claimed, action)], reading)?;
        self.keep_attempts(who, (Some(attempts.told()), spray))?;
        Ok(())
    }

    /// What somebody who wants to log in with a PIN may do now.
    pub fn log_in_allowance(
        &self,
        crew: CrewNo,
        reading: &ClockReading,
    ) -> Result<Allowance, StoreError> {
        let (attempts, spray) = self.attempts(crew, reading)?;
        Ok(match (attempts.allowance(reading), spray.wait(reading)) {
            (Allowance::Try { .. }, Some(seconds)) => Allowance::Wait { seconds },
            (Allowance::Wait { seconds }, Some(longer)) => {
                Allowance::Wait { seconds: seconds.max(longer) }
            }
            (allowance, _) => allowance,
        })
    }

    /// At opening: after a restart every wait begins anew. A copy that was put back may know less than was
    /// tried, so there all have to wait.
    pub(in super::super) fn reopen_attempts(
        &mut self,
        restored: bool,
        reading: &ClockReading,
    ) -> Result<(), StoreError> {
        let mut anew = Vec::new();
        for (crew, kept) in self.store.all_login_attempts()? {
            let restarted = Attempts::decode(&kept).ok().and_then(|kept| kept.restarted(reading));
            if let Some(restarted) = restarted.filter(|_| crew != ALL) {
                anew.push((crew, Some(restarted.encode())));
            }
        }
        if restored {
            anew.push((ALL, Some(Spray::full(reading).encode())));
        } else if let Some(kept) = self.store.login_attempts(ALL)?
            && let Ok(spray) = Spray::decode(&kept)
        {
            anew.push((ALL, Some(spray.at(reading).encode())));
        }
        if anew.is_empty() { Ok(()) } else { self.store.put_login_attempts(&anew) }
    }
}
