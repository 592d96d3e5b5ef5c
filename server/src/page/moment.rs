//! Times as people read them: ship time first, UTC beside it, and intervals as intervals.
//!
//! Ship time is a fixed offset set by the master, so each moment carries its own. A time that no
//! calendar holds (hostile input) reads "unknown time" and never panics.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

const UNKNOWN: &str = "unknown time";

/// Intervals up to twice this are shown as "at … ± n s"; wider ones by both ends.
const MOST_PLUS_MINUS_SECS: i64 = 59;

/// An instant, with the ship time that was in force there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Unix seconds.
    pub utc: i64,
    /// Ship time minus UTC.
    pub offset_minutes: i32,
}

impl Moment {
    /// Ship time: "21 Nov 18:40".
    pub fn ship(&self) -> String {
        written(self.local(), "%-d %b %H:%M")
    }

    /// Ship time in full: "Sat 21 Nov 2026 18:40".
    pub fn ship_long(&self) -> String {
        written(self.local(), "%a %-d %b %Y %H:%M")
    }

    /// Ship time without the day: "18:40".
    pub fn ship_clock(&self) -> String {
        written(self.local(), "%H:%M")
    }

    /// The ship-time day.
    pub fn ship_day(&self) -> Option<Date> {
        self.local().map(DateTime::date)
    }

    /// Minutes since the ship-time midnight.
    pub fn minute_of_day(&self) -> Option<i32> {
        self.local().map(|at| i32::from(at.hour()) * 60 + i32::from(at.minute()))
    }

    /// UTC to stand beside the ship time: the clock alone where both have the same day.
    pub fn utc_beside(&self) -> String {
        let utc = civil(self.utc, 0);
        let same_day = self.ship_day() == utc.map(DateTime::date);
        written(utc, if same_day { "%H:%M UTC" } else { "%-d %b %H:%M UTC" })
    }

    /// The value of a `datetime` attribute.
    pub fn iso(&self) -> Option<String> {
        civil(self.utc, 0).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    fn local(&self) -> Option<DateTime> {
        civil(self.utc, self.offset_minutes)
    }
}

/// What is known of when something happened: between two bounds, either of which may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Unix seconds; it did not happen earlier.
    pub not_before: Option<i64>,
    /// Unix seconds; it did not happen later.
    pub not_after: Option<i64>,
}

impl Span {
    /// An instant that is known to the second.
    pub fn exact(utc: i64) -> Self {
        Self { not_before: Some(utc), not_after: Some(utc) }
    }

    /// Both bounds, where both are known and do not contradict each other.
    pub fn bounds(&self) -> Option<(i64, i64)> {
        let (from, to) = (self.not_before?, self.not_after?);
        (from <= to).then_some((from, to))
    }

    /// One instant to draw: the middle, or the only bound there is.
    pub fn middle(&self) -> Option<i64> {
        match (self.not_before, self.not_after) {
            (Some(from), Some(to)) => Some(from.midpoint(to)),
            (one, other) => one.or(other),
        }
    }

    /// The interval in ship time: "at 02:10:07 ± 3 s", "02:10:05 to 02:14:40", "before 02:14:40".
    pub fn ship(&self, offset_minutes: i32) -> String {
        self.words(offset_minutes)
    }

    /// The same with its day: "21 Nov at 02:10:07 ± 3 s".
    pub fn ship_dated(&self, offset_minutes: i32) -> String {
        let words = self.words(offset_minutes);
        let day = |utc| civil(utc, offset_minutes).map(DateTime::date);
        let first = self.not_before.or(self.not_after);
        let Some(begins) = first.and_then(day) else { return words };
        let ends = self.not_after.and_then(day).unwrap_or(begins);
        // Wide ones that cross midnight name their days themselves.
        if ends != begins && !words.starts_with("at ") {
            return words;
        }
        format!("{} {words}", written(Some(begins.into()), "%-d %b"))
    }

    /// The same in UTC.
    pub fn utc(&self) -> String {
        match (self.not_before, self.not_after) {
            (None, None) => String::new(),
            _ => format!("{} UTC", self.words(0)),
        }
    }

    fn words(&self, offset_minutes: i32) -> String {
        let clock = |utc| written(civil(utc, offset_minutes), "%H:%M:%S");
        let dated = |utc| written(civil(utc, offset_minutes), "%-d %b %H:%M:%S");
        match (self.not_before, self.not_after) {
            (None, None) => "unknown".to_owned(),
            (Some(from), None) => format!("not before {}", clock(from)),
            (None, Some(to)) => format!("before {}", clock(to)),
            (Some(from), Some(to)) if from > to => {
                format!("contradictory: not before {}, not after {}", dated(from), dated(to))
            }
            (Some(from), Some(to)) if from == to => format!("at {}", clock(from)),
            (Some(from), Some(to)) => {
                let middle = from.midpoint(to);
                // Outward: the wider half, so that what is shown never claims too much.
                let half = to.saturating_sub(middle).max(middle.saturating_sub(from));
                let day = |utc| civil(utc, offset_minutes).map(DateTime::date);
                if half <= MOST_PLUS_MINUS_SECS {
                    format!("at {} ± {half} s", clock(middle))
                } else if day(from) == day(to) {
                    format!("{} to {}", clock(from), clock(to))
                } else {
                    format!("{} to {}", dated(from), dated(to))
                }
            }
        }
    }
}

/// A window on one line: "20:00 to 20:30", with the day where it ends on another one.
pub fn window(opens: &Moment, closes: &Moment) -> String {
    if opens.ship_day() == closes.ship_day() {
        format!("{} to {}", opens.ship_clock(), closes.ship_clock())
    } else {
        format!("{} to {}", opens.ship_clock(), closes.ship())
    }
}

/// The same window in UTC, always with its day: "21 Nov 18:00 to 18:30 UTC".
pub fn window_utc(opens: &Moment, closes: &Moment) -> String {
    let opens = Moment { offset_minutes: 0, ..*opens };
    let closes = Moment { offset_minutes: 0, ..*closes };
    let end =
        if opens.ship_day() == closes.ship_day() { closes.ship_clock() } else { closes.ship() };
    format!("{} to {end} UTC", opens.ship())
}

/// An instant in UTC with its year: "21 Nov 2026 19:02 UTC".
pub fn utc_long(utc: i64) -> String {
    written(civil(utc, 0), "%-d %b %Y %H:%M UTC")
}

/// A ship's offset: "UTC+02:00", "UTC−03:30".
pub fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '−' } else { '+' };
    let size = minutes.unsigned_abs();
    format!("UTC{sign}{:02}:{:02}", size / 60, size % 60)
}

/// A day: "Sat 21 Nov".
pub fn day(date: Date) -> String {
    date.strftime("%a %-d %b").to_string()
}

/// A day in full: "Saturday 21 November 2026".
pub fn day_long(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

/// A time of the ship's clock for an axis: "20:05", with seconds where the axis needs them.
pub(super) fn axis(utc: i64, offset_minutes: i32, seconds: bool) -> String {
    written(civil(utc, offset_minutes), if seconds { "%H:%M:%S" } else { "%H:%M" })
}

fn written(at: Option<DateTime>, format: &str) -> String {
    at.map_or_else(|| UNKNOWN.to_owned(), |at| at.strftime(format).to_string())
}

fn civil(utc: i64, offset_minutes: i32) -> Option<DateTime> {
    let local = utc.checked_add(i64::from(offset_minutes) * 60)?;
    Timestamp::from_second(local).ok().map(|at| Offset::UTC.to_datetime(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 16:40:00 UTC.
    const AT: i64 = 1_795_279_200;

    fn moment(offset_minutes: i32) -> Moment {
        Moment { utc: AT, offset_minutes }
    }

    #[test]
    fn ship_time_first_and_utc_beside_it() {
        let at = moment(120);
        assert_eq!(at.ship(), "21 Nov 18:40");
        assert_eq!(at.ship_long(), "Sat 21 Nov 2026 18:40");
        assert_eq!(at.utc_beside(), "16:40 UTC");
        assert_eq!(at.iso().unwrap(), "2026-11-21T16:40:00Z");
        assert_eq!(at.minute_of_day(), Some(18 * 60 + 40));
    }

    #[test]
    fn utc_names_its_day_when_the_ship_has_another_one() {
        assert_eq!(moment(600).ship(), "22 Nov 02:40");
        assert_eq!(moment(600).utc_beside(), "21 Nov 16:40 UTC");
        assert_eq!(moment(-17 * 60).ship(), "20 Nov 23:40");
    }

    #[test]
    fn intervals() {
        let show = |from, to| Span { not_before: from, not_after: to }.ship(0);
        let base = AT - 14 * 3600 - 30 * 60; // 02:10:00
        assert_eq!(show(Some(base + 5), Some(base + 5)), "at 02:10:05");
        assert_eq!(show(Some(base + 4), Some(base + 10)), "at 02:10:07 ± 3 s");
        assert_eq!(show(Some(base + 4), Some(base + 9)), "at 02:10:06 ± 3 s", "rounds outward");
        assert_eq!(show(Some(base), Some(base + 118)), "at 02:10:59 ± 59 s");
        assert_eq!(show(Some(base), Some(base + 119)), "02:10:00 to 02:11:59");
        assert_eq!(show(Some(base + 5), Some(base + 280)), "02:10:05 to 02:14:40");
        assert_eq!(show(Some(base), None), "not before 02:10:00");
        assert_eq!(show(None, Some(base)), "before 02:10:00");
        assert_eq!(show(None, None), "unknown");
        assert_eq!(show(Some(base - 3 * 3600), Some(base)), "20 Nov 23:10:00 to 21 Nov 02:10:00");
        assert_eq!(
            show(Some(base + 1), Some(base)),
            "contradictory: not before 21 Nov 02:10:01, not after 21 Nov 02:10:00"
        );
        assert_eq!(Span::exact(base).utc(), "at 02:10:00 UTC");
        assert_eq!(Span::default().utc(), "");
    }

    #[test]
    fn windows_offsets_and_days() {
        let at = |minutes: i64| Moment { utc: AT + minutes * 60, offset_minutes: 120 };
        assert_eq!(window(&at(0), &at(30)), "18:40 to 19:10");
        assert_eq!(window(&at(240), &at(330)), "22:40 to 22 Nov 00:10");
        assert_eq!(window_utc(&at(0), &at(30)), "21 Nov 16:40 to 17:10 UTC");
        assert_eq!(window_utc(&at(420), &at(450)), "21 Nov 23:40 to 22 Nov 00:10 UTC");
        assert_eq!(offset(120), "UTC+02:00");
        assert_eq!(offset(-210), "UTC−03:30");
        assert_eq!(offset(0), "UTC+00:00");
        assert_eq!(utc_long(AT), "21 Nov 2026 16:40 UTC");
        let date = moment(0).ship_day().unwrap();
        assert_eq!(day(date), "Sat 21 Nov");
        assert_eq!(day_long(date), "Saturday 21 November 2026");
    }

    #[test]
    fn no_calendar_time_is_no_panic() {
        for utc in [i64::MIN, i64::MAX] {
            for offset_minutes in [i32::MIN, 0, i32::MAX] {
                let at = Moment { utc, offset_minutes };
                assert_eq!(at.ship(), UNKNOWN);
                assert_eq!(at.utc_beside(), UNKNOWN);
                assert_eq!(at.iso(), None);
                assert_eq!(at.minute_of_day(), None);
            }
        }
        let all = Span { not_before: Some(i64::MIN), not_after: Some(i64::MAX) };
        assert_eq!(all.ship(0), "unknown time to unknown time");
        assert!(all.middle().is_some());
        assert_eq!(offset(i32::MIN), "UTC−35791394:08");
    }

    #[test]
    fn a_time_that_stands_alone_has_its_day() {
        // 2026-11-21 23:59:50 UTC.
        let late = 1_795_305_590;
        let span = |from, to| Span { not_before: from, not_after: to };
        for (span, words) in [
            (span(Some(late), Some(late)), "21 Nov at 23:59:50"),
            (span(Some(late), Some(late + 6)), "21 Nov at 23:59:53 ± 3 s"),
            (span(Some(late), Some(late + 20)), "21 Nov at 00:00:00 ± 10 s"),
            (span(Some(late), Some(late + 600)), "21 Nov 23:59:50 to 22 Nov 00:09:50"),
            (span(Some(late), None), "21 Nov not before 23:59:50"),
            (span(None, Some(late)), "21 Nov before 23:59:50"),
            (span(None, None), "unknown"),
        ] {
            assert_eq!(span.ship_dated(0), words);
        }
        assert_eq!(span(Some(i64::MIN), None).ship_dated(0), "not before unknown time");
        assert_eq!(span(Some(late), Some(late)).ship_dated(60), "22 Nov at 00:59:50");
    }
}
