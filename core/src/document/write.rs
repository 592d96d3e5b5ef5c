//! Writing: one change for one action of a person.
//!
//! The change is put together from what stands on the line, not by an Automerge transaction: that
//! one writes nothing where the value stands already, though somebody may have put it there who
//! may not, and an officer's "accepted" must become a write of the officer's.

use std::num::NonZeroU64;

use automerge::{
    ActorId, Change, ChangeHash, ExpandedChange, ScalarValue,
    legacy::{Key, ObjectId, Op, OpId, OpType},
};

use super::{
    Value,
    chunk::{ACTOR_LEN, Actor, MAX_DEPENDENCIES},
    gate::{GateError, MAX_CHANGE_BYTES, OpName, RawChange, form},
    line::{Entry, Line},
};
use crate::model::DeviceId;

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The document could not take it.
    #[error("the document could not be changed ({0}); sync and try again")]
    Document(#[from] GateError),
    /// More than a change may hold.
    #[error("this is too much at once ({0} bytes); write it in smaller parts")]
    TooLarge(usize),
}

/// The actor id of one run of a device's program.
pub fn actor_of(author: DeviceId, run: [u8; 8]) -> Actor {
    let mut actor = [0; ACTOR_LEN];
    actor.iter_mut().zip(author.0.into_iter().chain(run)).for_each(|(to, from)| *to = from);
    actor
}

/// Puts values under keys, each key once, or takes away what stands there, as one change that the
/// line then holds. `time` is Unix seconds and says nothing that anybody believes. `None`: nothing to
/// write.
pub fn write<'e>(
    line: &mut Line,
    actor: Actor,
    time: i64,
    entries: impl IntoIterator<Item = (&'e str, Option<&'e Value>)>,
) -> Result<Option<RawChange>, WriteError> {
    let operations: Vec<Op> =
        entries.into_iter().filter_map(|(key, value)| operation(line, key, value)).collect();
    if operations.is_empty() {
        return Ok(None);
    }
    let deps = line.heads();
    if deps.len() as u64 > MAX_DEPENDENCIES {
        return Err(GateError::TooMany.into());
    }
    let change = Change::from(ExpandedChange {
        operations,
        actor_id: ActorId::from(actor),
        hash: None,
        seq: line.seq(&actor).saturating_add(1),
        start_op: NonZeroU64::MIN.saturating_add(line.last_op()),
        time,
        message: None,
        deps: deps.into_iter().map(|head| ChangeHash(head.0)).collect(),
        extra_bytes: Vec::new(),
        author: None,
    });
    let raw = RawChange::from(&change);
    if raw.bytes.len() > MAX_CHANGE_BYTES {
        return Err(WriteError::TooLarge(raw.bytes.len()));
    }
    // What nobody would take must not be written.
    match line.apply(vec![form(&raw)?]).pop() {
        Some((_, error)) => Err(error.into()),
        None => Ok(Some(raw)),
    }
}

fn operation(line: &Line, key: &str, value: Option<&Value>) -> Option<Op> {
    let written = line.entries().get(key);
    let named = |is: &dyn Fn(&Entry) -> bool| -> Vec<OpId> {
        let found = written.into_iter().flatten().filter(|(_, entry)| is(entry));
        found.map(|(name, _)| OpId(name.counter, ActorId::from(name.actor))).collect()
    };
    let mut pred = named(&Entry::stands);
    if value.is_none() && pred.is_empty() {
        // Somebody took it away whose taking away may count for nothing: it is named once more.
        let cleared = |later: &OpName| {
            written.and_then(|written| written.get(later)).is_some_and(|it| it.value.is_none())
        };
        pred = named(&|entry| entry.value.is_some() && entry.replaced_by.iter().all(cleared));
    }
    let action = match value {
        Some(Value::Text(text)) => OpType::Put(ScalarValue::Str(text.as_str().into())),
        Some(Value::Int(int)) => OpType::Put(ScalarValue::Int(*int)),
        None if pred.is_empty() => return None,
        None => OpType::Delete,
    };
    let key = Key::Map(key.into());
    Some(Op { action, obj: ObjectId::Root, key, pred: pred.into(), insert: false })
}
