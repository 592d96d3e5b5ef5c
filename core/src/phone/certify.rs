//! Enrolling without the shore. A new phone shows a request; an officer's phone certifies its key and
//! shows an answer; the new phone enrols with it. FORMAT.md section 14.

use super::{Phone, RecordError};
use crate::{
    authority::{Authority, Roles},
    entropy::draw,
    model::{DeviceId, Hash},
    record::{
        Body, Chain, Enrolment, EnrolmentAnswer, EnrolmentError, EnrolmentRequest, KeyError,
        Segment, SegmentError, Span, device_id,
    },
    store::StoreError,
    time::ClockReading,
};

/// An answer says so long, in seconds, that it is to be used: a day.
const ANSWER_VALID_SECS: i64 = 86_400;
/// Records in the segment of an answer at most: the certificate, and what a restart adds.
const ANSWER_RECORDS: u64 = 3;
/// The setting that holds the nonce of this phone's request.
const NONCE: &str = "request_nonce";

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It has what it would ask for.
    #[error("this phone is certified already; there is nothing to ask for")]
    Certified,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a phone was not certified. No certificate was recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertifyError {
    /// The text.
    #[error(transparent)]
    Request(#[from] EnrolmentError),
    /// It has records of another ship.
    #[error("that phone belongs to another ship; a phone for this ship starts with an empty store")]
    OtherVessel,
    /// It is this very phone, or the shore.
    #[error("a phone cannot certify itself; use the other phone's request")]
    Itself,
    /// Nothing to do.
    #[error("phone {0} is certified already; it needs nothing more than a sync")]
    Certified(DeviceId),
    /// Another key has its id.
    #[error(
        "another phone has the id {0} already; let the new phone make another key, in an empty store"
    )]
    OtherKey(DeviceId),
    /// The monthly limit.
    #[error(
        "this phone has certified as many phones as it may in 30 days; the shore can certify more"
    )]
    Limit,
    /// The record; among others, this phone's certificate does not allow it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for CertifyError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

/// Why an answer was not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The text.
    #[error(transparent)]
    Answer(#[from] EnrolmentError),
    /// It answers another phone's request, or an older one.
    #[error("this answers another request; show the officer this phone's request again")]
    OtherRequest,
    /// This phone has records of another ship.
    #[error("this phone belongs to another ship; a phone for this ship starts with an empty store")]
    OtherVessel,
    /// The officer's records do not verify.
    #[error("the officer's certificate does not verify ({0}); let the officer answer again")]
    Segment(#[from] SegmentError),
    /// The officer's records do not certify this phone.
    #[error("the answer does not certify this phone; let the officer answer again")]
    NoCertificate,
    /// The first record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for AnswerError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// The text that a phone without a certificate shows an officer. The same again until it is
    /// answered, so that a restart between the two codes costs nothing.
    pub fn enrolment_request(&mut self) -> Result<String, RequestError> {
        if self.roles() != Roles::NONE {
            return Err(RequestError::Certified);
        }
        let kept = self.store.setting(NONCE)?;
        let nonce = match kept.and_then(|kept| kept.try_into().ok()) {
            Some(nonce) => nonce,
            None => {
                let nonce: [u8; 16] = draw(self.entropy.as_mut());
                self.store.set_setting(NONCE, &nonce)?;
                nonce
            }
        };
        let genesis = self.genesis()?.and_then(|genesis| Some((self.vessel()?, genesis)));
        Ok(EnrolmentRequest::sign(self.key.as_ref(), nonce, genesis)?.to_text())
    }

    fn genesis(&self) -> Result<Option<Hash>, StoreError> {
        let first = self.store.own_records(self.dev, 0, 0)?;
        Ok(first.first().map(|record| record.hash))
    }

    /// Certifies the phone that shows `request`, as crew from now on, and gives the text that it
    /// enrols with. For the ship security officer's phone.
    pub fn certify(
        &mut self,
        request: &str,
        reading: &ClockReading,
    ) -> Result<String, CertifyError> {
        let request = EnrolmentRequest::from_text(request)?;
        let enrolment = self.enrolment.clone().ok_or(RecordError::NotEnrolled)?;
        if !self.roles().has(Roles::OFFICER) {
            return Err(RecordError::NotAllowed.into());
        }
        let dev = device_id(&request.key);
        if request.vessel().is_some_and(|vessel| vessel != enrolment.vessel) {
            return Err(CertifyError::OtherVessel);
        }
        if dev == self.dev || request.key == enrolment.shore_key {
            return Err(CertifyError::Itself);
        }
        let certified = self.authority.as_ref().and_then(|authority| authority.key(dev)).copied();
        let shown = self.others.iter().find(|chain| chain.dev() == dev).and_then(Chain::key);
        if certified.or(shown).is_some_and(|key| key != request.key) {
            return Err(CertifyError::OtherKey(dev));
        }
        let standing = |dev| self.authority.as_ref().and_then(|authority| authority.standing(dev));
        let ended = standing(self.dev).and_then(|it| it.until).is_some_and(|it| it < now(reading));
        if ended {
            return Err(RecordError::NotAllowed.into());
        }
        let mine = match standing(dev) {
            None => false,
            Some(standing) if standing.ship_enrolled.is_some_and(|by| by.dev == self.dev) => true,
            Some(_) => return Err(CertifyError::Certified(dev)),
        };
        let segment = match self.answered(&request)? {
            Some(segment) => segment,
            None => self.record_certificate(&request, &enrolment, mine, reading)?,
        };
        let answer = EnrolmentAnswer {
            enrolment: Enrolment {
                token: request.nonce,
                expires: now(reading).saturating_add(ANSWER_VALID_SECS),
                ..enrolment
            },
            officer_key: self.key.public_key(),
            segment,
        };
        Ok(answer.to_text())
    }

    /// The segment with the certificate that this phone gave before for the same key: a code that was
    /// not read in time is shown again, and costs no second certificate. Not one with much else in it,
    /// as one is that could not be cut at once: no code would hold it.
    fn answered(&self, request: &EnrolmentRequest) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(own) = self.own_if_authority()? else { return Ok(None) };
        let names = |body: Option<&Body>| matches!(body, Some(Body::Certificate { key, .. }) if *key == request.key);
        let given: Vec<u64> =
            own.all().filter(|entry| names(entry.body())).map(|entry| entry.at.seq).collect();
        let spans = self.store.own_spans(self.dev)?;
        let holds = |span: &&Span| {
            span.to - span.from < ANSWER_RECORDS
                && given.iter().any(|seq| (span.from..=span.to).contains(seq))
        };
        spans.iter().find(holds).map_or(Ok(None), |span| self.store.own_segment(self.dev, span))
    }

    /// Appends the certificate in a segment of its own, small enough for a code to scan.
    fn record_certificate(
        &mut self,
        request: &EnrolmentRequest,
        enrolment: &Enrolment,
        again: bool,
        reading: &ClockReading,
    ) -> Result<Vec<u8>, CertifyError> {
        // What the clocks did goes with what came before; then that is cut.
        self.observe(reading)?;
        self.seal()?;
        let (own, wall) = (self.own_if_authority()?, u64::try_from(now(reading)).unwrap_or(0));
        let room = self.authority.as_ref().zip(own.as_ref());
        let full = room.is_none_or(|(authority, own)| authority.room_on_board(own, wall) == 0);
        // The first certificate for a key stands, and a second takes no room.
        if full && !again {
            return Err(CertifyError::Limit);
        }
        let certificate = Body::Certificate {
            key: request.key,
            vessel: enrolment.vessel,
            roles: Roles::CREW.0,
            from: now(reading),
            until: None,
            genesis: request.genesis(),
        };
        let made = self.append(0, certificate, reading)?;
        self.seal()?;
        self.refresh_plan()?;
        let span = self.store.own_spans(self.dev)?.into_iter().find(|span| span.from == made.seq);
        let segment = span.map(|span| self.store.own_segment(self.dev, &span)).transpose()?;
        const DAMAGED: StoreError = StoreError::Damaged("an own segment");
        Ok(segment.flatten().ok_or(DAMAGED)?)
    }

    /// Enrols with an officer's answer to this phone's request, and keeps the officer's certificate. A
    /// phone that recorded before, without a certificate, goes on with its chain.
    pub fn enrol_on_board(
        &mut self,
        answer: &str,
        reading: &ClockReading,
    ) -> Result<(), AnswerError> {
        let answer = EnrolmentAnswer::from_text(answer)?;
        let enrolment = &answer.enrolment;
        if self.store.setting(NONCE)?.as_deref() != Some(&enrolment.token[..]) {
            return Err(AnswerError::OtherRequest);
        }
        let known = self.enrolment.as_ref();
        if known.is_some_and(|known| {
            (known.vessel, known.shore_key) != (enrolment.vessel, enrolment.shore_key)
        }) {
            return Err(AnswerError::OtherVessel);
        }
        let verified = Segment::decode(&answer.segment)?.verify(&answer.officer_key)?;
        let mine = self.key.public_key();
        let certifies = verified.entries.iter().any(|entry| {
            matches!(entry.body(), Some(Body::Certificate { key, vessel, roles, .. })
                if *key == mine && *vessel == enrolment.vessel && Roles(*roles) == Roles::CREW)
        });
        if !certifies || verified.dev == self.dev {
            return Err(AnswerError::NoCertificate);
        }
        let span = Span {
            from: verified.from(),
            to: verified.to(),
            prev: verified.prev,
            head: verified.head(),
        };
        if self.tail.is_none() {
            self.enrol(enrolment, reading)?;
        }
        if self.store.put_segment(verified.dev, &span, &answer.segment)? {
            self.keep_segment(verified);
        }
        self.refresh_plan()?;
        Ok(())
    }

    /// This device's own chain as far as it is cut, if its records carry authority; `None` otherwise.
    pub(super) fn own_if_authority(&self) -> Result<Option<Chain>, StoreError> {
        let Some(enrolment) = &self.enrolment else { return Ok(None) };
        let authority = Authority::read(enrolment.vessel, &enrolment.shore_key, &self.others);
        if !authority.roles_at(self.dev, 0).is_authority() {
            return Ok(None);
        }
        let mut own = Chain::new(self.dev);
        for span in self.store.own_spans(self.dev)? {
            let bytes = self.store.own_segment(self.dev, &span)?.unwrap_or_default();
            let opened = Segment::decode(&bytes).and_then(|cut| cut.reopen());
            own.insert(opened.map_err(|_| StoreError::Damaged("an own segment"))?);
        }
        Ok(Some(own))
    }
}

fn now(reading: &ClockReading) -> i64 {
    super::plan::now_of(reading)
}
