//! The file with a witness's secret key.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use deckwatch_core::entropy::{Entropy, draw};
use deckwatch_core::ledger::{NoteKeyError, VerifierKey, WitnessKey};

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
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Temporary files of this crate are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    writeln!(file, "{}", key.to_text().as_str()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist_noclobber(path).map_err(|failure| match failure.error.kind() {
        std::io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => io(failure.error),
    })?;
    // The name is durable only when the folder is.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(key.verifier().clone())
}

/// Reads a key file, and refuses one that others may read.
pub fn read_key(path: &Path) -> Result<WitnessKey, KeyFileError> {
    let io = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => KeyFileError::Io { path: path.to_owned(), cause },
    };
    let file = File::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    check_private(path, &about)?;
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(io)?;
    WitnessKey::parse(text.trim_end())
        .map_err(|cause| KeyFileError::Key { path: path.to_owned(), cause })
}

#[cfg(unix)]
fn check_private(path: &Path, about: &fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::Open { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_private(_path: &Path, _about: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use deckwatch_core::entropy::SeededEntropy;

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
