//! Counts and sizes: what is kept and held of one device has an end, and what does not end is not begun.

use std::process::Command;

use automerge::{ActorId, Automerge, ROOT, transaction::Transactable};
use deckwatch_core::{document::RawChange, model::Hash};
use deckwatch_tests::hostile::{
    Class, Fate, Mutant,
    bare::Bare,
    classes::{Ground, bomb},
    corpus,
    scene::Vessel,
    stage::{loads, merge},
};

/// Many tiny changes of the hostile device, each on the one before, as fast as a program makes them.
fn flood(ground: &Ground, count: usize) -> Vec<RawChange> {
    let mut document: Automerge = ground.document.clone();
    let actor: Vec<u8> = ground.hostile.0.into_iter().chain([0x61; 8]).collect();
    document.set_actor(ActorId::from(actor));
    for n in 0..count {
        document.transact(|tx| tx.put(ROOT, "flood", n as i64)).unwrap();
    }
    let changes = document.get_changes(&ground.document.get_heads());
    let raw = |change: &automerge::Change| RawChange {
        hash: Hash(change.hash().0),
        bytes: change.raw_bytes().to_vec(),
    };
    changes.iter().map(raw).collect()
}

#[test]
fn a_hundred_thousand_tiny_changes_end_at_the_limit_of_one_device() {
    let ground = Ground::new();
    let limit = deckwatch_core::document::DocumentKind::Plan.changes_a_device();
    // The gate is given ten times as many names as it takes, and somewhat more changes than the limit.
    let made = flood(&ground, limit + 500);
    let names: Vec<RawChange> = (0..90_000_u32)
        .map(|n| RawChange { hash: Hash::of(&n.to_be_bytes()), bytes: n.to_be_bytes().to_vec() })
        .collect();
    let mut vessel = Vessel::new();
    let honest = [&ground.changes[..], &ground.later].concat();
    vessel.honest.vouch(&honest);
    vessel.hostile.vouch(&made);
    vessel.hostile.vouch(&names);
    let changes = [&made[..], &names, &honest].concat();
    let outcome = merge(&vessel.shore.public(), &vessel.chains(), &changes);
    assert_eq!(outcome.main.len(), limit + honest.len());
    assert!(honest.iter().all(|change| outcome.main.contains(&change.hash)));
    assert_eq!(outcome.refused.len(), 500 + names.len());
    loads(&outcome.saved, &outcome.heads);
}

/// The gate in a process that may have 512 MiB and 20 s of a processor's time: 1 GiB does not fit in.
#[test]
fn what_inflates_is_not_inflated_and_what_does_not_end_is_not_begun() {
    let ground = Ground::new();
    let bombs = [40 << 20, 256 << 20, 1 << 30].map(|zeros| Mutant {
        class: Class::Bomb,
        what: format!("{zeros}-zeros"),
        fate: Fate::Never,
        changes: vec![bomb(&ground, zeros)],
        good: 0,
    });
    assert!(
        bombs[2].changes[0].bytes.len() > 1_000_000 && bombs[0].changes[0].bytes.len() < 48_000
    );
    let kept = corpus::kept().into_iter().map(|(mutant, _)| mutant);
    let mutants: Vec<(Mutant, Bare)> =
        bombs.into_iter().chain(kept).map(|mutant| (mutant, Bare::Refused)).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mutants.txt");
    std::fs::write(&file, corpus::write(&mutants)).unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 524288 -t 20; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_hostile-bytes"))
        .arg("gate")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), format!("{} mutants, the ground came through", mutants.len()));
}
