//! Names of files, folders and modules, and how long a file may be.

use super::{CRATES, none, read, rust_files, source::Source};

/// Names that say nothing: name the concept.
const SAYS_NOTHING: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

/// A reader must find their way in a file.
const MOST_LINES: usize = 700;

/// Longer files: path, lines it may have, why.
const LONGER: &[(&str, usize, &str)] = &[];

fn faults_in(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if path.ends_with("/mod.rs") {
        faults.push(format!("{path}: `foo.rs` beside `foo/`, never `foo/mod.rs`"));
    }
    let source = Source::read(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let stem = path.strip_suffix(".rs").unwrap();
    let names = stem.split('/').chain(source.modules.iter().map(String::as_str));
    for name in names.filter(|name| SAYS_NOTHING.contains(name)) {
        faults.push(format!("{path}: `{name}` says nothing: name the concept"));
    }
    let lines = text.lines().count();
    let most =
        LONGER.iter().find(|(long, ..)| *long == path).map_or(MOST_LINES, |(_, most, _)| *most);
    if lines > most {
        faults.push(format!("{path}: {lines} lines, at most {most}: split it by concept"));
    }
    faults
}

#[test]
fn files_are_named_and_sized_for_their_readers() {
    let faults: Vec<String> = CRATES
        .iter()
        .flat_map(|folder| rust_files(folder))
        .flat_map(|path| faults_in(&path, &read(&path)))
        .collect();
    none(&faults);
    for (path, most, why) in LONGER {
        let lines = read(path).lines().count();
        assert!(lines > MOST_LINES, "{path} ({why}) no longer needs its allowance of {most} lines");
    }
}

#[test]
fn planted_faults_are_found() {
    for (path, text) in [
        ("core/src/record/mod.rs", String::new()),
        ("server/src/util/text.rs", String::new()),
        ("server/src/session_manager/helpers.rs", String::new()),
        ("core/src/record.rs", "mod common { pub fn f() {} }".to_owned()),
        ("core/src/record.rs", "\n".repeat(MOST_LINES + 1)),
    ] {
        assert_eq!(faults_in(path, &text).len(), 1, "{path}");
    }
    let right = "\n".repeat(MOST_LINES);
    assert_eq!(faults_in("core/src/record/commonwealth.rs", &right), [""; 0]);
}
