//! The exported API as reviewed text, and what the library brings into an app.

use std::{fs, path::Path, process::Command};

use super::library;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mobile-bindings/api.txt");

/// The lines that only one of two texts has, each with the heading it stands under.
fn differences(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| {
        let mut heading = "";
        let mut lines = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if !line.starts_with(' ') {
                heading = line;
            }
            lines.push((heading.to_owned(), line.trim().to_owned()));
        }
        lines
    };
    let (old, new) = (lines(old), lines(new));
    let only = |these: &[(String, String)], those: &[(String, String)], mark: char| {
        let missing = these.iter().filter(|line| !those.contains(line));
        let shown = missing.map(|(heading, line)| match heading == line {
            true => format!("{mark} {line}"),
            false => format!("{mark} {heading}: {line}"),
        });
        shown.collect::<Vec<_>>()
    };
    [only(&old, &new, '-'), only(&new, &old, '+')].concat()
}

#[test]
fn the_listing_is_up_to_date() {
    let library = library();
    let exported = deckwatch_bindgen::listing(&library).unwrap();
    let reviewed = fs::read_to_string(PATH).unwrap();
    assert!(
        exported == reviewed,
        "what the library exports is not what mobile-bindings/api.txt says:\n\n{}\n\n\
         If it is meant, write the file again, and say so in CHANGELOG.md:\n\n\
         cargo run -p deckwatch-bindgen -- api {} > mobile-bindings/api.txt\n",
        differences(&reviewed, &exported).join("\n"),
        library.display()
    );
    assert!(!exported.contains("# no line for"), "the listing leaves something out:\n{exported}");
}

#[test]
fn differences_name_what_changed() {
    let old = "fn a() -> X\n\nobject P\n    one() -> u32\n    two()\n";
    let new = "fn a() -> X\n\nobject P\n    one() -> u64\n    two()\n\nobject Q\n";
    assert_eq!(
        differences(old, new),
        ["- object P: one() -> u32", "+ object P: one() -> u64", "+ object Q"]
    );
    assert_eq!(differences(old, old), [""; 0]);
}

/// Crates that cost an app hundreds of kilobytes, or belong to a server or to a build.
const NOT_ON_A_PHONE: &[&str] = &[
    "axum",
    "cargo_metadata",
    "clap",
    "hyper",
    "mio",
    "resvg",
    "tokio",
    "tower",
    "uniffi_bindgen",
    "ureq",
];

#[test]
fn nothing_of_a_server_comes_into_the_phone_library() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "-p", "deckwatch-mobile", "-e", "normal", "--prefix", "none"])
        .args(["--locked", "--offline", "--format", "{p}"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    for needed in ["deckwatch-mobile", "deckwatch-core", "uniffi", "rusqlite"] {
        assert!(names.contains(&needed), "{needed} is not in:\n{text}");
    }
    for name in names {
        assert!(!NOT_ON_A_PHONE.contains(&name), "{name} came into the phone library");
    }
}
