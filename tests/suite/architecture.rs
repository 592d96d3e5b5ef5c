//! The shape of the house: which crate and which room may use which, what may stand where, and
//! what may come in. The rules are tables in the modules below; each checker is itself tested
//! with a planted fault.

mod borders;
mod crates;
mod lock;
mod naming;
mod rooms;
mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folders of the four crates.
const CRATES: [&str; 4] = ["core", "server", "mobile-bindings", "tests"];

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

/// Fails with one line per fault.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
