//! A vessel's Plan with its history and its adoptions, from what is held of the vessel.

use std::collections::BTreeMap;

use deckwatch_core::{
    authority::Authority,
    model::{DeviceId, Hash, VesselId},
    plan::{PlanChange, PlanContent, PlanDocument},
    record::{Body, Chain},
};

use super::difference::{Difference, differences};
use crate::page::freshness::short_device;
use crate::shore::{Held, Shore};
use crate::store::StoreError;

/// A `plan_adopt` record of a device that may adopt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The version.
    pub heads: Vec<Hash>,
    /// When it was made, as the device's clock said, Unix seconds.
    pub claimed: Option<i64>,
    /// From when it counts, Unix seconds.
    pub effective_from: i64,
    /// Who made it.
    pub by: String,
}

/// The Plan, who wrote it, who adopted it.
#[derive(Debug)]
pub struct Overview {
    /// All versions.
    pub document: PlanDocument,
    /// Adoptions, the newest first by the clock of the device, as phones choose.
    pub adoptions: Vec<Adopted>,
    authors: BTreeMap<DeviceId, String>,
}

/// One change and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The change.
    pub change: PlanChange,
    /// Who made it.
    pub author: String,
    /// What it changed of the version that it was made from.
    pub differences: Vec<Difference>,
}

/// Reads what is held of a vessel.
pub fn overview(shore: &Shore, vessel: VesselId) -> Result<Overview, StoreError> {
    shore.reading_held(vessel, |held| Overview {
        document: PlanDocument::from(held.plan()),
        adoptions: adoptions(held),
        authors: held
            .chains()
            .iter()
            .map(|chain| (chain.dev(), device_words(held.authority(), chain.dev())))
            .collect(),
    })
}

impl Overview {
    /// The newest `most` changes, the newest first, and how many older ones there are.
    pub fn history(&self, most: usize) -> (Vec<Version>, usize) {
        let changes = self.document.changes();
        let older = changes.len().saturating_sub(most);
        let mut contents: BTreeMap<Vec<Hash>, PlanContent> = BTreeMap::new();
        let mut versions: Vec<Version> = Vec::new();
        for change in changes.into_iter().skip(older) {
            let before = match contents.remove(&change.from) {
                Some(known) => known,
                None => self.document.content_at(&change.from).unwrap_or_default(),
            };
            let after = self.document.content_at(&[change.hash]).unwrap_or_default();
            let author = self.authors.get(&change.author).cloned();
            versions.push(Version {
                author: author.unwrap_or_else(|| format!("device {}", short_device(change.author))),
                differences: differences(&before, &after),
                change: change.clone(),
            });
            contents.insert(vec![change.hash], after);
        }
        versions.reverse();
        (versions, older)
    }

    /// The version on board, as far as the shore knows.
    pub fn on_board(&self) -> Option<&Adopted> {
        self.adoptions.first()
    }
}

fn adoptions(held: &Held) -> Vec<Adopted> {
    let authority = held.authority();
    let mut found = Vec::new();
    for entry in held.chains().iter().flat_map(Chain::all) {
        let Some(Body::PlanAdopt { heads, effective_from }) = entry.body() else { continue };
        if !authority.roles_at(entry.at.dev, entry.at.seq).may_adopt() {
            continue;
        }
        let claimed = entry.time.map(|time| i64::try_from(time.wall).unwrap_or(i64::MAX));
        let adopted = Adopted {
            heads: heads.clone(),
            claimed,
            effective_from: *effective_from,
            by: device_words(authority, entry.at.dev),
        };
        found.push(((claimed, entry.at.seq, entry.at.hash), adopted));
    }
    found.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    found.into_iter().map(|(_, adopted)| adopted).collect()
}

/// "shore", "ship security officer’s phone 3f2a11bc", "hub 3f2a11bc".
fn device_words(authority: &Authority, dev: DeviceId) -> String {
    use deckwatch_core::authority::Roles;
    let roles = authority.standing(dev).map_or(Roles::NONE, |standing| standing.roles);
    let short = short_device(dev);
    if dev == authority.root() {
        "shore".to_owned()
    } else if roles.has(Roles::OFFICER) {
        format!("ship security officer’s phone {short}")
    } else if roles.has(Roles::HUB) {
        format!("hub {short}")
    } else {
        format!("device {short}")
    }
}
