//! Rows of the verdict table in which nobody walked, or nobody can tell.

use super::{
    super::{
        Verdict::{self, AwaitingSync, Done, Excused, Irregular, Missed, Unverifiable},
        scene::*,
    },
    ALL, DEADLINE, check, fork, nothing, row, walked,
};
use crate::{
    authority::Roles,
    model::Hash,
    plan::Walk,
    record::{Body, Chain, DeviceKey, Part},
};

#[test]
fn nothing_recorded() {
    check(&[
        row("all have reported", |scene| scene.sync_all(at(4, 0)), (5, 0), Missed, "03:10"),
        row(
            "one has not reported",
            |scene| {
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            AwaitingSync,
            "last heard 2027-01-14 00:10 ship time",
        )
        .held(&[B]),
        row("none has reported", nothing, DEADLINE, AwaitingSync, "No patrol yet").held(&[O, A, B]),
        row(
            "all reported before the deadline",
            |scene| scene.sync_all(at(3, 9)),
            (5, 0),
            AwaitingSync,
            "No patrol yet",
        )
        .held(&[O, A, B]),
        row(
            "one behind a gap",
            |scene| {
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
                scene.write(B, at(1, 0), 0, Body::Alive);
                scene.pens[B].cut();
                scene.sync(B, at(4, 0));
            },
            (5, 0),
            AwaitingSync,
            "Waiting for",
        )
        .held(&[B]),
        row(
            "an uncertified phone holds nothing back",
            |scene| {
                scene.sync_all(at(4, 0));
                scene.add(at(1, 0));
                scene.pens[3].flush();
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "a patrol certainly too late for it",
            |scene| {
                walked(scene, (3, 20), (3, 50), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Missed,
            "lies outside the window",
        ),
        row(
            "a patrol without a due id, too late",
            |scene| {
                scene.walk(A, (at(3, 20), at(3, 50)), 1, None, &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol was recorded",
        ),
        row(
            "a patrol of no route",
            |scene| {
                let start = Body::PatrolStart {
                    route: None,
                    due: None,
                    supersedes: None,
                    plan_heads: Vec::new(),
                };
                scene.write(A, at(2, 5), 1, start);
                scene.end(A, at(2, 30), 1, 1);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol was recorded",
        ),
    ]);
}

#[test]
fn devices_come_and_go() {
    check(&[
        row("parked", |scene| park(scene, false), (5, 0), Missed, "no patrol"),
        row("parked and resumed", |scene| park(scene, true), (5, 0), AwaitingSync, "Waiting")
            .held(&[B]),
        row(
            "parked, resumed, and reported",
            |scene| {
                park(scene, true);
                scene.sync(B, at(4, 30));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "parked, resumed out of reach, and seen by another phone",
            |scene| {
                scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
                scene.sync(B, at(0, 40));
                scene.write(B, at(0, 41), 0, Body::Park { reason: 1 });
                scene.pens[B].flush();
                scene.write(B, at(1, 30), 0, Body::Resume);
                let (dev, (seq, head)) = (scene.pens[B].dev, scene.pens[B].head());
                scene.write(A, at(1, 31), 0, Body::Seen { dev, seq, head, via: 1 });
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            AwaitingSync,
            "Waiting",
        )
        .held(&[B]),
        row(
            "parked, resumed after the window and seen then, right after it",
            |scene| {
                scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
                scene.pens[B].flush();
                scene.write(B, at(3, 30), 0, Body::Resume);
                let (dev, (seq, head)) = (scene.pens[B].dev, scene.pens[B].head());
                scene.write(A, at(3, 31), 0, Body::Seen { dev, seq, head, via: 1 });
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "the same, and seen after more records",
            |scene| {
                scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
                scene.pens[B].flush();
                scene.write(B, at(1, 30), 0, Body::Resume);
                scene.write(B, at(2, 30), 0, Body::Alive);
                let (dev, (seq, head)) = (scene.pens[B].dev, scene.pens[B].head());
                scene.write(A, at(3, 31), 0, Body::Seen { dev, seq, head, via: 1 });
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            AwaitingSync,
            "Waiting",
        )
        .held(&[B]),
        row(
            "all phones are put away: one may be brought back, and nobody would see it",
            |scene| {
                for pen in [O, A, B] {
                    scene.write(pen, at(0, 30), 0, Body::Park { reason: 1 });
                    scene.pens[pen].flush();
                }
            },
            (5, 0),
            AwaitingSync,
            "Waiting",
        )
        .held(&[O, A, B]),
        row(
            "seen by nobody who is certified",
            |scene| {
                scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
                scene.pens[B].flush();
                let stranger = scene.add(at(0, 31));
                let (dev, head) = (scene.pens[B].dev, Hash([7; 32]));
                scene.write(stranger, at(1, 31), 0, Body::Seen { dev, seq: 99, head, via: 1 });
                scene.pens[stranger].flush();
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "resumed after the window",
            |scene| {
                scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
                scene.write(B, at(3, 30), 0, Body::Resume);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "certified after the window",
            |scene| {
                scene.sync_all(at(4, 0));
                let new = scene.add(at(1, 0));
                scene.certify(new, at(4, 0), Roles::CREW, at(4, 0), None);
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "certified before the window and never heard",
            |scene| {
                scene.sync_all(at(4, 0));
                let new = scene.add(at(1, 0));
                scene.certify(new, at(1, 0), Roles::CREW, at(1, 0), None);
            },
            (5, 0),
            AwaitingSync,
            "never heard",
        )
        .held(&[3]),
        row(
            "the certificate ended before the window",
            |scene| {
                scene.certify(B, at(0, 30), Roles::CREW, DAY - 86_400, Some(at(1, 0)));
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "lost before the window",
            |scene| {
                scene.lost(B, at(1, 0));
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
            },
            (5, 0),
            Missed,
            "no patrol",
        ),
        row(
            "lost after the window",
            |scene| {
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
                scene.lost(B, at(4, 30));
            },
            (5, 0),
            Unverifiable,
            "was declared lost (last heard 2027-01-14 00:10 ship time)",
        )
        .held(&[B])
        .finds(&["silence"]),
        row(
            "revoked after the window, with all trusted records here",
            |scene| {
                scene.sync(O, at(4, 0));
                scene.sync(A, at(4, 0));
                let (seq, _) = scene.pens[B].head();
                scene.revoke(B, at(4, 30), seq);
            },
            (5, 0),
            Unverifiable,
            "was revoked",
        )
        .held(&[B])
        .finds(&["silence"]),
        row(
            "lost, and an excuse",
            |scene| {
                scene.lost(B, at(4, 30));
                scene.excuse(O, 11);
            },
            (5, 0),
            Excused,
            "Excused by crew 11: heavy weather",
        ),
    ]);
}

fn park(scene: &mut Scene, resume: bool) {
    scene.sync(O, at(4, 0));
    scene.sync(A, at(4, 0));
    scene.write(B, at(0, 30), 0, Body::Park { reason: 1 });
    if resume {
        scene.write(B, at(1, 30), 0, Body::Resume);
    }
    scene.pens[B].flush();
}

#[test]
fn silence() {
    // B was heard at 00:10 the day before; the limit is 72 h.
    let reported = |scene: &mut Scene| {
        scene.sync(O, at(4, 0));
        scene.sync(A, at(4, 0));
    };
    let begun = |scene: &mut Scene| {
        scene.begin(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1]);
        scene.sync(A, at(2, 31));
    };
    check(&[
        row("just before half of the limit", reported, (12, 9), AwaitingSync, "Waiting").held(&[B]),
        row("after half of the limit", reported, (12, 11), AwaitingSync, "Waiting")
            .held(&[B])
            .finds(&["silence"]),
        row("just before the limit", reported, (48, 9), AwaitingSync, "Waiting")
            .held(&[B])
            .finds(&["silence"]),
        row(
            "beyond the limit",
            reported,
            (48, 11),
            Unverifiable,
            "silent beyond the contact limit",
        )
        .held(&[B])
        .finds(&["silence"]),
        row("without an end, waiting", begun, (5, 0), AwaitingSync, "recorded in part").held(&[A]),
        row("without an end, beyond the limit", begun, (75, 0), Unverifiable, "Nobody can know")
            .held(&[A])
            .finds(&["silence"]),
        row(
            "without an end, and lost",
            |scene| {
                scene.begin(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1]);
                scene.sync(A, at(2, 31));
                scene.lost(A, at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "was declared lost",
        )
        .held(&[A])
        .finds(&["silence"]),
    ]);
}

#[test]
fn doubt() {
    check(&[
        row(
            "uncertified",
            |scene| {
                let new = scene.add(at(1, 0));
                scene.walk(new, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "has no certificate",
        ),
        row(
            "another genesis",
            |scene| {
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync_all(at(4, 0));
                let dates = (DAY - 86_400, None);
                scene.certify_genesis(A, at(4, 1), Roles::CREW, dates, Some(Hash([9; 32])));
            },
            (5, 0),
            Unverifiable,
            "does not begin as its certificate says",
        ),
        row(
            "revoked before",
            |scene| {
                let (seq, _) = scene.pens[A].head();
                scene.revoke(A, at(1, 0), seq);
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "was revoked before this was recorded",
        ),
        row(
            "the certificate had ended",
            |scene| {
                scene.certify(A, at(0, 30), Roles::CREW, DAY - 86_400, Some(at(1, 0)));
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "after its certificate ended",
        ),
        row(
            "a fork before",
            |scene| {
                fork(scene, at(1, 0));
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "two different histories",
        ),
        row(
            "doubted before the deadline",
            |scene| {
                let new = scene.add(at(1, 0));
                scene.walk(new, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                scene.sync(new, at(2, 31));
            },
            (2, 35),
            Unverifiable,
            "has no certificate",
        ),
    ]);
}

#[test]
fn clocks() {
    let rebooted = |scene: &mut Scene| {
        scene.pens[A].reboot(at(1, 0));
        walked(scene, (2, 5), (2, 30), &ALL);
        scene.pens[A].reboot(at(3, 30));
        scene.sync_all(at(4, 0));
    };
    check(&[
        row(
            "between two reboots without an anchor",
            rebooted,
            (5, 0),
            Unverifiable,
            "not known well enough",
        ),
        row(
            "the same, not naming the due patrol",
            |scene| {
                scene.pens[A].reboot(at(1, 0));
                scene.walk(A, (at(2, 5), at(2, 30)), 1, None, &ALL);
                scene.pens[A].reboot(at(3, 30));
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "A patrol of this route",
        ),
        row(
            "the same, with the hub's time from the officer",
            |scene| {
                scene.pens[O].reboot(at(1, 0));
                scene.walk(O, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
                let anchor = Body::Anchor { source: 2, time: at(2, 31), eps: 20, subject: None };
                scene.write(O, at(2, 31), 0, anchor);
                scene.pens[O].reboot(at(3, 30));
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "the hub's time is not for the crew to state",
            |scene| {
                scene.pens[A].reboot(at(1, 0));
                walked(scene, (2, 5), (2, 30), &ALL);
                let anchor = Body::Anchor { source: 2, time: at(2, 31), eps: 20, subject: None };
                scene.write(A, at(2, 31), 0, anchor);
                scene.pens[A].reboot(at(3, 30));
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "not known well enough",
        ),
        row(
            "dated by another phone that saw it, and was seen",
            |scene| {
                scene.pens[A].reboot(at(1, 0));
                scene.write(O, at(2, 0), 0, Body::Alive);
                let (dev, (seq, head)) = (scene.pens[O].dev, scene.pens[O].head());
                scene.write(A, at(2, 2), 0, Body::Seen { dev, seq, head, via: 1 });
                walked(scene, (2, 5), (2, 30), &ALL);
                let (dev, (seq, head)) = (scene.pens[A].dev, scene.pens[A].head());
                scene.write(O, at(2, 40), 0, Body::Seen { dev, seq, head, via: 1 });
                scene.pens[A].reboot(at(3, 30));
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "here, and not yet dated",
            |scene| {
                scene.pens[A].reboot(at(1, 0));
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.pens[A].flush();
            },
            (5, 0),
            AwaitingSync,
            "its time is not confirmed yet",
        )
        .held(&[A]),
        row(
            "a false GNSS time against the shore's receipts",
            |scene| {
                let time = at(2, 31) - 86_400;
                let anchor = Body::Anchor { source: 3, time, eps: 100, subject: None };
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.write(A, at(2, 31), 0, anchor);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Unverifiable,
            "contradicts itself",
        )
        .finds(&["clock_contradiction"]),
    ]);
}

#[test]
fn plans_in_force() {
    check(&[
        row(
            "a stricter plan may have been in force",
            |scene| {
                scene.pens[O].reboot(at(0, 30));
                scene.adopt(at(1, 30), 2, plan(5, Walk::Ordered));
                scene.pens[O].reboot(at(3, 0));
                walked(scene, (2, 5), (2, 30), &ALL);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Irregular,
            "Point 5 was not visited",
        )
        .finds(&["missed_checkpoint", "plan_uncertain"]),
        row(
            "any order",
            |scene| {
                scene.adopt(at(0, 30), 2, plan(4, Walk::AnyOrder));
                scene.sync(O, at(0, 31));
                walked(scene, (2, 5), (2, 30), &[4, 2, 1, 3]);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Done,
            "inside",
        ),
        row(
            "an adoption by the crew is none",
            |scene| {
                scene.versions.insert(vec![Hash([2; 32])], plan(1, Walk::Ordered));
                let heads = vec![Hash([2; 32])];
                scene.write(A, at(0, 30), 0, Body::PlanAdopt { heads, effective_from: 0 });
                walked(scene, (2, 5), (2, 30), &[1]);
                scene.sync_all(at(4, 0));
            },
            (5, 0),
            Irregular,
            "Point 2, Point 3 and Point 4 were not visited",
        )
        .finds(&["missed_checkpoint"]),
    ]);
}

#[test]
fn excuses() {
    fn late(scene: &mut Scene, by: usize, crew: u32) {
        walked(scene, (3, 20), (3, 50), &ALL);
        excused(scene, by, crew);
    }
    fn excused(scene: &mut Scene, by: usize, crew: u32) {
        scene.sync_all(at(4, 0));
        scene.excuse(by, crew);
    }
    let row = |name, build, verdict, why| row(name, build, (5, 0), verdict, why);
    check(&[
        row("nobody walked", |scene| excused(scene, O, 11), Excused, "Excused by crew 11: heavy"),
        row("by nobody", |scene| excused(scene, O, 0), Missed, "no patrol"),
        // A's crew is number 12.
        row("the own late patrol, as a person", |scene| late(scene, O, 12), Missed, "outside"),
        row("the own late patrol, on its phone", |scene| late(scene, A, 11), Missed, "outside"),
        row("another's late patrol", |scene| late(scene, O, 11), Excused, "crew 11"),
        row(
            "on an uncertified phone",
            |scene| {
                scene.add(at(1, 0));
                excused(scene, 3, 99);
            },
            Missed,
            "no patrol",
        ),
    ]);
}

/// What is withheld from a reader may be what is missing.
#[test]
fn withheld() {
    let rows: [(u64, &[u8], Verdict, &str); 4] = [
        (11, &ALL, Unverifiable, "withheld from this reader"),
        (13, &ALL, Unverifiable, "withheld from this reader"),
        (9, &ALL, Unverifiable, "A patrol of this route"),
        (2, &ALL, Done, "inside"),
    ];
    for (kind, points, verdict, why) in rows {
        let mut scene = Scene::new();
        walked(&mut scene, (2, 5), (2, 30), points);
        scene.sync_all(at(4, 0));
        let pen = &mut scene.pens[A];
        let mut chain = Chain::new(pen.dev);
        for segment in &pen.segments {
            let open = segment.verify(&pen.key.public_key()).unwrap();
            let hidden: Vec<u64> = open
                .entries
                .iter()
                .filter(|entry| entry.kind == kind)
                .map(|entry| entry.at.seq)
                .collect();
            let shown =
                segment.disclose(|seq, part| part != Part::Content || !hidden.contains(&seq));
            chain.insert(shown.verify(&pen.key.public_key()).unwrap());
        }
        pen.chain = chain;
        let judged = scene.judge(at(5, 0));
        assert_eq!(judged.verdict, verdict, "kind {kind}: {}", judged.why);
        assert!(judged.why.contains(why), "kind {kind}: {}", judged.why);
    }
}
