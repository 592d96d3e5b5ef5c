//! A device's request, and the shore's answer: FORMAT.md section 12.
//!
//! Everything of a request that can be taken is taken in one transaction; what cannot is named as a problem and
//! stops nothing else. A request that is not signed by the device it names changes nothing.

mod answer;
mod collect;
mod documents;
mod ingest;
mod rotation;
mod seal;
#[cfg(test)]
mod tests;

use deckwatch_core::{
    ledger::VerifierKey,
    model::{DeviceId, VesselId},
    record::CborError,
    sync::{SealedRequest, SyncError},
};

pub use documents::MAX_UNVOUCHED_BYTES;
pub use ingest::{MAX_UNCERTIFIED_BYTES, MAX_UNCERTIFIED_DEVICES};
pub use rotation::{RotationClaim, RotationRefusal};

use crate::shore::{Shore, ShoreError};
use crate::store::StoreError;
use ingest::Taken;
use seal::Sealed;

/// Why a request was refused as a whole. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncRefusal {
    /// More bytes than a request may have.
    #[error("a request of {0} bytes is too large")]
    TooLarge(usize),
    /// Not a request.
    #[error("not a sync request: {0}")]
    Malformed(CborError),
    /// Signed with another key, or changed on the way.
    #[error("the request is not signed by device {0}")]
    BadSignature(DeviceId),
    /// No such vessel here.
    #[error("vessel {0} is not on this shore")]
    UnknownVessel(VesselId),
    /// The shore itself failed.
    #[error(transparent)]
    Shore(#[from] ShoreError),
}

impl From<SyncError> for SyncRefusal {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::TooLarge(size) => Self::TooLarge(size),
            SyncError::BadSignature(dev) => Self::BadSignature(dev),
            SyncError::Malformed(error) => Self::Malformed(error),
            _ => Self::Malformed(CborError::Expected("a sync request of version 1")),
        }
    }
}

impl From<StoreError> for SyncRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownVessel(vessel) => Self::UnknownVessel(vessel),
            error => Self::Shore(ShoreError::Store(error)),
        }
    }
}

impl SyncRefusal {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "send it in parts of at most 4 MiB; nothing was changed",
            Self::Malformed(_) => {
                "send the request again; if it stays so, update the app; nothing was changed"
            }
            Self::BadSignature(_) => {
                "sign the request with this device's own key, or enrol the phone again; nothing was changed"
            }
            Self::UnknownVessel(_) => {
                "check the server's address in the enrolment; nothing was changed"
            }
            Self::Shore(error) => error.hint(),
        }
    }
}

/// An answer, and whether anything new was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The response's bytes.
    pub response: Vec<u8>,
    /// The vessel, if records or changes that were not held before arrived.
    pub news: Option<VesselId>,
    /// The tree head in the answer, and its ledger's key.
    pub handed_out: Option<(VerifierKey, Vec<u8>)>,
}

impl Shore {
    /// Answers one request and assesses what it brought. The same request again gives the same state.
    pub fn sync(&self, bytes: &[u8]) -> Result<Vec<u8>, SyncRefusal> {
        let Synced { response, news, .. } = self.exchange(bytes)?;
        if let Some(vessel) = news
            && let Err(error) = self.reassess(vessel)
        {
            // What came is kept, and the phone hears so; the vessel is marked, and the next tick tries again.
            tracing::error!(%vessel, %error, hint = error.hint(), "a vessel could not be assessed");
        }
        Ok(response)
    }

    /// Takes what a request brings and says what it lacks.
    pub fn exchange(&self, bytes: &[u8]) -> Result<Synced, SyncRefusal> {
        let (sealed, request) = SealedRequest::decode(bytes)?;
        let sealed = Sealed::open(&sealed, request);
        let vessel = sealed.request.vessel;
        if let Some(answer) = self.recover_vessel(&sealed)? {
            return Ok(answer);
        }
        // Strangers take no seat among the vessels in use, and do not make the one writer wait.
        self.vessel(vessel)?;
        if let Some(problem) = self.reading_held(vessel, |held| sealed.check(held))?? {
            return Ok(answer::nothing_but(self.now(), problem));
        }
        let synced = self.writing_held(vessel, |tx, held| {
            if let Some((ledger, _)) = self.collects(&*tx).map_err(ShoreError::from)? {
                return self.collect(tx, held, &sealed, &ledger);
            }
            self.open_ledger(tx).map_err(ShoreError::from)?;
            let taken = self.ingest(tx, held, &sealed, Taken::default())?;
            if taken.news {
                crate::projection::mark(tx, vessel, self.now())?;
            }
            self.answer(tx, held, &sealed, taken)
        })?;
        // Everything that was signed is durable now; that it is handed out must be known before it is.
        if let Some((ledger, note)) = &synced.handed_out {
            let noted = self.ledger_folder().note_handed_out(ledger, note);
            noted.map_err(ShoreError::from)?;
        }
        Ok(synced)
    }
}
