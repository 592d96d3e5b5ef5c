//! Revocations below what the shore had receipted: they count, and everybody with a receipt is told.

use super::{Assessed, Detail, Finding, Severity, Verdict::Unverifiable, scene::*};
use crate::record::Body;

/// Phone A has walked, and has a receipt for it from 04:00.
fn walked() -> Scene {
    let mut scene = Scene::new();
    scene.walk(A, (at(2, 5), at(2, 30)), 1, Some(due()), &[1, 2, 3, 4]);
    scene.sync_all(at(4, 0));
    scene
}

fn revoke(scene: &mut Scene, time: i64, last_trusted_seq: u64, reason: u64) {
    let dev = scene.pens[A].dev;
    scene.shore_says(time, Body::Revoke { dev, last_trusted_seq, reason });
}

fn of(judged: &Assessed) -> Vec<&Finding> {
    judged.findings.iter().filter(|finding| finding.code == "receipts_disowned").collect()
}

#[test]
fn a_shore_that_revokes_below_its_own_receipt_is_flagged() {
    let mut scene = walked();
    let receipt = *scene.receipts.iter().rfind(|it| it.dev == scene.pens[A].dev).unwrap();
    revoke(&mut scene, at(6, 0), 2, 3);
    let judged = scene.judge(at(7, 0));
    // A mark at reading time: it counts.
    assert_eq!(judged.verdict, Unverifiable, "{}", judged.why);
    let findings = of(&judged);
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Irregular));
    let detail = Detail::ReceiptsDisowned {
        dev: scene.pens[A].dev,
        last_trusted_seq: 2,
        receipted_seq: receipt.seq,
        receipted_at: receipt.time,
    };
    assert_eq!(findings[0].detail, detail);
    assert!(findings[0].sentence.contains("does not say that two people agreed"));
    let revocation = scene.shore.head();
    assert_eq!((findings[0].records[0].seq, findings[0].records[0].hash), revocation);
}

#[test]
fn what_explains_it_makes_it_a_notice() {
    let mut agreed = walked();
    revoke(&mut agreed, at(6, 0), 2, 4);
    let judged = agreed.judge(at(7, 0));
    assert_eq!(of(&judged)[0].severity, Severity::Notice);
    assert!(of(&judged)[0].sentence.contains("two people agreed"), "{:?}", of(&judged));

    let mut lost = walked();
    lost.lost(A, at(3, 0));
    revoke(&mut lost, at(6, 0), 2, 1);
    let judged = lost.judge(at(7, 0));
    assert_eq!(of(&judged)[0].severity, Severity::Notice);
    assert!(of(&judged)[0].sentence.contains("reported lost"), "{:?}", of(&judged));

    // A loss that is recorded after the revocation explains nothing.
    let mut late = walked();
    revoke(&mut late, at(6, 0), 2, 1);
    late.shore_says(
        at(6, 1),
        Body::Lost { dev: late.pens[A].dev, reported: at(1, 0), last_seq: None },
    );
    assert_eq!(of(&late.judge(at(7, 0)))[0].severity, Severity::Irregular);
    // Nor does a loss after the receipt.
    let mut after = walked();
    after.lost(A, at(5, 0));
    revoke(&mut after, at(6, 0), 2, 1);
    assert_eq!(of(&after.judge(at(7, 0)))[0].severity, Severity::Irregular);
}

#[test]
fn a_revocation_as_it_should_be_says_nothing() {
    let mut scene = walked();
    let receipt = *scene.receipts.iter().rfind(|it| it.dev == scene.pens[A].dev).unwrap();
    revoke(&mut scene, at(6, 0), receipt.seq, 3);
    let assessment = scene.assess(at(7, 0));
    let all = assessment.dues.iter().flat_map(|due| &due.findings).chain(&assessment.findings);
    assert!(all.into_iter().all(|finding| finding.code != "receipts_disowned"));
}

#[test]
fn the_lowest_of_several_revocations_is_the_one_that_counts() {
    let mut scene = walked();
    revoke(&mut scene, at(6, 0), 2, 3);
    revoke(&mut scene, at(6, 10), 9, 4);
    assert_eq!(of(&scene.judge(at(7, 0)))[0].severity, Severity::Irregular);
    // Saying again that two people agreed does not make up for it.
    revoke(&mut scene, at(6, 20), 2, 4);
    assert_eq!(of(&scene.judge(at(7, 0)))[0].severity, Severity::Irregular);
}
