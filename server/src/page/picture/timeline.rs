//! The timeline of a patrol: above, the planned window, what is known of it, and the walk in it;
//! below, one row per lettered stop with the interval in which it was scanned.
//!
//! A line joins the stops in the order in which they were walked: its slope is the pace, and a walk
//! out of order is a zigzag.

use askama::Template;

use super::scale::{Scale, Tick, Whisker};
use crate::page::freshness::short_device;
use crate::page::moment::{self, Moment, Span};
use crate::page::patrol::{PatrolPage, Stop, Walk};
use crate::page::words::shortened;

const WIDTH: i32 = 1_200;
const LEFT: i32 = 270;
const PLOT: i32 = 710;
const RIGHT: i32 = LEFT + PLOT;
const STRIP_TOP: i32 = 34;
const STRIP_ROW: i32 = 32;
const STOP_ROW: i32 = 28;
/// Letters that fit left of the plot, and right of it.
const NAME_CHARS: usize = 27;
const TIME_CHARS: usize = 25;
/// More stops are told in the table alone.
const MOST_STOPS: usize = 200;
const MOST_WALKS: usize = 8;

/// The computed picture.
#[derive(Debug, Template)]
#[template(path = "picture/timeline.html")]
pub struct Drawing {
    width: i32,
    height: i32,
    left: i32,
    right: i32,
    strip: Strip,
    detail: Option<Detail>,
}

impl askama::filters::HtmlSafe for Drawing {}

/// The window and what lies in it.
#[derive(Debug)]
struct Strip {
    top: i32,
    bottom: i32,
    ticks: Vec<Tick>,
    opens: i32,
    closes: i32,
    /// The end of the grace.
    ends: i32,
    window: String,
    known: Known,
    walks: Vec<Bar>,
}

/// How much of the strip the data covers.
#[derive(Debug)]
struct Known {
    y: i32,
    to: i32,
    text: String,
}

/// One walk.
#[derive(Debug)]
struct Bar {
    y: i32,
    label: String,
    text: String,
    body: Option<(i32, i32)>,
    ends: Vec<Whisker>,
    /// Nobody recorded the end.
    open: bool,
}

/// The stops of the walk.
#[derive(Debug)]
struct Detail {
    top: i32,
    bottom: i32,
    ticks: Vec<Tick>,
    /// The lens: what part of the strip the rows below show.
    lens: String,
    rows: Vec<Row>,
    /// The walk, stop by stop.
    path: String,
    left_out: usize,
}

#[derive(Debug)]
struct Row {
    y: i32,
    letter: String,
    name: String,
    class: &'static str,
    text: String,
    whisker: Option<Whisker>,
    dot: Option<i32>,
}

impl Drawing {
    /// Draws the patrol of this page.
    pub fn new(page: &PatrolPage) -> Self {
        let strip_scale = Scale::new(strip_range(page), 12, LEFT, PLOT);
        let strip = strip(page, &strip_scale);
        let detail = detail(page, &strip_scale, strip.bottom);
        let height = detail.as_ref().map_or(strip.bottom + 8, |detail| detail.bottom + 34);
        Self { width: WIDTH, height, left: LEFT, right: RIGHT, strip, detail }
    }
}

/// The window with its grace, and one length of it on both sides: what a picture can show of a
/// walk that answers this window, whatever its times claim.
fn limits(page: &PatrolPage) -> (i64, i64) {
    let (opens, ends) = (page.opens.utc, page.ends());
    let length = ends.saturating_sub(opens).max(600);
    (opens.saturating_sub(length), ends.saturating_add(length))
}

/// The window with its grace, and the walks within the limits.
fn strip_range(page: &PatrolPage) -> (i64, i64) {
    let (least, most) = limits(page);
    let mut range = (page.opens.utc, page.ends());
    for at in page.walks.iter().flat_map(|walk| [walk.start.middle(), walk.end.middle()]).flatten()
    {
        range = (range.0.min(at.max(least)), range.1.max(at.min(most)));
    }
    range
}

fn strip(page: &PatrolPage, scale: &Scale) -> Strip {
    let row = |index: i32| STRIP_TOP + STRIP_ROW * index;
    let walks: Vec<Bar> = page
        .walks
        .iter()
        .take(MOST_WALKS)
        .zip(2..)
        .map(|(walk, index)| bar(page, walk, scale, row(index)))
        .collect();
    let rows = 2 + i32::try_from(walks.len()).unwrap_or(0);
    Strip {
        top: STRIP_TOP,
        bottom: row(rows),
        ticks: scale.ticks(page.opens.offset_minutes),
        opens: scale.x(page.opens.utc),
        closes: scale.x(page.closes.utc),
        ends: scale.x(page.ends()),
        window: moment::window(&page.opens, &page.closes),
        known: Known {
            y: row(1),
            to: page.freshness.complete_to.map_or(LEFT, |to| scale.x(to.utc)),
            text: page
                .freshness
                .complete_to
                .map_or_else(|| "nothing yet".to_owned(), |to| to.ship()),
        },
        walks,
    }
}

fn bar(page: &PatrolPage, walk: &Walk, scale: &Scale, y: i32) -> Bar {
    let last = walk.end.middle().or_else(|| page.scan_middles().max());
    let body = walk.start.middle().zip(last).map(|(start, end)| {
        let (start, end) = (scale.x(start), scale.x(end));
        (start.min(end), start.max(end))
    });
    let shown = |at: Option<i64>| {
        at.map_or_else(
            || "?".to_owned(),
            |utc| Moment { utc, offset_minutes: page.opens.offset_minutes }.ship_clock(),
        )
    };
    let end = walk.end.middle();
    Bar {
        y,
        label: format!("Walk {}, device {}", walk.patrol_no, short_device(walk.device)),
        text: match end {
            Some(_) => format!("{} to {}", shown(walk.start.middle()), shown(end)),
            None => format!("{}, not ended", shown(walk.start.middle())),
        },
        body,
        ends: [walk.start, walk.end].into_iter().filter_map(|span| scale.whisker(span)).collect(),
        open: end.is_none(),
    }
}

fn detail(page: &PatrolPage, strip: &Scale, strip_bottom: i32) -> Option<Detail> {
    if page.walks.is_empty() {
        return None;
    }
    let range = detail_range(page)?;
    let scale = Scale::new(range, 24, LEFT, PLOT);
    let top = strip_bottom + 66;
    let offset = page.opens.offset_minutes;
    let rows: Vec<Row> = page
        .lettered()
        .into_iter()
        .take(MOST_STOPS)
        .zip(0..)
        .map(|((letter, stop), index)| {
            row_of(page, &scale, letter, stop, top + STOP_ROW * index, offset)
        })
        .collect();
    let mut walked: Vec<(u32, i32, i32)> = page
        .stops
        .iter()
        .zip(&rows)
        .filter_map(|(stop, row)| Some((stop.scan.as_ref()?.order, row.dot?, row.y + STOP_ROW / 2)))
        .collect();
    walked.sort_unstable();
    let path = walked
        .iter()
        .enumerate()
        .map(|(index, (_, x, y))| format!("{}{x} {y}", if index == 0 { 'M' } else { 'L' }))
        .collect();
    let bottom = top + STOP_ROW * i32::try_from(rows.len()).unwrap_or(0);
    Some(Detail {
        top,
        bottom,
        ticks: scale.ticks(offset),
        lens: format!(
            "M{} {strip_bottom}H{}L{RIGHT} {}H{LEFT}Z",
            strip.x(range.0),
            strip.x(range.1),
            top - 34
        ),
        rows,
        path,
        left_out: page.stops.len().saturating_sub(MOST_STOPS),
    })
}

/// From the first to the last instant at which the walk is drawn, with the uncertainty around it,
/// but not more uncertainty than the walk itself is long.
fn detail_range(page: &PatrolPage) -> Option<(i64, i64)> {
    let (least, most) = limits(page);
    let middles = || {
        let ends = page.walks.iter().flat_map(|walk| [walk.start.middle(), walk.end.middle()]);
        ends.flatten().chain(page.scan_middles()).filter(|at| (least..=most).contains(at))
    };
    let (first, last) = (middles().min()?, middles().max()?);
    let length = last.saturating_sub(first).max(300);
    let bounds = || {
        let ends = page.walks.iter().flat_map(|walk| [walk.start, walk.end]);
        ends.chain(page.stops.iter().filter_map(|stop| Some(stop.scan.as_ref()?.at)))
    };
    let from = bounds().filter_map(|span| span.not_before).min().unwrap_or(first);
    let to = bounds().filter_map(|span| span.not_after).max().unwrap_or(last);
    Some((
        from.clamp(first.saturating_sub(length), first),
        to.clamp(last, last.saturating_add(length)),
    ))
}

fn row_of(
    page: &PatrolPage,
    scale: &Scale,
    letter: String,
    stop: &Stop,
    y: i32,
    offset: i32,
) -> Row {
    let (class, text) = match &stop.scan {
        Some(scan) => ("stop", scan.at.ship(offset)),
        None if !stop.required => ("stop optional", "optional, not scanned".to_owned()),
        None if page.misses_are_known() => ("stop lost", "× not scanned".to_owned()),
        None => ("stop open", "… not known yet".to_owned()),
    };
    let at = stop.scan.as_ref().map_or_else(Span::default, |scan| scan.at);
    Row {
        y,
        letter,
        name: shortened(&stop.checkpoint, NAME_CHARS),
        class,
        text: shortened(&text, TIME_CHARS),
        whisker: scale.whisker(at),
        dot: at.middle().filter(|middle| scale.holds(*middle)).map(|middle| scale.x(middle)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::layout::Palette;
    use crate::page::sample;

    #[test]
    fn rows_carry_the_letters_of_the_table_and_misses_stand_out() {
        let page = sample::patrol(Palette::Day);
        let detail = page.timeline().detail.unwrap();
        let letters: String = detail.rows.iter().map(|row| row.letter.as_str()).collect();
        assert_eq!(letters, "ABCDEFGHIJKLMN");
        let lost: Vec<&str> = detail
            .rows
            .iter()
            .filter(|row| row.class == "stop lost")
            .map(|row| row.letter.as_str())
            .collect();
        assert_eq!(lost, ["E"], "M is optional");
        assert!(detail.rows[4].dot.is_none() && detail.rows[4].whisker.is_none());
    }

    #[test]
    fn the_line_follows_the_walk_and_not_the_table() {
        let page = sample::patrol(Palette::Day);
        let detail = page.timeline().detail.unwrap();
        let x: Vec<i32> = detail
            .path
            .split(['M', 'L'])
            .skip(1)
            .map(|point| point.split(' ').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(x.len(), 12);
        assert!(x.is_sorted(), "time runs to the right");
        assert!(x.iter().all(|x| (LEFT..=RIGHT).contains(x)));
    }

    #[test]
    fn without_a_walk_the_strip_says_how_far_the_data_is_complete() {
        let awaiting = sample::awaiting_patrol(Palette::Day).timeline();
        assert!(awaiting.detail.is_none() && awaiting.strip.walks.is_empty());
        assert_eq!(awaiting.strip.known.to, LEFT, "complete to a time before this strip");
        let missed = sample::missed_patrol(Palette::Day).timeline();
        assert_eq!(missed.strip.known.to, RIGHT);
        assert!(
            missed.strip.opens < missed.strip.closes && missed.strip.closes < missed.strip.ends
        );
    }

    #[test]
    fn claims_far_outside_do_not_squeeze_the_walk() {
        let detail = sample::hostile_patrol(Palette::Day).timeline().detail.unwrap();
        let dots: Vec<i32> = detail.rows.iter().filter_map(|row| row.dot).collect();
        assert!(dots.last().unwrap() - dots.first().unwrap() > 100, "{dots:?}");
        let open = detail.rows.first().unwrap().whisker.unwrap();
        assert!(open.open_left && open.open_right);
    }
}
