//! The Plan as an Automerge document: writing it, and reading any of its versions.

use automerge::{Automerge, ChangeHash, ROOT, ReadDoc, ScalarValue, ValueRef, iter::MapRangeItem};

use super::{
    content::PlanContent,
    keys::{Entries, content_of, entries_of},
};
use crate::{
    document::{Line, Merged, RawChange, Value, WriteError, write, write::actor_of},
    model::{DeviceId, Hash},
};

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
    #[error("the plan was not changed: {0}")]
    Document(#[from] WriteError),
    /// A version that is not here.
    #[error("this version of the plan is not here yet; sync first")]
    UnknownVersion,
}

/// The Plan of one vessel.
#[derive(Debug, Clone)]
pub struct PlanDocument {
    document: Automerge,
    /// Lines beside the main one: they may hold a version that a ship has adopted.
    beside: Vec<Automerge>,
}

impl Default for PlanDocument {
    fn default() -> Self {
        Self { document: Automerge::new(), beside: Vec::new() }
    }
}

impl From<&Merged> for PlanDocument {
    fn from(merged: &Merged) -> Self {
        let beside = merged.lines().skip(1).map(Line::document).cloned().collect();
        Self { document: merged.document().clone(), beside }
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
        let holds = |document: &&Automerge| {
            heads.iter().all(|head| document.get_change_by_hash(head).is_some())
        };
        let lines = std::iter::once(&self.document).chain(&self.beside);
        let document = lines.filter(|_| !heads.is_empty()).find(holds);
        let document = document.ok_or(PlanError::UnknownVersion)?;
        Ok(content_of(&entries(document.map_range_at(ROOT, .., &heads))))
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
        let target = entries_of(target);
        check_texts(&target)?;
        let now = entries(self.document.map_range(ROOT, ..));
        let written = target.iter().filter(|(key, value)| now.get(*key) != Some(value));
        let removed = now.keys().filter(|key| !target.contains_key(*key));
        let mut steps: Vec<(&String, Option<&Value>)> =
            written.map(|(key, value)| (key, Some(value))).collect();
        steps.extend(removed.map(|key| (key, None)));

        let actor = actor_of(author, process);
        let mut changes = Vec::new();
        for chunk in steps.chunks(ENTRIES_A_CHANGE) {
            let entries = chunk.iter().map(|(key, value)| (key.as_str(), *value));
            changes.extend(write(&mut self.document, actor, time, entries)?);
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
