//! Plans as files: checked, drawn, shown.

use super::*;

const DRAWN: &str = r#"
[[checkpoint]]
name = "Paint locker"
[[checkpoint]]
name = "Gangway"
[[route]]
name = "Full round"
walk = "ordered"
points = ["Paint locker", "Gangway"]
[[schedule]]
name = "Rounds"
route = "Full round"
every_minutes = 240
every_from = "2026-12-01 00:00"
spread_minutes = 60
most_apart_minutes = 300
window_minutes = 90
start_within_minutes = 45
grace_minutes = 15
"#;

fn check(file: &Path) -> (Option<i32>, String) {
    let output = deckwatch().args(["plan", "check"]).arg(file).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_file_is_checked_without_a_shore() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.toml");
    std::fs::write(&file, PLAN).unwrap();
    let (code, said) = check(&file);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is drawn") && said.contains("Rounds"), "{said}");
    std::fs::write(&file, PLAN.replace("[\"02:00\", \"14:00\"]", "[\"02:00\", \"03:00\"]"))
        .unwrap();
    let (code, said) = check(&file);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("one walk lies in two windows"), "{said}");
    std::fs::write(&file, DRAWN).unwrap();
    let (code, said) = check(&file);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("deckwatch plan draw"), "{said}");
}

#[test]
fn a_secret_is_made_after_a_preview_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    said(&run(&data, &["vessel", "add", "MV Test"]));
    let file = folder.path().join("plan.toml");
    std::fs::write(&file, DRAWN).unwrap();
    said(&run(&data, &["plan", "import", "MV Test", file.to_str().unwrap(), "--yes"]));
    let draw = ["plan", "draw", "MV Test", "--from", "2030-01-01"];
    let preview = said(&run(&data, &draw));
    assert!(preview.contains("Rounds") && preview.contains("--yes"), "{preview}");
    assert!(!preview.contains("published"), "{preview}");
    let made = said(&run(&data, &[&draw[..], &["--yes"]].concat()));
    let published = made.split("published: ").nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(published.len(), 64, "{made}");
    let again = said(&run(&data, &draw));
    assert!(again.contains("there already"), "{again}");

    // What is shown is taken again, in either form, and keeps the secret.
    for (name, form) in [("plan.toml", &[][..]), ("plan.json", &["--json"][..])] {
        let shown = said(&run(&data, &[&["plan", "show", "MV Test"][..], form].concat()));
        assert!(shown.contains("every_minutes") && !shown.contains("secret"), "{shown}");
        let file = folder.path().join(name);
        std::fs::write(&file, shown).unwrap();
        let import = ["plan", "import", "MV Test", file.to_str().unwrap()];
        assert!(said(&run(&data, &import)).contains("nothing differs"), "{name}");
    }
    let past = said(&run(&data, &["plan", "draw", "MV Test", "--from", "2026-01-01"]));
    assert!(past.contains("has begun"), "{past}");
}
