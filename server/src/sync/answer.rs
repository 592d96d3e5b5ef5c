//! What the shore says.

use std::collections::BTreeSet;

use deckwatch_core::{
    model::DeviceId,
    record::{Body, NamedTree, Receipt, Span, chain::runs},
    sync::{Have, Limits, Problem, Request, Response, Scope, TreeHeadAnswer, missing},
};

use super::{SyncRefusal, Synced, documents::Documents, ingest::Taken, seal::Sealed};
use crate::shore::{Held, Shore, ShoreError};
use crate::store::{ReceiptRow, WriteTx};

/// An answer to somebody unknown.
pub(super) fn nothing_but(time: i64, problem: Problem) -> Synced {
    let mut response = empty(time);
    response.problems.push(problem);
    Synced { response: response.encode(), news: None, handed_out: None }
}

pub(super) fn empty(time: i64) -> Response {
    Response {
        time,
        have: Vec::new(),
        documents: Vec::new(),
        segments: Vec::new(),
        changes: Vec::new(),
        receipts: Vec::new(),
        problems: Vec::new(),
        tree_head: None,
        more: false,
    }
}

impl Shore {
    pub(super) fn answer(
        &self,
        tx: &mut dyn WriteTx,
        held: &mut Held,
        sealed: &Sealed<'_>,
        taken: Taken,
    ) -> Result<Synced, SyncRefusal> {
        let request = &sealed.request;
        let now = self.now();
        let mut response = empty(now);
        let mut named = taken.authors.clone();
        named.insert(request.dev);
        let reader = may_read(held, request.dev, now);
        let heard_before = tx.latest_receipt(held.vessel(), request.dev)?.map(|it| it.time);
        if reader {
            named.extend(request.have.iter().map(|(dev, _)| *dev));
        }
        self.name_ledger(tx, held)?;
        let ledger = self.open_ledger(tx).map_err(ShoreError::from)?;
        let head = self.sign_tree_head(tx, &ledger).map_err(ShoreError::from)?;
        let (size, root) = ledger.now(&*tx).map_err(ShoreError::from)?;
        let tree = NamedTree::of(ledger.key().name(), size, root);
        for dev in &named {
            response.receipts.extend(self.receipt(tx, held, *dev, (now, tree))?);
        }
        if !reader {
            // What it wrote itself is no secret to it, and it stops sending what is held.
            named.retain(|dev| *dev == request.dev);
        }
        response.have = have(held, &named);
        if reader {
            let mut room = Room::new();
            response.more = !lacking_segments(tx, held, request, &taken, &mut room, &mut response)?;
            let taken = &taken;
            let documents = Documents { tx, held, request, taken, now, heard_before };
            response.more |= !documents.lacking(&mut room, &mut response)?;
        } else if let Some(seq) = mark_of(held, request.dev) {
            response.more = !told_of_mark(tx, held, request, seq, &mut response)?;
        }
        let remembered = request.tree_head.as_deref();
        let proof = self.join_to(tx, &ledger, remembered, head.size).map_err(ShoreError::from)?;
        response.tree_head = Some(TreeHeadAnswer { note: head.note.clone(), proof });
        response.problems = taken.problems;
        response.problems.truncate(Limits::ANSWERS);
        response.receipts.truncate(Limits::ANSWERS);
        let handed_out = Some((ledger.key().clone(), head.note));
        let news = taken.news.then(|| held.vessel());
        Ok(Synced { response: response.encode(), news, handed_out })
    }

    /// "I hold `dev` up to here": the first receipt for this head stays, so that a repeated question gets the
    /// same bytes.
    fn receipt(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
        dev: DeviceId,
        (now, tree): (i64, NamedTree),
    ) -> Result<Option<Vec<u8>>, SyncRefusal> {
        // Nobody needs a receipt for what the shore itself wrote.
        let Some((seq, head)) = held.top(dev).filter(|_| dev != held.authority().root()) else {
            return Ok(None);
        };
        let vessel = held.vessel();
        let latest = tx.latest_receipt(vessel, dev)?;
        if let Some(latest) = latest.filter(|receipt| (receipt.seq, receipt.head) == (seq, head)) {
            return Ok(Some(latest.bytes));
        }
        let key = self.shore_key(held).map_err(ShoreError::from)?;
        let receipt = Receipt::sign(&*key, dev, seq, head, now, tree).map_err(ShoreError::from)?;
        let bytes = receipt.encode();
        let kept = tx.put_receipt(&ReceiptRow { vessel, dev, seq, head, time: now, bytes })?;
        Ok(Some(kept.bytes))
    }
}

/// Whether a device may see what others wrote: certified, and neither expired, revoked nor lost.
pub(super) fn may_read(held: &Held, dev: DeviceId, now: i64) -> bool {
    held.authority().standing(dev).is_some_and(|standing| {
        let genesis = standing.genesis.is_none_or(|genesis| {
            held.chain(dev).is_some_and(|chain| chain.get(0, genesis).is_some())
        });
        genesis
            && standing.roles != deckwatch_core::authority::Roles::NONE
            && standing.last_trusted_seq.is_none()
            && standing.rotated.is_none()
            && standing.lost.is_none()
            && standing.until.is_none_or(|until| now <= until)
    })
}

/// Where the shore's chain last revokes a device. `None` for one that is lost as well: who has it learns nothing.
fn mark_of(held: &Held, dev: DeviceId) -> Option<u64> {
    held.authority().standing(dev).filter(|standing| standing.lost.is_none())?;
    let marks = held.chain(held.authority().root())?.all();
    let marks = marks
        .filter(|entry| matches!(entry.body(), Some(Body::Revoke { dev: of, .. }) if *of == dev));
    marks.last().map(|entry| entry.at.seq)
}

/// Who may read nothing more still hears why: the shore's chain up to the mark. That is no secret to whom was certified
/// by it. `false` if there is more than fits.
fn told_of_mark(
    tx: &dyn WriteTx,
    held: &Held,
    request: &Request,
    seq: u64,
    response: &mut Response,
) -> Result<bool, SyncRefusal> {
    let root = held.authority().root();
    let mut room = Room { bytes: Limits::PAYLOAD, segments: Limits::SEGMENTS };
    let spans: Vec<Span> = held.spans(root).filter(|span| span.from <= seq).copied().collect();
    for span in missing(root, &spans, &request.have) {
        let Some(row) = tx.segment(held.vessel(), root, span.to, span.head)? else { continue };
        if !room.segment(row.bytes.len()) {
            return Ok(false);
        }
        response.segments.push(row.bytes);
    }
    Ok(true)
}

/// The newest runs of each device, within the message's limits.
pub(super) fn have(held: &Held, named: &BTreeSet<DeviceId>) -> Have {
    let devices = named.iter().filter(|dev| held.chain(**dev).is_some()).take(Limits::DEVICES);
    devices
        .map(|dev| {
            let mut runs = runs(held.spans(*dev).copied());
            // Gaps are few; of more runs than fit, the earliest tell where to go on.
            runs.truncate(Limits::RUNS);
            (*dev, runs)
        })
        .collect()
}

/// What still fits into a response.
pub(super) struct Room {
    bytes: usize,
    segments: usize,
}

impl Room {
    /// An empty response's.
    pub fn new() -> Self {
        Self { bytes: Limits::PAYLOAD, segments: Limits::SEGMENTS }
    }

    pub fn take_with(&mut self, size: usize, segments: usize) -> bool {
        let fits = segments <= self.segments && self.take(size);
        self.segments -= if fits { segments } else { 0 };
        fits
    }

    pub fn segment(&mut self, size: usize) -> bool {
        let fits = self.segments > 0 && self.take(size);
        self.segments -= usize::from(fits);
        fits
    }

    pub fn take(&mut self, size: usize) -> bool {
        let fits = size <= self.bytes;
        if fits {
            self.bytes -= size;
        }
        fits
    }
}

/// Adds what the requester lacks, the shore's chain first. `false` if there is more than fits.
pub(super) fn lacking_segments(
    tx: &dyn WriteTx,
    held: &Held,
    request: &Request,
    taken: &Taken,
    room: &mut Room,
    response: &mut Response,
) -> Result<bool, SyncRefusal> {
    let authority = held.authority();
    let root = authority.root();
    let wanted = |dev: DeviceId| match request.scope {
        Scope::All => true,
        Scope::Authority => authority.standing(dev).is_some_and(|it| it.roles.is_authority()),
    };
    let others = held.chains().iter().map(|chain| chain.dev()).filter(|dev| *dev != root);
    for dev in std::iter::once(root).chain(others.filter(|dev| wanted(*dev))) {
        let spans: Vec<Span> = held.spans(dev).copied().collect();
        for span in missing(dev, &spans, &request.have) {
            if taken.brought.contains(&(dev, span)) {
                continue;
            }
            let Some(row) = tx.segment(held.vessel(), dev, span.to, span.head)? else { continue };
            if !room.segment(row.bytes.len()) {
                return Ok(false);
            }
            response.segments.push(row.bytes);
        }
    }
    Ok(true)
}
