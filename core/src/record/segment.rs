//! A run of records with one signature: FORMAT.md section 6. What travels, and what is kept.

use super::{
    body::{Body, GENESIS, Kind, PublicKeyBytes},
    cbor::{CborError, Next, Reader, Writer},
    fact::{Entry, Record, VERSION},
    key::{DeviceKey, KeyError, Purpose, SIGNATURE_LEN, device_id, sign, verify},
    part::{ContentPart, MAX_PART_DEPTH, Part, PersonPart, SegmentKey, TimePart},
};
use crate::model::{DeviceId, Hash, RecordRef};

/// Records in one segment at most.
pub const MAX_RECORDS: usize = 256;
/// Where the author cuts, counted in record and part bytes.
pub const CUT_BYTES: usize = 48 * 1024;
/// Bytes of a segment at most; a C2SP tlog-tiles entry holds no more.
pub const MAX_BYTES: usize = 65_535;

/// Why bytes are not an acceptable segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// Larger than any author cuts, in this form or in the largest: all parts with their salts.
    #[error("a segment of {0} bytes; at most {MAX_BYTES} are accepted")]
    TooLarge(usize),
    /// Not the format.
    #[error("not a segment: {0}; the sender must send its own copy again")]
    Malformed(#[from] CborError),
    /// Understood, but not the one encoding of what it says.
    #[error("not the only encoding of this segment; the sender must send its own copy again")]
    NotCanonical,
    /// No records, more than [`MAX_RECORDS`], or a seq beyond 2^64 - 2.
    #[error("a segment of {0} records; 1 to {MAX_RECORDS} are accepted, to seq 2^64 - 2")]
    Count(usize),
    /// Signed with another key, or changed after signing.
    #[error("the signature does not fit; these are not the records that device {0} signed")]
    BadSignature(DeviceId),
    /// The key does not belong to the device named.
    #[error("the key belongs to another device than {0}")]
    WrongDevice(DeviceId),
    /// The first record does not stand at the beginning of a chain, or the other way round.
    #[error("record 0 and nothing else is a genesis and has no record before it")]
    BadStart,
}

/// What a segment shows of one part of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// Only the commitment.
    Withheld(Hash),
    /// The part's bytes; the salt comes from the segment key.
    Shown(Vec<u8>),
    /// The part's bytes with their own salt, where the segment key is not shown.
    Salted([u8; 32], Vec<u8>),
}

impl Slot {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Withheld(_) => None,
            Self::Shown(bytes) | Self::Salted(_, bytes) => Some(bytes),
        }
    }
}

/// One record of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The record's kind.
    pub kind: Kind,
    /// Time, person, content.
    pub slots: [Slot; 3],
}

/// A run of records of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The author.
    pub dev: DeviceId,
    /// Seq of the first record.
    pub from: u64,
    /// Hash of the record before the first.
    pub prev: Hash,
    /// Opens every shown part; `None` where some reader must not open all.
    pub key: Option<SegmentKey>,
    /// The records.
    pub items: Vec<Item>,
    /// ES256 over the last record.
    pub signature: [u8; SIGNATURE_LEN],
}

/// A segment whose signature and parts were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSegment {
    /// The author.
    pub dev: DeviceId,
    /// Hash of the record before the first.
    pub prev: Hash,
    /// The records, in order.
    pub entries: Vec<Entry>,
}

impl VerifiedSegment {
    /// Seq of the first record.
    pub fn from(&self) -> u64 {
        self.entries.first().map_or(0, |entry| entry.at.seq)
    }

    /// Seq of the last record.
    pub fn to(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.at.seq)
    }

    /// Hash of the last record.
    pub fn head(&self) -> Hash {
        self.entries.last().map_or(Hash::ZERO, |entry| entry.at.hash)
    }
}

impl Segment {
    /// Cuts a segment: `items` are all records after `prev`, with all parts shown.
    pub fn cut(
        key: &dyn DeviceKey,
        from: u64,
        prev: Hash,
        segment_key: SegmentKey,
        items: Vec<Item>,
    ) -> Result<Self, KeyError> {
        let dev = device_id(&key.public_key());
        let mut segment =
            Self { dev, from, prev, key: Some(segment_key), items, signature: [0; SIGNATURE_LEN] };
        let last = segment.records().last().map(|record| record.encode()).unwrap_or_default();
        segment.signature = sign(key, Purpose::Record, &last)?;
        Ok(segment)
    }

    /// Seq of the last record.
    pub fn to(&self) -> u64 {
        self.from.saturating_add((self.items.len() as u64).saturating_sub(1))
    }

    /// The records' seqs. A segment that was not decoded may claim any: nothing overflows.
    fn seqs(&self) -> impl Iterator<Item = u64> + use<> {
        let from = self.from;
        (0..MAX_RECORDS as u64).map(move |index| from.saturating_add(index))
    }

    /// Rebuilds the records from what is shown; at most [`MAX_RECORDS`].
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let mut prev = self.prev;
        self.items.iter().zip(self.seqs()).map(move |(item, seq)| {
            let mut commitments = [Hash::ZERO; 3];
            for ((to, part), slot) in commitments.iter_mut().zip(Part::ALL).zip(&item.slots) {
                *to = match (slot, &self.key) {
                    (Slot::Withheld(commitment), _) => *commitment,
                    (Slot::Salted(salt, bytes), _) => part.commit(salt, bytes),
                    (Slot::Shown(bytes), Some(key)) => part.commit(&part.salt(key, seq), bytes),
                    // Decoding and `disclose` never make this: nothing can be committed to.
                    (Slot::Shown(_), None) => Hash::ZERO,
                };
            }
            let record = Record { kind: item.kind, dev: self.dev, seq, prev, commitments };
            prev = record.hash();
            record
        })
    }

    /// Checks the signature against the author's key, rebuilds every record and reads what is
    /// shown. The signature is checked before any part is interpreted.
    pub fn verify(&self, author: &PublicKeyBytes) -> Result<VerifiedSegment, SegmentError> {
        if device_id(author) != self.dev {
            return Err(SegmentError::WrongDevice(self.dev));
        }
        check_count(self.from, self.items.len())?;
        let mut starts =
            self.items.iter().zip(self.seqs()).map(|(item, seq)| (item.kind == GENESIS, seq == 0));
        if (self.from == 0) != (self.prev == Hash::ZERO)
            || starts.any(|(genesis, first)| genesis != first)
        {
            return Err(SegmentError::BadStart);
        }
        let records: Vec<Record> = self.records().collect();
        let last = records.last().map(Record::encode).unwrap_or_default();
        if !verify(author, Purpose::Record, &last, &self.signature) {
            return Err(SegmentError::BadSignature(self.dev));
        }
        // A record's hash is the next one's prev; only the last must be hashed again.
        let hashes =
            records.iter().skip(1).map(|next| next.prev).chain(std::iter::once(Hash::of(&last)));
        let mut entries = Vec::with_capacity(records.len());
        for ((record, hash), item) in records.iter().zip(hashes).zip(&self.items) {
            entries.push(item.open(record, hash)?);
        }
        // A genesis that names another key would let a reader without certificates believe that.
        if let Some(Body::Genesis { key, .. }) = entries.first().and_then(Entry::body)
            && key != author
        {
            return Err(SegmentError::WrongDevice(self.dev));
        }
        Ok(VerifiedSegment { dev: self.dev, prev: self.prev, entries })
    }

    /// Rebuilds every record and reads what is shown, without asking for the signature: for
    /// bytes of one's own store, which were verified before they were kept.
    pub fn reopen(&self) -> Result<VerifiedSegment, SegmentError> {
        let mut entries = Vec::with_capacity(self.items.len());
        for (record, item) in self.records().zip(&self.items) {
            let hash = record.hash();
            entries.push(item.open(&record, hash)?);
        }
        Ok(VerifiedSegment { dev: self.dev, prev: self.prev, entries })
    }

    /// The same segment for a reader who may see only the parts that `shown` names: no segment
    /// key, each shown part with its own salt. The chain verifies as before.
    pub fn disclose(&self, shown: impl Fn(u64, Part) -> bool) -> Self {
        let records: Vec<Record> = self.records().collect();
        let items = self
            .items
            .iter()
            .zip(&records)
            .map(|(item, record)| {
                let seq = record.seq;
                let mut slots = item.slots.clone();
                for ((slot, part), commitment) in
                    slots.iter_mut().zip(Part::ALL).zip(record.commitments)
                {
                    *slot = match (&*slot, &self.key) {
                        (Slot::Shown(bytes), Some(key)) if shown(seq, part) => {
                            Slot::Salted(part.salt(key, seq), bytes.clone())
                        }
                        (Slot::Salted(..), _) if shown(seq, part) => continue,
                        _ => Slot::Withheld(commitment),
                    };
                }
                Item { kind: item.kind, slots }
            })
            .collect();
        Self { key: None, items, ..self.clone() }
    }

    /// The segment's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(7).uint(VERSION).bytes(&self.dev.0).uint(self.from).bytes(&self.prev.0);
        to.optional(self.key.as_ref(), |to, key| to.bytes(key)).array(self.items.len());
        let mut before: Option<&Item> = None;
        for item in &self.items {
            item.encode(&mut to, before, self.key.is_some());
            before = Some(item);
        }
        to.bytes(&self.signature);
        to.finish()
    }

    /// Reads a segment's bytes. Nothing is believed yet: see [`Segment::verify`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SegmentError> {
        if bytes.len() > MAX_BYTES {
            return Err(SegmentError::TooLarge(bytes.len()));
        }
        let mut from = Reader::new(bytes)?;
        from.array(7)?;
        if from.uint()? != VERSION {
            return Err(CborError::Expected("a segment of version 1").into());
        }
        let dev = DeviceId(from.fixed()?);
        let first = from.uint()?;
        let prev = from.hash()?;
        let key = from.optional(Reader::fixed)?;
        let count = from.array_len()?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        check_count(first, count)?;
        let mut items: Vec<Item> = Vec::with_capacity(count);
        for _ in 0..count {
            let item = Item::decode(&mut from, items.last(), key.is_some())?;
            items.push(item);
        }
        let segment = Self { dev, from: first, prev, key, items, signature: from.fixed()? };
        // The short forms must be used where they can be: one segment, one encoding.
        if segment.encode() != bytes {
            return Err(SegmentError::NotCanonical);
        }
        // Showing parts with salts takes more room than the key does: a segment that has no room
        // for that could never be shown in part.
        match segment.salted_len() {
            0..=MAX_BYTES => Ok(segment),
            length => Err(SegmentError::TooLarge(length)),
        }
    }

    /// Bytes of the largest copy: every part shown with its salt.
    fn salted_len(&self) -> usize {
        let salted = |slot: &Slot| match slot.bytes() {
            Some(bytes) => Slot::Salted([0; 32], bytes.to_vec()),
            None => slot.clone(),
        };
        let items = self.items.iter();
        let items =
            items.map(|item| Item { kind: item.kind, slots: item.slots.each_ref().map(salted) });
        Self { key: None, items: items.collect(), ..self.clone() }.encode().len()
    }
}

impl Item {
    /// All parts shown.
    pub fn shown(time: &TimePart, person: &PersonPart, content: &ContentPart) -> Self {
        let slots = [time.encode(), person.encode(), content.encode()].map(Slot::Shown);
        Self { kind: content.body.kind(), slots }
    }

    fn open(&self, record: &Record, hash: Hash) -> Result<Entry, CborError> {
        let [time, person, content] = &self.slots;
        let kind = self.kind;
        Ok(Entry {
            at: RecordRef { dev: record.dev, seq: record.seq, hash },
            prev: record.prev,
            kind,
            time: time.bytes().map(TimePart::decode).transpose()?,
            person: person.bytes().map(PersonPart::decode).transpose()?,
            content: content.bytes().map(|bytes| ContentPart::decode(kind, bytes)).transpose()?,
        })
    }

    fn encode(&self, to: &mut Writer, before: Option<&Self>, keyed: bool) {
        to.array(4).uint(self.kind);
        for (index, slot) in self.slots.iter().enumerate() {
            let before = before.and_then(|item| item.slots.get(index));
            match slot {
                Slot::Withheld(commitment) => drop(to.bytes(&commitment.0)),
                Slot::Salted(salt, bytes) => drop(to.array(2).bytes(salt).raw(bytes)),
                Slot::Shown(bytes) if !keyed => drop(to.raw(bytes)),
                Slot::Shown(bytes) => {
                    let short = before.and_then(Slot::bytes).and_then(|before| match index {
                        0 => time_delta(before, bytes),
                        1 if before == bytes => Some(vec![0xf6]),
                        _ => None,
                    });
                    to.raw(short.as_deref().unwrap_or(bytes));
                }
            }
        }
    }

    fn decode(
        from: &mut Reader<'_>,
        before: Option<&Self>,
        keyed: bool,
    ) -> Result<Self, CborError> {
        from.array(4)?;
        let kind = from.uint()?;
        let mut slot = |index: usize| {
            let before = before.and_then(|item| item.slots.get(index)).and_then(Slot::bytes);
            Slot::decode(from, index, before, keyed)
        };
        Ok(Self { kind, slots: [slot(0)?, slot(1)?, slot(2)?] })
    }
}

impl Slot {
    fn decode(
        from: &mut Reader<'_>,
        index: usize,
        before: Option<&[u8]>,
        keyed: bool,
    ) -> Result<Self, CborError> {
        if from.next_is(Next::Bytes) {
            return from.hash().map(Self::Withheld);
        }
        if !keyed {
            from.array(2)?;
            return Ok(Self::Salted(from.fixed()?, from.raw()?.to_vec()));
        }
        let bytes = from.raw()?;
        match (index, bytes.first()) {
            // An array of two is a step from the item before.
            (0, Some(0x82)) => {
                let before =
                    before.ok_or(CborError::Expected("a full time in the first record"))?;
                Ok(Self::Shown(apply_time_delta(before, bytes)?))
            }
            (1, Some(0xf6)) => {
                let same = before.ok_or(CborError::Expected("a person in the first record"))?;
                // Repeated 255 times, 60 kB that are no person would be 15 MB.
                PersonPart::decode(same)?;
                Ok(Self::Shown(same.to_vec()))
            }
            _ => {
                Reader::within(bytes, MAX_PART_DEPTH)?;
                Ok(Self::Shown(bytes.to_vec()))
            }
        }
    }
}

/// 1 to [`MAX_RECORDS`] records, and a seq left behind the last.
fn check_count(from: u64, count: usize) -> Result<(), SegmentError> {
    if !(1..=MAX_RECORDS).contains(&count) || from.checked_add(count as u64).is_none() {
        return Err(SegmentError::Count(count));
    }
    Ok(())
}

/// `[dm, dw]`, where the boot is the same and mono did not go back.
fn time_delta(before: &[u8], now: &[u8]) -> Option<Vec<u8>> {
    let (before, now) = (TimePart::decode(before).ok()?, TimePart::decode(now).ok()?);
    let mono = now.mono.checked_sub(before.mono)?;
    let wall = now.wall.checked_signed_diff(before.wall)?;
    (before.boot == now.boot).then(|| {
        let mut to = Writer::default();
        to.array(2).uint(mono).int(wall);
        to.finish()
    })
}

fn apply_time_delta(before: &[u8], delta: &[u8]) -> Result<Vec<u8>, CborError> {
    const OUT_OF_RANGE: CborError = CborError::Expected("a time within 64 bits");
    let before = TimePart::decode(before)?;
    let mut from = Reader::new(delta)?;
    from.array(2)?;
    let mono = before.mono.checked_add(from.uint()?).ok_or(OUT_OF_RANGE)?;
    let wall = before.wall.checked_add_signed(from.int()?).ok_or(OUT_OF_RANGE)?;
    Ok(TimePart { boot: before.boot, mono, wall }.encode())
}
