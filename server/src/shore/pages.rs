//! What is known of a vessel's Pages without holding them: their versions, and the reasons that were accepted on
//! them. Brought up to date by names; a Page is merged again only where something about it is new.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    assess::Excuse,
    document::DocumentKind,
    model::{DeviceId, DocumentId, Hash, PageSubject, RecordRef},
    page::PageContent,
};

use super::Held;
use crate::store::{ReadTx, StoreError};

/// Records of one Page whose time is worked out: more than people write, and a bound for the rest.
const DATED: usize = 1_000;

/// One Page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageState {
    /// The arrival number of its newest change.
    pub newest_arrival: u64,
    /// When that came, Unix seconds.
    pub received_at: i64,
    /// The heads of all its lines: its version.
    pub heads: Vec<Hash>,
    /// The records that vouch for what is on it; of very many the first.
    pub records: Vec<RecordRef>,
    /// What it is about; `None`: nothing says so, or not truly.
    pub about: Option<PageSubject>,
    /// Reasons accepted on it.
    pub excuses: Vec<Excuse>,
    /// What its version was made from: newest arrival, how many records vouch, and for what their devices stood.
    made_of: Option<(u64, usize, Hash)>,
}

/// All Pages of a vessel.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    states: BTreeMap<DocumentId, PageState>,
    seen: u64,
}

impl Pages {
    /// One Page; `None` if nothing was written on it.
    pub fn get(&self, id: DocumentId) -> Option<&PageState> {
        self.states.get(&id)
    }

    /// All Pages, by id.
    pub fn iter(&self) -> impl Iterator<Item = (DocumentId, &PageState)> {
        self.states.iter().map(|(id, state)| (*id, state))
    }

    /// The records that vouch for what is on any of them.
    pub fn records(&self) -> Vec<RecordRef> {
        let records: BTreeSet<RecordRef> =
            self.states.values().flat_map(|state| &state.records).copied().collect();
        records.into_iter().collect()
    }

    /// Reasons accepted on any of them.
    pub fn excuses(&self) -> Vec<Excuse> {
        self.states.values().flat_map(|state| &state.excuses).cloned().collect()
    }

    /// Pages of something that exists with changes since `since` (Unix s), the latest first.
    pub fn since(&self, since: i64) -> Vec<DocumentId> {
        let mut late: Vec<(u64, DocumentId)> = self
            .iter()
            .filter(|(_, state)| state.received_at >= since && state.about.is_some())
            .map(|(id, state)| (state.newest_arrival, id))
            .collect();
        late.sort_unstable_by_key(|late| std::cmp::Reverse(*late));
        late.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn refresh(
        &mut self,
        held: &Held,
        tx: &(impl ReadTx + ?Sized),
    ) -> Result<(), StoreError> {
        tx.change_names(held.vessel(), self.seen, &mut |name| {
            self.seen = name.arrival;
            if name.doc.kind == 2 {
                let state = self.states.entry(name.doc.id).or_default();
                (state.newest_arrival, state.received_at) = (name.arrival, name.received_at);
            }
            Ok(())
        })?;
        let standings = standings(held);
        for (id, state) in &mut self.states {
            let vouchers = held.vouchers().count(DocumentKind::Page, *id);
            let made_of = Some((state.newest_arrival, vouchers, standings));
            if state.made_of == made_of {
                continue;
            }
            let merged = held.page(tx, *id)?;
            let content = PageContent::read(held.vessel(), *id, &merged);
            state.about = content.about;
            state.heads = merged.all_heads();
            let vouching: BTreeSet<RecordRef> =
                merged.changes().filter_map(|it| Some(merged.voucher(it)?.record)).collect();
            state.records = vouching.into_iter().take(DATED).collect();
            state.excuses = Excuse::of_page(&content);
            state.made_of = made_of;
        }
        Ok(())
    }
}

/// Everything about devices that decides who may write.
fn standings(held: &Held) -> Hash {
    let devices = held.authority().devices();
    let standings: BTreeSet<(DeviceId, u32, Option<u64>)> =
        devices.map(|(dev, it)| (dev, it.roles.0, it.last_trusted_seq)).collect();
    let mut bytes = Vec::new();
    for (dev, roles, trusted) in standings {
        bytes.extend(dev.0);
        bytes.extend(roles.to_be_bytes());
        bytes.extend(trusted.map_or([0; 9], |seq| {
            let mut bytes = [1; 9];
            bytes.iter_mut().skip(1).zip(seq.to_be_bytes()).for_each(|(to, from)| *to = from);
            bytes
        }));
    }
    Hash::of(&bytes)
}
