//! The form of a change chunk, read strictly and without Automerge.
//!
//! A change is a few run-length coded columns: 20 bytes can claim 2^60 operations, and a reader that
//! believes them never ends. So before Automerge sees a chunk, everything that it would loop over is
//! counted here: dependencies, actors, columns, and the rows that each column claims.
//!
//! Layout: <https://automerge.org/automerge-binary-format-spec/>, sections "Change chunks" and "Columns".

use crate::model::Hash;

/// Operations in one change at most. The Plan's writer puts 200 entries into one.
pub const MAX_OPS: u64 = 1_024;
/// Dependencies of one change at most: the heads its author saw, one a device.
pub const MAX_DEPENDENCIES: u64 = 256;
/// Other actors that one change may name: those whose entries it replaces.
pub const MAX_ACTORS: u64 = 1_024;
/// Length of an actor id: the device's 8 bytes, then 8 of one run of its program.
pub const ACTOR_LEN: usize = 16;

/// What Automerge's chunks begin with.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Magic and checksum.
const PREFIX: usize = 8;
/// The chunk type of a plain change. Documents (0), deflated changes (2) and bundles (3) never
/// come in from outside.
const PLAIN_CHANGE: u8 = 1;
/// The columns of a change that puts scalars into the root map or deletes them there:
/// key text, insert, action, value length and type, value, and group, actor and counter of what it
/// replaces. A deflated column has another number.
const COLUMNS: [u64; 8] = [0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73];
/// The kind of a column stands in the lowest three bits of its number.
const BOOLEAN: u64 = 4;
const RAW: u64 = 7;
const TEXT: u64 = 5;

/// The id of one run of one device's program.
pub type Actor = [u8; ACTOR_LEN];

/// What a change says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Who wrote it.
    pub actor: Actor,
    /// The actor's number of this change, from 1.
    pub seq: u64,
    /// The number of its first operation.
    pub start_op: u64,
    /// What it builds on, ascending.
    pub dependencies: Vec<Hash>,
}

/// Reads the header of a plain change and counts what its columns claim. `None`: not a plain change
/// of scalars in the root map, or larger in any way than an honest writer's.
pub fn read(bytes: &[u8]) -> Option<Header> {
    let rest = bytes.strip_prefix(&MAGIC)?.get(4..)?;
    let (kind, rest) = rest.split_first()?;
    let mut from = Bytes(rest);
    if *kind != PLAIN_CHANGE || from.unsigned()? != from.0.len() as u64 {
        return None;
    }
    let count = from.unsigned().filter(|count| *count <= MAX_DEPENDENCIES)?;
    let dependencies: Vec<Hash> =
        (0..count).map(|_| from.take(32).and_then(Hash::from_slice)).collect::<Option<_>>()?;
    let actor = from.actor()?;
    let (seq, start_op) = (from.unsigned()?, from.unsigned()?);
    from.signed()?;
    // Our writers leave no message.
    if from.unsigned()? != 0 {
        return None;
    }
    let actors = from.unsigned().filter(|count| *count <= MAX_ACTORS)?;
    for _ in 0..actors {
        from.actor()?;
    }
    columns(&mut from)?;
    let ascending = dependencies.is_sorted_by(|a, b| a < b);
    (ascending && from.0.is_empty()).then_some(Header { actor, seq, start_op, dependencies })
}

/// The bytes that a change's hash covers: everything behind magic and checksum.
pub fn hashed(bytes: &[u8]) -> &[u8] {
    bytes.get(PREFIX..).unwrap_or_default()
}

/// The checksum of a chunk: the first 4 bytes of its hash.
pub(super) fn checksum_holds(bytes: &[u8], hash: &Hash) -> bool {
    bytes.get(4..PREFIX).is_some_and(|sum| hash.0.starts_with(sum))
}

/// Walks all columns: known ones, ascending, none of more rows than a change has operations.
fn columns(from: &mut Bytes<'_>) -> Option<()> {
    let count = from.unsigned().filter(|count| *count <= COLUMNS.len() as u64)?;
    let mut described: Vec<(u64, usize)> = Vec::new();
    for _ in 0..count {
        let (number, length) = (from.unsigned()?, usize::try_from(from.unsigned()?).ok()?);
        let after = described.last().is_none_or(|(before, _)| *before < number);
        if !after || !COLUMNS.contains(&number) {
            return None;
        }
        described.push((number, length));
    }
    for (number, length) in described {
        let mut data = Bytes(from.take(length)?);
        match number % 8 {
            RAW => {}
            BOOLEAN => data.booleans()?,
            kind => data.runs(kind == TEXT)?,
        }
    }
    Some(())
}

/// What is left to read. All lengths are checked; LEB128 in at most 10 bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= i64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0 && shift + 7 < 64;
                return Some(if negative {
                    value | (-1_i64).wrapping_shl(shift + 7)
                } else {
                    value
                });
            }
        }
        None
    }

    fn actor(&mut self) -> Option<Actor> {
        let length = self.unsigned()?;
        let length = usize::try_from(length).ok().filter(|length| *length == ACTOR_LEN)?;
        self.take(length)?.try_into().ok()
    }

    /// A run-length coded column: n > 0: one value n times; n < 0: -n values; 0: so many without a
    /// value.
    fn runs(&mut self, text: bool) -> Option<()> {
        let mut rows = 0_u64;
        while !self.0.is_empty() {
            let run = self.signed()?;
            let values = match run {
                0 => {
                    rows = rows.checked_add(self.unsigned()?)?;
                    0
                }
                1.. => {
                    rows = rows.checked_add(run.unsigned_abs())?;
                    1
                }
                _ => {
                    rows = rows.checked_add(run.unsigned_abs())?;
                    run.unsigned_abs()
                }
            };
            if rows > MAX_OPS {
                return None;
            }
            for _ in 0..values {
                if text {
                    let length = usize::try_from(self.unsigned()?).ok()?;
                    self.take(length)?;
                } else {
                    // Signed and unsigned numbers end at the same byte.
                    self.signed()?;
                }
            }
        }
        Some(())
    }

    /// A column of alternating runs of false and true.
    fn booleans(&mut self) -> Option<()> {
        let mut rows = 0_u64;
        while !self.0.is_empty() {
            rows = rows.checked_add(self.unsigned()?)?;
            if rows > MAX_OPS {
                return None;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use automerge::{ActorId, Automerge, ROOT, ReadDoc, transaction::Transactable};

    use super::*;

    fn change(puts: usize) -> Vec<u8> {
        let mut document = Automerge::new().with_actor(ActorId::from([7; ACTOR_LEN]));
        document
            .transact(|tx| {
                (0..puts).try_for_each(|n| tx.put(ROOT, format!("remark/{n}"), n as i64))
            })
            .unwrap();
        document.transact(|tx| tx.put(ROOT, "remark/0", "said again")).unwrap();
        document.transact(|tx| tx.delete(ROOT, "remark/0")).unwrap();
        assert!(document.get(ROOT, "remark/1").unwrap().is_some());
        let changes = document.get_changes(&[]);
        changes.first().unwrap().raw_bytes().to_vec()
    }

    /// Puts a chunk's length and hash right again.
    fn reseal(contents: &[u8]) -> Vec<u8> {
        let mut chunk = vec![PLAIN_CHANGE];
        let mut length = contents.len();
        while length > 0x7f {
            chunk.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        chunk.push(length as u8);
        chunk.extend(contents);
        let sum = Hash::of(&chunk).0;
        [&MAGIC[..], &sum[..4], &chunk].concat()
    }

    #[test]
    fn a_real_change_is_read() {
        let bytes = change(200);
        let header = read(&bytes).unwrap();
        assert_eq!((header.actor, header.seq, header.start_op), ([7; 16], 1, 1));
        assert!(checksum_holds(&bytes, &Hash::of(hashed(&bytes))));
        assert_eq!(read(&change(MAX_OPS as usize)).unwrap().seq, 1);
        assert_eq!(read(&change(MAX_OPS as usize + 1)), None);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "cut at {length}");
        }
    }

    #[test]
    fn a_run_that_claims_more_than_anybody_writes_is_refused() {
        let mut contents = vec![0, 16];
        contents.extend([7; 16]);
        // seq, start_op, time, message, actors, one column "action" of 11 bytes.
        contents.extend([1, 1, 0, 0, 0, 1, 0x42, 10]);
        // 2^62 times "put".
        contents.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x3f, 1]);
        assert_eq!(read(&reseal(&contents)), None);
        // The same with three of them has the right form.
        let length = contents.len();
        contents.truncate(length - 11);
        contents.extend([2, 3, 1]);
        assert!(read(&reseal(&contents)).is_some());
    }

    #[test]
    fn numbers_longer_than_ten_bytes_are_refused() {
        assert_eq!(Bytes(&[0xff; 11]).unsigned(), None);
        assert_eq!(Bytes(&[0xff; 11]).signed(), None);
        assert_eq!(Bytes(&[0x7f]).signed(), Some(-1));
        assert_eq!(Bytes(&[0xe5, 0x8e, 0x26]).unsigned(), Some(624_485));
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Bytes(&most).unsigned(), Some(u64::MAX));
    }
}
