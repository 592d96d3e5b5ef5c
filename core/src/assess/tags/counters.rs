//! Counters in causal order, and that nothing of it depends on the order of arrival.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::{
    assess::{Assessment, DETECTOR_VERSION, Severity, Standing},
    record::{Chain, DeviceKey},
};

/// Scans of the tag at point 2, outside of any patrol, checked as said.
fn read(scene: &mut Scene, pen: usize, time: i64, counter: u64, result: Option<u64>) -> RecordRef {
    let scan = scene.write(pen, time, 0, Body::Scan(sun(2, counter)));
    scene.pens[pen].flush();
    if let Some(result) = result {
        scene.check(time + 1, scan, result);
    }
    scan
}

/// A checked walk with one signed message at point 2.
fn walked(scene: &mut Scene, counter: u64) -> RecordRef {
    let scans = walk(scene, &[sun(2, counter)]);
    scene.check(at(5, 30), scans[0], OK);
    scans[0]
}

fn sees(scene: &mut Scene, who: usize, whom: usize, time: i64) {
    let (dev, (seq, head)) = (scene.pens[whom].dev, scene.pens[whom].head());
    scene.write(who, time, 0, Body::Seen { dev, seq, head, via: 1 });
}

fn standing(judged: &Assessed) -> Standing {
    judged.visited.iter().find(|visit| visit.checkpoint == point(2)).unwrap().worth.standing
}

#[test]
fn a_counter_that_is_not_above_an_earlier_one_of_the_chain_is_a_replay() {
    for (earlier, replay) in [(8, false), (9, true), (10, true)] {
        let mut scene = demanding(Some(Level::L4));
        let before = read(&mut scene, A, at(1, 0), earlier, Some(OK));
        let scan = walked(&mut scene, 9);
        let judged = scene.judge(at(6, 0));
        if replay {
            let expected = ["below_required_level", "counter_replay"];
            assert_eq!((judged.verdict, codes(&judged)), (Verdict::Irregular, expected.to_vec()));
            let finding = judged.findings.iter().find(|it| it.code == "counter_replay").unwrap();
            assert_eq!(finding.records, [scan, before]);
            assert_eq!(standing(&judged), Standing::Replayed);
        } else {
            assert_eq!((judged.verdict, codes(&judged)), (Verdict::Done, vec![]), "{}", judged.why);
        }
    }
}

#[test]
fn what_was_not_checked_or_refused_makes_nothing_a_replay() {
    for result in [None, Some(BAD), Some(UNREGISTERED)] {
        let mut scene = demanding(Some(Level::L4));
        read(&mut scene, A, at(1, 0), 16_000_000, result);
        walked(&mut scene, 9);
        let judged = scene.judge(at(6, 0));
        assert_eq!(judged.verdict, Verdict::Done, "{result:?}: {}", judged.why);
    }
    // A tag of its own counts for itself.
    let mut scene = demanding(Some(Level::L4));
    let scan = scene.write(A, at(1, 0), 0, Body::Scan(sun(3, 500)));
    scene.check(at(1, 1), scan, OK);
    walked(&mut scene, 9);
    assert_eq!(scene.judge(at(6, 0)).verdict, Verdict::Done);
}

/// A tap that was harvested before, and spent after an officer has read the tag with another phone.
#[test]
fn a_harvested_tap_is_found_by_another_phones_later_one() {
    // By time: both phones had synced.
    let mut scene = demanding(Some(Level::L4));
    let canary = read(&mut scene, B, at(1, 0), 12, Some(OK));
    scene.sync(B, at(1, 10));
    scene.sync(A, at(1, 20));
    walked(&mut scene, 9);
    let judged = scene.judge(at(6, 0));
    assert_eq!(standing(&judged), Standing::Replayed, "{}", judged.why);
    let finding = judged.findings.iter().find(|it| it.code == "counter_replay").unwrap();
    assert!(finding.records.contains(&canary));

    // By what was seen: no clock is known, and the walker's phone had shown the other one's head.
    let mut scene = demanding(Some(Level::L4));
    scene.receipts.clear();
    read(&mut scene, B, at(1, 0), 12, Some(OK));
    sees(&mut scene, A, B, at(1, 20));
    walk(&mut scene, &[sun(2, 9)]);
    let scan = scene.pens[A].chain.all().find(|entry| entry.body() == Some(&Body::Scan(sun(2, 9))));
    let scan = scan.unwrap().at;
    scene.check(at(5, 30), scan, OK);
    scene.receipts.clear();
    let patrols = scene.assess(at(6, 0)).patrols;
    let visit =
        patrols.iter().flat_map(|patrol| &patrol.visited).find(|visit| visit.record == scan);
    assert_eq!(visit.unwrap().worth.standing, Standing::Replayed);
}

#[test]
fn where_nobody_can_say_which_came_first_a_lower_counter_is_no_replay() {
    let mut scene = demanding(Some(Level::L4));
    // Read at some time between two syncs of the phone, in which the walk lies too.
    scene.sync_all(at(1, 0));
    walk(&mut scene, &[]);
    let mut scene = demanding(Some(Level::L4));
    scene.pens[B].reboot(at(1, 0));
    read(&mut scene, B, at(1, 30), 12, Some(OK));
    scene.pens[B].reboot(at(3, 30));
    walked(&mut scene, 9);
    let judged = scene.judge(at(6, 0));
    assert_eq!(judged.verdict, Verdict::Done, "{}", judged.why);
    // The same counter twice cannot be, whichever was first: neither counts, and nobody is blamed.
    let mut scene = demanding(Some(Level::L4));
    scene.pens[B].reboot(at(1, 0));
    let other = read(&mut scene, B, at(1, 30), 9, Some(OK));
    scene.pens[B].reboot(at(3, 30));
    walked(&mut scene, 9);
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Unverifiable, vec!["counter_dispute"]));
    assert_eq!(standing(&judged), Standing::Disputed, "{}", judged.why);
    let finding = judged.findings.iter().find(|it| it.code == "counter_dispute").unwrap();
    assert!(finding.records.contains(&other) && finding.severity == Severity::Notice);
}

/// A radio that reads a tag twice, or an app that is told twice, makes nobody a cheat.
#[test]
fn a_message_that_is_delivered_twice_is_one_reading() {
    let mut scene = demanding(Some(Level::L4));
    let scans = walk(&mut scene, &[sun(2, 9), sun(2, 9)]);
    scans.iter().for_each(|scan| scene.check(at(5, 30), *scan, OK));
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Done, vec![]), "{}", judged.why);
    // The same message in the next patrol is no delivery: it was kept.
    scene.start(A, at(5, 31), 2, None);
    let kept = scene.write(A, at(5, 33), 2, Body::Scan(sun(2, 9)));
    scene.end(A, at(5, 35), 2, 1);
    scene.sync_all(at(5, 40));
    scene.check(at(5, 45), kept, OK);
    let assessment = scene.assess(at(6, 0));
    let visit = assessment.patrols.iter().flat_map(|patrol| &patrol.visited);
    let visit = visit.into_iter().find(|visit| visit.record == kept).unwrap();
    assert_eq!(visit.worth.standing, Standing::Replayed);
    assert_eq!(assessment.dues[0].verdict, Verdict::Done, "and the first one stays good");
}

/// Writing a tag with another key lets its counter begin again; what was read before under the old one blames nobody.
#[test]
fn a_tag_with_another_key_counts_anew() {
    let mut scene = demanding(Some(Level::L4));
    let before = read(&mut scene, A, at(1, 0), 500, None);
    let body = |record: RecordRef, key_version| Body::TagCheck {
        record: record.hash,
        result: OK,
        key_version,
    };
    scene.shore_says(at(1, 1), body(before, 1));
    let scans = walk(&mut scene, &[sun(2, 9)]);
    scene.shore_says(at(5, 30), body(scans[0], 2));
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Done, vec![]), "{}", judged.why);
    // With one key it is a replay.
    let mut scene = scene.clone();
    scene.shore_says(at(5, 31), body(scans[0], 1));
    assert_eq!(standing(&scene.judge(at(6, 0))), Standing::Replayed);
}

#[test]
fn readings_that_nobody_recorded_are_noticed_once_all_have_reported() {
    let mut scene = demanding(Some(Level::L4));
    read(&mut scene, A, at(1, 0), 5, Some(OK));
    walked(&mut scene, 9);
    let judged = scene.judge(at(6, 0));
    assert_eq!((judged.verdict, codes(&judged)), (Verdict::Done, vec!["counter_gap"]));
    assert_eq!(judged.findings[0].sentence, "Read 3 times without a record: Point 2.");
    // One of them comes, and was not checked yet.
    let mut more = scene.clone();
    read(&mut more, B, at(5, 40), 7, None);
    more.sync_all(at(5, 50));
    let judged = more.judge(at(6, 0));
    assert_eq!(judged.findings[0].sentence, "Read once without a record: Point 2.");

    // While a phone may still bring them, nothing is missing.
    let mut scene = demanding(Some(Level::L4));
    read(&mut scene, A, at(1, 0), 5, Some(OK));
    scene.walk(A, (at(2, 5), at(2, 35)), 1, Some(due()), &[1]);
    let scans = walk_of_one(&mut scene);
    scene.check(at(5, 30), scans, OK);
    let judged = scene.judge(at(6, 0));
    assert!(!codes(&judged).contains(&"counter_gap"), "{:?}", codes(&judged));
}

/// A walk of which only the walker's phone has reported.
fn walk_of_one(scene: &mut Scene) -> RecordRef {
    scene.start(A, at(2, 40), 2, Some(due()));
    let scan = scene.write(A, at(2, 45), 2, Body::Scan(sun(2, 9)));
    scene.end(A, at(5, 35), 2, 1);
    scene.sync(A, at(4, 0));
    scene.sync(A, at(5, 0));
    scan
}

/// What this version of the detectors says, word by word. A change of it is a change of formulas, and a new version.
#[test]
fn what_version_3_says_of_tags() {
    let mut scene = demanding(Some(Level::L4));
    let content = scene.versions.values_mut().next().unwrap();
    content.checkpoints.get_mut(&point(3)).unwrap().min_level = Some(Level::L2);
    read(&mut scene, A, at(1, 0), 5, Some(OK));
    read(&mut scene, A, at(1, 1), 9, Some(OK));
    let scans = walk(&mut scene, &[sun(2, 9), code(4), sun(2, 12)]);
    scene.check(at(5, 30), scans[0], OK);
    scene.check(at(5, 30), scans[1], BAD);
    scene.check(at(5, 30), scans[2], BAD);
    let judged = scene.judge(at(6, 0));
    let mut said = format!("{:?}\n{}\n", judged.verdict, judged.why);
    for finding in &judged.findings {
        let detail = serde_json::to_string(&finding.severity).unwrap();
        writeln!(said, "{} {detail} {} {}", finding.code, finding.records.len(), finding.sentence)
            .unwrap();
    }
    assert_eq!(DETECTOR_VERSION, 3);
    let golden = "Irregular\n\
        Walked, but Point 2 and Point 3 did not reach the evidence level demanded, points were visited out of order and a tag's message was used again or out of its time.\n\
        out_of_order \"irregular\" 1 Out of place: Point 4.\n\
        below_required_level \"irregular\" 3 Visited below the level demanded: Point 2 (L0 instead of L4) and Point 3 (L1 instead of L2).\n\
        counter_replay \"irregular\" 2 A signed message was used again, or kept and used later: Point 2.\n\
        tag_check_failed \"notice\" 2 The check failed: Point 2 and Point 4.\n";
    assert_eq!(said, golden);
}

/// One thing that happens with a tag.
#[derive(Debug, Clone)]
struct Tap {
    pen: usize,
    minutes: i64,
    what: u8,
    n: u8,
    counter: u64,
    result: u64,
}

fn taps() -> impl Strategy<Value = Vec<Tap>> {
    let tap = (0_usize..3, 0_i64..8, 0_u8..10, 1_u8..5, 0_u64..12, 0_u64..4);
    let tap = tap.prop_map(|(pen, minutes, what, n, counter, result)| Tap {
        pen,
        minutes,
        what,
        n,
        counter,
        result,
    });
    proptest::collection::vec(tap, 0..50)
}

fn play(taps: &[Tap]) -> Scene {
    let mut scene = demanding(Some(Level::L4));
    let mut time = at(2, 0);
    let mut patrol = [0; 3];
    for Tap { pen, minutes, what, n, counter, result } in taps.iter().cloned() {
        time += minutes * 60;
        match what {
            0 => {
                patrol[pen] += 1;
                scene.start(pen, time, patrol[pen], Some(due()));
            }
            1 => scene.end(pen, time, patrol[pen], 1),
            2 => scene.sync(pen, time),
            3 => sees(&mut scene, pen, (pen + 1) % 3, time),
            _ => {
                let scan = scene.write(pen, time, patrol[pen], Body::Scan(sun(n, counter)));
                if result > 0 {
                    scene.check(time + 1, scan, result);
                }
            }
        }
    }
    scene.sync_all(time + 60);
    scene
}

/// The same segments, as they came to somebody else.
fn arrived(scene: &Scene, order: &[u16]) -> Vec<Chain> {
    let pens: Vec<&Pen> = scene.pens.iter().chain([&scene.shore]).collect();
    let mut chains: Vec<Chain> = pens.iter().rev().map(|pen| Chain::new(pen.dev)).collect();
    let all = pens.iter().flat_map(|pen| pen.segments.iter().map(move |segment| (pen, segment)));
    let mut all: Vec<_> = order.iter().cycle().zip(all).collect();
    all.sort_by_key(|(key, _)| **key);
    for copy in [0, 1] {
        for (_, (pen, segment)) in all.iter().skip(copy) {
            let chain = chains.iter_mut().find(|chain| chain.dev() == pen.dev).unwrap();
            chain.insert(segment.verify(&pen.key.public_key()).unwrap());
        }
    }
    chains
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_changes_nothing(taps in taps(), order in proptest::collection::vec(any::<u16>(), 31)) {
        let scene = play(&taps);
        let expected: Assessment = scene.assess(at(12, 0));
        prop_assert_eq!(scene.assess_chains(&arrived(&scene, &order), at(12, 0)), expected);
    }

    /// Worked out for every pair, with the definition alone.
    #[test]
    fn the_quick_way_finds_what_the_definition_says(taps in taps()) {
        let scene = play(&taps);
        let assessment = scene.assess(at(12, 0));
        let visits: Vec<_> = assessment.patrols.iter().flat_map(|patrol| &patrol.visited).collect();
        let dated = |visit: &super::super::Visit| {
            let pen = scene.pens.iter().find(|pen| pen.dev == visit.record.dev).unwrap();
            let entry = pen.chain.get(visit.record.seq, visit.record.hash).unwrap().clone();
            let Some(Body::Scan(Evidence::Sun { uid, counter, .. })) = entry.body() else { panic!() };
            (*uid, *counter)
        };
        // The same message in one patrol of one device.
        let patrol = |visit: &super::super::Visit| {
            let mut patrols = assessment.patrols.iter();
            patrols.position(|patrol| patrol.visited.iter().any(|it| it.record == visit.record))
        };
        let copy = |one: &super::super::Visit, other: &super::super::Visit| {
            patrol(one) == patrol(other) && dated(one).1 == dated(other).1
        };
        let good = |visit: &&&super::super::Visit| matches!(visit.worth.standing, Standing::Checked | Standing::Replayed | Standing::Disputed);
        for visit in visits.iter().filter(good) {
            let (uid, counter) = dated(visit);
            let others = visits.iter().filter(good).filter(|other| other.record != visit.record && dated(other).0 == uid);
            // Without what was seen, which needs the chains: these pairs must be replays in any case.
            let certain = others.clone().any(|other| {
                let same = other.record.dev == visit.record.dev;
                let earlier = if same { other.record.seq < visit.record.seq } else {
                    other.at.not_after.is_some_and(|end| visit.at.surely_after(end))
                };
                earlier && dated(other).1 >= counter && !copy(visit, other)
            });
            if certain {
                prop_assert_eq!(visit.worth.standing, Standing::Replayed);
            }
            if visit.worth.standing == Standing::Checked {
                let twins = others.filter(|other| dated(other).1 == counter && !copy(visit, other));
                for twin in twins {
                    prop_assert_eq!(twin.worth.standing, Standing::Replayed, "one of two is");
                }
            }
        }
    }
}
