use std::{collections::BTreeMap, convert::Infallible};

use proptest::prelude::*;

use super::{Nodes, grown, numbered};
use crate::{
    ledger::{
        AddTreeHead, KeyType, LedgerKey, NoteSignature, Reply, SignedTreeHead, SplitView,
        VerifierKey, Witness, WitnessKey, WitnessStore, Witnessed,
        merkle::{prove_consistency, root_of},
        witness::{Asked, MAX_PROOF_LINES, MAX_REQUEST},
    },
    model::Hash,
};

const NOW: u64 = 1_790_000_000;

fn key() -> LedgerKey {
    LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap()
}

fn witness_key() -> WitnessKey {
    WitnessKey::from_seed("flag.example/w1", &[7; 32]).unwrap()
}

fn witness() -> Witness {
    Witness::new(witness_key(), [key().verifier().clone()]).unwrap()
}

fn request(nodes: &Nodes, old: u64, size: u64) -> AddTreeHead {
    let head = SignedTreeHead::sign(size, root_of(nodes, size).unwrap(), &key()).unwrap();
    AddTreeHead { old, proof: prove_consistency(nodes, old, size).unwrap(), head }
}

#[derive(Default)]
struct Memory {
    newest: BTreeMap<String, Witnessed>,
    evidence: Vec<SplitView>,
    writes: usize,
    /// What another program does between reading and replacing.
    meanwhile: Vec<Witnessed>,
}

impl WitnessStore for Memory {
    type Error = Infallible;

    fn newest(&mut self, origin: &str) -> Result<Option<Witnessed>, Infallible> {
        Ok(self.newest.get(origin).cloned())
    }

    fn advance(
        &mut self,
        origin: &str,
        before: Option<&Witnessed>,
        now: &Witnessed,
    ) -> Result<bool, Infallible> {
        if let Some(other) = self.meanwhile.pop() {
            self.newest.insert(origin.to_owned(), other);
        }
        if self.newest.get(origin) != before {
            return Ok(false);
        }
        self.writes += 1;
        self.newest.insert(origin.to_owned(), now.clone());
        Ok(true)
    }

    fn keep(&mut self, _origin: &str, evidence: &SplitView) -> Result<(), Infallible> {
        self.evidence.push(evidence.clone());
        Ok(())
    }
}

fn answer(store: &mut Memory, body: &[u8]) -> Reply {
    witness().answer(body, store, &mut || NOW).unwrap()
}

/// The signature line of a reply must be the witness's over that tree head.
fn cosigned(reply: &Reply, head: &SignedTreeHead) -> bool {
    let line = reply.body.strip_suffix('\n').and_then(|line| NoteSignature::parse(line).ok());
    let Some(line) = line else { return false };
    let mut head = head.clone();
    head.add(line).unwrap();
    let witness = witness();
    let signed = head.note().verify([witness.verifier()]).unwrap();
    reply.status == 200 && signed[0].checked.time == Some(NOW)
}

#[test]
fn a_growing_ledger_is_cosigned_step_by_step() {
    let (_, nodes) = numbered(30);
    let mut store = Memory::default();
    let mut old = 0;
    for size in [1, 2, 7, 8, 8, 29, 30] {
        let request = request(&nodes, old, size);
        assert_eq!(AddTreeHead::parse(&request.encode()), Ok(request.clone()));
        assert!(cosigned(&answer(&mut store, &request.encode()), &request.head), "{size}");
        old = size;
    }
    assert_eq!((store.newest["ledger.example/fleet-1"].size, store.writes), (30, 7));
    assert!(store.evidence.is_empty());
}

#[test]
fn every_refusal_of_the_specification() {
    let (_, nodes) = numbered(30);
    let mut store = Memory::default();
    let mut asked = |body: Vec<u8>| {
        let reply = answer(&mut store, &body);
        (reply.status, reply.content_type, reply.body)
    };
    let plain = "text/plain; charset=utf-8";
    let stale = |size: u64| (409, "text/x.tlog.size", format!("{size}\n"));
    assert_eq!(asked(request(&nodes, 4, 9).encode()), stale(0));
    let good = request(&nodes, 0, 9);
    assert_eq!(asked(good.encode()).0, 200);
    assert_eq!(asked(request(&nodes, 0, 12).encode()), stale(9));
    assert_eq!(asked(request(&nodes, 5, 9).encode()), stale(9));
    assert_eq!(asked(request(&nodes, 8, 8).encode()), stale(9));
    assert_eq!(asked(request(&nodes, 12, 20).encode()), stale(9));
    let statuses = [
        ("another origin", 404, {
            let other = LedgerKey::from_seed("ledger.example/fleet-2", &[1; 32]).unwrap();
            let head = SignedTreeHead::sign(9, Hash::ZERO, &other).unwrap();
            AddTreeHead { old: 9, proof: vec![], head }.encode()
        }),
        ("another key", 403, {
            let other = LedgerKey::from_seed("ledger.example/fleet-1", &[2; 32]).unwrap();
            let head = SignedTreeHead::sign(9, Hash::ZERO, &other).unwrap();
            AddTreeHead { old: 9, proof: vec![], head }.encode()
        }),
        ("old above new", 400, { AddTreeHead { old: 10, ..good.clone() }.encode() }),
        ("no proof", 422, { AddTreeHead { proof: vec![], ..request(&nodes, 9, 20) }.encode() }),
        ("a proof from elsewhere", 422, {
            AddTreeHead { old: 9, ..request(&nodes, 10, 20) }.encode()
        }),
        ("a proof where none belongs", 422, {
            AddTreeHead { proof: vec![Hash::ZERO], ..request(&nodes, 9, 9) }.encode()
        }),
        ("nothing", 400, vec![]),
        ("too much", 413, vec![b'a'; MAX_REQUEST + 1]),
        ("too long a proof", 400, {
            AddTreeHead { proof: vec![Hash::ZERO; MAX_PROOF_LINES + 1], ..good.clone() }.encode()
        }),
        ("64 lines less one", 422, {
            let proof = vec![Hash::ZERO; MAX_PROOF_LINES];
            AddTreeHead { proof, ..request(&nodes, 9, 20) }.encode()
        }),
    ];
    for (what, status, body) in statuses {
        let reply = asked(body);
        assert_eq!((reply.0, reply.1), (status, plain), "{what}: {}", reply.2);
    }
    let text = String::from_utf8(good.encode()).unwrap();
    for (from, to) in [
        ("old 0\n", "old 00\n"),
        ("old 0\n", "old  0\n"),
        ("old 0\n", "old -0\n"),
        ("old 0\n", "Old 0\n"),
        ("old 0\n", "0\n"),
        ("old 0\n", "old 0\nAAAA\n"),
        ("old 0\n\n", "old 0\n"),
        ("old 0\n\n", "old 0\n\n\n"),
        ("old 0\n", "old 18446744073709551616\n"),
    ] {
        assert_eq!(asked(text.replacen(from, to, 1).into_bytes()).0, 400, "{to:?}");
    }
    assert_eq!(store.writes, 1);
}

#[test]
fn a_second_face_is_refused_and_the_evidence_kept() {
    let (_, nodes) = numbered(30);
    let (_, other) = grown((1..40_u64).map(u64::to_be_bytes));
    let mut store = Memory::default();
    assert_eq!(answer(&mut store, &request(&nodes, 0, 9).encode()).status, 200);
    // Another root of one size, in whatever way it is asked.
    assert_eq!(answer(&mut store, &request(&other, 9, 9).encode()).status, 409);
    assert_eq!(answer(&mut store, &request(&other, 3, 9).encode()).status, 409);
    // A larger one that did not grow from there, with its own proof.
    assert_eq!(answer(&mut store, &request(&other, 9, 20).encode()).status, 422);
    assert_eq!((store.writes, store.evidence.len()), (1, 3));
    for evidence in &store.evidence {
        assert_eq!(evidence.check(key().verifier()), Ok(()));
    }
}

#[test]
fn who_loses_a_race_does_not_cosign() {
    let (_, nodes) = numbered(30);
    let (_, other) = grown((1..40_u64).map(u64::to_be_bytes));
    let witnessed = |nodes: &Nodes, size: u64| Witnessed {
        size,
        root: root_of(nodes, size).unwrap(),
        note: request(nodes, 0, size).head.encode(),
    };
    let mut store = Memory { meanwhile: vec![witnessed(&nodes, 12)], ..Memory::default() };
    let reply = answer(&mut store, &request(&nodes, 0, 9).encode());
    assert_eq!((reply.status, reply.body.as_str()), (409, "12\n"), "no rolling back");
    // The other program cosigned another face of the same size.
    let mut store = Memory { meanwhile: vec![witnessed(&other, 9)], ..Memory::default() };
    assert_eq!(answer(&mut store, &request(&nodes, 0, 9).encode()).status, 409);
    assert_eq!((store.writes, store.evidence.len()), (0, 1));
    // Nothing changes, and others go on and on.
    let others = [3, 0, 3, 0, 3, 0].map(|size| witnessed(&nodes, size));
    let mut store = Memory { meanwhile: others.to_vec(), ..Memory::default() };
    assert_ne!(answer(&mut store, &request(&nodes, 0, 9).encode()).status, 200);
}

#[test]
fn what_a_ledger_makes_of_the_reply() {
    let (_, nodes) = numbered(9);
    let mut store = Memory::default();
    let known = [witness().verifier().clone()];
    let asked = request(&nodes, 0, 9);
    let reply = answer(&mut store, &asked.encode());
    let read = |status, body: &str| asked.read_reply(status, body.as_bytes(), &known);
    let Asked::Cosigned(lines) = read(reply.status, &reply.body) else { panic!("{reply:?}") };
    let mut head = asked.head.clone();
    head.add(lines[0].clone()).unwrap();
    assert_eq!(head.note().verify(&known).unwrap().len(), 1);
    // Lines of strangers and nonsense beside it say nothing; alone they are no cosignature.
    let stranger = WitnessKey::from_seed("else.example", &[9; 32]).unwrap();
    let stranger = stranger.cosign(asked.head.note().text(), NOW).line();
    let more = format!("nonsense\n{stranger}{}", reply.body);
    assert_eq!(read(200, &more), Asked::Cosigned(lines));
    let other = witness_key().cosign("another text\n", NOW).line();
    for body in ["", "9\n", &stranger, &other, "\u{2014} a b\n"] {
        assert!(matches!(read(200, body), Asked::Refused(_)), "{body}");
    }
    let reply = answer(&mut store, &asked.encode());
    assert_eq!(read(reply.status, &reply.body), Asked::Stale(9));
    for body in ["09\n", "9", "", "another root\n"] {
        assert!(matches!(read(409, body), Asked::Refused(_)), "{body}");
    }
    let words = read(500, "a\u{1b}[2J\nb\n");
    assert_eq!(words, Asked::Refused("500: a [2J b".into()));
}

#[test]
fn a_ledger_may_have_two_keys_while_it_changes_them() {
    let second = LedgerKey::from_seed("ledger.example/fleet-1", &[3; 32]).unwrap();
    let secret = WitnessKey::from_seed("flag.example/w1", &[7; 32]).unwrap();
    let keys = [&key(), &second].map(|key| key.verifier().clone());
    let witness = Witness::new(secret.clone(), keys).unwrap();
    assert_eq!(witness.origins().collect::<Vec<_>>(), ["ledger.example/fleet-1"]);
    let (_, nodes) = numbered(9);
    let mut store = Memory::default();
    let first = request(&nodes, 0, 5);
    assert_eq!(witness.answer(&first.encode(), &mut store, &mut || NOW).unwrap().status, 200);
    let head = SignedTreeHead::sign(9, root_of(&nodes, 9).unwrap(), &second).unwrap();
    let next = AddTreeHead { head, ..request(&nodes, 5, 9) };
    assert_eq!(witness.answer(&next.encode(), &mut store, &mut || NOW).unwrap().status, 200);
    let wrong = VerifierKey::new("a", KeyType::Cosignature, &secret.verifier().public_key());
    assert!(Witness::new(secret, [wrong.unwrap()]).is_err());
}

proptest! {
    #[test]
    fn hostile_requests(bytes in proptest::collection::vec(any::<u8>(), 0..120), lines in "old [0-9]{1,21}\n([A-Za-z+/]{43}=\n){0,3}\n") {
        let mut store = Memory::default();
        for body in [bytes.clone(), [lines.as_bytes(), &bytes].concat()] {
            prop_assert_eq!(answer(&mut store, &body).status, 400);
        }
        prop_assert_eq!(store.writes, 0);
    }

    /// Whatever is asked in whatever order, all that was cosigned is one ledger that only grows.
    #[test]
    fn what_was_cosigned_is_one_ledger(asked in proptest::collection::vec((0..25_u64, 0..25_u64, any::<bool>()), 1..30)) {
        let (_, nodes) = numbered(25);
        let (_, other) = grown((1..26_u64).map(u64::to_be_bytes));
        let mut store = Memory::default();
        let mut cosigned: Vec<(u64, Hash)> = Vec::new();
        for (old, more, second_face) in asked {
            let nodes = if second_face { &other } else { &nodes };
            let request = request(nodes, old, (old + more).min(25));
            if answer(&mut store, &request.encode()).status == 200 {
                cosigned.push((request.head.head().size, request.head.head().root));
            }
        }
        prop_assert!(cosigned.is_sorted_by_key(|(size, _)| *size));
        let faces = |nodes: &Nodes| cosigned.iter().filter(|(size, _)| *size > 0).all(|(size, root)| root_of(nodes, *size) == Ok(*root));
        prop_assert!(faces(&nodes) || faces(&other));
    }
}
