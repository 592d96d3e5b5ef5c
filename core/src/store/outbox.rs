//! Changes of documents that were made here: which the shore holds, and which it refused.

use rusqlite::{Row, TransactionBehavior, params};

use super::{
    Store, StoreError, fixed, from_sql, records::not_bytes, seal::Seal, sources::open_change,
    to_sql,
};
use crate::{
    document::RawChange,
    model::{DocumentId, Hash},
};

/// The name of a change that was made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnChange {
    /// The document's kind, by its number.
    pub kind: u64,
    /// The document.
    pub id: DocumentId,
    /// The change.
    pub hash: Hash,
}

/// What became of a change at the shore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'a> {
    /// The shore holds it.
    Held,
    /// The shore is not known to hold it.
    Unheld,
    /// The shore refused it.
    Refused {
        /// The number of the problem.
        code: u64,
        /// When, Unix seconds.
        at: i64,
        /// What this phone was certified for when it sent it.
        certified_as: &'a [u8],
    },
}

/// Whether a change was refused, and nothing is different since. It is in the outbox all the same.
const REFUSED: &str = "own = 1 AND held = 0 AND refused <> 0 AND refused_as = ?1";
const FRESH: &str = "own = 1 AND held = 0 AND NOT (refused <> 0 AND refused_as = ?1)";

impl Store {
    /// Changes made here that the shore is not known to hold, the oldest first, as long as they fit into
    /// so many changes and bytes. Not those that it refused while this phone was certified as it is now.
    pub fn fresh_changes(
        &self,
        certified_as: &[u8],
        room: (usize, usize),
    ) -> Result<Vec<(OwnChange, RawChange)>, StoreError> {
        self.outbox(FRESH, "arrived, hash", certified_as, room)
    }

    /// Changes made here that the shore refused and nothing is different since; those that were sent
    /// least lately first.
    pub fn refused_changes(
        &self,
        certified_as: &[u8],
        room: (usize, usize),
    ) -> Result<Vec<(OwnChange, RawChange)>, StoreError> {
        self.outbox(REFUSED, "refused_at, arrived, hash", certified_as, room)
    }

    fn outbox(
        &self,
        which: &str,
        order: &str,
        certified_as: &[u8],
        (most, bytes): (usize, usize),
    ) -> Result<Vec<(OwnChange, RawChange)>, StoreError> {
        let sql =
            format!("SELECT kind, id, hash, bytes FROM change WHERE {which} ORDER BY {order}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![certified_token(&self.seal, certified_as)])?;
        let (mut changes, mut size) = (Vec::new(), 0_usize);
        while changes.len() < most
            && let Some(row) = rows.next()?
        {
            let change = own_change(row)?;
            let sealed = row.get_ref(3)?.as_blob().map_err(not_bytes)?;
            let document = (to_sql(change.kind)?, change.id);
            let raw = open_change(&self.seal, document, change.hash, sealed)?;
            size = size.saturating_add(raw.bytes.len());
            if size > bytes {
                break;
            }
            changes.push((change, raw));
        }
        Ok(changes)
    }

    /// How many changes made here the shore is not known to hold, those that it refused with them.
    pub fn count_unheld_changes(&self) -> Result<usize, StoreError> {
        let count: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM change WHERE own = 1 AND held = 0")?
            .query_row([], |row| row.get(0))?;
        usize::try_from(count).map_err(|_| StoreError::Range)
    }

    /// How many of them the shore refused and nothing is different since, by the number of its problem.
    pub fn count_refused_changes(
        &self,
        certified_as: &[u8],
    ) -> Result<Vec<(u64, usize)>, StoreError> {
        let sql = format!(
            "SELECT refused, count(*) FROM change WHERE {REFUSED} GROUP BY refused ORDER BY refused"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![certified_token(&self.seal, certified_as)])?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            let count = usize::try_from(row.get::<_, i64>(1)?).map_err(|_| StoreError::Range)?;
            counts.push((from_sql(row.get(0)?)?, count));
        }
        Ok(counts)
    }

    /// The changes of a document that were made here, whether the shore holds each, and whether it
    /// refused it.
    pub fn own_changes(
        &self,
        kind: u64,
        id: DocumentId,
    ) -> Result<Vec<(Hash, bool, bool)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT hash, held, refused <> 0 FROM change WHERE kind = ?1 AND id = ?2 AND own = 1",
        )?;
        let mut rows = statement.query(params![to_sql(kind)?, id.0])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let hash = Hash(fixed(row.get_ref(0)?.as_blob().map_err(not_bytes)?)?);
            changes.push((hash, row.get(1)?, row.get(2)?));
        }
        Ok(changes)
    }

    /// Notes what became of changes, all or none.
    pub fn note_fates(&mut self, fates: &[(OwnChange, Fate<'_>)]) -> Result<(), StoreError> {
        if fates.is_empty() {
            return Ok(());
        }
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (OwnChange { kind, id, hash }, fate) in fates {
            let (held, code, at, certified_as) = match fate {
                Fate::Held => (true, 0, 0, None),
                Fate::Unheld => (false, 0, 0, None),
                Fate::Refused { code, at, certified_as } => {
                    (false, *code, *at, Some(certified_token(&self.seal, certified_as)))
                }
            };
            tx.prepare_cached(
                "UPDATE change SET held = ?4, refused = ?5, refused_at = ?6, refused_as = ?7
                 WHERE kind = ?1 AND id = ?2 AND hash = ?3 AND own = 1",
            )?
            .execute(params![
                to_sql(*kind)?,
                id.0,
                hash.0,
                held,
                to_sql(code)?,
                at,
                certified_as
            ])?;
        }
        tx.commit()?;
        Ok(())
    }
}

fn own_change(row: &Row<'_>) -> Result<OwnChange, StoreError> {
    Ok(OwnChange {
        kind: from_sql(row.get(0)?)?,
        id: DocumentId(fixed(row.get_ref(1)?.as_blob().map_err(not_bytes)?)?),
        hash: Hash(fixed(row.get_ref(2)?.as_blob().map_err(not_bytes)?)?),
    })
}

/// What stands for what a phone was certified for.
pub(super) fn certified_token(seal: &Seal, certified_as: &[u8]) -> [u8; 32] {
    seal.token("certified", certified_as)
}
