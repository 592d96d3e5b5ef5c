//! Change chunks taken apart and put together, right or wrong.
//!
//! Layout: <https://automerge.org/automerge-binary-format-spec/>, section "Change chunks".

use deckwatch_core::{document::RawChange, model::Hash};

/// What every chunk begins with.
pub const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The types of chunks.
pub const DOCUMENT: u8 = 0;
#[expect(missing_docs, reason = "as above")]
pub const CHANGE: u8 = 1;
#[expect(missing_docs, reason = "as above")]
pub const DEFLATED: u8 = 2;
#[expect(missing_docs, reason = "as above")]
pub const BUNDLE: u8 = 3;

/// A change chunk's contents, every part by itself. Numbers are as wide as the format has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Hashes that it builds on.
    pub deps: Vec<[u8; 32]>,
    /// Its author's run.
    pub actor: Vec<u8>,
    /// The author's number.
    pub seq: u64,
    /// The number of the first operation.
    pub start_op: u64,
    /// Unix time.
    pub time: i64,
    /// A message, not always text.
    pub message: Vec<u8>,
    /// Actors that the operations name.
    pub others: Vec<Vec<u8>>,
    /// Number and bytes of each column.
    pub columns: Vec<(u64, Vec<u8>)>,
    /// Bytes behind the columns.
    pub extra: Vec<u8>,
}

impl Parts {
    /// Of a good change.
    pub fn of(bytes: &[u8]) -> Self {
        let mut from = Cursor(&bytes[9..]);
        assert_eq!(from.unsigned(), from.0.len() as u64);
        let deps = (0..from.unsigned()).map(|_| from.take(32).try_into().unwrap()).collect();
        let actor = from.prefixed();
        let (seq, start_op, time) = (from.unsigned(), from.unsigned(), from.signed());
        let message = from.prefixed();
        let others = (0..from.unsigned()).map(|_| from.prefixed()).collect();
        let described: Vec<(u64, u64)> =
            (0..from.unsigned()).map(|_| (from.unsigned(), from.unsigned())).collect();
        let columns = described
            .into_iter()
            .map(|(number, length)| (number, from.take(length as usize).to_vec()))
            .collect();
        let extra = from.0.to_vec();
        Self { deps, actor, seq, start_op, time, message, others, columns, extra }
    }

    /// The contents as bytes.
    pub fn contents(&self) -> Vec<u8> {
        self.contents_with(|_, length| length)
    }

    /// The contents, with columns that claim other lengths: `claim` is given number and true length.
    pub fn contents_with(&self, claim: impl Fn(u64, u64) -> u64) -> Vec<u8> {
        let mut to = Vec::new();
        unsigned(&mut to, self.deps.len() as u64);
        self.deps.iter().for_each(|dep| to.extend(dep));
        prefixed(&mut to, &self.actor);
        unsigned(&mut to, self.seq);
        unsigned(&mut to, self.start_op);
        signed(&mut to, self.time);
        prefixed(&mut to, &self.message);
        unsigned(&mut to, self.others.len() as u64);
        self.others.iter().for_each(|other| prefixed(&mut to, other));
        unsigned(&mut to, self.columns.len() as u64);
        for (number, data) in &self.columns {
            unsigned(&mut to, *number);
            unsigned(&mut to, claim(*number, data.len() as u64));
        }
        self.columns.iter().for_each(|(_, data)| to.extend(data));
        to.extend(&self.extra);
        to
    }

    /// As a change with everything outside of its contents right.
    pub fn seal(&self) -> RawChange {
        seal(CHANGE, &self.contents())
    }

    /// The bytes of one column.
    pub fn column(&mut self, number: u64) -> Option<&mut Vec<u8>> {
        self.columns.iter_mut().find(|(found, _)| *found == number).map(|(_, data)| data)
    }
}

/// A chunk with length, checksum and hash made right.
pub fn seal(kind: u8, contents: &[u8]) -> RawChange {
    let mut hashed = vec![kind];
    unsigned(&mut hashed, contents.len() as u64);
    hashed.extend(contents);
    let hash = Hash::of(&hashed);
    let bytes = [&MAGIC[..], &hash.0[..4], &hashed].concat();
    RawChange { hash, bytes }
}

/// Any bytes, under the hash that a reader computes over them.
pub fn named(bytes: Vec<u8>) -> RawChange {
    let hash = Hash::of(bytes.get(8..).unwrap_or_default());
    RawChange { hash, bytes }
}

/// LEB128 without a sign.
pub fn unsigned(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// LEB128 with a sign.
pub fn signed(to: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            to.push(byte);
            return;
        }
        to.push(byte | 0x80);
    }
}

fn prefixed(to: &mut Vec<u8>, bytes: &[u8]) {
    unsigned(to, bytes.len() as u64);
    to.extend(bytes);
}

/// Reads good chunks only.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn prefixed(&mut self) -> Vec<u8> {
        let length = self.unsigned() as usize;
        self.take(length).to_vec()
    }

    fn unsigned(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.take(1)[0];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }

    fn signed(&mut self) -> i64 {
        let (mut value, mut shift) = (0_i64, 0);
        loop {
            let byte = self.take(1)[0];
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0 && shift < 64;
                return if negative { value | -1 << shift } else { value };
            }
        }
    }
}
