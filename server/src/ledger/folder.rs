//! What of the ledger stands beside the database: its secret key, and the newest tree head that was handed out.
//!
//! A database can be put back from a backup. What was signed and handed out after that backup is in the hands of
//! phones, and must not be contradicted; the tree head here tells that there was more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use deckwatch_core::ledger::{LedgerKey, NoteKeyError, SignedTreeHead, TreeHead, VerifierKey};

use super::LedgerError;
use crate::private_file;
use crate::shore::{KeyFolderError, lock, read_key};

/// Files of the ledger in the folder of keys: `ledger-<id>.key`, `ledger-<id>.head`, after a loss that a phone showed
/// `ledger-<id>.lost`, and while the shore collects `ledger-<id>.collecting`, where the id is the key's.
#[derive(Debug)]
pub struct LedgerFolder {
    folder: PathBuf,
    key: Mutex<Option<Arc<LedgerKey>>>,
    checked: Mutex<Option<u32>>,
    handed_out: Mutex<Option<TreeHead>>,
}

impl LedgerFolder {
    /// In a folder of keys that exists.
    pub fn within(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            key: Mutex::default(),
            checked: Mutex::default(),
            handed_out: Mutex::default(),
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ledger for which it was asked whether anything was lost.
    pub(super) fn checked(&self) -> &Mutex<Option<u32>> {
        &self.checked
    }

    fn path(&self, key: &VerifierKey, ending: &str) -> PathBuf {
        self.folder.join(format!("ledger-{:08x}.{ending}", key.id()))
    }

    /// Waits until no other process reads and writes the head. It ends with what is returned.
    fn turn(&self, key: &VerifierKey) -> std::io::Result<File> {
        let path = self.path(key, "lock");
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn io(&self, cause: std::io::Error) -> KeyFolderError {
        KeyFolderError::Io { folder: self.folder.clone(), cause }
    }

    /// Keeps the key of a new ledger. It is durable when this returns, and never replaced.
    pub fn keep(&self, key: &LedgerKey) -> Result<(), KeyFolderError> {
        let path = self.path(key.verifier(), "key");
        private_file::write(&path, key.to_text().as_bytes(), false)
            .map_err(|cause| self.io(cause))?;
        *lock(&self.key) = Some(Arc::new(key.clone()));
        Ok(())
    }

    /// The secret key of a ledger.
    pub fn key(&self, public: &VerifierKey) -> Result<Arc<LedgerKey>, LedgerError> {
        let mut known = lock(&self.key);
        if let Some(key) = known.as_ref().filter(|key| key.verifier() == public) {
            return Ok(Arc::clone(key));
        }
        let read = read_key(&self.folder, &self.path(public, "key"));
        let text = read.map_err(|error| match error {
            KeyFolderError::Io { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
                KeyFolderError::LedgerKeyMissing(public.to_string())
            }
            error => error,
        })?;
        let text = std::str::from_utf8(&text).map_err(|_| NoteKeyError::Form);
        let key = Arc::new(LedgerKey::parse(text?.trim_end())?);
        if key.verifier() != public {
            return Err(KeyFolderError::LedgerKeyMissing(public.to_string()).into());
        }
        *known = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The newest tree head that was handed out; `None` if there is none. One that cannot be read is no licence to sign.
    pub fn handed_out(&self, ledger: &VerifierKey) -> Result<Option<TreeHead>, LedgerError> {
        let bytes = match fs::read(self.path(ledger, "head")) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.io(cause).into()),
        };
        read_head(ledger, &bytes).map(Some)
    }

    /// A tree head that a phone showed and that this ledger did not hold: the database is an old copy, until another
    /// ledger begins.
    pub fn lost(&self, ledger: &VerifierKey) -> Result<Option<TreeHead>, LedgerError> {
        match fs::read(self.path(ledger, "lost")) {
            Ok(bytes) => read_head(ledger, &bytes).map(Some),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(self.io(cause).into()),
        }
    }

    /// Remembers durably that a tree head is handed out. Only after that may it be.
    pub fn note_handed_out(&self, ledger: &VerifierKey, note: &[u8]) -> Result<(), LedgerError> {
        let head = read_head(ledger, note)?;
        let mut newest = lock(&self.handed_out);
        if newest.as_ref().is_some_and(|it| it.origin == head.origin && it.size >= head.size) {
            return Ok(());
        }
        // Another process may have handed out a larger one, or be about to.
        let _turn = self.turn(ledger).map_err(|cause| self.io(cause))?;
        if self.handed_out(ledger)?.is_none_or(|it| it.size < head.size) {
            let path = self.path(ledger, "head");
            private_file::write(&path, note, true).map_err(|cause| self.io(cause))?;
        }
        *newest = Some(head);
        Ok(())
    }

    /// Since when the shore collects, Unix seconds; `None`: it does not. What cannot be read is no licence to sign.
    pub fn collecting(&self, ledger: &VerifierKey) -> Result<Option<i64>, LedgerError> {
        match fs::read_to_string(self.path(ledger, "collecting")) {
            Ok(text) => Ok(Some(text.trim().parse().unwrap_or(0))),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) if cause.kind() == std::io::ErrorKind::InvalidData => Ok(Some(0)),
            Err(cause) => Err(self.io(cause).into()),
        }
    }

    /// The shore collects from now on, in every process.
    pub(super) fn note_collecting(
        &self,
        ledger: &VerifierKey,
        since: i64,
    ) -> Result<(), LedgerError> {
        let path = self.path(ledger, "collecting");
        private_file::write(&path, since.to_string().as_bytes(), true)
            .map_err(|cause| self.io(cause))?;
        Ok(())
    }

    /// The shore collects no more.
    pub(super) fn end_collecting(&self, ledger: &VerifierKey) -> Result<(), LedgerError> {
        match fs::remove_file(self.path(ledger, "collecting")) {
            Ok(()) => {}
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(self.io(cause).into()),
        }
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        Ok(synced.map_err(|cause| self.io(cause))?)
    }

    /// A tree head that this ledger signed and does not hold: from now on, in every process that starts, it is known that
    /// the database is an old copy. The largest one stays.
    pub(crate) fn note_lost(&self, ledger: &VerifierKey, note: &[u8]) -> Result<(), LedgerError> {
        let head = read_head(ledger, note)?;
        let _turn = self.turn(ledger).map_err(|cause| self.io(cause))?;
        if self.lost(ledger)?.is_some_and(|known| known.size >= head.size) {
            return Ok(());
        }
        let path = self.path(ledger, "lost");
        private_file::write(&path, note, true).map_err(|cause| self.io(cause))?;
        *lock(&self.checked) = None;
        Ok(())
    }
}

fn read_head(ledger: &VerifierKey, bytes: &[u8]) -> Result<TreeHead, LedgerError> {
    let head = SignedTreeHead::parse(bytes).map_err(|_| LedgerError::MarkerDamaged)?;
    head.verify(ledger).cloned().map_err(|_| LedgerError::MarkerDamaged)
}

#[cfg(test)]
mod tests {
    use deckwatch_core::model::Hash;

    use super::*;

    fn key() -> LedgerKey {
        LedgerKey::from_seed("ledger.example/1", &[1; 32]).unwrap()
    }

    fn note(size: u64) -> Vec<u8> {
        SignedTreeHead::sign(size, Hash::of(&size.to_be_bytes()), &key()).unwrap().encode()
    }

    /// Each process has its own of these, and knows nothing of the others but the files.
    #[test]
    fn no_process_lowers_the_tree_head_that_another_one_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let (key, path) = (key(), folder.path());
        let (ledger, process) = (key.verifier(), || LedgerFolder::within(path));
        let [one, other] = [process(), process()];
        let size = || process().handed_out(ledger).unwrap().unwrap().size;
        for (process, signed, expected) in
            [(&one, 5, 5), (&other, 3, 5), (&other, 7, 7), (&one, 6, 7)]
        {
            process.note_handed_out(ledger, &note(signed)).unwrap();
            assert_eq!(size(), expected);
        }
        // At once, none in the order of the sizes.
        std::thread::scope(|scope| {
            let sizes = |first| (10..90).filter(move |size| size % 4 == first);
            let processes: Vec<_> = (0..4)
                .map(|first| {
                    scope.spawn(move || {
                        let process = LedgerFolder::within(path);
                        for size in sizes(first) {
                            process.note_handed_out(ledger, &note(size)).unwrap();
                        }
                    })
                })
                .collect();
            let mut seen = vec![size()];
            while processes.iter().any(|process| !process.is_finished()) {
                seen.push(size());
            }
            assert!(seen.is_sorted(), "{seen:?}");
        });
        assert_eq!(size(), 89);
    }

    #[test]
    fn the_largest_lost_tree_head_stays_and_collecting_survives_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let (key, within) = (key(), LedgerFolder::within(folder.path()));
        let ledger = key.verifier();
        for (lost, expected) in [(5, 5), (3, 5), (9, 9)] {
            within.note_lost(ledger, &note(lost)).unwrap();
            assert_eq!(within.lost(ledger).unwrap().unwrap().size, expected);
        }
        assert_eq!(within.collecting(ledger).unwrap(), None);
        within.note_collecting(ledger, 77).unwrap();
        assert_eq!(within.collecting(ledger).unwrap(), Some(77));
        fs::write(within.path(ledger, "collecting"), [0xff, 0xfe]).unwrap();
        assert_eq!(within.collecting(ledger).unwrap(), Some(0), "no licence to sign");
        within.end_collecting(ledger).unwrap();
        within.end_collecting(ledger).unwrap();
        assert_eq!(within.collecting(ledger).unwrap(), None);
    }
}
