//! A store whose key is lost: told from one whose key is only not to be had now, and kept beside a new one.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    APPLICATION_ID, SealError, Store, StoreError, connect, fixed, from_sql, records::not_bytes,
    schema::SEALED_FROM, sealing,
};
use crate::{
    entropy::Entropy,
    model::DeviceId,
    record::{DeviceSafe, KeyError},
};

/// Stores that are kept beside one another.
const MOST_KEPT: u32 = 999;

/// Why a store was not set aside. It is where it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AsideError {
    /// It opens.
    #[error("this store's key is not lost; open the store, nothing was moved")]
    NotLost,
    /// Not a store whose rows are sealed.
    #[error("this file is not a sealed store; nothing was moved")]
    NotSealed,
    /// The store cannot be looked at, or its key cannot be had just now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No new device key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file.
    #[error("the store cannot be moved; check that its folder may be written")]
    Io(#[from] io::Error),
}

/// What a store that was set aside holds. All of it stands in clear there, so it is what the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The file.
    pub path: PathBuf,
    /// Chains that were recorded here: whose, the seq of the newest record, and up to which seq the newest receipt says
    /// that the shore holds it.
    pub chains: Vec<(DeviceId, u64, Option<u64>)>,
}

/// A store whose key is lost.
#[derive(Debug)]
pub struct LostStore {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// The store at `path`, if its key is lost.
    pub fn lost(
        path: &Path,
        safe: &dyn DeviceSafe,
        entropy: &mut dyn Entropy,
    ) -> Result<LostStore, AsideError> {
        // Opening would make it.
        File::open(path)?;
        let connection = connect(path)?;
        let number = |name: &str| -> Result<i64, StoreError> {
            Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
        };
        if number("application_id")? != i64::from(APPLICATION_ID)
            || number("user_version")? < SEALED_FROM
        {
            return Err(AsideError::NotSealed);
        }
        match sealing::unseal(&connection, safe, entropy) {
            Ok(_) => Err(AsideError::NotLost),
            Err(StoreError::Seal(SealError::KeyLost(_) | SealError::WrongKey)) => {
                Ok(LostStore { connection, path: path.to_owned() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl LostStore {
    /// Moves it to a name beside its own that no file has.
    pub fn set_aside(self) -> Result<Aside, AsideError> {
        let chains = self.chains()?;
        if !sealing::checkpoint(&self.connection)? {
            return Err(StoreError::Busy.into());
        }
        self.connection.close().map_err(|(_, error)| StoreError::from(error))?;
        // Moving the file alone must move everything.
        let log = beside(&self.path, "-wal");
        if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            return Err(StoreError::Busy.into());
        }
        let mut names = (1..=MOST_KEPT).map(|n| beside(&self.path, &format!(".lost-{n}")));
        let free = names.find(|name| std::fs::symlink_metadata(name).is_err());
        let path = free.ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
        std::fs::rename(&self.path, &path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Aside { path, chains })
    }

    fn chains(&self) -> Result<Vec<(DeviceId, u64, Option<u64>)>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT dev, max(seq), (SELECT max(seq) FROM receipt WHERE receipt.dev = record.dev)
             FROM record GROUP BY dev ORDER BY dev",
        )?;
        let mut rows = statement.query([])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            let dev = DeviceId(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?);
            let receipted = row.get::<_, Option<i64>>(2)?.map(from_sql).transpose()?;
            chains.push((dev, from_sql(row.get(1)?)?, receipted));
        }
        Ok(chains)
    }
}

fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}
