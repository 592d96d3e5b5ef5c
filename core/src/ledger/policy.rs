//! Whom a reader believes: c2sp.org/tlog-policy. The reader brings the policy; it never comes with what it judges.

mod verdict;

use data_encoding::BASE64;

use super::{
    key::{KeyType, NoteKeyError, VerifierKey},
    tree_head::decimal,
};

pub use verdict::{GroupVerdict, PolicyVerdict, WitnessVerdict};

/// Bytes of a policy at most.
pub const MAX_POLICY: usize = 64 * 1024;
/// Ledgers, witnesses and groups at most, each; the specification asks for 32.
pub const MAX_ENTRIES: usize = 64;

/// What is wrong with a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy: {fault}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: PolicyFault,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// Larger than any that is accepted.
    #[error("the policy has more than {MAX_POLICY} bytes or {MAX_ENTRIES} entries of a sort")]
    TooLarge,
    /// A control character.
    #[error("a control character; only tab and newline may stand in it")]
    Character,
    /// Not a line of a policy.
    #[error(
        "not one of `log KEY [URL]`, `witness NAME KEY [URL]`, `group NAME all|any|COUNT MEMBER...`, `quorum NAME`"
    )]
    Words,
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] NoteKeyError),
    /// One key under two names would count twice.
    #[error("the key stands on a line above already")]
    SameKey,
    /// The name is taken.
    #[error("the name {0:?} is defined already, or is `none`; choose another")]
    SameName(String),
    /// Not defined above.
    #[error("nothing above is called {0:?}; define it on a line before")]
    UnknownName(String),
    /// A member of two groups would count twice.
    #[error("{0:?} is a member of a group already")]
    SecondGroup(String),
    /// A number that no group can have.
    #[error("a group needs 1 to as many as it has members")]
    Count,
    /// There must be one.
    #[error("there must be exactly one quorum line, `quorum none` at least")]
    Quorum,
}

/// A key with the name or address that the policy gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyKey {
    /// What a witness is called in the policy; the origin of a ledger.
    pub name: String,
    /// The key.
    pub key: VerifierKey,
    /// Where it can be asked, as the policy says.
    pub url: Option<String>,
}

/// A witness or a group, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    needed: usize,
    members: Vec<Member>,
}

/// Which ledgers are believed, and which witnesses must have seen a tree head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    ledgers: Vec<PolicyKey>,
    witnesses: Vec<PolicyKey>,
    groups: Vec<Group>,
    /// `None` where no witness is asked for.
    quorum: Option<Member>,
}

impl Policy {
    /// Believes one ledger without witnesses: what a phone does that was enrolled with its key.
    pub fn of_ledger(key: VerifierKey) -> Self {
        let ledger = PolicyKey { name: key.name().to_owned(), key, url: None };
        Self { ledgers: vec![ledger], ..Self::default() }
    }

    /// Reads the text form.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let at = |line, fault| PolicyError { line, fault };
        if bytes.len() > MAX_POLICY {
            return Err(at(1, PolicyFault::TooLarge));
        }
        let mut reading = Reading::default();
        let mut lines = 0;
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            lines = line;
            reading.line(text).map_err(|fault| at(line, fault))?;
        }
        if reading.quorum_lines == 1 {
            Ok(reading.policy)
        } else {
            Err(at(lines, PolicyFault::Quorum))
        }
    }

    /// The ledgers.
    pub fn ledgers(&self) -> &[PolicyKey] {
        &self.ledgers
    }

    /// The witnesses, whether the quorum needs them or not.
    pub fn witnesses(&self) -> &[PolicyKey] {
        &self.witnesses
    }
}

/// A policy whose lines are being read.
#[derive(Default)]
struct Reading {
    policy: Policy,
    /// Names, which are bytes to the specification; what they name; whether a group has it already.
    names: Vec<(Vec<u8>, Member, bool)>,
    quorum_lines: usize,
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err(PolicyFault::Character);
        }
        let words: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key, url @ ..] if url.len() <= 1 => self.log(key, url.first().copied()),
            [b"witness", name, key, url @ ..] if url.len() <= 1 => {
                self.witness(name, key, url.first().copied())
            }
            [b"group", name, needed, members @ ..] => self.group(name, needed, members),
            [b"quorum", name] => self.quorum(name),
            _ => Err(PolicyFault::Words),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyFault> {
        let key = new_key(key, KeyType::Ed25519, &self.policy.ledgers)?;
        let name = key.name().to_owned();
        self.policy.ledgers.push(PolicyKey { name, key, url: url.map(shown) });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyFault> {
        let key = new_key(key, KeyType::Cosignature, &self.policy.witnesses)?;
        self.define(name, Member::Witness(self.policy.witnesses.len()))?;
        self.policy.witnesses.push(PolicyKey { name: shown(name), key, url: url.map(shown) });
        Ok(())
    }

    fn group(&mut self, name: &[u8], needed: &[u8], members: &[&[u8]]) -> Result<(), PolicyFault> {
        if self.policy.groups.len() == MAX_ENTRIES {
            return Err(PolicyFault::TooLarge);
        }
        let count = members.len();
        let needed = match needed {
            b"all" => count,
            b"any" => 1,
            number => std::str::from_utf8(number)
                .ok()
                .and_then(decimal)
                .and_then(|number| usize::try_from(number).ok())
                .ok_or(PolicyFault::Words)?,
        };
        if !(1..=count).contains(&needed) {
            return Err(PolicyFault::Count);
        }
        let found: Result<Vec<Member>, PolicyFault> =
            members.iter().map(|member| self.take(member)).collect();
        let group = Group { name: shown(name), needed, members: found? };
        self.define(name, Member::Group(self.policy.groups.len()))?;
        self.policy.groups.push(group);
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        self.quorum_lines += 1;
        if self.quorum_lines > 1 {
            return Err(PolicyFault::Quorum);
        }
        if name != b"none" {
            let found = self.names.iter().find(|(known, ..)| known == name);
            let (_, member, _) = found.ok_or_else(|| PolicyFault::UnknownName(shown(name)))?;
            self.policy.quorum = Some(*member);
        }
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<(), PolicyFault> {
        if name == b"none" || self.names.iter().any(|(known, ..)| known == name) {
            return Err(PolicyFault::SameName(shown(name)));
        }
        self.names.push((name.to_vec(), member, false));
        Ok(())
    }

    /// A member of a group, which it can be of one.
    fn take(&mut self, name: &[u8]) -> Result<Member, PolicyFault> {
        let found = self.names.iter_mut().find(|(known, ..)| known == name);
        let (_, member, taken) = found.ok_or_else(|| PolicyFault::UnknownName(shown(name)))?;
        if std::mem::replace(taken, true) {
            return Err(PolicyFault::SecondGroup(shown(name)));
        }
        Ok(*member)
    }
}

/// A key that is not there yet, under whatever name.
fn new_key(
    text: &[u8],
    key_type: KeyType,
    known: &[PolicyKey],
) -> Result<VerifierKey, PolicyFault> {
    if known.len() == MAX_ENTRIES {
        return Err(PolicyFault::TooLarge);
    }
    let text = std::str::from_utf8(text).map_err(|_| NoteKeyError::Form)?;
    let key = VerifierKey::parse_as(text, key_type)?;
    if known.iter().any(|known| known.key.public_key() == key.public_key()) {
        return Err(PolicyFault::SameKey);
    }
    Ok(key)
}

/// For people: the first bytes of a key.
fn fingerprint(key: &VerifierKey) -> String {
    BASE64.encode(&key.public_key()).chars().take(8).collect()
}
