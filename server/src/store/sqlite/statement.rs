use std::cell::Cell;

use deckwatch_core::model::{DeviceId, DocumentId, DueId, Hash, RouteId, VesselId};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Params, Row};

use super::fault::store_error;
use crate::store::{Each, EnrolmentToken, Scope, StoreError};

/// A transaction: every statement of this backend goes through here.
pub(super) struct SqliteTx<'c> {
    conn: &'c Connection,
    spoiled: Cell<bool>,
}

impl<'c> SqliteTx<'c> {
    pub(super) fn on(conn: &'c Connection) -> Self {
        Self { conn, spoiled: Cell::new(false) }
    }

    /// Whether a statement failed, so that a commit would keep half of what was meant.
    pub(super) fn is_spoiled(&self) -> bool {
        self.spoiled.get()
    }

    fn spoil(&self, error: rusqlite::Error) -> StoreError {
        self.spoiled.set(true);
        store_error(error)
    }

    /// On a full disk SQLite may end the transaction by itself; what came after would be committed one by one.
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        if self.is_spoiled() {
            return Err(StoreError::Spoiled);
        }
        self.conn.prepare_cached(sql).map_err(|error| self.spoil(error))
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        let mut statement = self.prepare(sql)?;
        statement.execute(params).map_err(|error| self.spoil(error))
    }

    /// Hands over every row.
    pub(super) fn each<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Fields<'_>) -> Result<T, StoreError>,
        each: Each<'_, T>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params).map_err(|error| self.spoil(error))?;
        while let Some(row) = rows.next().map_err(|error| self.spoil(error))? {
            each(read(&Fields { row })?)?;
        }
        Ok(())
    }

    /// Collects every row.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Fields<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        crate::store::gather(|each| self.each(sql, params, read, each))
    }

    /// The first row.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Fields<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params).map_err(|error| self.spoil(error))?;
        let row = rows.next().map_err(|error| self.spoil(error))?;
        row.map(|row| read(&Fields { row })).transpose()
    }

    /// Refuses rows of a vessel that is not there, before the foreign key does it with an error for programmers.
    pub(super) fn require_vessel(&self, vessel: VesselId) -> Result<(), StoreError> {
        let sql = "SELECT 1 AS there FROM vessel WHERE id = ?1";
        let there = self.first(sql, [vessel.as_bytes()], |fields| fields.integer("there"))?;
        there.map(|_| ()).ok_or(StoreError::UnknownVessel(vessel))
    }
}

/// A row, read by the names of its columns.
pub(super) struct Fields<'r> {
    row: &'r Row<'r>,
}

impl Fields<'_> {
    fn value(&self, column: &'static str) -> Result<ValueRef<'_>, StoreError> {
        self.row.get_ref(column).map_err(store_error)
    }

    pub(super) fn integer(&self, column: &'static str) -> Result<i64, StoreError> {
        self.optional_integer(column)?.ok_or(StoreError::Unreadable { what: column })
    }

    pub(super) fn optional_integer(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            _ => Err(StoreError::Unreadable { what: column }),
        }
    }

    pub(super) fn number<N: TryFrom<i64>>(&self, column: &'static str) -> Result<N, StoreError> {
        N::try_from(self.integer(column)?).map_err(|_| StoreError::Unreadable { what: column })
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        let text = self.value(column)?.as_str();
        text.map(str::to_owned).map_err(|_| StoreError::Unreadable { what: column })
    }

    pub(super) fn optional_bytes(
        &self,
        column: &'static str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes.to_vec())),
            _ => Err(StoreError::Unreadable { what: column }),
        }
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        let bytes = self.value(column)?.as_blob();
        bytes.map(<[u8]>::to_vec).map_err(|_| StoreError::Unreadable { what: column })
    }

    pub(super) fn id<T: Fixed>(&self, column: &'static str) -> Result<T, StoreError> {
        self.optional_id(column)?.ok_or(StoreError::Unreadable { what: column })
    }

    pub(super) fn optional_id<T: Fixed>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => {
                T::fixed(bytes).map(Some).ok_or(StoreError::Unreadable { what: column })
            }
            _ => Err(StoreError::Unreadable { what: column }),
        }
    }
}

/// What is kept as a known number of bytes.
pub(super) trait Fixed: Sized {
    fn fixed(bytes: &[u8]) -> Option<Self>;
}

macro_rules! fixed {
    ($($name:ident),*) => {$(
        impl Fixed for $name {
            fn fixed(bytes: &[u8]) -> Option<Self> {
                Self::from_slice(bytes)
            }
        }
    )*};
}

fixed!(VesselId, DeviceId, DueId, RouteId, DocumentId, Hash);

impl Fixed for EnrolmentToken {
    fn fixed(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Fixed for [u8; 33] {
    fn fixed(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

/// A scope as one parameter: NULL for all, else a JSON list of vessels in hex. Statements use it as
/// `?1 IS NULL OR vessel IN (SELECT unhex(value) FROM json_each(?1))`.
pub(super) fn scope_list(scope: Scope<'_>) -> Option<String> {
    let list = |vessels: &mut dyn Iterator<Item = VesselId>| {
        let quoted: Vec<_> = vessels.map(|vessel| format!("\"{vessel}\"")).collect();
        format!("[{}]", quoted.join(","))
    };
    match scope {
        Scope::All => None,
        Scope::Vessel(vessel) => Some(list(&mut std::iter::once(vessel))),
        Scope::Vessels(set) => Some(list(&mut set.iter().copied())),
    }
}
