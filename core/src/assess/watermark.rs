//! Up to when each device's data is known to be complete, and what a silent one holds back.
//!
//! A device's watermark is the not_before of its last held `alive` on the contiguous main branch, without
//! what the device says that it was told: nobody's word makes data complete;
//! `park` and `resume` count as one. It is never before the device was certified; for a phone that an
//! officer certified on board that is a claim, taken only as far as the officer's record can have been
//! made then, so that nobody holds back a window that had passed. Only records count that were
//! certainly written by the certified device.
//!
//! A device holds back every window whose deadline is after its watermark, except:
//! - the last `park` or `resume` is a `park`: all records up to it are held, and after it there are
//!   none, unless another certified device has seen a record of it that is not held: then it is in use again, and what it recorded
//!   since has not arrived; and unless no device is in use, so that nobody could see it;
//! - its key was rotated, and the next one is certified: all records up to the rotation are held, and the
//!   device of the next key holds back what comes after it;
//! - the window opened after the device was declared lost, after it was revoked, or after its
//!   certificate ended.
//!
//! Nobody can wait for a device that is lost, or revoked with all trusted records held, or silent
//! for longer than the contact limit: what it held back becomes unverifiable, never missed by
//! assumption.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    disowned::{self, Disowned},
    input::Input,
    timeline::Timeline,
};
use crate::{
    authority::{Roles, Standing},
    model::{DeviceId, RecordRef},
    plan::{Adoption, content::DEFAULT_CONTACT_LIMIT_HOURS, in_force},
    record::{Body, Entry},
    time::{Bounds, Moment, Place, moment::PER_SECOND},
};

const ALIVE: u64 = 2;
const PARK: u64 = 3;
const RESUME: u64 = 4;

/// Whether a device is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// In use: it holds the watermark back.
    Active,
    /// Put away by a `park` record.
    Parked,
    /// Its key was rotated: the device of the next key goes on.
    Rotated,
    /// Declared lost.
    Lost,
    /// Revoked.
    Revoked,
    /// Its certificate ended.
    Expired,
    /// It has records and no certificate; it holds nothing back.
    Uncertified,
}

/// One device as far as it is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceState {
    /// The device.
    pub dev: DeviceId,
    /// Its roles; none if uncertified.
    pub roles: Roles,
    /// Whether it is in use.
    pub state: Use,
    /// Its watermark; `None` if uncertified.
    pub watermark: Option<Moment>,
    /// The newest receipt for it, or the earliest time of its last held record, whichever is later.
    pub last_heard: Option<Moment>,
    /// Seq of the last record held without a gap.
    pub last_seq: Option<u64>,
    /// Silent for longer than the contact limit.
    pub over_limit: bool,
    /// Two different records at one seq.
    pub forked: bool,
    /// Records are held beyond a gap; they count for nothing until it is closed.
    pub gap: bool,
    /// What it says about time in some boot contradicts others and is left out: its records there are
    /// bounded by receipts and order alone.
    pub clock_contradiction: bool,
}

/// Up to when the vessel's data is known to be complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watermark {
    /// The least over the active devices; `None` if there is none.
    pub until: Option<Moment>,
    /// The devices that hold it there.
    pub held_by: Vec<DeviceId>,
}

/// A device that holds a due patrol back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// The device.
    pub dev: DeviceId,
    /// When it was last heard.
    pub last_heard: Option<Moment>,
    /// Declared lost.
    pub lost: bool,
}

/// A certified device, for judging.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub state: DeviceState,
    pub watermark: Moment,
    /// Another device saw it in use after it was put away, not before this.
    seen: Option<Moment>,
    /// Put away, or its key was rotated: nothing comes of it any more.
    pub parked: bool,
    pub lost: bool,
    /// The `rotate` record of the device before, whose place this one took.
    pub took_over: Option<RecordRef>,
    /// The officer's certificate, while the shore has not confirmed it.
    pub ship_enrolled: Option<RecordRef>,
    /// All that can ever be trusted is held.
    spent: bool,
    /// Windows that open from here on (Unix s) are not held back.
    released_from: Option<i64>,
}

impl Device {
    /// Whether a window that opens (grace included) and ends then may still be answered by it.
    pub fn holds_back(&self, opens: Moment, deadline: Moment) -> bool {
        let released =
            self.released_from.is_some_and(|released| opens >= Moment::from_unix(released));
        !self.parked && !released && self.watermark < deadline
    }

    /// Nobody can wait for it.
    pub fn gone(&self) -> bool {
        self.lost || self.spent || self.state.over_limit
    }

    /// Revoked, and all that can be trusted is held.
    pub fn revoked(&self) -> bool {
        self.spent
    }

    pub fn held_back(&self) -> HeldBack {
        HeldBack { dev: self.state.dev, last_heard: self.state.last_heard, lost: self.lost }
    }

    /// For sentences: what it is, and the beginning of its id.
    pub fn words(&self) -> String {
        device_words(self.state.dev, self.state.roles)
    }

    /// Silent since its watermark, or since it was seen in use; 10 µs.
    pub fn silent_for(&self, as_of: i64) -> i64 {
        let since = self.seen.map_or(self.watermark, |seen| seen.max(self.watermark));
        Moment::from_unix(as_of).0.saturating_sub(since.0)
    }
}

pub(super) fn device_words(dev: DeviceId, roles: Roles) -> String {
    let id = dev.to_string();
    let what = if roles.has(Roles::HUB) { "hub" } else { "phone" };
    format!("{what} {}", id.get(..8).unwrap_or(&id))
}

/// All devices, and the contact limit.
#[derive(Debug)]
pub(super) struct Devices {
    /// Those that hold something back as long as they are in use.
    pub certified: BTreeMap<DeviceId, Device>,
    pub uncertified: Vec<DeviceState>,
    pub limit_secs: i64,
    /// Revocations below what was receipted.
    pub disowned: BTreeMap<DeviceId, Disowned>,
}

impl Devices {
    pub fn read(input: &Input<'_>, timeline: &Timeline<'_>, adoptions: &[Adoption]) -> Self {
        let limit_secs = contact_limit(input, adoptions);
        let heard = last_heard(input, timeline);
        let revoked = revocations(input, timeline);
        let seen = seen_beyond(input, timeline);
        let walks = [Roles::CREW, Roles::OFFICER, Roles::HUB];
        let certified = input
            .authority
            .devices()
            .filter(|(_, standing)| walks.iter().any(|role| standing.roles.has(*role)))
            .map(|(dev, standing)| {
                let told = Told {
                    heard: heard.get(&dev).copied(),
                    revoked: revoked.get(&dev).copied(),
                    seen: seen.get(&dev).copied(),
                };
                (dev, device(input, timeline, (dev, told), standing, limit_secs))
            })
            .collect();
        let root = input.authority.root();
        let uncertified = timeline
            .branches
            .iter()
            .filter(|branch| branch.dev != root && input.authority.standing(branch.dev).is_none())
            .map(|branch| DeviceState {
                last_heard: heard.get(&branch.dev).copied(),
                ..unheard(timeline, branch.dev, Roles::NONE, Use::Uncertified)
            })
            .collect();
        let disowned = disowned::read(input, timeline);
        let mut devices = Self { certified, uncertified, limit_secs, disowned };
        devices.wait_for_those_put_away(input.as_of);
        devices
    }

    /// Where no device is in use, one that was put away may be brought back, and no other is there to see it: so those are awaited.
    fn wait_for_those_put_away(&mut self, as_of: i64) {
        let in_use = |device: &Device| device.state.state == Use::Active;
        if self.certified.values().any(in_use) {
            return;
        }
        let limit = self.limit();
        let put_away = |device: &&mut Device| device.state.state == Use::Parked;
        for device in self.certified.values_mut().filter(put_away) {
            device.parked = false;
            device.state.over_limit = device.silent_for(as_of) > limit;
        }
    }

    pub fn watermark(&self) -> Watermark {
        let active = || self.certified.values().filter(|device| device.state.state == Use::Active);
        let until = active().map(|device| device.watermark).min();
        let held_by = active()
            .filter(|device| Some(device.watermark) == until)
            .map(|device| device.state.dev)
            .collect();
        Watermark { until, held_by }
    }

    pub fn states(&self) -> Vec<DeviceState> {
        let certified = self.certified.values().map(|device| &device.state);
        let mut states: Vec<DeviceState> = certified.chain(&self.uncertified).cloned().collect();
        states.sort_by_key(|state| state.dev);
        states
    }

    /// The limit in the units of a moment.
    pub fn limit(&self) -> i64 {
        self.limit_secs.saturating_mul(PER_SECOND)
    }
}

fn unheard(timeline: &Timeline<'_>, dev: DeviceId, roles: Roles, state: Use) -> DeviceState {
    let branch = timeline.track(dev).and_then(|track| timeline.branches.get(track));
    DeviceState {
        dev,
        roles,
        state,
        watermark: None,
        last_heard: None,
        last_seq: branch.and_then(|branch| branch.entries.last()).map(|entry| entry.at.seq),
        over_limit: false,
        forked: branch.is_some_and(|branch| branch.first_fork.is_some()),
        gap: branch.is_some_and(|branch| branch.gap),
        clock_contradiction: branch.is_some_and(|branch| branch.contradictory),
    }
}

/// What is known of a device from elsewhere than its chain.
#[derive(Debug, Clone, Copy)]
struct Told {
    heard: Option<Moment>,
    /// When the shore revoked it, Unix s.
    revoked: Option<i64>,
    seen: Option<SeenBeyond>,
}

/// Another device saw a record of this one that is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SeenBeyond {
    /// Not before this.
    at: Moment,
    /// How many records that are not held it had written by then.
    unheld: u64,
}

fn device(
    input: &Input<'_>,
    timeline: &Timeline<'_>,
    (dev, told): (DeviceId, Told),
    standing: &Standing,
    limit_secs: i64,
) -> Device {
    let mut watermark = certified_from(timeline, standing);
    let (mut parked, mut spent, mut rotated) = (false, false, false);
    let mut put_away = false;
    if let Some(track) = timeline.track(dev)
        && let Some(branch) = timeline.branches.get(track)
    {
        let trusted = branch.trusted_len(standing.last_seq_with_authority());
        let entries = || branch.entries.iter().enumerate().take(trusted).rev();
        let last = entries().find(|(_, entry)| matches!(entry.kind, ALIVE | PARK | RESUME));
        let alive = last.and_then(|(index, _)| timeline.known(track, index).by_clock.not_before);
        watermark = alive.map_or(watermark, |alive| alive.max(watermark));
        let last = entries().find(|(_, entry)| matches!(entry.kind, PARK | RESUME));
        put_away = last.is_some_and(|(_, entry)| entry.kind == PARK);
        parked = put_away && told.seen.is_none();
        let last_trusted = standing.last_trusted_seq.and_then(|seq| usize::try_from(seq).ok());
        spent =
            last_trusted.is_some_and(|last| branch.trusted_len(standing.last_trusted_seq) > last);
        // Where nobody has certified the next key, nothing says who is to be waited for instead.
        let next = standing.rotated.and_then(|rotated| rotated.to);
        rotated = branch.genesis_fits && next.is_some_and(|next| is_certified(input, next));
        parked |= rotated;
    }
    let released_from = [standing.lost, standing.until, told.revoked].into_iter().flatten().min();
    let over = standing.lost.is_some_and(|lost| lost <= input.as_of);
    let state = if over {
        Use::Lost
    } else if standing.last_trusted_seq.is_some() {
        Use::Revoked
    } else if standing.until.is_some_and(|until| until <= input.as_of) {
        Use::Expired
    } else if rotated {
        Use::Rotated
    } else if parked {
        Use::Parked
    } else {
        Use::Active
    };
    let (lost, ship_enrolled) = (standing.lost.is_some(), standing.ship_enrolled);
    let mut state = unheard(timeline, dev, standing.roles, state);
    (state.watermark, state.last_heard) = (Some(watermark), told.heard);
    let took_over = took_over(input, timeline, dev);
    let seen = told.seen.filter(|_| put_away);
    // One record after the `park` is its `resume` and no patrol: until it was seen, nothing was walked with it.
    if let Some(seen) = seen.filter(|seen| seen.unheld == 1) {
        watermark = seen.at.max(watermark);
    }
    let seen = seen.map(|seen| seen.at);
    let mut device = Device {
        state,
        watermark,
        seen,
        parked,
        lost,
        took_over,
        ship_enrolled,
        spent,
        released_from,
    };
    let silent = device.silent_for(input.as_of);
    device.state.over_limit = !parked && silent > limit_secs.saturating_mul(PER_SECOND);
    device
}

fn is_certified(input: &Input<'_>, dev: DeviceId) -> bool {
    input.authority.standing(dev).is_some_and(|standing| standing.roles != Roles::NONE)
}

/// The record with which another device's key was rotated to this one's.
fn took_over(input: &Input<'_>, timeline: &Timeline<'_>, dev: DeviceId) -> Option<RecordRef> {
    let mut before = input.authority.devices().filter_map(|(before, standing)| {
        let rotated = standing.rotated.filter(|rotated| rotated.to == Some(dev))?;
        timeline.record(Place { dev: before, seq: rotated.seq })
    });
    before.next()
}

/// Since when a device is certified.
fn certified_from(timeline: &Timeline<'_>, standing: &Standing) -> Moment {
    let from = Moment::from_unix(standing.from);
    let Some(by) = standing.ship_enrolled else { return from };
    let place = timeline.track(by.dev).zip(usize::try_from(by.seq).ok());
    let written = place.map_or(Bounds::UNKNOWN, |(track, index)| timeline.at(track, index));
    let from = written.not_after.map_or(from, |latest| from.min(latest));
    written.not_before.map_or(from, |earliest| from.max(earliest))
}

/// The shortest contact limit of the versions that are or may be in force now.
fn contact_limit(input: &Input<'_>, adoptions: &[Adoption]) -> i64 {
    let force = in_force(adoptions, input.as_of);
    let versions = force.certain.iter().chain(&force.possible);
    let limits = versions.filter_map(|adoption| input.versions.get(&adoption.heads));
    let limit = limits.map(crate::plan::PlanContent::contact_limit_secs).min();
    limit.unwrap_or(i64::from(DEFAULT_CONTACT_LIMIT_HOURS) * 3_600)
}

fn last_heard(input: &Input<'_>, timeline: &Timeline<'_>) -> BTreeMap<DeviceId, Moment> {
    let mut heard: BTreeMap<DeviceId, Moment> = BTreeMap::new();
    let mut hear = |dev, at: Moment| {
        let known = heard.entry(dev).or_insert(at);
        *known = at.max(*known);
    };
    for receipt in input.receipts {
        hear(receipt.dev, Moment::from_unix(receipt.time));
    }
    for (track, branch) in timeline.branches.iter().enumerate() {
        let last = branch.entries.len().checked_sub(1);
        let last = last.and_then(|last| timeline.at(track, last).not_before);
        last.into_iter().for_each(|at| hear(branch.dev, at));
    }
    heard
}

/// Devices of which a certified one saw a record that is not held, and the earliest moment that it was not before. Who lies about it, however often, hides
/// misses for the contact limit at most, under his own signature.
fn seen_beyond(input: &Input<'_>, timeline: &Timeline<'_>) -> BTreeMap<DeviceId, SeenBeyond> {
    let mut seen: BTreeMap<DeviceId, SeenBeyond> = BTreeMap::new();
    for (track, branch) in timeline.branches.iter().enumerate() {
        let Some(standing) = input.authority.standing(branch.dev) else { continue };
        let trusted = branch.trusted_len(standing.last_seq_with_authority());
        for (index, entry) in branch.entries.iter().enumerate().take(trusted) {
            let Some(Body::Seen { dev, seq, .. }) = entry.body() else { continue };
            let held = timeline.track(*dev).and_then(|track| timeline.branches.get(track));
            let held = held.map_or(0, |held| held.entries.len() as u64);
            if *seq >= held && *dev != branch.dev {
                let at = timeline.known(track, index).by_clock.not_before;
                let at = at.unwrap_or(Moment::from_unix(0));
                let this = SeenBeyond { at, unheld: seq.saturating_sub(held).saturating_add(1) };
                seen.entry(*dev).and_modify(|known| *known = this.min(*known)).or_insert(this);
            }
        }
    }
    seen
}

/// When the shore revoked each device for the first time, by the shore's clock.
fn revocations(input: &Input<'_>, timeline: &Timeline<'_>) -> BTreeMap<DeviceId, i64> {
    let mut revoked = BTreeMap::new();
    let shore = timeline.track(input.authority.root());
    let entries: &[&Entry] =
        shore.and_then(|shore| timeline.branches.get(shore)).map_or(&[], |shore| &shore.entries);
    for entry in entries {
        if let (Some(Body::Revoke { dev, .. }), Some(time)) = (entry.body(), entry.time) {
            revoked.entry(*dev).or_insert(i64::try_from(time.wall).unwrap_or(i64::MAX));
        }
    }
    revoked
}
