use crate::{
    entropy::SeededEntropy,
    ledger::LoggedRun,
    model::Hash,
    record::{
        Body, CborError, ContentPart, DeviceKey, Item, Part, PersonPart, Segment, SoftwareKey,
        TimePart, VerifiedSegment,
    },
};

fn segment(key: &SoftwareKey) -> Segment {
    let genesis = Body::Genesis {
        key: key.public_key(),
        vessel: crate::model::VesselId([7; 16]),
        nonce: [0; 16],
        offset: 0,
        continues: None,
    };
    let bodies = std::iter::once(genesis).chain((0..5).map(|_| Body::Alive));
    let item = |(body, mono)| {
        let time = TimePart { boot: [1; 8], mono, wall: 1_793_577_600 };
        Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body })
    };
    Segment::cut(key, 0, Hash::ZERO, [3; 16], bodies.zip(0..).map(item).collect()).unwrap()
}

/// The copy that a carrier made by leaving out the first records.
fn without_first(segment: &Segment, count: usize) -> Segment {
    let prev = segment.records().nth(count).unwrap().prev;
    let items = segment.items[count..].to_vec();
    Segment { from: count as u64, prev, items, ..segment.clone() }
}

#[test]
fn every_copy_gives_the_same_subject() {
    let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
    let verified =
        |segment: &Segment| -> VerifiedSegment { segment.verify(&key.public_key()).unwrap() };
    let full = segment(&key);
    let run = LoggedRun::of(&verified(&full));
    assert_eq!((run.from, run.to, run.prev), (0, 5, Hash::ZERO));
    assert_eq!(LoggedRun::decode(&run.encode()), Ok(run));
    let withheld = full.disclose(|_, _| false);
    let in_part = full.disclose(|seq, part| seq == 0 && part == Part::Content);
    for copy in [&withheld, &in_part] {
        assert_ne!(copy.encode(), full.encode());
        assert_eq!(LoggedRun::of(&verified(copy)).subject(), run.subject());
        assert!(run.is_in(&verified(copy)));
    }
    // ECDSA signatures have two forms, and none is part of what was said.
    let mut other_form = full.clone();
    let (r, s) = full.signature.split_at(32);
    let scalar = p256::NonZeroScalar::try_from(s).unwrap();
    let negated: [u8; 32] = (-*scalar).to_bytes().into();
    other_form.signature = [r, &negated].concat().try_into().unwrap();
    assert_ne!(other_form.signature, full.signature);
    assert_eq!(LoggedRun::of(&verified(&other_form)), run);
}

#[test]
fn a_fuller_copy_adds_what_was_left_out() {
    let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
    let full = segment(&key).verify(&key.public_key()).unwrap();
    let shorter = without_first(&segment(&key), 2).verify(&key.public_key()).unwrap();
    let first_held = LoggedRun::of(&shorter);
    assert_eq!((first_held.from, first_held.to), (2, 5));
    assert!(first_held.is_in(&shorter) && first_held.is_in(&full));
    // What the fuller copy adds ends where the other begins, so nothing between is withheld.
    let whole = LoggedRun::of(&full);
    assert!(!whole.is_in(&shorter));
    let added = LoggedRun { to: 1, head: first_held.prev, ..whole };
    assert!(added.is_in(&full) && !added.is_in(&shorter));
    // What a shore that holds seq 0 to 3 logs of it.
    let rest = LoggedRun::since(&full, 4).unwrap();
    assert_eq!((rest.from, rest.prev, rest.head), (4, full.entries[3].at.hash, whole.head));
    assert!(rest.is_in(&full) && rest.is_in(&shorter));
    assert_eq!(LoggedRun::since(&full, 0), Some(whole));
    assert_eq!(LoggedRun::since(&shorter, 1), Some(first_held));
    assert_eq!(LoggedRun::since(&full, 6), None);
    for wrong in [
        LoggedRun { head: Hash([1; 32]), ..rest },
        LoggedRun { prev: Hash([1; 32]), ..rest },
        LoggedRun { to: 3, ..rest },
        LoggedRun { from: 5, ..rest },
        LoggedRun { dev: crate::model::DeviceId([0; 8]), ..rest },
    ] {
        assert!(!wrong.is_in(&full), "{wrong:?}");
        assert_ne!(wrong.subject(), rest.subject());
    }
}

#[test]
fn runs_of_other_forms_are_refused() {
    let run = LoggedRun {
        dev: crate::model::DeviceId([1; 8]),
        from: 3,
        prev: Hash([2; 32]),
        to: 3,
        head: Hash([3; 32]),
    };
    assert_eq!(LoggedRun::decode(&run.encode()), Ok(run));
    for wrong in [
        LoggedRun { to: 2, ..run },
        LoggedRun { prev: Hash::ZERO, ..run },
        LoggedRun { from: 0, ..run },
    ] {
        let error = CborError::Expected("a run of at least one record");
        assert_eq!(LoggedRun::decode(&wrong.encode()), Err(error), "{wrong:?}");
    }
    let bytes = run.encode();
    assert!((0..bytes.len()).all(|end| LoggedRun::decode(&bytes[..end]).is_err()));
    assert!(LoggedRun::decode(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn each_record_is_covered_once_whatever_is_cut_and_forked() {
    let key = SoftwareKey::generate(&mut SeededEntropy::new(1));
    let whole = segment(&key).verify(&key.public_key()).unwrap();
    assert_eq!(LoggedRun::covering(&whole.entries), [LoggedRun::of(&whole)]);
    assert_eq!(LoggedRun::covering(&[]), []);
    // A branch from record 2 on, and record 4 of the first one left out.
    let items = [Body::Alive, Body::Park { reason: 1 }].map(|body| {
        let time = TimePart { boot: [1; 8], mono: 9, wall: 1_793_577_600 };
        Item::shown(&time, &PersonPart::NOBODY, &ContentPart { patrol: 0, body })
    });
    let at = whole.entries[2].at;
    let branch = Segment::cut(&key, 3, at.hash, [4; 16], items.to_vec()).unwrap();
    let branch = branch.verify(&key.public_key()).unwrap();
    let held = whole.entries.iter().filter(|entry| entry.at.seq != 4).chain(&branch.entries);
    let held: Vec<_> = held.collect();
    let runs = LoggedRun::covering(held.iter().copied());
    let mut named: Vec<(u64, Hash)> = Vec::new();
    for run in &runs {
        let (mut seq, mut hash) = (run.to, run.head);
        loop {
            named.push((seq, hash));
            let entry = held.iter().find(|entry| (entry.at.seq, entry.at.hash) == (seq, hash));
            if seq == run.from {
                assert_eq!(entry.unwrap().prev, run.prev);
                break;
            }
            (seq, hash) = (seq - 1, entry.unwrap().prev);
        }
        assert_eq!(LoggedRun::decode(&run.encode()), Ok(*run));
    }
    let mut all: Vec<(u64, Hash)> =
        held.iter().map(|entry| (entry.at.seq, entry.at.hash)).collect();
    named.sort_unstable();
    all.sort_unstable();
    assert_eq!((named, runs.len()), (all, 3));
}
