//! Evidence levels and counters: what the plan demands, what was shown, and what was checked.

mod counters;

use super::{Assessed, Verdict, scene::*};
use crate::{
    model::{Hash, Level, RecordRef},
    plan::{PlanContent, Walk},
    record::{Body, Evidence},
};

const OK: u64 = 1;
const BAD: u64 = 2;
const UNREGISTERED: u64 = 3;

/// Point 2 demands this level.
fn demanding(level: Option<Level>) -> Scene {
    let mut scene = Scene::new();
    let mut content: PlanContent = plan(4, Walk::Ordered);
    content.checkpoints.get_mut(&point(2)).unwrap().min_level = level;
    scene.versions.insert(vec![Hash([1; 32])], content);
    scene
}

/// A walk in the window with this evidence at point 2, everything else by label. Gives its scans there.
fn walk(scene: &mut Scene, evidence: &[Evidence]) -> Vec<RecordRef> {
    scene.start(A, at(2, 5), 1, Some(due()));
    scene.scan(A, at(2, 10), 1, 1);
    let scans = (0..).zip(evidence);
    let scans =
        scans.map(|(n, evidence)| scene.write(A, at(2, 15 + n), 1, Body::Scan(evidence.clone())));
    let scans = scans.collect();
    scene.scan(A, at(2, 25), 1, 3);
    scene.scan(A, at(2, 30), 1, 4);
    scene.end(A, at(2, 35), 1, 1);
    scene.sync_all(at(4, 0));
    scene.sync_all(at(5, 0));
    scans
}

fn codes(judged: &Assessed) -> Vec<&str> {
    judged.findings.iter().map(|finding| finding.code).collect()
}

fn judged(level: Level, evidence: &[Evidence], results: &[u64]) -> Assessed {
    let mut scene = demanding(Some(level));
    let scans = walk(&mut scene, evidence);
    for result in results {
        scans.iter().for_each(|scan| scene.check(at(4, 30), *scan, *result));
    }
    scene.judge(at(6, 0))
}

fn label() -> Evidence {
    Evidence::Qr { tag: tag(2) }
}

fn uid() -> Evidence {
    Evidence::NfcUid { uid: chip(2).to_vec(), originality: None }
}

#[test]
fn what_a_point_demands_against_what_was_shown() {
    use Verdict::{Done, Irregular, Unverifiable};
    let manual = Evidence::Manual { checkpoint: point(2), reason: 1 };
    let below = &["below_required_level"][..];
    let refused = &["below_required_level", "tag_check_failed"][..];
    let bound = Evidence::Sun { uid: chip(2), counter: 9, mac: [0; 8], nonce_bound: true };
    type Row<'r> = (Level, &'r [Evidence], &'r [u64], Verdict, &'r [&'r str]);
    let rows: &[Row<'_>] = &[
        (Level::L1, &[label()], &[], Done, &[]),
        (Level::L1, std::slice::from_ref(&manual), &[], Irregular, below),
        (Level::L2, &[label()], &[], Irregular, below),
        (Level::L2, &[uid()], &[], Done, &[]),
        (Level::L2, &[sun(2, 9)], &[OK], Done, &[]),
        (Level::L3, &[code(2)], &[], Unverifiable, &[]),
        (Level::L3, &[code(2)], &[OK], Done, &[]),
        (Level::L4, &[label()], &[], Irregular, below),
        (Level::L4, &[code(2)], &[OK], Irregular, below),
        (Level::L4, &[code(2)], &[], Irregular, below),
        (Level::L4, &[sun(2, 9)], &[], Unverifiable, &[]),
        (Level::L4, &[sun(2, 9)], &[OK], Done, &[]),
        (Level::L4, &[sun(2, 9)], &[BAD], Irregular, refused),
        (Level::L4, &[sun(2, 9)], &[UNREGISTERED], Irregular, refused),
        (Level::L4, &[sun(2, 9)], &[4], Irregular, refused),
        // The last check counts, and one that nobody here understands does not.
        (Level::L4, &[sun(2, 9)], &[UNREGISTERED, OK], Done, &[]),
        (Level::L4, &[sun(2, 9)], &[OK, BAD], Irregular, refused),
        (Level::L4, &[sun(2, 9)], &[9], Unverifiable, &[]),
        (Level::L4, &[sun(2, 9)], &[OK, 9], Done, &[]),
        // The best scan counts; one that waits holds the others back from failing.
        (Level::L4, &[label(), sun(2, 9)], &[OK], Done, &[]),
        (Level::L4, &[label(), sun(2, 9)], &[], Unverifiable, &[]),
        (Level::L5, &[sun(2, 9)], &[OK], Irregular, below),
        (Level::L5, std::slice::from_ref(&bound), &[OK], Done, &[]),
    ];
    for (level, evidence, results, verdict, findings) in rows {
        let judged = judged(*level, evidence, results);
        let name = format!("{level} by {evidence:?}, checked {results:?}: {}", judged.why);
        assert_eq!(judged.verdict, *verdict, "{name}");
        assert_eq!(codes(&judged), *findings, "{name}");
        let there = judged.visited.iter().filter(|visit| visit.checkpoint == point(2)).count();
        assert_eq!(there, evidence.len(), "visited all the same: {name}");
    }
}

#[test]
fn a_point_that_demands_nothing_takes_every_scan() {
    for (evidence, results) in [(sun(2, 9), &[][..]), (code(2), &[]), (uid(), &[]), (label(), &[])]
    {
        let mut scene = demanding(None);
        let scans = walk(&mut scene, &[evidence]);
        for result in results {
            scene.check(at(4, 30), scans[0], *result);
        }
        let judged = scene.judge(at(6, 0));
        assert_eq!((judged.verdict, judged.findings.len()), (Verdict::Done, 0), "{}", judged.why);
    }
    // What was refused is said, and the label beside it would have been enough.
    let mut scene = demanding(None);
    let scans = walk(&mut scene, &[sun(2, 9)]);
    scene.check(at(4, 30), scans[0], BAD);
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Done, vec!["tag_check_failed"]));
}

#[test]
fn only_the_shore_checks() {
    let mut scene = demanding(Some(Level::L4));
    let scans = walk(&mut scene, &[sun(2, 9)]);
    for pen in [O, A] {
        let record = scans[0].hash;
        scene.write(pen, at(5, 10), 0, Body::TagCheck { record, result: OK, key_version: 1 });
        scene.sync(pen, at(5, 30));
    }
    let judged = scene.judge(at(6, 0));
    assert_eq!(judged.verdict, Verdict::Unverifiable, "{}", judged.why);
    assert!(judged.why.contains("claimed and not yet checked: Point 2"), "{}", judged.why);
}

/// What may still come decides first; what failed for certain is not hidden by a check that is missing.
#[test]
fn a_check_that_is_missing_hides_nothing() {
    let mut scene = demanding(Some(Level::L4));
    scene.start(A, at(2, 5), 1, Some(due()));
    scene.write(A, at(2, 10), 1, Body::Scan(sun(2, 9)));
    scene.end(A, at(2, 15), 1, 1);
    scene.sync_all(at(4, 0));
    scene.sync_all(at(5, 0));
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Irregular, vec!["missed_checkpoint"]));

    let mut scene = demanding(Some(Level::L4));
    scene.walk(A, (at(2, 5), at(2, 35)), 1, Some(due()), &[1, 2, 3, 4]);
    scene.sync(A, at(2, 40));
    // A second phone took part, and its end has not come: it may have had the better tag.
    scene.start(B, at(2, 6), 1, Some(due()));
    scene.sync(B, at(2, 41));
    let judged = scene.judge(at(4, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::AwaitingSync, vec![]), "{}", judged.why);
}

/// Two versions may have been in force: the stricter one counts.
#[test]
fn the_stricter_level_counts_where_two_versions_may_be_in_force() {
    let mut scene = demanding(None);
    let mut stricter = plan(4, Walk::Ordered);
    stricter.checkpoints.get_mut(&point(2)).unwrap().min_level = Some(Level::L2);
    scene.adopt(at(1, 30), 9, stricter);
    walk(&mut scene, &[label()]);
    let judged = scene.judge(at(6, 0));
    assert!(codes(&judged).contains(&"below_required_level"), "{:?}", codes(&judged));
}
