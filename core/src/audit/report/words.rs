//! The report in plain sentences.

use std::fmt::{self, Formatter};

use super::{
    Check, ClockSetBack, DeviceShown, EarlierLedger, HONEST, NamedNotShown, NotShown, Reassessment,
    Report,
};
use crate::{authority::Rotated, time::moment::utc};

/// Characters of a text of somebody else that are shown.
const MAX_TEXT: usize = 2_000;

/// A text of somebody else in one line, without what could pretend to be something else on a screen: control characters,
/// line separators, and marks that turn the direction of writing (Unicode Standard Annex 9, section 2).
pub(in crate::audit) fn plain(text: &str) -> String {
    let shown = |it: char| match it {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            ' '
        }
        it if it.is_control() => ' ',
        it => it,
    };
    text.trim_end().chars().map(shown).take(MAX_TEXT).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Vessel {}", self.vessel)?;
        writeln!(f, "Patrols due from {} to {}", utc(self.from), utc(self.to))?;
        writeln!(f, "As of {}, handed out to {:?}\n", utc(self.as_of), self.recipient)?;
        let integrity = if self.integrity { "INTEGRITY HOLDS" } else { "INTEGRITY DOES NOT HOLD" };
        writeln!(f, "{integrity}")?;
        self.checks.iter().try_for_each(|check| check.write(f))?;
        for line in &self.policy {
            writeln!(f, "       {line}")?;
        }
        self.reassessment.write(f, self.integrity)?;
        self.write_ledger(f)?;
        self.write_devices(f)?;
        self.not_shown.write(f)?;
        if !self.notes.is_empty() {
            writeln!(f, "\nWORTH KNOWING")?;
        }
        for note in &self.notes {
            writeln!(f, "  - {note}")?;
        }
        self.write_meaning(f)
    }
}

impl Check {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.holds {
            writeln!(f, "holds  {}: {}", self.name.word(), self.says)?;
        } else {
            writeln!(f, "FAILS  {}", self.name.word())?;
        }
        for fault in &self.faults {
            writeln!(f, "       - {} [{}]", fault.sentence, fault.code)?;
        }
        if self.more > 0 {
            writeln!(f, "       - and {} more", self.more)?;
        }
        Ok(())
    }
}

impl Reassessment {
    fn write(&self, f: &mut Formatter<'_>, integrity: bool) -> fmt::Result {
        let title = if self.differs() {
            "RE-ASSESSMENT DIFFERS"
        } else if !self.is_complete() {
            "RE-ASSESSMENT WAS NOT POSSIBLE FOR ALL PATROLS"
        } else {
            "RE-ASSESSMENT AGREES"
        };
        writeln!(f, "\n{title}")?;
        if !integrity {
            writeln!(f, "It was made from what does not hold, and is worth as much.")?;
        }
        if let Some(reason) = &self.not_possible {
            return writeln!(f, "Not possible: {reason}.");
        }
        let version = self.detector_version.unwrap_or_default();
        writeln!(
            f,
            "The detectors of version {version}, as the ledger names them, were run again. Due patrols: {}; flags compared: {}.",
            self.compared, self.flags
        )?;
        let verdicts: Vec<String> =
            self.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        if !verdicts.is_empty() {
            writeln!(f, "Verdicts: {}.", verdicts.join(", "))?;
        }
        if self.flags_outside > 0 {
            writeln!(f, "Flags about other patrols, not compared: {}.", self.flags_outside)?;
        }
        for difference in &self.differences {
            writeln!(f, "  - {} [{}]", difference.sentence, difference.code)?;
        }
        if self.more > 0 {
            writeln!(f, "  - and {} more", self.more)?;
        }
        if let Some(from) = self.nothing_known_from {
            let from = utc(from);
            writeln!(
                f,
                "The evidence ends at {from}. About later patrols of the period it says nothing."
            )?;
        }
        if self.not_due_yet > 0 {
            writeln!(
                f,
                "Due patrols that were not decided yet when it ends: {}.",
                self.not_due_yet
            )?;
        }
        let not_possible = self.not_possible_for.len() as u64 + self.not_possible_more;
        if not_possible > 0 {
            writeln!(
                f,
                "Not possible for these {not_possible} due patrols, because something that may be about them is not shown:"
            )?;
        }
        for due in &self.not_possible_for {
            writeln!(f, "  - {due}")?;
        }
        Ok(())
    }
}

impl Report {
    fn write_ledger(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = &self.ledger;
        writeln!(
            f,
            "\nTHE LEDGER\n{} with {} leaves, root {}",
            shown.origin, shown.size, shown.root
        )?;
        match (shown.first, shown.newest) {
            (0, Some(newest)) => writeln!(
                f,
                "All {} leaves of this vessel up to number {newest} are shown.",
                newest + 1
            )?,
            (first, Some(newest)) => writeln!(
                f,
                "All leaves of this vessel from number {first} to {newest} are shown. Earlier ones are not, but for those that the rest needs."
            )?,
            (_, None) => writeln!(f, "No leaf of this vessel is shown.")?,
        }
        match shown.after {
            0 => writeln!(
                f,
                "The newest of them is the last leaf of the ledger: none of this vessel is left out after it."
            )?,
            after => writeln!(
                f,
                "{after} leaves follow in the ledger. This bundle cannot show whether any of them is this vessel's."
            )?,
        }
        for statement in &shown.statements {
            writeln!(f, "  - {statement}")?;
        }
        self.write_earlier(f)?;
        if let Some(ClockSetBack { secs, receipts, from, to }) = shown.clock_set_back {
            let (from, to) = (utc(from), utc(to));
            writeln!(
                f,
                "The shore's clock went back while the ledger grew, by up to {secs} s (from {from} to {to}; receipts: {receipts}). A clock that is put right does that; a receipt that is dated back does it too."
            )?;
        }
        Ok(())
    }

    fn write_earlier(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.ledger.earlier.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nEARLIER LEDGERS, WHICH THIS BUNDLE DOES NOT HOLD")?;
        if let Some(text) = &self.ledger.origin_text {
            writeln!(f, "This ledger says in its first leaf: {:?}", plain(text))?;
        }
        self.ledger.earlier.iter().try_for_each(|ledger| ledger.write(f))
    }

    fn write_devices(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nDEVICES")?;
        for device in &self.devices {
            writeln!(f, "  {}", device.words())?;
        }
        let silent = |device: &&DeviceShown| {
            !device.shore && device.certified_in(self.from, self.to) && device.in_period == 0
        };
        for device in self.devices.iter().filter(silent) {
            writeln!(f, "  No data in this period: {}.", device.dev)?;
        }
        for fork in &self.forks {
            writeln!(
                f,
                "  Device {} continued its chain twice: two different records {}. The evidence is in the JSON report.",
                fork.one.dev, fork.one.seq
            )?;
        }
        Ok(())
    }

    fn write_meaning(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nWHAT THIS SHOWS")?;
        if self.integrity {
            writeln!(
                f,
                "These records are the ones that the devices named here signed and that the ledger holds. Since they were logged, nobody has changed one, and none of those that the shown leaves name is missing."
            )?;
            if self.reassessment.is_complete() && !self.reassessment.differs() {
                writeln!(
                    f,
                    "The flags in the ledger are those that follow from these records by the published rules; none was left out or made up."
                )?;
            }
        } else {
            writeln!(
                f,
                "Something does not fit together. What is listed as failing is not evidence; ask whoever handed it out to explain it."
            )?;
        }
        writeln!(f, "\nWHAT THIS DOES NOT SHOW")?;
        writeln!(f, "{HONEST}")?;
        writeln!(
            f,
            "It does not show who held a phone, nor that nothing happened that nobody recorded."
        )
    }
}

impl EarlierLedger {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().map_or_else(|| self.origin.to_string(), plain);
        writeln!(
            f,
            "  {name}: {} receipts and {} acknowledged tree heads are of it. Their trees were not compared.",
            self.receipts, self.acks
        )?;
        for lost in &self.lost {
            writeln!(
                f,
                "  - LOST: a receipt says that the shore held record {} of device {} (hash {}) with all before it, and that is not shown",
                lost.seq,
                lost.dev,
                lost.hash.short()
            )?;
        }
        if self.lost_more > 0 {
            writeln!(f, "  - and {} more", self.lost_more)?;
        }
        Ok(())
    }
}

impl DeviceShown {
    fn words(&self) -> String {
        let mut words = format!("{}: ", self.dev);
        if self.shore {
            words.push_str("the shore");
        } else if let Some(from) = self.from {
            words.push_str(&format!("certified (roles {}) from {}", self.roles.0, utc(from)));
            if let Some(until) = self.until {
                words.push_str(&format!(" until {}", utc(until)));
            }
        } else {
            words.push_str("not certified");
        }
        words.push_str(&format!(", {} records, {} in the period", self.records, self.in_period));
        if self.ship_enrolled.is_some() {
            words.push_str("; certified on board and not confirmed");
        }
        if let Some(seq) = self.last_trusted_seq {
            words.push_str(&format!("; revoked after record {seq}"));
        }
        if let Some(lost) = self.lost {
            words.push_str(&format!("; declared lost at {}", utc(lost)));
        }
        if let Some(Rotated { seq, to }) = self.rotated {
            let to = to.map_or_else(|| "another device".to_owned(), |to| to.to_string());
            words.push_str(&format!("; key rotated to {to} after record {seq}"));
        }
        for (from, to) in &self.gaps {
            words.push_str(&format!("; records {from} to {to} never reached the ledger"));
        }
        if self.clock_contradiction {
            words.push_str("; its clock claims contradict each other");
        }
        words
    }
}

impl NotShown {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = |counts: &[u64; 3]| {
            let [times, persons, contents] = counts;
            format!("{times} times, {persons} persons, {contents} contents of records")
        };
        let any = |counts: &[u64; 3]| counts.iter().any(|count| *count > 0);
        writeln!(f, "\nNOT SHOWN")?;
        let mut nothing = true;
        for (counts, how) in [
            (&self.withheld, "withheld, as the bundle itself says"),
            (&self.erased, "erased, as a record says"),
            (&self.unexplained, "not shown, and nothing says why"),
        ] {
            if any(counts) {
                nothing = false;
                writeln!(f, "  {} {how}.", parts(counts))?;
            }
        }
        for rule in &self.rules {
            let whose = rule.dev.map_or_else(|| "every device".to_owned(), |dev| dev.to_string());
            let range = match (rule.from, rule.to) {
                (0, u64::MAX) => "all records".to_owned(),
                (from, u64::MAX) => format!("records from {from} on"),
                (from, to) => format!("records {from} to {to}"),
            };
            writeln!(f, "  Withheld of {whose}, {range}: {}.", rule.parts.words())?;
        }
        for (count, what) in [
            (self.changes, "document changes are withheld"),
            (self.contents, "other contents of leaves are withheld"),
            (self.erased_contents, "contents of leaves were erased"),
        ] {
            if count > 0 {
                nothing = false;
                writeln!(f, "  {count} {what}.")?;
            }
        }
        for erasure in &self.erasures {
            nothing = false;
            writeln!(f, "  {}", erasure.sentence)?;
        }
        if nothing {
            writeln!(f, "  Nothing is withheld.")?;
        }
        self.write_named(f)
    }

    fn write_named(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.named.is_empty() {
            writeln!(f, "\nKNOWN TO RECORDS, AND NOT SHOWN")?;
        }
        for named in &self.named {
            writeln!(f, "  - {} [{}]", named.words(), named.code)?;
        }
        if self.named_more > 0 {
            writeln!(f, "  - and {} more", self.named_more)?;
        }
        Ok(())
    }
}

impl NamedNotShown {
    fn words(&self) -> String {
        let hash = self.hash.short();
        let what = match (self.dev, self.seq) {
            (Some(dev), Some(seq)) => format!("record {seq} of device {dev} with the hash {hash}"),
            (Some(dev), None) => format!("a record of device {dev} with the hash {hash}"),
            _ if self.code == "receipt_not_shown" => format!("the receipt {hash}"),
            _ => format!("the document change {hash}"),
        };
        let why = match self.code {
            "record_differs" => "the one with that number that is shown is another",
            "record_not_shown" => "it never reached the ledger",
            "change_not_shown" => "it is withheld, erased, or never reached the ledger",
            _ => "it is not among those shown",
        };
        let (by, times) = (self.by, self.times);
        let more = if times > 1 { format!(" and {} more", times - 1) } else { String::new() };
        format!("{what}, named by record {} of device {}{more}: {why}", by.seq, by.dev)
    }
}
