//! One server process a data folder. Commands may run beside it: what they append and sign goes through transactions and
//! the lock beside the ledger's key, and they end. Two servers would each keep what they decoded, ask witnesses twice, and
//! leave whoever runs them in doubt which one is asked.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Why no second server starts.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSecondServer {
    /// One serves already.
    #[error(
        "another server process{} serves {}; end it first, or serve another folder with --data",
        .process.map(|process| format!(" ({process})")).unwrap_or_default(),
        .data.display()
    )]
    Serves {
        /// Its folder.
        data: PathBuf,
        /// Its process id, if it could be read.
        process: Option<u32>,
    },
    /// The file system.
    #[error("{} cannot be locked; check the folder's owner and whether its file system knows locks", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
}

/// The right to serve a data folder. It ends with this value or with the process, however that ends.
#[derive(Debug)]
pub(super) struct OneServer {
    _locked: File,
}

impl OneServer {
    /// Takes the folder, or says who has it. Waits for nobody.
    pub fn of(data: &Path) -> Result<Self, NoSecondServer> {
        let path = data.join("serve.lock");
        let io = |cause| NoSecondServer::Io { path: path.clone(), cause };
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut told = String::new();
                // For display alone: the lock is what counts.
                let read = file.take(16).read_to_string(&mut told).is_ok();
                let process = read.then(|| told.trim().parse().ok()).flatten();
                return Err(NoSecondServer::Serves { data: data.to_owned(), process });
            }
            Err(TryLockError::Error(cause)) => return Err(io(cause)),
        }
        file.set_len(0).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { _locked: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_free_again_when_its_server_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = OneServer::of(folder.path()).unwrap();
        let refused = OneServer::of(folder.path()).unwrap_err();
        let me = Some(std::process::id());
        assert!(matches!(refused, NoSecondServer::Serves { process, .. } if process == me));
        drop(first);
        OneServer::of(folder.path()).unwrap();
        let nowhere = OneServer::of(&folder.path().join("none")).unwrap_err();
        assert!(matches!(nowhere, NoSecondServer::Io { .. }));
    }
}
