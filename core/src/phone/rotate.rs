//! Changing this device's key: FORMAT.md section 21.
//!
//! Everything that needs the old key is made before anything is written; then the end of the old chain
//! and the beginning of the new one become durable together. A power cut before that leaves the old
//! chain as it was, with the next key waiting in the safe. A power cut after it, before the safe has
//! made the next key current, is noticed at opening by the old chain's last record.

use std::sync::Arc;

use super::{Phone, RecordError, Tail, open::OpenError};
use crate::{
    entropy::draw,
    model::{DeviceId, Hash},
    record::{
        Body, ContentPart, Continues, DeviceKey, Item, Marker, Purpose, Record, Segment,
        SegmentKey, TimePart, body::ROTATE, device_id, key::sign,
    },
    store::{Cut, Handover, OpenRecord, StoreError},
    time::ClockReading,
};

/// What opening found of a rotation.
pub(super) enum Rotated {
    /// The chain does not end with one.
    No,
    /// It was cut short, and is done now.
    Finished,
    /// The chain ended, and the key that was to go on is not to be had. Its last record.
    KeyLost(OpenRecord),
}

impl Phone {
    /// Changes this device's key to the safe's next one: its chain ends, and goes on under another device
    /// id, which is returned. The shore certifies it by itself at the next sync, or somebody there does; until then
    /// patrols are `unverifiable`. Until its two records are durable, an error changes nothing.
    pub fn rotate_key(&mut self, reading: &ClockReading) -> Result<DeviceId, RecordError> {
        if self.current.is_some() {
            return Err(RecordError::PatrolOpen);
        }
        let vessel = self.vessel().ok_or(RecordError::NotEnrolled)?;
        self.observe(reading)?;
        self.seal()?;
        let Tail { seq, head, offset, .. } = self.tail.ok_or(RecordError::NotEnrolled)?;
        let next = self.safe.next_key()?;
        let (key, dev) = (next.public_key(), device_id(&next.public_key()));
        let time = reading.time_part(offset);

        let cut = Cut { from: seq + 1, prev: head, key: draw(self.entropy.as_mut()) };
        let place = (self.dev, seq + 1, head);
        let last = self.composed(place, &cut.key, &time, Body::Rotate { key })?;
        let items: Vec<Item> = vec![last.to_item()?];
        let segment = Segment::cut(self.key.as_ref(), cut.from, head, cut.key, items)?.encode();
        let mut continues = Continues {
            dev: self.dev,
            held_seq: last.seq,
            held_head: last.hash,
            marker_seq: last.seq,
            marker_head: last.hash,
            signature: None,
        };
        let payload = continues.signed_payload(&key);
        continues.signature = Some(sign(self.key.as_ref(), Purpose::Continues, &payload)?);

        let offset = reading.offset();
        let (nonce, time) = (draw(self.entropy.as_mut()), reading.time_part(offset));
        let genesis = Body::Genesis { key, vessel, nonce, offset, continues: Some(continues) };
        let opened = Cut { from: 0, prev: Hash::ZERO, key: draw(self.entropy.as_mut()) };
        let first = self.composed((dev, 0, Hash::ZERO), &opened.key, &time, genesis)?;
        self.store.hand_over(&Handover {
            old: self.dev,
            last: (&last, &cut),
            segment: &segment,
            new: dev,
            first: (&first, &opened),
        })?;
        // Durable from here on. A safe that fails now is asked again at the next opening.
        self.hold(next);
        self.tail = Some(Tail { seq: 0, head: first.hash, time, offset });
        (self.open, self.open_size) = (Some(opened), (1, first.size()));
        (self.last_alive_wall, self.next_patrol) = (None, 1);
        drop(self.safe.use_next_key());
        self.safe.set_marker(&Marker { dev, seq: 0, head: first.hash });
        self.reopen_older()?;
        self.refresh_plan()?;
        Ok(dev)
    }

    /// Signs with this key from now on.
    pub(super) fn hold(&mut self, key: Arc<dyn DeviceKey>) {
        self.dev = device_id(&key.public_key());
        self.key = key;
    }

    /// Goes on with the next key, where a rotation was cut short after its records were durable.
    pub(super) fn finish_rotation(&mut self) -> Result<Rotated, OpenError> {
        const DAMAGED: StoreError = StoreError::Damaged("a record that does not read");
        let Some(tail) = self.store.tail(self.dev)? else { return Ok(Rotated::No) };
        if Record::decode(&tail.bytes).map_err(|_| DAMAGED)?.kind != ROTATE {
            return Ok(Rotated::No);
        }
        let [_, _, content] = &tail.parts;
        let content = ContentPart::decode(ROTATE, content).map_err(|_| DAMAGED)?;
        let next = self.safe.next_key()?;
        let (key, dev) = (next.public_key(), device_id(&next.public_key()));
        if content.body != (Body::Rotate { key }) || self.store.tail(dev)?.is_none() {
            return Ok(Rotated::KeyLost(tail));
        }
        // A safe that cannot do it now is asked again at the next opening.
        drop(self.safe.use_next_key());
        self.hold(next);
        Ok(Rotated::Finished)
    }

    /// A record as the store keeps it.
    fn composed(
        &self,
        (dev, seq, prev): (DeviceId, u64, Hash),
        key: &SegmentKey,
        time: &TimePart,
        body: Body,
    ) -> Result<OpenRecord, RecordError> {
        let kind = body.kind();
        let content = ContentPart { patrol: 0, body }.encode();
        ContentPart::decode(kind, &content)?;
        let parts = [time.encode(), self.person.encode(), content];
        let [a, b, c] = &parts;
        let bytes = Record::compose(kind, dev, seq, prev, key, [a, b, c]).encode();
        Ok(OpenRecord { seq, hash: Hash::of(&bytes), bytes, parts })
    }
}
