//! Opening a phone: resuming its chain, noticing a crash and noticing a restored copy.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    Phone, RecordError, Tail,
    chain::{NOBODY, seal_one, time_of},
    crew::Session,
    rotate::Rotated,
};
use crate::{
    document::{DocumentKind, Merged, VoucherIndex},
    entropy::{Entropy, draw},
    model::DeviceId,
    patrol::CurrentPatrol,
    plan::{PlanContent, PlanDocument},
    record::{
        Body, Chain, ContentPart, Continues, DeviceKey, DeviceSafe, Enrolment, EnrolmentError,
        KeyError, Marker, PersonPart, Purpose, Segment, body::note, crew, device_id, key::sign,
    },
    store::{Aside, AsideError, OpenRecord, Store, StoreError},
    time::ClockReading,
};

/// Records read at a time when looking back for the state of a chain.
const LOOK_BACK: u64 = 256;

/// What was found when the phone was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Nothing recorded yet.
    New,
    /// The chain goes on. `tail_found`: records without a signature were found and signed.
    Resumed {
        /// Whether the last run ended without a cut.
        tail_found: bool,
    },
    /// The store is a copy from before, or belongs to another key: recording goes on under a
    /// new device id, and what the copy still holds is sent.
    Restored {
        /// The device before.
        before: DeviceId,
        /// What the copy holds of it.
        held_seq: u64,
        /// What the marker says was recorded; `None` where the key is another phone's.
        marker_seq: Option<u64>,
    },
}

/// Why a phone was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The first records could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What the store says of the enrolment does not read.
    #[error("the store's enrolment does not read ({0}); enrol this phone again")]
    Enrolment(#[from] EnrolmentError),
}

impl Phone {
    /// Opens the store at `path`, makes it if there is none, and goes on where it ended.
    pub fn open(
        path: &Path,
        safe: Arc<dyn DeviceSafe>,
        entropy: Box<dyn Entropy>,
        reading: &ClockReading,
    ) -> Result<(Self, Opened), OpenError> {
        let mut entropy = entropy;
        let key = safe.key()?;
        let store = Store::open(path, safe.as_ref(), entropy.as_mut())?;
        let run = draw(entropy.as_mut());
        let mut phone = Self {
            store,
            safe,
            entropy,
            dev: device_id(&key.public_key()),
            key,
            enrolment: None,
            tail: None,
            open: None,
            open_size: (0, 0),
            last_alive_wall: None,
            person: NOBODY,
            next_patrol: 1,
            current: None,
            others: Vec::new(),
            authority: None,
            vouchers: VoucherIndex::default(),
            run,
            merged: Merged::nothing(DocumentKind::Plan),
            plan: PlanDocument::default(),
            pages: BTreeMap::new(),
            adopted: Vec::new(),
            session: Session::default(),
            sent: Vec::new(),
            given_back: std::collections::BTreeSet::new(),
            lost_changes: std::collections::BTreeSet::new(),
            given_changes: std::collections::BTreeSet::new(),
            sent_changes: (Vec::new(), Vec::new()),
            asking: None,
            in_force: PlanContent::default(),
        };
        if let Some(text) = phone.store.setting("enrolment")? {
            phone.enrolment = Some(Enrolment::from_text(&String::from_utf8_lossy(&text))?);
        }
        phone.reopen_others()?;
        phone.reopen_vouchers()?;
        // The key outlived the store, as a keychain outlives an app, or the store is a copy from before a
        // rotation: its chain cannot go on here.
        let outlived = phone.safe.marker().is_some_and(|marker| marker.dev == phone.dev);
        if outlived && phone.store.tail(phone.dev)?.is_none() {
            phone.hold(phone.safe.renew()?);
        }
        let restored = match phone.finish_rotation()? {
            Rotated::KeyLost(tail) => Some((phone.dev, tail, None)),
            Rotated::No | Rotated::Finished => phone.restored()?,
        };
        let opened = match restored {
            Some((before, held, marker)) => phone.begin_again(before, &held, marker, reading)?,
            None => phone.go_on(reading)?,
        };
        phone.reopen_attempts(matches!(opened, Opened::Restored { .. }), reading)?;
        phone.reopen_older()?;
        phone.refresh_plan()?;
        phone.reread_code(reading)?;
        Ok((phone, opened))
    }

    /// Sets aside a store whose key is lost, so that this phone can begin anew at `path`: with an empty store, and with a new
    /// device key, because the chain of the old one cannot go on. Nothing is moved where the key is to be had.
    pub fn set_aside(
        path: &Path,
        safe: &dyn DeviceSafe,
        entropy: &mut dyn Entropy,
    ) -> Result<Aside, AsideError> {
        let lost = Store::lost(path, safe, entropy)?;
        // First the key: a power cut between the two leaves the old store in place, and this is done again.
        safe.renew()?;
        lost.set_aside()
    }

    /// Enrols a new phone: its first record.
    pub fn enrol(
        &mut self,
        enrolment: &Enrolment,
        reading: &ClockReading,
    ) -> Result<(), RecordError> {
        if self.tail.is_some() {
            return Err(RecordError::AlreadyEnrolled);
        }
        self.store.set_setting("enrolment", enrolment.to_text().as_bytes())?;
        self.enrolment = Some(enrolment.clone());
        let genesis = Body::Genesis {
            key: self.key.public_key(),
            vessel: enrolment.vessel,
            nonce: enrolment.token,
            offset: reading.offset(),
            continues: None,
        };
        self.begin(genesis, reading)
    }

    /// Whether the store is a copy: behind its marker, beside it, or of another key.
    fn restored(&self) -> Result<Option<(DeviceId, OpenRecord, Option<Marker>)>, StoreError> {
        let marker = self.safe.marker().filter(|marker| marker.dev == self.dev);
        let Some(tail) = self.store.tail(self.dev)? else {
            // No record of this key. Records of another key: the store was copied here.
            let mut newest = None;
            for dev in self.store.own_devices()? {
                newest = self.store.tail(dev)?.map(|tail| (dev, tail, marker)).or(newest);
            }
            return Ok(newest);
        };
        let Some(marker) = marker else { return Ok(None) };
        // Ahead of the marker with its record in place is a crash between commit and marker.
        let at_marker = self.store.own_records(self.dev, marker.seq, marker.seq)?.pop();
        let honest = at_marker.is_some_and(|record| record.hash == marker.head);
        Ok((!honest).then_some((self.dev, tail, Some(marker))))
    }

    /// A restored copy: sign what it holds with the old key while that is to be had, then begin
    /// under a new one that names the old.
    fn begin_again(
        &mut self,
        before: DeviceId,
        held: &OpenRecord,
        marker: Option<Marker>,
        reading: &ClockReading,
    ) -> Result<Opened, OpenError> {
        let old = Arc::clone(&self.key);
        let has_old_key = before == self.dev;
        if has_old_key {
            let mut open = self.store.open_cut(before)?;
            while let Some(cut) = open {
                open = seal_one(&mut self.store, old.as_ref(), &cut)?;
            }
            self.hold(self.safe.renew()?);
        }
        let mut continues = Continues {
            dev: before,
            held_seq: held.seq,
            held_head: held.hash,
            marker_seq: marker.map_or(held.seq, |marker| marker.seq),
            marker_head: marker.map_or(held.hash, |marker| marker.head),
            signature: None,
        };
        let new_key = self.key.public_key();
        if has_old_key {
            let payload = continues.signed_payload(&new_key);
            continues.signature = Some(sign(old.as_ref(), Purpose::Continues, &payload)?);
        }
        let enrolment = self.enrolment.as_ref().ok_or(RecordError::NotEnrolled)?;
        let genesis = Body::Genesis {
            key: new_key,
            vessel: enrolment.vessel,
            nonce: draw(self.entropy.as_mut()),
            offset: reading.offset(),
            continues: Some(continues),
        };
        self.begin(genesis, reading)?;
        self.record(0, Body::Note { code: note::RESTORED, blob: None }, reading)?;
        Ok(Opened::Restored {
            before,
            held_seq: held.seq,
            marker_seq: marker.map(|marker| marker.seq),
        })
    }

    /// The chain goes on: find its state, and sign an unsigned tail.
    fn go_on(&mut self, reading: &ClockReading) -> Result<Opened, OpenError> {
        let Some(tail) = self.store.tail(self.dev)? else { return Ok(Opened::New) };
        self.look_back(&tail)?;
        self.open = self.store.open_cut(self.dev)?;
        let tail_found = self.open.is_some();
        if tail_found {
            self.record(0, Body::Note { code: note::TAIL_FOUND, blob: None }, reading)?;
            // A key that cannot be used now signs at the next cut.
            drop(self.seal());
        }
        Ok(Opened::Resumed { tail_found })
    }

    /// Reads back from the end until the chain's state is known: the clock offset in force, the
    /// last patrol number, the open patrol, who holds the phone.
    fn look_back(&mut self, tail: &OpenRecord) -> Result<(), StoreError> {
        const DAMAGED: StoreError = StoreError::Damaged("a record that does not read");
        let mut offset = None;
        let mut patrol_start = false;
        let mut holder = None;
        let mut entries = Vec::new();
        let mut end = tail.seq;
        loop {
            let from = end.saturating_sub(LOOK_BACK - 1);
            let records = self.store.own_records(self.dev, from, end)?;
            for record in records.iter().rev() {
                let item = record.to_item()?;
                let [_, person, content] = &record.parts;
                let person = PersonPart::decode(person).map_err(|_| DAMAGED)?;
                let content = ContentPart::decode(item.kind, content).map_err(|_| DAMAGED)?;
                if offset.is_none() {
                    offset = match content.body {
                        Body::Genesis { offset, .. } | Body::Boot { offset } => Some(offset),
                        Body::ClockStep { after, .. } => Some(after),
                        _ => None,
                    };
                }
                self.next_patrol = self.next_patrol.max(content.patrol + 1);
                patrol_start |=
                    matches!(content.body, Body::PatrolStart { .. } | Body::Join { .. });
                if holder.is_none() && !crew::is_about_another(&content.body) {
                    let left = matches!(content.body, Body::Crew { action: crew::LOGOUT });
                    holder = Some(if left { NOBODY } else { person });
                }
                if self.last_alive_wall.is_none() && content.body == Body::Alive {
                    self.last_alive_wall = time_of(record).map(|time| time.wall);
                }
                entries.push((record.seq, record.hash, person, content, time_of(record)));
            }
            if (offset.is_some() && patrol_start && holder.is_some()) || from == 0 {
                break;
            }
            end = from - 1;
        }
        self.person = holder.unwrap_or(NOBODY);
        let time = time_of(tail).ok_or(DAMAGED)?;
        let offset = offset.ok_or(DAMAGED)?;
        self.tail = Some(Tail { seq: tail.seq, head: tail.hash, time, offset });
        let entries: Vec<_> = entries
            .into_iter()
            .rev()
            .map(|(seq, hash, person, content, time)| crate::record::Entry {
                at: crate::model::RecordRef { dev: self.dev, seq, hash },
                prev: crate::model::Hash::ZERO,
                kind: content.body.kind(),
                time,
                person: Some(person),
                content: Some(content),
            })
            .collect();
        self.current = CurrentPatrol::open_in(&entries);
        Ok(())
    }

    /// Other devices' chains from the store, verified when they came in.
    fn reopen_others(&mut self) -> Result<(), StoreError> {
        for bytes in self.store.segments()? {
            let opened = Segment::decode(&bytes).and_then(|segment| segment.reopen());
            let segment = opened.map_err(|_| StoreError::Damaged("a kept segment"))?;
            self.keep_segment(segment);
        }
        Ok(())
    }

    /// Its own chains before a restore are others' now: what they adopted and certified counts on.
    pub(super) fn reopen_older(&mut self) -> Result<(), StoreError> {
        let mut older = self.store.own_devices()?;
        older.retain(|dev| *dev != self.dev);
        for dev in older {
            for span in self.store.own_spans(dev)? {
                let bytes = self.store.own_segment(dev, &span)?.unwrap_or_default();
                let opened = Segment::decode(&bytes).and_then(|segment| segment.reopen());
                self.keep_segment(opened.map_err(|_| StoreError::Damaged("an own segment"))?);
            }
        }
        Ok(())
    }

    pub(super) fn keep_segment(&mut self, segment: crate::record::VerifiedSegment) {
        segment.entries.iter().for_each(|entry| self.vouchers.add(entry));
        if !self.others.iter().any(|chain| chain.dev() == segment.dev) {
            self.others.push(Chain::new(segment.dev));
        }
        if let Some(chain) = self.others.iter_mut().find(|chain| chain.dev() == segment.dev) {
            chain.insert(segment);
        }
    }
}
