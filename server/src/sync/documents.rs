//! Documents in a sync: taking changes, and saying which the requester lacks.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    document::{DocumentKind, Merged, RawChange, Version, Vouchers, gate},
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
use crate::ledger::Statement;
use crate::shore::{Held, MostPages, Shore, ShoreError, reaches};
use crate::store::{BroughtSince, DocumentRef, NewChange, StoreError, WriteTx, gather};

/// Bytes of changes that no record vouches for, per device that brings them.
pub const MAX_UNVOUCHED_BYTES: usize = 4 * 1024 * 1024;
/// What one device may bring of a vessel's documents within [`SHARE_SECS`]. A month of watches with a checklist at every
/// point comes to about 1 MiB on 300 Pages; a phone that was away for half a year brings it at once.
pub const SHARE: BroughtSince = BroughtSince { documents: 2_048, bytes: 16 * 1024 * 1024 };
/// The time of [`SHARE`], by when it came: 30 days. It is who brings a change that is counted, because anybody can put
/// another's device id into one.
pub const SHARE_SECS: i64 = 30 * 86_400;
/// Pages with changes in so many seconds are sent without being asked for: two weeks, or since the requester's
/// last receipt.
const LATELY: i64 = 14 * 86_400;
/// Bytes of one name in a list.
const NAME_BYTES: usize = 34;
/// Pages sent without being asked for.
const PAGES: usize = 256;
/// Of these, Pages on which one device wrote alone.
const PAGES_ALONE: usize = 64;

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
        let (mut intake, mut logged) = (Intake::default(), Vec::new());
        let (vessel, now) = (held.vessel(), self.now());
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
            let row = NewChange {
                vessel,
                doc,
                hash: raw.hash,
                bytes: raw.bytes.clone(),
                author,
                carried_by: sealed.request.dev,
                received_at: now,
            };
            if let Some(code) = intake.objection(tx, held, kind, &row)? {
                taken.problems.push(problem(code, &raw.hash.0));
                if code != ProblemCode::NotVouched {
                    continue;
                }
            }
            if tx.put_change(&row)? {
                taken.news = true;
                logged.push(Statement::Change(Hash::of(&row.bytes)));
            }
        }
        if !taken.collecting {
            self.log(tx, vessel, &logged).map_err(ShoreError::from)?;
        }
        Ok(())
    }
}

/// The changes of one request, one after the other.
#[derive(Debug, Default)]
struct Intake {
    /// Who vouches for what, read once for each document.
    vouched: BTreeMap<DocumentRef, Vouchers>,
    /// Bytes kept that the requester brought and that nobody vouches for; read only where it brings more.
    unvouched: Option<usize>,
    /// What the requester brought lately.
    share: Option<Lately>,
}

/// What a device brought lately: what came before this request, and what this request adds.
#[derive(Debug, Default)]
struct Lately {
    before: BroughtSince,
    bytes: u64,
    documents: BTreeSet<DocumentRef>,
}

impl Intake {
    /// Why a change is not kept, or is kept and waits.
    fn objection(
        &mut self,
        tx: &dyn WriteTx,
        held: &Held,
        kind: DocumentKind,
        row: &NewChange,
    ) -> Result<Option<ProblemCode>, StoreError> {
        let rank = self.vouchers(held, kind, row.doc).rank(row.hash, row.author);
        if rank.is_some_and(|rank| rank >= kind.changes_a_device()) || !self.shared(tx, row)? {
            return Ok(Some(ProblemCode::TooLarge));
        }
        if rank.is_some() {
            return Ok(None);
        }
        let kept = match self.unvouched {
            Some(kept) => kept,
            None => self.unvouched_bytes(tx, held, row.carried_by)?,
        };
        let size = row.bytes.len();
        if size > MAX_UNVOUCHED_BYTES.saturating_sub(kept) {
            return Ok(Some(ProblemCode::TooLarge));
        }
        self.unvouched = Some(kept.saturating_add(size));
        Ok(Some(ProblemCode::NotVouched))
    }

    fn vouchers(&mut self, held: &Held, kind: DocumentKind, doc: DocumentRef) -> &Vouchers {
        let read = || held.vouchers().vouchers(kind, doc.id, held.authority());
        self.vouched.entry(doc).or_insert_with(read)
    }

    /// Whether a change is within the share of who brings it, and counts it.
    fn shared(&mut self, tx: &dyn WriteTx, row: &NewChange) -> Result<bool, StoreError> {
        let lately = match &mut self.share {
            Some(known) => known,
            unknown => {
                let since = row.received_at.saturating_sub(SHARE_SECS);
                let before = tx.brought_since(row.vessel, row.carried_by, since)?;
                unknown.insert(Lately { before, ..Lately::default() })
            }
        };
        let bytes = lately.bytes.saturating_add(row.bytes.len() as u64);
        // A document counts again where this request goes on with it: the limit is far away.
        let new = u64::from(!lately.documents.contains(&row.doc));
        let documents = (lately.documents.len() as u64).saturating_add(new);
        let within = lately.before.bytes.saturating_add(bytes) <= SHARE.bytes
            && lately.before.documents.saturating_add(documents) <= SHARE.documents;
        if within {
            lately.bytes = bytes;
            lately.documents.insert(row.doc);
        }
        Ok(within)
    }

    /// Bytes of all changes that a device brought and that their authors do not vouch for; another device's word
    /// for one does not count.
    fn unvouched_bytes(
        &mut self,
        tx: &dyn WriteTx,
        held: &Held,
        dev: DeviceId,
    ) -> Result<usize, StoreError> {
        let mut bytes = 0_usize;
        for name in gather(|each| tx.changes_carried_by(held.vessel(), dev, each))? {
            let kind = DocumentKind::from_number(u64::from(name.doc.kind));
            let Some(kind) = kind else { continue };
            if self.vouchers(held, kind, name.doc).of(name.hash, name.author).is_none() {
                bytes =
                    bytes.saturating_add(usize::try_from(name.size_bytes).unwrap_or(usize::MAX));
            }
        }
        Ok(bytes)
    }
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
    /// When the requester's newest receipt before this request was given.
    pub heard_before: Option<i64>,
}

impl Documents<'_> {
    /// Adds versions, changes and the segments that vouch for them. `false` if there is more than fits.
    pub fn lacking(&self, room: &mut Room, response: &mut Response) -> Result<bool, SyncRefusal> {
        let plan = (DocumentKind::Plan, DocumentId(self.held.vessel().0));
        let version = Version::of(self.held.plan(), Limits::NAMES);
        let theirs = self.theirs(plan);
        let same = version.is_same(&theirs);
        response.documents.push(document(plan, version));
        if !same && !self.changes(plan, self.held.plan(), &theirs, room, response)? {
            return Ok(false);
        }
        let mut names = Limits::ALL_NAMES;
        let (pages, is_cut) = self.pages();
        for id in pages {
            let page = (DocumentKind::Page, id);
            let version = self.held.pages().get(id).map(|state| state.version.clone());
            let (version, theirs) = (version.unwrap_or_default(), self.theirs(page));
            if version.is_same(&theirs) {
                continue;
            }
            let size = version.names().count();
            if response.documents.len() >= Limits::DOCUMENTS
                || size > names
                || !room.take((size + 1) * NAME_BYTES)
            {
                return Ok(false);
            }
            names -= size;
            let written = size > 0;
            response.documents.push(document(page, version));
            if written {
                let merged = self.held.page(self.tx, id)?;
                if !self.changes(page, &merged, &theirs, room, response)? {
                    return Ok(false);
                }
            }
        }
        Ok(!is_cut)
    }

    /// Pages that the request speaks of, and those written on lately that the requester does not hold as they are here;
    /// whether there are more of these. Who speaks of as many documents as a request takes holds others that it could not
    /// name: it asks by name, and is sent nothing else.
    fn pages(&self) -> (Vec<DocumentId>, bool) {
        let page = DocumentKind::Page.number();
        let named = self.request.documents.iter().filter(|doc| doc.kind == page).map(|doc| doc.id);
        let brought = self.request.changes.iter().filter(|it| it.kind == page).map(|it| it.id);
        let lately = self.now.saturating_sub(LATELY);
        let since = self.heard_before.map_or(lately, |time| lately.min(time));
        let mut seen = BTreeSet::new();
        let mut pages: Vec<_> = named.chain(brought).filter(|id| seen.insert(*id)).collect();
        if self.request.documents.len() >= Limits::DOCUMENTS {
            return (pages, false);
        }
        let most = MostPages { all: PAGES, of_one: PAGES_ALONE };
        // What the requester wrote alone it has; weeks later it does not name it any more.
        let wanted = |id| !seen.contains(&id) && !self.is_own(id);
        let (late, is_cut) = self.held.pages().since(since, most, wanted);
        pages.extend(late);
        (pages, is_cut)
    }

    fn is_own(&self, id: DocumentId) -> bool {
        let records = self.held.pages().get(id).map(|state| state.records.as_slice());
        records.is_some_and(|of| !of.is_empty() && of.iter().all(|at| at.dev == self.request.dev))
    }

    fn theirs(&self, (kind, id): (DocumentKind, DocumentId)) -> Version {
        let mut named = self.request.documents.iter();
        let doc = named.find(|doc| (doc.kind, doc.id) == (kind.number(), id));
        doc.map(|doc| doc.what.clone()).unwrap_or_default()
    }

    /// What of a document the requester lacks: what is applied, then what is vouched for and not applied. Where it
    /// names the same changes, only records can be missing that decide between them.
    fn changes(
        &self,
        (kind, id): (DocumentKind, DocumentId),
        merged: &Merged,
        theirs: &Version,
        room: &mut Room,
        response: &mut Response,
    ) -> Result<bool, SyncRefusal> {
        let mut has: BTreeSet<Hash> =
            self.request.changes.iter().map(|change| change.what.hash).collect();
        has.extend(theirs.names());
        let applied = merged.changes_after(&theirs.heads);
        let mut lacking: Vec<RawChange> =
            applied.into_iter().filter(|what| !has.contains(&what.hash)).collect();
        // Without a whole list nobody knows which of these the requester holds.
        if theirs.set.is_some() || theirs.names().next().is_none() {
            let doc = DocumentRef { kind: if kind == DocumentKind::Plan { 1 } else { 2 }, id };
            for (hash, _) in merged.unapplied().filter(|(hash, _)| !has.contains(hash)) {
                let row = self.tx.change(self.held.vessel(), doc, hash)?;
                lacking.extend(row.map(|row| RawChange { hash, bytes: row.bytes }));
            }
        }
        if lacking.is_empty() {
            self.records(merged, room, response)?;
        }
        for what in lacking {
            // A change without the record that vouches for it would only wait there: both go or neither, so
            // that whatever fits can be used.
            let segments = match merged.vouched_by(what.hash) {
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

    /// Adds the segments that vouch for what the requester holds, as far as there is room: one that came here after
    /// its change may put another history on the main line. What does not fit is no reason to ask again at once.
    fn records(
        &self,
        merged: &Merged,
        room: &mut Room,
        response: &mut Response,
    ) -> Result<(), SyncRefusal> {
        for (_, record) in merged.vouched() {
            let segments = self.vouching(record, response)?;
            let size = segments.iter().map(Vec::len).sum::<usize>();
            if !room.take_with(size, segments.len()) {
                return Ok(());
            }
            response.segments.extend(segments);
        }
        Ok(())
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
        let chain = self.held.chain(record.dev);
        chain.is_some_and(|chain| reaches(chain, (span.to, span.head), record))
    }

    /// Whether a segment lies within a run that the requester names and that this shore holds too.
    fn holds(&self, dev: DeviceId, span: &Span) -> bool {
        let runs = self.request.have.iter().find(|(named, _)| *named == dev);
        let covers = |run: &&Run| run.from <= span.from && span.to <= run.to;
        let Some(chain) = self.held.chain(dev) else { return false };
        runs.into_iter().flat_map(|(_, runs)| runs).filter(covers).any(|run| {
            let known = chain.get(run.to, run.head).is_some();
            known
                && (chain.forks().is_empty() || {
                    let end = RecordRef { dev, seq: span.to, hash: span.head };
                    reaches(chain, (run.to, run.head), end)
                })
        })
    }
}

fn document((kind, id): (DocumentKind, DocumentId), what: Version) -> Document<Version> {
    Document { kind: kind.number(), id, what }
}
