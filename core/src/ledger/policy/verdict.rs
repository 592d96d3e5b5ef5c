//! What a policy says of a tree head, in plain words.

use std::fmt;

use super::{Member, Policy, PolicyKey, fingerprint};
use crate::{
    ledger::{
        key::VerifierKey,
        note::{NoteError, SignedBy},
        tree_head::SignedTreeHead,
    },
    time::moment::utc,
};

/// What was met, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVerdict {
    /// What the tree head says it is of.
    pub origin: String,
    /// Its leaves.
    pub size: u64,
    /// Whether a ledger of the policy with that origin has signed it.
    pub signed: bool,
    /// Every witness of the policy.
    pub witnesses: Vec<WitnessVerdict>,
    /// Every group of the policy.
    pub groups: Vec<GroupVerdict>,
    /// What the quorum is called; `None` where no witness is asked for.
    pub quorum: Option<String>,
    /// Whether the quorum has cosigned.
    pub quorum_met: bool,
    /// A signature that spoils the whole note.
    pub spoiled: Option<NoteError>,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessVerdict {
    /// What the policy calls it.
    pub name: String,
    /// The name of its key.
    pub key: String,
    /// When it cosigned, Unix seconds; `None` where it did not.
    pub time: Option<u64>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupVerdict {
    /// What the policy calls it.
    pub name: String,
    /// How many members must have cosigned.
    pub needed: usize,
    /// How many there are.
    pub of: usize,
    /// How many have.
    pub have: usize,
}

impl GroupVerdict {
    /// Whether enough have.
    pub fn is_met(&self) -> bool {
        self.have >= self.needed
    }
}

impl PolicyVerdict {
    /// Whether the tree head is to be believed.
    pub fn is_met(&self) -> bool {
        self.spoiled.is_none() && self.signed && self.quorum_met
    }
}

impl Policy {
    /// Judges a tree head by its signatures. It says nothing of what stands in the ledger.
    pub fn judge(&self, head: &SignedTreeHead) -> PolicyVerdict {
        let keys = self.ledgers.iter().chain(&self.witnesses).map(|known| &known.key);
        let (good, spoiled) = match head.note().verify(keys) {
            Ok(good) => (good, None),
            Err(NoteError::Unknown) => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let by = |key: &VerifierKey| -> Option<&SignedBy<'_>> {
            good.iter().find(|signed| signed.key == key)
        };
        let origin = &head.head().origin;
        let mut ledgers = self.ledgers.iter().filter(|ledger| ledger.key.name() == origin);
        let signed = ledgers.any(|ledger| by(&ledger.key).is_some());
        let witness = |known: &PolicyKey| WitnessVerdict {
            name: known.name.clone(),
            key: format!("{}, key {}", known.key.name(), fingerprint(&known.key)),
            time: by(&known.key).and_then(|signed| signed.checked.time),
        };
        let witnesses: Vec<WitnessVerdict> = self.witnesses.iter().map(witness).collect();
        let mut groups: Vec<GroupVerdict> = Vec::new();
        for group in &self.groups {
            // A group's members stand above it.
            let have = group.members.iter().filter(|member| met(**member, &witnesses, &groups));
            groups.push(GroupVerdict {
                name: group.name.clone(),
                needed: group.needed,
                of: group.members.len(),
                have: have.count(),
            });
        }
        let name_of = |member| match member {
            Member::Witness(at) => self.witnesses.get(at).map(|known| known.name.clone()),
            Member::Group(at) => self.groups.get(at).map(|group| group.name.clone()),
        };
        PolicyVerdict {
            origin: origin.clone(),
            size: head.head().size,
            signed,
            quorum: self.quorum.and_then(name_of),
            quorum_met: self.quorum.is_none_or(|member| met(member, &witnesses, &groups)),
            witnesses,
            groups,
            spoiled,
        }
    }
}

fn met(member: Member, witnesses: &[WitnessVerdict], groups: &[GroupVerdict]) -> bool {
    match member {
        Member::Witness(at) => witnesses.get(at).is_some_and(|witness| witness.time.is_some()),
        Member::Group(at) => groups.get(at).is_some_and(GroupVerdict::is_met),
    }
}

impl fmt::Display for PolicyVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (origin, size) = (&self.origin, self.size);
        if let Some(error) = &self.spoiled {
            writeln!(f, "Not believed: {error}.")?;
        } else if self.signed {
            writeln!(f, "The ledger {origin} has signed this tree head of {size} leaves.")?;
        } else {
            writeln!(f, "Not signed by a ledger of the policy: it says it is of {origin}.")?;
        }
        for WitnessVerdict { name, key, time } in &self.witnesses {
            match time {
                Some(time) => {
                    let time = utc(i64::try_from(*time).unwrap_or(i64::MAX));
                    writeln!(f, "Witness {name} ({key}) has cosigned it at {time}.")?;
                }
                None => writeln!(f, "Witness {name} ({key}) has not cosigned it.")?,
            }
        }
        for group in &self.groups {
            let GroupVerdict { name, needed, of, have } = group;
            let enough = if group.is_met() { "enough" } else { "too few" };
            writeln!(
                f,
                "Group {name}: {have} of {of} have cosigned, {needed} are needed: {enough}."
            )?;
        }
        match &self.quorum {
            None => writeln!(f, "The policy asks for no witness.")?,
            Some(name) if self.quorum_met => writeln!(f, "The quorum {name} has cosigned.")?,
            Some(name) => writeln!(f, "The quorum {name} has not cosigned.")?,
        }
        f.write_str(if self.is_met() { "The policy is met." } else { "The policy is not met." })
    }
}
