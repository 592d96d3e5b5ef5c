//! A time axis: instants to positions, rounded outward, cut at the edges, and its ticks.

use crate::page::moment::{self, Span};

/// Tick distances in seconds that people read easily on a clock.
const STEPS: [i64; 17] = [
    5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200,
    86_400,
];
const MOST_TICKS: i64 = 8;

/// A stretch of time laid on a stretch of the drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: i64,
    to: i64,
    left: i32,
    width: i32,
}

/// A position with its label.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Position.
    pub x: i32,
    /// Ship time.
    pub ship: String,
    /// UTC.
    pub utc: String,
}

/// An interval on the axis. An end that lies outside, or is unknown, is cut at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whisker {
    /// Where it begins.
    pub from: i32,
    /// Where it ends.
    pub to: i32,
    /// Whether it really begins further left.
    pub open_left: bool,
    /// Whether it really ends further right.
    pub open_right: bool,
}

impl Scale {
    /// An axis from `from` to `to`, with a margin of one part in `margin` on both sides.
    pub(super) fn new((from, to): (i64, i64), margin: i64, left: i32, width: i32) -> Self {
        let to = to.max(from.saturating_add(1));
        let pad = (to.saturating_sub(from) / margin).max(1);
        Self { from: from.saturating_sub(pad), to: to.saturating_add(pad), left, width }
    }

    /// The position of an instant; outside ones stand at the edge.
    pub(super) fn x(&self, at: i64) -> i32 {
        let (from, to) = (i128::from(self.from), i128::from(self.to));
        let at = i128::from(at).clamp(from, to);
        let across = (at - from) * i128::from(self.width) / (to - from).max(1);
        self.left + i32::try_from(across).unwrap_or(self.width)
    }

    /// Whether an instant lies on the axis.
    pub(super) fn holds(&self, at: i64) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// An interval; nothing when nothing is known of it.
    pub(super) fn whisker(&self, span: Span) -> Option<Whisker> {
        let from = match span.not_before {
            Some(at) => at,
            None => {
                span.not_after?;
                i64::MIN
            }
        };
        let to = span.not_after.unwrap_or(i64::MAX);
        let (from, to) = (from.min(to), from.max(to));
        Some(Whisker {
            from: self.x(from),
            to: self.x(to),
            open_left: from < self.from,
            open_right: to > self.to,
        })
    }

    /// At most 8 ticks at round ship times.
    pub(super) fn ticks(&self, offset_minutes: i32) -> Vec<Tick> {
        let length = self.to.saturating_sub(self.from);
        let step = STEPS
            .into_iter()
            .find(|step| length / step < MOST_TICKS)
            .unwrap_or(length / MOST_TICKS);
        let shift = i64::from(offset_minutes) * 60;
        let past = self.from.saturating_add(shift).rem_euclid(step);
        let first = self.from.saturating_sub(past).saturating_add(step);
        std::iter::successors(Some(first), |at| at.checked_add(step))
            .take_while(|at| *at < self.to)
            .take(MOST_TICKS as usize)
            .map(|at| Tick {
                x: self.x(at),
                ship: moment::axis(at, offset_minutes, step < 60),
                utc: moment::axis(at, 0, step < 60),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 16:40:00 UTC.
    const AT: i64 = 1_795_279_200;

    #[test]
    fn positions_and_edges() {
        let scale = Scale::new((AT, AT + 1_000), 10, 100, 1_200);
        assert_eq!(scale.x(AT), 200);
        assert_eq!(scale.x(AT + 1_000), 1_200);
        assert_eq!(scale.x(i64::MIN), 100);
        assert_eq!(scale.x(i64::MAX), 1_300);
        assert!(scale.holds(AT) && !scale.holds(AT + 2_000));
    }

    #[test]
    fn open_ends_reach_the_edge_and_say_so() {
        let scale = Scale::new((AT, AT + 1_000), 10, 0, 1_200);
        let whisker = |not_before, not_after| scale.whisker(Span { not_before, not_after });
        assert_eq!(whisker(None, None), None);
        let open = whisker(None, Some(AT)).unwrap();
        assert!(open.open_left && !open.open_right && open.from == 0 && open.to == 100);
        let open = whisker(Some(AT), None).unwrap();
        assert!(!open.open_left && open.open_right && open.to == 1_200);
        let turned = whisker(Some(AT + 10), Some(AT)).unwrap();
        assert!(turned.from <= turned.to);
    }

    #[test]
    fn ticks_stand_at_round_ship_times() {
        let scale = Scale::new((AT, AT + 1_800), 20, 0, 700);
        let ticks = scale.ticks(-210);
        let labels: Vec<_> = ticks.iter().map(|tick| tick.ship.as_str()).collect();
        assert_eq!(labels, ["13:10", "13:15", "13:20", "13:25", "13:30", "13:35", "13:40"]);
        assert_eq!(ticks.first().unwrap().utc, "16:40");
        assert!(ticks.is_sorted_by_key(|tick| tick.x));
    }

    #[test]
    fn extreme_axes_neither_panic_nor_run_away() {
        for range in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0), (i64::MAX, i64::MAX)] {
            let scale = Scale::new(range, 20, 0, 700);
            assert!(scale.ticks(120).len() <= 8);
            assert!((0..=700).contains(&scale.x(0)));
        }
    }
}
