//! What a verification found: for people, and for programs. README.md section 5 fixes names, codes and exit codes.

mod words;

pub(super) use words::plain;

use serde::Serialize;

use super::disclosure::{Shown, Withheld};
use crate::{
    authority::{Roles, Rotated},
    model::{DeviceId, DueId, Hash, RecordRef, VesselId},
};

/// The form of the report as a program reads it. A change of form is a new number.
pub const FORM: u32 = 1;
/// Faults of one check, and differences, that are listed; of more, their number.
pub const LISTED: usize = 100;

/// What every report says, whatever was found.
pub const HONEST: &str = "Evidence shows that a record was not changed after it was made. It cannot show that it was true when made.";

/// The checks of integrity, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// It is the bundle that was asked for.
    Asked,
    /// The tree head is signed as the policy wants.
    TreeHead,
    /// The leaves are in the ledger, and none in between is left out.
    Leaves,
    /// The contents are those that the leaves name.
    Contents,
    /// The records are signed, chained, and those that the leaves name.
    Records,
    /// Keys, certificates and revocations.
    Authority,
    /// Receipts and acknowledged tree heads agree with this ledger.
    Receipts,
}

impl CheckName {
    /// All, in their order.
    pub const ALL: [Self; 7] = [
        Self::Asked,
        Self::TreeHead,
        Self::Leaves,
        Self::Contents,
        Self::Records,
        Self::Authority,
        Self::Receipts,
    ];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "the bundle",
            Self::TreeHead => "tree head",
            Self::Leaves => "leaves",
            Self::Contents => "contents",
            Self::Records => "records",
            Self::Authority => "authority",
            Self::Receipts => "receipts and acknowledgements",
        }
    }
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What sort; never reused.
    pub code: &'static str,
    /// For people.
    pub sentence: String,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// Whether it holds.
    pub holds: bool,
    /// What holds, if it does.
    pub says: String,
    /// What does not hold; of very many the first.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

/// Which part of the ledger is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerShown {
    /// The ledger.
    pub origin: String,
    /// Leaves of the whole ledger.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// All leaves of the vessel from this number on are shown.
    pub first: u64,
    /// The number of the newest one.
    pub newest: Option<u64>,
    /// Leaves of the ledger after that one. Nothing shows whose they are.
    pub after: u64,
    /// What the ledger says it is.
    pub origin_text: Option<String>,
    /// What the shore stated about itself, and what was handed out before: newest last.
    pub statements: Vec<String>,
    /// Ledgers of the vessel before this one, by what receipts and devices name of them.
    pub earlier: Vec<EarlierLedger>,
    /// The shore's clock went back between receipts, or one was dated back.
    pub clock_set_back: Option<ClockSetBack>,
}

impl LedgerShown {
    /// Whether the shore once held records that it does not hold any more.
    pub fn has_lost(&self) -> bool {
        self.earlier.iter().any(|ledger| !ledger.lost.is_empty())
    }
}

/// A ledger before this one, which the bundle does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierLedger {
    /// SHA-256 of its origin line.
    pub origin: Hash,
    /// The origin line, where the vessel's shore named that ledger.
    pub name: Option<String>,
    /// Receipts that name it.
    pub receipts: u64,
    /// Tree heads of it that devices acknowledged.
    pub acks: u64,
    /// Records for which a receipt was given, and which are not shown with all before them: lost. Of very many the first.
    pub lost: Vec<RecordRef>,
    /// How many more there are.
    pub lost_more: u64,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceShown {
    /// The device.
    pub dev: DeviceId,
    /// What it was certified for when the ledger ended; none: not certified.
    pub roles: Roles,
    /// The shore itself.
    pub shore: bool,
    /// Certified from, Unix seconds.
    pub from: Option<i64>,
    /// Certified until, Unix seconds.
    pub until: Option<i64>,
    /// Certified on board by this record, and not confirmed by the shore.
    pub ship_enrolled: Option<RecordRef>,
    /// Records after this one are not trusted.
    pub last_trusted_seq: Option<u64>,
    /// Declared lost at, Unix seconds.
    pub lost: Option<i64>,
    /// Its key was rotated: the last record with it, and the device that goes on.
    pub rotated: Option<Rotated>,
    /// Records shown.
    pub records: u64,
    /// Records within the period, by the device's own clock; those without a shown time are not counted.
    pub in_period: u64,
    /// Ranges of records that nothing shows and no leaf names.
    pub gaps: Vec<(u64, u64)>,
    /// Its claims about time contradict each other or the shore's.
    pub clock_contradiction: bool,
}

impl DeviceShown {
    /// Whether its certificate was valid at some moment in `from..to`.
    pub fn certified_in(&self, from: i64, to: i64) -> bool {
        self.from.is_some_and(|start| start < to) && self.until.is_none_or(|end| end >= from)
    }
}

/// A chain that was continued twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForkShown {
    /// One record.
    pub one: RecordRef,
    /// The other one with its number.
    pub other: RecordRef,
    /// A [`ForkProof`](crate::record::ForkProof) in hex; `None` where the key is not shown.
    pub proof: Option<String>,
}

/// Content that does not exist any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedShown {
    /// In words: what, when and why.
    pub sentence: String,
}

/// What a record that is shown names, and the bundle does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedNotShown {
    /// `record_not_shown`, `record_differs`, `change_not_shown` or `receipt_not_shown`.
    pub code: &'static str,
    /// Whose record.
    pub dev: Option<DeviceId>,
    /// Its number, where it is named.
    pub seq: Option<u64>,
    /// Its hash; a change's; a receipt's.
    pub hash: Hash,
    /// The first record that names it.
    pub by: RecordRef,
    /// How many records name it.
    pub times: u64,
}

/// A receipt in a larger tree with an earlier time than one in a smaller tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClockSetBack {
    /// The largest step back, seconds.
    pub secs: i64,
    /// Receipts that are earlier than one in a smaller tree.
    pub receipts: u64,
    /// Of the largest step: the time in the smaller tree, Unix seconds.
    pub from: i64,
    /// The time in the larger tree, Unix seconds.
    pub to: i64,
}

/// What is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NotShown {
    /// The rules by which parts of records were withheld.
    pub rules: Vec<Withheld>,
    /// Parts withheld by these rules: times, persons, contents.
    pub withheld: [u64; 3],
    /// Parts that were erased, by a record or statement that says so.
    pub erased: [u64; 3],
    /// Parts that are not shown, and nothing says why.
    pub unexplained: [u64; 3],
    /// Contents of leaves that are not shown and not erased, without document changes.
    pub contents: u64,
    /// Document changes that are not shown and not erased.
    pub changes: u64,
    /// Contents of leaves that were erased.
    pub erased_contents: u64,
    /// What was erased, when and why.
    pub erasures: Vec<ErasedShown>,
    /// What records that are shown name, and nothing shows; of very many the first.
    pub named: Vec<NamedNotShown>,
    /// How many more there are.
    pub named_more: u64,
}

/// A flag that should be in the ledger and is not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `flag_missing`, `flag_unfounded` or `flag_differs`.
    pub code: &'static str,
    /// The due patrol.
    pub due: Option<DueId>,
    /// The code of the flag.
    pub flag: String,
    /// The id of the flag concerned.
    pub id: Hash,
    /// For people.
    pub sentence: String,
}

/// The logged detectors, run again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Reassessment {
    /// Which version of the detectors was run.
    pub detector_version: Option<u32>,
    /// Why nothing could be compared at all.
    pub not_possible: Option<String>,
    /// Due patrols of the period that were compared.
    pub compared: u64,
    /// Due patrols of the period for which it was not possible, because something is withheld that may be about them.
    pub not_possible_for: Vec<DueId>,
    /// How many more of these there are.
    pub not_possible_more: u64,
    /// Due patrols among those compared for which there was time left at the bundle's moment: nothing is decided.
    pub not_due_yet: u64,
    /// The period goes on after the bundle's moment: from here on (Unix s) it says nothing.
    pub nothing_known_from: Option<i64>,
    /// Flags that stand in the ledger and were compared.
    pub flags: u64,
    /// Flags about patrols outside the period; not compared.
    pub flags_outside: u64,
    /// What differs; of very many the first.
    pub differences: Vec<Difference>,
    /// How many more differ.
    pub more: u64,
    /// How many due patrols have each verdict, of those compared.
    pub verdicts: Vec<(&'static str, u64)>,
}

impl Reassessment {
    /// Whether something differs.
    pub fn differs(&self) -> bool {
        !self.differences.is_empty()
    }

    /// Whether everything of the period was compared.
    pub fn is_complete(&self) -> bool {
        self.not_possible.is_none()
            && self.not_possible_for.is_empty()
            && self.not_due_yet == 0
            && self.nothing_known_from.is_none()
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`FORM`].
    pub form: u32,
    /// The vessel.
    pub vessel: VesselId,
    /// The period looked at, Unix seconds.
    pub from: i64,
    /// The end of the period, Unix seconds.
    pub to: i64,
    /// As of then, Unix seconds.
    pub as_of: i64,
    /// To whom the bundle was handed out.
    pub recipient: String,
    /// Whether all checks of integrity hold.
    pub integrity: bool,
    /// The checks.
    pub checks: Vec<Check>,
    /// What is shown of the ledger.
    pub ledger: LedgerShown,
    /// What the policy says of the tree head, in words.
    pub policy: Vec<String>,
    /// The devices: all that are certified, and all that have records.
    pub devices: Vec<DeviceShown>,
    /// Chains that were continued twice.
    pub forks: Vec<ForkShown>,
    /// What is not shown.
    pub not_shown: NotShown,
    /// What is worth knowing and is no fault.
    pub notes: Vec<String>,
    /// The detectors, run again.
    pub reassessment: Reassessment,
    /// [`HONEST`].
    pub honest: &'static str,
}

impl Report {
    /// 0 everything holds and nothing differs; 1 something does not hold; 3 everything holds, and flags differ; 4
    /// everything holds and nothing that was compared differs, but not everything could be compared, or records that were held
    /// once are lost. (2: not a bundle.)
    pub fn exit_code(&self) -> u8 {
        if !self.integrity {
            1
        } else if self.reassessment.differs() {
            3
        } else if !self.reassessment.is_complete() || self.ledger.has_lost() {
            4
        } else {
            0
        }
    }

    /// Whether a check failed with this code.
    pub fn has_fault(&self, code: &str) -> bool {
        self.checks.iter().flat_map(|check| &check.faults).any(|fault| fault.code == code)
    }
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Checks {
    found: Vec<(CheckName, Fault)>,
    counts: [u64; 7],
}

impl Checks {
    /// Something does not hold.
    pub fn fault(&mut self, name: CheckName, code: &'static str, sentence: impl Into<String>) {
        let Some(count) = self.counts.get_mut(name as usize) else { return };
        *count = count.saturating_add(1);
        if *count <= LISTED as u64 {
            self.found.push((name, Fault { code, sentence: sentence.into() }));
        }
    }

    /// All checks, with what was looked at.
    pub fn finish(self, says: [String; 7]) -> Vec<Check> {
        let checks = CheckName::ALL.into_iter().zip(says).zip(self.counts);
        let check = |((name, says), count): ((CheckName, String), u64)| {
            let found = self.found.iter().filter(|(of, _)| *of == name);
            let faults: Vec<Fault> = found.map(|(_, fault)| fault.clone()).collect();
            let more = count.saturating_sub(faults.len() as u64);
            Check { name, holds: count == 0, says, faults, more }
        };
        checks.map(check).collect()
    }
}

impl Shown {
    /// In words.
    pub(super) fn words(self) -> String {
        let named = [(self.time, "times"), (self.person, "persons"), (self.content, "contents")];
        let named: Vec<&str> =
            named.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        named.join(", ")
    }
}
