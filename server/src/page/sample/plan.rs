//! A vessel's plan, its forms and its previews.

use super::*;
use crate::page::form::{Fields, Form, Look, Question, Sheet};
use crate::page::plan::{
    AdoptionRow, CheckRow, CheckpointRow, Concern, PastRow, PlanPage, RouteRow, ScheduleRow,
    ShipTimeRow, Standing, VersionRow,
    form::FormPage,
    preview::{ChangeRow, ConflictRow, PreviewPage, ShiftRow},
};

const NAME: &str = "MV Baltic Heron";

fn version(number: u8) -> Hash {
    Hash::of(&[number])
}

/// A plan whose newest version waits to be adopted.
pub fn plan(palette: Palette) -> PlanPage {
    let by = "ship security officer’s phone 4bf5122f".to_owned();
    let adopted = AdoptionRow {
        heads: vec![version(2)],
        known: true,
        is_newest: false,
        claimed: Some(at(-4 * 1_440 + 500)),
        by: by.clone(),
        from: None,
    };
    let before = AdoptionRow {
        heads: vec![version(9)],
        known: false,
        claimed: None,
        from: Some(at(-30 * 1_440)),
        ..adopted.clone()
    };
    PlanPage {
        shell: shell("Plan, MV Baltic Heron", Here::Below, palette),
        vessel: vessel_id(2),
        vessel_name: NAME.to_owned(),
        offset_minutes: OFFSET,
        heads: vec![version(3), version(4)],
        newest: vec![version(3), version(4)],
        saved: true,
        standing: Standing::Waiting,
        pending: vec!["Schedule Fire rounds: window 60 min → 90 min".to_owned()],
        adoptions: vec![adopted, before],
        concerns: vec![
            Concern {
                about: "Checkpoint Rope store".to_owned(),
                what: "is on no route, so no patrol asks for it".to_owned(),
                entry: None,
            },
            Concern {
                about: "Entry security_level/0".to_owned(),
                what: "not understood, and left out; correct or remove it".to_owned(),
                entry: Some("security_level/0".to_owned()),
            },
        ],
        contact_limit: "336 h (14 days)".to_owned(),
        ship_time: vec![
            ShipTimeRow { from: AS_OF - 9 * 86_400, minutes: OFFSET },
            ShipTimeRow { from: 0, minutes: -210 },
        ],
        watches: "00:00 04:00 08:00 12:00 16:00 20:00".to_owned(),
        level: 2,
        orders: vec![PastRow {
            from: AS_OF - 2 * 86_400,
            what: "level 2, acknowledged 19 Nov 2026 19:20 UTC, in force 20 Nov 2026 01:00 UTC"
                .to_owned(),
        }],
        states: vec![PastRow { from: AS_OF - 3 * 86_400, what: "in port".to_owned() }],
        draws: vec![("2026-11-01".to_owned(), version(7))],
        roster: vec![7, 11, 41],
        checkpoints: checkpoints(),
        routes: vec![route()],
        schedules: vec![schedule()],
        history: history(&by),
        unlisted: 12,
    }
}

/// One of its older versions.
pub fn older_plan(palette: Palette) -> PlanPage {
    PlanPage { heads: vec![version(1)], saved: false, unlisted: 0, ..plan(palette) }
}

/// The plan of a vessel that has been added and nothing more.
pub fn empty_plan(palette: Palette) -> PlanPage {
    PlanPage {
        heads: Vec::new(),
        newest: Vec::new(),
        saved: false,
        standing: Standing::NoPlan,
        pending: Vec::new(),
        adoptions: Vec::new(),
        concerns: Vec::new(),
        ship_time: Vec::new(),
        level: 1,
        orders: Vec::new(),
        states: Vec::new(),
        draws: Vec::new(),
        roster: Vec::new(),
        checkpoints: Vec::new(),
        routes: Vec::new(),
        schedules: Vec::new(),
        history: Vec::new(),
        unlisted: 0,
        ..plan(palette)
    }
}

fn checkpoints() -> Vec<CheckpointRow> {
    let check = CheckRow {
        item: "bearing_1".to_owned(),
        ask: "Bearing temperature?".to_owned(),
        answer: "a number of °C, at most 60.5".to_owned(),
    };
    let place = |name: &str, deck: &str, checks: Vec<CheckRow>| CheckpointRow {
        id: device_id(u8::try_from(name.len()).unwrap_or(0)).to_string(),
        name: name.to_owned(),
        deck: deck.to_owned(),
        tags: vec!["8e03d3c4, label 1".to_owned()],
        checks,
    };
    let mut bare = place("Rope store", "", Vec::new());
    bare.tags.clear();
    vec![place("Engine room", "Tank top", vec![check]), bare]
}

fn route() -> RouteRow {
    RouteRow {
        id: device_id(40).to_string(),
        name: "Fire round".to_owned(),
        walked: "in order".to_owned(),
        longest: String::new(),
        points: vec!["Engine room".to_owned(), "Paint locker".to_owned()],
    }
}

fn schedule() -> ScheduleRow {
    ScheduleRow {
        id: device_id(41).to_string(),
        name: "Fire rounds".to_owned(),
        route: "Fire round".to_owned(),
        times: "00:00 04:00 08:00 12:00 16:00 20:00".to_owned(),
        when: "level 2 and 3".to_owned(),
        drawn: "moved by up to 1 h, never more than 5 h apart".to_owned(),
        window: "90 min".to_owned(),
        start_within: "30 min".to_owned(),
        grace: "10 min".to_owned(),
    }
}

fn history(officer: &str) -> Vec<VersionRow> {
    let row = |number: u8, author: &str, summary: &str, details: &[&str]| VersionRow {
        hash: version(number),
        claimed: at(-i64::from(number) * 1_440),
        author: author.to_owned(),
        summary: summary.to_owned(),
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
        joins: u32::from(number),
    };
    vec![
        row(2, "shore", "", &["Schedule Fire rounds: window 60 min → 90 min"]),
        row(
            1,
            officer,
            "1 checkpoint, 1 route and 3 tags added",
            &[
                "Checkpoint Engine room added: deck Tank top",
                "Route Fire round added: walked in order",
            ],
        ),
        row(0, "shore", "Nothing that people see.", &[]),
    ]
}

/// A route's form that came back with mistakes.
pub fn plan_form(palette: Palette) -> FormPage {
    let walks = [("ordered", "in order"), ("any_order", "in any order")];
    let walks = walks.map(|(word, words)| (word.to_owned(), words.to_owned()));
    let position = |number: u8, name: &str| {
        Question::new(&format!("point.{}", device_id(number)), name, Look::Line)
            .hint("Main deck")
            .optional()
    };
    let positions = vec![position(50, "Engine room"), position(51, "Paint <b>locker</b>")];
    let removal: Fields = [("thing", "route"), ("id", "28dae7c8bde2f3ca")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let sheet = Sheet {
        title: "Edit route Fire round".to_owned(),
        about: "Everything that a form can ask.".to_owned(),
        questions: vec![
            Question::new("name", "Name", Look::Line).hint("As the crew calls it."),
            Question::new("walk", "Walked", Look::Choice(walks.to_vec())),
            Question::new("max_minutes", "Longest round, minutes", Look::Number).optional(),
            Question::new("day", "From, day (UTC)", Look::Day),
            Question::new("clock", "From, time (UTC)", Look::Clock),
            Question::new("numbers", "Roster numbers", Look::Area).optional(),
        ],
        removal: Some((removal, "Remove route Fire round".to_owned())),
        positions,
    };
    let own = |pairs: &[(&str, &str)]| -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let second = format!("point.{}", device_id(51));
    FormPage {
        shell: shell("Edit route Fire round, MV Baltic Heron", Here::Below, palette),
        vessel: vessel_id(2),
        vessel_name: NAME.to_owned(),
        form: Form {
            hidden: own(&[("form", "route"), ("base", &version(3).to_string()), ("id", "28da")]),
            values: own(&[("name", "\"><script>alert(1)"), ("walk", "any_order"), (&second, "x")]),
            mistakes: own(&[
                ("", "The form has a checkpoint that was removed meanwhile. Open it again."),
                ("max_minutes", "Not a whole number from 1 to 1440."),
                (&second, "Not a position. Write 1, 2, 3 or 2.5."),
            ]),
            sheet,
        },
    }
}

/// What an edit would do that somebody else was faster with.
pub fn plan_preview(palette: Palette) -> PreviewPage {
    let some = |text: &str| Some(text.to_owned());
    let shift = |word, before: Option<i64>, after: Option<i64>, what: &str| ShiftRow {
        word,
        schedule: "Fire rounds".to_owned(),
        before: before.map(at),
        after: after.map(at),
        what: what.to_owned(),
    };
    let hidden = [("form", "schedule"), ("name", "Fire rounds"), ("seen", "00")];
    PreviewPage {
        shell: shell("Preview, MV Baltic Heron", Here::Below, palette),
        vessel: vessel_id(2),
        vessel_name: NAME.to_owned(),
        hidden: hidden.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        has_form: true,
        moved_on: true,
        changes: vec![ChangeRow {
            subject: "Schedule Fire rounds".to_owned(),
            fate: "changed",
            fields: vec![
                ("grace", some("10 min"), None),
                ("window", some("60 min"), some("90 min")),
            ],
        }],
        conflicts: vec![ConflictRow {
            subject: "Schedule Fire rounds".to_owned(),
            field: "window",
            before: some("45 min"),
            theirs: some("60 min"),
            yours: some("90 min"),
        }],
        concerns: vec![Concern {
            about: "Schedule Fire rounds".to_owned(),
            what: "its window of 90 min is shorter than the 120 min that its route may take"
                .to_owned(),
            entry: None,
        }],
        due: (28, 27),
        days: 7,
        shifts: vec![
            shift("moves", Some(1_440), Some(1_500), "window, grace"),
            shift("differs", Some(1_700), Some(1_700), "window"),
            shift("disappears", Some(2_000), None, ""),
            shift("appears", None, Some(2_400), ""),
        ],
    }
}
