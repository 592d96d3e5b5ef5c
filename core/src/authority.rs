//! Who may do what. Read from certificates alone, at the author's (device, seq), never at
//! arrival and never from the Plan.

use std::collections::BTreeMap;

use crate::{
    model::{DeviceId, Hash, VesselId},
    record::{Body, PublicKeyBytes, chain::Chain, device_id},
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
}

/// Everything certified for one vessel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    vessel: VesselId,
    root: DeviceId,
    standings: BTreeMap<DeviceId, (PublicKeyBytes, Standing)>,
}

impl Authority {
    /// Reads the chain of the vessel's shore key. The result depends on the set of records alone.
    ///
    /// A later certificate for the same key replaces the roles and dates of an earlier one;
    /// revocations and losses stay with the device for ever, the lowest trusted seq counts.
    pub fn read(vessel: VesselId, shore_key: &PublicKeyBytes, chains: &[Chain]) -> Self {
        let root = device_id(shore_key);
        let mut authority = Self { vessel, root, standings: BTreeMap::new() };
        let mut marks: BTreeMap<DeviceId, (Option<u64>, Option<i64>)> = BTreeMap::new();
        let shore = chains.iter().find(|chain| chain.dev() == root);
        for entry in shore.map(Chain::main_branch).unwrap_or_default() {
            match entry.body() {
                Some(Body::Certificate { key, vessel: of, roles, from, until, genesis })
                    if *of == vessel =>
                {
                    authority.certify(key, *roles, *from, *until, *genesis);
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
        for (dev, (trusted, lost)) in marks {
            if let Some((_, standing)) = authority.standings.get_mut(&dev) {
                standing.last_trusted_seq = trusted;
                standing.lost = lost;
            }
        }
        authority
    }

    fn certify(
        &mut self,
        key: &PublicKeyBytes,
        roles: u32,
        from: i64,
        until: Option<i64>,
        genesis: Option<Hash>,
    ) {
        let dev = device_id(key);
        let held = self.standings.get(&dev);
        // Two keys with one id: the first certified stays, the other is never believed.
        if held.is_some_and(|(held, _)| held != key) {
            return;
        }
        let from = held.map_or(from, |(_, standing)| standing.from.min(from));
        let standing = Standing {
            roles: Roles(roles),
            from,
            until,
            genesis,
            last_trusted_seq: None,
            lost: None,
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

    /// The certified key of a device; the shore's own for the shore.
    pub fn key(&self, dev: DeviceId) -> Option<&PublicKeyBytes> {
        self.standings.get(&dev).map(|(key, _)| key)
    }

    /// The roles with which a device wrote its record `seq`.
    pub fn roles_at(&self, dev: DeviceId, seq: u64) -> Roles {
        if dev == self.root {
            return Roles::SHORE;
        }
        match self.standing(dev) {
            Some(standing) if standing.last_trusted_seq.is_none_or(|last| seq <= last) => {
                standing.roles
            }
            _ => Roles::NONE,
        }
    }

    /// Certified devices in order of their ids, without the shore.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Standing)> {
        self.standings.iter().map(|(dev, (_, standing))| (*dev, standing))
    }
}
