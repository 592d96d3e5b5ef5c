//! What the pages say, fact by fact.

use deckwatch_core::model::VesselId;

use super::markup::Element;
use super::*;
use crate::page::finding::Severity;
use crate::page::flags::FlagsPage;
use crate::page::fleet::{FleetPage, VesselRow};
use crate::page::freshness::Freshness;
use crate::page::layout::Here;
use crate::page::patrol::PatrolPage;
use crate::page::verdict::{Tally, VerdictView};

const DAY: i64 = 86_400;

fn fleet_of(rows: &[(&str, &[&[VerdictView]], i64)]) -> FleetPage {
    let days: Vec<_> = sample::fleet_of(0, Palette::Day).days.iter().map(|day| day.date).collect();
    let vessels = rows
        .iter()
        .zip(1..)
        .map(|((name, verdicts, silent), number)| VesselRow {
            id: VesselId([number; 16]),
            name: (*name).to_owned(),
            days: verdicts.iter().map(|day| day.iter().copied().collect::<Tally>()).collect(),
            freshness: Freshness {
                last_contact: Some(sample::AS_OF - silent),
                ..Freshness::default()
            },
            normal_silence_secs: 2 * DAY,
        })
        .collect();
    FleetPage::new(sample::shell("Fleet", Here::Fleet, Palette::Day), &days, vessels)
}

use VerdictView::{AwaitingSync, Done, Irregular, Missed};

#[test]
fn the_worst_vessel_comes_first_and_short_rows_end_today() {
    let page = fleet_of(&[
        ("done", &[&[Done], &[Done]], 60),
        ("awaiting", &[&[AwaitingSync]], 60),
        ("irregular", &[&[Irregular]], 60),
        ("missed", &[&[Missed], &[Done]], 60),
        ("missed twice", &[&[Missed, Missed]], 60),
    ]);
    let names: Vec<&str> = page.vessels.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["missed twice", "missed", "irregular", "awaiting", "done"]);
    for row in &page.vessels {
        assert_eq!(row.days.len(), 31);
    }
    assert_eq!(page.vessels[0].days[30].of(Missed), 2);
    assert_eq!(page.vessels[0].days[29].total(), 0);
}

#[test]
fn who_to_call_and_why() {
    let quiet: Vec<&[VerdictView]> = vec![&[Done]; 20];
    let mut old = quiet.clone();
    old[3] = &[Missed];
    let page = fleet_of(&[
        ("fine", &quiet, DAY),
        ("missed long ago", &old, DAY),
        ("silent", &[&[AwaitingSync], &[AwaitingSync]], 5 * DAY),
        ("both", &[&[Missed], &[Irregular, Irregular], &[AwaitingSync]], 3 * DAY),
        ("often", &[&[Missed], &[Missed], &[Missed], &[Missed]], 60),
        ("irregular", &[&[Irregular], &[Done]], 60),
    ]);
    let call: Vec<(&str, &str)> =
        page.call.iter().map(|call| (call.name.as_str(), call.why.as_str())).collect();
    assert_eq!(
        call,
        [
            ("often", "4 patrols missed on 4 days from Wed 18 Nov to Sat 21 Nov."),
            (
                "both",
                "1 patrol missed on Thu 19 Nov and 2 irregular on Fri 20 Nov; silent for 3 d, \
                 where 2 d is normal: 1 patrol awaiting sync."
            ),
            ("irregular", "1 patrol irregular on Fri 20 Nov."),
            ("silent", "Silent for 5 d, where 2 d is normal: 2 patrols awaiting sync."),
        ]
    );
}

#[test]
fn the_fleet_answers_in_words() {
    let answer = |rows: &[(&str, &[&[VerdictView]], i64)]| fleet_of(rows).answer();
    assert_eq!(answer(&[("a", &[], 0)]), "Nothing was due on 1 vessel.");
    assert_eq!(
        answer(&[("a", &[&[Done]], 0), ("b", &[&[AwaitingSync]], 0)]),
        "No patrol is known to be missed or irregular on 2 vessels. 1 patrol is still open: the \
         data that would settle it has not come."
    );
    assert_eq!(
        answer(&[("a", &[&[Missed, Irregular]], 0), ("b", &[&[Done]], 0)]),
        "1 patrol missed and 1 irregular on 1 of 2 vessels."
    );
}

#[test]
fn every_cell_of_the_matrix_links_and_says_everything() {
    let html = html(&sample::fleet(Palette::Day));
    let page = Element::read(&html);
    let cells: Vec<&Element> = page
        .named("td")
        .into_iter()
        .filter(|td| td.get("class").is_some_and(|class| class.starts_with("s-")))
        .collect();
    assert_eq!(cells.len(), 14 * 31);
    for cell in &cells {
        let link = cell.children[0].get("href").unwrap();
        assert!(link.starts_with("/vessels/") && link.contains("?day=2026-1"), "{link}");
    }
    let said: Vec<String> = cells.iter().map(|cell| cell.spoken()).collect();
    assert!(said.contains(&"MV Baltic Heron, Fri 20 Nov: 2 missed, 4 done".to_owned()));
    assert!(said.contains(&"MV Cape Arnica, Fri 20 Nov: 6 awaiting sync".to_owned()));
    assert!(said.contains(&"MV Wadden, Sun 1 Nov: nothing planned".to_owned()));
    // The words stand in the legend and beside the vessels, not in colour alone.
    assert!(html.contains("24 unverifiable · 2 awaiting sync"));
    for verdict in VerdictView::ALL {
        assert!(html.contains(&format!("</b></span> {}</li>", verdict.word())));
    }
}

#[test]
fn the_empty_fleet_teaches() {
    let html = html(&sample::empty_fleet(Palette::Day));
    for command in ["vessel add", "plan import", "labels", "enrol"] {
        assert!(html.contains(&format!("<code>deckwatch {command}</code>")), "{command}");
    }
    assert!(!html.contains("<table"));
}

#[test]
fn awaiting_names_the_device_and_missed_names_the_watermark() {
    let main = |page: &PatrolPage| Element::read(&html(page)).named("main")[0].spoken();
    let awaiting = main(&sample::awaiting_patrol(Palette::Day));
    assert!(awaiting.contains("Held back by device"), "{awaiting}");
    assert!(awaiting.contains("last heard 7 h ago"));
    assert!(awaiting.contains("nobody can know whether it was walked"));
    assert!(!awaiting.contains("not scanned") && !awaiting.contains("missed"));
    let missed = main(&sample::missed_patrol(Palette::Day));
    assert!(missed.contains("21 Nov 13:40 ship time"), "{missed}");
    assert!(missed.contains("no device recorded a walk"));
    assert!(!missed.contains("awaiting sync"));
}

#[test]
fn a_stop_without_a_scan_is_not_missed_while_records_may_come() {
    let mut page = sample::patrol(Palette::Day);
    assert!(html(&page).contains("× not scanned"));
    assert!(html(&page).contains("<tr class=\"lost\">"));
    page.verdict = AwaitingSync;
    assert!(html(&page).contains("not known yet"));
    assert!(!html(&page).contains("× not scanned") && !html(&page).contains("<tr class=\"lost\">"));
}

#[test]
fn the_order_of_a_walk_is_compared_among_what_was_scanned() {
    let page = sample::patrol(Palette::Day);
    let words: Vec<String> = page.stops.iter().map(|stop| page.order_words(stop)).collect();
    let expected = [
        "1",
        "2",
        "3",
        "4",
        "–",
        "5",
        "6",
        "7",
        "9 instead of 8",
        "8 instead of 9",
        "10",
        "11",
        "–",
        "12",
    ];
    assert_eq!(words, expected);
    let mut elsewhere = page.stops[0].clone();
    elsewhere.planned = None;
    assert_eq!(page.order_words(&elsewhere), "1, not in the route");
}

#[test]
fn hostile_text_stays_text() {
    let html = html(&sample::hostile_patrol(Palette::Day));
    assert!(!html.contains("<script") && !html.contains("<img"));
    assert!(html.contains("&#60;script&#62;alert(1)"));
    let page = Element::read(&html);
    assert!(page.all().iter().all(|element| element.get("onerror").is_none()));
}

#[test]
fn flags_are_grouped_worst_first_and_notes_are_none() {
    let page = sample::flags(Palette::Day);
    let groups: Vec<(&str, usize)> =
        page.groups.iter().map(|group| (group.code.as_str(), group.flags.len())).collect();
    assert_eq!(
        groups,
        [
            ("chain_fork", 1),
            ("missed", 4),
            ("desk_burst", 2),
            ("late_start", 1),
            ("missed_checkpoint", 1)
        ]
    );
    for group in &page.groups {
        assert!(group.flags.is_sorted_by_key(|flag| std::cmp::Reverse(flag.opens.utc)));
        assert!(group.flags.iter().all(|flag| flag.severity != Severity::Note));
    }
    assert_eq!(page.groups[1].words(), "4 flags on 2 vessels");
    assert_eq!(page.groups[1].look().word, "missed");
    assert_eq!(page.answer(), "9 flags from 2,391 patrols of the last 31 days.");
}

#[test]
fn an_empty_inbox_keeps_its_denominator_and_its_filter() {
    let page: FlagsPage = sample::no_flags(Palette::Day);
    let html = html(&page);
    assert!(html.contains("0 flags from 412 patrols of the last 31 days."));
    let read = Element::read(&html);
    let chosen: Vec<String> = read
        .named("option")
        .iter()
        .filter(|option| option.get("selected").is_some())
        .map(|option| option.spoken())
        .collect();
    assert_eq!(chosen, ["MV Nordlys"]);
    assert!(html.contains(&format!("?vessel={}&#38;palette=night", page.chosen.unwrap())));
}
