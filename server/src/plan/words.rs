//! When a schedule opens windows, as people read it and type it.

use std::collections::BTreeSet;

use deckwatch_core::{
    plan::{
        Circumstances, Days, Draw, SecurityLevel, SecurityOrder, Timing, VesselState, When,
        circumstance::MEASURES_WITHIN,
        clock_of, minute_of,
        timing::{DAY_MINUTES, LONGEST_EVERY, MOST_A_DAY, SHORTEST_EVERY},
    },
    time::Day,
};

use crate::page::{moment, words::listed};

const HOUR: u32 = 60;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// "02:00 08:00".
pub fn times_words(times: &[u32]) -> String {
    times.iter().map(|time| clock_of(*time)).collect::<Vec<_>>().join(" ")
}

/// "5 h", "90 min", "5 h 30 min".
pub fn span_words(minutes: u32) -> String {
    match (minutes / HOUR, minutes % HOUR) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// "02:00 08:00", "every 5 h from 1 Dec 2026 00:00 UTC", "each watch, and 2 h after its beginning".
pub fn timing_words(timing: &Timing) -> String {
    match timing {
        Timing::Times(times) => times_words(times),
        Timing::Every { minutes, from } => {
            format!("every {} from {}", span_words(*minutes), moment::utc_long(*from))
        }
        Timing::Watches(after) => {
            let offsets: Vec<String> = after
                .iter()
                .map(|after| match after {
                    0 => "at the beginning".to_owned(),
                    after => format!("{} after the beginning", span_words(*after)),
                })
                .collect();
            format!("{} of each watch", listed(&offsets))
        }
    }
}

/// What [`read_timing`] reads: "02:00 08:00", "every 300 from 2026-12-01 00:00", "watch 0 120".
pub fn typed_timing(timing: &Timing) -> String {
    match timing {
        Timing::Times(times) => times_words(times),
        Timing::Every { minutes, from } => {
            let (day, second) = (from.div_euclid(86_400), from.rem_euclid(86_400));
            let clock = clock_of(u32::try_from(second / 60).unwrap_or(0));
            let day = Day(i32::try_from(day).unwrap_or(i32::MAX));
            format!("every {minutes} from {day} {clock}")
        }
        Timing::Watches(_) => timing.word(),
    }
}

/// Reads openings as people type them; says what is wrong.
pub fn read_timing(text: &str) -> Result<Timing, String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split([' ', ',', ';', '\t']).filter(|it| !it.is_empty()).collect();
    match words.as_slice() {
        [] => Err("No time. Without one the schedule demands nothing: remove it instead.".into()),
        ["every", rest @ ..] => every(rest).ok_or_else(|| {
            format!(
                "Not an interval. Write it as every 300 from 2026-12-01 00:00: minutes from {SHORTEST_EVERY} to \
                 {LONGEST_EVERY}, and one opening in UTC."
            )
        }),
        ["watch", ..] => Timing::from_word(&words.join(" ")).ok_or_else(|| {
            "Not minutes after the beginning of a watch. Write them as watch 0 120.".to_owned()
        }),
        times => times_of(times).map(Timing::Times),
    }
}

fn every(words: &[&str]) -> Option<Timing> {
    let ([minutes, "from", day, clock] | [minutes, "min", "from", day, clock]) = words else {
        return None;
    };
    let from = i64::from(Day::from_iso(day)?.0) * 86_400 + i64::from(minute_of(clock)?) * 60;
    Timing::from_word(&format!("every {minutes} from {from}"))
}

fn times_of(words: &[&str]) -> Result<Vec<u32>, String> {
    let mut times = BTreeSet::new();
    for word in words {
        let shown: String = word.chars().take(20).collect();
        let minute = minute_of(word)
            .ok_or_else(|| format!("“{shown}” is not a time. Write it as 02:00."))?;
        if !times.insert(minute) {
            return Err(format!("{shown} stands twice."));
        }
    }
    if times.len() > MOST_A_DAY {
        return Err(format!("More than {MOST_A_DAY} times."));
    }
    Ok(times.into_iter().collect())
}

/// "every day", "on Mon and Thu", "every 3 days from 2026-12-01", "on day 1, 15 and the last of the month".
pub fn days_words(days: &Days) -> String {
    match days {
        Days::Daily => "every day".to_owned(),
        Days::Every { days, from } => format!("every {days} days from {from}"),
        Days::Weekly(days) => {
            let names = days.iter().filter_map(|day| WEEKDAYS.get(usize::from(*day)));
            format!("on {}", listed(&names.map(|name| (*name).to_owned()).collect::<Vec<_>>()))
        }
        Days::Monthly(days) => {
            let mut all: Vec<String> =
                days.iter().filter(|day| **day != 0).map(ToString::to_string).collect();
            if days.contains(&0) {
                all.push("the last".to_owned());
            }
            format!("on day {} of the month", listed(&all))
        }
    }
}

/// A state of the vessel.
pub fn state_words(state: VesselState) -> &'static str {
    match state {
        VesselState::AtSea => "at sea",
        VesselState::Port => "in port",
        VesselState::Anchor => "at anchor",
        VesselState::HighRisk => "in a high-risk area",
    }
}

/// "level 2 and 3"; empty where every level counts.
pub fn levels_words(levels: &BTreeSet<SecurityLevel>) -> String {
    let numbers: Vec<String> = levels.iter().map(|level| level.number().to_string()).collect();
    if numbers.is_empty() { String::new() } else { format!("level {}", listed(&numbers)) }
}

/// "in port and at anchor"; empty where every state counts.
pub fn states_words(states: &BTreeSet<VesselState>) -> String {
    listed(&states.iter().map(|state| state_words(*state).to_owned()).collect::<Vec<_>>())
}

/// What narrows a schedule, in one line; empty where nothing does.
pub fn when_words(when: &When) -> String {
    let days = if when.days == Days::Daily { String::new() } else { days_words(&when.days) };
    let parts = [days, levels_words(&when.levels), states_words(&when.states)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// "moved by up to 60 min, never more than 5 h apart; the order is drawn too".
pub fn draw_words(draw: &Draw) -> String {
    let mut words = match draw.spread_minutes {
        0 => "not moved".to_owned(),
        spread => format!("moved by up to {}", span_words(spread)),
    };
    if let Some(most) = draw.most_apart_minutes {
        words.push_str(&format!(", never more than {} apart", span_words(most)));
    }
    if draw.shuffled {
        words.push_str("; the order is drawn too");
    }
    words
}

/// "level 2, acknowledged …, in force …".
pub fn order_words(received: i64, order: &SecurityOrder) -> String {
    let at = |time: Option<i64>| time.map_or_else(|| "not yet".to_owned(), moment::utc_long);
    let mut words = format!(
        "level {}, acknowledged {}, in force {}",
        order.level.number(),
        at(order.acknowledged),
        at(order.in_force)
    );
    if order.in_force.is_none() {
        let latest = moment::utc_long(received.saturating_add(MEASURES_WITHIN));
        words.push_str(&format!(", at the latest {latest} if it is a higher one"));
    }
    words
}

/// The vessel's watches.
pub fn watches_words(circumstances: &Circumstances) -> String {
    times_words(&circumstances.watches())
}

/// Reads levels as "2 3"; nothing is all.
pub fn read_levels(text: &str) -> Option<BTreeSet<SecurityLevel>> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(|word| SecurityLevel::try_from(word.parse::<u8>().ok()?).ok()).collect()
}

/// Reads states as "port anchor"; nothing is all.
pub fn read_states(text: &str) -> Option<BTreeSet<VesselState>> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    words.map(|word| VesselState::from_word(&word.to_lowercase())).collect()
}

/// The longest time between two openings where every day counts, minutes.
pub fn longest_gap(timing: &Timing, circumstances: &Circumstances) -> u32 {
    timing.longest_gap(circumstances).unwrap_or(DAY_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_in_a_form_is_read_from_it() {
        for timing in [
            Timing::Times(vec![120, 870]),
            Timing::Every { minutes: 300, from: 1_764_547_200 },
            Timing::Watches(vec![0, 120]),
        ] {
            assert_eq!(read_timing(&typed_timing(&timing)), Ok(timing));
        }
        let every = Timing::Every { minutes: 300, from: 1_764_547_200 };
        assert_eq!(read_timing("Every 300 min from 2025-12-01 00:00"), Ok(every.clone()));
        assert_eq!(timing_words(&every), "every 5 h from 1 Dec 2025 00:00 UTC");
        assert_eq!(read_timing("14:30, 02:00;08:00"), Ok(Timing::Times(vec![120, 480, 870])));
        assert_eq!(
            timing_words(&Timing::Watches(vec![0, 90])),
            "at the beginning and 1 h 30 min after the beginning of each watch"
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_to_write() {
        for (text, what) in [
            ("", "No time"),
            ("2 o'clock", "“2” is not a time"),
            ("02:00 02:00", "stands twice"),
            ("every 300", "every 300 from 2026-12-01 00:00"),
            ("every 2 from 2026-12-01 00:00", "minutes from 5"),
            ("watch 02:00", "watch 0 120"),
        ] {
            let said = read_timing(text).unwrap_err();
            assert!(said.contains(what), "{text}: {said}");
        }
    }

    #[test]
    fn conditions_in_one_line() {
        let when = When {
            days: Days::from_word("mon thu").unwrap(),
            levels: read_levels("2,3").unwrap(),
            states: read_states("Port anchor").unwrap(),
        };
        assert_eq!(when_words(&when), "on Mon and Thu, level 2 and 3, in port and at anchor");
        assert_eq!(when_words(&When::default()), "");
        assert_eq!(
            days_words(&Days::from_word("month 1 last").unwrap()),
            "on day 1 and the last of the month"
        );
        assert_eq!((read_levels("4"), read_states("ashore")), (None, None));
        let draw = Draw { spread_minutes: 60, most_apart_minutes: Some(300), shuffled: true };
        assert_eq!(
            draw_words(&draw),
            "moved by up to 1 h, never more than 5 h apart; the order is drawn too"
        );
    }
}
