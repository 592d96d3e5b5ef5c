//! Registering tags and displays, and what they are written with.

use deckwatch_core::{
    model::{CheckpointId, Hash, Level, TagId, TagUid, VesselId},
    plan::{KeyedTag, PlanContent},
    presence::{
        diversify::{KEYS, tag_key},
        sun_template::SunTemplate,
        tag_key::TagKey,
        totp::DisplaySecret,
    },
};

use super::{Keyed, TagError};
use crate::shore::Shore;

/// What hangs at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hanging {
    /// A tag whose UID is all that it shows: level 2.
    Plain(TagUid),
    /// A tag that signs: level 4, or 5 where it is bound (experimental).
    Signing {
        /// Its UID of 7 bytes.
        uid: TagUid,
        /// Whether phones write their nonce to it.
        bound: bool,
    },
    /// A display: level 3.
    Display(TagId),
}

impl Hanging {
    /// What has the keys, if it has any.
    pub fn keyed(self) -> Option<Keyed> {
        match self {
            Self::Plain(_) => None,
            Self::Signing { uid, .. } => Some(Keyed::Nfc(uid)),
            Self::Display(id) => Some(Keyed::Display(id)),
        }
    }
}

/// What is to be registered.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The vessel.
    pub vessel: VesselId,
    /// The checkpoint's name, or its id.
    pub checkpoint: String,
    /// What hangs there.
    pub hanging: Hanging,
    /// The host that the tag's URL names.
    pub host: String,
    /// The level that the checkpoint demands from now on; `None` = as before.
    pub min_level: Option<Level>,
}

/// What would be registered, before anything is done.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The Plan as it is.
    pub before: PlanContent,
    /// Its version.
    pub heads: Vec<Hash>,
    /// The Plan with the registration.
    pub after: PlanContent,
    /// Where it hangs.
    pub checkpoint: CheckpointId,
    /// The version of the master key that is used; a first one is made where there is none.
    pub key_version: Option<u32>,
    /// What a tag that signs is written with.
    pub template: Option<SunTemplate>,
}

/// The keys of one tag or display, for whoever writes it.
#[derive(Debug, Clone)]
pub enum TagSecrets {
    /// Keys 0 to 4 of an NTAG 424 DNA.
    Nfc(Vec<TagKey>),
    /// The secret of a display.
    Display(DisplaySecret),
}

impl Shore {
    /// What a wish would change.
    pub fn propose_tag(&self, wish: &Wish) -> Result<Proposal, TagError> {
        let (before, heads) = self.plan(wish.vessel)?;
        let named = before
            .checkpoints
            .iter()
            .find(|(id, place)| place.name == wish.checkpoint || id.to_string() == wish.checkpoint);
        let missing = || TagError::NoCheckpoint(wish.checkpoint.clone());
        let checkpoint = named.map(|(id, _)| *id).ok_or_else(missing)?;
        let template = match wish.hanging {
            Hanging::Signing { uid, .. } if uid.seven().is_none() => {
                return Err(TagError::CannotSign(uid));
            }
            Hanging::Signing { bound, .. } => {
                Some(SunTemplate::new(wish.vessel, &wish.host, bound)?)
            }
            _ => None,
        };
        let masters = self.tag_keys().load(wish.vessel)?.unwrap_or_default();
        let newest = masters.newest().map_or(1, |master| master.version);
        let key_version = wish.hanging.keyed().map(|_| newest);
        let mut after = before.clone();
        let registration = KeyedTag { checkpoint, key_version };
        match wish.hanging {
            Hanging::Plain(uid) | Hanging::Signing { uid, .. } => {
                after.nfc.insert(uid, registration);
            }
            Hanging::Display(id) => drop(after.displays.insert(id, registration)),
        }
        if let (Some(level), Some(place)) = (wish.min_level, after.checkpoints.get_mut(&checkpoint))
        {
            place.min_level = Some(level).filter(|level| *level != Level::L0);
        }
        Ok(Proposal { before, heads, after, checkpoint, key_version, template })
    }

    /// Registers it, and gives the keys for the tag writer. The keys are durable before anything names them.
    pub fn provision_tag(&self, wish: &Wish) -> Result<(Proposal, Option<TagSecrets>), TagError> {
        if wish.hanging.keyed().is_some() {
            let (key, now) = (self.draw(), self.now());
            self.tag_keys().change(wish.vessel, |masters| match masters.newest() {
                Some(_) => Ok(()),
                None => masters.add(key, now).map(drop),
            })?;
        }
        // Once more, with the keys that are there now; and again where somebody else has edited the Plan meanwhile.
        loop {
            let proposal = self.propose_tag(wish)?;
            let secrets =
                self.secrets_of(wish.vessel, wish.hanging.keyed(), proposal.key_version)?;
            if self.edit_plan_at(wish.vessel, &proposal.heads, &proposal.after)?.is_some() {
                return Ok((proposal, secrets));
            }
        }
    }

    fn secrets_of(
        &self,
        vessel: VesselId,
        tag: Option<Keyed>,
        version: Option<u32>,
    ) -> Result<Option<TagSecrets>, TagError> {
        let masters = self.tag_keys().load(vessel)?.unwrap_or_default();
        let master = version.and_then(|version| masters.version(version));
        let Some((tag, master)) = tag.zip(master) else { return Ok(None) };
        Ok(match tag {
            Keyed::Display(id) => Some(TagSecrets::Display(DisplaySecret::of(&master.key, id))),
            Keyed::Nfc(uid) => uid.seven().map(|uid| {
                TagSecrets::Nfc(
                    (0..KEYS).map(|number| tag_key(&master.key, &uid, number)).collect(),
                )
            }),
        })
    }

    /// A new version of a vessel's master key. Tags go on with the version they were written with.
    pub fn rotate_tag_keys(&self, vessel: VesselId) -> Result<u32, TagError> {
        self.vessel(vessel)?;
        let (key, now) = (self.draw(), self.now());
        Ok(self.tag_keys().change(vessel, |masters| masters.add(key, now))?)
    }
}
