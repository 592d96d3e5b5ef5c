//! What a scan is worth: FORMAT.md section 19. It is derived from the evidence, from the checks that the shore wrote and from
//! the counters of tags. It is never written by anybody.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{counter::Counters, input::Input, timeline::Timeline};
use crate::{
    model::{Hash, Level, RecordRef},
    record::{Body, Evidence, Kind, reason::tag_check},
};

const TAG_CHECK: Kind = 19;

/// How it is known what a scan is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It claims nothing that would have to be checked.
    Plain,
    /// Claimed, not yet checked.
    Claimed,
    /// Checked by who holds the key, and good.
    Checked,
    /// Checked, and not what the tag or display would have said.
    Bad,
    /// No such tag or display was registered when it was checked.
    Unregistered,
    /// Its key was disclosed before it was checked.
    Disclosed,
    /// Genuine, and used again or out of its time.
    Replayed,
    /// Genuine, and there twice: nobody can say which one was made at the tag.
    Disputed,
}

/// What a scan is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Worth {
    /// The level that its evidence claims.
    pub claims: Level,
    /// Whether that holds.
    pub standing: Standing,
}

impl Worth {
    /// The level that is certain.
    pub fn level(self) -> Level {
        match self.standing {
            Standing::Plain | Standing::Checked => self.claims,
            _ => Level::L0,
        }
    }

    /// The level that it may turn out to have.
    pub fn at_best(self) -> Level {
        let open = matches!(self.standing, Standing::Claimed | Standing::Disputed);
        if open { self.claims } else { self.level() }
    }

    /// Whether a check spoke against it.
    pub fn is_refused(self) -> bool {
        matches!(self.standing, Standing::Bad | Standing::Unregistered | Standing::Disclosed)
    }
}

/// What is known of all scans of tags and displays with a key.
#[derive(Debug)]
pub(super) struct TagFacts {
    /// By record, with the version of the key that was used.
    checks: BTreeMap<Hash, (Standing, u64)>,
    pub counters: Counters,
}

impl TagFacts {
    pub fn read(input: &Input<'_>, timeline: &Timeline<'_>) -> Self {
        let shore = timeline.track(input.authority.root());
        let said = shore.and_then(|track| timeline.branches.get(track));
        let said = said.into_iter().flat_map(|branch| &branch.entries);
        let mut checks = BTreeMap::new();
        for entry in said.filter(|entry| entry.kind == TAG_CHECK) {
            let Some(Body::TagCheck { record, result, key_version }) = entry.body() else {
                continue;
            };
            let standing = match *result {
                tag_check::OK => Standing::Checked,
                tag_check::BAD => Standing::Bad,
                tag_check::UNREGISTERED => Standing::Unregistered,
                tag_check::DISCLOSED => Standing::Disclosed,
                // A number of a newer version means nothing yet.
                _ => continue,
            };
            // In the order of the chain: the last counts.
            checks.insert(*record, (standing, *key_version));
        }
        let good = |hash: Hash| {
            let (standing, version) = checks.get(&hash)?;
            (*standing == Standing::Checked).then_some(*version)
        };
        let open = |hash: Hash| !checks.contains_key(&hash);
        let counters = Counters::read(timeline, good, open);
        Self { checks, counters }
    }

    /// What the scan in record `at` is worth.
    pub fn worth(&self, at: RecordRef, evidence: &Evidence) -> Worth {
        let standing = if !evidence.needs_check() {
            Standing::Plain
        } else if self.counters.replay_of(at).is_some() {
            Standing::Replayed
        } else if self.counters.disputed_with(at).is_some() {
            Standing::Disputed
        } else {
            self.checks.get(&at.hash).map_or(Standing::Claimed, |(standing, _)| *standing)
        };
        Worth { claims: evidence.claims(), standing }
    }
}
