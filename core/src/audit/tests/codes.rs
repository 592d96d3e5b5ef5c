//! Codes of README.md section 4 that no story leads to: each from the smallest lie that earns it.

use super::{
    super::{parts::*, *},
    ship::{Ship, Story},
};
use crate::{
    assess::scene::Pen,
    entropy::SeededEntropy,
    ledger::{Leaf, LeafKind, LoggedRun, SignedTreeHead, merkle::root_of},
    model::{Hash, VesselId},
    record::{Body, DeviceKey, Receipt, Segment},
};

/// A bundle from what somebody changed after the ledger was signed.
fn changed(ship: &Ship, change: impl FnOnce(&mut Sources)) -> Bundle {
    let mut sources = ship.sources.clone();
    change(&mut sources);
    write(&sources, &ship.log.nodes).unwrap()
}

fn assert_told(ship: &Ship, bundle: &Bundle, code: &str) {
    assert!(ship.report().integrity);
    let report = verify(bundle, &ship.policy, &Options::default()).unwrap();
    assert_eq!((report.exit_code(), report.has_fault(code)), (1, true), "{code}: {report}");
}

/// Puts another content in the place of that of the first leaf of this kind.
fn exchanged(ship: &Ship, kind: LeafKind, content: &[u8]) -> Bundle {
    changed(ship, |sources| {
        let leaf = sources.leaves.iter_mut().find(|(_, leaf)| leaf.kind == kind).unwrap();
        leaf.1.subject = Hash::of(content);
        sources.contents.push(content.to_vec());
    })
}

#[test]
fn of_the_tree_head() {
    let ship = Ship::honest();
    let mut bundle = ship.bundle();
    let note = String::from_utf8(bundle.take("tree-head.txt").unwrap()).unwrap();
    let (lines, last) = note.trim_end().rsplit_once(' ').unwrap();
    let mut last: Vec<u8> = last.bytes().collect();
    // In the middle: neither the key's id nor what is over at the end of Base64.
    last[30] = if last[30] == b'A' { b'B' } else { b'A' };
    let note = format!("{lines} {}\n", String::from_utf8(last).unwrap());
    bundle.put_tree_head(&SignedTreeHead::parse(note.as_bytes()).unwrap());
    assert_told(&ship, &bundle, "signature_bad");
}

#[test]
fn of_leaves() {
    let ship = Ship::honest();
    let shown = |change: &dyn Fn(&mut Vec<ShownLeaf>)| {
        let mut bundle = ship.bundle();
        let mut leaves = Parts::read(&bundle).unwrap().leaves;
        change(&mut leaves);
        bundle.put(LEAVES, write_leaves(&leaves));
        bundle
    };
    let shorter = shown(&|leaves| leaves[3].path.truncate(1));
    assert_told(&ship, &shorter, "leaf_not_in_ledger");
    let elsewhere = shown(&|leaves| leaves.last_mut().unwrap().index += 1);
    assert_told(&ship, &elsewhere, "leaf_not_in_ledger");
    let again = shown(&|leaves| leaves[5].leaf.number = 2);
    assert_told(&ship, &again, "leaves_out_of_order");
    let unchained = shown(&|leaves| leaves[5].leaf.previous = Hash::of(b"another"));
    assert_told(&ship, &unchained, "leaf_chain_broken");
    let headless = changed(&ship, |sources| _ = sources.ledger_leaves.remove(0));
    assert_told(&ship, &headless, "origin_missing");
}

#[test]
fn of_contents() {
    let ship = Ship::honest();
    let kinds =
        [LeafKind::SEGMENT, LeafKind::CHANGE, LeafKind::FLAG_RAISED, LeafKind::FLAG_REVISED];
    for kind in kinds {
        assert_told(&ship, &exchanged(&ship, kind, b"nothing of the sort"), "content_malformed");
    }
    let ship = Ship::new(Story { erases: true, ..Story::default() });
    assert_told(&ship, &exchanged(&ship, LeafKind::ERASURE, b"nothing"), "content_malformed");
}

#[test]
fn of_segments() {
    let ship = Ship::honest();
    let dev = ship.crew.dev;
    let with = |bytes: Vec<Vec<u8>>| {
        let mut bundle = ship.bundle();
        bundle.put(segments_name(dev), write_byte_strings(bytes));
        bundle
    };
    let of = |dev| -> Vec<Vec<u8>> {
        let bundle = ship.bundle();
        let parts = Parts::read(&bundle).unwrap();
        parts.segments[&dev].iter().map(|bytes| bytes.to_vec()).collect()
    };
    let mut own = of(dev);
    own.push(b"nothing".to_vec());
    assert_told(&ship, &with(own), "segment_malformed");
    let other = ship.sources.segments.iter().find(|segment| segment.dev != dev).unwrap().dev;
    assert_told(&ship, &with([of(dev), of(other)].concat()), "segment_misplaced");
    let mut forged: Vec<Vec<u8>> = of(dev);
    let mut segment = Segment::decode(&forged[0]).unwrap();
    segment.signature[9] ^= 1;
    forged[0] = segment.encode();
    assert_told(&ship, &with(forged), "segment_bad");
}

#[test]
fn of_strangers() {
    let ship = Ship::honest();
    let begin = ship.sources.manifest.from;
    let mut stranger = Pen::new(&mut SeededEntropy::new(99), 13, begin);
    let vessel = VesselId([8; 16]);
    let key = stranger.key.public_key();
    let genesis = Body::Genesis { key, vessel, nonce: [0; 16], offset: 0, continues: None };
    stranger.write(begin, 0, genesis);
    stranger.flush();
    stranger.write(begin + 1, 0, Body::Alive);
    stranger.flush();
    let shows = |range: std::ops::Range<usize>| {
        changed(&ship, |sources| sources.segments.extend_from_slice(&stranger.segments[range]))
    };
    assert_told(&ship, &shows(0..2), "device_of_another_vessel");
    assert_told(&ship, &shows(1..2), "key_unknown");
}

#[test]
fn of_runs() {
    let ship = Ship::honest();
    let of_crew = |content: &Vec<u8>| {
        let run = LoggedRun::decode(content).ok()?;
        (run.dev == ship.crew.dev && run.from > 0).then_some(run)
    };
    let run = ship.sources.contents.iter().find_map(of_crew).unwrap();
    let other = LoggedRun { prev: Hash::of(b"another"), ..run }.encode();
    let bundle = changed(&ship, |sources| {
        let is = |leaf: &Leaf| leaf.subject == run.subject();
        let leaf = sources.leaves.iter_mut().find(|(_, leaf)| is(leaf)).unwrap();
        leaf.1.subject = Hash::of(&other);
        sources.contents.push(other);
    });
    assert_told(&ship, &bundle, "run_contradicts");
    // The whole chain of the crew phone, named by each of its leaves.
    let (to, head) = ship.crew.head();
    let whole = LoggedRun { dev: run.dev, from: 0, prev: Hash::ZERO, to, head }.encode();
    let bundle = changed(&ship, |sources| {
        for (_, leaf) in &mut sources.leaves {
            let content = sources.contents.iter().find(|content| leaf.is_about(content));
            if content.and_then(of_crew).is_some() {
                leaf.subject = Hash::of(&whole);
            }
        }
        sources.contents.push(whole);
    });
    assert_told(&ship, &bundle, "runs_overlap");
}

#[test]
fn of_receipts() {
    let ship = Ship::honest();
    let first = Receipt::decode(&ship.sources.receipts[0]).unwrap();
    // As somebody else would write it: our own writer refuses what it cannot read or prove.
    let says = |bytes: Vec<u8>| {
        let mut bundle = ship.bundle();
        let mut receipts = ship.sources.receipts.clone();
        receipts.push(bytes);
        bundle.put(RECEIPTS, write_byte_strings(receipts));
        bundle
    };
    assert_told(&ship, &says(b"nothing".to_vec()), "receipt_malformed");
    let (seq, head) = ship.crew.head();
    let in_tree = |size, root| {
        let (dev, time) = (ship.crew.dev, first.time);
        Receipt::sign(&ship.shore, dev, seq, head, time, (size, root)).unwrap().encode()
    };
    let early = root_of(&ship.log.nodes, 3).unwrap();
    assert_told(&ship, &says(in_tree(3, early)), "receipt_before_leaf");
    let size = ship.sources.tree_head.head().size;
    assert_told(&ship, &says(in_tree(size + 1, early)), "tree_too_old");
}
