//! Documents in a sync: taking changes, and saying which the requester lacks.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    document::{DocumentKind, Merged, RawChange, Vouchers, gate},
    model::{DeviceId, DocumentId, Hash, RecordRef},
    record::{Run, Span, device_id},
    sync::{Document, Limits, ProblemCode, Request, Response, missing},
};

use super::{
    SyncRefusal,
    answer::{Room, may_read},
    ingest::Taken,
    seal::{Sealed, problem},
};
use crate::shore::{Held, Shore};
use crate::store::{DocumentRef, NewChange, StoreError, WriteTx, gather};

/// Bytes of changes that no record vouches for, per vessel.
pub const MAX_UNVOUCHED_BYTES: usize = 4 * 1024 * 1024;
/// Pages with changes in so many seconds are sent without being asked for: two weeks.
const LATELY: i64 = 14 * 86_400;
/// Bytes of one head in a list.
const HEAD_BYTES: usize = 34;
/// Pages sent without being asked for.
const PAGES: usize = 256;

impl Shore {
    /// Keeps changes raw. None is parsed here: only what a record vouches for ever is.
    pub(super) fn take_changes(
        &self,
        tx: &mut dyn WriteTx,
        held: &Held,
        sealed: &Sealed<'_>,
        taken: &mut Taken,
    ) -> Result<(), SyncRefusal> {
        if sealed.request.changes.is_empty() {
            return Ok(());
        }
        // Who may not read the vessel's documents has no say in them; nor may a stranger fill the store.
        if !may_read(held, sealed.request.dev, self.now()) {
            let refused = sealed.request.changes.iter();
            taken.problems.extend(
                refused.map(|change| problem(ProblemCode::ChangeRefused, &change.what.hash.0)),
            );
            return Ok(());
        }
        let mut unvouched = None;
        let mut vouched = Vouched::default();
        let vessel = held.vessel();
        for change in &sealed.request.changes {
            let raw = &change.what;
            let doc = document_of(held, change.kind, change.id);
            let (Some((kind, doc)), Ok(author)) = (doc, gate::check(raw)) else {
                taken.problems.push(problem(ProblemCode::ChangeRefused, &raw.hash.0));
                continue;
            };
            if tx.change(vessel, doc, raw.hash)?.is_some() {
                continue;
            }
            let size = raw.bytes.len();
            match vouched.by(held, (kind, doc)).rank(raw.hash, author) {
                Some(rank) if rank < kind.changes_a_device() => {}
                Some(_) => {
                    taken.problems.push(problem(ProblemCode::TooLarge, &raw.hash.0));
                    continue;
                }
                None => {
                    let kept = match unvouched {
                        Some(kept) => kept,
                        None => unvouched_bytes(tx, held, &mut vouched)?,
                    };
                    if size > MAX_UNVOUCHED_BYTES.saturating_sub(kept) {
                        taken.problems.push(problem(ProblemCode::TooLarge, &raw.hash.0));
                        continue;
                    }
                    unvouched = Some(kept.saturating_add(size));
                    taken.problems.push(problem(ProblemCode::NotVouched, &raw.hash.0));
                }
            }
            taken.news |= tx.put_change(&NewChange {
                vessel,
                doc,
                hash: raw.hash,
                bytes: raw.bytes.clone(),
                received_at: self.now(),
            })?;
        }
        Ok(())
    }
}

/// Who vouches for what, read once for each document of a request.
#[derive(Debug, Default)]
struct Vouched(BTreeMap<DocumentRef, Vouchers>);

impl Vouched {
    fn by(&mut self, held: &Held, (kind, doc): (DocumentKind, DocumentRef)) -> &Vouchers {
        let read = || held.vouchers().vouchers(kind, doc.id, held.authority());
        self.0.entry(doc).or_insert_with(read)
    }
}

/// Bytes of all changes kept that their authors do not vouch for; another device's word for one does not count.
/// Read only where there is one more of them.
fn unvouched_bytes(
    tx: &dyn WriteTx,
    held: &Held,
    vouched: &mut Vouched,
) -> Result<usize, StoreError> {
    let mut bytes = 0_usize;
    for name in gather(|each| tx.change_names(held.vessel(), 0, each))? {
        let Some(kind) = DocumentKind::from_number(u64::from(name.doc.kind)) else { continue };
        if kind == DocumentKind::Plan && held.plan().holds(name.hash) {
            continue;
        }
        let Some(row) = tx.change(held.vessel(), name.doc, name.hash)? else { continue };
        let raw = RawChange { hash: row.hash, bytes: row.bytes };
        let vouchers = vouched.by(held, (kind, name.doc));
        let named = gate::check(&raw).is_ok_and(|author| vouchers.of(raw.hash, author).is_some());
        if !named {
            bytes = bytes.saturating_add(raw.bytes.len());
        }
    }
    Ok(bytes)
}

/// A vessel has one Plan, named like itself, and any number of Pages.
fn document_of(held: &Held, kind: u64, id: DocumentId) -> Option<(DocumentKind, DocumentRef)> {
    let kind = DocumentKind::from_number(kind)?;
    let known = kind == DocumentKind::Page || id.0 == held.vessel().0;
    known.then(|| (kind, DocumentRef { kind: if kind == DocumentKind::Plan { 1 } else { 2 }, id }))
}

/// What a requester knows of documents, and what it lacks.
pub(super) struct Documents<'a> {
    pub tx: &'a dyn WriteTx,
    pub held: &'a Held,
    pub request: &'a Request,
    pub taken: &'a Taken,
    pub now: i64,
}

impl Documents<'_> {
    /// Adds versions, changes and the segments that vouch for them. `false` if there is more than fits.
    pub fn lacking(&self, room: &mut Room, response: &mut Response) -> Result<bool, SyncRefusal> {
        let plan = (DocumentKind::Plan, DocumentId(self.held.vessel().0));
        let heads = self.held.plan().all_heads();
        response.documents.push(version(plan, &heads));
        if !same(self.theirs(plan), &heads)
            && !self.changes(plan, self.held.plan(), room, response)?
        {
            return Ok(false);
        }
        for id in self.pages() {
            let heads = self.held.pages().get(id).map(|state| state.heads.as_slice());
            let (page, heads) = ((DocumentKind::Page, id), heads.unwrap_or_default());
            if same(self.theirs(page), heads) {
                continue;
            }
            if response.documents.len() >= Limits::DOCUMENTS {
                return Ok(false);
            }
            if !room.take(heads.len() * HEAD_BYTES) {
                return Ok(false);
            }
            response.documents.push(version(page, heads));
            if !heads.is_empty() {
                let merged = self.held.page(self.tx, id)?;
                if !self.changes(page, &merged, room, response)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Pages that the request speaks of, and those written on lately.
    fn pages(&self) -> Vec<DocumentId> {
        let page = DocumentKind::Page.number();
        let named = self.request.documents.iter().filter(|doc| doc.kind == page).map(|doc| doc.id);
        let brought = self.request.changes.iter().filter(|it| it.kind == page).map(|it| it.id);
        let late = self.held.pages().since(self.now.saturating_sub(LATELY)).into_iter().take(PAGES);
        let mut seen = BTreeSet::new();
        named.chain(brought).chain(late).filter(|id| seen.insert(*id)).collect()
    }

    fn theirs(&self, (kind, id): (DocumentKind, DocumentId)) -> &[Hash] {
        let mut named = self.request.documents.iter();
        let doc = named.find(|doc| (doc.kind, doc.id) == (kind.number(), id));
        doc.map_or(&[], |doc| doc.what.as_slice())
    }

    fn changes(
        &self,
        (kind, id): (DocumentKind, DocumentId),
        merged: &Merged,
        room: &mut Room,
        response: &mut Response,
    ) -> Result<bool, SyncRefusal> {
        let brought: BTreeSet<Hash> =
            self.request.changes.iter().map(|change| change.what.hash).collect();
        for what in merged.changes_after(self.theirs((kind, id))) {
            if brought.contains(&what.hash) {
                continue;
            }
            // A change without the record that vouches for it would only wait there: both go or neither, so
            // that whatever fits can be used.
            let voucher = merged.voucher(what.hash).map(|voucher| voucher.record);
            let segments = match voucher {
                Some(record) => self.vouching(record, response)?,
                None => Vec::new(),
            };
            let size = what.bytes.len() + segments.iter().map(Vec::len).sum::<usize>();
            let full = response.changes.len() >= Limits::CHANGES;
            if full || !room.take_with(size, segments.len()) {
                return Ok(false);
            }
            response.segments.extend(segments);
            response.changes.push(Document { kind: kind.number(), id, what });
        }
        Ok(true)
    }

    /// The segments that hold a record, unless the requester has them or is sent them.
    fn vouching(
        &self,
        record: RecordRef,
        response: &Response,
    ) -> Result<Vec<Vec<u8>>, SyncRefusal> {
        let dev = record.dev;
        if dev == self.request.dev || dev == device_id(self.held.shore_key()) {
            return Ok(Vec::new());
        }
        let mut segments = Vec::new();
        let within = |span: &&Span| (span.from..=span.to).contains(&record.seq);
        for span in self.held.spans(dev).filter(within) {
            // Of two branches over one seq only the one with this record.
            if !self.branch_holds(record, span) {
                continue;
            }
            let lacks = !missing(dev, &[*span], &self.request.have).is_empty()
                && !self.holds(dev, span)
                && !self.taken.brought.contains(&(dev, *span));
            if !lacks {
                continue;
            }
            let row = self.tx.segment(self.held.vessel(), dev, span.to, span.head)?;
            segments.extend(row.map(|row| row.bytes).filter(|it| !response.segments.contains(it)));
        }
        Ok(segments)
    }

    /// Whether the segment of `span` holds `record`: followed back from its head.
    fn branch_holds(&self, record: RecordRef, span: &Span) -> bool {
        let Some(chain) = self.held.chain(record.dev) else { return false };
        let mut at = (span.to, span.head);
        while at.0 > record.seq {
            let Some(entry) = chain.get(at.0, at.1) else { return false };
            at = (at.0 - 1, entry.prev);
        }
        at.1 == record.hash
    }

    /// Whether a segment lies within a run that the requester names and that this shore holds too.
    fn holds(&self, dev: DeviceId, span: &Span) -> bool {
        let runs = self.request.have.iter().find(|(named, _)| *named == dev);
        let covers = |run: &&Run| run.from <= span.from && span.to <= run.to;
        runs.into_iter().flat_map(|(_, runs)| runs).filter(covers).any(|run| {
            self.held.chain(dev).is_some_and(|chain| chain.get(run.to, run.head).is_some())
        })
    }
}

fn version((kind, id): (DocumentKind, DocumentId), heads: &[Hash]) -> Document<Vec<Hash>> {
    let what = heads.iter().take(Limits::HEADS).copied().collect();
    Document { kind: kind.number(), id, what }
}

fn same(theirs: &[Hash], ours: &[Hash]) -> bool {
    theirs.iter().collect::<BTreeSet<_>>() == ours.iter().collect()
}
