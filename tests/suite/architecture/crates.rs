//! The crates, and which may use which.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{CRATES, none, read};

/// A crate, and the crates of this repository that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("deckwatch-core", &[]),
    ("deckwatch", &["deckwatch-core"]),
    ("deckwatch-mobile", &["deckwatch-core"]),
    // Reads the built library, not its sources: nothing of it may come into what ships.
    ("deckwatch-bindgen", &[]),
    ("deckwatch-tests", &["deckwatch-core", "deckwatch", "deckwatch-mobile", "deckwatch-bindgen"]),
];

/// Crates that the core may not name: it has no clock, randomness, network or environment of its own.
const NOT_IN_CORE: &[&str] = &[
    "axum",
    "chrono",
    "clap",
    "getrandom",
    "hyper",
    "rand",
    "reqwest",
    "tokio",
    "tracing-subscriber",
    "ureq",
];

/// Adds the names of the crates that a table, or a table for one platform, depends on.
fn dependencies(table: &Table, sections: &[&str], found: &mut Vec<String>) {
    for section in sections {
        let Some(entries) = table.get(*section).and_then(Value::as_table) else { continue };
        for (name, entry) in entries {
            let renamed = entry.get("package").and_then(Value::as_str);
            found.push(renamed.unwrap_or(name).to_owned());
        }
    }
    for platform in
        table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values)
    {
        if let Some(table) = platform.as_table() {
            dependencies(table, sections, found);
        }
    }
}

/// What is wrong in one manifest.
fn faults_in(path: &str, text: &str) -> Vec<String> {
    let table: Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let edges: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let name = table["package"]["name"].as_str().unwrap();
    let Some(may_use) = edges.get(name) else {
        return vec![format!("{path}: `{name}` is not in EDGES")];
    };
    let mut used = Vec::new();
    dependencies(&table, &["dependencies", "dev-dependencies", "build-dependencies"], &mut used);
    let mut faults: Vec<String> = used
        .iter()
        .filter(|used| edges.contains_key(used.as_str()) && !may_use.contains(&used.as_str()))
        .map(|used| format!("{path}: `{name}` may not use `{used}`"))
        .collect();
    if name == "deckwatch-core" {
        let mut shipped = Vec::new();
        dependencies(&table, &["dependencies", "build-dependencies"], &mut shipped);
        faults.extend(
            shipped
                .iter()
                .filter(|used| NOT_IN_CORE.contains(&used.as_str()))
                .map(|used| format!("{path}: the core has no I/O of its own: `{used}`")),
        );
    }
    faults
}

#[test]
fn crates_use_only_what_they_may() {
    let workspace: Table = read("Cargo.toml").parse().unwrap();
    let members: Vec<&str> = workspace["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member.as_str().unwrap())
        .collect();
    assert_eq!(members, CRATES, "a new crate needs a row in CRATES and in EDGES");
    let faults: Vec<String> = members
        .iter()
        .map(|member| format!("{member}/Cargo.toml"))
        .flat_map(|path| faults_in(&path, &read(&path)))
        .collect();
    none(&faults);
}

#[test]
fn a_planted_edge_is_found() {
    let core = "[package]\nname = \"deckwatch-core\"\n";
    for (text, fault) in [
        ("[dependencies]\ndeckwatch.workspace = true", "may not use `deckwatch`"),
        (
            "[dev-dependencies]\ndeckwatch-tests = { path = \"../tests\" }",
            "may not use `deckwatch-tests`",
        ),
        (
            "[target.'cfg(unix)'.dependencies]\nx = { package = \"deckwatch\" }",
            "may not use `deckwatch`",
        ),
        ("[dependencies]\ntokio = \"1\"", "no I/O of its own: `tokio`"),
    ] {
        let faults = faults_in("core/Cargo.toml", &format!("{core}{text}"));
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].ends_with(fault), "{faults:?}");
    }
    assert_eq!(faults_in("x/Cargo.toml", "[package]\nname = \"deckwatch-extra\"").len(), 1);
    assert_eq!(
        faults_in("x/Cargo.toml", &format!("{core}[dev-dependencies]\ntokio = \"1\"")),
        [""; 0]
    );
}
