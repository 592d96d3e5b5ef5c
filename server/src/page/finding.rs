//! How a finding looks: its title, its weight, and what would explain it.

use deckwatch_core::model::{Hash, RecordRef};

use super::writing::{ActLink, StateView};

/// How much a finding weighs. A flag says "look here", never "guilty".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It undermines the evidence itself: a fork, a contradiction, a replay.
    Serious,
    /// It makes the patrol irregular.
    Irregular,
    /// Good to know; it changes no verdict.
    Note,
}

/// Class, glyph and word of a finding, in the language of the verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The class of the stylesheet.
    pub class: &'static str,
    /// One or two characters that no phone turns into an emoji.
    pub glyph: &'static str,
    /// The word.
    pub word: &'static str,
}

/// A missed patrol looks missed, whatever its weight.
pub fn look(code: &str, severity: Severity) -> Look {
    let (class, glyph, word) = match severity {
        _ if code == "missed" => ("s-missed", "×", "missed"),
        Severity::Serious => ("s-missed", "!!", "serious"),
        Severity::Irregular => ("s-irregular", "!", "irregular"),
        Severity::Note => ("s-ahead", "i", "note"),
    };
    Look { class, glyph, word }
}

/// One reason to look closer at a patrol.
#[derive(Debug, Clone)]
pub struct FindingView {
    /// The detector's code: "late_start".
    pub code: String,
    /// Its weight.
    pub severity: Severity,
    /// What was found, in one sentence with its numbers.
    pub sentence: String,
    /// What would explain it without any fault.
    pub innocent: Vec<String>,
    /// The records that show it.
    pub records: Vec<RecordRef>,
    /// The flag that was raised for it.
    pub flag: Option<FlagView>,
}

/// A flag where it is settled.
#[derive(Debug, Clone)]
pub struct FlagView {
    /// Its id.
    pub id: Hash,
    /// What came of it, by everybody who said so.
    pub settled: Vec<StateView>,
    /// What somebody ashore may do to it.
    pub acts: Vec<ActLink>,
}

impl FindingView {
    /// The title of the code.
    pub fn title(&self) -> &str {
        title(&self.code)
    }

    /// How it looks.
    pub fn look(&self) -> Look {
        look(&self.code, self.severity)
    }
}

/// A title for a detector's code. A code that this version does not know is its own title.
pub fn title(code: &str) -> &str {
    match code {
        "missed" => "Patrol missed",
        "late_start" => "Started late",
        "overrun" => "Ended late",
        "missed_checkpoint" => "Checkpoint not visited",
        "out_of_order" => "Walked out of order",
        "below_required_level" => "Evidence below the required level",
        "impossible_leg" => "Leg faster than a person can walk",
        "desk_burst" => "Scans faster than a walk",
        "shape_mismatch" => "Rhythm unlike this route",
        "scripted_timing" => "Timing more even than a person’s",
        "near_duplicate_timing" => "Timing of an earlier patrol",
        "two_places" => "One person in two places",
        "counter_replay" => "Tag counter repeated",
        "counter_gap" => "Tag read outside any patrol",
        "unknown_tag" => "Tag that is not registered",
        "clock_step" => "Phone clock was set",
        "clock_contradiction" => "Times contradict each other",
        "reboot_in_patrol" => "Phone restarted during the patrol",
        "chain_fork" => "Two histories of one device",
        "chain_gap" => "Records missing from a chain",
        "stale_device" => "Device not heard for long",
        "silence" => "Vessel silent for too long",
        "device_lost" => "Device declared lost",
        "unassigned_crew" => "Crew member not on the roster",
        "self_approval" => "Approved by somebody it concerns",
        "predictable_pattern" => "Patrols that can be predicted",
        "gap_exceeded" => "Longest gap exceeded",
        "plan_uncertain" => "Plan in force not certain",
        "ship_enrolled" => "Device enrolled on board, not yet confirmed",
        "receipts_disowned" => "Receipted records that the shore revoked",
        "two_keys" => "Two keys with one device id",
        "key_rotated" => "First patrol with a new key",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_for_every_detector_and_unknown_codes_stay() {
        assert_eq!(title("desk_burst"), "Scans faster than a walk");
        assert_eq!(title("from_a_newer_version"), "from_a_newer_version");
        assert_eq!(look("missed", Severity::Irregular).word, "missed");
        assert_eq!(look("late_start", Severity::Irregular).word, "irregular");
        assert!(Severity::Serious < Severity::Irregular && Severity::Irregular < Severity::Note);
    }
}
