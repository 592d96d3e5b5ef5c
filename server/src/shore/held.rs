//! What is held of a vessel, decoded. A cache: every use brings it up to date within its transaction, by the
//! names of the segments and changes alone, so only what is new is decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use deckwatch_core::{
    audit::Withheld,
    authority::{Authority, Roles},
    document::{DocumentKind, Merged, RawChange, VoucherIndex, Vouchers, merge},
    ledger::VerifierKey,
    model::{DeviceId, DocumentId, Hash, VesselId},
    phone::{named_ledger, rule_of},
    record::{
        Body, Chain, PublicKeyBytes, Segment, Span,
        body::{GENESIS, ROTATE},
    },
};

use super::{lock, pages::Pages, unchecked::UncheckedScans};
use crate::store::{DocumentRef, ReadTx, SegmentSpan, StoreError, VesselRow, gather};

/// Vessels kept decoded at a time.
const VESSELS: usize = 64;

/// One vessel: chains, authority and Plan.
#[derive(Debug)]
pub struct Held {
    vessel: VesselId,
    shore_key: PublicKeyBytes,
    spans: BTreeMap<DeviceId, BTreeSet<Span>>,
    chains: Vec<Chain>,
    tops: BTreeMap<DeviceId, (u64, Hash)>,
    /// The ledger that the shore's chain names.
    ledger: Option<VerifierKey>,
    /// What the shore erased, in the order of its chain.
    erased: Vec<Withheld>,
    authority: Authority,
    /// Every `document` record.
    index: VoucherIndex,
    unchecked: UncheckedScans,
    /// Who vouches for what in the Plan.
    vouchers: Vouchers,
    plan: Merged,
    pages: Pages,
    newest_arrival: u64,
}

impl Held {
    pub(crate) fn nothing_of(vessel: &VesselRow) -> Self {
        Self {
            vessel: vessel.id,
            shore_key: vessel.shore_key,
            spans: BTreeMap::new(),
            chains: Vec::new(),
            tops: BTreeMap::new(),
            ledger: None,
            erased: Vec::new(),
            authority: Authority::read(vessel.id, &vessel.shore_key, &[]),
            index: VoucherIndex::default(),
            unchecked: UncheckedScans::default(),
            vouchers: Vouchers::default(),
            plan: Merged::nothing(DocumentKind::Plan),
            pages: Pages::default(),
            newest_arrival: 0,
        }
    }

    /// The vessel.
    pub fn vessel(&self) -> VesselId {
        self.vessel
    }

    /// The vessel's root of authority.
    pub fn shore_key(&self) -> &PublicKeyBytes {
        &self.shore_key
    }

    /// All chains, by device.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// One chain.
    pub fn chain(&self, dev: DeviceId) -> Option<&Chain> {
        let at = self.chains.binary_search_by_key(&dev, Chain::dev).ok()?;
        self.chains.get(at)
    }

    /// The segments of one device.
    pub fn spans(&self, dev: DeviceId) -> impl Iterator<Item = &Span> {
        self.spans.get(&dev).into_iter().flatten()
    }

    /// Seq and head of the end of a device's main branch.
    pub fn top(&self, dev: DeviceId) -> Option<(u64, Hash)> {
        self.tops.get(&dev).copied()
    }

    /// The ledger that the shore's chain names last.
    pub fn ledger(&self) -> Option<&VerifierKey> {
        self.ledger.as_ref()
    }

    /// What of a device's records the shore has erased.
    pub(crate) fn erased_of(&self, dev: DeviceId) -> Vec<Withheld> {
        self.erased.iter().filter(|rule| rule.dev == Some(dev)).copied().collect()
    }

    /// Who may do what.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The Plan, from its vouched changes.
    pub fn plan(&self) -> &Merged {
        &self.plan
    }

    /// What is known of its Pages.
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// A Page, merged from its changes. Not kept: a shore of a thousand vessels has a hundred thousand.
    pub(crate) fn page(
        &self,
        tx: &(impl ReadTx + ?Sized),
        id: DocumentId,
    ) -> Result<Merged, StoreError> {
        let doc = page_of(id);
        let rows = gather(|each| tx.changes_of(self.vessel, doc, 0, each))?;
        let changes: Vec<RawChange> =
            rows.into_iter().map(|row| RawChange { hash: row.hash, bytes: row.bytes }).collect();
        let vouchers = self.index.vouchers(DocumentKind::Page, id, &self.authority);
        Ok(merge(DocumentKind::Page, &changes, &vouchers))
    }

    /// Every `document` record.
    pub fn vouchers(&self) -> &VoucherIndex {
        &self.index
    }

    /// Scans whose tags and displays have keys, and what came of their checks.
    pub fn unchecked(&self) -> &UncheckedScans {
        &self.unchecked
    }

    /// Decodes what `tx` holds and this does not.
    pub(crate) fn refresh(&mut self, tx: &(impl ReadTx + ?Sized)) -> Result<(), StoreError> {
        let mut fresh: Vec<SegmentSpan> = Vec::new();
        tx.segment_spans_of(self.vessel, &mut |span| {
            if !self.spans.get(&span.dev).is_some_and(|held| held.contains(&span_of(&span))) {
                fresh.push(span);
            }
            Ok(())
        })?;
        let mut touched = BTreeSet::new();
        let mut speaks = false;
        for span in &fresh {
            speaks |= self.decode(tx, span)?;
            touched.insert(span.dev);
        }
        for dev in &touched {
            let top = self.chain(*dev).and_then(|chain| {
                chain.main_branch().last().map(|entry| (entry.at.seq, entry.at.hash))
            });
            self.tops.extend(top.map(|top| (*dev, top)));
        }
        // Officers certify on board; who is an officer, the shore's chain says. A device speaks of its own authority
        // where it shows its key and where it rotates it.
        let root = self.authority.root();
        let officer = |dev: DeviceId| {
            self.authority.standing(dev).is_some_and(|it| it.roles.has(Roles::OFFICER))
        };
        if speaks || touched.iter().any(|dev| *dev == root || officer(*dev)) {
            self.authority = Authority::read(self.vessel, &self.shore_key, &self.chains);
        }
        if touched.contains(&root) {
            self.ledger = self.chain(root).and_then(named_ledger);
            let branch = self.chain(root).map(Chain::main_branch).unwrap_or_default();
            self.erased = branch.into_iter().filter_map(|entry| rule_of(entry.body())).collect();
        }
        self.refresh_plan(tx, !touched.is_empty())?;
        let mut pages = std::mem::take(&mut self.pages);
        let refreshed = pages.refresh(self, tx);
        self.pages = pages;
        refreshed
    }

    /// `true`: the segment shows or rotates its author's key.
    fn decode(
        &mut self,
        tx: &(impl ReadTx + ?Sized),
        span: &SegmentSpan,
    ) -> Result<bool, StoreError> {
        const DAMAGED: StoreError = StoreError::Unreadable { what: "segment" };
        let row = tx.segment(self.vessel, span.dev, span.to_seq, span.head)?.ok_or(DAMAGED)?;
        let segment = Segment::decode(&row.bytes).map_err(|_| DAMAGED)?;
        let at = self.chains.binary_search_by_key(&span.dev, Chain::dev);
        let known = at.ok().and_then(|at| self.chains.get(at)).and_then(Chain::key);
        // Nothing is kept of a device before its genesis, which is the first of its segments.
        let key =
            known.or_else(|| genesis_of(&segment).map(|genesis| genesis.key)).ok_or(DAMAGED)?;
        let verified = segment.verify(&key).map_err(|_| DAMAGED)?;
        let at = at.unwrap_or_else(|at| {
            self.chains.insert(at, Chain::new(span.dev));
            at
        });
        let root = self.authority.root();
        let speaks = verified.entries.iter().any(|entry| matches!(entry.kind, GENESIS | ROTATE));
        for entry in &verified.entries {
            self.index.add(entry);
            self.unchecked.add(entry, root);
        }
        if let Some(chain) = self.chains.get_mut(at) {
            chain.insert(verified);
        }
        self.spans.entry(span.dev).or_default().insert(span_of(span));
        Ok(speaks)
    }

    fn refresh_plan(
        &mut self,
        tx: &(impl ReadTx + ?Sized),
        new_records: bool,
    ) -> Result<(), StoreError> {
        let doc = plan_of(self.vessel);
        // Ordered by kind, and a vessel has one Plan: it is the first document.
        let documents = tx.documents(self.vessel, None, 1)?;
        let newest = documents.first().filter(|row| row.doc == doc);
        let newest = newest.map_or(0, |row| row.newest_arrival);
        let vouchers = if new_records {
            self.index.vouchers(DocumentKind::Plan, doc.id, &self.authority)
        } else {
            self.vouchers.clone()
        };
        if newest == self.newest_arrival && vouchers == self.vouchers {
            return Ok(());
        }
        let rows = gather(|each| tx.changes_of(self.vessel, doc, 0, each))?;
        let changes: Vec<RawChange> =
            rows.into_iter().map(|row| RawChange { hash: row.hash, bytes: row.bytes }).collect();
        if !self.plan.add(&changes, &vouchers) {
            self.plan = merge(DocumentKind::Plan, &changes, &vouchers);
        }
        self.vouchers = vouchers;
        self.newest_arrival = newest;
        Ok(())
    }
}

fn span_of(span: &SegmentSpan) -> Span {
    Span { from: span.from_seq, to: span.to_seq, prev: span.prev, head: span.head }
}

/// The name of a vessel's Plan in the store.
pub(crate) fn plan_of(vessel: VesselId) -> DocumentRef {
    DocumentRef { kind: 1, id: DocumentId(vessel.0) }
}

/// The name of a Page in the store.
pub(crate) fn page_of(id: DocumentId) -> DocumentRef {
    DocumentRef { kind: 2, id }
}

/// What a genesis says. Nothing is verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Genesis {
    pub key: PublicKeyBytes,
    pub vessel: VesselId,
    pub nonce: [u8; 16],
}

/// The genesis that a segment begins with, before anything is verified.
pub(crate) fn genesis_of(segment: &Segment) -> Option<Genesis> {
    use deckwatch_core::record::{ContentPart, Slot};
    let first = segment.items.first().filter(|_| segment.from == 0)?;
    let [_, _, Slot::Shown(content) | Slot::Salted(_, content)] = &first.slots else { return None };
    match ContentPart::decode(first.kind, content).ok()?.body {
        Body::Genesis { key, vessel, nonce, .. } => Some(Genesis { key, vessel, nonce }),
        _ => None,
    }
}

type Seat = Arc<Mutex<Option<Held>>>;
/// When a seat was used last, counted in uses, and the seat.
type Seats = BTreeMap<VesselId, (u64, Seat)>;

/// The vessels in use lately.
#[derive(Debug, Default)]
pub(super) struct HeldVessels {
    seats: Mutex<(u64, Seats)>,
}

impl HeldVessels {
    /// Forgets all of them.
    pub fn forget(&self) {
        lock(&self.seats).1.clear();
    }

    /// The place of one vessel; the one unused for longest makes room.
    pub fn seat(&self, vessel: VesselId) -> Seat {
        let mut guard = lock(&self.seats);
        let (uses, seats) = &mut *guard;
        *uses += 1;
        if seats.len() >= VESSELS && !seats.contains_key(&vessel) {
            let oldest = seats.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            oldest.map(|id| seats.remove(&id));
        }
        let (used, seat) = seats.entry(vessel).or_default();
        *used = *uses;
        Arc::clone(seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vessel_unused_for_longest_makes_room() {
        let held = HeldVessels::default();
        let vessel = |n: usize| VesselId((n as u128).to_be_bytes());
        let first = held.seat(vessel(0));
        for n in 1..VESSELS {
            held.seat(vessel(n));
        }
        assert!(Arc::ptr_eq(&first, &held.seat(vessel(0))));
        held.seat(vessel(VESSELS));
        assert!(Arc::ptr_eq(&first, &held.seat(vessel(0))), "used lately");
        let ids: Vec<VesselId> = lock(&held.seats).1.keys().copied().collect();
        assert_eq!(ids.len(), VESSELS);
        assert!(!ids.contains(&vessel(1)));
    }
}
