//! What somebody finds who has the phone's files and not its safe, and a safe that was emptied.

use super::{
    hands::hear,
    known::set,
    pages::{DAY, certificate, remark, shore_says},
    *,
};
use crate::{
    authority::Roles,
    model::{CheckpointId, CrewNo},
    phone::OpenError,
    plan::{Checkpoint, PlanContent},
    store::{AsideError, SealError, Store, StoreError, files, in_clear, is_in, version_1},
};

const CREW: u32 = 0x5a3c_7e91;
const REMARK: &str = "Kowalski saw smoke at frame 57";

/// A phone that was used: a plan written, a PIN set, a patrol walked, a page written on. And what of it must be nowhere.
fn used(bench: &Bench) -> (Phone, Vec<(String, Vec<u8>)>) {
    const NAMES: [&str; 2] = ["Paint store aft", "Purifier room, lower"];
    let mut phone = bench.enrolled();
    let officer = certificate(&phone, Roles::CREW.and(Roles::OFFICER), None);
    hear(&mut phone, shore_says(&[officer]), 5);
    let named = |name: &str| Checkpoint { name: name.into(), ..Checkpoint::default() };
    let points = (1_u8..).zip(NAMES).map(|(n, name)| (CheckpointId([n; 8]), named(name)));
    let plan = PlanContent {
        vessel_name: "Nordlys of Bergen".into(),
        checkpoints: points.collect(),
        roster: [CrewNo(CREW)].into(),
        ..PlanContent::default()
    };
    phone.edit_plan(&plan, &at(10)).unwrap();
    set(&mut phone, CREW, "481516", 11).unwrap();
    let person = PersonPart { crew: CrewNo(CREW), grade: 0, how: 0 };
    phone.login(person, &at(12)).unwrap();
    phone.start(None, None, &at(13)).unwrap();
    for (n, secs) in [(1, 14), (2, 15), (3, 16)] {
        phone.scan_text(&label(n), &at(secs)).unwrap();
    }
    phone.write_page(DAY, &remark(REMARK), &at(17)).unwrap();
    phone.end(1, 0, &at(18)).unwrap();
    let mut needles = vec![
        ("a remark".to_owned(), REMARK.as_bytes().to_vec()),
        ("the roster number".to_owned(), CREW.to_be_bytes().to_vec()),
        ("the ship's name".to_owned(), plan.vessel_name.as_bytes().to_vec()),
        ("the enrolment".to_owned(), enrolment().to_text().into_bytes()),
    ];
    needles.extend(NAMES.map(|name| (name.to_owned(), name.as_bytes().to_vec())));
    let dev = phone.device();
    for record in phone.store().own_records(dev, 0, 99).unwrap() {
        // Its beginning is the device and the hash before it, which are in clear.
        let end = record.bytes[record.bytes.len() - 24..].to_vec();
        needles.push((format!("record {}", record.seq), end));
        let parts = ["time", "person", "content"].into_iter().zip(record.parts);
        needles.extend(
            parts
                .filter(|(_, part)| part.len() >= 6)
                .map(|(name, part)| (format!("{name} of record {}", record.seq), part)),
        );
    }
    (phone, needles)
}

fn found(bench: &Bench, needles: &[(String, Vec<u8>)]) -> Vec<String> {
    let files = files(bench.folder.path());
    let found = needles.iter().filter(|(_, needle)| is_in(&files, needle));
    found.map(|(name, _)| name.clone()).collect()
}

#[test]
fn nothing_of_a_patrol_is_in_the_files_without_the_safe() {
    let bench = Bench::new();
    let (phone, needles) = used(&bench);
    assert!(needles.len() > 25, "{} needles", needles.len());
    let head = phone.head();
    // While the log is full, and when the app was ended.
    assert_eq!(found(&bench, &needles), [""; 0]);
    drop(phone);
    assert_eq!(found(&bench, &needles), [""; 0]);
    // The same store in clear, as it was in the version before: the search finds every one.
    in_clear(&bench.path(), bench.safe.as_ref());
    let all: Vec<String> = needles.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(found(&bench, &needles), all);
    // And none after the next open, which goes on where the last one ended.
    let (mut phone, opened) = bench.open(100);
    assert!(matches!(opened, Opened::Resumed { .. }), "{opened:?}");
    let (seq, hash) = head.unwrap();
    let dev = phone.device();
    assert_eq!(phone.store().own_records(dev, seq, seq).unwrap()[0].hash, hash);
    assert!(phone.store().login_key(CrewNo(CREW)).unwrap().is_some());
    assert_eq!(found(&bench, &needles), [""; 0]);
    drop(phone);
    assert_eq!(found(&bench, &needles), [""; 0]);
}

#[test]
fn a_phone_whose_safe_was_emptied_is_told_and_begins_anew_beside_its_old_store() {
    let bench = Bench::new();
    // Of its six records the shore has given a receipt.
    version_1(&bench.path());
    let (phone, _) = bench.open(60);
    let (old, newest) = (phone.device(), phone.head().unwrap().0);
    drop(phone);
    let again = |secs| {
        let entropy = Box::new(SeededEntropy::new(12));
        Phone::open(&bench.path(), Arc::clone(&bench.safe) as _, entropy, &at(secs))
    };
    let set_aside =
        || Phone::set_aside(&bench.path(), bench.safe.as_ref(), &mut SeededEntropy::new(13));
    let refused = set_aside();
    assert!(matches!(refused, Err(AsideError::NotLost)), "{refused:?}");
    // The device key is still there, as where only the wrapping key was lost.
    std::fs::remove_file(bench.folder.path().join("safe/store.key")).unwrap();
    let was = std::fs::read(bench.path()).unwrap();
    let error = again(200).map(|(_, opened)| opened).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Seal(SealError::KeyLost(_)))), "{error}");
    assert_eq!(std::fs::read(bench.path()).unwrap(), was, "it is as it was");
    let aside = set_aside().unwrap();
    assert_eq!(aside.chains.len(), 1);
    let (dev, held, receipted) = aside.chains[0];
    assert_eq!((dev, held), (old, newest));
    assert!(receipted.is_some_and(|receipted| receipted < newest), "the shore has a part of it");
    let (mut phone, opened) = again(201).unwrap();
    assert_eq!(opened, Opened::New);
    assert_ne!(phone.device(), old, "its old chain cannot go on, so it must not begin again");
    phone.enrol(&enrolment(), &at(202)).unwrap();
    assert!(Store::lost(&aside.path, bench.safe.as_ref(), &mut SeededEntropy::new(14)).is_ok());
}
