//! A document from its raw changes: the same set gives the same document, whatever the order.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ChangeHash, ReadDoc};

use super::{
    DocumentKind,
    gate::{GateError, RawChange, admit, form},
};
use crate::{
    authority::{Authority, Roles},
    model::{DeviceId, DocumentId, Hash},
    record::{Body, Chain},
};

/// Which devices vouch for which changes of one document, from verified records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vouchers {
    by_change: BTreeMap<Hash, BTreeSet<DeviceId>>,
}

impl Vouchers {
    /// Reads all `document` records that name this document, of devices that may write it. For
    /// the Plan these are ship security officers and the shore; a Page is written by every
    /// certified device.
    pub fn read(
        kind: DocumentKind,
        id: DocumentId,
        authority: &Authority,
        chains: &[Chain],
    ) -> Self {
        let may_write = |roles: Roles| match kind {
            DocumentKind::Plan => roles.may_edit_plan(),
            DocumentKind::Page => roles != Roles::NONE,
        };
        let mut vouchers = Self::default();
        for entry in chains.iter().flat_map(Chain::all) {
            let Some(Body::Document { kind: of, id: named, changes }) = entry.body() else {
                continue;
            };
            let writes = may_write(authority.roles_at(entry.at.dev, entry.at.seq));
            if *of == kind.number() && *named == id && writes {
                for change in changes {
                    vouchers.by_change.entry(*change).or_default().insert(entry.at.dev);
                }
            }
        }
        vouchers
    }

    /// Whether anybody who may write the document vouches for `change`. Nothing else of it is
    /// parsed before.
    pub fn named(&self, change: Hash) -> bool {
        self.by_change.contains_key(&change)
    }

    /// Whether `author` vouches for `change`.
    pub fn vouched(&self, change: Hash, author: DeviceId) -> bool {
        self.by_change.get(&change).is_some_and(|devices| devices.contains(&author))
    }
}

/// A document, and what became of each change.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// The merged document.
    pub document: Automerge,
    /// Applied, in the order of application.
    pub applied: Vec<Hash>,
    /// Kept until a voucher, a certificate or a dependency arrives.
    pub waiting: Vec<Hash>,
    /// Never applied, and why.
    pub refused: Vec<(Hash, GateError)>,
}

impl Rebuilt {
    /// The document's heads, sorted.
    pub fn heads(&self) -> Vec<Hash> {
        let mut heads: Vec<Hash> =
            self.document.get_heads().iter().map(|head| Hash(head.0)).collect();
        heads.sort_unstable();
        heads
    }

    /// The changes that somebody lacks who has the version with `heads`; heads that are not here
    /// reach nothing here.
    pub fn changes_after(&self, heads: &[Hash]) -> Vec<RawChange> {
        let known: Vec<ChangeHash> = heads
            .iter()
            .map(|head| ChangeHash(head.0))
            .filter(|head| self.document.get_change_by_hash(head).is_some())
            .collect();
        let changes = self.document.get_changes(&known).into_iter();
        changes
            .map(|change| RawChange {
                hash: Hash(change.hash().0),
                bytes: change.raw_bytes().to_vec(),
            })
            .collect()
    }
}

/// Merges the vouched changes of one document.
pub fn rebuild(changes: &[RawChange], vouchers: &Vouchers) -> Rebuilt {
    let mut rebuilt = Rebuilt {
        document: Automerge::new(),
        applied: Vec::new(),
        waiting: Vec::new(),
        refused: Vec::new(),
    };
    let mut pending = BTreeMap::new();
    for raw in changes {
        if !vouchers.named(raw.hash) {
            rebuilt.waiting.push(raw.hash);
            continue;
        }
        match form(raw) {
            Ok(formed) if vouchers.vouched(raw.hash, formed.author) => {
                pending.insert(raw.hash, formed);
            }
            Ok(formed) => {
                rebuilt.refused.push((raw.hash, GateError::ForgedActor(formed.author)));
            }
            Err(error) => rebuilt.refused.push((raw.hash, error)),
        }
    }
    // Ready changes in order of their hashes, again and again until none is left: the order of
    // application, and with it every outcome, depends on the set alone.
    let mut applied: BTreeSet<Hash> = BTreeSet::new();
    loop {
        let ready = pending
            .iter()
            .find(|(_, formed)| formed.dependencies.iter().all(|dep| applied.contains(dep)))
            .map(|(hash, _)| *hash);
        let Some(hash) = ready else { break };
        let Some(formed) = pending.remove(&hash) else { break };
        match admit(&rebuilt.document, &formed) {
            Ok(document) => {
                rebuilt.document = document;
                applied.insert(hash);
                rebuilt.applied.push(hash);
            }
            Err(error) => rebuilt.refused.push((hash, error)),
        }
    }
    rebuilt.waiting.extend(pending.into_keys());
    rebuilt.waiting.sort_unstable();
    rebuilt.waiting.dedup();
    rebuilt.refused.sort_by_key(|(hash, _)| *hash);
    rebuilt
}
