//! Patrol, `/patrols/{due id}`: did this watch really walk it?

use askama::Template;
use deckwatch_core::{
    assess::CrewMember,
    model::{DeviceId, DueId, Hash, RecordRef, VesselId},
};

use super::dated::Dated;
use super::finding::FindingView;
use super::freshness::{Freshness, short_device};
use super::layout::{Here, Shell};
use super::moment::{self, Moment, Span};
use super::picture::timeline;
use super::verdict::{Revision, VerdictView};
use super::words::{crew_words, lasting};
use super::writing::WritingsView;

/// The page of one due patrol.
#[derive(Debug, Clone, Template)]
#[template(path = "patrol.html")]
pub struct PatrolPage {
    /// What stands around it.
    pub shell: Shell,
    /// The due patrol.
    pub id: DueId,
    /// Its vessel.
    pub vessel: VesselId,
    /// The vessel's name.
    pub vessel_name: String,
    /// The name of its route.
    pub route: String,
    /// How the route is walked.
    pub route_kind: RouteKind,
    /// The opening of its window. Its offset is the ship time of the whole page.
    pub opens: Moment,
    /// The closing of its window.
    pub closes: Moment,
    /// How long after closing a walk still counts.
    pub grace_secs: i64,
    /// The heads of the plan that was in force.
    pub plan_heads: Vec<Hash>,
    /// Since when that plan was in force.
    pub plan_since: Option<Moment>,
    /// The verdict.
    pub verdict: VerdictView,
    /// Why, in one sentence.
    pub why: String,
    /// How far the vessel's data is complete.
    pub freshness: Freshness,
    /// The walks that answer this due patrol: none, one, or one per device that took part.
    pub walks: Vec<Walk>,
    /// The stops: first the route's, in its order, then scans elsewhere. Their letters follow.
    pub stops: Vec<Stop>,
    /// The findings, in the order to show.
    pub findings: Vec<FindingView>,
    /// How the verdict was revised, newest first.
    pub revisions: Vec<Revision>,
    /// What people wrote about it.
    pub writings: WritingsView,
}

/// How a route is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// In its order.
    Ordered,
    /// In any order.
    AnyOrder,
    /// No gap longer than the plan allows.
    Continuous,
    /// Every space resolved.
    Search,
}

impl RouteKind {
    /// The words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ordered => "in order",
            Self::AnyOrder => "in any order",
            Self::Continuous => "continuous watch",
            Self::Search => "search of every space",
        }
    }
}

/// One walk, as one device recorded it.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The device.
    pub device: DeviceId,
    /// The device's own number of the patrol.
    pub patrol_no: u64,
    /// All who took part: logged in at any time of it, by roster number.
    pub crew: Vec<CrewMember>,
    /// When it was started.
    pub start: Span,
    /// When it was ended; unknown where nobody ended it.
    pub end: Span,
    /// How it ended.
    pub ended: Ended,
    /// The first record of it.
    pub first_seq: u64,
    /// The last record of it that the shore holds.
    pub last_seq: u64,
    /// The heads after it; more than one is a fork.
    pub heads: Vec<RecordRef>,
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By the patroller.
    Finished,
    /// By the patroller, before the route was done.
    BrokenOff {
        /// "weather", "emergency".
        reason: String,
    },
    /// By the app, after a time without a scan.
    ClosedByApp,
    /// No record of an end has come.
    NotEnded,
}

impl Ended {
    /// The words.
    pub fn words(&self) -> String {
        match self {
            Self::Finished => "finished".to_owned(),
            Self::BrokenOff { reason } => format!("broken off: {reason}"),
            Self::ClosedByApp => "closed by the app".to_owned(),
            Self::NotEnded => "not ended".to_owned(),
        }
    }
}

/// One checkpoint of the route, or one scanned elsewhere.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The checkpoint's name.
    pub checkpoint: String,
    /// Its place in the route, from 1; `None` for a scan outside the route.
    pub planned: Option<u32>,
    /// Whether the route demands it.
    pub required: bool,
    /// Its scan, if there is one; the first, where it was scanned again.
    pub scan: Option<StopScan>,
    /// Remarks, failed scans, further scans: one sentence each.
    pub notes: Vec<String>,
}

/// One scan.
#[derive(Debug, Clone)]
pub struct StopScan {
    /// When.
    pub at: Span,
    /// How well that is known.
    pub dated: Dated,
    /// How.
    pub method: Method,
    /// What that is worth.
    pub level: Level,
    /// Its place in the walk, from 1.
    pub order: u32,
    /// The record.
    pub record: RecordRef,
}

/// How a checkpoint was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Typed in.
    Manual {
        /// "tag damaged".
        reason: String,
    },
    /// A QR label or plain NDEF text.
    QrLabel,
    /// The UID of an NFC tag.
    NfcUid,
    /// A rotating code on a display.
    RotatingCode,
    /// A signed message of the tag.
    SignedTag,
    /// A signed message of the tag, bound to the phone's chain.
    BoundTag,
}

impl Method {
    /// The words.
    pub fn words(&self) -> String {
        match self {
            Self::Manual { reason } => format!("manual entry: {reason}"),
            Self::QrLabel => "QR label".to_owned(),
            Self::NfcUid => "NFC tag".to_owned(),
            Self::RotatingCode => "rotating code".to_owned(),
            Self::SignedTag => "signed NFC tag".to_owned(),
            Self::BoundTag => "signed NFC tag, bound (experimental)".to_owned(),
        }
    }
}

/// The evidence level of a scan. It is derived, never written by the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// L0 to L2: nothing of it can be checked.
    Derived(u8),
    /// L3 to L5, checked with the key of the tag or display.
    Checked(u8),
    /// The level the evidence claims; nobody who holds the tag's key has checked it.
    Claimed(u8),
    /// The check failed, with the reason: worth no more than a manual entry.
    Refused(&'static str),
    /// It was assessed by an earlier version.
    Unknown,
}

impl Level {
    /// The words.
    pub fn words(self) -> String {
        match self {
            Self::Derived(level) => format!("L{level}"),
            Self::Checked(level) => format!("L{level} checked"),
            Self::Claimed(level) => format!("L{level} claimed, not yet checked"),
            Self::Refused(why) => format!("L0, check failed: {why}"),
            Self::Unknown => "level not worked out yet".to_owned(),
        }
    }

    /// The sign beside the words; the words say the same.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Checked(_) => "✓",
            Self::Claimed(_) | Self::Unknown => "…",
            Self::Refused(_) => "✕",
            Self::Derived(_) => "",
        }
    }
}

impl Walk {
    /// How many records.
    pub fn records(&self) -> u64 {
        self.last_seq.saturating_sub(self.first_seq).saturating_add(1)
    }

    /// Who took part, and how surely.
    pub fn crew_words(&self) -> String {
        crew_words(&self.crew)
    }
}

impl PatrolPage {
    /// When the window and its grace are over, Unix seconds.
    pub fn ends(&self) -> i64 {
        self.closes.utc.saturating_add(self.grace_secs.max(0))
    }

    /// The stops with their letters: A to Z, then AA.
    pub fn lettered(&self) -> Vec<(String, &Stop)> {
        self.stops.iter().enumerate().map(|(index, stop)| (letter(index), stop)).collect()
    }

    /// A stop's place in the walk: "3", "9 instead of 8", "4, not in the route".
    ///
    /// Compared with its place among the scanned stops: a stop left out does not shift the others.
    pub fn order_words(&self, stop: &Stop) -> String {
        let Some(scan) = &stop.scan else { return "–".to_owned() };
        let Some(planned) = stop.planned else {
            return format!("{}, not in the route", scan.order);
        };
        let before = |other: &&Stop| {
            other.scan.is_some() && other.planned.is_some_and(|place| place <= planned)
        };
        let expected = self.stops.iter().filter(before).count();
        if self.route_kind == RouteKind::Ordered && usize::try_from(scan.order) != Ok(expected) {
            format!("{} instead of {expected}", scan.order)
        } else {
            scan.order.to_string()
        }
    }

    /// Whether a stop without a scan is known to have none: not while records may still come.
    pub fn misses_are_known(&self) -> bool {
        !matches!(
            self.verdict,
            VerdictView::AwaitingSync | VerdictView::NotDueYet | VerdictView::Unverifiable
        )
    }

    /// The middles of the scans' intervals.
    pub(super) fn scan_middles(&self) -> impl Iterator<Item = i64> {
        self.stops.iter().filter_map(|stop| stop.scan.as_ref()?.at.middle())
    }

    /// The picture.
    pub fn timeline(&self) -> timeline::Drawing {
        timeline::Drawing::new(self)
    }

    /// "20:00 to 20:30".
    pub fn window(&self) -> String {
        moment::window(&self.opens, &self.closes)
    }

    /// "21 Nov 18:00 to 18:30 UTC".
    pub fn window_utc(&self) -> String {
        moment::window_utc(&self.opens, &self.closes)
    }

    /// "5 min", or "none".
    pub fn grace_words(&self) -> String {
        lasting(self.grace_secs).unwrap_or_else(|| "none".to_owned())
    }

    /// "UTC+02:00".
    pub fn offset_words(&self) -> String {
        moment::offset(self.opens.offset_minutes)
    }

    /// "Saturday 21 November 2026", and the same for a link.
    pub fn day(&self) -> Option<(String, String)> {
        self.opens.ship_day().map(|day| (moment::day_long(day), day.to_string()))
    }

    /// The end of the grace as a moment.
    pub fn ends_at(&self) -> Moment {
        Moment { utc: self.ends(), ..self.closes }
    }

    /// An interval in ship time.
    pub fn ship(&self, span: &Span) -> String {
        span.ship(self.opens.offset_minutes)
    }

    /// Every record has its device, its place and the beginning of its hash.
    pub fn record_words(&self, record: &RecordRef) -> String {
        format!("{} seq {} {}", short_device(record.dev), record.seq, record.hash.short())
    }
}

/// A, B, … Z, AA, AB, …
pub fn letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index;
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        match rest / 26 {
            0 => break,
            more => rest = more - 1,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!(letter(0), "A");
        assert_eq!(letter(25), "Z");
        assert_eq!(letter(26), "AA");
        assert_eq!(letter(27), "AB");
        assert_eq!(letter(26 * 27), "AAA");
    }
}
