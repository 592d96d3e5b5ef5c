//! How a verdict looks: its glyph, its word, its class, and its place among the others.
//!
//! State is never told by colour alone: every place that shows a verdict shows the glyph, and the
//! word is there as text.

use std::collections::BTreeMap;

use super::words::grouped;

/// The verdict of a due patrol, in the order in which a reader must see them: worst first.
///
/// `Done` stands last, below `NotDueYet` and `Excused`: a day on which all but one patrol was done
/// must show the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictView {
    /// The data is complete past the window and nobody walked.
    Missed,
    /// Walked, but something failed.
    Irregular,
    /// It cannot be decided from what there is.
    Unverifiable,
    /// Not known yet.
    AwaitingSync,
    /// A reason was accepted.
    Excused,
    /// The window is open or ahead.
    NotDueYet,
    /// Walked as planned.
    Done,
}

impl VerdictView {
    /// All verdicts, worst first.
    pub const ALL: [Self; 7] = [
        Self::Missed,
        Self::Irregular,
        Self::Unverifiable,
        Self::AwaitingSync,
        Self::Excused,
        Self::NotDueYet,
        Self::Done,
    ];

    /// One character of Latin-1, WGL4 or Dingbats, so that system fonts have it.
    pub fn glyph(self) -> char {
        match self {
            Self::Missed => '×',
            Self::Irregular => '!',
            Self::Unverifiable => '?',
            Self::AwaitingSync => '…',
            Self::Excused => '◊',
            Self::NotDueYet => '○',
            Self::Done => '✓',
        }
    }

    /// The word of the glossary, as people read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Irregular => "irregular",
            Self::Unverifiable => "unverifiable",
            Self::AwaitingSync => "awaiting sync",
            Self::Excused => "excused",
            Self::NotDueYet => "not due yet",
            Self::Done => "done",
        }
    }

    /// The class of the stylesheet, which is also the id of the shape in a picture.
    pub fn class(self) -> &'static str {
        match self {
            Self::Missed => "s-missed",
            Self::Irregular => "s-irregular",
            Self::Unverifiable => "s-unverifiable",
            Self::AwaitingSync => "s-awaiting",
            Self::Excused => "s-excused",
            Self::NotDueYet => "s-ahead",
            Self::Done => "s-done",
        }
    }

    /// What the word means, in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Missed => {
                "The vessel’s data is complete past the end of the window, and nobody walked."
            }
            Self::Irregular => {
                "Walked, but something failed: late, partial, not ended, or below the required level."
            }
            Self::Unverifiable => {
                "There is evidence, or a device is lost or silent for too long: it cannot be decided."
            }
            Self::AwaitingSync => {
                "Not known yet: a device that may hold this patrol has not reported since."
            }
            Self::Excused => "A reason was accepted by somebody who was not on that patrol.",
            Self::NotDueYet => "The window is still open, or lies ahead.",
            Self::Done => "Walked inside the window, every required checkpoint visited.",
        }
    }

    /// Whether a day counts these in its cell.
    fn is_counted(self) -> bool {
        matches!(self, Self::Missed | Self::Irregular | Self::Unverifiable | Self::AwaitingSync)
    }
}

/// How many due patrols have which verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<VerdictView, u32>);

impl Tally {
    /// Counts `count` more patrols with this verdict.
    pub fn add(&mut self, verdict: VerdictView, count: u32) {
        if count > 0 {
            let held = self.0.entry(verdict).or_default();
            *held = held.saturating_add(count);
        }
    }

    /// Counts everything that `other` counts.
    pub fn add_all(&mut self, other: &Self) {
        for (verdict, count) in &other.0 {
            self.add(*verdict, *count);
        }
    }

    /// How many have this verdict.
    pub fn of(&self, verdict: VerdictView) -> u32 {
        self.0.get(&verdict).copied().unwrap_or(0)
    }

    /// How many patrols were due.
    pub fn total(&self) -> u32 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The worst verdict there is.
    pub fn worst(&self) -> Option<VerdictView> {
        self.0.keys().next().copied()
    }

    /// Worst first: the verdicts that occur, with their counts.
    pub fn parts(&self) -> Vec<(VerdictView, u32)> {
        self.0.iter().map(|(verdict, count)| (*verdict, *count)).collect()
    }

    /// The class of a cell that sums these.
    pub fn class(&self) -> &'static str {
        self.worst().map_or("s-none", VerdictView::class)
    }

    /// What a cell shows: the glyph of the worst verdict.
    pub fn glyph(&self) -> char {
        self.worst().map_or('·', VerdictView::glyph)
    }

    /// How many have the worst verdict, when that is bad and more than one.
    pub fn count(&self) -> Option<u32> {
        let worst = self.worst().filter(|worst| worst.is_counted())?;
        Some(self.of(worst)).filter(|count| *count > 1)
    }

    /// Everything in words: "2 missed, 14 awaiting sync, 3 done", or "nothing planned".
    pub fn words(&self) -> String {
        self.joined(", ", |_| true).unwrap_or_else(|| "nothing planned".to_owned())
    }

    /// What is not simply done: "2 missed · 14 awaiting sync", or "all 31 done".
    pub fn exceptions(&self) -> String {
        let done = self.of(VerdictView::Done);
        match self.joined(" · ", |verdict| {
            !matches!(verdict, VerdictView::Done | VerdictView::NotDueYet)
        }) {
            Some(words) => words,
            None if done > 0 => format!("all {} done", grouped(done)),
            None if self.total() > 0 => "nothing due yet".to_owned(),
            None => "nothing planned".to_owned(),
        }
    }

    fn joined(&self, with: &str, keep: impl Fn(VerdictView) -> bool) -> Option<String> {
        let parts: Vec<String> = self
            .0
            .iter()
            .filter(|(verdict, _)| keep(**verdict))
            .map(|(verdict, count)| format!("{} {}", grouped(*count), verdict.word()))
            .collect();
        (!parts.is_empty()).then(|| parts.join(with))
    }
}

impl FromIterator<VerdictView> for Tally {
    fn from_iter<I: IntoIterator<Item = VerdictView>>(verdicts: I) -> Self {
        let mut tally = Self::default();
        for verdict in verdicts {
            tally.add(verdict, 1);
        }
        tally
    }
}

/// A verdict that late data, or a decision, has changed.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The due patrol.
    pub due: deckwatch_core::model::DueId,
    /// The name of its route.
    pub route: String,
    /// The opening of its window.
    pub opens: super::moment::Moment,
    /// The verdict before.
    pub from: VerdictView,
    /// The verdict after.
    pub to: VerdictView,
    /// When the shore revised it.
    pub at: super::moment::Moment,
    /// Why, to stand after "because": "device 3f9a21c0 delivered its records up to seq 1204".
    pub because: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::VerdictView::*;
    use super::*;

    #[test]
    fn the_list_is_the_order_and_nothing_is_told_by_colour_alone() {
        assert!(VerdictView::ALL.is_sorted());
        let glyphs: BTreeSet<_> = VerdictView::ALL.iter().map(|v| v.glyph()).collect();
        let words: BTreeSet<_> = VerdictView::ALL.iter().map(|v| v.word()).collect();
        let classes: BTreeSet<_> = VerdictView::ALL.iter().map(|v| v.class()).collect();
        assert_eq!((glyphs.len(), words.len(), classes.len()), (7, 7, 7));
    }

    #[test]
    fn the_worst_gives_the_mark_and_bad_ones_are_counted() {
        let mark = |verdicts: &[VerdictView]| {
            let tally: Tally = verdicts.iter().copied().collect();
            (tally.glyph(), tally.count())
        };
        assert_eq!(mark(&[]), ('·', None));
        assert_eq!(mark(&[Done, Done]), ('✓', None));
        assert_eq!(mark(&[Done, NotDueYet, NotDueYet]), ('○', None));
        assert_eq!(mark(&[Done, Excused]), ('◊', None));
        assert_eq!(mark(&[Done, Missed]), ('×', None));
        assert_eq!(mark(&[Missed, Irregular, Done]), ('×', None), "one missed, not two");
        assert_eq!(mark(&[Missed, Missed, Done]), ('×', Some(2)));
        assert_eq!(mark(&[AwaitingSync, AwaitingSync, Done]), ('…', Some(2)));
    }

    #[test]
    fn counts_in_words() {
        let mut tally: Tally = [Missed, Missed, Done].into_iter().collect();
        tally.add(AwaitingSync, 14);
        tally.add(Excused, 0);
        assert_eq!(tally.words(), "2 missed, 14 awaiting sync, 1 done");
        assert_eq!(tally.exceptions(), "2 missed · 14 awaiting sync");
        assert_eq!(tally.total(), 17);
        assert_eq!(Tally::default().words(), "nothing planned");
        assert_eq!(Tally::default().exceptions(), "nothing planned");
        assert_eq!([Done, Done].into_iter().collect::<Tally>().exceptions(), "all 2 done");
        assert_eq!([NotDueYet].into_iter().collect::<Tally>().exceptions(), "nothing due yet");
        let mut full = Tally::default();
        full.add(Done, u32::MAX);
        full.add_all(&full.clone());
        assert_eq!(full.total(), u32::MAX);
    }
}
