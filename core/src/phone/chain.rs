//! Appending to this device's chain, and cutting it.

use super::{Phone, RecordError, Tail};
use crate::{
    document::RawChange,
    entropy::draw,
    model::{DocumentId, Hash, RecordRef},
    record::{
        Body, ContentPart, DeviceKey, Item, Marker, PersonPart, Record, Segment, Span, TimePart,
        body::{MAX_VOUCHED, note},
        crew,
        segment::{CUT_BYTES, MAX_RECORDS},
    },
    store::{Cut, OpenRecord, Vouched},
    time::{ClockReading, reading::STEP_THRESHOLD},
};

/// An `alive` record is due after this many seconds: 6 h.
pub const ALIVE_EVERY_SECS: u64 = 6 * 3_600;

/// What becomes a record, and the changes that it vouches for: kept together or not at all.
struct Fact<'a> {
    patrol: u64,
    /// Who did it; `None`: who holds the phone.
    person: Option<PersonPart>,
    body: Body,
    changes: &'a [RawChange],
}

impl Fact<'_> {
    fn new(patrol: u64, body: Body) -> Self {
        Self { patrol, person: None, body, changes: &[] }
    }
}

impl Phone {
    /// Records `body`. When this returns, the record is durable ("taken").
    pub(super) fn record(
        &mut self,
        patrol: u64,
        body: Body,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        self.record_fact(Fact::new(patrol, body), reading)
    }

    /// Records that this device made `changes` of one document, and keeps them: all of them or none,
    /// in as many records as it takes to name them.
    pub(super) fn vouch(
        &mut self,
        (kind, id): (u64, DocumentId),
        changes: &[RawChange],
        reading: &ClockReading,
    ) -> Result<Vec<RecordRef>, RecordError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let patrol = self.current.as_ref().map_or(0, |current| current.number);
        let facts = changes.chunks(MAX_VOUCHED).map(|changes| {
            let named = changes.iter().map(|change| change.hash).collect();
            Fact { changes, ..Fact::new(patrol, Body::Document { kind, id, changes: named }) }
        });
        let facts: Vec<Fact<'_>> = facts.collect();
        self.observe(reading)?;
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        let taken = self.write((tail.seq + 1, tail.head), tail.offset, facts, reading)?;
        for (record, changes) in taken.iter().zip(changes.chunks(MAX_VOUCHED)) {
            self.note_voucher(*record, (kind, id), changes);
        }
        self.cut_if_full();
        Ok(taken)
    }

    /// Records what `crew` records tell of people other than who holds the phone, all of it or nothing.
    pub(super) fn record_of(
        &mut self,
        told: &[(PersonPart, u64)],
        reading: &ClockReading,
    ) -> Result<(), RecordError> {
        let fact = |(person, action): &(PersonPart, u64)| Fact {
            person: Some(*person),
            ..Fact::new(0, Body::Crew { action: *action })
        };
        let facts = told.iter().map(fact).collect();
        self.observe(reading)?;
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        self.write((tail.seq + 1, tail.head), tail.offset, facts, reading)?;
        self.cut_if_full();
        Ok(())
    }

    fn record_fact(
        &mut self,
        fact: Fact<'_>,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        self.observe(reading)?;
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        let taken = self.write_one((tail.seq + 1, tail.head), tail.offset, fact, reading)?;
        self.cut_if_full();
        Ok(taken)
    }

    /// Records what the clocks did since the last record: a reboot, a step, a way back.
    pub(super) fn observe(&mut self, reading: &ClockReading) -> Result<(), RecordError> {
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        let offset = reading.offset();
        if tail.time.boot != reading.boot {
            self.append_with(offset, 0, Body::Boot { offset }, reading)?;
            return Ok(());
        }
        if reading.mono < tail.time.mono {
            self.append(0, Body::Note { code: note::MONO_BACK, blob: None }, reading)?;
        }
        if offset.abs_diff(tail.offset) > STEP_THRESHOLD.unsigned_abs() {
            let step = Body::ClockStep { before: tail.offset, after: offset };
            self.append_with(offset, 0, step, reading)?;
        }
        Ok(())
    }

    /// Appends a record that changes the offset in force. It changes with the record or not at all.
    fn append_with(
        &mut self,
        offset: i64,
        patrol: u64,
        body: Body,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        self.write_one((tail.seq + 1, tail.head), offset, Fact::new(patrol, body), reading)
    }

    /// Writes the first record of a chain.
    pub(super) fn begin(
        &mut self,
        genesis: Body,
        reading: &ClockReading,
    ) -> Result<(), RecordError> {
        let Body::Genesis { offset, .. } = genesis else { return Err(RecordError::NotEnrolled) };
        self.write_one((0, Hash::ZERO), offset, Fact::new(0, genesis), reading).map(drop)
    }

    pub(super) fn append(
        &mut self,
        patrol: u64,
        body: Body,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        let tail = self.tail.ok_or(RecordError::NotEnrolled)?;
        self.write_one((tail.seq + 1, tail.head), tail.offset, Fact::new(patrol, body), reading)
    }

    fn write_one(
        &mut self,
        place: (u64, Hash),
        offset: i64,
        fact: Fact<'_>,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        let taken = self.write(place, offset, vec![fact], reading)?;
        taken.first().copied().ok_or(RecordError::NotEnrolled)
    }

    /// Makes these facts records from `seq` on, all of them or none.
    fn write(
        &mut self,
        (seq, prev): (u64, Hash),
        offset: i64,
        facts: Vec<Fact<'_>>,
        reading: &ClockReading,
    ) -> Result<Vec<RecordRef>, RecordError> {
        let opens = match &self.open {
            Some(_) => None,
            None => Some(Cut { from: seq, prev, key: draw(self.entropy.as_mut()) }),
        };
        let Some(cut) = opens.as_ref().or(self.open.as_ref()) else {
            return Err(RecordError::NotEnrolled);
        };
        let time = reading.time_part(offset);
        let mut records: Vec<(OpenRecord, Option<Vouched<'_>>)> = Vec::new();
        let mut alive = false;
        let (mut seq, mut prev) = (seq, prev);
        for Fact { patrol, person, body, changes } in facts {
            let kind = body.kind();
            alive |= kind == Body::Alive.kind();
            let vouched = match &body {
                Body::Document { kind, id, .. } => Some((*kind, *id, changes)),
                _ => None,
            };
            let person = person.unwrap_or(self.person).encode();
            let parts = [time.encode(), person, ContentPart { patrol, body }.encode()];
            let [a, b, c] = &parts;
            // What no reader would take must not get into the chain: it would end there.
            ContentPart::decode(kind, c)?;
            let bytes = Record::compose(kind, self.dev, seq, prev, &cut.key, [a, b, c]).encode();
            let record = OpenRecord { seq, hash: Hash::of(&bytes), bytes, parts };
            (seq, prev) = (seq + 1, record.hash);
            records.push((record, vouched));
        }
        let arrived = i64::try_from(time.wall).unwrap_or(i64::MAX);
        self.store.append(self.dev, &records, opens.as_ref(), arrived)?;
        // Durable from here on: memory follows, then the marker, which may only lag.
        if let Some(cut) = opens {
            self.open = Some(cut);
            self.open_size = (0, 0);
        }
        if alive {
            self.last_alive_wall = Some(time.wall);
        }
        let mut taken = Vec::new();
        for (record, _) in &records {
            self.open_size.0 += 1;
            self.open_size.1 += record.size();
            self.tail = Some(Tail { seq: record.seq, head: record.hash, time, offset });
            taken.push(RecordRef { dev: self.dev, seq: record.seq, hash: record.hash });
        }
        if let Some(last) = taken.last() {
            self.safe.set_marker(&Marker { dev: self.dev, seq: last.seq, head: last.hash });
        }
        Ok(taken)
    }

    /// Cuts at 256 records or 48 KiB. A key that cannot be used just now is no reason to lose
    /// anything: the records are durable, and the next cut signs them.
    fn cut_if_full(&mut self) {
        let (records, bytes) = self.open_size;
        if records >= MAX_RECORDS || bytes >= CUT_BYTES {
            drop(self.seal());
        }
    }

    /// Cuts the open segment and signs it.
    pub fn seal(&mut self) -> Result<(), RecordError> {
        while let Some(cut) = self.open.take() {
            match seal_one(&mut self.store, self.key.as_ref(), &cut) {
                Ok(rest) => self.open = rest,
                Err(error) => {
                    self.open = Some(cut);
                    return Err(error);
                }
            }
        }
        self.open_size = (0, 0);
        Ok(())
    }

    /// Writes `alive` if six hours have passed since the last one. Call it now and then.
    pub fn heartbeat(&mut self, reading: &ClockReading) -> Result<bool, RecordError> {
        let now = reading.wall_ms.div_euclid(1_000);
        let last = self.last_alive_wall.and_then(|last| i64::try_from(last).ok());
        let fresh = last.is_some_and(|last| now.abs_diff(last) < ALIVE_EVERY_SECS);
        if !fresh {
            self.record(0, Body::Alive, reading)?;
        }
        Ok(!fresh)
    }

    /// Says who holds the phone from now on, as the caller knows it: a word, or what a hub has checked by
    /// itself. [`Phone::log_in`] checks.
    pub fn login(
        &mut self,
        person: PersonPart,
        reading: &ClockReading,
    ) -> Result<RecordRef, RecordError> {
        let before = std::mem::replace(&mut self.person, person);
        let action = if self.current.is_some() { crew::CHANGE } else { crew::LOGIN };
        let patrol = self.current.as_ref().map_or(0, |current| current.number);
        self.record(patrol, Body::Crew { action }, reading).inspect_err(|_| self.person = before)
    }
}

/// Cuts the first 256 records of `cut` at most; returns what is left of it.
pub(super) fn seal_one(
    store: &mut crate::store::Store,
    key: &dyn DeviceKey,
    cut: &Cut,
) -> Result<Option<Cut>, RecordError> {
    let dev = crate::record::device_id(&key.public_key());
    let most = cut.from + (MAX_RECORDS as u64 - 1);
    let mut records = store.own_records(dev, cut.from, most)?;
    let mut size = 0;
    // Whole records up to the limit of bytes, at least one.
    let fits = records.iter().take_while(|record| {
        let room = size < CUT_BYTES;
        size += record.size();
        room
    });
    let fits = fits.count().max(1);
    records.truncate(fits);
    let Some(last) = records.last() else { return Ok(None) };
    let span = Span { from: cut.from, to: last.seq, prev: cut.prev, head: last.hash };
    let items: Vec<Item> = records.iter().map(OpenRecord::to_item).collect::<Result<_, _>>()?;
    let segment = Segment::cut(key, cut.from, cut.prev, cut.key, items)?;
    let more = store.tail(dev)?.is_some_and(|tail| tail.seq > span.to);
    let rest = more.then_some(Cut { from: span.to + 1, prev: span.head, key: cut.key });
    store.close_cut(dev, span, &segment.encode(), rest.as_ref())?;
    Ok(rest)
}

/// Nobody is logged in until somebody logs in.
pub(super) const NOBODY: PersonPart = PersonPart::NOBODY;

/// Reads a stored time part.
pub(super) fn time_of(record: &OpenRecord) -> Option<TimePart> {
    let [time, ..] = &record.parts;
    TimePart::decode(time).ok()
}
