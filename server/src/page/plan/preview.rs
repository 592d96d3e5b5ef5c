//! What an edit of a plan would do, before anything is written.

use askama::Template;
use deckwatch_core::model::VesselId;

use super::Concern;
use crate::page::form::Fields;
use crate::page::layout::{Here, Shell};
use crate::page::moment::Moment;
use crate::page::words::counted;

/// Rows of each kind that are listed.
pub const MOST_ROWS: usize = 40;

/// The page of a preview.
#[derive(Debug, Clone, Template)]
#[template(path = "plan_preview.html")]
pub struct PreviewPage {
    /// What stands around it.
    pub shell: Shell,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// What confirming sends: the form, its version and the version seen here.
    pub hidden: Fields,
    /// Whether there is a form to go back to.
    pub has_form: bool,
    /// Whether the plan was changed by somebody since the preview before.
    pub moved_on: bool,
    /// What would differ.
    pub changes: Vec<ChangeRow>,
    /// What somebody else changed as well.
    pub conflicts: Vec<ConflictRow>,
    /// What would not make sense any more.
    pub concerns: Vec<Concern>,
    /// Due patrols of the next days, before and after.
    pub due: (u32, u32),
    /// How many days that are.
    pub days: i64,
    /// Due patrols that would not be as they are.
    pub shifts: Vec<ShiftRow>,
}

/// A thing that would differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The thing.
    pub subject: String,
    /// "added", "changed" or "removed".
    pub fate: &'static str,
    /// Field, before, after.
    pub fields: Vec<(&'static str, Option<String>, Option<String>)>,
}

/// A field that somebody else changed as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRow {
    /// The thing.
    pub subject: String,
    /// The field.
    pub field: &'static str,
    /// What both started from.
    pub before: Option<String>,
    /// What stands there now.
    pub theirs: Option<String>,
    /// What this edit would put there.
    pub yours: Option<String>,
}

/// A due patrol that would not be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftRow {
    /// "appears", "disappears", "moves" or "differs".
    pub word: &'static str,
    /// The schedule's name.
    pub schedule: String,
    /// Its opening now.
    pub before: Option<Moment>,
    /// Its opening then.
    pub after: Option<Moment>,
    /// What else differs.
    pub what: String,
}

impl ShiftRow {
    /// A glyph beside the word.
    pub fn glyph(&self) -> char {
        match self.word {
            "appears" => '+',
            "disappears" => '−',
            "moves" => '→',
            _ => '≠',
        }
    }
}

impl PreviewPage {
    /// A value, or that there is none.
    pub fn or_none<'v>(&self, value: &'v Option<String>) -> &'v str {
        value.as_deref().unwrap_or("none")
    }

    /// "In the next 7 days: 28 due patrols now, 35 then. 7 appear."
    pub fn outlook(&self) -> String {
        let (before, after) = self.due;
        let mut counts = Vec::new();
        for (word, one, many) in [
            ("appears", "appears", "appear"),
            ("disappears", "disappears", "disappear"),
            ("moves", "moves", "move"),
            ("differs", "stays at its time and differs", "stay at their times and differ"),
        ] {
            let count = self.shifts.iter().filter(|shift| shift.word == word).count();
            if count > 0 {
                counts.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        }
        let changes = if counts.is_empty() {
            "None of them changes".to_owned()
        } else {
            crate::page::words::listed(&counts)
        };
        format!(
            "In the next {} days there are {} by the newest version and {after} by this one. {changes}.",
            self.days,
            counted(before, "due patrol", "due patrols")
        )
    }

    /// The rows that are listed.
    pub fn listed(&self) -> &[ShiftRow] {
        self.shifts.get(..MOST_ROWS).unwrap_or(&self.shifts)
    }

    /// How many rows are not listed.
    pub fn unlisted(&self) -> usize {
        self.shifts.len().saturating_sub(MOST_ROWS)
    }
}
