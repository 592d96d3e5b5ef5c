//! Records that the shore had receipted and a later revocation takes the trust from.
//!
//! A revocation names the last trusted record. Not below what was receipted before the reported loss: who signed
//! "I hold these records of yours" cannot say later, alone and without a word, that they were never to be
//! trusted. It can be true all the same, so it counts, and everybody who has the receipts is told.

use std::collections::BTreeMap;

use super::{input::Input, timeline::Timeline};
use crate::{
    model::{DeviceId, RecordRef},
    record::{Body, Entry, body::revoked},
};

/// A revocation below what was receipted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disowned {
    /// The `revoke` record.
    pub by: RecordRef,
    /// The last record that it trusts.
    pub last_trusted_seq: u64,
    /// The last record with a receipt from before it.
    pub receipted_seq: u64,
    /// When that was receipted, Unix seconds.
    pub receipted_at: i64,
    /// A loss that was reported at a time before that receipt, as the shore recorded before it revoked.
    pub reported: Option<i64>,
    /// The shore says that two people agreed.
    pub agreed: bool,
}

impl Disowned {
    /// Whether it takes the trust from a record that was receipted.
    pub fn covers(&self, seq: u64) -> bool {
        self.last_trusted_seq < seq && seq <= self.receipted_seq
    }

    /// Nothing that stands in records explains it.
    pub fn is_unexplained(&self) -> bool {
        self.reported.is_none() && !self.agreed
    }

    pub fn words(&self, name: &str) -> String {
        let why = match (self.reported, self.agreed) {
            (_, true) => "It says that two people agreed.".to_owned(),
            (Some(reported), false) => format!(
                "The phone was reported lost before that, at {} by the shore's word.",
                crate::time::moment::utc(reported)
            ),
            (None, false) => {
                "No loss was reported before, and it does not say that two people agreed."
                    .to_owned()
            }
        };
        format!(
            "The shore revoked the {name} after its record {}, and had receipted its records to {} at {}. {why}",
            self.last_trusted_seq,
            self.receipted_seq,
            crate::time::moment::utc(self.receipted_at)
        )
    }
}

/// By device, of its revocations the one that trusts the least.
pub(super) fn read(input: &Input<'_>, timeline: &Timeline<'_>) -> BTreeMap<DeviceId, Disowned> {
    let shore = timeline.track(input.authority.root());
    let entries: &[&Entry] =
        shore.and_then(|shore| timeline.branches.get(shore)).map_or(&[], |shore| &shore.entries);
    let mut reported: BTreeMap<DeviceId, i64> = BTreeMap::new();
    let mut least: BTreeMap<DeviceId, u64> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for entry in entries {
        match entry.body() {
            Some(Body::Lost { dev, reported: at, .. }) => {
                let known = reported.entry(*dev).or_insert(*at);
                *known = (*known).min(*at);
            }
            Some(Body::Revoke { dev, last_trusted_seq, reason }) => {
                let before = least.insert(*dev, *last_trusted_seq);
                if before.is_some_and(|before| before <= *last_trusted_seq) {
                    least.extend(before.map(|before| (*dev, before)));
                    continue;
                }
                let agreed = *reason == revoked::TWO_AGREED;
                let claim = (*entry, *dev, *last_trusted_seq, agreed);
                found.extend(
                    disowned(input, claim, reported.get(dev).copied()).map(|it| (*dev, it)),
                );
            }
            _ => {}
        }
    }
    found
}

fn disowned(
    input: &Input<'_>,
    (entry, dev, last_trusted_seq, agreed): (&Entry, DeviceId, u64, bool),
    reported: Option<i64>,
) -> Option<Disowned> {
    let wall = entry.time.and_then(|time| i64::try_from(time.wall).ok()).unwrap_or(i64::MAX);
    let newest = |until: i64| {
        let receipts = input.receipts.iter().filter(|receipt| {
            receipt.dev == dev && receipt.time <= until && receipt.seq > last_trusted_seq
        });
        receipts.map(|receipt| (receipt.seq, receipt.time)).max()
    };
    // What was receipted before the loss comes first: the report explains only what came after it.
    let unexplained = newest(reported.map_or(wall, |reported| reported.min(wall)));
    let (seq, at) = unexplained.or_else(|| newest(wall))?;
    Some(Disowned {
        by: entry.at,
        last_trusted_seq,
        receipted_seq: seq,
        receipted_at: at,
        reported: reported.filter(|_| unexplained.is_none()),
        agreed,
    })
}
