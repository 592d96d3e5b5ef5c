//! When a schedule's windows open nominally: at times of the day, by the clock, or with the watches.

use serde::Serialize;

use super::circumstance::Circumstances;
use crate::time::{Day, ShipTime};

/// Minutes of a ship-time day.
pub const DAY_MINUTES: u32 = 24 * 60;
/// Openings of one schedule on one day at most: one every five minutes.
pub const MOST_A_DAY: usize = 288;
/// The shortest interval, minutes.
pub const SHORTEST_EVERY: u32 = 5;
/// The longest interval: a week.
pub const LONGEST_EVERY: u32 = 7 * DAY_MINUTES;

const MINUTE: i64 = 60;
/// Years after this make no due patrols (Unix s; 2200-01-01): nobody plans them, and sums stay far from the end of the numbers.
const LATEST: i64 = 7_258_118_400;

/// The nominal openings of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// At these minutes after midnight, ship time, in order.
    Times(Vec<u32>),
    /// Every so many minutes of elapsed time, whatever the ship's clocks are set to.
    Every {
        /// 5 to 10,080.
        minutes: u32,
        /// One opening, Unix seconds; there are none before it.
        from: i64,
    },
    /// So many minutes after the beginning of each of the vessel's watches, in order.
    Watches(Vec<u32>),
}

impl Default for Timing {
    fn default() -> Self {
        Self::Times(Vec::new())
    }
}

impl Timing {
    /// The nominal openings in `from..until` (Unix s), in order; one moment stands as often as openings fall on it.
    pub fn openings(
        &self,
        ship_time: &ShipTime,
        circumstances: &Circumstances,
        from: i64,
        until: i64,
    ) -> Vec<i64> {
        let (from, until) = (from.max(-LATEST), until.min(LATEST));
        if from >= until {
            return Vec::new();
        }
        let mut openings = match self {
            Self::Every { minutes, from: first } => every(*minutes, *first, from, until),
            Self::Times(_) | Self::Watches(_) => {
                let minutes = self.minutes_of_day(circumstances);
                let (first, last) = (ship_time.day(from).0, ship_time.day(until).0);
                let days = first.saturating_sub(2)..=last.saturating_add(1);
                let of = |day: i32| {
                    minutes.iter().filter_map(move |minute| {
                        let day = day.checked_add(i32::try_from(minute / DAY_MINUTES).ok()?)?;
                        ship_time.utc_of(Day(day), minute % DAY_MINUTES)
                    })
                };
                days.flat_map(of).filter(|opens| (from..until).contains(opens)).collect()
            }
        };
        openings.sort_unstable();
        openings
    }

    /// Minutes after midnight; above a day where a watch that began before midnight reaches over it.
    fn minutes_of_day(&self, circumstances: &Circumstances) -> Vec<u32> {
        match self {
            Self::Times(minutes) => minutes.clone(),
            Self::Every { .. } => Vec::new(),
            Self::Watches(after) => circumstances
                .watches()
                .iter()
                .flat_map(|start| after.iter().map(move |after| start.saturating_add(*after)))
                .collect(),
        }
    }

    /// Openings on one day at most: what working them out costs.
    pub fn most_a_day(&self, circumstances: &Circumstances) -> u64 {
        match self {
            Self::Times(minutes) => minutes.len() as u64,
            Self::Every { minutes, .. } => {
                u64::from(DAY_MINUTES / (*minutes).max(SHORTEST_EVERY)) + 1
            }
            Self::Watches(after) => (after.len() * circumstances.watches().len()) as u64,
        }
    }

    /// Whether it never opens a window.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Times(minutes) | Self::Watches(minutes) => minutes.is_empty(),
            Self::Every { .. } => false,
        }
    }

    /// The longest time between two openings, minutes, where no clock is set and every day counts; `None` without openings.
    pub fn longest_gap(&self, circumstances: &Circumstances) -> Option<u32> {
        self.gaps(circumstances).into_iter().max()
    }

    /// The shortest time between two openings, minutes, as [`Timing::longest_gap`].
    pub fn shortest_gap(&self, circumstances: &Circumstances) -> Option<u32> {
        self.gaps(circumstances).into_iter().min()
    }

    fn gaps(&self, circumstances: &Circumstances) -> Vec<u32> {
        if let Self::Every { minutes, .. } = self {
            return vec![*minutes];
        }
        let mut minutes: Vec<u32> =
            self.minutes_of_day(circumstances).iter().map(|minute| minute % DAY_MINUTES).collect();
        minutes.sort_unstable();
        let next =
            minutes.iter().skip(1).copied().chain(minutes.first().map(|it| it + DAY_MINUTES));
        minutes.iter().zip(next).map(|(one, next)| next.saturating_sub(*one)).collect()
    }

    /// As it stands in the document: `02:00 14:30`, `every 300 from 1764547200`, `watch 0 120`.
    pub fn word(&self) -> String {
        let listed = |minutes: &[u32], word: &dyn Fn(u32) -> String| {
            minutes.iter().map(|minute| word(*minute)).collect::<Vec<_>>().join(" ")
        };
        match self {
            Self::Times(minutes) => listed(minutes, &clock_of),
            Self::Every { minutes, from } => format!("every {minutes} from {from}"),
            Self::Watches(after) => format!("watch {}", listed(after, &|after| after.to_string())),
        }
    }

    /// Reads [`Timing::word`]; minutes may come in any order, and twice.
    pub fn from_word(word: &str) -> Option<Self> {
        let words: Vec<&str> = word.split_whitespace().take(MOST_A_DAY + 1).collect();
        match words.as_slice() {
            ["every", minutes, "from", from] => {
                let minutes = plain(minutes)?;
                let fits = (SHORTEST_EVERY..=LONGEST_EVERY).contains(&minutes);
                let from: i64 = from.parse().ok()?;
                let sane = (-LATEST..LATEST).contains(&from);
                (fits && sane).then_some(Self::Every { minutes, from })
            }
            ["watch", after @ ..] if !after.is_empty() => {
                let after = after.iter().map(|after| plain(after).filter(|it| *it < DAY_MINUTES));
                Some(Self::Watches(ordered(after.collect::<Option<_>>()?)))
            }
            times if times.len() <= MOST_A_DAY => {
                let times = times.iter().map(|time| minute_of(time));
                Some(Self::Times(ordered(times.collect::<Option<_>>()?)))
            }
            _ => None,
        }
    }
}

fn every(minutes: u32, first: i64, from: i64, until: i64) -> Vec<i64> {
    let step = i64::from(minutes.clamp(SHORTEST_EVERY, LONGEST_EVERY)) * MINUTE;
    let first = first.clamp(-LATEST, LATEST);
    let behind = from.saturating_sub(first).max(0);
    let steps = behind.div_euclid(step) + i64::from(behind.rem_euclid(step) != 0);
    let start = first.saturating_add(steps.saturating_mul(step));
    let after = |opens: &i64| opens.checked_add(step);
    std::iter::successors(Some(start), after).take_while(|opens| *opens < until).collect()
}

/// Digits alone: no sign, no space.
fn plain(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn ordered(mut minutes: Vec<u32>) -> Vec<u32> {
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}

/// Reads "HH:MM" as minutes after midnight.
pub fn minute_of(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (plain(hours)?, plain(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Writes minutes after midnight as "HH:MM".
pub fn clock_of(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn openings(timing: &Timing, ship_time: &ShipTime, from: i64, until: i64) -> Vec<i64> {
        timing.openings(ship_time, &Circumstances::default(), from, until)
    }

    #[test]
    fn times_are_of_the_ships_day() {
        // Two hours ahead of UTC: 00:00 on board is 22:00 UTC of the day before.
        let ahead = ShipTime::new([(0, 120)]);
        let seen = openings(&Timing::Times(vec![0, 720]), &ahead, 0, 2 * DAY);
        assert_eq!(seen, [36_000, 79_200, 122_400, 165_600]);
    }

    /// Clocks are set over days on an ocean passage; what must be walked every five hours is walked every five hours.
    #[test]
    fn an_interval_is_elapsed_time() {
        let timing = Timing::Every { minutes: 300, from: DAY };
        let still = openings(&timing, &ShipTime::default(), 0, 4 * DAY);
        let moving = ShipTime::new([(0, 0), (2 * DAY, 60), (3 * DAY, -720)]);
        assert_eq!(openings(&timing, &moving, 0, 4 * DAY), still);
        assert_eq!(still[0], DAY, "none before the first");
        assert!(still.windows(2).all(|pair| pair[1] - pair[0] == 5 * 3_600));
        // Whatever part is asked for, the same openings lie in it.
        let part = openings(&timing, &moving, 2 * DAY + 1, 3 * DAY);
        let lies = |opens: &&i64| (2 * DAY + 1..3 * DAY).contains(*opens);
        assert_eq!(part, still.iter().filter(lies).copied().collect::<Vec<_>>());
    }

    #[test]
    fn watches_may_be_the_vessels_own_and_reach_over_midnight() {
        let timing = Timing::Watches(vec![60]);
        let own = Circumstances::new([300, 1_410], [], []);
        let seen = timing.openings(&ShipTime::default(), &own, 10 * DAY, 11 * DAY);
        // 23:30 and an hour is 00:30 of the next day.
        assert_eq!(seen, [10 * DAY + 1_800, 10 * DAY + 6 * 3_600]);
        let usual = openings(&timing, &ShipTime::default(), 0, DAY);
        assert_eq!(usual.len(), 6, "four hours each unless the Plan says otherwise");
    }

    #[test]
    fn words_are_read_as_they_are_written_and_nothing_else_is() {
        for timing in [
            Timing::Times(vec![120, 870]),
            Timing::Every { minutes: 300, from: 1_764_547_200 },
            Timing::Watches(vec![0, 120]),
            Timing::default(),
        ] {
            assert_eq!(Timing::from_word(&timing.word()), Some(timing));
        }
        assert_eq!(Timing::from_word("14:30 02:00 02:00"), Some(Timing::Times(vec![120, 870])));
        for wrong in [
            "24:00",
            "02:60",
            "+2:00",
            "2",
            "every 4 from 0",
            "every 300",
            "every 300 from x",
            "every 99999 from 0",
            "every 300 from 9223372036854775807",
            "watch",
            "watch 1440",
            "watch -1",
            "watch 02:00",
        ] {
            assert_eq!(Timing::from_word(wrong), None, "{wrong}");
        }
        assert_eq!(Timing::from_word(&"00:00 ".repeat(MOST_A_DAY + 1)), None);
    }

    #[test]
    fn no_span_costs_more_than_its_days() {
        let timing = Timing::Every { minutes: 5, from: i64::MIN };
        assert!(openings(&timing, &ShipTime::default(), i64::MAX - 5, i64::MAX).is_empty());
        let most = timing.most_a_day(&Circumstances::default());
        for timing in [timing, Timing::Times((0..288).map(|n| n * 5).collect())] {
            let day = openings(&timing, &ShipTime::default(), 100 * DAY, 101 * DAY);
            assert!((1..=most).contains(&(day.len() as u64)), "{}", day.len());
        }
    }

    #[test]
    fn gaps_reach_over_midnight() {
        let calm = Circumstances::default();
        let gaps = |timing: Timing| (timing.shortest_gap(&calm), timing.longest_gap(&calm));
        assert_eq!(gaps(Timing::Times(vec![0, 60, 720])), (Some(60), Some(720)));
        assert_eq!(gaps(Timing::Times(vec![600])), (Some(1_440), Some(1_440)));
        assert_eq!(gaps(Timing::Watches(vec![0, 120])), (Some(120), Some(120)));
        assert_eq!(gaps(Timing::Every { minutes: 300, from: 0 }), (Some(300), Some(300)));
        assert_eq!(gaps(Timing::default()), (None, None));
    }
}
