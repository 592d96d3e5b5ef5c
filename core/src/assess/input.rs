//! What an assessment is made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    authority::Authority,
    model::{CrewNo, DeviceId, DueId, Hash, PageSubject, RecordRef, VesselId},
    page::{On, PageContent, WritingKind},
    plan::{PlanContent, PlanDocument},
    record::{Body, Chain, NamedTree, Receipt},
};

/// The last second of the year 9999. Openings, receipts and anchors beyond it, and before 1970, are
/// left out: nothing honest says so, and arithmetic stays far from its limits.
pub(super) const LATEST: i64 = 253_402_300_799;

/// Due patrols are assessed so far ahead of the moment, seconds.
pub const AHEAD: i64 = 2 * 86_400;
/// Nothing is demanded earlier than so long before a vessel was added, seconds.
pub const BEFORE: i64 = 86_400;

/// The versions of the Plan that devices adopted which may: the record, and the version's heads.
pub fn adopted<'c>(
    chains: &'c [Chain],
    authority: &'c Authority,
) -> impl Iterator<Item = (RecordRef, &'c Vec<Hash>)> {
    chains.iter().flat_map(Chain::all).filter_map(|entry| match entry.body() {
        Some(Body::PlanAdopt { heads, .. }) => {
            let roles = authority.roles_at(entry.at.dev, entry.at.seq);
            roles.may_adopt().then_some((entry.at, heads))
        }
        _ => None,
    })
}

/// The content of every adopted version whose changes are in `plan`, by its heads.
pub fn adopted_versions(
    chains: &[Chain],
    authority: &Authority,
    plan: &PlanDocument,
) -> BTreeMap<Vec<Hash>, PlanContent> {
    let mut versions = BTreeMap::new();
    for (_, heads) in adopted(chains, authority) {
        if !versions.contains_key(heads)
            && let Ok(content) = plan.content_at(heads)
        {
            versions.insert(heads.clone(), content);
        }
    }
    versions
}

/// Everything that a verdict depends on, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The ship.
    pub vessel: VesselId,
    /// Now, for the one who asks; Unix seconds.
    pub as_of: i64,
    /// Due patrols that open from here on are assessed; Unix seconds.
    pub from: i64,
    /// Due patrols that open before this are assessed; Unix seconds.
    pub until: i64,
    /// Who may do what.
    pub authority: &'a Authority,
    /// All chains of the vessel, the shore's included; one per device, in any order.
    pub chains: &'a [Chain],
    /// Receipts whose signature the caller has checked, in any order.
    pub receipts: &'a [ReceiptFact],
    /// The content of every adopted plan version that is known, by its heads.
    pub versions: &'a BTreeMap<Vec<Hash>, PlanContent>,
    /// Accepted reasons, in any order.
    pub excuses: &'a [Excuse],
    /// Records whose time is wanted as well: those that vouch for what people wrote.
    pub dated: &'a [RecordRef],
}

/// What a verified receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReceiptFact {
    /// The device.
    pub dev: DeviceId,
    /// Held from 0 to here.
    pub seq: u64,
    /// Hash of the record at `seq`.
    pub head: Hash,
    /// When the shore held it, Unix seconds.
    pub time: i64,
    /// SHA-256 of the receipt: what an anchor record names.
    pub hash: Hash,
    /// The tree in which it was held.
    pub tree: NamedTree,
}

impl ReceiptFact {
    /// Of a receipt whose signature the caller has checked.
    pub fn of(receipt: &Receipt) -> Self {
        let Receipt { dev, seq, head, time, tree, .. } = *receipt;
        Self { dev, seq, head, time, hash: receipt.hash(), tree }
    }
}

/// A reason that somebody accepted for a patrol that was not walked as demanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// For which due patrol.
    pub due: DueId,
    /// The device on which it was accepted.
    pub by_dev: DeviceId,
    /// Who accepted it.
    pub by_crew: CrewNo,
    /// The reason, as written.
    pub reason: String,
    /// The record that vouches for the acceptance.
    pub record: RecordRef,
}

impl Excuse {
    /// The reasons for a whole patrol that were accepted on a Page of a due patrol.
    pub fn of_page(page: &PageContent) -> Vec<Self> {
        let Some(PageSubject::Due(due)) = page.about else { return Vec::new() };
        let accepted = page.of(WritingKind::Reason).filter_map(|writing| {
            let accepted = writing.accepted.as_ref()?;
            let whole = On::from_words(&accepted.on) == Some(On::Patrol);
            let (by, reason) = (accepted.by, accepted.text.clone());
            whole.then_some(Self {
                due,
                by_dev: by.dev,
                by_crew: by.crew,
                reason,
                record: by.record,
            })
        });
        accepted.collect()
    }
}

impl Input<'_> {
    /// The openings assessed, within what the calendar knows.
    pub(super) fn openings(&self) -> (i64, i64) {
        let from = self.from.clamp(0, LATEST);
        (from, self.until.clamp(from, LATEST))
    }
}
