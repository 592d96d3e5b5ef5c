//! Tree head, leaves and contents: README.md sections 4.2 to 4.4.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    audit::{
        erasure::Erasure,
        manifest::Manifest,
        parts::{Parts, ShownLeaf},
        report::{CheckName, Checks},
    },
    document::{RawChange, chunk},
    ledger::{
        FlagStatement, Leaf, LeafKind, LoggedRun, NO_VESSEL, Publication, Withdrawal,
        merkle::verify_inclusion, policy::PolicyVerdict,
    },
    model::Hash,
};

pub(super) fn tree_head(verdict: &PolicyVerdict, checks: &mut Checks) {
    let name = CheckName::TreeHead;
    if let Some(error) = &verdict.spoiled {
        checks.fault(name, "signature_bad", error.to_string());
    } else if !verdict.signed {
        checks.fault(
            name,
            "not_signed",
            format!("no ledger of the policy has signed it; it says it is of {}", verdict.origin),
        );
    }
    if !verdict.quorum_met {
        checks.fault(
            name,
            "quorum_missing",
            "fewer witnesses have cosigned it than the policy wants",
        );
    }
}

pub(super) fn leaves(parts: &Parts<'_>, checks: &mut Checks) {
    let name = CheckName::Leaves;
    included(parts, &parts.leaves, checks);
    included(parts, &parts.ledger_leaves, checks);
    let manifest = &parts.manifest;
    let foreign = parts.leaves.iter().filter(|shown| shown.leaf.vessel != manifest.vessel);
    for shown in foreign {
        checks.fault(
            name,
            "leaf_of_another_vessel",
            format!("leaf {} is about vessel {}", shown.index, shown.leaf.vessel),
        );
    }
    if let Some(shown) = parts.ledger_leaves.iter().find(|shown| shown.leaf.vessel != NO_VESSEL) {
        checks.fault(
            name,
            "leaf_of_another_vessel",
            format!(
                "leaf {} is about vessel {}, not about the ledger",
                shown.index, shown.leaf.vessel
            ),
        );
    }
    let origin = parts.ledger_leaves.first();
    if !origin.is_some_and(|first| first.index == 0 && first.leaf.kind == LeafKind::ORIGIN) {
        checks.fault(
            name,
            "origin_missing",
            "the ledger's first leaf, which says what it is, is not shown",
        );
    }
    numbers(&parts.leaves, Some(manifest.first), checks);
    // Of the ledger's own leaves any may be left out.
    numbers(&parts.ledger_leaves, None, checks);
    let last = parts.leaves.last().map(|shown| &shown.leaf);
    if !last.is_some_and(|leaf| leaf.kind == LeafKind::EXPORT && leaf.subject == manifest.subject())
    {
        checks.fault(
            name,
            "export_not_logged",
            "the newest leaf shown is not about this bundle: it was handed out without the ledger, its manifest was changed, or newer leaves are left out",
        );
    }
}

fn included(parts: &Parts<'_>, leaves: &[ShownLeaf], checks: &mut Checks) {
    let head = parts.tree_head.head();
    for shown in leaves {
        let path = &shown.path;
        if let Err(error) =
            verify_inclusion(shown.index, head.size, shown.leaf.hash(), path, head.root)
        {
            checks.fault(
                CheckName::Leaves,
                "leaf_not_in_ledger",
                format!("leaf {} is not proved: {error}", shown.index),
            );
        }
    }
}

/// Numbers ascend, neighbours name each other, and from `first` on none is left out.
fn numbers(leaves: &[ShownLeaf], first: Option<u64>, checks: &mut Checks) {
    let name = CheckName::Leaves;
    let mut before: Option<&Leaf> = None;
    for shown in leaves {
        let leaf = &shown.leaf;
        let due = before.map_or(0, |before| before.number.saturating_add(1));
        let neighbours =
            before.is_some_and(|before| before.number.checked_add(1) == Some(leaf.number));
        if before.is_some_and(|before| leaf.number <= before.number) {
            checks.fault(
                name,
                "leaves_out_of_order",
                format!("leaf {} has number {} after a higher one", shown.index, leaf.number),
            );
        } else if leaf.number > due
            && let Some(first) = first.filter(|first| leaf.number > *first)
        {
            let missing = due.max(first);
            checks.fault(
                name,
                "leaf_missing",
                format!(
                    "leaves number {missing} to {} of the vessel are left out",
                    leaf.number - 1
                ),
            );
        } else if neighbours && !before.is_some_and(|before| leaf.follows(before)) {
            checks.fault(
                name,
                "leaf_chain_broken",
                format!("leaf {} does not name the leaf of the vessel before it", shown.index),
            );
        }
        before = Some(leaf);
    }
    if let Some(first) = first.filter(|first| before.is_none_or(|it| it.number < *first)) {
        checks.fault(
            name,
            "leaf_missing",
            format!(
                "leaf number {first} of the vessel, where the bundle says it begins, is left out"
            ),
        );
    }
}

/// A flag in the ledger: what it says, if that is shown, and whether it stands.
#[derive(Debug, Clone)]
pub(super) struct LoggedFlag {
    pub statement: Option<FlagStatement>,
    pub stands: bool,
}

/// What the leaves are about.
#[derive(Debug, Default)]
pub(super) struct Logged<'b> {
    /// Runs with the index of their leaf, in the order of the leaves.
    pub runs: Vec<(u64, LoggedRun)>,
    pub changes: BTreeMap<Hash, &'b [u8]>,
    pub flags: BTreeMap<Hash, LoggedFlag>,
    /// Withdrawals that are not shown: no flag can be said to stand.
    pub hidden_withdrawals: u64,
    /// The newest publication of detectors that reads.
    pub published: Option<Publication>,
    pub newest_withdrawal: Option<i64>,
    /// The newest moment as of which evidence was handed out before.
    pub newest_export: Option<i64>,
    pub origin_text: Option<String>,
    pub statements: Vec<String>,
    pub notes: Vec<String>,
    pub erasures: Vec<Erasure>,
    erased: BTreeSet<Hash>,
    /// Subjects of leaves whose content is not shown: document changes, and others.
    pub absent_changes: BTreeSet<Hash>,
    pub absent: BTreeSet<Hash>,
}

impl<'b> Logged<'b> {
    pub fn read(parts: &Parts<'b>, checks: &mut Checks) -> Self {
        let mut logged = Self::default();
        let all = || parts.leaves.iter().chain(&parts.ledger_leaves);
        let named: BTreeSet<Hash> = all().map(|shown| shown.leaf.subject).collect();
        for hash in parts.contents.keys().filter(|hash| !named.contains(hash)) {
            checks.fault(
                CheckName::Contents,
                "content_unnamed",
                format!("a content with the SHA-256 {hash} is shown that no leaf names"),
            );
        }
        let export = parts.manifest.subject();
        for shown in all().filter(|shown| shown.leaf.subject != export) {
            match parts.contents.get(&shown.leaf.subject) {
                Some(content) => {
                    if let Err(what) = logged.content(parts, shown, content) {
                        checks.fault(
                            CheckName::Contents,
                            "content_malformed",
                            format!("the content of leaf {} is no {what}", shown.index),
                        );
                    }
                }
                None => logged.absent(shown, checks),
            }
        }
        logged
    }

    /// Reads a content; `Err` says what it should be.
    fn content(
        &mut self,
        parts: &Parts<'b>,
        shown: &ShownLeaf,
        content: &'b [u8],
    ) -> Result<(), &'static str> {
        let subject = shown.leaf.subject;
        let text =
            || String::from_utf8(content.to_vec()).map(|text| crate::audit::report::plain(&text));
        match shown.leaf.kind {
            LeafKind::ORIGIN => self.origin_text = Some(text().map_err(|_| "text")?),
            LeafKind::SEGMENT => {
                let run = LoggedRun::decode(content).map_err(|_| "run of records")?;
                self.runs.push((shown.index, run));
            }
            LeafKind::CHANGE => {
                chunk::read(content).ok_or("document change")?;
                self.changes.insert(Hash::of(chunk::hashed(content)), content);
            }
            LeafKind::DETECTOR => {
                self.published =
                    Some(Publication::decode(content).map_err(|_| "publication of detectors")?);
            }
            LeafKind::FLAG_RAISED => {
                let flag = FlagStatement::decode(content).map_err(|_| "flag")?;
                if flag.vessel != parts.manifest.vessel {
                    return Err("flag of this vessel");
                }
                self.flags.insert(subject, LoggedFlag { statement: Some(flag), stands: true });
            }
            LeafKind::FLAG_REVISED => {
                let gone = Withdrawal::decode(content).map_err(|_| "withdrawal of a flag")?;
                self.newest_withdrawal = self.newest_withdrawal.max(Some(gone.as_of));
                match self.flags.get_mut(&gone.flag) {
                    Some(flag) => flag.stands = false,
                    None => self.notes.push(format!(
                        "leaf {} withdraws flag {}, which is not shown as raised",
                        shown.index, gone.flag
                    )),
                }
            }
            LeafKind::EXPORT => {
                // Another program may write another manifest; only this bundle's own must read.
                if let Ok(before) = Manifest::decode(content) {
                    self.newest_export = self.newest_export.max(Some(before.as_of));
                    let when = crate::time::moment::utc(before.as_of);
                    self.statements.push(format!(
                        "handed out before, to {:?}, as of {when}",
                        before.recipient
                    ));
                }
            }
            LeafKind::ERASURE => {
                let erasure =
                    Erasure::decode(content).map_err(|_| "statement of what was erased")?;
                self.erased.extend(&erasure.subjects);
                self.erasures.push(erasure);
            }
            LeafKind::STATEMENT => {
                let text = text().map_err(|_| "text")?;
                self.statements.push(format!("the shore stated: {text}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn absent(&mut self, shown: &ShownLeaf, checks: &mut Checks) {
        let subject = shown.leaf.subject;
        match shown.leaf.kind {
            LeafKind::SEGMENT => checks.fault(CheckName::Contents, "run_missing", format!("the run of records of leaf {} is not shown; it says nothing personal and is in every bundle", shown.index)),
            LeafKind::ORIGIN | LeafKind::DETECTOR | LeafKind::ERASURE | LeafKind::STATEMENT => {
                checks.fault(CheckName::Contents, "content_missing", format!("what leaf {} says of the ledger, its detectors or its shore is not shown; it says nothing personal and is in every bundle", shown.index));
                self.absent.insert(subject);
            }
            LeafKind::CHANGE => drop(self.absent_changes.insert(subject)),
            LeafKind::FLAG_RAISED => {
                self.flags.insert(subject, LoggedFlag { statement: None, stands: true });
                self.absent.insert(subject);
            }
            LeafKind::FLAG_REVISED => {
                self.hidden_withdrawals += 1;
                self.absent.insert(subject);
            }
            _ => drop(self.absent.insert(subject)),
        }
    }

    /// Whether a content was erased by a logged statement.
    pub fn is_erased(&self, subject: Hash) -> bool {
        self.erased.contains(&subject)
    }

    /// All document changes that are shown.
    pub fn raw_changes(&self, of: impl Iterator<Item = Hash>) -> Vec<RawChange> {
        let found = of.filter_map(|hash| Some((hash, self.changes.get(&hash)?)));
        found.map(|(hash, bytes)| RawChange { hash, bytes: bytes.to_vec() }).collect()
    }
}
