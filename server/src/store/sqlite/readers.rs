use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connection::open_reader;
use crate::store::StoreError;
use crate::store::one_writer::lock;

/// Connections for reading: one is taken from the stack, or opened while there are fewer than the limit.
/// The last one given back is lent next, because its cache is warm.
pub(super) struct Readers {
    path: PathBuf,
    limit: usize,
    patience: Duration,
    stack: Mutex<Stack>,
    given_back: Condvar,
}

#[derive(Default)]
struct Stack {
    idle: Vec<Connection>,
    lent: usize,
}

/// The right to one connection, given back when dropped.
struct Ticket<'a>(&'a Readers);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        lock(&self.0.stack).lent -= 1;
        self.0.given_back.notify_one();
    }
}

impl Readers {
    pub(super) fn new(path: PathBuf, limit: usize, patience: Duration) -> Self {
        let limit = limit.max(1);
        Self { path, limit, patience, stack: Mutex::default(), given_back: Condvar::new() }
    }

    /// Lends a connection to `work`. One that comes back within a transaction is closed.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (_ticket, idle) = self.admit()?;
        let conn = match idle {
            Some(conn) => conn,
            None => open_reader(&self.path, self.patience)?,
        };
        let result = work(&conn);
        if conn.is_autocommit() {
            lock(&self.stack).idle.push(conn);
        }
        result
    }

    fn admit(&self) -> Result<(Ticket<'_>, Option<Connection>), StoreError> {
        let none_left = |stack: &mut Stack| stack.lent >= self.limit;
        let (mut stack, waited) = self
            .given_back
            .wait_timeout_while(lock(&self.stack), self.patience, none_left)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(StoreError::Busy);
        }
        stack.lent += 1;
        Ok((Ticket(self), stack.idle.pop()))
    }
}
