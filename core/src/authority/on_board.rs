//! Phones certified on board: without a link to the shore, by the phone of a ship security officer.
//!
//! An officer's certificate counts when all of this holds:
//! - the shore's own certificates give its author the role of an officer at that record, before the
//!   author's certificate ended by the author's own clock, and the author's genesis is the certified one;
//! - it stands on the main branch of the author's chain, before any fork;
//! - it is for this vessel, for another key than the author's and the shore's, and gives the role of
//!   crew and no other: who was certified on board certifies nobody;
//! - fewer than [`LIMIT`] phones that count stand before it in that chain within [`PERIOD_SECS`] of it,
//!   in either direction, by the clock of that chain.
//!
//! The first one for a key stands within a chain; of several officers' that of the lowest
//! (device, seq). A certificate of the shore for the same device takes the place of all of them.
//!
//! The rule reads nothing but the set of records, so that it gives the same on every device and in
//! every order of arrival: no time of arrival, no time bounds, no other chain than the officer's and
//! the shore's. Chain order decides who is within the limit, because later records cannot take away
//! what earlier ones gave. The author's clock is a claim. Looking in both directions keeps one jump of
//! an honest clock, forth and back, from closing the door for ever.
//!
//! What an insider with an officer's phone can still do: certify [`LIMIT`] phones that nobody needs, and
//! more by setting the clock on by a period each time. Each step is a `clock_step` record, each such
//! phone is named in a finding on every patrol that it recorded until the shore confirms it, and a
//! revocation of the officer's phone takes away everything after the last trusted record. A phone
//! that never syncs holds windows back until the contact limit, as any phone in a drawer does; it
//! cannot reach back to windows before its certificate (`assess/watermark.rs`).

use std::collections::BTreeMap;

use super::{Authority, Roles, SecondKey, Standing};
use crate::{
    model::{DeviceId, RecordRef},
    record::{Body, Chain, Entry, PublicKeyBytes, device_id},
};

/// Phones that one officer's phone may certify within [`PERIOD_SECS`].
pub const LIMIT: usize = 4;
/// 30 days.
pub const PERIOD_SECS: u64 = 30 * 86_400;

/// What one officer's chain has given so far.
#[derive(Default)]
struct Given {
    phones: BTreeMap<DeviceId, (PublicKeyBytes, Standing)>,
    second_keys: Vec<SecondKey>,
    /// The author's clock at each; `None` = withheld, and so near to everything.
    walls: Vec<Option<u64>>,
}

impl Given {
    fn room(&self, wall: Option<u64>) -> usize {
        let near = self.walls.iter().filter(|given| match (given, wall) {
            (Some(given), Some(wall)) => given.abs_diff(wall) < PERIOD_SECS,
            _ => true,
        });
        LIMIT.saturating_sub(near.count())
    }

    fn take(&mut self, authority: &Authority, entry: &Entry) {
        let Some(Body::Certificate { key, vessel, roles, from, until, genesis }) = entry.body()
        else {
            return;
        };
        let (dev, wall) = (device_id(key), entry.time.map(|time| time.wall));
        let itself = dev == entry.at.dev || dev == authority.root;
        if *vessel != authority.vessel || Roles(*roles) != Roles::CREW || itself {
            return;
        }
        let held = self.phones.get(&dev).or_else(|| authority.standings.get(&dev));
        if let Some((certified, _)) = held.filter(|(held, _)| held != key) {
            let (certified, refused, record) = (*certified, *key, entry.at);
            self.second_keys.push(SecondKey { dev, certified, refused, record });
            return;
        }
        if self.phones.contains_key(&dev) || self.room(wall) == 0 {
            return;
        }
        let standing = Standing {
            roles: Roles::CREW,
            ever: Roles::CREW,
            from: *from,
            until: *until,
            genesis: *genesis,
            last_trusted_seq: None,
            lost: None,
            other_key: false,
            rotated: None,
            ship_enrolled: Some(entry.at),
        };
        self.phones.insert(dev, (*key, standing));
        self.walls.push(wall);
    }
}

/// Everything that the certificates of one chain give.
fn given_by(authority: &Authority, chain: &Chain) -> Given {
    let mut given = Given::default();
    let Some(standing) = authority.standing(chain.dev()) else { return given };
    if !standing.roles.has(Roles::OFFICER) || standing.ship_enrolled.is_some() {
        return given;
    }
    let branch = chain.main_branch();
    let fits = |genesis| branch.first().is_some_and(|first| first.at.hash == genesis);
    if !standing.genesis.is_none_or(fits) {
        return given;
    }
    let forked = chain.forks().iter().map(|fork| fork.one.seq).min().unwrap_or(u64::MAX);
    let in_office = |entry: &&&Entry| {
        let wall = entry.time.and_then(|time| i64::try_from(time.wall).ok());
        let ended = standing.until.is_some_and(|until| wall.is_some_and(|wall| wall > until));
        entry.at.seq < forked
            && authority.roles_at(entry.at.dev, entry.at.seq).has(Roles::OFFICER)
            && !ended
    };
    branch.iter().filter(in_office).for_each(|entry| given.take(authority, entry));
    given
}

/// What officers' certificates give, of all chains.
#[derive(Default)]
pub(super) struct OnBoard {
    /// The phones that no certificate of the shore names.
    pub phones: BTreeMap<DeviceId, (PublicKeyBytes, Standing)>,
    /// Certificates for keys whose id another key has already, in the order of their records.
    pub second_keys: Vec<SecondKey>,
}

pub(super) fn phones(authority: &Authority, chains: &[&Chain]) -> OnBoard {
    let mut on_board = OnBoard::default();
    let mut all: Vec<(DeviceId, PublicKeyBytes, Standing, RecordRef)> = Vec::new();
    for chain in chains {
        let given = given_by(authority, chain);
        on_board.second_keys.extend(given.second_keys);
        let phones = given.phones.into_iter();
        all.extend(phones.filter_map(|(dev, (key, it))| Some((dev, key, it, it.ship_enrolled?))));
    }
    // Of several officers' the one with the lowest (device, seq).
    all.sort_unstable_by_key(|(.., record)| *record);
    for (dev, key, standing, record) in all {
        if authority.standing(dev).is_some() {
            continue;
        }
        let (certified, _) = on_board.phones.entry(dev).or_insert((key, standing));
        if *certified != key {
            let (certified, refused) = (*certified, key);
            on_board.second_keys.push(SecondKey { dev, certified, refused, record });
        }
    }
    on_board.second_keys.sort_unstable_by_key(|second| second.record);
    on_board
}

impl Authority {
    /// How many more phones the officer with this chain may certify on board when its clock says `wall`
    /// (Unix s); none if it is no officer's.
    pub fn room_on_board(&self, chain: &Chain, wall: u64) -> usize {
        let officer = self.standing(chain.dev()).is_some_and(|it| it.roles.has(Roles::OFFICER));
        if officer { given_by(self, chain).room(Some(wall)) } else { 0 }
    }
}
