//! `deckwatch tags`, from the first key to an auditor's file, and that keys leak nowhere on the way.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc};

use deckwatch::{
    clock::{Clock, SettableClock, SystemClock},
    demo::phone::SimulatedPhone,
};
use deckwatch_core::{
    model::CrewNo,
    phone::ScanOutcome,
    record::{Body, Chain, Enrolment},
};
use deckwatch_tests::tag::{Offsets, Tag, diversified, hex};

use super::*;

const UID: &str = "04de5f1eacc040";
const VESSEL: &str = "MV Test";

/// A vessel with two points, walked around the clock.
fn vessel() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    said(&run(&data, &["vessel", "add", VESSEL]));
    let times: Vec<String> = (0..24).map(|hour| format!("\"{hour:02}:00\"")).collect();
    let plan = format!(
        "roster = [7]\n[[checkpoint]]\nname = \"Paint locker\"\n[[checkpoint]]\nname = \"Gangway\"\n\
         [[route]]\nname = \"Round\"\nwalk = \"any_order\"\npoints = [\"Paint locker\", \"Gangway\"]\n\
         [[schedule]]\nname = \"Rounds\"\nroute = \"Round\"\ntimes = [{}]\nwindow_minutes = 60\nstart_within_minutes = 60\ngrace_minutes = 0\n",
        times.join(", ")
    );
    let file = folder.path().join("plan.toml");
    fs::write(&file, plan).unwrap();
    said(&run(&data, &["plan", "import", VESSEL, file.to_str().unwrap(), "--yes"]));
    (folder, data)
}

fn provision<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["tags", "provision", VESSEL, "--checkpoint", "Paint locker", "--uid", UID];
    fixed.into_iter().chain(more.iter().copied()).collect()
}

/// What stands behind a name in what was printed.
fn value<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name} is not in: {text}")).trim()
}

fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().map(|digit| (digit as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A tag written with what was printed.
fn written(text: &str) -> Tag {
    let number = |name: &str| value(text, name).parse().unwrap();
    let offsets = Offsets {
        uid: number("UIDOffset:"),
        counter: number("SDMReadCtrOffset:"),
        mac_input: number("SDMMACInputOffset:"),
        mac: number("SDMMACOffset:"),
    };
    let key = bytes(value(text, "key 2:")).try_into().unwrap();
    let uid = bytes(UID).try_into().unwrap();
    Tag::written(uid, key, bytes(value(text, "NDEF file 2:")), offsets)
}

/// The forms in which a key could stand somewhere.
fn forms(key: &[u8]) -> Vec<Vec<u8>> {
    let upper = hex(key);
    let list = key.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    vec![
        key.to_vec(),
        upper.clone().into_bytes(),
        upper.to_lowercase().into_bytes(),
        list.into_bytes(),
    ]
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_tag_is_written_with_what_the_command_prints_and_its_keys_leak_nowhere() {
    let (folder, data) = vessel();
    // A preview has no keys, and does nothing.
    let preview = said(&run(&data, &provision(&["--host", "dw.example", "--min-level", "4"])));
    assert!(preview.contains("+ least evidence at Paint locker: L4"), "{preview}");
    assert!(preview.contains("add --yes") && !preview.contains("key 0:"), "{preview}");
    let keys = || fs::read_dir(data.join("keys")).unwrap().map(|file| file.unwrap().path());
    assert!(!keys().any(|path| path.extension().is_some_and(|it| it == "tags")));
    let printed =
        said(&run(&data, &provision(&["--host", "dw.example", "--min-level", "4", "--yes"])));
    let mut tag = written(&printed);
    let file = keys().find(|path| path.extension().is_some_and(|it| it == "tags")).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // The keys are those of the published formula, from the master key in the file.
    let text: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let master: [u8; 16] = bytes(text["masters"][0]["key"].as_str().unwrap()).try_into().unwrap();
    let mut secrets = vec![master.to_vec()];
    for number in 0..5 {
        let key = diversified(&master, &tag.uid, number);
        assert_eq!(value(&printed, &format!("key {number}:")), hex(&key));
        secrets.push(key.to_vec());
    }

    // A phone, a walk, and the server with all its words.
    let log = folder.path().join("log");
    let mut serving = deckwatch()
        .env("RUST_LOG", "trace")
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        line.split("http://").nth(1).map(|rest| rest.split('/').next().unwrap().to_owned())
    });
    let serving = Serving { child: serving, address: address.unwrap() };
    let invite = |role: &str| {
        let text = said(&run(&data, &["enrol", VESSEL, "--role", role]));
        let code =
            text.lines().find(|line| line.starts_with("DECKWATCH-ENROL:")).unwrap().to_owned();
        Enrolment::from_text(&code).unwrap()
    };
    let now = SystemClock.now();
    let at = folder.path().join("phone");
    fs::create_dir(&at).unwrap();
    let mut phone =
        SimulatedPhone::enrol(&at, 5, &invite("officer"), CrewNo(7), (now - 600) * 1_000).unwrap();
    phone.sync(&serving.address, (now - 500) * 1_000).unwrap();
    let reading = phone.clock.read((now - 400) * 1_000);
    phone.phone.adopt_plan(now - 400, &reading).unwrap();
    phone.sync(&serving.address, (now - 390) * 1_000).unwrap();
    let reading = phone.clock.read((now - 300) * 1_000);
    phone.phone.start(None, None, &reading).unwrap();
    let message = tag.tap();
    let told = phone.phone.scan_nfc(Some(&tag.uid), &message, &reading).unwrap();
    assert!(matches!(told, ScanOutcome::Taken { .. }), "{told:?}");
    phone.phone.end(1, 0, &phone.clock.read((now - 200) * 1_000)).unwrap();
    phone.sync(&serving.address, now * 1_000).unwrap();
    let list = said(&run(&data, &["tags", "list", VESSEL]));
    for shown in [format!("tag {UID}  L4  key 1  at Paint locker"), "0 scans wait".to_owned()] {
        assert!(list.contains(&shown), "{shown}: {list}");
    }
    let checked = said(&run(&data, &["tags", "check", VESSEL]));
    assert!(checked.starts_with("0 checked"), "{checked}");
    drop(serving);
    // The sync itself had it checked.
    let clock = Arc::new(SettableClock::at(now + 60));
    let shore = deckwatch_tests::open(&data, &clock);
    let vessel = shore.vessels().unwrap()[0].id;
    let checks = shore.reading_held(vessel, |held| {
        let root = held.authority().root();
        let entries = held.chain(root).into_iter().flat_map(Chain::all);
        let checks = entries.filter_map(|entry| match entry.body() {
            Some(Body::TagCheck { result, key_version, .. }) => Some((*result, *key_version)),
            _ => None,
        });
        checks.collect::<Vec<_>>()
    });
    assert_eq!(checks.unwrap(), [(1, 1)]);
    drop(shore);

    let mut searched = 0;
    let files = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path());
    for path in files.filter(|path| path.is_file()).chain([log]) {
        let held = fs::read(&path).unwrap();
        searched += usize::from(!held.is_empty());
        for secret in secrets.iter().flat_map(|key| forms(key)) {
            assert!(!holds(&held, &secret), "a key is in {}", path.display());
        }
    }
    assert!(searched >= 2, "the database and the log");
}

#[test]
fn versions_are_made_retired_and_disclosed() {
    let (_folder, data) = vessel();
    said(&run(&data, &provision(&["--yes"])));
    let before = said(&run(&data, &["tags", "rotate", VESSEL]));
    assert!(before.contains("key 1") && before.contains("nothing was done yet"), "{before}");
    let rotated = said(&run(&data, &["tags", "rotate", VESSEL, "--yes"]));
    assert!(rotated.contains("master key 2 made; 1 tags and displays go on"), "{rotated}");
    let version = ["tags", "disclose", VESSEL, "--uid", UID, "--key-version", "1", "--yes"];
    let error = refused(&run(&data, &version));
    assert!(error.contains("is in use") && error.contains("tags provision"), "{error}");
    let again = said(&run(&data, &provision(&["--yes"])));
    assert!(
        again.contains("key 2")
            && again.contains(&format!("- NFC tag {UID} at Paint locker, key 1")),
        "{again}"
    );
    let shown = said(&run(&data, &["tags", "disclose", VESSEL]));
    assert!(shown.contains(&format!("tag {UID} key 1")) && shown.contains("add --yes"), "{shown}");
    let told = said(&run(&data, &version));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["keys"][0]["tag"]["nfc"], UID);
    assert_eq!(told["keys"][0]["key_version"], 1);
    assert_eq!(told["keys"][0]["key"].as_str().unwrap().len(), 32);
    // The newest is never shown.
    let newest = ["tags", "disclose", VESSEL, "--uid", UID, "--key-version", "2", "--yes"];
    assert!(refused(&run(&data, &newest)).contains("is in use"));
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let (_folder, data) = vessel();
    let nowhere = ["tags", "provision", VESSEL, "--checkpoint", "Moon", "--uid", UID];
    assert!(refused(&run(&data, &nowhere)).contains("add it to the plan first"));
    let short = ["tags", "provision", VESSEL, "--checkpoint", "Gangway", "--uid", "01020304"];
    assert!(refused(&run(&data, &short)).contains("--plain"));
    said(&run(&data, &[&short[..], &["--plain", "--yes"]].concat()));
    let list = said(&run(&data, &["tags", "list", VESSEL]));
    assert!(list.contains("tag 01020304  L2  no key  at Gangway"), "{list}");
    said(&run(
        &data,
        &["tags", "provision", VESSEL, "--checkpoint", "Gangway", "--display", "--yes"],
    ));
    let keys = fs::read_dir(data.join("keys")).unwrap().map(|file| file.unwrap().path());
    let file =
        keys.into_iter().find(|path| path.extension().is_some_and(|it| it == "tags")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = refused(&run(&data, &provision(&["--yes"])));
    assert!(
        error.contains("can be read by others (mode 644)") && error.contains("chmod 600"),
        "{error}"
    );
    for command in ["provision", "list", "rotate", "check", "disclose"] {
        let help = deckwatch().args(["tags", command, "--help"]).output().unwrap();
        assert!(said(&help).contains("deckwatch tags"), "{command} has an example");
    }
}
