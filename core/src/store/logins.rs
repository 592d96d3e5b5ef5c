//! What log-ins on this device are checked against, and how often somebody tried.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{
    SealError, Store, StoreError,
    records::not_bytes,
    seal::{Place, Seal},
};
use crate::model::CrewNo;

/// Numbers without a PIN here whose failures are kept. There is nothing to guess behind them; they are counted
/// so that nobody learns which numbers have a PIN.
const MOST_STRANGERS: u32 = 256;

impl Store {
    /// What is kept of a person; of number 0 the key under which badges are kept.
    pub fn login_key(&self, crew: CrewNo) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept("login_key", "SELECT value FROM login_key WHERE crew = ?1", crew)
    }

    /// What is kept of everybody.
    pub fn login_keys(&self) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        self.numbered("login_key", "SELECT crew, value FROM login_key WHERE crew <> 0")
    }

    /// Keeps what a log-in is checked against.
    pub fn put_login_key(&mut self, crew: CrewNo, value: &[u8]) -> Result<(), StoreError> {
        let sealed = seal_value(&self.seal, "login_key", crew, value)?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO login_key (crew, value) VALUES (?1, ?2)")?
            .execute(params![crew_token(&self.seal, crew), sealed])?;
        Ok(())
    }

    /// Forgets a person, and the failures with it.
    pub fn remove_login_key(&mut self, crew: CrewNo) -> Result<bool, StoreError> {
        let token = crew_token(&self.seal, crew);
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let gone = tx.execute("DELETE FROM login_key WHERE crew = ?1", params![token])?;
        tx.execute("DELETE FROM login_attempt WHERE crew = ?1", params![token])?;
        tx.commit()?;
        Ok(gone > 0)
    }

    /// The failures of a number; of number 0 those of all together.
    pub fn login_attempts(&self, crew: CrewNo) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept("login_attempt", "SELECT value FROM login_attempt WHERE crew = ?1", crew)
    }

    /// The failures of every number, and of all together.
    pub fn all_login_attempts(&self) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        self.numbered("login_attempt", "SELECT crew, value FROM login_attempt")
    }

    /// Keeps failures, `None` = none any more; all of them or nothing, and on the medium when this returns.
    pub fn put_login_attempts(
        &mut self,
        attempts: &[(CrewNo, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (crew, value) in attempts {
            let token = crew_token(&self.seal, *crew);
            match value {
                Some(value) => tx
                    .prepare_cached(
                        "INSERT OR REPLACE INTO login_attempt (crew, value) VALUES (?1, ?2)",
                    )?
                    .execute(params![
                        token,
                        seal_value(&self.seal, "login_attempt", *crew, value)?
                    ])?,
                None => tx
                    .prepare_cached("DELETE FROM login_attempt WHERE crew = ?1")?
                    .execute(params![token])?,
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
            .execute(params![token, MOST_STRANGERS])?;
        }
        tx.commit()?;
        Ok(())
    }

    fn kept(
        &self,
        table: &'static str,
        sql: &str,
        crew: CrewNo,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let token = crew_token(&self.seal, crew);
        let sealed: Option<Vec<u8>> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![token], |row| row.get(0))
            .optional()?;
        let opened = sealed.map(|sealed| open_value(&self.seal, table, token, &sealed));
        Ok(opened.transpose()?.map(|(_, value)| value))
    }

    /// By roster number.
    fn numbered(
        &self,
        table: &'static str,
        sql: &str,
    ) -> Result<Vec<(CrewNo, Vec<u8>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let sealed = row.get_ref(1)?.as_blob().map_err(not_bytes)?;
            found.push(open_value(&self.seal, table, row.get(0)?, sealed)?);
        }
        found.sort_unstable_by_key(|(crew, _)| *crew);
        Ok(found)
    }
}

/// What stands for a roster number: 0 for 0, and never 0 for another.
pub(super) fn crew_token(seal: &Seal, crew: CrewNo) -> i64 {
    if crew.0 == 0 {
        return 0;
    }
    let token = seal.token("crew", &crew.0.to_be_bytes());
    let first = token.first_chunk::<8>().map_or(1, |first| i64::from_be_bytes(*first));
    if first == 0 { 1 } else { first }
}

fn value_place(table: &str, token: i64) -> Place {
    Place::new(table, "value").number(token)
}

/// The roster number, 4 bytes, and the value.
pub(super) fn seal_value(
    seal: &Seal,
    table: &str,
    crew: CrewNo,
    value: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let clear = [&crew.0.to_be_bytes(), value].concat();
    seal.bytes(&value_place(table, crew_token(seal, crew)), &clear)
}

pub(super) fn open_value(
    seal: &Seal,
    table: &'static str,
    token: i64,
    sealed: &[u8],
) -> Result<(CrewNo, Vec<u8>), StoreError> {
    let clear = seal.clear(table, &value_place(table, token), sealed)?;
    let (crew, value) = clear.split_first_chunk::<4>().ok_or(SealError::Row { table })?;
    Ok((CrewNo(u32::from_be_bytes(*crew)), value.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_on_many_numbers_fill_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = crate::store::tests::open(folder.path()).unwrap();
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
