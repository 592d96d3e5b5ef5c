//! `deckwatch export` and `deckwatch verify`, as a shore and an auditor run them.

use std::path::Path;

use deckwatch::{demo::fleet::SHIPS, ledger::ExportRequest};
use deckwatch_core::ledger::{KeyType, VerifierKey};
use deckwatch_tests::{BEGIN, DAY, TestShore, TestVessel, walk};

use super::*;

const DAYS: [&str; 9] =
    ["export", "--vessel", "MV Test", "--from", "2025-11-03", "--to", "2025-11-09", "--for", "P&I"];

struct Desk {
    folder: tempfile::TempDir,
}

/// The key that `deckwatch ledger show` prints.
fn ledger_key(data: &Path) -> String {
    let shown = said(&run(data, &["ledger", "show"]));
    shown.lines().find_map(|line| line.strip_prefix("key")).unwrap().trim().to_owned()
}

/// A week of patrols: the fifth is not walked, on the tenth a checkpoint is passed by.
fn a_week() -> (TestShore, TestVessel) {
    let shore = TestShore::start();
    let ship = shore.commission(&SHIPS[0], 1);
    let (mut officer, mut walker) = shore.crewed(&ship, BEGIN);
    for (index, due) in ship.due(BEGIN + 3_600, BEGIN + 7 * DAY).iter().enumerate() {
        match index {
            4 => continue,
            9 => walk(&mut walker, &ship.plan, due, due.opens + 300, &[3]),
            _ => walk(&mut walker, &ship.plan, due, due.opens + 300, &[]),
        }
    }
    let evening = BEGIN + 7 * DAY + 6 * 3_600;
    for now in [evening, evening + 3_600] {
        shore.sync(&mut walker, now);
        shore.sync(&mut officer, now + 10);
    }
    (shore, ship)
}

impl Desk {
    /// An auditor of this shore.
    fn of(shore: &TestShore) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let policy = format!("log {}\nquorum none\n", ledger_key(shore.folder.path()));
        std::fs::write(desk.path("policy.txt"), policy).unwrap();
        desk
    }

    /// Verifies what the shore hands out of that week.
    fn week(&self, shore: &TestShore, ship: &TestVessel) -> (i32, serde_json::Value) {
        let request = ExportRequest {
            from: BEGIN + 3_600,
            to: BEGIN + 7 * DAY,
            recipient: "P&I".to_owned(),
            withheld: Vec::new(),
            pages: true,
        };
        let bundle = shore.shore.export(ship.vessel, &request).unwrap();
        let file = self.path("week.zip");
        std::fs::write(&file, bundle.to_archive().unwrap()).unwrap();
        let (code, json) = self.verify(&file, &["--json"]);
        (code, serde_json::from_str(&json).unwrap())
    }

    /// A shore with a vessel and its plan, and a policy with the ledger's key.
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let data = desk.path("data");
        said(&run(&data, &["vessel", "add", "MV Test"]));
        let plan = desk.path("plan.toml");
        std::fs::write(&plan, PLAN).unwrap();
        said(&run(&data, &["plan", "import", "MV Test", plan.to_str().unwrap(), "--yes"]));
        let policy = format!("log {}\nquorum none\n", ledger_key(&data));
        std::fs::write(desk.path("policy.txt"), policy).unwrap();
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, name: &str, more: &[&str]) -> std::path::PathBuf {
        let out = self.path(name);
        let to = out.to_str().unwrap();
        said(&run(&self.path("data"), &[&DAYS[..], &["-o", to], more].concat()));
        out
    }

    fn verify(&self, bundle: &Path, more: &[&str]) -> (i32, String) {
        let mut command = deckwatch();
        command.arg("verify").arg(bundle).arg("--policy").arg(self.path("policy.txt"));
        let output = command.args(more).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

#[test]
fn evidence_is_handed_out_and_verified_without_the_shore() {
    let desk = Desk::new();
    let bundle = desk.export("bundle.zip", &[]);
    std::fs::remove_dir_all(desk.path("data")).unwrap();
    let (code, text) = desk.verify(&bundle, &[]);
    assert_eq!(code, 0, "{text}");
    for expected in ["INTEGRITY HOLDS", "RE-ASSESSMENT AGREES", "It cannot show that it was true"] {
        assert!(text.contains(expected), "{text}");
    }
    let (code, json) = desk.verify(&bundle, &["--json", "--from", "2025-11-04"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, json["integrity"].as_bool(), json["form"].as_u64()),
        (0, Some(true), Some(1))
    );
    assert_eq!(json["from"].as_i64(), Some(1_762_214_400));
}

#[test]
fn every_answer_has_its_exit_code() {
    let desk = Desk::new();
    let bundle = desk.export("bundle.zip", &[]);
    let (code, text) = desk.verify(&bundle, &["--vessel", &"ab".repeat(16)]);
    assert_eq!(code, 1, "{text}");
    let (code, text) = desk.verify(&bundle, &["--from", "2025-10-01"]);
    assert_eq!(code, 1, "{text}");
    let (code, text) = desk.verify(&desk.path("policy.txt"), &[]);
    assert!(code == 2 && text.contains("not a Deckwatch bundle"), "{text}");
    let (code, text) = desk.verify(&desk.path("nowhere.zip"), &[]);
    assert!(code == 2 && text.contains("cannot read"), "{text}");
    let (code, text) = desk.verify(&bundle, &["--from", "yesterday"]);
    assert!(code == 2 && text.contains("2026-11-03"), "{text}");
    let withheld = desk.export("withheld.zip", &["--withhold", "timings,persons,contents,pages"]);
    let (code, text) = desk.verify(&withheld, &[]);
    assert!(code == 4 || code == 0, "{text}");
    assert!(
        text.contains("Withheld of every device, all records: times, persons, contents."),
        "{text}"
    );
    std::fs::write(desk.path("policy.txt"), "log nobody\n").unwrap();
    let (code, text) = desk.verify(&bundle, &[]);
    assert!(code == 2 && text.contains("line 1 of the policy"), "{text}");
}

/// The archive is an ordinary ZIP file to everybody else.
#[test]
fn other_programs_open_the_archive() {
    let desk = Desk::new();
    let bundle = desk.export("bundle.zip", &[]);
    let list = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(' '.join(z.namelist()))";
    let output = Command::new("python3").args(["-c", list]).arg(&bundle).output().unwrap();
    let names = said(&output);
    assert!(names.starts_with("consistency.cbor contents.cbor leaves.cbor ledger-leaves.cbor manifest.cbor receipts.cbor segments/"), "{names}");
}

/// What the reader's policy asks for, the shore can bring.
#[test]
fn a_witness_cosigns_what_is_handed_out() {
    let desk = Desk::new();
    let key = ledger_key(&desk.path("data"));
    let key = VerifierKey::parse_as(&key, KeyType::Ed25519).unwrap();
    let witness = super::witness::Desk::of(&key);
    let policy = format!("log {key}\nwitness flag {}\nquorum flag\n", witness.key);
    std::fs::write(desk.path("policy.txt"), policy).unwrap();
    let alone = desk.export("alone.zip", &[]);
    let (code, text) = desk.verify(&alone, &[]);
    assert!(code == 1 && text.contains("quorum_missing"), "{text}");
    let at = {
        let asked = witness.start();
        let at = format!("http://{}={}", asked.address, witness.key);
        let bundle = desk.export("bundle.zip", &["--witness", &at]);
        let (code, text) = desk.verify(&bundle, &[]);
        assert_eq!(code, 0, "{text}");
        // Once more: it knows now what it cosigned.
        let again = desk.export("again.zip", &["--witness", &at]);
        assert_eq!(desk.verify(&again, &[]).0, 0);
        at
    };
    // Nobody is there any more: the evidence is written, and it is said what it lacks.
    let out = desk.path("late.zip");
    let words = [&DAYS[..], &["-o", out.to_str().unwrap(), "--witness", &at]].concat();
    let output = run(&desk.path("data"), &words);
    let why = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && why.contains("did not cosign it"), "{why}");
    let (code, text) = desk.verify(&out, &[]);
    assert!(code == 1 && text.contains("quorum_missing"), "{text}");
}

/// That evidence was handed out stands in the ledger for ever.
#[test]
fn what_cannot_be_handed_out_is_not_logged() {
    let desk = Desk::new();
    let leaves = || said(&run(&desk.path("data"), &["ledger", "show"]));
    let (before, out) = (leaves(), desk.path("x.zip"));
    let out = out.to_str().unwrap();
    let mut exchanged = DAYS;
    (exchanged[4], exchanged[6]) = (DAYS[6], DAYS[4]);
    let mut to_nobody = DAYS;
    to_nobody[8] = "";
    let folder = desk.folder.path().to_str().unwrap();
    for words in [
        [&DAYS[..], &["-o", "/nowhere/x.zip"]].concat(),
        [&DAYS[..], &["-o", folder]].concat(),
        [&exchanged[..], &["-o", out]].concat(),
        [&to_nobody[..], &["-o", out]].concat(),
    ] {
        let output = run(&desk.path("data"), &words);
        assert!(!output.status.success(), "{words:?}");
        assert_eq!(leaves(), before, "{words:?}");
        assert!(!Path::new(out).exists(), "{words:?}");
    }
    let left = || std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    assert!(left().all(|name| !name.to_string_lossy().contains("evidence")), "{:?}", left());
}

/// Flags that somebody makes go away in the database are missed by whoever assesses the records again.
#[test]
fn a_week_is_assessed_again_and_flags_that_were_taken_away_are_missed() {
    let (shore, ship) = a_week();
    let desk = Desk::of(&shore);
    let (code, report) = desk.week(&shore, &ship);
    let again = &report["reassessment"];
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        (again["compared"].as_u64(), again["differences"].as_array()),
        (Some(28), Some(&vec![]))
    );
    assert!(again["flags"].as_u64() >= Some(2), "{again:#}");
    // As if the ship had come later: nothing is asked of the first days any more.
    let database = shore.folder.path().join("deckwatch.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    let later = connection.execute("UPDATE vessel SET created_at = ?1", [BEGIN + 5 * DAY]);
    assert_eq!(later.unwrap(), 1);
    let (code, report) = desk.week(&shore, &ship);
    let differences = report["reassessment"]["differences"].as_array().unwrap();
    let missing: Vec<&str> = differences
        .iter()
        .map(|it| {
            assert_eq!(it["code"], "flag_missing", "{it:#}");
            it["flag"].as_str().unwrap()
        })
        .collect();
    assert_eq!((code, report["integrity"].as_bool()), (3, Some(true)), "{report:#}");
    assert!(missing.contains(&"missed") && missing.contains(&"missed_checkpoint"), "{missing:?}");
}
