#![doc = include_str!("../README.md")]

mod listing;

use std::path::Path;

use camino::Utf8PathBuf;
use uniffi_bindgen::{
    BindgenPaths, BindgenPathsLayer,
    bindings::{GenerateOptions, generate_with_bindgen_paths},
};

pub use listing::listing;
pub use uniffi_bindgen::bindings::TargetLanguage;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindgenError {
    /// The library.
    #[error("{path} cannot be read ({error}); build it with `cargo build -p deckwatch-mobile`")]
    Library {
        /// Where it should be.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// UniFFI's generator.
    #[error("UniFFI finds nothing it can use ({0}); build the library with its symbols")]
    Generator(String),
    /// A path that is not UTF-8.
    #[error("{0} is not UTF-8; choose another folder")]
    Path(String),
}

/// `uniffi.toml` stands beside the facade's manifest.
struct Facade;

impl BindgenPathsLayer for Facade {
    fn get_crate_root(&self, crate_name: &str) -> Option<Utf8PathBuf> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        (crate_name == "deckwatch_mobile").then(|| root.into())
    }
}

/// Writes the code of one language into the folder `out`.
pub fn generate(language: TargetLanguage, library: &Path, out: &Path) -> Result<(), BindgenError> {
    let mut paths = BindgenPaths::default();
    paths.add_layer(Facade);
    let options = GenerateOptions {
        languages: vec![language],
        source: utf8(library)?,
        out_dir: utf8(out)?,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths)
        .map_err(|error| BindgenError::Generator(format!("{error:#}")))
}

fn utf8(path: &Path) -> Result<Utf8PathBuf, BindgenError> {
    let path = Utf8PathBuf::from_path_buf(path.to_owned());
    path.map_err(|path| BindgenError::Path(path.display().to_string()))
}
