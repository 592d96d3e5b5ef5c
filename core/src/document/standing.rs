//! What stands under a key, where not everything that was written counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Line, OpName};
use crate::model::Hash;

/// The writes under one key of a line that stand: values that count, and over which nothing that
/// counts was written by somebody who had seen them. The last one wins.
///
/// Who may not write a field cannot take away what stands there by writing over it. `seen` limits it to
/// an older version: the changes at or before its heads.
pub fn standing<'l>(
    line: &Line,
    written: &'l BTreeMap<OpName, Entry>,
    counts: impl Fn(&Entry) -> bool,
    seen: Option<&BTreeSet<Hash>>,
) -> BTreeMap<OpName, &'l Entry> {
    let within = |entry: &Entry| seen.is_none_or(|seen| seen.contains(&entry.change));
    let there = || written.iter().filter(|(_, entry)| within(entry));
    let counting: Vec<(&OpName, &Entry)> = there().filter(|(_, entry)| counts(entry)).collect();
    let mixed = counting.len() < there().count();
    // What each of them had seen; only where something does not count.
    let had_seen: Vec<(&OpName, BTreeSet<Hash>)> = if mixed {
        let before =
            |(name, entry): &(&'l OpName, &'l Entry)| (*name, line.before(&[entry.change]));
        counting.iter().map(before).collect()
    } else {
        Vec::new()
    };
    let superseded = |name: &OpName, entry: &Entry| {
        if mixed {
            had_seen.iter().any(|(other, seen)| *other != name && seen.contains(&entry.change))
        } else {
            let later = entry.replaced_by.iter().filter_map(|later| written.get(later));
            later.into_iter().any(within)
        }
    };
    let standing = counting
        .into_iter()
        .filter(|(name, entry)| entry.value.is_some() && !superseded(name, entry));
    standing.map(|(name, entry)| (*name, entry)).collect()
}
