//! The file with a witness's secret key.

use std::path::{Path, PathBuf};

use deckwatch_core::entropy::{Entropy, draw};
use deckwatch_core::ledger::{NoteKeyError, VerifierKey, WitnessKey};

use crate::private_file::{self, PrivateFileError};

/// Bytes of a key file at most.
const MAX_BYTES: u64 = 4096;

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file system.
    #[error("the key file {path} cannot be used; check the path and its owner")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// None there.
    #[error("there is no key file {0}; make one with `deckwatch witness key`")]
    Missing(PathBuf),
    /// Keys are never replaced.
    #[error("{0} exists; a key is never replaced: choose another --key-file")]
    Exists(PathBuf),
    /// Others could have copied it.
    #[error(
        "{path} can be read by others (mode {mode:03o}); `chmod 600` it, and make a new key if anybody else uses this machine"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not a key, or no name for one.
    #[error("{path}: {cause}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: NoteKeyError,
    },
}

/// Makes a key with this name and keeps it in a new file that its owner alone may read. It is durable when this returns.
pub fn create_key(
    path: &Path,
    name: &str,
    entropy: &mut dyn Entropy,
) -> Result<VerifierKey, KeyFileError> {
    let io = |cause| KeyFileError::Io { path: path.to_owned(), cause };
    let key = WitnessKey::from_seed(name, &draw(entropy))
        .map_err(|cause| KeyFileError::Key { path: path.to_owned(), cause })?;
    let written = private_file::write(path, key.to_text().as_bytes(), false);
    written.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => io(cause),
    })?;
    Ok(key.verifier().clone())
}

/// Reads a key file, and refuses one that others may read.
pub fn read_key(path: &Path) -> Result<WitnessKey, KeyFileError> {
    let io = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => KeyFileError::Io { path: path.to_owned(), cause },
    };
    let not_text = || io(std::io::ErrorKind::InvalidData.into());
    let text = private_file::read(path, MAX_BYTES).map_err(|error| match error {
        PrivateFileError::Io(cause) => io(cause),
        PrivateFileError::Exposed(mode) => KeyFileError::Open { path: path.to_owned(), mode },
        PrivateFileError::TooLarge(_) => not_text(),
    })?;
    let text = std::str::from_utf8(&text).map_err(|_| not_text())?;
    WitnessKey::parse(text.trim_end())
        .map_err(|cause| KeyFileError::Key { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use deckwatch_core::entropy::SeededEntropy;

    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.key");
        assert!(matches!(read_key(&path), Err(KeyFileError::Missing(_))));
        let mut entropy = SeededEntropy::new(1);
        let made = create_key(&path, "flag.example/w1", &mut entropy).unwrap();
        assert_eq!(read_key(&path).unwrap().verifier(), &made);
        let second = create_key(&path, "flag.example/w1", &mut entropy);
        assert!(matches!(second, Err(KeyFileError::Exists(_))));
        assert_eq!(read_key(&path).unwrap().verifier(), &made);
        let unnamed = create_key(&folder.path().join("other"), "a name", &mut entropy);
        assert!(matches!(unnamed, Err(KeyFileError::Key { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for mode in [0o640, 0o604, 0o620, 0o601, 0o777] {
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                let refused = read_key(&path).unwrap_err();
                assert!(
                    matches!(&refused, KeyFileError::Open { mode: found, .. } if *found == mode)
                );
                assert!(refused.to_string().contains("chmod 600"));
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&path, "PRIVATE+KEY+nonsense").unwrap();
        assert!(matches!(read_key(&path), Err(KeyFileError::Key { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}
