use data_encoding::BASE64;
use proptest::prelude::*;

use super::note_vectors;
use crate::{
    ledger::{
        KeyType, LedgerKey, Note, NoteError, NoteKeyError, NoteSignature, SignedTreeHead, TreeHead,
        TreeHeadError, VerifierKey, WitnessKey,
        note::{MAX_NOTE, MAX_SIGNATURES},
    },
    model::Hash,
};

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

fn seed(value: &serde_json::Value) -> [u8; 32] {
    super::bytes(value).try_into().unwrap()
}

fn ledger_key() -> LedgerKey {
    LedgerKey::from_seed("ledger.example/fleet-1", &[1; 32]).unwrap()
}

fn witness_key(number: u8) -> WitnessKey {
    WitnessKey::from_seed(&format!("witness.example/{number}"), &[number; 32]).unwrap()
}

#[test]
fn the_published_note() {
    for case in note_vectors()["published"].as_array().unwrap() {
        let key = VerifierKey::parse(text(&case["vkey"])).unwrap();
        assert_eq!(key.to_string(), text(&case["vkey"]));
        let bytes = text(&case["note"]).as_bytes();
        let note = Note::parse(bytes).unwrap();
        assert_eq!(note.encode(), bytes);
        assert_eq!(note.verify([&key]).unwrap()[0].key, &key);
    }
}

#[test]
fn the_generated_tree_head_with_its_cosignature() {
    let vectors = note_vectors();
    let case = &vectors["generated"];
    let origin = text(&case["log_vkey"]).split('+').next().unwrap();
    let ledger = LedgerKey::from_seed(origin, &seed(&case["log_seed"])).unwrap();
    let name = text(&case["witness_vkey"]).split('+').next().unwrap();
    let witness = WitnessKey::from_seed(name, &seed(&case["witness_seed"])).unwrap();
    assert_eq!(ledger.verifier().to_string(), text(&case["log_vkey"]));
    assert_eq!(witness.verifier().to_string(), text(&case["witness_vkey"]));

    let bytes = text(&case["checkpoint"]).as_bytes();
    let read = SignedTreeHead::parse(bytes).unwrap();
    let head = read.verify(ledger.verifier()).unwrap();
    assert_eq!((head.size, head.text().as_str()), (8, text(&case["body"])));
    let time = case["timestamp"].as_u64().unwrap();
    let message = crate::ledger::cosignature::message(time, &head.text());
    assert_eq!(message, text(&case["cosigned_message"]).as_bytes());
    let signed = read.note().verify([witness.verifier()]).unwrap();
    assert_eq!(signed[0].checked.time, Some(time));

    // And the other way round: Ed25519 is deterministic.
    let mut made = SignedTreeHead::sign(8, head.root, &ledger).unwrap();
    made.add(witness.cosign(made.note().text(), time)).unwrap();
    assert_eq!(made.encode(), bytes);
}

#[test]
fn every_changed_byte_is_noticed() {
    let (ledger, witness) = (ledger_key(), witness_key(2));
    let mut head = SignedTreeHead::sign(7, Hash([3; 32]), &ledger).unwrap();
    head.add(witness.cosign(head.note().text(), 1_790_000_000)).unwrap();
    let bytes = head.encode();
    let known = [ledger.verifier(), witness.verifier()];
    let good = |bytes: &[u8]| {
        let note = Note::parse(bytes).ok()?;
        Some(note.verify(known).ok()?.len())
    };
    assert_eq!(good(&bytes), Some(2));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(good(&changed) < Some(2), "byte {at}, bit {bit}");
        }
        assert!(good(&bytes[..at]) < Some(2));
    }
}

#[test]
fn keys_of_other_forms_are_refused() {
    let good = ledger_key().verifier().to_string();
    assert!(VerifierKey::parse(&good).is_ok());
    let (name, rest) = good.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    let with_type = |number: u8, length: usize| {
        let mut bytes = BASE64.decode(key.as_bytes()).unwrap();
        bytes[0] = number;
        bytes.resize(length, 7);
        format!("{name}+{id}+{}", BASE64.encode(&bytes))
    };
    use NoteKeyError::*;
    let cases = [
        (String::new(), Form),
        (name.to_owned(), Form),
        (format!("{name}+{id}"), Form),
        (format!("{name}+{}+{key}", id.to_uppercase()), Form),
        (format!("{name}+0{id}+{key}"), Form),
        (format!("{name}+{id}+{}", key.trim_end_matches('=')), Form),
        (format!("{name}+{id}+{key} "), Form),
        (format!("{name}+{id}+"), Form),
        (format!("+{id}+{key}"), Name(String::new())),
        (format!("a b+{id}+{key}"), Name("a b".into())),
        (format!("a\u{2003}b+{id}+{key}"), Name("a\u{2003}b".into())),
        (format!("{}+{id}+{key}", "a".repeat(256)), Name("a".repeat(256))),
        (with_type(2, 33), UnknownType(2)),
        (with_type(6, 1_313), UnknownType(6)),
        (with_type(1, 32), Point),
        (with_type(1, 34), Point),
    ];
    for (text, expected) in cases {
        // An id in digits alone has no upper case.
        if text != good {
            assert_eq!(VerifierKey::parse(&text), Err(expected), "{text}");
        }
    }
    assert!(matches!(VerifierKey::parse(&format!("{name}x+{id}+{key}")), Err(Id { .. })));
    assert!(matches!(VerifierKey::parse(&with_type(4, 33)), Err(Id { .. })));
    // Points of small order, for which one signature fits every text.
    for weak in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        assert_eq!(VerifierKey::new("name", KeyType::Ed25519, &weak), Err(Point));
    }
    let witness = witness_key(1).verifier().to_string();
    let type_error = Err(Type { found: 4, expected: 1 });
    assert_eq!(VerifierKey::parse_as(&witness, KeyType::Ed25519), type_error);
}

#[test]
fn secret_keys_are_read_back_and_not_shown() {
    let ledger = ledger_key();
    let secret = ledger.to_text();
    assert_eq!(LedgerKey::parse(&secret).unwrap().verifier(), ledger.verifier());
    assert!(!format!("{ledger:?}").contains(secret.rsplit('+').next().unwrap()));
    let other = WitnessKey::parse(&secret).err();
    assert_eq!(other, Some(NoteKeyError::Type { found: 1, expected: 4 }));
    let public = ledger.verifier().to_string();
    assert_eq!(LedgerKey::parse(&public).err(), Some(NoteKeyError::Form));
    let witness = witness_key(4);
    let again = WitnessKey::parse(&witness.to_text()).unwrap();
    assert_eq!(again.cosign("text\n", 5), witness.cosign("text\n", 5));
    let wrong = witness.to_text().replace("witness.example", "witness.exampl3");
    assert!(matches!(WitnessKey::parse(&wrong), Err(NoteKeyError::Id { .. })));
}

#[test]
fn strangers_are_ignored_and_known_keys_must_fit() {
    let (ledger, witness) = (ledger_key(), witness_key(2));
    let mut note = Note::sign("a text\n".into(), &ledger).unwrap();
    // Same name, other id; same id, other name.
    let own = ledger.sign("a text\n");
    note.add(NoteSignature { id: own.id ^ 1, ..own.clone() }).unwrap();
    note.add(NoteSignature { name: "else.example".into(), ..own.clone() }).unwrap();
    assert_eq!(note.verify([ledger.verifier()]).unwrap().len(), 1);
    assert_eq!(note.verify([witness.verifier()]), Err(NoteError::Unknown));
    assert_eq!(note.verify([]), Err(NoteError::Unknown));

    // A known key whose signature is over something else spoils the note, also beside a good one.
    note.add(witness.cosign("another text\n", 1)).unwrap();
    assert_eq!(note.verify([ledger.verifier()]).unwrap().len(), 1);
    let bad = NoteError::BadSignature("witness.example/2".into());
    assert_eq!(note.verify([ledger.verifier(), witness.verifier()]), Err(bad.clone()));
    // A cosignature is no note signature, and the other way round.
    let plain = NoteSignature { bytes: own.bytes.clone(), ..witness.cosign("a text\n", 1) };
    note.add(plain).unwrap();
    assert_eq!(note.verify([witness.verifier()]), Err(bad));
    note.add(witness.cosign("a text\n", 1)).unwrap();
    assert_eq!(note.verify([ledger.verifier(), witness.verifier()]).unwrap().len(), 2);

    // One key, two lines: also where both are good.
    let twice = [note.encode(), witness.cosign("a text\n", 2).line().into_bytes()].concat();
    let twice = Note::parse(&twice).unwrap();
    let error = NoteError::Twice("witness.example/2".into());
    assert_eq!(twice.verify([witness.verifier()]), Err(error));
    assert_eq!(twice.verify([ledger.verifier()]).unwrap().len(), 1);
}

#[test]
fn a_time_beyond_63_bits_is_no_time() {
    let witness = witness_key(1);
    for (time, good) in [(0, true), (i64::MAX as u64, true), (i64::MAX as u64 + 1, false)] {
        let signature = witness.cosign("a text\n", time);
        assert_eq!(witness.verifier().check("a text\n", &signature.bytes).is_some(), good);
    }
}

#[test]
fn notes_of_other_forms_are_refused() {
    let line = ledger_key().sign("a\n").line();
    let parse = |note: String| Note::parse(note.as_bytes()).map(drop);
    assert_eq!(parse(format!("a\n\n{line}")), Ok(()));
    assert_eq!(parse(format!("a\n\nb\n\n\n{line}")), Ok(()), "empty lines belong to the text");
    let (name, key) = line.trim_end().strip_prefix("\u{2014} ").unwrap().split_once(' ').unwrap();
    for wrong in [
        String::new(),
        "a\n".into(),
        "a\n\n".into(),
        format!("a\n{line}"),
        format!("\n{line}"),
        format!("a\n\n{}", line.trim_end()),
        format!("a\n\n{line}\n"),
        format!("a\n\n{line} \n"),
        format!("a\n\n- {name} {key}\n"),
        format!("a\n\n\u{2014}{name} {key}\n"),
        format!("a\n\n\u{2014} {key}\n"),
        format!("a\n\n\u{2014} {name}  {key}\n"),
        format!("a\n\n\u{2014} a+b {key}\n"),
        format!("a\n\n\u{2014} {name} {}\n", key.trim_end_matches('=')),
        format!("a\n\n\u{2014} {name} AAAAAA==\n"),
        format!("a\n\n\u{2014} {name} \n"),
    ] {
        assert_eq!(parse(wrong.clone()), Err(NoteError::Form), "{wrong:?}");
    }
    for wrong in ["a\tb\n\n", "a\r\n\n", "a\0\n\n"] {
        assert_eq!(parse(format!("{wrong}{line}")), Err(NoteError::NotText), "{wrong:?}");
    }
    assert_eq!(Note::parse(b"a\xff\n\n"), Err(NoteError::NotText));
    let many = |count| format!("a\n\n{}", line.repeat(count));
    assert_eq!(parse(many(MAX_SIGNATURES)), Ok(()));
    assert_eq!(parse(many(MAX_SIGNATURES + 1)), Err(NoteError::TooMany));
    assert_eq!(parse("a".repeat(MAX_NOTE + 1)), Err(NoteError::TooLarge(MAX_NOTE + 1)));
    for text in ["a", "a\n\u{1b}[2J\n"] {
        assert!(Note::sign(text.into(), &ledger_key()).is_err(), "{text:?}");
    }
}

#[test]
fn tree_heads_of_other_forms_are_refused() {
    let root = BASE64.encode(&[7; 32]);
    let good = format!("origin\n12\n{root}\n");
    let head = TreeHead::parse(&good).unwrap();
    assert_eq!((head.size, head.text()), (12, good));
    let extended = format!("origin of a ledger\n0\n{root}\nmore\nand more\n");
    assert_eq!(TreeHead::parse(&extended).unwrap().text(), extended);
    for wrong in [
        String::new(),
        "\n".into(),
        "origin\n12\n".into(),
        format!("origin\n12\n{root}"),
        format!("\n12\n{root}\n"),
        format!("origin\n\n{root}\n"),
        format!("origin\n012\n{root}\n"),
        format!("origin\n00\n{root}\n"),
        format!("origin\n+1\n{root}\n"),
        format!("origin\n-1\n{root}\n"),
        format!("origin\n 1\n{root}\n"),
        format!("origin\n18446744073709551616\n{root}\n"),
        format!("origin\n12\n{}\n", BASE64.encode(&[7; 31])),
        format!("origin\n12\n{}\n", BASE64.encode(&[7; 33])),
        format!("origin\n12\n{}\n", root.trim_end_matches('=')),
        format!("origin\n12\n{root}\n\n"),
        format!("origin\n12\n{root}\n\nmore\n"),
    ] {
        assert_eq!(TreeHead::parse(&wrong), Err(TreeHeadError::Form), "{wrong:?}");
    }
    let foreign = SignedTreeHead::sign(1, Hash::ZERO, &ledger_key()).unwrap();
    let other = LedgerKey::from_seed("another.example", &[1; 32]).unwrap();
    assert!(matches!(foreign.verify(other.verifier()), Err(TreeHeadError::OtherOrigin { .. })));
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(text in "(\\PC{0,30}\n){1,4}", names in proptest::collection::vec("[^\\s+\\x00-\\x1f]{1,20}", 1..5), bytes in proptest::collection::vec(any::<u8>(), 1..90)) {
        let lines: String = (0..).zip(names).map(|(id, name)| NoteSignature { name, id, bytes: bytes.clone() }.line()).collect();
        let whole = format!("{text}\n{lines}");
        let note = Note::parse(whole.as_bytes()).unwrap();
        prop_assert_eq!(note.text(), text);
        prop_assert_eq!(note.encode(), whole.into_bytes());
    }

    #[test]
    fn hostile_notes(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in "\n\n(\u{2014} [a-z+ ]{0,3} [A-Za-z0-9+/=]{0,12}\n){0,3}") {
        let whole = [&bytes[..], tail.as_bytes()].concat();
        if let Ok(note) = Note::parse(&whole) {
            prop_assert_eq!(note.encode(), whole);
            let key = ledger_key();
            prop_assert_eq!(note.verify([key.verifier()]), Err(NoteError::Unknown));
        }
    }
}
