//! Attacks on time, by name, with real records: what is found, and what nobody else loses.

use super::{Assessment, Finding, Verdict, finding::Detail, scene::*};
use crate::{
    model::Hash,
    record::{Body, NamedTree},
    time::{Basis, Claim, Moment, Source, Via},
};

const ALL: [u8; 4] = [1, 2, 3, 4];

fn codes(assessment: &Assessment) -> Vec<&'static str> {
    assessment.dues[0].findings.iter().map(|finding| finding.code).collect()
}

fn contradictions(assessment: &Assessment) -> Vec<&Finding> {
    let all = assessment.findings.iter();
    all.filter(|finding| finding.code == "clock_contradiction").collect()
}

fn gnss(time: i64) -> Body {
    Body::Anchor { source: 3, time, eps: 100, subject: None }
}

fn see(scene: &mut Scene, who: usize, whom: usize, time: i64) {
    let (dev, (seq, head)) = (scene.pens[whom].dev, scene.pens[whom].head());
    scene.write(who, time, 0, Body::Seen { dev, seq, head, via: 1 });
}

/// Row 7: the phone's clock is set back, so that a walk at 04:05 says 02:05.
#[test]
fn a_clock_set_back_moves_no_walk() {
    let mut scene = Scene::new();
    scene.sync(A, at(3, 50));
    scene.start(A, at(4, 5), 1, Some(due()));
    scene.pens[A].skew = -7_200;
    scene.write(A, at(4, 6), 1, Body::ClockStep { before: 72_000, after: 0 });
    for n in ALL {
        scene.scan(A, at(4, 6) + i64::from(n), 1, n);
    }
    scene.end(A, at(4, 20), 1, 1);
    scene.sync_all(at(5, 0));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(assessment.dues[0].verdict, Verdict::Missed, "{}", assessment.dues[0].why);
    let patrol = &assessment.patrols[0];
    assert_eq!(patrol.ended_said, Some(at(2, 20) as u64));
    assert!(patrol.started.surely_after(Moment::from_unix(at(4, 4))));
}

/// The same inside the window: the walk counts, and the step is told.
#[test]
fn a_clock_step_in_a_patrol_is_told() {
    let mut scene = Scene::new();
    scene.begin(A, (at(2, 5), at(2, 20)), 1, Some(due()), &ALL);
    scene.write(A, at(2, 21), 1, Body::ClockStep { before: 0, after: -72_000 });
    scene.write(A, at(2, 22), 1, Body::ClockStep { before: 0, after: 15 });
    scene.write(A, at(2, 22), 1, Body::ClockStep { before: i64::MIN, after: i64::MAX });
    scene.end(A, at(2, 30), 1, 1);
    scene.sync(A, at(2, 35));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
    assert_eq!(codes(&assessment), ["clock_step", "clock_step"]);
    let [back, forward] = &assessment.dues[0].findings[..] else { panic!() };
    assert!(back.sentence.contains("set back by 2 h"), "{}", back.sentence);
    assert_eq!(back.detail, Detail::ClockStep { by_secs: -7_200 });
    assert!(forward.sentence.contains("set forward by"), "{}", forward.sentence);
}

/// Row 8: the phone is restarted to be rid of its monotonic clock.
#[test]
fn a_reboot_resets_nothing_and_is_told() {
    let mut scene = Scene::new();
    scene.begin(A, (at(2, 5), at(2, 15)), 1, Some(due()), &[1, 2]);
    scene.pens[A].reboot(at(2, 16));
    scene.write(A, at(2, 17), 0, Body::Boot { offset: 0 });
    scene.scan(A, at(2, 18), 1, 3);
    scene.scan(A, at(2, 19), 1, 4);
    scene.end(A, at(2, 20), 1, 1);
    scene.sync(A, at(2, 25));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(codes(&assessment), ["reboot_in_patrol"]);
    assert_eq!(assessment.dues[0].findings[0].detail, Detail::RebootInPatrol { reboots: 1 });
    assert_eq!(assessment.dues[0].findings[0].records.len(), 2);
    // Both sides are bounded by receipts, each by the boot it was made in.
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
    let visits = &assessment.dues[0].visited;
    assert!(visits.iter().all(|visit| visit.known_by == Some(Basis::Clock)));
}

/// A record made late, written behind a head that another phone has seen: a phone cannot claim to have been there before.
#[test]
fn a_record_behind_a_seen_head_cannot_be_backdated() {
    let mut scene = Scene::new();
    // B sees A's head at 02:20. A claims by GNSS that the record was made at 04:00.
    scene.write(A, at(2, 20), 0, gnss(at(4, 0)));
    see(&mut scene, B, A, at(2, 20));
    scene.write(B, at(2, 21), 0, gnss(at(2, 21)));
    scene.walk(O, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync(O, at(2, 35));
    scene.sync(B, at(2, 36));
    scene.sync(A, at(5, 0));
    let assessment = scene.assess(at(6, 0));
    let found = contradictions(&assessment);
    assert_eq!(found.len(), 1);
    // Alone A's clock contradicts its GNSS; B is not blamed.
    let Detail::ClockContradiction { devices, .. } = &found[0].detail else { panic!() };
    assert_eq!(devices, &[scene.pens[A].dev]);
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
}

/// The same where A's own claims agree: after a restart only B's sight of its head refutes it.
#[test]
fn two_phones_that_cannot_both_be_right_are_named_with_the_head_seen() {
    let mut scene = Scene::new();
    scene.pens[A].reboot(at(1, 0));
    scene.pens[A].write(at(2, 20), 0, gnss(at(4, 0)));
    see(&mut scene, B, A, at(2, 20));
    scene.walk(O, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync(O, at(2, 35));
    scene.sync(B, at(2, 36));
    scene.pens[A].reboot(at(4, 30));
    scene.sync(A, at(5, 0));
    let assessment = scene.assess(at(6, 0));
    let found = contradictions(&assessment);
    assert_eq!(found.len(), 1);
    let Detail::ClockContradiction { devices, claims, .. } = &found[0].detail else { panic!() };
    // The shore's receipt for B, the order of B's chain, and the head: only A's word is left.
    assert_eq!(devices, &[scene.pens[A].dev]);
    assert!(claims.contains(&Claim::Names(Via::Seen)), "{claims:?}");
    assert!(claims.contains(&Claim::Says(Source::Gnss)), "{claims:?}");
    assert!(found[0].records.iter().any(|record| record.dev == scene.pens[B].dev));
    assert_eq!(assessment.dues[0].verdict, Verdict::Done);
}

/// Two patrols walked back to back; the monotonic clock is edited to put four hours between them.
#[test]
fn an_edited_clock_between_two_receipts_is_refuted() {
    let mut scene = Scene::new();
    scene.sync(A, at(1, 55));
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    // Back at the berth; the shore hears at 02:40 what the phone says is 06:40.
    let pen = &mut scene.pens[A];
    pen.write(at(6, 40), 0, Body::Alive);
    pen.flush();
    let (seq, head) = pen.head();
    let tree = crate::record::receipt::no_tree();
    let key = &scene.shore.key;
    let receipt = crate::record::Receipt::sign(key, pen.dev, seq, head, at(2, 40), tree).unwrap();
    scene.receipts.push(super::ReceiptFact::of(&receipt));
    scene.sync(O, at(5, 0));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(contradictions(&assessment).len(), 1);
    assert_eq!(codes(&assessment)[0], "clock_contradiction");
    // Receipts alone put the walk between 01:55 and 02:40: it is not lost, and it is not in order.
    let due = &assessment.dues[0];
    assert!(due.visited.iter().all(|visit| visit.known_by == Some(Basis::Proved)));
    let from = Moment::from_unix(at(1, 55));
    assert!(due.visited.iter().all(|visit| visit.at.surely_from(from)));
    assert_eq!(due.verdict, Verdict::Irregular, "{}", due.why);
    assert!(due.why.contains("claims about its time contradict each other"), "{}", due.why);
}

/// A false GNSS time: found against the receipts; and where nothing refutes it, it bounds its own
/// chain alone.
#[test]
fn a_lying_gnss_anchor_narrows_nobody_else() {
    let mut scene = Scene::new();
    scene.pens[A].reboot(at(1, 0));
    scene.pens[B].reboot(at(1, 0));
    // A claims 02:10 at 03:40; B sees A's head, and is seen.
    scene.write(A, at(3, 40), 0, gnss(at(2, 10)));
    see(&mut scene, B, A, at(3, 41));
    scene.walk(B, (at(3, 42), at(3, 55)), 1, Some(due()), &ALL);
    see(&mut scene, A, B, at(3, 56));
    scene.pens[A].reboot(at(4, 0));
    scene.pens[B].reboot(at(4, 0));
    scene.sync_all(at(4, 30));
    let assessment = scene.assess(at(6, 0));
    assert!(contradictions(&assessment).is_empty());
    let walk = assessment.patrols.iter().find(|patrol| patrol.name.dev == scene.pens[B].dev);
    // Not a second of B's time rests on what A was told.
    let bounds = walk.unwrap().started;
    assert!(!bounds.surely_from(Moment::from_unix(at(1, 0))), "{bounds}");
    assert!(!bounds.surely_by(Moment::from_unix(at(4, 0))), "{bounds}");
    assert_ne!(assessment.dues[0].verdict, Verdict::Done);
}

/// A phone says it saw a head that it cannot have: one of a record that nobody holds says nothing, and one
/// that came later contradicts the phone's own clock and nobody else's.
#[test]
fn a_head_that_a_phone_could_not_have_seen_is_refuted() {
    let mut scene = Scene::new();
    let dev = scene.pens[A].dev;
    scene.write(B, at(2, 0), 0, Body::Seen { dev, seq: 3, head: Hash([9; 32]), via: 1 });
    scene.write(B, at(2, 0), 0, Body::Seen { dev, seq: u64::MAX, head: Hash::ZERO, via: 1 });
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync(A, at(4, 0));
    assert!(contradictions(&scene.assess(at(5, 0))).is_empty());
    // B names A's head of 04:00 and says by its clock that this was at 02:01.
    see(&mut scene, B, A, at(2, 1));
    scene.write(B, at(4, 30), 0, Body::Alive);
    scene.sync(B, at(4, 30));
    let assessment = scene.assess(at(6, 0));
    let found = contradictions(&assessment);
    assert_eq!(found.len(), 1);
    let Detail::ClockContradiction { devices, .. } = &found[0].detail else { panic!() };
    assert_eq!(devices, &[scene.pens[B].dev]);
    assert_eq!(assessment.dues[0].verdict, Verdict::Done, "{}", assessment.dues[0].why);
}

/// A phone that goes on after a restore: its new chain came after what it continues.
#[test]
fn a_continued_chain_comes_after_the_one_before() {
    let mut scene = Scene::new();
    scene.sync(A, at(1, 0));
    let (dev, (seq, head)) = (scene.pens[A].dev, scene.pens[A].head());
    let new = scene.pens.len();
    let mut entropy = crate::entropy::SeededEntropy::new(77);
    let mut pen = Pen::new(&mut entropy, 12, at(0, 0));
    let continues = crate::record::Continues {
        dev,
        held_seq: seq,
        held_head: head,
        marker_seq: seq + 3,
        marker_head: Hash([1; 32]),
        signature: None,
    };
    let key = crate::record::DeviceKey::public_key(&pen.key);
    let continues = Some(continues);
    pen.write(
        at(2, 0),
        0,
        Body::Genesis { key, vessel: VESSEL, nonce: [0; 16], offset: 0, continues },
    );
    pen.write(at(2, 5), 1, Body::Alive);
    scene.pens.push(pen);
    scene.pens[new].flush();
    let assessment = scene.assess(at(6, 0));
    let state = assessment.devices.iter().find(|state| state.dev == scene.pens[new].dev).unwrap();
    let heard = state.last_heard.unwrap();
    assert!(heard >= Moment::from_unix(at(1, 0)), "{heard:?}");
}

fn tree(size: u64, root: Hash) -> NamedTree {
    NamedTree { origin: Hash::ZERO, size, root }
}

/// A tree head that a receipt names too was not there before the last receipt in a smaller tree.
#[test]
fn an_acknowledged_tree_head_dates_from_below() {
    let mut scene = Scene::new();
    let root = Hash([5; 32]);
    let smaller = super::ReceiptFact {
        dev: scene.pens[B].dev,
        seq: u64::MAX,
        head: Hash::ZERO,
        time: at(2, 0),
        hash: Hash([6; 32]),
        tree: tree(7, Hash([4; 32])),
    };
    let named =
        super::ReceiptFact { time: at(2, 30), tree: tree(8, root), hash: Hash([7; 32]), ..smaller };
    scene.receipts.extend([smaller, named]);
    scene.pens[A].reboot(at(1, 0));
    let ack = |size, root| Body::Ack { origin: Hash::ZERO, size, root };
    scene.write(A, at(2, 40), 0, ack(9, root));
    scene.pens[A].flush();
    let heard = |scene: &Scene| {
        let assessment = scene.assess(at(6, 0));
        let dev = scene.pens[A].dev;
        assessment.devices.iter().find(|state| state.dev == dev).unwrap().last_heard
    };
    // A head that no receipt names says nothing, nor does one of another ledger.
    let other = Body::Ack { origin: Hash([1; 32]), size: 8, root };
    scene.write(A, at(2, 40), 0, other);
    scene.pens[A].flush();
    assert!(heard(&scene) < Some(Moment::from_unix(at(0, 0))));
    scene.write(A, at(2, 41), 0, ack(8, root));
    scene.pens[A].flush();
    assert_eq!(heard(&scene), Some(Moment::from_unix(at(2, 0))));
}

/// A phone says that it was told a late time, so that its silence looks like complete data.
#[test]
fn a_time_that_a_phone_was_told_makes_no_data_complete() {
    let mut scene = Scene::new();
    scene.pens[A].reboot(at(1, 0));
    scene.write(A, at(1, 10), 0, gnss(at(5, 0)));
    scene.write(A, at(1, 11), 0, Body::Alive);
    scene.pens[A].flush();
    for pen in [O, B] {
        scene.sync(pen, at(4, 0));
        scene.sync(pen, at(4, 10));
    }
    let assessment = scene.assess(at(5, 30));
    assert!(contradictions(&assessment).is_empty());
    assert_eq!(assessment.dues[0].verdict, Verdict::AwaitingSync, "{}", assessment.dues[0].why);
    assert_eq!(assessment.watermark.held_by, [scene.pens[A].dev]);
}

/// The shore's clock was set back between two syncs: no phone is blamed for what its tree heads seem to say.
#[test]
fn a_shore_whose_clock_was_set_back_blames_no_phone() {
    let mut scene = Scene::new();
    scene.sync(A, at(1, 55));
    let receipt = |time, size: u64| super::ReceiptFact {
        dev: scene.pens[B].dev,
        seq: u64::MAX,
        head: Hash::ZERO,
        time,
        hash: Hash::of(&size.to_be_bytes()),
        tree: tree(size, Hash([7; 32])),
    };
    // The tree of 7 leaves was signed at half past three by a clock that was wrong, the one of 8 at two.
    let facts = [receipt(at(3, 30), 7), receipt(at(2, 0), 8)];
    scene.receipts.extend(facts);
    let ack = Body::Ack { origin: Hash::ZERO, size: 8, root: Hash([7; 32]) };
    scene.write(A, at(2, 0), 0, ack);
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &ALL);
    scene.sync(A, at(2, 40));
    let assessment = scene.assess(at(6, 0));
    assert_eq!(contradictions(&assessment), Vec::<&Finding>::new());
}
