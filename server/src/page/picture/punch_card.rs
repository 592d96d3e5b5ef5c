//! The punch card: 24 hours across, one row per ship-time day, newest on top.
//!
//! One unit of the drawing is one minute, so positions are exact integers.

use askama::Template;
use deckwatch_core::model::{DueId, VesselId};
use jiff::civil::Date;

use crate::page::moment::{self, Moment};
use crate::page::verdict::{Tally, VerdictView};

/// Minutes in a day, which is also the width of the plot.
const DAY: i32 = 1_440;
/// Room for "Sat 21 Nov".
const LEFT: i32 = 150;
const RIGHT: i32 = 40;
const TOP: i32 = 44;
const BOTTOM: i32 = 12;
const ROW: i32 = 32;
/// Half the side of a mark's tile, and what keeps it inside the plot.
const TILE: i32 = 13;
/// Of one vessel and 31 days; a plan that demands more is drawn up to here and told in the table.
const MOST_MARKS: usize = 3_000;

/// What the punch card shows.
#[derive(Debug, Clone)]
pub struct PunchCard {
    /// The vessel, for the links.
    pub vessel: VesselId,
    /// The days, oldest first.
    pub days: Vec<Date>,
    /// The day the page lists.
    pub chosen: Date,
    /// Every due patrol of these days.
    pub patrols: Vec<CardPatrol>,
}

/// One due patrol on the card.
#[derive(Debug, Clone)]
pub struct CardPatrol {
    /// Its id.
    pub due: DueId,
    /// The name of its route.
    pub route: String,
    /// Its verdict.
    pub verdict: VerdictView,
    /// The opening of its window.
    pub opens: Moment,
    /// The closing of its window.
    pub closes: Moment,
    /// When it was started, by the middle of what is known.
    pub started: Option<Moment>,
}

impl CardPatrol {
    /// Where its mark stands: its start, or the middle of its window when nobody started.
    fn stands_at(&self) -> Moment {
        let middle = Moment { utc: self.opens.utc.midpoint(self.closes.utc), ..self.opens };
        self.started.unwrap_or(middle)
    }

    /// "Fire round, 20:00 to 20:30: missed", with the start where there is one.
    pub fn label(&self) -> String {
        let window = moment::window(&self.opens, &self.closes);
        let word = self.verdict.word();
        match &self.started {
            Some(start) => format!("{}, {window}: {word}, started {}", self.route, start.ship()),
            None => format!("{}, {window}: {word}", self.route),
        }
    }

    /// The time under which the table lists it: its start, or the opening of its window.
    pub fn clock(&self) -> String {
        self.started.as_ref().unwrap_or(&self.opens).ship_clock()
    }
}

/// One row of the table beside the card.
#[derive(Debug, Clone)]
pub struct CardDay<'a> {
    /// The day.
    pub date: Date,
    /// Its counts.
    pub tally: Tally,
    /// Its patrols by the opening of their windows.
    pub patrols: Vec<&'a CardPatrol>,
}

impl PunchCard {
    /// The picture.
    pub fn drawing(&self) -> Drawing<'_> {
        let rows = self.rows();
        let bottom = TOP + ROW * i32::try_from(rows.len()).unwrap_or(0);
        let mut bands = Vec::new();
        let mut marks = Vec::new();
        for patrol in self.patrols.iter().take(MOST_MARKS) {
            bands.extend(self.bands(patrol));
            marks.extend(self.mark(patrol));
        }
        // Worst last: what is drawn last lies on top.
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.verdict));
        Drawing {
            vessel: self.vessel,
            width: LEFT + DAY + RIGHT,
            height: bottom + BOTTOM,
            left: LEFT,
            top: TOP,
            bottom,
            hours: (0..=24).step_by(2).map(|hour| Hour { x: LEFT + hour * 60, hour }).collect(),
            rows,
            bands,
            marks,
        }
    }

    /// The same as a table, newest day first.
    pub fn table(&self) -> Vec<CardDay<'_>> {
        self.days
            .iter()
            .rev()
            .map(|date| {
                let mut patrols: Vec<&CardPatrol> = self
                    .patrols
                    .iter()
                    .filter(|patrol| patrol.opens.ship_day() == Some(*date))
                    .collect();
                patrols.sort_by_key(|patrol| (patrol.opens, patrol.due));
                let tally = patrols.iter().map(|patrol| patrol.verdict).collect();
                CardDay { date: *date, tally, patrols }
            })
            .collect()
    }

    fn rows(&self) -> Vec<Row> {
        self.days
            .iter()
            .rev()
            .zip(0..)
            .map(|(date, row)| Row {
                date: *date,
                label: moment::day(*date),
                y: TOP + row * ROW,
                chosen: *date == self.chosen,
                striped: row % 2 == 1,
            })
            .collect()
    }

    /// The top of the row of a day.
    fn y(&self, date: Date) -> Option<i32> {
        let row = self.days.iter().rev().position(|day| *day == date)?;
        Some(TOP + ROW * i32::try_from(row).ok()?)
    }

    /// The window, cut at midnight: a window of several days has a band on each.
    fn bands(&self, patrol: &CardPatrol) -> Vec<Band> {
        let ends = (patrol.opens.ship_day(), patrol.closes.ship_day());
        let minutes = (patrol.opens.minute_of_day(), patrol.closes.minute_of_day());
        let ((Some(first), Some(last)), (Some(from), Some(to))) = (ends, minutes) else {
            return Vec::new();
        };
        self.days
            .iter()
            .filter(|day| (first..=last).contains(*day))
            .filter_map(|day| {
                let start = if *day == first { from } else { 0 };
                let end = if *day == last { to } else { DAY };
                // A window that closes at midnight has nothing on the next day.
                (end > start).then_some(())?;
                Some(Band { x: LEFT + start, y: self.y(*day)?, width: end - start })
            })
            .collect()
    }

    fn mark<'a>(&self, patrol: &'a CardPatrol) -> Option<Mark<'a>> {
        let at = patrol.stands_at();
        let minute = at.minute_of_day()?.clamp(TILE, DAY - TILE);
        Some(Mark {
            patrol,
            verdict: patrol.verdict,
            x: LEFT + minute,
            y: self.y(at.ship_day()?)? + ROW / 2,
        })
    }
}

/// The computed picture.
#[derive(Debug, Template)]
#[template(path = "picture/punch_card.html")]
pub struct Drawing<'a> {
    vessel: VesselId,
    width: i32,
    height: i32,
    left: i32,
    top: i32,
    bottom: i32,
    hours: Vec<Hour>,
    rows: Vec<Row>,
    bands: Vec<Band>,
    marks: Vec<Mark<'a>>,
}

impl askama::filters::HtmlSafe for Drawing<'_> {}

#[derive(Debug)]
struct Hour {
    x: i32,
    hour: i32,
}

#[derive(Debug)]
struct Row {
    date: Date,
    label: String,
    y: i32,
    chosen: bool,
    striped: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Band {
    x: i32,
    y: i32,
    width: i32,
}

#[derive(Debug)]
struct Mark<'a> {
    patrol: &'a CardPatrol,
    verdict: VerdictView,
    x: i32,
    y: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 00:00 UTC.
    const MIDNIGHT: i64 = 1_795_219_200;

    fn card(opens: i64, closes: i64, started: Option<i64>) -> PunchCard {
        let at = |minute: i64| Moment { utc: MIDNIGHT + minute * 60, offset_minutes: 0 };
        let today = at(0).ship_day().unwrap();
        PunchCard {
            vessel: VesselId([1; 16]),
            days: vec![today.yesterday().unwrap(), today],
            chosen: today,
            patrols: vec![CardPatrol {
                due: DueId([2; 16]),
                route: "Fire round".to_owned(),
                verdict: VerdictView::Missed,
                opens: at(opens),
                closes: at(closes),
                started: started.map(at),
            }],
        }
    }

    #[test]
    fn a_minute_is_a_unit_and_the_newest_day_is_on_top() {
        let card = card(120, 180, Some(125));
        let drawing = card.drawing();
        assert_eq!(drawing.bands, [Band { x: LEFT + 120, y: TOP, width: 60 }]);
        let mark = drawing.marks.first().unwrap();
        assert_eq!((mark.x, mark.y), (LEFT + 125, TOP + ROW / 2));
    }

    #[test]
    fn a_window_across_midnight_has_two_bands() {
        let card = card(-30, 30, None);
        let bands = card.drawing().bands;
        assert_eq!(
            bands,
            [
                Band { x: LEFT + DAY - 30, y: TOP + ROW, width: 30 },
                Band { x: LEFT, y: TOP, width: 30 }
            ]
        );
        assert_eq!(card.drawing().marks.len(), 1, "in the middle of its window");
    }

    #[test]
    fn a_window_that_closes_at_midnight_has_one() {
        assert_eq!(card(-60, 0, None).drawing().bands.len(), 1);
    }

    #[test]
    fn what_lies_outside_the_days_is_not_drawn() {
        let card = card(10 * DAY as i64, 10 * DAY as i64 + 60, None);
        assert!(card.drawing().bands.is_empty() && card.drawing().marks.is_empty());
        let mut endless = self::card(0, 60, None);
        endless.patrols[0].closes.utc = i64::MAX;
        endless.patrols[0].opens.utc = i64::MIN;
        assert!(endless.drawing().bands.is_empty());
    }
}
