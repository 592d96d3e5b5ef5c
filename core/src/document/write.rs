//! Writing: one change for one action of a person.

use automerge::{
    ActorId, Automerge, ROOT, ReadDoc,
    transaction::{CommitOptions, Transactable},
};

use super::{
    Value,
    chunk::{ACTOR_LEN, Actor},
    gate::{MAX_CHANGE_BYTES, RawChange},
};
use crate::model::DeviceId;

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The document could not take it.
    #[error("the document could not be changed ({0}); sync and try again")]
    Document(String),
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

/// Puts values under keys, or takes away what stands there, as one change. `time` is Unix seconds
/// and says nothing that anybody believes. `None`: nothing to write.
pub fn write<'e>(
    document: &mut Automerge,
    actor: Actor,
    time: i64,
    entries: impl IntoIterator<Item = (&'e str, Option<&'e Value>)>,
) -> Result<Option<RawChange>, WriteError> {
    document.set_actor(ActorId::from(actor));
    let done = document
        .transact_with(
            |()| CommitOptions::default().with_time(time),
            |tx| {
                entries.into_iter().try_for_each(|(key, value)| match value {
                    Some(Value::Text(text)) => tx.put(ROOT, key, text.as_str()),
                    Some(Value::Int(int)) => tx.put(ROOT, key, *int),
                    None => tx.delete(ROOT, key),
                })
            },
        )
        .map_err(|failure| WriteError::Document(failure.error.to_string()))?;
    let Some(hash) = done.hash else { return Ok(None) };
    let change = document
        .get_change_by_hash(&hash)
        .ok_or_else(|| WriteError::Document("the change is not there".to_owned()))?;
    let raw = RawChange::from(&change);
    if raw.bytes.len() > MAX_CHANGE_BYTES {
        return Err(WriteError::TooLarge(raw.bytes.len()));
    }
    Ok(Some(raw))
}
