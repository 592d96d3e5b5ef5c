#![no_main]

use std::sync::LazyLock;

use automerge::Automerge;
use deckwatch_core::{
    document::{DocumentKind, RawChange, merge},
    model::{DocumentId, Hash},
    plan::PlanDocument,
};
use deckwatch_core_fuzz::{OFFICERS, VESSEL, seal, vouchers};
use libfuzzer_sys::fuzz_target;

/// What the honest officer wrote: the line `# ground` of the kept hostile changes, which build on it.
static GROUND: LazyLock<Vec<RawChange>> = LazyLock::new(|| {
    let kept = include_str!("../../../tests/fixtures/hostile/changes.txt");
    let line = kept.lines().find_map(|line| line.strip_prefix("# ground ")).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    };
    line.split(' ')
        .map(|word| word.split_once(':').unwrap())
        .map(|(hash, change)| RawChange {
            hash: Hash(bytes(hash).try_into().unwrap()),
            bytes: bytes(change),
        })
        .collect()
});

/// The fuzzer ends at every panic, also at one that the gate is there to catch: here only those count that nobody
/// catches.
static HOOK: LazyLock<()> = LazyLock::new(|| {
    std::panic::set_hook(Box::new(|info| {
        if !info.location().is_some_and(|at| at.file().contains("automerge")) {
            eprintln!("{info}");
        }
    }));
});

// The contents of one change, or of several behind lengths of two bytes.
fuzz_target!(|data: &[u8]| {
    LazyLock::force(&HOOK);
    let mut hostile = vec![seal(data)];
    let mut rest = data;
    while let Some((length, more)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(more.len());
        let (contents, more) = more.split_at(length);
        hostile.push(seal(contents));
        rest = more;
        if hostile.len() > 8 {
            break;
        }
    }
    let (kind, id) = (DocumentKind::Plan, DocumentId(VESSEL.0));
    let by = [(OFFICERS.honest, &GROUND[..]), (OFFICERS.hostile, &hostile[..])];
    let vouchers = vouchers(kind, id, &by);
    let mut changes = [&hostile[..], &GROUND].concat();
    let merged = merge(kind, &changes, &vouchers);
    for change in GROUND.iter() {
        assert!(merged.main().holds(change.hash));
    }
    let saved = merged.document().save();
    let loaded = Automerge::load(&saved).unwrap();
    let mut heads: Vec<Hash> = loaded.get_heads().iter().map(|head| Hash(head.0)).collect();
    heads.sort_unstable();
    assert_eq!(heads, merged.heads());
    changes.reverse();
    let again = merge(kind, &changes, &vouchers);
    assert_eq!(
        (again.heads(), again.waiting, again.refused),
        (heads, merged.waiting.clone(), merged.refused.clone())
    );
    let plan = PlanDocument::from(&merged);
    assert_eq!(plan.content_at(&merged.heads()).unwrap(), plan.content());
});
