//! The logged detectors, run again over what the bundle shows: README.md section 4.8.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    doubt::{Doubt, pages_with_acceptances},
    ledger::{Logged, LoggedFlag},
    records::Held,
};
use crate::{
    assess::{
        AHEAD, Assessment, BEFORE, DETECTOR_VERSION, Excuse, Input, ReceiptFact, Verdict, adopted,
        adopted_versions, assess_within,
    },
    audit::{
        flag::flags_of,
        parts::Parts,
        report::{Difference, LISTED, NotShown, Reassessment, plain},
    },
    authority::Authority,
    document::{DocumentKind, merge},
    ledger::{FlagStatement, Publication},
    model::{DocumentId, DueId, Hash, RecordRef},
    page::PageContent,
    plan::{DuePatrol, PlanContent, PlanDocument},
    time::moment::utc,
};

/// What is demanded is worked out from so long (s) before the vessel began and its first receipt.
const LOOK_BACK: i64 = 400 * 86_400;
/// Steps to work out what was demanded: 100 years of 250 patrols a day.
const MOST: u64 = 10_000_000;

/// Everything that a re-assessment is made from.
pub(super) struct Case<'c, 'b> {
    pub parts: &'c Parts<'b>,
    pub logged: &'c Logged<'b>,
    pub held: &'c Held,
    pub authority: &'c Authority,
    pub receipts: &'c [ReceiptFact],
    pub period: (i64, i64),
}

impl Case<'_, '_> {
    /// The comparison, and the assessment it was made with.
    pub fn run(&self, not_shown: &NotShown) -> (Reassessment, Option<Assessment>) {
        let mut doubt =
            Doubt::of(self.parts, self.logged, self.held, self.authority, self.receipts);
        let versions = self.versions();
        if let Some(unknown) = self.unknown_adoption(&versions) {
            doubt.everything = doubt.everything.or(Some(format!(
                "the version of the Plan that device {} adopted in its record {} is not made of changes that the ledger holds and the bundle shows",
                unknown.dev, unknown.seq
            )));
        }
        let mut found = Reassessment::default();
        let began = self.held.began(&self.parts.manifest.shore_key);
        let span = self.span(began);
        let Some(assessment) = self.assess(span, &versions, &doubt.dated()) else {
            let reason = "the Plan demands more patrols than a verification counts";
            found.not_possible = Some(reason.to_owned());
            return (found, None);
        };
        match self.detectors() {
            Ok(version) => found.detector_version = Some(version),
            Err(reason) => doubt.everything = doubt.everything.or(Some(reason)),
        }
        let unexplained: u64 = not_shown.unexplained.iter().sum();
        if unexplained > 0 && doubt.everything.is_none() {
            doubt.everything =
                Some(format!("{unexplained} parts of records are not shown, and nothing says why"));
        }
        if let Some(reason) = doubt.everything {
            found.not_possible = Some(reason);
            return (found, Some(assessment));
        }
        let in_doubt = doubt.asks(self.parts, &assessment);
        // Before that the shore asks for nothing.
        let since = began.map(|began| began.saturating_sub(BEFORE));
        self.compare(&assessment, &in_doubt, since, &mut found);
        (found, Some(assessment))
    }

    /// Whether the detectors that the ledger names are the ones of this program.
    fn detectors(&self) -> Result<u32, String> {
        match &self.logged.published {
            None => Err("the ledger's publication of its detectors is not shown".to_owned()),
            Some(published) if *published == Publication::of_this_program() => Ok(DETECTOR_VERSION),
            Some(published) => Err(format!(
                "this program has the detectors of version {DETECTOR_VERSION}, and the ledger names others, of version {}; use the program of that version",
                published.version
            )),
        }
    }

    /// The openings that are looked at: from well before the vessel began, as far as that is shown.
    fn span(&self, began: Option<i64>) -> (i64, i64) {
        let manifest = &self.parts.manifest;
        let first = self.receipts.iter().map(|receipt| receipt.time).chain(began).min();
        let from = first.map_or(manifest.from, |first| first.min(manifest.from));
        let from = from.saturating_sub(LOOK_BACK).max(0);
        (from, manifest.as_of.saturating_add(AHEAD).max(from))
    }

    fn assess(
        &self,
        (from, until): (i64, i64),
        versions: &BTreeMap<Vec<Hash>, PlanContent>,
        dated: &[RecordRef],
    ) -> Option<Assessment> {
        let as_of = self.parts.manifest.as_of;
        let input = Input {
            vessel: self.parts.manifest.vessel,
            as_of,
            from,
            until,
            authority: self.authority,
            chains: &self.held.chains,
            receipts: self.receipts,
            versions,
            excuses: &self.excuses(),
            dated,
        };
        // A stranger's bundle must not make a reader count for ever.
        assess_within(&input, MOST)
    }

    /// Every adopted version of the Plan whose changes are shown.
    fn versions(&self) -> BTreeMap<Vec<Hash>, PlanContent> {
        let id = DocumentId(self.parts.manifest.vessel.0);
        let vouchers = self.held.index.vouchers(DocumentKind::Plan, id, self.authority);
        let changes = self.logged.raw_changes(vouchers.changes());
        let plan = PlanDocument::from(&merge(DocumentKind::Plan, &changes, &vouchers));
        adopted_versions(&self.held.chains, self.authority, &plan)
    }

    /// A shore that leaves the Plan out of the ledger demands nothing: that must not look like a ship without duties.
    fn unknown_adoption(&self, versions: &BTreeMap<Vec<Hash>, PlanContent>) -> Option<RecordRef> {
        let adopted = adopted(&self.held.chains, self.authority);
        let mut unknown = adopted.filter(|(_, heads)| !versions.contains_key(*heads));
        unknown.next().map(|(record, _)| record)
    }

    /// Every reason that was accepted on a Page.
    fn excuses(&self) -> Vec<Excuse> {
        let mut excuses = Vec::new();
        for id in pages_with_acceptances(self.logged, self.held, self.authority) {
            let vouchers = self.held.index.vouchers(DocumentKind::Page, id, self.authority);
            let changes = self.logged.raw_changes(vouchers.changes());
            let merged = merge(DocumentKind::Page, &changes, &vouchers);
            let page = PageContent::read(self.parts.manifest.vessel, id, &merged);
            excuses.extend(Excuse::of_page(&page));
        }
        excuses
    }

    fn compare(
        &self,
        assessment: &Assessment,
        in_doubt: &dyn Fn(&DuePatrol) -> bool,
        since: Option<i64>,
        found: &mut Reassessment,
    ) {
        let dues: BTreeMap<DueId, &DuePatrol> =
            assessment.dues.iter().map(|it| (it.demand.due.id, &it.demand.due)).collect();
        let compared = self.compared(assessment, in_doubt, since, found);
        let flags = flags_of(self.parts.manifest.vessel, assessment);
        let all: BTreeMap<Hash, FlagStatement> =
            flags.into_iter().map(|flag| (flag.subject(), flag)).collect();
        let counts = |flag: &FlagStatement| flag.due.is_none_or(|due| compared.contains(&due));
        let mut extra: BTreeMap<Hash, &LoggedFlag> = BTreeMap::new();
        for (id, flag) in self.logged.flags.iter().filter(|(_, flag)| flag.stands) {
            // Where its content is not shown, its id tells what it is, if it follows from the records.
            let statement = flag.statement.as_ref().or_else(|| all.get(id));
            // That no Plan demands it can be said only where it is known how far back to look.
            let of_a_patrol = statement
                .and_then(|flag| flag.due)
                .is_some_and(|due| dues.contains_key(&due) || since.is_none());
            if of_a_patrol && !statement.is_some_and(counts) {
                found.flags_outside += 1;
            } else if all.contains_key(id) {
                found.flags += 1;
            } else {
                found.flags += u64::from(statement.is_some());
                extra.insert(*id, flag);
            }
        }
        let stands = |id: &Hash| self.logged.flags.get(id).is_some_and(|flag| flag.stands);
        let missing: Vec<(&Hash, &FlagStatement)> =
            all.iter().filter(|(id, flag)| counts(flag) && !stands(id)).collect();
        // Where not everything is compared, nobody can tell what a flag is about whose content is not shown.
        let manifest = &self.parts.manifest;
        if self.period != (manifest.from, manifest.to) || !found.is_complete() {
            extra.retain(|_, flag| flag.statement.is_some());
        }
        Words { dues: &dues, found }.differences(&missing, &mut extra);
    }

    /// The due patrols of the period that can be compared; notes those that cannot.
    fn compared(
        &self,
        assessment: &Assessment,
        in_doubt: &dyn Fn(&DuePatrol) -> bool,
        since: Option<i64>,
        found: &mut Reassessment,
    ) -> BTreeSet<DueId> {
        let (from, to) = self.period;
        let from = since.map_or(from, |since| since.max(from));
        let mut compared: BTreeSet<DueId> = BTreeSet::new();
        let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
        let of_period =
            assessment.dues.iter().filter(|it| (from..to).contains(&it.demand.due.nominal));
        for assessed in of_period {
            let due = &assessed.demand.due;
            if !in_doubt(due) {
                compared.insert(due.id);
                *verdicts.entry(assessed.verdict).or_default() += 1;
                found.not_due_yet += u64::from(assessed.verdict == Verdict::NotDueYet);
            } else if found.not_possible_for.len() < LISTED {
                found.not_possible_for.push(due.id);
            } else {
                found.not_possible_more += 1;
            }
        }
        found.compared = compared.len() as u64;
        let as_of = self.parts.manifest.as_of;
        found.nothing_known_from = (to > as_of).then_some(self.period.0.max(as_of));
        found.verdicts =
            verdicts.into_iter().map(|(verdict, count)| (verdict.word(), count)).collect();
        compared
    }
}

/// Differences, in words.
struct Words<'w> {
    dues: &'w BTreeMap<DueId, &'w DuePatrol>,
    found: &'w mut Reassessment,
}

impl Words<'_> {
    fn differences(
        mut self,
        missing: &[(&Hash, &FlagStatement)],
        extra: &mut BTreeMap<Hash, &LoggedFlag>,
    ) {
        for (id, flag) in missing {
            let same = |logged: &LoggedFlag| {
                logged
                    .statement
                    .as_ref()
                    .is_some_and(|it| it.due == flag.due && it.code == flag.code)
            };
            let twin = extra.iter().find(|(_, logged)| same(logged)).map(|(id, _)| *id);
            let place = self.place(flag.due);
            let (code, sentence) = match twin.and_then(|twin| extra.remove(&twin)) {
                Some(logged) => {
                    let said = logged.statement.as_ref().map_or("", |it| it.sentence.as_str());
                    (
                        "flag_differs",
                        format!(
                            "the flag {} {place} should say {:?} and says {said:?}",
                            flag.code, flag.sentence
                        ),
                    )
                }
                None => (
                    "flag_missing",
                    format!(
                        "the flag {} {place} should stand in the ledger and does not: {}",
                        flag.code, flag.sentence
                    ),
                ),
            };
            self.add(code, **id, flag.due, &flag.code, sentence);
        }
        for (id, logged) in extra {
            let Some(flag) = &logged.statement else {
                let sentence = format!(
                    "a flag with the id {} stands in the ledger, what it says is not shown, and it does not follow from what is",
                    id.short()
                );
                self.add("flag_unfounded", *id, None, "", sentence);
                continue;
            };
            let place = self.place(flag.due);
            let sentence = format!(
                "the flag {} {place} stands in the ledger and does not follow from the records: {}",
                flag.code, flag.sentence
            );
            self.add("flag_unfounded", *id, flag.due, &flag.code, sentence);
        }
    }

    fn place(&self, due: Option<DueId>) -> String {
        match due.and_then(|due| self.dues.get(&due)) {
            Some(due) => format!("on {} of {}", due.schedule_name, utc(due.opens)),
            None => due.map_or_else(String::new, |due| {
                format!("on due patrol {due}, which the plan never demanded,")
            }),
        }
    }

    fn add(
        &mut self,
        code: &'static str,
        id: Hash,
        due: Option<DueId>,
        flag: &str,
        sentence: String,
    ) {
        if self.found.differences.len() < LISTED {
            let (flag, sentence) = (plain(flag), plain(&sentence));
            self.found.differences.push(Difference { code, due, flag, id, sentence });
        } else {
            self.found.more += 1;
        }
    }
}
