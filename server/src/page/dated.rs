//! How well the time of a record is known, and by what: in words, with a glyph.

use deckwatch_core::time::{Basis, Bounds, Grade};

/// The grade of an interval, and what must be trusted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// T0 to T3.
    pub grade: Grade,
    /// What it rests on; `None` where nothing is known.
    pub basis: Option<Basis>,
}

impl Dated {
    /// Of bounds, and what they rest on.
    pub fn new(bounds: Bounds, basis: Option<Basis>) -> Self {
        Self { grade: bounds.grade(), basis }
    }

    /// One character that no phone turns into an emoji.
    pub fn glyph(self) -> &'static str {
        match self.grade {
            Grade::T0 => "?",
            Grade::T1 => "~",
            Grade::T2 => "≈",
            Grade::T3 => "=",
        }
    }

    /// "T2, within 15 min, by receipts and the phone’s clock".
    pub fn words(self) -> String {
        let grade = match self.grade {
            Grade::T0 => "T0, the phone’s clock only",
            Grade::T1 => "T1, one side or wide",
            Grade::T2 => "T2, within 15 min",
            Grade::T3 => "T3, within 30 s",
        };
        match self.basis {
            None => grade.to_owned(),
            Some(Basis::Proved) => format!("{grade}, by receipts"),
            Some(Basis::Clock) => format!("{grade}, by receipts and the phone’s clock"),
            Some(Basis::Word) => format!("{grade}, as the phone was told"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deckwatch_core::time::Moment;

    #[test]
    fn the_grade_and_what_it_rests_on() {
        let noon = Moment::from_unix(1_800_000_000);
        let within = |seconds| Bounds::between(noon, noon.plus_seconds(seconds));
        let words = |seconds, basis| Dated::new(within(seconds), Some(basis)).words();
        assert_eq!(words(60, Basis::Proved), "T3, within 30 s, by receipts");
        assert_eq!(words(61, Basis::Clock), "T2, within 15 min, by receipts and the phone’s clock");
        assert_eq!(words(1_800, Basis::Word), "T2, within 15 min, as the phone was told");
        assert_eq!(words(1_801, Basis::Proved), "T1, one side or wide, by receipts");
        let open = Bounds { not_before: Some(noon), not_after: None };
        assert_eq!(Dated::new(open, None).grade, Grade::T1);
        let unknown = Dated::new(Bounds::UNKNOWN, None);
        assert_eq!(unknown.words(), "T0, the phone’s clock only");
        let grades = [Grade::T0, Grade::T1, Grade::T2, Grade::T3];
        let glyphs = grades.map(|grade| Dated { grade, basis: None }.glyph());
        assert_eq!(glyphs, ["?", "~", "≈", "="]);
    }
}
