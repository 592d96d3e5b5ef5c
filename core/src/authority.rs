//! Who may do what. Read from certificates alone, at the author's (device, seq), never at
//! arrival and never from the Plan.

pub mod on_board;

use std::collections::BTreeMap;

use crate::{
    model::{DeviceId, Hash, RecordRef, VesselId},
    record::{Body, PublicKeyBytes, body::ROTATE, chain::Chain, device_id},
};

/// A set of roles, as in certificates: FORMAT.md section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Roles(pub u32);

impl Roles {
    /// None: not certified.
    pub const NONE: Self = Self(0);
    /// Walks patrols.
    pub const CREW: Self = Self(1);
    /// Ship security officer: adopts plans, edits them.
    pub const OFFICER: Self = Self(2);
    /// The ship's hub.
    pub const HUB: Self = Self(4);
    /// The shore.
    pub const SHORE: Self = Self(8);

    /// Whether all of `roles` are here.
    pub fn has(self, roles: Self) -> bool {
        self.0 & roles.0 == roles.0
    }

    /// Both together.
    pub fn and(self, roles: Self) -> Self {
        Self(self.0 | roles.0)
    }

    /// May put a Plan version into force on board.
    pub fn may_adopt(self) -> bool {
        self.has(Self::OFFICER) || self.has(Self::HUB)
    }

    /// May write the Plan.
    pub fn may_edit_plan(self) -> bool {
        self.has(Self::OFFICER) || self.has(Self::SHORE)
    }

    /// Its records carry authority, so every device of the vessel wants them.
    pub fn is_authority(self) -> bool {
        self.may_adopt() || self.may_edit_plan()
    }
}

/// What is certified of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Its roles.
    pub roles: Roles,
    /// All roles that it was ever certified for.
    pub ever: Roles,
    /// Certified from, Unix seconds.
    pub from: i64,
    /// Certified until, Unix seconds.
    pub until: Option<i64>,
    /// The genesis the certificate names, if it names one.
    pub genesis: Option<Hash>,
    /// Records after this seq are suspect.
    pub last_trusted_seq: Option<u64>,
    /// Declared lost at, Unix seconds.
    pub lost: Option<i64>,
    /// Its chain begins with another key that has the same id: nothing of it is the certified device's.
    pub other_key: bool,
    /// Its key was rotated: nothing after that record is its own.
    pub rotated: Option<Rotated>,
    /// The officer's certificate, as long as the shore has none of its own for this device.
    pub ship_enrolled: Option<RecordRef>,
}

/// The end of a chain whose key was rotated: FORMAT.md section 21.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rotated {
    /// Seq of the `rotate` record.
    pub seq: u64,
    /// The device of the next key; `None` where the record is withheld.
    pub to: Option<DeviceId>,
}

impl Standing {
    /// Records after this seq have no authority: a revocation, or the device's own rotation.
    pub fn last_seq_with_authority(&self) -> Option<u64> {
        let rotated = self.rotated.map(|rotated| rotated.seq);
        [self.last_trusted_seq, rotated].into_iter().flatten().min()
    }

    fn counts_at(&self, seq: u64) -> bool {
        !self.other_key && self.last_seq_with_authority().is_none_or(|last| seq <= last)
    }
}

/// A certificate for a key whose device id belongs to another key already: 8 bytes of a hash are no secret, and two keys
/// with one id take 2^32 steps to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecondKey {
    /// The id that both have.
    pub dev: DeviceId,
    /// The key that stays.
    pub certified: PublicKeyBytes,
    /// The one that is refused.
    pub refused: PublicKeyBytes,
    /// The certificate that names it.
    pub record: RecordRef,
}

/// What the shore said of a device: the last trusted seq, and when it was reported lost.
type Marks = BTreeMap<DeviceId, (Option<u64>, Option<i64>)>;

/// Everything certified for one vessel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    vessel: VesselId,
    root: DeviceId,
    standings: BTreeMap<DeviceId, (PublicKeyBytes, Standing)>,
    second_keys: Vec<SecondKey>,
}

impl Authority {
    /// Reads the chain of the vessel's shore key, and what officers certified on board
    /// ([`on_board`]). The result depends on the set of records alone, not on the order of `chains`.
    ///
    /// A later certificate of the shore for the same key replaces the roles and dates of an earlier
    /// one; revocations and losses stay with the device for ever, the lowest trusted seq counts.
    pub fn read<'c>(
        vessel: VesselId,
        shore_key: &PublicKeyBytes,
        chains: impl IntoIterator<Item = &'c Chain>,
    ) -> Self {
        let root = device_id(shore_key);
        let standings = BTreeMap::new();
        let mut authority = Self { vessel, root, standings, second_keys: Vec::new() };
        let chains: Vec<&Chain> = chains.into_iter().collect();
        let shore = chains.iter().find(|chain| chain.dev() == root);
        let marks = shore.map(|shore| authority.read_shore(shore)).unwrap_or_default();
        // An officer's marks count before what the officer certified is read.
        authority.mark(&marks, &chains);
        let on_board = on_board::phones(&authority, &chains);
        authority.second_keys.extend(on_board.second_keys);
        authority.standings.extend(on_board.phones);
        authority.mark(&marks, &chains);
        authority
    }

    fn read_shore(&mut self, shore: &Chain) -> Marks {
        let mut marks = Marks::new();
        for entry in shore.main_branch() {
            match entry.body() {
                Some(Body::Certificate { key, vessel: of, roles, from, until, genesis })
                    if *of == self.vessel =>
                {
                    self.certify(entry.at, key, *roles, (*from, *until), *genesis);
                }
                Some(Body::Revoke { dev, last_trusted_seq, .. }) => {
                    let mark = &mut marks.entry(*dev).or_default().0;
                    *mark = Some(mark.map_or(*last_trusted_seq, |seq| seq.min(*last_trusted_seq)));
                }
                Some(Body::Lost { dev, reported, .. }) => {
                    let mark = &mut marks.entry(*dev).or_default().1;
                    *mark = Some(mark.map_or(*reported, |time| time.min(*reported)));
                }
                _ => {}
            }
        }
        marks
    }

    fn mark(&mut self, marks: &Marks, chains: &[&Chain]) {
        for (dev, (trusted, lost)) in marks {
            if let Some((_, standing)) = self.standings.get_mut(dev) {
                standing.last_trusted_seq = *trusted;
                standing.lost = *lost;
            }
        }
        for chain in chains {
            if let Some((key, standing)) = self.standings.get_mut(&chain.dev()) {
                standing.other_key = chain.key().is_some_and(|shown| shown != *key);
                standing.rotated = rotated(chain);
            }
        }
    }

    fn certify(
        &mut self,
        record: RecordRef,
        key: &PublicKeyBytes,
        roles: u32,
        (from, until): (i64, Option<i64>),
        genesis: Option<Hash>,
    ) {
        let dev = device_id(key);
        let held = self.standings.get(&dev);
        // Two keys with one id: the first certified stays, the other is never believed.
        if let Some((certified, _)) = held.filter(|(held, _)| held != key) {
            let (certified, refused) = (*certified, *key);
            self.second_keys.push(SecondKey { dev, certified, refused, record });
            return;
        }
        let from = held.map_or(from, |(_, standing)| standing.from.min(from));
        let ever = held.map_or(Roles::NONE, |(_, standing)| standing.ever).and(Roles(roles));
        let standing = Standing {
            roles: Roles(roles),
            ever,
            from,
            until,
            genesis,
            last_trusted_seq: None,
            lost: None,
            other_key: false,
            rotated: None,
            ship_enrolled: None,
        };
        self.standings.insert(dev, (*key, standing));
    }

    /// The vessel.
    pub fn vessel(&self) -> VesselId {
        self.vessel
    }

    /// The shore's device.
    pub fn root(&self) -> DeviceId {
        self.root
    }

    /// What is certified of a device; `None` for one that is not, and for the shore itself.
    pub fn standing(&self, dev: DeviceId) -> Option<&Standing> {
        self.standings.get(&dev).map(|(_, standing)| standing)
    }

    /// The certified key of a device.
    pub fn key(&self, dev: DeviceId) -> Option<&PublicKeyBytes> {
        self.standings.get(&dev).map(|(key, _)| key)
    }

    /// Certificates that were refused, because another key has that id already.
    pub fn second_keys(&self) -> &[SecondKey] {
        &self.second_keys
    }

    /// All roles that a device was ever certified for, at a record that is trusted: a phone that changed
    /// hands does not take back what it wrote before.
    pub fn ever_at(&self, dev: DeviceId, seq: u64) -> Roles {
        if dev == self.root {
            return Roles::SHORE;
        }
        let counts = |it: &&Standing| it.counts_at(seq);
        self.standing(dev).filter(counts).map_or(Roles::NONE, |standing| standing.ever)
    }

    /// The roles with which a device wrote its record `seq`.
    pub fn roles_at(&self, dev: DeviceId, seq: u64) -> Roles {
        if dev == self.root {
            return Roles::SHORE;
        }
        match self.standing(dev) {
            Some(standing) if standing.counts_at(seq) => standing.roles,
            _ => Roles::NONE,
        }
    }

    /// Certified devices in order of their ids, without the shore.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Standing)> {
        self.standings.iter().map(|(dev, (_, standing))| (*dev, standing))
    }
}

/// The first `rotate` record of the main branch: its author says that what follows is not its own.
fn rotated(chain: &Chain) -> Option<Rotated> {
    let first = chain.all().any(|entry| entry.kind == ROTATE);
    let branch = if first { chain.main_branch() } else { Vec::new() };
    let record = branch.into_iter().find(|entry| entry.kind == ROTATE)?;
    let to = match record.body() {
        Some(Body::Rotate { key }) => Some(device_id(key)),
        _ => None,
    };
    Some(Rotated { seq: record.at.seq, to })
}
