//! Fleet, `/`: did every ship patrol, and which one do I call?

use askama::Template;
use deckwatch_core::model::VesselId;
use jiff::civil::Date;

use super::freshness::Freshness;
use super::layout::{Here, Shell};
use super::moment;
use super::verdict::{Tally, VerdictView};
use super::words::{counted, lasting, listed};

/// A vessel is called for what happened in its last 7 days; older misses stay in the matrix.
const CALL_DAYS: usize = 7;

/// The fleet page. Build it with [`FleetPage::new`], which sorts and derives.
#[derive(Debug, Clone, Template)]
#[template(path = "fleet.html")]
pub struct FleetPage {
    /// What stands around it.
    pub shell: Shell,
    /// The columns, oldest first.
    pub days: Vec<DayHead>,
    /// The rows, worst first.
    pub vessels: Vec<VesselRow>,
    /// Whom to call, worst first.
    pub call: Vec<Call>,
    /// The whole matrix.
    pub tally: Tally,
}

/// One vessel's row.
#[derive(Debug, Clone)]
pub struct VesselRow {
    /// The vessel.
    pub id: VesselId,
    /// Its name.
    pub name: String,
    /// One tally per day, aligned with the page's days.
    pub days: Vec<Tally>,
    /// How far its data is complete.
    pub freshness: Freshness,
    /// The longest silence that is normal for its link.
    pub normal_silence_secs: i64,
}

impl VesselRow {
    /// The sum of its days.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for day in &self.days {
            sum.add_all(day);
        }
        sum
    }

    /// How long it has been silent, where that is longer than normal.
    fn unusual_silence_secs(&self, as_of: i64) -> Option<i64> {
        let silent = as_of.saturating_sub(self.freshness.last_contact?);
        (silent > self.normal_silence_secs).then_some(silent)
    }
}

/// One column of the matrix.
#[derive(Debug, Clone)]
pub struct DayHead {
    /// The ship-time day.
    pub date: Date,
    /// "Sat 21 Nov".
    pub label: String,
    /// "S".
    pub weekday: String,
    /// Whether a month begins here.
    pub begins_month: bool,
}

/// A run of columns in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthHead {
    /// "November 2026", or "Nov" where few columns leave no room.
    pub label: String,
    /// How many columns.
    pub columns: usize,
}

/// A vessel somebody should call, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The vessel.
    pub id: VesselId,
    /// Its name.
    pub name: String,
    /// The worst of what is the matter; silence counts as awaiting sync.
    pub verdict: VerdictView,
    /// One sentence.
    pub why: String,
    /// "last contact 3 h ago".
    pub contact: String,
}

impl FleetPage {
    /// Sorts the vessels, worst first, and finds whom to call.
    ///
    /// `days` are consecutive ship-time days, oldest first. A row with fewer days than columns had
    /// nothing planned on the oldest ones.
    pub fn new(shell: Shell, days: &[Date], mut vessels: Vec<VesselRow>) -> Self {
        for row in &mut vessels {
            let missing = days.len().saturating_sub(row.days.len());
            row.days.splice(0..0, std::iter::repeat_n(Tally::default(), missing));
            row.days.truncate(days.len());
        }
        vessels.sort_by_cached_key(|row| {
            let tally = row.tally();
            let worst_first = VerdictView::ALL.map(|verdict| u32::MAX - tally.of(verdict));
            let heard = row.freshness.last_contact.unwrap_or(i64::MIN);
            // The first four decide; how many were done says nothing about whom to look at.
            let [missed, irregular, unverifiable, awaiting, ..] = worst_first;
            (missed, irregular, unverifiable, awaiting, heard, row.name.clone(), row.id)
        });
        let mut tally = Tally::default();
        for row in &vessels {
            tally.add_all(&row.tally());
        }
        let call = call_list(shell.as_of, days, &vessels);
        Self { days: heads(days), call, tally, vessels, shell }
    }

    /// The months above the days.
    pub fn months(&self) -> Vec<MonthHead> {
        let mut months: Vec<MonthHead> = Vec::new();
        for day in &self.days {
            match months.last_mut() {
                Some(month) if !day.begins_month => month.columns += 1,
                _ => months.push(MonthHead { label: String::new(), columns: 1 }),
            }
            if let Some(month) = months.last_mut() {
                // 4 columns of 25 px hold "November 2026".
                let format = if month.columns < 5 { "%b" } else { "%B %Y" };
                month.label = day.date.strftime(format).to_string();
            }
        }
        months
    }

    /// The answer to the page's question, in one sentence.
    pub fn answer(&self) -> String {
        let of = |verdict| self.tally.of(verdict);
        let (missed, irregular) = (of(VerdictView::Missed), of(VerdictView::Irregular));
        let bad = missed.saturating_add(irregular);
        let known_bad = |row: &&VesselRow| {
            let tally = row.tally();
            tally.of(VerdictView::Missed) > 0 || tally.of(VerdictView::Irregular) > 0
        };
        let vessels = self.vessels.iter().filter(known_bad).count();
        let fleet = counted(count(self.vessels.len()), "vessel", "vessels");
        let unknown =
            match of(VerdictView::AwaitingSync).saturating_add(of(VerdictView::Unverifiable)) {
                0 => String::new(),
                open => format!(
                    " {} {} still open: the data that would settle {} has not come.",
                    counted(open, "patrol", "patrols"),
                    if open == 1 { "is" } else { "are" },
                    if open == 1 { "it" } else { "them" },
                ),
            };
        let known = match (self.tally.total(), bad) {
            (0, _) => format!("Nothing was due on {fleet}."),
            (_, 0) => format!("No patrol is known to be missed or irregular on {fleet}."),
            _ => {
                let mut parts = Vec::new();
                if missed > 0 {
                    parts.push(format!("{} missed", counted(missed, "patrol", "patrols")));
                }
                if irregular > 0 {
                    parts.push(format!("{irregular} irregular"));
                }
                format!("{} on {vessels} of {fleet}.", listed(&parts))
            }
        };
        format!("{known}{unknown}")
    }

    /// The first and the last day of the matrix.
    pub fn period(&self) -> String {
        match (self.days.first(), self.days.last()) {
            (Some(first), Some(last)) => format!("{} to {}", first.label, last.label),
            _ => "no days".to_owned(),
        }
    }
}

/// Whom to call: missed or irregular in the last 7 days, or silent for longer than is normal.
///
/// Keeps the order of `vessels`, but puts vessels with something missed first.
fn call_list(as_of: i64, days: &[Date], vessels: &[VesselRow]) -> Vec<Call> {
    let mut call: Vec<Call> = vessels.iter().filter_map(|row| call_of(as_of, days, row)).collect();
    call.sort_by_key(|entry| entry.verdict);
    call
}

fn call_of(as_of: i64, days: &[Date], row: &VesselRow) -> Option<Call> {
    let recent = days.len().saturating_sub(CALL_DAYS);
    let mut clauses = Vec::new();
    let mut worst = None;
    for verdict in [VerdictView::Missed, VerdictView::Irregular] {
        let on: Vec<(Date, u32)> = days
            .iter()
            .zip(&row.days)
            .skip(recent)
            .map(|(date, tally)| (*date, tally.of(verdict)))
            .filter(|(_, count)| *count > 0)
            .collect();
        if on.is_empty() {
            continue;
        }
        worst = worst.or(Some(verdict));
        let sum = on.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        let patrols =
            if clauses.is_empty() { counted(sum, "patrol", "patrols") } else { sum.to_string() };
        clauses.push(format!("{patrols} {} {}", verdict.word(), on_days(&on)));
    }
    let mut why = listed(&clauses);
    if let Some(silent) = row.unusual_silence_secs(as_of) {
        worst = worst.or(Some(VerdictView::AwaitingSync));
        let lasted = |secs| lasting(secs).unwrap_or_else(|| "a moment".to_owned());
        let clause = format!(
            "silent for {}, where {} is normal",
            lasted(silent),
            lasted(row.normal_silence_secs)
        );
        why = if why.is_empty() { capital(&clause) } else { format!("{why}; {clause}") };
        let open = row.tally().of(VerdictView::AwaitingSync);
        if open > 0 {
            why = format!("{why}: {} awaiting sync", counted(open, "patrol", "patrols"));
        }
    }
    worst.map(|verdict| Call {
        id: row.id,
        name: row.name.clone(),
        verdict,
        why: format!("{why}."),
        contact: row.freshness.contact_words(as_of),
    })
}

/// "on Sat 21 Nov", "on 19 and 21 Nov" would save little: days are named in full, four at most.
fn on_days(on: &[(Date, u32)]) -> String {
    match on {
        [(first, _), .., (last, _)] if on.len() > 3 => {
            format!("on {} days from {} to {}", on.len(), moment::day(*first), moment::day(*last))
        }
        _ => {
            let days: Vec<String> = on.iter().map(|(date, _)| moment::day(*date)).collect();
            format!("on {}", listed(&days))
        }
    }
}

fn heads(days: &[Date]) -> Vec<DayHead> {
    let mut month = None;
    days.iter()
        .map(|date| {
            let this = (date.year(), date.month());
            let begins_month = month.replace(this) != Some(this);
            let weekday: String = date.strftime("%a").to_string().chars().take(1).collect();
            DayHead { date: *date, label: moment::day(*date), weekday, begins_month }
        })
        .collect()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
