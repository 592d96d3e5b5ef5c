//! Flags, `/flags`: what needs me now?

use std::collections::BTreeMap;

use askama::Template;
use deckwatch_core::model::{DueId, VesselId};

use super::finding::{Look, Severity, look, title};
use super::layout::{Here, Shell};
use super::moment::Moment;
use super::words::counted;
use super::writing::StateView;

/// The inbox. Build it with [`FlagsPage::new`], which groups and sorts.
#[derive(Debug, Clone, Template)]
#[template(path = "flags.html")]
pub struct FlagsPage {
    /// What stands around it.
    pub shell: Shell,
    /// The flags by cause, the gravest and most frequent cause first.
    pub groups: Vec<FlagGroup>,
    /// The vessels to filter by.
    pub choices: Vec<VesselChoice>,
    /// The vessel that is filtered by.
    pub chosen: Option<VesselId>,
    /// How many due patrols were assessed for this list.
    pub patrols: u32,
    /// How many days back the list reaches.
    pub days: u32,
}

/// One vessel of the filter.
#[derive(Debug, Clone)]
pub struct VesselChoice {
    /// The vessel.
    pub id: VesselId,
    /// Its name.
    pub name: String,
}

/// All flags of one cause.
#[derive(Debug, Clone)]
pub struct FlagGroup {
    /// The code of the cause.
    pub code: String,
    /// The gravest among them.
    pub severity: Severity,
    /// The flags, newest first.
    pub flags: Vec<FlagRow>,
}

impl FlagGroup {
    /// The title of the cause.
    pub fn title(&self) -> &str {
        title(&self.code)
    }

    /// How it looks.
    pub fn look(&self) -> Look {
        look(&self.code, self.severity)
    }

    /// "3 flags on 2 vessels".
    pub fn words(&self) -> String {
        let vessels: std::collections::BTreeSet<_> =
            self.flags.iter().map(|flag| flag.vessel).collect();
        format!(
            "{} on {}",
            counted(number(self.flags.len()), "flag", "flags"),
            counted(number(vessels.len()), "vessel", "vessels")
        )
    }
}

/// A finding that somebody must handle, or a missed verdict under the code `missed`.
#[derive(Debug, Clone)]
pub struct FlagRow {
    /// The opening of the due patrol's window: what the list is sorted by.
    pub opens: Moment,
    /// The vessel.
    pub vessel: VesselId,
    /// Its name.
    pub vessel_name: String,
    /// The due patrol.
    pub due: DueId,
    /// The name of its route.
    pub route: String,
    /// The code of the cause.
    pub code: String,
    /// Its weight; notes are no flags and are left out.
    pub severity: Severity,
    /// What was found, in one sentence.
    pub sentence: String,
    /// What came of it, if anybody said so: "explained".
    pub settled: Option<StateView>,
}

impl FlagRow {
    /// How it looks.
    pub fn look(&self) -> Look {
        look(&self.code, self.severity)
    }
}

impl FlagsPage {
    /// Groups the flags by cause and sorts them.
    pub fn new(
        shell: Shell,
        flags: Vec<FlagRow>,
        choices: Vec<VesselChoice>,
        chosen: Option<VesselId>,
        (patrols, days): (u32, u32),
    ) -> Self {
        let mut by_code: BTreeMap<String, Vec<FlagRow>> = BTreeMap::new();
        for flag in flags.into_iter().filter(|flag| flag.severity != Severity::Note) {
            by_code.entry(flag.code.clone()).or_default().push(flag);
        }
        let mut groups: Vec<FlagGroup> = by_code
            .into_iter()
            .map(|(code, mut flags)| {
                flags.sort_by_cached_key(|flag| {
                    (std::cmp::Reverse(flag.opens.utc), flag.vessel_name.clone(), flag.due)
                });
                let severity =
                    flags.iter().map(|flag| flag.severity).min().unwrap_or(Severity::Note);
                FlagGroup { code, severity, flags }
            })
            .collect();
        groups.sort_by_key(|group| (group.severity, std::cmp::Reverse(group.flags.len())));
        Self { shell, groups, choices, chosen, patrols, days }
    }

    /// "7 flags from 412 patrols of the last 31 days".
    pub fn answer(&self) -> String {
        let flags = self.groups.iter().map(|group| group.flags.len()).sum();
        format!(
            "{} from {} of the last {}.",
            counted(number(flags), "flag", "flags"),
            counted(self.patrols, "patrol", "patrols"),
            counted(self.days, "day", "days")
        )
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
