use proptest::prelude::*;

use super::{note_vectors, numbered, numbered_leaf};
use crate::{
    ledger::{
        LedgerKey, LoggedProof, LoggedProofError, NoteError, NoteKeyError, Policy, ProofError,
        SignedTreeHead, WitnessKey,
        merkle::prove_inclusion,
        policy::{MAX_ENTRIES, MAX_POLICY, PolicyFault},
    },
    model::Hash,
};

fn ledger_key() -> LedgerKey {
    LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap()
}

fn witness_key(number: u8) -> WitnessKey {
    WitnessKey::from_seed(&format!("witness.example/{number}"), &[number; 32]).unwrap()
}

/// The lines of a policy, with `LOG` and `W2` to `W9` in place of keys.
fn with_keys(text: &str) -> String {
    let text = text.replace("LOG", &ledger_key().verifier().to_string());
    (2..10).fold(text, |text, number| {
        text.replace(&format!("W{number}"), &witness_key(number).verifier().to_string())
    })
}

fn policy(text: &str) -> Policy {
    Policy::parse(with_keys(text).as_bytes()).unwrap()
}

fn head(cosigned_by: &[u8]) -> SignedTreeHead {
    let mut head = SignedTreeHead::sign(5, Hash([5; 32]), &ledger_key()).unwrap();
    for number in cosigned_by {
        let line = witness_key(*number).cosign(head.note().text(), 1_790_000_000);
        head.add(line).unwrap();
    }
    head
}

#[test]
fn the_generated_policy_is_met_by_the_generated_tree_head() {
    let vectors = note_vectors();
    let case = &vectors["generated"];
    let policy = Policy::parse(case["policy"].as_str().unwrap().as_bytes()).unwrap();
    let head = SignedTreeHead::parse(case["checkpoint"].as_str().unwrap().as_bytes()).unwrap();
    let verdict = policy.judge(&head);
    assert!(verdict.is_met());
    assert_eq!(
        verdict.to_string(),
        "The ledger patrol.example/fleet-1 has signed this tree head of 8 leaves.\n\
         Witness flag (flag.example/w1, key Kay64UG8) has cosigned it at 2026-09-21T14:13:20Z.\n\
         The quorum flag has cosigned.\n\
         The policy is met."
    );
}

#[test]
fn groups_of_groups() {
    // The example of the specification, with its comments and spaces.
    let policy = policy(
        "# known logs\n\tlog  LOG https://ledger.example/ \n\n\
         witness X1 W2\nwitness X2 W3\nwitness X3 W4\ngroup X-witnesses 2 X1 X2 X3\n\
         witness Y1 W5\nwitness Y2 W6 https://y.example\nwitness Y3 W7\ngroup Y-witnesses any Y1 Y2 Y3\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y",
    );
    assert_eq!(policy.ledgers()[0].url.as_deref(), Some("https://ledger.example/"));
    assert_eq!(policy.witnesses()[4].name, "Y2");
    let met = |by: &[u8]| policy.judge(&head(by)).is_met();
    for enough in [&[2, 3, 5][..], &[2, 4, 7], &[3, 4, 6], &[2, 3, 4, 5, 6, 7]] {
        assert!(met(enough), "{enough:?}");
    }
    for too_few in [&[][..], &[2, 3, 4], &[5, 6, 7], &[2, 5, 6, 7], &[2, 3, 8]] {
        assert!(!met(too_few), "{too_few:?}");
    }
    let words = policy.judge(&head(&[2, 5])).to_string();
    for expected in [
        "Group X-witnesses: 1 of 3 have cosigned, 2 are needed: too few.",
        "Group Y-witnesses: 1 of 3 have cosigned, 1 are needed: enough.",
        "Group X-and-Y: 1 of 2 have cosigned, 2 are needed: too few.",
        "The policy is not met.",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

#[test]
fn what_does_not_count() {
    let policy = policy("log LOG\nwitness a W2\nquorum a\n");
    assert!(policy.judge(&head(&[2])).is_met());
    // Cosigned, and not signed by the ledger.
    let other = LedgerKey::from_seed("ledger.example/fleet-1", &[9; 32]).unwrap();
    let mut unsigned = SignedTreeHead::sign(5, Hash([5; 32]), &other).unwrap();
    unsigned.add(witness_key(2).cosign(unsigned.note().text(), 1)).unwrap();
    let verdict = policy.judge(&unsigned);
    assert!(!verdict.signed && verdict.quorum_met && !verdict.is_met());
    // Signed with the ledger's key, under another origin.
    let renamed = LedgerKey::from_seed("ledger.example/fleet-2", &[1; 32]).unwrap();
    let renamed = SignedTreeHead::sign(5, Hash([5; 32]), &renamed).unwrap();
    assert!(!policy.judge(&renamed).signed);
    // A cosignature of something else spoils the whole.
    let mut spoiled = head(&[]);
    spoiled.add(witness_key(2).cosign("another text\n", 1)).unwrap();
    let verdict = policy.judge(&spoiled);
    assert_eq!(verdict.spoiled, Some(NoteError::BadSignature("witness.example/2".into())));
    assert!(!verdict.is_met() && verdict.to_string().starts_with("Not believed"));
    // Without a ledger in the policy nobody is believed.
    assert!(!Policy::parse(b"quorum none\n").unwrap().judge(&head(&[2])).is_met());
    assert!(Policy::of_ledger(ledger_key().verifier().clone()).judge(&head(&[])).is_met());
}

#[test]
fn policies_of_other_forms_are_refused() {
    use PolicyFault::*;
    let name = |name: &str| name.to_owned();
    let cases = [
        ("", 1, Quorum),
        ("log LOG\n", 2, Quorum),
        ("quorum none\nquorum none\n", 2, Quorum),
        ("quorum a\n", 1, UnknownName(name("a"))),
        ("quorum\n", 1, Words),
        ("quorum none none\n", 1, Words),
        ("log\n", 1, Words),
        ("log LOG url url\n", 1, Words),
        ("LOG LOG\n", 1, Words),
        ("log W2\n", 1, Key(NoteKeyError::Type { found: 4, expected: 1 })),
        ("log x\n", 1, Key(NoteKeyError::Form)),
        ("log LOG\n log LOG\n", 2, SameKey),
        ("witness a LOG\n", 1, Key(NoteKeyError::Type { found: 1, expected: 4 })),
        ("witness a W2\nwitness b W2\n", 2, SameKey),
        ("witness a W2\nwitness a W3\n", 2, SameName(name("a"))),
        ("witness none W2\n", 1, SameName(name("none"))),
        ("witness a W2\ngroup a any a\n", 2, SameName(name("a"))),
        ("group g any g\n", 1, UnknownName(name("g"))),
        ("group g any none\n", 1, UnknownName(name("none"))),
        ("group g any\n", 1, Count),
        ("witness a W2\ngroup g 0 a\n", 2, Count),
        ("witness a W2\ngroup g 2 a\n", 2, Count),
        ("witness a W2\ngroup g 01 a\n", 2, Words),
        ("witness a W2\ngroup g most a\n", 2, Words),
        ("witness a W2\ngroup g 1 a a\n", 2, SecondGroup(name("a"))),
        ("witness a W2\ngroup g 1 a\ngroup h 1 a\n", 3, SecondGroup(name("a"))),
        ("quorum none\r\n", 1, Character),
        ("quorum none\n\0", 2, Character),
        ("quorum none\n\x7f", 2, Character),
    ];
    for (text, line, fault) in cases {
        let error = Policy::parse(with_keys(text).as_bytes()).unwrap_err();
        assert_eq!((error.line, error.fault), (line, fault), "{text:?}");
    }
    assert!(Policy::parse(&vec![b'#'; MAX_POLICY + 1]).is_err());
    // Names are bytes; no text is expected of them.
    let text = with_keys("witness \u{e9}t\u{e9} W2\nquorum \u{e9}t\u{e9}\n");
    let mut latin: Vec<u8> = Vec::new();
    latin.extend(text.chars().map(|c| c as u8));
    assert!(Policy::parse(&latin).is_ok());
    let groups = |count: usize| {
        let witness = with_keys("witness g W2\n");
        let lines = (0..count).map(|at| {
            let member = if at == 0 { "g".to_owned() } else { format!("g{}", at - 1) };
            format!("group g{at} any {member}\n")
        });
        Policy::parse(format!("{witness}{}quorum none\n", lines.collect::<String>()).as_bytes())
    };
    assert!(groups(MAX_ENTRIES).is_ok());
    assert_eq!(groups(MAX_ENTRIES + 1).unwrap_err().fault, TooLarge);
}

#[test]
fn a_proof_is_a_file_that_needs_nobodys_answer() {
    let (frontier, nodes) = numbered(11);
    let mut head = SignedTreeHead::sign(11, frontier.root(), &ledger_key()).unwrap();
    let policy = policy("log LOG\nwitness a W2\nquorum a\n");
    for index in 0..11 {
        for extra in [None, Some(b"beside".to_vec()), Some(Vec::new())] {
            let path = prove_inclusion(&nodes, index, 11).unwrap();
            let proof = LoggedProof { extra, index, path, head: head.clone() };
            let read = LoggedProof::parse(&proof.encode()).unwrap();
            assert_eq!(read, proof);
            let refused = read.verify(numbered_leaf(index), &policy);
            assert!(matches!(refused, Err(LoggedProofError::Policy(verdict)) if verdict.signed));
        }
    }
    head.add(witness_key(2).cosign(head.note().text(), 7)).unwrap();
    let path = prove_inclusion(&nodes, 3, 11).unwrap();
    let proof = LoggedProof { extra: None, index: 3, path, head };
    assert!(proof.verify(numbered_leaf(3), &policy).unwrap().is_met());
    let other = proof.verify(numbered_leaf(4), &policy);
    assert_eq!(other, Err(LoggedProofError::Path(ProofError::OtherRoot)));

    let bytes = proof.encode();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let good =
            LoggedProof::parse(&changed).and_then(|proof| proof.verify(numbered_leaf(3), &policy));
        assert!(good.is_err(), "byte {at}");
    }
    for (from, to) in [
        ("index 3", "index 03"),
        ("index 3", "index"),
        ("index 3\n", "extra AA\nindex 3\n"),
        ("index 3\n", "extra AAAA\nextra AAAA\nindex 3\n"),
        ("index 3\n", "index 3\n\n"),
        ("@v1\n", "@v2\n"),
        ("@v1\n", "@v1\r\n"),
    ] {
        assert!(LoggedProof::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to:?}");
    }
}

proptest! {
    #[test]
    fn hostile_policies(text in "((log|witness|group|quorum|none|any|all|LOG|W2|W3|a|b|1|2|#|é| |\t){0,8}\n){0,6}") {
        let spaced = text.replace("LOG", " LOG ").replace('W', " W");
        let _ = Policy::parse(with_keys(&spaced).as_bytes()).map(|policy| policy.judge(&head(&[2, 3])).to_string());
    }

    #[test]
    fn hostile_proofs(bytes in proptest::collection::vec(any::<u8>(), 0..100), lines in "(extra [A-Za-z=]{0,6}\n)?index [0-9]{1,21}\n([A-Za-z+/]{43}=\n){0,3}\n") {
        for whole in [bytes.clone(), [b"c2sp.org/tlog-proof@v1\n", lines.as_bytes(), &bytes].concat()] {
            prop_assert!(LoggedProof::parse(&whole).is_err());
        }
    }
}
