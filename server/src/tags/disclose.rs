//! Showing retired keys, so that an auditor can check what the shore says of old scans. A key that was shown
//! proves nothing any more: what is checked later with it is refused.

use deckwatch_core::{
    model::VesselId,
    plan::PlanContent,
    presence::{
        diversify::{MAC_KEY_NUMBER, tag_key},
        totp::DisplaySecret,
    },
};
use serde::Serialize;

use super::{
    Keyed, TagError,
    key_file::{Master, Masters},
};
use crate::shore::Shore;

/// One key of one tag or display, in a version that it does not use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Retired {
    /// Whose.
    pub tag: Keyed,
    /// Which.
    pub key_version: u32,
}

/// A key as it is shown.
#[derive(Clone, Serialize)]
pub struct DisclosedKey {
    /// Whose, and which.
    #[serde(flatten)]
    pub retired: Retired,
    /// The signing key of a tag (16 bytes), or the secret of a display (32 bytes), in hex.
    pub key: String,
}

impl std::fmt::Debug for DisclosedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DisclosedKey").field("retired", &self.retired).finish_non_exhaustive()
    }
}

/// Keys that tags of the newest Plan do not use any more: of each, the versions before the one that it is registered with.
pub fn retired(plan: &PlanContent, masters: &Masters) -> Vec<Retired> {
    let nfc = plan.nfc.iter().map(|(uid, tag)| (Keyed::Nfc(*uid), tag.key_version));
    let displays = plan.displays.iter().map(|(id, tag)| (Keyed::Display(*id), tag.key_version));
    let mut found = Vec::new();
    for (tag, version) in nfc.chain(displays) {
        // A version that is not here retires nothing: somebody on board may have written any number.
        let Some(now) = version.filter(|version| masters.version(*version).is_some()) else {
            continue;
        };
        let older = masters.versions().iter().filter(|master| master.version < now);
        found.extend(older.map(|master| Retired { tag, key_version: master.version }));
    }
    found
}

impl Shore {
    /// What could be shown.
    pub fn retired_tag_keys(&self, vessel: VesselId) -> Result<Vec<Retired>, TagError> {
        let (plan, _) = self.plan(vessel)?;
        Ok(retired(&plan, &self.tag_keys().load(vessel)?.unwrap_or_default()))
    }

    /// Shows retired keys: all, or those of one tag and version. It is remembered before they are shown.
    pub fn disclose_tag_keys(
        &self,
        vessel: VesselId,
        only: Option<Retired>,
    ) -> Result<Vec<DisclosedKey>, TagError> {
        let (plan, _) = self.plan(vessel)?;
        self.tag_keys().change(vessel, |masters| {
            let mut chosen = retired(&plan, masters);
            if let Some(only) = only {
                chosen.retain(|one| *one == only);
                if chosen.is_empty() {
                    let Retired { tag, key_version: version } = only;
                    return Err(TagError::InUse { tag, version });
                }
            }
            if chosen.is_empty() {
                return Err(TagError::NothingRetired);
            }
            chosen.iter().for_each(|one| masters.disclose(one.tag, one.key_version));
            let shown = |one: &Retired| {
                let key = key_of(masters.version(one.key_version)?, one.tag)?;
                Some(DisclosedKey { retired: *one, key })
            };
            Ok(chosen.iter().filter_map(shown).collect())
        })
    }
}

fn key_of(master: &Master, tag: Keyed) -> Option<String> {
    use data_encoding::HEXLOWER;
    Some(match tag {
        Keyed::Display(id) => HEXLOWER.encode(DisplaySecret::of(&master.key, id).expose()),
        Keyed::Nfc(uid) => {
            HEXLOWER.encode(tag_key(&master.key, &uid.seven()?, MAC_KEY_NUMBER).expose())
        }
    })
}
