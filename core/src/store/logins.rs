//! What log-ins on this device are checked against, and how often somebody tried.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{Store, StoreError};
use crate::model::CrewNo;

/// Numbers without a PIN here whose failures are kept. There is nothing to guess behind them; they are counted
/// so that nobody learns which numbers have a PIN.
const MOST_STRANGERS: u32 = 256;

impl Store {
    /// What is kept of a person; of number 0 the key under which badges are kept.
    pub fn login_key(&self, crew: CrewNo) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT value FROM login_key WHERE crew = ?1")?
            .query_row(params![crew.0], |row| row.get(0))
            .optional()?)
    }

    /// What is kept of everybody.
    pub fn login_keys(&self) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        self.numbered("SELECT crew, value FROM login_key WHERE crew <> 0 ORDER BY crew")
    }

    /// Keeps what a log-in is checked against.
    pub fn put_login_key(&mut self, crew: CrewNo, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO login_key (crew, value) VALUES (?1, ?2)")?
            .execute(params![crew.0, value])?;
        Ok(())
    }

    /// Forgets a person, and the failures with it.
    pub fn remove_login_key(&mut self, crew: CrewNo) -> Result<bool, StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let gone = tx.execute("DELETE FROM login_key WHERE crew = ?1", params![crew.0])?;
        tx.execute("DELETE FROM login_attempt WHERE crew = ?1", params![crew.0])?;
        tx.commit()?;
        Ok(gone > 0)
    }

    /// The failures of a number; of number 0 those of all together.
    pub fn login_attempts(&self, crew: CrewNo) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT value FROM login_attempt WHERE crew = ?1")?
            .query_row(params![crew.0], |row| row.get(0))
            .optional()?)
    }

    /// The failures of every number, and of all together.
    pub fn all_login_attempts(&self) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        self.numbered("SELECT crew, value FROM login_attempt ORDER BY crew")
    }

    /// Keeps failures, `None` = none any more; all of them or nothing, and on the medium when this returns.
    pub fn put_login_attempts(
        &mut self,
        attempts: &[(CrewNo, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (crew, value) in attempts {
            match value {
                Some(value) => tx
                    .prepare_cached(
                        "INSERT OR REPLACE INTO login_attempt (crew, value) VALUES (?1, ?2)",
                    )?
                    .execute(params![crew.0, value])?,
                None => tx
                    .prepare_cached("DELETE FROM login_attempt WHERE crew = ?1")?
                    .execute(params![crew.0])?,
            };
            tx.prepare_cached(
                "DELETE FROM login_attempt WHERE crew IN (
                    SELECT crew FROM login_attempt
                    WHERE crew NOT IN (0, ?1) AND crew NOT IN (SELECT crew FROM login_key)
                    ORDER BY crew LIMIT max(0, (
                        SELECT count(*) FROM login_attempt
                        WHERE crew <> 0 AND crew NOT IN (SELECT crew FROM login_key)
                    ) - ?2))",
            )?
            .execute(params![crew.0, MOST_STRANGERS])?;
        }
        tx.commit()?;
        Ok(())
    }

    fn numbered(&self, sql: &str) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((CrewNo(row.get(0)?), row.get(1)?));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_on_many_numbers_fill_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("store.db")).unwrap();
        store.put_login_key(CrewNo(5), b"key").unwrap();
        for crew in 1..=MOST_STRANGERS + 40 {
            let attempts = [(CrewNo(crew), Some(vec![1])), (CrewNo(0), Some(vec![2]))];
            store.put_login_attempts(&attempts).unwrap();
            assert_eq!(store.login_attempts(CrewNo(crew)).unwrap(), Some(vec![1]));
        }
        let kept = store.all_login_attempts().unwrap();
        // All together, the one with a PIN, and strangers up to the limit.
        assert_eq!(kept.len(), MOST_STRANGERS as usize + 2);
        assert_eq!(store.login_attempts(CrewNo(5)).unwrap(), Some(vec![1]));
        assert!(store.remove_login_key(CrewNo(5)).unwrap());
        assert_eq!(store.login_attempts(CrewNo(5)).unwrap(), None);
        assert!(!store.remove_login_key(CrewNo(5)).unwrap());
    }
}
