//! The phone library: what it exports, and that another language does everything with it.

mod answers;
mod exports;
mod foreign;
mod listing;
mod panics;

use std::{env, path::PathBuf};

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
