//! The Plan as an Automerge document: writing it, and reading any of its versions.

mod history;

use std::collections::BTreeSet;

use automerge::{
    ActorId, Automerge, ChangeHash, ROOT, ReadDoc, ScalarValue, ValueRef,
    iter::MapRangeItem,
    transaction::{CommitOptions, Transactable},
};

use super::{
    content::PlanContent,
    keys::{Entries, Value, content_of, entries_of},
};
use crate::{
    document::{RawChange, gate::MAX_CHANGE_BYTES},
    model::{DeviceId, Hash},
};

pub use history::PlanChange;

/// Entries written in one change: 200 of the longest stay below half the gate's limit.
const ENTRIES_A_CHANGE: usize = 200;
/// Characters of one text; longer ones are refused.
pub const MAX_TEXT: usize = 120;

/// Why the Plan was not written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A text is too long.
    #[error("{0} is longer than {MAX_TEXT} characters; shorten it")]
    TextTooLong(String),
    /// The document could not take the edit.
    #[error("the plan could not be changed ({0}); rebuild it from its changes and try again")]
    Document(String),
    /// A version that is not here.
    #[error("this version of the plan is not here yet; sync first")]
    UnknownVersion,
}

/// The Plan of one vessel.
#[derive(Debug, Clone)]
pub struct PlanDocument {
    document: Automerge,
}

impl Default for PlanDocument {
    fn default() -> Self {
        Self { document: Automerge::new() }
    }
}

impl From<Automerge> for PlanDocument {
    fn from(document: Automerge) -> Self {
        Self { document }
    }
}

impl PlanDocument {
    /// The document's heads, sorted: the name of this version.
    pub fn heads(&self) -> Vec<Hash> {
        let mut heads: Vec<Hash> =
            self.document.get_heads().iter().map(|head| Hash(head.0)).collect();
        heads.sort_unstable();
        heads
    }

    /// The newest version.
    pub fn content(&self) -> PlanContent {
        content_of(&entries(self.document.map_range(ROOT, ..)))
    }

    /// The version with these heads.
    pub fn content_at(&self, heads: &[Hash]) -> Result<PlanContent, PlanError> {
        let heads: Vec<ChangeHash> = heads.iter().map(|head| ChangeHash(head.0)).collect();
        if heads.is_empty()
            || heads.iter().any(|head| self.document.get_change_by_hash(head).is_none())
        {
            return Err(PlanError::UnknownVersion);
        }
        Ok(content_of(&entries(self.document.map_range_at(ROOT, .., &heads))))
    }

    /// Writes what differs between the newest version and `target`, at most 200 entries a
    /// change. `author` and `process` make the actor id; `time` is Unix seconds.
    ///
    /// Returns the new changes, oldest first; none if nothing differs.
    pub fn edit(
        &mut self,
        author: DeviceId,
        process: [u8; 8],
        time: i64,
        target: &PlanContent,
    ) -> Result<Vec<RawChange>, PlanError> {
        let kept: BTreeSet<&String> = target.problems.iter().map(|problem| &problem.key).collect();
        let target = entries_of(target);
        check_texts(&target)?;
        let now = entries(self.document.map_range(ROOT, ..));
        let written = target.iter().filter(|(key, value)| now.get(*key) != Some(value));
        // What was not understood stays while `target` names it: a newer program may have written it.
        let removed = now.keys().filter(|key| !target.contains_key(*key) && !kept.contains(*key));
        let mut steps: Vec<(&String, Option<&Value>)> =
            written.map(|(key, value)| (key, Some(value))).collect();
        steps.extend(removed.map(|key| (key, None)));

        let actor: Vec<u8> = author.0.into_iter().chain(process).collect();
        self.document.set_actor(ActorId::from(actor));
        let before = self.document.get_heads();
        for chunk in steps.chunks(ENTRIES_A_CHANGE) {
            self.document
                .transact_with(
                    |()| CommitOptions::default().with_time(time),
                    |tx| {
                        chunk.iter().try_for_each(|(key, value)| match value {
                            Some(Value::Text(text)) => tx.put(ROOT, key.as_str(), text.as_str()),
                            Some(Value::Int(int)) => tx.put(ROOT, key.as_str(), *int),
                            None => tx.delete(ROOT, key.as_str()),
                        })
                    },
                )
                .map_err(|failure| PlanError::Document(failure.error.to_string()))?;
        }
        let changes: Vec<RawChange> = self
            .document
            .get_changes(&before)
            .into_iter()
            .map(|change| RawChange {
                hash: Hash(change.hash().0),
                bytes: change.raw_bytes().to_vec(),
            })
            .collect();
        if changes.iter().any(|change| change.bytes.len() > MAX_CHANGE_BYTES) {
            return Err(PlanError::Document("a change is too large".into()));
        }
        Ok(changes)
    }
}

fn check_texts(entries: &Entries) -> Result<(), PlanError> {
    // A day has 1,440 minutes; 288 times of "HH:MM " are one every five minutes.
    let limit = |key: &str| if key.ends_with("/times") { 288 * 6 } else { MAX_TEXT };
    let too_long = entries.iter().find(
        |(key, value)| matches!(value, Value::Text(text) if text.chars().count() > limit(key)),
    );
    too_long.map_or(Ok(()), |(key, _)| Err(PlanError::TextTooLong(key.clone())))
}

fn entries<'d>(items: impl Iterator<Item = MapRangeItem<'d>>) -> Entries {
    items
        .filter_map(|item| {
            let value = match item.value {
                ValueRef::Scalar(value) => match ScalarValue::from(value) {
                    ScalarValue::Str(text) => Value::Text(text.to_string()),
                    ScalarValue::Int(int) => Value::Int(int),
                    _ => return None,
                },
                ValueRef::Object(_) => return None,
            };
            Some((item.key.into_owned(), value))
        })
        .collect()
}
