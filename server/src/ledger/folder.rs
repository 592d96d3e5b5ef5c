//! What of the ledger stands beside the database: its secret key, and the newest tree head that was handed out.
//!
//! A database can be put back from a backup. What was signed and handed out after that backup is in the hands of
//! phones, and must not be contradicted; the tree head here tells that there was more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use deckwatch_core::ledger::{LedgerKey, SignedTreeHead, TreeHead, VerifierKey};

use super::LedgerError;
use crate::shore::{KeyFolderError, lock, write_private};

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
        write_private(&path, key.to_text().as_bytes(), false).map_err(|cause| self.io(cause))?;
        *lock(&self.key) = Some(Arc::new(key.clone()));
        Ok(())
    }

    /// The secret key of a ledger.
    pub fn key(&self, public: &VerifierKey) -> Result<Arc<LedgerKey>, LedgerError> {
        let mut known = lock(&self.key);
        if let Some(key) = known.as_ref().filter(|key| key.verifier() == public) {
            return Ok(Arc::clone(key));
        }
        let text =
            fs::read_to_string(self.path(public, "key")).map_err(|cause| match cause.kind() {
                std::io::ErrorKind::NotFound => {
                    KeyFolderError::LedgerKeyMissing(public.to_string())
                }
                _ => self.io(cause),
            })?;
        let key = Arc::new(LedgerKey::parse(text.trim_end())?);
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
            write_private(&path, note, true).map_err(|cause| self.io(cause))?;
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
        write_private(&path, since.to_string().as_bytes(), true).map_err(|cause| self.io(cause))?;
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
        write_private(&path, note, true).map_err(|cause| self.io(cause))?;
        *lock(&self.checked) = None;
        Ok(())
    }
}

fn read_head(ledger: &VerifierKey, bytes: &[u8]) -> Result<TreeHead, LedgerError> {
    let head = SignedTreeHead::parse(bytes).map_err(|_| LedgerError::MarkerDamaged)?;
    head.verify(ledger).cloned().map_err(|_| LedgerError::MarkerDamaged)
}
