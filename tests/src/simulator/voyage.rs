//! A month on board, and what the shore holds of it at any moment.

use std::collections::{BTreeMap, BTreeSet};

use deckwatch_core::{
    assess::{Assessment, Input, ReceiptFact, assess},
    authority::{Authority, Roles},
    entropy::draw,
    model::{CrewNo, DueId, Hash, VesselId},
    plan::{DuePatrol, PlanContent, due_patrols},
    record::{Body, Chain, Evidence},
};

use super::{
    chance::Chance,
    gait::{self, Family, Legs},
    handset::Handset,
    ship::{Character, Ship, Walker},
};
use crate::{BEGIN, DAY};

const HOUR: i64 = 3_600;
/// Phones on board.
const PHONES: usize = 3;
/// `alive` is written so often, seconds.
const ALIVE: i64 = 6 * HOUR;
/// Days after the judged ones, in which everything that will ever arrive arrives: the contact limit of 14 days and more.
pub const TAIL: i64 = 24;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Story {
    /// The ship.
    pub character: Character,
    /// Days that are judged.
    pub days: i64,
    /// One walker cheats so, in this share of the walks.
    pub cheat: Option<(Family, f64)>,
}

/// A walk that took place, or was made up.
#[derive(Debug, Clone, PartialEq)]
pub struct Walked {
    /// Which phone recorded it.
    pub phone: usize,
    /// How it was made up; `None` = it was walked.
    pub family: Option<Family>,
    /// Broken off because the phone died.
    pub broken: bool,
    /// When the last record was made, Unix s.
    pub ended: i64,
    /// Records that the phone had written then.
    pub written: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Usable,
    /// Out of power until then.
    Dead(i64),
    /// Forgotten somewhere until then; nobody said so.
    Drawer(i64),
    /// Put away by a record until then.
    Parked(i64),
    /// Gone for ever.
    Lost,
}

#[derive(Debug, Clone)]
enum Event {
    Due(Box<DuePatrol>),
    Alive(usize),
    Mishap(usize),
    Back(usize),
    Link,
    ReportLost(usize),
}

/// A month that never was.
#[derive(Debug)]
pub struct Voyage {
    /// The vessel.
    pub vessel: VesselId,
    /// The first judged opening, Unix s.
    pub begin: i64,
    /// The end of the judged openings, Unix s.
    pub until: i64,
    /// When nothing arrives any more, Unix s.
    pub end: i64,
    /// What was walked or made up, by due patrol.
    pub walks: BTreeMap<DueId, Walked>,
    /// Everything that was due in the judged days.
    pub dues: Vec<DuePatrol>,
    shore: Handset,
    phones: Vec<Handset>,
    receipts: Vec<(i64, ReceiptFact)>,
    versions: BTreeMap<Vec<Hash>, PlanContent>,
}

impl Voyage {
    /// Sails one: the same seed gives the same month.
    pub fn sail(story: Story, seed: u64) -> Self {
        Sailing::begin(story, seed).sail()
    }

    /// What the shore would say at `as_of` (Unix s), from what it held then.
    pub fn assess(&self, as_of: i64) -> Assessment {
        let devices = std::iter::once(&self.shore).chain(&self.phones);
        let chains: Vec<Chain> = devices.map(|device| device.ashore(as_of)).collect();
        let authority = Authority::read(self.vessel, &self.shore.public_key(), &chains);
        let held = self.receipts.iter().take_while(|(at, _)| *at <= as_of);
        let receipts: Vec<ReceiptFact> = held.map(|(_, receipt)| *receipt).collect();
        assess(&Input {
            vessel: self.vessel,
            as_of,
            from: self.begin,
            until: self.until.min(as_of + 2 * DAY),
            authority: &authority,
            chains: &chains,
            receipts: &receipts,
            versions: &self.versions,
            excuses: &[],
            dated: &[],
        })
    }

    /// Whether all that was recorded of a due patrol was ashore at `now`.
    pub fn is_ashore(&self, due: DueId, now: i64) -> bool {
        let walk_and_phone =
            self.walks.get(&due).and_then(|walk| Some((walk, self.phones.get(walk.phone)?)));
        walk_and_phone.is_some_and(|(walk, phone)| phone.records_ashore(now) >= walk.written)
    }
}

struct Sailing {
    story: Story,
    chance: Chance,
    ship: Ship,
    voyage: Voyage,
    states: Vec<State>,
    busy: Vec<i64>,
    /// Brought back into use, and not in touch with the shore since.
    unseen: Vec<bool>,
    /// By such a phone: those that have seen it since.
    seen_by: BTreeSet<(usize, usize)>,
    older: BTreeMap<u32, Legs>,
    cheat: Option<(u32, Family, f64)>,
    heads: Vec<Hash>,
}

impl Sailing {
    fn begin(story: Story, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let ship = Ship::draw(story.character, &mut chance.split());
        let vessel = VesselId(draw(chance.entropy()));
        let start = BEGIN - DAY;
        let mut shore = Handset::new(vessel, start, &mut chance);
        let phones: Vec<Handset> =
            (0..PHONES).map(|_| Handset::new(vessel, start + 10, &mut chance)).collect();
        for (n, phone) in phones.iter().enumerate() {
            let roles = if n == 0 { Roles::CREW.and(Roles::OFFICER) } else { Roles::CREW };
            let certificate = Body::Certificate {
                key: phone.public_key(),
                vessel,
                roles: roles.0,
                from: start,
                until: None,
                genesis: None,
            };
            shore.write((start + 20) * 10, 0, CrewNo::NOBODY, certificate);
        }
        shore.arrive(start + 20);
        let heads = vec![Hash([1; 32])];
        let versions = [(heads.clone(), ship.plan.clone())].into();
        let until = BEGIN + story.days * DAY;
        let cheat =
            story.cheat.map(|(family, share)| (chance.pick(&ship.walkers).crew, family, share));
        let voyage = Voyage {
            vessel,
            begin: BEGIN,
            until,
            end: until + TAIL * DAY,
            walks: BTreeMap::new(),
            dues: due_patrols(vessel, &ship.plan, BEGIN, until),
            shore,
            phones,
            receipts: Vec::new(),
            versions,
        };
        let (states, busy) = (vec![State::Usable; PHONES], vec![0; PHONES]);
        let unseen = vec![false; PHONES];
        let older = BTreeMap::new();
        let mut sailing = Self {
            story,
            chance,
            ship,
            voyage,
            states,
            busy,
            unseen,
            seen_by: BTreeSet::new(),
            older,
            cheat,
            heads,
        };
        sailing.sync_all(start + 60);
        let adopt = Body::PlanAdopt { heads: sailing.heads.clone(), effective_from: 0 };
        if let Some(officer) = sailing.voyage.phones.first_mut() {
            officer.write((start + 100) * 10, 0, CrewNo(11), adopt);
        }
        sailing.sync_all(start + 200);
        sailing
    }

    fn sync_all(&mut self, now: i64) {
        for phone in 0..PHONES {
            self.sync(phone, now);
        }
    }

    fn sync(&mut self, phone: usize, now: i64) {
        let Voyage { phones, shore, receipts, .. } = &mut self.voyage;
        if let Some(handset) = phones.get_mut(phone) {
            let receipt = handset.sync(now, shore);
            receipts.push((now, ReceiptFact::of(&receipt)));
        }
        if let Some(unseen) = self.unseen.get_mut(phone) {
            *unseen = false;
        }
        self.seen_by.retain(|(seen, _)| *seen != phone);
    }

    /// Everything that will happen, by time; more is added while it happens.
    fn sail(mut self) -> Voyage {
        let mut events: BTreeMap<(i64, u64), Event> = BTreeMap::new();
        let mut count = 0;
        let mut add = |events: &mut BTreeMap<(i64, u64), Event>, at: i64, event: Event| {
            count += 1;
            events.insert((at, count), event);
        };
        let (begin, end) = (self.voyage.begin, self.voyage.end);
        for due in due_patrols(self.voyage.vessel, &self.ship.plan, begin, end - 2 * HOUR) {
            let start = due.opens + self.chance.between(60.0, 2_400.0) as i64;
            add(&mut events, start, Event::Due(Box::new(due)));
        }
        for phone in 0..PHONES {
            let first = begin + self.chance.between(0.0, ALIVE as f64) as i64;
            for at in (first..end).step_by(ALIVE as usize) {
                add(&mut events, at, Event::Alive(phone));
            }
            if self.story.character.mishaps > 0.0 {
                let mean = 9.0 * DAY as f64 / self.story.character.mishaps;
                let mut at = begin + self.chance.waiting(mean) as i64;
                while at < end {
                    add(&mut events, at, Event::Mishap(phone));
                    at += 600 + self.chance.waiting(mean) as i64;
                }
            }
        }
        let mean = self.story.character.hours_between_links * HOUR as f64;
        let mut at = begin;
        while at < end {
            at += 900 + self.chance.waiting(mean) as i64;
            add(&mut events, at, Event::Link);
        }
        while let Some(((now, _), event)) = events.pop_first() {
            for (at, event) in self.happens(now, event) {
                add(&mut events, at, event);
            }
        }
        self.voyage
    }

    fn happens(&mut self, now: i64, event: Event) -> Vec<(i64, Event)> {
        let usable = |sailing: &Self, phone: usize| {
            sailing.states.get(phone) == Some(&State::Usable) && sailing.busy[phone] < now
        };
        match event {
            Event::Alive(phone) => {
                self.codes_are_shown(now - 1);
                if usable(self, phone) {
                    self.voyage.phones[phone].write(now * 10, 0, CrewNo::NOBODY, Body::Alive);
                    self.busy[phone] = now;
                }
                Vec::new()
            }
            Event::Link => {
                for phone in 0..PHONES {
                    if usable(self, phone) && self.chance.happens(0.85) {
                        self.sync(phone, now);
                        self.busy[phone] = now + 2;
                    }
                }
                Vec::new()
            }
            Event::ReportLost(phone) => {
                let dev = self.voyage.phones[phone].dev;
                let body = Body::Lost { dev, reported: now, last_seq: None };
                let shore = &mut self.voyage.shore;
                shore.write(now * 10, 0, CrewNo::NOBODY, body);
                shore.arrive(now);
                Vec::new()
            }
            Event::Back(phone) => self.comes_back(phone, now),
            Event::Mishap(phone) => {
                if usable(self, phone) {
                    self.mishap(phone, now)
                } else {
                    Vec::new()
                }
            }
            Event::Due(due) => {
                self.walk(&due, now);
                Vec::new()
            }
        }
    }

    fn mishap(&mut self, phone: usize, now: i64) -> Vec<(i64, Event)> {
        let hours =
            |sailing: &mut Self, mean: f64| 600 + sailing.chance.waiting(mean * HOUR as f64) as i64;
        let kind = self.chance.unit();
        if kind < 0.45 {
            let until = now + hours(self, 5.0);
            self.states[phone] = State::Dead(until);
            vec![(until, Event::Back(phone))]
        } else if kind < 0.70 {
            let until = now + hours(self, 24.0 * 8.0);
            self.states[phone] = State::Drawer(until);
            vec![(until, Event::Back(phone))]
        } else if kind < 0.92 {
            let park = Body::Park { reason: 1 };
            self.voyage.phones[phone].write(now * 10, 0, CrewNo::NOBODY, park);
            if self.chance.happens(0.5) {
                self.sync_parked(phone, now + 1);
            }
            let until = now + hours(self, 24.0 * 5.0);
            self.states[phone] = State::Parked(until);
            vec![(until, Event::Back(phone))]
        } else if phone > 0 {
            // The officer's phone is not lost: nothing would be adopted any more.
            self.states[phone] = State::Lost;
            let reported = now + hours(self, 24.0 * 3.0);
            let told = self.chance.happens(0.7).then_some((reported, Event::ReportLost(phone)));
            told.into_iter().collect()
        } else {
            Vec::new()
        }
    }

    /// What a phone brings that was put away: no `alive` after its `park`.
    fn sync_parked(&mut self, phone: usize, now: i64) {
        self.voyage.phones[phone].arrive(now);
    }

    fn comes_back(&mut self, phone: usize, now: i64) -> Vec<(i64, Event)> {
        match self.states[phone] {
            State::Dead(_) => self.voyage.phones[phone].restart(now, &mut self.chance),
            State::Parked(_) => {
                self.voyage.phones[phone].write(now * 10, 0, CrewNo::NOBODY, Body::Resume);
                self.unseen[phone] = !self.chance.happens(self.story.character.careless);
                self.seen_by.retain(|(seen, _)| *seen != phone);
            }
            State::Drawer(_) => {
                // Its battery is empty by now, as often as not.
                if self.chance.happens(0.5) {
                    self.voyage.phones[phone].restart(now, &mut self.chance);
                }
            }
            State::Usable | State::Lost => return Vec::new(),
        }
        self.states[phone] = State::Usable;
        self.busy[phone] = now + 1;
        self.codes_are_shown(now + 2);
        Vec::new()
    }

    /// Other phones that are in use record that one is again, as crews are told to do: each as soon as it can, until the phone is in touch with the
    /// shore.
    fn codes_are_shown(&mut self, now: i64) {
        for phone in 0..PHONES {
            let in_use = |other: usize| self.states[other] == State::Usable;
            if !self.unseen[phone] || !in_use(phone) {
                continue;
            }
            let (dev, newest) = (self.voyage.phones[phone].dev, self.voyage.phones[phone].newest());
            let others = (0..PHONES).filter(|other| *other != phone && in_use(*other));
            let others = others.filter(|other| !self.seen_by.contains(&(phone, *other)));
            let others: Vec<usize> = others.filter(|other| self.busy[*other] < now).collect();
            for other in others {
                self.seen_by.insert((phone, other));
                let seen = Body::Seen { dev, seq: newest.0, head: newest.1, via: 1 };
                self.voyage.phones[other].write(now * 10, 0, CrewNo::NOBODY, seen);
                self.busy[other] = now + 1;
            }
        }
    }

    fn walk(&mut self, due: &DuePatrol, now: i64) {
        let free = |phone: &usize| self.states[*phone] == State::Usable && self.busy[*phone] < now;
        let free: Vec<usize> = (0..PHONES).filter(free).collect();
        if free.is_empty() || self.chance.happens(self.story.character.not_walked) {
            return;
        }
        let phone = *self.chance.pick(&free);
        let walker: Walker = *self.chance.pick(&self.ship.walkers);
        let family = self
            .cheat
            .filter(|(crew, _, share)| *crew == walker.crew && self.chance.happens(*share))
            .map(|(_, family, _)| family);
        let legs = match family {
            None => gait::honest(&self.ship, &walker, &mut self.chance),
            Some(family) => {
                let before = self.older.get(&walker.crew);
                gait::legs_of(family, &self.ship, &walker, before, &mut self.chance)
            }
        };
        let dies = self.chance.happens(0.004 * self.story.character.mishaps);
        let broken = dies.then(|| self.chance.below(legs.len()));
        let ended = self.record(due, (now, phone, walker), &legs, broken);
        if family.is_none() && broken.is_none() {
            self.older.insert(walker.crew, legs);
        }
        self.busy[phone] = ended;
        let written = self.voyage.phones[phone].written();
        let walked = Walked { phone, family, broken: broken.is_some(), ended, written };
        self.voyage.walks.insert(due.id, walked);
        if broken.is_some() {
            // It is charged in an hour or two, and the patrol stays as it is.
            self.states[phone] = State::Usable;
            let back = ended + 5_400;
            self.voyage.phones[phone].restart(back, &mut self.chance);
            self.busy[phone] = back + 1;
        }
    }

    /// Writes a patrol; its last record is made at the returned Unix second.
    fn record(
        &mut self,
        due: &DuePatrol,
        (now, phone, walker): (i64, usize, Walker),
        legs: &Legs,
        broken: Option<usize>,
    ) -> i64 {
        let handset = &mut self.voyage.phones[phone];
        handset.patrols += 1;
        let (patrol, crew) = (handset.patrols, CrewNo(walker.crew));
        let start = Body::PatrolStart {
            route: Some(due.route),
            due: Some(due.id),
            supersedes: None,
            plan_heads: self.heads.clone(),
        };
        let mut tenths = now * 10;
        handset.write(tenths, patrol, crew, start);
        for (place, (point, leg)) in legs.iter().enumerate() {
            if broken == Some(place) {
                return tenths / 10 + 1;
            }
            tenths += (leg * 10.0) as i64;
            let at = self.ship.points[*point];
            let (tag, _) = self.ship.tags[&at];
            handset.write(tenths, patrol, crew, Body::Scan(Evidence::Qr { tag }));
        }
        tenths += 80;
        handset.write(tenths, patrol, crew, Body::PatrolEnd { how: 1, reason: 0 });
        tenths / 10 + 1
    }
}
