//! The master keys of a vessel's tags at rest: one file a vessel beside the shore's own keys, `<vessel>.tags`, outside of the
//! database and of its backups. Who can read it can forge every scan of levels 3 to 5.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use deckwatch_core::{model::VesselId, presence::tag_key::TagKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Keyed;
use crate::private_file::{self, PrivateFileError};

/// Bytes of the file at most: 32 keys and half a million that were disclosed.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The form of the file.
const FORM: u32 = 1;
/// Versions that one vessel may have: each is tried for a message whose version nobody knows.
pub const MOST_VERSIONS: usize = 32;

/// Why keys were not read or written. No message has a key in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagKeyError {
    /// The file system.
    #[error("the file of tag keys {path} cannot be used")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// Others may read it.
    #[error("the file of tag keys {path} can be read by others (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no file of keys.
    #[error("the file of tag keys {path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Too many.
    #[error("the vessel has {MOST_VERSIONS} versions of its master key already")]
    Full,
}

impl TagKeyError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the folder's owner and free space",
            Self::Exposed { .. } => {
                "take the rights away with chmod 600; if somebody else has read it, rotate the keys and write the tags anew"
            }
            Self::Damaged { .. } => "restore it from its own backup",
            Self::Full => "keep the newest version",
        }
    }
}

/// One version of a vessel's master key.
#[derive(Debug, Clone)]
pub struct Master {
    /// Counts from 1.
    pub version: u32,
    /// The key.
    pub key: TagKey,
    /// When it was made, Unix seconds.
    pub made: i64,
}

/// A vessel's master keys, and which of the keys made from them were shown to somebody.
#[derive(Debug, Clone, Default)]
pub struct Masters {
    versions: Vec<Master>,
    disclosed: BTreeSet<(Keyed, u32)>,
}

impl Masters {
    /// All versions, the oldest first.
    pub fn versions(&self) -> &[Master] {
        &self.versions
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Master> {
        self.versions.last()
    }

    /// One version.
    pub fn version(&self, version: u32) -> Option<&Master> {
        self.versions.iter().find(|master| master.version == version)
    }

    /// Whether the key of `tag` in `version` was shown to somebody.
    pub fn is_disclosed(&self, tag: Keyed, version: u32) -> bool {
        self.disclosed.contains(&(tag, version))
    }

    /// Adds a version.
    pub fn add(&mut self, key: [u8; 16], made: i64) -> Result<u32, TagKeyError> {
        if self.versions.len() >= MOST_VERSIONS {
            return Err(TagKeyError::Full);
        }
        let version = self.newest().map_or(0, |master| master.version).saturating_add(1);
        self.versions.push(Master { version, key: TagKey::new(key), made });
        Ok(version)
    }

    /// Remembers that a key was shown: what is made with it from now on proves nothing.
    pub fn disclose(&mut self, tag: Keyed, version: u32) {
        self.disclosed.insert((tag, version));
    }
}

/// The file's text, wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    form: u32,
    masters: Vec<MasterText>,
    disclosed: Vec<(Keyed, u32)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MasterText {
    version: u32,
    key: Zeroizing<String>,
    made: i64,
}

/// The folder with the files.
#[derive(Debug, Clone)]
pub struct TagKeyFolder {
    folder: PathBuf,
}

impl TagKeyFolder {
    /// The files in a folder that only its owner may enter.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The file of a vessel.
    pub fn path(&self, vessel: VesselId) -> PathBuf {
        self.folder.join(format!("{vessel}.tags"))
    }

    /// The keys of a vessel; `None` if it has none.
    pub fn load(&self, vessel: VesselId) -> Result<Option<Masters>, TagKeyError> {
        let path = self.path(vessel);
        let io = |cause| TagKeyError::Io { path: path.clone(), cause };
        let damaged = || TagKeyError::Damaged { path: path.clone() };
        let text = match private_file::read(&path, MOST_BYTES) {
            Ok(text) => text,
            Err(PrivateFileError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(PrivateFileError::Io(error)) => return Err(io(error)),
            Err(PrivateFileError::Exposed(mode)) => {
                return Err(TagKeyError::Exposed { path, mode });
            }
            Err(PrivateFileError::TooLarge(_)) => return Err(damaged()),
        };
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        read(text).map(Some).ok_or_else(damaged)
    }

    /// Changes the keys of a vessel; one at a time, whoever else runs. They are durable when this returns.
    pub fn change<T, E: From<TagKeyError>>(
        &self,
        vessel: VesselId,
        work: impl FnOnce(&mut Masters) -> Result<T, E>,
    ) -> Result<T, E> {
        let path = self.path(vessel);
        let io = |cause| TagKeyError::Io { path: path.clone(), cause };
        let lock = self.folder.join(format!("{vessel}.tags.lock"));
        let lock = File::create(lock).map_err(io)?;
        lock.lock().map_err(io)?;
        let mut masters = self.load(vessel)?.unwrap_or_default();
        let value = work(&mut masters)?;
        let text = written(&masters).ok_or_else(|| TagKeyError::Damaged { path: path.clone() })?;
        private_file::write(&path, text.as_bytes(), true).map_err(io)?;
        Ok(value)
    }
}

fn read(text: &str) -> Option<Masters> {
    let text: FileText =
        serde_json::from_str(text).ok().filter(|text: &FileText| text.form == FORM)?;
    let mut masters = Masters::default();
    for master in &text.masters {
        let bytes = Zeroizing::new(HEXLOWER.decode(master.key.as_bytes()).ok()?);
        let key = TagKey::new(<[u8; 16]>::try_from(&bytes[..]).ok()?);
        let rising = masters.newest().is_none_or(|newest| newest.version < master.version);
        if master.version == 0 || !rising || masters.versions.len() >= MOST_VERSIONS {
            return None;
        }
        masters.versions.push(Master { version: master.version, key, made: master.made });
    }
    masters.disclosed = text.disclosed.into_iter().collect();
    Some(masters)
}

fn written(masters: &Masters) -> Option<Zeroizing<String>> {
    let text = FileText {
        form: FORM,
        masters: masters
            .versions
            .iter()
            .map(|master| MasterText {
                version: master.version,
                key: Zeroizing::new(HEXLOWER.encode(master.key.expose())),
                made: master.made,
            })
            .collect(),
        disclosed: masters.disclosed.iter().copied().collect(),
    };
    serde_json::to_string(&text).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use deckwatch_core::model::{TagId, TagUid};

    use std::fs;

    use super::*;

    const VESSEL: VesselId = VesselId([7; 16]);

    fn changed(folder: &TagKeyFolder, key: u8) -> u32 {
        folder
            .change(VESSEL, |masters| {
                masters.disclose(Keyed::Display(TagId([0xd0 | key; 16])), 1);
                masters.disclose(Keyed::Nfc(TagUid::from([0xd0 | key; 7])), 1);
                masters.add([key; 16], 1_800_000_000)
            })
            .unwrap()
    }

    #[test]
    fn keys_are_kept_private_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let keys = TagKeyFolder::new(folder.path());
        assert!(keys.load(VESSEL).unwrap().is_none());
        assert_eq!([1, 2].map(|key| changed(&keys, key)), [1, 2]);
        let read = keys.load(VESSEL).unwrap().unwrap();
        assert_eq!(read.newest().unwrap().version, 2);
        assert_eq!(read.version(1).unwrap().key.expose(), &[1; 16]);
        assert!(read.is_disclosed(Keyed::Nfc(TagUid::from([0xd1; 7])), 1));
        assert!(!read.is_disclosed(Keyed::Nfc(TagUid::from([0xd1; 7])), 2));
        assert!(read.is_disclosed(Keyed::Display(TagId([0xd2; 16])), 1));
        let shown = format!("{read:?}");
        assert!(!shown.contains("1, 1, 1") && !shown.contains("0101"), "{shown}");
        // A change that fails changes nothing.
        let failed: Result<(), TagKeyError> = keys.change(VESSEL, |masters| {
            masters.add([9; 16], 0)?;
            Err(TagKeyError::Full)
        });
        assert!(failed.is_err());
        assert_eq!(keys.load(VESSEL).unwrap().unwrap().versions().len(), 2);
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let keys = TagKeyFolder::new(folder.path());
        changed(&keys, 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys.path(VESSEL)), 0o600);
        for exposed in [0o640, 0o604, 0o620] {
            fs::set_permissions(keys.path(VESSEL), fs::Permissions::from_mode(exposed)).unwrap();
            let error = keys.load(VESSEL).unwrap_err();
            assert!(matches!(error, TagKeyError::Exposed { mode, .. } if mode == exposed));
            assert!(error.hint().contains("chmod 600"));
            let changed = keys.change(VESSEL, |masters| masters.add([2; 16], 0));
            assert!(matches!(changed, Err(TagKeyError::Exposed { .. })));
        }
    }

    #[test]
    fn a_damaged_file_is_refused_and_its_text_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let keys = TagKeyFolder::new(folder.path());
        changed(&keys, 1);
        changed(&keys, 2);
        let good = fs::read_to_string(keys.path(VESSEL)).unwrap();
        for wrong in [
            good.replace("01010101", "0101010"),
            good.replace("\"version\":2", "\"version\":1"),
            good.replace("\"version\":1", "\"version\":0"),
            good.replace("\"form\":1", "\"form\":2"),
            good.replace("{\"form\"", "{\"more\":1,\"form\""),
            String::new(),
        ] {
            assert_ne!(wrong, good);
            fs::write(keys.path(VESSEL), &wrong).unwrap();
            let error = keys.load(VESSEL).unwrap_err();
            assert!(matches!(error, TagKeyError::Damaged { .. }), "{wrong}");
            assert!(!format!("{error} {error:?}").contains("0101"));
        }
    }

    #[test]
    fn versions_are_bounded() {
        let mut masters = Masters::default();
        for version in 1..=MOST_VERSIONS {
            assert_eq!(masters.add([1; 16], 0).unwrap(), u32::try_from(version).unwrap());
        }
        assert!(matches!(masters.add([1; 16], 0), Err(TagKeyError::Full)));
    }
}
