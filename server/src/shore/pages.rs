//! What is known of a vessel's Pages without holding them: their versions, and the reasons that were accepted on
//! them. Brought up to date by names; a Page is merged again only where something about it is new. What was found is
//! kept with the projections, so that opening a vessel does not merge ten years of Pages.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    assess::Excuse,
    document::{DocumentKind, Version},
    model::{DeviceId, DocumentId, Hash, PageSubject, RecordRef},
    page::PageContent,
    sync::Limits,
};
use serde::{Deserialize, Serialize};

use super::Held;
use crate::store::{PageStateRow, ReadTx, StoreError, WriteTx, gather};

/// Records of one Page whose time is worked out: more than people write, and a bound for the rest.
const DATED: usize = 1_000;
/// Names the form of [`PageState`] as it is kept: another form is made again.
const FORM: u32 = 1;

/// One Page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PageState {
    /// The arrival number of its newest change.
    pub newest_arrival: u64,
    /// When that came, Unix seconds.
    pub received_at: i64,
    /// What it is compared by in a sync.
    pub version: Version,
    /// The records that vouch for what is on it; of very many the first.
    pub records: Vec<RecordRef>,
    /// What it is about; `None`: nothing says so, or not truly.
    pub about: Option<PageSubject>,
    /// Reasons accepted on it.
    pub excuses: Vec<Excuse>,
}

/// A Page, and what its state was made of.
#[derive(Debug, Clone, Default)]
struct Known {
    state: PageState,
    made_of: Option<Hash>,
    /// Newest arrival, how many records vouch, and for what all devices stood when `made_of` was compared.
    compared: Option<(u64, usize, Hash)>,
}

/// How many Pages are sent without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MostPages {
    /// Of all.
    pub all: usize,
    /// Of those on which one device wrote alone, so that nobody's many Pages take the place of others'.
    pub of_one: usize,
}

/// All Pages of a vessel.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    known: BTreeMap<DocumentId, Known>,
    opened: bool,
    seen: u64,
}

impl Pages {
    /// One Page; `None` if nothing was written on it.
    pub fn get(&self, id: DocumentId) -> Option<&PageState> {
        self.known.get(&id).map(|known| &known.state)
    }

    /// All Pages, by id.
    pub fn iter(&self) -> impl Iterator<Item = (DocumentId, &PageState)> {
        self.known.iter().map(|(id, known)| (*id, &known.state))
    }

    /// The records that vouch for what is on any of them.
    pub fn records(&self) -> Vec<RecordRef> {
        let records: BTreeSet<RecordRef> =
            self.iter().flat_map(|(_, state)| &state.records).copied().collect();
        records.into_iter().collect()
    }

    /// Reasons accepted on any of them.
    pub fn excuses(&self) -> Vec<Excuse> {
        self.iter().flat_map(|(_, state)| &state.excuses).cloned().collect()
    }

    /// Pages of something that exists with changes since `since` (Unix s) that are `wanted`, the latest first; and whether
    /// there were more than that.
    pub fn since(
        &self,
        since: i64,
        most: MostPages,
        wanted: impl Fn(DocumentId) -> bool,
    ) -> (Vec<DocumentId>, bool) {
        let mut late: Vec<(u64, DocumentId)> = self
            .iter()
            .filter(|(_, state)| state.received_at >= since && state.about.is_some())
            .filter(|(id, _)| wanted(*id))
            .map(|(id, state)| (state.newest_arrival, id))
            .collect();
        late.sort_unstable_by_key(|late| std::cmp::Reverse(*late));
        let mut counts: BTreeMap<DeviceId, usize> = BTreeMap::new();
        let mut has_room = |(_, id): &(u64, DocumentId)| {
            let state = self.get(*id);
            let writers: BTreeSet<DeviceId> =
                state.into_iter().flat_map(|state| &state.records).map(|at| at.dev).collect();
            let (Some(writer), 1) = (writers.first(), writers.len()) else { return true };
            let count = counts.entry(*writer).or_default();
            *count += 1;
            *count <= most.of_one
        };
        let found = late.len();
        let pages = late.into_iter().filter(|it| has_room(it)).map(|(_, id)| id);
        let pages: Vec<DocumentId> = pages.take(most.all).collect();
        let is_cut = pages.len() < found;
        (pages, is_cut)
    }

    pub(super) fn refresh(
        &mut self,
        held: &Held,
        tx: &(impl ReadTx + ?Sized),
    ) -> Result<(), StoreError> {
        if !self.opened {
            self.open(held, tx)?;
        }
        tx.change_names(held.vessel(), self.seen, &mut |name| {
            self.seen = name.arrival;
            if name.doc.kind == 2 {
                let state = &mut self.known.entry(name.doc.id).or_default().state;
                (state.newest_arrival, state.received_at) = (name.arrival, name.received_at);
            }
            Ok(())
        })?;
        let everybody = standings(held, |_| true);
        for (id, known) in &mut self.known {
            let vouchers = held.vouchers().count(DocumentKind::Page, *id);
            let compared = Some((known.state.newest_arrival, vouchers, everybody));
            if known.compared == compared {
                continue;
            }
            let made_of = made_of(held, *id, known.state.newest_arrival, vouchers);
            if known.made_of != Some(made_of) {
                work_out(&mut known.state, held, *id, tx)?;
                known.made_of = Some(made_of);
            }
            known.compared = compared;
        }
        Ok(())
    }

    /// What was found by an earlier process, or before this vessel had to make room.
    fn open(&mut self, held: &Held, tx: &(impl ReadTx + ?Sized)) -> Result<(), StoreError> {
        tx.page_states_of(held.vessel(), &mut |row| {
            // What does not read is of another form: it is made again from the sources.
            if let Ok(state) = serde_json::from_str(&row.body) {
                let known = Known { state, made_of: Some(row.made_of), compared: None };
                self.known.insert(row.page, known);
            }
            Ok(())
        })?;
        self.opened = true;
        Ok(())
    }

    /// Keeps what is not kept yet.
    pub(crate) fn keep(&self, held: &Held, tx: &mut dyn WriteTx) -> Result<(), StoreError> {
        let vessel = held.vessel();
        let kept: BTreeMap<DocumentId, Hash> =
            gather(|each| tx.page_states_made_of(vessel, each))?.into_iter().collect();
        for (page, known) in &self.known {
            let Some(made_of) = known.made_of.filter(|it| kept.get(page) != Some(it)) else {
                continue;
            };
            const DAMAGED: StoreError = StoreError::Unreadable { what: "state of a page" };
            let body = serde_json::to_string(&known.state).map_err(|_| DAMAGED)?;
            tx.put_page_state(&PageStateRow { vessel, page: *page, made_of, body })?;
        }
        Ok(())
    }
}

fn work_out(
    state: &mut PageState,
    held: &Held,
    id: DocumentId,
    tx: &(impl ReadTx + ?Sized),
) -> Result<(), StoreError> {
    let merged = held.page(tx, id)?;
    let content = PageContent::read(held.vessel(), id, &merged);
    state.about = content.about;
    state.version = Version::of(&merged, Limits::NAMES);
    let vouching: BTreeSet<RecordRef> =
        merged.changes().filter_map(|it| Some(merged.voucher(it)?.record)).collect();
    state.records = vouching.into_iter().take(DATED).collect();
    state.excuses = Excuse::of_page(&content);
    Ok(())
}

/// Everything that the state of one Page follows from. Changes and records are only ever added, so the newest and
/// the number name them.
fn made_of(held: &Held, id: DocumentId, newest_arrival: u64, vouchers: usize) -> Hash {
    let writers: BTreeSet<DeviceId> = held.vouchers().authors(DocumentKind::Page, id).collect();
    let mut bytes = FORM.to_be_bytes().to_vec();
    bytes.extend(newest_arrival.to_be_bytes());
    bytes.extend((vouchers as u64).to_be_bytes());
    bytes.extend(standings(held, |dev| writers.contains(&dev)).0);
    Hash::of(&bytes)
}

/// Everything about these devices that decides who may write.
fn standings(held: &Held, of: impl Fn(DeviceId) -> bool) -> Hash {
    let devices = held.authority().devices().filter(|(dev, _)| of(*dev));
    let standings: BTreeSet<(DeviceId, u32, u32, Option<u64>)> = devices
        .map(|(dev, it)| (dev, it.roles.0, it.ever.0, it.last_seq_with_authority()))
        .collect();
    let mut bytes = Vec::new();
    for (dev, roles, ever, trusted) in standings {
        bytes.extend(dev.0);
        bytes.extend(roles.to_be_bytes());
        bytes.extend(ever.to_be_bytes());
        bytes.extend([u8::from(trusted.is_some())]);
        bytes.extend(trusted.unwrap_or_default().to_be_bytes());
    }
    Hash::of(&bytes)
}
