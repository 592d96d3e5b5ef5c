//! What a schedule may hang on: the day, the watches, the security level and the state of the vessel.
//!
//! Nothing here is a clock of its own: all of it is data of the Plan, changed by whoever may change the Plan, and it takes force with
//! the version that says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::timing::DAY_MINUTES;
use crate::time::{Day, ShipTime};

/// Watches of four hours, unless the Plan says otherwise.
const USUAL_WATCHES: [u32; 6] = [0, 240, 480, 720, 960, 1_200];
/// Watches of one day at most.
pub const MOST_WATCHES: usize = 24;
/// Hours from the order to measures in force at most, where a level rises: 33 CFR 104.240(b)(1).
pub const MEASURES_WITHIN: i64 = 12 * 3_600;

/// A security level (ISPS Code A/2.1.9 to 11; MARSEC in 33 CFR 101.105).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum SecurityLevel {
    /// Minimum measures at all times.
    #[default]
    L1,
    /// Additional measures, as a result of heightened risk.
    L2,
    /// Further specific measures, while an incident is probable or imminent.
    L3,
}

impl SecurityLevel {
    /// All, the lowest first.
    pub const ALL: [Self; 3] = [Self::L1, Self::L2, Self::L3];

    /// 1 to 3.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

impl TryFrom<u8> for SecurityLevel {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        Self::ALL
            .into_iter()
            .find(|level| level.number() == number)
            .ok_or("security levels are 1, 2 and 3")
    }
}

impl From<SecurityLevel> for u8 {
    fn from(level: SecurityLevel) -> Self {
        level.number()
    }
}

/// What the vessel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VesselState {
    /// Under way.
    AtSea,
    /// Alongside.
    Port,
    /// At anchor.
    Anchor,
    /// Under way in an area of high risk.
    HighRisk,
}

impl VesselState {
    /// All, in the order of choices.
    pub const ALL: [Self; 4] = [Self::AtSea, Self::Port, Self::Anchor, Self::HighRisk];

    /// As it stands in the document.
    pub fn word(self) -> &'static str {
        match self {
            Self::AtSea => "at_sea",
            Self::Port => "port",
            Self::Anchor => "anchor",
            Self::HighRisk => "high_risk",
        }
    }

    /// Reads [`VesselState::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// An order to set a security level, known by the time it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SecurityOrder {
    /// The level that was ordered.
    pub level: SecurityLevel,
    /// It was acknowledged, Unix s; `None` = not yet.
    pub acknowledged: Option<i64>,
    /// Its measures are in force, Unix s; `None` = not yet.
    pub in_force: Option<i64>,
}

/// Watches, security orders, and states of the vessel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Circumstances {
    /// Minutes after midnight at which a watch begins, ship time; empty = every four hours from midnight.
    watches: BTreeSet<u32>,
    /// By the Unix second at which they were received.
    pub orders: BTreeMap<i64, SecurityOrder>,
    /// The state from this Unix second on.
    pub states: BTreeMap<i64, VesselState>,
}

impl Circumstances {
    /// Watches beyond a day and more than 24 are left out.
    pub fn new(
        watches: impl IntoIterator<Item = u32>,
        orders: impl IntoIterator<Item = (i64, SecurityOrder)>,
        states: impl IntoIterator<Item = (i64, VesselState)>,
    ) -> Self {
        let watches: BTreeSet<u32> =
            watches.into_iter().filter(|minute| *minute < DAY_MINUTES).collect();
        Self {
            watches: watches.into_iter().take(MOST_WATCHES).collect(),
            orders: orders.into_iter().collect(),
            states: states.into_iter().collect(),
        }
    }

    /// The beginnings of the watches, minutes after midnight, in order.
    pub fn watches(&self) -> Vec<u32> {
        if self.watches.is_empty() {
            USUAL_WATCHES.to_vec()
        } else {
            self.watches.iter().copied().collect()
        }
    }

    /// The vessel's own watches; empty = the usual ones.
    pub fn own_watches(&self) -> impl Iterator<Item = u32> + '_ {
        self.watches.iter().copied()
    }

    /// The level whose patrols are demanded at `time` (Unix s): 1 until an order says otherwise.
    ///
    /// A higher level is demanded from the moment that its measures are in force, and 12 hours after the order at the latest; a lower
    /// one only once its measures are said to be in force. So an order that nobody acts on relaxes nothing.
    pub fn level_at(&self, time: i64) -> SecurityLevel {
        let mut level = SecurityLevel::default();
        // In the order in which they take force, so that an old order that takes force late does not undo a newer one.
        let mut newest = i64::MIN;
        let mut taken: Vec<(i64, i64, SecurityOrder)> = Vec::new();
        let mut before = SecurityLevel::default();
        for (received, order) in &self.orders {
            let latest = received.saturating_add(MEASURES_WITHIN);
            let from = if order.level > before {
                Some(order.in_force.unwrap_or(latest).min(latest).max(*received))
            } else {
                order.in_force.map(|from| from.max(*received))
            };
            taken.extend(from.map(|from| (from, *received, *order)));
            before = order.level;
        }
        taken.sort_unstable_by_key(|(from, received, _)| (*from, *received));
        for (_, received, order) in taken.into_iter().filter(|(from, ..)| *from <= time) {
            if received >= newest {
                (newest, level) = (received, order.level);
            }
        }
        level
    }

    /// What the vessel does at `time` (Unix s); `None` before anything is said of it.
    pub fn state_at(&self, time: i64) -> Option<VesselState> {
        self.states.range(..=time).next_back().map(|(_, state)| *state)
    }

    /// Orders whose measures came later than 12 hours after a higher level was ordered, or are not in force at `now` though that time is over:
    /// when each was received, and how late, seconds.
    pub fn late_measures(&self, now: i64) -> Vec<(i64, i64)> {
        let mut before = SecurityLevel::default();
        let mut late = Vec::new();
        for (received, order) in &self.orders {
            let latest = received.saturating_add(MEASURES_WITHIN);
            let until = order.in_force.unwrap_or(now);
            if order.level > before && until > latest {
                late.push((*received, until - latest));
            }
            before = order.level;
        }
        late
    }
}

/// On which ship-time days a schedule opens windows. The forms of RFC 5545 section 3.3.10 that rounds use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Every day.
    #[default]
    Daily,
    /// Every so many days.
    Every {
        /// 2 to 366.
        days: u32,
        /// One of them; there are none before it.
        from: Day,
    },
    /// On these days of the week: 0 is Monday.
    Weekly(BTreeSet<u8>),
    /// On these days of the month; 0 is the last one.
    Monthly(BTreeSet<u8>),
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// Whether windows open on a day.
    pub fn contains(&self, day: Day) -> bool {
        match self {
            Self::Daily => true,
            Self::Every { days, from } => {
                let since = i64::from(day.0) - i64::from(from.0);
                since >= 0 && since % i64::from((*days).max(1)) == 0
            }
            // 1970-01-01 was a Thursday.
            Self::Weekly(days) => u8::try_from((i64::from(day.0) + 3).rem_euclid(7))
                .is_ok_and(|day| days.contains(&day)),
            Self::Monthly(days) => day_of_month(day).is_some_and(|(number, is_last)| {
                days.contains(&number) || (is_last && days.contains(&0))
            }),
        }
    }

    /// As it stands in the document: `every 3 from 2026-12-01`, `mon wed`, `month 1 15 last`; empty is every day.
    pub fn word(&self) -> String {
        match self {
            Self::Daily => String::new(),
            Self::Every { days, from } => format!("every {days} from {from}"),
            Self::Weekly(days) => {
                let names = days.iter().filter_map(|day| WEEKDAYS.get(usize::from(*day)).copied());
                names.collect::<Vec<_>>().join(" ")
            }
            Self::Monthly(days) => {
                // The last one stands last.
                let numbers = days.iter().filter(|day| **day != 0).map(ToString::to_string);
                let last = days.contains(&0).then(|| "last".to_owned());
                let all: Vec<String> = numbers.chain(last).collect();
                format!("month {}", all.join(" "))
            }
        }
    }

    /// Reads [`Days::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        let words: Vec<&str> = word.split_whitespace().collect();
        match words.as_slice() {
            [] => Some(Self::Daily),
            ["every", days, "from", from] => {
                let days = days.parse().ok().filter(|days| (2..=366).contains(days))?;
                Some(Self::Every { days, from: Day::from_iso(from)? })
            }
            ["month", days @ ..] if !days.is_empty() => {
                let day = |word: &&str| match *word {
                    "last" => Some(0),
                    number => number.parse().ok().filter(|day| (1..=31).contains(day)),
                };
                Some(Self::Monthly(days.iter().map(day).collect::<Option<_>>()?))
            }
            days => {
                let day = |word: &&str| {
                    WEEKDAYS
                        .iter()
                        .position(|name| name == word)
                        .and_then(|at| u8::try_from(at).ok())
                };
                Some(Self::Weekly(days.iter().map(day).collect::<Option<_>>()?))
            }
        }
    }
}

/// The number of a day in its month, and whether it is the last one.
fn day_of_month(day: Day) -> Option<(u8, bool)> {
    let date = jiff::civil::date(1970, 1, 1);
    let date = date.checked_add(jiff::Span::new().try_days(day.0).ok()?).ok()?;
    Some((u8::try_from(date.day()).ok()?, date.day() == date.days_in_month()))
}

/// On which days, at which levels and in which states a schedule opens windows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct When {
    /// Ship-time days.
    pub days: Days,
    /// Security levels; empty = all.
    pub levels: BTreeSet<SecurityLevel>,
    /// States of the vessel; empty = all. Where nobody said what the vessel does, all count.
    pub states: BTreeSet<VesselState>,
}

impl When {
    /// Whether a window opens at a nominal opening (Unix s).
    pub fn holds(&self, opening: i64, ship_time: &ShipTime, now: &Circumstances) -> bool {
        let level = self.levels.is_empty() || self.levels.contains(&now.level_at(opening));
        let state = self.states.is_empty()
            || now.state_at(opening).is_none_or(|state| self.states.contains(&state));
        level && state && self.days.contains(ship_time.day(opening))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn order(level: SecurityLevel, in_force: Option<i64>) -> SecurityOrder {
        SecurityOrder { level, acknowledged: None, in_force }
    }

    fn level(orders: &[(i64, SecurityOrder)], hour: i64) -> u8 {
        let all = Circumstances::new([], orders.iter().copied(), []);
        all.level_at(hour * HOUR).number()
    }

    #[test]
    fn a_higher_level_counts_from_its_measures_or_twelve_hours_after_the_order() {
        let told = [(10 * HOUR, order(SecurityLevel::L2, None))];
        assert_eq!([9, 10, 21, 22].map(|hour| level(&told, hour)), [1, 1, 1, 2]);
        let ready = [(10 * HOUR, order(SecurityLevel::L2, Some(14 * HOUR)))];
        assert_eq!([13, 14].map(|hour| level(&ready, hour)), [1, 2]);
        let tardy = [(10 * HOUR, order(SecurityLevel::L2, Some(40 * HOUR)))];
        assert_eq!([21, 22].map(|hour| level(&tardy, hour)), [1, 2], "12 hours are the most");
    }

    #[test]
    fn a_lower_level_relaxes_nothing_until_somebody_says_that_it_is_in_force() {
        let up = (10 * HOUR, order(SecurityLevel::L3, Some(10 * HOUR)));
        let down = |in_force| [up, (20 * HOUR, order(SecurityLevel::L1, in_force))];
        assert_eq!(level(&down(None), 500), 3);
        assert_eq!([29, 30].map(|hour| level(&down(Some(30 * HOUR)), hour)), [3, 1]);
    }

    #[test]
    fn an_order_that_takes_force_late_does_not_undo_a_newer_one() {
        let orders = [
            (10 * HOUR, order(SecurityLevel::L3, Some(10 * HOUR))),
            (11 * HOUR, order(SecurityLevel::L1, Some(30 * HOUR))),
            (12 * HOUR, order(SecurityLevel::L2, Some(13 * HOUR))),
        ];
        assert_eq!([12, 13, 31].map(|hour| level(&orders, hour)), [3, 2, 2]);
    }

    #[test]
    fn measures_that_come_too_late_are_named() {
        let all = Circumstances::new(
            [],
            [
                (0, order(SecurityLevel::L2, Some(13 * HOUR))),
                (100 * HOUR, order(SecurityLevel::L3, None)),
                (200 * HOUR, order(SecurityLevel::L1, None)),
            ],
            [],
        );
        assert_eq!(all.late_measures(112 * HOUR), [(0, HOUR)]);
        assert_eq!(all.late_measures(113 * HOUR), [(0, HOUR), (100 * HOUR, HOUR)]);
        assert_eq!(all.late_measures(900 * HOUR).len(), 2, "to lower one is never late");
    }

    #[test]
    fn days_by_week_month_and_number() {
        let day = |text| Day::from_iso(text).unwrap();
        let weekly = Days::from_word("mon thu").unwrap();
        // 2026-11-30 was a Monday.
        assert!(weekly.contains(day("2026-11-30")) && weekly.contains(day("2026-12-03")));
        assert!(!weekly.contains(day("2026-12-01")) && !weekly.contains(day("1969-12-31")));
        let monthly = Days::from_word("month 15 last").unwrap();
        for (text, counts) in [
            ("2026-12-15", true),
            ("2028-02-29", true),
            ("2027-02-28", true),
            ("2028-02-28", false),
        ] {
            assert_eq!(monthly.contains(day(text)), counts, "{text}");
        }
        let third = Days::from_word("every 3 from 2026-12-01").unwrap();
        for (text, counts) in [
            ("2026-11-28", false),
            ("2026-12-01", true),
            ("2026-12-02", false),
            ("2027-01-03", true),
        ] {
            assert_eq!(third.contains(day(text)), counts, "{text}");
        }
        for days in [weekly, monthly, third, Days::Daily] {
            assert_eq!(Days::from_word(&days.word()), Some(days));
        }
        assert_eq!(Days::from_word(&format!("every 9 from {}", Day(i32::MAX))), None);
        for wrong in [
            "every 1 from 2026-12-01",
            "every 3",
            "month",
            "month 0",
            "month 32",
            "monday",
            "mon 3",
        ] {
            assert_eq!(Days::from_word(wrong), None, "{wrong}");
        }
        assert!(!Days::Monthly([1].into()).contains(Day(i32::MAX)), "no such date");
    }

    #[test]
    fn what_nobody_said_of_the_vessel_relaxes_nothing() {
        let calm = Circumstances::new([], [], [(10 * HOUR, VesselState::Port)]);
        let when = |state| When { states: [state].into(), ..When::default() };
        let holds = |state, hour| when(state).holds(hour * HOUR, &ShipTime::default(), &calm);
        assert!(holds(VesselState::AtSea, 9) && holds(VesselState::Port, 9));
        assert!(!holds(VesselState::AtSea, 10) && holds(VesselState::Port, 10));
    }
}
