//! What the shore keeps: narrow, object-safe traits, and the backends behind them.
//!
//! - **Sources** (vessels, enrolments, segments, document changes, receipts, revisions) are the truth. No trait
//!   has a method that deletes or changes one; the exceptions are a vessel's name and the use of an enrolment.
//! - **Projections** (vessel states, due patrols, flags) are worked out from the sources. They can be cleared and
//!   made again, and [`projection_digest`] tells whether they came out identical.
//!
//! The traits are synchronous: a server calls them on its blocking pool. All backends pass one conformance suite
//! (`store/conformance.rs`), so what a caller may rely on stands in the traits and nowhere else. SQL stands only
//! in the backends. Lists are ordered by bytes and numbers, never by a language's rules, and take a limit (never
//! more than [`MAX_LIST`] rows are given), a range, or a callback that is handed one row after the other.

mod bounds;
mod change;
#[cfg(test)]
mod conformance;
mod enrolment;
mod error;
mod ledger;
mod memory;
mod one_writer;
mod page_state;
mod projection;
mod receipt;
mod revision;
mod segment;
pub mod sqlite;
mod vessel;

pub use bounds::{
    MAX_CAUSE_BYTES, MAX_CHANGE_BYTES, MAX_DAYS, MAX_JSON_BYTES, MAX_LIST, MAX_NAME_BYTES,
    MAX_RECEIPT_BYTES, MAX_SEGMENT_BYTES, MAX_WORD_BYTES,
};
pub use change::{
    BroughtSince, ChangeName, ChangeRow, Changes, ChangesMut, DocumentRef, DocumentRow, NewChange,
};
pub use enrolment::{EnrolmentRow, EnrolmentToken, Enrolments, EnrolmentsMut};
pub use error::{Cause, StoreError};
pub use ledger::{
    LedgerLeafRow, LedgerRow, Ledgers, LedgersMut, MAX_LEAF_CONTENT_BYTES, MAX_TREE_HEAD_BYTES,
    TreeHeadRow,
};
pub use memory::MemoryStore;
pub use page_state::{PageStateRow, PageStates, PageStatesMut};
pub use projection::{
    DuePatrolRow, FlagCount, FlagPlace, FlagRow, Projections, ProjectionsMut, Replaced,
    VerdictCount, VesselStateRow, projection_digest,
};
pub use receipt::{ReceiptRow, Receipts, ReceiptsMut};
pub use revision::{NewRevision, RevisionRow, Revisions, RevisionsMut};
pub use segment::{
    Holding, SegmentPlace, SegmentRow, SegmentSpan, Segments, SegmentsFrom, SegmentsMut,
};
pub use sqlite::SqliteStore;
pub use vessel::{Scope, VesselRow, Vessels, VesselsMut};

/// One database, whichever it is.
pub trait Store: Send + Sync {
    /// Runs `work` in a transaction: one writer at a time, all or nothing, durable (fsync) when it returns `Ok`.
    ///
    /// An error returned by `work` undoes everything and is returned. A backend may run `work` again after a
    /// conflict, so its only effects are on the transaction and on values that a second run overwrites.
    /// An error for which [`StoreError::is_refusal`] holds changed nothing and the transaction may go on; after
    /// any other one it cannot be committed.
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn WriteTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Runs `work` on a consistent snapshot: everything it reads is of one moment, not before the call.
    fn read(
        &self,
        work: &mut dyn FnMut(&dyn ReadTx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// After something was replaced that must not exist any more: no file of the store holds it when this returns.
    fn scrub(&self) -> Result<(), StoreError>;
}

/// Everything that can be read in one snapshot.
pub trait ReadTx:
    Vessels
    + Enrolments
    + Segments
    + Changes
    + Receipts
    + Revisions
    + Projections
    + PageStates
    + Ledgers
{
}

impl<T> ReadTx for T where
    T: Vessels
        + Enrolments
        + Segments
        + Changes
        + Receipts
        + Revisions
        + Projections
        + PageStates
        + Ledgers
{
}

/// Everything that can be written in one transaction. It reads what it wrote.
pub trait WriteTx:
    ReadTx
    + VesselsMut
    + EnrolmentsMut
    + SegmentsMut
    + ChangesMut
    + ReceiptsMut
    + RevisionsMut
    + ProjectionsMut
    + PageStatesMut
    + LedgersMut
{
}

impl<T> WriteTx for T where
    T: ReadTx
        + VesselsMut
        + EnrolmentsMut
        + SegmentsMut
        + ChangesMut
        + ReceiptsMut
        + RevisionsMut
        + ProjectionsMut
        + PageStatesMut
        + LedgersMut
{
}

/// Is handed one row after the other; an error ends the list and is returned.
pub type Each<'a, T> = &'a mut dyn FnMut(T) -> Result<(), StoreError>;

/// Reads a value in one snapshot.
pub fn reading<T>(
    store: &dyn Store,
    work: impl FnMut(&dyn ReadTx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    try_reading(store, work)
}

/// Writes in one transaction and returns a value.
pub fn writing<T>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn WriteTx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    try_writing(store, work)
}

/// Like [`reading`], for work with an error of its own.
pub fn try_reading<T, E: From<StoreError>>(
    store: &dyn Store,
    mut work: impl FnMut(&dyn ReadTx) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let ended = store.read(&mut |tx| keep(&mut outcome, work(tx)));
    settle(ended, outcome)
}

/// Like [`writing`], for work with an error of its own. That error undoes everything, too.
pub fn try_writing<T, E: From<StoreError>>(
    store: &dyn Store,
    mut work: impl FnMut(&mut dyn WriteTx) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let ended = store.write(&mut |tx| keep(&mut outcome, work(tx)));
    settle(ended, outcome)
}

fn keep<T, E>(outcome: &mut Option<Result<T, E>>, result: Result<T, E>) -> Result<(), StoreError> {
    let ended = if result.is_ok() { Ok(()) } else { Err(StoreError::Abandoned) };
    *outcome = Some(result);
    ended
}

fn settle<T, E: From<StoreError>>(
    ended: Result<(), StoreError>,
    outcome: Option<Result<T, E>>,
) -> Result<T, E> {
    match (ended, outcome) {
        (Ok(()), Some(Ok(value))) => Ok(value),
        (Err(StoreError::Abandoned), Some(Err(error))) => Err(error),
        (Err(error), _) => Err(error.into()),
        (Ok(()), _) => Err(StoreError::Spoiled.into()),
    }
}

/// Collects the rows of a listing with a callback: `gather(|each| tx.receipts_of(vessel, each))`.
pub fn gather<T>(
    list: impl FnOnce(Each<'_, T>) -> Result<(), StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = Vec::new();
    list(&mut |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn only_the_sqlite_backend_knows_sqlite() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        sources(&root, &mut found);
        let name = concat!("rusq", "lite");
        let (inside, outside): (Vec<_>, Vec<_>) = found
            .into_iter()
            .filter(|path| std::fs::read_to_string(path).unwrap().contains(name))
            .partition(|path| path.starts_with(root.join("store/sqlite")));
        assert!(!inside.is_empty(), "the test looks in the wrong place");
        let outside: Vec<_> =
            outside.into_iter().filter(|path| *path != root.join("store/sqlite.rs")).collect();
        assert!(outside.is_empty(), "SQL outside store/sqlite: {outside:?}");
    }
}
