//! What a phone remembers of the shore's ledger, and whom it convicts.

use std::collections::BTreeMap;

use super::*;
use crate::{
    ledger::{Frontier, LedgerKey, SignedTreeHead, SplitView, merkle::prove_joining},
    phone::LedgerCheck,
    record::{ContentPart, Item, PersonPart, TimePart, body::Body},
    sync::{Response, TreeHeadAnswer},
};

const ORIGIN: &str = "example.org/deckwatch";

fn ledger_key() -> LedgerKey {
    LedgerKey::from_seed(ORIGIN, &[9; 32]).unwrap()
}

/// A ledger that says `face` in each of its leaves.
struct Tree {
    nodes: BTreeMap<(u8, u64), Hash>,
    edge: Frontier,
}

impl Tree {
    fn of(size: u64, face: impl Fn(u64) -> &'static str) -> Self {
        let mut tree = Self { nodes: BTreeMap::new(), edge: Frontier::default() };
        for at in 0..size {
            let leaf = format!("{} {at}", face(at));
            for node in tree.edge.append(leaf.as_bytes()).unwrap() {
                tree.nodes.insert((node.level, node.index), node.hash);
            }
        }
        tree
    }

    fn answer(&self, from: u64) -> TreeHeadAnswer {
        let (size, root) = (self.edge.size(), self.edge.root());
        let note = SignedTreeHead::sign(size, root, &ledger_key()).unwrap().encode();
        let proof = prove_joining(&self.nodes, from, size).unwrap();
        TreeHeadAnswer { note, proof }
    }
}

fn shore_names_its_ledger() -> Vec<u8> {
    let shore = SoftwareKey::generate(&mut SeededEntropy::new(9));
    let genesis = Body::Genesis {
        key: shore.public_key(),
        vessel: VESSEL,
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let key = ledger_key().verifier().public_key();
    let ledger = Body::Ledger { origin: ORIGIN.to_owned(), key };
    let time = TimePart { boot: [9; 8], mono: 0, wall: NOON as u64 };
    let items = [genesis, ledger]
        .map(|body| Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body }));
    Segment::cut(&shore, 0, Hash::ZERO, [1; 16], items.to_vec()).unwrap().encode()
}

fn hear(phone: &mut Phone, segments: Vec<Vec<u8>>, head: TreeHeadAnswer, secs: i64) -> LedgerCheck {
    let response = Response {
        time: NOON + secs,
        have: Vec::new(),
        documents: Vec::new(),
        segments,
        changes: Vec::new(),
        receipts: Vec::new(),
        problems: Vec::new(),
        tree_head: Some(head),
        more: false,
    };
    phone.sync_response(&response.encode(), &at(secs)).unwrap().ledger
}

fn acks(phone: &mut Phone) -> Vec<(u64, Hash)> {
    let chains = history(phone);
    let entries = chains.iter().flat_map(|segment| &segment.entries);
    entries
        .filter_map(|entry| match entry.body()? {
            Body::Ack { origin, size, root } => {
                assert_eq!(*origin, Hash::of(ORIGIN.as_bytes()));
                Some((*size, *root))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_ledger_that_grows_is_accepted_and_written_into_the_phones_own_chain() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let grown = |size| Tree::of(size, |_| "leaf");
    let first = hear(&mut phone, vec![shore_names_its_ledger()], grown(5).answer(0), 1);
    assert_eq!(first, LedgerCheck::Consistent(5));
    assert_eq!(hear(&mut phone, Vec::new(), grown(5).answer(5), 2), LedgerCheck::Consistent(5));
    assert_eq!(hear(&mut phone, Vec::new(), grown(9).answer(5), 3), LedgerCheck::Consistent(9));
    // It is remembered over a restart.
    drop(phone);
    let (mut phone, _) = bench.open(4);
    let held = SignedTreeHead::parse(&phone.tree_head().unwrap().unwrap()).unwrap();
    assert_eq!(held.head().size, 9);
    let expected = [5, 9].map(|size| (size, grown(size).edge.root()));
    assert_eq!(acks(&mut phone), expected);
    assert_eq!(phone.split_view().unwrap(), None);
}

#[test]
fn a_ledger_that_was_rewritten_is_convicted_and_the_evidence_kept() {
    for (size, from) in [(8, 8), (12, 8), (5, 5)] {
        let bench = Bench::new();
        let mut phone = bench.enrolled();
        let honest = Tree::of(8, |_| "leaf");
        hear(&mut phone, vec![shore_names_its_ledger()], honest.answer(0), 1);
        let other = Tree::of(size, |at| if at == 2 { "rewritten" } else { "leaf" });
        let mut head = other.answer(from.min(size));
        if size < 8 {
            // A smaller one is joined by the ledger that the phone remembers.
            head.proof = prove_joining(&honest.nodes, size, 8).unwrap();
        }
        let check = hear(&mut phone, Vec::new(), head, 2);
        assert_eq!(check, LedgerCheck::Contradiction, "{size}");
        let evidence = phone.split_view().unwrap().unwrap();
        SplitView::decode(&evidence).unwrap().check(ledger_key().verifier()).unwrap();
        assert_eq!(acks(&mut phone).len(), 1, "what it accepted stays as it was");
        let held = SignedTreeHead::parse(&phone.tree_head().unwrap().unwrap()).unwrap();
        assert_eq!(held.head().root, honest.edge.root());
    }
}

#[test]
fn what_proves_nothing_convicts_nobody() {
    let bench = Bench::new();
    let mut phone = bench.enrolled();
    let tree = Tree::of(8, |_| "leaf");
    // Before the shore has named a ledger, nothing is believed.
    assert_eq!(hear(&mut phone, Vec::new(), tree.answer(0), 1), LedgerCheck::Nothing);
    hear(&mut phone, vec![shore_names_its_ledger()], tree.answer(0), 2);
    let larger = Tree::of(12, |_| "leaf");
    let unproved = TreeHeadAnswer { proof: vec![Hash::ZERO; 3], ..larger.answer(8) };
    let check = hear(&mut phone, Vec::new(), unproved, 3);
    assert_eq!(check, LedgerCheck::NotJoined { remembered: 8, shown: 12 });
    let other = LedgerKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    let note = SignedTreeHead::sign(12, larger.edge.root(), &other).unwrap().encode();
    let head = TreeHeadAnswer { note, ..larger.answer(8) };
    assert_eq!(hear(&mut phone, Vec::new(), head, 4), LedgerCheck::Unreadable);
    let head = TreeHeadAnswer { note: b"no note".to_vec(), proof: Vec::new() };
    assert_eq!(hear(&mut phone, Vec::new(), head, 5), LedgerCheck::Unreadable);
    assert_eq!(phone.split_view().unwrap(), None);
    assert_eq!(hear(&mut phone, Vec::new(), larger.answer(8), 6), LedgerCheck::Consistent(12));
}
