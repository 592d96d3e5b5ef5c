//! The table of attacks in SECURITY.md names tests that exist.

use super::read;

/// Pairs of a file and a test, as "`file` `test`" in a cell.
fn named(row: &str) -> Vec<(String, String)> {
    let quoted: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
    let pairs = quoted.windows(2).filter(|pair| pair[0].ends_with(".rs"));
    pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

fn rows(text: &str) -> Vec<&str> {
    let table = text.split_once("| # | attack |").expect("a table of attacks").1;
    let lines = table.lines().skip(2);
    lines.take_while(|line| line.starts_with('|')).collect()
}

/// What is wrong with one row.
fn faults_in(row: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let tests = named(row);
    if tests.is_empty() && !row.contains("residual") {
        return vec![format!("neither a test nor a residual risk: {row}")];
    }
    let missing = tests.into_iter().filter(|(file, test)| {
        source(file).is_none_or(|text| {
            let at = text.find(&format!("fn {test}("));
            // The attribute stands right before it.
            at.is_none_or(|at| !text[..at].trim_end().ends_with("#[test]"))
        })
    });
    missing.map(|(file, test)| format!("{file} has no test {test}")).collect()
}

fn source(file: &str) -> Option<String> {
    super::root().join(file).is_file().then(|| read(file))
}

#[test]
fn every_attack_has_a_test_or_is_said_to_remain() {
    let text = read("SECURITY.md");
    let rows = rows(&text);
    assert!(rows.len() >= 23, "{} rows", rows.len());
    let faults: Vec<String> = rows.iter().flat_map(|row| faults_in(row, source)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_test_that_is_gone_is_missed() {
    let file = "tests/suite/architecture/threats.rs";
    let has = "a_test_that_is_gone_is_missed";
    assert!(faults_in(&format!("| `{file}` `{has}` |"), source).is_empty());
    assert_eq!(faults_in(&format!("| `{file}` `not_here` |"), source).len(), 1);
    assert_eq!(faults_in(&format!("| `{file}` `source` |"), source).len(), 1, "no test");
    assert_eq!(faults_in("| `nowhere.rs` `not_here` |", source).len(), 1);
    assert_eq!(faults_in("| words |", source).len(), 1);
    assert!(faults_in("| residual: words |", source).is_empty());
}
