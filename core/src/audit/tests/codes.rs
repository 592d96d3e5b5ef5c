//! Codes of README.md section 4 that no story leads to: each from the smallest lie that earns it.

use super::{
    super::{parts::*, *},
    ship::{self, Ship, Story},
};
use crate::{
    assess::scene::Pen,
    entropy::SeededEntropy,
    ledger::{Leaf, LeafKind, LedgerKey, LoggedRun, SignedTreeHead, merkle::root_of},
    model::{Hash, VesselId},
    record::{Body, DeviceKey, NamedTree, Receipt, Segment},
};

/// What was changed, and the code that it must earn.
type Told = Vec<(&'static str, Bundle)>;

/// Every lie of this page about one ship.
pub fn lies(ship: &Ship) -> Told {
    let mut told = Told::new();
    for of in [
        of_the_tree_head,
        of_leaves,
        of_contents,
        of_what_is_left_out,
        of_segments,
        of_strangers,
        of_runs,
        of_receipts,
        of_proofs,
    ] {
        of(ship, &mut told);
    }
    told
}

#[test]
fn each_lie_earns_its_code() {
    let ship = Ship::new(Story { short: true, ..Story::default() });
    super::assert_holds(&ship.report());
    for (code, bundle) in lies(&ship) {
        let report = verify(&bundle, &ship.policy, &Options::default()).unwrap();
        assert_eq!((report.exit_code(), report.has_fault(code)), (1, true), "{code}: {report}");
    }
}

/// Puts another content in the place of that of the first leaf of this kind.
fn exchanged(ship: &Ship, kind: LeafKind, content: &[u8]) -> Bundle {
    ship.changed(|sources| {
        let leaf = sources.leaves.iter_mut().find(|(_, leaf)| leaf.kind == kind).unwrap();
        leaf.1.subject = Hash::of(content);
        sources.contents.push(content.to_vec());
    })
}

fn of_the_tree_head(ship: &Ship, told: &mut Told) {
    let mut bundle = ship.bundle();
    let note = String::from_utf8(bundle.take("tree-head.txt").unwrap()).unwrap();
    let (lines, last) = note.trim_end().rsplit_once(' ').unwrap();
    let mut last: Vec<u8> = last.bytes().collect();
    // In the middle: neither the key's id nor what is over at the end of Base64.
    last[30] = if last[30] == b'A' { b'B' } else { b'A' };
    let note = format!("{lines} {}\n", String::from_utf8(last).unwrap());
    bundle.put_tree_head(&SignedTreeHead::parse(note.as_bytes()).unwrap());
    told.push(("signature_bad", bundle));
}

fn of_leaves(ship: &Ship, told: &mut Told) {
    let shown = |change: &dyn Fn(&mut Vec<ShownLeaf>)| {
        let mut bundle = ship.bundle();
        let mut leaves = Parts::read(&bundle).unwrap().leaves;
        change(&mut leaves);
        bundle.put(LEAVES, write_leaves(&leaves));
        bundle
    };
    let shorter = shown(&|leaves| leaves[3].path.truncate(1));
    told.push(("leaf_not_in_ledger", shorter));
    let elsewhere = shown(&|leaves| leaves.last_mut().unwrap().index += 1);
    told.push(("leaf_not_in_ledger", elsewhere));
    let again = shown(&|leaves| leaves[5].leaf.number = 2);
    told.push(("leaves_out_of_order", again));
    let unchained = shown(&|leaves| leaves[5].leaf.previous = Hash::of(b"another"));
    told.push(("leaf_chain_broken", unchained));
    let headless = ship.changed(|sources| _ = sources.ledger_leaves.remove(0));
    told.push(("origin_missing", headless));
}

fn of_contents(ship: &Ship, told: &mut Told) {
    let kinds =
        [LeafKind::SEGMENT, LeafKind::CHANGE, LeafKind::FLAG_RAISED, LeafKind::FLAG_REVISED];
    for kind in kinds {
        told.push(("content_malformed", exchanged(ship, kind, b"nothing of the sort")));
    }
    let malformed = exchanged(&ship.erasing(), LeafKind::ERASURE, b"nothing");
    told.push(("content_malformed", malformed));
}

fn of_segments(ship: &Ship, told: &mut Told) {
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
    told.push(("segment_malformed", with(own)));
    let other = ship.sources.segments.iter().find(|segment| segment.dev != dev).unwrap().dev;
    told.push(("segment_misplaced", with([of(dev), of(other)].concat())));
    let mut forged: Vec<Vec<u8>> = of(dev);
    let mut segment = Segment::decode(&forged[0]).unwrap();
    segment.signature[9] ^= 1;
    forged[0] = segment.encode();
    told.push(("segment_bad", with(forged)));
}

fn of_strangers(ship: &Ship, told: &mut Told) {
    let begin = ship.manifest.from;
    let mut stranger = Pen::new(&mut SeededEntropy::new(99), 13, begin);
    let vessel = VesselId([8; 16]);
    let key = stranger.key.public_key();
    let genesis = Body::Genesis { key, vessel, nonce: [0; 16], offset: 0, continues: None };
    stranger.write(begin, 0, genesis);
    stranger.flush();
    stranger.write(begin + 1, 0, Body::Alive);
    stranger.flush();
    let shows = |range: std::ops::Range<usize>| {
        ship.changed(|sources| sources.segments.extend_from_slice(&stranger.segments[range]))
    };
    told.push(("device_of_another_vessel", shows(0..2)));
    told.push(("key_unknown", shows(1..2)));
}

fn of_runs(ship: &Ship, told: &mut Told) {
    let of_crew = |content: &Vec<u8>| {
        let run = LoggedRun::decode(content).ok()?;
        (run.dev == ship.crew.dev && run.from > 0).then_some(run)
    };
    let run = ship.sources.contents.iter().find_map(of_crew).unwrap();
    let other = LoggedRun { prev: Hash::of(b"another"), ..run }.encode();
    let bundle = ship.changed(|sources| {
        let is = |leaf: &Leaf| leaf.subject == run.subject();
        let leaf = sources.leaves.iter_mut().find(|(_, leaf)| is(leaf)).unwrap();
        leaf.1.subject = Hash::of(&other);
        sources.contents.push(other);
    });
    told.push(("run_contradicts", bundle));
    // The whole chain of the crew phone, named by each of its leaves.
    let (to, head) = ship.crew.head();
    let whole = LoggedRun { dev: run.dev, from: 0, prev: Hash::ZERO, to, head }.encode();
    let bundle = ship.changed(|sources| {
        for (_, leaf) in &mut sources.leaves {
            let content = sources.contents.iter().find(|content| leaf.is_about(content));
            if content.and_then(of_crew).is_some() {
                leaf.subject = Hash::of(&whole);
            }
        }
        sources.contents.push(whole);
    });
    told.push(("runs_overlap", bundle));
}

fn of_receipts(ship: &Ship, told: &mut Told) {
    let first = Receipt::decode(&ship.sources.receipts[0]).unwrap();
    // As somebody else would write it: our own writer refuses what it cannot read or prove.
    let says = |bytes: Vec<u8>| {
        let mut bundle = ship.bundle();
        let mut receipts = ship.sources.receipts.clone();
        receipts.push(bytes);
        bundle.put(RECEIPTS, write_byte_strings(receipts));
        bundle
    };
    told.push(("receipt_malformed", says(b"nothing".to_vec())));
    let (seq, head) = ship.crew.head();
    let origin = first.tree.origin;
    let in_tree = |size, root| {
        let (dev, time, tree) = (ship.crew.dev, first.time, NamedTree { origin, size, root });
        Receipt::sign(&ship.shore, dev, seq, head, time, tree).unwrap().encode()
    };
    let early = root_of(&ship.log.nodes, 3).unwrap();
    told.push(("receipt_before_leaf", says(in_tree(3, early))));
    let size = ship.tree_head.head().size;
    told.push(("tree_too_old", says(in_tree(size + 1, early))));
    let nowhere = NamedTree { origin: Hash::ZERO, size: 3, root: early };
    let nowhere = Receipt::sign(&ship.shore, ship.crew.dev, seq, head, first.time, nowhere);
    told.push(("tree_contradicts", says(nowhere.unwrap().encode())));
}

fn of_what_is_left_out(ship: &Ship, told: &mut Told) {
    told.push(("part_changed", ship.changed(|sources| drop(sources.receipts.pop()))));
    let mut bundle = ship.bundle();
    let leaves = Parts::read(&bundle).unwrap().leaves;
    bundle.put(LEAVES, write_leaves(&leaves[..leaves.len() - 1]));
    told.push(("export_not_logged", bundle));
    let mut bundle = ship.bundle();
    bundle.put(MANIFEST, Manifest { first: u64::MAX, ..ship.manifest.clone() }.encode());
    told.push(("leaf_missing", bundle));
    told.push(("leaf_missing", ship.changed(|sources| _ = sources.leaves.swap_remove(4))));
    let foreign = *ship.log.leaves.iter().find(|(_, leaf)| leaf.vessel.0 == [8; 16]).unwrap();
    told.push(("leaf_of_another_vessel", ship.changed(|sources| sources.leaves.push(foreign))));
    let is = |kind: LeafKind| -> Vec<Hash> {
        let leaves = ship.log.leaves.iter().filter(|(_, leaf)| leaf.kind == kind);
        leaves.map(|(_, leaf)| leaf.subject).collect()
    };
    for (kind, code) in
        [(LeafKind::SEGMENT, "run_missing"), (LeafKind::DETECTOR, "content_missing")]
    {
        let gone = is(kind);
        let kept = |content: &Vec<u8>| !gone.contains(&Hash::of(content));
        let without = ship.showing(|sources| sources.contents.retain(kept));
        told.push((code, without.bundle()));
    }
    let mut bundle = ship.bundle();
    let contents = Parts::read(&bundle).unwrap().contents;
    let mut contents: Vec<Vec<u8>> = contents.values().map(|content| content.to_vec()).collect();
    contents.push(b"nobody's".to_vec());
    contents.sort_by_key(|content| Hash::of(content));
    bundle.put(CONTENTS, write_in_order(contents.iter().map(Vec::as_slice)));
    told.push(("content_unnamed", bundle));
    told.push(("records_missing", ship.changed(|sources| drop(sources.segments.pop()))));
    let shore = crate::record::device_id(&ship.manifest.shore_key);
    let shoreless = ship.changed(|sources| sources.segments.retain(|it| it.dev != shore));
    told.push(("shore_missing", shoreless));
    let mut bundle = ship.bundle();
    let full = ship.sources.segments.iter().filter(|segment| segment.dev == ship.crew.dev);
    let full: Vec<Vec<u8>> = full.map(Segment::encode).collect();
    bundle.put(segments_name(ship.crew.dev), write_byte_strings(full));
    told.push(("segment_key_shown", bundle));
}

fn of_proofs(ship: &Ship, told: &mut Told) {
    let proofs = Parts::read(&ship.bundle()).unwrap().consistency;
    let with = |proofs| {
        let mut bundle = ship.bundle();
        bundle.put(CONSISTENCY, write_consistency(&proofs));
        bundle
    };
    let mut fewer = proofs.clone();
    let (_, path) = fewer.pop_first().unwrap();
    told.push(("proof_missing", with(fewer)));
    let mut more = proofs;
    more.insert(1, path);
    told.push(("proof_unneeded", with(more)));
    let head = ship.tree_head.head();
    let resigned = |key: &LedgerKey| {
        let mut bundle = ship.bundle();
        bundle.put_tree_head(&SignedTreeHead::sign(head.size, head.root, key).unwrap());
        bundle
    };
    told.push(("quorum_missing", resigned(&ship::ledger_key())));
    let other = LedgerKey::from_seed(&head.origin, &[9; 32]).unwrap();
    told.push(("not_signed", resigned(&other)));
    let forged = ship.changed(|sources| {
        let receipt = sources.receipts.first_mut().unwrap();
        *receipt.last_mut().unwrap() ^= 1;
    });
    told.push(("receipt_signature", forged));
}
