//! Who vouches for which change: read from verified records, at the author's (device, seq).

use std::collections::{BTreeMap, BTreeSet};

use super::DocumentKind;
use crate::{
    authority::{Authority, Roles},
    model::{DeviceId, DocumentId, Hash, RecordRef},
    record::{Body, Chain, Entry, PersonPart},
};

/// Where a voucher stands in its author's chain: seq and hash of the record, place in it.
pub(super) type Order = (u64, Hash, usize);

/// A `document` record that names a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voucher {
    /// The record.
    pub record: RecordRef,
    /// The change's place among those that the record names.
    pub index: usize,
    /// Who was logged in, if that is shown.
    pub person: Option<PersonPart>,
    /// What the device was certified for when it wrote the record.
    pub roles: Roles,
}

impl Voucher {
    /// Of several records of one device, the one that came first in its chain; of two branches of a
    /// fork, the one with the smaller hash.
    pub(super) fn order(&self) -> Order {
        (self.record.seq, self.record.hash, self.index)
    }
}

/// All `document` records of a vessel, whoever wrote them, by the document that they name. Adding
/// one twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoucherIndex {
    records: BTreeMap<(u64, DocumentId), BTreeMap<RecordRef, Named>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    person: Option<PersonPart>,
    changes: Vec<Hash>,
}

impl VoucherIndex {
    /// Of all records of these chains.
    pub fn of(chains: &[Chain]) -> Self {
        let mut index = Self::default();
        chains.iter().flat_map(Chain::all).for_each(|entry| index.add(entry));
        index
    }

    /// Adds a verified record.
    pub fn add(&mut self, entry: &Entry) {
        let Some(Body::Document { kind, id, changes }) = entry.body() else { return };
        let records = self.records.entry((*kind, *id)).or_default();
        let named = records
            .entry(entry.at)
            .or_insert_with(|| Named { person: None, changes: changes.clone() });
        // A copy may withhold who it was: whichever comes first, the fuller one counts.
        named.person = named.person.or(entry.person);
    }

    /// The documents that any record names.
    pub fn documents(&self) -> impl Iterator<Item = (u64, DocumentId)> {
        self.records.keys().copied()
    }

    /// How many records name a document: more records, and its merge may be another.
    pub fn count(&self, kind: DocumentKind, id: DocumentId) -> usize {
        self.records.get(&(kind.number(), id)).map_or(0, BTreeMap::len)
    }

    /// The devices with records that name a document; one may be named more than once.
    pub fn authors(&self, kind: DocumentKind, id: DocumentId) -> impl Iterator<Item = DeviceId> {
        let records = self.records.get(&(kind.number(), id)).into_iter().flatten();
        records.map(|(at, _)| at.dev)
    }

    /// The records of a document that name one of `changes`.
    pub fn records_naming(
        &self,
        kind: u64,
        id: DocumentId,
        changes: &BTreeSet<Hash>,
    ) -> Vec<RecordRef> {
        let records = self.records.get(&(kind, id)).into_iter().flatten();
        let naming =
            records.filter(|(_, named)| named.changes.iter().any(|it| changes.contains(it)));
        naming.map(|(at, _)| *at).collect()
    }

    /// Who vouches for what in one document. A Plan is written by ship security officers and the
    /// shore; a Page by every certified device.
    pub fn vouchers(&self, kind: DocumentKind, id: DocumentId, authority: &Authority) -> Vouchers {
        self.vouchers_with(kind, id, authority, &BTreeSet::new())
    }

    /// The same, where `own` devices write as crew though nobody has certified them: for the screen of
    /// the phone that they are or were.
    pub fn vouchers_with(
        &self,
        kind: DocumentKind,
        id: DocumentId,
        authority: &Authority,
        own: &BTreeSet<DeviceId>,
    ) -> Vouchers {
        let mut vouchers = Vouchers::default();
        for (at, named) in self.records.get(&(kind.number(), id)).into_iter().flatten() {
            // What a device wrote stays where others have built on it, though it was revoked since or got
            // other roles. What was never trusted is there too and, with no roles, counts for nothing.
            let own = own.contains(&at.dev);
            let ever = match authority.standing(at.dev) {
                Some(standing) => standing.ever,
                None if at.dev == authority.root() => Roles::SHORE,
                None => Roles::NONE,
            };
            if !own && !may_write(kind, ever) {
                continue;
            }
            let roles = match kind {
                _ if own => Roles::CREW,
                DocumentKind::Plan => authority.ever_at(at.dev, at.seq),
                DocumentKind::Page => authority.roles_at(at.dev, at.seq),
            };
            for (index, change) in named.changes.iter().enumerate() {
                let voucher = Voucher { record: *at, index, person: named.person, roles };
                vouchers.add(*change, voucher);
            }
        }
        vouchers
    }
}

/// Whether a device with these roles may write documents of a kind.
pub fn may_write(kind: DocumentKind, roles: Roles) -> bool {
    match kind {
        DocumentKind::Plan => roles.may_edit_plan(),
        DocumentKind::Page => roles != Roles::NONE,
    }
}

/// Which devices vouch for which changes of one document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vouchers {
    by_change: BTreeMap<Hash, BTreeMap<DeviceId, Voucher>>,
}

impl FromIterator<(Hash, Voucher)> for Vouchers {
    fn from_iter<I: IntoIterator<Item = (Hash, Voucher)>>(named: I) -> Self {
        let mut vouchers = Self::default();
        for (change, voucher) in named {
            vouchers.add(change, voucher);
        }
        vouchers
    }
}

impl Vouchers {
    /// Of several vouchers of one device, the first counts.
    fn add(&mut self, change: Hash, voucher: Voucher) {
        let devices = self.by_change.entry(change).or_default();
        let first = devices.entry(voucher.record.dev).or_insert(voucher);
        if voucher.order() < first.order() {
            *first = voucher;
        }
    }

    /// Whether anybody who may write the document vouches for `change`. Nothing else of it is
    /// parsed before.
    pub fn named(&self, change: Hash) -> bool {
        self.by_change.contains_key(&change)
    }

    /// All changes that anybody who may write the document vouches for, by hash.
    pub fn changes(&self) -> impl Iterator<Item = Hash> {
        self.by_change.keys().copied()
    }

    /// How `author` vouches for `change`: the first such record of its chain.
    pub fn of(&self, change: Hash, author: DeviceId) -> Option<&Voucher> {
        self.by_change.get(&change)?.get(&author)
    }

    /// How many changes `author` had vouched for before `change`; `None`: it does not vouch for it.
    pub fn rank(&self, change: Hash, author: DeviceId) -> Option<usize> {
        let order = self.order(change, author)?;
        let of = |devices: &BTreeMap<DeviceId, Voucher>| devices.get(&author).map(Voucher::order);
        Some(self.by_change.values().filter_map(of).filter(|other| *other < order).count())
    }

    /// Where a change stands among those of its author.
    pub(super) fn order(&self, change: Hash, author: DeviceId) -> Option<Order> {
        self.of(change, author).map(Voucher::order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::CrewNo, record::ContentPart};

    #[test]
    fn the_fuller_copy_of_a_record_counts_in_any_order() {
        let (id, change) = (DocumentId([7; 16]), Hash([3; 32]));
        let at = RecordRef { dev: DeviceId([1; 8]), seq: 4, hash: Hash([4; 32]) };
        let body = Body::Document { kind: 2, id, changes: vec![change] };
        let person = PersonPart { crew: CrewNo(11), grade: 1, how: 1 };
        let copy = |person: Option<PersonPart>| Entry {
            at,
            prev: Hash::ZERO,
            kind: body.kind(),
            time: None,
            person,
            content: Some(ContentPart { patrol: 0, body: body.clone() }),
        };
        let (full, poor) = (copy(Some(person)), copy(None));
        let mut expected = VoucherIndex::default();
        expected.add(&full);
        for order in [[&full, &poor, &full], [&poor, &full, &poor], [&poor, &poor, &full]] {
            let mut index = VoucherIndex::default();
            order.iter().for_each(|entry| index.add(entry));
            assert_eq!(index, expected);
        }
        let named = expected.records[&(2, id)].values().next().unwrap();
        assert_eq!(named.person, Some(person));
    }
}
