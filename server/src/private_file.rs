//! Files with secrets: only their owner may read them, and they are written whole or not at all.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

/// Why a secret was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrivateFileError {
    /// The file system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Others may read it, and may have.
    #[error("it can be read by others (mode {0:03o})")]
    Exposed(u32),
    /// More than any such file has.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
}

/// Reads a file of at most `most` bytes that nobody but its owner may read.
pub(crate) fn read(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let file = File::open(path)?;
    // Of the file that is open, not of the name: nobody can exchange it in between.
    if let Some(mode) = exposed(&file.metadata()?) {
        return Err(PrivateFileError::Exposed(mode));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(PrivateFileError::TooLarge(most));
    }
    Ok(bytes)
}

/// Writes a line into a file that only its owner may read, whole or not at all, durable when this returns. Only with
/// `replace` a file that is there gives way.
pub(crate) fn write(path: &Path, text: &[u8], replace: bool) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Temporary files of this crate are made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text)?;
    if !text.ends_with(b"\n") {
        file.write_all(b"\n")?;
    }
    file.as_file().sync_all()?;
    if replace {
        file.persist(path).map_err(|failure| failure.error)?;
    } else {
        file.persist_noclobber(path).map_err(|failure| failure.error)?;
    }
    // The name is durable only when the folder is.
    File::open(folder)?.sync_all()
}

/// An empty file that only its owner may read and write, for a database to be made in. One that is there stays as it is.
pub(crate) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// A folder that only its owner may enter. One that others may enter is closed to them, and its mode is given back: the
/// secrets in it have modes of their own.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<Option<u32>> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let Some(mode) = exposed(&fs::metadata(folder)?) else { return Ok(None) };
    close(folder)?;
    Ok(Some(mode))
}

/// The mode of a file or folder that others than its owner may use; `None`: nobody else may.
#[cfg(unix)]
pub(crate) fn exposed(about: &fs::Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Where there are no modes, folders decide: what this machine's user makes is its own.
#[cfg(not(unix))]
pub(crate) fn exposed(_: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn close(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close(_: &Path) -> std::io::Result<()> {
    Ok(())
}
