//! The verdict table as a test: every row is a tiny history, made of real records.

mod undecided;

use super::{
    Verdict::{self, AwaitingSync, Done, Excused, Irregular, NotDueYet},
    scene::*,
};
use crate::{
    model::DueId,
    record::{Body, Evidence},
};

const ALL: [u8; 4] = [1, 2, 3, 4];
/// The deadline: closing and grace.
const DEADLINE: (i64, i64) = (3, 10);
const NO_FINDING: &[&str] = &[];

struct Row {
    name: &'static str,
    build: fn(&mut Scene),
    as_of: (i64, i64),
    verdict: Verdict,
    /// Codes of the findings, in order.
    findings: &'static [&'static str],
    /// Indices of the devices that hold it back.
    held: &'static [usize],
    /// What the sentence must say.
    why: &'static str,
}

const fn row(
    name: &'static str,
    build: fn(&mut Scene),
    as_of: (i64, i64),
    verdict: Verdict,
    why: &'static str,
) -> Row {
    Row { name, build, as_of, verdict, findings: NO_FINDING, held: &[], why }
}

impl Row {
    const fn finds(self, findings: &'static [&'static str]) -> Self {
        Self { findings, ..self }
    }

    const fn held(self, held: &'static [usize]) -> Self {
        Self { held, ..self }
    }
}

fn check(rows: &[Row]) {
    let base = Scene::new();
    for row in rows {
        let mut scene = base.clone();
        (row.build)(&mut scene);
        let (hour, minute) = row.as_of;
        let judged = scene.judge(at(hour, minute));
        let name = row.name;
        assert_eq!(judged.verdict, row.verdict, "{name}: {}", judged.why);
        let codes: Vec<&str> = judged.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, row.findings, "{name}: {}", judged.why);
        let mut held: Vec<_> = row.held.iter().map(|pen| scene.pens[*pen].dev).collect();
        held.sort_unstable();
        let by: Vec<_> = judged.held_back_by.iter().map(|held| held.dev).collect();
        assert_eq!(by, held, "{name}: {}", judged.why);
        assert!(judged.why.contains(row.why), "{name}: {}", judged.why);
        assert!(judged.why.ends_with('.') || row.verdict == Excused, "{name}: {}", judged.why);
    }
}

fn nothing(_: &mut Scene) {}

fn walked(scene: &mut Scene, from: (i64, i64), until: (i64, i64), points: &[u8]) {
    let span = (at(from.0, from.1), at(until.0, until.1));
    scene.walk(A, span, 1, Some(due()), points);
}

#[test]
fn time_left() {
    check(&[
        row("before the window", nothing, (1, 0), NotDueYet, "opens at 2027-01-15 02:00 ship time"),
        row("in the window", nothing, (2, 30), NotDueYet, "time until 2027-01-15 03:10"),
        row("in the grace", nothing, (3, 9), NotDueYet, "time until"),
        row(
            "under way",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 20)), 1, Some(due()), &[1, 2]);
                scene.sync(A, at(2, 21));
            },
            (2, 22),
            NotDueYet,
            "under way",
        ),
        row(
            "an excuse before the deadline",
            |scene| scene.excuse(O, 11),
            (2, 30),
            NotDueYet,
            "time until",
        ),
    ]);
}

#[test]
fn done() {
    check(&[
        row(
            "ended before the deadline",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(2, 35));
            },
            (2, 40),
            Done,
            "all 4 points were visited",
        ),
        row(
            "another phone is silent",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside the window",
        ),
        row(
            "without a due id",
            |scene| {
                scene.walk(A, (at(2, 5), at(2, 30)), 1, None, &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "with a due id that no plan makes",
            |scene| {
                scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(DueId([9; 16])), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "a re-timed one that supersedes it",
            |scene| {
                let start = Body::PatrolStart {
                    route: None,
                    due: Some(DueId([9; 16])),
                    supersedes: Some(due()),
                    plan_heads: Vec::new(),
                };
                scene.write(A, at(2, 5), 1, start);
                for n in ALL {
                    scene.scan(A, at(2, 5 + i64::from(n)), 1, n);
                }
                scene.end(A, at(2, 20), 1, 1);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "from grace to grace, which is long",
            |scene| {
                walked(scene, (1, 51), (3, 9), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        )
        .finds(&["overrun"]),
        row(
            "late, and inside all the same",
            |scene| {
                walked(scene, (2, 35), (3, 5), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        )
        .finds(&["late_start"]),
        row(
            "typed by hand",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 20)), 1, Some(due()), &[1, 2, 3]);
                let evidence = Evidence::Manual { checkpoint: point(4), reason: 1 };
                scene.write(A, at(2, 25), 1, Body::Scan(evidence));
                scene.end(A, at(2, 30), 1, 1);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "a phone whose clock is a year wrong",
            |scene| {
                scene.pens[A].skew = -365 * 86_400;
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "a fork after it",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(4, 0));
                fork(scene, at(4, 1));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "revoked after it",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(4, 0));
                let (seq, _) = scene.pens[A].head();
                scene.revoke(A, at(4, 30), seq);
            },
            (5, 0),
            Done,
            "inside",
        ),
    ]);
}

#[test]
fn several_phones() {
    check(&[
        row(
            "two starts with one due id are one walk",
            |scene| {
                scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 2]);
                scene.walk(B, (at(2, 6), at(2, 32)), 1, Some(due()), &[3, 4]);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "all 4 points",
        ),
        row(
            "one joined the other",
            |scene| {
                scene.start(A, at(2, 5), 1, Some(due()));
                join(scene, at(2, 8), 1);
                scene.scan(A, at(2, 10), 1, 1);
                scene.scan(A, at(2, 20), 1, 2);
                scene.scan(B, at(2, 15), 5, 3);
                scene.scan(B, at(2, 20), 5, 4);
                scene.end(A, at(2, 31), 1, 1);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "all 4 points",
        ),
        row(
            "who joined is here, the patrol joined is not",
            |scene| {
                join(scene, at(2, 8), 1);
                scene.scan(B, at(2, 15), 5, 3);
                scene.end(B, at(2, 20), 5, 1);
                scene.sync(B, at(4, 0));
                scene.sync(O, at(4, 0));
            },
            (5, 0),
            AwaitingSync,
            "recorded in part",
        )
        .held(&[A]),
        row(
            "broken off, and walked again in time",
            |scene| {
                scene.begin(A, (at(2, 1), at(2, 8)), 1, Some(due()), &[1]);
                scene.end(A, at(2, 8), 1, 2);
                scene.walk(A, (at(2, 20), at(2, 50)), 2, Some(due()), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Done,
            "all 4 points",
        ),
        row(
            "done by one, and undated on another",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync(A, at(4, 0));
                scene.begin(B, (at(2, 5), at(2, 30)), 1, Some(due()), &[1]);
                scene.pens[B].flush();
            },
            (5, 0),
            Done,
            "all 4 points",
        ),
        row(
            "in order on one phone, in disorder on another",
            |scene| {
                scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.walk(B, (at(2, 5), at(2, 30)), 1, Some(due()), &[4, 2]);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "all 4 points",
        ),
        row(
            "in the same disorder on two phones",
            |scene| {
                scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 3, 2, 4]);
                scene.walk(B, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 3, 2, 4]);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Irregular,
            "out of order",
        )
        .finds(&["out_of_order"]),
        row(
            "an uncertified phone beside a good one",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 2, 3]);
                scene.sync(A, at(4, 0));
                let new = scene.add(at(1, 0));
                scene.walk(new, (at(2, 5), at(2, 30)), 1, Some(due()), &[4]);
                scene.sync(new, at(4, 0));
            },
            (5, 0),
            Irregular,
            "Point 4 was not visited",
        )
        .finds(&["missed_checkpoint"]),
    ]);
}

fn join(scene: &mut Scene, time: i64, patrol: u64) {
    let (dev, (seq, head)) = (scene.pens[A].dev, scene.pens[A].head());
    scene.write(B, time, 5, Body::Seen { dev, seq, head, via: 1 });
    scene.write(B, time, 5, Body::Join { dev, patrol, head, due: Some(due()) });
}

#[test]
fn irregular() {
    check(&[
        row(
            "a point missing",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 2, 4]);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "but Point 3 was not visited.",
        )
        .finds(&["missed_checkpoint"]),
        row(
            "an unknown tag is no visit",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 2, 9, 4]);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "Point 3 was not visited",
        )
        .finds(&["missed_checkpoint"]),
        row(
            "a scan after the end is no visit",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 2, 3]);
                scene.scan(A, at(2, 40), 1, 4);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "Point 4 was not visited",
        )
        .finds(&["missed_checkpoint"]),
        row(
            "out of order",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 3, 2, 4]);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "out of order",
        )
        .finds(&["out_of_order"]),
        row(
            "ended after the grace",
            |scene| {
                walked(scene, (2, 25), (3, 11), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "it ended after the window closed.",
        )
        .finds(&["overrun", "overrun"]),
        row(
            "started late and ended after the grace",
            |scene| {
                walked(scene, (2, 40), (3, 20), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "it started too late and it ended after the window closed.",
        )
        .finds(&["late_start", "overrun"]),
        row(
            "began before the window",
            |scene| {
                walked(scene, (1, 40), (2, 10), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "it began before the window opened",
        ),
        row(
            "broken off before the deadline",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 20)), 1, Some(due()), &[1, 2]);
                scene.end(A, at(2, 20), 1, 2);
                scene.sync(A, at(2, 21));
                scene.sync(A, at(3, 30));
            },
            (2, 30),
            Irregular,
            "but it was broken off and Point 3 and Point 4 were not visited.",
        )
        .finds(&["missed_checkpoint"]),
        row(
            "closed by the app",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.end(A, at(2, 40), 1, 3);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "it was closed by the app",
        ),
        row(
            "without an end, and the phone has reported since",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Irregular,
            "its end was never recorded",
        ),
        row(
            "without an end, and the phone was put away",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.sync(A, at(2, 31));
                scene.write(A, at(2, 32), 0, Body::Park { reason: 2 });
                scene.pens[A].flush();
            },
            (5, 0),
            Irregular,
            "its end was never recorded",
        ),
        row(
            "irregular and excused is irregular",
            |scene| {
                walked(scene, (2, 5), (2, 30), &[1, 2, 4]);
                scene.sync(A, at(4, 0));
                scene.excuse(O, 11);
            },
            (5, 0),
            Irregular,
            "Point 3",
        )
        .finds(&["missed_checkpoint"]),
    ]);
}

/// A writes two different records with one seq.
fn fork(scene: &mut Scene, time: i64) {
    let mut twin = scene.pens[A].clone();
    twin.write(time, 0, Body::PlanSeen { heads: Vec::new() });
    twin.flush();
    scene.write(A, time, 0, Body::Alive);
    for entry in twin.chain.all() {
        scene.pens[A].chain.insert_entry(entry.clone());
    }
    scene.pens[A].flush();
}
