//! The phone library: what it exports, and that another language can call it.

mod exports;

use std::{env, path::PathBuf, process::Command};

use serde_json::{Value, json};

/// What generated code and library compare first: UniFFI 0.32's number.
const CONTRACT: u32 = 30;

#[test]
fn version_names_the_release_and_the_record_format() {
    let version = deckwatch_mobile::version().unwrap();
    assert_eq!(version.crate_version, env!("CARGO_PKG_VERSION"));
    assert_eq!(u64::from(version.record_format), deckwatch_core::record::fact::VERSION);
}

/// Cargo builds the library beside this test, because this crate depends on it.
fn library() -> PathBuf {
    let name = format!("{}deckwatch_mobile{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    env::current_exe().unwrap().with_file_name(name)
}

#[test]
fn another_language_calls_the_built_library() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/suite/mobile/call_version.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(library())
        .output()
        .expect("python3 is needed: tests/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        said,
        json!({
            "contract": CONTRACT,
            "checksum": true,
            "crate_version": env!("CARGO_PKG_VERSION"),
            "record_format": deckwatch_core::record::fact::VERSION,
        })
    );
}
