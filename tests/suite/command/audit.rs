//! `deckwatch export` and `deckwatch verify`, as a shore and an auditor run them.

use std::path::Path;

use super::*;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A shore with a vessel and its plan, and a policy with the ledger's key.
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let data = desk.path("data");
        said(&run(&data, &["vessel", "add", "MV Test"]));
        let plan = desk.path("plan.toml");
        std::fs::write(&plan, PLAN).unwrap();
        said(&run(&data, &["plan", "import", "MV Test", plan.to_str().unwrap(), "--yes"]));
        let shown = said(&run(&data, &["ledger", "show"]));
        let key = shown.lines().find_map(|line| line.strip_prefix("key")).unwrap().trim();
        std::fs::write(desk.path("policy.txt"), format!("log {key}\nquorum none\n")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, name: &str, more: &[&str]) -> std::path::PathBuf {
        let out = self.path(name);
        let to = out.to_str().unwrap();
        let arguments = [
            "export",
            "--vessel",
            "MV Test",
            "--from",
            "2026-11-03",
            "--to",
            "2026-11-09",
            "--for",
            "P&I",
        ];
        said(&run(&self.path("data"), &[&arguments[..], &["-o", to], more].concat()));
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
    let (code, json) = desk.verify(&bundle, &["--json", "--from", "2026-11-04"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, json["integrity"].as_bool(), json["form"].as_u64()),
        (0, Some(true), Some(1))
    );
    assert_eq!(json["from"].as_i64(), Some(1_793_750_400));
}

#[test]
fn every_answer_has_its_exit_code() {
    let desk = Desk::new();
    let bundle = desk.export("bundle.zip", &[]);
    let (code, text) = desk.verify(&bundle, &["--vessel", &"ab".repeat(16)]);
    assert_eq!(code, 1, "{text}");
    let (code, text) = desk.verify(&bundle, &["--from", "2026-10-01"]);
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
