//! Ship time: a fixed offset from UTC set by the master, with its history. No zones and no
//! daylight saving: only what the master ordered.

use std::fmt;

use serde::Serialize;

/// A ship-time day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Day(pub i32);

impl fmt::Display for Day {
    /// `2026-11-22`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both refuse a day beyond year 9999, the span with a panic if it is not asked.
        let days = jiff::Span::new().try_days(self.0);
        match days.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days)) {
            Ok(date) => write!(f, "{date}"),
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

impl Day {
    /// Reads `2026-11-22`.
    pub fn from_iso(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let days = date.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).ok()?.get_days();
        Some(Self(days))
    }
}

const DAY: i64 = 86_400;
/// Clocks are set by at most this much at once without skipping demanded rounds: beyond it (the
/// date line) the skipped times did not exist on board.
const LARGEST_STEP: i64 = 3 * 3_600;

/// The history of the ship's offset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ShipTime {
    /// (effective from, Unix s; offset in minutes), in order of the first.
    changes: Vec<(i64, i32)>,
}

impl ShipTime {
    /// From changes in any order; of two at one moment the later in the list counts.
    pub fn new(changes: impl IntoIterator<Item = (i64, i32)>) -> Self {
        let ordered: std::collections::BTreeMap<i64, i32> = changes.into_iter().collect();
        Self { changes: ordered.into_iter().collect() }
    }

    /// All changes: effective from (Unix s), offset in minutes.
    pub fn changes(&self) -> impl Iterator<Item = (i64, i32)> + '_ {
        self.changes.iter().copied()
    }

    /// Offset in minutes at `utc` (Unix s). Before the first change the first one counts; without
    /// any, ship time is UTC.
    pub fn offset_minutes(&self, utc: i64) -> i32 {
        let after = self.changes.partition_point(|(from, _)| *from <= utc);
        let at = self.changes.get(after.saturating_sub(1));
        at.map_or(0, |(_, offset)| *offset)
    }

    /// The ship-time day at `utc`.
    pub fn day(&self, utc: i64) -> Day {
        let local = utc + i64::from(self.offset_minutes(utc)) * 60;
        Day(i32::try_from(local.div_euclid(DAY)).unwrap_or(i32::MAX))
    }

    /// When it was `minute` (since midnight) of `day` on board, Unix s.
    ///
    /// A time that occurred twice counts at its first occurrence. A time that was skipped by
    /// setting the clocks forward counts at that moment; if the step was a date line's, it
    /// did not exist: `None`.
    pub fn utc_of(&self, day: Day, minute: u32) -> Option<i64> {
        let local = i64::from(day.0) * DAY + i64::from(minute) * 60;
        let first = (i64::MIN, self.changes.first().map_or(0, |(_, offset)| *offset));
        let spans = std::iter::once(first).chain(self.changes.iter().skip(1).copied());
        let ends = self.changes.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
        let mut before: Option<i32> = None;
        for ((from, offset), until) in spans.zip(ends) {
            let utc = local - i64::from(offset) * 60;
            if (from..until).contains(&utc) {
                return Some(utc);
            }
            // Skipped: already past when this span begins, not yet reached when the last ended.
            if let Some(before) = before
                && utc < from
                && local - i64::from(before) * 60 >= from
            {
                let step = i64::from(offset - before) * 60;
                return (step <= LARGEST_STEP).then_some(from);
            }
            before = Some(offset);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_has_a_history() {
        let time = ShipTime::new([(1_000_000, 60), (2_000_000, 120)]);
        assert_eq!(time.offset_minutes(0), 60);
        assert_eq!(time.offset_minutes(1_999_999), 60);
        assert_eq!(time.offset_minutes(2_000_000), 120);
        assert_eq!(ShipTime::default().offset_minutes(5), 0);
    }

    #[test]
    fn clocks_forward_by_an_hour_move_the_skipped_time_to_that_moment() {
        // At 02:00 of day 10 the clocks go to 03:00.
        let change = 10 * DAY + 2 * 3600;
        let time = ShipTime::new([(0, 0), (change, 60)]);
        assert_eq!(time.utc_of(Day(10), 60), Some(10 * DAY + 3600));
        assert_eq!(time.utc_of(Day(10), 150), Some(change));
        assert_eq!(time.utc_of(Day(10), 180), Some(change));
        assert_eq!(time.utc_of(Day(10), 240), Some(10 * DAY + 3 * 3600));
    }

    #[test]
    fn clocks_back_by_an_hour_count_the_first_occurrence() {
        let change = 10 * DAY + 2 * 3600;
        let time = ShipTime::new([(0, 0), (change, -60)]);
        assert_eq!(time.utc_of(Day(10), 90), Some(10 * DAY + 5400));
        assert_eq!(time.utc_of(Day(10), 120), Some(10 * DAY + 3 * 3600));
    }

    #[test]
    fn the_day_lost_at_the_date_line_has_no_rounds() {
        // From -12 h to +12 h at the end of day 9.
        let change = 10 * DAY + 12 * 3600;
        let time = ShipTime::new([(0, -720), (change, 720)]);
        assert_eq!(time.day(change - 1), Day(9));
        assert_eq!(time.day(change), Day(11));
        assert_eq!(time.utc_of(Day(10), 600), None);
        assert_eq!(time.utc_of(Day(11), 0), Some(change));
    }

    #[test]
    fn days_are_shown_and_read_as_dates() {
        assert_eq!(Day(20_779).to_string(), "2026-11-22");
        assert_eq!(Day::from_iso("2026-11-22"), Some(Day(20_779)));
        assert_eq!(Day::from_iso("22.11.2026"), None);
        for day in [i32::MAX, i32::MIN] {
            assert_eq!(Day(day).to_string(), format!("day {day}"));
        }
    }
}
