//! Taking what a request brings.

use std::collections::BTreeSet;

use deckwatch_core::{
    ledger::LoggedRun,
    model::{DeviceId, RecordRef},
    record::{Chain, Entry, Slot, Span, VerifiedSegment},
    sync::{Problem, ProblemCode},
};

use super::SyncRefusal;
use super::seal::{Brought, Sealed, problem};
use crate::ledger::Statement;
use crate::shore::{Held, Shore, ShoreError, Waiting, without_erased};
use crate::store::{EnrolmentToken, SegmentRow, WriteTx};
use crate::tags::check::{Again, CHECKS_A_SYNC};

/// Devices without a certificate that one vessel may have.
pub const MAX_UNCERTIFIED_DEVICES: usize = 32;
/// Bytes kept of a device without a certificate.
pub const MAX_UNCERTIFIED_BYTES: u64 = 4 * 1024 * 1024;

/// What was taken of a request.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Devices of whom segments were brought and are held now.
    pub authors: BTreeSet<DeviceId>,
    /// Records that were logged with this request.
    pub logged: BTreeSet<RecordRef>,
    /// What the requester evidently holds, because it brought it.
    pub brought: BTreeSet<(DeviceId, Span)>,
    pub problems: Vec<Problem>,
    pub news: bool,
    /// Nothing of it is logged, and nothing is written ashore.
    pub collecting: bool,
}

impl Shore {
    pub(super) fn ingest(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        sealed: &Sealed<'_>,
        mut taken: Taken,
    ) -> Result<Taken, SyncRefusal> {
        let broken = sealed.segments.iter().filter_map(|brought| brought.as_ref().err());
        taken.problems.extend(broken.cloned());
        // Beginnings first: keys, and with them certificates, decide about the rest.
        let brought = || sealed.segments.iter().flatten();
        for beginning in brought().filter(|brought| brought.genesis.is_some()) {
            self.take_segment(tx, held, sealed, beginning, &mut taken)?;
        }
        held.refresh(tx)?;
        if !taken.collecting {
            self.honour_tokens(tx, held, sealed, &mut taken)?;
        }
        // What the shore wrote and lost says who is certified, and so how much is kept of whom.
        let root = held.authority().root();
        let is_further = |brought: &&Brought| brought.genesis.is_none();
        let is_own = |brought: &&Brought| brought.segment.dev == root;
        for own in brought().filter(is_further).filter(is_own) {
            self.take_segment(tx, held, sealed, own, &mut taken)?;
        }
        held.refresh(tx)?;
        for further in brought().filter(is_further).filter(|it| !is_own(it)) {
            self.take_segment(tx, held, sealed, further, &mut taken)?;
        }
        held.refresh(tx)?;
        self.honour_rotations(tx, held, &mut taken)?;
        self.take_changes(tx, held, sealed, &mut taken)?;
        held.refresh(tx)?;
        if taken.news && !taken.collecting {
            self.check_within(tx, held, CHECKS_A_SYNC, Again::No)?;
        }
        let forked = taken
            .authors
            .iter()
            .filter(|dev| held.chain(**dev).is_some_and(|chain| !chain.forks().is_empty()));
        taken.problems.extend(forked.map(|dev| problem(ProblemCode::Fork, &dev.0)));
        Ok(taken)
    }

    fn take_segment(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
        sealed: &Sealed<'_>,
        brought: &Brought,
        taken: &mut Taken,
    ) -> Result<(), SyncRefusal> {
        let dev = brought.segment.dev;
        let verified = match verify(held, sealed, brought) {
            Ok(verified) => verified,
            Err(code) => {
                taken.problems.push(problem(code, &dev.0));
                return Ok(());
            }
        };
        let span = Span {
            from: verified.from(),
            to: verified.to(),
            prev: verified.prev,
            head: verified.head(),
        };
        let vessel = held.vessel();
        let known = tx.has_segment(vessel, dev, span.to, span.head)?;
        let bytes = sealed.request.segments.get(brought.index).cloned().unwrap_or_default();
        // A copy from before an erasure does not bring back what was erased.
        let erased = without_erased(&brought.segment, &held.erased_of(dev));
        let bytes = erased.unwrap_or(bytes);
        if !known && !self.has_room(tx, held, brought, bytes.len())? {
            taken.problems.push(problem(ProblemCode::TooLarge, &dev.0));
            return Ok(());
        }
        let row = SegmentRow {
            vessel,
            dev,
            from_seq: span.from,
            to_seq: span.to,
            prev: span.prev,
            head: span.head,
            bytes,
            received_at: self.now(),
            carried_by: sealed.request.dev,
        };
        match tx.put_segment(&row) {
            Ok(new) => {
                if new && !taken.collecting {
                    let fresh = taken.fresh_of(held, &verified);
                    self.log(tx, vessel, &fresh).map_err(ShoreError::from)?;
                }
                taken.news |= new;
                taken.authors.insert(dev);
                taken.brought.insert((dev, span));
                Ok(())
            }
            Err(error) if error.is_refusal() => {
                taken.problems.push(problem(ProblemCode::Malformed, &dev.0));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a segment of `dev` may be kept: without a certificate there is a quota.
    fn has_room(
        &self,
        tx: &dyn WriteTx,
        held: &Held,
        brought: &Brought,
        size: usize,
    ) -> Result<bool, SyncRefusal> {
        let dev = brought.segment.dev;
        let certified = |dev| held.authority().standing(dev).is_some();
        if dev == held.authority().root() || certified(dev) {
            return Ok(true);
        }
        if let Some(holding) = tx.holding(held.vessel(), dev)? {
            return Ok(holding.size_bytes.saturating_add(size as u64) <= MAX_UNCERTIFIED_BYTES);
        }
        // Strangers cannot take an invited phone's place.
        if let Some(genesis) = &brought.genesis {
            let invitation = tx.enrolment(held.vessel(), EnrolmentToken(genesis.nonce))?;
            if invitation.is_some_and(|row| row.used_by.is_none() && row.expires_at >= self.now()) {
                return Ok(true);
            }
        }
        let mut uncertified = 0;
        tx.holdings_of(held.vessel(), &mut |holding| {
            let known = holding.dev == held.authority().root() || certified(holding.dev);
            uncertified += usize::from(!known);
            Ok(())
        })?;
        Ok(uncertified < MAX_UNCERTIFIED_DEVICES)
    }

    /// A genesis that repeats an invitation's token gets the certificate that the invitation promised, once.
    fn honour_tokens(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        sealed: &Sealed<'_>,
        taken: &mut Taken,
    ) -> Result<(), SyncRefusal> {
        let mut waiting: Vec<Waiting> = Vec::new();
        for brought in sealed.segments.iter().flatten() {
            let dev = brought.segment.dev;
            let Some(genesis) = brought.genesis.filter(|_| taken.authors.contains(&dev)) else {
                continue;
            };
            let hash = brought.segment.records().next().map(|record| record.hash());
            waiting.push(Waiting { dev, genesis, hash });
        }
        let certificates = self.promised(tx, held, &waiting)?;
        if !certificates.is_empty() {
            self.append_within(tx, held, &certificates)?;
            taken.news = true;
        }
        Ok(())
    }
}

impl Taken {
    /// Of a shore that collects.
    pub fn collecting() -> Self {
        Self { collecting: true, ..Self::default() }
    }

    /// The records of a segment that no leaf covers yet. A device can cut one stretch of records into segments as it
    /// likes; each record is logged once.
    fn fresh_of(&mut self, held: &Held, segment: &VerifiedSegment) -> Vec<Statement> {
        let chain = held.chain(segment.dev);
        let is_held = |at: &RecordRef| chain.is_some_and(|it| it.get(at.seq, at.hash).is_some());
        let fresh = segment.entries.iter().filter(|entry| !is_held(&entry.at));
        let fresh: Vec<&Entry> = fresh.filter(|entry| self.logged.insert(entry.at)).collect();
        LoggedRun::covering(fresh).into_iter().map(Statement::Run).collect()
    }
}

/// Verifies a segment: its author's key, its vessel, and that nothing of it is withheld.
fn verify(
    held: &Held,
    sealed: &Sealed<'_>,
    brought: &Brought,
) -> Result<VerifiedSegment, ProblemCode> {
    let segment = &brought.segment;
    let key = sealed.key(held, segment.dev).ok_or(ProblemCode::UnknownDevice)?;
    let verified = segment.verify(&key).map_err(|error| match error {
        deckwatch_core::record::SegmentError::BadSignature(_)
        | deckwatch_core::record::SegmentError::WrongDevice(_) => ProblemCode::BadSignature,
        _ => ProblemCode::Malformed,
    })?;
    // The genesis that the key came from names the vessel. One that is held was checked when it came.
    let beginning =
        brought.genesis.as_ref().or_else(|| match held.chain(segment.dev).and_then(Chain::key) {
            Some(_) => None,
            None => sealed.genesis(segment.dev),
        });
    if beginning.is_some_and(|genesis| genesis.vessel != held.vessel()) {
        return Err(ProblemCode::WrongVessel);
    }
    // Of two copies with one name the first stays, so one with parts withheld must not come first.
    let whole = segment
        .items
        .iter()
        .flat_map(|item| &item.slots)
        .all(|slot| matches!(slot, Slot::Shown(_)));
    if whole { Ok(verified) } else { Err(ProblemCode::Malformed) }
}
