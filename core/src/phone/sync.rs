//! The phone's side of a sync: bytes out, bytes in.

use std::collections::BTreeMap;

use super::{LedgerCheck, Phone, RecordError, plan::now_of};
use crate::{
    document::{DocumentKind, gate},
    model::DeviceId,
    record::{
        Body, Chain, Entry, PublicKeyBytes, Receipt, Run, Segment, Span, VerifiedSegment,
        chain::runs, device_id,
    },
    store::StoreError,
    sync::{
        Have, Limits, Problem, ProblemCode, Request, Response, Scope, SealedRequest, SyncError,
        message::{decode_have, encode_have},
        missing,
    },
    time::ClockReading,
};

/// What a sync brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncOutcome {
    /// The shore holds this device's records up to here.
    pub receipted_seq: Option<u64>,
    /// Segments of other devices that are new here.
    pub new_segments: usize,
    /// Plan changes that are new here.
    pub new_changes: usize,
    /// What the shore did not take.
    pub problems: Vec<Problem>,
    /// Something in the response that this phone did not take.
    pub refused: usize,
    /// Sync again: there is more, in one direction or the other.
    pub more: bool,
    /// Whether the shore's ledger still holds all that it held before.
    pub ledger: LedgerCheck,
    /// A newer version of the Plan is here than the one adopted.
    pub plan_to_adopt: bool,
}

/// Why a response was not taken, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Not understood.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The store or the chain.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The caller wanted no more of it.
    #[error("stopped; what had come in by then is kept, so sync again for the rest")]
    Stopped,
}

impl From<StoreError> for ResponseError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl Phone {
    /// Writes `alive`, cuts, and gives the request to post. A request that never arrives costs
    /// nothing: the next one carries the same records.
    pub fn sync_request(&mut self, reading: &ClockReading) -> Result<Vec<u8>, RecordError> {
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        self.record(0, Body::Alive, reading)?;
        self.seal()?;
        let shore_has = self.shore_has()?;
        let mut have: BTreeMap<DeviceId, Vec<Span>> =
            self.store.foreign_spans()?.into_iter().collect();
        let mut segments = Vec::new();
        let mut payload = 0;
        self.sent.clear();
        // This device first: its genesis and its newest records must not wait behind an older chain.
        let mut first = vec![self.dev];
        let older = self.store.own_devices()?.into_iter().filter(|dev| *dev != self.dev);
        for dev in std::iter::once(self.dev).chain(older) {
            let spans = self.store.own_spans(dev)?;
            for span in missing(dev, &spans, &shore_has) {
                let Some(bytes) = self.store.own_segment(dev, &span)? else { continue };
                payload += bytes.len();
                if segments.len() < Limits::SEGMENTS && payload <= Limits::PAYLOAD {
                    segments.push(bytes);
                    self.sent.push((dev, span));
                }
            }
            // A restored store holds the end of its old chain as others' segments.
            have.entry(dev).or_default().extend(spans);
            first.push(dev);
        }
        payload += self.give_back(payload, &mut segments)?;
        let changes = self.changes_to_send(payload)?;
        let request = Request {
            vessel,
            dev: self.dev,
            scope: Scope::Authority,
            have: self.have(have, first),
            documents: self.versions_to_name(now_of(reading))?,
            segments,
            changes,
            tree_head: self.tree_head()?,
            receipts: self.receipts_to_give_back()?,
        };
        Ok(SealedRequest::seal(&request, self.key.as_ref())?.encode())
    }

    /// The list of what is held, as long as a reader takes one: own chains and those that carry
    /// authority before others.
    fn have(&self, mut have: BTreeMap<DeviceId, Vec<Span>>, mut first: Vec<DeviceId>) -> Have {
        if let Some(authority) = &self.authority {
            first.push(authority.root());
            let carries = authority.devices().filter(|(_, it)| it.roles.is_authority());
            first.extend(carries.map(|(dev, _)| dev));
        }
        first.extend(have.keys().copied().collect::<Vec<_>>());
        let mut named = Have::new();
        for dev in first {
            if named.len() < Limits::DEVICES
                && let Some(spans) = have.remove(&dev)
            {
                named.push((dev, newest_runs(spans)));
            }
        }
        named.sort_unstable();
        named
    }

    /// Takes the shore's answer. The same answer twice changes nothing more.
    pub fn sync_response(
        &mut self,
        bytes: &[u8],
        reading: &ClockReading,
    ) -> Result<SyncOutcome, ResponseError> {
        self.sync_response_while(bytes, reading, &|| true)
    }

    /// The same, as long as `go_on` says so: it is asked between segments, between changes and between
    /// documents. What was taken before is durable and shown, and the next sync brings the rest.
    pub fn sync_response_while(
        &mut self,
        bytes: &[u8],
        reading: &ClockReading,
        go_on: &dyn Fn() -> bool,
    ) -> Result<SyncOutcome, ResponseError> {
        let response = Response::decode(bytes)?;
        let shore_key =
            self.enrolment.as_ref().map(|known| known.shore_key).ok_or(RecordError::NotEnrolled)?;
        let mut outcome = SyncOutcome {
            problems: response.problems.clone(),
            more: response.more,
            ..SyncOutcome::default()
        };
        let mut taken = self.take_segments(&response, &shore_key, &mut outcome, go_on);
        if taken.is_ok() {
            taken = self.take_changes(&response, reading, &mut outcome, go_on);
        }
        if matches!(taken, Err(ResponseError::Stopped)) {
            // Memory follows what is durable.
            self.refresh_plan()?;
            self.reread_code(reading)?;
        }
        taken?;
        self.apply_erasures()?;
        self.note_what_is_held(&response, &shore_key)?;
        let more_to_give_back = self.note_what_was_lost(&response, &shore_key)?;
        self.take_receipts(&response, &shore_key, reading, &mut outcome)?;
        outcome.ledger = self.take_tree_head(response.tree_head.as_ref(), reading)?;
        self.refresh_plan()?;
        self.reread_code(reading)?;
        self.note_disowned(reading)?;
        let (heard, more_to_ask) = self.note_held_changes(&response, reading, go_on)?;
        outcome.plan_to_adopt = self.plan.heads() != self.adopted;
        // An answer that brought nothing new would bring the same again.
        outcome.more &= outcome.new_segments + outcome.new_changes > 0;
        let refused: usize = self.refused_changes()?.iter().map(|(_, count)| count).sum();
        outcome.more |= more_to_give_back || more_to_ask;
        outcome.more |= !self.unsent()?.is_empty() || (heard && self.unsent_changes()? > refused);
        Ok(outcome)
    }

    /// Remembers what the shore holds of own chains.
    ///
    /// A store that was restored does not know the shore's newest head of its old chain. What it
    /// sent of that chain, and the shore took, lies within a run that the shore names: it is held.
    /// A phone that is not certified again yet learns of its old chain by receipts alone.
    fn note_what_is_held(
        &mut self,
        response: &Response,
        shore_key: &PublicKeyBytes,
    ) -> Result<(), StoreError> {
        let receipted: Vec<Receipt> = response
            .receipts
            .iter()
            .filter_map(|bytes| Receipt::decode(bytes).ok())
            .filter(|receipt| receipt.is_from(shore_key))
            .collect();
        let before = self.shore_has()?;
        let sent = std::mem::take(&mut self.sent);
        let refused = |dev: DeviceId| {
            response.problems.iter().any(|problem| problem.subject.starts_with(&dev.0))
        };
        let mut held: Have = Vec::new();
        for dev in self.store.own_devices()? {
            let spans = self.store.own_spans(dev)?;
            let theirs = response.have.iter().find(|(named, _)| *named == dev);
            let receipted_here = receipted.iter().any(|receipt| receipt.dev == dev);
            if is_unknown(response, dev) {
                // A shore that was put back has never heard of this chain.
                continue;
            }
            if theirs.is_none() && !receipted_here {
                // Nothing said is nothing new: an answer to a phone without a certificate names
                // only its own chain.
                let known = before.iter().filter(|(named, _)| *named == dev).cloned();
                held.extend(known);
                continue;
            }
            let mut known: Vec<Run> = theirs.map(|(_, runs)| runs.clone()).unwrap_or_default();
            let receipts = receipted.iter().filter(|receipt| receipt.dev == dev);
            known.extend(receipts.map(|it| Run { from: 0, to: it.seq, head: it.head }));
            let covers = |run: &Run| {
                known.iter().any(|theirs| theirs.from <= run.from && run.to <= theirs.to)
            };
            let lacking = missing(dev, &spans, &vec![(dev, known.clone())]);
            let taken = !lacking.is_empty()
                && !refused(dev)
                && lacking.iter().all(|span| sent.contains(&(dev, *span)));
            let earlier =
                before.iter().filter(|(named, _)| *named == dev).flat_map(|(_, runs)| runs);
            let ours = runs(spans);
            let kept: Vec<Run> = ours
                .into_iter()
                .filter(|run| covers(run) && (taken || earlier.clone().any(|known| known == run)))
                .collect();
            known.extend(kept);
            known.sort_unstable();
            known.dedup();
            held.push((dev, known));
        }
        held.sort_unstable();
        self.store.set_setting("shore_has", &encode_have(&held))
    }

    /// Own segments that the shore is not known to hold.
    pub fn unsent(&self) -> Result<Vec<(DeviceId, Span)>, StoreError> {
        let shore_has = self.shore_has()?;
        let mut unsent = Vec::new();
        for dev in self.store.own_devices()? {
            let lacking = missing(dev, &self.store.own_spans(dev)?, &shore_has);
            unsent.extend(lacking.into_iter().map(|span| (dev, span)));
        }
        Ok(unsent)
    }

    fn shore_has(&self) -> Result<Have, StoreError> {
        let kept = self.store.setting("shore_has")?;
        // Unreadable means unknown: everything is sent again, and nothing is lost.
        Ok(kept.and_then(|bytes| decode_have(&bytes).ok()).unwrap_or_default())
    }

    /// Segments of other devices: verified with their author's key, which stands in the genesis
    /// held here or sent along; the shore's key is known from the enrolment.
    fn take_segments(
        &mut self,
        response: &Response,
        shore_key: &PublicKeyBytes,
        outcome: &mut SyncOutcome,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), ResponseError> {
        let strangers = self.take_known_segments(&response.segments, shore_key, outcome, go_on)?;
        if strangers.is_empty() {
            return Ok(());
        }
        // Their certificates may have come in this very response.
        let authority = self.own_if_authority()?;
        self.refresh_authority(authority.as_ref());
        let refused = self.take_known_segments(&strangers, shore_key, outcome, go_on)?;
        outcome.refused += refused.len();
        Ok(())
    }

    /// Takes those whose author's key is known; returns the others.
    fn take_known_segments(
        &mut self,
        segments: &[Vec<u8>],
        shore_key: &PublicKeyBytes,
        outcome: &mut SyncOutcome,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Vec<u8>>, ResponseError> {
        let mut others = Vec::new();
        for bytes in segments {
            if !go_on() {
                return Err(ResponseError::Stopped);
            }
            let verified = Segment::decode(bytes).ok().and_then(|segment| {
                let key = self.key_of(&segment, shore_key)?;
                segment.verify(&key).ok()
            });
            // Of its own old chain a restored store takes what it lacks.
            let Some(verified) = verified.filter(|segment| segment.dev != self.dev) else {
                others.push(bytes.clone());
                continue;
            };
            let span = span_of(&verified);
            if self.store.put_segment(verified.dev, &span, bytes)?
                || self.put_fuller(&verified, &span, bytes)?
            {
                outcome.new_segments += 1;
                self.keep_segment(verified);
            }
        }
        Ok(others)
    }

    /// Keeps a copy of a segment that is here already, if it shows all that the kept one shows, and more.
    fn put_fuller(
        &mut self,
        fresh: &VerifiedSegment,
        span: &Span,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        let kept = self.store.segment(fresh.dev, span)?.filter(|kept| kept != bytes);
        let Some(Ok(kept)) = kept.map(|kept| Segment::decode(&kept).and_then(|it| it.reopen()))
        else {
            return Ok(false);
        };
        let shown =
            |entry: &Entry| [entry.time.is_some(), entry.person.is_some(), entry.content.is_some()];
        let before: Vec<bool> = kept.entries.iter().flat_map(shown).collect();
        let now: Vec<bool> = fresh.entries.iter().flat_map(shown).collect();
        let fuller = before.len() == now.len()
            && before != now
            && before.iter().zip(&now).all(|(before, now)| before <= now);
        if fuller {
            self.store.replace_segment(fresh.dev, span, bytes)?;
        }
        Ok(fuller)
    }

    fn key_of(&self, segment: &Segment, shore_key: &PublicKeyBytes) -> Option<PublicKeyBytes> {
        if segment.dev == device_id(shore_key) {
            return Some(*shore_key);
        }
        let known = self.others.iter().find(|chain| chain.dev() == segment.dev);
        let certified = || self.authority.as_ref()?.key(segment.dev).copied();
        known.and_then(Chain::key).or_else(certified).or_else(|| {
            let opened = segment.reopen().ok()?;
            match opened.entries.first()?.body()? {
                Body::Genesis { key, vessel, .. } if Some(*vessel) == self.vessel() => Some(*key),
                _ => None,
            }
        })
    }

    fn take_changes(
        &mut self,
        response: &Response,
        reading: &ClockReading,
        outcome: &mut SyncOutcome,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), ResponseError> {
        for change in &response.changes {
            if !go_on() {
                return Err(ResponseError::Stopped);
            }
            let known = DocumentKind::from_number(change.kind).is_some();
            if !known || gate::check(&change.what).is_err() {
                outcome.refused += 1;
                continue;
            }
            let arrived = now_of(reading);
            if self.store.put_change(change.kind, change.id, &change.what, arrived)? {
                outcome.new_changes += 1;
            }
        }
        Ok(())
    }

    /// Keeps receipts, and anchors this chain on the newest one: what is recorded after it was
    /// recorded after the shore signed.
    fn take_receipts(
        &mut self,
        response: &Response,
        shore_key: &PublicKeyBytes,
        reading: &ClockReading,
        outcome: &mut SyncOutcome,
    ) -> Result<(), ResponseError> {
        let before = self.store.last_receipt(self.dev)?;
        let mut newest: Option<Receipt> = None;
        for bytes in &response.receipts {
            let receipt = Receipt::decode(bytes).ok().filter(|receipt| receipt.is_from(shore_key));
            let Some(receipt) = receipt else {
                outcome.refused += 1;
                continue;
            };
            self.store.put_receipt(&receipt)?;
            let newer = newest.as_ref().is_none_or(|known| known.seq < receipt.seq);
            if receipt.dev == self.dev && newer {
                newest = Some(receipt);
            }
        }
        let Some(receipt) = newest else { return Ok(()) };
        outcome.receipted_seq = Some(receipt.seq);
        if before.is_none_or(|before| before.seq < receipt.seq) {
            let subject = Some(receipt.hash());
            let body = Body::Anchor { source: 1, time: receipt.time, eps: 0, subject };
            self.record(0, body, reading)?;
        }
        Ok(())
    }
}

/// Whether the shore says that it lacks the beginning of a chain.
fn is_unknown(response: &Response, dev: DeviceId) -> bool {
    let unknown = |problem: &&Problem| problem.code == ProblemCode::UnknownDevice;
    response.problems.iter().filter(unknown).any(|problem| problem.subject == dev.0)
}

/// As many runs as a reader takes; of more, the latest tell what is new.
fn newest_runs(spans: Vec<Span>) -> Vec<Run> {
    let mut runs = runs(spans);
    let surplus = runs.len().saturating_sub(Limits::RUNS);
    runs.drain(..surplus);
    runs
}

fn span_of(segment: &VerifiedSegment) -> Span {
    Span { from: segment.from(), to: segment.to(), prev: segment.prev, head: segment.head() }
}
