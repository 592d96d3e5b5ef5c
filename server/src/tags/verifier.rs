//! One scan against the keys: pure.

use deckwatch_core::{
    model::{Hash, TagUid},
    plan::PlanContent,
    presence::{
        diversify::{MAC_KEY_NUMBER, tag_key},
        sun::{is_genuine, nonce_after},
        totp::DisplaySecret,
    },
    record::{Evidence, reason::tag_check},
    time::Bounds,
};

use super::{
    Keyed,
    key_file::{Master, Masters},
};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// FORMAT.md section 4, kind 19.
    pub result: u64,
    /// The version of the master key; 0 where none was used.
    pub key_version: u32,
}

impl Checked {
    /// No such tag is registered.
    const UNREGISTERED: Self = Self { result: tag_check::UNREGISTERED, key_version: 0 };
}

/// Checks scans of one vessel.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// Its keys.
    pub masters: &'a Masters,
    /// The newest Plan: what is registered.
    pub plan: &'a PlanContent,
    /// Versions that were adopted on board: what was registered when a scan was made that comes late. Where a tag hung then, and whether it
    /// still counts there, is judged by the version in force, not here.
    pub older: &'a [PlanContent],
}

impl Verifier<'_> {
    /// Whether the newest Plan has the tag or display that this evidence names, if it names one.
    pub fn is_registered(&self, evidence: &Evidence) -> bool {
        match evidence {
            Evidence::Sun { uid, .. } => self.plan.nfc.contains_key(&TagUid::from(*uid)),
            Evidence::Rotating { tag, .. } => self.plan.displays.contains_key(tag),
            _ => true,
        }
    }

    /// What `read` finds in the newest Plan that has it.
    fn registered(&self, read: impl Fn(&PlanContent) -> Option<u32>) -> Option<u32> {
        read(self.plan).or_else(|| self.older.iter().find_map(&read))
    }

    /// Checks evidence that stands in a record after `prev`. `when` is asked for where a code needs its time.
    /// `None` = it cannot be said yet.
    pub fn check(
        &self,
        evidence: &Evidence,
        prev: &Hash,
        when: impl FnOnce() -> Bounds,
    ) -> Option<Checked> {
        match evidence {
            Evidence::Sun { uid, counter, mac, nonce_bound } => {
                let uid_of = TagUid::from(*uid);
                let version = |plan: &PlanContent| plan.nfc.get(&uid_of)?.key_version;
                let Some(registered) = self.registered(version) else {
                    return Some(Checked::UNREGISTERED);
                };
                let nonce = nonce_bound.then(|| nonce_after(prev));
                let said = |master: &Master| {
                    let key = tag_key(&master.key, uid, MAC_KEY_NUMBER);
                    is_genuine(&key, uid, *counter, nonce.as_ref(), mac)
                };
                self.judged(Keyed::Nfc(TagUid::from(*uid)), registered, said)
            }
            Evidence::Rotating { tag, code } => {
                let version = |plan: &PlanContent| plan.displays.get(tag)?.key_version;
                let Some(registered) = self.registered(version) else {
                    return Some(Checked::UNREGISTERED);
                };
                let Bounds { not_before: Some(from), not_after: Some(until) } = when() else {
                    return None;
                };
                let (from, until) = (from.unix_floor(), until.unix_ceil());
                let mut known = true;
                let said = |master: &Master| {
                    let secret = DisplaySecret::of(&master.key, *tag);
                    let shown = secret.shows_within(*code, from, until);
                    known &= shown.is_some();
                    shown == Some(true)
                };
                let judged = self.judged(Keyed::Display(*tag), registered, said);
                judged.filter(|_| known)
            }
            _ => None,
        }
    }

    /// The registered version first: a tag that was written anew leaves scans behind that were made with an older one.
    fn judged(
        &self,
        tag: Keyed,
        registered: u32,
        mut said: impl FnMut(&Master) -> bool,
    ) -> Option<Checked> {
        let versions = self.masters.versions().iter();
        let (first, others): (Vec<_>, Vec<_>) =
            versions.rev().partition(|master| master.version == registered);
        let found = first.into_iter().chain(others).find(|master| said(master));
        match found.map(|master| master.version) {
            Some(key_version) if self.masters.is_disclosed(tag, key_version) => {
                Some(Checked { result: tag_check::DISCLOSED, key_version })
            }
            Some(key_version) => Some(Checked { result: tag_check::OK, key_version }),
            // Without the key that it was written with nobody can say that it is bad.
            None => self
                .masters
                .version(registered)
                .map(|master| Checked { result: tag_check::BAD, key_version: master.version }),
        }
    }
}

#[cfg(test)]
mod tests {
    use deckwatch_core::{
        model::{CheckpointId, TagId},
        plan::KeyedTag,
        presence::sun::{SessionKeys, covered},
        time::Moment,
    };

    use super::*;

    const UID: [u8; 7] = [4, 1, 2, 3, 4, 5, 6];
    const DISPLAY: TagId = TagId([0xd1; 16]);
    const NOW: i64 = 1_800_000_000;
    const OK: u64 = tag_check::OK;

    fn scene(registered: Option<u32>) -> (Masters, PlanContent) {
        let mut masters = Masters::default();
        masters.add([1; 16], 0).unwrap();
        masters.add([2; 16], 0).unwrap();
        let tag = KeyedTag { checkpoint: CheckpointId([1; 8]), key_version: registered };
        let plan = PlanContent {
            nfc: [(TagUid::from(UID), tag)].into(),
            displays: [(DISPLAY, tag)].into(),
            ..PlanContent::default()
        };
        (masters, plan)
    }

    fn sun(masters: &Masters, version: u32, nonce: Option<&Hash>) -> Evidence {
        let key = tag_key(&masters.version(version).unwrap().key, &UID, MAC_KEY_NUMBER);
        let nonce = nonce.map(nonce_after);
        let said = covered(&UID, 7, nonce.as_ref());
        let mac = SessionKeys::of(&key, &UID, 7).sign(said.as_bytes());
        Evidence::Sun { uid: UID, counter: 7, mac, nonce_bound: nonce.is_some() }
    }

    fn checked(masters: &Masters, plan: &PlanContent, evidence: &Evidence) -> Option<(u64, u32)> {
        let verifier = Verifier { masters, plan, older: &[] };
        let result = verifier.check(evidence, &Hash([3; 32]), || Bounds::UNKNOWN);
        result.map(|checked| (checked.result, checked.key_version))
    }

    #[test]
    fn each_version_that_was_not_shown_is_tried() {
        let (mut masters, plan) = scene(Some(2));
        for version in [1, 2] {
            let said = sun(&masters, version, None);
            assert_eq!(checked(&masters, &plan, &said), Some((OK, version)));
        }
        masters.disclose(Keyed::Nfc(TagUid::from(UID)), 1);
        assert_eq!(
            checked(&masters, &plan, &sun(&masters, 1, None)),
            Some((tag_check::DISCLOSED, 1))
        );
        assert_eq!(checked(&masters, &plan, &sun(&masters, 2, None)), Some((OK, 2)));
        let Evidence::Sun { uid, mac, .. } = sun(&masters, 2, None) else { panic!() };
        let other = Evidence::Sun { uid, counter: 8, mac, nonce_bound: false };
        assert_eq!(checked(&masters, &plan, &other), Some((tag_check::BAD, 2)));
        // Keys that are not here say nothing; what they say of others counts.
        let (masters, plan) = scene(Some(3));
        assert_eq!(checked(&masters, &plan, &other), None);
        assert_eq!(checked(&masters, &plan, &sun(&masters, 1, None)), Some((OK, 1)));
    }

    #[test]
    fn who_is_not_registered_is_not_asked_for_a_mac() {
        let (masters, plan) = scene(None);
        let unregistered = Some((tag_check::UNREGISTERED, 0));
        assert_eq!(checked(&masters, &plan, &sun(&masters, 1, None)), unregistered);
        let nothing = PlanContent::default();
        assert_eq!(checked(&masters, &nothing, &sun(&masters, 1, None)), unregistered);
        let code = Evidence::Rotating { tag: DISPLAY, code: 1 };
        assert_eq!(checked(&masters, &nothing, &code), unregistered);
        assert_eq!(checked(&masters, &plan, &Evidence::Qr { tag: DISPLAY }), None);
    }

    #[test]
    fn a_bound_message_counts_after_its_own_record_alone() {
        let (masters, plan) = scene(Some(2));
        let (here, elsewhere) = (Hash([3; 32]), Hash([4; 32]));
        assert_eq!(checked(&masters, &plan, &sun(&masters, 2, Some(&here))), Some((OK, 2)));
        let other = sun(&masters, 2, Some(&elsewhere));
        assert_eq!(checked(&masters, &plan, &other), Some((tag_check::BAD, 2)));
    }

    #[test]
    fn a_code_is_held_against_the_time_of_its_scan() {
        let (masters, plan) = scene(Some(2));
        let code = DisplaySecret::of(&masters.version(2).unwrap().key, DISPLAY).code_at(NOW);
        let evidence = Evidence::Rotating { tag: DISPLAY, code: code.into() };
        let verifier = Verifier { masters: &masters, plan: &plan, older: &[] };
        let within = |from: i64, until: i64| {
            let bounds = Bounds::between(Moment::from_unix(from), Moment::from_unix(until));
            verifier.check(&evidence, &Hash::ZERO, || bounds).map(|checked| checked.result)
        };
        assert_eq!(within(NOW - 600, NOW + 600), Some(OK));
        assert_eq!(within(NOW + 600, NOW + 900), Some(tag_check::BAD));
        assert_eq!(within(NOW - 200_000, NOW + 600), None, "too wide to say anything");
        assert_eq!(checked(&masters, &plan, &evidence), None, "not known yet");
    }
}
