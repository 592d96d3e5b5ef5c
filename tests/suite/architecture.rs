//! The shape of the house: which crate and which room may use which, what may stand where, and
//! what may come in. The rules are tables in the modules below; each checker is itself tested
//! with a planted fault.

mod borders;
mod crates;
mod lock;
mod naming;
mod rooms;
mod source;
mod threats;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::Source;

/// The folders of the crates.
const CRATES: [&str; 5] = ["core", "server", "mobile-bindings", "mobile-bindings/bindgen", "tests"];

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the repository, by its path from the root.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files under a folder, by their paths from the root, in order.
fn rust_files(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if entry.file_type().unwrap().is_dir() {
                if name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} has no Rust file");
    files
}

/// The same without the files of `#[cfg(test)] mod NAME;`, and what lies below them.
fn shipped_files(folder: &str) -> Vec<String> {
    let files = rust_files(folder);
    let mut for_tests = Vec::new();
    for path in &files {
        let source = Source::read(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let stem = path.strip_suffix(".rs").unwrap();
        let inside = stem.strip_suffix("/lib").or(stem.strip_suffix("/main")).unwrap_or(stem);
        for_tests.extend(source.test_modules.iter().map(|name| format!("{inside}/{name}")));
    }
    files
        .into_iter()
        .filter(|path| !for_tests.iter().any(|module| stands_in(path, module)))
        .collect()
}

/// Is this file the module of that path, or below it?
fn stands_in(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Fails with one line per fault.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
