//! What people wrote, the days and patrols it stands on, and the forms for it.

use deckwatch_core::assess::CrewMember;
use deckwatch_core::model::{CrewNo, PageSubject};

use super::patrol::{dated, missed_patrol, patrol, patrol_address};
use super::vessel::unplanned_rows;
use super::*;
use crate::page::day::DayPage;
use crate::page::form::{Fields, Form};
use crate::page::freshness::Freshness;
use crate::page::patrol::{Ended, Level, Method, PatrolPage, StopScan, Walk};
use crate::page::unplanned::{UnplannedPage, UnplannedScan};
use crate::page::write::WritePage;
use crate::page::writing::{
    ActLink, SaidView, StateView, Tone, WriterView, WritingView, WritingsView, address,
};
use crate::writing::{Act, Desk, FlagNote, form};

/// Links to forms.
pub(super) fn acts(base: &str, of: &[Act], about: &str) -> Vec<ActLink> {
    let link = |act: &Act| ActLink {
        href: format!("{base}/write?form={}&{about}", act.word()),
        words: act.words(),
    };
    of.iter().map(link).collect()
}

/// A page that nobody has written on.
pub(super) fn empty_writings(whole: &'static str, base: &str) -> WritingsView {
    let on_page = [Act::Remark, Act::Countersign, Act::Close];
    WritingsView { whole, acts: acts(base, &on_page, ""), ..WritingsView::default() }
}

fn wrote(crew: u32, role: &'static str, minute: i64) -> WriterView {
    let at = around(8 * 3_600 + minute * 60, 2, 40);
    WriterView { device: device_id(1), crew: CrewNo(crew), role, at }
}

fn said(text: &str, by: WriterView) -> SaidView {
    SaidView { text: Some(text.to_owned()), by, notes: Vec::new() }
}

/// A remark that was corrected, an answer outside its limits, a reason that was accepted, a defect.
pub(super) fn writings() -> WritingsView {
    let base = patrol_address();
    let plain = |kind, id: &str, about: &str, says| WritingView {
        kind,
        id: id.to_owned(),
        about: about.to_owned(),
        target: None,
        says: vec![says],
        state: Vec::new(),
        before: Vec::new(),
        acts: Vec::new(),
    };
    let corrected = WritingView {
        before: vec![SaidView {
            notes: vec!["written over"],
            ..said("Door 3 was open.", wrote(11, "", 22))
        }],
        ..plain(
            "Remark",
            "3f09c2d1aa00b1e7",
            "Laundry",
            said("Door 4 was open.", wrote(11, "", 25)),
        )
    };
    let outside = StateView {
        words: "outside its limits (0 to 60.5 °C)".to_owned(),
        by: None,
        tone: Tone::Look,
    };
    let answer = WritingView {
        state: vec![outside],
        ..plain(
            "Checklist",
            "0808080808080808:bearing_1",
            "Purifier room: Bearing temperature",
            said("61 °C", wrote(12, "", 31)),
        )
    };
    let accepted = StateView {
        words: "accepted".to_owned(),
        by: Some(wrote(2, "ship security officer", 70)),
        tone: Tone::Settled,
    };
    let reason = WritingView {
        state: vec![accepted],
        acts: acts(&base, &[Act::Accept, Act::Answer], "id=77aa01bb02cc03dd"),
        ..plain(
            "Reason",
            "77aa01bb02cc03dd",
            "Paint locker",
            said("Closed for fumigation.", wrote(11, "", 28)),
        )
    };
    let own = WritingView {
        target: Some("writing-77aa01bb02cc03dd".to_owned()),
        acts: acts(&base, &[Act::Correct, Act::TakeBack], "id=51aa01bb02cc03dd"),
        ..plain(
            "Review",
            "51aa01bb02cc03dd",
            "writing 77aa01",
            said("Until when? – אישור", wrote(0, "shore", 90)),
        )
    };
    WritingsView {
        writings: vec![reason, answer, corrected, own],
        ..empty_writings("patrol", &base)
    }
}

/// A patrol whose page was closed, with a flag that was settled.
pub fn closed_patrol(palette: Palette) -> PatrolPage {
    let mut page = patrol(palette);
    page.writings.closed = Some(wrote(0, "shore", 300));
    page.writings.acts = acts(&patrol_address(), &[Act::Reopen], "");
    page.writings.writings.iter_mut().for_each(|it| it.acts.clear());
    for flag in page.findings.iter_mut().filter_map(|it| it.flag.as_mut()) {
        flag.acts.clear();
        flag.settled = vec![StateView {
            words: "explained".to_owned(),
            by: Some(wrote(0, "shore", 200)),
            tone: Tone::Settled,
        }];
    }
    page
}

/// A day with a handover, a patrol that nothing asked for, and one that was missed.
pub fn day(palette: Palette) -> DayPage {
    let base = address(vessel_id(2), PageSubject::Day(20_413));
    let handover = WritingView {
        kind: "Handover",
        id: "0d0a01bb02cc03dd".to_owned(),
        about: String::new(),
        target: None,
        says: vec![said("Ballast pump 2 is out.\nKeep the door to hold 3 shut.", wrote(2, "", 5))],
        state: Vec::new(),
        before: Vec::new(),
        acts: acts(&base, &[Act::Answer], "id=0d0a01bb02cc03dd"),
    };
    DayPage {
        writings: WritingsView {
            writings: vec![handover],
            saved: true,
            ..empty_writings("day", &base)
        },
        due: vessel(palette).due,
        unplanned: unplanned_rows(),
        next: day_before(0),
        ..empty_day(palette)
    }
}

/// A day on which nothing was due, walked or written.
pub fn empty_day(palette: Palette) -> DayPage {
    let base = address(vessel_id(2), PageSubject::Day(20_413));
    DayPage {
        shell: shell("Friday 20 November 2026, MV Baltic Heron", Here::Below, palette),
        vessel: vessel_id(2),
        vessel_name: "MV Baltic Heron".to_owned(),
        date: day_before(1).unwrap_or_default(),
        offset_minutes: OFFSET,
        freshness: Freshness::default(),
        due: Vec::new(),
        unplanned: Vec::new(),
        previous: day_before(2),
        next: None,
        writings: empty_writings("day", &base),
    }
}

/// A patrol that nothing asked for.
pub fn unplanned(palette: Palette) -> UnplannedPage {
    let (dev, number) = (device_id(3), 17);
    let base = address(vessel_id(2), PageSubject::Unplanned { dev, patrol: number });
    let start = -86_400 + 11 * 3_600;
    let scan = |order: u32, checkpoint: &str| UnplannedScan {
        checkpoint: checkpoint.to_owned(),
        scan: StopScan {
            at: around(start + i64::from(order) * 70, 3, 4),
            dated: dated(around(start + i64::from(order) * 70, 3, 4)),
            method: Method::QrLabel,
            level: Level::Derived(1),
            order,
            record: record(3, 1_100 + u64::from(order)),
        },
    };
    UnplannedPage {
        shell: shell("Unplanned patrol 17, MV Baltic Heron", Here::Below, palette),
        vessel: vessel_id(2),
        vessel_name: "MV Baltic Heron".to_owned(),
        title: "Unplanned patrol 17 of device 4e07408a".to_owned(),
        dev,
        patrol: number,
        offset_minutes: OFFSET,
        started: Some(at(-1_440 + 11 * 60)),
        day: day_before(1),
        named: None,
        freshness: Freshness::default(),
        walks: vec![Walk {
            device: dev,
            patrol_no: number,
            crew: vec![CrewMember { crew: CrewNo(14), grade: 1 }],
            start: around(start, 2, 3),
            end: around(start + 400, 3, 3),
            ended: Ended::Finished,
            first_seq: 1_100,
            last_seq: 1_104,
            heads: Vec::new(),
        }],
        scans: vec![scan(1, "Gangway"), scan(2, "Galley"), scan(3, "Paint <b>locker</b>")],
        writings: empty_writings("patrol", &base),
    }
}

fn desk() -> Desk {
    Desk {
        vessel: vessel_id(2),
        subject: PageSubject::Due(due_id(1_019)),
        content: deckwatch_core::page::PageContent::default(),
        version: vec![Hash::of(b"page")],
        shore: device_id(9),
        places: Vec::new(),
        flags: vec![FlagNote {
            id: Hash::of(b"flag"),
            code: "missed".to_owned(),
            sentence: "No device of the vessel recorded a walk between 04:00 and 05:10.".to_owned(),
        }],
    }
}

fn write(palette: Palette, act: Act) -> WritePage {
    let sheet = form::sheet(act, &desk());
    let own = |pairs: &[(&str, &str)]| -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let around = missed_patrol(palette);
    WritePage {
        shell: shell(&sheet.title, Here::Below, palette),
        vessel: around.vessel,
        vessel_name: around.vessel_name,
        base: patrol_address(),
        title: "Fire round, 04:00 to 05:00".to_owned(),
        offset_minutes: OFFSET,
        form: Form {
            sheet,
            hidden: own(&[("form", act.word()), ("name", "00112233aabbccdd"), ("seen", "")]),
            values: Fields::new(),
            mistakes: Fields::new(),
        },
        send: form::send_words(act),
        quote: None,
        flag: None,
        unsettled: Vec::new(),
        moved_on: false,
        told: Vec::new(),
    }
}

/// A form with something wrong in it, about a flag.
pub fn write_form(palette: Palette) -> WritePage {
    let mut page = write(palette, Act::Settle);
    page.flag = desk().flags.into_iter().next().map(|flag| flag.sentence);
    page.form.values.insert("text".to_owned(), "</textarea><b>late</b>".to_owned());
    page.form.mistakes.insert("outcome".to_owned(), "Choose one of the list.".to_owned());
    page
}

/// What that form would put on record.
pub fn write_preview(palette: Palette) -> WritePage {
    let mut page = write(palette, Act::Settle);
    page.flag = desk().flags.into_iter().next().map(|flag| flag.sentence);
    page.told = vec![
        ("What came of it", "explained: there is an innocent explanation".to_owned()),
        ("Why", "The round was walked on paper; the page is filed.".to_owned()),
    ];
    page
}

/// Closing a page that was written on meanwhile.
pub fn write_closing(palette: Palette) -> WritePage {
    let mut page = write(palette, Act::Close);
    page.moved_on = true;
    page.unsettled = desk().unsettled();
    page
}

/// Answering somebody.
pub fn write_answer(palette: Palette) -> WritePage {
    let mut page = write(palette, Act::Answer);
    page.quote = writings()
        .writings
        .into_iter()
        .next()
        .map(|writing| WritingView { acts: Vec::new(), ..writing });
    page
}
