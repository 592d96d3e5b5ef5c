//! Verdicts against what really happened.

use std::collections::BTreeMap;

use deckwatch_core::assess::{Assessed, Severity, Verdict};
use serde::Serialize;

use super::{
    chance::Chance,
    gait::Family,
    voyage::{Story, Voyage},
};
use crate::DAY;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rate {
    /// How often.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
}

impl Rate {
    /// One more.
    pub fn count(&mut self, hit: bool) {
        (self.hits, self.of) = (self.hits + u64::from(hit), self.of + 1);
    }

    /// The share; 0 of none.
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }

    /// Wilson's interval of 95 % (Wilson 1927): where the true share lies.
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p, z) = (self.of as f64, self.share(), 1.96_f64);
        let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }

    fn add(&mut self, other: Self) {
        (self.hits, self.of) = (self.hits + other.hits, self.of + other.of);
    }
}

/// What came of many months.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Months sailed.
    pub months: u64,
    /// Due patrols judged at the end.
    pub dues: u64,
    /// How often each verdict was said at the end.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Looks at a due patrol, at any moment.
    pub looks: u64,
    /// `missed` said, at any moment, of a patrol that was walked: whatever had arrived by then.
    pub missed_but_walked: u64,
    /// Due patrols that nobody walked and that still await a sync long after the contact limit.
    pub hidden: u64,
    /// Due patrols that nobody walked, and what is said of them at the end: `missed`, or at least not `done`.
    pub not_walked: u64,
    /// Of those: said to be missed.
    pub found_missing: u64,
    /// Of those: said to be done.
    pub done_but_not_walked: u64,
    /// Honest walks that are whole and ashore, with a flag at the end.
    pub honest: Rate,
    /// The codes of those flags.
    pub false_codes: BTreeMap<String, u64>,
    /// Made-up walks that are ashore, with a flag at the end.
    pub families: BTreeMap<Family, Rate>,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.months += other.months;
        self.dues += other.dues;
        self.looks += other.looks;
        self.missed_but_walked += other.missed_but_walked;
        self.hidden += other.hidden;
        self.not_walked += other.not_walked;
        self.found_missing += other.found_missing;
        self.done_but_not_walked += other.done_but_not_walked;
        self.honest.add(other.honest);
        for (verdict, count) in &other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        for (code, count) in &other.false_codes {
            *self.false_codes.entry(code.clone()).or_default() += count;
        }
        for (family, rate) in &other.families {
            self.families.entry(*family).or_default().add(*rate);
        }
    }

    /// Honest walks that were flagged, for each month.
    pub fn false_flags_a_month(&self) -> f64 {
        self.honest.hits as f64 / (self.months.max(1)) as f64
    }

    /// Sails one month, looks at it at `looks` moments while it goes on, and judges it when nothing arrives any more.
    pub fn of(story: Story, seed: u64, looks: usize) -> Self {
        let voyage = Voyage::sail(story, seed);
        let mut tally = Self { months: 1, ..Self::default() };
        let mut chance = Chance::new(!seed);
        for _ in 0..looks {
            let at = chance.between(voyage.begin as f64, voyage.end as f64) as i64;
            for due in &voyage.assess(at).dues {
                tally.looks += 1;
                tally.look(&voyage, due);
            }
        }
        for due in &voyage.assess(voyage.end + DAY).dues {
            tally.look(&voyage, due);
            tally.judge(&voyage, due);
        }
        tally
    }

    fn look(&mut self, voyage: &Voyage, due: &Assessed) {
        let walked = voyage.walks.contains_key(&due.demand.due.id);
        self.missed_but_walked += u64::from(walked && due.verdict == Verdict::Missed);
    }

    fn judge(&mut self, voyage: &Voyage, due: &Assessed) {
        self.dues += 1;
        *self.verdicts.entry(due.verdict.word()).or_default() += 1;
        let flags: Vec<&str> = due
            .findings
            .iter()
            .filter(|finding| finding.severity >= Severity::Notice)
            .map(|finding| finding.code)
            .collect();
        let Some(walk) = voyage.walks.get(&due.demand.due.id) else {
            self.not_walked += 1;
            self.found_missing += u64::from(due.verdict == Verdict::Missed);
            self.done_but_not_walked += u64::from(due.verdict == Verdict::Done);
            self.hidden += u64::from(due.verdict == Verdict::AwaitingSync);
            return;
        };
        if !voyage.is_ashore(due.demand.due.id, voyage.end) {
            return;
        }
        let flagged = !flags.is_empty() || due.verdict == Verdict::Irregular;
        match walk.family {
            Some(family) => self.families.entry(family).or_default().count(flagged),
            None if walk.broken => {}
            None => {
                self.honest.count(flagged);
                for code in flags {
                    *self.false_codes.entry(code.to_owned()).or_default() += 1;
                }
            }
        }
    }
}
