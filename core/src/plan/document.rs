//! The Plan as an Automerge document: writing it, and reading any of its versions.

mod history;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    content::PlanContent,
    keys::{Entries, content_of, entries_of},
};
use crate::{
    document::{
        DocumentKind, Entry, Line, Merged, OpName, RawChange, Value, WriteError, standing, write,
        write::actor_of,
    },
    model::{DeviceId, Hash, is_hidden},
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
    /// A text holds characters that nobody sees.
    #[error("{0} holds characters that cannot be seen; type it again")]
    Hidden(String),
    /// The document could not take the edit.
    #[error("the plan was not changed: {0}")]
    Document(#[from] WriteError),
    /// The author has written as much as one device may.
    #[error("this device has written too much into the plan; edit it on another one")]
    Full,
    /// A version that is not here.
    #[error("this version of the plan is not here yet; sync first")]
    UnknownVersion,
}

/// The Plan of one vessel.
#[derive(Debug, Clone, Default)]
pub struct PlanDocument {
    line: Line,
    /// Lines beside the main one: they may hold a version that a ship has adopted.
    beside: Vec<Line>,
    /// Changes that count for nothing: their device was revoked, and wrote them after what is trusted.
    void: BTreeSet<Hash>,
}

impl From<Line> for PlanDocument {
    fn from(line: Line) -> Self {
        Self { line, beside: Vec::new(), void: BTreeSet::new() }
    }
}

impl From<&Merged> for PlanDocument {
    fn from(merged: &Merged) -> Self {
        let counts = |change: &Hash| {
            merged.voucher(*change).is_some_and(|voucher| voucher.roles.may_edit_plan())
        };
        Self {
            line: merged.main().clone(),
            beside: merged.lines().skip(1).cloned().collect(),
            void: merged.changes().filter(|change| !counts(change)).collect(),
        }
    }
}

impl PlanDocument {
    /// The document's heads, sorted: the name of this version.
    pub fn heads(&self) -> Vec<Hash> {
        self.line.heads()
    }

    /// The newest version.
    pub fn content(&self) -> PlanContent {
        content_of(&self.entries(&self.line, None))
    }

    /// The version with these heads.
    pub fn content_at(&self, heads: &[Hash]) -> Result<PlanContent, PlanError> {
        let holds = |line: &&Line| heads.iter().all(|head| line.holds(*head));
        let lines = std::iter::once(&self.line).chain(&self.beside);
        let line = lines.filter(|_| !heads.is_empty()).find(holds);
        let line = line.ok_or(PlanError::UnknownVersion)?;
        Ok(content_of(&self.entries(line, Some(&line.before(heads)))))
    }

    /// What stands under each key.
    fn entries(&self, line: &Line, seen: Option<&BTreeSet<Hash>>) -> Entries {
        let counts = |entry: &Entry| !self.void.contains(&entry.change);
        let value = |written: &BTreeMap<OpName, Entry>| {
            standing(line, written, counts, seen).into_values().last()?.value.clone()
        };
        let entries = line.entries().iter();
        entries.filter_map(|(key, written)| Some((key.clone(), value(written)?))).collect()
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
        let now = self.entries(&self.line, None);
        let written = target.iter().filter(|(key, value)| now.get(*key) != Some(value));
        // What was not understood stays while `target` names it: a newer program may have written it.
        let removed = now.keys().filter(|key| !target.contains_key(*key) && !kept.contains(*key));
        let mut steps: Vec<(&String, Option<&Value>)> =
            written.map(|(key, value)| (key, Some(value))).collect();
        // Only of what is written now: what stands there already must keep nobody from mending another entry.
        let hidden =
            |value: &Value| matches!(value, Value::Text(text) if text.chars().any(is_hidden));
        if let Some((key, _)) = steps.iter().find(|(_, value)| value.is_some_and(hidden)) {
            return Err(PlanError::Hidden((*key).clone()));
        }
        steps.extend(removed.map(|key| (key, None)));

        let actor = actor_of(author, process);
        let mut changes = Vec::new();
        for chunk in steps.chunks(ENTRIES_A_CHANGE) {
            let entries = chunk.iter().map(|(key, value)| (key.as_str(), *value));
            changes.extend(write(&mut self.line, actor, time, entries)?);
        }
        if DocumentKind::Plan.has_room(&self.line, author) {
            Ok(changes)
        } else {
            Err(PlanError::Full)
        }
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
